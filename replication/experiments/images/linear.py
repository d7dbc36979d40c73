"""Where learning of linear units comes to rest, by rule and by size of the initial weights.

What linear units learn depends on the images through their scatter alone. So 64 patterns with the
same scatter, the rows of its root, stand for the 1,797 images. Networks learn deviations from the
mean image, without biases. `measure_small_networks` tests what theory says of small networks.
"""

import dataclasses
import itertools
import math
from typing import NamedTuple

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.images import rules
from replication.experiments.images.rules import BY_BATCH, Rule, combine, draw, split, vary
from replication.experiments.instruments.matrices import (
    Array,
    Scatter,
    centre,
    compute_cosines,
    flatten,
    get_w,
    multiply_matrices,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample, name_mean
from replication.simulator.rule.weights import split_weights
from replication.simulator.running.engine import Engine
from replication.simulator.running.ensemble import simulate_weights

IMAGES = Protocol(group_sizes=(rules.N_VISIBLE, rules.N_HIDDEN), patterns="digits")
SIDE = 8  # pixels along each side of an image
HALF_ROOT = math.sqrt(0.5)
COSINES = np.array([1.0, HALF_ROOT, 0.0, -HALF_ROOT, -1.0, -HALF_ROOT, 0.0, HALF_ROOT])
"""Cosines of 0 to 7 eighths of a turn. They are written down because the last bit of a computed
cosine depends on the processor."""
SIZES = (0.5, 0.125, 0.02)
"""Half-widths of the initial weights: the paper's; scaled to the root of the number of visible
units, 0.5 sqrt(4 / 64); and a smaller one."""
N_UPDATES = 4_000
LAST = 100  # the last updates, over which the change of W is measured
ZERO = 1e-12  # below this, a number that should be 0 by the theory counts as 0

PIXEL_NOISE = 0.16  # standard deviation of white noise, in a pixel of an image


class InverseNoise(NamedTuple):
    """White noise on what the inverse of target propagation is given."""

    in_a_pixel: float  # standard deviation
    n_updates: int  # for which networks learn with it


NOISES = (
    InverseNoise(0.08, 4_000),
    InverseNoise(0.04, 4_000),
    InverseNoise(0.02, 4_000),
    InverseNoise(0.08, 1_000),
    InverseNoise(0.02, 16_000),
)
"""Less noise than `PIXEL_NOISE`, and other numbers of updates. The second and the last two have
equal products of the noise's square and the updates, to see whether these end alike."""


def share_noise(noise: float) -> float:
    """Return the standard deviation of noise on each row of a root, from that in a pixel.

    The noise of all rows, which stand for one image, adds up to `noise` in each pixel.
    """
    return noise / math.sqrt(rules.N_VISIBLE)


RULES: dict[str, Rule] = {
    "W frozen": rules.Linear,
    "recirculation": rules.Recirculation,
    "wake-sleep": rules.WakeSleep,
    "inverse": rules.Inverse,
    "inverse, hidden noise": rules.HiddenNoise,
    "inverse, noise like the images": rules.PatternNoise,
    "feedback alignment": rules.FeedbackAlignment,
    "mixture, 3 %": combine(rules.Mixture, share=0.03),
    "mixture, 10 %": rules.Mixture,
    "wake-sleep, noise": combine(rules.WakeSleep, noise=share_noise(PIXEL_NOISE)),
    "inverse, white noise": combine(rules.WhiteNoise, noise=share_noise(PIXEL_NOISE)),
    "inverse, decay": rules.DecayingInverse,
    "weight mirror": rules.WeightMirror,
    "Kolen-Pollack": rules.KolenPollack,
    "recirculation, decay": rules.Decaying,
    "recirculation, sleep": rules.Sleep,
    "sleep without equation (4)": combine(rules.Sleep, factor=0.0),
    "back-propagation": rules.BackPropagation,
}
"""Rules by the names that the text uses; "inverse" is target propagation with a learnt inverse."""
STARTS = (0.0, 0.1)  # half-widths of the initial inverse, while W has the largest of `SIZES`
ON_PATCHES = (
    "recirculation",
    "wake-sleep",
    "inverse",
    "inverse, hidden noise",
    "feedback alignment",
    "wake-sleep, noise",
    "inverse, white noise",
    "inverse, decay",
    "back-propagation",
)
"""Rules that also learn patches, from the largest initial weights."""

SPECTRA = ((1.0, 0.9, 0.6, 0.3), (1.0, 0.9, 0.4, 0.3), (1.0, 0.9, 0.2, 0.1))
"""Eigenvalues of scatters that small linear networks learn."""
N_SPANNED = 2  # hidden units of these networks, which span as many directions
HALF_WIDTHS = (1e-2, 1e-3, 1e-4)  # of their initial weights
SMALL_RATE = 2.0  # their learning rate
N_SMALL_UPDATES = 6_000
ENCODERS: dict[tuple[int, int], float] = {(4, 2): 20.0, (8, 3): 14.0, (16, 4): 10.0}
"""Logistic networks that learn one-hot vectors, and their learning rates."""


def make_digits() -> Scatter:
    """Return the scatter of the digits, per image."""
    return Scatter.of_matrix(Scatter.of(IMAGES).matrix / IMAGES.n_images)


def make_patches() -> Scatter:
    """Return the scatter of square patches with power 1 / frequency^2, as natural images have it.

    The power is that of Field (1987). Patches have periodic boundaries. The scatter has the trace
    of the digits' scatter, so that both have the same total variance.
    """
    # A pixel is a row and a column, (64, 2); a wave that fits into a patch has such a pair of
    # numbers, too: how often it turns along each side.
    axis = np.arange(SIDE)
    pixels = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    waves = pixels
    # The power of each wave; the constant one, of frequency 0, has none. With 8 pixels a side,
    # 7 turns look like 1 turn back.
    frequencies = np.minimum(waves, SIDE - waves)
    squares = np.sum(frequencies**2, axis=1)
    powers = np.divide(1.0, squares, out=np.zeros(len(waves)), where=squares > 0)
    # By how many eighths of a turn each wave differs between two pixels, (pixel, pixel, wave).
    shifts = pixels[:, None] - pixels[None]
    eighths = shifts @ waves.T
    matrix = np.sum(COSINES[eighths % SIDE] * powers, axis=-1)
    return Scatter.of_matrix(matrix * (np.trace(make_digits().matrix) / np.trace(matrix)))


def measure_rest(sample: Sample) -> Model:
    """Return what networks of each rule have learnt after `N_UPDATES`, by size of initial weights.

    ``starts``: target propagation, by the half-width of its initial inverse. ``noise``: target
    propagation with each of `NOISES`. ``after``: back-propagation that starts with the weights
    that recirculation has reached.
    """
    digits = make_digits()
    patches = make_patches()
    largest = SIZES[0]

    def follow(task: tuple[str, float]) -> Rest:
        name, size = task
        rule = vary(RULES[name], patterns=digits.root)
        return continue_from(rule, draw(rule, size, sample), digits)

    def follow_start(half_width: float) -> Model:
        settings = {"half_widths": {"Q": half_width}}
        rule = vary(RULES["inverse"], patterns=digits.root, **settings)
        return continue_from(rule, draw(rule, largest, sample), digits).described

    def follow_noise(noise: InverseNoise) -> Model:
        return measure_noise(noise, digits, sample)

    def follow_on_patches(name: str) -> Model:
        rule = vary(RULES[name], patterns=patches.root)
        return continue_from(rule, draw(rule, largest, sample), patches).described

    rests = sample.map(follow, itertools.product(RULES, SIZES))
    starts = sample.map(follow_start, STARTS)
    # The longest first, so that no thread is left alone with it at the end.
    longest_first = sorted(NOISES, key=lambda noise: noise.n_updates, reverse=True)
    noises = sample.map(follow_noise, longest_first)
    on_patches = sample.map(follow_on_patches, ON_PATCHES)
    # Back-propagation, from the weights that recirculation has reached.
    descent = vary(RULES["back-propagation"], patterns=digits.root)
    reached = rests["recirculation", largest].weights
    after = continue_from(descent, reached, digits).described

    by_rule: Model = {}
    for name in RULES:
        by_rule[name] = {f"{size:g}": rests[name, size].described for size in SIZES}
    return {
        "updates": N_UPDATES,
        "sizes": list(SIZES),
        "zero": ZERO,
        "after": after,
        "pca": find_least(digits),
        "power": predict_power(digits.strengths, rules.N_HIDDEN),
        "rules": by_rule,
        "starts": {f"{start:g}": starts[start] for start in STARTS},
        "pixel_noise": PIXEL_NOISE,
        "noise": [noises[each] for each in NOISES],
        "patches": {"pca": find_least(patches), "rules": on_patches},
    }


def measure_noise(noise: InverseNoise, scatter: Scatter, sample: Sample) -> Model:
    """Return what target propagation misses with white noise on the input of its inverse."""
    noisy = combine(rules.WhiteNoise, noise=share_noise(noise.in_a_pixel))
    rule = vary(noisy, patterns=scatter.root)
    initial = draw(rule, SIZES[0], sample)
    final = train_for(BY_BATCH, initial, noise.n_updates, network=rule)
    arrays = split(rule, final)
    missed = scatter.miss(arrays["W"], arrays["U"])
    return {
        "noise": noise.in_a_pixel,
        "updates": noise.n_updates,
        **name_mean(missed, "unexplained"),
    }


def find_least(scatter: Scatter) -> float:
    """Return the share of the variance that principal components miss: no network misses less."""
    strengths = scatter.strengths
    return float(strengths[rules.N_HIDDEN :].sum() / strengths.sum())


def predict_power(strengths: Array, n_kept: int) -> float:
    """Return the predicted exponent p in "excess error ~ half-width^p", for small initial weights.

    The excess is the error beyond that of the best network. `strengths`: eigenvalues of the
    scatter, the largest first. `n_kept`: how many of their directions networks can keep.
    """
    return float(2.0 * (1.0 - strengths[n_kept] / strengths[n_kept - 1]))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """Networks that have learnt for `N_UPDATES`."""

    described: Model  # their averages, see `continue_from`
    weights: Array  # (n, n_numbers)


def continue_from(rule: Rule, weights: Array, scatter: Scatter) -> Rest:
    """Train networks for `N_UPDATES`; return their weights, and averages over the networks.

    ``unexplained`` : share of the variance that networks miss.

    ``change`` : change of W in one of the `LAST` updates, as a share of its length.

    ``unread`` : largest entry of W U - I. It is 0 if each reconstruction has the same hidden
    states as its pattern.

    ``alignment`` : cosine of U and W^T.

    ``gradient`` : length of the gradient for W.

    ``inverse`` : distance of Q from W on the patterns, if the rule has an inverse Q.

    ``predicted`` : what the best reconstruction from B v would miss, if the rule has fixed
    feedback B.
    """
    before = train_for(BY_BATCH, weights, N_UPDATES - LAST, network=rule)
    # Random numbers of another root seed than those before.
    final = Engine(BY_BATCH, rule).record(before, [LAST], root_seed=1)[:, 0]
    arrays = split(rule, final)
    W = arrays["W"]  # (n, n_hidden, n_visible)
    U = arrays["U"]  # (n, n_visible, n_hidden)
    transposed = np.swapaxes(U, 1, 2)
    missed = multiply_matrices(U, W) - np.eye(rules.N_VISIBLE)
    unread = multiply_matrices(W, U) - np.eye(rules.N_HIDDEN)
    gradients = multiply_matrices(transposed, multiply_matrices(missed, scatter.matrix))
    moved = W - split(rule, before)["W"]
    change = measure_lengths(moved) / measure_lengths(W) / LAST
    alignment = compute_cosines(flatten(W), flatten(transposed))
    described: Model = {
        **name_mean(scatter.miss(W, U), "unexplained"),
        "change": float(np.maximum(change, ZERO).mean()),
        "unread": float(np.maximum(np.abs(unread).max(), ZERO)),
        "alignment": float(alignment.mean()),
        "gradient": float(measure_lengths(gradients).mean()),
    }
    if "B" in rule.fixed:
        described["predicted"] = float(scatter.explain(arrays["B"]).mean())
    if "Q" in arrays:
        difference = measure_lengths((arrays["Q"] - W) @ scatter.root.T)
        whole = measure_lengths(W @ scatter.root.T)
        described["inverse"] = float((difference / whole).mean())
    return Rest(described, final)


def measure_lengths(matrices: Array) -> Array:
    """Return the root of the sum of the squares of each matrix, (n,)."""
    return np.asarray(np.linalg.norm(matrices, axis=(1, 2)))


def measure_small_networks(sample: Sample) -> Model:
    """Return how small networks depend on their initial weights, for theory to be tested.

    ``powers``: how the error of linear networks depends on the size of the weights
    (`measure_power`), for each of `SPECTRA`. ``kept``: what logistic networks keep of their
    initial W (`measure_kept`), for each of `ENCODERS`.
    """
    kept = []
    for sizes, rate in ENCODERS.items():
        protocol = Protocol(group_sizes=sizes, learning_rate=rate)
        kept.append(measure_kept(protocol, sample))
    return {
        "powers": [measure_power(np.array(spectrum), sample) for spectrum in SPECTRA],
        "kept": kept,
    }


def measure_power(strengths: Array, sample: Sample) -> Model:
    """Return p in "excess error ~ half-width^p" of linear networks, measured and predicted.

    The excess is the error beyond that of the best network (`find_excess`). Initial weights are
    drawn within the half-width, which is one of `HALF_WIDTHS`. `strengths`: eigenvalues of the
    scatter, the largest first. The prediction is that of `predict_power`.
    """
    excess = [find_excess(strengths, half_width, sample) for half_width in HALF_WIDTHS]
    # A slope for each network, from three initial weights that differ in size alone.
    slopes, _ = np.polyfit(np.log(HALF_WIDTHS), np.log(excess), 1)  # (n,) each
    predicted = predict_power(strengths, N_SPANNED)
    return {"predicted": predicted, **name_mean(slopes, "power")}


def find_excess(strengths: Array, half_width: float, sample: Sample) -> Array:
    """Return the error of linear networks beyond that of the best, (n,).

    `strengths` are eigenvalues of the scatter, the largest first.
    """
    protocol = Protocol(
        group_sizes=(len(strengths), N_SPANNED),
        patterns=np.diag(np.sqrt(strengths)).tolist(),
        visible_units="linear",
        hidden_function="linear",
        half_width=half_width,
        initial_biases="zero",
        frozen=("b", "c"),
        learning_rate=SMALL_RATE,
    )
    final = train_for(protocol, sample.draw(protocol), N_SMALL_UPDATES)
    (W, _), (U, _) = split_weights(protocol, final)
    missed = Scatter.of_matrix(np.diag(strengths)).miss(W, U) * strengths.sum()
    least = strengths[N_SPANNED:].sum()  # what principal components miss
    return np.asarray(missed - least)


def measure_kept(protocol: Protocol, sample: Sample) -> Model:
    """Return how much converged networks keep of the directions that the rows of W first span.

    ``overlap`` is the mean squared cosine between the span of the rows of the initial W and that of
    the final W, each row without its mean; ``chance`` is its value for random directions.
    """
    n_visible, n_hidden = protocol.group_sizes
    initial = sample.draw(protocol)
    _, converged, final = simulate_weights(protocol, initial)

    def find_basis(weights: Array) -> Array:
        rows = centre(get_w(protocol, weights[converged]))
        basis, _ = np.linalg.qr(np.swapaxes(rows, 1, 2))
        return np.asarray(basis)  # (n_converged, n_visible, n_hidden)

    cosines = np.swapaxes(find_basis(initial), 1, 2) @ find_basis(final)
    overlaps = np.sum(cosines**2, axis=(1, 2)) / n_hidden
    chance = n_hidden / (n_visible - 1)  # rows without their mean have one dimension less
    return {"sizes": [n_visible, n_hidden], "chance": chance, **name_mean(overlaps, "overlap")}
