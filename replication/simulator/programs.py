"""The programs that are compiled: the step written out, and the loops around it.

A strip is the memory of `n_lanes` networks side by side, laid out by `memory.py`.
"""

from replication.simulator.instructions import Rows, SharedRows, Whole, Writer
from replication.simulator.memory import Place, arrange, build_networks
from replication.simulator.step import Networks, Rule, lay_patterns, learn, look

BEGUN, RUNNING = range(2)
"""Places in the counts of networks that `train` keeps."""

JOB = (
    "ptr %patterns, ptr %strip, ptr %lanes, ptr %counts, ptr %initial, ptr %updates, "
    "ptr %converged, ptr %final, ptr %stop, i64 %stride, i64 %n, i64 %cap"
)
"""What `train` is called with, and hands on to `exchange`."""


def write_program(program: str, rule: Rule, n_lanes: int, n_at_once: int = 2) -> str:
    """Return the LLVM text of a program: "train", "update" or "evaluate".

    ``train(patterns, strip, lanes, ...)`` trains `n` networks, with `lanes` int64 of shape
    (2, n_lanes): the network in each lane, or -1, and the sweep that it began with. `stride` counts
    numbers from one network's initial weights to the next; `final` may be a null pointer.
    ``update(patterns, strips, n)`` applies one update to each of n strips.
    ``evaluate(patterns, strips, n)`` leaves states and error in them.
    """
    writer = Writer(n_lanes, n_at_once)
    if program == "train":
        _write_train(writer, rule)
        return f"{render_function(writer, program, JOB)}\n{_write_exchange(rule, n_lanes)}"
    _write_strips(writer, rule, program)
    return render_function(writer, program, "ptr %patterns, ptr %strips, i64 %n")


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


def _build(writer: Writer, rule: Rule, strip: str, now: str) -> Networks:
    """Return the arrays of the step: the weights at the address `now`, all else in the strip."""

    def take_rows(name: str, place: Place) -> Rows:
        return Rows(writer, now if name == "weights" else strip, *place)

    patterns = SharedRows(writer, "%patterns", 0, (rule.n_patterns, rule.sizes[0]))
    return build_networks(rule, writer, patterns, take_rows)


def _write_strips(writer: Writer, rule: Rule, program: str) -> None:
    places, n_rows = arrange(rule)
    for k in writer.each(Whole(writer, "%n")):
        strip = writer.find("%strips", k * n_rows, writer.kind)
        net = _build(writer, rule, strip, strip)
        if not rule.takes_turns:
            lay_patterns(net, 0, rule.n_patterns)
        error = look(net)
        if program == "update":
            learn(net)
        else:
            Rows(writer, strip, *places["error"][0])[0] = error


def _write_train(writer: Writer, rule: Rule) -> None:
    """Sweep until all networks are finished.

    The weights before a sweep are kept until the next one, for networks that finish; so
    two places for weights take turns.
    """
    lanes = f"<{writer.n_lanes} x i64>"
    cap = writer.spread("%cap", "i64")
    other = writer.find("%strip", rule.n_weights, writer.kind)
    everybody = 2**writer.n_lanes - 1
    writer.write(_call_exchange(other, "%strip", str(everybody), "0", "-1"))
    if not rule.takes_turns:
        lay_patterns(_build(writer, rule, "%strip", "%strip"), 0, rule.n_patterns)
    begin = writer.block
    writer.write("br label %sweep")

    writer.begin("sweep")
    writer.write(f"%now = phi ptr [%strip, %{begin}], [%next, %again]")
    writer.write(f"%next = phi ptr [{other}, %{begin}], [%now, %again]")
    writer.write(f"%number = phi i64 [0, %{begin}], [%following, %again]")
    net = _build(writer, rule, "%strip", "%now")
    error = look(net)
    below = (error < net.threshold).names[0]
    begun = writer.emit(f"load {lanes}, ptr {writer.find('%lanes', writer.n_lanes)}, align 64")
    age = writer.emit(f"sub {lanes} {writer.spread('%number', 'i64')}, {begun}")
    is_old = writer.emit(f"icmp sge {lanes} {age}, {cap}")
    finished = writer.emit(f"or <{writer.n_lanes} x i1> {below}, {is_old}")
    finished, below = _pack(writer, finished), _pack(writer, below)

    # A batch changes each weight once, so that there is nothing to copy.
    if rule.per_pattern:
        before, after = (Rows(writer, base, 0, (rule.n_weights,)) for base in ("%now", "%next"))
        for k in writer.each(rule.n_weights):
            after[k] = before[k]
    for rows in net.weights:
        rows.target = "%next"
        if rule.per_pattern:
            rows.base = "%next"
    learn(net)

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


def _pack(writer: Writer, mask: str) -> str:
    """Emit a whole number with one bit a lane."""
    bits = writer.emit(f"bitcast <{writer.n_lanes} x i1> {mask} to i{writer.n_lanes}")
    return writer.emit(f"zext i{writer.n_lanes} {bits} to i64")


def _call_exchange(now: str, following: str, finished: str, below: str, sweep: str) -> str:
    return (
        f"call void @exchange({JOB}, ptr {now}, ptr {following}, i64 {finished}, i64 {below}, "
        f"i64 {sweep})"
    )


def _write_exchange(rule: Rule, n_lanes: int) -> str:
    """Write what happens to finished lanes: note the outcome, take the next network."""
    writer = Writer(n_lanes)
    places, _ = arrange(rule)
    n = rule.n_weights

    def has_bit(bits: str, lane: Whole) -> Whole:
        return Whole(writer, bits) >> lane & 1

    def count(place: int, more: int) -> None:
        writer.store_whole("%counts", place, writer.load_whole("%counts", place) + more)

    for lane in writer.each(n_lanes):
        with writer.when(writer.compare("ne", has_bit("%finished", lane), 0)):
            network = writer.load_whole("%lanes", lane)
            with writer.when(writer.compare("sge", network, 0)):
                age = Whole(writer, "%sweep") - writer.load_whole("%lanes", lane + n_lanes)
                writer.store_whole("%updates", network, age)
                writer.store_whole("%converged", network, has_bit("%below", lane))
                writer.store_whole("%lanes", lane, -1)
                count(RUNNING, -1)
                with writer.when(writer.emit("icmp ne ptr %final, null")):
                    for k in writer.each(n):
                        writer.copy_number("%now", k * n_lanes + lane, "%final", network * n + k)
            following = writer.load_whole("%counts", BEGUN)
            with writer.when(writer.compare("slt", following, "%n")):
                first = following * "%stride"
                for k in writer.each(n):
                    writer.copy_number("%initial", first + k, "%next", k * n_lanes + lane)
                    if rule.frozen or rule.fixed_feedback:  # what never changes is in both places
                        writer.copy_number("%initial", first + k, "%now", k * n_lanes + lane)
                if rule.has_momentum:
                    for k in writer.each(n, places["velocities"][0][0]):
                        address = writer.find("%strip", k * n_lanes + lane, "double")
                        writer.write(f"store double 0.0, ptr {address}, align 8")
                writer.store_whole("%lanes", lane, following)
                writer.store_whole("%lanes", lane + n_lanes, Whole(writer, "%sweep") + 1)
                count(BEGUN, 1)
                count(RUNNING, 1)
    parameters = f"{JOB}, ptr %now, ptr %next, i64 %finished, i64 %below, i64 %sweep"
    return writer.define(f"define internal void @exchange({parameters}) nounwind noinline cold")
