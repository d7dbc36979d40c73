"use strict";
// Where it rests: images of digits through 16 linear units, and how much of them is lost.
const SIDE = 8;  // pixels of an image
const MOST_SPOTS = 100;  // networks that came to rest, and stay in the plot
const NOTHING = 5e-4;  // of what is lost, the share of which is written "nothing"
const NEAR_BEST = 1.05;  // so many times the least that is lost
const writePercent = (share, digits) => (100 * share).toFixed(digits) + "\u00a0%";

class Rest {
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.rule = data.rules[0];
    this.size = data.sizes[0];  // of the initial weights
    this.seed = 0;
    this.digit = 3;
    this.queue = [];  // sizes that are still to be tried
    this.clock = new Clock(() => this.tick());
    this.build();
    root.hidden = false;
  }

  // What takes time: the scatter of all images, and the first network.
  wake() {
    const { n, most, sums, products, shown } = this.data.digits;
    this.mean = sums.map((sum) => sum / n / most);
    this.scatter = diagonalise(makeScatter(sums, products, n, most));
    this.images = shown.map((image) => image.map((ink) => ink / most));
    this.begin();
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    if (isStill.matches) this.finish();
    else watch(this.big[0], () => { if (this.network.updates === 0) this.clock.start(); });
  }

  // --- The piece, with all its heights, before anything is computed ---------------------------

  build() {
    this.words = make("p", { class: "rest-words", role: "status" });
    this.size_words = make("span", {}, "Initial weights");
    this.slider = make("input", { type: "range", min: 0, max: 100, step: 1, value: 100, "aria-label": "Size of the initial weights" });
    this.slider.addEventListener("input", () => this.start(this.rule, this.size_at(Number(this.slider.value))));
    const fresh = button("New weights", () => {
      this.seed += 1;
      this.start(this.rule, this.size);
    }, "");
    const all = button("All sizes", () => {
      this.queue = this.data.sizes.slice(1);
      this.size = this.data.sizes[0];
      this.run();
    });
    const size = make("label", { class: "rest-size" }, this.slider, this.size_words);
    const controls = make("div", { class: "hero-controls" }, fresh, all);
    const images = this.build_images();
    const where = make("div", { class: "rest-where" }, this.words, this.build_plot(), size, controls);
    this.root.append(make("p", { class: "panel-title" }, "(a) Linear units"), this.build_choice(), images, where, this.build_rules());
    this.show_rule();
  }

  build_images() {
    const canvas = () => make("canvas", { width: SIDE, height: SIDE });
    const names = ["goes in", "comes back", "lost"];
    this.big = names.map(canvas);
    const figures = names.map((name, k) => make("figure", {}, make("figcaption", {}, name), this.big[k]));
    this.small = this.data.digits.shown.map(canvas);
    this.picks = this.small.map((image, k) => {
      const pick = button("", () => {
        this.digit = k;
        this.paint();
      }, "rest-pick");
      pick.setAttribute("aria-label", "Digit " + k);
      pick.append(image);
      return pick;
    });
    const picks = make("div", { class: "rest-picks", role: "group", "aria-label": "Choose a digit" }, ...this.picks);
    this.lost = makeMeter("What is lost", "is-lost");
    this.lost.track.append(make("span", { class: "rest-best", style: "left:" + 200 * this.data.best + "%" }));
    this.seen = makeMeter("What the copy’s code still shows", "is-seen");
    return make("div", { class: "rest-images" }, make("div", { class: "rest-big" }, ...figures), picks, this.lost.box, this.seen.box);
  }

  // The rules as buttons with their colours; on a telephone a list to choose from is shorter.
  build_rules() {
    this.radios = this.data.rules.map((rule) => {
      const radio = make("input", { type: "radio", name: "rest-rule", value: rule.name });
      radio.addEventListener("change", () => this.start(rule, this.size));
      return radio;
    });
    const labels = this.data.rules.map((rule, k) =>
      make("label", { class: "rest-rule rule-" + k }, this.radios[k], make("i", { class: "rest-tick" }), make("span", {}, rule.words)));
    return make("fieldset", { class: "rest-rules" }, make("legend", {}, "Rule (its ticks: what the mean of many networks loses)"), ...labels);
  }

  build_choice() {
    this.choice = make("select", {}, ...this.data.rules.map((rule) => make("option", { value: rule.name }, rule.words)));
    this.choice.addEventListener("change", () => this.start(this.data.rules[this.choice.selectedIndex], this.size));
    return make("label", { class: "rest-choice" }, "Rule ", this.choice);
  }

  build_plot() {
    this.plot = keepLegible(draw("svg", { viewBox: "0 0 400 262", class: "rest-plot", role: "img", "aria-label": "Where networks came to rest: what is lost, by the size of the initial weights" }));
    this.draw_axes();
    this.stored = this.data.rules.map((rule, k) => this.plot.appendChild(this.draw_stored(rule, k)));
    this.spots = this.plot.appendChild(draw("g", {}));
    this.ball = this.plot.appendChild(draw("circle", { r: 9 }));
    return this.plot;
  }

  draw_axes() {
    const write = (x, y, words, anchor = "middle") => this.plot.append(draw("text", { x, y, "text-anchor": anchor }, words));
    const line = (x1, y1, x2, y2, kind) => this.plot.append(draw("line", { x1, y1, x2, y2, class: kind }));
    for (const lost of [0.2, 0.3, 0.4]) {
      line(46, this.y(lost), 384, this.y(lost), "grid");
      write(40, this.y(lost) + 4, writePercent(lost, 0), "end");
    }
    line(46, 216, 384, 216, "axis");
    line(46, this.y(this.data.best), 384, this.y(this.data.best), "best");
    write(380, this.y(this.data.best) + 15, writePercent(this.data.best, 1) + ": the best that 16 units can do", "end");
    this.data.sizes.forEach((size, k) => {
      line(this.x(size), 216, this.x(size), 222, "axis");
      write(this.x(size), 236, "±" + size, k === 0 ? "end" : "middle");
    });
    write(215, 255, "size of the initial weights");
    write(52, 12, "lost", "start");
  }

  // What the mean of many networks loses, with its interval, at each size.
  draw_stored({ stored }, k) {
    const group = draw("g", { class: "stored rule-" + k });
    Object.entries(stored).forEach(([size, { unexplained, unexplained_interval: [low, high] }]) => {
      const x = this.x(Number(size));
      group.append(
        draw("line", { x1: x, x2: x, y1: this.y(low), y2: this.y(high) }),
        draw("path", { d: "M" + (x - 7) + " " + this.y(unexplained) + "h14" }),
      );
    });
    return group;
  }

  // The slider goes from the smallest size to the largest, evenly on a logarithmic scale.
  size_at(place) {
    const large = this.data.sizes[0];
    const small = this.data.sizes.at(-1);
    return small * (large / small) ** (place / 100);
  }

  place_of(size) {
    const large = this.data.sizes[0];
    const small = this.data.sizes.at(-1);
    return 100 * Math.log(size / small) / Math.log(large / small);
  }

  x(size) { return 46 + 3.38 * this.place_of(size); }

  y(lost) { return 16 + 200 * (0.4 - Math.min(0.4, lost)) / 0.28; }

  // --- Learning ------------------------------------------------------------------------------

  start(rule, size) {
    this.queue = [];
    this.rule = rule;
    this.size = size;
    this.run();
  }

  run() {
    this.begin();
    if (isStill.matches) this.finish();
    else this.clock.start();
  }

  begin() {
    this.network = this.make_network();
    this.frames = 0;
    this.rests = false;
    this.slider.value = String(this.place_of(this.size));
    this.show_rule();
    this.paint();
  }

  // W, U and, where errors come back through it, the inverse Q, all from the same size.
  make_network() {
    const { n_hidden, root_seed, regression } = this.data;
    const n = this.mean.length;
    const half = n_hidden * n;
    const has_inverse = this.rule.settings.feedback === "Q";
    const drawn = drawWeights(this.seed, { root_seed, half_width: this.size, n_weights: (has_inverse ? 3 : 2) * half });
    const W = drawn.slice(0, half);
    const U = [];  // as its transpose
    for (let j = 0; j < n_hidden; j += 1) {
      for (let i = 0; i < n; i += 1) U.push(drawn[half + n_hidden * i + j]);
    }
    const Q = has_inverse ? drawn.slice(2 * half) : undefined;
    return new LinearNetwork(this.scatter, { W, U, Q }, { regression, ...this.rule.settings });
  }

  // Few updates a frame at first, then as many as there is time for.
  tick() {
    const until = performance.now() + 10;
    this.frames += 1;
    let left = this.queue.length ? Infinity : Math.exp(this.frames / 16);
    while (left >= 1 && this.network.updates < this.data.updates && performance.now() < until) {
      this.network.update();
      left -= 1;
    }
    if (this.network.updates >= this.data.updates) this.finish();
    else this.paint();
  }

  finish() {
    while (this.network.updates < this.data.updates) this.network.update();
    this.clock.stop();
    this.rests = true;
    this.paint();
    this.spots.append(draw("circle", { cx: this.x(this.size), cy: this.y(this.network.lose()), r: 4.5, class: "spot " + this.name_color() }));
    if (this.spots.childElementCount > MOST_SPOTS) this.spots.firstChild.remove();
    if (this.queue.length) {
      this.size = this.queue.shift();
      this.run();
    }
  }

  // --- What is seen --------------------------------------------------------------------------

  name_color() { return "rule-" + this.data.rules.indexOf(this.rule); }

  show_rule() {
    const chosen = this.data.rules.indexOf(this.rule);
    this.radios[chosen].checked = true;
    this.choice.selectedIndex = chosen;
    this.stored.forEach((group, k) => group.classList.toggle("chosen", k === chosen));
  }

  tell(lost, seen) {
    const { updates } = this.network;
    const is_near_best = lost < NEAR_BEST * this.data.best;
    if (!this.rests) {
      if (updates < 30) return "It has just begun.";
      return seen < NOTHING && !is_near_best ? "It sees nothing wrong any more." : "It learns.";
    }
    const share = writePercent(lost, 1);
    if (is_near_best) return "It rests, and " + share + " is lost: nearly as good as 16 units can be.";
    if (seen < NOTHING) return "It rests: " + share + " is lost, and the rule sees nothing of it.";
    return "After " + count(updates, "update") + " " + share + " is lost.";
  }

  paint() {
    const lost = this.network.lose();
    const seen = this.network.see();
    this.paint_images();
    this.lost.show(lost, writeShare(lost));
    this.seen.show(seen, seen < NOTHING ? "nothing" : writeShare(seen));
    const size = "±" + this.size.toFixed(this.size < 0.1 ? 3 : 2);
    this.size_words.textContent = "Initial weights within " + size + " · " + count(this.network.updates, "update");
    this.slider.setAttribute("aria-valuetext", "Within " + size);
    set(this.ball, { cx: this.x(this.size), cy: this.y(lost), class: "ball " + this.name_color() });
    const words = this.tell(lost, seen);
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  paint_images() {
    const colors = getComputedStyle(this.root);
    const paper = colors.getPropertyValue("--paper");
    const ink = colors.getPropertyValue("--ink");
    const bad = colors.getPropertyValue("--bad");
    this.images.forEach((image, k) => {
      const deviation = image.map((x, i) => x - this.mean[i]);
      const back = this.network.rebuild(deviation).map((x, i) => x + this.mean[i]);
      paintImage(this.small[k], back, paper, ink);
      this.picks[k].setAttribute("aria-pressed", String(k === this.digit));
      if (k !== this.digit) return;
      const missed = image.map((x, i) => 1.4 * Math.abs(x - back[i]));
      paintImage(this.big[0], image, paper, ink);
      paintImage(this.big[1], back, paper, ink);
      paintImage(this.big[2], missed, paper, bad);
    });
  }
}

const writeShare = (share) => (share > 1.5 ? "over 150\u00a0%" : writePercent(share, 1));

// A number with a bar, which is full at a half.
function makeMeter(words, kind) {
  const number = make("b", {}, "–");
  const bar = make("i", {});
  const track = make("div", { class: "rest-bar" }, bar);
  const box = make("div", { class: "rest-meter " + kind }, make("p", {}, words, number), track);
  const show = (share, written) => {
    number.textContent = written;
    bar.style.width = Math.min(100, 200 * share) + "%";
  };
  return { box, track, show };
}

// The scatter of `n` images from the sums of each pixel and of products of pairs, row by row.
function makeScatter(sums, products, n, most) {
  const scatter = sums.map(() => []);
  let place = 0;
  for (let i = 0; i < sums.length; i += 1) {
    for (let j = i; j < sums.length; j += 1) {
      scatter[i][j] = (products[place] - sums[i] * sums[j] / n) / n / most ** 2;
      scatter[j][i] = scatter[i][j];
      place += 1;
    }
  }
  return scatter;
}

// Shades between paper and a colour; what lies outside 0 to 1 is cut off.
function paintImage(canvas, image, paper, color) {
  const pen = canvas.getContext("2d");
  pen.globalAlpha = 1;
  pen.fillStyle = paper;
  pen.fillRect(0, 0, SIDE, SIDE);
  pen.fillStyle = color;
  image.forEach((x, i) => {
    pen.globalAlpha = Math.min(1, Math.max(0, x));
    pen.fillRect(i % SIDE, Math.floor(i / SIDE), 1, 1);
  });
}
