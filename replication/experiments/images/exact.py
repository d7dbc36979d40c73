"""What follows from the exact dynamics of linear units: small starts; what white inputs keep."""

from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments import Model
from replication.experiments.matrices import Array, get_w
from replication.experiments.recording import train_for
from replication.experiments.scatter import Scatter
from replication.experiments.summaries import name_estimate
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights, split_weights
from replication.statistics.intervals import estimate_mean

SPECTRA = ((1.0, 0.9, 0.6, 0.3), (1.0, 0.9, 0.4, 0.3), (1.0, 0.9, 0.2, 0.1))
"""Eigenvalues of scatters, of which two hidden units can span two directions."""
N_SPANNED = 2
HALF_WIDTHS = (1e-2, 1e-3, 1e-4)
RATE, N_UPDATES = 2.0, 6_000
ENCODERS: dict[tuple[int, int], float] = {(4, 2): 20.0, (8, 3): 14.0, (16, 4): 10.0}
"""Logistic networks that learn one-hot vectors, and their learning rates."""


def measure_exact(*, n_networks: int, root_seed: int) -> Model:
    """Return the power laws of small starts, and what is kept of the row space of W.

    ``powers``: of the excess error in the half-width of the initial weights, measured and
    predicted; ``kept``: the mean squared cosine between the rows of the first W and those of the
    last, without their means, and what chance gives.
    """
    return {
        "powers": [
            measure_power(np.array(spectrum), n_networks, root_seed) for spectrum in SPECTRA
        ],
        "kept": [
            measure_kept(sizes, rate, n_networks, root_seed) for sizes, rate in ENCODERS.items()
        ],
    }


def measure_power(strengths: Array, n_networks: int, root_seed: int) -> Model:
    """Return the slope of the log of the excess error against that of the half-width."""

    def find_excess(half_width: float) -> Array:
        protocol = Protocol(
            group_sizes=(len(strengths), N_SPANNED), patterns=np.diag(np.sqrt(strengths)).tolist(),
            visible_units="linear", hidden_function="linear", half_width=half_width,
            initial_biases="zero", frozen=("b", "c"), learning_rate=RATE,
        )  # fmt: skip
        final = train_for(protocol, draw_weights(protocol, root_seed, 0, n_networks), N_UPDATES)
        (W, _), (U, _) = split_weights(protocol, final)
        missed = Scatter.of_matrix(np.diag(strengths)).miss(W, U) * strengths.sum()
        return np.asarray(missed - strengths[N_SPANNED:].sum())

    x = np.log(HALF_WIDTHS) - np.mean(np.log(HALF_WIDTHS))
    logs = np.log([find_excess(half_width) for half_width in HALF_WIDTHS])
    slopes = x @ logs / (x @ x)  # of each network, from three starts that differ in size alone
    return {
        "predicted": float(2.0 * (1.0 - strengths[N_SPANNED] / strengths[N_SPANNED - 1])),
        **name_estimate("power", estimate_mean(slopes)),
    }


def measure_kept(
    sizes: tuple[int, int], rate: float, n_networks: int, root_seed: int
) -> dict[str, Any]:
    """Return what converged networks keep of the span of the rows of their first W."""
    protocol = Protocol(group_sizes=sizes, learning_rate=rate)
    initial = draw_weights(protocol, root_seed, 0, n_networks)
    _, converged, final = simulate_weights(protocol, initial)

    def find_basis(weights: Array) -> Array:
        W = get_w(protocol, weights[converged])
        centred = W - W.mean(axis=2, keepdims=True)
        return np.asarray(np.linalg.qr(np.swapaxes(centred, 1, 2))[0])

    cosines = np.swapaxes(find_basis(initial), 1, 2) @ find_basis(final)
    overlaps = np.sum(cosines**2, axis=(1, 2)) / sizes[1]
    return {
        "sizes": list(sizes),
        "rate": rate,
        "chance": sizes[1] / (sizes[0] - 1),  # of the directions that add up to 0
        **name_estimate("overlap", estimate_mean(overlaps)),
    }
