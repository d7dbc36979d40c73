"""Values that emit LLVM instructions when Python computes with them.

Plain Python that is given such values, not numbers, emits code for what it would have computed.
All operations are IEEE operations without fast-math flags, so the compiler may not change a bit.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from replication.errors import UsageError

Operator = Callable[[Any, Any], Any]
"""The method of an operator: takes a `Value`, `Bits` or `Whole`, and the other operand."""


def _operation(name: str) -> Operator:
    """Return an operator that emits an operation on a value and another operand."""
    return lambda x, other: x.writer.compute(name, x, other)


def _turned(name: str) -> Operator:
    """Return the operator for a value that stands on the right, as in ``1.0 - x``."""
    return lambda x, other: x.writer.compute(name, other, x)


def _counting(name: str) -> Operator:
    """Return an operator that emits an operation on whole numbers."""
    return lambda x, other: x.writer.count(name, x, other)


class Value:
    """A float64 number in each lane, or a stack of such numbers: the names of LLVM's registers.

    An operation on a stack is emitted once for each of its numbers, so that the processor can
    overlap them.
    """

    __slots__ = ("names", "writer")

    def __init__(self, writer: Writer, *names: str) -> None:
        self.writer = writer
        self.names = names

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Value]:
        return (Value(self.writer, name) for name in self.names)

    def __getitem__(self, part: slice) -> Value:
        return Value(self.writer, *self.names[part])

    __add__ = _operation("fadd")
    __sub__ = _operation("fsub")
    __mul__ = _operation("fmul")
    __truediv__ = _operation("fdiv")
    __radd__ = _turned("fadd")
    __rsub__ = _turned("fsub")
    __rmul__ = _turned("fmul")
    __rtruediv__ = _turned("fdiv")
    __lt__ = _operation("fcmp olt")
    __gt__ = _operation("fcmp ogt")
    __le__ = _operation("fcmp ole")
    __ge__ = _operation("fcmp oge")
    __eq__ = _operation("fcmp oeq")
    __ne__ = _operation("fcmp une")
    __hash__ = None  # type: ignore[assignment]

    def __neg__(self) -> Value:
        return self.writer.compute("fneg", self)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Number, **_: Any) -> Value:
        """Emit the instruction of a function of NumPy, or refuse one that is not in `UFUNCS`."""
        name = UFUNCS.get(ufunc)
        if name is None or method != "__call__":
            known = ", ".join(f"np.{each.__name__}" for each in UFUNCS)
            what = f"numpy.{ufunc.__name__} was given numbers of networks"
            raise UsageError(f"{what}, as of a criterion; allowed are {known}")
        return self.writer.compute(name, *inputs)


class Bits(Value):
    """A word of 64 bits in each lane, or a stack of them: unsigned whole numbers, modulo 2^64."""

    __slots__ = ()
    __add__ = _operation("word add")
    __mul__ = _operation("word mul")
    __xor__ = _operation("word xor")
    __and__ = _operation("word and")
    __or__ = _operation("word or")
    __rshift__ = _operation("word lshr")
    __lshift__ = _operation("word shl")


class Whole:
    """A whole number, the same for all lanes, that the compiled code computes."""

    __slots__ = ("name", "writer")

    def __init__(self, writer: Writer, name: str) -> None:
        self.writer = writer
        self.name = name

    def __str__(self) -> str:
        return self.name

    __add__ = _counting("add")
    __sub__ = _counting("sub")
    __mul__ = _counting("mul")
    __and__ = _counting("and")
    __rshift__ = _counting("lshr")
    __radd__ = __add__
    __rmul__ = __mul__


Number = Value | float
"""A number in each lane, which the compiled code computes, or one that is known already."""
Place = Whole | int
"""A place in an array or among patterns, computed by the compiled code or known already."""
Places = Place | tuple[Place, ...]
"""The place of an entry of an array: a number for each axis, or one number for one axis."""

UFUNCS = {
    np.add: "fadd",
    np.subtract: "fsub",
    np.multiply: "fmul",
    np.true_divide: "fdiv",
    np.negative: "fneg",
    np.sqrt: "sqrt",
    np.absolute: "fabs",
    np.less: "fcmp olt",
    np.less_equal: "fcmp ole",
    np.greater: "fcmp ogt",
    np.greater_equal: "fcmp oge",
    np.equal: "fcmp oeq",
    np.not_equal: "fcmp une",
}
"""The instruction for each function of NumPy that a criterion may use on values."""
FUNCTIONS = {"fma": 3, "sqrt": 1, "fabs": 1}
"""Operations that are functions in LLVM, and how many numbers each takes."""
ARITHMETIC = ("fadd", "fsub", "fmul", "fdiv")
"""Operations on two numbers."""
RELATIONS = ("fcmp olt", "fcmp ogt", "fcmp ole", "fcmp oge", "fcmp oeq", "fcmp une")
"""Comparisons of two numbers: <, >, <=, >=, == and !=."""
WORDS = ("add", "mul", "xor", "and", "or", "lshr", "shl")
"""Operations on two words of 64 bits."""
WRITTEN_OUT = 4
"""Most turns of a loop that is unrolled: its body is emitted once for each turn."""


class Writer:
    """Collects the instructions of one LLVM function for 2 to 32 networks side by side.

    In large networks, `n_at_once` by `n_at_once` sums of products are computed together.
    """

    def __init__(self, n_lanes: int, n_at_once: int = 2) -> None:
        self.n_lanes = n_lanes
        self.n_at_once = n_at_once
        # LLVM's types of a float64 number, a word of 64 bits and a truth value in each lane.
        self.kind = f"<{n_lanes} x double>"
        self.word_kind = f"<{n_lanes} x i64>"
        self.truth_kind = f"<{n_lanes} x i1>"
        self.operations = self._list_operations()
        self.lines: list[str] = []
        self.block = "entry"  # the block that is being written, as jumps name it
        self.names: dict[str, str] = {}  # registers with the bases of rows; by default "%" + base
        self._n_names = 0

    def _list_operations(self) -> dict[str, str]:
        """Return the text of each operation, with {} for operands: "fadd <8 x double> {}, {}"."""
        kind = self.kind
        words = self.word_kind
        operations = {
            "fneg": f"fneg {kind} {{}}",
            "where": f"select {self.truth_kind} {{}}, {kind} {{}}, {kind} {{}}",
            "word of number": f"bitcast {kind} {{}} to {words}",
            "number of word": f"bitcast {words} {{}} to {kind}",
            "count of word": f"sitofp {words} {{}} to {kind}",
        }
        for name in (*ARITHMETIC, *RELATIONS):
            operations[name] = f"{name} {kind} {{}}, {{}}"
        for name, n_operands in FUNCTIONS.items():
            operands = ", ".join([f"{kind} {{}}"] * n_operands)
            operations[name] = f"call {kind} @llvm.{name}.v{self.n_lanes}f64({operands})"
        for name in WORDS:
            operations[f"word {name}"] = f"{name} {words} {{}}, {{}}"
        return operations

    def make_name(self, kind: str) -> str:
        """Return a new name of a kind: a value, a block, ..."""
        self._n_names += 1
        return f"{kind}{self._n_names}"

    def emit(self, instruction: str) -> str:
        """Emit an instruction and return the name of its result."""
        name = self.make_name("%v")
        self.lines.append(f"  {name} = {instruction}")
        return name

    def write(self, instruction: str) -> None:
        """Emit an instruction without a result."""
        self.lines.append(f"  {instruction}")

    def define(self, head: str) -> str:
        """Return the text of a function whose body is all that was emitted."""
        return "\n".join([f"{head} {{", "entry:", *self.lines, "  ret void", "}"])

    # Arithmetic, lane by lane

    def compute(self, operation: str, *operands: Number) -> Value:
        """Emit an operation, once for each number of a stack of operands; return the result.

        The result of an operation on words is a word.
        """
        instruction = self.operations[operation]
        if operation.startswith("f"):  # float64 numbers; a criterion may write 2 for 2.0
            operands = tuple(float(x) if type(x) is int else x for x in operands)
        rendered = [self._render_each(operand) for operand in operands]
        # An operand that is no stack is used again for each number of the stack.
        n = max(len(names) for names in rendered)
        columns = [names * (n // len(names)) for names in rendered]
        results = [self.emit(instruction.format(*row)) for row in zip(*columns, strict=True)]
        kind = Bits if operation.startswith("word") else Value
        return kind(self, *results)

    def scale(self, q: Value, shifted: Value) -> Value:
        """Emit an addition of the low bits of `shifted` to the exponent of `q`."""
        bits = self.compute("word of number", shifted)
        exponent = self.compute("word shl", bits, 52)
        word = self.compute("word add", self.compute("word of number", q), exponent)
        return self.compute("number of word", word)

    def number(self, x: Number) -> Value:
        """Return a value unchanged, and a known number as a value."""
        if isinstance(x, Value):
            return x
        return Value(self, *self._render_each(x))

    def render(self, operand: Number) -> str:
        """Return the text of an operand that is no stack: a register, or a constant."""
        (name,) = self._render_each(operand)
        return name

    def _render_each(self, operand: Number) -> tuple[str, ...]:
        """Return the text of each number of a stack; a constant is one text for all of them."""
        if isinstance(operand, Value):
            return operand.names
        if isinstance(operand, bool | np.bool_):
            return (f"splat (i1 {int(operand)})",)
        if isinstance(operand, int):
            return (f"splat (i64 {operand})",)
        # By its bits in hexadecimal, so that LLVM reads exactly this number.
        (bits,) = struct.unpack("<Q", struct.pack("<d", operand))
        return (f"splat (double 0x{bits:016X})",)

    def spread_whole(self, number: Place) -> Bits:
        """Emit a copy of one whole number to every lane."""
        return Bits(self, self.spread(str(number), "i64"))

    def spread(self, number: str, kind: str = "double") -> str:
        """Emit a copy of one number to every lane and return its name."""
        vector = f"<{self.n_lanes} x {kind}>"
        first = self.emit(f"insertelement {vector} poison, {kind} {number}, i64 0")
        places = f"<{self.n_lanes} x i32> zeroinitializer"
        return self.emit(f"shufflevector {vector} {first}, {vector} poison, {places}")

    # Whole numbers and memory

    def load(self, rows: Rows, place: Places) -> Value:
        """Emit the read of a number of every lane."""
        if rows.is_shared:
            address = self._find_row(rows, place, "double")
            return Value(self, self.spread(self.emit(f"load double, ptr {address}, align 8")))
        address = self._find_row(rows, place, self.kind)
        return Value(self, self.emit(f"load {self.kind}, ptr {address}, align 64"))

    def store(self, rows: Rows, place: Places, value: Number) -> None:
        """Emit the write of a number of every lane."""
        rendered = self.render(value)
        address = self._find_row(rows, place, self.kind)
        self.write(f"store {self.kind} {rendered}, ptr {address}, align 64")

    def shuffle(self, order: Rows, place: Place, chosen: Bits) -> None:
        """Emit a step of a shuffle: ``order[place] = order[chosen]; order[chosen] = place``.

        Rows of `order` hold whole numbers, and each lane has its own chosen place.
        """
        # The chosen places are stored in the new row, so that they can be read lane by lane.
        row = self._find_row(order, place, self.kind)
        self.write(f"store {self.word_kind} {self.render(chosen)}, ptr {row}, align 64")
        base = self._find_row(order, 0, self.kind)
        for lane in self.each(self.n_lanes):
            source = self.load_whole(row, lane) * self.n_lanes + lane
            self.store_whole(row, lane, self.load_whole(base, source))
            self.store_whole(base, source, place)

    def gather(self, order: Rows, place: Place, source: Rows, target: Rows, row: Place) -> None:
        """Emit the copy of one row of `source`, in each lane another one, to a row of `target`.

        In each lane, the entry of `order` at `place` is the number of the row that is copied.
        """
        chosen = self._find_row(order, place, self.kind)
        n = source.shape[1]
        shared = self._find_row(source, 0, "double")
        begins = []  # the address of the row of each lane
        for lane in range(self.n_lanes):
            source_row = self.load_whole(chosen, lane)
            begins.append(self.find(shared, source_row * n, "double"))
        for k in self.each(n):
            numbers = "poison"
            for lane, begin in enumerate(begins):
                number = self.emit(f"load double, ptr {self.find(begin, k, 'double')}, align 8")
                whole = f"insertelement {self.kind} {numbers}, double {number}, i64 {lane}"
                numbers = self.emit(whole)
            self.store(target, (row, k), Value(self, numbers))

    def _find_row(self, rows: Rows, place: Places, kind: str) -> str:
        """Emit the address of an entry of rows, of numbers of a kind, and return its name."""
        base = self.names.get(rows.base, f"%{rows.base}")
        return self.find(base, rows.number(place), kind)

    def count(self, operation: str, a: Place, b: Place) -> Whole:
        """Emit an operation on whole numbers, unless it would add 0 or multiply by 1."""
        if isinstance(b, int) and (operation, b) in (("add", 0), ("mul", 1)):
            return Whole(self, str(a))
        return Whole(self, self.emit(f"{operation} i64 {a}, {b}"))

    def find(self, base: str, place: Place | str, kind: str = "i64") -> str:
        """Emit the address of an entry of an array and return its name."""
        return self.emit(f"getelementptr {kind}, ptr {base}, i64 {place}")

    def load_whole(self, base: str, place: Place | str) -> Whole:
        """Emit a read of a whole number."""
        return Whole(self, self.emit(f"load i64, ptr {self.find(base, place)}, align 8"))

    def store_whole(self, base: str, place: Place | str, number: Place) -> None:
        """Emit a write of a whole number."""
        self.write(f"store i64 {number}, ptr {self.find(base, place)}, align 8")

    def copy_number(self, source: str, place: Place, target: str, target_place: Place) -> None:
        """Emit the copy of one float64 number from one array to another."""
        number = self.emit(f"load double, ptr {self.find(source, place, 'double')}, align 8")
        address = self.find(target, target_place, "double")
        self.write(f"store double {number}, ptr {address}, align 8")

    # Loops and branches

    def begin(self, block: str) -> None:
        """Begin a block of instructions, to which only jumps lead."""
        self.lines.append(f"{block}:")
        self.block = block

    @contextlib.contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Emit a branch: what is emitted within runs only if the condition holds."""
        inside = self.make_name("b")
        after = self.make_name("b")
        self.write(f"br i1 {condition}, label %{inside}, label %{after}")
        self.begin(inside)
        yield
        self.write(f"br label %{after}")
        self.begin(after)

    def compare(self, relation: str, a: Place | str, b: Place | str) -> str:
        """Emit a comparison of whole numbers ("slt", "eq", ...) and return its name."""
        return self.emit(f"icmp {relation} i64 {a}, {b}")

    def each(self, n: Place) -> Iterator[Place]:
        """Yield the numbers below `n`; if there may be several, emit a loop and yield its counter.

        Python runs the body of such a loop once, to emit its code.
        """
        if isinstance(n, int) and n < 2:
            yield from range(n)
            return
        before = self.block
        head = self.make_name("b")
        after = self.make_name("b")
        self.write(f"br label %{head}")
        self.begin(head)
        # %v3 = phi i64 [0, %entry], [%v9, %b2]
        place = len(self.lines)
        number = Whole(self, self.emit("phi"))  # known only when the loop is closed
        yield number
        following = self.emit(f"add i64 {number}, 1")
        first = f"[0, %{before}]"
        next_ = f"[{following}, %{self.block}]"
        self.lines[place] = f"  {number} = phi i64 {first}, {next_}"
        goes_on = self.emit(f"icmp ult i64 {following}, {n}")
        self.write(f"br i1 {goes_on}, label %{head}, label %{after}")
        self.begin(after)

    def fold(
        self, n: int, body: Callable[..., tuple[Number, ...]], *values: Number
    ) -> tuple[Number, ...]:
        """Repeat ``values = body(k, *values)`` for k from 0 to n - 1; return the last values."""
        if n <= WRITTEN_OUT:
            for k in range(n):
                values = body(k, *values)
            return values
        # Carried values are phi nodes. These name the values at the end of a turn, which are known
        # only then, so their lines are replaced.
        before = self.block
        results = values
        for number in self.each(n):
            place = len(self.lines)
            carried = [Value(self, self.emit("phi")) for _ in values]
            results = body(number, *carried)
            self.lines[place : place + len(values)] = [
                f"  {self.render(value)} = phi {self.kind} [{self.render(first)}, %{before}], "
                f"[{self.render(result)}, %{self.block}]"
                for value, first, result in zip(carried, values, results, strict=True)
            ]
        return results


@dataclass(eq=False, slots=True)
class Rows:
    """An array of values in the memory of the compiled code."""

    writer: Writer
    base: str  # the name of the address at which that memory begins
    first: int  # the row of the first number of the array
    shape: tuple[int, ...]
    is_shared: bool = False  # whether each number is one for all lanes

    def __getitem__(self, place: Places) -> Value:
        return self.writer.load(self, place)

    def __setitem__(self, place: Places, value: Number) -> None:
        self.writer.store(self, place, value)

    def number(self, place: Places) -> Place:
        """Return the row of memory in which an entry is; the last axis counts fastest.

        A place may end in the number of a pattern. It is ignored by an array that is the same for
        all patterns, which has no axis of patterns.
        """
        number: Place = 0
        indices = place if isinstance(place, tuple) else (place,)
        for index, size in zip(indices, self.shape, strict=False):
            number = number * size + index
        return number + self.first
