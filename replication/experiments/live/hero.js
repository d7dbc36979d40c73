"use strict";
// The first picture: a network that learns, as a loop and in the hidden plane, on one clock.

// What there is to see one after the other, how many seconds it gets, and its name at the slider.
const PHASES = [
  { name: "heap", seconds: 2 },
  { name: "apart", seconds: 5 },
  { name: "lines", seconds: 5 },
  { name: "surer", seconds: 3 },
];
const END_SECONDS = 4;
const SLOW = 4;  // updates a second at which a vector is followed around the loop
const IN_A_HEAP = 0.3;  // no two codes are farther apart than this

// Which phase a network is in: 0 to 3, the place in `PHASES`.
function findPhase(network) {
  const [codes, , images] = network.states();
  const n_read = listRead(images).filter(Boolean).length;
  if (n_read === PATTERNS.length) return 3;
  if (n_read > 0) return 2;
  return findSpread(codes) < IN_A_HEAP ? 0 : 1;
}
const findSpread = (codes) => Math.max(...codes.flatMap((a) => codes.map((b) => Math.hypot(a[0] - b[0], a[1] - b[1]))));

// The first update of each phase of a run, and the end. A phase that has begun is not left again.
function listBeginnings(run) {
  const beginnings = [0];
  for (let t = 0; t <= run.n; t += 1) {
    const phase = findPhase(run.at(t));
    while (beginnings.length <= phase) beginnings.push(t);
  }
  while (beginnings.length <= PHASES.length) beginnings.push(run.n);
  return beginnings;
}

// The seconds of play up to each beginning. A phase without an update takes no time.
function listTimes(beginnings) {
  const times = [0];
  PHASES.forEach(({ seconds }, k) => times.push(times[k] + (beginnings[k + 1] > beginnings[k] ? seconds : 0)));
  return times;
}

// Goes from one scale to another between marks that stand for each other.
function convert(x, from, to) {
  let k = 0;
  while (k + 2 < from.length && x >= from[k + 1]) k += 1;
  const length = from[k + 1] - from[k];
  const part = length > 0 ? Math.min(1, (x - from[k]) / length) : 1;
  return to[k] + part * (to[k + 1] - to[k]);
}

class Hero {
  constructor(root, data) {
    Object.assign(this, { root, data, t: 0, rest: 0, vector: 0, is_touched: false, is_dragged: false, was_dragged: false });
    this.settings = { rate: data.rate, regression: data.regression };
    this.plane = new Plane({ can_drag: true, label: "The hidden plane: the codes of four vectors, and the lines of four visible units. A code can be dragged." });
    this.plane.onmove = (k, code) => this.drag(k, code);
    this.loop = new Loop();
    this.words = make("p", { class: "hero-words" });
    this.play_button = button("Play", () => this.press(), "");
    this.slider = make("input", { type: "range", min: 0, step: "any", "aria-label": "Weight updates" });
    this.slider.addEventListener("input", () => {
      const value = Number(this.slider.value);  // before it is painted again
      this.touch();
      this.stop();
      this.t = Math.round(convert(value, this.times, this.beginnings));
      this.rest = 0;
      this.paint();
    });
    this.slider.addEventListener("keydown", (event) => this.step(event));
    this.phases = make("div", { class: "phases", "aria-hidden": "true" }, ...PHASES.map(({ name }) => make("span", {}, name)));
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
      make("div", { class: "hero-controls" }, this.play_button, make("div", { class: "hero-slider" }, this.slider, this.phases), fresh),
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
    this.beginnings = listBeginnings(this.run);
    this.times = listTimes(this.beginnings);
    this.t = 0;
    this.rest = 0;
    this.slider.max = String(this.times.at(-1));
    [...this.phases.children].forEach((name, k) => {
      const seconds = this.times[k + 1] - this.times[k];
      name.style.flexGrow = String(seconds);
      name.hidden = seconds === 0;
    });
    this.paint();
  }

  // The arrow keys go on by whole updates.
  step(event) {
    const now = Math.floor(this.t);
    const to = { ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now - 1, ArrowDown: now - 1, Home: 0, End: this.run.n }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.touch();
    this.stop();
    this.t = Math.min(this.run.n, Math.max(0, to));
    this.rest = 0;
    this.paint();
  }

  // Other weights, from which a network learns before long.
  renew() {
    do this.learn(drawWeights(Math.floor(1e6 * Math.random()), this.data));
    while (!this.run.learnt || this.run.n > 3 * this.data.updates);
    this.vector = 0;
    this.was_dragged = false;
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

  // Updates a second at this moment, by the phase that it lies in.
  speed() {
    const next = convert(convert(this.t, this.beginnings, this.times) + 0.1, this.times, this.beginnings);
    return (next - this.t) / 0.1;
  }

  tick(seconds) {
    if (this.t < this.run.n) {
      const time = convert(this.t, this.beginnings, this.times) + seconds;
      this.t = Math.min(this.run.n, Math.max(convert(time, this.times, this.beginnings), this.t));
      if (this.speed() > SLOW) this.vector = Math.floor(this.t / 14) % 4;
    } else {  // once it has learnt, vectors go around in turn
      this.rest += seconds;
      this.vector = Math.floor(this.rest / 2) % 4;
      if (this.rest > END_SECONDS) {
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
    this.was_dragged = true;
    this.learn(moveCode(weights, k, place));
  }

  // What can be seen, in words.
  tell(network) {
    if (this.is_dragged) {
      const { image } = network.pass(this.vector);
      const top = image.indexOf(Math.max(...image));
      const answer = image[top] > 0.5 ? top + 1 + " comes back." : "a blur comes back.";
      return ["You are changing the encoder.", this.vector + 1 + " goes in, " + answer];
    }
    if (this.t >= this.run.n && this.run.learnt) {
      if (this.was_dragged) return ["Mended: each line cuts off its own dot again.", "Learnt after " + count(this.run.n, "update") + " from where you let go."];
      return ["Learnt: each line cuts off its own dot.", "Pull a dot across a line, let go, and watch it mend."];
    }
    const read = this.plane.read.filter(Boolean).length;
    switch (findPhase(network)) {
      case 3: return ["All four can be read.", "Now it becomes surer."];
      case 2: return ["The lines come in: the decoder learns to read.", read + " of 4 dots can be read."];
      case 1: return ["The dots move apart, and no line cuts off its dot.", "The decoder waits for room between them."];
      default: return ["Random weights: four dots in a heap.", "Whatever goes in, the same blur comes out."];
    }
  }

  // Where a vector is on its way around the loop, 0 to 4; null where it is too fast to be followed.
  find_time() {
    if (!this.clock.is_running) return null;
    if (this.rest > 0) return (2 * this.rest) % 4;
    return this.speed() < SLOW ? 4 * (this.t % 1) : null;
  }

  paint() {
    const { run } = this, now = Math.floor(this.t), network = run.at(this.t);
    if (now !== this.traced || run !== this.traced_run) {
      [this.traced, this.traced_run] = [now, run];
      this.trails = run.trace(0, now);
    }
    this.slider.value = String(convert(this.t, this.beginnings, this.times));
    const phase = this.beginnings.slice(1, -1).filter((beginning) => this.t >= beginning).length;
    [...this.phases.children].forEach((name, k) => name.classList.toggle("now", k === phase));
    this.plane.show(network, this.trails);
    this.loop.show(network, this.vector, this.find_time());
    const [what, more] = this.tell(network);
    const words = count(now, "update") + ". ";
    if (this.said === what + words + more) return;
    this.said = what + words + more;
    this.words.replaceChildren(make("strong", {}, what), make("span", {}, words + more));
    this.slider.setAttribute("aria-valuetext", words + what);
  }
}
