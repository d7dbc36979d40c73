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

async function try_slider(page) {
  const words = page.locator("#explorer-words");
  const shown = page.locator("#explorer-n-shown");
  const steps = [];
  const note = async () =>
    steps.push({
      n: await shown.textContent(),
      words: await words.textContent(),
      valuetext: await page.locator("#explorer-n").getAttribute("aria-valuetext"),
      picture: await page.locator("#explorer-chart svg path").getAttribute("d"),
    });
  await page.locator("#explorer-n").focus();
  await note();
  await page.keyboard.press("End");
  await note();
  await page.keyboard.press("Home");
  await note();
  const radios = page.locator("#explorer-rules input");
  if ((await radios.count()) > 1) {
    await radios.first().focus();
    await page.keyboard.press("ArrowDown");
    await note();
  }
  return steps;
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
  const page = await open(browser, { width: 1200, scheme: "light" });
  found.has_explorer = (await page.locator("#explorer").count()) > 0;
  found.slider = found.has_explorer ? await try_slider(page) : [];
  await page.context().close();

  const plain = await open(browser, { width: 1200, scheme: "light", script: false });
  found.without_script = {
    explorer_hidden: !found.has_explorer || !(await plain.locator("#explorer").isVisible()),
    figures: await plain.locator("figure img").count(),
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
