"""A rule, written down: one sweep of learning, and the compiled loops around it.

`Sweep` runs a rule's methods once on traced arrays (`arrays.py`) and writes down what they did
(`blocks.py`): first the error of the networks as they stand, then their changes. Any writer can
take that; `write_train` and `write_evaluate` put the loops of compiled code around it.

A strip is the memory of the networks side by side: the weights before a sweep and after it (fixed
arrays and what is kept among them), then numbers, sums and states. Each row holds a number of
every network.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from replication.errors import UsageError
from replication.simulator import arithmetic as exact
from replication.simulator.arrays import (
    DEEPEST,
    LEAVES,
    NOTHING,
    STORED,
    TURNS,
    Graph,
    Index,
    Shape,
    Traced,
    TraceError,
    broadcast_to,
    list_reachable,
)
from replication.simulator.blocks import (
    FEW_WEIGHTS,
    Block,
    Memory,
    find_bound,
    name_place,
)
from replication.simulator.instructions import Bits, Whole, Writer
from replication.simulator.network import CRITERIA, Network, Rule
from replication.simulator.noise import APPLY, LEARN, MEASURE
from replication.simulator.patterns import compute_variation

MOST_AT_ONCE = 20
"""Patterns whose states stay near the processor. Four divides it but eight does not, so
that neighbouring units of four patterns lie in different sets of its cache."""

PADDING = 1
"""Rows that keep what follows the weights from lying at a multiple of 4 KB from them."""

MOST_LINES = 100_000
"""Of a compiled function, of which this many take about half a minute."""

BEGUN, RUNNING = range(2)
"""Places in the counts of networks that `train` keeps."""
NETWORK, FIRST_SWEEP, SEED, ROOT_SEED = range(4)
"""Rows of what `train` keeps of each lane, as whole numbers."""

JOB = (
    "ptr %data, ptr %strip, ptr %lanes, ptr %counts, ptr %initial, ptr %kept, ptr %updates, "
    "ptr %converged, ptr %final, ptr %record, ptr %stop, i64 %seed, i64 %stride, "
    "i64 %kept_stride, i64 %n, i64 %cap"
)
"""What `train` is called with, and hands on to `exchange`."""


@dataclass(slots=True)
class Traces:
    """What a rule does, as arrays that are not computed yet."""

    graph: Graph
    network: Network  # with traced arrays
    weights: dict[str, Traced]  # and fixed arrays, and what is kept
    given: dict[str, Traced]  # the rule's numbers
    pattern: Traced
    target: Traced
    error: Traced  # deviations of the units, or the error of a pattern if that is the rule's own
    own_error: bool
    hidden: list[Traced]
    image: Traced
    scales: dict[str, Traced | None]  # numbers that the sums are multiplied by
    terms: dict[str, list[Traced]]  # whose sums over the patterns change the weights
    sums: dict[str, Traced]
    after: dict[str, Traced]  # what an update makes of each array

    def list_states(self) -> list[Traced]:
        """Return the states that the network lists for a page."""
        self.graph.phase, TURNS.n_draws = MEASURE, 0
        return [self.graph.take(x) for x in self.network.list_states(self.pattern)]


def trace_rule(rule: Rule) -> Traces:
    """Run the methods of a rule once, on arrays without numbers."""
    graph, one = Graph(), rule.bare()
    shown = {
        is_target: graph.make("pattern", array.shape[1:], note=is_target, is_batched=True)
        for is_target, array in ((False, rule.patterns), (rule.has_targets, rule.targets))
    }
    v, t = shown[False], shown[rule.has_targets]
    weights = {
        name: graph.make("weight", shape, note=name) for name, shape in rule.all_shapes.items()
    }
    given = {name: graph.make("given", (), note=name) for name in rule.numbers}
    object.__setattr__(one, "_graph", graph)
    for name, array in {**weights, **given}.items():
        object.__setattr__(one, name, array)
    for name in ("_seeds", "_moment", "_n_updates"):  # which only plain NumPy knows
        object.__setattr__(one, name, None)
    begun = dict(one.__dict__)
    name = rule.network.__name__

    def run(phase: int, function: Any, *arguments: Any) -> Any:
        """Run a method, and refuse that it changes anything but what `apply` may change."""
        graph.phase, TURNS.n_draws, TURNS.graph = phase, 0, graph
        try:
            found = function(*arguments)
        finally:
            TURNS.graph = None
        for key, value in one.__dict__.items():
            if value is not begun.get(key) and not (phase == APPLY and key in changing):
                what = "fixed, which never changes" if key in rule.fixed else "not declared"
                if key in rule.shapes or key in rule.kept:
                    what = "an array that only apply() may change"
                raise TraceError(
                    f"{name} changes self.{key}, which is {what}; declare in `kept` what lasts "
                    "from one update to the next, and return changes of the weights"
                )
        return found

    changing = {*rule.shapes, *rule.kept}
    image = graph.take_number(run(MEASURE, one.image, v))
    if image.shape != t.shape:
        raise TraceError(
            f"{name}.image gives an array of shape {image.shape}; the targets have {t.shape}"
        )
    own_error = type(one).pattern_error is not Network.pattern_error
    if own_error:
        error = graph.take_number(run(MEASURE, one.pattern_error, v, t))
        if error.size != 1:
            raise TraceError(
                f"{name}.pattern_error gives shape {error.shape}; allowed is one number"
            )
        error = error.reshape(())
    else:
        highest = find_bound(image, float(np.abs(rule.patterns).max()))
        lowest = 0.0 if image.op == "call" and image.note[0] == "logistic" else 0.0 - highest
        least, most = rule.targets.min() + 0.0, rule.targets.max() + 0.0
        if not one.takes_protocol and not lowest <= least <= most <= highest:
            raise TraceError(
                f"{name}.targets, or patterns, go from {least:g} to {most:g}; {name}.image gives "
                f"{lowest:g} to {highest:g}; scale them"
            )
        error = t - graph.take(run(MEASURE, one.measure, v))
    hidden = [graph.take_number(x) for x in run(MEASURE, one.list_hidden, v)]
    changes = run(LEARN, one._change, v, t)
    scales, terms = {}, {}
    for key, change in changes.items():
        scales[key], terms[key] = split(broadcast_to(graph.take_number(change), rule.sums[key]))
    sums = {key: graph.make("sum", rule.sums[key], note=key) for key in terms}
    scaled = {key: x if scales[key] is None else scales[key] * x for key, x in sums.items()}
    run(APPLY, one.apply, scaled)
    after = {key: graph.take_number(getattr(one, key, None)) for key in weights}
    for key, new in after.items():
        if new.shape != weights[key].shape:
            raise TraceError(
                f"{name}.apply makes {key} of shape {new.shape}; it was {weights[key].shape}"
            )
        if new.is_batched:
            raise TraceError(
                f"{name}.apply makes {key} depend on a pattern; changes are their sums"
            )
    # A sum that nothing takes is not computed: that of frozen weights.
    used = {*list_reachable(after.values())}
    for key, x in sums.items():
        if x not in used:
            del scales[key], terms[key]
    sums = {key: sums[key] for key in terms}
    for key, value in begun.items():
        object.__setattr__(one, key, value)  # what `apply` has changed
    return Traces(
        graph, one, weights, given, v, t, error, own_error, hidden, image, scales, terms, sums,
        after,
    )  # fmt: skip


@functools.cache
def split(x: Traced) -> tuple[Traced | None, list[Traced]]:
    """Return the number that an array is a multiple of, and the terms of the rest.

    The sum over the patterns is multiplied by it once.
    """
    if x.is_kept:
        return None, [x]
    if x.op == "mul":
        for a, b in (x.args, x.args[::-1]):
            if not a.shape and not a.is_batched and b.shape == x.shape:
                scale, terms = split(b)
                return a if scale is None else a * scale, terms
    if x.op == "negative":
        scale, terms = split(x.args[0])
        return x.graph.take(-1.0) if scale is None else -scale, terms
    if x.op == "add" and all(arg.shape == x.shape for arg in x.args):
        (scale, one), (other_scale, other) = split(x.args[0]), split(x.args[1])
        if scale is other_scale and len(one) + len(other) <= DEEPEST:
            return scale, one + other
    return None, [x]


class Sweep:
    """One sweep of learning of a rule, for a writer; the weights are at "now", then at "next"."""

    def __init__(self, rule: Rule, writer: Any) -> None:
        self.rule, self.writer = rule, writer
        self.traces = trace_rule(rule)
        self.n_all = sum(rule.sizes)
        sizes = {name: math.prod(shape) for name, shape in rule.all_shapes.items()}
        firsts = np.cumsum([0, *sizes.values()]).tolist()
        self.first = dict(zip(sizes, firsts, strict=False))
        is_same = not rule.has_targets
        shown = rule.patterns if is_same else np.hstack([rule.patterns, rule.targets])
        self.width = shown.shape[1]
        # Constants follow the patterns; the graph counts from the first one on.
        self.data = [*shown.ravel().tolist(), *self.traces.graph.data]
        self.memory = Memory(writer, 2 * self.n_all + PADDING)
        self.threshold = self.memory.allocate(())
        self.given = {name: self.memory.allocate(()) for name in rule.numbers}
        self.measured = [self.memory.allocate(()) for _ in range(2)]
        self.sums = {name: self.memory.allocate(rule.sums[name]) for name in self.traces.terms}
        self.base = self.memory.n_rows
        n_visible = rule.patterns.shape[1]
        self.is_one_hot = np.array_equal(rule.patterns, np.eye(n_visible))
        self.noise: Any = None
        self.is_applied = False  # where sums end, so that nothing is left to do

    # Where things are

    def begin(self, n_patterns: int, begin: Any, base: str) -> Block:
        """Return a block for patterns side by side, with the weights at a base."""
        self.memory.n_rows = self.base
        traces, writer, rule = self.traces, self.writer, self.rule
        rows: dict[Traced, Any] = {}
        for name, x in traces.weights.items():
            rows[x] = writer.rows(base, self.first[name], x.shape)
        for name, x in traces.given.items():
            rows[x] = self.given[name]
        for name, x in traces.sums.items():
            rows[x] = self.sums[name]
        n_shown = (
            rule.patterns.size if not rule.has_targets else rule.patterns.size + rule.targets.size
        )
        for x in traces.graph.known.values():
            if x.op == "constant":
                rows[x] = writer.rows("data", n_shown + x.place, x.shape, True)
        block = Block(
            self.memory, n_patterns, begin, rows, is_large=rule.sizes[0] > FEW_WEIGHTS,
            one_hot=False if self.is_one_hot else None, noise=self.noise,
        )  # fmt: skip
        shared = writer.rows("data", 0, (len(rule.patterns), self.width), True)
        for x in (traces.pattern, traces.target):
            shift = rule.patterns.shape[1] if x.note else 0
            x.compute = lambda at, index, p, shift=shift: shared[begin + p, index[0] + shift]
        return block

    # The error, and the sums that change the weights

    def look(self, *, is_alone: bool = False) -> Any:
        """Write down a look at all patterns with the weights at "now"; return the error.

        A batch learns meanwhile, since the states are there, unless the look is all there is.
        """
        n_patterns, learns = len(self.rule.patterns), not (is_alone or self.rule.is_per_pattern)
        n_at_once = min(n_patterns, MOST_AT_ONCE)
        has_turns = n_at_once < n_patterns
        for row in self.measured:
            row[()] = self.writer.number(0.0)
        if learns and has_turns:
            for rows in self.sums.values():
                for place in places(self.writer, rows.shape):
                    rows[place] = self.writer.number(NOTHING)
        n_turns, n_left = divmod(n_patterns, n_at_once)
        for n, begin, size in (
            (n_turns, 0, n_at_once),
            (int(n_left > 0), n_patterns - n_left, n_left),
        ):
            for turn in self.writer.each(n):
                block = self.begin(size, turn * n_at_once + begin, "now")
                terms = [x for each in self.traces.terms.values() for x in each] if learns else []
                self._add_errors(block, terms)
                if learns:
                    self._sum_changes(block, has_sums=has_turns, is_alone=not has_turns)
        return self._finish_error()

    def _add_errors(self, block: Block, terms: list[Traced]) -> None:
        """Write down the states of a block, and add its errors to those so far."""
        error, criterion = self.traces.error, CRITERIA[self.rule.protocol.criterion]
        if self.traces.own_error:
            block.write([*terms, error])
            self._fold(
                block,
                lambda p, worst, total: self._take_larger(block.at(error, (), p), worst, total),
            )
        elif criterion.over_units == "maximum":

            def watch(values: list[Any]) -> None:
                worst = self.measured[0][()]
                for x in values:
                    worst = exact.where(x > worst, x, worst)
                self.measured[0][()] = worst

            deviation = abs(error)
            if self.is_bounded and error.ndim == 1:
                if block.write(terms, deviation, watch):
                    return
            else:
                block.write([*terms, error])
            self._fold(
                block,
                lambda p, *found: self._fold_units(
                    block,
                    p,
                    lambda d, worst, total: self._take_larger(exact.absolute(d), worst, total),
                    *found,
                ),
            )
        elif criterion.over_patterns == "add":
            block.write([*terms, error])
            self._fold(
                block,
                lambda p, *found: self._fold_units(
                    block, p, lambda d, worst, total: (worst, exact.fma(d, d, total)), *found
                ),
            )
        else:
            block.write([*terms, error])

            def add(p: Any, worst: Any, total: Any) -> Any:
                def square(d: Any, _: Any, squares: Any) -> Any:
                    return worst, exact.fma(d, d, squares)

                _, squares = self._fold_units(block, p, square, worst, self.writer.number(0.0))
                return self._take_larger(squares, worst, total)

            self._fold(block, add)

    @property
    def is_bounded(self) -> bool:
        """Whether no deviation can be infinite or not a number."""
        most = max(np.abs(x).max() for x in (self.rule.patterns, self.rule.targets))
        return find_bound(self.traces.error, float(most)) < math.inf

    def _take_larger(self, x: Any, worst: Any, total: Any) -> tuple[Any, Any]:
        x = self.writer.number(x)
        return exact.where(x > worst, x, worst), total + x

    def _fold(self, block: Block, add: Any) -> None:
        begun = [row[()] for row in self.measured]
        found = self.writer.fold(block.n_patterns, add, *begun)
        for row, x in zip(self.measured, found, strict=True):
            row[()] = x

    def _fold_units(self, block: Block, p: Any, add: Any, *found: Any) -> Any:
        error = self.traces.error
        return self.writer.fold(
            error.shape[0],
            lambda i, *found: add(self.writer.number(block.at(error, (i,), p)), *found),
            *found,
        )

    def _finish_error(self) -> Any:
        worst, total = (row[()] for row in self.measured)
        criterion = CRITERIA[self.rule.protocol.criterion]
        if not self.traces.own_error and criterion.over_patterns == "add":
            worst = total
        elif self.traces.own_error or not self.is_bounded:
            # Comparisons pass over not-a-number, but what has diverged must not count as small.
            worst = exact.fma(total, 0.0, worst)
        if self.traces.own_error:
            return worst
        return criterion.finish(worst, self.variation)

    @property
    def variation(self) -> float:
        """The variation of the targets, if the criterion needs it."""
        is_needed = self.rule.protocol.criterion == "unexplained-variance"
        return compute_variation(self.rule.targets) if is_needed else 0.0

    # Learning

    def learn(self) -> None:
        """Write down what the weights become, at "next"."""
        if not self.rule.is_per_pattern:
            if not self.is_applied:
                self._apply(self.begin(1, 0, "now"))
            return
        before, after = (self.writer.rows(base, 0, (self.n_all,)) for base in ("now", "next"))
        for k in self.writer.each(self.n_all):
            after[k] = before[k]
        for q in self.writer.each(len(self.rule.patterns)):
            block = self.begin(1, q, "next")
            block.write([x for each in self.traces.terms.values() for x in each])
            self._sum_changes(block, has_sums=False, is_alone=True)
            if not self.is_applied:
                self._apply(block)

    def _sum_changes(self, block: Block, *, has_sums: bool, is_alone: bool) -> None:
        """Write down the changes, summed over the patterns, and what they change where they end."""
        placed = self._place() if is_alone else {}
        self.is_applied = bool(placed)
        traces = self.traces
        for name, terms in traces.terms.items():
            rows = self.sums[name]

            def begin(place: Index, rows: Any = rows) -> Any:
                return rows[place] if has_sums else NOTHING

            def finish(place: Index, total: Any, name: str = name, rows: Any = rows) -> None:
                if placed:
                    self._change(block, traces.sums[name], placed[name], place, total)
                else:
                    rows[place] = total

            block.sum_terms(terms, rows.shape, begin, finish)
        if placed and not self.rule.is_per_pattern:
            for name in self._list_unchanged():
                self._store(block, name, traces.after[name])

    def _change(
        self, block: Block, sums: Traced, names: list[str], place: Index, total: Any
    ) -> None:
        """Write down what one sum changes, its weight and what is kept of it."""
        here = name_place(place, 0)
        block.now[sums] = {here: total}
        found = []
        for name in names:
            new = self.traces.after[name]
            value = block.value(new.compute(block.at, place, 0))
            block.now[new] = {here: value}
            found.append((name, value))
        for name, value in found:
            rows = self.writer.rows("next", self.first[name], self.rule.all_shapes[name])
            rows[place] = value
            del block.now[self.traces.after[name]]
        del block.now[sums]

    def _list_changed(self) -> list[str]:
        """Return the arrays that an update changes, first what is kept: weights may follow it."""
        traces = self.traces
        names = [name for name, x in traces.after.items() if x is not traces.weights[name]]
        return sorted(names, key=lambda name: name not in self.rule.kept)

    def _list_unchanged(self) -> list[str]:
        """Return the arrays that have to be brought to "next" as they are."""
        changed = self._list_changed()
        return [
            name
            for name in self.rule.all_shapes
            if name not in changed and name not in self.rule.fixed
        ]

    def _place(self) -> dict[str, list[str]]:
        """Return which arrays each sum changes place by place, nothing unless all do."""
        traces = self.traces
        placed: dict[str, list[str]] = {name: [] for name in traces.sums}
        names = {x: name for name, x in traces.weights.items()}
        by_sum = {x: name for name, x in traces.sums.items()}
        for name in self._list_changed():
            new = traces.after[name]
            used: set[Traced] = set()
            if new.op in ("number", "constant", "weight") or not gather(new, new.shape, used):
                return {}
            sums = [by_sum[x] for x in used if x in by_sum]
            others = {names[x] for x in used if x in names} - {name}
            if (
                len(sums) != 1
                or not others <= {*self.rule.kept, *self.rule.fixed}
                or (name in self.rule.kept and others)
            ):
                return {}
            placed[sums[0]].append(name)
        # Of one pattern, a weight that changes early must not be what a later change is made of.
        direct: set[Traced] = set()
        for term in (x for each in traces.terms.values() for x in each):
            gather(term, None, direct)
        is_read = any(x.op == "weight" for x in direct)
        return {} if self.rule.is_per_pattern and is_read else placed

    def _apply(self, block: Block) -> None:
        """Write down what the summed changes do, as the rule's `apply` has it."""
        traces, changed = self.traces, self._list_changed()
        if self.rule.is_per_pattern:
            # What one array becomes may depend on others as they were.
            for name in changed:
                traces.after[name].is_kept = True
        block.n_patterns = 1
        block.write([traces.after[name] for name in changed])
        for name in [*changed, *([] if self.rule.is_per_pattern else self._list_unchanged())]:
            self._store(block, name, traces.after[name])

    def _store(self, block: Block, name: str, new: Traced) -> None:
        rows = self.writer.rows("next", self.first[name], self.rule.all_shapes[name])
        block.copy(rows, new)
        if new not in block.rows and new.op != "number":
            block.rows[new] = rows


def gather(x: Traced, shape: Shape | None, found: set[Traced]) -> bool:
    """Collect what an array is computed of; return whether it is so place by place."""
    if x.op in LEAVES or x.is_kept:
        found.add(x)
        return shape is None or x.shape == shape or (x.size == 1 and x.op != "sum")
    if x.op == "view":
        source = x.args[0]
        is_same = shape is None or source.size == 1
        return gather(source, None if shape is None else (), found) and is_same
    if x.op in STORED:
        return False
    is_each = [gather(arg, shape, found) for arg in x.args]
    return all(is_each)


def places(writer: Any, shape: Shape) -> Any:
    """Go through the places of an array, in loops."""
    if not shape:
        yield ()
        return
    for i in writer.each(shape[0]):
        for rest in places(writer, shape[1:]):
            yield (i, *rest)


# Compiled


@dataclass(frozen=True, slots=True)
class Program:
    """The LLVM text of a rule, and where in memory it looks for what."""

    text: str
    data: Any  # patterns, targets and constants
    n_all: int  # numbers of one network: weights, fixed arrays and what is kept
    n_rows: int
    threshold: int
    given: dict[str, int]  # rows of the rule's numbers
    outputs: list[tuple[int, Shape]]  # of `evaluate`: rows of what it measures


@dataclass(slots=True)
class Lanes:
    """What random numbers depend on, of the network in each lane."""

    age: Bits
    seed: Bits
    root_seed: Bits


def _describe(sweep: Sweep, text: str, outputs: Any = ()) -> Program:
    if (n_lines := text.count("\n")) > MOST_LINES:
        raise TraceError(
            f"{sweep.rule.network.__name__} becomes {n_lines:,} instructions, which take minutes "
            "to compile; write loops with replication.repeat"
        )
    return Program(
        text, np.array(sweep.data), sweep.n_all, sweep.memory.most_rows, sweep.threshold.first,
        {name: row.first for name, row in sweep.given.items()}, [*outputs],
    )  # fmt: skip


def write_train(rule: Rule, n_lanes: int, n_at_once: int) -> Program:
    """Write ``train(data, strip, lanes, ...)``, which trains networks until all are finished.

    The weights before a sweep are kept until the next one, for networks that finish; so
    two places for weights take turns. `stride` counts numbers from one network's initial weights
    to the next, `kept_stride` those of what is kept; `final` and `record` may be null pointers.
    """
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    n, lanes = sweep.n_all, f"<{n_lanes} x i64>"
    cap = writer.spread("%cap", "i64")
    other = writer.find("%strip", n, writer.kind)
    writer.write(_call_exchange(other, "%strip", str(2**n_lanes - 1), "0", "-1"))
    begin = writer.block
    writer.write("br label %sweep")

    writer.begin("sweep")
    writer.write(f"%now = phi ptr [%strip, %{begin}], [%next, %again]")
    writer.write(f"%next = phi ptr [{other}, %{begin}], [%now, %again]")
    writer.write(f"%number = phi i64 [0, %{begin}], [%following, %again]")

    def load(row: int) -> str:
        place = writer.find("%lanes", row * n_lanes)
        return writer.emit(f"load {lanes}, ptr {place}, align 64")

    age = writer.emit(f"sub {lanes} {writer.spread('%number', 'i64')}, {load(FIRST_SWEEP)}")
    if any(x.op == "draw" for x in sweep.traces.graph.known.values()):
        words = [Bits(writer, name) for name in (age, load(SEED), load(ROOT_SEED))]
        sweep.noise = Lanes(*words)
    with writer.when(writer.emit("icmp ne ptr %record, null")):
        writer.write(f"call void @record({JOB}, ptr %now, i64 %number)")
    error = sweep.look()
    below = (error < sweep.threshold[()]).names[0]
    is_old = writer.emit(f"icmp sge {lanes} {age}, {cap}")
    finished = writer.emit(f"or <{n_lanes} x i1> {below}, {is_old}")
    finished, below = _pack(writer, finished), _pack(writer, below)
    sweep.learn()

    with writer.when(writer.compare("ne", Whole(writer, finished), 0)):
        writer.write(_call_exchange("%now", "%next", finished, below, "%number"))
    running = writer.load_whole("%counts", RUNNING)
    is_stopped = writer.emit("load volatile i8, ptr %stop")
    is_stopped = writer.emit(f"icmp ne i8 {is_stopped}, 0")
    is_over = writer.emit(f"or i1 {is_stopped}, {writer.compare('eq', running, 0)}")
    writer.write("%following = add i64 %number, 1")
    writer.write(f"br i1 {is_over}, label %end, label %again")
    writer.begin("again")
    writer.write("br label %sweep")
    writer.begin("end")
    parts = [
        render_function(writer, "train", JOB), _write_exchange(rule, n, n_lanes),
        _write_record(n, n_lanes),
    ]  # fmt: skip
    return _describe(sweep, "\n".join(parts))


def write_evaluate(rule: Rule, n_lanes: int, n_at_once: int) -> Program:
    """Write ``evaluate(data, strips, n)``, which leaves states and error in each of n strips."""
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    traces, n_patterns = sweep.traces, len(rule.patterns)
    shown = [*traces.hidden, traces.image]
    rows = [sweep.memory.allocate((*x.shape, n_patterns)) for x in shown]
    error = sweep.memory.allocate(())
    sweep.base = sweep.memory.n_rows
    if any(x.op == "draw" for x in list_reachable([*shown, traces.error])):
        raise UsageError(
            f"{rule.network.__name__} draws random numbers to answer a pattern, so it has no "
            "states to show; draw in weight_changes only, or leave out final_weights and trace"
        )
    for k in writer.each(Whole(writer, "%n")):
        offset = writer.emit(f"mul i64 {k}, {{rows}}")
        place = len(writer.lines) - 1
        strip = writer.emit(f"getelementptr {writer.kind}, ptr %strips, i64 {offset}")
        writer.names = {"strip": strip, "now": strip}
        error[()] = sweep.look(is_alone=True)
        size = min(n_patterns, MOST_AT_ONCE)
        n_turns, n_left = divmod(n_patterns, size)
        for n, begin, n_here in (
            (n_turns, 0, size),
            (int(n_left > 0), n_patterns - n_left, n_left),
        ):
            for turn in writer.each(n):
                first = turn * size + begin
                block = sweep.begin(n_here, first, "now")
                block.write(shown)
                for row, x in zip(rows, shown, strict=True):
                    for p in writer.each(n_here):
                        for index in places(writer, x.shape):
                            row[(*index, first + p)] = block.value(block.at(x, index, p))
        writer.lines[place] = writer.lines[place].replace("{rows}", str(sweep.memory.most_rows))
    text = render_function(writer, "evaluate", "ptr %data, ptr %strips, i64 %n")
    return _describe(sweep, text, [(row.first, row.shape) for row in (*rows, error)])


def render_function(writer: Writer, name: str, parameters: str) -> str:
    """Return the LLVM text of a function with what a writer has collected."""
    kind = writer.kind
    declared = [
        f"declare {kind} @llvm.{called}.v{writer.n_lanes}f64({', '.join([kind] * n)})"
        for called, n in (("fma", 3), ("sqrt", 1), ("fabs", 1))
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
    return (
        f"call void @exchange({JOB}, ptr {now}, ptr {following}, i64 {finished}, i64 {below}, "
        f"i64 {sweep})"
    )


def _write_record(n: int, n_lanes: int) -> str:
    """Write what keeps the weights of every network after each update, up to the cap."""
    writer = Writer(n_lanes)
    for lane in writer.each(n_lanes):
        network = writer.load_whole("%lanes", lane)
        with writer.when(writer.compare("sge", network, 0)):
            age = Whole(writer, "%sweep") - writer.load_whole(
                "%lanes", lane + FIRST_SWEEP * n_lanes
            )
            first = (network * (Whole(writer, "%cap") + 1) + age) * n
            for k in writer.each(n):
                writer.copy_number("%now", k * n_lanes + lane, "%record", first + k)
    parameters = f"{JOB}, ptr %now, i64 %sweep"
    return writer.define(f"define internal void @record({parameters}) nounwind noinline")


def _write_exchange(rule: Rule, n: int, n_lanes: int) -> str:
    """Write what happens to finished lanes: note the outcome, take the next network."""
    writer = Writer(n_lanes)

    def has_bit(bits: str, lane: Whole) -> Whole:
        return Whole(writer, bits) >> lane & 1

    def count(place: int, more: int) -> None:
        writer.store_whole("%counts", place, writer.load_whole("%counts", place) + more)

    for lane in writer.each(n_lanes):
        with writer.when(writer.compare("ne", has_bit("%finished", lane), 0)):
            network = writer.load_whole("%lanes", lane)
            with writer.when(writer.compare("sge", network, 0)):
                begun = writer.load_whole("%lanes", lane + FIRST_SWEEP * n_lanes)
                writer.store_whole("%updates", network, Whole(writer, "%sweep") - begun)
                writer.store_whole("%converged", network, has_bit("%below", lane))
                # Whose weights are no numbers has not, though its units may hide that.
                for k in writer.each(rule.sizes[0]):
                    place = writer.find("%now", k * n_lanes + lane, "double")
                    weight = writer.emit(f"load double, ptr {place}")
                    with writer.when(writer.emit(f"fcmp uno double {weight}, {weight}")):
                        writer.store_whole("%converged", network, 0)
                writer.store_whole("%lanes", lane, -1)
                count(RUNNING, -1)
                with writer.when(writer.emit("icmp ne ptr %final, null")):
                    for k in writer.each(n):
                        writer.copy_number("%now", k * n_lanes + lane, "%final", network * n + k)
            following = writer.load_whole("%counts", BEGUN)
            with writer.when(writer.compare("slt", following, "%n")):
                n_kept = rule.sizes[2]
                first, first_kept = following * "%stride", following * "%kept_stride"
                for k in writer.each(n - n_kept):
                    writer.copy_number("%initial", first + k, "%next", k * n_lanes + lane)
                    if rule.fixed:  # what never changes is in both places
                        writer.copy_number("%initial", first + k, "%now", k * n_lanes + lane)
                for k in writer.each(n_kept):
                    place = (k + (n - n_kept)) * n_lanes + lane
                    writer.copy_number("%kept", first_kept + k, "%next", place)
                writer.store_whole("%lanes", lane, following)
                writer.store_whole(
                    "%lanes", lane + FIRST_SWEEP * n_lanes, Whole(writer, "%sweep") + 1
                )
                writer.store_whole("%lanes", lane + SEED * n_lanes, following + "%seed")
                count(BEGUN, 1)
                count(RUNNING, 1)
    parameters = f"{JOB}, ptr %now, ptr %next, i64 %finished, i64 %below, i64 %sweep"
    return writer.define(f"define internal void @exchange({parameters}) nounwind noinline cold")
