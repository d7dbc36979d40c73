"""What the first changes are worth: something else in their place, in the same networks.

If a network without its first k changes merely started later, it would take k updates more.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.definition.protocol import RECIRCULATION, Protocol
from replication.experiments.instruments.matrices import (
    Array,
    Counts,
    Flags,
    Operand,
    Scatter,
    give_length,
    project,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import estimate_share, name_median
from replication.simulator.rule.declared import Shape
from replication.simulator.rule.recirculation import (
    BackPropagationNetwork,
    RecirculationNetwork,
    find_network,
)
from replication.simulator.running.ensemble import simulate_weights

NOISE_SEED = 2014


class Intervention(RecirculationNetwork):
    """A network in which something else takes the place of the first `n_first` changes.

    Here that is nothing: some arrays do not change at first. Later it learns by the rule.
    """

    names: tuple[str, ...] = ("W",)  # the arrays whose first changes are replaced
    t: Operand  # updates so far
    n_first: Operand

    @property
    def kept(self) -> dict[str, Any]:  # type: ignore[override]
        """What the rule keeps, and the number of updates so far."""
        return super().kept | {"t": 0.0}

    @property
    def fixed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The number of first updates, of each network."""
        return {"n_first": ()}

    def apply(self, changes: dict[str, Operand]) -> None:
        """Change all arrays by the rule, and some of them otherwise in the first updates."""
        before = {name: getattr(self, name) for name in self.names}
        super().apply(changes)
        for name, old in before.items():
            by_rule = getattr(self, name)
            otherwise = old + self.replace(old, by_rule - old, changes)
            setattr(self, name, np.where(self.t < self.n_first, otherwise, by_rule))
        self.t = self.t + 1.0

    def replace(self, _: Operand, __: Operand, ___: dict[str, Operand], /) -> Operand:
        """Return what takes the place of the rule's change of an array: nothing.

        It takes the array, the rule's change of it, and the changes of all arrays, summed over the
        patterns.
        """
        return 0.0


class Descent(Intervention, BackPropagationNetwork):
    """W first changes by as much, but in the direction of steepest descent in the squared error."""

    learning_rule = RECIRCULATION

    @property
    def summed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The gradient for W, with the other sign."""
        return {"descent": self.shapes["W"]}

    def weight_changes(self, v0: Operand) -> Any:
        """Return the changes of recirculation, and those of back-propagation for W."""
        changes = RecirculationNetwork.weight_changes(self, v0)._asdict()
        return changes | {"descent": self.descend(v0, "squared").W}

    def replace(self, _: Operand, change: Operand, changes: dict[str, Operand], /) -> Operand:
        """Return the direction of descent, as long as the rule's change."""
        return give_length(changes["descent"], change)


def freeze(*names: str) -> type[Intervention]:
    """Return the intervention that freezes some arrays at first."""
    return type("Frozen", (Intervention,), {"names": names})


class AtRandom(Intervention):
    """W first changes by as much, but in a random direction, drawn anew in every update."""

    def replace(self, _: Operand, change: Operand, __: dict[str, Operand], /) -> Operand:
        """Return a random direction, as long as the rule's change."""
        direction = 2.0 * self.uniform(self.W.shape) - 1.0
        return give_length(direction, change)


class Amplification(Intervention):
    """W first changes only along W S, S being the scatter; of one-hot vectors that is along W."""

    def replace(self, W: Operand, change: Operand, _: dict[str, Operand], /) -> Operand:
        """Return the component of the change along W S."""
        return project(change, W @ Scatter.of(self.protocol).matrix)


INTERVENTIONS: Mapping[str, type[Intervention]] = {
    "dropped": freeze("W"),
    "random": AtRandom,
    "gradient": Descent,
    "amplification": Amplification,
}
"""What takes the place of the first changes of W; if they are dropped, nothing."""


def prepare(
    protocol: Protocol, weights: Array, intervention: type[Intervention], *, n_first: int
) -> tuple[type[Intervention], Array]:
    """Return what the simulator takes for networks whose first changes are replaced.

    That is a rule, by which they learn as the protocol says in all other updates, and the rows of
    weights, (n, n_weights + 1), with the number of first changes behind the weights.
    """
    learning = find_network(protocol)
    rule = type(intervention.__name__, (intervention, learning), {})
    firsts = np.full((len(weights), 1), float(n_first))
    return rule, np.hstack([weights, firsts])


def train_changed(
    protocol: Protocol,
    weights: Array,
    intervention: type[Intervention],
    *,
    n_first: int,
    jobs: int = 1,
) -> tuple[Counts, Flags]:
    """Return updates of networks whose first changes are replaced, and whether they converged."""
    rule, rows = prepare(protocol, weights, intervention, n_first=n_first)
    updates, converged, _ = simulate_weights(
        protocol, rows, network=rule, root_seed=NOISE_SEED, jobs=jobs
    )
    return updates, converged


def compare_interventions(
    protocol: Protocol, weights: Array, *, n_first: int, jobs: int
) -> dict[str, Model]:
    """Return for each of `INTERVENTIONS` how much longer the same networks take with it.

    ``extra`` is the median over networks, in updates; failures count as the cap.
    """
    usual, _, _ = simulate_weights(protocol, weights)
    compared: dict[str, Model] = {}
    for name, rule in INTERVENTIONS.items():
        updates, converged = train_changed(protocol, weights, rule, n_first=n_first, jobs=jobs)
        extra = updates.astype(np.int64) - usual
        compared[name] = {**name_median(extra, "extra"), "failed": estimate_share(~converged)}
    return compared
