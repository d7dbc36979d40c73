"use strict";
// A network that learns before the reader's eyes: the plane, the error, and what may be changed.

const MOST_MOMENTS = 160;  // that "Play" shows; where there are more updates, closer at the start
const isStill = window.matchMedia("(prefers-reduced-motion: reduce)");
const TIMES = [
  "Time 0: the vector is put on the visible units.",
  "Time 1: activity has gone through W to the hidden units.",
  "Time 2: it has come back through U; the visible units keep most of the vector.",
  "Time 3: it has gone round again; the hidden units keep most of h(1).",
  "What the second pass has changed. A weight of U learns from v(0) − v(2), one of W from h(1) − h(3).",
  "Dashed, beside each weight: what this update adds to it, for all four vectors together.",
];

class Player {
  // `state`: rate, seed, frozen ("", "W", "U" or "b") and skip.
  // `controls`: which of rate, seed, frozen, skip, steps the reader is given.
  // It is shown before it learns, or, unless `begins`, after.
  constructor(root, data, { state, begins = false, controls = ["rate", "seed", "frozen", "steps"], onchange = () => {}, label }) {
    Object.assign(this, { root, data, controls, onchange, vector: 0, time: 0, timer: null });
    this.state = { rate: 5, seed: 0, frozen: "", skip: 0, ...state };
    this.build(label);
    this.learn();
    this.show(begins ? 0 : this.last);
    root.hidden = false;
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
    this.back = button("Back", () => { this.stop(); this.show(this.t - 1); });
    this.on = button("Forward", () => { this.stop(); this.show(this.t + 1); });
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
    if (this.controls.includes("frozen")) {
      const options = [["", "nothing"], ["W", "W"], ["U", "U"], ["b", "biases of the hidden units"]];
      this.frozen_input = make("select", {}, ...options.map(([value, words]) => make("option", { value }, words)));
      this.frozen_input.addEventListener("change", () => this.set({ frozen: this.frozen_input.value }));
      settings.append(make("label", {}, "Frozen ", this.frozen_input));
    }
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", label ?? "A network that learns");
    const key = make("p", { class: "again-key" }, "Arrows: h(1) − h(3), " + ARROWS + " times as long.");
    this.root.append(this.words, this.plane.svg, key, this.curve.svg, this.slider, buttons, settings);
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
    const start = drawWeights(this.state.seed, this.data);
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
    if (this.frozen_input) this.frozen_input.value = this.state.frozen;
  }

  // Starts over with other settings; shows the beginning of it, or its end where nothing moves.
  set(changes) {
    this.stop();
    Object.assign(this.state, changes);
    this.time = 0;
    this.learn();
    this.show(isStill.matches ? this.last : 0);
    if (!isStill.matches && !this.steps?.open) this.play();
    this.onchange(this.state);
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
    const seen = "Cut off by their own lines: " + (read.join(", ") || "none") + ".";
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
      (this.t === 1 ? " update. " : " updates. ") + TIMES[this.time];
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
