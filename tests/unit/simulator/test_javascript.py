"""A rule printed as JavaScript computes what the compiled code does, but for rounding."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from replication.definition.protocol import Protocol
from replication.simulator.engine import Engine
from replication.simulator.javascript import write_script
from replication.simulator.recirculation import find_network
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


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_script_and_compiled_code_agree(protocol):
    require(shutil.which("node"), "Node.js is missing")
    engine = Engine(protocol)
    weights = engine.rule.draw(7, 0, 2)
    script = write_script(engine.rule, "Rule") + f"const ROWS = {json.dumps(weights.tolist())};"
    done = subprocess.run(
        ["node", "-e", script + STEPS], capture_output=True, text=True, check=True
    )
    _, _, _, recorded = engine.train(weights, record=True, threshold=-1.0, max_updates=4)
    for row, found in zip(recorded, json.loads(done.stdout), strict=True):
        errors, states = zip(*found["seen"], strict=True)
        np.testing.assert_allclose(states, row[:4], rtol=0, atol=1e-11)
        np.testing.assert_allclose(errors, engine.evaluate(row[:4]).error, rtol=1e-11)
        network = find_network(protocol).from_weights(row[4], protocol)
        np.testing.assert_allclose(found["U"], network.U, rtol=0, atol=1e-11)
        for p, v in enumerate(network.patterns):
            expected = network.list_states(v)
            for group, state in zip(found["states"], expected, strict=True):
                np.testing.assert_allclose(group[p], state, rtol=0, atol=1e-10)
