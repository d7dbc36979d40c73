"""The programs that are compiled: the step traced, and the loops around it.

A strip is the memory of `n_lanes` networks side by side, laid out by `memory.py`.
"""

from __future__ import annotations

from replication.simulator.memory import arrange, build_networks
from replication.simulator.step import Networks, Rule, lay_patterns, learn, look
from replication.simulator.tracing import Rows, SharedRows, Tracer, Whole

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
    tracer = Tracer(n_lanes, n_at_once)
    if program == "train":
        parameters = "ptr %patterns, ptr %strip, ptr %job, ptr %lanes"
        _trace_train(tracer, rule)
    else:
        parameters = "ptr %patterns, ptr %strips, i64 %n"
        _trace_strips(tracer, rule, program)
    text = render_function(tracer, program, parameters)
    return text if program != "train" else f"{text}\n{_trace_exchange(rule, n_lanes)}"


def render_function(tracer: Tracer, name: str, parameters: str) -> str:
    """Return the LLVM text of a function with what a tracer has collected."""
    kind = tracer.kind
    return "\n".join(
        [
            # Without a table for unwinding, which would be registered with the process and in which
            # a library that walks the stack (NumPy does) would get lost. On an aligned stack
            # values that are put aside do not lie across two cache lines.
            f"define void @{name}({parameters}) nounwind alignstack(64) {{",
            "entry:",
            *tracer.lines,
            "  ret void",
            "}",
            *(
                f"declare {kind} @llvm.{called}.v{tracer.n_lanes}f64({', '.join([kind] * n)})"
                for called, n in (("fma", 3), ("sqrt", 1), ("fabs", 1))
            ),
        ]
    )


def _build(tracer: Tracer, rule: Rule, strip: str, now: str) -> Networks:
    """Return traced arrays: the weights at the address `now`, all else in the strip."""

    def take_rows(name: str, place: tuple[int, tuple[int, ...]]) -> Rows:
        return Rows(tracer, now if name in ("weights", "biases", "feedback") else strip, *place)

    patterns = SharedRows(tracer, "%patterns", 0, (rule.n_patterns, rule.sizes[0]))
    return build_networks(rule, tracer, patterns, take_rows)


def _trace_strips(tracer: Tracer, rule: Rule, program: str) -> None:
    places, n_rows = arrange(rule)
    for k in tracer.each(Whole(tracer, "%n")):
        strip = tracer.find("%strips", k * n_rows, tracer.kind)
        net = _build(tracer, rule, strip, strip)
        if not rule.takes_turns:
            lay_patterns(net, 0, rule.n_patterns)
        error = look(net)
        if program == "update":
            learn(net)
        else:
            Rows(tracer, strip, *places["error"][0])[0] = error


def _trace_train(tracer: Tracer, rule: Rule) -> None:
    """Sweep until all networks of the job are finished.

    The weights before a sweep are kept until the next one, for networks that finish; so
    two places for weights take turns.
    """
    lanes = f"<{tracer.n_lanes} x i64>"
    cap = tracer.spread(tracer.load_whole("%job", CAP).name, "i64")
    other = tracer.find("%strip", rule.n_weights, tracer.kind)
    stop = tracer.load_address("%job", STOP)
    everybody = 2**tracer.n_lanes - 1
    tracer.write(_call_exchange("%strip", "%strip", str(everybody), "0", "-1"))
    if not rule.takes_turns:
        lay_patterns(_build(tracer, rule, "%strip", "%strip"), 0, rule.n_patterns)
    begin = tracer.block
    tracer.write("br label %sweep")

    tracer.begin("sweep")
    tracer.write(f"%now = phi ptr [%strip, %{begin}], [%next, %again]")
    tracer.write(f"%next = phi ptr [{other}, %{begin}], [%now, %again]")
    tracer.write(f"%number = phi i64 [0, %{begin}], [%following, %again]")
    net = _build(tracer, rule, "%strip", "%now")
    error = look(net)
    below = (error < net.threshold).names[0]
    begun = tracer.emit(f"load {lanes}, ptr {tracer.find('%lanes', tracer.n_lanes)}, align 64")
    age = tracer.emit(f"sub {lanes} {tracer.spread('%number', 'i64')}, {begun}")
    is_old = tracer.emit(f"icmp sge {lanes} {age}, {cap}")
    finished = tracer.emit(f"or <{tracer.n_lanes} x i1> {below}, {is_old}")
    finished, below = _pack(tracer, finished), _pack(tracer, below)

    before, after = (Rows(tracer, base, 0, (rule.n_weights,)) for base in ("%now", "%next"))
    # A batch changes each weight once, so that there is nothing to copy but what is fixed.
    n_fixed = rule.sizes[0] * rule.sizes[-1] if rule.fixed_feedback else 0
    n_copied = rule.n_weights if rule.per_pattern else n_fixed
    for k in tracer.each(n_copied, rule.n_weights - n_copied):
        after[k] = before[k]
    for rows in (*net.weights, *net.biases):
        rows.target = "%next"
        if rule.per_pattern:
            rows.base = "%next"
    learn(net)

    with tracer.when(tracer.compare("ne", Whole(tracer, finished), 0)):
        tracer.write(_call_exchange("%now", "%next", finished, below, "%number"))
    running = tracer.load_whole("%job", RUNNING)
    is_stopped = tracer.emit(f"load volatile i8, ptr {stop}")
    is_stopped = tracer.emit(f"icmp ne i8 {is_stopped}, 0")
    is_over = tracer.emit(f"or i1 {is_stopped}, {tracer.compare('eq', running, 0)}")
    tracer.write("%following = add i64 %number, 1")
    tracer.write(f"br i1 {is_over}, label %end, label %again")
    tracer.begin("again")
    tracer.write("br label %sweep")
    tracer.begin("end")


def _pack(tracer: Tracer, mask: str) -> str:
    """Emit a whole number with one bit a lane."""
    bits = tracer.emit(f"bitcast <{tracer.n_lanes} x i1> {mask} to i{tracer.n_lanes}")
    return tracer.emit(f"zext i{tracer.n_lanes} {bits} to i64")


def _call_exchange(now: str, following: str, finished: str, below: str, sweep: str) -> str:
    return (
        f"call void @exchange(ptr %job, ptr %lanes, ptr %strip, ptr {now}, ptr {following}, "
        f"i64 {finished}, i64 {below}, i64 {sweep})"
    )


def _trace_exchange(rule: Rule, n_lanes: int) -> str:
    """Trace what happens to finished lanes: note the outcome, take the next network."""
    tracer = Tracer(n_lanes)
    places, _ = arrange(rule)
    n = rule.n_weights

    def load(place: int) -> Whole:
        return tracer.load_whole("%job", place)

    def has_bit(bits: str, lane: Whole) -> Whole:
        return Whole(tracer, bits) >> lane & 1

    for lane in tracer.each(n_lanes):
        with tracer.when(tracer.compare("ne", has_bit("%finished", lane), 0)):
            network = tracer.load_whole("%lanes", lane)
            with tracer.when(tracer.compare("sge", network, 0)):
                age = Whole(tracer, "%sweep") - tracer.load_whole("%lanes", lane + n_lanes)
                tracer.store_whole(tracer.load_address("%job", UPDATES), network, age)
                converged = tracer.load_address("%job", CONVERGED)
                tracer.store_whole(converged, network, has_bit("%below", lane))
                tracer.store_whole("%job", RUNNING, load(RUNNING) - 1)
                tracer.store_whole("%lanes", lane, -1)
                with tracer.when(tracer.compare("ne", load(FINAL), 0)):
                    final = tracer.load_address("%job", FINAL)
                    for k in tracer.each(n):
                        tracer.copy_number("%now", k * n_lanes + lane, final, network * n + k)
            following = load(BEGUN)
            with tracer.when(tracer.compare("slt", following, load(N_NETWORKS))):
                initial, first = tracer.load_address("%job", INITIAL), following * load(STRIDE)
                for k in tracer.each(n):
                    tracer.copy_number(initial, first + k, "%next", k * n_lanes + lane)
                if rule.has_momentum:
                    for k in tracer.each(n, places["velocities"][0][0]):
                        address = tracer.find("%strip", k * n_lanes + lane, "double")
                        tracer.write(f"store double 0.0, ptr {address}, align 8")
                tracer.store_whole("%lanes", lane, following)
                tracer.store_whole("%lanes", lane + n_lanes, Whole(tracer, "%sweep") + 1)
                tracer.store_whole("%job", BEGUN, following + 1)
                tracer.store_whole("%job", RUNNING, load(RUNNING) + 1)
    parameters = (
        "ptr %job, ptr %lanes, ptr %strip, ptr %now, ptr %next, "
        "i64 %finished, i64 %below, i64 %sweep"
    )
    head = f"define internal void @exchange({parameters}) nounwind noinline cold {{\nentry:"
    return "\n".join([head, *tracer.lines, "  ret void", "}"])
