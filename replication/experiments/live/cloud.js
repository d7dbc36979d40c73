"use strict";
// Outlines of studies of so many networks, by each meaning of error: those of larger ones are smaller.
const SIZES = [5, 10, 20, 50, 100, 200, 500, 1000, 2000];  // networks in a study
const N_STUDIES = 1000;  // so many are drawn
const INSIDE = 0.9;  // this share of them lies inside an outline
const MEANINGS = {
  "every-unit": "every unit (ours)",
  "every-unit-squared": "its square",
  "every-unit-half-squared": "half its square",
  "half-squared-error": "half the square, summed over all vectors",
  "worst-pattern": "half the square, worst vector",
};
const CRITERION_DASHES = ["none", "4 1.5", "1 1", "5 1.5 1 1.5", "2.5 1"];

// Where a mean and a largest number of updates lie in the plot, which is 100 wide and 60 high.
const placeMean = (mean) => 100 * (mean - 25) / 60;
const placeTop = (top) => 60 * (1 - Math.log(top / 40) / Math.log(50));

// The convex outline around the share of points that lie nearest to the middle of all.
function drawOutline(points) {
  const middle = [0, 1].map((j) => points.reduce((sum, point) => sum + point[j], 0) / points.length);
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of points) {
    xx += (x - middle[0]) ** 2;
    xy += (x - middle[0]) * (y - middle[1]);
    yy += (y - middle[1]) ** 2;
  }
  const measure = ([x, y]) => {
    const dx = x - middle[0];
    const dy = y - middle[1];
    return yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy;
  };
  const nearest = points.slice().sort((p, q) => measure(p) - measure(q)).slice(0, INSIDE * points.length);
  nearest.sort((p, q) => p[0] - q[0] || p[1] - q[1]);
  const hull = [...drawHalf(nearest), ...drawHalf(nearest.reverse())];
  return "M" + hull.map((point) => point.map((z) => z.toFixed(2)).join(" ")).join("L") + "z";
}

// One side of the hull of points, from the first of them to the one before the last.
function drawHalf(sorted) {
  const turn = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
  const hull = [];
  for (const point of sorted) {
    while (hull.length > 1 && turn(hull.at(-2), hull.at(-1), point) <= 0) hull.pop();
    hull.push(point);
  }
  return hull.slice(0, -1);
}

class Studies {
  constructor(root, data) {
    this.root = root;
    this.data = data;
    // Mean and largest of each study, by meaning and size. A larger study begins with the networks of
    // the smaller one, and all meanings share them; large ones are drawn when they are asked for.
    this.found = data.criteria.map(() => []);
    this.running = Array.from({ length: N_STUDIES }, () => data.criteria.map(() => ({ sum: 0, top: 0 })));
    this.drawn = 1988;
    this.build();
    root.hidden = false;
    this.slider.addEventListener("input", () => this.show());
  }

  wake() { this.show(); }

  find(name) { return document.getElementById("cloud-" + name); }

  // --- Studies -------------------------------------------------------------------------------

  // The same in every browser: a congruential generator with the constants of Numerical Recipes.
  draw_share() {
    this.drawn = (Math.imul(this.drawn, 1664525) + 1013904223) >>> 0;
    return (this.drawn + 1) / 2 ** 32;
  }

  // A network of a population: the updates that a random share of it exceeds.
  take(table, share) {
    const place = Math.min(-Math.log(share) / this.data.step, table.length - 1.001);
    const k = Math.floor(place);
    return table[k] + (place - k) * (table[k + 1] - table[k]);
  }

  // Studies of the next size.
  grow() {
    const s = this.found[0].length;
    for (const study of this.running) {
      for (let n = SIZES[s - 1] ?? 0; n < SIZES[s]; n += 1) {
        const share = this.draw_share();
        this.data.criteria.forEach(({ updates }, c) => {
          const taken = this.take(updates, share);
          study[c].sum += taken;
          study[c].top = Math.max(study[c].top, taken);
        });
      }
    }
    this.found.forEach((sizes, c) => {
      sizes.push(this.running.map((study) => [study[c].sum / SIZES[s], study[c].top]));
    });
  }

  // --- The plot ------------------------------------------------------------------------------

  build() {
    this.slider = this.find("size");
    this.plot = keepLegible(draw("svg", { viewBox: "-15 -6 119 79", role: "img", "aria-label": "Means and slowest networks of studies" }));
    this.draw_axes();
    this.plot.append(draw("clipPath", { id: "cloud-clip" }, draw("rect", { width: 100, height: 60 })));
    const inside = this.plot.appendChild(draw("g", { "clip-path": "url(#cloud-clip)" }));
    this.shapes = this.data.criteria.map((_, c) => draw("path", { class: "criterion-" + c, "stroke-dasharray": CRITERION_DASHES[c] }));
    this.shapes.forEach((shape) => inside.prepend(shape));  // our reading of 1988 lies on top
    this.ranges = this.data.criteria.map(() => make("span", {}, "–"));
    this.find("keys").append(...this.data.criteria.map(({ criterion }, c) => this.make_key(MEANINGS[criterion], c)));
    this.star = this.plot.appendChild(draw("polygon", { points: this.list_corners().join(" "), class: "star" }));
    this.find("plot").append(this.plot);
  }

  draw_axes() {
    for (const top of [50, 100, 200, 500, 1000, 2000]) {
      this.plot.append(
        draw("path", { d: "M0 " + placeTop(top) + "H100", class: "grid" }),
        draw("text", { x: -1.5, y: placeTop(top) + 1.3, "text-anchor": "end" }, top.toLocaleString("en")),
      );
    }
    for (const mean of [30, 40, 50, 60, 70, 80]) {
      this.plot.append(
        draw("path", { d: "M" + placeMean(mean) + " 0V60", class: "grid" }),
        draw("text", { x: placeMean(mean), y: 64.5, "text-anchor": "middle" }, String(mean)),
      );
    }
    this.plot.append(
      draw("text", { x: 50, y: 71, "text-anchor": "middle" }, "mean updates"),
      draw("text", { x: 0, y: -2 }, "updates of the slowest network"),
    );
  }

  make_key(name, c) {
    const box = make("input", { type: "checkbox" });
    box.checked = true;
    box.addEventListener("change", () => { this.shapes[c].style.display = box.checked ? "" : "none"; });
    const line = draw("path", { class: "criterion-" + c, "stroke-dasharray": CRITERION_DASHES[c], d: "M0 2H12" });
    const sign = draw("svg", { viewBox: "0 0 12 4", class: "sign", "aria-hidden": "true" }, line);
    return make("label", {}, box, sign, make("span", {}, name + ": ", this.ranges[c]));
  }

  // The star of 1988, with five tips.
  list_corners() {
    const x = placeMean(this.data.reported.mean);
    const y = placeTop(this.data.reported.max);
    return Array.from({ length: 10 }, (_, k) => {
      const angle = Math.PI * k / 5;
      const length = k % 2 ? 1.2 : 3;
      return (x + length * Math.sin(angle)) + "," + (y - length * Math.cos(angle));
    });
  }

  show() {
    const s = Number(this.slider.value);
    while (this.found[0].length <= s) this.grow();
    const words = SIZES[s].toLocaleString("en");
    const is_reported = SIZES[s] === this.data.reported.runs;
    this.find("n").textContent = words;
    this.slider.setAttribute("aria-valuetext", words + " networks");
    this.star.style.display = is_reported ? "" : "none";
    this.found.forEach((sizes, c) => {
      this.shapes[c].setAttribute("d", drawOutline(sizes[s].map(([mean, top]) => [placeMean(mean), placeTop(top)])));
      // Of the report's own studies the interval is known without drawing any.
      if (is_reported && this.data.criteria[c].criterion === "every-unit") {
        this.ranges[c].textContent = writeRange(this.data.interval) + " (exact)";
      } else {
        this.ranges[c].textContent = writeRange(this.find_interval(sizes[s]));
      }
    });
    const keys = [...this.find("keys").children].map((key) => key.textContent.trim());
    this.plot.setAttribute("aria-label", "Means and slowest networks of studies of " + words + " networks, by five meanings of error. " + keys.join("; "));
  }

  // In which 95 % of the means lie.
  find_interval(studies) {
    const means = studies.map(([mean]) => mean).sort((a, b) => a - b);
    return [0.025, 0.975].map((share) => means[Math.round(share * (N_STUDIES - 1))]);
  }
}

const writeRange = (ends) => ends.map((end) => end.toFixed(0)).join(" to ");

document.addEventListener("DOMContentLoaded", () => {
  const root = document.getElementById("cloud");
  const studies = new Studies(root, readData("cloud-data"));
  whenNear(root, () => studies.wake());
});
