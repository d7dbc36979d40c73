"""The programs that are compiled: the step written out, and the loops around it.

A strip is the memory of `n_lanes` networks side by side, laid out by `memory.py`.
"""

from __future__ import annotations

from replication.simulator.instructions import Rows, SharedRows, Whole, Writer
from replication.simulator.memory import arrange, build_networks
from replication.simulator.step import Networks, Rule, lay_patterns, learn, look

# The places of a job, an array of 64-bit words from which `train` takes its orders.
INITIAL, STRIDE, N_NETWORKS, BEGUN, RUNNING, CAP, STOP, UPDATES, CONVERGED, FINAL = range(10)
N_WORDS = 10


def write_program(program: str, rule: Rule, n_lanes: int, n_at_once: int = 2) -> str:
    """Return the LLVM text of a program: "train", "update" or "evaluate".

    ``train(patterns, strip, job, lanes)`` trains all networks of a job, with `lanes`
    int64 of shape (2, n_lanes): the network in each lane, or -1, and the sweep that it began with.
    ``update(patterns, strips, n)`` applies one update to each of n strips.
    ``evaluate(patterns, strips, n)`` leaves states and error in them.
    """
    writer = Writer(n_lanes, n_at_once)
    if program == "train":
        parameters = "ptr %patterns, ptr %strip, ptr %job, ptr %lanes"
        _write_train(writer, rule)
    else:
        parameters = "ptr %patterns, ptr %strips, i64 %n"
        _write_strips(writer, rule, program)
    text = render_function(writer, program, parameters)
    return text if program != "train" else f"{text}\n{_write_exchange(rule, n_lanes)}"


def render_function(writer: Writer, name: str, parameters: str) -> str:
    """Return the LLVM text of a function with what a writer has collected."""
    kind = writer.kind
    return "\n".join(
        [
            # Without a table for unwinding, which would be registered with the process and in which
            # a library that walks the stack (NumPy does) would get lost. On an aligned stack
            # values that are put aside do not lie across two cache lines.
            f"define void @{name}({parameters}) nounwind alignstack(64) {{",
            "entry:",
            *writer.lines,
            "  ret void",
            "}",
            *(
                f"declare {kind} @llvm.{called}.v{writer.n_lanes}f64({', '.join([kind] * n)})"
                for called, n in (("fma", 3), ("sqrt", 1), ("fabs", 1))
            ),
        ]
    )


def _build(writer: Writer, rule: Rule, strip: str, now: str) -> Networks:
    """Return the arrays of the step: the weights at the address `now`, all else in the strip."""

    def take_rows(name: str, place: tuple[int, tuple[int, ...]]) -> Rows:
        return Rows(writer, now if name in ("weights", "biases", "feedback") else strip, *place)

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
    """Sweep until all networks of the job are finished.

    The weights before a sweep are kept until the next one, for networks that finish; so
    two places for weights take turns.
    """
    lanes = f"<{writer.n_lanes} x i64>"
    cap = writer.spread(writer.load_whole("%job", CAP).name, "i64")
    other = writer.find("%strip", rule.n_weights, writer.kind)
    stop = writer.load_address("%job", STOP)
    everybody = 2**writer.n_lanes - 1
    writer.write(_call_exchange("%strip", "%strip", str(everybody), "0", "-1"))
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

    before, after = (Rows(writer, base, 0, (rule.n_weights,)) for base in ("%now", "%next"))
    # A batch changes each weight once, so that there is nothing to copy but what is fixed.
    n_fixed = rule.sizes[0] * rule.sizes[-1] if rule.fixed_feedback else 0
    n_copied = rule.n_weights if rule.per_pattern else n_fixed
    for k in writer.each(n_copied, rule.n_weights - n_copied):
        after[k] = before[k]
    for rows in (*net.weights, *net.biases):
        rows.target = "%next"
        if rule.per_pattern:
            rows.base = "%next"
    learn(net)

    with writer.when(writer.compare("ne", Whole(writer, finished), 0)):
        writer.write(_call_exchange("%now", "%next", finished, below, "%number"))
    running = writer.load_whole("%job", RUNNING)
    is_stopped = writer.emit(f"load volatile i8, ptr {stop}")
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
        f"call void @exchange(ptr %job, ptr %lanes, ptr %strip, ptr {now}, ptr {following}, "
        f"i64 {finished}, i64 {below}, i64 {sweep})"
    )


def _write_exchange(rule: Rule, n_lanes: int) -> str:
    """Trace what happens to finished lanes: note the outcome, take the next network."""
    writer = Writer(n_lanes)
    places, _ = arrange(rule)
    n = rule.n_weights

    def load(place: int) -> Whole:
        return writer.load_whole("%job", place)

    def has_bit(bits: str, lane: Whole) -> Whole:
        return Whole(writer, bits) >> lane & 1

    for lane in writer.each(n_lanes):
        with writer.when(writer.compare("ne", has_bit("%finished", lane), 0)):
            network = writer.load_whole("%lanes", lane)
            with writer.when(writer.compare("sge", network, 0)):
                age = Whole(writer, "%sweep") - writer.load_whole("%lanes", lane + n_lanes)
                writer.store_whole(writer.load_address("%job", UPDATES), network, age)
                converged = writer.load_address("%job", CONVERGED)
                writer.store_whole(converged, network, has_bit("%below", lane))
                writer.store_whole("%job", RUNNING, load(RUNNING) - 1)
                writer.store_whole("%lanes", lane, -1)
                with writer.when(writer.compare("ne", load(FINAL), 0)):
                    final = writer.load_address("%job", FINAL)
                    for k in writer.each(n):
                        writer.copy_number("%now", k * n_lanes + lane, final, network * n + k)
            following = load(BEGUN)
            with writer.when(writer.compare("slt", following, load(N_NETWORKS))):
                initial, first = writer.load_address("%job", INITIAL), following * load(STRIDE)
                for k in writer.each(n):
                    writer.copy_number(initial, first + k, "%next", k * n_lanes + lane)
                if rule.has_momentum:
                    for k in writer.each(n, places["velocities"][0][0]):
                        address = writer.find("%strip", k * n_lanes + lane, "double")
                        writer.write(f"store double 0.0, ptr {address}, align 8")
                writer.store_whole("%lanes", lane, following)
                writer.store_whole("%lanes", lane + n_lanes, Whole(writer, "%sweep") + 1)
                writer.store_whole("%job", BEGUN, following + 1)
                writer.store_whole("%job", RUNNING, load(RUNNING) + 1)
    parameters = (
        "ptr %job, ptr %lanes, ptr %strip, ptr %now, ptr %next, "
        "i64 %finished, i64 %below, i64 %sweep"
    )
    head = f"define internal void @exchange({parameters}) nounwind noinline cold {{\nentry:"
    return "\n".join([head, *writer.lines, "  ret void", "}"])
