"use strict";
// Eight steps: ask, watch, answer. One set of dots goes through all of them, on one stage.
const SPEED = 24;  // updates a second, unless a scene has its own
const TRAVEL_SECONDS = 0.8;  // in which the dots travel to where a step begins
const REST_SECONDS = 0.9;  // after each of the first rounds, and when one of two has learnt
const SETTLE_SECONDS = 1.5;  // in which a question that was answered comes up to the stage

// The report asks in a frame whether this page lies beside it.
if (window.parent !== window) window.parent.postMessage("here", "*");

// --- Guess 8: a cloud of points, and the line to which one linear unit takes them ---------------
class Cloud {
  constructor(plane, points) {
    this.points = points;
    this.mean = findMean(points);
    const group = plane.inside.appendChild(draw("g", { class: "cloud" }));
    const add = (tag, kind) => group.appendChild(draw(tag, { class: kind }));
    this.axis = add("line", "axis");
    this.line = add("line", "unit-line");
    this.threads = add("path", "threads");
    this.originals = add("path", "originals");
    this.copies = add("path", "copies");
    this.originals.setAttribute("d", points.slice(4).map((point) => drawDisc(point, 1)).join(""));
  }

  // `encode`, `decode`: the weights of the unit, to it and from it; `axis`: the best direction.
  show({ encode, decode }, axis) {
    this.lay(this.axis, axis);
    this.lay(this.line, decode);
    const copies = this.points.map(([x, y]) => {
      const code = encode[0] * (x - this.mean[0]) + encode[1] * (y - this.mean[1]);
      return [this.mean[0] + decode[0] * code, this.mean[1] + decode[1] * code];
    });
    const write = (point) => at(point).map((x) => x.toFixed(1)).join(" ");
    this.threads.setAttribute("d", this.points.map((point, k) => "M" + write(point) + "L" + write(copies[k])).join(""));
    this.copies.setAttribute("d", copies.map((copy) => drawDisc(copy, 0.8)).join(""));
  }

  // A line through the middle of the cloud, in this direction.
  lay(line, [x, y]) {
    const half = 0.62 / (Math.hypot(x, y) || 1);
    const [x1, y1] = at([this.mean[0] - half * x, this.mean[1] - half * y]);
    const [x2, y2] = at([this.mean[0] + half * x, this.mean[1] + half * y]);
    set(line, { x1, y1, x2, y2 });
  }
}

function findMean(points) {
  return [0, 1].map((j) => points.reduce((sum, point) => sum + point[j], 0) / points.length);
}

// Many discs are one path, which is drawn faster than as many circles.
function drawDisc(point, radius) {
  const [x, y] = at(point);
  const half = (width) => "a" + radius + " " + radius + " 0 1 0 " + width + " 0";
  return "M" + (x - radius).toFixed(2) + " " + y.toFixed(2) + half(2 * radius) + half(-2 * radius);
}

// One linear unit that learns on a cloud: its weights after each update, and what it loses.
function runLine(line, rule) {
  const mean = findMean(line.points);
  const products = (i, j) => line.points.reduce((sum, point) => sum + (point[i] - mean[i]) * (point[j] - mean[j]), 0);
  const scatter = diagonalise([0, 1].map((i) => [0, 1].map((j) => products(i, j))));
  const axes = scatter[1];
  const drawn = drawWeights(line.seed, { ...line, n_weights: 7 });
  const start = { W: drawn.slice(0, 2), U: drawn.slice(3, 5) };
  const feedback = rule === "recirculation" ? "W" : "U";
  const settings = { rate: line.rules[rule].learning_rate, regression: line.regression, feedback };
  const network = new LinearNetwork(scatter, start, settings);
  // Weights are kept along the axes of the cloud; they are drawn along those of the page.
  const turn = (weights) => [0, 1].map((i) => axes.reduce((sum, axis, d) => sum + weights[d] * axis[i], 0));
  const moments = [];
  for (let t = 0; t <= line.updates; t += 1) {
    moments.push({ encode: turn(network.W), decode: turn(network.U), lost: network.lose() });
    network.update();
  }
  return { moments, n: line.updates, learnt: false, axis: [...axes[0]] };
}

// --- Guess 5 -------------------------------------------------------------------------------------

// A decoder that starts in another network and watches the encoder of this one: at each update it
// reads the codes that the encoder has by then, and learns by equation 3. The encoder never hears it.
class WatchingRun extends Run {
  constructor(watched, own, settings, { threshold, cap }) {
    const join = (encoder, decoder) => [...encoder.slice(0, N_ENCODER), ...decoder.slice(N_ENCODER)];
    super(join(watched, own), settings, { threshold, cap: 0 });
    const encoder = new LiveNetwork(watched, settings);
    let watching = new LiveNetwork(this.weights[0], settings);
    while (!this.learnt && this.n < cap) {
      watching.update();
      encoder.update();
      watching = new LiveNetwork(join(encoder.weights(), watching.weights()), settings);
      this.weights.push(watching.weights());
      this.n += 1;
      this.learnt = watching.error() < threshold;
    }
  }
}

class Lesson {
  constructor(root, steps, data) {
    this.root = root;
    this.steps = steps;
    this.data = data;
    this.current = -1;  // the step that is on the stage
    this.t = 0;  // updates so far
    this.is_playing = false;
    this.travel = null;  // the dots are on their way to where a step begins
    this.unfinished = null;  // the step that was answered, and is not told yet
    this.guesses = steps.map(() => null);
    this.main = this.make_run({});
    this.build();
    this.clock = new Clock((seconds) => this.tick(seconds));
    this.enter(0);
    this.follow();
    this.listen();
  }

  listen() {
    let waiting = null;
    const follow = () => this.follow();
    window.addEventListener("scroll", () => {
      clearTimeout(waiting);
      waiting = setTimeout(follow, 60);
    }, { passive: true });
    window.addEventListener("resize", follow);
    document.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const is_other = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
      if (!step || is_other || event.target.closest("input")) return;
      event.preventDefault();
      if (this.unfinished !== null && step === 1) this.skip();
      else this.go(this.current + step);
    });
  }

  // --- The stage, and the steps beside or below it --------------------------------------------

  // In the order in which Tab goes: the answers, then what moves the picture.
  build() {
    const steps = make("div", { class: "steps" }, ...this.steps.map(({ section }) => section));
    this.root.append(steps, this.build_stage());
    this.steps.forEach(({ section, options, reveal }, i) => {
      options.forEach((option, k) => {
        option.hidden = false;
        option.addEventListener("click", () => this.answer(i, k));
      });
      reveal.hidden = true;
      reveal.setAttribute("role", "status");
      section.querySelector("h2").tabIndex = -1;
    });
    this.root.hidden = false;
  }

  build_stage() {
    this.planes = ["The hidden plane", "The hidden plane of the other network"].map((label) => new Plane({ label }));
    this.clouds = this.planes.map((plane) => new Cloud(plane, this.data.line.points));
    this.loop = new Loop();
    this.names = this.planes.map(() => make("span", {}));
    this.counts = this.planes.map(() => make("span", {}));
    this.slots = this.planes.map((plane, k) => {
      const head = make("p", { class: "slot-head" }, this.names[k], this.counts[k]);
      return make("div", { class: "slot of-plane" }, head, plane.svg);
    });
    this.loop_slot = make("div", { class: "slot of-loop" }, make("p", { class: "slot-head" }), this.loop.svg);
    this.progress = this.build_progress();
    this.play_button = button("Play", () => this.press(), "");
    this.slider = make("input", { type: "range", min: 0, step: 1, "aria-label": "Weight updates" });
    this.slider.addEventListener("input", () => this.slide(Number(this.slider.value)));
    this.controls = make("div", { class: "hero-controls" }, this.play_button, this.slider);
    const slots = make("div", { class: "slots" }, this.loop_slot, ...this.slots);
    this.stage = make("div", { class: "stage live" }, this.progress, slots, this.controls);
    return this.stage;
  }

  build_progress() {
    const links = this.steps.map(({ section }, i) => {
      const link = make("a", { href: "#" + section.id, "aria-label": section.querySelector("h2").textContent });
      link.addEventListener("click", (event) => {
        event.preventDefault();
        this.go(i);
      });
      return link;
    });
    return make("div", { class: "progress", role: "navigation", "aria-label": "Steps" }, ...links);
  }

  // --- What a step shows ------------------------------------------------------------------------

  // `decoder`: the seed of another network, whose decoder watches this one's encoder.
  make_run({ rate = this.data.rate, seed = this.data.seed, cap = this.data.cap, frozen, skip, decoder }) {
    const settings = { rate, regression: this.data.regression, frozen, skip };
    const limits = { threshold: this.data.threshold, cap };
    const weights = drawWeights(seed, this.data);
    if (decoder === undefined) return new Run(weights, settings, limits);
    return new WatchingRun(weights, drawWeights(decoder, this.data), settings, limits);
  }

  make_runs(scene) {
    if (scene.cloud) return ["recirculation", "back-propagation"].map((rule) => runLine(this.data.line, rule));
    return scene.runs.map((run) => this.make_run(run));
  }

  // The dots travel to where a step begins.
  enter(i) {
    if (i === this.current) return;
    this.finish(true);
    const { scene } = this.steps[i];
    const is_answered = this.guesses[i] !== null;
    const before = this.shown;
    this.current = i;
    this.runs = this.make_runs(scene);
    this.end = scene.to ?? Math.max(...this.runs.map((run) => run.n));
    this.begin();
    if (is_answered) this.t = this.end;
    this.is_playing = false;
    this.show_stage(scene, is_answered);
    this.progress.childNodes.forEach((link, k) => link.setAttribute("aria-current", k === i ? "step" : "false"));
    this.steps.forEach(({ section }, k) => {
      section.querySelectorAll("button").forEach((one) => { one.tabIndex = k === i ? 0 : -1; });
    });
    this.travel = before && !isStill.matches ? { from: before, part: 0 } : null;
    if (this.travel) this.clock.start();
    this.paint();
  }

  show_stage(scene, is_answered) {
    const is_double = this.runs.length > 1;
    this.loop_slot.hidden = !scene.loop;
    this.slots[1].hidden = !is_double;
    this.stage.classList.toggle("with-two", is_double);
    this.stage.classList.toggle("with-loop", Boolean(scene.loop));
    this.stage.classList.toggle("with-cloud", Boolean(scene.cloud));
    this.stage.classList.toggle("answered", is_answered);
    this.stage.classList.toggle("waits", !is_answered);
    this.names.forEach((name, k) => { name.textContent = scene.names?.[k] ?? ""; });
    this.slider.max = String(this.end);
  }

  // --- Guess, watch, and be told ----------------------------------------------------------------

  answer(i, k) {
    if (this.guesses[i] !== null) return;
    this.enter(i);
    this.guesses[i] = k;
    const step = this.steps[i];
    step.options.forEach((option, n) => {
      option.classList.add(n === k ? "mine" : "other");
      option.setAttribute("aria-pressed", String(n === k));
    });
    step.wait = make("p", { class: "wait" }, "Watch … ", button("Skip", () => this.skip()));
    step.section.append(step.wait);
    this.stage.classList.remove("waits");
    this.unfinished = i;
    this.settled = performance.now() + 1000 * SETTLE_SECONDS;
    this.travel = null;
    this.begin();
    this.bring(i, step.wait);
    if (isStill.matches) {
      this.skip();
      return;
    }
    this.is_playing = true;
    this.clock.start();
  }

  begin() {
    this.t = 0;
    this.held = 0;  // seconds that it rests where it is
    this.rested = null;  // where it has rested last
  }

  skip() {
    this.t = this.end;
    this.is_playing = false;
    this.paint();
    this.finish();
  }

  // What was guessed is said again once the network has shown how it is, or a reader has left.
  finish(is_left = false) {
    const i = this.unfinished;
    if (i === null) return;
    this.unfinished = null;
    const { section, options, reveal, right, wait } = this.steps[i];
    const mine = this.guesses[i];
    const is_right = mine === right;
    wait.remove();
    options.forEach((option, n) => {
      option.classList.remove("mine", "other");
      if (n === right) option.classList.add("right");
      else option.classList.add(n === mine ? "wrong" : "other");
      option.disabled = true;
    });
    const truth = is_right ? "So it was." : "It was: “" + options[right].textContent + "”.";
    reveal.prepend(make("p", { class: "said" }, "You said “" + options[mine].textContent + "”. " + truth));
    reveal.classList.toggle("missed", !is_right);
    reveal.hidden = false;
    this.progress.children[i].classList.add(is_right ? "right" : "wrong");
    this.lead_on(i, section);
    if (is_left) return;
    this.stage.classList.add("answered");
    this.bring(i, this.is_wide() ? section.lastElementChild : reveal.firstElementChild);
  }

  // What comes next, and, once all is answered, how many guesses came true.
  lead_on(i, section) {
    const answered = this.guesses.filter((guess) => guess !== null).length;
    if (answered === this.steps.length) {
      const n_right = this.guesses.filter((guess, k) => guess === this.steps[k].right).length;
      const last = this.steps.at(-1).section;
      last.append(make("p", { class: "said" }, n_right + " of " + answered + " guesses came true."));
    }
    const is_last = i + 1 === this.steps.length;
    section.append(button(is_last ? "What to remember" : "Next guess", () => this.go(i + 1), "next"));
  }

  // --- Where a reader is ------------------------------------------------------------------------

  is_wide() { return getComputedStyle(this.root).display === "grid"; }

  // The question of a step comes up to the stage, or its text if `is_new`, and all down to `last` in sight.
  bring(i, last, is_new = false) {
    const { section, predict } = this.steps[i];
    const is_wide = this.is_wide();
    const first = is_new || is_wide ? section : predict;
    let above = 0;  // what covers the top of the window
    if (!is_wide) above = this.stage.offsetHeight + (is_new ? 0 : 8);
    const top = Math.max(first.getBoundingClientRect().top - above, last.getBoundingClientRect().bottom + 12 - window.innerHeight);
    window.scrollBy({ top, behavior: isStill.matches ? "instant" : "smooth" });
  }

  go(to) {
    if (to >= this.steps.length) {
      this.leave();
      return;
    }
    const i = Math.max(0, to);
    const { section, predict } = this.steps[i];
    this.enter(i);  // the stage has the size of the step that is scrolled to
    this.steps[i - 1]?.section.querySelector(".next")?.remove();
    this.bring(i, predict, true);
    section.querySelector("h2").focus({ preventScroll: true });
  }

  // After the last step comes what to remember.
  leave() {
    const heading = document.querySelector("#remember h2");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    heading.scrollIntoView();
  }

  // The step in sight is the one whose text is at the reading line, however a reader got there.
  find() {
    const line = this.is_wide() ? 0.42 * window.innerHeight : this.stage.getBoundingClientRect().bottom + 90;
    const n_begun = this.steps.filter(({ section }) => section.getBoundingClientRect().top <= line).length;
    return Math.max(0, n_begun - 1);
  }

  // Whoever scrolls away from what plays has left it, once the question has come up to the stage.
  follow() {
    if (this.unfinished === null || performance.now() > this.settled) this.enter(this.find());
  }

  // --- Time -------------------------------------------------------------------------------------

  press() {
    if (this.is_playing) {
      this.is_playing = false;
      this.paint();
      return;
    }
    if (this.t >= this.end) this.begin();
    this.is_playing = true;
    this.clock.start();
  }

  slide(update) {
    this.is_playing = false;
    this.t = update;
    this.finish();
    this.paint();
  }

  tick(seconds) {
    if (this.travel) {
      this.travel.part += seconds / TRAVEL_SECONDS;
      if (this.travel.part >= 1) this.travel = null;
      this.paint();
    } else if (this.is_playing) {
      this.t = this.rest_or_go_on(seconds);
      if (this.t >= this.end) {
        this.is_playing = false;
        this.rested = null;
        this.finish(this.find() !== this.current);
        this.follow();
      }
      this.paint();
    }
    if (!this.travel && !this.is_playing) this.clock.stop();
  }

  // Updates a second at this moment: fewer at first, where that is what decides.
  find_speed() {
    const { speed = SPEED, first, loop } = this.steps[this.current].scene;
    if (loop && this.t > 2.99) return 3;
    if (first && this.t < first.updates) return first.speed;
    return speed;
  }

  rest_or_go_on(seconds) {
    const then = Math.min(this.end, this.t + seconds * this.find_speed());
    const stop = this.list_stops().find((moment) => this.t <= moment && then >= moment && this.rested !== moment);
    if (stop === undefined) return then;
    this.held += seconds;
    if (this.held > REST_SECONDS) {
      this.rested = stop;
      this.held = 0;
    }
    return stop;
  }

  // The loop rests after each of its first rounds, two squares when one of them has learnt.
  list_stops() {
    if (this.steps[this.current].scene.loop) return [0.97, 1.97, 2.97];
    if (this.runs.length < 2) return [];
    return this.runs.filter((run) => run.learnt && run.n < this.end).map((run) => run.n);
  }

  // --- What is seen -----------------------------------------------------------------------------

  paint() {
    const { scene } = this.steps[this.current];
    const now = Math.floor(this.t);
    this.slider.value = String(now);
    this.slider.setAttribute("aria-valuetext", count(now, "update"));
    this.play_button.textContent = this.is_playing ? "Pause" : "Play";
    this.stage.classList.toggle("shows-plane", this.t > 3);  // where there is room for one of them
    this.runs.forEach((run, k) => {
      if (scene.cloud) this.paint_cloud(run, k, now);
      else this.paint_run(run, k, now);
    });
    if (!scene.loop) return;
    // The arrow is there at the end of each round.
    const is_pushed = !this.travel && (this.t % 1 > 0.93 || this.t >= this.end);
    this.planes[0].push(this.runs[0].at(this.t), is_pushed ? 0 : null);
    this.loop.show(this.runs[0].at(now), 0, this.t >= this.end ? 3.99 : 4 * (this.t % 1));
  }

  paint_run(run, k, now) {
    this.show_plane(k, run.at(this.t), run.settings, this.travel ? null : run.trace(0, now));
    const is_done = run.learnt && this.t >= run.n;
    const counted = this.counts[k];
    counted.className = is_done ? "done" : "";
    if (is_done) {
      counted.textContent = (this.runs.length > 1 ? "✓ " : "learnt: ") + run.n;
      return;
    }
    const [number, unit] = count(Math.min(now, run.n), "update").split(" ");
    counted.replaceChildren(number, make("span", { class: "unit-name" }, " " + unit));
  }

  // The four dots of the network that has learnt are points of the cloud.
  paint_cloud(run, k, now) {
    this.show_plane(k, this.main.at(this.main.n), this.main.settings, null);
    const moment = run.moments[Math.min(now, run.n)];
    this.clouds[k].show(moment, run.axis);
    this.counts[k].textContent = Math.round(100 * moment.lost) + "\u00a0% lost";
    this.counts[k].className = "";
  }

  // A network, or one on the way to it from what was shown before.
  show_plane(k, goal, settings, trails) {
    let network = goal;
    if (this.travel) {
      const part = (1 - Math.cos(Math.PI * this.travel.part)) / 2;
      network = new LiveNetwork(mix(this.travel.from, goal.weights(), part), settings);
    }
    if (k === 0) this.shown = network.weights();
    this.planes[k].show(network, trails);
    this.planes[k].push(network, null);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  const steps = [...document.querySelectorAll("section.step")].map((section) => {
    const predict = section.querySelector(".predict");
    const options = [...predict.querySelectorAll("button")];
    section.querySelector("figure")?.classList.add("replaced");
    return {
      section,
      predict,
      options,
      reveal: section.querySelector(".reveal"),
      scene: JSON.parse(predict.dataset.scene),
      right: options.findIndex((option) => option.hasAttribute("data-right")),
    };
  });
  const root = document.getElementById("lesson");
  steps[0].section.before(root);
  window.lesson = new Lesson(root, steps, readData("live-data"));
});
