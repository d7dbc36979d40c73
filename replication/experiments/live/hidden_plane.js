"use strict";
// The hidden plane as simulator/plane.py draws it, and the other drawings of a live network.

const SVG = "http://www.w3.org/2000/svg";
function draw(tag, attributes, ...content) {
  const element = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  element.append(...content);
  return element;
}

function make(tag, attributes, ...content) {
  const element = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) =>
    (name in element && typeof value !== "string" ? element[name] = value : element.setAttribute(name, value)));
  element.append(...content);
  return element;
}

const LOW = -0.07, HIGH = 1.07;
const SQUARE = [[LOW, LOW], [HIGH, LOW], [HIGH, HIGH], [LOW, HIGH]];
const at = ([x, y]) => [100 * (x - LOW) / (HIGH - LOW), 100 * (HIGH - y) / (HIGH - LOW)];
const path = (points) => points.map((point) => at(point).map((x) => x.toFixed(2)).join(" ")).join("L");

// The part of a convex polygon where a unit's input is positive, and the segment where it is 0.
function cut(corners, weights, bias) {
  const input = (h) => weights[0] * h[0] + weights[1] * h[1] + bias;
  const part = [], ends = [];
  corners.forEach(function (here, k) {
    const after = corners[(k + 1) % corners.length];
    const [before, behind] = [input(here), input(after)];
    if (before > 0) part.push(here);
    if (before > 0 !== behind > 0) {
      ends.push(here.map((x, i) => x + (after[i] - x) * before / (before - behind)));
      part.push(ends[ends.length - 1]);
    }
  });
  return [part, ends];
}

// Which lines cut off the dot of their own vector, and no other.
function listRead(network) {
  const images = network.reconstruct();
  return PATTERNS.map((_, k) => k).filter((k) => images.every((image, p) => image[k] > 0.5 === (p === k)));
}

const ARROWS = 15;  // times as long as h(1) - h(3)
const RADIUS = 4.4;
const COVERED = 0.03;  // of the square: a dot so near, on both axes, lies under one drawn later

// An arrow from the edge of a dot.
function point(x, y, dx, dy) {
  const length = Math.hypot(dx, dy);
  if (length < 1) return "";
  const [ex, ey] = [dx / length, dy / length];
  const [x2, y2] = [x + RADIUS * ex + dx, y + RADIUS * ey + dy];
  const side = (sign) => [x2 - 2.2 * ex + sign * 1.4 * ey, y2 - 2.2 * ey - sign * 1.4 * ex];
  return ["M", x, y, "L", x2, y2, "M", ...side(1), "L", x2, y2, "L", ...side(-1)]
    .map((z) => (typeof z === "number" ? z.toFixed(2) : z)).join(" ");
}

class Plane {
  constructor() {
    this.svg = draw("svg", { viewBox: "-6 -1 107 109", role: "img", class: "plane" });
    this.svg.append(
      draw("rect", { width: 100, height: 100, class: "frame" }),
      draw("text", { x: 50, y: 107, "text-anchor": "middle" }, "hidden unit 1"),
      draw("text", { x: -2, y: 50, "text-anchor": "middle", transform: "rotate(-90 -2 50)" }, "hidden unit 2"),
    );
    const add = (tag, k, kind, extra = {}) => this.svg.appendChild(draw(tag, { class: kind + " vector-" + k, ...extra }));
    const four = (tag, kind, extra) => PATTERNS.map((_, k) => add(tag, k, kind, extra));
    this.sides = four("path", "side");
    this.lines = four("path", "line");
    this.trails = four("polyline", "trail");
    this.arrows = four("path", "arrow");
    this.dots = PATTERNS.map(function (_, k) {
      const dot = add("g", k, "dot");
      dot.append(draw("circle", { r: RADIUS }), draw("text", { y: 1.9, "text-anchor": "middle" }, String(k + 1)));
      return dot;
    });
  }

  // Shows a network; `trails` holds where each code has been.
  show(network, trails) {
    const codes = PATTERNS.map((pattern) => network.pass(pattern).first);
    PATTERNS.forEach((pattern, k) => {
      const [part, segment] = cut(SQUARE, network.U[k], network.c[k]);
      this.sides[k].setAttribute("d", part.length ? "M" + path(part) + "z" : "");
      this.lines[k].setAttribute("d", segment.length ? "M" + path(segment) : "");
      const { first, last } = network.pass(pattern);
      const [x, y] = at(first);
      const [dx, dy] = at(first.map((h, j) => h + ARROWS * (h - last[j]))).map((z, j) => z - [x, y][j]);
      this.arrows[k].setAttribute("d", point(x, y, dx, dy));
      this.trails[k].setAttribute("points", trails[k].map((point) => at(point).map((z) => z.toFixed(2)).join(",")).join(" "));
      this.dots[k].setAttribute("transform", "translate(" + x.toFixed(2) + " " + y.toFixed(2) + ")");
      // Under a dot that covers another one, the other's rim stays in sight.
      const isOver = (other) => first.every((h, j) => Math.abs(h - other[j]) < COVERED * (HIGH - LOW));
      this.dots[k].firstChild.setAttribute("r", RADIUS + 2.4 * codes.slice(k + 1).filter(isOver).length);
    });
  }
}

// The error after each update up to the one that is shown, with the threshold.
class Curve {
  constructor(threshold) {
    const y = (error) => 30 - 28 * Math.min(error, 1);
    this.y = y;
    this.svg = draw("svg", { viewBox: "-6 -1 107 38", class: "curve", "aria-hidden": "true" });
    this.line = draw("path", { class: "error" });
    this.mark = draw("circle", { r: 1.7 });
    this.end = draw("text", { x: 100, y: 35.5, "text-anchor": "end" });
    this.svg.append(
      draw("path", { d: "M0 2V30H100", class: "frame" }),
      draw("path", { d: "M0 " + y(threshold) + "H100", class: "threshold" }),
      draw("text", { x: 1, y: y(threshold) - 1.2 }, String(threshold)),
      draw("text", { x: -1, y: 5, "text-anchor": "end" }, "1"),
      draw("text", { x: -1, y: 31, "text-anchor": "end" }, "0"),
      draw("text", { x: 0, y: 35.5 }, "error after each update"),
      this.end, this.line, this.mark,
    );
  }

  set(errors) {
    this.errors = errors;
    const last = Math.max(1, errors.length - 1);
    this.x = (t) => 100 * t / last;
    this.points = errors.map((e, t) => this.x(t).toFixed(2) + " " + this.y(e).toFixed(2));
  }

  show(t) {
    this.line.setAttribute("d", "M" + this.points.slice(0, t + 1).join("L"));
    this.end.textContent = t < this.errors.length - 1 ? "" : t.toLocaleString("en");
    this.mark.setAttribute("cx", this.x(t));
    this.mark.setAttribute("cy", this.y(this.errors[t]));
  }
}

const minus = (a, b) => a.map((x, k) => x - b[k]);
const GHOSTS = 4;  // times as large as the weights are the changes beside them

// The loop of one vector, time by time, and what one update adds to each weight.
class Loop {
  constructor() {
    this.svg = draw("svg", { viewBox: "0 0 352 262", class: "loop", role: "img" });
  }

  // `time` is 0 to 3 for the states, 4 for the differences, 5 for the changes.
  show(network, after, vector, time) {
    const { visible, first, second, last } = network.pass(PATTERNS[vector]);
    this.svg.replaceChildren();
    const write = (x, y, words, anchor = "middle") =>
      this.svg.append(draw("text", { x, y, "text-anchor": anchor }, words));
    const square = (x, y, value, side, ghost) => {
      const half = side * Math.sqrt(Math.min(1, Math.abs(value))) / 2;
      this.svg.append(draw("rect", {
        x: x - half, y: y - half, width: 2 * half, height: 2 * half,
        class: (value > 0 ? "up" : "down") + (ghost ? " ghost" : ""),
      }));
    };
    const column = (name, x, states, from, show, is_difference) => {
      const top = 131 - 13 * (states.length - 1);
      write(x, 78, name);
      states.forEach((state, k) => (is_difference
        ? show && square(x, top + 26 * k, state / (1 - network.regression), 20)
        : this.svg.append(draw("circle", { cx: x, cy: top + 26 * k, r: 10, class: "unit", "fill-opacity": show ? state : 0 }))));
    };
    column("v(0)", 18, visible, 0, true);
    column("v(2)", 54, second, 2, time >= 2);
    column("v(0)−v(2)", 122, minus(visible, second), 4, time >= 4, true);
    column("h(1)", 200, first, 1, time >= 1);
    column("h(3)", 236, last, 3, time >= 3);
    column("h(1)−h(3)", 304, minus(first, last), 4, time >= 4, true);
    const largest = Math.max(...[...network.W, ...network.U].flat().map(Math.abs));
    [["W", 20, (n) => n.W], ["U", 216, (n) => [0, 1].map((j) => n.U.map((row) => row[j]))]].forEach(([name, top, get]) => {
      write(28, top + 18, name);
      get(network).forEach((row, j) => row.forEach((weight, i) => {
        const [x, y] = [66 + 62 * i, top + 4 + 24 * j];
        square(x, y, weight / largest, 22);
        if (time >= 5) square(x + 24, y, GHOSTS * (get(after)[j][i] - weight) / largest, 22, true);
      }));
    });
  }
}

// In a worker: trains pairs of networks, of which the second is changed.
function trainPairs() {
  onmessage = function ({ data: { n, first, change, rate, data } }) {
    const train = function (weights, settings) {
      const network = new RecirculationNetwork(weights, { rate, regression: data.regression, ...settings });
      return { converged: network.train(data.threshold, data.cap), updates: network.updates };
    };
    for (let k = 0; k < n; k += 1) {
      const weights = drawWeights(first + k, data);
      const { frozen, skip } = change;
      postMessage([train(weights, {}), train(prepare(weights, change), { frozen, skip })]);
    }
  };
}

const sort = (numbers) => numbers.sort((a, b) => a - b);
const half = (sorted) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;

// The median of how much longer the second network of a pair takes, in words.
function tellExtra(extra) {
  if (extra === 0) return "takes as long";
  const size = Math.abs(extra).toLocaleString("en");
  return "takes " + size + (size === "1" ? " update " : " updates ") + (extra > 0 ? "longer" : "less");
}

// Runs a function in a worker that knows the network; returns how to stop it. The worker is made
// from the page's own text, so that the page works alone, as a file.
function runAside(work, message, onresult) {
  const source = document.getElementById("recirculation").textContent + "\n(" + work + ")();";
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(address);
  worker.onmessage = (event) => onresult(event.data);
  worker.postMessage(message);
  return function () {
    worker.onmessage = null;  // what is on its way already
    worker.terminate();
    URL.revokeObjectURL(address);
  };
}
