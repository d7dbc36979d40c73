"""The mechanism: theory against the limit it is true in, fast paths against literal loops."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.special import expit

from replication import PAPER, Protocol, RecirculationNetwork
from replication.experiments.instruments import agreement, interventions
from replication.experiments.instruments.agreement import LEVEL, measure_agreement
from replication.experiments.instruments.matrices import compute_cosines, get_w
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import controls, reach, run
from replication.simulator.rule.weights import draw_weights, make_patterns, split_weights
from replication.simulator.running.changes import compute_gradients
from replication.simulator.running.engine import Engine, record_weights
from replication.simulator.running.ensemble import simulate_weights

SEED = 7
SMALL = dataclasses.replace(PAPER, learning_rate=2.0)


def make_constant(protocol, size=1e-3):
    """Return networks whose W is small and whose reconstructions are all the mean of the inputs."""
    weights = draw_weights(dataclasses.replace(protocol, half_width=size), SEED, 0, 20)
    (_, b), (U, c) = split_weights(protocol, weights)
    mean = make_patterns(protocol).mean(axis=0)
    b[...], U[...] = 0.0, 0.0
    c[...] = mean if protocol.visible_units == "linear" else np.log(mean / (1 - mean))
    return weights


@pytest.mark.parametrize("name", ["one-hot 4-2-4", "bars 9-4-9", "smooth ring 4-3-4, linear"])
@pytest.mark.parametrize("fields", [
    {"regression": 0.3}, {"hidden_regression": False}, {"visible_to_hidden_factor": 4.0},
])  # fmt: skip
def test_change_of_w_is_the_theory_where_its_assumptions_hold(name, fields):
    protocol = dataclasses.replace(run.make_tasks()[name], learning_rate=0.5, **fields)
    measured = agreement.measure_growth(protocol, make_constant(protocol))
    assert measured["along_theory"] == pytest.approx(1.0, abs=1e-6)
    assert measured["growth"] == pytest.approx(measured["predicted"], rel=1e-4)
    if name.startswith(("one-hot", "bars")):
        assert measured["along_w"] == pytest.approx(1.0, abs=1e-6)


def test_predicted_alignment_is_that_of_the_growing_matrices_step_by_step():
    t, cosine = 0, 0.0
    W, U = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    while cosine < LEVEL:
        U = U + 2.0 * 0.25 * 0.25 * W
        W = W * (1 + agreement.predict_growth(SMALL))
        t += 1
        cosine = U @ W / math.sqrt(U @ U * (W @ W))
    assert math.ceil(agreement.predict_alignment_by_growth(SMALL)) == t


class Changed(RecirculationNetwork):
    """Some of its changes are replaced, as long as `replace` says by what."""

    replace = None

    def apply(self, changes):
        super().apply(changes | (self.replace(self.W, changes) if self.replace else {}))


@pytest.fixture
def follow():
    """Return the W of networks at their start, after updates that are changed, and unchanged."""

    def follow(name, n_first=3, protocol=PAPER):
        weights = draw_weights(protocol, SEED, 0, 200)
        chosen = interventions.INTERVENTIONS[name]
        rule, rows = interventions.prepare(protocol, weights, chosen, n_first=n_first)
        recorded = Engine(protocol, rule).train(
            rows, root_seed=5, record=True, threshold=-1.0, max_updates=4
        )[3][..., : protocol.n_weights]
        plain = [record_weights(protocol, recorded[:, t], 1)[:, 1] for t in range(4)]
        W = get_w(protocol, recorded)
        once = rows[:, protocol.n_weights + 1 :].reshape(200, -1, *W.shape[2:])
        return W, np.stack([get_w(protocol, x) for x in plain], axis=1), once, recorded

    return follow


def measure_cosines(one, other):
    pairs = (np.broadcast_to(x, np.shape(one)).reshape(-1, 8) for x in (one, other))
    return compute_cosines(*pairs)


@pytest.mark.parametrize("name", interventions.INTERVENTIONS)
def test_only_the_first_changes_are_others_and_then_it_is_the_rule_bit_for_bit(name, follow):
    W, plain, _, _ = follow(name)
    assert np.array_equal(W[:, 4], plain[:, 3])
    is_same = [np.array_equal(W[:, t + 1], plain[:, t]) for t in range(3)]
    learns = "W" not in interventions.INTERVENTIONS[name].names
    assert is_same == [learns] * 3


@pytest.mark.parametrize(("name", "frozen"), [
    ("dropped", ("W",)), ("U dropped", ("U",)), ("hidden biases dropped", ("b",)),
    ("all but W dropped", ("b", "U", "c")),
])  # fmt: skip
def test_what_is_dropped_is_frozen_at_first_bit_for_bit(name, frozen, follow):
    _, _, _, states = follow(name)
    # The weights after three updates are those of a protocol that freezes the same arrays.
    expected = train_for(PAPER, states[:, 0], 3, frozen=frozen)
    assert np.array_equal(states[:, 3], expected)
    # So are the updates of another rule, whichever of the two stretches meets the criterion.
    weights, chosen = states[:, 0], interventions.INTERVENTIONS[name]
    descent = Protocol(learning_rule="back-propagation", learning_rate=9.5)
    first = dataclasses.replace(descent, frozen=frozen, max_updates=3)
    early = simulate_weights(first, weights)
    updates, _, _ = simulate_weights(descent, early[2])
    found, _ = interventions.train_changed(descent, weights, chosen, n_first=3)
    assert found.tolist() == np.where(early[1], early[0], updates + 3).tolist()


@pytest.mark.parametrize("name", ["random", "steered", "gradient", "reversed"])
def test_what_takes_the_place_of_a_change_is_as_long_and_has_its_own_direction(name, follow):
    W, plain, once, states = follow(name)
    changes, rule = np.diff(W[:, :4], axis=1), plain[:, :3] - W[:, :3]
    lengths = [np.linalg.norm(x, axis=(2, 3)) for x in (changes, rule)]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-9)
    gradients = [get_w(PAPER, compute_gradients(PAPER, states[:, t])) for t in range(3)]
    along = {
        "steered": lambda: once, "gradient": lambda: -np.stack(gradients, axis=1),
        "reversed": lambda: -rule,
    }  # fmt: skip
    if name in along:
        assert measure_cosines(changes, along[name]()) == pytest.approx(np.ones(600))
    else:  # another direction at every update, in every network, with no preference
        for other in (np.roll(changes, 1, axis=0), np.roll(changes, 1, axis=1), rule):
            cosines = measure_cosines(changes, other)
            assert abs(cosines.mean()) < 4 / np.sqrt(600 * 8)
            assert cosines.std() == pytest.approx(1 / np.sqrt(8), abs=0.05)


@pytest.mark.parametrize("name", ["renewed", "exchanged"])
def test_another_code_has_the_means_and_the_length_of_the_one_it_takes_the_place_of(name, follow):
    def centre(W):
        return W - W.mean(axis=-1, keepdims=True)

    W, plain, once, _ = follow(name)
    new, rule = W[:, 1:4], plain[:, :3]
    assert new.mean(axis=-1) == pytest.approx(rule.mean(axis=-1))
    lengths = [np.linalg.norm(centre(x), axis=(2, 3)) for x in (new, rule)]
    assert lengths[0] == pytest.approx(lengths[1])
    if name == "exchanged":
        assert measure_cosines(centre(new), centre(once)) == pytest.approx(np.ones(600))
    else:
        cosines = measure_cosines(centre(new), np.roll(centre(new), 1, axis=1))
        assert abs(cosines.mean()) < 4 / np.sqrt(600 * 6)


def test_amplification_is_the_part_of_a_change_along_w_times_the_scatter(follow):
    protocol = dataclasses.replace(run.make_tasks()["smooth ring 4-3-4"], group_sizes=(4, 2))
    W, plain, _, _ = follow("amplification", protocol=protocol)
    deviations = make_patterns(protocol) - make_patterns(protocol).mean(axis=0)
    theory = W[:, :3] @ (deviations.T @ deviations)
    changes, rule = np.diff(W[:, :4], axis=1), plain[:, :3] - W[:, :3]
    assert np.abs(measure_cosines(changes, theory)) == pytest.approx(np.ones(600))
    assert measure_cosines(rule - changes, theory) == pytest.approx(np.zeros(600), abs=1e-8)


def test_a_smaller_w_waits_as_long_as_growth_takes_at_a_small_rate():
    weights = draw_weights(SMALL, SEED, 0, 60)
    found = controls.compare_starts(SMALL, weights)
    (smaller,) = (row for row in found["sizes"] if row["factor"] == 0.25)
    starts = found["starts"]
    factor = 1 + 2.0 * 0.75 * 0.25**2 / 4
    assert smaller["predicted"] == pytest.approx(math.log(4) / math.log(factor))
    assert smaller["extra"] == pytest.approx(smaller["predicted"], rel=0.05)
    assert abs(starts["small_u"]["extra"]) <= 2
    assert starts["small_both"]["extra"] == pytest.approx(math.log(16) / math.log(factor), rel=0.05)


def test_halves_are_slowed_or_exchanged_as_in_the_readable_network():
    weights = draw_weights(PAPER, SEED, 0, 3)
    found = controls.compare_halves(PAPER, weights)

    # Matrices and biases before learning and after it.
    flat = zip(weights, simulate_weights(PAPER, weights)[2], strict=True)
    pairs = [[RecirculationNetwork.from_weights(row).weights for row in rows] for rows in flat]

    def train(halved="", start=lambda initial, final: initial):
        rows = [np.concatenate([x.ravel() for x in start(*pair)]) for pair in pairs]
        networks = [*map(Changed.from_weights, rows)]
        for network in networks:
            network.replace = lambda _, changes: {name: changes[name] / 2 for name in halved}
        return np.median([network.train()[0] for network in networks])

    # W of the start, as long as the final W; or U = W^T, as long as the final U.
    def lengthen(initial, final, k=0):
        longer = np.linalg.norm(final[k]) / np.linalg.norm(initial[0]) * initial[0]
        return (longer, *initial[1:]) if k == 0 else (*initial[:2], longer.T, initial[3])

    for name, literal in {
        "slow_w": train("Wb"),
        "slow_u": train("Uc"),
        "final_w": train(start=lambda initial, final: (*final[:2], *initial[2:])),
        "final_u": train(start=lambda initial, final: (*initial[:2], *final[2:])),
        "long_w": train(start=lengthen),
        "long_u": train(start=lambda initial, final: lengthen(initial, final, k=2)),
    }.items():
        assert found[name]["median"] == literal, name


def test_u_alone_finishes_codes_that_lines_can_part_and_no_others():
    weights = draw_weights(SMALL, SEED, 0, 60)
    rows = controls.measure_readability(SMALL, weights)
    assert [row["moment"] for row in rows] == ["start", "aligned", "agrees", "half", "learnt"]
    assert rows[-1]["at"] == math.ceil(np.median(simulate_weights(SMALL, weights)[0]))
    at = rows[3]["at"]
    frozen = train_for(SMALL, weights, at)
    halves = (split_weights(SMALL, row)[0] for row in frozen)
    codes = np.array([expit(np.eye(4) @ W.T + b) for W, b in halves])
    _, finished, final = simulate_weights(dataclasses.replace(SMALL, frozen=("W", "b")), frozen)
    assert rows[3]["finished"]["share"] == finished.mean()
    assert np.all(controls.are_corners(codes)[finished])
    assert np.array_equal(get_w(SMALL, final), get_w(SMALL, frozen))


def test_change_of_w_without_its_common_part_is_that_of_deviations_from_both_means():
    task = run.make_tasks()["random bits 8-4-8, set 1"]
    protocol = dataclasses.replace(task, learning_rate=3.0, max_updates=1)
    weights = draw_weights(protocol, SEED, 0, 2)
    V = make_patterns(protocol)
    _, _, reached = simulate_weights(protocol, weights, network=controls.Apart)
    for before, after in zip(weights, reached, strict=True):
        (W, b), (U, c) = split_weights(protocol, before)
        h = expit(V @ W.T + b)
        v2 = 0.75 * V + 0.25 * expit(h @ U.T + c)
        differences = 0.25 * (h - expit(v2 @ W.T + b))
        away = [each - each.mean(axis=0) for each in (differences, v2)]
        (new_W, new_b), _ = split_weights(protocol, after)
        assert new_W - W == pytest.approx(3.0 * away[0].T @ away[1], rel=1e-9, abs=1e-12)
        assert new_b - b == pytest.approx(3.0 * differences.sum(axis=0), rel=1e-9)


def test_first_changes_of_w_lower_the_error_where_they_do_in_the_readable_network():
    weights = draw_weights(PAPER, SEED, 0, 20)
    squared = dataclasses.replace(PAPER, criterion="half-squared-error")

    def measure(row, n_first=1, **left_out):
        network = Changed.from_weights(row, squared)
        network.replace = lambda *_: left_out
        for _ in range(n_first):
            network.update()
        return network.error()

    extra = {"extra": 5.0, "extra_interval": [4.0, 6.0]}
    rows = {name: {"5": extra} for name in ("dropped", "random", "gradient")}
    judged = run.judge_useless_at_first({"paper": rows, "small": rows}, weights)
    for id, n, others, without in (
        ("error-20", 5, {}, {"W": 0}),
        ("one-20", 1, {}, {"W": 0}),
        ("alone-20", 1, {"b": 0, "U": 0, "c": 0}, {"W": 0, "b": 0, "U": 0, "c": 0}),
    ):
        lowered = [measure(row, n, **others) < measure(row, n, **without) for row in weights]
        assert judged["operationalisations"][id]["value"] == np.mean(lowered)


def test_split_is_that_of_the_diagonals_and_survives_any_linear_map():
    square = np.array([[0, 1, 0, 1], [0, 1, 1, 0]], dtype=float)  # the second lies opposite
    maps = np.random.default_rng(3).normal(size=(50, 2, 2))
    for order, expected in (([0, 1, 2, 3], 1), ([0, 2, 1, 3], 2), ([0, 2, 3, 1], 3)):
        found = controls.find_split(maps @ square[:, order] + 7.0)
        assert np.array_equal(found, np.full(50, expected))


@pytest.mark.parametrize(("rules", "fields"), [
    (("equation 3", "equation 4"), {}),
    (("descent", "descent"), {"learning_rule": "back-propagation"}),
])  # fmt: skip
def test_hybrid_of_two_halves_is_the_whole_rule(rules, fields):
    protocol = dataclasses.replace(PAPER, **fields, learning_rate=8.0, visible_to_hidden_factor=0.5)
    weights = draw_weights(protocol, SEED, 0, 5)
    rates = {"hidden_to_visible_factor": 8.0, "visible_to_hidden_factor": 4.0}
    halves = dataclasses.replace(PAPER, learning_rate=1.0, **rates)
    hybrid = type("Hybrid", (controls.Hybrid,), dict(zip(("upper", "lower"), rules, strict=True)))
    found = simulate_weights(halves, weights, network=hybrid)
    expected = simulate_weights(protocol, weights)
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])


def test_change_of_w_agrees_with_descent_where_u_has_learnt_to_read_w():
    weights = draw_weights(PAPER, SEED, 0, 200)
    judged = run.judge_creates({"paper": PAPER, "small": SMALL}, weights)["operationalisations"]
    for rate in (20, 2):
        assert judged[f"frozen-u-{rate}"]["value"] < 0.2 < judged[f"frozen-w-{rate}"]["value"]
    assert judged["shuffled-20"]["value"] < 0.2
    assert judged["set-20"]["value"] > 0.7
    alone = train_for(SMALL, weights, 60, frozen=("W", "b"))  # U and its biases
    agreement = np.median(measure_agreement(SMALL, alone)["lower"])
    assert judged["frozen-w-2"]["value"] == pytest.approx(agreement)


def test_another_rule_at_the_end_of_the_list_does_not_change_feedback_alignment(monkeypatch):
    before = reach.list_contestants(SMALL)["feedback alignment"].protocol
    longer = {**reach.RULES, "another": {"learning_rule": "back-propagation", "momentum": 0.5}}
    monkeypatch.setattr(reach, "RULES", longer)
    assert reach.list_contestants(SMALL)["feedback alignment"].protocol == before


@pytest.mark.parametrize("task", ["one-hot 4-2-4", "smooth ring 4-3-4, linear"])
def test_feedback_alignment_is_that_of_a_literal_loop(task):
    rate = 0.2 if "linear" in task else 2.0
    protocol = dataclasses.replace(run.make_tasks()[task], max_updates=1000)
    weights = draw_weights(protocol, SEED, 0, 4)
    feedback = reach.draw_feedback(protocol, 4).reshape(4, *protocol.group_sizes)
    rule = reach.list_contestants(protocol)["feedback alignment"]
    updates, converged, _ = rule.train(rule.draw(Sample(4, SEED)), rate)
    assert converged.any(), "or any feedback would do"
    V = make_patterns(protocol)
    for row, B, n, is_done in zip(weights, feedback, updates, converged, strict=True):
        (W, b), (U, c) = ((M.copy(), x.copy()) for M, x in split_weights(protocol, row))
        for applied in range(1001):
            h = expit(V @ W.T + b)
            r = h @ U.T + c
            r = r if protocol.visible_units == "linear" else expit(r)
            if np.abs(r - V).max() < protocol.threshold or applied == 1000:
                break
            d = (V - r) @ B * h * (1 - h)
            U, c = U + rate * (V - r).T @ h, c + rate * (V - r).sum(axis=0)
            W, b = W + rate * d.T @ V, b + rate * d.sum(axis=0)
        assert (n, is_done) == (applied, np.abs(r - V).max() < protocol.threshold)


@pytest.fixture
def play(monkeypatch):
    """Let all rules be one whose networks, of the learning rates, take what a function says."""

    def play(updates, error=None):
        def train(rule, weights, rate, *, jobs=1):
            seen.append((rate, weights[0, 0], len(weights)))
            n = np.full(len(weights), float(updates(rate)))
            converged = n < rule.protocol.max_updates
            return n, converged, 0.0 if converged.any() else error(rate)

        seen = []
        monkeypatch.setattr(reach.Contestant, "train", train)
        one = {"recirculation": reach.Contestant(PAPER)}
        monkeypatch.setattr(reach, "list_contestants", lambda *_: one)
        found = reach.compare_rules(PAPER, Sample(50, 5), search=Sample(40, 5))
        return found["recirculation"], seen

    return play


@pytest.mark.parametrize("best", [1e-4, 7.0, 3e4])
def test_search_goes_past_the_edge_to_the_best_rate_and_does_not_reuse_the_networks(play, best):
    found, seen = play(lambda rate: abs(math.log(rate / best)))
    assert abs(math.log(found["rate"] / best)) < math.log(2.0) / 4 + 0.02, "between FINE factors"
    assert found["tried"][0] < found["rate"] < found["tried"][1]
    assert not found["at_edge"]
    assert {first for _, first, _ in seen[:-1]} == {seen[0][1]} != {seen[-1][1]}
    assert seen[-1][2] == 50


def test_search_says_when_its_best_is_at_the_edge_of_all_it_may_try(play):
    found, seen = play(lambda rate: 1000.0 + math.log(rate))
    assert found["at_edge"]
    assert len(seen) == reach.MOST_RATES + len(reach.FINE) + 1


def test_error_leads_the_search_where_nothing_converges_and_diverging_is_worst(play):
    def error(rate):
        return math.inf if rate > 1e-3 else abs(math.log(rate / 1e-5))

    found, seen = play(lambda _: PAPER.max_updates, error)
    assert 1e-5 / reach.STEP < found["rate"] < 1e-5 * reach.STEP
    assert found["least_error"] < math.log(reach.STEP)
    assert found["converged"]["share"] == 0.0
    assert {n for _, _, n in seen} == {10, reach.MIN_FEW}, "no further networks"


@pytest.mark.parametrize("copies", [1, 50])
def test_search_begins_at_a_rate_that_follows_from_the_number_of_patterns(copies):
    """So many times the patterns at as much a smaller rate are the same updates."""
    rows = np.repeat(np.eye(4), copies, axis=0)
    protocol = dataclasses.replace(PAPER, patterns=rows.tolist() if copies > 1 else "one-hot")
    # Of [v 1]: the products sum to [[1, 1], [1, 4]] in blocks, whose eigenvalues are 0, 1 and 5.
    assert reach.measure_curvature(protocol) == pytest.approx(5.0 * copies)


class Same(RecirculationNetwork):
    """The paper's rule by another name."""


def test_rule_of_ones_own_is_searched_and_judged_on_the_same_networks_as_the_others():
    found = reach.compare_rules(PAPER, Sample(40, 3, 2), search=Sample(20, 3, 2), own=Same)
    assert found["Same"] == found["recirculation"]
