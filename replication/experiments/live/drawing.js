"use strict";
// What all moving pictures share: the hidden plane, the network as a loop, a clock.

const SVG = "http://www.w3.org/2000/svg";
const put = function (element, attributes, content) {
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  element.append(...content);
  return element;
};
const draw = (tag, attributes, ...content) => put(document.createElementNS(SVG, tag), attributes, content);
const make = (tag, attributes, ...content) => put(document.createElement(tag), attributes, content);
const button = function (name, act, kind = "second") {
  const made = make("button", { type: "button", class: kind }, ...(name ? [name] : []));
  made.addEventListener("click", act);
  return made;
};
const isStill = window.matchMedia("(prefers-reduced-motion: reduce)");
const readData = (id) => JSON.parse(document.getElementById(id).textContent);
// `--px` is how much of a drawing one pixel shows: no letter is smaller than ten of them.
const keepLegible = function (svg) {
  new ResizeObserver(() => svg.style.setProperty("--px", 1 / (svg.getScreenCTM()?.a || 1) + "px")).observe(svg);
  return svg;
};
const count = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");

// ".07" for 0.07: the state of a unit.
const writeState = (x) => (Math.abs(x) < 0.005 ? 0 : x).toFixed(2).replace("-", "−").replace(/^(−?)0\./, "$1.");

// A network that has learnt as far as it will: its weights after each update.
class Run {
  constructor(weights, settings, { threshold, cap }) {
    Object.assign(this, { settings, weights: [weights], places: [] });
    const network = new LiveNetwork(weights, settings);
    while (!(network.error() < threshold) && network.updates < cap) {
      network.update();
      this.weights.push(network.weights());
    }
    this.n = network.updates;
    this.learnt = network.error() < threshold;
  }

  // The network after so many updates, or between two of them.
  at(t) {
    const before = Math.min(this.n, Math.floor(t)), after = Math.min(this.n, before + 1), part = t - before;
    return new LiveNetwork(mix(this.weights[before], this.weights[after], part), this.settings);
  }

  // Where the codes have been from one update to another.
  trace(from, to) {
    const step = Math.max(1, Math.floor((to - from) / 160));
    const points = PATTERNS.map(() => []);
    for (let t = from; t <= Math.min(to, this.n); t += step) {
      this.places[t] ??= this.at(t).states()[0].map((code) => at(code).map((x) => x.toFixed(1)).join(","));
      this.places[t].forEach((place, k) => points[k].push(place));
    }
    return points.map((way) => way.join(" "));
  }
}
const mix = (a, b, part) => a.map((x, k) => x + part * (b[k] - x));

// Which lines cut off the dot of their own vector, and no other.
function listRead(images) {
  return PATTERNS.map((_, k) => images.every((image, p) => image[k] > 0.5 === (p === k)));
}

// The pattern k is coded at another place: for one-hot vectors a change of one column of W.
function moveCode(weights, k, code) {
  const moved = weights.slice();
  code.forEach((h, j) => { moved[4 * j + k] = Math.log(h / (1 - h)) - weights[8 + j]; });
  return moved;
}

// --- The hidden plane: dots are codes (of the encoder), lines belong to visible units (the decoder)
const LOW = -0.06, HIGH = 1.06, SCALE = 100 / (HIGH - LOW);
const at = ([x, y]) => [(x - LOW) * SCALE, (HIGH - y) * SCALE];
const DASHES = ["none", "5 2.4", "1.2 1.8", "7 2 1.4 2"];
const PUSH = 15;  // times as long as h(1) - h(3) is its arrow
let n_planes = 0;

class Plane {
  constructor({ can_drag = false, label = "The hidden plane" } = {}) {
    const id = "plane-" + (n_planes += 1);
    this.svg = keepLegible(draw("svg", { viewBox: "-7 -2 110 111", class: "plane", role: can_drag ? "group" : "img", "aria-label": label }));
    const defs = draw("defs", {}, draw("clipPath", { id }, draw("rect", { width: 100, height: 100 })));
    this.inside = draw("g", { "clip-path": "url(#" + id + ")" });
    this.svg.append(defs, draw("rect", { width: 100, height: 100, class: "field" }), this.inside);
    const four = (tag, kind, extra = () => ({})) => PATTERNS.map((_, k) =>
      this.inside.appendChild(draw(tag, { class: kind + " vector-" + k, ...extra(k) })));
    this.shades = PATTERNS.map(function (_, k) {
      const stop = (offset, opacity) => draw("stop", { offset, "stop-opacity": opacity, class: "vector-" + k });
      const shade = draw("linearGradient", { id: id + "-" + k, gradientUnits: "userSpaceOnUse" }, stop(0, 0.34), stop(0.55, 0.12), stop(1, 0.05));
      defs.append(shade);
      return shade;
    });
    this.sides = four("path", "side", (k) => ({ fill: "url(#" + id + "-" + k + ")" }));
    this.lines = four("line", "line", (k) => ({ "stroke-dasharray": DASHES[k] }));
    this.trails = four("polyline", "trail");
    this.arrow = draw("path", { class: "arrow" });
    this.svg.append(
      draw("rect", { width: 100, height: 100, class: "frame" }),
      draw("text", { x: 50, y: 107.6, class: "axis-name", "text-anchor": "middle" }, "hidden unit 1 →"),
      draw("text", { x: -3, y: 50, class: "axis-name", "text-anchor": "middle", transform: "rotate(-90 -3 50)" }, "hidden unit 2 →"),
      this.arrow,
    );
    this.dots = PATTERNS.map((_, k) => this.svg.appendChild(draw("g", { class: "dot vector-" + k },
      draw("circle", { r: 9, class: "hit" }), draw("circle", { r: 7, class: "ring" }), draw("circle", { r: 5, class: "body" }),
      draw("text", { dy: "0.36em", "text-anchor": "middle" }, String(k + 1)))));
    if (can_drag) this.dots.forEach((dot, k) => this.let_drag(dot, k));
  }

  show(network, trails) {
    const [codes, , images] = network.states(), [U, c] = [network.get("U"), network.get("c")];
    [this.codes, this.read] = [codes, listRead(images)];
    this.codes.forEach((code, k) => {
      this.dots[k].setAttribute("transform", "translate(" + at(code).map((x) => x.toFixed(2)).join(" ") + ")");
      this.dots[k].classList.toggle("read", this.read[k]);
      // The line is where the input of unit k is 0, `away` from the middle; its side is shaded.
      const [a, b] = U[k], length = Math.hypot(a, b) || 1e-9, away = -(a / 2 + b / 2 + c[k]) / length;
      const point = (along, across) => at([0.5 + (a * along - b * across) / length, 0.5 + (b * along + a * across) / length]);
      const [[x1, y1], [x2, y2], [x3, y3]] = [point(away, -3), point(away, 3), point(away, 0)];
      const [x4, y4] = point(away + 0.42, 0);
      put(this.lines[k], { x1, y1, x2, y2 }, []);
      put(this.shades[k], { x1: x3, y1: y3, x2: x4, y2: y4 }, []);
      const is_outside = Math.abs(away) > 0.85;
      this.sides[k].setAttribute("d", is_outside ? "" : "M" + [[x1, y1], [x2, y2], point(away + 4, 3), point(away + 4, -3)].join("L") + "z");
      this.trails[k].setAttribute("points", trails?.[k] ?? "");
    });
  }

  // Where the rule pushes the code of vector k: h(1) - h(3), drawn longer; none for k = null.
  push(network, k) {
    if (k === null) { this.arrow.setAttribute("d", ""); return; }
    const { first, last } = network.pass(k);
    const [x, y] = at(first), [x2, y2] = at(first.map((h, j) => h + PUSH * (h - last[j])));
    const length = Math.hypot(x2 - x, y2 - y) || 1, [ex, ey] = [(x2 - x) / length, (y2 - y) / length];
    const [tip_x, tip_y] = [x2 + 6 * ex, y2 + 6 * ey];
    const side = (sign) => (tip_x - 3.4 * ex + sign * 2 * ey) + " " + (tip_y - 3.4 * ey - sign * 2 * ex);
    put(this.arrow, { class: "arrow vector-" + k, d: "M" + (x + 6 * ex) + " " + (y + 6 * ey) + "L" + tip_x + " " + tip_y + "M" + side(1) + "L" + tip_x + " " + tip_y + "L" + side(-1) }, []);
  }

  // A dot follows the pointer, or the arrow keys; `onmove` hears of where it goes (null: let go).
  let_drag(dot, k) {
    put(dot, { tabindex: 0, role: "slider", "aria-label": "Code of vector " + (k + 1) + "; arrow keys move it", "aria-valuenow": 0 }, []);
    const limit = (x) => Math.min(0.985, Math.max(0.015, x));
    const find = ({ clientX, clientY }) => {
      const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM().inverse());
      return [x / SCALE + LOW, HIGH - y / SCALE].map(limit);
    };
    let held = null;  // of dots that lie over one another, the one whose middle is nearest
    dot.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      dot.setPointerCapture(event.pointerId);
      const place = find(event), away = this.codes.map((code) => Math.hypot(code[0] - place[0], code[1] - place[1]));
      held = away.indexOf(Math.min(...away));
      this.onmove(held, place);
    });
    dot.addEventListener("pointermove", (event) => { if (held !== null) this.onmove(held, find(event)); });
    ["pointerup", "pointercancel"].forEach((name) => dot.addEventListener(name, () => {
      if (held === null) return;
      const k = held;
      held = null;
      this.onmove(k, null);
    }));
    dot.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-0.03, 0], ArrowRight: [0.03, 0], ArrowUp: [0, 0.03], ArrowDown: [0, -0.03] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      this.onmove(k, (code) => code.map((h, j) => limit(h + step[j])));
    });
  }
}

// --- The network as a loop: four visible units, W, two hidden ones, U, four visible ones, and back
const VISIBLE_Y = [42, 80, 118, 156], HIDDEN_Y = [68, 130], UNIT_X = [42, 180, 318];
const LARGE = 7;  // a weight so large has the widest line
const GHOST = 33;  // how far beside a hidden unit its ghost of time 1 stands
const LONGEST_ARROW = 30;
const LOOP_PUSH = 60;  // times as long as h(1) - h(3) is its arrow here

// An arrow right of a hidden unit: up if its state was higher at time 1 than at time 3. The height
// of a unit's circle stands for 1, and the difference is drawn `LOOP_PUSH` times as long.
function drawPush(y, difference) {
  const x = 180 + 25;
  const length = Math.min(LONGEST_ARROW, Math.abs(34 * LOOP_PUSH * difference));
  if (length < 1) return "";
  const sign = difference > 0 ? -1 : 1;
  const start = y - sign * length / 2;
  const tip = y + sign * length / 2;
  const head = tip - sign * Math.min(5, length);
  return "M" + x + " " + start + "V" + tip + "M" + (x - 4) + " " + head + "L" + x + " " + tip + "L" + (x + 4) + " " + head;
}

class Loop {
  constructor() {
    const write = (x, y, words, kind) => this.svg.appendChild(draw("text", { x, y, class: kind, "text-anchor": "middle" }, words));
    this.svg = keepLegible(draw("svg", { viewBox: "0 -16 360 232", class: "loop", role: "img", "aria-label": "The network: four visible units, the encoder W, two hidden units, the decoder U, and four visible units, of whose states a part goes around again" }));
    this.back = this.svg.appendChild(draw("path", { class: "back", d: "M318 180C318 208 278 208 248 208H112C82 208 42 208 42 184" }));
    this.svg.append(draw("path", { class: "back tip", d: "M37 191L42 182L47 191" }));
    write(180, 201, "75 % of time 0 is kept", "note");
    write(108, 2, "encoder W", "name encoder");
    write(252, 2, "decoder U", "name decoder");
    const connect = (x1, y1, x2, y2, kind) => this.svg.appendChild(draw("line", { x1, y1, x2, y2, class: "weight " + kind }));
    this.W = HIDDEN_Y.map((y) => VISIBLE_Y.map((from) => connect(42, from, 180, y, "encoder")));
    this.U = VISIBLE_Y.map((y) => HIDDEN_Y.map((from) => connect(180, from, 318, y, "decoder")));
    this.pulses = Array.from({ length: 9 }, () => this.svg.appendChild(draw("circle", { r: 0 })));
    const unit = (x, y, kind) => this.svg.appendChild(draw("g", { class: "unit " + kind, transform: "translate(" + x + " " + y + ")" },
      draw("circle", { r: 17, class: "empty" }), draw("circle", { r: 17, class: "full" }), draw("circle", { r: 17, class: "rim" }), draw("text", { dy: "0.36em", "text-anchor": "middle" })));
    this.from = VISIBLE_Y.map((y, k) => unit(42, y, "vector-" + k));
    this.hidden = HIDDEN_Y.map((y) => unit(180, y, "hidden"));
    this.to = VISIBLE_Y.map((y, k) => unit(318, y, "vector-" + k));
    // Beside time 3: what the unit was at time 1, as a ghost, and the difference as an arrow.
    this.ghosts = HIDDEN_Y.map((y) => this.svg.appendChild(draw("g", { class: "ghost", transform: "translate(" + (180 - GHOST) + " " + y + ")" },
      draw("circle", { r: 12 }), draw("text", { dy: "0.36em", "text-anchor": "middle" }))));
    this.arrows = HIDDEN_Y.map(() => this.svg.appendChild(draw("path", { class: "loop-arrow" })));
    this.pushes = HIDDEN_Y.map((y) => write(180, y + 30, "", "push encoder"));
    this.times = UNIT_X.map((x) => write(x, 20, "", "note"));
  }

  // `time` is 0 to 4: vector k on its way around; null: all of its states at once.
  show(network, k, time) {
    const { visible, first, image, second, last } = network.pass(k), [W, U] = [network.get("W"), network.get("U")];
    const stage = time === null ? 4 : Math.min(3, Math.floor(time)), part = Math.min(1, (time ?? 1) % 1 / 0.8);
    const is_there = (n) => stage > n || (stage === n && part === 1);  // have states come to stage n's end?
    const connect = function (line, weight, is_lit) {
      line.setAttribute("stroke-width", (0.7 + 7.5 * Math.min(1, Math.abs(weight) / LARGE)).toFixed(2));
      line.classList.toggle("negative", weight < 0);
      line.classList.toggle("lit", is_lit);
    };
    this.W.forEach((row, j) => row.forEach((line, i) => connect(line, W[j][i], stage > 2 || (stage === 0 && i === k))));
    this.U.forEach((row, i) => row.forEach((line, j) => connect(line, U[i][j], stage === 1 || stage === 4)));
    // What is under way: from the visible units through W (stages 0 and 3), back through U, around.
    const flying = [];
    const fly = (x1, y1, x2, y2, size) => flying.push([x1 + part * (x2 - x1), y1 + part * (y2 - y1), 1.2 + 6 * Math.sqrt(size / 2)]);
    const states = stage === 0 ? visible : second;
    if (part < 1 && (stage === 0 || stage === 3)) HIDDEN_Y.forEach((y) => states.forEach((v, i) => { if (v > 0.005) fly(42, VISIBLE_Y[i], 180, y, v); }));
    if (part < 1 && stage === 1) VISIBLE_Y.forEach((y) => first.forEach((h, j) => fly(180, HIDDEN_Y[j], 318, y, h)));
    if (part < 1 && stage === 2) {
      const { x, y } = this.back.getPointAtLength(part * this.back.getTotalLength());
      flying.push([x, y, 6]);
    }
    this.pulses.forEach((pulse, n) => put(pulse, { class: "pulse vector-" + k, cx: flying[n]?.[0] ?? 0, cy: flying[n]?.[1] ?? 0, r: flying[n]?.[2] ?? 0 }, []));
    const fill = function (unit, state, words) {
      unit.children[1].setAttribute("fill-opacity", Math.min(1, Math.max(0, state)).toFixed(3));
      unit.classList.toggle("dark", state > 0.55);
      unit.lastChild.textContent = words;
    };
    const is_second = stage < 4 && is_there(2), is_third = stage < 4 && is_there(3);
    this.from.forEach((unit, i) => (is_second ? fill(unit, second[i], writeState(second[i])) : fill(unit, visible[i], String(visible[i]))));
    this.hidden.forEach((unit, j) => {
      const state = is_third ? last[j] : first[j];
      fill(unit, is_there(0) ? state : 0, is_there(0) ? writeState(state) : "");
      const difference = first[j] - last[j];
      this.ghosts[j].classList.toggle("there", is_third);
      this.ghosts[j].lastChild.textContent = writeState(first[j]);
      this.arrows[j].setAttribute("d", is_third ? drawPush(HIDDEN_Y[j], difference) : "");
      this.pushes[j].textContent = is_third ? (difference > 0 ? "+" : "−") + Math.abs(difference).toFixed(3) : "";
    });
    this.to.forEach((unit, i) => fill(unit, is_there(1) ? image[i] : 0, is_there(1) ? writeState(image[i]) : ""));
    const words = [is_second ? "time 2" : "time 0", is_third ? "time 1, 3" : "time 1", "comes back"];
    this.times.forEach((text, n) => { text.textContent = words[n]; });
  }
}

// --- Time ------------------------------------------------------------------------------------

// Calls `tick` with the seconds since the last frame, while it runs.
class Clock {
  constructor(tick) { this.tick = tick; this.is_running = false; }

  start() {
    if (this.is_running) return;
    this.is_running = true;
    let last = null;
    const go = (now) => {
      if (!this.is_running) return;
      const seconds = last === null ? 0.016 : Math.min(0.1, (now - last) / 1000);
      last = now;
      this.tick(seconds);
      window.requestAnimationFrame(go);
    };
    window.requestAnimationFrame(go);
  }

  stop() { this.is_running = false; }
}

// Calls `enter` when that share of an element comes into sight, `leave` when nearly all of it is gone.
function watch(element, enter, leave = () => {}, share = 0.5) {
  new IntersectionObserver((entries) => entries.forEach(({ intersectionRatio }) => {
    if (intersectionRatio >= 0.98 * share) enter();
    else if (intersectionRatio < 0.1) leave();
  }), { threshold: [0, 0.1, 0.98 * share] }).observe(element);
}

// Builds what lies further down only when a reader comes near.
function whenNear(id, build) {
  document.addEventListener("DOMContentLoaded", function () {
    const element = document.getElementById(id);
    if (!element) return;
    element.hidden = false;
    const watcher = new IntersectionObserver(function (entries) {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watcher.disconnect();
      build(element);
    }, { rootMargin: "800px" });
    watcher.observe(element);
  });
}

// A moving piece in place of the first panel of a figure, but on paper.
function replacePanel(figure_id, id, Piece) {
  document.addEventListener("DOMContentLoaded", function () {
    const figure = document.getElementById(figure_id);
    figure.classList.add("first-replaced");
    figure.firstElementChild.before(document.getElementById(id));
  });
  whenNear(figure_id, () => { window[id] = new Piece(document.getElementById(id), readData(`${id}-data`)); });
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
