// Opens HTML pages in Chromium and reports, as JSON, what a reader of each would stumble over.
//
//   node check_page.mjs WANTED.json
//
// WANTED.json holds paths, as {"sample": PATH, "bad": ..., "committed": ..., "learning": ..., "own": ...,
// "whole": ...}; only in the sample are the pieces that move tried in full.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const pages = JSON.parse(readFileSync(process.argv[2], "utf8"));
const axe_source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
// Widths and colours in which a reader may see the page.
const [wide, narrow] = [{ width: 1600, scheme: "light" }, { width: 320, scheme: "dark" }];
const telephone = { width: 390, scheme: "light" };
// Where a page must not scroll sideways; 640 is 200 % of a window of 1280.
const widths = [320, 390, 640, 1280];
let address, found;

async function open(browser, { script = true, still = true, width = 1280 } = {}) {
  const viewport = { width, height: 900 };
  const context = await browser.newContext({ javaScriptEnabled: script, viewport, reducedMotion: still ? "reduce" : "no-preference" });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);  // a busy machine may be slow
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) found.console.push(message.text());
  });
  page.on("pageerror", (error) => found.console.push(String(error)));
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== address && !/^(data|blob):/.test(request.url())) {
      found.requests.push(request.url());
    }
  });
  await page.goto(address, { waitUntil: "load" });
  return page;
}

async function see(page, { width, height = 900, scheme = "light" }) {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ media: "screen", colorScheme: scheme });
  // The page hears of its new size with the next frame.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
}

async function check_view(page, { width, scheme }) {
  await see(page, { width, scheme });
  const content = await page.evaluate(() => document.documentElement.scrollWidth);
  if (content > width) found.scroll.push({ width, scheme, content });
  // To name every element that passes would take most of the time.
  const options = { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] };
  const result = await page.evaluate((options) => axe.run(document, options), options);
  for (const violation of result.violations) {
    const where = violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200));
    found.axe.push({ width, scheme, rule: violation.id, where });
  }
}

// Which links of parts the contents show at the top and within a part, and which is marked there.
async function follow_contents(page) {
  const look = () => page.evaluate(() => ({
    shown: [...document.querySelectorAll("nav ul ul a")].filter((link) => link.offsetParent).length,
    marked: [...document.querySelectorAll("nav a[aria-current]")].map((link) => link.hash),
  }));
  const first = await look();
  const part = await page.evaluate(() => {
    const section = document.querySelector("main section section");
    section?.scrollIntoView({ behavior: "instant" });
    return section && `#${section.id}`;
  });
  await page.waitForTimeout(200);
  return { first, part, then: await look() };
}

const wait_for = (page, id, words) =>
  page.waitForFunction(([name, start]) => document.getElementById(name).textContent.startsWith(start), [id, words]);

// The page must be usable without a mouse: focus is moved and buttons pressed by keys alone.
async function run_again(page) {
  const words = page.locator("#again-words");
  const steps = [];
  const note = async () => steps.push(await page.evaluate(() => ({
    words: document.getElementById("again-words").textContent,
    dots: document.querySelectorAll(".again-dot").length,
    outside: document.querySelectorAll(".again-dot.outside").length,
    beyond: document.querySelectorAll("path.again-dot").length,
    focus: document.activeElement.id,
  })));
  await note();
  await page.locator("#again-once").focus();
  await page.keyboard.press("Enter");
  await wait_for(page, "again-words", "Experiment 1: ");
  await note();
  await page.keyboard.press("Tab");
  for (const last of [11, 21, 31, 41, 51]) {
    await page.keyboard.press("Space");
    await wait_for(page, "again-words", `Experiment ${last}: `);
  }
  await note();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await note();
  // No network learns at a rate of almost nothing; with half of them slow, means lie beyond the axis.
  await page.locator("#again-rate").fill("0.1");
  await page.locator("#again-once").click();
  await wait_for(page, "again-words", "Experiment 1: 100 failed");
  await note();
  await page.locator("#again-rate").fill("2");
  await page.locator("#again-once").click();
  await wait_for(page, "again-words", "Experiment 1: mean");
  await note();
  await page.locator("#again-rate").fill("-3");
  await page.locator("#again-once").click();
  await note();
  const role = await words.evaluate((element) => element.computedRole ?? element.tagName);
  return { steps, role };
}

// Someone who does not mind motion sees the first network and a hundred others learn.
async function watch_moving(browser) {
  const page = await open(browser, { still: false });
  const look = () => page.evaluate(() => ({
    progress: document.getElementById("again-progress").textContent,
    dots: document.querySelectorAll(".again-dot").length,
  }));
  await page.waitForFunction(() => window.hero.t > 0);
  const moved = await look_at_hero(page);
  await press(page, "Pause");
  const paused = await look_at_hero(page);
  await page.locator("#again-once").click();
  await page.waitForTimeout(500);
  const during = await look();
  await page.locator("#again-once").click();  // its words are now "Finish at once"
  await wait_for(page, "again-words", "Experiment 1: ");
  const resting = await look_at_hero(page);
  // A dot is pulled away with the pointer, and mends itself.
  await see(page, { width: 1280 });
  await page.evaluate(() => window.hero.slider.scrollIntoView({ block: "end", behavior: "instant" }));
  await page.locator("#hero .dot").nth(3).focus();
  await page.keyboard.press("ArrowRight");  // after which nothing lies over the dots
  const dot = await page.locator("#hero .dot .body").first().boundingBox();
  await count_phases(page);
  await page.mouse.move(dot.x + dot.width / 2, dot.y + dot.height / 2);
  await page.mouse.down();
  await page.mouse.move(dot.x + 60, dot.y - 60, { steps: 4 });
  const pulled = { ...await look_at_hero(page), worked_out: await page.evaluate(() => window.worked_out) };
  await page.mouse.up();
  const let_go = await page.evaluate(() => window.worked_out);
  await page.waitForFunction(() => window.hero.t > 0);
  const learns = await page.evaluate(() => window.hero.run.learnt && window.hero.clock.is_running);
  const found = { during, after: await look(), moved, paused, resting, pulled, let_go, learns };
  await page.close();
  return found;
}

// Counts from now on how often the phases of a run are worked out, for which it has to learn.
const count_phases = (page) => page.evaluate(() => {
  const original = window.listBeginnings;
  window.worked_out = 0;
  window.listBeginnings = (run) => {
    window.worked_out += 1;
    return original(run);
  };
});

// "Guess first" leads to the lesson where it lies beside the report; where it does not, the first
// picture asks. A file that is not there is known by its silence.
async function follow_guess(browser) {
  const page = await open(browser);
  await page.evaluate(() => { document.getElementById("guess").href = "nowhere.html"; });
  await page.locator("#guess").click();
  await page.waitForFunction(() => window.hero.is_asking);
  const asked = await look_at_hero(page);
  await press(page, "Play");
  const asks_on = await page.evaluate(() => window.hero.is_asking);
  const frames = await page.locator("iframe").count();
  await page.evaluate(() => { document.getElementById("guess").href = "learning.html"; });
  await page.locator("#guess").click();
  await page.waitForURL("**/learning.html");
  await page.close();
  return { asked, asks_on, frames };
}

// The first picture: dots are where the codes are, lines where units are half on.
const look_at_hero = (page) => page.evaluate(() => {
    const { hero } = window;
    return {
      beginnings: hero.beginnings, update: hero.t, last: hero.run.n, words: hero.words.textContent, value: hero.slider.getAttribute("aria-valuetext"),
      dots: hero.plane.dots.map((dot) => dot.getAttribute("transform").match(/[-\d.]+/g).map(Number)),
      lines: hero.plane.lines.map((line) => ["x1", "y1", "x2", "y2"].map((name) => Number(line.getAttribute(name)))),
      read: hero.plane.read, weights: hero.run.weights[Math.floor(hero.t)],
      states: [...document.querySelectorAll("#hero .unit text")].map((text) => text.textContent),
    };
  });
const find_button = (page, name) => page.locator("#hero").getByRole("button", { name, exact: true }).first();
const press = (page, name) => find_button(page, name).click();

async function watch_hero(page) {
  const stands = await look_at_hero(page);
  await page.waitForTimeout(400);
  const later = await look_at_hero(page);
  // The slider follows a pointer, too.
  await page.evaluate(() => { window.hero.slider.value = "7"; window.hero.slider.dispatchEvent(new Event("input")); });
  const slid = await page.evaluate(() => [window.hero.t, window.hero.beginnings[2]]);
  await page.locator("#hero").getByLabel("Weight updates").focus();
  await page.keyboard.press("Home");
  const first = await look_at_hero(page);
  await page.keyboard.press("ArrowRight");
  const second = await look_at_hero(page);
  // Once around: what the units show at each time.
  const round = [];
  for (const time of [0.9, 1.9, 2.9, 3.9]) {
    round.push(await page.evaluate((time) => {
      const { hero } = window;
      hero.loop.show(hero.run.at(1), 0, time);
      return [...document.querySelectorAll("#hero .loop text")].map((text) => text.textContent);
    }, time));
  }
  await page.locator("#hero .dot").nth(2).focus();
  await page.keyboard.press("ArrowRight");
  const moved = await look_at_hero(page);
  await press(page, "New weights");
  const fresh = await look_at_hero(page);
  return { stands, later, slid, first, second, round, moved, fresh };
}

// On a telephone: where each phase leads that is pressed, and how high above the button what is said
// stands, whatever it says.
async function steer_hero(browser) {
  const page = await open(browser, { width: 390 });
  const phases = [];
  for (const name of ["heap", "apart", "lines", "surer"]) {
    await press(page, name);
    phases.push(await page.evaluate(() => {
      const now = document.querySelector(".phases .now"), { width, height } = now.getBoundingClientRect();
      return { t: window.hero.t, name: now.textContent, size: Math.min(width, height) };
    }));
  }
  const heights = await page.evaluate(() => {
    const { hero } = window;
    const measure = () => hero.play_button.getBoundingClientRect().top - hero.plane.svg.getBoundingClientRect().bottom;
    const heights = hero.run.weights.map((_, t) => { hero.go(t); return measure(); });
    hero.ask();
    heights.push(measure());
    hero.go(0);
    hero.move(1, [0.9, 0.9]);
    heights.push(measure());
    hero.move(1, null);
    hero.go(hero.run.n);
    return [...heights, measure()];
  });
  await page.close();
  return { phases, heights };
}

// What lies further down is built when a reader comes near: images that are lost.
async function watch_further(page) {
  await page.evaluate(() => document.getElementById("fig:rest").scrollIntoView());
  await page.waitForFunction(() => window.rest?.rests);
  const rest = {};
  for (const name of await page.evaluate(() => window.rest.data.rules.map((rule) => rule.name))) {
    await page.locator(`#rest input[value="${name}"]`).check();
    rest[name] = await page.evaluate(() => ({ lost: window.rest.network.lose(), seen: window.rest.network.see(), words: window.rest.words.textContent }));
  }
  return { rest };
}

// The lesson: nothing is given away, answers come when the network has shown them, keys follow.
async function follow_lesson(page) {
  await see(page, { width: 1280, height: 720 });
  const look = () => page.evaluate(() => ({
    step: window.lesson.current + 1, heading: document.activeElement.textContent,
    shown: [...document.querySelectorAll(".reveal")].filter((part) => !part.hidden).length,
    counts: window.lesson.counts.map((count) => count.textContent),
  }));
  const told = [];
  for (let k = 0; k < 8; k += 1) {
    await page.evaluate((k) => window.lesson.go(k), k);
    await page.waitForFunction((k) => window.lesson.current === k, k);
    const before = { ...await look(), t: await page.evaluate(() => window.lesson.t), controls: await page.evaluate(() => getComputedStyle(window.lesson.controls).display) };
    await page.locator("section.step").nth(k).locator(".predict button").last().click();
    told.push({ before, after: await look(), words: await page.locator("section.step").nth(k).locator(".said").first().textContent(), right: await page.locator("section.step").nth(k).locator(".right").textContent() });
  }
  const total = await page.locator("section.step").nth(7).locator(".said").last().textContent();
  const below = await page.evaluate(() => window.lesson.controls.getBoundingClientRect().bottom <= innerHeight);
  // Whoever scrolls to another step goes on from there.
  await page.evaluate(() => document.querySelectorAll("section.step")[4].scrollIntoView({ behavior: "instant" }));
  await page.waitForFunction(() => window.lesson.current === 4);
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction(() => window.lesson.current === 3);
  const back = await look();
  await page.evaluate(() => window.lesson.slider.focus());
  await page.keyboard.press("ArrowLeft");  // of the slider, not of the page
  const slid = { ...await look(), t: await page.evaluate(() => window.lesson.t) };
  const loop = await page.evaluate(() => { window.lesson.go(1); return document.querySelectorAll(".stage .loop").length; });
  await see(page, { width: 360, height: 740 });
  await page.evaluate(() => window.lesson.go(4));
  await page.waitForFunction(() => window.lesson.current === 4);  // what "Next guess" leads to is shown
  return { told, total, below, back, slid, loop };
}

// What lies wholly in sight, and below the picture where that is above the text, in each step: the
// answers before a guess; then the question, the first words of the result, picture and controls.
async function look_at_lesson(browser, size) {
  const page = await open(browser);
  await see(page, size);
  const look = (k, names) => page.evaluate(([k, names]) => {
    const section = document.querySelectorAll("section.step")[k], { lesson } = window;
    const top = lesson.is_wide() ? 0 : lesson.stage.getBoundingClientRect().bottom;
    return names.filter((name) => [...section.querySelectorAll(name)].some((element) => {
      const box = element.getBoundingClientRect();
      return box.height && (box.top < top || box.bottom > innerHeight);
    })).concat([lesson.stage.querySelector(".slots"), lesson.controls].some((element) => element.getBoundingClientRect().bottom > innerHeight) ? "stage" : []);
  }, [k, names]);
  const hidden = [], small = [];
  for (let k = 0; k < 8; k += 1) {
    if (k) await page.locator(".next").click();
    else await page.evaluate(() => window.lesson.go(0));
    hidden.push(await look(k, [".predict button"]));
    small.push(...await find_small(page));
    await page.locator("section.step").nth(k).locator(".predict button").first().click();
    hidden.push(await look(k, ["legend", ".predict button", ".said:first-child"]));
    small.push(...await find_small(page));
  }
  await page.close();
  return { hidden: hidden.flat(), small };
}

// Letters of drawings below ten pixels, once a script has set those of its own.
async function find_small(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50))));
  return page.evaluate(() =>
    [...document.querySelectorAll("svg text")].filter((text) => text.textContent && text.getClientRects().length).filter((text) => {
      const { a, b } = text.getScreenCTM();
      return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b) < 10;
    }).map((text) => innerWidth + ": " + text.textContent));
}

// Someone who does not mind motion has to watch first or to skip, and the dots travel on.
async function watch_lesson(browser) {
  const page = await open(browser, { still: false });
  await page.locator(".predict button").first().click();
  const during = await page.evaluate(() => ({ shown: [...document.querySelectorAll(".reveal")].some((part) => !part.hidden), wait: Boolean(document.querySelector(".wait")) }));
  await page.getByRole("button", { name: "Skip" }).click();
  const words = await page.locator(".said").first().textContent();
  // What still plays is left with its step.
  await page.evaluate(() => window.lesson.go(6));
  await page.locator("section.step").nth(6).locator(".predict button").first().click();
  await page.waitForFunction(() => performance.now() > window.lesson.settled);
  await page.evaluate(() => document.querySelectorAll("section.step")[7].scrollIntoView({ behavior: "instant" }));
  await page.waitForFunction(() => window.lesson.current === 7);
  const left = await page.evaluate(() => ({ clouds: document.querySelectorAll(".with-cloud").length, shown: !document.querySelectorAll(".reveal")[6].hidden, playing: window.lesson.is_playing }));
  await page.close();
  return { during, words, left };
}

// What is folded by width: as the page opens, after a link into it, on paper and after that.
async function look_at_folds(browser) {
  const folds = {};
  for (const width of [390, 768, 1280]) {
    const page = await open(browser, { width });
    const count = () => page.evaluate(() => [".fold > .folded", ".fold > .folded[open]"].map((name) => document.querySelectorAll(name).length));
    const opened = await count();
    await page.evaluate(() => { location.hash = "#tbl:repairs"; });
    await page.waitForTimeout(600);
    const linked = await count();
    const top = await page.evaluate(() => document.getElementById("tbl:repairs").getBoundingClientRect().top);
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    const printed = await count();
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    folds[width] = { opened, linked, printed, after: await count(), seen: top >= 0 && top < 900 };
    if (width === 390) {
      await page.evaluate(axe_source);
      await check_view(page, { width, scheme: "light" });
    }
    await page.context().close();
  }
  const plain = await open(browser, { script: false, width: 390 });
  const tables = plain.locator("section.fold table");
  folds.plain = { all: await tables.count(), visible: await tables.filter({ visible: true }).count() };
  return folds;
}

// A table sorted by its second column with a key, and unfolded: what stands in its first column.
async function sort_table(page) {
  const table = page.locator("table.sortable").first();
  const first = () => table.locator("tbody th").allInnerTexts();
  const before = await first();
  await table.locator("summary").first().click();
  const unfolded = await table.locator(".below").innerText();
  await see(page, { width: 360 });
  await page.locator(".sort select").first().selectOption({ index: 2 });
  const chosen = await first();
  await see(page, { width: 1280 });
  const head = table.locator("thead button").nth(1);
  await head.focus();
  await page.keyboard.press("Enter");
  const again = await first();
  await page.keyboard.press("Enter");
  return { before, up: chosen, again, down: await first(), unfolded, sort: await table.locator("thead th").nth(1).getAttribute("aria-sort") };
}

// The whole report on a telephone: how long its main part is, what is too small for a thumb, and where
// links land, once all is still, and the way back.
async function measure_telephone(page) {
  await see(page, { width: 390, height: 844 });
  await page.reload({ waitUntil: "load" });  // folded is what is narrow when it is opened
  const screens = await page.evaluate(() => (document.getElementById("statements").getBoundingClientRect().top + scrollY) / innerHeight);
  const figure = await page.evaluate(() => document.getElementById("hero").getBoundingClientRect().height / innerHeight);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("main :is(button, input, select, summary, .guess a, .strip a)")].filter((part) => {
      const target = part.closest("label") ?? part;
      const { width, height } = target.getBoundingClientRect();
      return part.checkVisibility() && !part.closest("details:not([open]) > :not(summary)") && Math.min(width, height) < 43.5;
    }).map((part) => part.outerHTML.slice(0, 80)));
  const rows = await page.evaluate(() => [...document.querySelectorAll("figure.table > .folded")].map((fold) => [fold.parentElement.id, fold.open]));
  const lost = [];
  const hashes = await page.evaluate(() => [...new Set(list_links().map((link) => link.hash))]);
  for (const hash of hashes) {
    await page.reload({ waitUntil: "load" });
    const off = await page.evaluate(follow_link, hash);
    if (off.landed > 80 || off.back > 5) lost.push({ hash, ...off });
  }
  // From within what was unfolded to another page, and back.
  await page.evaluate(() => {
    document.querySelector("#statements .folded").open = true;
    scrollTo({ top: 20_000, behavior: "instant" });
  });
  await page.waitForTimeout(300);
  const left = await page.evaluate(() => scrollY);
  await page.goto("about:blank");
  await page.goBack({ waitUntil: "load" });
  await page.waitForTimeout(700);
  const back = await page.evaluate(() => scrollY);
  return { screens, figure, small, rows, n_links: hashes.length, lost, unfolded: Math.abs(back - left) };
}

// Runs in the page: follows a link, goes back, and says how far both are from where they should be.
async function follow_link(hash) {
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  const link = list_links().find((link) => link.hash === hash);
  link.scrollIntoView({ behavior: "instant", block: "center" });
  await rest(150);
  const before = link.getBoundingClientRect().top;
  link.click();
  await rest(700);
  const target = document.getElementById(decodeURIComponent(hash.slice(1)));
  const is_end = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
  const landed = is_end ? 0 : Math.abs(target.getBoundingClientRect().top);
  history.back();
  await rest(400);
  return { landed, back: Math.abs(link.getBoundingClientRect().top - before) };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
async function check_in_browser(kind) {
  const page = await open(browser);
  await page.keyboard.press("Tab");
  found.first_stop = await page.evaluate(() => document.activeElement.textContent);
  await page.evaluate(axe_source);
  // The committed page is the largest, and its wide parts are those of the sample.
  const views = { committed: [narrow], bad: [wide], whole: [telephone] }[kind] ?? [wide, narrow];
  for (const view of views) await check_view(page, view);
  if (kind === "bad") return;
  if (kind === "whole") {
    await page.addInitScript(() => {
      window.list_links = () => [...document.querySelectorAll("main a[href^='#']")].filter((link) => link.checkVisibility() && !link.closest("details:not([open])"));
    });
    found.telephone = await measure_telephone(page);
    return;
  }
  for (const width of widths) {
    await see(page, { width });
    const content = await page.evaluate(() => document.documentElement.scrollWidth);
    if (content > width) found.scroll.push({ width, content });
  }
  found.small_letters = [];
  for (const width of kind === "committed" ? [320] : [320, 390]) {
    await see(page, { width });
    // What is built when a reader comes near.
    await page.evaluate(() => document.getElementById("fig:rest")?.scrollIntoView({ behavior: "instant" }));
    await page.waitForTimeout(200);
    found.small_letters.push(...await find_small(page));
  }
  await see(page, { width: 360 });
  if (kind === "own") {
    await see(page, { width: 1280, height: 720 });
    await page.locator("#time").focus();
    await page.keyboard.press("Home");
    await page.locator("#next").click();
    found.seen = await page.evaluate(() => ({
      shown: [...document.querySelectorAll("svg")].filter((drawing) => drawing.getClientRects().length).map((drawing) => drawing.id),
      fits: document.documentElement.scrollHeight <= innerHeight, words: document.getElementById("words").textContent,
    }));
    return;
  }
  if (kind === "committed") {
    await page.locator("#again-once").click();  // the same pieces as in the sample
    found.folds = await look_at_folds(browser);
    return;
  }
  if (kind === "sample") await check_sample(page);

  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  found.print = await page.evaluate(() => ({
    background: getComputedStyle(document.body).backgroundColor,
    navigation: getComputedStyle(document.querySelector("nav")).display,
    revealed: [...document.querySelectorAll(".reveal")].filter((part) => part.offsetParent).length,
    pieces: [...document.querySelectorAll(".again, .live, .predict button")].filter((piece) => piece.offsetParent).length,
    figures: [...document.querySelectorAll("figure.drawing")].every((figure) => figure.querySelector(".picture svg").getBoundingClientRect().height > 50),
  }));

  if (kind === "learning") {
    [found.lesson, found.watched] = [await follow_lesson(page), await watch_lesson(browser)];
    found.views = [];
    for (const size of [{ width: 320, height: 568 }, { width: 1280, height: 720 }]) {
      found.views.push(await look_at_lesson(browser, size));
    }
  }
  const plain = await open(browser, { script: false });
  found.without_script = {
    pieces_hidden: !(await plain.locator(".again, .live, .predict button").filter({ visible: true }).count()),
    revealed: await plain.locator(".reveal").filter({ visible: true }).count(),
    figures: await plain.locator("figure.drawing .picture").count(),
  };
  found.contents_without_script = {};
  for (const width of [390, 1280]) {
    await plain.setViewportSize({ width, height: 900 });  // nothing there hears of it
    const links = plain.locator("nav a");
    found.contents_without_script[width] = [await links.filter({ visible: true }).count(), await links.count()];
  }
  await plain.setViewportSize({ width: 390, height: 900 });
  await plain.locator("nav summary").click();
  found.contents_without_script.unfolded = await plain.locator("nav a").first().isVisible();
}

// What is tried in full in one page only; it is as wide as a telephone at first.
async function check_sample(page) {
  found.cut = await page.evaluate(() =>
    [...document.querySelectorAll(".cut")].map((box) => ({
      kind: box.className,
      hint: ["::before", "::after"].map((end) => getComputedStyle(box, end).content).join(" "),
      reachable: box.tabIndex === 0,
    })));
  found.result_columns = await page.evaluate(() =>
    [...document.querySelectorAll("table")].map((table) =>
      [...table.querySelectorAll("tbody tr > :last-child")].every((cell) => {
        const box = cell.getBoundingClientRect();
        return box.width > 0 && box.right <= innerWidth;
      })));
  found.cut_figures = await page.evaluate(() =>
    [...document.querySelectorAll(".picture svg")].filter(
      (drawing) => drawing.getBoundingClientRect().right > innerWidth).length);
  found.first_screen = {};
  for (const [width, height] of [[360, 740], [1400, 900]]) {
    await see(page, { width, height });
    found.first_screen[width] = await page.evaluate(() =>
      ["h1", ".front > p", "#hero .loop", "#hero .hero-controls button"].map((name) => {
        const box = document.querySelector(name)?.getBoundingClientRect();
        return box ? [box.top, box.bottom] : null;
      }));
  }
  found.contents = await follow_contents(page);
  found.sorted = await sort_table(page);
  found.hero = await watch_hero(page);
  found.steered = await steer_hero(browser);
  found.further = await watch_further(page);
  found.again = await run_again(page);
  found.moving = await watch_moving(browser);
  // What it asks for, and that one file is not there, is meant.
  const { requests, console } = found;
  found.requests = [];
  found.console = [];
  found.guess = await follow_guess(browser);
  Object.assign(found, { requests, console });
}

const checker = new HtmlValidate({ extends: ["html-validate:standard"] });
async function check_html(page_path) {
  const report = await checker.validateString(readFileSync(page_path, "utf8"), page_path);
  found.html = report.results.flatMap((result) =>
    result.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`),
  );
}

const all = {};
try {
  for (const [kind, page_path] of Object.entries(pages)) {
    address = pathToFileURL(resolve(page_path)).href;
    found = { console: [], requests: [], scroll: [], axe: [], size: readFileSync(page_path).length };
    await Promise.all([check_in_browser(kind), check_html(page_path)]);
    for (const context of browser.contexts()) await context.close();
    all[kind] = found;
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(all));
