"""States of networks in which the guard compares a rule with its own NumPy.

Those of a few networks in the first updates, in some later ones, and just before and after they
meet the criterion; and rare ones: of hundreds of networks, also with larger weights, as learning
reaches them, those in which a comparison of the rule comes out as in none before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.simulator.running.engine import Engine, find_probe

Array = NDArray[np.float64]

N_NETWORKS = 3
N_FIRST = 3
N_LATER = 3
"""Networks that are followed, their first updates, and later ones among the earliest `LATEST`."""
LATEST = 60
WORK = 3e7
"""Limit of time: how often a pattern may change a number, counted over all networks and updates."""
LEAST_NETWORKS = 8
MOST_NETWORKS = 400
LEAST_UPDATES = 4
"""Networks that learn, at least and at most, and updates at least, however large networks are."""
SCALES = (1.0, 2.0, 4.0, 16.0)
"""By which weights are multiplied."""
MOST_RARE = 24
"""Rare states at each scale."""
MOST_NUMBERS = 2**22
"""Limit of memory: of recorded weights, and of comparisons that are looked at."""
FEW = 4
"""Units of a pattern up to which they are counted: there is no rare number of many."""
MOST_UNITS = 8
"""Units that are looked at one by one."""


@dataclass(frozen=True, eq=False)
class Case:
    """A network before an update and after it, as the compiled code has it."""

    before: Array
    after: Array
    seed: int
    update: int  # that are applied already


@dataclass(frozen=True)
class Plan:
    """How many networks learn, and how long."""

    n_networks: int
    n_updates: int  # by which all learn, and which are recorded
    longest: int  # updates after which the few that are to converge are given up


def make_plan(engine: Engine) -> Plan:
    """Return how many networks of a rule learn, and for how long, at little cost.

    The guard checks a rule before the runs that a user asked for, so it has only tenths of a second
    and little memory. Large networks learn for fewer updates, and there are fewer of them.
    """
    rule = engine.rule
    cap = rule.protocol.max_updates
    n_numbers = sum(rule.sizes)  # of one network
    # Updates that there is time for: of all networks together, and of each if they are few.
    n_affordable = int(WORK / (len(rule.patterns) * n_numbers))
    n_of_each = n_affordable // LEAST_NETWORKS
    n_updates = min(LATEST, cap, max(LEAST_UPDATES, n_of_each))
    # As many networks as time and memory allow. The state before the first update is recorded too.
    n_in_time = n_affordable // n_updates
    n_in_memory = MOST_NUMBERS // ((n_updates + 1) * n_numbers)
    n_networks = min(MOST_NETWORKS, max(LEAST_NETWORKS, min(n_in_memory, n_in_time)))
    longest = min(cap, max(n_updates, n_of_each))
    # The first updates are compared even where the cap is lower.
    return Plan(n_networks, max(N_FIRST, n_updates), longest)


@dataclass(frozen=True, eq=False)
class Followed:
    """Networks that learn, compiled."""

    recorded: Array  # (network, update, number)
    ends: NDArray[np.int64]  # updates of those that are followed
    has_converged: NDArray[np.bool_]
    final: Array  # their arrays then

    @property
    def has_diverged(self) -> bool:
        """Whether no network that is followed met the criterion or remained finite."""
        last = self.recorded[:N_NETWORKS, -1]
        return not (self.has_converged.any() or np.isfinite(last).all(axis=1).any())


def follow(engine: Engine, plan: Plan, root_seed: int) -> Followed:
    """Let networks learn: some of them until they converge, all of them for a while."""
    rows = engine.rule.draw(root_seed, 0, plan.n_networks)
    some: Any = {"root_seed": root_seed, "final": True, "max_updates": plan.longest}
    ends, has_converged, final = engine.train(rows[:N_NETWORKS], **some)
    assert final is not None
    recorded = engine.record(rows, range(plan.n_updates + 1), root_seed=root_seed)
    return Followed(recorded, ends, has_converged, final)


def list_early(followed: Followed, root_seed: int) -> Iterator[Case]:
    """Go through first and later updates of networks, up to the one before they converge."""
    recorded = followed.recorded
    latest = recorded.shape[1] - 1
    later = np.random.default_rng(root_seed).permutation(np.arange(N_FIRST, latest))
    for seed, end in enumerate(followed.ends.tolist()):
        # What learns on, where gradients are mere rounding, is no outcome.
        chosen = {*range(N_FIRST), *later[later < end][:N_LATER].tolist()}
        if N_FIRST < end <= latest:
            chosen.add(end - 1)
        for update in sorted(chosen):
            before, after = recorded[seed, update : update + 2]
            if np.isfinite(before).all():  # what has diverged is compared with nothing
                yield Case(before, after, seed, update)


def list_converged(engine: Engine, followed: Followed, root_seed: int) -> Iterator[Case]:
    """Go through networks that have met the criterion, one update on."""
    for seed in np.flatnonzero(followed.has_converged).tolist():
        before = followed.final[seed]
        update = int(followed.ends[seed])
        if update and np.isfinite(before).all():
            (after,) = _apply_one(engine, before[np.newaxis], root_seed, seed, update)
            yield Case(before, after, seed, update)


def list_rare(engine: Engine, followed: Followed, root_seed: int) -> Iterator[Case]:
    """Go through states in which a comparison comes out as in none before."""
    probe = find_probe(engine.rule)
    if probe is None:
        return
    states = followed.recorded[:, :-1].reshape(-1, followed.recorded.shape[2])
    n_asked = sum(int(np.prod(shape)) for _, shape in probe.outputs)
    most = max(LEAST_NETWORKS, MOST_NUMBERS // max(n_asked, states.shape[1]))
    seen = Seen()
    for scale in SCALES:
        rows = states[:: 1 + len(states) // most].copy()
        rows[:, : sum(engine.rule.sizes[:2])] *= scale
        rows = rows[np.isfinite(rows).all(axis=1)]
        if not len(rows):
            return
        chosen = rows[seen.choose(engine.measure(probe, rows))]
        if len(chosen):
            after = _apply_one(engine, chosen, root_seed)
            for seed, row in enumerate(chosen):
                yield Case(row, after[seed], seed, 0)


class Seen:
    """How comparisons came out so far: for how many units of a pattern, and for which."""

    def __init__(self) -> None:
        self.outcomes: set[tuple[int, str, int]] = set()

    def choose(self, comparisons: list[Array]) -> list[int]:
        """Return states with outcomes that were not seen before, at most `MOST_RARE`."""
        chosen: dict[int, None] = {}
        for number, each in enumerate(comparisons):  # (state, ..., pattern)
            truths = each.reshape(len(each), -1, each.shape[-1])  # (state, unit, pattern)
            for kind, outcomes in name_outcomes(truths).items():
                for state in self._find_new(number, kind, outcomes):
                    chosen[state] = None
        return [*chosen][:MOST_RARE]

    def _find_new(self, number: int, kind: str, outcomes: NDArray[np.int64]) -> list[int]:
        """Return a state for each outcome (state, pattern) that is new, and note it as seen."""
        found = []
        values, places = np.unique(outcomes, return_index=True)
        for value, place in zip(values.tolist(), places.tolist(), strict=True):
            outcome = number, kind, value
            if outcome not in self.outcomes:
                self.outcomes.add(outcome)
                found.append(place // outcomes.shape[1])
        return found


def name_outcomes(truths: Array) -> dict[str, NDArray[np.int64]]:
    """Return how a comparison (state, unit, pattern) came out, in whole numbers (state, pattern).

    For how many units it was true, if these or the others are few; and of few units for each.
    """
    n_units = truths.shape[1]
    n_true = truths.sum(axis=1).astype(np.int64)  # (state, pattern)
    is_rare = (n_true < FEW) | (n_units - n_true < FEW)
    outcomes = {"count": np.where(is_rare, n_true, FEW)}
    if n_units <= MOST_UNITS:
        for k in range(n_units):
            outcomes[f"unit {k}"] = truths[:, k].astype(np.int64)
    return outcomes


def _apply_one(
    engine: Engine, rows: Array, root_seed: int, first_seed: int = 0, begun: int = 0
) -> Array:
    """Return arrays after one more update."""
    final = engine.train(
        rows,
        root_seed=root_seed,
        first_seed=first_seed,
        final=True,
        threshold=-np.inf,
        max_updates=begun + 1,
        begun=np.full(len(rows), begun, dtype=np.int64),
    ).final
    assert final is not None
    return final
