"use strict";
// Trains experiments of 100 networks and puts mean and maximum of each into the figure "joint".
document.addEventListener("DOMContentLoaded", function () {
  const plane = document.getElementById("joint-plane");
  const outline = document.querySelector("#joint-outline path");
  if (!plane || !outline) return;
  const find = (name) => document.getElementById("again-" + name);
  const data = JSON.parse(find("data").textContent);
  const form = find("form");
  const canvas = find("grids");
  const pen = canvas.getContext("2d");
  const isStill = window.matchMedia("(prefers-reduced-motion: reduce)");
  const MOST_DOTS = 50;
  const N_COLUMNS = 20;
  const SVG = "http://www.w3.org/2000/svg";
  let tally = { done: 0, whole: 0, inside: 0, extreme: 0 };
  let running = null;

  const layer = document.createElementNS(SVG, "g");
  plane.insertBefore(layer, document.getElementById("joint-reported"));

  // An experiment: networks that learn side by side, an update of each at a time.
  function start() {
    const settings = {
      rate: Number(find("rate").value),
      regression: Number(find("regression").value),
      criterion: find("criterion").value,
    };
    return Array.from({ length: data.reported.runs }, () => ({
      network: RecirculationNetwork.fromChance(data.half_width, settings),
      state: "learning",
    }));
  }

  function advance(networks, nUpdates) {
    networks.filter((one) => one.state === "learning").forEach(function (one) {
      const cap = Math.min(one.network.updates + nUpdates, data.cap);
      if (one.network.train(data.threshold, cap)) one.state = "converged";
      else if (cap === data.cap) one.state = "failed";
    });
    return networks.every((one) => one.state !== "learning");
  }

  function summarise(networks) {
    const counts = networks.filter((one) => one.state === "converged").map((one) => one.network.updates);
    const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length;
    return { n: counts.length, failed: networks.length - counts.length, mean, max: Math.max(...counts) };
  }

  // --- Drawing ------------------------------------------------------------------------------

  function paint(networks) {
    const size = canvas.width / N_COLUMNS;
    const cell = (size - 12) / 4;
    const colors = getComputedStyle(document.getElementById("again"));
    const frames = { learning: "--line", converged: "--good", failed: "--bad" };
    pen.clearRect(0, 0, canvas.width, canvas.height);
    networks.forEach(function (one, k) {
      const left = (k % N_COLUMNS) * size + 6;
      const top = Math.floor(k / N_COLUMNS) * size + 6;
      pen.fillStyle = colors.getPropertyValue(frames[one.state]);
      pen.fillRect(left - 4, top - 4, size - 4, size - 4);
      one.network.reconstruct().forEach((image, row) => image.forEach(function (state, column) {
        const shade = Math.round(255 * (1 - state));
        pen.fillStyle = "rgb(" + shade + "," + shade + "," + shade + ")";
        pen.fillRect(left + column * cell, top + row * cell, cell, cell);
      }));
    });
  }

  function place(value, axis, start, length) {
    const [low, high, scale] = axis.split(" ");
    const [a, b, x] = [low, high, value].map(scale === "log" ? Math.log : Number);
    return start + length * Math.min(Math.max((x - a) / (b - a), 0), 1);
  }

  // Puts a dot into the figure and returns whether it lies inside the outline.
  function drop(result) {
    const [left, top, width, height] = plane.dataset.box.split(" ").map(Number);
    const x = place(result.mean, plane.dataset.x, left, width);
    const y = place(result.max, plane.dataset.y, top + height, -height);
    const point = outline.ownerSVGElement.createSVGPoint();
    Object.assign(point, { x, y });
    const isInside = result.failed === 0 && outline.isPointInFill(point);
    const dot = document.createElementNS(SVG, "circle");
    Object.entries({ cx: x.toFixed(2), cy: y.toFixed(2), r: "3" }).forEach(([key, value]) => dot.setAttribute(key, value));
    dot.setAttribute("class", "again-dot " + (isInside ? "inside" : "outside"));
    layer.append(dot);
    if (layer.childElementCount > MOST_DOTS) layer.firstChild.remove();
    return isInside;
  }

  function isExtreme(result) {
    const row = data.less.max.indexOf(result.max);
    const mean = Math.round(result.mean);
    return row < 0 || mean < data.less.low[row] || mean > data.less.high[row];
  }

  // --- Words --------------------------------------------------------------------------------

  const write = (n) => n.toLocaleString("en");

  function report(result) {
    tally.done += 1;
    let words = "Experiment " + tally.done + ": ";
    if (result.n > 0) {
      words += (result.failed ? "of the " + result.n + " that converged, " : "") + "mean " +
        result.mean.toFixed(1) + ", largest " + write(result.max) + ". ";
      const isInside = drop(result);
      tally.inside += isInside;
    }
    if (result.failed === 0) {
      tally.whole += 1;
      tally.extreme += isExtreme(result);
    } else {
      words += result.failed + " failed in " + write(data.cap) + " updates, so that the study has no largest count and lies outside the cloud. ";
    }
    const others = tally.done - tally.whole;
    find("words").textContent = words + "So far " + tally.inside + " of " + tally.done +
      (tally.done === 1 ? " lies" : " lie") + " inside the outline" +
      (others ? " (" + others + " with failures)" : "") + "; " + tally.extreme + " of " + tally.whole +
      " without failures " + (tally.extreme === 1 ? "is" : "are") + " at least as extreme as 1988.";
    find("clear").disabled = false;
  }

  // --- Running ------------------------------------------------------------------------------

  function finish() {
    const networks = running;
    running = null;
    advance(networks, data.cap);
    paint(networks);
    find("progress").textContent = "";
    find("once").textContent = find("once").dataset.name;
    report(summarise(networks));
  }

  function show(frame) {
    if (running !== frame.networks) return;
    // The few slow networks are not waited for: time runs faster and faster.
    const isDone = advance(frame.networks, Math.max(1, Math.floor(frame.updates / 60)));
    frame.updates = Math.max(...frame.networks.map((one) => one.network.updates));
    if (isDone) { finish(); return; }
    paint(frame.networks);
    const n = frame.networks.filter((one) => one.state === "converged").length;
    find("progress").textContent = "Update " + write(frame.updates) + ": " + n + " of " + frame.networks.length + " have converged.";
    window.setTimeout(() => window.requestAnimationFrame(() => show(frame)), 25);
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (running) { finish(); return; }
    running = start();
    canvas.hidden = false;
    if (isStill.matches) { finish(); return; }
    find("once").textContent = "Finish at once";
    show({ networks: running, updates: 0 });
  });
  find("often").addEventListener("click", function () {
    if (!form.reportValidity()) return;
    if (running) finish();
    canvas.hidden = false;
    for (let k = 0; k < 10; k += 1) { running = start(); finish(); }
  });
  function clear() {
    running = null;
    layer.replaceChildren();
    tally = { done: 0, whole: 0, inside: 0, extreme: 0 };
    canvas.hidden = true;
    find("progress").textContent = "";
    find("words").textContent = "Nothing trained yet.";
    find("once").textContent = find("once").dataset.name;
    find("clear").disabled = true;
  }
  find("clear").addEventListener("click", function () { clear(); find("once").focus(); });
  form.addEventListener("change", clear);
  find("once").dataset.name = find("once").textContent;
  document.getElementById("again").hidden = false;
});
