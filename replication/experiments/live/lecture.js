"use strict";
// Six steps: predict, try, reveal. The address holds the step and what was chosen in it.
document.addEventListener("DOMContentLoaded", function () {
  const find = (name) => document.getElementById("lecture-" + name);
  const data = JSON.parse(document.getElementById("live-data").textContent);
  const steps = [...document.querySelectorAll("section.step")];
  const NUMBERS = { rate: [1, 40], seed: [0, 1e9], skip: [0, 20], larger: [1, 4], aligned: [0, 1] };
  let current = 0;

  // What the address says: "#step=2&rate=5&seed=7&frozen=U"; whatever cannot be is left out.
  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const state = {};
    Object.entries(NUMBERS).forEach(function ([name, [low, high]]) {
      const value = Number(given.get(name) ?? NaN);
      if (Number.isInteger(value) && value >= low && value <= high) state[name] = value;
    });
    if (["", "W", "U", "b"].includes(given.get("frozen"))) state.frozen = given.get("frozen");
    const step = Number(given.get("step") ?? 1) - 1;
    return { state, step: Number.isInteger(step) && steps[step] ? step : 0, is_ours: [...given.keys()].some((name) => name === "step" || name in NUMBERS) };
  }

  function write() {
    const { rate, seed, frozen, skip, larger, aligned } = steps[current].player.state;
    const parts = { step: current + 1, rate, seed, ...(frozen && { frozen }), ...(skip && { skip }), ...(larger > 1 && { larger }), ...(aligned && { aligned }) };
    history.replaceState(null, "", "#" + new URLSearchParams(parts));
  }

  steps.forEach(function (step, k) {
    const root = step.querySelector(".live");
    const predict = step.querySelector(".predict");
    const reveal = step.querySelector(".reveal");
    step.querySelector("figure")?.classList.add("replaced");
    step.player = new Player(root, data, {
      state: JSON.parse(root.dataset.state), controls: root.dataset.controls.split(" "),
      begins: !root.dataset.then, asks: true, label: "The network of step " + (k + 1), onchange: () => { current = k; place(); write(); },
    });
    predict.querySelectorAll("button").forEach((one) => { one.hidden = false; });
    predict.addEventListener("click", function (event) {
      const chosen = event.target.closest("button");
      if (!chosen) return;
      predict.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one === chosen)));
      reveal.hidden = false;
      step.player.answer(JSON.parse(root.dataset.then ?? "{}"));
    });
    reveal.setAttribute("role", "status");
    reveal.hidden = true;
    step.querySelector("h2").tabIndex = -1;
    step.append(make("div", { class: "lecture-bar step-end" },
      ...[["Previous step", -1], ["Next step", 1]].filter(([, by]) => steps[k + by]).map(function ([name, by]) {
        const button = make("button", { type: "button" }, name);
        button.addEventListener("click", () => go(k + by));
        return button;
      })));
  });

  function place() {
    steps.forEach((step, k) => step.classList.toggle("current", k === current));
    find("place").textContent = "Step " + (current + 1) + " of " + steps.length;
    find("back").setAttribute("aria-disabled", String(current === 0));
    find("on").setAttribute("aria-disabled", String(current === steps.length - 1));
  }

  function go(step) {
    if (!steps[step]) return;
    steps.forEach((one) => one.player.stop());
    current = step;
    place();
    write();
    steps[step].scrollIntoView({ block: "start" });
    steps[step].querySelector("h2").focus({ preventScroll: true });
  }

  find("back").addEventListener("click", () => go(current - 1));
  find("on").addEventListener("click", () => go(current + 1));
  find("full").addEventListener("click", function () {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.();
  });
  document.addEventListener("fullscreenchange", function () {
    const is_full = Boolean(document.fullscreenElement);
    document.body.classList.toggle("full", is_full);
    find("full").textContent = is_full ? "Leave full screen" : "Full screen";
    steps[current].scrollIntoView({ block: "start" });
  });
  document.addEventListener("keydown", function (event) {
    const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    const is_plain = !(event.ctrlKey || event.altKey || event.metaKey || event.shiftKey);
    if (!step || !is_plain || event.target.closest("input, select, textarea")) return;
    if (event.key.startsWith("Page") && !document.body.classList.contains("full")) return;
    event.preventDefault();
    go(current + step);
  });

  function follow() {
    const { state, step, is_ours } = read();
    if (!is_ours) return;
    current = step;
    place();
    steps[step].player.set(state);
    steps[step].scrollIntoView({ block: "start" });
  }
  document.getElementById("lecture").hidden = false;
  place();
  follow();
  window.addEventListener("hashchange", follow);
});
