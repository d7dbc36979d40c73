"""Compiled loops in which networks learn side by side: each that is finished makes room.

A lane is a place for one network. All lanes learn in the same sweeps, but each network takes its
lane in a sweep of its own, so the updates that it has behind it, its age, differ from lane to lane.
After a sweep, `exchange` notes the outcomes of the networks that are finished, and gives their
lanes to the next ones. Watchers (`write_watch`) measure networks at chosen ages.
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
"""Places in `counts`: networks that have begun, networks that are in a lane, and the sweep before
which no network is due to be measured."""
WATCH, DATA, STRIP, FOUND = range(4)
"""Places in the row of a watcher: the addresses of its function, of the data and the strip that it
reads, and of its results."""
JOB = (
    "ptr %data, ptr %strip, ptr %lanes, ptr %counts, ptr %initial, ptr %kept, ptr %updates, "
    "ptr %converged, ptr %final, ptr %stop, ptr %begun, ptr %due, ptr %watchers, "
    "i64 %n_watchers, i64 %seed, i64 %stride, i64 %kept_stride, i64 %n, i64 %cap"
)
"""Parameters of `train`, which hands them on to `exchange`.

- Memory to work in: `data` are numbers that all networks share, `strip` is the memory of the lanes;
  `lanes` says of each lane which network is in it, and since when (`programs.py`); `counts` are
  those above.
- Networks as they begin: `initial` has a row of weights and fixed arrays for each, `kept` a row of
  what lasts from update to update; rows begin `stride` or `kept_stride` numbers apart. `begun` has
  the updates that each network has made already, `seed` is the seed of the first network, and `n`
  the number of networks.
- Results: `updates` and `converged` of each network, and all its numbers in `final`, which may be
  null.
- The end: `cap` is the most updates of a network; another thread sets the flag `stop`.
- Watchers: `due` may be null; else it has an entry for each age from 0 to the cap, and one more for
  older ages. If networks are measured at an age, its entry is the number of that measurement, from
  0 on. If not, the entry is minus the number of updates until the next measurement. `watchers` has
  `n_watchers` rows.
"""


def write_train(rule: Rule, n_lanes: int, n_at_once: int) -> Program:
    """Write ``train(data, strip, ...)``, which trains networks until all are finished: see `JOB`.

    The weights before a sweep are kept until the next one, for networks that turn out to be
    finished; so two places for weights take turns.
    """
    writer = Writer(n_lanes, n_at_once)
    sweep = Sweep(rule, writer)
    if not rule.is_one_batch:
        sweep.latest = sweep.memory.allocate(())
        sweep.first_state_row = sweep.memory.n_rows
    cap = writer.spread("%cap", "i64")
    _begin_sweeps(writer, sweep.n_all)
    age = _write_age(writer)
    if sweep.draws:
        seed = Bits(writer, _load_lanes(writer, SEED))
        root_seed = Bits(writer, _load_lanes(writer, ROOT_SEED))
        sweep.noise = Noise(Bits(writer, age), seed, root_seed)
    with writer.when(writer.emit("icmp ne ptr %due, null")):
        _call_watchers(writer, age)
    # A network is finished if its error is below the threshold, or if it has reached the cap. In
    # this sweep it has learned once more all the same; that update is dropped.
    is_below = _write_learning(sweep).names[0]
    is_at_cap = writer.emit(f"icmp sge {writer.word_kind} {age}, {cap}")
    is_finished = writer.emit(f"or {writer.truth_kind} {is_below}, {is_at_cap}")
    finished = _pack(writer, is_finished)
    below = _pack(writer, is_below)
    with writer.when(writer.compare("ne", finished, 0)):
        writer.write(_call_exchange("%now", "%next", finished, below, "%number"))
    _end_sweeps(writer)
    train = render_function(writer, "train", JOB)
    exchange = _write_exchange(rule, sweep.n_all, n_lanes)
    return Program(sweep, f"{train}\n{exchange}")


def _begin_sweeps(writer: Writer, n_all: int) -> None:
    """Emit the exchange that brings the first networks, and the head of the loop of sweeps.

    `%number` is that of the sweep. `%now` and `%next`, the two places for the `n_all` numbers of
    each network, are exchanged after each sweep.
    """
    other = writer.find("%strip", n_all, writer.kind)
    # At first all lanes count as finished, so that each takes a network.
    all_lanes = str(2**writer.n_lanes - 1)
    writer.write(_call_exchange(other, "%strip", all_lanes, "0", "-1"))
    before = writer.block
    writer.write("br label %sweep")
    writer.begin("sweep")
    writer.write(f"%now = phi ptr [%strip, %{before}], [%next, %again]")
    writer.write(f"%next = phi ptr [{other}, %{before}], [%now, %again]")
    writer.write(f"%number = phi i64 [0, %{before}], [%following, %again]")


def _end_sweeps(writer: Writer) -> None:
    """Emit the end of the loop: no network is left, or another thread has set the flag."""
    running = writer.load_whole("%counts", RUNNING)
    flag = writer.emit("load volatile i8, ptr %stop")
    is_stopped = writer.emit(f"icmp ne i8 {flag}, 0")
    is_over = writer.emit(f"or i1 {is_stopped}, {writer.compare('eq', running, 0)}")
    writer.write("%following = add i64 %number, 1")
    writer.write(f"br i1 {is_over}, label %end, label %again")
    writer.begin("again")
    writer.write("br label %sweep")
    writer.begin("end")


def _write_age(writer: Writer) -> str:
    """Emit the age of the network in each lane: the sweeps since its first one."""
    number = writer.spread("%number", "i64")
    first_sweep = _load_lanes(writer, FIRST_SWEEP)
    return writer.emit(f"sub {writer.word_kind} {number}, {first_sweep}")


def _load_lanes(writer: Writer, row: int) -> str:
    """Emit the read of a row of `lanes`, a whole number for each lane."""
    place = writer.find("%lanes", row * writer.n_lanes)
    return writer.emit(f"load {writer.word_kind}, ptr {place}, align 64")


def _write_learning(sweep: Sweep) -> Value:
    """Emit one sweep of learning; return in which lanes the error is below the threshold."""
    writer = sweep.writer
    threshold = sweep.threshold[()]
    if sweep.latest is None:
        return sweep.look() < threshold  # type: ignore[no-any-return]
    # Where weights change after some of the patterns, a look at all of them costs extra. It is left
    # out where every threshold is minus infinity, since no error would end the learning.
    is_asked = _pack(writer, (threshold > -math.inf).names[0])
    with writer.when(writer.compare("ne", is_asked, 0)):
        sweep.latest[()] = sweep.look(learns=False)
    sweep.learn_in_parts()
    return sweep.latest[()] < sweep.threshold[()]  # type: ignore[no-any-return]


def _call_watchers(writer: Writer, age: str) -> None:
    """Emit a call of the watchers, if the network of any lane is due to be measured."""
    sweep = Whole(writer, "%number")
    # In nearly all sweeps this one comparison is all that is done.
    with writer.when(writer.compare("sge", sweep, writer.load_whole("%counts", SOONEST))):
        entries = _read_due(writer, age)
        # An entry is negative if its network is not due, and the bitwise *and* of all entries is
        # negative only if each entry is. The negative entry nearest to 0 says in how many sweeps
        # the next network is due. Other entries count as -1: look again after the next sweep.
        together = entries[0]
        nearest = _choose(writer, "slt", entries[0], -1)
        for entry in entries[1:]:
            together = together & entry
            until = _choose(writer, "slt", entry, -1)
            nearest = _choose(writer, "sgt", until, nearest)
        writer.store_whole("%counts", SOONEST, sweep - nearest)
        with writer.when(writer.compare("sge", together, 0)):
            for k in writer.each(Whole(writer, "%n_watchers")):
                _call_watcher(writer, k)


def _choose(writer: Writer, relation: str, a: Whole, b: Place) -> Whole:
    """Emit the choice of one of two whole numbers: a if the relation holds, else b."""
    is_first = writer.compare(relation, a, b)
    return Whole(writer, writer.emit(f"select i1 {is_first}, i64 {a}, i64 {b}"))


def _read_due(writer: Writer, age: str) -> list[Whole]:
    """Emit the look-up, in the table `due` (see `JOB`), of the age of the network in each lane."""
    kind = writer.word_kind
    # A lane that no network takes any more grows older than the cap; the last entry is for these.
    last = writer.spread(str(Whole(writer, "%cap") + 1), "i64")
    is_younger = writer.emit(f"icmp slt {kind} {age}, {last}")
    capped_age = writer.emit(
        f"select {writer.truth_kind} {is_younger}, {kind} {age}, {kind} {last}"
    )
    entries = []
    for lane in range(writer.n_lanes):
        age_of_lane = writer.emit(f"extractelement {kind} {capped_age}, i64 {lane}")
        entries.append(writer.load_whole("%due", age_of_lane))
    return entries


def _call_watcher(writer: Writer, k: Place) -> None:
    """Emit a call of watcher number k."""
    function = _load_address(writer, k, WATCH)
    data = _load_address(writer, k, DATA)
    strip = _load_address(writer, k, STRIP)
    found = _load_address(writer, k, FOUND)
    shared = "ptr %now, ptr %lanes, ptr %due, i64 %number, i64 %n"
    writer.write(f"call void {function}(ptr {data}, ptr {strip}, ptr {found}, {shared})")


def _load_address(writer: Writer, k: Place, place: int) -> str:
    """Emit the read of an address from the row of watcher number k; return its name."""
    address = writer.find("%watchers", k * 4 + place)
    return writer.emit(f"load ptr, ptr {address}, align 8")


def _pack(writer: Writer, mask: str) -> str:
    """Emit a whole number with one bit for each lane, from a truth value of each."""
    bits = writer.emit(f"bitcast {writer.truth_kind} {mask} to i{writer.n_lanes}")
    return writer.emit(f"zext i{writer.n_lanes} {bits} to i64")


def _call_exchange(now: str, following: str, finished: str, below: str, sweep: str) -> str:
    """Return the call of `exchange` after a sweep; `finished`, `below`: one bit per lane."""
    lanes = f"i64 {finished}, i64 {below}, i64 {sweep}"
    return f"call void @exchange({JOB}, ptr {now}, ptr {following}, {lanes})"


def _write_exchange(rule: Rule, n: int, n_lanes: int) -> str:
    """Return the text of `exchange`, which notes outcomes and gives lanes to the next networks."""
    exchange = _Exchange(rule, n, Writer(n_lanes))
    for lane in exchange.writer.each(n_lanes):
        exchange.write(lane)
    parameters = f"{JOB}, ptr %now, ptr %next, i64 %finished, i64 %below, i64 %sweep"
    head = f"define internal void @exchange({parameters}) nounwind noinline cold"
    return exchange.writer.define(head)


class _Exchange:
    """Emits the code of ``exchange``, for one lane at a time.

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
        """Emit the exchange in one lane: the next network replaces a finished one."""
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
        """Emit code that stores the outcome of the network in a lane, and empties the lane."""
        writer = self.writer
        below = Whole(writer, "%below")
        writer.store_whole("%updates", network, age)
        writer.store_whole("%converged", network, below >> lane & 1)
        # A network with a weight that is NaN has not converged, even if its error is small.
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
        """Emit code that puts the next network into a lane, to learn from the next sweep on."""
        writer = self.writer
        first = following * "%stride"
        first_kept = following * "%kept_stride"
        n_drawn = self.n_all - self.n_kept
        # Both places get the weights and fixed arrays, since an update leaves out the fixed ones.
        for k in writer.each(n_drawn):
            for base in ("%now", "%next"):
                writer.copy_number("%initial", first + k, base, k * writer.n_lanes + lane)
        for k in writer.each(self.n_kept):
            row = (k + n_drawn) * writer.n_lanes + lane
            writer.copy_number("%kept", first_kept + k, "%next", row)
        writer.store_whole("%lanes", lane, following)
        begun = writer.load_whole("%begun", following)
        # Updates that it has made already count as earlier sweeps.
        writer.store_whole("%lanes", self.find(FIRST_SWEEP, lane), self.sweep + 1 - begun)
        writer.store_whole("%lanes", self.find(SEED, lane), following + "%seed")
        self.count(BEGUN, 1)
        self.count(RUNNING, 1)
        writer.store_whole("%counts", SOONEST, 0)  # it may be due at once

    def find(self, row: int, lane: Place) -> Place:
        """Return the place of a lane in a row of `lanes`."""
        return lane + row * self.writer.n_lanes

    def is_set(self, name: str, lane: Place) -> str:
        """Emit the test whether the bit of a lane is set; return the name of its result."""
        return self.writer.compare("ne", Whole(self.writer, name) >> lane & 1, 0)

    def count(self, place: int, more: int) -> None:
        """Emit the addition of `more` to one of the counts."""
        number = self.writer.load_whole("%counts", place)
        self.writer.store_whole("%counts", place, number + more)
