"use strict";
// A network that learns before the reader's eyes: the plane, the error, and what may be changed.

const MOST_MOMENTS = 160;  // that "Play" shows; where there are more updates, closer at the start
const isStill = window.matchMedia("(prefers-reduced-motion: reduce)");
const N_PAIRED = 200;
const say = (states, digits = 2) => [states].flat().map((x) => x.toFixed(digits).replace("-", "−")).join(", ");
// What happens at each time, with the numbers of a vector's `pass`.
const TIMES = [
  ({ visible }) => "Time 0: the vector is put on the visible units: " + say(visible, 0) + ".",
  ({ first }) => "Time 1: activity has gone through W to the hidden units: h(1) = " + say(first) + ".",
  ({ second }) => "Time 2: it has come back through U; the visible units keep most of the vector: v(2) = " + say(second) + ".",
  ({ last }) => "Time 3: it has gone round again; the hidden units keep most of h(1): h(3) = " + say(last) + ".",
  ({ visible, first, second, last }) => "What the second pass has changed: v(0) − v(2) = " + say(minus(visible, second)) + ", from which U learns, and h(1) − h(3) = " + say(minus(first, last), 3) + ", from which W learns.",
  ({ visible, first, second }, k, { rate, frozen }) => "Dashed, beside each weight: what this update adds to it, for all four vectors." +
    (frozen.includes("U") ? "" : " This vector’s part, from hidden unit 1 to visible unit " + (k + 1) + ": rate × h(1) × (v(0) − v(2)) = " +
      rate + " × " + say(first[0]) + " × " + say(visible[k] - second[k]) + " ≈ " + say(rate * first[0] * (visible[k] - second[k])) + "."),
];

class Player {
  // `state`: rate, seed, frozen ("", "W", "U" or "b"), skip (so many first changes of W),
  // larger (times the initial W) and aligned (1 if U starts as the transpose of W).
  // `controls`: which of these and of steps and pairs the reader is given.
  // It is shown before it learns, or, unless `begins`, after; if it `asks`, it stands still, without
  // arrows and controls, until `answer` is called.
  constructor(root, data, { state, begins = false, asks = false, controls = ["rate", "seed", "frozen", "steps"], onchange = () => {}, label }) {
    Object.assign(this, { root, data, controls, begins, asks, onchange, vector: 0, time: 0, timer: null });
    this.state = { rate: 5, seed: 0, frozen: "", skip: 0, larger: 1, aligned: 0, ...state };
    this.build(label);
    root.classList.toggle("unasked", asks);
    this.learn();
    this.show(begins ? 0 : this.last);
    root.hidden = false;
  }

  // The reader has guessed: now it may learn, with `changes`, if any.
  answer(changes) {
    const is_first = this.asks;
    this.asks = false;
    this.root.classList.remove("unasked");
    if (is_first) this.set(changes ?? {});
    const seen = this.root.offsetHeight < window.innerHeight ? this.root : this.plane.svg;
    seen.scrollIntoView({ block: "nearest" });
  }

  build(label) {
    const button = (name, act, second = true) => {
      const made = make("button", { type: "button", class: second ? "second" : "" }, name);
      made.addEventListener("click", () => { if (made.getAttribute("aria-disabled") !== "true") act(); });
      return made;
    };
    this.plane = new Plane();
    this.curve = new Curve(this.data.threshold);
    this.words = make("p", { class: "live-words" });
    this.slider = make("input", { type: "range", min: "0", step: "1", "aria-label": "Weight updates" });
    this.slider.addEventListener("input", () => { this.stop(); this.show(Number(this.slider.value)); });
    this.play_button = button("Play", () => (this.timer ? this.stop() : this.play()), false);
    this.back = button("Previous update", () => { this.stop(); this.show(this.t - 1); });
    this.on = button("Next update", () => { this.stop(); this.show(this.t + 1); });
    const buttons = make("div", { class: "live-buttons" }, this.play_button, this.back, this.on);
    const settings = make("div", { class: "live-settings" });
    if (this.controls.includes("seed")) {
      buttons.append(button("New weights", () => this.set({ seed: Math.floor(Math.random() * 1e6) })));
    }
    const number = (name, words, min, max) => {
      const shown = make("strong", {});
      const input = make("input", { type: "range", min: String(min), max: String(max), step: "1" });
      input.addEventListener("input", () => this.set({ [name]: Number(input.value) }));
      settings.append(make("label", {}, words + " ", shown, input));
      this[name + "_input"] = [input, shown, words];
    };
    if (this.controls.includes("rate")) number("rate", "Learning rate", 1, 40);
    if (this.controls.includes("skip")) number("skip", "First changes of W skipped", 0, 20);
    if (this.controls.includes("larger")) number("larger", "Initial W, times", 1, 4);
    if (this.controls.includes("aligned")) {
      this.aligned_input = make("input", { type: "checkbox" });
      this.aligned_input.addEventListener("change", () => this.set({ aligned: Number(this.aligned_input.checked) }));
      settings.append(make("label", {}, this.aligned_input, " U starts aligned, as the transpose of W"));
    }
    if (this.controls.includes("frozen")) {
      const options = [["", "nothing"], ["W", "W"], ["U", "U"], ["b", "biases of the hidden units"]];
      this.frozen_input = make("select", {}, ...options.map(([value, words]) => make("option", { value }, words)));
      this.frozen_input.addEventListener("change", () => this.set({ frozen: this.frozen_input.value }));
      settings.append(make("label", {}, "Frozen ", this.frozen_input));
    }
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", label ?? "A network that learns");
    const key = make("p", { class: "again-key" }, "Arrows: h(1) − h(3), " + ARROWS + " times as long.");
    this.pairs_words = make("p", { class: "again-key", "aria-live": "polite" });
    this.root.append(this.plane.svg, this.words, key, this.curve.svg, this.slider, buttons, settings, this.pairs_words);
    if (this.controls.includes("steps")) this.root.append(this.build_steps(button));
  }

  build_steps(button) {
    this.loop = new Loop();
    this.time_words = make("p", { "aria-live": "polite" });
    this.next = button("Next", () => {
      if (this.time < TIMES.length - 1) this.time += 1;
      else { this.time = 0; this.show(this.t + 1); }
      this.show_step();
    }, false);
    const vector = button("Next vector", () => { this.vector = (this.vector + 1) % 4; this.show_step(); });
    this.steps = make("details", { class: "live-steps" }, make("summary", {}, "One update, step by step"),
      this.time_words, this.loop.svg, make("div", { class: "live-buttons" }, this.next, vector),
      make("p", { class: "again-key" }, "The fuller a circle, the more active the unit. Squares: filled for positive, hollow for negative numbers; differences are drawn " + 1 / (1 - this.data.regression) + " times, changes " + GHOSTS + " times as large as weights."));
    this.steps.addEventListener("toggle", () => { this.stop(); this.show_step(); });
    return this.steps;
  }

  get settings() {
    const { rate, frozen, skip } = this.state;
    return { rate, skip, frozen: frozen ? [frozen] : [], regression: this.data.regression };
  }

  // Trains the network and keeps its weights after every update.
  learn() {
    const start = prepare(drawWeights(this.state.seed, this.data), this.state);
    const network = new RecirculationNetwork(start, this.settings);
    this.history = [start];
    this.errors = [network.error()];
    this.codes = PATTERNS.map((pattern) => [network.pass(pattern).first]);
    while (!(this.errors.at(-1) < this.data.threshold) && network.updates < this.data.cap) {
      network.update();
      this.history.push(network.weights());
      this.errors.push(network.error());
      PATTERNS.forEach((pattern, k) => this.codes[k].push(network.activate(network.W, network.b, pattern)));
    }
    this.last = network.updates;
    this.slider.max = String(this.last);
    this.curve.set(this.errors);
    const put = (name, words) => {
      if (!this[name + "_input"]) return;
      const [input, shown, label] = this[name + "_input"];
      input.value = String(this.state[name]);
      shown.textContent = String(this.state[name]);
      input.setAttribute("aria-valuetext", label + " " + this.state[name] + words);
    };
    put("rate", "");
    put("skip", "");
    put("larger", "");
    if (this.aligned_input) this.aligned_input.checked = Boolean(this.state.aligned);
    if (this.frozen_input) this.frozen_input.value = this.state.frozen;
  }

  // Starts over with other settings; shows the beginning of it, or its end where nothing moves.
  set(changes) {
    this.stop();
    Object.assign(this.state, changes);
    this.time = 0;
    this.learn();
    const is_moved = !this.asks && !isStill.matches;
    this.show(is_moved || (this.asks && this.begins) ? 0 : this.last);
    if (is_moved && !this.steps?.open) this.play();
    if (this.controls.includes("pairs") && !this.asks) this.compare();
    this.onchange(this.state);
  }

  // Beside this network: itself untouched, and what the change does to most networks.
  compare() {
    if (this.halt) this.halt();
    const { seed, rate, skip, larger, aligned } = this.state;
    const plain = new RecirculationNetwork(drawWeights(seed, this.data), { rate, regression: this.data.regression });
    plain.train(this.data.threshold, this.data.cap);
    const alone = "Untouched, this network takes " + plain.updates.toLocaleString("en") + " updates. ";
    const write = (words) => this.pairs_words.replaceChildren(alone + words);
    const extra = [];
    write("");
    const message = { n: N_PAIRED, first: 0, rate, data: this.data, change: { skip, larger, aligned } };
    this.halt = runAside(trainPairs, message, function ([one, other]) {
      if (extra.push(other.updates - one.updates) < N_PAIRED) return;
      write("In the median of " + N_PAIRED + " pairs, the changed network " + tellExtra(half(sort(extra))) + ".");
    });
  }

  network(t) {
    const network = new RecirculationNetwork(this.history[t], this.settings);
    network.updates = t;
    return network;
  }

  show(t) {
    this.t = Math.min(Math.max(t, 0), this.last);
    const network = this.network(this.t);
    this.plane.show(network, this.codes.map((way) => way.slice(0, this.t + 1)));
    this.curve.show(this.t);
    const read = listRead(network).map((k) => k + 1);
    const end = this.t < this.last ? "" : this.errors[this.t] < this.data.threshold ? " Learnt." : " Not learnt.";
    const words = (this.t === 1 ? "1 update" : this.t.toLocaleString("en") + " updates") +
      ", error " + this.errors[this.t].toFixed(2) + "." + end;
    const seen = "Lines that cut off their own dot and no other: " + (read.join(", ") || "none") + ".";
    this.words.replaceChildren(make("strong", {}, words), " " + seen);
    this.plane.svg.setAttribute("aria-label", "The hidden plane after " + words + " " + seen);
    this.slider.value = String(this.t);
    this.slider.setAttribute("aria-valuetext", words + " " + seen);
    this.back.setAttribute("aria-disabled", String(this.t === 0));
    this.on.setAttribute("aria-disabled", String(this.t === this.last));
    if (this.steps?.open) this.show_step();
  }

  show_step() {
    const network = this.network(this.t), after = this.network(this.t);
    after.update();
    this.loop.show(network, after, this.vector, this.time);
    const words = "Vector " + (this.vector + 1) + ", after " + this.t.toLocaleString("en") +
      (this.t === 1 ? " update. " : " updates. ") + TIMES[this.time](network.pass(PATTERNS[this.vector]), this.vector, this.settings);
    this.time_words.textContent = words;
    this.loop.svg.setAttribute("aria-label", "The loop of units with its weights. " + words);
    this.next.textContent = this.time < TIMES.length - 1 ? "Next" : this.t < this.last ? "Make this update" : "Once more";
  }

  stop() {
    window.clearInterval(this.timer);
    this.timer = null;
    this.play_button.textContent = "Play";
  }

  play() {
    this.stop();
    if (this.t === this.last) this.show(0);
    this.play_button.textContent = "Pause";
    const share = MOST_MOMENTS ** 2 / this.last;
    this.timer = window.setInterval(() => {
      const moment = Math.sqrt(this.t * share) + 1;
      this.show(this.last > MOST_MOMENTS ? Math.max(this.t + 1, Math.round(moment ** 2 / share)) : this.t + 1);
      if (this.t === this.last) this.stop();
    }, Math.min(220, Math.max(40, 6000 / (this.last + 1))));
  }
}
