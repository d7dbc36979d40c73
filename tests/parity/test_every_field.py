"""Every field of the protocol, and every choice, in the kernel and in networks to read."""

import dataclasses

import numpy as np
import pytest

from benchmarks.contenders import run_batch
from replication.definition.protocol import BACK_PROPAGATION, CHOICES, PAPER, Protocol
from replication.simulator.rule.network import Rule
from replication.simulator.rule.recirculation import FeedbackAlignmentNetwork, RecirculationNetwork
from replication.simulator.rule.weights import draw_weights, make_patterns
from replication.simulator.running.engine import Engine, evaluate_networks, record_weights
from replication.simulator.running.ensemble import simulate_weights
from tests.exactness.plain import check_bits
from tests.parity.loop import PaperLoop, TextbookNetwork

# Another value than the paper's for each field that is no choice, and no flag.
VALUES = {
    "group_sizes": (4, 3), "patterns": ((0.1, 0.9, 0.4, 0.0), (1.0, 0.0, 0.5, 0.2)),
    "n_images": 3, "learning_rate": 3.0, "momentum": 0.4, "decay": 0.05, "regression": 0.6,
    "visible_to_hidden_factor": 3.0, "hidden_to_visible_factor": 0.5, "frozen": ("W", "c"),
    "half_width": 0.8, "threshold": 0.2, "max_updates": 7, "batch_size": 3,
}  # fmt: skip
# What the networks have besides, with both values of a field.
NEEDED = {
    "batch_size": {"update_schedule": "minibatch"},
    "n_images": {"patterns": "digits", "group_sizes": (64, 2), "learning_rate": 0.1},
    "minimised_error": {"learning_rule": BACK_PROPAGATION},
    "visible_units": {"learning_rate": 0.3}, "hidden_function": {"learning_rate": 2.0},
}  # fmt: skip
ONE_BY_ONE = {"update_schedule": "per-pattern", "momentum": 0.4}
# Longer loops, and fields that depend on each other.
TOGETHER = {
    "4-3-2-4": {"group_sizes": (4, 3, 2)},
    "3-2-4-2-3, linear": {"group_sizes": (3, 2, 4, 2), "visible_units": "linear"},
    "4-2-2-4, unregressed": {"group_sizes": (4, 2, 2), "hidden_regression": False},
    "4-3-2-4, algebraic": {"group_sizes": (4, 3, 2), "hidden_function": "algebraic"},
    "4-3-2-4, b and U frozen": ONE_BY_ONE | {"group_sizes": (4, 3, 2), "frozen": ("b", "U")},
    "4-3-2-4, centred, decaying": {"group_sizes": (4, 3, 2), "centred": True, "decay": 0.1},
    "second round": ONE_BY_ONE | {"second_round": True, "group_sizes": (3, 3), "centred": True},
}


def list_cases():
    """Return each field with every choice that it allows, its other truth value, or a value."""
    cases = []
    for field in dataclasses.fields(Protocol):
        if isinstance(field.default, bool):
            cases.append({field.name: not field.default})
        elif field.name in CHOICES:
            cases += [{field.name: choice} for choice in CHOICES[field.name][1:]]
        elif field.name in VALUES:
            cases.append({field.name: VALUES[field.name]})
    return {str(case): case for case in cases}


CASES = list_cases()
EVERY = CASES | TOGETHER


def build(case, **fields):
    """Return a protocol with the paper's values of some fields, and one with other values."""
    # With momentum some networks are quick to come near the threshold.
    fields = {"momentum": 0.5, "threshold": 0.3, "max_updates": 20} | fields
    for name in case:
        fields |= NEEDED.get(name, {})
    base = dataclasses.replace(PAPER, **fields)
    return base, dataclasses.replace(base, **case)


def test_every_field_of_the_protocol_is_tested():
    missing = {field.name for field in dataclasses.fields(Protocol)}.difference(*CASES.values())
    assert not missing, f"give {missing} a value in VALUES"


# One test for each choice, since the choice is compiled anew in every process.
@pytest.mark.parametrize("case", EVERY.values(), ids=EVERY)
def test_every_choice_is_that_of_the_paper_read_alone_of_the_textbook_and_of_plain_numpy(case):
    check_that_it_matters(*build(case))
    # The bits of the compiled code, one operation after another.
    check_bits(build(case, max_updates=2)[1], 2)
    if not {"learning_rule", "minimised_error"} & {*case}:
        check_against_the_paper(build(case, learning_rate=10.0)[1])
    # Back-propagation has no second round, and no error stops a recording.
    if not {"second_round", "criterion", "error_measured_on"} & {*case}:
        _, descent = build(case, learning_rule=BACK_PROPAGATION, learning_rate=2.0)
        for weights in draw_weights(descent, 11, 0, 2):
            network = TextbookNetwork(descent, make_patterns(descent), weights)
            follow(network, record_weights(descent, weights[None], range(13))[0])


def check_that_it_matters(*protocols):
    """Hold that two protocols have other outcomes or weights, and other names."""
    runs = [simulate_weights(one, draw_weights(one, 31, 0, 20)) for one in protocols]
    first, second = (updates.tobytes() + final.tobytes() for updates, _, final in runs)
    assert first != second
    assert protocols[0].id != protocols[1].id


def check_against_the_paper(protocol):
    initial = draw_weights(protocol, 31, 0, 3)
    updates, converged, final = simulate_weights(protocol, initial)
    for s, weights in enumerate(initial):
        loop = PaperLoop(protocol, make_patterns(protocol), weights, seed=s)
        assert loop.train() == (updates[s], converged[s])
        # At this learning rate 20 updates multiply a difference of rounding many times.
        np.testing.assert_allclose(final[s], loop.flat(), rtol=0, atol=1e-8)


def follow(network, recorded):
    for expected in recorded[1:]:
        network.sweep()
        np.testing.assert_allclose(network.flat(), expected, rtol=0, atol=1e-10)


REGRESSED = [{"error_measured_on": "regressed", "criterion": c} for c in CHOICES["criterion"]]


@pytest.mark.parametrize("case", [*REGRESSED, *TOGETHER.values()])
def test_measures_are_those_of_the_paper_read_alone_and_of_the_class_run_in_numpy(case):
    _, protocol = build(case, regression=0.3, half_width=2.0)
    initial = draw_weights(protocol, 32, 0, 4)
    measured = evaluate_networks(protocol, initial)
    for s, weights in enumerate(initial):
        loop = PaperLoop(protocol, make_patterns(protocol), weights)
        network = RecirculationNetwork.from_weights(weights, protocol)
        assert measured.error[s] == pytest.approx(loop.error(), rel=1e-13)
        assert network.error() == pytest.approx(loop.error(), rel=1e-13)
        for p, pattern in enumerate(loop.patterns):
            hidden = loop.pass_hidden(pattern)
            for group, read, expected in zip(
                measured.hidden, network.list_hidden(pattern), hidden, strict=True
            ):
                np.testing.assert_allclose(group[s, p], expected, rtol=1e-13)
                np.testing.assert_allclose(read, expected, rtol=1e-13)
            image = loop.image(hidden)
            np.testing.assert_allclose(measured.reconstruction[s, p], image, rtol=1e-13)


def test_feedback_alignment_is_the_textbook_with_fixed_weights_in_place_of_u():
    protocol = Protocol(learning_rule=BACK_PROPAGATION, learning_rate=3.0, momentum=0.4)
    weights = Rule(FeedbackAlignmentNetwork, protocol).draw(5, 0, 3)
    recorded = Engine(protocol, FeedbackAlignmentNetwork).record(weights, range(13))
    for row, states in zip(weights, recorded, strict=True):
        network = TextbookNetwork(protocol, make_patterns(protocol), row[:22])
        network.feedback = row[22:].reshape(4, 2)
        follow(network, states[:, :22])


def test_a_tie_with_the_threshold_has_not_converged():
    # With weights of zero each of 16 reconstructions is 1/2: the error is 16/2 * 1/4 = 2.
    zeros = np.zeros((1, 22))
    protocol = Protocol(max_updates=1, learning_rate=1e-300, criterion="half-squared-error")
    for threshold, outcome in ((2.0, (1, False)), (np.nextafter(2.0, 3.0), (0, True))):
        one = dataclasses.replace(protocol, threshold=threshold)
        updates, converged, _ = simulate_weights(one, zeros)
        assert (updates[0], converged[0]) == outcome


@pytest.mark.parametrize("criterion", CHOICES["criterion"])
def test_networks_that_diverge_have_not_converged(criterion):
    protocol = Protocol(
        visible_units="linear", learning_rate=1e6, criterion=criterion, max_updates=60,
        threshold=1e-3,
    )  # fmt: skip
    with np.errstate(all="ignore"):
        updates, converged, final = simulate_weights(protocol, draw_weights(protocol, 33, 0, 4))
    assert not np.isfinite(final).all(), "the fault did not happen"
    assert not converged.any()
    assert updates.tolist() == [60] * 4


def test_the_kernel_and_networks_side_by_side_in_numpy_end_alike_but_for_rounding():
    weights = draw_weights(PAPER, 1988, 0, 40)
    updates, converged, _ = simulate_weights(PAPER, weights)
    other_updates, other_converged = run_batch(PAPER, weights)
    assert ((updates == other_updates) & (converged == other_converged)).sum() >= 39
