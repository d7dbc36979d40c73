"""A program that says how each comparison of a rule comes out, in given states of networks.

The guard looks with it for rare states: those in which a comparison comes out as in no other one.
"""

from replication.simulator.compiler.programs import Program, render_function
from replication.simulator.compiler.sweep import Sweep
from replication.simulator.operations import elements
from replication.simulator.operations.arrays import Traced, walk
from replication.simulator.operations.instructions import Whole, Writer
from replication.simulator.rule.network import Rule

MOST_ASKED = 500
"""Most elements of a comparison; larger comparisons are left out."""
UNKNOWN = {"sum", "draw", "repeat"}
"""Operations that a state alone does not decide: sums of the changes are not there yet, draws are
random, and a loop has another value in each turn."""


def write_probe(rule: Rule, n_lanes: int, n_at_once: int) -> Program | None:
    """Write ``evaluate`` for the comparisons of a rule, (unit, pattern); None if it has none."""
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    comparisons = _list_comparisons(sweep)
    if not comparisons:
        return None
    rows = [sweep.memory.allocate((*x.shape, len(rule.patterns))) for x in comparisons]
    sweep.first_state_row = sweep.memory.n_rows
    for k in writer.each(Whole(writer, "%n")):
        strip = writer.find("%strips", k * "%n_rows", writer.kind)
        writer.names = {"strip": strip, "now": strip}
        sweep.write_states(comparisons, rows)
    text = render_function(writer, "evaluate", "ptr %data, ptr %strips, i64 %n, i64 %n_rows")
    return Program(sweep, text, rows)


def _list_comparisons(sweep: Sweep) -> list[Traced]:
    """Return the comparisons that a rule makes of a pattern.

    The larger or smaller of two numbers, and an absolute value, hide a comparison, too.
    """
    terms = [x for each in sweep.traces.terms.values() for x in each]
    comparisons: list[Traced] = []
    for x in walk([*terms, sweep.traces.image]):
        is_in_loop = x.depth > 0
        if not x.is_batched or is_in_loop or x.size > MOST_ASKED or not _is_decided(x):
            continue
        if x.op.startswith("is "):
            comparisons.append(x)
        elif x.op in ("maximum", "minimum"):
            comparisons.append(elements.is_greater(*x.args))
        elif x.op == "abs":
            comparisons.append(elements.is_less(x.args[0], 0.0))
    return comparisons


def _is_decided(x: Traced) -> bool:
    """Return whether the state of a network alone decides the value of an array."""
    return UNKNOWN.isdisjoint(each.op for each in walk([x]))
