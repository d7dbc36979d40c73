"use strict";
// What all moving pictures share: the hidden plane, the network as a loop, a clock.

const SVG = "http://www.w3.org/2000/svg";

function set(element, attributes) {
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
}

// An element of a drawing, and one of a page.
function draw(tag, attributes, ...content) {
  const element = document.createElementNS(SVG, tag);
  set(element, attributes);
  element.append(...content);
  return element;
}

function make(tag, attributes, ...content) {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...content);
  return element;
}

function button(name, act, kind = "second") {
  const made = make("button", { type: "button", class: kind }, name);
  made.addEventListener("click", act);
  return made;
}

const isStill = window.matchMedia("(prefers-reduced-motion: reduce)");
const isTelephone = window.matchMedia("(max-width: 40rem)");
const readData = (id) => JSON.parse(document.getElementById(id).textContent);
// `--px` is how much of a drawing one pixel shows: no letter is smaller than ten of them.
function keepLegible(svg) {
  const measure = () => svg.style.setProperty("--px", 1 / (svg.getScreenCTM()?.a || 1) + "px");
  new ResizeObserver(measure).observe(svg);
  return svg;
}

// "1 update", "2,000 updates".
const count = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");

// ".07" for 0.07: the state of a unit.
function writeState(state, decimals = 2) {
  const nearest = Math.abs(state) < 0.5 * 10 ** -decimals ? 0 : state;  // never "-.00"
  return nearest.toFixed(decimals).replace("-", "−").replace(/^(−?)0\./, "$1.");
}

// A network that has learnt as far as it will: its weights after each update.
class Run {
  constructor(weights, settings, { threshold, cap }) {
    this.settings = settings;
    this.weights = [weights];
    this.places = [];  // of the codes after each update, as points of a drawing
    const network = new LiveNetwork(weights, settings);
    this.learnt = network.error() < threshold;
    while (!this.learnt && network.updates < cap) {
      network.update();
      this.weights.push(network.weights());
      this.learnt = network.error() < threshold;
    }
    this.n = network.updates;
  }

  // The network after so many updates, or between two of them.
  at(t) {
    const before = Math.min(this.n, Math.floor(t));
    const after = Math.min(this.n, before + 1);
    return new LiveNetwork(mix(this.weights[before], this.weights[after], t - before), this.settings);
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
const LOW = -0.06;
const HIGH = 1.06;
const SCALE = 100 / (HIGH - LOW);
const at = ([x, y]) => [(x - LOW) * SCALE, (HIGH - y) * SCALE];
const DASHES = ["none", "5 2.4", "1.2 1.8", "7 2 1.4 2"];
const PUSH = 15;  // how many times longer than h(1) - h(3) its arrow is
const COVERED = 0.03;  // so near to another dot, a dot is hidden by it
const KEY_STEP = 0.03;  // how far an arrow key moves a dot
let n_planes = 0;

class Plane {
  constructor({ can_drag = false, label = "The hidden plane" } = {}) {
    n_planes += 1;
    const id = "plane-" + n_planes;
    this.svg = keepLegible(draw("svg", { viewBox: "-7 -2 110 111", class: "plane", role: can_drag ? "group" : "img", "aria-label": label }));
    const defs = draw("defs", {}, draw("clipPath", { id }, draw("rect", { width: 100, height: 100 })));
    this.inside = draw("g", { "clip-path": "url(#" + id + ")" });
    this.svg.append(defs, draw("rect", { width: 100, height: 100, class: "field" }), this.inside);
    // From below: the shade beyond each line, the lines, where the dots have been.
    this.shades = PATTERNS.map((_, k) => defs.appendChild(makeShade(id + "-" + k, k)));
    const each = (make_one) => PATTERNS.map((_, k) => this.inside.appendChild(make_one(k)));
    this.sides = each((k) => draw("path", { class: "side vector-" + k, fill: "url(#" + id + "-" + k + ")" }));
    this.lines = each((k) => draw("line", { class: "line vector-" + k, "stroke-dasharray": DASHES[k] }));
    this.trails = each((k) => draw("polyline", { class: "trail vector-" + k }));
    this.arrow = draw("path", { class: "arrow" });
    this.svg.append(
      draw("rect", { width: 100, height: 100, class: "frame" }),
      draw("text", { x: 50, y: 107.6, class: "axis-name", "text-anchor": "middle" }, "hidden unit 1 →"),
      draw("text", { x: -3, y: 50, class: "axis-name", "text-anchor": "middle", transform: "rotate(-90 -3 50)" }, "hidden unit 2 →"),
      this.arrow,
    );
    this.dots = PATTERNS.map((_, k) => this.svg.appendChild(makeDot(k)));
    if (can_drag) this.dots.forEach((dot, k) => this.let_drag(dot, k));
  }

  show(network, trails) {
    const [codes, , images] = network.states();
    this.codes = codes;
    this.read = listRead(images);
    codes.forEach((code, k) => {
      const place = at(code).map((x) => x.toFixed(2)).join(" ");
      this.dots[k].setAttribute("transform", "translate(" + place + ")");
      this.dots[k].classList.toggle("read", this.read[k]);
      // Under a dot that covers another one, the other's rim stays in sight.
      const n_over = codes.slice(k + 1).filter((other) => measureDistance(code, other) < COVERED).length;
      this.dots[k].querySelector(".body").setAttribute("r", 5 + 2 * n_over);
      this.trails[k].setAttribute("points", trails?.[k] ?? "");
      this.lay_line(k, network.get("U")[k], network.get("c")[k]);
    });
  }

  // The line is where the input of unit k is 0, `away` from the middle; its side is shaded.
  lay_line(k, [a, b], bias) {
    const length = Math.hypot(a, b) || 1e-9;
    const away = -(a / 2 + b / 2 + bias) / length;
    const find = (along, across) => at([0.5 + (a * along - b * across) / length, 0.5 + (b * along + a * across) / length]);
    const [x1, y1] = find(away, -3);
    const [x2, y2] = find(away, 3);
    set(this.lines[k], { x1, y1, x2, y2 });
    // The shade fades from the line on.
    const [near_x, near_y] = find(away, 0);
    const [far_x, far_y] = find(away + 0.42, 0);
    set(this.shades[k], { x1: near_x, y1: near_y, x2: far_x, y2: far_y });
    const corners = [[x1, y1], [x2, y2], find(away + 4, 3), find(away + 4, -3)];
    const is_outside = Math.abs(away) > 0.85;
    this.sides[k].setAttribute("d", is_outside ? "" : "M" + corners.join("L") + "z");
  }

  // Where the rule pushes the code of vector k: h(1) - h(3), drawn longer; none for k = null.
  push(network, k) {
    if (k === null) {
      this.arrow.setAttribute("d", "");
      return;
    }
    const { first, last } = network.pass(k);
    const [x, y] = at(first);
    const [goal_x, goal_y] = at(first.map((h, j) => h + PUSH * (h - last[j])));
    // From the rim of the dot, 6 away from its middle, to as far beyond the goal.
    const length = Math.hypot(goal_x - x, goal_y - y) || 1;
    const dx = (goal_x - x) / length;
    const dy = (goal_y - y) / length;
    const tip = [goal_x + 6 * dx, goal_y + 6 * dy];
    const left = [tip[0] - 3.4 * dx + 2 * dy, tip[1] - 3.4 * dy - 2 * dx];
    const right = [tip[0] - 3.4 * dx - 2 * dy, tip[1] - 3.4 * dy + 2 * dx];
    const start = [x + 6 * dx, y + 6 * dy];
    set(this.arrow, { class: "arrow vector-" + k, d: "M" + start + "L" + tip + "M" + left + "L" + tip + "L" + right });
  }

  // A dot follows the pointer, or the arrow keys; `onmove` hears of where it goes (null: let go).
  let_drag(dot, k) {
    set(dot, { tabindex: 0, role: "slider", "aria-label": "Code of vector " + (k + 1) + "; arrow keys move it", "aria-valuenow": 0 });
    this.follow_pointer(dot);
    this.follow_keys(dot, k);
  }

  follow_pointer(dot) {
    let held = null;  // of dots that lie over one another, the one whose middle is nearest
    dot.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      dot.setPointerCapture(event.pointerId);
      const place = this.find_place(event);
      const away = this.codes.map((code) => measureDistance(code, place));
      held = away.indexOf(Math.min(...away));
      this.onmove(held, place);
    });
    dot.addEventListener("pointermove", (event) => {
      if (held !== null) this.onmove(held, this.find_place(event));
    });
    const letGo = () => {
      if (held === null) return;
      const k = held;
      held = null;
      this.onmove(k, null);
    };
    dot.addEventListener("pointerup", letGo);
    dot.addEventListener("pointercancel", letGo);
  }

  follow_keys(dot, k) {
    const STEPS = {
      ArrowLeft: [-KEY_STEP, 0],
      ArrowRight: [KEY_STEP, 0],
      ArrowUp: [0, KEY_STEP],
      ArrowDown: [0, -KEY_STEP],
    };
    let is_down = false;
    dot.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      is_down = true;
      this.onmove(k, (code) => code.map((h, j) => keepInside(h + step[j])));
    });
    const letGo = () => {
      if (!is_down) return;
      is_down = false;
      this.onmove(k, null);
    };
    dot.addEventListener("keyup", letGo);
    dot.addEventListener("blur", letGo);
  }

  // The states of the two hidden units where a pointer is.
  find_place({ clientX, clientY }) {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [x / SCALE + LOW, HIGH - y / SCALE].map(keepInside);
  }
}
const measureDistance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
// No state of a logistic unit is 0 or 1.
const keepInside = (state) => Math.min(0.985, Math.max(0.015, state));

function makeShade(id, k) {
  const stop = (offset, opacity) => draw("stop", { offset, "stop-opacity": opacity, class: "vector-" + k });
  return draw("linearGradient", { id, gradientUnits: "userSpaceOnUse" }, stop(0, 0.34), stop(0.55, 0.12), stop(1, 0.05));
}

function makeDot(k) {
  return draw("g", { class: "dot vector-" + k },
    draw("circle", { r: 9, class: "hit" }),
    draw("circle", { r: 7, class: "ring" }),
    draw("circle", { r: 5, class: "body" }),
    draw("text", { dy: "0.36em", "text-anchor": "middle" }, String(k + 1)),
  );
}

// --- The network as a loop: four visible units, W, two hidden ones, U, four visible ones, and back
const VISIBLE_Y = [42, 80, 118, 156];
const HIDDEN_Y = [68, 130];
const UNIT_X = [42, 180, 318];
const LARGE = 7;  // a weight so large has the widest line
const RADIUS = 17;
const HIDDEN_RADIUS = 19;  // room for three decimals
const GHOST = 39;  // how far beside a hidden unit its ghost of time 1 stands
const LONGEST_ARROW = 30;
const LOOP_PUSH = 60;  // times as long as h(1) - h(3) is its arrow here
const TRAVEL = 0.8;  // of each stage a state is under way, then it rests

// An arrow right of a hidden unit: up if its state was higher at time 1 than at time 3. The height
// of a unit's circle stands for 1, and the difference is drawn `LOOP_PUSH` times as long.
function drawPush(y, difference) {
  const x = 180 + 26;
  const length = Math.min(LONGEST_ARROW, Math.abs(2 * HIDDEN_RADIUS * LOOP_PUSH * difference));
  if (length < 1) return "";
  const sign = difference > 0 ? -1 : 1;
  const start = y - sign * length / 2;
  const tip = y + sign * length / 2;
  const head = tip - sign * Math.min(5, length);
  return "M" + x + " " + start + "V" + tip + "M" + (x - 4) + " " + head + "L" + x + " " + tip + "L" + (x + 4) + " " + head;
}

function makeUnit(x, y, kind, r = RADIUS) {
  return draw("g", { class: "unit " + kind, transform: "translate(" + x + " " + y + ")" },
    draw("circle", { r, class: "empty" }),
    draw("circle", { r, class: "full" }),
    draw("circle", { r, class: "rim" }),
    draw("text", { dy: "0.36em", "text-anchor": "middle" }),
  );
}

// A unit is the fuller the more active it is.
function showUnit(unit, state, words) {
  unit.children[1].setAttribute("fill-opacity", Math.min(1, Math.max(0, state)).toFixed(3));
  unit.classList.toggle("dark", state > 0.55);
  unit.lastChild.textContent = words;
}

// A weight is a line, the thicker the larger, and dashed if negative.
function showWeight(line, weight, is_lit) {
  line.setAttribute("stroke-width", (0.7 + 7.5 * Math.min(1, Math.abs(weight) / LARGE)).toFixed(2));
  line.classList.toggle("negative", weight < 0);
  line.classList.toggle("lit", is_lit);
}

class Loop {
  constructor() {
    this.svg = keepLegible(draw("svg", { viewBox: "0 -16 360 232", class: "loop", role: "img", "aria-label": "The network: four visible units, the encoder W, two hidden units, the decoder U, and four visible units, of whose states a part goes around again" }));
    const add = (element) => this.svg.appendChild(element);
    const write = (x, y, words, kind) => add(draw("text", { x, y, class: kind, "text-anchor": "middle" }, words));
    this.back = add(draw("path", { class: "back", d: "M318 180C318 208 278 208 248 208H112C82 208 42 208 42 184" }));
    add(draw("path", { class: "back tip", d: "M37 191L42 182L47 191" }));
    write(180, 201, "75 % of time 0 is kept", "note");
    write(108, 2, "encoder W", "name encoder");
    write(252, 2, "decoder U", "name decoder");
    // Weights, what runs along them, units.
    const connect = (x1, y1, x2, y2, kind) => add(draw("line", { x1, y1, x2, y2, class: "weight " + kind }));
    this.W = HIDDEN_Y.map((y) => VISIBLE_Y.map((from) => connect(42, from, 180, y, "encoder")));
    this.U = VISIBLE_Y.map((y) => HIDDEN_Y.map((from) => connect(180, from, 318, y, "decoder")));
    this.pulses = Array.from({ length: 9 }, () => add(draw("circle", { r: 0 })));
    this.from = VISIBLE_Y.map((y, k) => add(makeUnit(42, y, "vector-" + k)));
    this.hidden = HIDDEN_Y.map((y) => add(makeUnit(180, y, "hidden", HIDDEN_RADIUS)));
    this.to = VISIBLE_Y.map((y, k) => add(makeUnit(318, y, "vector-" + k)));
    // Beside time 3: what the unit was at time 1, as a ghost, and the difference as an arrow.
    this.ghosts = HIDDEN_Y.map((y) => add(draw("g", { class: "ghost", transform: "translate(" + (180 - GHOST) + " " + y + ")" },
      draw("circle", { r: 16 }),
      draw("text", { dy: "0.36em", "text-anchor": "middle" }),
    )));
    this.arrows = HIDDEN_Y.map(() => add(draw("path", { class: "loop-arrow" })));
    this.pushes = HIDDEN_Y.map((y) => write(180, y + 32, "", "push encoder"));
    this.times = UNIT_X.map((x) => write(x, 20, "", "note"));
  }

  // `time` is 0 to 4: vector k on its way around; null: all of its states at once.
  show(network, k, time) {
    const states = network.pass(k);
    // Which stage it is in (W, U, back, W again; 4: none), and how far a state is on its way.
    const stage = time === null ? 4 : Math.min(3, Math.floor(time));
    const part = time === null ? 1 : Math.min(1, time % 1 / TRAVEL);
    this.show_weights(network, k, stage);
    this.show_pulses(states, k, stage, part);
    this.show_units(states, stage, part);
  }

  show_weights(network, k, stage) {
    const W = network.get("W");
    const U = network.get("U");
    this.W.forEach((row, j) => row.forEach((line, i) => {
      showWeight(line, W[j][i], stage > 2 || (stage === 0 && i === k));
    }));
    this.U.forEach((row, i) => row.forEach((line, j) => {
      showWeight(line, U[i][j], stage === 1 || stage === 4);
    }));
  }

  // What is under way: from the visible units through W, back through U, around, through W again.
  show_pulses(states, k, stage, part) {
    const flying = part < 1 ? this.list_flying(states, stage, part) : [];
    this.pulses.forEach((pulse, n) => {
      const [cx, cy, r] = flying[n] ?? [0, 0, 0];
      set(pulse, { class: "pulse vector-" + k, cx, cy, r });
    });
  }

  list_flying({ visible, first, second }, stage, part) {
    const fly = (x1, y1, x2, y2, state) => [x1 + part * (x2 - x1), y1 + part * (y2 - y1), 1.2 + 6 * Math.sqrt(state / 2)];
    if (stage === 1) {
      return VISIBLE_Y.flatMap((y) => first.map((state, j) => fly(180, HIDDEN_Y[j], 318, y, state)));
    }
    if (stage === 2) {
      const { x, y } = this.back.getPointAtLength(part * this.back.getTotalLength());
      return [[x, y, 6]];
    }
    if (stage === 4) return [];
    const flying = [];
    (stage === 0 ? visible : second).forEach((state, i) => {
      if (state <= 0.005) return;
      HIDDEN_Y.forEach((y) => flying.push(fly(42, VISIBLE_Y[i], 180, y, state)));
    });
    return flying;
  }

  // What each unit holds by now; a unit that nothing has reached yet is empty.
  show_units({ visible, first, image, second, last }, stage, part) {
    const is_there = (n) => stage > n || (stage === n && part === 1);  // at the end of stage n
    const is_second = stage < 4 && is_there(2);
    const is_third = stage < 4 && is_there(3);
    this.from.forEach((unit, i) => {
      if (is_second) showUnit(unit, second[i], writeState(second[i]));
      else showUnit(unit, visible[i], String(visible[i]));
    });
    this.hidden.forEach((unit, j) => {
      const state = is_third ? last[j] : first[j];
      if (is_there(0)) showUnit(unit, state, writeState(state, 3));
      else showUnit(unit, 0, "");
      this.show_difference(j, is_third, first[j], last[j]);
    });
    this.to.forEach((unit, i) => {
      if (is_there(1)) showUnit(unit, image[i], writeState(image[i]));
      else showUnit(unit, 0, "");
    });
    const names = [is_second ? "time 2" : "time 0", is_third ? "time 1, 3" : "time 1", "comes back"];
    this.times.forEach((text, n) => { text.textContent = names[n]; });
  }

  show_difference(j, is_third, before, after) {
    const difference = before - after;
    this.ghosts[j].classList.toggle("there", is_third);
    this.ghosts[j].lastChild.textContent = writeState(before, 3);
    this.arrows[j].setAttribute("d", is_third ? drawPush(HIDDEN_Y[j], difference) : "");
    this.pushes[j].textContent = is_third ? (difference > 0 ? "+" : "−") + Math.abs(difference).toFixed(3) : "";
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

// Calls `wake` once, when a reader comes near an element.
function whenNear(element, wake) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watcher.disconnect();
    wake();
  }, { rootMargin: "800px" });
  watcher.observe(element);
}

// A moving piece in place of the first panel of a figure, but on paper. It is built at once, so that
// nothing below it moves later, and computes when a reader comes near. On a telephone the other
// panels are folded, under the words `rest`.
function replacePanel(figure_id, id, Piece, rest) {
  document.addEventListener("DOMContentLoaded", () => {
    const figure = document.getElementById(figure_id);
    const root = document.getElementById(id);
    figure.classList.add("first-replaced");
    figure.prepend(root);
    const piece = new Piece(root, readData(id + "-data"));
    window[id] = piece;
    if (isTelephone.matches) fold(figure.querySelector(".picture"), rest);
    whenNear(root, () => piece.wake());
  });
}

// Puts an element under a summary that unfolds it, with the looks of folded sections.
function fold(element, words) {
  const folded = make("details", { class: "folded" }, make("summary", {}, words));
  element.before(folded);
  folded.append(element);
  return folded;
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
