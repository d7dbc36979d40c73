"""What the first changes are worth: something else in their place, in the same networks.

If a network without its first k changes merely started later, it would take k updates more.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from replication.definition.protocol import RECIRCULATION, Protocol
from replication.experiments import Model
from replication.experiments.matrices import Array, Counts, Flags, give_length, project
from replication.experiments.recording import Outcome
from replication.experiments.sample import estimate_share, name_median
from replication.experiments.scatter import Scatter
from replication.simulator import recirculation
from replication.simulator.ensemble import simulate_weights
from replication.simulator.network import Rule, Shape
from replication.simulator.recirculation import BackPropagationNetwork, RecirculationNetwork
from replication.simulator.weights import draw_uniform
from replication.system.threads import map_in_threads

NOISE_SEED = 2014


class Intervention(RecirculationNetwork):
    """A network whose first updates are others, `n_first` of them; then it learns as it would."""

    t: Any  # updates so far
    n_first: Any
    once: Any  # a direction in the shape of W, drawn once for each network
    choose: Callable[[Any, Any, dict[str, Any]], Any]
    """Takes W, the rule's change of it and all changes; returns the change in its place."""

    @property
    def kept(self) -> dict[str, Any]:  # type: ignore[override]
        """What the rule keeps, and the number of updates so far."""
        return super().kept | {"t": 0.0}

    @property
    def fixed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The number of first updates, of each network."""
        return {"n_first": ()}

    def apply(self, changes: dict[str, Any]) -> None:
        """Update as the rule does, and put something else in its place while it is early."""
        before = {name: getattr(self, name) for name in self.shapes}
        super().apply(changes)
        is_first = self.t < self.n_first
        for name, other in self.replace(before, changes).items():
            setattr(self, name, np.where(is_first, other, getattr(self, name)))
        self.t = self.t + 1.0

    def replace(self, before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
        """Return what some arrays become instead; `changes` are the rule's, summed."""
        change = self.W - before["W"]
        return {"W": before["W"] + self.choose(before["W"], change, changes)}


class Frozen(Intervention):
    """Some weights stay as they are at first."""

    names: tuple[str, ...] = ("W",)

    def replace(self, before: dict[str, Any], _: Any) -> dict[str, Any]:
        """Return these weights as they were."""
        return {name: before[name] for name in self.names}


class Descent(Intervention, BackPropagationNetwork):
    """W changes as much in the direction of steepest descent in the squared error."""

    learning_rule = RECIRCULATION

    @property
    def summed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The gradient for W, with the other sign."""
        return {"descent": self.shapes["W"]}

    def weight_changes(self, v0: Any) -> Any:  # type: ignore[override]
        """Return the changes of recirculation, and those of back-propagation for W."""
        changes = RecirculationNetwork.weight_changes(self, v0)._asdict()
        return changes | {"descent": self.descend(v0, "squared").W}

    def choose(self, _: Any, change: Any, changes: dict[str, Any], /) -> Any:
        """Return the direction of descent, as long."""
        return give_length(changes["descent"], change)


class Drawn(Intervention):
    """A network with a random direction, drawn once, in the place of the change or of the code."""

    @property
    def fixed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The direction too."""
        return super().fixed | {"once": self.shapes["W"]}


def freeze(*names: str) -> type[Frozen]:
    """Return the intervention that freezes some weights at first."""
    return type("Frozen", (Frozen,), {"names": names})


def put(
    choose: Callable[[Any, Any, Any, dict[str, Any]], Any], base: type[Intervention] = Intervention
) -> type[Intervention]:
    """Return the intervention that gives the change of W from network, W, change and changes."""
    return type("Changed", (base,), {"choose": choose})


def turn(network: Any, W: Any, change: Any, direction: Any) -> Any:
    """Return the change after which W is as long as it would, but in a direction: another code.

    Means over visible units are left alone.
    """
    span = Scatter.of(network.protocol).span
    learnt = (W + change) @ span
    return change + give_length(direction @ span, learnt) - learnt


def find_scatter(network: Any) -> Array:
    """Return the scatter of the inputs of a network."""
    return Scatter.of(network.protocol).matrix


def draw_direction(network: Any, W: Any) -> Any:
    """Return a random direction in the shape of W, drawn anew."""
    return 2.0 * network.uniform(W.shape) - 1.0


INTERVENTIONS: Mapping[str, type[Intervention]] = {
    "dropped": Frozen,
    "U dropped": freeze("U"),
    "hidden biases dropped": freeze("b"),
    "all but W dropped": freeze("b", "U", "c"),
    # W changes the other way; as much in a random direction; as much in that of descent.
    "reversed": put(lambda _, W, change, __: -change),
    "random": put(lambda net, W, change, _: give_length(draw_direction(net, W), change)),
    "gradient": Descent,
    # By no more than what lies along W S, for one-hot vectors along W.
    "amplification": put(lambda net, W, change, _: project(change, W @ find_scatter(net))),
    # As much in one random direction; W as long, with another code; with a new one each time.
    "steered": put(lambda net, _, change, __: give_length(net.once, change), Drawn),
    "exchanged": put(lambda net, W, change, _: turn(net, W, change, net.once), Drawn),
    "renewed": put(lambda net, W, change, _: turn(net, W, change, draw_direction(net, W))),
}
"""What is frozen at first, or what takes the place of the changes of W."""


def prepare(
    protocol: Protocol, weights: Array, intervention: type[Intervention], *, n_first: int,
    network: type[RecirculationNetwork] | None = None,
) -> tuple[type[Intervention], Array]:  # fmt: skip
    """Return the rule of networks whose first updates are others, and weights with what is fixed.

    Otherwise they learn by `network`, the protocol's unless given.
    """
    learning = recirculation.find_network(protocol) if network is None else network
    rule = type(intervention.__name__, (intervention, learning), {})
    rows = [weights, np.full((len(weights), 1), float(n_first))]
    if n_drawn := Rule.of(rule, protocol).sizes[1] - 1:
        rows.append(draw_uniform(n_drawn, NOISE_SEED, 0, len(weights)))
    return rule, np.hstack(rows)


def train_changed(
    protocol: Protocol, weights: Array, intervention: type[Intervention], *, n_first: int,
    network: type[RecirculationNetwork] | None = None, jobs: int = 1,
) -> Outcome:  # fmt: skip
    """Train networks whose first updates are others, as `prepare` takes them."""
    rule, rows = prepare(protocol, weights, intervention, n_first=n_first, network=network)
    return simulate_weights(protocol, rows, network=rule, root_seed=NOISE_SEED, jobs=jobs)[:2]


def compare_interventions(
    protocol: Protocol, weights: Array, *, firsts: Sequence[int], jobs: int,
    names: Sequence[str] = tuple(INTERVENTIONS),
) -> dict[str, Model]:  # fmt: skip
    """Return by intervention and number of first updates, as text, what `describe_extra` does."""
    base, _, _ = simulate_weights(protocol, weights)
    tasks = [(name, first) for name in names for first in firsts]

    def run(task: tuple[str, int]) -> Model:
        outcome = train_changed(protocol, weights, INTERVENTIONS[task[0]], n_first=task[1])
        return describe_extra(*outcome, base)

    described = iter(map_in_threads(run, tasks, jobs=jobs))
    return {name: {str(first): next(described) for first in firsts} for name in names}


def describe_extra(updates: Counts, converged: Flags, base: Counts) -> Model:
    """Return what networks took more than the same without an intervention, failures at the cap."""
    extra = name_median(updates.astype(np.int64) - base, "extra")
    return extra | {"failed": estimate_share(~converged)}
