"use strict";
// The first picture: a network that learns, as a loop and in the hidden plane, on one clock.
class Hero {
  constructor(root, data) {
    Object.assign(this, { root, data, t: 0, rest: 0, vector: 0, is_touched: false, is_dragged: false });
    this.settings = { rate: data.rate, regression: data.regression };
    this.plane = new Plane({ can_drag: true, label: "The hidden plane: the codes of four vectors, and the lines of four visible units. A code can be dragged." });
    this.plane.onmove = (k, code) => this.drag(k, code);
    this.loop = new Loop();
    this.words = make("p", { class: "hero-words" });
    this.play_button = button("Play", () => this.press(), "");
    this.slider = make("input", { type: "range", min: 0, step: 1, "aria-label": "Weight updates" });
    this.slider.addEventListener("input", () => {
      this.touch();
      this.stop();
      [this.t, this.rest] = [Number(this.slider.value), 0];
      this.paint();
    });
    const fresh = button("New weights", () => {
      this.touch();
      this.renew();
      if (isStill.matches) this.stop(true);
      else this.start();
    });
    this.over = button("", () => this.press(), "over");
    this.over.setAttribute("aria-label", "Play");
    this.over.append(draw("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" }, draw("path", { d: "M13 9L31 20L13 31z" })));
    root.append(
      make("div", { class: "hero-square" }, this.plane.svg, this.over), this.words,
      make("div", { class: "hero-controls" }, this.play_button, this.slider, fresh),
      make("div", { class: "hero-loop" }, this.loop.svg),
    );
    this.clock = new Clock((seconds) => this.tick(seconds));
    root.hidden = false;
    this.learn(drawWeights(data.seed, data));
    this.stop(true);
    if (isStill.matches) { this.t = this.run.n; this.stop(true); }
    else watch(this.plane.svg, () => { if (!this.is_touched) this.start(); }, () => this.stop());
  }

  touch() { this.is_touched = true; }

  learn(weights) {
    this.run = new Run(weights, this.settings, this.data);
    [this.t, this.rest] = [0, 0];
    this.slider.max = String(this.run.n);
    this.paint();
  }

  // Other weights, from which a network learns before long.
  renew() {
    do this.learn(drawWeights(Math.floor(1e6 * Math.random()), this.data));
    while (!this.run.learnt || this.run.n > 3 * this.data.updates);
    this.vector = 0;
  }

  press() {
    this.touch();
    if (this.clock.is_running) { this.stop(); return; }
    if (this.t >= this.run.n) [this.t, this.rest] = [0, 0];
    this.start();
  }

  start() {
    this.over.hidden = true;
    this.play_button.textContent = "Pause";
    this.clock.start();
  }

  stop(is_large = false) {
    this.clock.stop();
    this.over.hidden = !is_large;
    this.play_button.textContent = "Play";
    this.paint();
  }

  // Updates a second: slow at first, then fast.
  speed() { return Math.min(26, 0.9 * 1.45 ** this.t); }

  tick(seconds) {
    if (this.t < this.run.n) {
      this.t = Math.min(this.run.n, this.t + seconds * this.speed());
      this.vector = this.speed() < 4 ? this.vector : Math.floor(this.t / 14) % 4;
    } else {  // once it has learnt, each vector goes around in turn, slowly
      this.rest += seconds;
      this.vector = Math.floor(this.rest * 0.4) % 4;
      if (this.rest > 10) {
        if (this.is_touched) this.stop();
        else this.renew();
      }
    }
    this.paint();
  }

  // A dot is somewhere else: another network, which learns from there once the dot is let go.
  drag(k, code) {
    this.touch();
    const weights = this.run.weights[Math.min(this.run.n, Math.floor(this.t))];
    if (code === null) {
      this.is_dragged = false;
      if (!isStill.matches) this.start();
      return;
    }
    const is_key = typeof code === "function";
    const place = is_key ? code(new LiveNetwork(weights, this.settings).pass(k).first) : code;
    this.stop();
    this.vector = k;
    this.is_dragged = !is_key;
    this.learn(moveCode(weights, k, place));
  }

  // What can be seen, in words.
  tell(network) {
    const read = this.plane.read.filter(Boolean).length, k = this.vector;
    if (this.is_dragged) {
      const { image } = network.pass(k), top = image.indexOf(Math.max(...image));
      return ["You are changing the encoder.", (k + 1) + " goes in, " + (image[top] > 0.5 ? top + 1 + " comes back." : "a blur comes back.")];
    }
    if (this.t >= this.run.n && this.run.learnt) return ["Learnt: each line cuts off its own dot.", "Pull a dot across a line, let go, and watch it mend."];
    if (read === 4) return ["All four can be read.", "Now it becomes surer."];
    if (read > 0) return ["The lines come in: the decoder learns to read.", read + " of 4 dots can be read."];
    const [codes] = network.states();
    const apart = Math.max(...codes.flatMap((a) => codes.map((b) => Math.hypot(a[0] - b[0], a[1] - b[1]))));
    if (apart < 0.3) return ["Random weights: four dots in a heap.", "Whatever goes in, the same blur comes out."];
    return ["The dots fly apart, and no line cuts off its dot.", "The encoder makes its own random code larger."];
  }

  paint() {
    const { run } = this, now = Math.floor(this.t), network = run.at(this.t);
    if (now !== this.traced || run !== this.traced_run) {
      [this.traced, this.traced_run] = [now, run];
      this.trails = run.trace(0, now);
      this.slider.value = String(now);
    }
    this.plane.show(network, this.trails);
    const is_slow = this.clock.is_running && (this.rest > 0 || this.speed() < 4);
    this.loop.show(network, this.vector, is_slow ? (this.rest > 0 ? (1.6 * this.rest) % 4 : 4 * (this.t % 1)) : null);
    const [what, more] = this.tell(network);
    const words = count(now, "update") + ". ";
    if (this.said === what + words + more) return;
    this.said = what + words + more;
    this.words.replaceChildren(make("strong", {}, what), make("span", {}, words + more));
    this.slider.setAttribute("aria-valuetext", words + what);
  }
}
