"""A rule printed as JavaScript computes what the compiled code does, but for rounding."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from replication.definition.protocol import PAPER, Protocol
from replication.experiments import TEMPLATES
from replication.experiments.instruments.interventions import freeze, prepare
from replication.experiments.live.cloud import MEANINGS
from replication.experiments.live.rule_page import render_page, write_template
from replication.report.template import fill
from replication.simulator.compiler.javascript import write_script
from replication.simulator.rule.network import Rule
from replication.simulator.rule.recirculation import RecirculationNetwork, find_network
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import Engine
from tests.property.test_arrays import OF_SPECIAL, OF_TRUTHS, OPERATIONS, show_each
from tests.reliability.faults import require

PROTOCOLS = {
    "paper": Protocol(),
    "momentum, decay, frozen": Protocol(momentum=0.4, decay=0.01, frozen=("b",)),
    "one by one": Protocol(update_schedule="per-pattern", criterion="worst-pattern"),
    "longer loop": Protocol(group_sizes=(5, 3, 2), hidden_function="tanh", learning_rate=2.0),
    "descent": Protocol(learning_rule="back-propagation", hidden_function="softplus"),
    "many patterns": Protocol(
        patterns=tuple(tuple(row) for row in np.random.default_rng(0).random((23, 3))),
        group_sizes=(3, 2), centred=True, criterion="unexplained-variance", learning_rate=0.5,
    ),
}  # fmt: skip
STEPS = """
const found = ROWS.map((row) => {
  const one = new Rule(row), seen = [];
  for (let t = 0; t < 4; t += 1) { seen.push([one.error(), Array.from(one.now)]); one.update(); }
  return { seen, states: one.states(), U: one.get("U") };
});
console.log(JSON.stringify(found));
"""


def run_script(script):
    """Return what a script prints as JSON."""
    require(shutil.which("node"), "Node.js is missing")
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_script_and_compiled_code_agree(protocol):
    engine = Engine(protocol)
    weights = engine.rule.draw(7, 0, 2)
    script = write_script(engine.rule, "Rule") + f"const ROWS = {json.dumps(weights.tolist())};"
    recorded = engine.record(weights, range(5))
    for row, found in zip(recorded, run_script(script + STEPS), strict=True):
        errors, states = zip(*found["seen"], strict=True)
        np.testing.assert_allclose(states, row[:4], rtol=0, atol=1e-11)
        np.testing.assert_allclose(errors, engine.evaluate(row[:4]).error, rtol=1e-11)
        network = find_network(protocol).from_weights(row[4], protocol)
        np.testing.assert_allclose(found["U"], network.U, rtol=0, atol=1e-11)
        for p, v in enumerate(network.patterns):
            # States of each group, pattern by pattern.
            expected = network.list_states(v)
            for group, state in zip(found["states"], expected, strict=True):
                np.testing.assert_allclose(group[p], state, rtol=0, atol=1e-10)


SHOW = """
const show = (_, x) => (typeof x === "number" ? String(x) : x);  // also what is not finite
console.log(JSON.stringify(new Rule(ROW).states(), show));
"""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy
@pytest.mark.parametrize(("texts", "pair"), [
    (OPERATIONS, "vt"), (OPERATIONS, "XM"), (OF_SPECIAL, "Zz"), (OF_TRUTHS, "fg"),
])  # fmt: skip
def test_script_computes_each_operation_as_numpy_does(texts, pair):
    rule, weights, expected = show_each(texts, pair)
    script = write_script(Rule(rule), "Rule") + f"const ROW = {json.dumps(weights.tolist())};"
    *found, _ = run_script(script + SHOW)
    for (text, states), each in zip(expected.items(), found, strict=True):
        shown = np.array(each, dtype=float).reshape(states.shape)
        np.testing.assert_allclose(shown, states, rtol=1e-11, atol=1e-11, err_msg=text)


SLOW = {"learning_rate": 5.0}  # at which rounding does not grow; at the paper's rate a billionfold
PAGES = {
    "paper": (PAPER, {}, 1e-4),
    **{name: (Protocol(criterion=name, **SLOW), {}, 1e-12) for name in MEANINGS},
    "high regression": (Protocol(regression=0.9, learning_rate=10.0), {}, 1e-12),
    "no regression": (Protocol(regression=0.0, learning_rate=1.0), {}, 1e-12),
    "biases frozen": (Protocol(frozen=("b",), **SLOW), {}, 1e-12),
    "decoder frozen": (Protocol(frozen=("U", "c"), max_updates=240, **SLOW), {}, 1e-12),
    "late W": (Protocol(**SLOW), {"W": 20}, 1e-12),
    "late U": (Protocol(**SLOW), {"U": 5}, 1e-12),
}
TRAIN = """
console.log(JSON.stringify(CASES.map(({ settings, threshold, cap }) => SEEDS.map(function (seed) {
  const one = new LiveNetwork(drawWeights(seed, { root_seed: 1988, half_width: 0.5 }), settings);
  const start = one.weights(), learnt = one.train(threshold, cap);
  return [start, learnt, one.updates, one.weights()];
}))));
"""


def test_networks_start_and_learn_in_the_pages_as_in_the_compiled_code():
    """By every setting that a page offers, and by those of the lesson."""
    template = TEMPLATES / "live" / "network.js"
    page = fill(template, {}, {}, search=[TEMPLATES], write=write_template)
    cases = [
        {
            "settings": {
                "rate": protocol.learning_rate, "regression": protocol.regression,
                "criterion": protocol.criterion, "frozen": protocol.frozen, "skip": skip,
            },
            "threshold": protocol.threshold, "cap": protocol.max_updates,
        }
        for protocol, skip, _ in PAGES.values()
    ]  # fmt: skip
    given = f"const CASES = {json.dumps(cases)}, SEEDS = [...Array(20).keys()];"
    # Each case learns from twenty seeds in one run of the script.
    results = run_script(page + given + TRAIN)
    drawn = draw_weights(PAPER, 1988, 0, 20)
    for (protocol, skip, tolerance), found in zip(PAGES.values(), results, strict=True):
        # A lesson that starts late: W or U is frozen for the first updates.
        rule, rows = None, drawn
        if skip:
            ((name, n_first),) = skip.items()
            rule, rows = prepare(protocol, drawn, freeze(name), n_first=n_first)
        expected, converged, final = Engine(protocol, rule).train(rows, final=True)
        starts, learnt, updates, weights = (np.array(each) for each in zip(*found, strict=True))
        np.testing.assert_array_equal(starts, drawn)
        np.testing.assert_array_equal(learnt, converged)
        np.testing.assert_array_equal(updates, expected)
        np.testing.assert_allclose(weights, final[:, :22], rtol=tolerance, atol=tolerance)


def test_a_page_shows_the_name_of_a_rule_whatever_it_is():
    name = "A@SETTINGS@SCRIPT@B"
    named = type(name, (RecirculationNetwork,), {})
    assert f"<title>{name} learns</title>" in render_page(Rule(named), 1)
