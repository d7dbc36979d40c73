"use strict";
// Help for the encoder or the decoder: medians of many networks as bars, and one network a row.
class Bars {
  constructor(root, data) {
    Object.assign(this, { root, data, t: 0, chosen: data.rows.length - 1 });
    const settings = { rate: data.rate, regression: data.regression };
    const start = drawWeights(data.seed, data), untouched = new Run(start, settings, data);
    this.most = 1.1 * Math.max(...data.rows.map((row) => row.median));
    this.rows = data.rows.map((row) => ({
      ...row, run: new Run(prepare(start, row.change, untouched.weights.at(-1)), { ...settings, skip: row.change.skip }, data),
    }));
    this.build();
    this.choose(this.chosen);
    this.clock = new Clock((seconds) => {
      this.t = Math.min(this.most, this.t + 11 * seconds);
      this.paint();
      if (this.t >= this.most) this.stop();
    });
    if (isStill.matches) this.t = this.most;
    else watch(this.planes[0].svg, () => { if (!this.was_seen) this.start(); }, () => this.stop(), 0.9);
    this.paint();
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    root.hidden = false;
  }

  build() {
    this.planes = [new Plane({ label: "The untouched network" }), new Plane({ label: "The network that is helped" })];
    this.names = [make("figcaption", {}, "untouched"), make("figcaption", {})];
    this.counts = [0, 1].map(() => make("p", { class: "bars-count" }));
    this.play_button = button("Play", () => (this.clock.is_running ? this.stop() : this.start()), "");
    this.slider = make("input", { type: "range", min: 0, max: Math.floor(this.most), step: 1, "aria-label": "Weight updates of all networks" });
    this.slider.addEventListener("input", () => { this.stop(); this.t = Number(this.slider.value); this.paint(); });
    const chart = make("div", { class: "bars-chart" }, make("p", { class: "panel-title" }, "(a) At a rate of " + this.data.rate));
    this.rows.forEach((row, k) => {
      if (row.part && row.part !== this.rows[k - 1].part) {
        chart.append(make("p", { class: "bars-head half-" + row.part }, row.part === "W" ? "The encoder W …" : "The decoder U …"));
      }
      row.canvas = make("canvas", { width: 72, height: 72, "aria-hidden": "true" });
      row.grown = make("span", { class: "grown" });
      const share = "calc((100% - 2.2em) * " + row.median / this.most + ")";
      row.button = button("", () => this.choose(k, true), "bars-row half-" + row.part);
      row.button.append(row.canvas, make("span", {}, row.words + " "), make("span", { class: "bars-track" },
        make("span", { class: "whole", style: "width:" + share }), row.grown, make("span", { class: "value", style: "left:" + share }, String(row.median)),
      ), make("span", { class: "unseen" }, " updates in the median; press to watch it beside the untouched network"));
      chart.append(row.button);
    });
    this.root.append(
      make("div", { class: "bars-pair" }, ...[0, 1].map((k) => make("figure", {}, this.names[k], this.planes[k].svg, this.counts[k])),
        make("div", { class: "hero-controls" }, this.play_button, this.slider)),
      chart,
    );
  }

  choose(k, is_played = false) {
    this.chosen = k;
    this.rows.forEach((row, n) => row.button.setAttribute("aria-pressed", String(n === k)));
    const { part, words } = this.rows[k];
    const whole = { W: "encoder: ", U: "decoder: " }[part] ?? "";
    this.names[1].textContent = whole + words;
    this.names[1].className = "half-" + part;
    if (!is_played) return;
    this.t = isStill.matches ? this.most : 0;
    if (isStill.matches) this.paint();
    else this.start();
  }

  start() {
    this.was_seen = true;
    if (this.t >= this.most) this.t = 0;
    this.play_button.textContent = "Pause";
    this.clock.start();
  }

  stop() {
    this.clock.stop();
    this.play_button.textContent = "Play all";
    this.paint();
  }

  paint() {
    const colors = getComputedStyle(this.root);
    const shown = [this.rows[0], this.rows[this.chosen]];
    shown.forEach(({ run }, k) => {
      const now = Math.min(run.n, Math.floor(this.t)), is_done = run.learnt && this.t >= run.n;
      this.planes[k].show(run.at(this.t), run.trace(Math.max(0, now - 5), now));
      this.counts[k].className = "bars-count" + (is_done ? " done" : "");
      this.counts[k].textContent = is_done ? "learnt: " + run.n : count(now, "update");
    });
    this.rows.forEach((row) => {
      const { run } = row, is_done = run.learnt && this.t >= run.n;
      this.paint_small(row.canvas, run.at(this.t), colors, is_done);
      row.grown.style.width = "calc((100% - 2.2em) * " + (is_done ? row.median : Math.min(this.t, row.median)) / this.most + ")";
    });
    this.slider.value = String(Math.floor(this.t));
  }

  // A hidden plane as small as a stamp.
  paint_small(canvas, network, colors, is_done) {
    const pen = canvas.getContext("2d"), side = canvas.width, [codes] = network.states();
    const [U, c] = [network.get("U"), network.get("c")];
    const place = (point) => at(point).map((x) => side * x / 100);
    const color = (name) => colors.getPropertyValue(name);
    pen.fillStyle = color("--paper");
    pen.fillRect(0, 0, side, side);
    pen.lineWidth = 3;
    PATTERNS.forEach((_, k) => {
      const [a, b] = U[k], length = Math.hypot(a, b), away = -(a / 2 + b / 2 + c[k]) / length;
      pen.strokeStyle = color("--vector-" + k);
      pen.beginPath();
      [-3, 3].forEach((across) => pen.lineTo(...place([0.5 + (a * away - b * across) / length, 0.5 + (b * away + a * across) / length])));
      pen.stroke();
    });
    codes.forEach((code, k) => {
      pen.fillStyle = color("--vector-" + k);
      pen.beginPath();
      pen.arc(...place(code), 7, 0, 7);
      pen.fill();
    });
    pen.lineWidth = is_done ? 6 : 2;
    pen.strokeStyle = color(is_done ? "--good" : "--shade");
    pen.strokeRect(1, 1, side - 2, side - 2);
  }
}
