"""States of networks in which the guard compares a rule with its own NumPy.

They are states of a few networks: at their first updates, at some later ones, just before and after
they meet the criterion, and with larger weights, which learning may reach later.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replication.simulator.rule.network import Rule
from replication.simulator.running.engine import Engine

Array = NDArray[np.float64]

N_NETWORKS = 3
"""Networks whose updates are compared one by one."""
N_FIRST = 3
"""First updates of each that are compared."""
N_LATER = 3
"""Later updates of each that are compared, among the first `LATEST`."""
LATEST = 60
"""Most updates of each network that are recorded."""
WORK = 4e6
"""Limit of time: how often a pattern may change a number, counted over all updates of a network."""
LEAST_UPDATES = 4
"""Fewest updates that each network learns for, however large it is, unless the cap is lower."""
LARGER = (4.0, 16.0)
"""Factors by which weights are multiplied, since learning may reach larger ones later."""


@dataclass(frozen=True, eq=False)
class Case:
    """All numbers of a network before an update and after it, as the compiled code has them."""

    before: Array
    after: Array
    seed: int
    update: int  # number of updates before it


@dataclass(frozen=True)
class Plan:
    """How long networks learn."""

    n_updates: int  # that are recorded
    longest: int  # until they converge


def make_plan(rule: Rule) -> Plan:
    """Choose how long the networks of a rule learn.

    The guard checks a rule before the runs that a user asked for, so it has only tenths of a second
    and little memory: large networks learn for fewer updates.
    """
    cap = rule.protocol.max_updates
    n_affordable = int(WORK / (len(rule.patterns) * sum(rule.sizes)))
    n_updates = min(LATEST, cap, max(LEAST_UPDATES, n_affordable))
    longest = min(cap, max(n_updates, n_affordable))
    # The first updates are compared even where the cap is lower.
    return Plan(max(N_FIRST, n_updates), longest)


@dataclass(frozen=True, eq=False)
class Followed:
    """Networks that have learnt, in compiled code."""

    recorded: Array  # all their numbers, (network, update, number)
    ends: NDArray[np.int64]  # their outcomes
    has_converged: NDArray[np.bool_]
    final: Array  # their numbers at the end, (network, number)

    @property
    def has_diverged(self) -> bool:
        """Whether no network has met the criterion, and none is still finite."""
        last = self.recorded[:, -1]
        return not (self.has_converged.any() or np.isfinite(last).all(axis=1).any())


def follow(engine: Engine, plan: Plan, root_seed: int) -> Followed:
    """Let networks learn: once for a while, and once until they converge."""
    rows = engine.rule.draw(root_seed, 0, N_NETWORKS)
    trained = engine.train(rows, root_seed=root_seed, final=True, max_updates=plan.longest)
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
    for seed in np.flatnonzero(followed.has_converged).tolist():
        update = int(followed.ends[seed])
        is_compared_already = update == 0  # the first update is one of `list_early`
        if not is_compared_already:
            yield from _update_once(engine, followed.final[seed], root_seed, seed, update)


def list_larger(engine: Engine, followed: Followed, root_seed: int) -> Iterator[Case]:
    """Yield the first update of each network, with larger weights than it was drawn with."""
    n_drawn = engine.rule.row_sizes[0]  # numbers that are weights or fixed
    for scale in LARGER:
        for seed, begun in enumerate(followed.recorded[:, 0]):
            larger = begun.copy()
            larger[:n_drawn] *= scale
            yield from _update_once(engine, larger, root_seed, seed, 0)


def _update_once(
    engine: Engine, before: Array, root_seed: int, seed: int, n_begun: int
) -> Iterator[Case]:
    """Yield one more update of a network that has made `n_begun`, unless it has diverged."""
    if not np.isfinite(before).all():
        return
    final = engine.train(
        before[np.newaxis],
        root_seed=root_seed,
        first_seed=seed,
        final=True,
        threshold=-np.inf,  # no error is below it, so that the update is made
        max_updates=n_begun + 1,
        begun=np.array([n_begun]),
    ).final
    assert final is not None
    yield Case(before, final[0], seed, n_begun)
