"""Rules and weights in, outcomes out: a rule is compiled, and run for many networks.

Compiling takes a fraction of a second, and nothing that is compiled is kept on disk.
"""

import copy
import functools
import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.simulator.compiler.fingerprint import fingerprint, list_methods, neutralise
from replication.simulator.compiler.machine import choose_processor, compile_text
from replication.simulator.compiler.programs import (
    NETWORK,
    ROOT_SEED,
    Program,
    write_observe,
    write_states,
    write_watch,
)
from replication.simulator.compiler.training import write_train
from replication.simulator.rule.network import Network, Rule
from replication.simulator.rule.observing import Observed
from replication.simulator.rule.recirculation import find_network
from replication.simulator.running.recording import Recorder
from replication.system.threads import Stopped, find_flag, map_in_threads

Array = NDArray[np.float64]

N_LANES = 8
"""Networks side by side; outcomes do not depend on it."""
BYTES_AT_ONCE = 2**25
"""Most bytes of strips while networks are measured, if one strip fits in them."""
PAGE = 4096
"""Strips begin at multiples of so many bytes, so that speed does not depend on where they lie."""


class Trained(NamedTuple):
    """Networks that have learnt."""

    updates: NDArray[np.int64]  # (n,)
    converged: NDArray[np.bool_]  # whether the criterion was met, (n,)
    final: Array | None  # their weights, fixed arrays and what is kept, if asked for


class Evaluation(NamedTuple):
    """The states, images and errors of networks, as their weights stand."""

    hidden: list[Array]  # states of the first pass, (n, n_patterns, n_units) for each hidden group
    reconstruction: Array  # with zero regression, (n, n_patterns, n_visible)
    error: Array  # the protocol's criterion, (n,)


class Engine:
    """A rule, compiled for the networks of a protocol; it may be used in several threads."""

    def __init__(self, protocol: Protocol, network: type[Network] | None = None) -> None:
        self.rule = Rule(find_network(protocol, network), protocol)
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The program that trains, written when it is first asked for."""
        # No cached property: its lock in Python 3.11 would hang where a rule runs `simulate`.
        if self._program is None:
            self._program = find_program("train", self.rule)
        return self._program

    def share(self, rule: Rule) -> Self:
        """Return an engine with the same programs for a rule that differs in its numbers alone."""
        other = copy.copy(self)
        other.rule = rule
        return other

    def train(
        self,
        weights: Array,
        *,
        root_seed: int = 0,
        first_seed: int = 0,
        final: bool = False,
        threshold: Any = None,
        max_updates: int | None = None,
        begun: NDArray[np.int64] | None = None,
        watched: Sequence[int] = (0, 0, 0),
    ) -> Trained:
        """Train networks from initial weights (n, ...) until the criterion or the cap.

        Parameters
        ----------
        weights : float64 array
            A row for each network, with or without what is kept.
        root_seed, first_seed : int
            What random numbers depend on; the networks have the seeds from `first_seed` on.
        final : bool
            Whether to return the weights at the end.
        threshold : float or float64 array, optional
            A threshold in place of the protocol's, or an array with one for each lane.
        max_updates : int, optional
            A cap in place of the protocol's.
        begun : int64 array, shape (n,), optional
            Updates that networks have made already; results and the cap include them.
        watched : tuple of int
            The `addresses` of `Watchers` or a `Recorder`, which measure networks meanwhile.

        Raises
        ------
        Stopped
            If another thread has set the flag of this work.
        """
        rule = self.rule
        program = self.program
        drawn, kept = rule.split(_take_weights(weights))  # (n, n_drawn), (n, n_kept)
        n = len(drawn)
        if threshold is None:
            threshold = rule.protocol.threshold
        if max_updates is None:
            max_updates = rule.protocol.max_updates
        if begun is None:
            begun = np.zeros(n, dtype=np.int64)
        # Results that the compiled code writes.
        updates = np.zeros(n, dtype=np.int64)
        converged = np.zeros(n, dtype=np.int64)
        last = np.zeros((n, program.n_all)) if final else None
        # What it works with: memory, which network is in which lane, counts, and a flag.
        strip = prepare_strips(program, rule, 1, threshold)
        lanes = allocate(4, N_LANES).view(np.int64)
        lanes[NETWORK] = -1
        lanes[ROOT_SEED] = np.array(root_seed, dtype=np.uint64).view(np.int64)
        counts = np.zeros(3, dtype=np.int64)
        stop = find_flag()
        run = compile_text(program.text, "train", *choose_processor())
        # In the order of `JOB`: addresses, 0 for a null pointer, and then numbers.
        inputs = (program.data, strip, lanes, counts, drawn, kept)
        outputs = (updates, converged, last, stop, begun)
        addresses = [0 if array is None else array.ctypes.data for array in (*inputs, *outputs)]
        strides = drawn.strides[0] // 8, kept.strides[0] // 8
        run(*addresses, *watched, first_seed, *strides, n, max_updates)
        if stop[0]:
            raise Stopped
        return Trained(updates, converged.astype(np.bool_), last)

    def record(
        self, weights: Array, updates: Sequence[int], *, root_seed: int = 0, first_seed: int = 0
    ) -> Array:
        """Return all numbers of networks after chosen updates, (n, n_moments, n_all).

        `updates` are in rising order; neither criterion nor cap ends learning.
        """
        recorder = Recorder(self.program.n_all, N_LANES, updates, len(weights))
        # No error is below minus infinity, so all updates are made.
        self.train(
            weights,
            root_seed=root_seed,
            first_seed=first_seed,
            threshold=-np.inf,
            max_updates=updates[-1],
            watched=recorder.addresses,
        )
        return np.ascontiguousarray(recorder.numbers.swapaxes(0, 1))

    def evaluate(self, weights: Array) -> Evaluation:
        """Measure networks of `weights` (n, ...): states, reconstruction and error."""
        # The compiled code has patterns on the last axis, callers have units there.
        states = self.measure(find_program("states", self.rule), weights)
        *hidden, image = [np.moveaxis(state, -1, 1) for state in states]  # (n, pattern, unit)
        error, _ = self.observe(weights)
        return Evaluation(hidden, image, error)

    def observe(
        self, weights: Array, observed: Sequence[Observed] = ()
    ) -> tuple[Array, dict[str, Array]]:
        """Return the errors of networks, (n,), and what is observed of them by name, (n, ...)."""
        program = find_program("observe", self.rule, observed)
        error, *values = self.measure(program, weights)
        return error, {each.name: x for each, x in zip(observed, values, strict=True)}

    def measure(self, program: Program, weights: Array) -> list[Array]:
        """Return each output of a program that measures networks, (n, ...)."""
        drawn, kept = self.rule.split(_take_weights(weights))  # (n, n_drawn), (n, n_kept)
        n = len(drawn)
        n_rows = program.n_rows
        run = compile_text(program.text, "evaluate", *choose_processor())
        # The outputs of all networks, some strips at a time.
        outputs = [np.empty((n, *shape)) for _, shape in program.outputs]
        n_strips = max(1, min(BYTES_AT_ONCE // (8 * n_rows * N_LANES), -(-n // N_LANES)))
        for begin in range(0, n, n_strips * N_LANES):
            part = slice(begin, begin + n_strips * N_LANES)
            strips = prepare_strips(program, self.rule, n_strips)
            # Lanes of the last strip that are left over have some networks again.
            rows = np.hstack([drawn[part], kept[part]])
            filled = np.resize(rows, (n_strips, N_LANES, program.n_all))
            # From a row for each network to a column (lane) for each.
            strips[:, : program.n_all] = filled.swapaxes(1, 2)
            run(program.data.ctypes.data, strips.ctypes.data, n_strips, n_rows)
            for target, (first, shape) in zip(outputs, program.outputs, strict=True):
                lanes = strips[:, first : first + math.prod(shape)].swapaxes(1, 2)
                target[part] = lanes.reshape(-1, *shape)[: len(rows)]
        return outputs


def _take_weights(given: Any) -> Array:
    """Return weights as the compiled code can read them: without a copy, if possible.

    A copy would take a tenth of a short run. Rows need not follow one another in memory, as drawn
    ones do not, but their distance must be a multiple of 8 bytes, the size of a number.
    """
    weights = np.asarray(given, dtype=np.float64)
    is_aligned = weights.flags.aligned and all(step % 8 == 0 for step in weights.strides)
    is_readable = weights.ndim == 2 and weights.strides[1] == weights.itemsize and is_aligned
    return weights if is_readable else np.ascontiguousarray(weights)


def record_weights(
    protocol: Protocol,
    weights: Array,
    updates: Sequence[int],
    *,
    network: type[Network] | None = None,
) -> Array:
    """Return the weights of networks after chosen updates, (n, n_moments, n_weights).

    Networks start from `weights` (n, n_weights), which may have columns of fixed arrays, too. The
    updates are in rising order; neither criterion nor cap ends learning.
    """
    engine = Engine(protocol, network)
    # In a thread, which Ctrl-C can stop.
    (recorded,) = map_in_threads(lambda _: engine.record(weights, updates), [None], jobs=1)
    n_columns = weights.shape[1]
    return recorded if recorded.shape[2] == n_columns else recorded[:, :, :n_columns]


def evaluate_networks(protocol: Protocol, weights: Array) -> Evaluation:
    """Measure networks of `weights` (n, n_weights): states, reconstruction and error."""
    return Engine(protocol).evaluate(weights)


def prepare_strips(program: Program, rule: Rule, n_strips: int, threshold: Any = 0.0) -> Array:
    """Return strips (n_strips, n_rows, n_lanes) that hold the rule's numbers.

    The threshold is one number, or one for each lane.
    """
    strips = allocate(n_strips * program.n_rows, N_LANES).reshape(n_strips, -1, N_LANES)
    strips[:, program.threshold] = threshold
    for name, row in program.given.items():
        strips[:, row] = rule.numbers[name]
    return strips


def allocate(n_rows: int, n_lanes: int) -> Array:
    """Return zeros of shape (n_rows, n_lanes) whose memory begins at a page."""
    size = n_rows * n_lanes
    memory = np.zeros(size + PAGE // 8)
    # NumPy may begin an array anywhere, so its first numbers are skipped up to a page.
    skipped = -memory.ctypes.data % PAGE // 8
    return memory[skipped : skipped + size].reshape(n_rows, n_lanes)


WRITERS: dict[str, Callable[..., Program]] = {
    "train": write_train,
    "states": write_states,
    "observe": write_observe,
    "watch": write_watch,
}
"""The function that writes a program of each kind."""

OWN_PROGRAMS: dict[Any, Program] = {}
"""Programs of users' rules, and of held-out patterns, by all that decides them."""
MOST_OWN_PROGRAMS = 48
"""Most programs that are remembered; when there are so many, all are forgotten."""


def find_program(kind: str, rule: Rule, observed: Sequence[Observed] = ()) -> Program:
    """Return a program of a kind (`WRITERS`); one serves all values of a rule's numbers.

    A program that observes functions of a user's is written each time.
    """
    n_at_once = count_at_once()
    if observed:
        return WRITERS[kind](rule, N_LANES, n_at_once, observed)
    # A class that `exec` made may have no module.
    network: Any = rule.network
    is_ours = str(getattr(network, "__module__", "")).startswith("replication.")
    if not is_ours or rule.patterns is not rule.learnt[0]:
        return _find_by_content(kind, rule, n_at_once)
    protocol = neutralise(network, rule.protocol)
    return _write(kind, network, protocol, n_at_once, list_methods(network))


def _find_by_content(kind: str, rule: Rule, n_at_once: int) -> Program:
    """Return a program of a user's rule, or of a rule that is shown held-out patterns.

    Its key has all that decides the program, because a user may have changed the class since the
    last call.
    """
    data = hashlib.sha256(rule.patterns.tobytes() + rule.targets.tobytes())
    shapes = rule.patterns.shape, rule.targets.shape, rule.has_targets
    arrays = tuple(rule.all_shapes.items()), tuple(rule.sums.items()), tuple(rule.numbers)
    computed = kind, n_at_once, rule.protocol, rule.name, fingerprint(rule)
    key = computed, data.hexdigest(), shapes, arrays
    if key not in OWN_PROGRAMS:
        program = WRITERS[kind](rule, N_LANES, n_at_once)
        if len(OWN_PROGRAMS) >= MOST_OWN_PROGRAMS:
            OWN_PROGRAMS.clear()
        OWN_PROGRAMS[key] = program
        return program
    return OWN_PROGRAMS[key]


def count_at_once() -> int:
    """Return how many sums of units, and of patterns, the registers hold side by side."""
    # With AVX-512, 32 registers are enough for 4 by 4 sums of eight lanes each. The 16 narrower
    # registers of other processors are enough for 2 by 2.
    return 4 if "+avx512f" in choose_processor()[1] else 2


@functools.lru_cache(maxsize=256)
def _write(
    kind: str,
    network: type[Network],
    protocol: Protocol,
    n_at_once: int,
    methods: tuple[Any, ...],  # noqa: ARG001  # a part of the key: a method may be replaced
) -> Program:
    """Return a program of one of our own rules; the last ones are remembered."""
    return WRITERS[kind](Rule(network, protocol), N_LANES, n_at_once)
