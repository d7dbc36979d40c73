"""Laws of the simulator that hold for any protocol, seeds and way of running."""

import dataclasses

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from replication.definition.protocol import CHOICES, Protocol
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.ensemble import simulate_weights


def build(*, second_round, **fields):
    """Return a protocol; only recirculation has a second round, and no cross-entropy."""
    if fields["minimised_error"] == "cross-entropy":
        fields |= {"learning_rule": "back-propagation", "visible_units": "logistic"}
    second_round = second_round and fields["learning_rule"] == "recirculation"
    return Protocol(max_updates=60, second_round=second_round, **fields)


protocols = st.builds(
    build,
    second_round=st.booleans(),
    visible_to_hidden_factor=st.sampled_from([1.0, 4.0]),
    hidden_to_visible_factor=st.sampled_from([1.0, 0.3]),
    group_sizes=st.sampled_from([(4, 2), (3, 4)]),
    learning_rate=st.floats(0.1, 40.0),
    regression=st.floats(0.0, 0.95),
    momentum=st.sampled_from([0.0, 0.5]),
    decay=st.sampled_from([0.0, 0.1]),
    **dict.fromkeys(("hidden_regression", "symmetric_start", "centred"), st.booleans()),
    half_width=st.floats(0.05, 2.0),
    threshold=st.floats(0.05, 2.0),
    **{name: st.sampled_from(CHOICES[name]) for name in CHOICES},
)


@settings(max_examples=25)
@given(protocols, st.integers(0, 10**12), st.floats(1.0, 3.0), st.integers(1, 60))
def test_order_and_company_matter_not_thresholds_and_caps_only_censor(protocol, start, factor, cap):
    # The order of minibatches is drawn from the seed, here the place of a row.
    assume(protocol.update_schedule != "minibatch")
    weights = draw_weights(protocol, 1988, start, start + 70)
    updates, converged, final = simulate_weights(protocol, weights)
    # In another order, and alone: 70 networks fill no whole number of lanes.
    for some in (np.random.default_rng(start).permutation(70), [33]):
        found = simulate_weights(protocol, weights[some])
        for ours, theirs in zip((updates, converged, final), found, strict=True):
            assert ours[some].tobytes() == theirs.tobytes()

    # A looser threshold is met sooner, and by all that met the other one.
    looser = dataclasses.replace(protocol, threshold=protocol.threshold * factor)
    sooner, there, _ = simulate_weights(looser, weights)
    assert np.all(sooner <= updates)
    assert np.all(there >= converged)

    # A lower cap only cuts.
    capped, there_by_cap, _ = simulate_weights(
        dataclasses.replace(protocol, max_updates=cap), weights
    )
    np.testing.assert_array_equal(capped, np.minimum(updates, cap))
    np.testing.assert_array_equal(there_by_cap, converged & (updates <= cap))
