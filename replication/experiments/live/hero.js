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

// What can be said below the picture: what there is to see, and more of it.
const WORDS = {
  asking: () => ["What moves first: the dots, or the lines?", "Guess, then press Play."],
  held: ({ vector, answer }) => ["You are changing the encoder.", vector + " goes in, " + answer + " comes back."],
  heap: () => ["Random weights: four dots in a heap.", "Whatever goes in, the same blur comes out."],
  apart: () => ["The dots move apart, and no line cuts off its dot.", "The decoder waits for room between them."],
  lines: ({ n_read }) => ["The lines come in: the decoder learns to read.", n_read + " of 4 dots can be read."],
  surer: () => ["All four can be read.", "Now it becomes surer."],
  learnt: () => ["Learnt: each line cuts off its own dot.", "Pull a dot across a line, let go, and watch it mend."],
  mended: ({ updates }) => ["Mended: each line cuts off its own dot again.", "Learnt after " + updates + " from where you let go."],
};
// What is written in the longest of them.
const LONGEST = { vector: 4, answer: "a blur", n_read: 4, updates: "1,999 updates" };

// The words of one moment, with the updates so far unless it only asks.
function writeWords(moment, details) {
  const [what, more] = WORDS[moment](details);
  const all_more = moment === "asking" ? more : details.updates + ". " + more;
  return [make("strong", {}, what), make("span", {}, all_more)];
}

// Which phase a network is in: 0 to 3, the place in `PHASES`.
function findPhase(network) {
  const [codes, , images] = network.states();
  const n_read = listRead(images).filter(Boolean).length;
  if (n_read === PATTERNS.length) return 3;
  if (n_read > 0) return 2;
  if (findSpread(codes) < IN_A_HEAP) return 0;
  return 1;
}

// How far the two codes are apart that are farthest from each other.
function findSpread(codes) {
  let spread = 0;
  for (const a of codes) {
    for (const b of codes) spread = Math.max(spread, measureDistance(a, b));
  }
  return spread;
}

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
  PHASES.forEach(({ seconds }, k) => {
    const is_there = beginnings[k + 1] > beginnings[k];
    times.push(is_there ? times[k] + seconds : times[k]);
  });
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
    this.root = root;
    this.data = data;
    this.settings = { rate: data.rate, regression: data.regression };
    this.t = 0;  // updates so far
    this.rest = 0;  // seconds since it has learnt
    this.vector = 0;  // which one goes around
    this.is_touched = false;  // does a reader steer it?
    this.is_held = false;  // is a dot under way, so that nothing has been learnt from its place yet?
    this.is_dragged = false;  // by a pointer?
    this.was_moved = false;
    this.is_asking = false;  // what moves first, before it plays
    this.build();
    this.clock = new Clock((seconds) => this.tick(seconds));
    root.hidden = false;
    this.learn(drawWeights(data.seed, data));
    if (isStill.matches) this.t = this.run.n;
    this.stop(true);
    if (!isStill.matches) this.play_in_sight();
  }

  build() {
    this.plane = new Plane({ can_drag: true, label: "The hidden plane: the codes of four vectors, and the lines of four visible units. A code can be dragged." });
    this.plane.onmove = (k, code) => this.move(k, code);
    this.loop = new Loop();
    this.words = make("p", {});
    // Whatever it says, the room below the picture is that of the tallest words.
    const room = Object.keys(WORDS).map((moment) => make("p", { class: "room" }, ...writeWords(moment, LONGEST)));
    const words = make("div", { class: "hero-words" }, ...room, this.words);
    this.play_button = button("Play", () => this.press(), "");
    this.slider = make("input", { type: "range", min: 0, step: "any", "aria-label": "Weight updates" });
    this.slider.addEventListener("input", () => this.slide(Number(this.slider.value)));
    this.slider.addEventListener("keydown", (event) => this.step(event));
    const names = PHASES.map(({ name }, k) => button(name, () => this.jump(k), ""));
    this.phases = make("div", { class: "phases", role: "group", "aria-label": "Phases" }, ...names);
    const fresh = button("New weights", () => this.begin_again());
    this.over = button("", () => this.press(), "over");
    this.over.setAttribute("aria-label", "Play");
    this.over.append(draw("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" }, draw("path", { d: "M13 9L31 20L13 31z" })));
    const square = make("div", { class: "hero-square" }, this.plane.svg, this.over);
    const slider = make("div", { class: "hero-slider" }, this.slider, this.phases);
    const controls = make("div", { class: "hero-controls" }, this.play_button, slider, fresh);
    const loop = make("div", { class: "hero-loop" }, this.loop.svg);
    this.root.append(square, words, controls, loop);
  }

  // Plays while the square is in sight, until a reader takes over.
  play_in_sight() {
    const enter = () => { if (!this.is_touched) this.start(); };
    watch(this.plane.svg, enter, () => this.stop(), 0.8);
  }

  learn(weights) { this.show_run(new Run(weights, this.settings, this.data)); }

  // A run from its start, with the phases that it has.
  show_run(run) {
    this.run = run;
    this.is_held = false;
    this.beginnings = listBeginnings(run);
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

  // --- What a reader does --------------------------------------------------------------------

  // A reader takes over. A dot that is still under way is let go where it is.
  take_over() {
    this.is_touched = true;
    this.is_asking = false;
    if (this.is_held) this.learn(this.run.weights[0]);
  }

  press() {
    if (this.clock.is_running) {
      this.take_over();
      this.stop();
      return;
    }
    this.take_over();
    if (this.t >= this.run.n) {
      this.t = 0;
      this.rest = 0;
    }
    this.start();
  }

  // The slider goes by seconds, of which each phase has its share.
  slide(seconds) {
    this.take_over();
    this.go(Math.round(convert(seconds, this.times, this.beginnings)));
  }

  // The arrow keys go on by whole updates.
  step(event) {
    const now = Math.floor(this.t);
    const goals = {
      ArrowRight: now + 1,
      ArrowUp: now + 1,
      ArrowLeft: now - 1,
      ArrowDown: now - 1,
      Home: 0,
      End: this.run.n,
    };
    if (goals[event.key] === undefined) return;
    event.preventDefault();
    this.take_over();
    this.go(Math.min(this.run.n, Math.max(0, goals[event.key])));
  }

  // To where a phase begins.
  jump(phase) {
    this.take_over();
    this.go(this.beginnings[phase]);
  }

  go(update) {
    this.t = update;
    this.rest = 0;
    this.stop();
  }

  begin_again() {
    this.take_over();
    this.renew();
    if (isStill.matches) this.stop(true);
    else this.start();
  }

  // Other weights, from which a network learns before long.
  renew() {
    let run;
    do {
      const seed = Math.floor(1e6 * Math.random());
      run = new Run(drawWeights(seed, this.data), this.settings, this.data);
    } while (!run.learnt || run.n > 3 * this.data.updates);
    this.vector = 0;
    this.was_moved = false;
    this.show_run(run);
  }

  // A dot is somewhere else (`code` is a place, or a function of the place where it was, or null:
  // let go). That is another network, which learns only once the dot is let go.
  move(k, code) {
    const was_dragged = this.is_dragged;
    if (code === null) {
      this.is_dragged = false;
      this.take_over();
      if (was_dragged && !isStill.matches) this.start();
      return;
    }
    const now = this.run.weights[Math.min(this.run.n, Math.floor(this.t))];
    this.is_dragged = typeof code !== "function";
    const place = this.is_dragged ? code : code(new LiveNetwork(now, this.settings).pass(k).first);
    this.is_touched = true;
    this.is_asking = false;
    this.is_held = true;
    this.was_moved = true;
    this.vector = k;
    this.run = new Run(moveCode(now, k, place), this.settings, { ...this.data, cap: 0 });
    this.go(0);
  }

  // For who wants to guess first: from the start, and stopped.
  ask() {
    this.take_over();
    this.is_asking = true;
    this.t = 0;
    this.rest = 0;
    this.stop(true);
  }

  // --- Time ----------------------------------------------------------------------------------

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
    const time = convert(this.t, this.beginnings, this.times);
    return (convert(time + 0.1, this.times, this.beginnings) - this.t) / 0.1;
  }

  tick(seconds) {
    if (this.t < this.run.n) {
      const time = convert(this.t, this.beginnings, this.times) + seconds;
      const then = convert(time, this.times, this.beginnings);
      this.t = Math.min(this.run.n, Math.max(then, this.t));
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

  // Where a vector is on its way around the loop, 0 to 4; null where it is too fast to be followed.
  find_time() {
    if (!this.clock.is_running) return null;
    if (this.rest > 0) return (2 * this.rest) % 4;
    return this.speed() < SLOW ? 4 * (this.t % 1) : null;
  }

  // --- What is seen --------------------------------------------------------------------------

  // Which of the `WORDS` say what can be seen.
  find_moment(network) {
    if (this.is_asking) return "asking";
    if (this.is_held) return "held";
    const has_learnt = this.t >= this.run.n && this.run.learnt;
    if (has_learnt) return this.was_moved ? "mended" : "learnt";
    return PHASES[findPhase(network)].name;
  }

  // What comes back where a vector goes in: a unit that is on, or nothing clear.
  name_answer(network) {
    const { image } = network.pass(this.vector);
    const top = image.indexOf(Math.max(...image));
    return image[top] > 0.5 ? String(top + 1) : "a blur";
  }

  tell(network, updates) {
    const moment = this.find_moment(network);
    const n_read = this.plane.read.filter(Boolean).length;
    const words = writeWords(moment, { vector: this.vector + 1, answer: this.name_answer(network), n_read, updates });
    const said = words.map((part) => part.textContent).join(" ");
    if (this.said === said) return;
    this.said = said;
    this.words.replaceChildren(...words);
    this.slider.setAttribute("aria-valuetext", updates + ". " + words[0].textContent);
  }

  paint() {
    const network = this.run.at(this.t);
    const now = Math.floor(this.t);
    if (now !== this.traced || this.run !== this.traced_run) {
      this.traced = now;
      this.traced_run = this.run;
      this.trails = this.run.trace(0, now);
    }
    this.plane.show(network, this.trails);
    this.loop.show(network, this.vector, this.find_time());
    this.slider.value = String(convert(this.t, this.beginnings, this.times));
    const n_over = this.beginnings.slice(1, -1).filter((beginning) => this.t >= beginning).length;
    [...this.phases.children].forEach((name, k) => {
      name.classList.toggle("now", k === n_over && !this.is_held);
    });
    this.tell(network, count(now, "update"));
  }
}

// A link to another page that may not lie beside this one, as when a file is sent alone. That page
// says "here" where it is opened in a frame; if it does not, `act` takes the place of the link.
function openIfThere(link, act) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const frame = make("iframe", { src: link.href, title: link.textContent, hidden: "" });
    let waiting = setTimeout(giveUp, 5000);
    function giveUp() {
      window.removeEventListener("message", hear);
      frame.remove();
      act();
    }
    function hear({ source, data }) {
      if (source !== frame.contentWindow || data !== "here") return;
      clearTimeout(waiting);
      frame.remove();
      window.removeEventListener("message", hear);
      location.href = link.href;
    }
    window.addEventListener("message", hear);
    frame.addEventListener("load", () => {
      clearTimeout(waiting);
      waiting = setTimeout(giveUp, 300);
    });
    document.body.append(frame);
  });
}
