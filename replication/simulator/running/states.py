"""States of networks in which the guard compares a rule with its own NumPy.

Some are states of a few networks: at their first updates, at some later ones, and just before and
after they meet the criterion. Others are rare states, in which a comparison of the rule has an
outcome that it had in no state before. These are looked for in hundreds of networks, also with
multiplied weights, since learning may reach larger weights later.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replication.simulator.running.engine import Engine, find_probe

Array = NDArray[np.float64]

N_NETWORKS = 3
"""Networks whose updates are compared one by one."""
N_FIRST = 3
"""First updates of each that are compared."""
N_LATER = 3
"""Later updates of each that are compared, among the first `LATEST`."""
LATEST = 60
"""Most updates of each network that are recorded."""
WORK = 3e7
"""Limit of time: how often a pattern may change a number, counted over all networks and updates."""
LEAST_NETWORKS = 8
"""Fewest networks that learn, however large they are."""
MOST_NETWORKS = 400
"""Most networks that learn, however small they are."""
LEAST_UPDATES = 4
"""Fewest updates that each network learns for, however large it is, unless the cap is lower."""
SCALES = (1.0, 2.0, 4.0, 16.0)
"""Factors by which weights are multiplied in the search for rare states."""
MOST_RARE = 24
"""Most rare states that are compared, for each factor."""
MOST_NUMBERS = 2**22
"""Limit of memory: most numbers that are recorded, or elements of comparisons."""
FEW = 4
"""If a comparison is true (or false) for fewer units than this, the number of these units is its
outcome. All other numbers count as one outcome."""
MOST_UNITS = 8
"""Most units of a comparison of which each is also looked at by itself."""


@dataclass(frozen=True, eq=False)
class Case:
    """All numbers of a network before an update and after it, as the compiled code has them."""

    before: Array
    after: Array
    seed: int
    update: int  # number of updates before it


@dataclass(frozen=True)
class Plan:
    """How many networks learn, and how long."""

    n_networks: int
    n_updates: int  # of all networks, all of which are recorded
    longest: int  # most updates of the few networks that learn until they converge


def make_plan(engine: Engine) -> Plan:
    """Choose how many networks of a rule learn, and for how long.

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
    """Networks that have learnt, in compiled code."""

    recorded: Array  # all numbers of all networks, (network, update, number)
    ends: NDArray[np.int64]  # outcomes of the first `N_NETWORKS`
    has_converged: NDArray[np.bool_]
    final: Array  # their numbers at the end, (network, number)

    @property
    def has_diverged(self) -> bool:
        """Whether none of the first networks has met the criterion, and none is still finite."""
        last = self.recorded[:N_NETWORKS, -1]
        return not (self.has_converged.any() or np.isfinite(last).all(axis=1).any())


def follow(engine: Engine, plan: Plan, root_seed: int) -> Followed:
    """Let networks learn: the first ones until they converge, all of them for a while."""
    rows = engine.rule.draw(root_seed, 0, plan.n_networks)
    trained = engine.train(
        rows[:N_NETWORKS], root_seed=root_seed, final=True, max_updates=plan.longest
    )
    assert trained.final is not None
    recorded = engine.record(rows, range(plan.n_updates + 1), root_seed=root_seed)
    return Followed(recorded, trained.updates, trained.converged, trained.final)


def list_early(followed: Followed, root_seed: int) -> Iterator[Case]:
    """Yield first and later updates of networks, and the last one before each converges."""
    recorded = followed.recorded
    latest = recorded.shape[1] - 1  # the last recorded update
    later = np.random.default_rng(root_seed).permutation(np.arange(N_FIRST, latest))
    for seed, end in enumerate(followed.ends.tolist()):
        # Not beyond the end, where changes may be mere rounding.
        chosen = {*range(N_FIRST), *later[later < end][:N_LATER].tolist()}
        if N_FIRST < end <= latest:
            chosen.add(end - 1)
        for update in sorted(chosen):
            before, after = recorded[seed, update : update + 2]
            if np.isfinite(before).all():  # a network that has diverged is not compared
                yield Case(before, after, seed, update)


def list_converged(engine: Engine, followed: Followed, root_seed: int) -> Iterator[Case]:
    """Yield each network as it met the criterion, and one update later."""
    # The followed networks have the seeds 0, 1, ..., in the order of the arrays.
    for seed in np.flatnonzero(followed.has_converged).tolist():
        before = followed.final[seed]
        update = int(followed.ends[seed])
        is_compared_already = update == 0  # the first update is one of `list_early`
        if not is_compared_already and np.isfinite(before).all():
            (after,) = _update_once(engine, before[np.newaxis], root_seed, seed, update)
            yield Case(before, after, seed, update)


def list_rare(engine: Engine, followed: Followed, root_seed: int) -> Iterator[Case]:
    """Yield states in which a comparison of the rule has an outcome that it had in none before."""
    probe = find_probe(engine.rule)
    if probe is None:
        return
    # All recorded states, or as many as memory allows, evenly spread.
    states = followed.recorded[:, :-1].reshape(-1, followed.recorded.shape[2])
    n_compared = sum(int(np.prod(shape)) for _, shape in probe.outputs)
    most = max(LEAST_NETWORKS, MOST_NUMBERS // max(n_compared, states.shape[1]))
    step = 1 + len(states) // most
    n_drawn = engine.rule.row_sizes[0]  # numbers that are weights or fixed
    seen = Seen()
    for scale in SCALES:
        rows = states[::step].copy()
        rows[:, :n_drawn] *= scale
        rows = rows[np.isfinite(rows).all(axis=1)]
        if not len(rows):
            return
        chosen = rows[seen.choose(engine.measure(probe, rows))]
        if len(chosen):
            after = _update_once(engine, chosen, root_seed)
            for seed, row in enumerate(chosen):
                yield Case(row, after[seed], seed, 0)


class Seen:
    """The outcomes of comparisons so far (`name_outcomes`)."""

    def __init__(self) -> None:
        self.outcomes: set[tuple[int, str, int]] = set()  # (number of comparison, kind, outcome)

    def choose(self, comparisons: list[Array]) -> list[int]:
        """Return states with outcomes that were not seen before, at most `MOST_RARE`."""
        chosen: dict[int, None] = {}  # each state once, in the order in which they are found
        for number, each in enumerate(comparisons):  # (state, ..., pattern)
            truths = each.reshape(len(each), -1, each.shape[-1])  # (state, unit, pattern)
            for kind, outcomes in name_outcomes(truths).items():
                for state in self._find_new(number, kind, outcomes):
                    chosen[state] = None
        return [*chosen][:MOST_RARE]

    def _find_new(self, number: int, kind: str, outcomes: NDArray[np.int64]) -> list[int]:
        """Return a state for each outcome (state, pattern) that is new, and note it as seen."""
        states = []
        values, places = np.unique(outcomes, return_index=True)
        for value, place in zip(values.tolist(), places.tolist(), strict=True):
            outcome = number, kind, value
            if outcome not in self.outcomes:
                self.outcomes.add(outcome)
                states.append(place // outcomes.shape[1])
        return states


def name_outcomes(truths: Array) -> dict[str, NDArray[np.int64]]:
    """Return the outcomes of a comparison (state, unit, pattern) by their kinds, (state, pattern).

    "count" is the number of units for which the comparison is true, if it is true or false for
    fewer than `FEW` units; otherwise it is `FEW`. With at most `MOST_UNITS` units, "unit k" says
    whether the comparison is true for unit k.
    """
    n_units = truths.shape[1]
    n_true = truths.sum(axis=1).astype(np.int64)  # (state, pattern)
    is_rare = (n_true < FEW) | (n_units - n_true < FEW)
    outcomes = {"count": np.where(is_rare, n_true, FEW)}
    if n_units <= MOST_UNITS:
        for k in range(n_units):
            outcomes[f"unit {k}"] = truths[:, k].astype(np.int64)
    return outcomes


def _update_once(
    engine: Engine, rows: Array, root_seed: int, first_seed: int = 0, begun: int = 0
) -> Array:
    """Return all numbers of networks after one more update; `begun` is how many they have made."""
    final = engine.train(
        rows,
        root_seed=root_seed,
        first_seed=first_seed,
        final=True,
        threshold=-np.inf,  # no error is below it, so that the update is made
        max_updates=begun + 1,
        begun=np.full(len(rows), begun, dtype=np.int64),
    ).final
    assert final is not None
    return final
