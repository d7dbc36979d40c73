"""What a rule does, as a graph: its methods run once on arrays that are not computed yet."""

from collections.abc import Callable
from typing import Any

import numpy as np

from replication.simulator.compiler import blocks
from replication.simulator.operations import products
from replication.simulator.operations.arrays import Graph, Traced, TraceError, walk
from replication.simulator.operations.functions import find_function
from replication.simulator.operations.handles import Handle, hold, unwrap
from replication.simulator.operations.turns import APPLY, LEARN, MEASURE, TURNS
from replication.simulator.rule.network import ONLY_APPLY, Network, Rule

LEAST_ERROR = -1e300
"""Of a rule's own; those of many patterns add up to a finite number."""


class Traces:
    """What a rule does, as arrays that are not computed yet."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.graph = Graph(find_function)
        self.network = rule.bare()
        self._make_inputs()
        self._trace_image()
        self._trace_changes()

    def _make_inputs(self) -> None:
        """Make the arrays that a rule computes with; their numbers are not known yet."""
        rule = self.rule
        self.pattern = self._make_pattern(rule.patterns.shape[1:], is_target=False)
        self.target = self.pattern  # a rule without targets is to reproduce its patterns
        if rule.has_targets:
            self.target = self._make_pattern(rule.targets.shape[1:], is_target=True)
        self.weights: dict[str, Traced] = {}  # with fixed arrays, and with what is kept
        for name, shape in rule.all_shapes.items():
            self.weights[name] = self.graph.make("weight", shape, note=name)
        self.given: dict[str, Traced] = {}  # the rule's numbers, such as its learning rate
        for name in rule.numbers:
            self.given[name] = self.graph.make("given", (), note=name)
        # A traced network stands for those of all seeds at all moments, so it has none of its own.
        attributes = self.network.__dict__
        attributes.update(_graph=self.graph, _seeds=None, _moment=None, _n_updates=None)
        # What a method leaves otherwise than it is here, the method has changed.
        self.before: dict[str, Any] = {**attributes, **self.weights, **self.given}

    def _make_pattern(self, shape: tuple[int, ...], *, is_target: bool) -> Traced:
        """Make one pattern, or one target; where shapes are equal, the note tells them apart."""
        return self.graph.make("pattern", shape, note=is_target, is_batched=True)

    def _trace_image(self) -> None:
        """Trace the image of a pattern, the error of the network, and its hidden states."""
        network = self.network
        self.image = self._take("image", self._run(MEASURE, network.image, self.pattern))
        if self.image.shape != self.target.shape:
            wrong = f"{self.rule.name}.image gives an array of shape {self.image.shape}"
            raise TraceError(f"{wrong}; the targets have {self.target.shape}")
        # Deviations of the units, or the rule's own error of a pattern, as that of a single unit.
        self.has_own_error = type(network).pattern_error is not Network.pattern_error
        if self.has_own_error:
            self.error = self._trace_own_error()
        else:
            self.error = self._trace_deviations()
        hidden = self._run(MEASURE, network.list_hidden, self.pattern)
        self.hidden = [self._take("hidden", states) for states in hidden]

    def _trace_changes(self) -> None:
        """Trace what a pattern changes, and what an update makes of the sums of its changes."""
        rule = self.rule
        # A change is a number times some terms: the terms are summed over the patterns, and the
        # sum is multiplied by the number once.
        terms: dict[str, list[Traced]] = {}
        sums: dict[str, Traced] = {}
        changes: dict[str, Handle] = {}
        found = self._run(LEARN, self.network._change, self.pattern, self.target)
        for name, change in found.items():
            shape = rule.sums[name]
            array: Any = np.broadcast_to(self._take("weight_changes", change), shape)
            scale, terms[name] = products.split(array)
            sums[name] = self.graph.make("sum", shape, note=name)
            changes[name] = hold(sums[name] if scale is None else scale * sums[name])
        after = self._run_apply(changes)
        self.after = {name: self._take("apply", after.get(name)) for name in self.weights}
        self._check_after()
        # A sum that nothing takes is not computed: that of frozen weights.
        used = {*walk(self.after.values())}
        self.sums = {name: total for name, total in sums.items() if total in used}
        self.terms = {name: terms[name] for name in self.sums}
        # The phases in which the rule draws random numbers.
        self.drawn = {x.note[1] for x in self.graph.known.values() if x.op == "draw"}

    def _check_after(self) -> None:
        """Refuse what an update may not make of an array."""
        for name, new in self.after.items():
            makes = f"{self.rule.name}.apply makes {name}"
            shape = self.rule.all_shapes[name]
            if new.shape != shape:
                raise TraceError(f"{makes} of shape {new.shape}; it was {shape}")
            if new.is_batched:
                raise TraceError(f"{makes} depend on a pattern; changes are their sums")

    def _run(self, phase: int, method: Callable[..., Any], *arguments: Traced) -> Any:
        """Run a method on arrays that it may not change."""
        given = [Handle(x, "a pattern") for x in arguments]
        found, after = self._run_on_handles(phase, method, *given)
        for name, value in after.items():
            if value is not self.before.get(name):
                changing = "weight_changes" if phase == LEARN else "image"
                raise TraceError(f"{self.rule.name}.{changing} changes self.{name}; {ONLY_APPLY}")
        return found

    def _run_apply(self, changes: dict[str, Handle]) -> dict[str, Any]:
        """Run `apply` on summed changes; return what becomes of all arrays."""
        _, after = self._run_on_handles(APPLY, self.network._apply, changes)
        changing = {*self.rule.shapes, *self.rule.kept}
        for key, value in after.items():
            if value is not self.before.get(key) and key not in changing:
                raise TraceError(f"{self.rule.name}.apply changes self.{key}; {ONLY_APPLY}")
        return after

    def _run_on_handles(
        self, phase: int, method: Callable[..., Any], *arguments: Handle | dict[str, Handle]
    ) -> tuple[Any, dict[str, Any]]:
        """Run a method; return what it returns, and the attributes as they are after it."""
        # Arrays that an earlier method had are not those that this one may change.
        own = self.network.__dict__
        for key, x in self.weights.items():
            is_changeable = phase == APPLY and key not in self.rule.fixed
            own[key] = Handle(x, "" if is_changeable else f"self.{key}")
        own.update({key: Handle(x, is_number=True) for key, x in self.given.items()})
        # A rule may compile another one, which must not count the draws of this one.
        graph_before = TURNS.graph
        n_draws_before = TURNS.n_draws
        self.graph.phase = phase
        TURNS.graph = self.graph
        TURNS.n_draws = 0
        try:
            found = method(*arguments)
        finally:
            TURNS.graph = graph_before
            TURNS.n_draws = n_draws_before
        return found, {key: unwrap(x) for key, x in own.items()}

    def _take(self, method: str, found: Any) -> Traced:
        """Return what a method gave as an array of numbers, or refuse it by the method's name."""
        try:
            return self.graph.take(unwrap(found))
        except TraceError as error:
            raise TraceError(f"{self.rule.name}.{method}: {error}") from None

    def _trace_own_error(self) -> Traced:
        """Return the rule's own error of a pattern, (1,)."""
        method = self.network.pattern_error
        given = self._run(MEASURE, method, self.pattern, self.target)
        error = self._take("pattern_error", given)
        if error.size != 1:
            wrong = f"{self.rule.name}.pattern_error gives shape {error.shape}"
            raise TraceError(f"{wrong}; allowed is one number")
        bounded: Any = np.maximum(error, LEAST_ERROR)
        return self.graph.take(np.reshape(bounded, (1,)))

    def _check_reach(self) -> None:
        """Refuse targets beyond all that the image can be, since no network would ever learn them.

        Where no bound of the image is known, `highest` is infinite and nothing is refused.
        """
        rule = self.rule
        image = self.image
        largest_input = float(np.abs(rule.patterns).max())
        highest = blocks.find_bound(image, largest_input)
        # The message shall not say -0: neither 0 - 0 nor -0 + 0 is negative.
        is_logistic = image.op == "call" and image.note[0] == "logistic"
        lowest = 0.0 if is_logistic else 0.0 - highest
        least = rule.targets.min() + 0.0
        most = rule.targets.max() + 0.0
        if not lowest <= least <= most <= highest:
            given = f"{rule.name}.targets, or patterns, go from {least:g} to {most:g}"
            raise TraceError(f"{given}; {rule.name}.image gives {lowest:g} to {highest:g}")

    def _trace_deviations(self) -> Traced:
        """Return how far what is measured is from the target, (n_outputs,)."""
        if not self.rule.network.takes_protocol:
            self._check_reach()
        measured = self._run(MEASURE, self.network.measure, self.pattern)
        return self.target - self._take("measure", measured)  # type: ignore[no-any-return]

    def trace_right(self) -> Traced:
        """Return whether the unit of a pattern's class answers more than each other one."""
        is_class = self.target > 0.5
        own = np.sum(np.where(is_class, self.image, 0.0))
        others = np.max(np.where(is_class, -np.inf, self.image))
        return self.graph.take(np.where(own > others, 1.0, 0.0))

    def list_states(self) -> list[Traced]:
        """Return the states that the network lists for a page."""
        states = self._run(MEASURE, self.network.list_states, self.pattern)
        return [self._take("list_states", x) for x in states]
