"""Where linear units come to rest, by rule and size of the initial weights, and what theory says.

All that linear units see of the images is their scatter. So 64 patterns with the same scatter, the
rows of its root, stand for the 1,797 images. Networks learn deviations from the mean image, without
biases.
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
SIDE = 8  # pixels of an image
HALF_ROOT = math.sqrt(0.5)
COSINES = np.array([1.0, HALF_ROOT, 0.0, -HALF_ROOT, -1.0, -HALF_ROOT, 0.0, HALF_ROOT])
"""Of 0, 1, ... eighths of a turn; the last bit of a computed cosine depends on the processor."""
SIZES = (0.5, 0.125, 0.02)
"""Half-widths of the initial weights: the paper's; scaled to the root of the number of visible
units, 0.5 sqrt(4 / 64); and a smaller one."""
N_UPDATES = 4_000
LAST = 100  # updates at the end, over which the change of W is measured
ZERO = 1e-12  # below this, a number that should be 0 by the theory counts as 0

PIXEL_NOISE = 0.16  # standard deviation of white noise, in a pixel of an image


class InverseNoise(NamedTuple):
    """White noise on what the inverse of target propagation is given."""

    in_a_pixel: float  # standard deviation
    n_updates: int  # that networks get with it


NOISES = (
    InverseNoise(0.08, 4_000),
    InverseNoise(0.04, 4_000),
    InverseNoise(0.02, 4_000),
    InverseNoise(0.08, 1_000),
    InverseNoise(0.02, 16_000),
)
"""Less noise than `PIXEL_NOISE`, and other numbers of updates. The second and the last two have
equal products of the noise's square and the updates."""


def share_noise(noise: float) -> float:
    """Return the noise on each row of a root, if all rows together have so much in a pixel."""
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
"""By the names that the text uses; target propagation is called by its learnt inverse."""
STARTS = (0.0, 0.1)  # half-widths from which the inverse starts, where W has the largest one
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
"""Rules that are tried on patches, too, from the largest weights."""

SPECTRA = ((1.0, 0.9, 0.6, 0.3), (1.0, 0.9, 0.4, 0.3), (1.0, 0.9, 0.2, 0.1))
"""Eigenvalues of scatters that small linear networks learn."""
N_SPANNED = 2  # hidden units of these networks, which span as many directions
HALF_WIDTHS = (1e-2, 1e-3, 1e-4)
SMALL_RATE = 2.0
N_SMALL_UPDATES = 6_000
ENCODERS: dict[tuple[int, int], float] = {(4, 2): 20.0, (8, 3): 14.0, (16, 4): 10.0}
"""Logistic networks that learn one-hot vectors, and their learning rates."""


def make_digits() -> Scatter:
    """Return the scatter of an average image of a digit."""
    return Scatter.of_matrix(Scatter.of(IMAGES).matrix / IMAGES.n_images)


def make_patches() -> Scatter:
    """Return the scatter of square patches whose power falls as the square of the frequency.

    The power of natural images falls so, too (Field 1987). Patches have periodic boundaries, and a
    scatter with the trace of that of the digits.
    """
    # Pixels are pairs of whole numbers, and so are the waves that fit into a patch, (64, 2).
    axis = np.arange(SIDE)
    pairs = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    # Of each wave the frequencies in both directions, and the power.
    frequencies = np.minimum(pairs, SIDE - pairs)
    squares = np.sum(frequencies**2, axis=1)
    powers = np.divide(1.0, squares, out=np.zeros(len(pairs)), where=squares > 0)
    # By how much each wave turns from one pixel to another, (64, 64, 64): whole eighths.
    shifts = pairs[:, None] - pairs[None]
    eighths = shifts @ pairs.T
    matrix = np.sum(COSINES[eighths % SIDE] * powers, axis=-1)
    return Scatter.of_matrix(matrix * (np.trace(make_digits().matrix) / np.trace(matrix)))


def measure_rest(sample: Sample) -> Model:
    """Return where each rule has come after `N_UPDATES`, from each size of weights.

    ``starts`` is target propagation by the half-width from which its inverse starts, ``noise`` the
    same with each of `NOISES`. ``after`` is back-propagation from where recirculation has come to.
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
    longest_first = sorted(NOISES, key=lambda noise: noise.n_updates, reverse=True)
    noises = sample.map(follow_noise, longest_first)
    on_patches = sample.map(follow_on_patches, ON_PATCHES)
    # Back-propagation, from where recirculation has come to.
    descent = vary(RULES["back-propagation"], patterns=digits.root)
    rested = rests["recirculation", largest].weights
    after = continue_from(descent, rested, digits).described

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
    """Return what target propagation misses with white noise on what the inverse is given."""
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
    """Return the share of the variance that principal components miss."""
    strengths = scatter.strengths
    return float(strengths[rules.N_HIDDEN :].sum() / strengths.sum())


def predict_power(strengths: Array, n_kept: int) -> float:
    """Return the exponent of the half-width of small initial weights in the excess error.

    The excess is what networks miss beyond the best. `strengths` are eigenvalues of the scatter,
    the largest first, of which networks keep so many.
    """
    return float(2.0 * (1.0 - strengths[n_kept] / strengths[n_kept - 1]))


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """Where networks have come to."""

    described: Model  # see `continue_from`
    weights: Array  # (n, n_numbers)


def continue_from(rule: Rule, weights: Array, scatter: Scatter) -> Rest:
    """Train networks for `N_UPDATES`, and return where they have come to, on average over networks.

    ``unexplained`` is the share of the variance that they miss. ``change`` is that of W in an
    update, as a part of its length; ``unread`` the largest entry of W U - I; ``alignment`` the
    cosine of U and W^T; ``gradient`` the length of the gradient for W. Where a rule has an inverse,
    ``inverse`` is how far Q is from W on the patterns; where it has fixed feedback B,
    ``predicted`` is what the best reconstruction from B v would miss.
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


def measure_exact(sample: Sample) -> Model:
    """Return the power laws of small starts, and what encoders keep of their first W.

    ``powers`` has the exponents of `measure_power`, ``kept`` what `measure_kept` returns of each of
    `ENCODERS`.
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
    """Return the exponent of the half-width in the excess error, measured and predicted."""
    excess = [find_excess(strengths, half_width, sample) for half_width in HALF_WIDTHS]
    # Of each network, from three starts that differ in size alone.
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
    """Return how much of what the rows of W span at first converged networks keep.

    ``overlap`` is the mean squared cosine between the spans of the rows of the first and the last
    W, without their means; ``chance`` is what random directions would give.
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
    chance = n_hidden / (n_visible - 1)  # of the directions that add up to 0
    return {"sizes": [n_visible, n_hidden], "chance": chance, **name_mean(overlaps, "overlap")}
