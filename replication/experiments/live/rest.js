"use strict";
// Where it rests: images of digits through 16 linear units, and how much of them is lost.
class Rest {
  constructor(root, data) {
    Object.assign(this, { root, data, rule: data.rules[0], size: data.sizes[0], seed: 0, digit: 3, queue: [], marks: [] });
    const { n, most, sums, products, shown } = data.digits;
    this.mean = sums.map((sum) => sum / n / most);
    let k = 0;
    const scatter = sums.map(() => []);
    sums.forEach((one, i) => sums.slice(i).forEach((other, j) => {
      scatter[i][i + j] = scatter[i + j][i] = (products[k] - one * other / n) / n / most ** 2;
      k += 1;
    }));
    this.scatter = diagonalise(scatter);
    this.images = shown.map((image) => image.map((x) => x / most));
    this.build();
    this.clock = new Clock(() => this.tick());
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    root.hidden = false;
    this.begin(false);
    if (isStill.matches) this.finish();
    else watch(this.big[0], () => { if (this.network.updates === 0) this.clock.start(); });
  }

  build() {
    const canvas = () => make("canvas", { width: 8, height: 8 });
    this.big = ["goes in", "comes back", "lost"].map(canvas);
    this.picks = this.images.map((_, k) => {
      const pick = button("", () => { this.digit = k; this.paint(); }, "rest-pick");
      pick.setAttribute("aria-label", "Digit " + k);
      pick.append(canvas());
      return pick;
    });
    const meter = (words, kind) => {
      const number = make("b", {}), bar = make("i", {});
      const box = make("div", { class: "rest-meter " + kind }, make("p", {}, words, number), make("div", { class: "rest-bar" }, bar));
      return { box, number, bar };
    };
    this.lost = meter("What is lost", "is-lost");
    this.seen = meter("What the copy’s code still shows", "is-seen");
    const best = make("span", { class: "rest-best", style: "left:" + 200 * this.data.best + "%" });
    this.lost.box.lastChild.append(best);
    this.words = make("p", { class: "rest-words", role: "status" });
    this.plot = keepLegible(draw("svg", { viewBox: "0 0 400 262", class: "rest-plot", role: "img", "aria-label": "Where networks came to rest: what is lost, by the size of the initial weights" }));
    this.ground = this.plot.appendChild(draw("g", {}));
    this.spots = this.plot.appendChild(draw("g", {}));
    this.ball = this.plot.appendChild(draw("circle", { r: 9 }));
    this.draw_ground();
    this.size_words = make("span", {});
    this.slider = make("input", { type: "range", min: 0, max: 100, step: 1, value: 100, "aria-label": "Size of the initial weights" });
    this.slider.addEventListener("input", () => this.start(this.rule, this.size_at(Number(this.slider.value))));
    const rules = make("fieldset", { class: "rest-rules" }, make("legend", {}, "Rule (its ticks: what the mean of many networks loses)"), ...this.data.rules.map((rule, k) => {
      const input = make("input", { type: "radio", name: "rest-rule", value: rule.name });
      input.checked = k === 0;
      input.addEventListener("change", () => this.start(rule, this.size));
      return make("label", { class: "rest-rule rule-" + k }, input, make("i", { class: "rest-tick" }), make("span", {}, rule.words));
    }));
    this.root.append(
      make("p", { class: "panel-title" }, "(a) Linear units"),
      make("div", { class: "rest-images" },
        make("div", { class: "rest-big" }, ...["goes in", "comes back", "lost"].map((words, k) => make("figure", {}, make("figcaption", {}, words), this.big[k]))),
        make("div", { class: "rest-picks", role: "group", "aria-label": "Choose a digit" }, ...this.picks), this.lost.box, this.seen.box),
      make("div", { class: "rest-where" }, this.words, this.plot, make("label", { class: "rest-size" }, this.slider, this.size_words),
        make("div", { class: "hero-controls" }, button("New weights", () => { this.seed += 1; this.start(this.rule, this.size); }, ""),
          button("All sizes", () => { this.queue = this.data.sizes.slice(1); this.start(this.rule, this.data.sizes[0], true); }))),
      rules,
    );
  }

  // The slider goes from the smallest size to the largest, evenly on a logarithmic scale.
  size_at(place) {
    const [large, small] = [this.data.sizes[0], this.data.sizes.at(-1)];
    return small * (large / small) ** (place / 100);
  }

  place_of(size) {
    const [large, small] = [this.data.sizes[0], this.data.sizes.at(-1)];
    return 100 * Math.log(size / small) / Math.log(large / small);
  }

  x(size) { return 46 + 3.38 * this.place_of(size); }

  y(lost) { return 16 + 200 * (0.4 - Math.min(0.4, lost)) / 0.28; }

  draw_ground() {
    const write = (x, y, words, anchor = "middle") => this.ground.append(draw("text", { x, y, "text-anchor": anchor }, words));
    const line = (x1, y1, x2, y2, kind) => this.ground.append(draw("line", { x1, y1, x2, y2, class: kind }));
    const percent = (share, digits) => (100 * share).toFixed(digits) + "\u00a0%";
    [0.2, 0.3, 0.4].forEach((lost) => { line(46, this.y(lost), 384, this.y(lost), "grid"); write(40, this.y(lost) + 4, percent(lost, 0), "end"); });
    line(46, 216, 384, 216, "axis");
    line(46, this.y(this.data.best), 384, this.y(this.data.best), "best");
    write(380, this.y(this.data.best) + 15, percent(this.data.best, 1) + ": the best that 16 units can do", "end");
    this.data.sizes.forEach((size) => { line(this.x(size), 216, this.x(size), 222, "axis"); write(this.x(size), 236, "±" + size, size === this.data.sizes[0] ? "end" : "middle"); });
    write(215, 255, "size of the initial weights");
    write(52, 12, "lost", "start");
    // What the mean of many networks loses, with its interval.
    this.data.rules.forEach(({ stored }, k) => Object.entries(stored).forEach(([size, { unexplained, unexplained_interval: [low, high] }]) => {
      const x = this.x(Number(size));
      this.ground.append(
        draw("line", { x1: x, x2: x, y1: this.y(low), y2: this.y(high), class: "stored rule-" + k }),
        draw("path", { d: "M" + (x - 7) + " " + this.y(unexplained) + "h14", class: "stored rule-" + k }),
      );
    }));
  }

  start(rule, size, keeps_queue = false) {
    if (!keeps_queue) this.queue = [];
    Object.assign(this, { rule, size });
    this.begin(true);
  }

  begin(is_asked) {
    const { n_hidden, root_seed, regression } = this.data, n = this.mean.length, half = n_hidden * n;
    // W, U and, where errors come back through it, the inverse Q, all from the same size.
    const n_matrices = this.rule.settings.feedback === "Q" ? 3 : 2;
    const drawn = drawWeights(this.seed, { root_seed, half_width: this.size, n_weights: n_matrices * half });
    const [W, U, Q] = [drawn.slice(0, half), [], drawn.slice(2 * half)];
    for (let j = 0; j < n_hidden; j += 1) for (let i = 0; i < n; i += 1) U.push(drawn[half + n_hidden * i + j]);
    this.network = new LinearNetwork(this.scatter, { W, U, Q: Q.length ? Q : undefined }, { regression, ...this.rule.settings });
    [this.frames, this.rests] = [0, false];
    this.slider.value = String(this.place_of(this.size));
    this.paint();
    if (is_asked && isStill.matches) this.finish();
    else if (is_asked) this.clock.start();
  }

  // Few updates a frame at first, then as many as there is time for.
  tick() {
    const until = performance.now() + 10;
    this.frames += 1;
    let left = this.queue.length ? Infinity : Math.exp(this.frames / 16);
    while (left >= 1 && this.network.updates < this.data.updates && performance.now() < until) { this.network.update(); left -= 1; }
    if (this.network.updates >= this.data.updates) this.finish();
    else this.paint();
  }

  finish() {
    while (this.network.updates < this.data.updates) this.network.update();
    this.clock.stop();
    this.rests = true;
    this.paint();
    this.spots.append(draw("circle", { cx: this.x(this.size), cy: this.y(this.network.lose()), r: 4.5, class: "spot rule-" + this.data.rules.indexOf(this.rule) }));
    if (this.spots.childElementCount > 100) this.spots.firstChild.remove();
    const next = this.queue.shift();
    if (next) this.start(this.rule, next, true);
  }

  tell(lost, seen) {
    const { updates } = this.network, share = (100 * lost).toFixed(1) + "\u00a0%";
    if (!this.rests) return updates < 30 ? "It has just begun." : seen < 5e-4 && lost > 1.05 * this.data.best ? "It sees nothing wrong any more." : "It learns.";
    if (lost < 1.05 * this.data.best) return "It rests, and " + share + " is lost: nearly as good as 16 units can be.";
    if (seen < 5e-4) return "It rests: " + share + " is lost, and the rule sees nothing of it.";
    return "After " + updates.toLocaleString("en") + " updates " + share + " is lost.";
  }

  paint() {
    const lost = this.network.lose(), seen = this.network.see();
    const percent = (share) => (share > 1.5 ? "over 150\u00a0%" : (100 * share).toFixed(1) + "\u00a0%");
    const colors = getComputedStyle(this.root);
    this.images.forEach((image, k) => {
      const back = this.network.rebuild(image.map((x, i) => x - this.mean[i])).map((x, i) => x + this.mean[i]);
      this.paint_image(this.picks[k].firstChild, back, colors, "--ink");
      this.picks[k].setAttribute("aria-pressed", String(k === this.digit));
      if (k !== this.digit) return;
      this.paint_image(this.big[0], image, colors, "--ink");
      this.paint_image(this.big[1], back, colors, "--ink");
      this.paint_image(this.big[2], image.map((x, i) => 1.4 * Math.abs(x - back[i])), colors, "--bad");
    });
    this.lost.number.textContent = percent(lost);
    this.seen.number.textContent = seen < 5e-4 ? "nothing" : percent(seen);
    [[this.lost, lost], [this.seen, seen]].forEach(([meter, share]) => { meter.bar.style.width = Math.min(100, 200 * share) + "%"; });
    const size = this.size < 0.1 ? this.size.toFixed(3) : this.size.toFixed(2);
    this.size_words.textContent = "Initial weights within ±" + size + " · " + count(this.network.updates, "update");
    this.slider.setAttribute("aria-valuetext", "Within ±" + size);
    put(this.ball, { cx: this.x(this.size), cy: this.y(lost), class: "ball rule-" + this.data.rules.indexOf(this.rule) }, []);
    const words = this.tell(lost, seen);
    if (this.words.textContent !== words) this.words.textContent = words;
  }

  // Shades between paper and a colour; what lies outside 0 to 1 is cut off.
  paint_image(canvas, image, colors, name) {
    const pen = canvas.getContext("2d");
    pen.fillStyle = colors.getPropertyValue("--paper");
    pen.globalAlpha = 1;
    pen.fillRect(0, 0, 8, 8);
    pen.fillStyle = colors.getPropertyValue(name);
    image.forEach((x, i) => {
      pen.globalAlpha = Math.min(1, Math.max(0, x));
      pen.fillRect(i % 8, Math.floor(i / 8), 1, 1);
    });
  }
}
