"""Where a rule goes one way or another: what it compares of each pattern, for states of networks.

The guard looks with it for states in which a rule does what it did in no other one.
"""

from replication.simulator.compiler.programs import Program, render_function
from replication.simulator.compiler.sweep import Sweep
from replication.simulator.operations import elements
from replication.simulator.operations.arrays import Traced, walk
from replication.simulator.operations.instructions import Whole, Writer
from replication.simulator.rule.network import Rule

MOST_ASKED = 500
"""Elements of a comparison that is looked at."""
UNKNOWN = {"sum", "draw", "repeat"}
"""What is not there before the changes are summed, is random, or is another in each turn."""


def write_probe(rule: Rule, n_lanes: int, n_at_once: int) -> Program | None:
    """Write ``evaluate`` for what a rule compares of each pattern; None if it compares nothing."""
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    asked = _list_comparisons(sweep)
    if not asked:
        return None
    rows = [sweep.memory.allocate((*x.shape, len(rule.patterns))) for x in asked]
    sweep.base = sweep.memory.n_rows
    for k in writer.each(Whole(writer, "%n")):
        strip = writer.find("%strips", k * "%n_rows", writer.kind)
        writer.names = {"strip": strip, "now": strip}
        sweep.show(asked, rows)
    text = render_function(writer, "evaluate", "ptr %data, ptr %strips, i64 %n, i64 %n_rows")
    return Program(sweep, text, rows)


def _list_comparisons(sweep: Sweep) -> list[Traced]:
    """Return comparisons of a rule, and those within the larger of two and absolute values."""
    terms = [x for each in sweep.traces.terms.values() for x in each]
    found: list[Traced] = []
    for x in walk([*terms, sweep.traces.image]):
        if not x.is_batched or x.depth or x.size > MOST_ASKED or not _is_known(x):
            continue
        if x.op.startswith("is "):
            found.append(x)
        elif x.op in ("maximum", "minimum"):
            found.append(elements.is_greater(*x.args))
        elif x.op == "abs":
            found.append(elements.is_less(x.args[0], 0.0))
    return found


def _is_known(x: Traced) -> bool:
    return UNKNOWN.isdisjoint(each.op for each in walk([x]))
