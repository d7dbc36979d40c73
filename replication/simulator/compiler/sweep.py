"""The code of a rule: one sweep of learning, for any writer.

`Sweep` emits what a rule did (`traces.py`) in loops (`blocks.py`): first the error of the
networks as they stand, then their changes.

A strip is the memory of some networks that learn side by side. Each of its rows holds one number of
every network: first those of all arrays before a sweep ("now"), then the same after it ("next"),
and then the rule's numbers, sums over the patterns, and states.
"""

import functools
import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from replication.simulator.compiler import blocks
from replication.simulator.compiler.traces import LEAST_ERROR, Traces
from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations.arrays import AnyBlock, Index, Traced, walk
from replication.simulator.operations.instructions import Number, Place, Rows, Value, Writer
from replication.simulator.operations.noise import Noise, write_order
from replication.simulator.operations.products import NOTHING
from replication.simulator.rule.criteria import CRITERIA
from replication.simulator.rule.network import Rule
from replication.simulator.rule.observing import Observed

MOST_AT_ONCE = 20
"""Most patterns that are computed at a time, so that their states stay near the processor. It is a
multiple of four but not of eight, so that neighbouring units of four patterns lie in different sets
of the processor's cache."""

PADDING = 1
"""Unused rows after the weights, which keep later rows from lying a multiple of 4 KB from them."""


class Sweep:
    """Emits the code of one sweep of learning, which a writer collects.

    The weights before the sweep are at the base "now", those after it at "next". `data` are numbers
    that all networks share: patterns with their targets, then the constants of the rule.
    """

    def __init__(self, rule: Rule, writer: Writer, criterion: str = "") -> None:
        """Trace a rule and lay out memory; the protocol's criterion is used unless one is named."""
        self.rule = rule
        self.writer = writer
        self.traces = Traces(rule)
        self._place_data()
        self._choose_criterion(criterion or rule.protocol.criterion)
        self._allocate()
        # The arrays that an update changes.
        after = self.traces.after
        weights = self.traces.weights
        self.changed = [name for name in weights if after[name] is not weights[name]]
        # What only some functions need.
        self.right: Traced | None = None  # whether the answer to a pattern is right
        self.n_right: Rows | None = None  # the number of right answers
        self.latest: Rows | None = None  # the error of the latest look at all patterns
        self.noise: Noise | None = None  # what random numbers depend on

    def _place_data(self) -> None:
        """Choose where the weights lie, and what the data are: patterns, targets and constants."""
        rule = self.rule
        self.first: dict[str, int] = {}  # row in which each array begins
        self.n_all = 0
        for name, shape in rule.all_shapes.items():
            self.first[name] = self.n_all
            self.n_all += math.prod(shape)
        self.examples = rule.patterns  # (pattern, unit), with targets to the right of inputs
        if rule.has_targets:
            self.examples = np.hstack([rule.patterns, rule.targets])
        self.data = np.concatenate([self.examples.ravel(), self.traces.graph.data])

    def _choose_criterion(self, name: str) -> None:
        """Choose how the deviations of the units make the error of a network."""
        self.error = self.traces.error
        if self.traces.has_own_error:
            # The largest error of a pattern counts, as if it were the deviation of a single unit.
            self.criterion = CRITERIA["every-unit"]
        else:
            self.criterion = CRITERIA[name]
            if self.criterion.is_absolute:
                self.error = abs(self.error)
        self.is_largest_unit = self.criterion.over_units == "maximum"
        bound = blocks.find_bound(self.error, float(np.abs(self.examples).max()))
        self.is_bounded = bound < math.inf  # no deviation is infinite or not a number

    def _allocate(self) -> None:
        """Allocate the rows that are in use during a whole sweep; those of states follow."""
        rule = self.rule
        self.memory = blocks.Memory(self.writer, 2 * self.n_all + PADDING)
        allocate = self.memory.allocate
        self.threshold = allocate(())
        self.given = {name: allocate(()) for name in rule.numbers}
        self.worst = allocate(())  # the largest error so far
        self.total = allocate(())  # the sum of the errors so far
        self.sums = {name: allocate(rule.sums[name]) for name in self.traces.terms}
        # For minibatches: the order of patterns in each network, and some patterns in that order.
        self.order: Rows | None = None
        self.shuffled: Rows | None = None
        if rule.is_shuffled:
            n_gathered = min(rule.batch_size, MOST_AT_ONCE)
            self.order = allocate((len(self.examples),))
            self.shuffled = allocate((n_gathered, self.examples.shape[1]))
        # Each block uses the rows from here on for its states.
        self.first_state_row = self.memory.n_rows

    @property
    def draws(self) -> bool:
        """Whether random numbers are drawn as networks learn."""
        return self.rule.is_shuffled or bool(self.traces.drawn)

    # Where things are

    def begin_block(
        self, n_patterns: int, first: Place, base: str, *, is_shuffled: bool = False
    ) -> blocks.Block:
        """Return a block for some patterns side by side, from number `first` on.

        It reads the weights before the sweep (base "now") or after it ("next"). If patterns are
        shuffled, code is emitted first that copies those that come next in each network's order.
        """
        self.memory.n_rows = self.first_state_row  # the states of the last block are overwritten
        rows = self._list_rows(base)
        identity = np.eye(len(self.traces.pattern))
        is_one_hot = not is_shuffled and np.array_equal(self.rule.patterns, identity)
        block = blocks.Block(self.memory, n_patterns, first, rows, is_one_hot, self.noise)
        if is_shuffled:
            self._read_patterns(self._gather(n_patterns, first), 0)
        else:
            self._read_patterns(self._find_examples(), first)
        return block

    def _list_rows(self, base: str) -> dict[Traced, Rows]:
        """Return the rows of weights, numbers, sums and constants."""
        traces = self.traces
        rows: dict[Traced, Rows] = {}
        for name, x in traces.weights.items():
            rows[x] = self._find_rows(base, name)
        for name, x in traces.given.items():
            rows[x] = self.given[name]
        for name, x in traces.sums.items():
            rows[x] = self.sums[name]
        for x in traces.graph.known.values():
            if x.op == "constant":
                # Constants follow the patterns.
                first = self.examples.size + x.place
                rows[x] = Rows(self.writer, "data", first, x.shape, is_shared=True)
        return rows

    def _find_examples(self) -> Rows:
        """Return the rows of the patterns with their targets, the same for every network."""
        return Rows(self.writer, "data", 0, self.examples.shape, is_shared=True)

    def _gather(self, n_patterns: int, first: Place) -> Rows:
        """Emit code that copies the patterns that come next in each network; return their rows."""
        assert self.order is not None
        assert self.shuffled is not None
        examples = self._find_examples()
        for p in self.writer.each(n_patterns):
            self.writer.gather(self.order, first + p, examples, self.shuffled, p)
        return self.shuffled

    def _read_patterns(self, examples: Rows, first: Place) -> None:
        """Let pattern and target read their elements from rows, for patterns from `first` on."""
        n_inputs = len(self.traces.pattern)

        def read_input(_: AnyBlock, index: Index, p: Place) -> Number:
            return examples[first + p, index[0]]

        def read_target(_: AnyBlock, index: Index, p: Place) -> Number:
            return examples[first + p, index[0] + n_inputs]

        self.traces.pattern.compute = read_input
        if self.rule.has_targets:  # which stand to the right of the inputs
            self.traces.target.compute = read_target

    def _find_rows(self, base: str, name: str) -> Rows:
        """Return the rows of an array, before an update ("now") or after it ("next")."""
        return Rows(self.writer, base, self.first[name], self.traces.weights[name].shape)

    def take_turns(
        self, n_patterns: int | None = None, size: int = MOST_AT_ONCE
    ) -> Iterator[tuple[Place, int]]:
        """Go through patterns, `size` at a time; yield the number of the first, and how many.

        These are all patterns unless `n_patterns` is given.
        """
        n_patterns = len(self.examples) if n_patterns is None else n_patterns
        size = min(n_patterns, size)
        n_turns, n_left = divmod(n_patterns, size)
        for turn in self.writer.each(n_turns):
            yield turn * size, size
        if n_left:
            yield n_patterns - n_left, n_left

    def write_states(self, states: Sequence[Traced], rows: Sequence[Rows]) -> None:
        """Emit some arrays of states for all patterns, each into rows of its own."""
        for first, n in self.take_turns():
            block = self.begin_block(n, first, "now")
            block.write(states)
            for row, x in zip(rows, states, strict=True):
                block.copy(row, x, first)

    def place_observed(self, observed: Sequence[Observed]) -> list[tuple[Traced, Rows]]:
        """Return what is observed, each with rows for its value."""
        placed = []
        for each in observed:
            x = self.traces.trace_observed(each)
            placed.append((x, self.memory.allocate(x.shape)))
        return placed

    def write_observed(self, placed: Sequence[tuple[Traced, Rows]]) -> None:
        """Emit what is observed into its rows: of each pattern, the mean over the patterns."""
        of_network = [(x, rows) for x, rows in placed if not x.is_batched]
        of_patterns = [(x, rows) for x, rows in placed if x.is_batched]
        block = self.begin_block(1, 0, "now")
        block.write([x for x, _ in of_network])
        for x, rows in of_network:
            block.copy(rows, x)
        for _, rows in of_patterns:
            for place in blocks.places(self.writer, rows.shape):
                rows[place] = self.writer.number(0.0)
        for first, n in self.take_turns() if of_patterns else ():
            block = self.begin_block(n, first, "now")
            block.write([x for x, _ in of_patterns])
            for x, rows in of_patterns:
                for place, total in block.sum_terms([x], rows, is_begun=True):
                    rows[place] = total
        for _, rows in of_patterns:
            for place in blocks.places(self.writer, rows.shape):
                rows[place] = rows[place] / float(len(self.examples))

    # The error, and what the weights become

    def look(self, *, learns: bool = True) -> Value:
        """Emit the measurement of all patterns with the weights at "now"; return the error.

        If the network learns, the new weights are computed, too. Where all patterns are one batch,
        they come from the same loops, which have the states already.
        """
        in_batch = learns and self.rule.is_one_batch
        has_turns = len(self.examples) > MOST_AT_ONCE
        self._begin_errors()
        if in_batch and has_turns:
            self._begin_sums()
        for first, n in self.take_turns():
            block = self.begin_block(n, first, "now")
            if in_batch:
                self._add_errors(block, self._list_terms())
            else:
                self._add_errors(block, self._list_right())
            self._add_right(block)
            if in_batch:
                self._sum_changes(block, goes_on=has_turns)
        if in_batch and has_turns:
            self._apply(self.begin_block(1, 0, "now"))
        elif learns and not in_batch:
            self.learn_in_parts()
        return self._finish_error()

    def learn_in_parts(self) -> None:
        """Emit changes of the weights at "next" after each pattern or minibatch."""
        before = Rows(self.writer, "now", 0, (self.n_all,))
        after = Rows(self.writer, "next", 0, (self.n_all,))
        blocks.copy_rows(self.writer, before, after)
        if self.order is not None:
            assert self.noise is not None
            write_order(self.writer, self.order, self.noise)
        for first, n in self.take_turns(size=self.rule.batch_size):
            self._learn_part(first, n)

    def _learn_part(self, begin: Place, size: int) -> None:
        """Emit the change of the weights after `size` patterns, from number `begin` on."""
        has_turns = size > MOST_AT_ONCE
        is_shuffled = self.rule.is_shuffled
        if has_turns:
            self._begin_sums()
        for first, n in self.take_turns(size):
            block = self.begin_block(n, begin + first, "next", is_shuffled=is_shuffled)
            block.write(self._list_terms())
            self._sum_changes(block, goes_on=has_turns)
        if has_turns:
            self._apply(self.begin_block(1, begin, "next"))

    def _begin_errors(self) -> None:
        """Emit the first values of the largest error, the sum of all, and the right answers."""
        least = LEAST_ERROR if self.traces.has_own_error else 0.0
        self.worst[()] = self.writer.number(least)
        self.total[()] = self.writer.number(0.0)
        if self.n_right is not None:
            self.n_right[()] = self.writer.number(0.0)

    def _begin_sums(self) -> None:
        """Emit the first values of sums that stay in memory."""
        for rows in self.sums.values():
            for place in blocks.places(self.writer, rows.shape):
                rows[place] = self.writer.number(NOTHING)

    def count_right(self, rows: Rows) -> None:
        """Make each look count its right answers in `rows`, if the targets are classes."""
        if self.rule.has_classes:
            self.right = self.traces.trace_right()
            self.n_right = rows

    def _list_right(self) -> list[Traced]:
        return [] if self.right is None else [self.right]

    def _add_right(self, block: blocks.Block) -> None:
        """Emit code that adds the right answers of a block to those so far."""
        right = self.right
        if right is None or self.n_right is None:
            return

        def add(p: Place, n_right: Number) -> tuple[Number]:
            return (n_right + self.writer.number(block.at(right, (), p)),)

        (n_right,) = self.writer.fold(block.n_patterns, add, self.n_right[()])
        self.n_right[()] = n_right

    def _list_terms(self) -> list[Traced]:
        return [x for each in self.traces.terms.values() for x in each]

    def _add_errors(self, block: blocks.Block, terms: list[Traced]) -> None:
        """Emit the states of a block, and code that adds its errors to those so far."""
        if self.is_largest_unit and self.is_bounded:
            # The deviations are compared as they are computed, unless `write` finds no such loop.
            if block.write(terms, self.error, self._watch):
                return
        else:
            block.write([*terms, self.error])
        add = functools.partial(self._add_error, block)
        worst, total = self.writer.fold(block.n_patterns, add, self.worst[()], self.total[()])
        self.worst[()] = worst
        self.total[()] = total

    def _watch(self, values: Iterable[Number]) -> None:
        """Emit the comparison of some deviations with the largest so far."""
        worst: Number = self.worst[()]
        for x in values:
            worst = exact.where(x > worst, x, worst)
        self.worst[()] = worst

    def _add_error(
        self, block: blocks.Block, p: Place, worst: Number, total: Number
    ) -> tuple[Number, ...]:
        """Return the largest error and the sum of errors, with those of one more pattern."""
        n_units = len(self.error)

        def add_unit(i: Place, worst: Number, total: Number) -> tuple[Number, ...]:
            d = self.writer.number(block.at(self.error, (i,), p))
            if self.is_largest_unit:
                return self._take_larger(d, worst, total)
            if self.criterion.is_absolute:
                return worst, total + d
            return worst, exact.fma(d, d, total)

        # If the same is done over patterns as over units, the units of all patterns are one row.
        if self.criterion.over_patterns == self.criterion.over_units:
            return self.writer.fold(n_units, add_unit, worst, total)
        # Else the largest of sums: first the sum of this pattern, and then the larger one.
        _, pattern_error = self.writer.fold(n_units, add_unit, worst, self.writer.number(0.0))
        return self._take_larger(pattern_error, worst, total)

    def _take_larger(self, x: Number, worst: Number, total: Number) -> tuple[Number, ...]:
        """Return the largest error and the sum of errors, with one more error."""
        x = self.writer.number(x)
        return exact.where(x > worst, x, worst), total + x

    def _finish_error(self) -> Value:
        """Return the error of the network, from the largest error and the sum of all."""
        worst = self.worst[()]
        total = self.total[()]
        if self.criterion.over_patterns == "add":
            worst = total
        elif not self.is_bounded:
            # Comparisons pass over not-a-number, but a network that has diverged must not count as
            # one with a small error. The total is not finite then, and 0 times it is no number.
            worst = exact.fma(total, 0.0, worst)
        return self.criterion.finish(worst, self.rule.targets)  # type: ignore[no-any-return]

    def _sum_changes(self, block: blocks.Block, *, goes_on: bool) -> None:
        """Emit the changes, summed over the patterns, and the new weights.

        Where each sum belongs to arrays of its own, it changes them place by place, as soon as it
        is there. Otherwise all sums go to memory, and then `apply` changes all arrays. Sums that
        go on from block to block stay in memory.
        """
        owned = {} if goes_on else self._list_owned()
        for name, terms in self.traces.terms.items():
            total = self.traces.sums[name]
            rows = self.sums[name]
            for place, value in block.sum_terms(terms, rows, is_begun=goes_on):
                if owned:
                    self._change_at(block, total, place, value, owned[name])
                else:
                    rows[place] = value
        if owned and self.rule.is_one_batch:
            unchanged = [name for name in self.traces.weights if name not in self.changed]
            self._apply(block, unchanged)
        elif not (owned or goes_on):
            self._apply(block)

    def _change_at(
        self, block: blocks.Block, total: Traced, place: Index, value: Number, names: Sequence[str]
    ) -> None:
        """Emit the new values of some arrays in one place, where a sum has this value."""
        # All is computed before any of it is stored, since one may depend on another.
        with block.remember() as written:
            written[blocks.name_place(total, place, 0)] = value
            news = [block.value(block.at(self.traces.after[name], place, 0)) for name in names]
        for name, new in zip(names, news, strict=True):
            self._find_rows("next", name)[place] = new

    def _list_owned(self) -> dict[str, list[str]]:
        """Return the names of the arrays that each sum changes place by place.

        The result is empty unless all arrays can be changed in this way.
        """
        owners = self._find_owners()
        if not owners:
            return {}
        # A batch reads from "now"; other schedules read from "next", where they write.
        if not self.rule.is_one_batch and not self._is_apart(owners):
            return {}
        owned: dict[str, list[str]] = {name: [] for name in self.traces.sums}
        for name, owner in owners.items():
            owned[owner].append(name)
        return owned

    def _find_owners(self) -> dict[str, str]:
        """Return, for each changed array, the name of the one sum on which it depends by place.

        The result is empty unless all changed arrays have such a sum. If W becomes
        ``W + rate * sum``, the sum of W is its owner. If W is normalised, each place depends on all
        others, so W has no owner.
        """
        owners: dict[str, str] = {}
        for name in self.changed:
            new = self.traces.after[name]
            used = walk([new])
            sums = [x.note for x in used if x.op == "sum"]
            is_by_place = all(blocks.is_beside(x, new.shape) for x in used)
            if len(sums) != 1 or not is_by_place:
                return {}
            owners[name] = sums[0]
        return owners

    def _is_apart(self, owners: dict[str, str]) -> bool:
        """Return whether arrays at "next" may be changed while later sums are still computed.

        They may if no later sum, and no array of another owner, reads a changed array.
        """
        for name, owner in owners.items():
            for x in walk([self.traces.after[name]]):
                if x.op == "weight" and owners.get(x.note, owner) != owner:
                    return False
        # Of the terms, those in memory are computed before; others read weights as they are summed.
        for x in walk(self._list_terms(), is_end=blocks.in_memory):
            if x.op == "weight" and x.note in owners:
                return False
        return True

    def _apply(self, block: blocks.Block, names: Sequence[str] | None = None) -> None:
        """Emit the new values of arrays, by the rule's `apply`, at "next".

        Unless they are named, these are all arrays for a batch, because nothing is at "next" yet,
        and for other schedules only those that change.
        """
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
        # What one array becomes may depend on others as they were: a batch reads these at "now",
        # other schedules read them at "next", so all is computed before any of it is written there.
        held = targets if is_one_batch else [block.allocate(new) for new in news]
        for rows, new in zip(held, news, strict=True):
            block.copy(rows, new)
        for rows, target in zip(held, targets, strict=True):
            if rows is not target:
                blocks.copy_rows(self.writer, rows, target)
