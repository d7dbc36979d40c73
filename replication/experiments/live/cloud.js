"use strict";
// Outlines of studies of so many networks, by each meaning of error: those of larger ones are smaller.
whenNear("cloud", function () {
  const find = (name) => document.getElementById("cloud-" + name);
  const data = JSON.parse(find("data").textContent);
  const SIZES = [5, 10, 20, 50, 100, 200, 500, 1000, 2000];
  const N_STUDIES = 1000, SHARE = 0.9;  // so many are drawn, and this share lies inside an outline
  const NAMES = {
    "every-unit": "every unit (ours)", "every-unit-squared": "its square", "every-unit-half-squared": "half its square",
    "half-squared-error": "half the square, summed over all vectors", "worst-pattern": "half the square, worst vector",
  };
  const DASHES = ["none", "4 1.5", "1 1", "5 1.5 1 1.5", "2.5 1"];
  const X = [25, 85], Y = [40, 2000];
  const x = (mean) => 100 * (mean - X[0]) / (X[1] - X[0]);
  const y = (top) => 60 * (1 - Math.log(top / Y[0]) / Math.log(Y[1] / Y[0]));

  // The convex outline around the share of points that lie nearest to the middle of all.
  function outline(points) {
    const mean = [0, 1].map((j) => points.reduce((sum, point) => sum + point[j], 0) / points.length);
    const away = (point) => [point[0] - mean[0], point[1] - mean[1]];
    let [xx, xy, yy] = [0, 0, 0];
    points.map(away).forEach(([dx, dy]) => { xx += dx * dx; xy += dx * dy; yy += dy * dy; });
    const distance = function (point) {
      const [dx, dy] = away(point);
      return yy * dx * dx - 2 * xy * dx * dy + xx * dy * dy;
    };
    const nearest = points.slice().sort((p, q) => distance(p) - distance(q)).slice(0, SHARE * points.length);
    const turns = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    const half = function (sorted) {  // of the hull, from one end to the other
      const hull = [];
      sorted.forEach((point) => {
        while (hull.length > 1 && turns(hull.at(-2), hull.at(-1), point) <= 0) hull.pop();
        hull.push(point);
      });
      return hull.slice(0, -1);
    };
    nearest.sort((p, q) => p[0] - q[0] || p[1] - q[1]);
    const whole = [...half(nearest), ...half(nearest.reverse())];
    return "M" + whole.map((point) => point.map((z) => z.toFixed(2)).join(" ")).join("L") + "z";
  }

  // A network of a population: the updates that a random share of it exceeds.
  function take(table, share) {
    const place = Math.min(-Math.log(share) / data.step, table.length - 1.001);
    const k = Math.floor(place);
    return table[k] + (place - k) * (table[k + 1] - table[k]);
  }

  // The same studies in every browser: a congruential generator with the constants of Numerical Recipes.
  let drawn = 1988;
  function drawShare() {
    drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0;
    return (drawn + 1) / 2 ** 32;
  }

  // Mean and largest of each study, by meaning and size. A larger study begins with the networks of
  // the smaller one, and all meanings share them; large ones are drawn when they are asked for.
  const studies = data.criteria.map(() => []);
  const running = Array.from({ length: N_STUDIES }, () => data.criteria.map(() => ({ sum: 0, top: 0 })));
  function grow() {
    const s = studies[0].length;
    running.forEach(function (study) {
      for (let n = SIZES[s - 1] ?? 0; n < SIZES[s]; n += 1) {
        const share = drawShare();
        data.criteria.forEach(function ({ updates }, c) {
          const taken = take(updates, share);
          study[c].sum += taken;
          study[c].top = Math.max(study[c].top, taken);
        });
      }
    });
    studies.forEach((sizes, c) => sizes.push(running.map((study) => [study[c].sum / SIZES[s], study[c].top])));
  }

  const plot = keepLegible(draw("svg", { viewBox: "-15 -6 119 79", role: "img" }));
  [50, 100, 200, 500, 1000, 2000].forEach((top) => plot.append(
    draw("path", { d: "M0 " + y(top) + "H100", class: "grid" }),
    draw("text", { x: -1.5, y: y(top) + 1.3, "text-anchor": "end" }, top.toLocaleString("en"))));
  [30, 40, 50, 60, 70, 80].forEach((mean) => plot.append(
    draw("path", { d: "M" + x(mean) + " 0V60", class: "grid" }),
    draw("text", { x: x(mean), y: 64.5, "text-anchor": "middle" }, String(mean))));
  plot.append(draw("text", { x: 50, y: 71, "text-anchor": "middle" }, "mean updates"),
    draw("text", { x: 0, y: -2 }, "updates of the slowest network"));
  plot.append(draw("clipPath", { id: "cloud-clip" }, draw("rect", { width: 100, height: 60 })));
  const inside = plot.appendChild(draw("g", { "clip-path": "url(#cloud-clip)" }));
  let above = null;
  const groups = data.criteria.map(function ({ criterion }, c) {
    const line = () => draw("path", { class: "criterion-" + c, "stroke-dasharray": DASHES[c] });
    const [shape, sign] = [line(), line()];
    sign.setAttribute("d", "M0 2H12");
    const box = make("input", { type: "checkbox" });
    box.checked = true;
    box.addEventListener("change", () => { shape.style.display = box.checked ? "" : "none"; });
    const range = make("span", {});
    find("keys").append(make("label", {}, box, " ", draw("svg", { viewBox: "0 0 12 4", class: "sign", "aria-hidden": "true" }, sign), " " + NAMES[criterion] + ": ", range));
    inside.insertBefore(shape, above);
    above = shape;  // our reading of 1988 lies on top
    return [shape, range];
  });
  const points = Array.from({ length: 10 }, (_, k) => {
    const [angle, length] = [Math.PI * k / 5, k % 2 ? 1.2 : 3];
    return (x(data.reported.mean) + length * Math.sin(angle)) + "," + (y(data.reported.max) - length * Math.cos(angle));
  });
  const star = plot.appendChild(draw("polygon", { points: points.join(" "), class: "star" }));
  find("plot").append(plot);

  function show() {
    const s = Number(find("size").value);
    while (studies[0].length <= s) grow();
    const words = SIZES[s].toLocaleString("en");
    find("n").textContent = words;
    find("size").setAttribute("aria-valuetext", words + " networks");
    star.style.display = SIZES[s] === data.reported.runs ? "" : "none";
    groups.forEach(function ([shape, range], c) {
      const means = studies[c][s].map(([mean]) => mean).sort((a, b) => a - b);
      // Of the report's own studies the interval is known without drawing any.
      const is_known = SIZES[s] === data.reported.runs && data.criteria[c].criterion === "every-unit";
      const ends = is_known ? data.interval : [0.025, 0.975].map((share) => means[Math.round(share * (N_STUDIES - 1))]);
      range.textContent = ends.map((end) => end.toFixed(0)).join(" to ") + (is_known ? " (exact)" : "");
      shape.setAttribute("d", outline(studies[c][s].map(([mean, top]) => [x(mean), y(top)])));
    });
    plot.setAttribute("aria-label", "Means and slowest networks of studies of " + words + " networks, by five meanings of error. " +
      [...find("keys").children].map((key) => key.textContent.trim()).join("; "));
  }
  find("size").addEventListener("input", show);
  show();
});
