"""Where linear units come to rest, by rule and size of the initial weights, and what theory says.

Of all images linear units see the scatter alone, so that 64 patterns with the same scatter, the
rows of its root, stand for the 1,797. Deviations from the mean image are learnt, without biases.
"""

import itertools
import math
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.images import rules
from replication.experiments.images.rules import Rule, combine, draw, split, train, vary
from replication.experiments.instruments.matrices import (
    Array,
    Scatter,
    compute_cosines,
    flatten,
    get_w,
    multiply_matrices,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample, name_mean
from replication.simulator.rule.weights import split_weights
from replication.simulator.running.ensemble import simulate_weights

IMAGES = Protocol(group_sizes=(rules.N_VISIBLE, rules.N_HIDDEN), patterns="digits")
SIDE = 8  # pixels of an image
HALF_ROOT = math.sqrt(0.5)
COSINES = np.array([1.0, HALF_ROOT, 0.0, -HALF_ROOT, -1.0, -HALF_ROOT, 0.0, HALF_ROOT])
"""Of 0, 1, ... eighths of a turn, since the last bit of a computed cosine is the processor's."""
SIZES = (0.5, 0.125, 0.02)
"""Half-widths of the initial weights: the paper's; scaled to the root of the number of visible
units, 0.5 sqrt(4 / 64); and a smaller one."""
N_UPDATES = 4_000
LAST = 100  # updates, the last ones, over which the change of W is measured
ZERO = 1e-12  # below which a number that the theory says is 0 counts as 0

PIXEL_NOISE = 0.16  # standard deviation of white noise, in a pixel of an image
NOISES = ((0.08, 4_000), (0.04, 4_000), (0.02, 4_000), (0.08, 1_000), (0.02, 16_000))
"""Other noise in a pixel, and the updates that target propagation gets with it; the first and the
last two have equal products of the noise's square and the updates."""


def share_noise(noise: float) -> float:
    """Return the noise on each row of a root, all of which together have so much in a pixel."""
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
"""By the names that the text uses. Target propagation is called by its learnt inverse."""
STARTS = (0.0, 0.1)  # half-widths of an inverse that starts smaller than the largest W
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
"""Rules that are tried on the other patterns, from the largest weights."""

SPECTRA = ((1.0, 0.9, 0.6, 0.3), (1.0, 0.9, 0.4, 0.3), (1.0, 0.9, 0.2, 0.1))
"""Eigenvalues of scatters, of which two hidden units can span two directions."""
N_SPANNED = 2
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

    As that of natural images does (Field 1987), on a torus; as large in all as that of the digits.
    """
    places = np.stack(np.meshgrid(*[np.arange(SIDE)] * 2), axis=-1).reshape(-1, 2)
    waves = np.minimum(places, SIDE - places)  # of each wave, its frequencies in both directions
    squares = np.sum(waves**2, axis=1)
    powers = np.divide(1.0, squares, out=np.zeros(len(places)), where=squares > 0)
    shifts = places[:, None] - places[None]
    turns = shifts @ places.T  # eighths of a turn, whole numbers
    matrix = np.sum(COSINES[turns % SIDE] * powers, axis=-1)
    return Scatter.of_matrix(matrix * (np.trace(make_digits().matrix) / np.trace(matrix)))


def measure_rest(sample: Sample) -> Model:
    """Return where each rule has come after `N_UPDATES`, from each size of weights.

    ``starts``: target propagation, by the half-width from which the inverse starts; ``noise``: by
    the white noise on what the inverse is given, and by updates; ``after``: back-propagation from
    where recirculation has come to.
    """
    digits = make_digits()
    patches = make_patches()

    def follow(name: str, size: float = SIZES[0], on: Scatter = digits, **settings: Any) -> Any:
        rule = vary(RULES[name], patterns=on.root, **settings)
        return continue_from(rule, draw(rule, size, sample), on)

    found = sample.map(lambda run: follow(*run), itertools.product(RULES, SIZES))
    starts = sample.map(lambda x: follow("inverse", half_widths={"Q": x})[0], STARTS)

    def follow_noise(noise: float, n_updates: int) -> Model:
        rule = combine(rules.WhiteNoise, noise=share_noise(noise))
        rule = vary(rule, patterns=digits.root)
        arrays = split(rule, train(rule, draw(rule, SIZES[0], sample), n_updates))
        missed = digits.miss(arrays["W"], arrays["U"])
        return {"noise": noise, "updates": n_updates} | name_mean(missed, "unexplained")

    noises = sample.map(lambda run: follow_noise(*run), sorted(NOISES, key=lambda x: -x[1]))
    on_patches = sample.map(lambda name: follow(name, on=patches)[0], ON_PATCHES)
    descent = vary(RULES["back-propagation"], patterns=digits.root)
    after, _ = continue_from(descent, found["recirculation", SIZES[0]][1], digits)
    return {
        "updates": N_UPDATES,
        "sizes": list(SIZES),
        "zero": ZERO,
        "after": after,
        "pca": find_least(digits),
        "power": predict_power(digits.strengths, rules.N_HIDDEN),
        "rules": {name: {f"{x:g}": found[name, x][0] for x in SIZES} for name in RULES},
        "starts": {f"{start:g}": starts[start] for start in STARTS},
        "pixel_noise": PIXEL_NOISE,
        "noise": [noises[each] for each in NOISES],
        "patches": {"pca": find_least(patches), "rules": on_patches},
    }


def find_least(scatter: Scatter) -> float:
    """Return the share of the variance that principal components miss."""
    strengths = scatter.strengths
    return float(strengths[rules.N_HIDDEN :].sum() / strengths.sum())


def predict_power(strengths: Array, n_kept: int) -> float:
    """Return the power of the initial weights with which the excess error of small starts falls.

    `strengths`: eigenvalues of the scatter, the largest first, of which networks keep so many.
    """
    return float(2.0 * (1.0 - strengths[n_kept] / strengths[n_kept - 1]))


def continue_from(rule: Rule, weights: Array, scatter: Scatter) -> tuple[Model, Array]:
    """Train networks on, and return what they have come to, and their weights.

    What they miss, how fast W still changes, and how far it is from the best. ``change``: of W in
    an update, as a part of its length; ``unread``: the largest entry of W U - I; ``alignment``: the
    cosine of U and W^T; ``inverse``: how far Q is from W on the patterns; ``gradient``: for W, its
    length.
    """
    before = train(rule, weights, N_UPDATES - LAST)
    final = train(rule, before, LAST, stretch=1)
    arrays = split(rule, final)
    W = arrays["W"]
    U = arrays["U"]

    def measure_length(matrices: Array) -> Array:
        return np.asarray(np.linalg.norm(matrices, axis=(1, 2)))

    # How far the reconstruction is from the images, and what still moves per update.
    both_ways = multiply_matrices(U, W), multiply_matrices(W, U)
    missed, unread = (each - np.eye(each.shape[-1]) for each in both_ways)
    gradients = multiply_matrices(np.swapaxes(U, 1, 2), multiply_matrices(missed, scatter.matrix))
    changed = measure_length(W - split(rule, before)["W"]) / measure_length(W) / LAST
    described: Model = {
        **name_mean(scatter.miss(W, U), "unexplained"),
        "change": float(np.maximum(changed, ZERO).mean()),
        "unread": float(np.maximum(np.abs(unread).max(), ZERO)),
        "alignment": float(compute_cosines(flatten(W), flatten(np.swapaxes(U, 1, 2))).mean()),
        "gradient": float(measure_length(gradients).mean()),
    }
    # What only some rules have: fixed feedback, and an encoder that undoes the decoder.
    if "B" in rule.fixed:
        described["predicted"] = float(scatter.explain(arrays["B"]).mean())
    if "Q" in arrays:
        apart, seen = (measure_length(x @ scatter.root.T) for x in (arrays["Q"] - W, W))
        described["inverse"] = float((apart / seen).mean())
    return described, final


def measure_exact(sample: Sample) -> Model:
    """Return the power laws of small starts, and what is kept of the row space of W.

    ``powers``: of the excess error in the half-width of the initial weights, measured and
    predicted; ``kept``: the mean squared cosine between the rows of the first W and those of the
    last, without their means, and what chance gives.
    """
    return {
        "powers": [measure_power(np.array(spectrum), sample) for spectrum in SPECTRA],
        "kept": [
            measure_kept(Protocol(group_sizes=sizes, learning_rate=rate), sample)
            for sizes, rate in ENCODERS.items()
        ],
    }


def measure_power(strengths: Array, sample: Sample) -> Model:
    """Return the slope of the log of the excess error against that of the half-width."""

    def find_excess(half_width: float) -> Array:
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
        return np.asarray(missed - strengths[N_SPANNED:].sum())

    logs = np.log([find_excess(half_width) for half_width in HALF_WIDTHS])
    # Of each network, from three starts that differ in size alone.
    slopes = np.polyfit(np.log(HALF_WIDTHS), logs, 1)[0]
    return {"predicted": predict_power(strengths, N_SPANNED), **name_mean(slopes, "power")}


def measure_kept(protocol: Protocol, sample: Sample) -> Model:
    """Return what converged networks keep of the span of the rows of their first W."""
    n_visible, n_hidden = protocol.group_sizes
    initial = sample.draw(protocol)
    _, converged, final = simulate_weights(protocol, initial)

    def find_basis(weights: Array) -> Array:
        W = get_w(protocol, weights[converged])
        centred = W - W.mean(axis=2, keepdims=True)
        return np.asarray(np.linalg.qr(np.swapaxes(centred, 1, 2))[0])

    cosines = np.swapaxes(find_basis(initial), 1, 2) @ find_basis(final)
    overlaps = np.sum(cosines**2, axis=(1, 2)) / n_hidden
    chance = n_hidden / (n_visible - 1)  # of the directions that add up to 0
    return {"sizes": [n_visible, n_hidden], "chance": chance, **name_mean(overlaps, "overlap")}
