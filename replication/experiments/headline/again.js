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
  const MOST_DOTS = 50;
  const N_COLUMNS = 20;
  let tally = { done: 0, whole: 0, inside: 0, extreme: 0 };
  let running = null;  // networks in sight
  let stop = null;  // ends those out of sight

  const layer = draw("g", {});
  plane.insertBefore(layer, document.getElementById("joint-reported"));

  // An experiment: networks that learn side by side, an update of each at a time.
  function read() {
    return {
      rate: Number(find("rate").value),
      regression: Number(find("regression").value),
      criterion: find("criterion").value,
    };
  }

  function start() {
    return Array.from({ length: data.reported.runs }, () => ({
      network: LiveNetwork.fromChance(data.half_width, read()),
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

  // The same out of sight, study by study.
  function trainStudies() {
    onmessage = function ({ data: { nStudies, data, settings } }) {
      for (let study = 0; study < nStudies; study += 1) {
        const counts = [];
        for (let k = 0; k < data.reported.runs; k += 1) {
          const network = LiveNetwork.fromChance(data.half_width, settings);
          if (network.train(data.threshold, data.cap)) counts.push(network.updates);
        }
        const mean = counts.reduce((sum, n) => sum + n, 0) / counts.length;
        postMessage({ n: counts.length, failed: data.reported.runs - counts.length, mean, max: Math.max(...counts) });
      }
    };
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
      one.network.states()[2].forEach((image, row) => image.forEach(function (state, column) {
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
    // Beyond an axis a triangle at its end points outwards.
    const beyond = ["x", "y"].map((name) => {
      const [low, high] = plane.dataset[name].split(" ").map(Number);
      const value = name === "x" ? result.mean : result.max;
      return value > high ? 1 : value < low ? -1 : 0;
    });
    const kind = "again-dot " + (isInside ? "inside" : "outside");
    let dot = draw("circle", { cx: x.toFixed(2), cy: y.toFixed(2), r: "3", class: kind });
    if (beyond[0] || beyond[1]) {
      const angle = Math.atan2(beyond[0], beyond[1]) * 180 / Math.PI;
      dot = draw("path", { d: "M0-5L4 3H-4z", class: kind, transform: "translate(" + x.toFixed(2) + " " + y.toFixed(2) + ") rotate(" + angle.toFixed(0) + ")" });
    }
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
    words += "So far " + tally.inside + " of " + tally.done + (tally.done === 1 ? " lies" : " lie") +
      " inside the outline" + (others ? " (" + others + " with failures)" : "");
    if (tally.whole > 0) {
      words += "; " + tally.extreme + " of " + tally.whole + " without failures " +
        (tally.extreme === 1 ? "is" : "are") + " at least as extreme as 1988";
    }
    find("words").textContent = words + ".";
    find("clear").setAttribute("aria-disabled", "false");
  }

  // --- Running ------------------------------------------------------------------------------

  const PATIENCE = 30;  // milliseconds for which the page may not answer

  function rest() {
    find("once").textContent = find("once").dataset.name;
    find("often").textContent = find("often").dataset.name;
    find("progress").textContent = "";
  }

  function show(frame) {
    if (running !== frame) return;
    const until = performance.now() + PATIENCE;
    let isDone = false;
    do {
      // The few slow networks are not waited for: time runs faster and faster.
      isDone = advance(frame.networks, Math.max(1, Math.floor(frame.updates / 60)));
      frame.updates = Math.max(...frame.networks.map((one) => one.network.updates));
    } while (!isDone && frame.hurries && performance.now() < until);
    paint(frame.networks);
    if (isDone) {
      running = null;
      rest();
      report(summarise(frame.networks));
      return;
    }
    const n = frame.networks.filter((one) => one.state === "converged").length;
    find("progress").textContent = "Update " + write(frame.updates) + ": " + n + " of " + frame.networks.length + " have converged.";
    window.setTimeout(() => window.requestAnimationFrame(() => show(frame)), frame.hurries ? 0 : 25);
  }

  function halt() {
    running = null;
    if (stop) stop();
    stop = null;
    rest();
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (running) { running.hurries = true; return; }
    halt();
    running = { networks: start(), updates: 0, hurries: isStill.matches };
    canvas.hidden = false;
    find("words").textContent = "Experiment " + (tally.done + 1) + " is running.";
    find("once").textContent = "Finish at once";
    show(running);
  });
  find("often").addEventListener("click", function () {
    if (!form.reportValidity()) return;
    if (stop) { halt(); return; }
    halt();
    canvas.hidden = true;
    find("often").textContent = "Stop";
    let left = 10;
    find("progress").textContent = "Ten experiments are running.";
    stop = runAside(trainStudies, { nStudies: left, data, settings: read() }, function (result) {
      report(result);
      left -= 1;
      find("progress").textContent = "Experiments still running: " + left + ".";
      if (left === 0) halt();
    });
  });
  function clear(words) {
    halt();
    layer.replaceChildren();
    tally = { done: 0, whole: 0, inside: 0, extreme: 0 };
    canvas.hidden = true;
    find("words").textContent = words;
    find("clear").setAttribute("aria-disabled", "true");
  }
  find("clear").addEventListener("click", () => clear("Nothing is trained yet."));
  form.addEventListener("change", () => clear(tally.done ? "Other settings: earlier experiments are cleared, and the count starts again." : "Nothing is trained yet."));
  // On a telephone the settings are folded; one that is refused unfolds them.
  if (isTelephone.matches) {
    const settings = fold(form.querySelector(".again-settings"), "Settings");
    form.addEventListener("invalid", () => { settings.open = true; }, true);
  }
  ["once", "often"].forEach((name) => { find(name).dataset.name = find(name).textContent; });
  document.getElementById("again").hidden = false;
});
