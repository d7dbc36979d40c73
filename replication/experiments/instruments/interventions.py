"""What the first weight changes are worth: networks in which something else replaces them.

A network that loses its first k changes, and is only delayed by that, takes k updates more. So the
updates that it takes more are compared with k.
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

NOISE_SEED = 2014  # root seed of the random directions


class Intervention(RecirculationNetwork):
    """A network in which `replace` makes the first `n_first` changes of some arrays.

    In this class it makes none: these arrays are frozen at first. Then all learn by the rule.
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
        """How many changes of a network are replaced."""
        return {"n_first": ()}

    def apply(self, changes: dict[str, Operand]) -> None:
        """Change all arrays by the rule; at first, change those in `names` by `replace`."""
        before = {name: getattr(self, name) for name in self.names}
        super().apply(changes)
        for name, old in before.items():
            by_rule = getattr(self, name)
            replaced = old + self.replace(old, by_rule - old, changes)
            setattr(self, name, np.where(self.t < self.n_first, replaced, by_rule))
        self.t = self.t + 1.0

    def replace(
        self, _array: Operand, _change: Operand, _changes: dict[str, Operand], /
    ) -> Operand:
        """Return what replaces the rule's change of an array: here 0.

        It is given the array, the rule's change of it, and the changes of all arrays, summed over
        the patterns.
        """
        return 0.0


class Descent(Intervention, BackPropagationNetwork):
    """The first changes of W are as long as by the rule, but go down the squared error."""

    learning_rule = RECIRCULATION

    @property
    def summed(self) -> dict[str, Shape]:  # type: ignore[override]
        """Minus the gradient for W."""
        return {"descent": self.shapes["W"]}

    def weight_changes(self, v0: Operand) -> Any:
        """Return the changes of recirculation, and the direction of descent for W."""
        changes = RecirculationNetwork.weight_changes(self, v0)._asdict()
        return changes | {"descent": self.descend(v0, "squared").W}

    def replace(self, _array: Operand, change: Operand, changes: dict[str, Operand], /) -> Operand:
        """Return the direction of descent, as long as the rule's change."""
        return give_length(changes["descent"], change)


def freeze(*names: str) -> type[Intervention]:
    """Return the intervention that freezes arrays, given by their names, in the first updates."""
    return type("Frozen", (Intervention,), {"names": names})


class AtRandom(Intervention):
    """The first changes of W are as long as by the rule, but random, drawn anew in every update."""

    def replace(self, _array: Operand, change: Operand, _changes: dict[str, Operand], /) -> Operand:
        """Return a random direction, as long as the rule's change."""
        direction = 2.0 * self.uniform(self.W.shape) - 1.0
        return give_length(direction, change)


class Amplification(Intervention):
    """The first changes of W keep only their component along W S, where S is the scatter.

    For one-hot vectors, W S is W without its mean over the visible units.
    """

    def replace(self, W: Operand, change: Operand, _changes: dict[str, Operand], /) -> Operand:
        """Return the component of the change along W S."""
        return project(change, W @ Scatter.of(self.protocol).matrix)


INTERVENTIONS: Mapping[str, type[Intervention]] = {
    "dropped": freeze("W"),
    "random": AtRandom,
    "gradient": Descent,
    "amplification": Amplification,
}
"""What replaces the first changes of W, by name; if they are dropped, nothing does."""


def prepare(
    protocol: Protocol, weights: Array, intervention: type[Intervention], *, n_first: int
) -> tuple[type[Intervention], Array]:
    """Return the rule and the rows of weights for networks whose first changes are replaced.

    After these changes the rule learns as the protocol says. The rows, (n, n_weights + 1), have the
    number of replaced changes behind the weights.
    """
    usual_rule = find_network(protocol)
    rule = type(intervention.__name__, (intervention, usual_rule), {})
    numbers = np.full((len(weights), 1), float(n_first))
    return rule, np.hstack([weights, numbers])


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
    """Return how much longer the same networks take with each of `INTERVENTIONS`.

    ``extra`` is the median over networks of the updates that they take more; failures count as the
    cap. ``failed`` is the share that fails.
    """
    usual, _, _ = simulate_weights(protocol, weights)
    compared: dict[str, Model] = {}
    for name, rule in INTERVENTIONS.items():
        updates, converged = train_changed(protocol, weights, rule, n_first=n_first, jobs=jobs)
        extra = updates.astype(np.int64) - usual
        compared[name] = {**name_median(extra, "extra"), "failed": estimate_share(~converged)}
    return compared
