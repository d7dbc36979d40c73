"""From a graph of arrays to loops: code for some patterns side by side.

A `Block` emits code for what a rule made of a pattern (`arrays.py`), for several patterns at once.
An array that is read more than once goes to memory. What depends on it element by element is
computed in the same loop, without being stored. Sums of products are written in blocks of
units by patterns, as many as there are registers: each sum has its own order, so the bits do not
depend on the size of the blocks.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations import arrays, products
from replication.simulator.operations.arrays import Function, Index, Shape, Traced
from replication.simulator.operations.instructions import (
    Number,
    Place,
    Rows,
    Value,
    Writer,
)
from replication.simulator.operations.noise import Noise, write_draw
from replication.simulator.operations.turns import TURNS

Name = tuple[Traced | str, ...]
"""What an element is known by: its array, and its place as text."""
Group = list[Traced]
"""Arrays that are computed in one loop, in the order of making: sums of products, a function of
them, and what is made of that element by element. So W @ v + b, its logistic function h, and
h * (1 - h) are a group."""
Watch = Callable[[Iterable[Number]], None]
"""A function that is given some elements as they are computed."""


class Memory:
    """Hands out rows of the strip, from the first free one on."""

    def __init__(self, writer: Writer, first: int) -> None:
        self.writer = writer
        self.n_rows = first  # rows in use
        self.most_rows = first  # most rows ever in use

    def allocate(self, shape: Shape) -> Rows:
        """Return rows for an array, each a number of every network."""
        first = self.n_rows
        self.n_rows += math.prod(shape)
        self.most_rows = max(self.most_rows, self.n_rows)
        return Rows(self.writer, "strip", first, shape)


class Block:
    """Code for `n_patterns` patterns side by side, those from number `first_pattern` on.

    An element has a place in its array and a pattern, which stands last. If an array is the same
    for all patterns, its rows have no axis of patterns.
    """

    def __init__(
        self,
        memory: Memory,
        n_patterns: int,
        first_pattern: Place,
        rows: Mapping[Traced, Rows],
        is_one_hot: bool,
        noise: Noise | None,
    ) -> None:
        """Begin a block; `rows` has the arrays that are in memory before it."""
        self.memory = memory
        self.writer = memory.writer
        self.n_patterns = n_patterns
        self.first_pattern = first_pattern
        self.rows = dict(rows)  # rows of the arrays that are in memory
        self.results: dict[Traced, list[Rows]] = {}  # rows of the results of each `repeat`
        self.is_one_hot = is_one_hot  # whether each pattern has a single 1, at its own place
        self.noise = noise  # what random numbers depend on, if the rule draws any
        # Values of elements that the code has computed already; None outside of `remember`.
        self.written: dict[Name, Number] | None = None

    # Elements

    def value(self, x: Number, /) -> Value:
        """Return a value unchanged, and a known number as a value."""
        return self.writer.number(x)

    @contextmanager
    def remember(self, known: Mapping[Name, Number] | None = None) -> Iterator[dict[Name, Number]]:
        """Emit the code of each element only once within, however often it is used.

        Yields the elements that are emitted already, by their names: at first the `known`
        ones. The caller may add others.
        """
        before = self.written
        written = dict(known or {})
        self.written = written
        try:
            yield written
        finally:
            self.written = before

    def at(self, x: Traced, index: Index, p: Place) -> Number:
        """Emit one element, of the pattern in place p, and return its value."""
        if self.written is None:
            with self.remember():
                return self.at(x, index, p)
        name = name_place(x, index, p)
        if name not in self.written:
            rows = self._find_rows(x)
            if rows is None:
                self.written[name] = x.compute(self, index, p)
            else:
                self.written[name] = rows[(*index, p)]
        return self.written[name]

    def _find_rows(self, x: Traced) -> Rows | None:
        """Return where an array is in memory, None if it is not there."""
        if x.op == "result":
            (loop,) = x.args
            number: int = x.note
            return self.results[loop][number]
        return self.rows.get(x)

    def has_rows(self, x: Traced) -> bool:
        """Return whether an array is in memory, or the results of a loop are."""
        return x in self.rows or x in self.results

    def fold(
        self, n: int, body: Callable[..., tuple[Number, ...]], *values: Number
    ) -> tuple[Number, ...]:
        """Emit a loop; elements that it computes are computed again outside of it."""

        def run(k: Place, *totals: Number) -> tuple[Number, ...]:
            with self.remember(self.written):
                return body(k, *totals)

        return self.writer.fold(n, run, *values)

    def take(self, n: int) -> Iterator[Index]:
        """Yield n places in tuples of `n_at_once`, and what is left in tuples of half as many.

        Seven places, four at once, are (0, 1, 2, 3), (4, 5) and (6,).
        """
        size = self.writer.n_at_once
        begin = 0
        while size:
            n_turns = n // size
            for turn in self.writer.each(n_turns):
                yield tuple(begin + size * turn + k for k in range(size))
            begin = begin + n_turns * size
            n = n % size
            size = size // 2

    # What must be in memory, and what is computed beside it

    def write(
        self,
        roots: Sequence[Traced],
        watched: Traced | None = None,
        watch: Watch | None = None,
    ) -> bool:
        """Emit the code of all arrays that the roots need in memory.

        `watch` is given the elements of `watched` as they are computed, if that array can be
        computed in the loop of another one; returns whether it was.
        """
        last = [] if watched is None else [watched]
        inside = arrays.walk([*roots, *last], is_end=self.has_rows)
        order = [x for x in inside if self.is_stored(x)]
        group_of = self._form_groups(order, last)
        # An array of a group goes to memory only if it is read outside of its group.
        needed = {*roots} | {x for x in order if x not in group_of}
        for x in {*order, *last, *roots}:
            group = group_of.get(x)
            for read in self._list_read(x):
                if group is None or group_of.get(read) is not group:
                    needed.add(read)
        # In the order of making, a group where its function stands.
        for x in order:
            if x not in group_of:
                self._write_alone(x)
            elif x.op == "call":
                self._write_group(group_of[x], needed, watched, watch)
        return watched in group_of

    def is_stored(self, x: Traced) -> bool:
        """Return whether an array still has to be written into memory in this block.

        `keep` asks for a place in memory, `in_memory` says whether an array needs one in any block,
        and `self.rows` where it is in this one.
        """
        if self.has_rows(x) or x.op in arrays.LEAVES:
            return False
        if x.op == "view" and x.is_kept:
            # A view of what is in memory, or will be, is read from there.
            source = x.args[0]
            is_there = source.op in arrays.LEAVES or self.has_rows(source)
            return not is_there and not self.is_stored(source)
        return in_memory(x)

    def _form_groups(self, order: list[Traced], last: list[Traced]) -> dict[Traced, Group]:
        """Form the groups of arrays that share a loop; return the group of each such array.

        Each function of a vector, such as the states of hidden units, begins a group. The `last`
        arrays join if they can, though they need no place in memory.
        """
        group_of: dict[Traced, Group] = {}
        number = {x: k for k, x in enumerate(order)}
        for k, called in enumerate(order):
            if called.op != "call" or called.ndim != 1:
                continue
            group = [called]
            sums = called.args[0]
            is_free = sums in number and sums not in group_of
            if is_free and products.is_plain_matmul(sums):
                # The sums of which it is a function, if nothing in between reads them from memory.
                between = order[number[sums] + 1 : k]
                if not any(sums in self._list_read(x) for x in between):
                    group = [sums, called]
            group_of.update(dict.fromkeys(group, group))
            # What is made of it element by element.
            before = {*order[:k]}
            later = [x for x in order[k + 1 :] if is_elementwise(x)]
            for x in [*later, *last]:
                is_alike = x.is_batched == called.is_batched and x.shape == called.shape
                if x not in group_of and is_alike and self._can_join(x, {*group}, before):
                    group_of[x] = group
                    group.append(x)
        return group_of

    def _can_join(self, array: Traced, group: set[Traced], before: set[Traced]) -> bool:
        """Return whether an array depends on a group, and can be computed in its loop.

        All else that it depends on must be emitted before the loop.
        """

        def is_available(x: Traced) -> bool:
            if x in group:
                return True
            # A view is available with the array that it shows, a result of a loop with the loop.
            source = x
            while source.op in ("view", "result"):
                source = source.args[0]
            return self.has_rows(source) or source in before or source.op in arrays.LEAVES

        used = arrays.walk([array], is_end=is_available)
        if group.isdisjoint(used):
            return False
        # What lies between the group and the array is computed in the loop, too.
        for x in used:
            if is_available(x):
                continue
            if not is_elementwise(x) or x.shape != array.shape:
                return False
            is_read_elsewhere = x.is_kept and x is not array
            if is_read_elsewhere:
                return False
        return True

    def _list_read(self, x: Traced) -> set[Traced]:
        """Return the arrays, still to be written, that an array is computed from."""
        return {arg for arg in arrays.walk(x.args, is_end=self.is_stored) if self.is_stored(arg)}

    # Writing

    def allocate(self, x: Traced) -> Rows:
        """Return new rows for an array, with an axis of patterns if it is another one for each."""
        if x.is_batched:
            return self.memory.allocate((*x.shape, self.n_patterns))
        return self.memory.allocate(x.shape)

    def copy(self, rows: Rows, x: Traced, first: Place = 0) -> None:
        """Emit all elements of an array into rows, patterns from number `first` on."""
        for p in self.writer.each(self.n_patterns if len(rows.shape) > x.ndim else 1):
            for index in places(self.writer, x.shape):
                rows[(*index, first + p)] = self.value(self.at(x, index, p))

    def _write_alone(self, x: Traced) -> None:
        """Emit an array that is in no group."""
        if x.op == "repeat":
            self._write_repeat(x)
        elif products.is_plain_matmul(x):
            self._write_group([x], {x})
        else:
            rows = self.allocate(x)
            if x.op == "draw":
                self._write_draw(x, rows)
            elif x.op == "moved":
                self._write_moved(x, rows)
            else:
                self.copy(rows, x)
            self.rows[x] = rows

    def _write_draw(self, x: Traced, rows: Rows) -> None:
        """Emit a draw of random numbers into memory."""
        assert self.noise is not None  # where a rule draws
        n_patterns = self.n_patterns if x.is_batched else 1
        write_draw(
            self.writer, x, rows, self.noise, n_patterns=n_patterns, begin=self.first_pattern
        )

    def _write_moved(self, x: Traced, rows: Rows) -> None:
        """Emit the elements of an array that was moved, one by one, each from its source."""
        for p in self.writer.each(self.n_patterns if x.is_batched else 1):
            for target, source in zip(np.ndindex(x.shape), x.note, strict=True):
                value: Number = 0.0
                if source is not None:
                    number, place = source
                    value = self.at(x.args[number], place, p)
                rows[(*target, p)] = self.value(value)

    def _write_group(
        self,
        group: Group,
        needed: set[Traced],
        watched: Traced | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Emit the arrays of a group; those that are needed elsewhere go to memory."""
        rows = {x: self.allocate(x) for x in group if x in needed}
        # In blocks of units by patterns.
        for patterns in self.take(self.n_patterns if group[0].is_batched else 1):
            for units in self.take(len(group[0])):
                places = pair_places(units, patterns)
                with self.remember() as written:
                    # First all arrays are computed, then stored, then watched.
                    for x in group:
                        values = self._compute_some(x, units, patterns)
                        for (index, p), value in zip(places, values, strict=True):
                            written[name_place(x, index, p)] = self.value(value)
                    for x, row in rows.items():
                        for index, p in places:
                            row[(*index, p)] = self.at(x, index, p)
                    if watch is not None and watched is group[-1]:
                        watch([self.at(watched, index, p) for index, p in places])
        self.rows |= rows

    def _compute_some(self, x: Traced, units: Index, patterns: Index) -> list[Number]:
        """Emit the elements of some units and patterns of an array of a group."""
        if x.op != "call":
            return self._sum_products(x, units, patterns)
        # In the paper's rule, equation 2 of the sums of equation 1.
        sums = self._sum_products(x.args[0], units, patterns)
        return self.call(x.note, [self.value(total) for total in sums], len(patterns))

    def call(
        self, note: tuple[str, Function, bool], values: list[Value], n_patterns: int = 1
    ) -> list[Number]:
        """Emit a costly function of values: unit by unit, and in each unit pattern by pattern."""
        name, function, is_paired = note
        if name in self.writer.operations:  # a function that a browser has
            return list(self.writer.compute(name, exact.stack(values)))
        if is_paired:
            return call_paired(function, values, n_patterns)
        return list(function(exact.stack(values)))

    def _sum_products(self, x: Traced, units: Index, patterns: Index) -> list[Number]:
        """Emit the elements of some units and patterns; their sums of products share one loop.

        Elements that are no sums of products, or that are there already, are emitted one by one.
        """
        places = pair_places(units, patterns)
        if self._is_known(x, *places[0]) or not products.is_plain_matmul(x):
            return [self.at(x, index, p) for index, p in places]
        matrix, vector = x.args[:2]
        begun = self._begin_sums(x, places)
        if self._is_one_hot(matrix, vector):
            return self._choose_weights(matrix, places, begun)

        def add(i: Place, *totals: Number) -> tuple[Number, ...]:
            # First all that is read for one more term of each sum, and then the terms.
            states = [self.at(vector, (i,), p) for p in patterns]
            weights = [self.at(matrix, (j, i), 0) for j in units]
            factors = itertools.product(weights, states)
            return tuple(
                products.add_product(weight, state, total)
                for (weight, state), total in zip(factors, totals, strict=True)
            )

        return list(self.fold(matrix.shape[1], add, *begun))

    def _is_known(self, x: Traced, index: Index, p: Place) -> bool:
        """Return whether an element is in memory, or was emitted here before."""
        if x in self.rows:
            return True
        return self.written is not None and name_place(x, index, p) in self.written

    def _begin_sums(self, x: Traced, places: list[tuple[Index, Place]]) -> list[Number]:
        """Return the number that each sum of products begins with, such as a bias, or nothing."""
        if len(x.args) == 2:
            return [products.NOTHING] * len(places)
        start = x.args[2]
        return [self.at(start, index, p) for index, p in places]

    def _is_one_hot(self, matrix: Traced, vector: Traced) -> bool:
        """Return whether a product is that of weights and a pattern with a single 1."""
        is_pattern = vector.op == "pattern" and not vector.note  # a target is noted as one
        return self.is_one_hot and is_pattern and matrix.op == "weight"

    def _choose_weights(
        self, matrix: Traced, places: list[tuple[Index, Place]], begun: list[Number]
    ) -> list[Number]:
        """Emit products with one-hot patterns: each is the one weight that the 1 chooses."""
        chosen = [self.at(matrix, (*index, self.first_pattern + p), p) for index, p in places]
        return [products.add_to(total, x) for total, x in zip(begun, chosen, strict=True)]

    def _write_repeat(self, loop: Traced) -> None:
        """Emit the loop of `repeat`: its state lies in memory from one turn to the next."""
        n_turns, carried, becoming = loop.note  # the state before a turn, and after it
        # The state has an axis of patterns with the loop, even if it begins as a constant.
        rows = [self.allocate(x) for x in carried]
        for row, begun in zip(rows, loop.args, strict=False):
            self.copy(row, begun)
        rows_before = self.rows
        results_before = self.results
        for turn in self.writer.each(n_turns):
            # Arrays that a turn computes must be computed again in the next one.
            self.rows = rows_before | dict(zip(carried, rows, strict=True))
            self.results = dict(results_before)
            with TURNS.take(n_turns, turn):
                self.write(becoming)
            self._write_next(carried, becoming, rows)
        self.rows = rows_before
        self.results = results_before | {loop: rows}

    def _write_next(
        self, carried: Sequence[Traced], becoming: Sequence[Traced], rows: list[Rows]
    ) -> None:
        """Emit the state after a turn into the rows of the state before it."""
        # The new state may be computed from the old one, so it is put somewhere else first, unless
        # there is one array that lies in memory already.
        is_direct = len(rows) == 1 and becoming[0] in self.rows
        new_rows = rows if is_direct else [self.allocate(x) for x in carried]
        for new, x in zip(new_rows, becoming, strict=True):
            self.copy(new, x)
        for row, new in zip(rows, new_rows, strict=True):
            if row is not new:
                copy_rows(self.writer, new, row)

    # Sums over patterns

    def sum_terms(
        self, terms: Sequence[Traced], rows: Rows, *, is_begun: bool
    ) -> Iterator[tuple[Index, Value]]:
        """Emit sums of terms over the patterns of this block; yield each place with its sum.

        Sums that are begun go on from the numbers in `rows`.
        """
        for chosen in self._take_places(rows.shape):
            totals: list[Number] = [products.NOTHING for _ in chosen]
            if is_begun:
                totals = [rows[place] for place in chosen]
            for term in terms:
                add = functools.partial(self._add_term, term, chosen)
                totals = list(self.fold(self.n_patterns, add, *totals))
            for place, total in zip(chosen, totals, strict=True):
                yield place, self.value(total)

    def _add_term(
        self, term: Traced, places: list[Index], p: Place, *totals: Number
    ) -> tuple[Number, ...]:
        """Return the sums at some places, each with the term of one more pattern."""
        sums = [
            products.add_element(self, total, term, place, p)
            for place, total in zip(places, totals, strict=True)
        ]
        return tuple(self.value(total) for total in sums)

    def _take_places(self, shape: Shape) -> Iterator[list[Index]]:
        """Go through the places of an array, some at a time: those of a matrix in square blocks."""
        if len(shape) == 2:
            for units in self.take(shape[0]):
                for sources in self.take(shape[1]):
                    yield [*itertools.product(units, sources)]
        elif len(shape) == 1:
            for units in self.take(shape[0]):
                yield [(j,) for j in units]
        else:
            for place in places(self.writer, shape):
                yield [place]


def call_paired(function: Function, values: list[Value], n_patterns: int) -> list[Number]:
    """Return a function of values, computed for two units at once, since they share a division.

    The values stand unit by unit, the patterns of each in a row. The pairs fix the bits: units 0
    and 1, 2 and 3, ...; an odd last one is paired with itself.
    """
    results: list[Number] = []
    for begin in range(0, len(values), 2 * n_patterns):
        pair = values[begin : begin + 2 * n_patterns]
        x, y = function(exact.stack(pair[:n_patterns]), exact.stack(pair[-n_patterns:]))
        both = [*x, *y]
        results += both[: len(pair)]
    return results


def pair_places(units: Index, patterns: Index) -> list[tuple[Index, Place]]:
    """Return the places of some units of some patterns, unit by unit.

    >>> pair_places((0, 1), (4, 5))
    [((0,), 4), ((0,), 5), ((1,), 4), ((1,), 5)]
    """
    return [((unit,), p) for unit in units for p in patterns]


def places(writer: Writer, shape: Shape) -> Iterator[Index]:
    """Emit loops along the axes of an array, and yield the place within them."""
    if not shape:
        yield ()
        return
    for i in writer.each(shape[0]):
        for rest in places(writer, shape[1:]):
            yield (i, *rest)


def copy_rows(writer: Writer, source: Rows, target: Rows) -> None:
    """Emit the copy of an array from some rows to others."""
    for place in places(writer, target.shape):
        target[place] = source[place]


def name_place(x: Traced, index: Index, p: Place) -> Name:
    """Return the name of an element, which may be at a place that only the compiled code knows."""
    return (x, *map(str, index), str(p))


def is_elementwise(x: Traced) -> bool:
    """Return whether an array is an operation on elements in the same place."""
    return x.op not in arrays.STORED and x.op not in arrays.LEAVES and x.op != "view"


def is_beside(x: Traced, shape: Shape) -> bool:
    """Return whether an array of this shape can be computed with one element of x at each place.

    It can if x has the same shape and is read place by place, or if x is a single number.
    """
    is_read_by_place = is_elementwise(x) or x.op in arrays.LEAVES
    is_one_number = x.size == 1 and x.op != "sum"
    return is_read_by_place and (x.shape == shape or is_one_number)


def in_memory(x: Traced) -> bool:
    """Return whether an array needs a place in memory; a view is read from its source."""
    return x.op in arrays.STORED or (x.is_kept and x.op != "view")


def find_bound(array: Traced, largest_input: float) -> float:
    """Return an upper bound of the absolute values of an array, infinity if none is known."""
    bounds: dict[Traced, float] = {}
    for x in arrays.walk([array]):
        bound = _bound_one(x, [bounds[arg] for arg in x.args], largest_input)
        # A larger bound would not rule out that a square or a sum becomes infinite.
        bounds[x] = bound if bound < 1e100 else math.inf
    return bounds[array]


def _bound_one(x: Traced, bounds: list[float], largest_input: float) -> float:
    """Return the bound of one operation, from the bounds of its arguments."""
    if x.op == "number":
        return abs(float(x.note))
    if x.op == "pattern":
        return largest_input
    if x.op == "call" and x.note[0] in ("logistic", "tanh"):
        return 1.0
    if x.op == "mul":
        return math.prod(bounds)
    if x.op in ("add", "sub", "abs", "negative", "view"):
        return float(sum(bounds))
    return math.inf
