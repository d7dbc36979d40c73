"use strict";
// Draws experiments from the stored distribution and puts each into the figure named "joint".
// The figure may stand below in the page, so all begins once the page has been read.
document.addEventListener("DOMContentLoaded", function () {
  const plane = document.getElementById("joint-plane");
  const root = document.getElementById("again");
  if (!plane || !root) return;
  const data = JSON.parse(document.getElementById("again-data").textContent);
  const updates = data.draws.updates;
  const counts = data.draws.counts;
  const runs = data.reported.runs;
  const words = document.getElementById("again-words");
  const clear = document.getElementById("again-clear");
  const MOST_POINTS = 2000;

  // Running sums of counts and of the first three moments: those of the networks with at most so
  // many updates follow from one look.
  const sums = [[0, 0, 0, 0]];
  updates.forEach(function (u, i) {
    const c = counts[i];
    const last = sums[i];
    sums.push([last[0] + c, last[1] + c * u, last[2] + c * u * u, last[3] + c * u * u * u]);
  });
  const total = sums[updates.length][0];

  function countUpTo(largest) {
    let low = 0;
    let high = updates.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (updates[middle] <= largest) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function draw() {
    const at = Math.random() * total;
    let low = 0;
    let high = updates.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle + 1][0] > at) high = middle;
      else low = middle + 1;
    }
    return updates[low];
  }

  function runOnce() {
    let sum = 0;
    let max = 0;
    for (let i = 0; i < runs; i += 1) {
      const u = draw();
      sum += u;
      if (u > max) max = u;
    }
    return { mean: sum / runs, max: max };
  }

  // Distribution function of a standardised sum with some skewness (Edgeworth's first correction).
  function below(z, skewness) {
    const t = 1 / (1 + 0.2316419 * Math.abs(z));
    const density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
    const tail = density * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 +
      t * (-1.821255978 + t * 1.330274429))));
    const normal = z > 0 ? 1 - tail : tail;
    return Math.min(Math.max(normal - skewness / 6 * (z * z - 1) * density, 0), 1);
  }

  // The smaller of two p-values: of the maximum, and of the rounded mean given the maximum.
  function farOut(point) {
    const upTo = Math.pow(sums[countUpTo(point.max)][0] / total, runs);
    const under = Math.pow(sums[countUpTo(point.max - 1)][0] / total, runs);
    const ofMax = 2 * Math.min(upTo, 1 - under);
    const sum = sums[countUpTo(point.max)];
    const mean = sum[1] / sum[0];
    const variance = sum[2] / sum[0] - mean * mean;
    const third = sum[3] / sum[0] - 3 * mean * variance - mean * mean * mean;
    if (!(variance > 0)) return Math.min(ofMax, 1);
    const others = runs - 1;
    const scale = Math.sqrt(others * variance);
    const skewness = third / Math.pow(variance, 1.5) / Math.sqrt(others);
    const printed = Math.round(point.mean);
    const z = function (value) { return (runs * value - point.max - others * mean) / scale; };
    const atLeast = 1 - below(z(printed - 0.5), skewness);
    const atMost = below(z(printed + 0.5), skewness);
    return Math.min(ofMax, 2 * Math.min(atLeast, atMost), 1);
  }

  const farAs1988 = farOut(data.reported);
  const layer = document.createElementNS("http://www.w3.org/2000/svg", "g");
  // Below the star of 1988, if the figure names it, and above all else.
  plane.insertBefore(layer, document.getElementById("joint-reported"));
  const box = plane.dataset.box.split(" ").map(Number);

  function place(value, axis, start, length) {
    const parts = axis.split(" ");
    const scale = parts[2] === "log" ? Math.log : Number;
    const low = scale(Number(parts[0]));
    const share = (scale(value) - low) / (scale(Number(parts[1])) - low);
    return start + length * Math.min(Math.max(share, 0), 1);
  }

  function show(point, isFar) {
    const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    dot.setAttribute("cx", place(point.mean, plane.dataset.x, box[0], box[2]).toFixed(2));
    dot.setAttribute("cy", place(point.max, plane.dataset.y, box[1] + box[3], -box[3]).toFixed(2));
    dot.setAttribute("r", "2.4");
    dot.setAttribute("class", isFar ? "again-point far" : "again-point");
    layer.append(dot);
    if (layer.childElementCount > MOST_POINTS) layer.firstChild.remove();
  }

  let done = 0;
  let far = 0;

  function run(times) {
    const first = done + 1;
    let last = null;
    const range = { mean: [Infinity, -Infinity], max: [Infinity, -Infinity] };
    for (let i = 0; i < times; i += 1) {
      last = runOnce();
      const isFar = farOut(last) <= farAs1988;
      done += 1;
      if (isFar) far += 1;
      Object.keys(range).forEach(function (key) {
        range[key] = [Math.min(range[key][0], last[key]), Math.max(range[key][1], last[key])];
      });
      show(last, isFar);
    }
    layer.querySelectorAll(".last").forEach(function (dot) { dot.classList.remove("last"); });
    if (times === 1) layer.lastChild.classList.add("last");
    const told = times === 1
      ? "Experiment " + done.toLocaleString("en") + ": mean " + last.mean.toFixed(1) +
        ", maximum " + last.max.toLocaleString("en") + "."
      : "Experiments " + first.toLocaleString("en") + " to " + done.toLocaleString("en") +
        ": means from " + range.mean[0].toFixed(1) + " to " + range.mean[1].toFixed(1) +
        ", maxima from " + range.max[0].toLocaleString("en") + " to " +
        range.max[1].toLocaleString("en") + ".";
    const share = done >= 20 ? " (" + (100 * far / done).toFixed(0) + "\u202f%)" : "";
    words.textContent = told + " Of " + done.toLocaleString("en") + " so far, " +
      far.toLocaleString("en") + share + " fell as far out as " + data.reported.mean + " and " +
      data.reported.max + ", or farther (rings).";
    clear.disabled = false;
  }

  document.getElementById("again-once").addEventListener("click", function () { run(1); });
  document.getElementById("again-often").addEventListener("click", function () { run(100); });
  clear.addEventListener("click", function () {
    layer.replaceChildren();
    done = far = 0;
    words.textContent = "Nothing run so far.";
    document.getElementById("again-once").focus();
    clear.disabled = true;
  });
  root.hidden = false;
  // Closed on a telephone, it leaves the first screen to the doubt; opened, it stands below the figure.
  root.open = window.matchMedia("(min-width: 40rem)").matches;
});
