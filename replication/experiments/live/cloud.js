"use strict";
// Draws studies of so many networks, by each meaning of error; larger studies lie closer together.
document.addEventListener("DOMContentLoaded", function () {
  const root = document.getElementById("cloud");
  if (!root) return;
  const find = (name) => document.getElementById("cloud-" + name);
  const data = JSON.parse(find("data").textContent);
  const SIZES = [5, 10, 20, 50, 100, 200, 500, 1000, 2000];
  const N_SHOWN = 120, N_STUDIES = 1000;  // studies; the ranges are those of all
  const NAMES = {
    "every-unit": "every unit (1988)", "every-unit-squared": "its square", "every-unit-half-squared": "half its square",
    "half-squared-error": "half the square, summed over all vectors", "worst-pattern": "half the square, worst vector",
  };
  const MARKS = ["M-1-1H1V1H-1z", "M0-1.4L1.3 0.9H-1.3z", "M0-1.4L1.4 0L0 1.4L-1.4 0z", "M-1.2-1.2L1.2 1.2M-1.2 1.2L1.2-1.2", "M-1.4 0H1.4M0-1.4V1.4"];
  const X = [25, 85], Y = [40, 2000];
  const x = (mean) => 100 * (mean - X[0]) / (X[1] - X[0]);
  const y = (top) => 60 * (1 - Math.log(top / Y[0]) / Math.log(Y[1] / Y[0]));

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

  const plot = draw("svg", { viewBox: "-15 -6 119 79", role: "img" });
  [50, 100, 200, 500, 1000, 2000].forEach((top) => plot.append(
    draw("path", { d: "M0 " + y(top) + "H100", class: "grid" }),
    draw("text", { x: -1.5, y: y(top) + 1.3, "text-anchor": "end" }, top.toLocaleString("en"))));
  [30, 40, 50, 60, 70, 80].forEach((mean) => plot.append(
    draw("path", { d: "M" + x(mean) + " 0V60", class: "grid" }),
    draw("text", { x: x(mean), y: 64.5, "text-anchor": "middle" }, String(mean))));
  plot.append(draw("text", { x: 50, y: 71, "text-anchor": "middle" }, "mean updates"),
    draw("text", { x: 0, y: -2 }, "updates of the slowest network"));
  let above = null;
  const groups = data.criteria.map(function ({ criterion }, c) {
    const group = draw("g", { class: "criterion-" + c });
    for (let k = 0; k < N_SHOWN; k += 1) group.append(draw("path", { d: MARKS[c] }));
    const box = make("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => { group.style.display = box.checked ? "" : "none"; });
    const sign = draw("svg", { viewBox: "-2 -2 4 4", class: "sign criterion-" + c, "aria-hidden": "true" }, draw("path", { d: MARKS[c] }));
    const range = make("span", {});
    find("keys").append(make("label", {}, box, " ", sign, " " + NAMES[criterion] + ": ", range));
    plot.insertBefore(group, above);
    above = group;  // the reading of 1988 lies on top
    return [group, range];
  });
  const points = Array.from({ length: 10 }, (_, k) => {
    const [angle, length] = [Math.PI * k / 5, k % 2 ? 1.2 : 3];
    return (x(data.reported.mean) + length * Math.sin(angle)) + "," + (y(data.reported.max) - length * Math.cos(angle));
  });
  plot.append(draw("polygon", { points: points.join(" "), class: "star" }));
  find("plot").append(plot);

  function show() {
    const s = Number(find("size").value);
    while (studies[0].length <= s) grow();
    const words = SIZES[s].toLocaleString("en");
    find("n").textContent = words;
    find("size").setAttribute("aria-valuetext", words + " networks");
    let n_beyond = 0;
    groups.forEach(function ([group, range], c) {
      const means = studies[c][s].map(([mean]) => mean).sort((a, b) => a - b);
      // Of the report's own studies the interval is known without drawing any.
      const is_known = SIZES[s] === data.reported.runs && data.criteria[c].criterion === "every-unit";
      const ends = is_known ? data.interval : [0.025, 0.975].map((share) => means[Math.round(share * (N_STUDIES - 1))]);
      range.textContent = ends.map((end) => end.toFixed(0)).join(" to ") + (is_known ? " (exact)" : "");
      [...group.children].forEach(function (mark, k) {
        const [mean, top] = studies[c][s][k];
        const inside = mean >= X[0] && mean <= X[1] && top <= Y[1] && top >= Y[0];
        mark.setAttribute("transform", "translate(" + x(mean).toFixed(2) + " " + y(top).toFixed(2) + ")");
        mark.style.display = inside ? "" : "none";
        n_beyond += !inside;
      });
    });
    find("beyond").textContent = n_beyond + " of " + groups.length * N_SHOWN + " marks lie beyond the axes.";
    plot.setAttribute("aria-label", "Means and slowest networks of studies of " + words + " networks, by five meanings of error. " +
      [...find("keys").children].map((key) => key.textContent.trim()).join("; "));
  }
  find("size").addEventListener("input", show);
  show();
  root.hidden = false;
});
