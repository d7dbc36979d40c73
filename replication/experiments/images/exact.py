"""What theory says, measured: small starts, what white inputs keep, first changes on images."""

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments import Model
from replication.experiments.growth import measure_growth
from replication.experiments.images.linear import IMAGES, predict_power
from replication.experiments.interventions import compare_interventions
from replication.experiments.matrices import Array, Scatter, get_w
from replication.experiments.recording import train_for
from replication.experiments.sample import Sample, name_mean
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import split_weights

SPECTRA = ((1.0, 0.9, 0.6, 0.3), (1.0, 0.9, 0.4, 0.3), (1.0, 0.9, 0.2, 0.1))
"""Eigenvalues of scatters, of which two hidden units can span two directions."""
N_SPANNED = 2
HALF_WIDTHS = (1e-2, 1e-3, 1e-4)
RATE, N_UPDATES = 2.0, 6_000
ENCODERS: dict[tuple[int, int], float] = {(4, 2): 20.0, (8, 3): 14.0, (16, 4): 10.0}
"""Logistic networks that learn one-hot vectors, and their learning rates."""

N_IMAGES = 200  # digits that logistic networks learn at once
DIGITS_RATE = 5.0  # over the number of images, a sum over all of which is one update
TARGET = 0.2  # unexplained variance at which a network has learnt
FOLLOWED = (10, 160)  # updates after which the changes are measured
FIRST = 20  # updates whose change of W is replaced
INSTEAD = ("dropped", "amplification")


def measure_exact(sample: Sample) -> Model:
    """Return the power laws of small starts, and what is kept of the row space of W.

    ``powers``: of the excess error in the half-width of the initial weights, measured and
    predicted; ``kept``: the mean squared cosine between the rows of the first W and those of the
    last, without their means, and what chance gives.
    """
    return {
        "powers": [measure_power(np.array(spectrum), sample) for spectrum in SPECTRA],
        "kept": [measure_kept(Protocol(group_sizes=sizes, learning_rate=rate), sample)
                 for sizes, rate in ENCODERS.items()],
    }  # fmt: skip


def measure_power(strengths: Array, sample: Sample) -> Model:
    """Return the slope of the log of the excess error against that of the half-width."""

    def find_excess(half_width: float) -> Array:
        protocol = Protocol(
            group_sizes=(len(strengths), N_SPANNED), patterns=np.diag(np.sqrt(strengths)).tolist(),
            visible_units="linear", hidden_function="linear", half_width=half_width,
            initial_biases="zero", frozen=("b", "c"), learning_rate=RATE,
        )  # fmt: skip
        final = train_for(protocol, sample.draw(protocol), N_UPDATES)
        (W, _), (U, _) = split_weights(protocol, final)
        missed = Scatter.of_matrix(np.diag(strengths)).miss(W, U) * strengths.sum()
        return np.asarray(missed - strengths[N_SPANNED:].sum())

    x = np.log(HALF_WIDTHS) - np.mean(np.log(HALF_WIDTHS))
    logs = np.log([find_excess(half_width) for half_width in HALF_WIDTHS])
    slopes = x @ logs / (x @ x)  # of each network, from three starts that differ in size alone
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
    return {
        "sizes": [n_visible, n_hidden],
        "chance": n_hidden / (n_visible - 1),  # of the directions that add up to 0
        **name_mean(overlaps, "overlap"),
    }


def measure_changes(sample: Sample) -> Model:
    """Return what the changes of W do in logistic networks that learn the first images at once.

    ``cosines``: of the change of W and W S.
    """
    protocol = Protocol(
        group_sizes=IMAGES.group_sizes, patterns="digits", n_images=N_IMAGES, centred=True,
        learning_rate=DIGITS_RATE / N_IMAGES, criterion="unexplained-variance", threshold=TARGET,
    )  # fmt: skip
    initial = sample.draw(protocol)

    def find_cosine(n_updates: int) -> float:
        later = train_for(protocol, initial, n_updates)
        return float(np.median(measure_growth(protocol, later)["along_theory"]))

    replaced = compare_interventions(
        protocol, initial, firsts=[FIRST], jobs=sample.jobs, names=INSTEAD
    )
    return {"cosines": {n: find_cosine(n) for n in FOLLOWED}, "replaced": replaced}
