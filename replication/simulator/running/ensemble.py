"""Many networks: blocks of seeds in, outcomes out, in any order; and one network traced.

Compiled code releases Python's lock, so threads use all cores of one machine without copying. An
existing Dask cluster runs the same blocks.
"""

import contextlib
import functools
import math
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from replication.definition.fields import MAX_UPDATES, take_flag, take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.errors import UsageError, WorkerError
from replication.simulator.rule.declared import Shape
from replication.simulator.rule.network import Network, Rule
from replication.simulator.rule.observing import Observable, Observed, take_observed
from replication.simulator.rule.recirculation import find_network
from replication.simulator.rule.weights import MAX_SEED
from replication.simulator.running.backends import (
    check_backend,
    explain_loss,
    open_workers,
    take_jobs,
)
from replication.simulator.running.outcomes import Outcomes, Trace
from replication.simulator.running.starting import MOST_IN_MEMORY, Start, take_n_seeds, take_start
from replication.system import threads

if TYPE_CHECKING:
    from replication.simulator.running.engine import Engine, Trained

Array = NDArray[np.float64]
Range = tuple[int, int]
"""Seeds, from the first to one past the last."""

SEEDS_AT_ONCE = 20_000
"""Most networks in a piece: few enough to share out, and for their weights to stay near the
processor. Not fewer, since at the end of each piece some lanes wait for the last networks."""

BYTES_AT_ONCE = 2**25
"""Most bytes of initial weights in a piece, if that is fewer networks."""

LEAST_WEIGHTS = 2**17
"""Fewest weights in a piece that is worth a task of its own."""
LEAST_SEEDS = 8
"""Fewest networks in a piece, which is how many learn side by side."""


def cut_range(n_weights: int, start: int, end: int, *, workers: int = 1) -> list[Range]:
    """Cut [start, end) into pieces of equal size, of which the last one may be smaller.

    Each worker has at most one piece, unless pieces would be too large for that: then there are
    more. There are fewer pieces than workers where there is too little to share.
    """
    # A piece is at most what stays near the processor, and at least what is worth a task.
    largest = min(SEEDS_AT_ONCE, max(1, BYTES_AT_ONCE // (8 * n_weights)))
    smallest = max(LEAST_SEEDS, LEAST_WEIGHTS // n_weights)
    size = min(largest, max(smallest, -(-(end - start) // workers)))
    return [(first, min(first + size, end)) for first in range(start, end, size)]


def simulate(
    protocol: Protocol | str = PAPER,
    *,
    n_seeds: int | None = None,
    root_seed: int = 1988,
    jobs: int = -1,
    network: type[Network] | None = None,
    plain: bool = False,
    final_weights: bool = False,
    start: Outcomes | None = None,
    observe: Mapping[str, Observable] | None = None,
    scheduler: str | None = None,
) -> Outcomes:
    """Simulate the first networks of a root seed, in memory.

    Parameters
    ----------
    protocol : Protocol or str
        A protocol, or the name of a reading (`READINGS`); the paper's unless given.
    n_seeds : int, optional
        The number of networks, at least 1; their seeds are 0 to n_seeds - 1. Unless given, it is
        100, as in the paper, or the number of networks in `start`.
    root_seed : int
        From 0 to 2**63 - 1.
    jobs : int
        The number of threads; -1 for one a core. Outcomes do not depend on it.
    network : subclass of Network, optional
        A rule of one's own, in place of the protocol's. It is compiled, and checked against its
        own plain NumPy. The protocol gives it the criterion, the cap, the schedule and the width of
        the initial weights.
    plain : bool
        Whether to run the networks in plain NumPy, for a rule that cannot be compiled. It runs some
        ten networks a second, or one and fewer if the rule has loops.
    final_weights : bool
        Whether to keep the weights at the end, and the errors.
    start : Outcomes, optional
        Outcomes with final weights. Their networks go on as if they had never stopped, to a later
        cap or a lower threshold: updates and random numbers are counted on.
    observe : dict of str to method, function or str, optional
        What to note of every network at its end, by names of your own: ``{"angle": Mine.angle}``. A
        method of the rule, or a function of a network, which returns a number or a small array; of
        a method that takes a pattern too, or a pattern and its target, the mean over the patterns
        is noted. Or the name of an array, as ``"W"``, or ``"mean_loss"``: the rule's own error, or
        half the squared error, of a pattern on average.
    scheduler : str, optional
        The address of a Dask scheduler, ``tcp://HOST:PORT``, whose workers have this package.

    Returns
    -------
    Outcomes

    Raises
    ------
    UsageError
        If a rule cannot be compiled; the message names the line, and what to write instead.

    Examples
    --------
    >>> simulate(n_seeds=3).updates
    array([ 48, 103,  30], dtype=int32)
    >>> simulate("notebook", n_seeds=3).updates
    array([ 46, 102,  26], dtype=int32)
    """
    # All arguments are checked before anything is compiled or simulated.
    protocol = find_protocol(protocol)
    n_seeds = take_n_seeds(n_seeds, start)
    jobs = take_jobs(jobs)
    plain = take_flag("plain", plain)
    final = take_flag("final_weights", final_weights)
    if scheduler is not None:
        check_backend("dask", scheduler)
    going_on = None if start is None else _go_on(start, protocol, network, root_seed, scheduler)
    if network is not None and not plain:
        from replication.simulator.running.guard import check_rule  # which loads the compiler

        check_rule(network, protocol, root_seed)
    rule = Rule(find_network(protocol, network), protocol)
    observed = take_observed(rule, observe)
    shapes: dict[str, Shape] = {}
    if observed and not plain:
        from replication.simulator.running.engine import Engine
        from replication.simulator.running.guard import check_observed

        shapes = check_observed(Engine(protocol, network), observed, root_seed)
    if final or observed:
        n_observed = sum(math.prod(shape) for shape in shapes.values())
        _check_final_weights(rule, n_seeds, n_observed)
    # In plain NumPy workers take networks one by one; compiled ones are cut by `cut_range`.
    size = 1 if plain else n_seeds
    parts = simulate_ranges(
        protocol,
        root_seed,
        ((k, k + size) for k in range(0, n_seeds, size)),
        jobs=jobs,
        scheduler=scheduler,
        network=network,
        is_plain=plain,
        final=final,
        start=going_on,
        observed=observed,
    )
    return join(list(parts))


def _check_final_weights(rule: Rule, n_seeds: int, n_observed: int) -> None:
    """Refuse more final weights, or observed numbers, than fit in the memory."""
    # They are in memory twice: in the pieces, and joined. Each network also has an error.
    n_bytes = 2 * 8.0 * n_seeds * (sum(rule.sizes) + 1 + n_observed)
    what = f"the final weights of {n_seeds:,} networks with {sum(rule.sizes):,} numbers each"
    threads.check_memory(n_bytes, what, "give a lower n_seeds, or leave out final_weights")


def _go_on(
    start: Outcomes,
    protocol: Protocol,
    network: type[Network] | None,
    root_seed: int,
    scheduler: str | None,
) -> Start:
    """Return what networks continue from; refuse a cap that they have passed, and a cluster."""
    going_on = take_start(start, Rule(find_network(protocol, network), protocol), root_seed)
    latest = int(going_on.updates.max())
    if latest > protocol.max_updates:
        given = f"max_updates = {protocol.max_updates:,} was given"
        raise UsageError(f"{given}, and start has networks at {latest:,}; give a later cap")
    if scheduler is not None:
        raise UsageError("start was given with a scheduler; go on from it on this machine")
    return going_on


def trace(
    protocol: Protocol | str = PAPER,
    *,
    seed: int = 0,
    root_seed: int = 1988,
    n_updates: int | None = None,
    network: type[Network] | None = None,
    observe: Mapping[str, Observable] | None = None,
) -> Trace:
    """Trace the network with this seed: its errors, states and weights at every update.

    Parameters
    ----------
    protocol : Protocol or str
        A protocol, or the name of a reading; the paper's unless given.
    seed, root_seed : int
        Both at least 0.
    n_updates : int, optional
        The number of updates to trace, whether the criterion is met or not. Unless given, the trace
        ends at the network's outcome.
    network : subclass of Network, optional
        A rule of one's own, in place of the protocol's.
    observe : dict of str to method, function or str, optional
        What to note at every update, as for `simulate`: with the weights as they are before it.

    Returns
    -------
    Trace

    Examples
    --------
    >>> trace(seed=1, n_updates=10).errors.shape
    (11,)
    """
    protocol = find_protocol(protocol)
    seed = take_whole("seed", seed, 0, MAX_SEED)
    if n_updates is not None:
        n_updates = take_whole("n_updates", n_updates, 0, MAX_UPDATES)
    from replication.simulator.running.engine import Engine, find_program
    from replication.simulator.running.guard import check_observed, check_rule

    if network is not None:
        check_rule(network, protocol, root_seed)
    engine = Engine(protocol, network)
    rule = engine.rule
    observed = take_observed(rule, observe)
    shapes = check_observed(engine, observed, root_seed) if observed else {}
    initial = rule.draw(root_seed, seed, seed + 1)

    def train(_: None) -> int:
        """Return how many updates the network takes."""
        return int(engine.train(initial, root_seed=root_seed, first_seed=seed).updates[0])

    def record(n_updates: int) -> NDArray[np.float64]:
        """Return all numbers of the network after each update, (n_updates + 1, n_all)."""
        moments = range(n_updates + 1)
        recorded = engine.record(initial, moments, root_seed=root_seed, first_seed=seed)
        return np.ascontiguousarray(recorded[0])

    # Training and recording run in a thread, which Ctrl-C can stop.
    if n_updates is None:
        (n_updates,) = threads.map_in_threads(train, [None], jobs=1)
    # At each moment: all numbers of the network, its hidden states, its images and its error.
    outputs = [shape for _, shape in find_program("states", rule).outputs]
    n_measured = 1 + sum(math.prod(shape) for shape in (*outputs, *shapes.values()))
    n_bytes = 8.0 * (n_updates + 1) * (sum(rule.sizes) + n_measured)
    what = f"{n_updates:,} traced updates"
    advice = "give a lower n_updates or max_updates"
    threads.check_memory(n_bytes, what, advice)
    (recorded,) = threads.map_in_threads(record, [n_updates], jobs=1)
    # Each moment is measured as if it were a network of its own.
    measured = engine.evaluate(recorded)
    return Trace(
        protocol=protocol,
        shapes=rule.shapes,
        errors=measured.error,
        hidden=measured.hidden,
        reconstructions=measured.reconstruction,
        weights=recorded[:, : rule.sizes[0]],
        observed=engine.observe(recorded, observed)[1] if observed else {},
    )


def draw_initial_weights(
    protocol: Protocol | str = PAPER,
    *,
    n_seeds: int = 100,
    root_seed: int = 1988,
    network: type[Network] | None = None,
) -> NDArray[np.float64]:
    """Draw the weights that the first networks of a root seed start from.

    Parameters
    ----------
    protocol, n_seeds, root_seed, network : Protocol or str, int, int, subclass of Network
        As for `simulate`.

    Returns
    -------
    float64 array, shape (n_seeds, n_weights)
        Flat, in the order of a trace, and then the fixed arrays of the rule; `from_weights` of the
        network takes a row.

    Examples
    --------
    >>> draw_initial_weights(n_seeds=2).round(2)[:, :4].tolist()
    [[-0.46, 0.19, 0.32, -0.02], [0.08, -0.33, 0.07, 0.11]]
    """
    protocol = find_protocol(protocol)
    n_seeds = take_whole("n_seeds", n_seeds, 1, MOST_IN_MEMORY)
    return Rule(find_network(protocol, network), protocol).draw(root_seed, 0, n_seeds)


def simulate_range(
    protocol: Protocol,
    root_seed: int,
    seeds: Range,
    *,
    network: type[Network] | None = None,
    is_plain: bool = False,
    final: bool = False,
    engine: "Engine | None" = None,
    start: Start | None = None,
    observed: Sequence[Observed] = (),
) -> Outcomes:
    """Simulate the networks of some seeds, which continue from a `start` if it is given.

    An `engine` may be given if one is compiled already.
    """
    if is_plain:
        rule = find_network(protocol, network)
        return _simulate_plain(
            rule, protocol, root_seed, seeds, final=final, start=start, observed=observed
        )
    from replication.simulator.running.engine import Engine  # which loads the compiler

    if engine is None:
        engine = Engine(protocol, network)
    # All networks in one call: a row of weights for each.
    begun = None
    if start is None:
        rows = engine.rule.draw(root_seed, *seeds)
    else:
        rows, begun = start.get(seeds)
    first = seeds[0]
    needs_end = final or bool(observed)
    trained = engine.train(
        rows, root_seed=root_seed, first_seed=first, final=needs_end, begun=begun
    )
    updates = trained.updates.astype(np.int32)
    weights = trained.final
    errors = None
    values: dict[str, Array] = {}
    if weights is not None:
        errors, values = engine.observe(weights, observed)
    if not final:
        weights = errors = None
    return Outcomes(first, updates, trained.converged, weights, errors, root_seed, values)


def _simulate_plain(
    network: type[Network],
    protocol: Protocol,
    root_seed: int,
    seeds: Range,
    *,
    final: bool,
    start: Start | None,
    observed: Sequence[Observed],
) -> Outcomes:
    """Simulate the networks of some seeds in plain NumPy, one by one."""
    networks = [
        network.from_seed(seed, root_seed=root_seed, protocol=protocol) for seed in range(*seeds)
    ]
    if start is not None:
        for each, row, n_updates in zip(networks, *start.get(seeds), strict=True):
            each.go_on(row, n_updates)
    outcomes = [each.train() for each in networks]
    updates = np.array([n_updates for n_updates, _ in outcomes], dtype=np.int32)
    converged = np.array([has_converged for _, has_converged in outcomes])
    weights = None
    errors = None
    if final:
        weights = np.array([each.flatten() for each in networks])
        errors = np.array([each.error() for each in networks])
    values = {}
    for observable in observed:
        values[observable.name] = np.array([observable.measure(each) for each in networks])
    return Outcomes(seeds[0], updates, converged, weights, errors, root_seed, values)


class Pieces:
    """Cuts ranges of seeds into pieces, and joins the outcomes of the pieces as they come."""

    def __init__(self, n_weights: int, n_workers: int) -> None:
        self._n_weights = n_weights
        self._n_workers = n_workers
        self._parts: dict[Range, list[Outcomes]] = {}  # the outcomes so far of each range

    def cut(self, ranges: Iterable[Range]) -> Iterator[Range]:
        """Yield the pieces of all ranges; a range is asked for only when its first piece is."""
        for pair in ranges:
            self._parts[pair] = []
            yield from cut_range(self._n_weights, *pair, workers=self._n_workers)

    def add(self, outcomes: Outcomes) -> Outcomes | None:
        """Take the outcomes of a piece; return those of its whole range if this was the last."""
        start, stop = self._find_range(outcomes.start)
        parts = self._parts[start, stop]
        parts.append(outcomes)
        if sum(map(len, parts)) < stop - start:
            return None
        del self._parts[start, stop]
        return join(parts)

    def _find_range(self, seed: int) -> Range:
        """Return the range that a seed is in."""
        # A copy of the keys, since other threads may add ranges meanwhile.
        for start, stop in [*self._parts]:
            if start <= seed < stop:
                return start, stop
        raise AssertionError(f"seed {seed} is in no range that was cut")


def simulate_ranges(
    protocol: Protocol,
    root_seed: int,
    ranges: Iterable[Range],
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    network: type[Network] | None = None,
    is_plain: bool = False,
    final: bool = False,
    start: Start | None = None,
    observed: Sequence[Observed] = (),
) -> Generator[Outcomes]:
    """Simulate ranges (start, stop) of seeds in parallel; yield each as soon as it is finished.

    They run in threads, or on the cluster of a Dask scheduler. All workers share each range. A
    range is asked for only shortly before it is started, and ranges are finished in any order.
    When the caller stops iterating, what is running is stopped and thrown away.
    Raises WorkerError if a worker ran out of memory, or if a cluster does not answer, lacks
    something, is lost, or has finished nothing for `SECONDS_OF_PATIENCE`.
    """
    engine = None
    if scheduler is None and not is_plain:
        from replication.simulator.running.engine import Engine  # which loads the compiler

        engine = Engine(protocol, network)  # compiled once, for all threads
    # A worker of a cluster compiles for itself: compiled code cannot be sent.
    work = functools.partial(
        simulate_range,
        protocol,
        root_seed,
        network=network,
        is_plain=is_plain,
        final=final,
        engine=engine,
        start=start,
        observed=observed,
    )
    n_weights = protocol.n_weights
    if network is not None:
        n_weights = sum(Rule(network, protocol).sizes)
    advice = "start it again, then run the same command again"
    with open_workers(scheduler, jobs) as (n_workers, run):
        pieces = Pieces(n_weights, n_workers)
        results = run(work, pieces.cut(ranges))
        try:
            with contextlib.closing(results), explain_loss(scheduler, "simulate_range", advice):
                for outcomes in results:
                    whole = pieces.add(outcomes)
                    if whole is not None:
                        yield whole
        except MemoryError:
            raise WorkerError(
                "a worker ran out of memory: give fewer jobs, fewer networks at once, or more "
                "memory"
            ) from None


def join(parts: list[Outcomes]) -> Outcomes:
    """Join the outcomes of parts that together have all seeds from the first to the last."""
    # Parts come in the order in which they were finished.
    parts = sorted(parts, key=lambda part: part.start)
    first = parts[0]
    return Outcomes(
        start=first.start,
        updates=np.concatenate([part.updates for part in parts]),
        converged=np.concatenate([part.converged for part in parts]),
        weights=_join_arrays([part.weights for part in parts]),
        errors=_join_arrays([part.errors for part in parts]),
        root_seed=first.root_seed,
        observed={name: _join_observed(name, parts) for name in first.observed},
    )


def _join_observed(name: str, parts: Sequence[Outcomes]) -> Array:
    """Join what was observed in parts; refuse a value whose shape is not always the same."""
    values = [part.observed[name] for part in parts]
    shapes = {each.shape[1:] for each in values}
    if len(shapes) > 1:
        given = " and ".join(map(str, sorted(shapes)))
        raise UsageError(f"observe[{name!r}] has the shapes {given}; give one shape always")
    return np.concatenate(values)


def _join_arrays(arrays: Sequence[Array | None]) -> Array | None:
    """Join arrays into one; return None if they were not asked for, so that all are None."""
    given = [array for array in arrays if array is not None]
    return np.concatenate(given) if given else None


def simulate_weights(
    protocol: Protocol,
    weights: NDArray[np.float64],
    *,
    jobs: int = 1,
    network: type[Network] | None = None,
    root_seed: int = 0,
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.float64]]:
    """Simulate networks from initial `weights` (n, n_weights), in parallel.

    Each row holds the weights of a network and then its fixed arrays; n_weights counts both. The
    random numbers of a network depend on the place of its row and on the root seed. `network` is
    the protocol's unless given.
    Returns updates (n,), whether they converged (n,), and the rows at the end (n, n_weights).
    """
    from replication.simulator.running.engine import Engine

    engine = Engine(protocol, network)
    n_columns = engine.rule.row_sizes[0]  # of weights and fixed arrays
    # Each worker reads some of the rows, which are not copied.
    pieces = cut_range(weights.shape[-1], 0, len(weights), workers=threads.count_workers(jobs))

    def run(piece: Range) -> "Trained":
        begin, end = piece
        return engine.train(weights[begin:end], root_seed=root_seed, first_seed=begin, final=True)

    trained = threads.map_in_threads(run, pieces or [(0, 0)], jobs=jobs)
    updates = np.concatenate([each.updates for each in trained])
    converged = np.concatenate([each.converged for each in trained])
    finals = [each.final[:, :n_columns] for each in trained if each.final is not None]
    return updates.astype(np.int32), converged, np.concatenate(finals)
