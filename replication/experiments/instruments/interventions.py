"""What the first changes are worth: something else in their place, in the same networks.

If a network without its first k changes merely started later, it would take k updates more.
"""

from collections.abc import Mapping, Sequence
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
from replication.simulator.rule import recirculation
from replication.simulator.rule.declared import Shape
from replication.simulator.rule.recirculation import BackPropagationNetwork, RecirculationNetwork
from replication.simulator.running.ensemble import simulate_weights

NOISE_SEED = 2014


class Intervention(RecirculationNetwork):
    """A network whose first updates are others, `n_first` of them; then it learns as it would."""

    names: tuple[str, ...] = ("W",)  # the arrays whose changes are others
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
        """Update as the rule does, and put something else in its place while it is early."""
        before = {name: getattr(self, name) for name in self.names}
        super().apply(changes)
        for name, old in before.items():
            new = getattr(self, name)
            other = old + self.choose(old, new - old, changes)
            setattr(self, name, np.where(self.t < self.n_first, other, new))
        self.t = self.t + 1.0

    def choose(self, _: Operand, __: Operand, ___: dict[str, Operand], /) -> Operand:
        """Return what takes the place of the rule's change of an array: nothing.

        It takes the array, its change, and all changes that were summed over the patterns.
        """
        return 0.0


class Descent(Intervention, BackPropagationNetwork):
    """W changes as much in the direction of steepest descent in the squared error."""

    learning_rule = RECIRCULATION

    @property
    def summed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The gradient for W, with the other sign."""
        return {"descent": self.shapes["W"]}

    def weight_changes(self, v0: Operand) -> Any:
        """Return the changes of recirculation, and those of back-propagation for W."""
        changes = RecirculationNetwork.weight_changes(self, v0)._asdict()
        return changes | {"descent": self.descend(v0, "squared").W}

    def choose(self, _: Operand, change: Operand, changes: dict[str, Operand], /) -> Operand:
        """Return the direction of descent, as long."""
        return give_length(changes["descent"], change)


def freeze(*names: str) -> type[Intervention]:
    """Return the intervention that freezes some weights at first."""
    return type("Frozen", (Intervention,), {"names": names})


class AtRandom(Intervention):
    """W changes as much in a random direction, drawn anew in every update."""

    def choose(self, _: Operand, change: Operand, __: dict[str, Operand], /) -> Operand:
        """Return a random direction, as long."""
        direction = 2.0 * self.uniform(self.W.shape) - 1.0
        return give_length(direction, change)


class Amplification(Intervention):
    """W changes by no more than what lies along W S, for one-hot vectors along W."""

    def choose(self, W: Operand, change: Operand, _: dict[str, Operand], /) -> Operand:
        """Return the component of the change along W S."""
        return project(change, W @ Scatter.of(self.protocol).matrix)


INTERVENTIONS: Mapping[str, type[Intervention]] = {
    "dropped": freeze("W"),
    "random": AtRandom,
    "gradient": Descent,
    "amplification": Amplification,
}
"""What is frozen at first, or what takes the place of the changes of W."""


def prepare(
    protocol: Protocol,
    weights: Array,
    intervention: type[Intervention],
    *,
    n_first: int,
    network: type[RecirculationNetwork] | None = None,
) -> tuple[type[Intervention], Array]:
    """Return the rule of networks whose first updates are others, and weights with what is fixed.

    Otherwise they learn by `network`, the protocol's unless given.
    """
    learning = recirculation.find_network(protocol, network)
    rule = type(intervention.__name__, (intervention, learning), {})
    firsts = np.full((len(weights), 1), float(n_first))
    return rule, np.hstack([weights, firsts])


def train_changed(
    protocol: Protocol,
    weights: Array,
    intervention: type[Intervention],
    *,
    n_first: int,
    network: type[RecirculationNetwork] | None = None,
    jobs: int = 1,
) -> tuple[Counts, Flags]:
    """Train networks whose first updates are others, as `prepare` takes them."""
    rule, rows = prepare(protocol, weights, intervention, n_first=n_first, network=network)
    updates, converged, _ = simulate_weights(
        protocol, rows, network=rule, root_seed=NOISE_SEED, jobs=jobs
    )
    return updates, converged


def compare_interventions(
    protocol: Protocol,
    weights: Array,
    *,
    firsts: Sequence[int],
    jobs: int = 1,
    names: Sequence[str] = tuple(INTERVENTIONS),
) -> dict[str, Model]:
    """Return by intervention and number of first updates, as text, what `describe_extra` does."""
    base, _, _ = simulate_weights(protocol, weights)
    compared: dict[str, Model] = {}
    for name in names:
        rule = INTERVENTIONS[name]
        compared[name] = {}
        for n_first in firsts:
            updates, converged = train_changed(protocol, weights, rule, n_first=n_first, jobs=jobs)
            compared[name][str(n_first)] = describe_extra(updates, converged, base)
    return compared


def describe_extra(updates: Counts, converged: Flags, base: Counts) -> Model:
    """Return what networks took more than the same without an intervention, failures at the cap."""
    extra = name_median(updates.astype(np.int64) - base, "extra")
    return extra | {"failed": estimate_share(~converged)}
