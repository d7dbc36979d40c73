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
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from replication.errors import UsageError
from replication.simulator.compiler import blocks
from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations import arrays
from replication.simulator.operations.arrays import (
    APPLY,
    LEARN,
    MEASURE,
    TURNS,
    Graph,
    Traced,
    TraceError,
)
from replication.simulator.operations.handles import Handle, hold, unwrap
from replication.simulator.operations.instructions import FUNCTIONS, Bits, Rows, Whole, Writer
from replication.simulator.operations.noise import write_order
from replication.simulator.rule.network import CRITERIA, ONLY_APPLY, Network, Rule

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
        self.rule, self.graph, self.network = rule, Graph(), rule.bare()
        one = self.network
        make = self.graph.make
        name = rule.name
        self.pattern, self.target = v, t = [
            make("pattern", array.shape[1:], note=is_target, is_batched=True)
            for is_target, array in ((False, rule.patterns), (rule.has_targets, rule.targets))
        ]
        # Weights, fixed arrays and what is kept; and the rule's numbers.
        shapes = rule.all_shapes
        self.weights = {key: make("weight", shape, note=key) for key, shape in shapes.items()}
        self.given = {key: make("given", (), note=key) for key in rule.numbers}
        one.__dict__.update(_graph=self.graph)
        one.__dict__.update(dict.fromkeys(("_seeds", "_moment", "_n_updates")))  # of plain NumPy
        self.begun = {**one.__dict__, **self.weights, **self.given}

        # The image, and the error that is compared with the threshold.
        self.image = self._take("image", self._run(MEASURE, one.image, v))
        if self.image.shape != t.shape:
            wrong = f"{name}.image gives an array of shape {self.image.shape}"
            raise TraceError(f"{wrong}; the targets have {t.shape}")
        # Deviations of the units, or the rule's own error of a pattern, as that of a single unit.
        self.has_own_error = type(one).pattern_error is not Network.pattern_error
        self.error = self._trace_own_error() if self.has_own_error else self._trace_deviations()
        self.hidden = [self._take("hidden", x) for x in self._run(MEASURE, one.list_hidden, v)]

        # The changes: numbers, and terms whose sums over the patterns are multiplied by them.
        scales: dict[str, Traced | None] = {}
        terms: dict[str, list[Traced]] = {}
        for key, change in self._run(LEARN, one._change, v, t).items():
            array: Any = np.broadcast_to(self._take("weight_changes", change), rule.sums[key])
            scales[key], terms[key] = arrays.split(array)
        sums = {key: make("sum", rule.sums[key], note=key) for key in terms}
        scaled = {key: x if scales[key] is None else scales[key] * x for key, x in sums.items()}

        # What an update makes of each array.
        found = self._run_apply({key: hold(x) for key, x in scaled.items()})
        self.after = {key: self._take("apply", found.get(key)) for key in self.weights}
        for key, new in self.after.items():
            makes = f"{name}.apply makes {key}"
            if new.shape != shapes[key]:
                raise TraceError(f"{makes} of shape {new.shape}; it was {shapes[key]}")
            if new.is_batched:
                raise TraceError(f"{makes} depend on a pattern; changes are their sums")
        # A sum that nothing takes is not computed: that of frozen weights.
        used = {*arrays.walk(self.after.values())}
        self.sums = {key: x for key, x in sums.items() if x in used}
        self.terms = {key: terms[key] for key in self.sums}
        # The phases in which the rule draws random numbers.
        self.drawn = {x.note[1] for x in self.graph.known.values() if x.op == "draw"}

    def _run(self, phase: int, function: Any, *arguments: Any) -> Any:
        """Run a method on arrays that it may not change."""
        given = [Handle(x, "a pattern") if isinstance(x, Traced) else x for x in arguments]
        found, after = self._run_on_handles(phase, function, *given)
        for key, value in after.items():
            if value is not self.begun.get(key):
                method = "weight_changes" if phase == LEARN else "image"
                raise TraceError(f"{self.rule.name}.{method} changes self.{key}; {ONLY_APPLY}")
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
        self, phase: int, function: Any, *arguments: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Run a method; return what it returns, and the attributes as they are after it."""
        # Arrays that an earlier method had are not those that this one may change.
        own = self.network.__dict__
        for key, x in self.weights.items():
            is_changeable = phase == APPLY and key not in self.rule.fixed
            own[key] = Handle(x, "" if is_changeable else f"self.{key}")
        own.update({key: Handle(x, is_number=True) for key, x in self.given.items()})
        before = TURNS.graph, TURNS.n_draws  # of a rule that compiles this one
        self.graph.phase, TURNS.n_draws, TURNS.graph = phase, 0, self.graph
        try:
            found = function(*arguments)
        finally:
            TURNS.graph, TURNS.n_draws = before
        return found, {key: unwrap(x) for key, x in own.items()}

    def _take(self, method: str, found: Any) -> Traced:
        """Return what a method gave as an array of numbers, or refuse it by the method's name."""
        try:
            return self.graph.take(unwrap(found))
        except TraceError as error:
            raise TraceError(f"{self.rule.name}.{method}: {error}") from None

    def _trace_own_error(self) -> Any:
        function = self.network.pattern_error
        shown = (self.pattern, self.target)
        error = self._take("pattern_error", self._run(MEASURE, function, *shown))
        if error.size != 1:
            wrong = f"{self.rule.name}.pattern_error gives shape {error.shape}"
            raise TraceError(f"{wrong}; allowed is one number")
        return np.reshape(np.maximum(error, LEAST_ERROR), (1,))

    def _trace_deviations(self) -> Traced:
        rule = self.rule
        image = self.image
        highest = blocks.find_bound(image, float(np.abs(rule.patterns).max()))
        lowest = 0.0 if image.op == "call" and image.note[0] == "logistic" else 0.0 - highest
        least = rule.targets.min() + 0.0
        most = rule.targets.max() + 0.0
        if not rule.network.takes_protocol and not lowest <= least <= most <= highest:
            given = f"{rule.name}.targets, or patterns, go from {least:g} to {most:g}"
            raise TraceError(f"{given}; {rule.name}.image gives {lowest:g} to {highest:g}")
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

    def __init__(self, rule: Rule, writer: Any, criterion: str = "") -> None:
        self.rule = rule
        self.writer = writer
        self.traces, self.n_all = Traces(rule), sum(rule.sizes)
        name = criterion or rule.protocol.criterion
        # Of an error of the rule's own the largest counts, as of the deviation of a single unit.
        self.criterion = CRITERIA["every-unit" if self.traces.has_own_error else name]
        self.is_largest_unit = self.criterion.over_units == "maximum"
        is_absolute = self.is_largest_unit and not self.traces.has_own_error
        self.error = abs(self.traces.error) if is_absolute else self.traces.error
        sizes = {name: math.prod(shape) for name, shape in rule.all_shapes.items()}
        firsts = np.cumsum([0, *sizes.values()]).tolist()
        self.first = dict(zip(sizes, firsts, strict=False))
        # The data: patterns, targets beside them, and constants.
        shown = [rule.patterns, rule.targets] if rule.has_targets else [rule.patterns]
        self.shown = np.hstack(shown)
        most = blocks.find_bound(self.error, float(np.abs(self.shown).max()))
        self.is_bounded = most < math.inf  # no deviation is infinite or not a number
        self.data = np.concatenate([self.shown.ravel(), self.traces.graph.data])
        self.memory = blocks.Memory(writer, 2 * self.n_all + PADDING)
        self.threshold = self.memory.allocate(())
        self.given = {name: self.memory.allocate(()) for name in rule.numbers}
        self.measured = [self.memory.allocate(()) for _ in range(2)]  # worst error and total
        self.sums = {name: self.memory.allocate(rule.sums[name]) for name in self.traces.terms}
        after = self.traces.after
        weights = self.traces.weights
        self.changed = [name for name in weights if after[name] is not weights[name]]
        # Of minibatches: the order of the patterns, and some of them as each network is shown them.
        self.order: Any = None
        self.shuffled: Any = None
        if rule.is_shuffled:
            n_gathered = min(rule.batch_size, MOST_AT_ONCE)
            self.order = self.memory.allocate((len(self.shown),))
            self.shuffled = self.memory.allocate((n_gathered, self.shown.shape[1]))
        self.right: Traced | None = None  # whether the answer to a pattern is, and where to count
        self.n_right: Any = None
        self.latest: Any = None  # the error of all patterns, where it was looked at
        self.base = self.memory.n_rows
        self.noise: Any = None  # age, seed and root seed of the network in each lane

    @property
    def draws(self) -> bool:
        """Whether random numbers are drawn as networks learn."""
        return self.rule.is_shuffled or bool(self.traces.drawn)

    # Where things are

    def begin(
        self, n_patterns: int, first: Any, base: str, *, is_shuffled: bool = False
    ) -> blocks.Block:
        """Return a block for patterns side by side from the first one on; weights at a base.

        Those that are shuffled are gathered first, in each network those in its own order.
        """
        self.memory.n_rows = self.base
        traces = self.traces
        writer = self.writer
        rows = {x: self._find_rows(base, name) for name, x in traces.weights.items()}
        rows |= {x: self.given[name] for name, x in traces.given.items()}
        rows |= {x: self.sums[name] for name, x in traces.sums.items()}
        for x in traces.graph.known.values():
            if x.op == "constant":
                rows[x] = Rows(writer, "data", self.shown.size + x.place, x.shape, True)
        is_one_hot = np.array_equal(self.rule.patterns, np.eye(len(traces.pattern)))
        is_one_hot = is_one_hot and not is_shuffled
        block = blocks.Block(self.memory, n_patterns, first, rows, is_one_hot, self.noise)
        shown: Any = Rows(writer, "data", 0, self.shown.shape, True)
        begin = first
        if is_shuffled:
            for p in writer.each(n_patterns):
                writer.gather(self.order, first + p, shown, self.shuffled, p)
            shown = self.shuffled
            begin = 0
        for x in (traces.pattern, traces.target):
            shift = len(traces.pattern) if x.note else 0
            x.compute = lambda _, index, p, shift=shift: shown[begin + p, index[0] + shift]
        return block

    def _find_rows(self, base: str, name: str) -> Any:
        return Rows(self.writer, base, self.first[name], self.traces.weights[name].shape)

    def take_turns(
        self, n_patterns: int | None = None, size: int = MOST_AT_ONCE
    ) -> Iterator[tuple[Any, int]]:
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

    def show(self, shown: Sequence[Traced], rows: Sequence[Any]) -> None:
        """Write down states of all patterns into rows, an array for each."""
        for first, n in self.take_turns():
            block = self.begin(n, first, "now")
            block.write(shown)
            for row, x in zip(rows, shown, strict=True):
                block.copy(row, x, first)

    # The error, and what the weights become

    def look(self, *, learns: bool = True) -> Any:
        """Write down a look at all patterns with the weights at "now"; return the error.

        What the weights become is written down, too, unless the look is all there is: a batch
        learns from the states that are there.
        """
        in_batch = learns and self.rule.is_one_batch
        has_turns = len(self.shown) > MOST_AT_ONCE
        least = LEAST_ERROR if self.traces.has_own_error else 0.0
        for row, begin in zip(self.measured, (least, 0.0), strict=True):
            row[()] = self.writer.number(begin)
        if self.right is not None:
            self.n_right[()] = self.writer.number(0.0)
        if in_batch and has_turns:
            self._begin_sums()
        for first, n in self.take_turns():
            block = self.begin(n, first, "now")
            self._add_errors(block, self._list_terms() if in_batch else self._list_right())
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
        before, after = (Rows(self.writer, base, 0, (self.n_all,)) for base in ("now", "next"))
        blocks.copy_rows(self.writer, before, after)
        if self.rule.is_shuffled:
            write_order(self.writer, self.order, self.noise)
        for first, n in self.take_turns(size=self.rule.batch_size):
            self._learn_part(first, n)

    def _learn_part(self, begin: Any, size: int) -> None:
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

    def _begin_sums(self) -> None:
        """Write down where sums that stay in memory begin."""
        for rows in self.sums.values():
            for place in blocks.places(self.writer, rows.shape):
                rows[place] = self.writer.number(arrays.NOTHING)

    def count_right(self, rows: Any) -> None:
        """Have the right answers of each look counted in memory, if the targets are classes."""
        if self.rule.has_classes:
            self.right = self.traces.trace_right()
            self.n_right = rows

    def _list_right(self) -> list[Traced]:
        return [] if self.right is None else [self.right]

    def _add_right(self, block: blocks.Block) -> None:
        """Write down a count of the right answers of a block, added to those so far."""
        right = self.right
        if right is None:
            return

        def add(p: Any, n_right: Any) -> tuple[Any]:
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
        begun = [row[()] for row in self.measured]
        found = self.writer.fold(block.n_patterns, add, *begun)
        for row, x in zip(self.measured, found, strict=True):
            row[()] = x

    def _watch(self, values: Iterable[Any]) -> None:
        worst = self.measured[0][()]
        for x in values:
            worst = exact.where(x > worst, x, worst)
        self.measured[0][()] = worst

    def _add_error(self, block: blocks.Block, p: Any, worst: Any, total: Any) -> tuple[Any, Any]:
        """Return the largest error so far and the sum, with those of the pattern in place p."""

        def add_unit(i: Any, worst: Any, total: Any) -> tuple[Any, Any]:
            d = self.writer.number(block.at(self.error, (i,), p))
            if self.is_largest_unit:
                return self._take_larger(d, worst, total)
            return worst, exact.fma(d, d, total)

        if self.criterion.over_patterns == self.criterion.over_units:
            return self.writer.fold(len(self.error), add_unit, worst, total)  # type: ignore[no-any-return]
        _, squares = self.writer.fold(len(self.error), add_unit, worst, self.writer.number(0.0))
        return self._take_larger(squares, worst, total)

    def _take_larger(self, x: Any, worst: Any, total: Any) -> tuple[Any, Any]:
        x = self.writer.number(x)
        return exact.where(x > worst, x, worst), total + x

    def _finish_error(self) -> Any:
        worst, total = (row[()] for row in self.measured)
        if self.criterion.over_patterns == "add":
            worst = total
        elif not self.is_bounded:
            # Comparisons pass over not-a-number, but what has diverged must not count as small:
            # for this alone a largest error has a total beside it.
            worst = exact.fma(total, 0.0, worst)
        return self.criterion.finish(worst, self.rule.targets)

    def _sum_changes(self, block: blocks.Block, *, goes_on: bool) -> None:
        """Write down the changes, summed over the patterns, and what becomes of the weights.

        A sum changes its weight where it ends, unless something else waits for all sums. Sums that
        go on from block to block stay in memory.
        """
        # By sum: the weights that can be changed as soon as it is there, and their targets.
        placed = {} if goes_on else self._place()
        after = self.traces.after
        for name, terms in self.traces.terms.items():
            rows = self.sums[name]
            targets = [(after[x], self._find_rows("next", x)) for x in placed.get(name, ())]
            for place, total in block.sum_terms(terms, rows, is_begun=goes_on):
                if not placed:
                    rows[place] = total
                    continue
                with block.together() as found:
                    found[blocks.name_place(self.traces.sums[name], place, 0)] = total
                    values = [block.value(block.at(new, place, 0)) for new, _ in targets]
                for (_, target), value in zip(targets, values, strict=True):
                    target[place] = value
        if placed and self.rule.is_one_batch:
            self._apply(block, [name for name in self.traces.weights if name not in self.changed])
        elif not (placed or goes_on):
            self._apply(block)

    def _place(self) -> dict[str, list[str]]:
        """Return which arrays each sum changes place by place, nothing unless all do."""
        traces = self.traces
        owners = dict[str, str]()
        for name in self.changed:
            new = traces.after[name]
            used = arrays.walk([new])
            sums = [x.note for x in used if x.op == "sum"]
            if len(sums) != 1 or not all(blocks.is_beside(x, new.shape) for x in used):
                return {}
            owners[name] = sums[0]
        # After some patterns: what is written at "next" while terms are still read must belong to
        # no other sum than theirs. The terms that are not in memory, of any sum, have the owner "".
        if not self.rule.is_one_batch:
            readers = [(owners[name], arrays.walk([traces.after[name]])) for name in owners]
            readers += [("", arrays.walk(self._list_terms(), is_end=blocks.in_memory))]
            for owner, used in readers:
                if any(owners.get(x.note, owner) != owner for x in used if x.op == "weight"):
                    return {}
        return {name: [x for x in owners if owners[x] == name] for name in traces.sums}

    def _apply(self, block: blocks.Block, names: Sequence[str] | None = None) -> None:
        """Write down what arrays become by the rule's `apply`, at "next": all, unless named."""
        is_one_batch = self.rule.is_one_batch
        if names is None:
            names = [*self.traces.weights] if is_one_batch else self.changed
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

    def __init__(self, sweep: Sweep, text: str, outputs: Iterable[Any] = ()) -> None:
        if (n_lines := text.count("\n")) > MOST_LINES:
            what = f"becomes {n_lines:,} instructions, which take minutes to compile"
            raise TraceError(f"{sweep.rule.name} {what}; write loops with replication.repeat")
        # patterns, targets and constants
        self.text = text
        self.data = sweep.data
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
        sweep.noise = [Bits(writer, name) for name in (age, load(SEED), load(ROOT_SEED))]
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
    parts = render_function(writer, "train", JOB), _write_exchange(rule, n, n_lanes)
    return Program(sweep, "\n".join(parts))


def _write_learning(sweep: Sweep) -> Any:
    """Write down a look at the networks and their learning; return where they are done."""
    writer = sweep.writer
    threshold = sweep.threshold[()]
    if sweep.rule.is_one_batch:
        return sweep.look() < threshold
    # Changes after some patterns need no look at all of them, where no error ends the learning.
    is_asked = _pack(writer, (threshold > -math.inf).names[0])
    with writer.when(writer.compare("ne", is_asked, 0)):
        sweep.latest[()] = sweep.look(learns=False)
    sweep.learn_in_parts()
    return sweep.latest[()] < sweep.threshold[()]


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
        updates = writer.emit(f"extractelement {lanes} {age}, i64 {lane}")
        places.append(writer.load_whole("%due", updates))
    together = places[0]
    for place in places[1:]:
        together = together & place
    with writer.when(writer.compare("ne", together, -1)):  # as it is where none is due
        for k in writer.each(Whole(writer, "%n_watchers")):
            words = [
                writer.emit(f"load ptr, ptr {writer.find('%watchers', k * 4 + word)}, align 8")
                for word in (WATCH, DATA, STRIP, FOUND)
            ]
            arguments = ", ".join(f"ptr {word}" for word in words[1:])
            shared = "ptr %now, ptr %lanes, ptr %due, i64 %number, i64 %n"
            writer.write(f"call void {words[0]}({arguments}, {shared})")


def write_watch(rule: Rule, n_lanes: int, n_at_once: int) -> Program:
    """Write ``watch(data, strip, found, now, lanes, due, sweep, n)``, which measures networks.

    Of each network in a lane, as it stands at `now`, the error goes to `found`, and beside it the
    number of right answers, if the targets are classes: floats of 32 bits, (place, network, 2).
    """
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    if MEASURE in sweep.traces.drawn:
        raise UsageError(f"{rule.name} draws random numbers to answer a pattern; {NO_STATES}")
    error, n_right = (sweep.memory.allocate(()) for _ in range(2))
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
                    address = writer.find("%strip", row.first * n_lanes + lane, "double")
                    number = writer.emit(f"load double, ptr {address}, align 8")
                    number = writer.emit(f"fptrunc double {number} to float")
                    address = writer.find("%found", target + k, "float")
                    writer.write(f"store float {number}, ptr {address}, align 4")
    shared = "ptr %now, ptr %lanes, ptr %due, i64 %sweep, i64 %n"
    text = render_function(writer, "watch", f"ptr %data, ptr %strip, ptr %found, {shared}")
    return Program(sweep, text)


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
    writer = Writer(n_lanes)
    load = writer.load_whole
    store = writer.store_whole
    when = writer.when
    sweep = Whole(writer, "%sweep")
    cap = Whole(writer, "%cap")
    # a bit for each lane
    finished = Whole(writer, "%finished")
    below = Whole(writer, "%below")

    def count(place: int, more: int) -> None:
        store("%counts", place, load("%counts", place) + more)

    def take(lane: Whole, array: str, first: Any) -> None:
        """Write down the numbers of a lane, from some place of an array on."""
        for k in writer.each(n):
            writer.copy_number("%now", k * n_lanes + lane, array, first + k)

    for lane in writer.each(n_lanes):
        network = load("%lanes", lane)
        age = sweep - load("%lanes", lane + FIRST_SWEEP * n_lanes)
        is_there = writer.compare("sge", network, 0)
        is_recorded = writer.emit("icmp ne ptr %record, null")
        with when(writer.emit(f"and i1 {is_there}, {is_recorded}")):
            take(lane, "%record", (network * (cap + 1) + age) * n)
        with when(writer.compare("ne", finished >> lane & 1, 0)):
            # The outcome of the network that was in the lane, if one was.
            with when(is_there):
                store("%updates", network, age)
                store("%converged", network, below >> lane & 1)
                # Whose weights are no numbers has not, though its units may hide that.
                for k in writer.each(rule.sizes[0]):
                    place = writer.find("%now", k * n_lanes + lane, "double")
                    weight = writer.emit(f"load double, ptr {place}")
                    with when(writer.emit(f"fcmp uno double {weight}, {weight}")):
                        store("%converged", network, 0)
                store("%lanes", lane, -1)
                count(RUNNING, -1)
                with when(writer.emit("icmp ne ptr %final, null")):
                    take(lane, "%final", network * n)
            # The next network takes the lane, from the following sweep on; what never changes is
            # in both places.
            following = load("%counts", BEGUN)
            with when(writer.compare("slt", following, "%n")):
                n_kept = rule.sizes[2]
                first = following * "%stride"
                first_kept = following * "%kept_stride"
                for k in writer.each(n - n_kept):
                    for base in ("%now", "%next"):
                        writer.copy_number("%initial", first + k, base, k * n_lanes + lane)
                for k in writer.each(n_kept):
                    place = (k + (n - n_kept)) * n_lanes + lane
                    writer.copy_number("%kept", first_kept + k, "%next", place)
                store("%lanes", lane, following)
                begun = load("%begun", following)
                store("%lanes", lane + FIRST_SWEEP * n_lanes, sweep + 1 - begun)
                store("%lanes", lane + SEED * n_lanes, following + "%seed")
                count(BEGUN, 1)
                count(RUNNING, 1)
    parameters = f"{JOB}, ptr %now, ptr %next, i64 %finished, i64 %below, i64 %sweep"
    return writer.define(f"define internal void @exchange({parameters}) nounwind noinline cold")
