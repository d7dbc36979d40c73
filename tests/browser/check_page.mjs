// Opens one HTML page in Chromium and reports, as JSON, what a reader would stumble over.
//
//   node check_page.mjs PAGE.html [FOLDER]
//
// With a folder, pictures of the page at every width and colour scheme are put there.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const [page_path, folder] = process.argv.slice(2);
const address = pathToFileURL(resolve(page_path)).href;
const axe_source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
const found = { console: [], requests: [], scroll: [], axe: [], overlaps: [] };

async function open(browser, { width, scheme, script = true }) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    javaScriptEnabled: script,
  });
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
try {
  for (const width of [360, 768, 1600]) {
    for (const scheme of ["light", "dark"]) {
      const page = await open(browser, { width, scheme });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) found.scroll.push({ width, scheme, content: wide });
      await page.evaluate(axe_source);
      const result = await page.evaluate(
        (wanted) => axe.run(document, { runOnly: { type: "tag", values: wanted } }),
        tags,
      );
      for (const violation of result.violations) {
        found.axe.push({
          width,
          scheme,
          rule: violation.id,
          where: violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)),
        });
      }
      if (folder) {
        await page.screenshot({ path: join(folder, `page-${width}-${scheme}.png`), fullPage: true });
      }
      await page.context().close();
    }
  }
  const page = await open(browser, { width: 1400, scheme: "light" });
  const has_piece = (await page.locator("#again").count()) > 0;
  found.again = has_piece ? await run_again(page) : null;
  found.first_screen = await page.evaluate(() =>
    [".verdict", ".note", "figure.drawing svg"].map((name) => {
      const element = document.querySelector(name);
      return element === null ? null : element.getBoundingClientRect().bottom;
    }));
  await page.keyboard.press("Home");
  await page.context().close();

  const keys = await open(browser, { width: 360, scheme: "light" });
  await keys.keyboard.press("Tab");
  found.first_stop = await keys.evaluate(() => document.activeElement.textContent);
  found.cut = await keys.evaluate(() =>
    [...document.querySelectorAll(".cut")].map((box) => ({
      kind: box.className,
      hint: getComputedStyle(box, "::after").content,
      reachable: box.tabIndex === 0,
    })));
  found.result_columns = await keys.evaluate(() =>
    [...document.querySelectorAll("table")].map((table) =>
      [...table.querySelectorAll("tbody tr > :last-child")].every((cell) => {
        const box = cell.getBoundingClientRect();
        return box.width > 0 && box.right <= innerWidth;
      })));
  await keys.context().close();

  const plain = await open(browser, { width: 1200, scheme: "light", script: false });
  found.without_script = {
    piece_hidden: !has_piece || !(await plain.locator("#again").isVisible()),
    figures: await plain.locator("figure.drawing svg").count(),
  };
  await plain.context().close();

  const paper = await open(browser, { width: 1200, scheme: "dark" });
  await paper.emulateMedia({ media: "print", colorScheme: "dark" });
  found.print = await paper.evaluate(() => ({
    background: getComputedStyle(document.body).backgroundColor,
    navigation: getComputedStyle(document.querySelector("nav")).display,
  }));
  if (folder) {
    await paper.emulateMedia({ media: "print", colorScheme: "light" });
    await paper.pdf({ path: join(folder, "printed.pdf"), format: "A4" });
  }
} finally {
  await browser.close();
}
const checker = new HtmlValidate({ extends: ["html-validate:standard"] });
const report = await checker.validateString(readFileSync(page_path, "utf8"), page_path);
found.html = report.results.flatMap((result) =>
  result.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`),
);
process.stdout.write(JSON.stringify(found));
