"""From a graph of arrays to loops: code for some patterns side by side.

A `Block` writes down what a rule made of a pattern (`arrays.py`) for several patterns at once. What
is read more than once goes to memory; what depends on it element by element is computed where it
is, without a way through memory. Sums of products are written in blocks of units by patterns, as
many as there are registers: each sum has its own order, so the bits do not depend on that.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations import arrays
from replication.simulator.operations.arrays import TURNS, Index, Shape, Traced
from replication.simulator.operations.instructions import Rows
from replication.simulator.operations.noise import write_draw


class Memory:
    """Rows of the strip that are handed out, from the first free one on."""

    def __init__(self, writer: Any, first: int) -> None:
        self.writer = writer
        self.n_rows = self.most_rows = first

    def allocate(self, shape: Shape) -> Any:
        """Return rows for an array, each a number of every network."""
        first = self.n_rows
        self.n_rows = self.n_rows + math.prod(shape)
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
        begin: Any,
        rows: dict[Traced, Any],
        is_one_hot: bool,
        noise: Any,
    ) -> None:
        self.memory = memory
        self.writer = memory.writer
        self.value = memory.writer.number  # of a number or a value
        self.n_patterns = n_patterns
        self.begin = begin
        self.rows = dict(rows)  # where arrays are in memory; of a `repeat`, each of its results
        self.is_one_hot = is_one_hot  # each pattern has a single 1, at its own place
        self.noise = noise
        self.found: dict[Any, Any] | None = None  # elements that are known here

    # Elements

    @contextmanager
    def together(self, known: Iterable[Any] = ()) -> Iterator[dict[Any, Any]]:
        """Write down once what is used more than once within; what is known there is given."""
        before = self.found
        self.found = dict(known)
        try:
            yield self.found
        finally:
            self.found = before

    def at(self, x: Traced, index: Index, p: Any) -> Any:
        """Write down one element, of the pattern in place p, and return its value."""
        if self.found is None:
            with self.together():
                return self.at(x, index, p)
        key = name_place(x, index, p)
        if key not in self.found:
            rows = self.rows.get(x)
            if x.op == "result":
                rows = self.rows[x.args[0]][x.note]
            self.found[key] = x.compute(self, index, p) if rows is None else rows[(*index, p)]
        return self.found[key]

    def fold(self, n: int, body: Callable[..., Any], *values: Any) -> tuple[Any, ...]:
        """Write down a loop; what it finds is not known outside of it."""

        def run(k: Any, *totals: Any) -> Any:
            with self.together(self.found or {}):
                return body(k, *totals)

        return self.writer.fold(n, run, *values)  # type: ignore[no-any-return]

    def take(self, n: int) -> Iterator[tuple[Any, ...]]:
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
        watch: Callable[[Iterable[Any]], None] | None = None,
    ) -> bool:
        """Write down what must be in memory before the roots can be read, element by element.

        `watch` is given the elements of `watched` as they are computed, if they can be computed
        beside what they depend on; returns whether that was so.
        """
        # What must be in memory, in the order of making, and with what it is computed.
        last = [] if watched is None else [watched]
        inside = arrays.walk([*roots, *last], is_end=self.rows.__contains__)
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
        if x in self.rows or x.op in arrays.LEAVES:
            return False
        if x.op == "view" and x.is_kept:
            source = x.args[0]
            return not (source.op in arrays.LEAVES or source in self.rows or self.is_stored(source))
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
            # Its sums, if nothing in between reads them from memory.
            if arrays.is_plain_matmul(sums) and sums in number and sums not in home:
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
            return source in self.rows or source in before or source.op in arrays.LEAVES

        used = arrays.walk([array], is_end=lambda x: x in group or is_there(x))
        between = [x for x in used if not (x in group or is_there(x))]
        return not group.isdisjoint(used) and all(
            is_elementwise(x) and x.shape == array.shape and (x is array or not x.is_kept)
            for x in between
        )

    def _list_read(self, x: Traced) -> set[Traced]:
        """Return what an array reads from memory that is not there yet."""
        return {arg for arg in arrays.walk(x.args, is_end=self.is_stored) if self.is_stored(arg)}

    # Writing

    def lay(self, x: Traced) -> Any:
        """Return new rows for an array."""
        return self.memory.allocate((*x.shape, self.n_patterns) if x.is_batched else x.shape)

    def copy(self, rows: Any, x: Traced, first: Any = 0) -> None:
        """Write down all elements of an array, each into its place, of patterns from `first` on."""
        for p in self.writer.each(self.n_patterns if len(rows.shape) > x.ndim else 1):
            for index in places(self.writer, x.shape):
                rows[(*index, first + p)] = self.value(self.at(x, index, p))

    def _write_alone(self, x: Traced) -> None:
        if x.op == "repeat":
            self._write_repeat(x)
        elif arrays.is_plain_matmul(x):
            self._write_together([x], {x})
        else:
            rows = self.lay(x)
            if x.op == "draw":
                write_draw(self, x, rows)
            elif x.op == "moved":
                self._write_moved(x, rows)
            else:
                self.copy(rows, x)
            self.rows[x] = rows

    def _write_moved(self, x: Traced, rows: Any) -> None:
        """Write down elements one by one, each from a place of its own."""
        for p in self.writer.each(self.n_patterns if x.is_batched else 1):
            for target, source in zip(np.ndindex(x.shape), x.note, strict=True):
                value = 0.0 if source is None else self.at(x.args[source[0]], source[1], p)
                rows[(*target, p)] = self.value(value)

    def _write_together(
        self,
        group: list[Traced],
        needed: set[Traced],
        watched: Traced | None = None,
        watch: Any = None,
    ) -> None:
        """Write down sums, a function of them, and what depends on it element by element."""
        rows = {x: self.lay(x) for x in group if x in needed}
        # Blocks of units by patterns: all arrays, then what is stored.
        for patterns in self.take(self.n_patterns if group[0].is_batched else 1):
            for units in self.take(len(group[0])):
                some = [((j,), p) for j in units for p in patterns]
                with self.together() as found:
                    for x in group:
                        if x.op == "call":  # equation 2, of equation 1, in the paper's rule
                            sums = self._sum_products(x.args[0], units, patterns)
                            values = self.call(x.note, [*map(self.value, sums)], len(patterns))
                        else:
                            values = self._sum_products(x, units, patterns)
                        names = [name_place(x, *place) for place in some]
                        found.update(zip(names, map(self.value, values), strict=True))
                    for x, row in rows.items():
                        for index, p in some:
                            row[(*index, p)] = self.at(x, index, p)
                    if watched is group[-1]:
                        watch([self.at(watched, *place) for place in some])
        self.rows |= rows

    def call(self, note: tuple[Any, ...], values: list[Any], n_patterns: int = 1) -> list[Any]:
        """Write down a function of values: units, each of some patterns, which may be paired."""
        name, function, is_paired = note
        stacked = exact.stack(values)
        if name in self.writer.operations:  # a browser has it
            return list(self.writer.compute(name, stacked))
        return call_paired(function, values, n_patterns) if is_paired else [*function(stacked)]

    def _sum_products(self, x: Traced, units: Index, patterns: Index) -> list[Any]:
        """Write down some units of some patterns at a time: that many sums side by side."""
        some = [((j,), p) for j in units for p in patterns]
        is_known = x in self.rows or name_place(x, *some[0]) in (self.found or {})
        if is_known or not arrays.is_plain_matmul(x):
            return [self.at(x, *place) for place in some]
        # Each sum begins with what is added to it; of a one-hot pattern one weight is left.
        matrix, vector, *start = x.args
        begun = [self.at(start[0], *place) if start else arrays.NOTHING for place in some]
        if self.is_one_hot and vector.op == "pattern" and not vector.note and matrix.op == "weight":
            chosen = [self.at(matrix, (j, self.begin + p), p) for j in units for p in patterns]
            return [arrays.add_to(total, y) for total, y in zip(begun, chosen, strict=True)]

        def add(i: Any, *totals: Any) -> tuple[Any, ...]:
            inner = [self.at(vector, (i,), p) for p in patterns]
            rows = [self.at(matrix, (j, i), 0) for j in units]
            pairs = zip(itertools.product(rows, inner), totals, strict=True)
            return tuple(arrays.add_product(w, v, total) for (w, v), total in pairs)

        return list(self.fold(matrix.shape[1], add, *begun))

    def _write_repeat(self, loop: Traced) -> None:
        """Write down the loop of `repeat`: its state lies in memory from one turn to the next."""
        n, carried, found = loop.note
        # With the loop each state is one of a pattern, also one that begins as a constant.
        rows = [self.lay(x) for x in carried]
        for row, begun in zip(rows, loop.args, strict=False):
            self.copy(row, begun)
        before = self.rows
        for turn in self.writer.each(n):
            # What a turn writes down is another in the next one.
            self.rows = before | dict(zip(carried, rows, strict=True))
            with TURNS.take(n, turn):
                self.write(found)
            # What one state becomes may depend on another as it was, or on its other places.
            is_apart = len(rows) == 1 and found[0] in self.rows
            new = rows if is_apart else [self.lay(x) for x in carried]
            for row, x in zip(new, found, strict=True):
                self.copy(row, x)
            for row, other in zip(rows, new, strict=True):
                if row is not other:
                    copy_rows(self.writer, other, row)
        self.rows = before | {loop: rows}

    # Sums over patterns

    def sum_terms(
        self, terms: Sequence[Traced], rows: Any, *, is_begun: bool
    ) -> Iterator[tuple[Index, Any]]:
        """Write down sums of terms over the patterns; go through the places, each with its sum.

        A sum that is begun goes on from what is in memory.
        """
        for some in self._take_places(rows.shape):
            totals = [rows[place] if is_begun else arrays.NOTHING for place in some]
            for term in terms:

                def add(p: Any, *totals: Any, term: Traced = term) -> tuple[Any, ...]:
                    pairs = zip(some, totals, strict=True)  # noqa: B023  # written down at once
                    sums = [arrays.add_element(self, x, term, place, p) for place, x in pairs]
                    return tuple(map(self.value, sums))

                totals = list(self.fold(self.n_patterns, add, *totals))
            for place, total in zip(some, totals, strict=True):
                yield place, self.value(total)

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


def call_paired(function: Callable[..., Any], values: list[Any], n_patterns: int) -> list[Any]:
    """Return a function of units, each of some patterns, in pairs: one division serves two units.

    The pairs fix the bits: units 0 and 1, 2 and 3, ...; an odd last one is paired with itself.
    """
    found: list[Any] = []
    for begin in range(0, len(values), 2 * n_patterns):
        pair = values[begin : begin + 2 * n_patterns]
        x, y = function(exact.stack(pair[:n_patterns]), exact.stack(pair[-n_patterns:]))
        found += [*x, *y][: len(pair)]
    return found


def places(writer: Any, shape: Shape) -> Iterator[Index]:
    """Go through the places of an array, in loops."""
    if not shape:
        yield ()
        return
    for i in writer.each(shape[0]):
        for rest in places(writer, shape[1:]):
            yield (i, *rest)


def copy_rows(writer: Any, source: Any, target: Any) -> None:
    """Write down the copy of an array in memory."""
    for place in places(writer, target.shape):
        target[place] = source[place]


def name_place(x: Traced, index: Index, p: Any) -> tuple[Any, ...]:
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
    known: dict[str, Any] = {"mul": math.prod}
    known |= dict.fromkeys(("add", "sub", "abs", "negative", "view"), sum)
    bounds: dict[Traced, float] = {}
    for x in arrays.walk([array]):
        most = math.inf
        if x.op == "number":
            most = abs(float(x.note))
        elif x.op == "pattern":
            most = patterns
        elif x.op == "call" and x.note[0] in ("logistic", "tanh"):
            most = 1.0
        elif x.op in known:
            most = float(known[x.op]([bounds[arg] for arg in x.args]))
        bounds[x] = most if most < 1e100 else math.inf
    return bounds[array]
