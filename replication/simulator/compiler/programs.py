"""Compiled programs: their text, and those that measure networks without changing them.

`write_states`, `write_observe` and `write_watch` put a loop over networks around the look of a
sweep (`sweep.py`); `training.py` has the loop in which networks learn.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from replication.errors import UsageError
from replication.simulator.compiler.sweep import Sweep
from replication.simulator.operations.arrays import TraceError
from replication.simulator.operations.instructions import FUNCTIONS, Place, Rows, Whole, Writer
from replication.simulator.operations.turns import MEASURE
from replication.simulator.rule.network import Rule
from replication.simulator.rule.observing import Observed

MOST_LINES = 40_000
"""Lines of a program that is compiled; so many take about half a minute."""

NETWORK, FIRST_SWEEP, SEED, ROOT_SEED = range(4)
"""Rows of `lanes`, where `train` keeps four whole numbers of each lane: the number of its network,
-1 for none; the sweep in which that network had made no update; its seed; and its root seed."""

WATCHING = "ptr %data, ptr %strip, ptr %found, ptr %now, ptr %lanes, ptr %due, i64 %sweep, i64 %n"
"""Parameters of a watcher: its own data and strip, the address of its results, and those that it
shares with `train` (see `JOB` in `training.py`): the networks at `now`, their lanes, the table of
what is due, the number of the sweep, and the number of networks."""
NO_STATES = "draw in weight_changes only, or leave out final_weights, trace and curves"
"""What to do about a rule whose answers are random, so that they cannot be measured afterwards."""


class Program:
    """The LLVM text of a rule, the data that it reads, and what the rows of its strip hold."""

    def __init__(self, sweep: Sweep, text: str, outputs: Iterable[Rows] = ()) -> None:
        """Keep what running the program needs; refuse a text that would take minutes to compile."""
        n_lines = text.count("\n")
        if n_lines > MOST_LINES:
            what = f"becomes {n_lines:,} instructions, which take minutes to compile"
            raise TraceError(f"{sweep.rule.name} {what}; write loops with replication.repeat")
        self.text = text
        self.data = sweep.data  # patterns, targets and constants
        self.n_all = sweep.n_all  # numbers of one network: weights, fixed arrays and what is kept
        self.n_rows = sweep.memory.most_rows
        self.threshold = sweep.threshold.first
        self.given = {name: row.first for name, row in sweep.given.items()}  # the rule's numbers
        self.drawn = sweep.traces.drawn  # phases in which random numbers are drawn
        # First row and shape of each array that is measured.
        self.outputs = [(row.first, row.shape) for row in outputs]


def render_function(writer: Writer, name: str, parameters: str) -> str:
    """Return the LLVM text of a function whose body is all that a writer has collected."""
    kind = writer.kind
    declared = []
    for called, n_operands in FUNCTIONS.items():
        operands = ", ".join([kind] * n_operands)
        declared.append(f"declare {kind} @llvm.{called}.v{writer.n_lanes}f64({operands})")
    # `nounwind` leaves out a table for unwinding, which would be registered with the process and in
    # which a library that walks the stack (NumPy does) would get lost. On an aligned stack values
    # that are put aside do not lie across two cache lines.
    head = f"define void @{name}({parameters}) nounwind alignstack(64)"
    return "\n".join([writer.define(head), *declared])


def write_states(rule: Rule, n_lanes: int, n_at_once: int) -> Program:
    """Write ``evaluate(data, strips, n, n_rows)``, which measures the networks of n strips.

    It leaves the states of hidden units and the images in rows of each strip (`Program.outputs`).
    """
    sweep = _begin_measuring(rule, n_lanes, n_at_once)
    measured = [*sweep.traces.hidden, sweep.traces.image]
    rows = [sweep.memory.allocate((*x.shape, len(rule.patterns))) for x in measured]
    return _write_evaluate(sweep, rows, lambda: sweep.write_states(measured, rows))


def write_observe(
    rule: Rule, n_lanes: int, n_at_once: int, observed: Sequence[Observed] = ()
) -> Program:
    """Write the same function, which leaves the error there, and then what is observed."""
    sweep = _begin_measuring(rule, n_lanes, n_at_once)
    error = sweep.memory.allocate(())
    placed = sweep.place_observed(observed)

    def measure() -> None:
        error[()] = sweep.look(learns=False)
        sweep.write_observed(placed)

    return _write_evaluate(sweep, [error, *(rows for _, rows in placed)], measure)


def _begin_measuring(rule: Rule, n_lanes: int, n_at_once: int) -> Sweep:
    """Return a sweep that measures networks; refuse a rule whose answers are random."""
    sweep = Sweep(rule, Writer(n_lanes, n_at_once))
    if MEASURE in sweep.traces.drawn:
        raise UsageError(f"{rule.name} draws random numbers to answer a pattern; {NO_STATES}")
    return sweep


def _write_evaluate(sweep: Sweep, rows: Sequence[Rows], measure: Callable[[], None]) -> Program:
    """Write ``evaluate``, a loop over strips around what `measure` emits into some rows."""
    writer = sweep.writer
    # Rows from here on are the states of a look, overwritten by each block.
    sweep.first_state_row = sweep.memory.n_rows
    for k in writer.each(Whole(writer, "%n")):
        strip = writer.find("%strips", k * "%n_rows", writer.kind)
        writer.names = {"strip": strip, "now": strip}
        measure()
    text = render_function(writer, "evaluate", "ptr %data, ptr %strips, i64 %n, i64 %n_rows")
    return Program(sweep, text, rows)


def write_watch(
    rule: Rule, n_lanes: int, n_at_once: int, observed: Sequence[Observed] = ()
) -> Program:
    """Write ``watch(data, strip, found, now, lanes, due, sweep, n)``, which measures networks.

    `found` has, for each network and each time at which it is due, its error, its number of right
    answers (0 unless targets are classes), and what is observed: (time, network, number).
    """
    sweep = _begin_measuring(rule, n_lanes, n_at_once)
    writer = sweep.writer
    error = sweep.memory.allocate(())
    n_right = sweep.memory.allocate(())
    placed = sweep.place_observed(observed)
    n_numbers = sweep.memory.n_rows - error.first  # their rows follow one another
    # Rows from here on are the states of a look, overwritten by each block.
    sweep.first_state_row = sweep.memory.n_rows
    sweep.count_right(n_right)  # before the look, whose code then counts right answers, too
    error[()] = sweep.look(learns=False)
    sweep.write_observed(placed)
    for lane, result in _find_due(writer):
        for k in writer.each(n_numbers):
            source = (k + error.first) * n_lanes + lane
            writer.copy_number("%strip", source, "%found", result * n_numbers + k)
    outputs = (error, n_right, *(rows for _, rows in placed))
    return Program(sweep, render_function(writer, "watch", WATCHING), outputs)


def write_record(n_all: int, n_lanes: int) -> str:
    """Return the text of a watcher that copies all numbers of networks, (time, network, n_all)."""
    writer = Writer(n_lanes)
    for lane, result in _find_due(writer):
        target = result * n_all
        for k in writer.each(n_all):
            writer.copy_number("%now", k * n_lanes + lane, "%found", target + k)
    return render_function(writer, "watch", WATCHING)


def _find_due(writer: Writer) -> Iterator[tuple[Place, Whole]]:
    """Emit a loop over the lanes whose networks are to be measured in this sweep.

    Yields the lane, and the place of its result among all (time, network), as one number.
    """
    n_lanes = writer.n_lanes
    for lane in writer.each(n_lanes):
        network = writer.load_whole("%lanes", lane)
        with writer.when(writer.compare("sge", network, 0)):
            first = writer.load_whole("%lanes", lane + FIRST_SWEEP * n_lanes)
            # The entry of the age: the number of a measurement, or negative.
            time = writer.load_whole("%due", Whole(writer, "%sweep") - first)
            with writer.when(writer.compare("sge", time, 0)):
                yield lane, time * "%n" + network
