"use strict";
// Eight steps: ask, watch, answer. One set of dots goes through all of them, on one stage.

// A cloud of points and the line to which one linear unit takes them; in the hidden plane of a stage.
class Cloud {
  constructor(plane, points) {
    Object.assign(this, { points, mean: [0, 1].map((j) => points.reduce((sum, point) => sum + point[j], 0) / points.length) });
    const group = plane.inside.appendChild(draw("g", { class: "cloud" }));
    [this.axis, this.line] = ["axis", "unit-line"].map((kind) => group.appendChild(draw("line", { class: kind })));
    [this.threads, this.originals, this.copies] = ["threads", "originals", "copies"].map((kind) => group.appendChild(draw("path", { class: kind })));
    this.originals.setAttribute("d", points.slice(4).map((point) => this.disc(point, 1)).join(""));
  }

  disc(point, radius) {
    const [x, y] = at(point);
    return "M" + (x - radius).toFixed(2) + " " + y.toFixed(2) + "a" + radius + " " + radius + " 0 1 0 " + 2 * radius + " 0a" + radius + " " + radius + " 0 1 0 " + -2 * radius + " 0";
  }

  lay(line, [x, y]) {
    const length = Math.hypot(x, y) || 1, end = (sign) => at([this.mean[0] + sign * 0.62 * x / length, this.mean[1] + sign * 0.62 * y / length]);
    const [[x1, y1], [x2, y2]] = [end(-1), end(1)];
    put(line, { x1, y1, x2, y2 }, []);
  }

  // `encode`, `decode`: the weights of the unit, to it and from it; `axis`: the best direction.
  show({ encode, decode }, axis) {
    this.lay(this.axis, axis);
    this.lay(this.line, decode);
    const copies = this.points.map((point) => {
      const code = encode[0] * (point[0] - this.mean[0]) + encode[1] * (point[1] - this.mean[1]);
      return [this.mean[0] + decode[0] * code, this.mean[1] + decode[1] * code];
    });
    const write = (point) => at(point).map((x) => x.toFixed(1)).join(" ");
    this.threads.setAttribute("d", this.points.map((point, k) => "M" + write(point) + "L" + write(copies[k])).join(""));
    this.copies.setAttribute("d", copies.map((copy) => this.disc(copy, 0.8)).join(""));
  }
}

// One linear unit that learns on a cloud: its weights after each update, and what it loses.
function runLine(line, rule) {
  const { points } = line, mean = [0, 1].map((j) => points.reduce((sum, point) => sum + point[j], 0) / points.length);
  const scatter = diagonalise([0, 1].map((i) => [0, 1].map((j) => points.reduce((sum, point) => sum + (point[i] - mean[i]) * (point[j] - mean[j]), 0))));
  const drawn = drawWeights(line.seed, { ...line, n_weights: 7 });
  const feedback = rule === "recirculation" ? "W" : "U";
  const network = new LinearNetwork(scatter, { W: drawn.slice(0, 2), U: drawn.slice(3, 5) }, { rate: line.rules[rule].learning_rate, regression: line.regression, feedback });
  const turn = (matrix) => [0, 1].map((i) => scatter[1].reduce((sum, direction, d) => sum + matrix[d] * direction[i], 0));
  const moments = [];
  for (let t = 0; t <= line.updates; t += 1) {
    moments.push({ encode: turn(network.W), decode: turn(network.U), lost: network.lose() });
    network.update();
  }
  return { moments, n: line.updates, learnt: false, axis: [...scatter[1][0]] };
}

// A decoder that starts in another network and watches the encoder of this one: at each update it
// reads the codes that the encoder has by then, and learns by equation 3. The encoder never hears it.
class WatchingRun extends Run {
  constructor(watched, own, settings, { threshold, cap }) {
    const join = (encoder, decoder) => [...encoder.slice(0, N_ENCODER), ...decoder.slice(N_ENCODER)];
    const encoder = new LiveNetwork(watched, settings);
    let watching = new LiveNetwork(join(watched, own), settings);
    super(watching.weights(), settings, { threshold, cap: 0 });
    while (!(watching.error() < threshold) && this.n < cap) {
      watching.update();
      encoder.update();
      watching = new LiveNetwork(join(encoder.weights(), watching.weights()), settings);
      this.weights.push(watching.weights());
      this.n += 1;
    }
    this.learnt = watching.error() < threshold;
  }
}

class Lesson {
  constructor(root, steps, data) {
    Object.assign(this, { root, steps, data, current: -1, t: 0, is_playing: false });
    this.guesses = steps.map(() => null);
    this.main = this.make_run({});
    this.build();
    this.clock = new Clock((seconds) => this.tick(seconds));
    this.enter(0);
    this.follow();
    let waiting = null;
    window.addEventListener("scroll", () => { clearTimeout(waiting); waiting = setTimeout(() => this.follow(), 60); }, { passive: true });
    window.addEventListener("resize", () => this.follow());
    document.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.target.closest("input")) return;
      event.preventDefault();
      if (this.unfinished !== undefined && step === 1) this.skip();
      else this.go(this.current + step);
    });
  }

  // `decoder`: the seed of another network, whose decoder watches this one's encoder.
  make_run({ rate = this.data.rate, seed = this.data.seed, cap = this.data.cap, frozen, skip, decoder }) {
    const settings = { rate, regression: this.data.regression, frozen, skip };
    const limits = { threshold: this.data.threshold, cap };
    const weights = drawWeights(seed, this.data);
    if (decoder === undefined) return new Run(weights, settings, limits);
    return new WatchingRun(weights, drawWeights(decoder, this.data), settings, limits);
  }

  build() {
    this.planes = [0, 1].map((k) => new Plane({ label: k ? "The hidden plane of the other network" : "The hidden plane" }));
    this.clouds = this.planes.map((plane) => new Cloud(plane, this.data.line.points));
    this.loop = new Loop();
    const slot = (picture, kind, ...head) => make("div", { class: "slot " + kind }, make("p", { class: "slot-head" }, ...head), picture.svg);
    this.names = [make("span", {}), make("span", {})];
    this.counts = [make("span", {}), make("span", {})];
    this.slots = this.planes.map((plane, k) => slot(plane, "of-plane", this.names[k], this.counts[k]));
    this.loop_slot = slot(this.loop, "of-loop");
    this.progress = make("div", { class: "progress", role: "navigation", "aria-label": "Steps" }, ...this.steps.map(({ section }, i) => {
      const link = make("a", { href: "#" + section.id, "aria-label": section.querySelector("h2").textContent });
      link.addEventListener("click", (event) => { event.preventDefault(); this.go(i); });
      return link;
    }));
    this.play_button = button("Play", () => this.press(), "");
    this.slider = make("input", { type: "range", min: 0, step: 1, "aria-label": "Weight updates" });
    this.slider.addEventListener("input", () => {
      this.is_playing = false;
      this.t = Number(this.slider.value);
      this.finish();
      this.paint();
    });
    this.controls = make("div", { class: "hero-controls" }, this.play_button, this.slider);
    this.stage = make("div", { class: "stage live" }, this.progress, make("div", { class: "slots" }, this.loop_slot, ...this.slots), this.controls);
    this.root.append(this.stage, make("div", { class: "steps" }, ...this.steps.map((step) => step.section)));
    this.steps.forEach((step, i) => {
      step.options.forEach((option, k) => {
        option.hidden = false;
        option.addEventListener("click", () => this.answer(i, k));
      });
      step.reveal.hidden = true;
      step.reveal.setAttribute("role", "status");
      step.section.querySelector("h2").tabIndex = -1;
    });
    this.root.hidden = false;
  }

  // The dots travel to where a step begins.
  enter(i) {
    if (i === this.current) return;
    this.finish(true);
    this.current = i;
    const { scene } = this.steps[i], before = this.shown;
    this.runs = scene.cloud ? ["recirculation", "back-propagation"].map((rule) => runLine(this.data.line, rule)) : scene.runs.map((run) => this.make_run(run));
    this.end = scene.to ?? Math.max(...this.runs.map((run) => run.n));
    this.t = this.guesses[i] === null ? 0 : this.end;
    this.is_playing = false;
    this.loop_slot.hidden = !scene.loop;
    this.slots[1].hidden = this.runs.length < 2;
    this.stage.classList.toggle("with-two", this.runs.length > 1);
    this.stage.classList.toggle("with-loop", Boolean(scene.loop));
    this.stage.classList.toggle("answered", this.guesses[i] !== null);
    this.stage.classList.toggle("with-cloud", Boolean(scene.cloud));
    this.names.forEach((name, k) => { name.textContent = scene.names?.[k] ?? ""; });
    this.slider.max = String(this.end);
    this.stage.classList.toggle("waits", this.guesses[i] === null);
    [...this.progress.children].forEach((link, k) => link.setAttribute("aria-current", k === i ? "step" : "false"));
    this.travel = before && !isStill.matches ? { from: before, part: 0 } : null;
    if (this.travel) this.clock.start();
    this.paint();
  }

  answer(i, k) {
    if (this.guesses[i] !== null) return;
    this.enter(i);
    this.guesses[i] = k;
    const { section, options } = this.steps[i];
    options.forEach((option, n) => { option.classList.add(n === k ? "mine" : "other"); option.setAttribute("aria-pressed", String(n === k)); });
    this.steps[i].wait = make("p", { class: "wait" }, "Watch … ", button("Skip", () => this.skip()));
    section.append(this.steps[i].wait);
    this.stage.classList.remove("waits");
    [this.unfinished, this.settled] = [i, performance.now() + 1500];
    [this.travel, this.t, this.held] = [null, 0, 0];
    this.bring(i, this.steps[i].wait);
    if (isStill.matches) { this.skip(); return; }
    this.is_playing = true;
    this.clock.start();
  }

  skip() {
    [this.t, this.is_playing] = [this.end, false];
    this.paint();
    this.finish();
  }

  // What was guessed is said again once the network has shown how it is, or a reader has left.
  finish(is_left = false) {
    const i = this.unfinished;
    if (i === undefined) return;
    this.unfinished = undefined;
    const { section, options, reveal, right, wait } = this.steps[i], mine = this.guesses[i], is_right = mine === right;
    wait.remove();
    options.forEach((option, n) => {
      option.classList.remove("mine", "other");
      option.classList.add(n === right ? "right" : n === mine ? "wrong" : "other");
      option.disabled = true;
    });
    const said = "You said “" + options[mine].textContent + "”. " + (is_right ? "So it was." : "It was: “" + options[right].textContent + "”.");
    reveal.prepend(make("p", { class: "said" }, said));
    reveal.classList.toggle("missed", !is_right);
    reveal.hidden = false;
    this.progress.children[i].classList.add(is_right ? "right" : "wrong");
    if (i + 1 < this.steps.length) section.append(button("Next guess", () => this.go(i + 1), "next"));
    const answered = this.guesses.filter((guess) => guess !== null).length;
    if (answered === this.steps.length) {
      const n = this.guesses.filter((guess, step) => guess === this.steps[step].right).length;
      this.steps.at(-1).section.append(make("p", { class: "said" }, n + " of " + answered + " guesses came true."));
    }
    if (is_left) return;
    this.stage.classList.add("answered");
    this.bring(i, this.is_wide() ? section.lastElementChild : reveal.firstElementChild);
  }

  is_wide() { return getComputedStyle(this.root).display === "grid"; }

  // The question of a step comes up to the stage, or its text if `is_new`, and all down to `last` in sight.
  bring(i, last, is_new = false) {
    const { section, predict } = this.steps[i], is_wide = this.is_wide();
    const first = (is_new || is_wide ? section : predict).getBoundingClientRect().top - (is_wide ? 0 : this.stage.offsetHeight + (is_new ? 0 : 8));
    const top = Math.max(first, last.getBoundingClientRect().bottom + 12 - window.innerHeight);
    window.scrollBy({ top, behavior: isStill.matches ? "instant" : "smooth" });
  }

  go(to) {
    const i = Math.min(this.steps.length - 1, Math.max(0, to)), { section, predict } = this.steps[i];
    this.enter(i);  // the stage has the size of the step that is scrolled to
    this.steps[i - 1]?.section.querySelector(".next")?.remove();
    this.bring(i, predict, true);
    section.querySelector("h2").focus({ preventScroll: true });
  }

  // The step in sight is the one whose text is at the reading line, however a reader got there.
  find() {
    const line = this.is_wide() ? 0.42 * window.innerHeight : this.stage.getBoundingClientRect().bottom + 90;
    return Math.max(0, this.steps.filter(({ section }) => section.getBoundingClientRect().top <= line).length - 1);
  }

  // Whoever scrolls away from what plays has left it, once the question has come up to the stage.
  follow() {
    if (this.unfinished === undefined || performance.now() > this.settled) this.enter(this.find());
  }

  press() {
    if (this.is_playing) { this.is_playing = false; this.paint(); return; }
    if (this.t >= this.end) [this.t, this.held] = [0, 0];
    this.is_playing = true;
    this.clock.start();
  }

  tick(seconds) {
    if (this.travel) {
      this.travel.part += seconds / 0.8;
      if (this.travel.part >= 1) this.travel = null;
      this.paint();
    } else if (this.is_playing) {
      const { scene } = this.steps[this.current];
      let then = Math.min(this.end, this.t + seconds * (scene.loop && this.t > 2.99 ? 3 : scene.speed ?? 24));
      // The loop rests after each of its first rounds, two squares when one of them has learnt.
      const stops = scene.loop ? [0.97, 1.97, 2.97] : this.runs.length > 1 ? this.runs.filter((run) => run.learnt && run.n < this.end).map((run) => run.n) : [];
      const stop = stops.find((moment) => this.t <= moment && then >= moment && this.rested !== moment);
      if (stop !== undefined) {
        this.held = (this.held ?? 0) + seconds;
        then = stop;
        if (this.held > 0.9) [this.rested, this.held] = [stop, 0];
      }
      this.t = then;
      if (this.t >= this.end) {
        [this.is_playing, this.rested] = [false, undefined];
        this.finish(this.find() !== this.current);
        this.follow();
      }
      this.paint();
    }
    if (!this.travel && !this.is_playing) this.clock.stop();
  }

  paint() {
    const { scene } = this.steps[this.current], now = Math.floor(this.t);
    this.slider.value = String(now);
    this.slider.setAttribute("aria-valuetext", count(now, "update"));
    this.play_button.textContent = this.is_playing ? "Pause" : "Play";
    const part = this.travel ? (1 - Math.cos(Math.PI * this.travel.part)) / 2 : 1;
    this.runs.forEach((run, k) => {
      const goal = scene.cloud ? this.main.at(this.main.n) : run.at(this.t);
      const network = part < 1 ? new LiveNetwork(mix(this.travel.from, goal.weights(), part), run.settings ?? this.main.settings) : goal;
      if (k === 0) this.shown = network.weights();
      this.planes[k].show(network, this.travel || scene.cloud ? null : run.trace(0, now));
      this.planes[k].push(network, scene.loop && k === 0 && !this.travel && (this.t % 1 > 0.93 || this.t >= this.end) ? 0 : null);
      if (scene.cloud) {
        const moment = run.moments[Math.min(now, run.n)];
        this.clouds[k].show(moment, run.axis);
        this.counts[k].textContent = Math.round(100 * moment.lost) + "\u00a0% lost";
        this.counts[k].className = "";
        return;
      }
      const is_done = run.learnt && this.t >= run.n;
      const [number, unit] = count(Math.min(now, run.n), "update").split(" ");
      if (is_done) this.counts[k].textContent = (this.runs.length > 1 ? "✓ " : "learnt: ") + run.n;
      else this.counts[k].replaceChildren(number, make("span", { class: "unit-name" }, " " + unit));
      this.counts[k].className = is_done ? "done" : "";
    });
    this.stage.classList.toggle("shows-plane", this.t > 3);  // where there is room for one of them
    if (scene.loop) this.loop.show(this.runs[0].at(Math.floor(this.t)), 0, this.t >= this.end ? 3.99 : 4 * (this.t % 1));
  }
}

document.addEventListener("DOMContentLoaded", function () {
  const steps = [...document.querySelectorAll("section.step")].map(function (section) {
    const predict = section.querySelector(".predict"), options = [...predict.querySelectorAll("button")];
    section.querySelector("figure")?.classList.add("replaced");
    return {
      section, predict, options, reveal: section.querySelector(".reveal"), scene: JSON.parse(predict.dataset.scene),
      right: options.findIndex((option) => option.hasAttribute("data-right")),
    };
  });
  const root = document.getElementById("lesson");
  steps[0].section.before(root);
  window.lesson = new Lesson(root, steps, readData("live-data"));
});
