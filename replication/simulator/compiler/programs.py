"""A rule, written down: one sweep of learning, and the compiled loops around it.

`Traces` runs a rule's methods once on traced arrays (`arrays.py`); `Sweep` writes down what they
did (`blocks.py`): first the error of the networks as they stand, then their changes. Any writer can
take that; `write_train` and `write_evaluate` put the loops of compiled code around it.

A strip is the memory of the networks side by side: the weights before a sweep and after it (fixed
arrays and what is kept among them), then numbers, sums and states. Each row holds a number of
every network.
"""

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from replication.errors import UsageError
from replication.simulator.compiler import blocks
from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations import products
from replication.simulator.operations.arrays import Graph, Index, Traced, TraceError, walk
from replication.simulator.operations.functions import find_function
from replication.simulator.operations.handles import Handle, hold, unwrap
from replication.simulator.operations.instructions import (
    FUNCTIONS,
    Bits,
    Number,
    Place,
    Rows,
    Value,
    Whole,
    Writer,
)
from replication.simulator.operations.noise import Noise, write_order
from replication.simulator.operations.turns import APPLY, LEARN, MEASURE, TURNS
from replication.simulator.rule.criteria import CRITERIA
from replication.simulator.rule.network import ONLY_APPLY, Network, Rule

MOST_AT_ONCE = 20
"""Patterns whose states stay near the processor. Four divides it but eight does not, so
that neighbouring units of four patterns lie in different sets of its cache."""

PADDING = 1
"""Rows that keep what follows the weights from lying at a multiple of 4 KB from them."""

MOST_LINES = 40_000
"""Of a compiled function, of which this many take about half a minute."""

LEAST_ERROR = -1e300
"""Of a rule's own; those of many patterns add up to a finite number."""

BEGUN, RUNNING = range(2)
"""Places in the counts of networks that `train` keeps."""
NETWORK, FIRST_SWEEP, SEED, ROOT_SEED = range(4)
"""Rows of what `train` keeps of each lane, as whole numbers."""
WATCH, DATA, STRIP, FOUND = range(4)
"""Places of a watcher: the addresses of its function, and of what that reads and writes."""

NO_STATES = "draw in weight_changes only, or leave out final_weights, trace and curves"
JOB = (
    "ptr %data, ptr %strip, ptr %lanes, ptr %counts, ptr %initial, ptr %kept, ptr %updates, "
    "ptr %converged, ptr %final, ptr %record, ptr %stop, ptr %begun, ptr %due, ptr %watchers, "
    "i64 %n_watchers, i64 %seed, i64 %stride, i64 %kept_stride, i64 %n, i64 %cap"
)
"""What `train` is called with, and hands on to `exchange`."""


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
        """Make what a rule is given: a pattern and its target, its arrays, and its numbers."""
        rule = self.rule
        make = self.graph.make
        shape = rule.patterns.shape[1:]
        self.pattern = self.target = make("pattern", shape, note=False, is_batched=True)
        if rule.has_targets:
            shape = rule.targets.shape[1:]
            self.target = make("pattern", shape, note=True, is_batched=True)
        # Weights, fixed arrays and what is kept; and the rule's numbers.
        self.weights = {
            name: make("weight", shape, note=name) for name, shape in rule.all_shapes.items()
        }
        self.given = {name: make("given", (), note=name) for name in rule.numbers}
        # The attributes that a network begins with; those of plain NumPy alone are left out.
        own = self.network.__dict__
        own.update(_graph=self.graph, _seeds=None, _moment=None, _n_updates=None)
        self.begun = {**own, **self.weights, **self.given}

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
            if value is not self.begun.get(name):
                changing = "weight_changes" if phase == LEARN else "image"
                raise TraceError(f"{self.rule.name}.{changing} changes self.{name}; {ONLY_APPLY}")
        return found

    def _run_apply(self, changes: dict[str, Handle]) -> dict[str, Any]:
        """Run `apply` on summed changes; return what becomes of all arrays."""
        _, after = self._run_on_handles(APPLY, self.network._apply, changes)
        changing = {*self.rule.shapes, *self.rule.kept}
        for key, value in after.items():
            if value is not self.begun.get(key) and key not in changing:
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
        """Refuse targets that the image can never come near."""
        rule = self.rule
        image = self.image
        highest = blocks.find_bound(image, float(np.abs(rule.patterns).max()))
        is_logistic = image.op == "call" and image.note[0] == "logistic"
        lowest = 0.0 if is_logistic else 0.0 - highest
        # Adding 0 turns -0 into 0, which is what a message should say.
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


class Sweep:
    """One sweep of learning of a rule, for a writer; the weights are at "now", then at "next"."""

    def __init__(self, rule: Rule, writer: Writer, criterion: str = "") -> None:
        self.rule = rule
        self.writer = writer
        self.traces = Traces(rule)
        self._place_data()
        self._choose_criterion(criterion or rule.protocol.criterion)
        self._allocate()
        # What an update changes at all.
        after = self.traces.after
        weights = self.traces.weights
        self.changed = [name for name in weights if after[name] is not weights[name]]
        # What only some functions need.
        self.right: Traced | None = None  # whether the answer to a pattern is right
        self.n_right: Rows | None = None  # where those are counted
        self.latest: Rows | None = None  # the error of all patterns, where it was looked at
        self.noise: Noise | None = None

    def _place_data(self) -> None:
        """Choose where the weights lie, and what the data are: patterns, targets and constants."""
        rule = self.rule
        self.first: dict[str, int] = {}  # row of each array
        self.n_all = 0
        for name, shape in rule.all_shapes.items():
            self.first[name] = self.n_all
            self.n_all += math.prod(shape)
        self.shown = rule.patterns  # (pattern, unit), targets to the right of inputs
        if rule.has_targets:
            self.shown = np.hstack([rule.patterns, rule.targets])
        self.data = np.concatenate([self.shown.ravel(), self.traces.graph.data])

    def _choose_criterion(self, name: str) -> None:
        """Choose how the error of the units becomes that of a network."""
        self.error = self.traces.error
        if self.traces.has_own_error:
            # The largest counts, as of the deviation of a single unit.
            self.criterion = CRITERIA["every-unit"]
        else:
            self.criterion = CRITERIA[name]
            if self.criterion.is_absolute:
                self.error = abs(self.error)
        self.is_largest_unit = self.criterion.over_units == "maximum"
        most = blocks.find_bound(self.error, float(np.abs(self.shown).max()))
        self.is_bounded = most < math.inf  # no deviation is infinite or not a number

    def _allocate(self) -> None:
        """Hand out memory for what lasts over a sweep."""
        rule = self.rule
        self.memory = blocks.Memory(self.writer, 2 * self.n_all + PADDING)
        allocate = self.memory.allocate
        self.threshold = allocate(())
        self.given = {name: allocate(()) for name in rule.numbers}
        self.worst = allocate(())
        self.total = allocate(())
        self.sums = {name: allocate(rule.sums[name]) for name in self.traces.terms}
        # Of minibatches: the order of the patterns, and some of them as each network is shown them.
        self.order: Rows | None = None
        self.shuffled: Rows | None = None
        if rule.is_shuffled:
            n_gathered = min(rule.batch_size, MOST_AT_ONCE)
            self.order = allocate((len(self.shown),))
            self.shuffled = allocate((n_gathered, self.shown.shape[1]))
        self.base = self.memory.n_rows

    @property
    def draws(self) -> bool:
        """Whether random numbers are drawn as networks learn."""
        return self.rule.is_shuffled or bool(self.traces.drawn)

    # Where things are

    def begin(
        self, n_patterns: int, first: Place, base: str, *, is_shuffled: bool = False
    ) -> blocks.Block:
        """Return a block for patterns side by side from the first one on; weights at a base.

        Those that are shuffled are gathered first, in each network those in its own order.
        """
        self.memory.n_rows = self.base
        rows = self._list_rows(base)
        is_one_hot = np.array_equal(self.rule.patterns, np.eye(len(self.traces.pattern)))
        is_one_hot = is_one_hot and not is_shuffled
        block = blocks.Block(self.memory, n_patterns, first, rows, is_one_hot, self.noise)
        if is_shuffled:
            self._show_patterns(self._gather(n_patterns, first), 0)
        else:
            self._show_patterns(self._find_shown(), first)
        return block

    def _list_rows(self, base: str) -> dict[Traced, Rows]:
        """Return where the arrays are that a rule is given."""
        traces = self.traces
        rows = {x: self._find_rows(base, name) for name, x in traces.weights.items()}
        rows |= {x: self.given[name] for name, x in traces.given.items()}
        rows |= {x: self.sums[name] for name, x in traces.sums.items()}
        for x in traces.graph.known.values():
            if x.op == "constant":
                # Constants follow the patterns.
                first = self.shown.size + x.place
                rows[x] = Rows(self.writer, "data", first, x.shape, is_shared=True)
        return rows

    def _find_shown(self) -> Rows:
        """Return where patterns and targets are, the same for every network."""
        return Rows(self.writer, "data", 0, self.shown.shape, is_shared=True)

    def _gather(self, n_patterns: int, first: Place) -> Rows:
        """Write down a copy of some patterns in the order of each network; return where it is."""
        assert self.order is not None
        assert self.shuffled is not None
        shown = self._find_shown()
        for p in self.writer.each(n_patterns):
            self.writer.gather(self.order, first + p, shown, self.shuffled, p)
        return self.shuffled

    def _show_patterns(self, shown: Rows, first: Place) -> None:
        """Have the elements of pattern and target read from rows, of patterns from `first` on."""

        def compute(_: blocks.Block, index: Index, p: Place, *, shift: int) -> Number:
            return shown[first + p, index[0] + shift]

        for x in (self.traces.pattern, self.traces.target):
            shift = len(self.traces.pattern) if x.note else 0  # of targets, behind the inputs
            x.compute = functools.partial(compute, shift=shift)

    def _find_rows(self, base: str, name: str) -> Rows:
        return Rows(self.writer, base, self.first[name], self.traces.weights[name].shape)

    def take_turns(
        self, n_patterns: int | None = None, size: int = MOST_AT_ONCE
    ) -> Iterator[tuple[Place, int]]:
        """Go through patterns, all unless given, some at a time: the first, and how many.

        Unless given, as many as stay near the processor.
        """
        n_patterns = len(self.shown) if n_patterns is None else n_patterns
        size = min(n_patterns, size)
        n_turns, n_left = divmod(n_patterns, size)
        for turn in self.writer.each(n_turns):
            yield turn * size, size
        if n_left:
            yield n_patterns - n_left, n_left

    def show(self, shown: Sequence[Traced], rows: Sequence[Rows]) -> None:
        """Write down states of all patterns into rows, an array for each."""
        for first, n in self.take_turns():
            block = self.begin(n, first, "now")
            block.write(shown)
            for row, x in zip(rows, shown, strict=True):
                block.copy(row, x, first)

    # The error, and what the weights become

    def look(self, *, learns: bool = True) -> Value:
        """Write down a look at all patterns with the weights at "now"; return the error.

        What the weights become is written down, too, unless the look is all there is: a batch
        learns from the states that are there.
        """
        in_batch = learns and self.rule.is_one_batch
        has_turns = len(self.shown) > MOST_AT_ONCE
        self._begin_errors()
        if in_batch and has_turns:
            self._begin_sums()
        for first, n in self.take_turns():
            block = self.begin(n, first, "now")
            if in_batch:
                self._add_errors(block, self._list_terms())
            else:
                self._add_errors(block, self._list_right())
            self._add_right(block)
            if in_batch:
                self._sum_changes(block, goes_on=has_turns)
        if in_batch and has_turns:
            self._apply(self.begin(1, 0, "now"))
        elif learns and not in_batch:
            self.learn_in_parts()
        return self._finish_error()

    def learn_in_parts(self) -> None:
        """Write down changes of the weights after each pattern, or after minibatches, at "next"."""
        before = Rows(self.writer, "now", 0, (self.n_all,))
        after = Rows(self.writer, "next", 0, (self.n_all,))
        blocks.copy_rows(self.writer, before, after)
        if self.order is not None:
            assert self.noise is not None
            write_order(self.writer, self.order, self.noise)
        for first, n in self.take_turns(size=self.rule.batch_size):
            self._learn_part(first, n)

    def _learn_part(self, begin: Place, size: int) -> None:
        """Write down the change after some patterns, those from a first one on."""
        has_turns = size > MOST_AT_ONCE
        is_shuffled = self.rule.is_shuffled
        if has_turns:
            self._begin_sums()
        for first, n in self.take_turns(size):
            block = self.begin(n, begin + first, "next", is_shuffled=is_shuffled)
            block.write(self._list_terms())
            self._sum_changes(block, goes_on=has_turns)
        if has_turns:
            self._apply(self.begin(1, begin, "next"))

    def _begin_errors(self) -> None:
        """Write down where the largest error, the sum of all, and the right answers begin."""
        least = LEAST_ERROR if self.traces.has_own_error else 0.0
        self.worst[()] = self.writer.number(least)
        self.total[()] = self.writer.number(0.0)
        if self.n_right is not None:
            self.n_right[()] = self.writer.number(0.0)

    def _begin_sums(self) -> None:
        """Write down where sums that stay in memory begin."""
        for rows in self.sums.values():
            for place in blocks.places(self.writer, rows.shape):
                rows[place] = self.writer.number(products.NOTHING)

    def count_right(self, rows: Rows) -> None:
        """Have the right answers of each look counted in memory, if the targets are classes."""
        if self.rule.has_classes:
            self.right = self.traces.trace_right()
            self.n_right = rows

    def _list_right(self) -> list[Traced]:
        return [] if self.right is None else [self.right]

    def _add_right(self, block: blocks.Block) -> None:
        """Write down a count of the right answers of a block, added to those so far."""
        right = self.right
        if right is None or self.n_right is None:
            return

        def add(p: Place, n_right: Number) -> tuple[Number]:
            return (n_right + self.writer.number(block.at(right, (), p)),)

        (found,) = self.writer.fold(block.n_patterns, add, self.n_right[()])
        self.n_right[()] = found

    def _list_terms(self) -> list[Traced]:
        return [x for each in self.traces.terms.values() for x in each]

    def _add_errors(self, block: blocks.Block, terms: list[Traced]) -> None:
        """Write down the states of a block, and add its errors to those so far."""
        if self.is_largest_unit and self.is_bounded:
            # The deviations are compared as they are computed, where that can be.
            if block.write(terms, self.error, self._watch):
                return
        else:
            block.write([*terms, self.error])
        add = functools.partial(self._add_error, block)
        worst, total = self.writer.fold(block.n_patterns, add, self.worst[()], self.total[()])
        self.worst[()] = worst
        self.total[()] = total

    def _watch(self, values: Iterable[Number]) -> None:
        """Write down the comparison of some deviations with the largest so far."""
        worst: Number = self.worst[()]
        for x in values:
            worst = exact.where(x > worst, x, worst)
        self.worst[()] = worst

    def _add_error(
        self, block: blocks.Block, p: Place, worst: Number, total: Number
    ) -> tuple[Number, ...]:
        """Return the largest error so far and the sum, with those of the pattern in place p."""
        n_units = len(self.error)

        def add_unit(i: Place, worst: Number, total: Number) -> tuple[Number, ...]:
            d = self.writer.number(block.at(self.error, (i,), p))
            if self.is_largest_unit:
                return self._take_larger(d, worst, total)
            if self.criterion.is_absolute:
                return worst, total + d
            return worst, exact.fma(d, d, total)

        # What is done between the patterns is what is done between the units: all are alike.
        if self.criterion.over_patterns == self.criterion.over_units:
            return self.writer.fold(n_units, add_unit, worst, total)
        # The largest of sums: that of this pattern, and then the larger one.
        _, own = self.writer.fold(n_units, add_unit, worst, self.writer.number(0.0))
        return self._take_larger(own, worst, total)

    def _take_larger(self, x: Number, worst: Number, total: Number) -> tuple[Number, ...]:
        """Return the larger of an error and the largest so far, and the sum with it."""
        x = self.writer.number(x)
        return exact.where(x > worst, x, worst), total + x

    def _finish_error(self) -> Value:
        """Return the error of the network, from the largest error and the sum of all."""
        worst = self.worst[()]
        total = self.total[()]
        if self.criterion.over_patterns == "add":
            worst = total
        elif not self.is_bounded:
            # Comparisons pass over not-a-number, but what has diverged must not count as small:
            # for this alone a largest error has a total beside it.
            worst = exact.fma(total, 0.0, worst)
        return self.criterion.finish(worst, self.rule.targets)  # type: ignore[no-any-return]

    def _sum_changes(self, block: blocks.Block, *, goes_on: bool) -> None:
        """Write down the changes, summed over the patterns, and what becomes of the weights.

        A sum changes its weight where it ends, unless something else waits for all sums. Sums that
        go on from block to block stay in memory.
        """
        placed = {} if goes_on else self._place()
        for name, terms in self.traces.terms.items():
            total = self.traces.sums[name]
            rows = self.sums[name]
            for place, value in block.sum_terms(terms, rows, is_begun=goes_on):
                if placed:
                    self._change_at(block, total, place, value, placed.get(name, ()))
                else:
                    rows[place] = value
        if placed and self.rule.is_one_batch:
            self._apply(block, [name for name in self.traces.weights if name not in self.changed])
        elif not (placed or goes_on):
            self._apply(block)

    def _change_at(
        self, block: blocks.Block, total: Traced, place: Index, value: Number, names: Sequence[str]
    ) -> None:
        """Write down what some arrays become in one place, where a sum has a value."""
        # All of it is computed before any of it is written, as one may depend on the other.
        with block.together() as found:
            found[blocks.name_place(total, place, 0)] = value
            news = [block.value(block.at(self.traces.after[name], place, 0)) for name in names]
        for name, new in zip(names, news, strict=True):
            self._find_rows("next", name)[place] = new

    def _place(self) -> dict[str, list[str]]:
        """Return which arrays each sum changes place by place, nothing unless all do."""
        owners = self._find_owners()
        if not self.rule.is_one_batch and not self._is_apart(owners):
            return {}
        if not owners:
            return {}
        placed: dict[str, list[str]] = {name: [] for name in self.traces.sums}
        for name, owner in owners.items():
            placed[owner].append(name)
        return placed

    def _find_owners(self) -> dict[str, str]:
        """Return the one sum that changes each array place by place, nothing unless all have one.

        For W that becomes ``W + rate * sum``, it is W's; a normalised W has none.
        """
        owners: dict[str, str] = {}
        for name in self.changed:
            new = self.traces.after[name]
            used = walk([new])
            sums = [x.note for x in used if x.op == "sum"]
            if len(sums) != 1:
                return {}
            if not all(blocks.is_beside(x, new.shape) for x in used):
                return {}
            owners[name] = sums[0]
        return owners

    def _is_apart(self, owners: dict[str, str]) -> bool:
        """Return whether arrays at "next" may be written while terms are still read from there.

        What is written must belong to no other sum than what reads it.
        """
        for name, owner in owners.items():
            for x in walk([self.traces.after[name]]):
                if x.op == "weight" and owners.get(x.note, owner) != owner:
                    return False
        # Terms that are not in memory may be those of any sum.
        for x in walk(self._list_terms(), is_end=blocks.in_memory):
            if x.op == "weight" and x.note in owners:
                return False
        return True

    def _apply(self, block: blocks.Block, names: Sequence[str] | None = None) -> None:
        """Write down what arrays become by the rule's `apply`, at "next": all, unless named."""
        is_one_batch = self.rule.is_one_batch
        if names is None and is_one_batch:
            names = [*self.traces.weights]
        elif names is None:
            names = self.changed
        names = [name for name in names if name not in self.rule.fixed]
        news = [self.traces.after[name] for name in names]
        targets = [self._find_rows("next", name) for name in names]
        block.n_patterns = 1
        block.write(news)
        # What one array becomes may depend on others as they were.
        held = targets if is_one_batch else [block.lay(new) for new in news]
        for rows, new in zip(held, news, strict=True):
            block.copy(rows, new)
        for rows, target in zip(held, targets, strict=True):
            if rows is not target:
                blocks.copy_rows(self.writer, rows, target)


# Compiled


class Program:
    """The LLVM text of a rule, and where in memory it looks for what."""

    def __init__(self, sweep: Sweep, text: str, outputs: Iterable[Rows] = ()) -> None:
        n_lines = text.count("\n")
        if n_lines > MOST_LINES:
            what = f"becomes {n_lines:,} instructions, which take minutes to compile"
            raise TraceError(f"{sweep.rule.name} {what}; write loops with replication.repeat")
        self.text = text
        self.data = sweep.data  # patterns, targets and constants
        self.n_all = sweep.n_all  # numbers of one network: weights, fixed arrays and what is kept
        self.n_rows = sweep.memory.most_rows
        self.threshold = sweep.threshold.first
        self.given = {name: row.first for name, row in sweep.given.items()}  # the rule's numbers
        self.drawn = sweep.traces.drawn  # phases in which random numbers are drawn
        self.outputs = [(row.first, row.shape) for row in outputs]  # what `evaluate` measures


def write_train(rule: Rule, n_lanes: int, n_at_once: int) -> Program:
    """Write ``train(data, strip, lanes, ...)``, which trains networks until all are finished.

    The weights before a sweep are kept until the next one, for networks that finish; so
    two places for weights take turns. `stride` is the number of places from one network's weights
    to the next, `kept_stride` those of what is kept; `final` and `record` may be null pointers.
    Each network has learnt for so many updates as `begun` says. `due`, which may be null, has a
    place for each number of updates up to the cap, and one more: where it is not negative, the
    watchers measure the networks, and note that in this place.
    """
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    if not rule.is_one_batch:
        sweep.latest = sweep.memory.allocate(())
        sweep.base = sweep.memory.n_rows
    n = sweep.n_all
    lanes = f"<{n_lanes} x i64>"
    # Before the first sweep all lanes count as finished, so that each takes a network.
    cap = writer.spread("%cap", "i64")
    other = writer.find("%strip", n, writer.kind)
    writer.write(_call_exchange(other, "%strip", str(2**n_lanes - 1), "0", "-1"))
    begin = writer.block
    writer.write("br label %sweep")

    # A sweep: the two places for weights have been exchanged since the last one.
    writer.begin("sweep")
    writer.write(f"%now = phi ptr [%strip, %{begin}], [%next, %again]")
    writer.write(f"%next = phi ptr [{other}, %{begin}], [%now, %again]")
    writer.write(f"%number = phi i64 [0, %{begin}], [%following, %again]")

    def load(row: int) -> str:
        place = writer.find("%lanes", row * n_lanes)
        return writer.emit(f"load {lanes}, ptr {place}, align 64")

    age = writer.emit(f"sub {lanes} {writer.spread('%number', 'i64')}, {load(FIRST_SWEEP)}")
    if sweep.draws:
        seed = Bits(writer, load(SEED))
        root_seed = Bits(writer, load(ROOT_SEED))
        sweep.noise = Noise(Bits(writer, age), seed, root_seed)
    with writer.when(writer.emit("icmp ne ptr %due, null")):
        _call_watchers(writer, age)
    # A lane is finished below the threshold, or at the cap; it learns once more, in vain.
    below = _write_learning(sweep).names[0]
    is_old = writer.emit(f"icmp sge {lanes} {age}, {cap}")
    finished = writer.emit(f"or <{n_lanes} x i1> {below}, {is_old}")
    finished = _pack(writer, finished)
    below = _pack(writer, below)

    is_any = writer.compare("ne", finished, 0)
    is_recorded = writer.emit("icmp ne ptr %record, null")
    with writer.when(writer.emit(f"or i1 {is_any}, {is_recorded}")):
        writer.write(_call_exchange("%now", "%next", finished, below, "%number"))
    # The end: no network is left, or another thread has set the flag.
    running = writer.load_whole("%counts", RUNNING)
    is_stopped = writer.emit("load volatile i8, ptr %stop")
    is_stopped = writer.emit(f"icmp ne i8 {is_stopped}, 0")
    is_over = writer.emit(f"or i1 {is_stopped}, {writer.compare('eq', running, 0)}")
    writer.write("%following = add i64 %number, 1")
    writer.write(f"br i1 {is_over}, label %end, label %again")
    writer.begin("again")
    writer.write("br label %sweep")
    writer.begin("end")
    train = render_function(writer, "train", JOB)
    exchange = _write_exchange(rule, n, n_lanes)
    return Program(sweep, f"{train}\n{exchange}")


def _write_learning(sweep: Sweep) -> Value:
    """Write down a look at the networks and their learning; return where they are done."""
    writer = sweep.writer
    threshold = sweep.threshold[()]
    if sweep.latest is None:
        return sweep.look() < threshold  # type: ignore[no-any-return]
    # Changes after some patterns need no look at all of them, where no error ends the learning.
    is_asked = _pack(writer, (threshold > -math.inf).names[0])
    with writer.when(writer.compare("ne", is_asked, 0)):
        sweep.latest[()] = sweep.look(learns=False)
    sweep.learn_in_parts()
    return sweep.latest[()] < sweep.threshold[()]  # type: ignore[no-any-return]


def _call_watchers(writer: Writer, age: str) -> None:
    """Write down a call of the watchers, if the updates of any network are due."""
    n_lanes = writer.n_lanes
    lanes = f"<{n_lanes} x i64>"
    # A lane whose networks are all finished grows older; the last place is for these.
    last = writer.spread(str(Whole(writer, "%cap") + 1), "i64")
    is_younger = writer.emit(f"icmp slt {lanes} {age}, {last}")
    age = writer.emit(f"select <{n_lanes} x i1> {is_younger}, {lanes} {age}, {lanes} {last}")
    places = []
    for lane in range(n_lanes):
        # Of each lane: where its number of updates stands among those that are asked for.
        updates = writer.emit(f"extractelement {lanes} {age}, i64 {lane}")
        places.append(writer.load_whole("%due", updates))
    together = places[0]
    for place in places[1:]:
        together = together & place
    with writer.when(writer.compare("ne", together, -1)):  # as it is where none is due
        for k in writer.each(Whole(writer, "%n_watchers")):
            _call_watcher(writer, k)


def _call_watcher(writer: Writer, k: Place) -> None:
    """Write down a call of one watcher, by its row in the table."""
    function, *own = (_load_address(writer, k * 4 + word) for word in (WATCH, DATA, STRIP, FOUND))
    arguments = ", ".join(f"ptr {word}" for word in own)
    shared = "ptr %now, ptr %lanes, ptr %due, i64 %number, i64 %n"
    writer.write(f"call void {function}({arguments}, {shared})")


def _load_address(writer: Writer, place: Place) -> str:
    """Write down the read of an address from the table of watchers; return its name."""
    return writer.emit(f"load ptr, ptr {writer.find('%watchers', place)}, align 8")


def write_watch(rule: Rule, n_lanes: int, n_at_once: int) -> Program:
    """Write ``watch(data, strip, found, now, lanes, due, sweep, n)``, which measures networks.

    Of each network in a lane, as it stands at `now`, the error goes to `found`, and beside it the
    number of right answers, if the targets are classes: floats of 32 bits, (place, network, 2).
    """
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    if MEASURE in sweep.traces.drawn:
        raise UsageError(f"{rule.name} draws random numbers to answer a pattern; {NO_STATES}")
    error = sweep.memory.allocate(())
    n_right = sweep.memory.allocate(())
    sweep.base = sweep.memory.n_rows
    sweep.count_right(n_right)
    error[()] = sweep.look(learns=False)
    for lane in writer.each(n_lanes):
        network = writer.load_whole("%lanes", lane)
        with writer.when(writer.compare("sge", network, 0)):
            first = writer.load_whole("%lanes", lane + FIRST_SWEEP * n_lanes)
            place = writer.load_whole("%due", Whole(writer, "%sweep") - first)
            with writer.when(writer.compare("sge", place, 0)):
                target = (place * "%n" + network) * 2
                for k, row in enumerate((error, n_right)):
                    _write_found(writer, row.first * n_lanes + lane, target, k)
    shared = "ptr %now, ptr %lanes, ptr %due, i64 %sweep, i64 %n"
    text = render_function(writer, "watch", f"ptr %data, ptr %strip, ptr %found, {shared}")
    return Program(sweep, text)


def _write_found(writer: Writer, place: Place, target: Place, k: int) -> None:
    """Write down the copy of a number of the strip to one of two that were found, as 32 bits."""
    address = writer.find("%strip", place, "double")
    number = writer.emit(f"load double, ptr {address}, align 8")
    number = writer.emit(f"fptrunc double {number} to float")
    address = writer.find("%found", target + k, "float")
    writer.write(f"store float {number}, ptr {address}, align 4")


def write_evaluate(rule: Rule, n_lanes: int, n_at_once: int) -> Program:
    """Write ``evaluate(data, strips, n, n_rows)``: states and error in each of n strips."""
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    shown = [*sweep.traces.hidden, sweep.traces.image]
    if MEASURE in sweep.traces.drawn:
        raise UsageError(f"{rule.name} draws random numbers to answer a pattern; {NO_STATES}")
    rows = [sweep.memory.allocate((*x.shape, len(rule.patterns))) for x in shown]
    error = sweep.memory.allocate(())
    sweep.base = sweep.memory.n_rows
    for k in writer.each(Whole(writer, "%n")):
        strip = writer.find("%strips", k * "%n_rows", writer.kind)
        writer.names = {"strip": strip, "now": strip}
        error[()] = sweep.look(learns=False)
        sweep.show(shown, rows)
    text = render_function(writer, "evaluate", "ptr %data, ptr %strips, i64 %n, i64 %n_rows")
    return Program(sweep, text, (*rows, error))


def render_function(writer: Writer, name: str, parameters: str) -> str:
    """Return the LLVM text of a function with what a writer has collected."""
    kind = writer.kind
    declared = [
        f"declare {kind} @llvm.{called}.v{writer.n_lanes}f64({', '.join([kind] * n)})"
        for called, n in FUNCTIONS.items()
    ]
    # Without a table for unwinding, which would be registered with the process and in which
    # a library that walks the stack (NumPy does) would get lost. On an aligned stack
    # values that are put aside do not lie across two cache lines.
    head = f"define void @{name}({parameters}) nounwind alignstack(64)"
    return "\n".join([writer.define(head), *declared])


def _pack(writer: Writer, mask: str) -> str:
    """Emit a whole number with one bit a lane."""
    bits = writer.emit(f"bitcast <{writer.n_lanes} x i1> {mask} to i{writer.n_lanes}")
    return writer.emit(f"zext i{writer.n_lanes} {bits} to i64")


def _call_exchange(now: str, following: str, finished: str, below: str, sweep: str) -> str:
    lanes = f"i64 {finished}, i64 {below}, i64 {sweep}"
    return f"call void @exchange({JOB}, ptr {now}, ptr {following}, {lanes})"


def _write_exchange(rule: Rule, n: int, n_lanes: int) -> str:
    """Write what happens to lanes after a sweep: a record, the outcome, and the next network."""
    exchange = _Exchange(rule, n, Writer(n_lanes))
    for lane in exchange.writer.each(n_lanes):
        exchange.write(lane)
    parameters = f"{JOB}, ptr %now, ptr %next, i64 %finished, i64 %below, i64 %sweep"
    head = f"define internal void @exchange({parameters}) nounwind noinline cold"
    return exchange.writer.define(head)


class _Exchange:
    """Code of ``exchange``, for one lane at a time.

    `%finished` and `%below` have a bit for each lane: whether its network is finished, and whether
    its error is below the threshold.
    """

    def __init__(self, rule: Rule, n: int, writer: Writer) -> None:
        self.writer = writer
        self.n_all = n  # numbers of a network
        self.n_weights = rule.sizes[0]
        self.n_kept = rule.sizes[2]
        self.sweep = Whole(writer, "%sweep")

    def write(self, lane: Place) -> None:
        """Write down what happens to the network in a lane, and the coming of the next one."""
        writer = self.writer
        network = writer.load_whole("%lanes", lane)
        age = self.sweep - writer.load_whole("%lanes", self.find(FIRST_SWEEP, lane))
        is_there = writer.compare("sge", network, 0)
        is_recorded = writer.emit("icmp ne ptr %record, null")
        with writer.when(writer.emit(f"and i1 {is_there}, {is_recorded}")):
            n_before = network * (Whole(writer, "%cap") + 1) + age
            self.copy_out(lane, "%record", n_before * self.n_all)
        with writer.when(self.is_set("%finished", lane)):
            with writer.when(is_there):
                self.finish(lane, network, age)
            following = writer.load_whole("%counts", BEGUN)
            with writer.when(writer.compare("slt", following, "%n")):
                self.begin(lane, following)

    def finish(self, lane: Place, network: Whole, age: Whole) -> None:
        """Write down the outcome of the network that was in a lane."""
        writer = self.writer
        below = Whole(writer, "%below")
        writer.store_whole("%updates", network, age)
        writer.store_whole("%converged", network, below >> lane & 1)
        # Whose weights are no numbers has not converged, though its units may hide that.
        for k in writer.each(self.n_weights):
            place = writer.find("%now", k * writer.n_lanes + lane, "double")
            weight = writer.emit(f"load double, ptr {place}")
            with writer.when(writer.emit(f"fcmp uno double {weight}, {weight}")):
                writer.store_whole("%converged", network, 0)
        writer.store_whole("%lanes", lane, -1)
        self.count(RUNNING, -1)
        with writer.when(writer.emit("icmp ne ptr %final, null")):
            self.copy_out(lane, "%final", network * self.n_all)

    def begin(self, lane: Place, following: Whole) -> None:
        """Write down how the next network takes a lane, from the following sweep on."""
        writer = self.writer
        first = following * "%stride"
        first_kept = following * "%kept_stride"
        n_drawn = self.n_all - self.n_kept
        # What never changes is in both places.
        for k in writer.each(n_drawn):
            for base in ("%now", "%next"):
                writer.copy_number("%initial", first + k, base, k * writer.n_lanes + lane)
        for k in writer.each(self.n_kept):
            row = (k + n_drawn) * writer.n_lanes + lane
            writer.copy_number("%kept", first_kept + k, "%next", row)
        writer.store_whole("%lanes", lane, following)
        begun = writer.load_whole("%begun", following)
        writer.store_whole("%lanes", self.find(FIRST_SWEEP, lane), self.sweep + 1 - begun)
        writer.store_whole("%lanes", self.find(SEED, lane), following + "%seed")
        self.count(BEGUN, 1)
        self.count(RUNNING, 1)

    def find(self, row: int, lane: Place) -> Place:
        """Return the place of a lane in a row of what is kept of each."""
        return lane + row * self.writer.n_lanes

    def is_set(self, name: str, lane: Place) -> str:
        """Write down whether the bit of a lane is set; return the name of the answer."""
        return self.writer.compare("ne", Whole(self.writer, name) >> lane & 1, 0)

    def count(self, place: int, more: int) -> None:
        """Write down a change of one of the counts."""
        number = self.writer.load_whole("%counts", place)
        self.writer.store_whole("%counts", place, number + more)

    def copy_out(self, lane: Place, array: str, first: Whole) -> None:
        """Write down the numbers of a lane, from some place of an array on."""
        for k in self.writer.each(self.n_all):
            self.writer.copy_number("%now", k * self.writer.n_lanes + lane, array, first + k)
