// Opens HTML pages in Chromium and reports, as JSON, what a reader of each would stumble over.
//
//   node check_page.mjs WANTED.json
//
// WANTED.json holds paths, as {"pages": {"sample": PATH, "bad": ..., "committed": ..., "learning": ...}},
// and in `starts` initial weights of networks, whose numbers of updates in the sample are reported,
// too; only there are the pieces that move tried in full.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const { pages, starts } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const axe_source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
// Widths and colours in which a reader may see the page. Contrast takes most of the time, and is
// looked at where a page is narrow and dark, and where it is wide and light.
const [wide, narrow] = [{ width: 1600, scheme: "light" }, { width: 320, scheme: "dark" }];
const between = { width: 768, scheme: "light", rules: { "color-contrast": { enabled: false } } };
// Where a page must not scroll sideways; 640 is 200 % of a window of 1280.
const widths = [360, 390, 640, 768, 1280, 1920];
let address, found;

async function open(browser, { script = true, still = true } = {}) {
  const viewport = { width: 1280, height: 900 };
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

async function check_view(page, { width, scheme, rules = {} }) {
  await see(page, { width, scheme });
  const content = await page.evaluate(() => document.documentElement.scrollWidth);
  if (content > width) found.scroll.push({ width, scheme, content });
  // To name every element that passes would take most of the time.
  const options = { runOnly: { type: "tag", values: tags }, rules, resultTypes: ["violations"] };
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

// Someone who does not mind motion sees the plane and the networks learn, before the dot falls.
async function watch_moving(browser) {
  const page = await open(browser, { still: false });
  const look = () => page.evaluate(() => ({
    progress: document.getElementById("again-progress").textContent,
    dots: document.querySelectorAll(".again-dot").length,
  }));
  await page.waitForTimeout(500);
  const moved = await look_at_plane(page);
  await press(page, "Pause");
  const paused = await look_at_plane(page);
  await page.locator("#again-once").click();
  await page.waitForTimeout(500);
  const during = await look();
  await page.locator("#again-once").click();  // its words are now "Finish at once"
  await wait_for(page, "again-words", "Experiment 1: ");
  const found = { during, after: await look(), moved, paused, resting: await look_at_plane(page) };
  await page.close();
  return found;
}

// The live plane: dots are where the codes are, lines where units are half on.
const look_at_plane = (page) => page.evaluate(() => {
    const player = window.livePlayer;
    const words = player.slider.getAttribute("aria-valuetext");
    return {
      update: player.t, last: player.last, words, slider: Number(player.slider.value),
      dots: player.plane.dots.map((dot) => dot.getAttribute("transform").match(/[-\d.]+/g).map(Number)),
      lines: player.plane.lines.map((line) => (line.getAttribute("d").match(/[-\d.]+/g) ?? []).map(Number)),
      weights: player.history[player.t],
    };
  });
const find_button = (page, name) => page.locator("#live").getByRole("button", { name, exact: true });
const press = (page, name) => find_button(page, name).click();

async function watch_live(page) {
  const stands = await look_at_plane(page);
  await page.waitForTimeout(400);
  const later = await look_at_plane(page);
  await find_button(page, "Previous update").focus();
  await page.keyboard.press("Enter");
  const back = await look_at_plane(page);
  await page.locator("#live").getByLabel("Weight updates").focus();
  await page.keyboard.press("Home");
  const first = await look_at_plane(page);
  await find_button(page, "Previous update").focus();
  await page.keyboard.press("Enter");
  const focus = await page.evaluate(() => document.activeElement.textContent);
  // One update, time by time, and made at last.
  await page.locator("#live summary").click();
  await page.waitForFunction(() => document.querySelector(".live-steps p").textContent);
  const step_words = [];
  for (let k = 0; k < 6; k += 1) {
    step_words.push(await page.locator(".live-steps p").first().textContent());
    await page.locator(".live-steps").getByRole("button").first().click();
  }
  const ghosts = await page.evaluate(() => { window.livePlayer.time = 5; window.livePlayer.show_step(); return document.querySelectorAll("#live .ghost").length; });
  const stepped = await look_at_plane(page);
  await page.locator("#live summary").click();
  await page.locator("#live").getByLabel("Learning rate").focus();
  await page.keyboard.press("ArrowRight");
  const faster = { ...await look_at_plane(page), words: await page.locator("#live").getByLabel("Learning rate").getAttribute("aria-valuetext") };
  await page.locator("#live").getByLabel("Frozen").selectOption("U");
  const frozen = await look_at_plane(page);
  await find_button(page, "New weights").click();
  const fresh = await look_at_plane(page);
  return { stands, later, back, first, focus, step_words, ghosts, stepped, faster, frozen, fresh };
}

// Pairs of networks in a worker: asked, stopped, and run to the end.
async function run_try(page) {
  const words = () => page.locator("#try-words").textContent();
  await page.locator("#try-run").click();
  const unasked = await words();
  await page.locator('#try input[value="U"]').check();  // takes the longest, so that it can be stopped
  await page.locator("#try").getByLabel("impossible").check();
  await page.locator("#try-run").click();
  const running = await page.locator("#try-run").textContent();
  await page.locator("#try-run").click();
  const stopped = await words();
  const results = {};
  for (const [change, guess] of [["skip", "slower"], ["b", "slower"], ["aligned", "as fast"]]) {
    await page.locator(`#try input[value="${change}"]`).check();
    await page.locator(`#try input[value="${guess}"]`).check();
    await page.locator("#try-run").click();
    await page.waitForSelector("#try-result:not([hidden])");
    results[change] = { words: await words(), rows: await page.locator("#try tbody tr").allInnerTexts() };
  }
  await page.locator('#try input[value="b"]').check();
  await page.locator("#try-watch").click();
  const watched = await page.evaluate(() => ({ ...window.livePlayer.state, learnt: window.livePlayer.last < 2000 }));
  const larger = await page.locator("#cloud-keys label").allInnerTexts();
  await page.locator("#cloud-size").focus();
  await page.keyboard.press("End");
  return { unasked, running, stopped, results, watched, cloud: { smaller: larger, larger: await page.locator("#cloud-keys label").allInnerTexts(), n: await page.locator("#cloud-n").textContent() } };
}

// The second page: its steps by arrow keys, its address, what it asks and reveals.
async function follow_lecture(page) {
  const load = async () => {
    await page.goto("about:blank");
    await page.goto(address + "#step=3&rate=7&seed=12&frozen=nothing");
  };
  await see(page, { width: 1280 });
  await load();
  const look = () => page.evaluate(() => ({
    place: document.getElementById("lecture-place").textContent, hash: location.hash,
    heading: document.activeElement.textContent,
    shown: [...document.querySelectorAll(".reveal")].filter((part) => !part.hidden).length,
    state: document.querySelector("section.step.current").player.state,
  }));
  // What a step shows, and whether anything gives the answer away.
  const see_step = (k) => page.evaluate((k) => {
    const step = document.querySelectorAll("section.step")[k];
    const { player } = step;
    const seen = [...step.querySelectorAll(".live button, .live input, .live .arrow, .curve")].filter((one) => getComputedStyle(one).display !== "none" && one.getClientRects().length);
    return { update: player.t, last: player.last, frozen: player.state.frozen, rate: player.state.rate, n_seen: seen.length, pairs: player.pairs_words.textContent };
  }, k);
  const given = await look();
  const answers = { before: [], after: [] };
  for (const k of [0, 3, 5]) {
    answers.before.push(await see_step(k));
    await page.locator("section.step").nth(k).locator(".predict button").first().click();
    if (k === 3) await page.waitForFunction(() => document.querySelectorAll("section.step")[3].player.pairs_words.textContent.includes("median"));
    answers.after.push(await see_step(k));
  }
  await page.locator("section.step").nth(5).getByLabel("Learning rate").fill("5");
  answers.slower = await see_step(5);
  await load();
  await page.keyboard.press("ArrowRight");
  const next = await look();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  const back = await look();
  await page.locator("section.step").nth(1).locator(".predict button").first().click();
  const revealed = await look();
  const slider = page.locator("section.step").nth(1).getByLabel("Learning rate");
  await slider.focus();
  await page.keyboard.press("ArrowRight");  // of the slider, not of the page
  const changed = await look();
  await page.locator("#lecture-full").click();
  await page.waitForFunction(() => document.body.classList.contains("full"));
  const full = await page.evaluate(() => [...document.querySelectorAll("section.step")].filter((step) => step.offsetParent).length);
  await page.keyboard.press("PageDown");
  return { answers, given, next, back, revealed, changed, full, after: await look() };
}

// How many updates networks take that start from given weights.
function train(page, starts) {
  return page.evaluate((given) => given.starts.map(function (start) {
    const network = new RecirculationNetwork(start, { ...given, criterion: "every-unit" });
    return network.train(given.threshold, given.cap) ? network.updates : -1;
  }), starts);
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

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
async function check_in_browser(kind, starts) {
  const page = await open(browser);
  await page.keyboard.press("Tab");
  found.first_stop = await page.evaluate(() => document.activeElement.textContent);
  await page.evaluate(axe_source);
  // The committed page has the same parts as the sample, which is looked at in one more view.
  const views = { sample: [wide, between, narrow], bad: [wide] }[kind] ?? [wide, narrow];
  for (const view of views) await check_view(page, view);
  if (kind === "bad") return;
  for (const width of widths) {
    await see(page, { width });
    const content = await page.evaluate(() => document.documentElement.scrollWidth);
    if (content > width) found.scroll.push({ width, content });
  }
  await see(page, { width: 360 });
  found.small_letters = await page.evaluate(() =>
    [...document.querySelectorAll("svg text")].filter((text) => text.getClientRects().length).filter((text) => {
      const { a, b } = text.getScreenCTM();
      return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b) < 10;
    }).map((text) => text.textContent));
  if (kind === "committed") {
    await page.locator("#again-once").click();  // the same pieces as in the sample
    return;
  }
  if (kind === "sample") await check_sample(page, starts);

  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  found.print = await page.evaluate(() => ({
    background: getComputedStyle(document.body).backgroundColor,
    navigation: getComputedStyle(document.querySelector("nav")).display,
    revealed: [...document.querySelectorAll(".reveal")].filter((part) => part.offsetParent).length,
    pieces: [...document.querySelectorAll(".again, .predict button")].filter((piece) => piece.offsetParent).length,
    figures: [...document.querySelectorAll("figure.drawing")].every((figure) => figure.querySelector("svg").getBoundingClientRect().height > 50),
  }));

  if (kind === "learning") found.lecture = await follow_lecture(page);
  const plain = await open(browser, { script: false });
  found.without_script = {
    pieces_hidden: !(await plain.locator(".again, .predict button").filter({ visible: true }).count()),
    revealed: await plain.locator(".reveal").filter({ visible: true }).count(),
    figures: await plain.locator("figure.drawing .picture").count(),
  };
}

// What is tried in full in one page only; it is as wide as a telephone at first.
async function check_sample(page, starts) {
  found.cut = await page.evaluate(() =>
    [...document.querySelectorAll(".cut")].map((box) => ({
      kind: box.className,
      hint: getComputedStyle(box, "::after").content,
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
      ["h1", ".front > p", ".verdict", "figure.drawing svg.plane"].map((name) => {
        const box = document.querySelector(name)?.getBoundingClientRect();
        return box ? [box.top, box.bottom] : null;
      }));
  }
  found.contents = await follow_contents(page);
  found.sorted = await sort_table(page);
  found.live = await watch_live(page);
  found.again = await run_again(page);
  [found.tried, found.moving] = await Promise.all([run_try(page), watch_moving(browser)]);
  found.counts = await train(page, starts);
  found.drawn = await page.evaluate((given) => drawWeights(7, given), starts);
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
    await Promise.all([check_in_browser(kind, starts), check_html(page_path)]);
    for (const context of browser.contexts()) await context.close();
    all[kind] = found;
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(all));
