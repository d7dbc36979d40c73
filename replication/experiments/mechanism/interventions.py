"""What the changes of W are worth: something else in their place, on the same networks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from replication.definition.protocol import Protocol
from replication.experiments.matrices import flatten, get_w
from replication.experiments.mechanism.theory import Inputs, predict_growth
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.changes import compute_gradients
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.ensemble import simulate_weights
from replication.statistics.intervals import LEVEL, Estimate, estimate_median
from replication.system.threads import map_in_threads

Array = NDArray[np.float64]
Outcome = tuple[NDArray[np.int64], NDArray[np.bool_]]

NOISE_SEED = 2014
TRIMMED = 0.1  # share of the networks left out at each end by a trimmed mean


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Update:
    """One update of some networks, before it is applied."""

    protocol: Protocol
    weights: Array  # (n, n_weights)
    change: Array  # what equation 4 adds to W, (n, n_hidden, n_visible)
    noise: Array  # uniform from -1 to 1, as many


def drop(update: Update) -> Array:
    """Leave W as it is."""
    return np.zeros_like(update.change)


def reverse(update: Update) -> Array:
    """Change W the other way."""
    return -update.change


def randomise(update: Update) -> Array:
    """Change W as much in a random direction."""
    return _give_length(update.noise, update.change)


def descend(update: Update) -> Array:
    """Change W as much in the direction of steepest descent in the squared error."""
    gradient = get_w(update.protocol, compute_gradients(update.protocol, update.weights))
    return _give_length(-gradient, update.change)


def amplify(update: Update) -> Array:
    """Change W as the theory has it: let it grow along itself, and do nothing else."""
    W = get_w(update.protocol, update.weights)
    scatter = Inputs.of(update.protocol).scatter
    # No matrix product: its last bits depend on the processor.
    return np.asarray(predict_growth(update.protocol) * np.sum(W[..., None, :] * scatter, axis=-1))


INTERVENTIONS: Mapping[str, Callable[[Update], Array]] = {
    "dropped": drop,
    "reversed": reverse,
    "random": randomise,
    "gradient": descend,
    "amplification": amplify,
}


def _give_length(direction: Array, change: Array) -> Array:
    lengths = [np.sqrt(np.sum(flatten(x) ** 2, axis=1)) for x in (direction, change)]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(lengths[0] > 0.0, lengths[1] / lengths[0], 0.0)
    return np.asarray(factor[:, None, None] * direction)


def train_changed(
    protocol: Protocol, weights: Array, replace: Callable[[Update], Array], *, n_first: int
) -> Outcome:
    """Train networks whose first updates change W as `replace` says; the kernel makes the others.

    Returns updates and whether they converged, (n,) each.
    """
    generator = np.random.Generator(np.random.Philox(key=NOISE_SEED))
    updates = np.full(len(weights), protocol.max_updates)
    converged = np.zeros(len(weights), dtype=np.bool_)
    running = np.arange(len(weights))
    shape = len(weights), *get_w(protocol, weights).shape[1:]
    for n_applied in range(min(n_first, protocol.max_updates) + 1):
        done = evaluate_networks(protocol, weights).error < protocol.threshold
        updates[running[done]], converged[running[done]] = n_applied, True
        running, weights = running[~done], weights[~done]
        if n_applied == n_first or not len(running):
            break
        following = record_weights(protocol, weights, 1)[:, 1]
        old, new = (get_w(protocol, states) for states in (weights, following))
        noise = 2.0 * generator.random(shape)[running] - 1.0
        new[...] = old + replace(Update(protocol, weights, new - old, noise))
        weights = following
    if len(running) and n_first < protocol.max_updates:
        rest = dataclasses.replace(protocol, max_updates=protocol.max_updates - n_first)
        more, converged[running], _ = simulate_weights(rest, weights)
        updates[running] = n_first + more
    return updates, converged


def compare_interventions(
    protocol: Protocol, weights: Array, *, firsts: Sequence[int], jobs: int
) -> dict[str, dict[str, Any]]:
    """Return by intervention and number of first updates, as text, what `describe_extra` does."""
    base, _, _ = simulate_weights(protocol, weights)
    tasks = [(name, first) for name in INTERVENTIONS for first in firsts]

    def run(task: tuple[str, int]) -> dict[str, Any]:
        name, first = task
        outcome = train_changed(protocol, weights, INTERVENTIONS[name], n_first=first)
        return describe_extra(*outcome, base)

    described = iter(map_in_threads(run, tasks, jobs=jobs))
    return {name: {str(first): next(described) for first in firsts} for name in INTERVENTIONS}


def describe_extra(
    updates: NDArray[Any], converged: NDArray[np.bool_], base: NDArray[Any]
) -> dict[str, Any]:
    """Return what networks took more than the same without an intervention, failures at the cap."""
    extra = updates.astype(np.int64) - base
    n_failed = len(converged) - int(converged.sum())
    return {
        **name_estimate("extra", estimate_median(extra)),
        **name_estimate("trimmed", estimate_trimmed_mean(extra)),
        "failed": estimate_share(n_failed, len(converged)),
        "median": float(np.median(updates)),
    }


def estimate_trimmed_mean(values: Any) -> Estimate:
    """Return the mean without the smallest and largest tenth, with its interval.

    Tukey & McLaughlin (1963), Sankhya A 25, 331-352.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n, cut = len(ordered), int(TRIMMED * len(ordered))
    kept = ordered[cut : n - cut]
    if len(kept) < 2:
        return Estimate(float(kept.mean()), None, None)
    winsorised = np.clip(ordered, kept[0], kept[-1])
    error = winsorised.std(ddof=1) / ((1.0 - 2.0 * TRIMMED) * np.sqrt(n))
    reach = float(special.stdtrit(len(kept) - 1, 0.5 + LEVEL / 2.0) * error)
    mean = float(kept.mean())
    return Estimate(mean, mean - reach, mean + reach)


def measure_first_step(protocol: Protocol, weights: Array) -> dict[str, Any]:
    """Return in what share of the networks the first change of W lowers the squared error.

    The error after the first update is compared with that after the same update of U alone.
    """
    with_w = record_weights(protocol, weights, 1)[:, 1]
    without_w = with_w.copy()
    get_w(protocol, without_w)[...] = get_w(protocol, weights)
    squared = dataclasses.replace(protocol, criterion="half-squared-error")
    with_error, without_error = (
        evaluate_networks(squared, states).error for states in (with_w, without_w)
    )
    helped = with_error < without_error
    return estimate_share(int(helped.sum()), len(helped))
