"""Real images: the theory of the appendix, held to the rules, and what stands for what."""

import numpy as np
import pytest

from replication import PAPER, Protocol, RecirculationNetwork
from replication.experiments import EXPERIMENTS, TEMPLATES
from replication.experiments.images import linear, logistic, rules
from replication.experiments.images.rules import BY_BATCH, draw, evaluate, split, train_epochs, vary
from replication.experiments.instruments.matrices import Scatter, get_u, get_w
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.activations import logistic as squash
from replication.simulator.rule.network import Rule
from replication.simulator.rule.weights import draw_weights, make_patterns, split_weights
from replication.simulator.running.changes import compute_changes
from tests.unit.experiments.builders import differentiate
from tests.unit.experiments.published import get

N_HIDDEN = rules.N_HIDDEN
SCATTER = linear.make_digits()
THROUGH = {
    rules.Recirculation: "W", rules.BackPropagation: "U", rules.FeedbackAlignment: "B",
    rules.Inverse: "Q", rules.WeightMirror: "B", rules.KolenPollack: "B",
}  # fmt: skip
"""Rules, and the array through which errors reach hidden units, M; U for its transpose."""


def build(rule, seed=0, **arrays):
    """Return a network of a linear rule that learns digits, in plain NumPy, with other arrays."""
    whole = Rule(vary(rule, patterns=SCATTER.root), Protocol(half_width=0.3))
    network = whole.build(whole.draw(5, seed, seed + 1)[0])
    for name, array in arrays.items():
        setattr(network, name, array)
    return network


def sum_changes(network):
    """Return what all patterns change together, at a rate of 1."""
    each = [network.weight_changes(v) for v in network.patterns]
    return {name: sum(one[name] for one in each) / network.rate for name in each[0]}


def read_best(W, matrix=SCATTER.matrix):
    """Return the best decoder of W, U = S W^T (W S W^T)^-1."""
    read = W @ matrix
    return np.swapaxes(np.linalg.solve(read @ np.swapaxes(W, -1, -2), read), -1, -2)


def get_feedback(network):
    name = next(name for rule, name in THROUGH.items() if isinstance(network, rule))
    return network.U.T if name == "U" else getattr(network, name)


def test_roots_stand_for_all_images():
    for scatter in (SCATTER, linear.make_patches()):
        assert scatter.root.T @ scatter.root == pytest.approx(scatter.matrix, abs=1e-12)
    images = make_patterns(linear.IMAGES)
    deviations = images - images.mean(axis=0)
    assert deviations.T @ deviations / len(images) == pytest.approx(SCATTER.matrix, abs=1e-12)


def test_power_of_the_patches_falls_as_the_square_of_the_frequency():
    scatter, x = linear.make_patches(), np.arange(64).reshape(8, 8) // 8
    slow, fast = (np.cos(2 * np.pi * k * x / 8).ravel() for k in (1, 3))
    (one, nine) = (wave @ scatter.matrix @ wave / (wave @ wave) for wave in (slow, fast))
    assert one / nine == pytest.approx(9.0)
    assert np.trace(scatter.matrix) == pytest.approx(np.trace(SCATTER.matrix))


@pytest.mark.parametrize("rule", THROUGH, ids=lambda rule: rule.__name__)
def test_errors_reach_hidden_units_through_the_feedback_of_a_rule(rule):
    network, S = build(rule), SCATTER.matrix
    changes, unread = sum_changes(network), np.eye(64) - network.U @ network.W
    expected, keep = get_feedback(network) @ unread @ S, rules.REGRESSION
    share = 1 - keep if rule is rules.Recirculation else 1.0
    if rule is rules.Recirculation:
        seen = keep * np.eye(64) + (1 - keep) * (network.U @ network.W).T
        expected = share**2 * expected @ seen  # both passes are regressed
    assert changes["W"] == pytest.approx(expected, abs=1e-12)
    assert changes["U"] == pytest.approx(share * unread @ S @ network.W.T, abs=1e-12)


def find_outside(M, W):
    """Return the part of M that W does not span on the range of S."""
    unseen, whole = (np.linalg.norm(x @ SCATTER.root.T) for x in (M - M @ read_best(W) @ W, M))
    return unseen / whole


@pytest.mark.parametrize("rule", THROUGH, ids=lambda rule: rule.__name__)
def test_a_rule_rests_if_and_only_if_w_spans_its_feedback(rule):
    network = build(rule)
    network.U = read_best(network.W)
    outside = find_outside(get_feedback(network), network.W)
    change = np.abs(sum_changes(network)["W"]).max()
    assert (change < 1e-10) == (outside < 1e-7) == (rule is rules.Recirculation)
    # The other direction: any W with the span of the feedback rests.
    mixed = np.random.default_rng(1).normal(size=(N_HIDDEN, N_HIDDEN))
    if rule is rules.BackPropagation:  # whose feedback is given by W: at any principal directions
        network.W = mixed @ SCATTER.directions[:, 3 : 3 + N_HIDDEN].T
    elif rule is not rules.Recirculation:
        network.W = mixed @ get_feedback(network)
    network.U = read_best(network.W)
    assert find_outside(get_feedback(network), network.W) < 1e-7
    changes = sum_changes(network)
    assert max(np.abs(changes[name]).max() for name in "WU") < 1e-9


def test_criterion_holds_for_a_w_of_lower_rank():
    generator = np.random.default_rng(2)
    W = generator.normal(size=(N_HIDDEN, 4)) @ generator.normal(size=(4, 64))
    G, S = W @ SCATTER.matrix @ W.T, SCATTER.matrix
    U = S @ W.T @ np.linalg.pinv(G, rcond=1e-10)
    network = build(rules.FeedbackAlignment, W=W, U=U)
    assert np.abs(sum_changes(network)["W"]).max() > 0.01
    network.B = generator.normal(size=(N_HIDDEN, N_HIDDEN)) @ W
    assert np.abs(sum_changes(network)["W"]).max() < 1e-8
    assert np.abs(W @ U - np.eye(N_HIDDEN)).max() > 0.1


def test_without_regression_any_rule_that_sees_the_image_rests_at_the_best_decoder():
    network = build(rules.FeedbackAlignment)
    network.U = read_best(network.W)
    images = [network.image(v) for v in network.patterns]
    pairs = zip(network.patterns, images, strict=True)
    seen = sum(np.outer(network.B @ (v - r), r) for v, r in pairs)
    assert np.abs(seen).max() < 1e-10


def test_the_inverse_learns_within_the_span_of_the_decoder_unless_its_input_is_noisy():
    network = build(rules.Inverse)
    # A projection onto the span of the columns of U leaves such changes as they are.
    columns = np.linalg.qr(network.U)[0]
    change = sum_changes(network)["Q"]
    assert change == pytest.approx(change @ columns @ columns.T, abs=1e-12)
    noisy = sum_changes(build(rules.HiddenNoise))["Q"]
    assert noisy == pytest.approx(noisy @ columns @ columns.T, abs=1e-12)
    white = sum_changes(build(rules.WhiteNoise))["Q"]
    assert np.abs(white - white @ columns @ columns.T).max() > 1e-3


def draw_linear(patterns, n_networks, **fields):
    """Return a protocol of linear units without biases but c, the mean; and its networks."""
    protocol = Protocol(
        group_sizes=(len(patterns[0]), 2), patterns=patterns, centred=True,
        visible_units="linear", hidden_function="linear", frozen=("b", "c"), **fields,
    )  # fmt: skip
    weights = draw_weights(protocol, 5, 0, n_networks)
    (_, b), (_, c) = split_weights(protocol, weights)
    b[...], c[...] = 0.0, np.mean(patterns, axis=0)
    return protocol, weights


@pytest.mark.parametrize("regression", [0.0, 0.2, 0.75])
def test_what_codes_lack_of_agreement_follows_the_exact_dynamics(regression):
    patterns = np.random.default_rng(3).random((8, 5))
    protocol, weights = draw_linear(patterns.tolist(), 6, regression=regression)
    # D = W U - I, and its change, of first order in the learning rate.
    W, S = get_w(protocol, weights), Scatter.of(protocol).matrix
    U = np.swapaxes(get_u(protocol, weights), 1, 2)
    changes = compute_changes(protocol, weights)
    W_, U_ = get_w(protocol, changes), np.swapaxes(get_u(protocol, changes), 1, 2)
    A = regression * np.eye(5) + (1 - regression) * np.swapaxes(U @ W, 1, 2)
    D, pull = W @ U - np.eye(2), (1 - regression) * A @ U + np.swapaxes(W, 1, 2)
    change = W_ @ U + W @ U_
    assert change == pytest.approx(-(1 - regression) * D @ W @ S @ pull, abs=1e-12)

    # Where U is the best decoder, all that D is multiplied by has positive eigenvalues.
    best = read_best(W, Scatter.of(protocol).matrix)
    A = regression * np.eye(5) + (1 - regression) * np.swapaxes(best @ W, 1, 2)
    pull = W @ S @ ((1 - regression) * A @ best + np.swapaxes(W, 1, 2))
    assert np.linalg.eigvals(pull).real.min() > 0


def test_white_inputs_keep_the_span_of_w():
    rule = vary(rules.combine(rules.Mixture, share=0.0), patterns=0.4 * np.eye(64))
    weights = draw(rule, 0.3, Sample(2, 3))
    first, last = (
        split(rule, x)["W"] for x in (weights, train_for(BY_BATCH, weights, 300, network=rule))
    )
    assert np.linalg.norm(last - first) > 0.1 * np.linalg.norm(first)
    assert last @ np.linalg.pinv(first) @ first == pytest.approx(last, abs=1e-12)


@pytest.mark.parametrize("decay", [0.0, 0.003])
def test_only_with_decay_does_w_end_at_principal_directions(decay):
    patterns = [[1, 0.2, 0, 0.4], [0.1, 0.9, 0.3, 0.5], [0.8, 0.7, 0.1, 0], [0, 0.1, 0.6, 0.9]]
    protocol, weights = draw_linear(patterns, 8, learning_rate=0.5, decay=decay)
    final = train_for(protocol, weights, 20_000)
    scatter, W = Scatter.of(protocol), get_w(protocol, final)
    # The part of what hidden units see that lies in as many principal directions as they are.
    seen = (W @ scatter.directions) * np.sqrt(scatter.strengths)
    basis = np.linalg.qr(np.swapaxes(seen, 1, 2))[0]
    shares = np.sum(basis[:, :2] ** 2, axis=(1, 2)) / 2
    assert (shares.min() > 1 - 1e-6) == (decay > 0)


def test_logistic_recirculation_is_that_of_the_protocol():
    protocol = Protocol(
        group_sizes=(64, 16), patterns="digits", n_images=20, centred=True, learning_rate=0.2,
        update_schedule="per-pattern",
    )  # fmt: skip
    rule = logistic.show(rules.LogisticRecirculation, make_patterns(protocol))
    weights = draw_weights(protocol, 7, 0, 3)
    assert np.array_equal(draw(rule, protocol.half_width, Sample(3, 7)), weights)
    ours = train_epochs(rule, weights, (4,))[0]
    assert ours == pytest.approx(train_for(protocol, weights, 4), abs=1e-9)


def test_equation_4_descends_in_the_cross_entropy_of_codes_with_the_first_pass_held_fixed():
    network, keep = RecirculationNetwork.from_seed(4), PAPER.regression
    # Second-pass input and the code that is its target, both held fixed.
    v = network.patterns[1]
    h, seen = network.first_pass(v), network.regress(v, network.image(v))

    def measure(W):
        g = squash(W.reshape(2, 4) @ seen + network.b)
        return -np.sum(h * np.log(g) + (1 - h) * np.log(1 - g))

    change = network.weight_changes(v).W.ravel() / PAPER.learning_rate
    expected = -(1 - keep) * differentiate(measure, network.W.ravel())
    assert change == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_turning_keeps_the_length_of_w_and_shrinking_its_direction():
    images = make_patterns(linear.IMAGES)[:20]
    for shown in (rules.Turning, rules.Shrinking):
        rule = logistic.show(shown, images)
        states = train_epochs(rule, draw(rule, 0.5, Sample(2, 3)), (0, 3))
        first, last = (split(rule, weights)["W"] for weights in states)
        lengths = [np.linalg.norm(W, axis=(1, 2)) for W in (first, last)]
        cosines = np.sum(first * last, axis=(1, 2)) / (lengths[0] * lengths[1])
        is_turning = shown is rules.Turning
        assert np.allclose(*lengths, rtol=1e-6) == is_turning
        assert np.allclose(cosines, 1.0, atol=1e-4) == (not is_turning)


def test_sleep_alone_draws_w_to_a_multiple_of_the_decoder():
    constants = {"factor": 0.0, "rate": 0.0, "echo": 0.5, "decay": 0.002}
    rule = vary(rules.combine(rules.Sleep, **constants), patterns=SCATTER.root[:1])
    arrays = split(rule, train_for(BY_BATCH, draw(rule, 0.3, Sample(2, 3)), 4_000, network=rule))
    drawn, wanted = arrays["W"], 0.5 * np.swapaxes(arrays["U"], 1, 2)
    assert np.linalg.norm(drawn - wanted) < 0.25 * np.linalg.norm(wanted)


def test_networks_are_evaluated_as_they_stand_by_the_units_that_they_have():
    images = make_patterns(linear.IMAGES)[:30]
    rule = logistic.show(logistic.RULES["inverse, white noise"], images)
    weights = draw(rule, 0.5, Sample(2, 3))
    found = evaluate(rule, weights, images[:5])
    one = Rule(rule, Protocol()).build(weights[1])
    assert found.hidden[0][1] == pytest.approx(np.array([one.hidden(v) for v in images[:5]]))
    assert found.reconstruction[1] == pytest.approx(np.array([one.image(v) for v in images[:5]]))
    # The error is the share of the variance of these images that is missed.
    variation = np.sum((images[:5] - images[:5].mean(axis=0)) ** 2)
    missed = np.sum((found.reconstruction - images[:5]) ** 2, axis=(1, 2)) / variation
    assert found.error == pytest.approx(missed)


def test_rules_that_are_compared_by_their_criterion_learn_at_one_rate_as_the_appendix_says():
    for tried, rate in ((logistic.RULES, logistic.RATE), (logistic.BOTH, logistic.RATE_OF_BOTH)):
        assert {rule.numbers["rate"] for rule in tried.values()} == {rate}
    appendix = (TEMPLATES / "images" / "appendix.md").read_text("utf-8")
    assert f"white noise ({logistic.NOISE:g} in a pixel)" in appendix


@pytest.mark.long
@pytest.mark.parametrize("name", logistic.RULES)
def test_published_share_after_the_first_epochs_is_that_of_the_rule_with_its_constants(name):
    epochs = logistic.FEWER_EPOCHS[:1]
    sample = Sample(EXPERIMENTS["images"].n_networks, EXPERIMENTS["images"].root_seed, jobs=-1)
    tried = {name: logistic.RULES[name]}
    found = logistic.follow_rules(tried, logistic.read_images(), epochs, sample)
    published = get(f"images/logistic/digits/{name}/others/0")
    assert found[name]["others"] == pytest.approx([published], abs=1e-6)


def test_codes_of_networks_that_read_perfectly_agree():
    images = make_patterns(linear.IMAGES)[:40]
    rule = logistic.show(rules.LogisticRecirculation, images)
    W = 1e-6 * np.random.default_rng(1).normal(size=(N_HIDDEN, 64))  # to which all codes are alike
    row = np.concatenate([W.ravel(), np.zeros(16 + 64 * 16 + 64)])[None]
    found = logistic.describe_codes(rule, [row], logistic.Images(images, images))
    assert max(found["divergence"][0], found["distance"][0]) < 1e-9
    # Rows of W that are principal components, however small, span what these do.
    deviations = images - images.mean(axis=0)
    main = np.linalg.svd(deviations)[2][:N_HIDDEN]
    row[0, : W.size] = 1e-6 * main.ravel()
    both = logistic.Images(images, images)
    assert logistic.describe_codes(rule, [row], both)["overlap"] == pytest.approx([1.0])


def test_best_reconstruction_is_that_of_principal_components():
    main = SCATTER.directions[:, :N_HIDDEN].T[None]
    expected = linear.find_least(SCATTER)
    assert SCATTER.explain(main) == pytest.approx([expected])
    assert SCATTER.miss(main, read_best(main)) == pytest.approx([expected])
    W = np.stack([build(rules.Linear, seed).W for seed in range(3)])
    assert (SCATTER.explain(W) > expected).all()
    assert SCATTER.miss(W, read_best(W)) == pytest.approx(SCATTER.explain(W))


def test_excess_of_small_starts_follows_the_power_that_two_eigenvalues_give():
    found = linear.measure_power(np.array([1.0, 0.8, 0.2]), Sample(12, 3))
    assert found["predicted"] == pytest.approx(1.5)
    assert found["power"] == pytest.approx(1.5, abs=0.08)


def test_linear_decoder_of_perfect_codes_misses_nothing_and_of_empty_ones_all():
    images = make_patterns(linear.IMAGES)[:200]
    main = np.linalg.svd(images - images.mean(axis=0), full_matrices=False)[2]
    # All directions tell all; none leaves the mean, which misses all of the variance.
    codes = (images @ main.T)[None]
    decode = logistic.decode_linearly
    assert decode(codes, images, codes, images)[0] == pytest.approx(0.0, abs=1e-9)
    assert decode(0.0 * codes, images, 0.0 * codes, images)[0] == pytest.approx(1.0)
    # Of as many directions as there are hidden units, what principal components leave.
    kept = codes[..., :N_HIDDEN]
    left = linear.find_least(logistic.find_scatter(images))
    assert decode(kept, images, kept, images)[0] == pytest.approx(left)


def test_constants_of_a_repair_are_chosen_by_what_is_left_after_the_last_epoch(monkeypatch):
    left = {0.05: (1.0, 2.0, 3.0), 0.1: (3.0, 2.0, 1.0), 0.2: (2.0, 2.0, 2.0)}
    monkeypatch.setattr(logistic, "EPOCHS", (5, 10, 15))

    def train_repair(name, values, trained, epochs, sample):
        after = [left[values["rate"]][(5, 10, 15).index(each)] for each in epochs]
        return logistic.Repaired(name, np.array(after))

    monkeypatch.setattr(logistic, "train_repair", train_repair)
    monkeypatch.setattr(logistic, "miss", lambda rule, state, images: np.atleast_1d(state))
    found = logistic.choose("back-propagation", np.zeros((2, 64)), Sample(2, 3))
    assert found["chosen"] == {"rate": 0.1}
    assert [(each["constants"]["rate"], each["left"]) for each in found["tried"]] == [
        (rate, ends[-1]) for rate, ends in left.items()
    ]


def test_networks_that_learn_on_by_the_same_rule_come_to_the_same_codes(monkeypatch):
    images = make_patterns(linear.IMAGES)[:60]
    monkeypatch.setattr(logistic, "read_images", lambda: logistic.Images(images[:40], images[40:]))
    monkeypatch.setattr(logistic, "EPOCHS", (1, 2, 4))
    monkeypatch.setattr(logistic, "LEFT_AT", 2)
    monkeypatch.setattr(logistic, "UNITS", {})
    monkeypatch.setattr(logistic, "LEFT", {"all": rules.LogisticRecirculation})
    found = logistic.measure_minimum(Sample(3, 3))
    for name in ("others", "distance", "overlap", "growth"):
        whole, rest = found["codes"][name], found["left"]["all"][name]
        assert rest == pytest.approx(whole[-1:]), name
        assert whole[-1] != pytest.approx(whole[1]), name
