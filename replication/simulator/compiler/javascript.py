"""A rule as JavaScript, so that a page runs the same class: the same operations, as text.

JavaScript has no fused multiply-add, and its exponential is the browser's: numbers agree with those
of the compiled code to rounding, not to the last bit.
"""

import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from replication.definition.fields import Criterion
from replication.errors import UsageError
from replication.simulator.compiler.sweep import Sweep
from replication.simulator.operations.arithmetic import ROUND
from replication.simulator.operations.instructions import (
    Number,
    Place,
    Places,
    Rows,
    Value,
    Whole,
    Writer,
)
from replication.simulator.rule.network import Rule

OPERATIONS = {  # by the names that `instructions.py` gives them
    "fadd": "{} + {}",
    "fsub": "{} - {}",
    "fmul": "{} * {}",
    "fdiv": "{} / {}",
    "fneg": "-{}",
    "fma": "{} * {} + {}",
    "sqrt": "Math.sqrt({})",
    "fabs": "Math.abs({})",
    "fcmp ogt": "{} > {}",
    "fcmp olt": "{} < {}",
    "fcmp oge": "{} >= {}",
    "fcmp ole": "{} <= {}",
    "fcmp oeq": "{} === {}",
    "fcmp une": "{} !== {}",
    "where": "{} ? {} : {}",
    "scale": f"{{}} * 2 ** ({{}} - {ROUND:.0f})",
    # What the browser has itself; other functions are written out in operations.
    "logistic": "1 / (1 + Math.exp(-{}))",
    "exp of minus": "Math.exp(-{})",
    "tanh": "Math.tanh({})",
    "logarithm": "Math.log({})",
}

WHOLE = {"add": "+", "mul": "*"}
"""Operations on whole numbers."""


class ScriptWriter(Writer):
    """Collects statements of JavaScript for one network; sums run one at a time."""

    def __init__(self) -> None:
        super().__init__(n_lanes=1, n_at_once=1)
        self.operations = OPERATIONS

    def scale(self, q: Value, shifted: Value) -> Value:
        """Emit q times a power of two, whose exponent is in the low bits of `shifted`."""
        return self.compute("scale", q, shifted)

    def emit(self, expression: str) -> str:
        """Emit a constant and return its name."""
        name = self.make_name("v")
        self.lines.append(f"const {name} = {expression};")
        return name

    def _render_each(self, operand: Number) -> tuple[str, ...]:
        """Return the text of each number of a stack."""
        if isinstance(operand, Value):
            return operand.names
        # A number may be a stack of NumPy; JSON writes "Infinity" and "NaN" as JavaScript does.
        return tuple(_render_number(float(x)) for x in np.ravel(operand))

    def count(self, operation: str, a: Place, b: Place) -> Whole:
        """Return a whole number, as an expression."""
        if (operation, str(b)) in (("add", "0"), ("mul", "1")):
            return Whole(self, str(a))
        if operation == "add" and str(a) == "0":
            return Whole(self, str(b))
        return Whole(self, f"({a} {WHOLE[operation]} {b})")

    def load(self, rows: Rows, place: Places) -> Value:
        """Emit the read of a number from a typed array."""
        return Value(self, self.emit(f"{rows.base}[{rows.number(place)}]"))

    def store(self, rows: Rows, place: Places, value: Number) -> None:
        """Emit the write of a number."""
        self.lines.append(f"{rows.base}[{rows.number(place)}] = {self.render(value)};")

    def each(self, n: Place) -> Iterator[Place]:
        """Go through the numbers below `n`; several are a loop."""
        assert isinstance(n, int)  # known, since a page shows all patterns
        if n < 2:
            yield from range(n)
            return
        name = self.make_name("k")
        self.lines.append(f"for (let {name} = 0; {name} < {n}; {name} += 1) {{")
        yield Whole(self, name)
        self.lines.append("}")

    def fold(
        self, n: int, body: Callable[..., tuple[Number, ...]], *values: Number
    ) -> tuple[Number, ...]:
        """Repeat ``values = body(k, *values)`` for k from 0 to n - 1; return the last values."""
        if n < 2:
            if n == 0:
                return values
            return body(0, *values)
        # Each value is a variable that every turn sets anew.
        names = []
        for value in values:
            name = self.make_name("s")
            names.append(name)
            self.lines.append(f"let {name} = {self.render(value)};")
        carried = tuple(Value(self, name) for name in names)
        for k in self.each(n):
            results = body(k, *carried)
            for name, value in zip(names, results, strict=True):
                self.lines.append(f"{name} = {self.render(value)};")
        return carried


def _render_number(x: float) -> str:
    """Return a number as JavaScript writes it, in brackets if it has a sign.

    >>> _render_number(2.0), _render_number(-0.5)
    ('2', '(-0.5)')
    """
    text = json.dumps(x).removesuffix(".0")
    if text.startswith("-"):
        return f"({text})"
    return text


def write_script(rule: Rule, name: str, criteria: Iterable[Criterion] = ()) -> str:
    """Return a class of JavaScript that learns by a rule.

    ``new Name(weights, numbers)`` takes weights and fixed arrays, flat; ``update()`` applies one
    update, and ``keep("W")`` takes back its change of W. ``error()`` measures by the protocol's
    criterion, or by one of `criteria` that is named. ``states()`` returns what `list_states` does,
    a row for each pattern, and ``get("W")`` an array by its name, as nested arrays.
    """
    if rule.is_shuffled:
        what = "learns in minibatches, whose order a page cannot draw"
        raise UsageError(f"{rule.name} {what}; show another schedule")
    usual_criterion = rule.protocol.criterion
    methods: dict[str, Sweep] = {}  # the code of each
    for criterion in dict.fromkeys((usual_criterion, *criteria)):  # each once
        methods[json.dumps(criterion)] = _write_error(rule, criterion)
    methods["update"] = _write_update(rule)
    methods["states"] = _write_states(rule)
    texts = []
    for method, sweep in methods.items():
        body = "\n".join(f"    {line}" for line in sweep.writer.lines)
        texts.append(METHOD % {"method": method, "name": name, "body": body})
    sweep = methods["states"]  # all sweeps have the weights, numbers and data in the same places
    return TEMPLATE % {
        "methods": "".join(texts),
        "name": name,
        "about": json.dumps(_describe(rule, sweep)),
        "n_rows": max(sweep.memory.most_rows for sweep in methods.values()),
        "data": ", ".join(json.dumps(number).removesuffix(".0") for number in sweep.data),
        "patterns": json.dumps(rule.patterns.tolist()),
        "own": usual_criterion,
    }


def _describe(rule: Rule, sweep: Sweep) -> dict[str, Any]:
    """Return what a page has to know about a rule: where its arrays and numbers are."""
    # An array lies in the flat weights from its own beginning to that of the next one.
    limits = itertools.pairwise([*sweep.first.values(), sweep.n_all])
    return {
        "shapes": {name: [*shape] for name, shape in rule.all_shapes.items()},
        "ends": {name: [*limit] for name, limit in zip(rule.all_shapes, limits, strict=True)},
        "given": {name: row.first for name, row in sweep.given.items()},
        "numbers": rule.numbers,
        "begun": rule.begun.tolist(),
    }


METHOD = """  %(method)s() {
    const { now, next, strip } = this, { data } = %(name)s;
%(body)s
  }
"""
TEMPLATE = """class %(name)s {
  static about = %(about)s;
  static patterns = %(patterns)s;
  static data = Float64Array.of(%(data)s);
  constructor(weights, numbers = {}) {
    const { given, numbers: own, begun } = %(name)s.about;
    this.now = Float64Array.of(...weights, ...begun);
    this.next = this.now.slice();
    this.strip = new Float64Array(%(n_rows)d);
    for (const [key, row] of Object.entries(given)) this.strip[row] = numbers[key] ?? own[key];
    this.updates = 0;
  }
  get(name) {
    const { shapes, ends } = %(name)s.about;
    const [rows, columns] = shapes[name], flat = Array.from(this.now.subarray(...ends[name]));
    if (columns === undefined) return rows === undefined ? flat[0] : flat;
    return Array.from({ length: rows }, (_, j) => flat.slice(j * columns, (j + 1) * columns));
  }
  keep(name) {
    const [begin, end] = %(name)s.about.ends[name];
    this.now.set(this.next.subarray(begin, end), begin);
  }
  error(criterion = "%(own)s") { return this[criterion](); }
%(methods)s}
"""


def _begin_method(rule: Rule, criterion: str = "") -> Sweep:
    """Return a sweep for a method; refuse a rule that draws random numbers."""
    sweep = Sweep(rule, ScriptWriter(), criterion)
    if sweep.traces.drawn:
        what = "draws random numbers, which a page cannot"
        raise UsageError(f"{rule.name} {what}; show another rule")
    return sweep


def _write_error(rule: Rule, criterion: str) -> Sweep:
    """Return the method that returns the error of a network by a criterion."""
    sweep = _begin_method(rule, criterion)
    error = sweep.writer.render(sweep.look(learns=False))
    sweep.writer.lines.append(f"return {error};")
    return sweep


def _write_update(rule: Rule) -> Sweep:
    """Return the method that applies one update."""
    sweep = _begin_method(rule)
    sweep.look()
    sweep.writer.lines += ["[this.now, this.next] = [next, now];", "this.updates += 1;"]
    return sweep


def _write_states(rule: Rule) -> Sweep:
    """Return the method that returns the states that a network lists."""
    sweep = _begin_method(rule)
    n_patterns = len(rule.patterns)
    states = sweep.traces.list_states()
    rows = [sweep.memory.allocate((*x.shape, n_patterns)) for x in states]
    sweep.first_state_row = sweep.memory.n_rows
    sweep.write_states(states, rows)
    # The row in which each array begins, and how many units and patterns it has.
    about = []
    for row, x in zip(rows, states, strict=True):
        about.append([row.first, math.prod(x.shape), n_patterns])
    sweep.writer.lines += [
        f"return {about}.map(([first, units, patterns]) =>",
        "  Array.from({ length: patterns }, (_, p) =>",
        "    Array.from({ length: units }, (_, i) => strip[first + i * patterns + p])));",
    ]
    return sweep
