"use strict";
// Lets the network of the figure "loop" learn again, and shows it after any number of updates.
document.addEventListener("DOMContentLoaded", function () {
  const root = document.getElementById("loop");
  const title = document.querySelector("#loop-title text");
  if (!root || !title) return;
  const find = (name) => document.getElementById("loop-" + name);
  const data = JSON.parse(find("data").textContent);
  const slider = find("slider");
  const network = new RecirculationNetwork(data.start, { ...data, criterion: "every-unit" });

  function look() {
    return {
      passes: PATTERNS.map((pattern) => network.pass(pattern)),
      W: network.W.map((row) => row.slice()),
      U: [0, 1].map((j) => network.U.map((row) => row[j])),
      error: network.error(),
    };
  }
  const history = [look()];
  while (network.updates < data.updates) {
    network.update();
    history.push(look());
  }

  // The drawing of the network after learning is the one that moves.
  const drawing = title.closest("svg");
  if (drawing.previousElementSibling) drawing.previousElementSibling.remove();
  drawing.style.maxWidth = "34rem";
  drawing.parentNode.after(root);
  const [SIDE, MIDDLES] = measure();

  // Width of the place of a weight, and the middle of each, as they are drawn.
  function measure() {
    const middles = new Map();
    let largest = 0;
    ["W", "U"].forEach((letter) => [0, 1].forEach((j) => [0, 1, 2, 3].forEach(function (i) {
      const square = find([letter, j, i].join("-")).firstElementChild;
      const box = square.getBBox();
      const weight = Math.abs(history[data.updates][letter][j][i]);
      middles.set([letter, j, i].join("-"), [box.x + box.width / 2, box.y + box.height / 2]);
      largest = Math.max(largest, box.width / Math.sqrt(weight));
    })));
    return [largest, middles];
  }

  function shade(name, state) {
    find(name).firstElementChild.style.fillOpacity = state.toFixed(3);
  }

  let vector = 0;
  let timer = null;

  function show(updates) {
    const { passes, error, ...matrices } = history[updates];
    const shown = passes[vector];
    ["visible", "first", "second", "last"].forEach((time, k) =>
      shown[time].forEach((state, unit) => shade((k % 2 ? "h" : "v") + k + "-" + unit, state)));
    passes.forEach((pass, row) =>
      pass.image.forEach((state, column) => shade(["image", row, column].join("-"), state)));
    MIDDLES.forEach(function ([x, y], name) {
      const [letter, j, i] = name.split("-");
      const weight = matrices[letter][j][i];
      const half = SIDE * Math.sqrt(Math.abs(weight)) / 2;
      const square = find(name).firstElementChild;
      const color = "var(--weight-" + (weight > 0 ? "up" : "down") + ")";
      square.setAttribute("d", "M" + (x - half) + " " + (y - half) + "h" + 2 * half + "v" + 2 * half + "h" + -2 * half + "z");
      square.style.stroke = color;
      square.style.fill = weight > 0 ? color : "none";
    });
    const box = find("row").firstElementChild.getBBox();
    find("row").setAttribute("transform", "translate(0 " + vector * box.height + ")");
    title.textContent = "after " + updates + (updates === 1 ? " update" : " updates") +
      ", largest error " + error.toFixed(2);
    slider.value = updates;
    find("back").disabled = updates === 0;
    find("on").disabled = updates === data.updates;
  }

  function stop() {
    window.clearInterval(timer);
    timer = null;
    find("play").textContent = "Play";
  }

  function play() {
    if (Number(slider.value) === data.updates) show(0);
    find("play").textContent = "Pause";
    timer = window.setInterval(function () {
      show(Number(slider.value) + 1);
      if (Number(slider.value) === data.updates) stop();
    }, 220);
  }

  find("play").addEventListener("click", () => (timer ? stop() : play()));
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  find("back").addEventListener("click", () => { stop(); show(Number(slider.value) - 1); });
  find("on").addEventListener("click", () => { stop(); show(Number(slider.value) + 1); });
  find("vector").addEventListener("click", function () {
    vector = (vector + 1) % PATTERNS.length;
    show(Number(slider.value));
  });
  root.hidden = false;
  show(data.updates);
  if (!window.matchMedia("(prefers-reduced-motion: reduce)").matches) play();
});
