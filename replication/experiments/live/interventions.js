"use strict";
// Trains pairs of networks, one of each with an intervention, beside what many networks did.
document.addEventListener("DOMContentLoaded", function () {
  const root = document.getElementById("try");
  const shared = document.getElementById("live-data");
  if (!root || !shared) return;
  const find = (name) => document.getElementById("try-" + name);
  const data = { ...JSON.parse(shared.textContent), ...JSON.parse(find("data").textContent) };
  const form = find("form");
  const N_PAIRS = 200;
  let stop = null;

  // What is chosen: what is done to the second network of each pair, and what many did.
  function read() {
    const kind = form.elements.change.value;
    const [skip, larger] = [find("skip").value, find("larger").value];
    const stored = data.interventions[kind];
    if (kind === "skip") return { change: { skip: Number(skip) }, stored: stored[skip] };
    if (kind === "larger") return { change: { larger: Number(larger) }, stored: stored[larger] };
    if (kind === "aligned") return { change: { aligned: true }, stored };
    return { change: { frozen: [kind] }, stored };
  }

  function summarise(outcomes) {
    const sorted = sort(outcomes.map((one) => one.updates));
    return {
      median: half(sorted),
      p99: sorted[Math.ceil(0.99 * sorted.length) - 1],
      failed: outcomes.filter((one) => !one.converged).length / outcomes.length,
    };
  }

  function judge({ extra, failed }) {
    if (failed > 0.5) return "impossible";
    return extra >= 1 ? "slower" : extra <= -1 ? "faster" : "as fast";
  }

  function report(pairs, stored, guess) {
    const extra = half(sort(pairs.map(([one, other]) => other.updates - one.updates)));
    const here = [0, 1].map((k) => summarise(pairs.map((pair) => pair[k])));
    const truth = judge(stored);
    const said = { slower: "slower", faster: "faster", impossible: "impossible", "as fast": "neither" };
    const words = stored.failed > 0.5
      ? "Most networks never learn."
      : "In the median pair the changed network " + tellExtra(extra) + " here, and " + tellExtra(stored.extra) + " in " + data.n.toLocaleString("en") + " stored pairs.";
    find("words").textContent = words + " You expected “" + said[guess] + "”: " + (guess === truth ? "so it is." : "it is “" + said[truth] + "”.");
    const rows = [
      ["untouched, " + pairs.length + " here", here[0]], ["changed, " + pairs.length + " here", here[1]],
      ["untouched, " + data.n.toLocaleString("en") + " stored", data.interventions.none],
      ["changed, " + data.n.toLocaleString("en") + " stored", stored],
    ];
    const write = (x) => (x >= data.cap ? "failed" : x.toLocaleString("en"));
    find("result").querySelector("tbody").replaceChildren(...rows.map(([name, row]) => make("tr", {},
      make("th", { scope: "row" }, name), make("td", {}, write(row.median)), make("td", {}, write(row.p99)),
      make("td", {}, (100 * row.failed).toFixed(row.failed > 0 && row.failed < 0.1 ? 2 : 0) + " %"))));
    find("result").hidden = false;
  }

  function halt(words) {
    if (stop) stop();
    stop = null;
    find("run").textContent = find("run").dataset.name;
    if (words) find("words").textContent = words;
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    if (stop) { halt("Stopped."); return; }
    const { change, stored } = read();
    const guess = form.elements.guess.value;
    const pairs = [];
    find("result").hidden = true;
    find("run").textContent = "Stop";
    find("words").textContent = "Training.";
    const first = Math.floor(1e9 * Math.random());
    stop = runAside(trainPairs, { n: N_PAIRS, first, change, rate: data.rate, data }, function (pair) {
      pairs.push(pair);
      if (pairs.length % 20 === 0) find("words").textContent = pairs.length + " of " + N_PAIRS + " pairs are trained.";
      if (pairs.length === N_PAIRS) { halt(); report(pairs, stored, guess); }
    });
  });
  form.addEventListener("change", function (event) {
    if (event.target.name === "guess") return;
    halt("Nothing is trained yet.");
    find("result").hidden = true;
    // What was expected of another change is no prediction of this one.
    [...form.elements.guess].forEach((one) => { one.checked = false; });
    find("watch").hidden = form.elements.change.value !== "b";
  });
  find("watch").addEventListener("click", function () {
    window.livePlayer.set({ rate: data.rate, seed: data.failing, frozen: "b" });
    window.livePlayer.root.scrollIntoView({ block: "center" });
    window.livePlayer.slider.focus({ preventScroll: true });
  });
  ["skip", "larger"].forEach((name) => find(name).addEventListener("focus", function () {
    form.elements.change.value = name;
    find("watch").hidden = true;
  }));
  find("run").dataset.name = find("run").textContent;
  root.hidden = false;
});
