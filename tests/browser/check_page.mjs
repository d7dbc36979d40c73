// Opens HTML pages in Chromium and reports, as JSON, what a reader of each would stumble over.
//
//   node check_page.mjs STARTS.json PAGE.html ...
//
// STARTS.json holds initial weights of networks, whose numbers of updates in the first page are
// reported, too; only there are the pieces that move tried in full.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const [starts_path, ...page_paths] = process.argv.slice(2);
const axe_source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
// Widths and colours in which a reader may see the page. What depends on colours only is all that
// a change of colours can break, whatever the width.
const views = [
  ...[360, 768, 1600].map((width) => ({ width, scheme: "light", rules: { type: "tag", values: tags } })),
  { width: 1600, scheme: "dark", rules: { type: "rule", values: ["color-contrast", "link-in-text-block"] } },
];
let address, found;

async function open(browser, { script = true, width = 1280, height = 900, still = true } = {}) {
  const viewport = { width, height };
  const context = await browser.newContext({ javaScriptEnabled: script, viewport, reducedMotion: still ? "reduce" : "no-preference" });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) found.console.push(message.text());
  });
  page.on("pageerror", (error) => found.console.push(String(error)));
  page.on("request", (request) => {
    if (request.url() !== address && !request.url().startsWith("data:")) {
      found.requests.push(request.url());
    }
  });
  await page.goto(address, { waitUntil: "load" });
  return page;
}

async function see(page, { width, scheme = "light" }) {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ media: "screen", colorScheme: scheme });
  // The page hears of its new size with the next frame.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
}

async function check_view(page, { width, scheme, rules }) {
  await see(page, { width, scheme });
  const content = await page.evaluate(() => document.documentElement.scrollWidth);
  if (content > width) found.scroll.push({ width, scheme, content });
  // To name every element that passes would take most of the time.
  const result = await page.evaluate(
    (runOnly) => axe.run(document, { runOnly, resultTypes: ["violations"] }),
    rules,
  );
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

// The page must be usable without a mouse: focus is moved and buttons pressed by keys alone.
async function run_again(page) {
  const words = page.locator("#again-words");
  const steps = [];
  const note = async () => steps.push(await page.evaluate(() => ({
    words: document.getElementById("again-words").textContent,
    dots: document.querySelectorAll("circle.again-dot").length,
    outside: document.querySelectorAll("circle.again-dot.outside").length,
    focus: document.activeElement.id,
  })));
  await note();
  await page.locator("#again-once").focus();
  await page.keyboard.press("Enter");
  await note();
  await page.keyboard.press("Tab");
  for (let i = 0; i < 6; i += 1) await page.keyboard.press("Space");
  await note();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await note();
  // No network learns at a rate of almost nothing.
  await page.locator("#again-rate").fill("0.1");
  await page.locator("#again-once").click();
  await note();
  await page.locator("#again-rate").fill("-3");
  await page.locator("#again-once").click();
  await note();
  const role = await words.evaluate((element) => element.computedRole ?? element.tagName);
  return { steps, role };
}

// Someone who does not mind motion sees the networks learn before the dot falls.
async function watch_again(browser) {
  const page = await open(browser, { still: false });
  const look = () => page.evaluate(() => ({
    progress: document.getElementById("again-progress").textContent,
    dots: document.querySelectorAll("circle.again-dot").length,
  }));
  await page.locator("#again-once").click();
  await page.waitForTimeout(500);
  const during = await look();
  await page.locator("#again-once").click();  // its words are now "Finish at once"
  return { during, after: await look() };
}

async function watch_loop(browser) {
  const look = (page) => page.evaluate(() => ({
    update: Number(document.getElementById("loop-slider").value),
    title: document.querySelector("#loop-title text").textContent,
    diagonal: [0, 1, 2, 3].map((k) =>
      Number(document.getElementById(`loop-image-${k}-${k}`).firstElementChild.style.fillOpacity)),
  }));
  const still = await open(browser);
  const stands = await look(still);
  await still.waitForTimeout(600);
  const later = await look(still);
  await still.locator("#loop-back").focus();
  await still.keyboard.press("Enter");
  const back = await look(still);
  await still.locator("#loop-slider").focus();
  await still.keyboard.press("Home");
  const first = await look(still);
  const moving = await open(browser, { still: false });
  await moving.waitForTimeout(1200);
  const moved = await look(moving);
  await moving.locator("#loop-play").click();
  const paused = await look(moving);
  await moving.waitForTimeout(600);
  return { stands, later, back, first, moved, paused, resting: await look(moving) };
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
  const head = table.locator("thead button").nth(1);
  await head.focus();
  await page.keyboard.press("Enter");
  const up = await first();
  await page.keyboard.press("Enter");
  return { before, up, down: await first(), unfolded, sort: await table.locator("thead th").nth(1).getAttribute("aria-sort") };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
async function check_in_browser(starts, is_bad) {
  const page = await open(browser);
  await page.keyboard.press("Tab");
  found.first_stop = await page.evaluate(() => document.activeElement.textContent);
  await page.evaluate(axe_source);
  for (const view of is_bad ? views.slice(0, 1) : views) await check_view(page, view);
  if (is_bad) return;

  await see(page, { width: 360 });
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
    const fresh = await open(browser, { width, height });
    found.first_screen[width] = await fresh.evaluate(() =>
      ["h1", ".front > p", ".verdict", "figure.drawing svg"].map((name) => {
        const box = document.querySelector(name)?.getBoundingClientRect();
        return box ? [box.top, box.bottom] : null;
      }));
    if (width === 1400) found.contents = await follow_contents(fresh);
  }
  const has_piece = (await page.locator("#again").count()) > 0;
  if (await page.locator("table.sortable").count()) found.sorted = await sort_table(page);
  if (starts) {
    // Most of this waits, so that all of it can at once.
    const pieces = [run_again(page), watch_again(browser), watch_loop(browser)];
    [found.again, found.watched, found.loop] = await Promise.all(pieces);
    found.counts = await train(page, starts);
  } else if (has_piece) {
    await page.locator("#again-once").click();  // the same pieces as in the first page
  }

  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  found.print = await page.evaluate(() => ({
    background: getComputedStyle(document.body).backgroundColor,
    navigation: getComputedStyle(document.querySelector("nav")).display,
  }));

  const plain = await open(browser, { script: false });
  found.without_script = {
    pieces_hidden: !has_piece || !(await plain.locator("#again, #loop").filter({ visible: true }).count()),
    figures: await plain.locator("figure.drawing .picture").count(),
  };
}

const checker = new HtmlValidate({ extends: ["html-validate:standard"] });
async function check_html(page_path) {
  const report = await checker.validateString(readFileSync(page_path, "utf8"), page_path);
  found.html = report.results.flatMap((result) =>
    result.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`),
  );
}

const all = [];
try {
  for (const [index, page_path] of page_paths.entries()) {
    address = pathToFileURL(resolve(page_path)).href;
    found = { console: [], requests: [], scroll: [], axe: [] };
    const starts = index === 0 && JSON.parse(readFileSync(starts_path, "utf8"));
    await Promise.all([check_in_browser(starts, index === 1), check_html(page_path)]);
    for (const context of browser.contexts()) await context.close();
    all.push(found);
  }
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(all));
