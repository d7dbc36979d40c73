"""From a graph of arrays to loops: code for some patterns side by side.

A `Block` writes down what a rule made of a pattern (`arrays.py`) for several patterns at once. What
is read more than once goes to memory; what depends on it element by element is computed where it
is, without a way through memory. Sums of products are written in blocks of units by patterns, as
many as there are registers: each sum has its own order, so the bits do not depend on that.
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
"""Of an element: its array, and its place as text."""
Watch = Callable[[Iterable[Number]], None]
"""What is given some elements as they are computed."""


class Memory:
    """Rows of the strip that are handed out, from the first free one on."""

    def __init__(self, writer: Writer, first: int) -> None:
        self.writer = writer
        self.n_rows = first
        self.most_rows = first

    def allocate(self, shape: Shape) -> Rows:
        """Return rows for an array, each a number of every network."""
        first = self.n_rows
        self.n_rows += math.prod(shape)
        self.most_rows = max(self.most_rows, self.n_rows)
        return Rows(self.writer, "strip", first, shape)


class Block:
    """Code for `n_patterns` side by side, those from number `begin` on.

    An element has a place in its array and a pattern, which stands last; `rows` of an array that is
    the same for all patterns leave it out.
    """

    def __init__(
        self,
        memory: Memory,
        n_patterns: int,
        begin: Place,
        rows: Mapping[Traced, Rows],
        is_one_hot: bool,
        noise: Noise | None,
    ) -> None:
        self.memory = memory
        self.writer = memory.writer
        self.n_patterns = n_patterns
        self.begin = begin
        self.rows = dict(rows)  # where arrays are in memory
        self.results: dict[Traced, list[Rows]] = {}  # where those of each `repeat` are
        self.is_one_hot = is_one_hot  # each pattern has a single 1, at its own place
        self.noise = noise
        self.found: dict[Name, Number] | None = None  # elements that are known here

    # Elements

    def value(self, x: Number, /) -> Value:
        """Return a number as a value."""
        return self.writer.number(x)

    @contextmanager
    def together(self, known: Mapping[Name, Number] | None = None) -> Iterator[dict[Name, Number]]:
        """Write down once what is used more than once within; what is known there is given."""
        before = self.found
        found = dict(known or {})
        self.found = found
        try:
            yield found
        finally:
            self.found = before

    def at(self, x: Traced, index: Index, p: Place) -> Number:
        """Write down one element, of the pattern in place p, and return its value."""
        if self.found is None:
            with self.together():
                return self.at(x, index, p)
        key = name_place(x, index, p)
        if key not in self.found:
            rows = self._find_rows(x)
            if rows is None:
                self.found[key] = x.compute(self, index, p)
            else:
                self.found[key] = rows[(*index, p)]
        return self.found[key]

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
        """Write down a loop; what it finds is not known outside of it."""

        def run(k: Place, *totals: Number) -> tuple[Number, ...]:
            with self.together(self.found):
                return body(k, *totals)

        return self.writer.fold(n, run, *values)

    def take(self, n: int) -> Iterator[Index]:
        """Go through n places some at a time, and the last ones in fewer."""
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
        """Write down what must be in memory before the roots can be read, element by element.

        `watch` is given the elements of `watched` as they are computed, if they can be computed
        beside what they depend on; returns whether that was so.
        """
        # What must be in memory, in the order of making, and with what it is computed.
        last = [] if watched is None else [watched]
        inside = arrays.walk([*roots, *last], is_end=self.has_rows)
        order = [x for x in inside if self.is_stored(x)]
        home = self._find_homes(order, last)
        # What others read than those that are computed in the same loop goes to memory.
        needed = {*roots} | {x for x in order if x not in home}
        for x in {*order, *last, *roots}:
            read = self._list_read(x)
            needed |= {y for y in read if x not in home or home.get(y) is not home[x]}
        for x in order:
            if x not in home:
                self._write_alone(x)
            elif x.op == "call":
                self._write_together(home[x], needed, watched, watch)
        return watched in home

    def is_stored(self, x: Traced) -> bool:
        """Return whether an array is to be in memory, and is not yet."""
        # `keep` asks that an array be in memory, `in_memory` tells whether it is to be in any
        # block, this what is left of that in this one, and `self.rows` where it is.
        if self.has_rows(x) or x.op in arrays.LEAVES:
            return False
        if x.op == "view" and x.is_kept:
            # What is in memory, or is to be, is read in place.
            source = x.args[0]
            is_there = source.op in arrays.LEAVES or self.has_rows(source)
            return not is_there and not self.is_stored(source)
        return in_memory(x)

    def _find_homes(self, order: list[Traced], last: list[Traced]) -> dict[Traced, list[Traced]]:
        """Return the arrays in whose loop an array is computed: a function, and what goes with it.

        In the order of making: its sums, the function, and what follows element by element.
        """
        home: dict[Traced, list[Traced]] = {}
        number = {x: k for k, x in enumerate(order)}
        for k, called in enumerate(order):
            if called.op != "call" or called.ndim != 1:
                continue
            group = [called]
            sums = called.args[0]
            if products.is_plain_matmul(sums) and sums in number and sums not in home:
                # Its sums, if nothing in between reads them from memory.
                between = order[number[sums] + 1 : k]
                if not any(sums in self._list_read(x) for x in between):
                    group = [sums, called]
            home.update(dict.fromkeys(group, group))
            # What is made of it element by element, and of nothing that is written down later.
            before = {*order[:k]}
            later = [x for x in order[k + 1 :] if is_elementwise(x)]
            for x in [*later, *last]:
                is_alike = x.is_batched == called.is_batched and x.shape == called.shape
                if x not in home and is_alike and self._follows(x, {*group}, before):
                    home[x] = group
                    group.append(x)
        return home

    def _follows(self, array: Traced, group: set[Traced], before: set[Traced]) -> bool:
        """Return whether an array depends on a group and can be computed in its loop."""

        def is_there(x: Traced) -> bool:
            # A view is there with what it shows, the result of a loop with the loop.
            source = x
            while source.op in ("view", "result"):
                source = source.args[0]
            return self.has_rows(source) or source in before or source.op in arrays.LEAVES

        def is_known(x: Traced) -> bool:
            return x in group or is_there(x)

        used = arrays.walk([array], is_end=is_known)
        if group.isdisjoint(used):
            return False
        # All that lies between is computed in the same place, and read nowhere else.
        for x in used:
            if is_known(x):
                continue
            if not is_elementwise(x) or x.shape != array.shape:
                return False
            if x.is_kept and x is not array:
                return False
        return True

    def _list_read(self, x: Traced) -> set[Traced]:
        """Return what an array reads from memory that is not there yet."""
        return {arg for arg in arrays.walk(x.args, is_end=self.is_stored) if self.is_stored(arg)}

    # Writing

    def lay(self, x: Traced) -> Rows:
        """Return new rows for an array."""
        if x.is_batched:
            return self.memory.allocate((*x.shape, self.n_patterns))
        return self.memory.allocate(x.shape)

    def copy(self, rows: Rows, x: Traced, first: Place = 0) -> None:
        """Write down all elements of an array, each into its place, of patterns from `first` on."""
        for p in self.writer.each(self.n_patterns if len(rows.shape) > x.ndim else 1):
            for index in places(self.writer, x.shape):
                rows[(*index, first + p)] = self.value(self.at(x, index, p))

    def _write_alone(self, x: Traced) -> None:
        if x.op == "repeat":
            self._write_repeat(x)
        elif products.is_plain_matmul(x):
            self._write_together([x], {x})
        else:
            rows = self.lay(x)
            if x.op == "draw":
                self._write_draw(x, rows)
            elif x.op == "moved":
                self._write_moved(x, rows)
            else:
                self.copy(rows, x)
            self.rows[x] = rows

    def _write_draw(self, x: Traced, rows: Rows) -> None:
        assert self.noise is not None  # where a rule draws
        n_patterns = self.n_patterns if x.is_batched else 1
        write_draw(self.writer, x, rows, self.noise, n_patterns=n_patterns, begin=self.begin)

    def _write_moved(self, x: Traced, rows: Rows) -> None:
        """Write down elements one by one, each from a place of its own."""
        for p in self.writer.each(self.n_patterns if x.is_batched else 1):
            for target, source in zip(np.ndindex(x.shape), x.note, strict=True):
                value: Number = 0.0
                if source is not None:
                    number, place = source
                    value = self.at(x.args[number], place, p)
                rows[(*target, p)] = self.value(value)

    def _write_together(
        self,
        group: list[Traced],
        needed: set[Traced],
        watched: Traced | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Write down sums, a function of them, and what depends on it element by element."""
        rows = {x: self.lay(x) for x in group if x in needed}
        # Blocks of units by patterns.
        for patterns in self.take(self.n_patterns if group[0].is_batched else 1):
            for units in self.take(len(group[0])):
                places = pair_places(units, patterns)
                with self.together() as found:
                    # All arrays, then what is stored, then what is watched.
                    for x in group:
                        values = self._compute_some(x, units, patterns)
                        for (index, p), value in zip(places, values, strict=True):
                            found[name_place(x, index, p)] = self.value(value)
                    for x, row in rows.items():
                        for index, p in places:
                            row[(*index, p)] = self.at(x, index, p)
                    if watch is not None and watched is group[-1]:
                        watch([self.at(watched, index, p) for index, p in places])
        self.rows |= rows

    def _compute_some(self, x: Traced, units: Index, patterns: Index) -> list[Number]:
        """Write down some units of some patterns of sums, of a function, or of what follows."""
        if x.op != "call":
            return self._sum_products(x, units, patterns)
        # Equation 2, of equation 1, in the paper's rule.
        sums = self._sum_products(x.args[0], units, patterns)
        return self.call(x.note, [self.value(total) for total in sums], len(patterns))

    def call(
        self, note: tuple[str, Function, bool], values: list[Value], n_patterns: int = 1
    ) -> list[Number]:
        """Write down a function of values: units, each of some patterns, which may be paired."""
        name, function, is_paired = note
        if name in self.writer.operations:  # a browser has it
            return list(self.writer.compute(name, exact.stack(values)))
        if is_paired:
            return call_paired(function, values, n_patterns)
        return list(function(exact.stack(values)))

    def _sum_products(self, x: Traced, units: Index, patterns: Index) -> list[Number]:
        """Write down some units of some patterns at a time: that many sums side by side."""
        places = pair_places(units, patterns)
        if self._is_known(x, *places[0]) or not products.is_plain_matmul(x):
            return [self.at(x, index, p) for index, p in places]
        matrix, vector = x.args[:2]
        begun = self._begin_sums(x, places)
        if self._is_one_hot(matrix, vector):
            return self._choose_weights(matrix, places, begun)

        def add(i: Place, *totals: Number) -> tuple[Number, ...]:
            # All that is read for one more term, and then the terms.
            states = [self.at(vector, (i,), p) for p in patterns]
            weights = [self.at(matrix, (j, i), 0) for j in units]
            factors = itertools.product(weights, states)
            return tuple(
                products.add_product(weight, state, total)
                for (weight, state), total in zip(factors, totals, strict=True)
            )

        return list(self.fold(matrix.shape[1], add, *begun))

    def _is_known(self, x: Traced, index: Index, p: Place) -> bool:
        """Return whether an element is in memory, or was computed here before."""
        if x in self.rows:
            return True
        return self.found is not None and name_place(x, index, p) in self.found

    def _begin_sums(self, x: Traced, places: list[tuple[Index, Place]]) -> list[Number]:
        """Return what each sum of products begins with: what is added to it, or nothing."""
        if len(x.args) == 2:
            return [products.NOTHING] * len(places)
        start = x.args[2]
        return [self.at(start, index, p) for index, p in places]

    def _is_one_hot(self, matrix: Traced, vector: Traced) -> bool:
        """Return whether a product is one of weights and a pattern with a single 1."""
        is_pattern = vector.op == "pattern" and not vector.note  # and no target
        return self.is_one_hot and is_pattern and matrix.op == "weight"

    def _choose_weights(
        self, matrix: Traced, places: list[tuple[Index, Place]], begun: list[Number]
    ) -> list[Number]:
        """Write down products with one-hot patterns: one weight is left of each."""
        chosen = [self.at(matrix, (*index, self.begin + p), p) for index, p in places]
        return [products.add_to(total, x) for total, x in zip(begun, chosen, strict=True)]

    def _write_repeat(self, loop: Traced) -> None:
        """Write down the loop of `repeat`: its state lies in memory from one turn to the next."""
        n, carried, found = loop.note
        # With the loop each state is one of a pattern, also one that begins as a constant.
        rows = [self.lay(x) for x in carried]
        for row, begun in zip(rows, loop.args, strict=False):
            self.copy(row, begun)
        before = self.rows
        results_before = self.results
        for turn in self.writer.each(n):
            # What a turn writes down is another in the next one.
            self.rows = before | dict(zip(carried, rows, strict=True))
            self.results = dict(results_before)
            with TURNS.take(n, turn):
                self.write(found)
            self._write_next(carried, found, rows)
        self.rows = before
        self.results = results_before | {loop: rows}

    def _write_next(
        self, carried: Sequence[Traced], found: Sequence[Traced], rows: list[Rows]
    ) -> None:
        """Write down the state after a turn where the one before it was."""
        # What one state becomes may depend on another as it was, or on its other places.
        is_apart = len(rows) == 1 and found[0] in self.rows
        new = rows if is_apart else [self.lay(x) for x in carried]
        for row, x in zip(new, found, strict=True):
            self.copy(row, x)
        for row, other in zip(rows, new, strict=True):
            if row is not other:
                copy_rows(self.writer, other, row)

    # Sums over patterns

    def sum_terms(
        self, terms: Sequence[Traced], rows: Rows, *, is_begun: bool
    ) -> Iterator[tuple[Index, Value]]:
        """Write down sums of terms over the patterns; go through the places, each with its sum.

        A sum that is begun goes on from what is in memory.
        """
        for some in self._take_places(rows.shape):
            totals: list[Number] = [products.NOTHING for _ in some]
            if is_begun:
                totals = [rows[place] for place in some]
            for term in terms:
                add = functools.partial(self._add_term, term, some)
                totals = list(self.fold(self.n_patterns, add, *totals))
            for place, total in zip(some, totals, strict=True):
                yield place, self.value(total)

    def _add_term(
        self, term: Traced, places: list[Index], p: Place, *totals: Number
    ) -> tuple[Number, ...]:
        """Return some sums with a term of one more pattern."""
        sums = [
            products.add_element(self, total, term, place, p)
            for place, total in zip(places, totals, strict=True)
        ]
        return tuple(self.value(total) for total in sums)

    def _take_places(self, shape: Shape) -> Iterator[list[Index]]:
        """Go through the places of an array, some at a time: a matrix in blocks, two rows each."""
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
    """Return a function of units, each of some patterns, in pairs: one division serves two units.

    The pairs fix the bits: units 0 and 1, 2 and 3, ...; an odd last one is paired with itself.
    """
    found: list[Number] = []
    for begin in range(0, len(values), 2 * n_patterns):
        pair = values[begin : begin + 2 * n_patterns]
        x, y = function(exact.stack(pair[:n_patterns]), exact.stack(pair[-n_patterns:]))
        both = [*x, *y]
        found += both[: len(pair)]
    return found


def pair_places(units: Index, patterns: Index) -> list[tuple[Index, Place]]:
    """Return the places of some units of some patterns, unit by unit.

    >>> pair_places((0, 1), (4, 5))
    [((0,), 4), ((0,), 5), ((1,), 4), ((1,), 5)]
    """
    return [((unit,), p) for unit in units for p in patterns]


def places(writer: Writer, shape: Shape) -> Iterator[Index]:
    """Go through the places of an array, in loops."""
    if not shape:
        yield ()
        return
    for i in writer.each(shape[0]):
        for rest in places(writer, shape[1:]):
            yield (i, *rest)


def copy_rows(writer: Writer, source: Rows, target: Rows) -> None:
    """Write down the copy of an array in memory."""
    for place in places(writer, target.shape):
        target[place] = source[place]


def name_place(x: Traced, index: Index, p: Place) -> Name:
    """Return a name for an element, also at a place that the compiled code computes."""
    return (x, *map(str, index), str(p))


def is_elementwise(x: Traced) -> bool:
    """Return whether an array is an operation on elements in the same place."""
    return x.op not in arrays.STORED and x.op not in arrays.LEAVES and x.op != "view"


def is_beside(x: Traced, shape: Shape) -> bool:
    """Return whether an array is there place by place for one of a shape, or one number for all."""
    is_there = is_elementwise(x) or x.op in arrays.LEAVES
    return is_there and (x.shape == shape or (x.size == 1 and x.op != "sum"))


def in_memory(x: Traced) -> bool:
    """Return whether an array is computed once, into memory; a kept view may be read in place."""
    return x.op in arrays.STORED or (x.is_kept and x.op != "view")


def find_bound(array: Traced, patterns: float) -> float:
    """Return what the magnitude of an array cannot exceed, infinity if that is not known."""
    bounds: dict[Traced, float] = {}
    for x in arrays.walk([array]):
        most = _bound_one(x, [bounds[arg] for arg in x.args], patterns)
        bounds[x] = most if most < 1e100 else math.inf
    return bounds[array]


def _bound_one(x: Traced, bounds: list[float], patterns: float) -> float:
    """Return the bound of one operation, given those of what it is made of."""
    if x.op == "number":
        return abs(float(x.note))
    if x.op == "pattern":
        return patterns
    if x.op == "call" and x.note[0] in ("logistic", "tanh"):
        return 1.0
    if x.op == "mul":
        return math.prod(bounds)
    if x.op in ("add", "sub", "abs", "negative", "view"):
        return float(sum(bounds))
    return math.inf
