"""What a rule does, as a graph: its methods run once on arrays that are not computed yet."""

import functools
from collections import deque
from typing import NamedTuple

import numpy as np

from replication.simulator.compiler import blocks
from replication.simulator.operations import products
from replication.simulator.operations.arrays import (
    Function,
    Given,
    Graph,
    Made,
    Traced,
    TraceError,
    walk,
)
from replication.simulator.operations.elements import use_half
from replication.simulator.operations.functions import find_function
from replication.simulator.operations.handles import Handle, unwrap, wrap
from replication.simulator.operations.turns import APPLY, LEARN, MEASURE, TURNS
from replication.simulator.rule.network import ONLY_APPLY, Network, Rule
from replication.simulator.rule.observing import Observed

LEAST_ERROR = -1e300
"""A rule's own error counts as at least this, so that those of many patterns have a finite sum."""


class Ran(NamedTuple):
    """What a method of a rule did when it was run on arrays that are not computed yet."""

    returned: Made
    attributes: dict[str, Given]  # of the network, after the method


class Traces:
    """What a rule does, as arrays that are not computed yet.

    Attributes
    ----------
    pattern, target : Traced
        What the rule is shown, and what it should answer.
    weights : dict of str to Traced
        All arrays before an update by their names: weights, fixed arrays, and what is kept.
    given : dict of str to Traced
        The rule's numbers, such as its learning rate.
    image, hidden : Traced, list of Traced
        What the network makes of the pattern, and its hidden states.
    error : Traced
        The deviation of each unit, or the rule's own error of the pattern as that of one unit.
    terms : dict of str to list of Traced
        What one pattern adds to each sum over the patterns: the terms of `products.split`.
    sums : dict of str to Traced
        These sums.
    after : dict of str to Traced
        Each array as it is after an update.
    drawn : set of int
        The phases of a sweep in which the rule draws random numbers.
    """

    def __init__(self, rule: Rule) -> None:
        """Run all methods of a rule once, on traced arrays."""
        self.rule = rule
        self.graph = Graph(find_function)
        self.network = rule.bare()
        self._make_inputs()
        self._trace_image()
        self._trace_changes()
        use_half(self.graph)

    def _make_inputs(self) -> None:
        """Make the arrays that a rule computes with; their numbers are not known yet."""
        rule = self.rule
        self.pattern = self._make_pattern(rule.patterns.shape[1:], is_target=False)
        self.target = self.pattern  # a rule without targets is to reproduce its patterns
        if rule.has_targets:
            self.target = self._make_pattern(rule.targets.shape[1:], is_target=True)
        self.weights: dict[str, Traced] = {}
        for name, shape in rule.all_shapes.items():
            self.weights[name] = self.graph.make("weight", shape, note=name)
        self.given: dict[str, Traced] = {}
        for name in rule.numbers:
            self.given[name] = self.graph.make("given", (), note=name)
        # A traced network stands for those of all seeds at all moments, so it has none of its own.
        attributes = self.network.__dict__
        attributes.update(_graph=self.graph, _seeds=None, _moment=None, _n_updates=None)
        # The attributes before a method runs. Those that are other objects after it were changed,
        # and so were those with other contents.
        self.before: dict[str, Given] = {**attributes, **self.weights, **self.given}
        self.contents = {name: copy_contents(value) for name, value in self.before.items()}

    def _make_pattern(self, shape: tuple[int, ...], *, is_target: bool) -> Traced:
        """Make one pattern or one target, which may have the same shape: the note says which."""
        return self.graph.make("pattern", shape, note=is_target, is_batched=True)

    def _trace_image(self) -> None:
        """Trace the image of a pattern, the error of the network, and its hidden states."""
        network = self.network
        self.image = self._take("image", self._run(MEASURE, network.image, self.pattern))
        if self.image.shape != self.target.shape:
            wrong = f"{self.rule.name}.image gives an array of shape {self.image.shape}"
            raise TraceError(f"{wrong}; the targets have {self.target.shape}")
        self.has_own_error = type(network).pattern_error is not Network.pattern_error
        if self.has_own_error:
            self.error = self._trace_own_error()
        else:
            self.error = self._trace_deviations()
        groups = self._run(MEASURE, network.list_hidden, self.pattern)
        self.hidden = [self._take("hidden", states) for states in groups]

    def _trace_changes(self) -> None:
        """Trace what a pattern changes, and what an update makes of the sums of its changes."""
        terms: dict[str, list[Traced]] = {}
        sums: dict[str, Traced] = {}
        summed_changes: dict[str, Handle] = {}
        changes = self._run(LEARN, self.network._change, self.pattern, self.target)
        for name, change in changes.items():
            # A change is a number times some terms: the terms are summed over the patterns, and
            # the sum is multiplied by the number once.
            shape = self.rule.sums[name]
            array: Made = np.broadcast_to(self._take("weight_changes", change), shape)
            scale, terms[name] = products.split(array)
            total = self.graph.make("sum", shape, note=name)
            sums[name] = total
            summed_changes[name] = wrap(total if scale is None else scale * total)
        after = self._run_apply(summed_changes)
        self.after = {name: self._take("apply", after.get(name)) for name in self.weights}
        self._check_after()
        # A sum that no array depends on is not computed: that of frozen weights.
        used = {*walk(self.after.values())}
        self.sums = {name: total for name, total in sums.items() if total in used}
        self.terms = {name: terms[name] for name in self.sums}
        self.drawn = {x.note[1] for x in self.graph.known.values() if x.op == "draw"}

    def _check_after(self) -> None:
        """Refuse an update that gives an array another shape, or another value for each pattern."""
        for name, new in self.after.items():
            makes = f"{self.rule.name}.apply makes {name}"
            shape = self.rule.all_shapes[name]
            if new.shape != shape:
                raise TraceError(f"{makes} of shape {new.shape}; it was {shape}")
            if new.is_batched:
                raise TraceError(f"{makes} depend on a pattern; changes are their sums")

    def _run(self, phase: int, method: Function, *arguments: Traced) -> Made:
        """Return what a method returns; refuse one that changes the network, or its arguments."""
        ran = self._run_on_handles(phase, method, *(Handle(x, "a pattern") for x in arguments))
        for name in self._list_changed(ran):
            changing = "weight_changes" if phase == LEARN else "image"
            if isinstance(method, functools.partial):
                changing = "observe"
            raise TraceError(f"{self.rule.name}.{changing} changes self.{name}; {ONLY_APPLY}")
        return ran.returned

    def _run_apply(self, changes: dict[str, Handle]) -> dict[str, Given]:
        """Run `apply` on summed changes; return the attributes of the network after it."""
        ran = self._run_on_handles(APPLY, self.network._apply, changes)
        changeable = {*self.rule.shapes, *self.rule.kept}
        for name in self._list_changed(ran):
            if name not in changeable:
                raise TraceError(f"{self.rule.name}.apply changes self.{name}; {ONLY_APPLY}")
        return ran.attributes

    def _list_changed(self, ran: Ran) -> list[str]:
        """Return the names of the attributes that a method has changed."""
        changed = []
        for name, value in ran.attributes.items():
            is_other = value is not self.before.get(name)
            if is_other or not are_same_contents(self.contents.get(name), value):
                changed.append(name)
        return changed

    def _run_on_handles(
        self, phase: int, method: Function, *arguments: Handle | dict[str, Handle]
    ) -> Ran:
        """Run a method, in a phase of a sweep, on a network whose arrays are handles."""
        # New handles for each method, since the one before may have kept or changed its own.
        attributes = self.network.__dict__
        for name, x in self.weights.items():
            is_changeable = phase == APPLY and name not in self.rule.fixed
            attributes[name] = Handle(x, "" if is_changeable else f"self.{name}")
        for name, x in self.given.items():
            attributes[name] = Handle(x, is_number=True)
        # A rule may compile another one, which must not count the draws of this one.
        graph_before = TURNS.graph
        n_draws_before = TURNS.n_draws
        self.graph.phase = phase
        TURNS.graph = self.graph
        TURNS.n_draws = 0
        try:
            returned = method(*arguments)
        finally:
            TURNS.graph = graph_before
            TURNS.n_draws = n_draws_before
        after = {}
        for name, x in attributes.items():
            # Only handles: a list or tuple would come back as another one, and count as changed.
            after[name] = x.array if isinstance(x, Handle) else x
        return Ran(returned, after)

    def _take(self, method: str, returned: Made) -> Traced:
        """Return what a method returned as an array, or refuse it by the method's name."""
        try:
            return self.graph.take(unwrap(returned))
        except TraceError as error:
            raise TraceError(f"{self.rule.name}.{method}: {error}") from None

    def _trace_own_error(self) -> Traced:
        """Return the rule's own error of a pattern, (1,)."""
        returned = self._run(MEASURE, self.network.pattern_error, self.pattern, self.target)
        error = self._take("pattern_error", returned)
        if error.size != 1:
            wrong = f"{self.rule.name}.pattern_error gives shape {error.shape}"
            raise TraceError(f"{wrong}; allowed is one number")
        bounded: Made = np.maximum(error, LEAST_ERROR)
        return self.graph.take(np.reshape(bounded, (1,)))

    def _check_reach(self) -> None:
        """Refuse targets that the image can never reach, since no network would learn them.

        Where no bound of the image is known, `highest` is infinite and nothing is refused.
        """
        rule = self.rule
        image = self.image
        largest_input = float(np.abs(rule.patterns).max())
        highest = blocks.find_bound(image, largest_input)
        # The message shall not say -0: 0 - 0 and -0 + 0 are both 0 without a sign.
        is_logistic = image.op == "call" and image.note[0] == "logistic"
        lowest = 0.0 if is_logistic else 0.0 - highest
        lowest_target = rule.targets.min() + 0.0
        highest_target = rule.targets.max() + 0.0
        if not lowest <= lowest_target <= highest_target <= highest:
            span = f"{lowest_target:g} to {highest_target:g}"
            given = f"{rule.name}.targets, or patterns, go from {span}"
            raise TraceError(f"{given}; {rule.name}.image gives {lowest:g} to {highest:g}")

    def _trace_deviations(self) -> Traced:
        """Return the deviation of each output from its target, (n_outputs,)."""
        if not self.rule.network.takes_protocol:
            self._check_reach()
        measured = self._run(MEASURE, self.network.measure, self.pattern)
        return self.target - self._take("measure", measured)  # type: ignore[no-any-return]

    def trace_right(self) -> Traced:
        """Return 1 if the unit of the pattern's class is more active than each other, else 0."""
        is_class = self.target > 0.5
        of_class = np.sum(np.where(is_class, self.image, 0.0))
        others = np.max(np.where(is_class, -np.inf, self.image))
        return self.graph.take(np.where(of_class > others, 1.0, 0.0))

    def trace_observed(self, observed: Observed) -> Traced:
        """Return a named value of a network, of each pattern if it is a function of patterns."""
        method = f"observe[{observed.name!r}]"
        arguments = (self.pattern, self.target)[: observed.n_patterns_taken]
        run = functools.partial(observed.function, self.network)
        value = self._take(method, self._run(MEASURE, run, *arguments))
        if any(x.op == "draw" for x in walk([value])):
            what = "draws random numbers, which it cannot"
            raise TraceError(f"{self.rule.name}.{method} {what}; keep what was drawn in `kept`")
        use_half(self.graph)
        return value

    def list_states(self) -> list[Traced]:
        """Return the states that the network lists for a page."""
        states = self._run(MEASURE, self.network.list_states, self.pattern)
        return [self._take("list_states", x) for x in states]


def copy_contents(value: Given) -> Given:
    """Return a copy of what an attribute holds, with which `are_same_contents` compares it later.

    The elements of lists, tuples, sets and dicts are copied in the same way, however deep they lie,
    and arrays of NumPy as their bytes. Anything else is not copied.
    """
    if isinstance(value, dict):
        return [copy_contents(item) for item in value.items()]
    if isinstance(value, list | tuple | set | deque):
        return [copy_contents(element) for element in value]
    if isinstance(value, np.ndarray):
        return value.tobytes()
    return value


def are_same_contents(before: Given, value: Given) -> bool:
    """Return whether an attribute holds what it held when `copy_contents` copied it.

    Elements are compared by identity, since == of two traced arrays makes another traced array.
    """
    after = copy_contents(value)
    if isinstance(before, bytes) and isinstance(after, bytes):
        return before == after
    if not isinstance(before, list):
        return before is after
    if not isinstance(after, list) or len(before) != len(after):
        return False
    return all(map(are_same_contents, before, after))
