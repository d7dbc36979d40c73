"""Compiled loops in which networks learn side by side: each that is finished makes room.

After a sweep, `exchange` notes the outcome of the networks that are finished, and gives their lanes
to the next ones. Watchers (`write_watch`) are called where the updates of a network are due.
"""

import math

from replication.simulator.compiler.programs import (
    FIRST_SWEEP,
    ROOT_SEED,
    SEED,
    Program,
    render_function,
)
from replication.simulator.compiler.sweep import Sweep
from replication.simulator.operations.instructions import Bits, Place, Value, Whole, Writer
from replication.simulator.operations.noise import Noise
from replication.simulator.rule.network import Rule

BEGUN, RUNNING, SOONEST = range(3)
"""Places of what `train` counts: networks, and the sweep before which no updates are due."""
WATCH, DATA, STRIP, FOUND = range(4)
"""Places of a watcher: the addresses of its function, and of what that reads and writes."""
JOB = (
    "ptr %data, ptr %strip, ptr %lanes, ptr %counts, ptr %initial, ptr %kept, ptr %updates, "
    "ptr %converged, ptr %final, ptr %stop, ptr %begun, ptr %due, ptr %watchers, "
    "i64 %n_watchers, i64 %seed, i64 %stride, i64 %kept_stride, i64 %n, i64 %cap"
)
"""What `train` is called with, and hands on to `exchange`."""


def write_train(rule: Rule, n_lanes: int, n_at_once: int) -> Program:
    """Write ``train(data, strip, lanes, ...)``, which trains networks until all are finished.

    The weights before a sweep are kept until the next one, for networks that finish; so
    two places for weights take turns. `stride` is the number of places from one network's weights
    to the next, `kept_stride` those of what is kept; `final` may be a null pointer.
    Each network has learnt for so many updates as `begun` says. `due`, which may be null, has a
    place for each number of updates up to the cap, and one more: where it is not negative, the
    watchers measure the networks, and note that in this place. Where it is, it says after how many
    more updates they do, -3 after three.
    """
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    if not rule.is_one_batch:
        sweep.latest = sweep.memory.allocate(())
        sweep.base = sweep.memory.n_rows
    n = sweep.n_all
    lanes = f"<{n_lanes} x i64>"
    # Before the first sweep all lanes count as finished, so that each takes a network.
    cap = writer.spread("%cap", "i64")
    other = writer.find("%strip", n, writer.kind)
    writer.write(_call_exchange(other, "%strip", str(2**n_lanes - 1), "0", "-1"))
    begin = writer.block
    writer.write("br label %sweep")

    # A sweep: the two places for weights have been exchanged since the last one.
    writer.begin("sweep")
    writer.write(f"%now = phi ptr [%strip, %{begin}], [%next, %again]")
    writer.write(f"%next = phi ptr [{other}, %{begin}], [%now, %again]")
    writer.write(f"%number = phi i64 [0, %{begin}], [%following, %again]")

    def load(row: int) -> str:
        place = writer.find("%lanes", row * n_lanes)
        return writer.emit(f"load {lanes}, ptr {place}, align 64")

    age = writer.emit(f"sub {lanes} {writer.spread('%number', 'i64')}, {load(FIRST_SWEEP)}")
    if sweep.draws:
        seed = Bits(writer, load(SEED))
        root_seed = Bits(writer, load(ROOT_SEED))
        sweep.noise = Noise(Bits(writer, age), seed, root_seed)
    with writer.when(writer.emit("icmp ne ptr %due, null")):
        _call_watchers(writer, age)
    # A lane is finished below the threshold, or at the cap; it learns once more, in vain.
    below = _write_learning(sweep).names[0]
    is_old = writer.emit(f"icmp sge {lanes} {age}, {cap}")
    finished = writer.emit(f"or <{n_lanes} x i1> {below}, {is_old}")
    finished = _pack(writer, finished)
    below = _pack(writer, below)

    with writer.when(writer.compare("ne", finished, 0)):
        writer.write(_call_exchange("%now", "%next", finished, below, "%number"))
    # The end: no network is left, or another thread has set the flag.
    running = writer.load_whole("%counts", RUNNING)
    is_stopped = writer.emit("load volatile i8, ptr %stop")
    is_stopped = writer.emit(f"icmp ne i8 {is_stopped}, 0")
    is_over = writer.emit(f"or i1 {is_stopped}, {writer.compare('eq', running, 0)}")
    writer.write("%following = add i64 %number, 1")
    writer.write(f"br i1 {is_over}, label %end, label %again")
    writer.begin("again")
    writer.write("br label %sweep")
    writer.begin("end")
    train = render_function(writer, "train", JOB)
    exchange = _write_exchange(rule, n, n_lanes)
    return Program(sweep, f"{train}\n{exchange}")


def _write_learning(sweep: Sweep) -> Value:
    """Write down a look at the networks and their learning; return where they are done."""
    writer = sweep.writer
    threshold = sweep.threshold[()]
    if sweep.latest is None:
        return sweep.look() < threshold  # type: ignore[no-any-return]
    # Changes after some patterns need no look at all of them, where no error ends the learning.
    is_asked = _pack(writer, (threshold > -math.inf).names[0])
    with writer.when(writer.compare("ne", is_asked, 0)):
        sweep.latest[()] = sweep.look(learns=False)
    sweep.learn_in_parts()
    return sweep.latest[()] < sweep.threshold[()]  # type: ignore[no-any-return]


def _call_watchers(writer: Writer, age: str) -> None:
    """Write down a call of the watchers, if the updates of any network are due."""
    sweep = Whole(writer, "%number")
    # Nearly always this one comparison is all.
    with writer.when(writer.compare("sge", sweep, writer.load_whole("%counts", SOONEST))):
        places = _find_places(writer, age)
        together = places[0]
        nearest = _choose(writer, "slt", places[0], -1)
        for place in places[1:]:
            together = together & place
            until = _choose(writer, "slt", place, -1)
            nearest = _choose(writer, "sgt", until, nearest)
        writer.store_whole("%counts", SOONEST, sweep - nearest)
        with writer.when(writer.compare("sge", together, 0)):  # not if all of them are negative
            for k in writer.each(Whole(writer, "%n_watchers")):
                _call_watcher(writer, k)


def _choose(writer: Writer, relation: str, a: Whole, b: Place) -> Whole:
    """Write down the choice of one of two whole numbers: the first if it is related so."""
    is_first = writer.compare(relation, a, b)
    return Whole(writer, writer.emit(f"select i1 {is_first}, i64 {a}, i64 {b}"))


def _find_places(writer: Writer, age: str) -> list[Whole]:
    """Write down what `due` says of the network in each lane."""
    n_lanes = writer.n_lanes
    lanes = f"<{n_lanes} x i64>"
    # A lane whose networks are all finished grows older; the last place is for these.
    last = writer.spread(str(Whole(writer, "%cap") + 1), "i64")
    is_younger = writer.emit(f"icmp slt {lanes} {age}, {last}")
    age = writer.emit(f"select <{n_lanes} x i1> {is_younger}, {lanes} {age}, {lanes} {last}")
    places = []
    for lane in range(n_lanes):
        updates = writer.emit(f"extractelement {lanes} {age}, i64 {lane}")
        places.append(writer.load_whole("%due", updates))
    return places


def _call_watcher(writer: Writer, k: Place) -> None:
    """Write down a call of one watcher, by its row in the table."""
    function, *own = (_load_address(writer, k * 4 + word) for word in (WATCH, DATA, STRIP, FOUND))
    arguments = ", ".join(f"ptr {word}" for word in own)
    shared = "ptr %now, ptr %lanes, ptr %due, i64 %number, i64 %n"
    writer.write(f"call void {function}({arguments}, {shared})")


def _load_address(writer: Writer, place: Place) -> str:
    """Write down the read of an address from the table of watchers; return its name."""
    return writer.emit(f"load ptr, ptr {writer.find('%watchers', place)}, align 8")


def _pack(writer: Writer, mask: str) -> str:
    """Emit a whole number with one bit a lane."""
    bits = writer.emit(f"bitcast <{writer.n_lanes} x i1> {mask} to i{writer.n_lanes}")
    return writer.emit(f"zext i{writer.n_lanes} {bits} to i64")


def _call_exchange(now: str, following: str, finished: str, below: str, sweep: str) -> str:
    lanes = f"i64 {finished}, i64 {below}, i64 {sweep}"
    return f"call void @exchange({JOB}, ptr {now}, ptr {following}, {lanes})"


def _write_exchange(rule: Rule, n: int, n_lanes: int) -> str:
    """Write what happens to lanes after a sweep: the outcome, and the next network."""
    exchange = _Exchange(rule, n, Writer(n_lanes))
    for lane in exchange.writer.each(n_lanes):
        exchange.write(lane)
    parameters = f"{JOB}, ptr %now, ptr %next, i64 %finished, i64 %below, i64 %sweep"
    head = f"define internal void @exchange({parameters}) nounwind noinline cold"
    return exchange.writer.define(head)


class _Exchange:
    """Code of ``exchange``, for one lane at a time.

    `%finished` and `%below` have a bit for each lane: whether its network is finished, and whether
    its error is below the threshold.
    """

    def __init__(self, rule: Rule, n: int, writer: Writer) -> None:
        self.writer = writer
        self.n_all = n  # numbers of a network
        self.n_weights = rule.sizes[0]
        self.n_kept = rule.sizes[2]
        self.sweep = Whole(writer, "%sweep")

    def write(self, lane: Place) -> None:
        """Write down what happens to the network in a lane, and the coming of the next one."""
        writer = self.writer
        network = writer.load_whole("%lanes", lane)
        age = self.sweep - writer.load_whole("%lanes", self.find(FIRST_SWEEP, lane))
        is_there = writer.compare("sge", network, 0)
        with writer.when(self.is_set("%finished", lane)):
            with writer.when(is_there):
                self.finish(lane, network, age)
            following = writer.load_whole("%counts", BEGUN)
            with writer.when(writer.compare("slt", following, "%n")):
                self.begin(lane, following)

    def finish(self, lane: Place, network: Whole, age: Whole) -> None:
        """Write down the outcome of the network that was in a lane."""
        writer = self.writer
        below = Whole(writer, "%below")
        writer.store_whole("%updates", network, age)
        writer.store_whole("%converged", network, below >> lane & 1)
        # Whose weights are no numbers has not converged, though its units may hide that.
        for k in writer.each(self.n_weights):
            place = writer.find("%now", k * writer.n_lanes + lane, "double")
            weight = writer.emit(f"load double, ptr {place}")
            with writer.when(writer.emit(f"fcmp uno double {weight}, {weight}")):
                writer.store_whole("%converged", network, 0)
        writer.store_whole("%lanes", lane, -1)
        self.count(RUNNING, -1)
        with writer.when(writer.emit("icmp ne ptr %final, null")):
            first = network * self.n_all
            for k in writer.each(self.n_all):
                writer.copy_number("%now", k * writer.n_lanes + lane, "%final", first + k)

    def begin(self, lane: Place, following: Whole) -> None:
        """Write down how the next network takes a lane, from the following sweep on."""
        writer = self.writer
        first = following * "%stride"
        first_kept = following * "%kept_stride"
        n_drawn = self.n_all - self.n_kept
        # What never changes is in both places.
        for k in writer.each(n_drawn):
            for base in ("%now", "%next"):
                writer.copy_number("%initial", first + k, base, k * writer.n_lanes + lane)
        for k in writer.each(self.n_kept):
            row = (k + n_drawn) * writer.n_lanes + lane
            writer.copy_number("%kept", first_kept + k, "%next", row)
        writer.store_whole("%lanes", lane, following)
        begun = writer.load_whole("%begun", following)
        writer.store_whole("%lanes", self.find(FIRST_SWEEP, lane), self.sweep + 1 - begun)
        writer.store_whole("%lanes", self.find(SEED, lane), following + "%seed")
        self.count(BEGUN, 1)
        self.count(RUNNING, 1)
        writer.store_whole("%counts", SOONEST, 0)  # its updates may be due at once

    def find(self, row: int, lane: Place) -> Place:
        """Return the place of a lane in a row of what is kept of each."""
        return lane + row * self.writer.n_lanes

    def is_set(self, name: str, lane: Place) -> str:
        """Write down whether the bit of a lane is set; return the name of the answer."""
        return self.writer.compare("ne", Whole(self.writer, name) >> lane & 1, 0)

    def count(self, place: int, more: int) -> None:
        """Write down a change of one of the counts."""
        number = self.writer.load_whole("%counts", place)
        self.writer.store_whole("%counts", place, number + more)
