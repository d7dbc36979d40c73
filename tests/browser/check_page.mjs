// Opens one HTML page in Chromium and reports, as JSON, what a reader would stumble over.
//
//   node check_page.mjs PAGE.html
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const [page_path] = process.argv.slice(2);
const address = pathToFileURL(resolve(page_path)).href;
const axe_source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
// Widths and colours in which a reader may see the page. What depends on colours only is all that
// a change of colours can break.
const views = [360, 768, 1600].flatMap((width) => [
  { width, scheme: "light", rules: { type: "tag", values: tags } },
  { width, scheme: "dark", rules: { type: "rule", values: ["color-contrast", "link-in-text-block"] } },
]);
const found = { console: [], requests: [], scroll: [], axe: [] };

async function open(browser, { script = true, width = 1280, height = 900 } = {}) {
  const viewport = { width, height };
  const context = await browser.newContext({ javaScriptEnabled: script, viewport });
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

// How high a screen must be to show the figure, the opened piece and what it says.
async function reach_piece(page) {
  const summary = page.locator("#again summary");
  if ((await summary.count()) === 0) return null;
  await summary.click();
  return page.evaluate(() => {
    const words = document.getElementById("again-words").getBoundingClientRect();
    return words.bottom - document.querySelector("figure.drawing svg").getBoundingClientRect().top;
  });
}

// The page must be usable without a mouse: focus is moved and buttons pressed by keys alone.
async function run_again(page) {
  const words = page.locator("#again-words");
  const points = () => page.locator("circle.again-point").count();
  const inside = () => page.evaluate(() => {
    const plane = document.getElementById("joint-plane");
    const [left, top, width, height] = plane.dataset.box.split(" ").map(Number);
    return [...document.querySelectorAll("circle.again-point")].every((dot) => {
      const [x, y] = [Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy"))];
      return x >= left - 0.1 && x <= left + width + 0.1 && y >= top - 0.1 && y <= top + height + 0.1;
    });
  });
  const steps = [];
  const note = async () => steps.push({
    words: await words.textContent(),
    points: await points(),
    inside: await inside(),
    focus: await page.evaluate(() => document.activeElement.id),
  });
  await note();
  await page.locator("#again-once").focus();
  await page.keyboard.press("Enter");
  await note();
  await page.keyboard.press("Tab");
  for (let i = 0; i < 10; i += 1) await page.keyboard.press("Space");
  await note();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await note();
  const role = await words.evaluate((element) => element.computedRole ?? element.tagName);
  return { steps, role };
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
async function check_in_browser() {
  const page = await open(browser);
  await page.keyboard.press("Tab");
  found.first_stop = await page.evaluate(() => document.activeElement.textContent);
  await page.evaluate(axe_source);
  for (const view of views) await check_view(page, view);

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
      ["h1", ".verdict", "figure.drawing svg", "#again", ".note"].map((name) => {
        const box = document.querySelector(name)?.getBoundingClientRect();
        return box ? [box.top, box.bottom] : null;
      }));
    if (width === 1400) found.contents = await follow_contents(fresh);
    if (width === 360) found.reach_of_piece = await reach_piece(fresh);
  }
  const has_piece = (await page.locator("#again").count()) > 0;
  found.again = has_piece ? await run_again(page) : null;

  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  found.print = await page.evaluate(() => ({
    background: getComputedStyle(document.body).backgroundColor,
    navigation: getComputedStyle(document.querySelector("nav")).display,
  }));

  const plain = await open(browser, { script: false });
  found.without_script = {
    piece_hidden: !has_piece || !(await plain.locator("#again").isVisible()),
    figures: await plain.locator("figure.drawing .picture").count(),
  };
}

async function check_html() {
  const checker = new HtmlValidate({ extends: ["html-validate:standard"] });
  const report = await checker.validateString(readFileSync(page_path, "utf8"), page_path);
  found.html = report.results.flatMap((result) =>
    result.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`),
  );
}

try {
  await Promise.all([check_in_browser(), check_html()]);
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(found));
