"""Networks measured while they learn: seeds and a grid of numbers in, learning curves out.

A rule is compiled and checked once. The compiled code that learns calls the compiled code that
measures (`watching.py`), so a curve costs little more than its measurements.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.definition.fields import MAX_UPDATES, take_flag, take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol, from_plain
from replication.errors import UsageError
from replication.simulator.rule.network import Network, Rule
from replication.simulator.rule.observing import Observable, Observed, take_observed
from replication.simulator.rule.recirculation import find_network
from replication.simulator.rule.weights import MAX_ROOT_SEED, compute_variation, take_numbers
from replication.simulator.running.backends import (
    check_backend,
    explain_loss,
    open_workers,
    take_jobs,
)
from replication.simulator.running.curves import Curves, Measured
from replication.simulator.running.ensemble import Range, cut_range
from replication.simulator.running.outcomes import Outcomes
from replication.simulator.running.starting import Start, take_n_seeds, take_start
from replication.system import threads
from replication.wording import plural, show

if TYPE_CHECKING:
    from replication.simulator.running.engine import Engine

Array = NDArray[np.float64]
Choice = dict[str, float]
"""A value for each number of a rule that the user gave values for."""
Piece = tuple[int, Range]
"""A part of the work: the index of a choice of numbers, and a range of seeds."""
Test = tuple[Array, Array | None]
"""Patterns that are held out, and their targets if the rule has any."""

MOST_CHOICES = 100_000
MOST_MOMENTS = 1_000_000
"""Most updates at which networks are measured."""
ENDING = {"threshold", "max_updates"}
"""Fields of a protocol that end learning in `simulate`, but not where curves are measured."""
BYTES_AT_ONCE = 2**25
"""Most bytes of measurements in one piece."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is to be measured. A plan can be sent to the workers of a cluster."""

    protocol: Protocol
    network: type[Network]
    choices: list[Choice]
    updates: list[int]
    root_seed: int
    test: Test | None
    start: Start | None
    is_final: bool
    observed: list[Observed]

    def make_rules(self) -> list[Rule]:
        """Return the rule of each choice."""
        base = Rule(self.network, self.protocol)
        return [choose_numbers(base, chosen) for chosen in self.choices]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class MeasuredPiece:
    """What was measured in a piece: of the patterns that are learnt, and of those held out."""

    piece: Piece
    errors: list[Measured]  # (update, network)
    accuracies: list[Measured]  # (update, network)
    observed: dict[str, Array]  # (update, network, ...)
    weights: Array | None  # at the end


def simulate_curves(
    protocol: Protocol | str = PAPER,
    *,
    updates: Iterable[int],
    network: type[Network] | None = None,
    numbers: Mapping[str, Sequence[float]] | None = None,
    test_patterns: ArrayLike | None = None,
    test_targets: ArrayLike | None = None,
    n_seeds: int | None = None,
    root_seed: int = 1988,
    jobs: int = -1,
    start: Curves | Outcomes | None = None,
    final_weights: bool = False,
    observe: Mapping[str, Observable] | None = None,
    scheduler: str | None = None,
) -> Curves:
    """Simulate the first networks of a root seed, and measure them at some of their updates.

    All networks learn up to the last of these updates: neither criterion nor cap ends that.

    Parameters
    ----------
    protocol : Protocol or str
        A protocol, or the name of a reading; the paper's unless given. Its criterion is measured.
    updates : iterable of int
        The numbers of updates after which networks are measured, from 0 on. With minibatches, and
        where weights change after each pattern, an update is a sweep of all patterns: an epoch.
    network : subclass of Network, optional
        A rule of one's own, compiled and checked once.
    numbers : dict of str to sequence of float, optional
        Values for numbers of the rule, such as ``{"rate": [0.1, 0.3]}``; for the rules of a
        protocol, also for its fields, such as ``{"learning_rate": [5, 10, 20]}``. All combinations
        are simulated, from the same seeds.
    test_patterns : array_like, shape (n, n_inputs), optional
        Patterns that are held out: they are measured, and not learnt.
    test_targets : array_like, shape (n, n_outputs), optional
        Their targets, if the rule has targets.
    n_seeds : int, optional
        The number of networks for each choice of numbers. Unless given, it is 100, or the number
        of networks in `start`.
    root_seed, jobs, scheduler : int, int, str
        As for `simulate`.
    start : Curves or Outcomes, optional
        A result with final weights. Its networks go on as if they had never stopped.
    final_weights : bool
        Whether to keep the weights at the last update.
    observe : dict of str to method, function or str, optional
        What to note of every network at these updates, as for `simulate`: with the weights as they
        are after so many updates, before the next one. Weights by their names, ``{"W": "W"}``, too.

    Returns
    -------
    Curves

    Raises
    ------
    UsageError
        If a rule cannot be compiled, numbers change what is compiled, or the curves need more
        memory than there is.

    Examples
    --------
    >>> rates = {"learning_rate": [5.0, 20.0]}
    >>> curves = simulate_curves(updates=range(0, 101, 20), numbers=rates, n_seeds=500)
    >>> curves.find_best()
    {'learning_rate': 20.0}
    """
    # All arguments are checked before anything is compiled or simulated.
    base = Rule(find_network(find_protocol(protocol), network), protocol)
    n_seeds = take_n_seeds(n_seeds, start)
    jobs = take_jobs(jobs)
    if scheduler is not None:
        check_backend("dask", scheduler)
    choices = take_grid(numbers)
    # A class that declares the first choice as its own numbers is compiled, since a rule may do
    # more with a number than read it. It is refused if the other choices are compiled otherwise.
    first = declare_numbers(choose_numbers(base, choices[0]), choices[0])
    plan = Plan(
        protocol=first.protocol,
        network=first.network,
        choices=choices,
        updates=_take_updates(updates),
        root_seed=take_whole("root_seed", root_seed, 0, MAX_ROOT_SEED),
        test=_take_test(test_patterns, test_targets),
        start=None,
        is_final=take_flag("final_weights", final_weights),
        observed=take_observed(first, observe),
    )
    rules = plan.make_rules()
    if start is not None:
        plan = dataclasses.replace(plan, start=_go_on(start, plan, rules[0]))
    watched = list_watched(rules[0], plan.test)
    _check_memory(plan, n_seeds, watched, 0)
    from replication.simulator.running.engine import Engine  # which loads the compiler
    from replication.simulator.running.guard import check_observed, check_rule

    engine = Engine(plan.protocol, plan.network).share(rules[0])
    if network is not None:
        check_rule(plan.network, plan.protocol, plan.root_seed, engine=engine)
    if plan.observed:
        shapes = check_observed(engine, plan.observed, plan.root_seed)
        n_observed = sum(math.prod(shape) for shape in shapes.values())
        _check_memory(plan, n_seeds, watched, n_observed)
    compiled = None
    if scheduler is None:
        compiled = Compiled(plan, rules, engine)
    return _simulate(plan, compiled, watched, n_seeds, jobs=jobs, scheduler=scheduler)


def _simulate(
    plan: Plan,
    compiled: Compiled | None,
    watched: list[Rule],
    n_seeds: int,
    *,
    jobs: int,
    scheduler: str | None,
) -> Curves:
    """Return the curves of all choices and seeds, which are simulated piece by piece."""
    shape = len(plan.choices), n_seeds, len(plan.updates)
    # Of the patterns that are learnt, and of those that are held out.
    errors: list[Measured] = []
    accuracies: list[Measured | None] = []
    for rule in watched:
        errors.append(np.empty(shape, dtype=np.float32))
        accuracies.append(np.empty(shape, dtype=np.float32) if rule.has_classes else None)
    observed: dict[str, Array] = {}
    weights = None
    if plan.is_final:
        weights = np.empty((*shape[:2], sum(watched[0].sizes)))
    work = functools.partial(simulate_piece, plan, compiled)
    advice = "start it again, or leave out scheduler to use this machine"
    with (
        explain_loss(scheduler, "simulate_piece", advice),
        open_workers(scheduler, jobs) as (n_workers, run),
    ):
        pieces = _cut(plan, watched[0], n_seeds, len(watched), n_workers)
        for measured in run(work, pieces):
            choice, seeds = measured.piece
            part = choice, slice(*seeds)
            for all_errors, some in zip(errors, measured.errors, strict=True):
                all_errors[part] = some.T
            for all_shares, some in zip(accuracies, measured.accuracies, strict=True):
                if all_shares is not None:
                    all_shares[part] = some.T
            for name, some in measured.observed.items():  # (update, network, ...)
                whole = observed.setdefault(name, np.empty((*shape, *some.shape[2:])))
                whole[part] = some.swapaxes(0, 1)
            if weights is not None:
                weights[part] = measured.weights
    has_test = len(watched) > 1
    return Curves(
        rule=plan.network.__name__,
        numbers=plan.choices,
        updates=np.array(plan.updates, dtype=np.int64),
        error=errors[0],
        test_error=errors[1] if has_test else None,
        accuracy=accuracies[0],
        test_accuracy=accuracies[1] if has_test else None,
        weights=weights,
        root_seed=plan.root_seed,
        observed=observed,
        criterion=name_criterion(watched[0]),
        is_epoch=not watched[0].is_one_batch,
    )


def name_criterion(rule: Rule) -> str:
    """Return what a figure calls the error of a rule."""
    if rule.network.pattern_error is not Network.pattern_error:
        return "error by the rule's own criterion"
    return f"error ({rule.protocol.criterion})"


class Compiled:
    """What is compiled for all pieces of a plan, for use in several threads."""

    def __init__(self, plan: Plan, rules: list[Rule], engine: Engine) -> None:
        """Compile a plan, or refuse it if its choices of numbers need programs of their own."""
        from replication.simulator.running.watching import Watch  # which loads the compiler

        self.rules = rules
        self.engine = engine
        self.engine.program  # noqa: B018  # written here, once
        if not are_compiled_alike(rules, plan.choices):
            raise UsageError(
                f"{rules[0].name} is compiled anew for other values of "
                f"{', '.join(plan.choices[0])}; read a number as self.rate, not in `prepare` or as "
                "self.numbers['rate'], or call simulate_curves for each value"
            )
        learnt, *held_out = list_watched(self.rules[0], plan.test)
        self.watches = [Watch(learnt, plan.observed), *map(Watch, held_out)]
        self._is_shared = start_alike(rules)
        self._drawn: tuple[Range, Array] | None = None  # the seeds drawn last, and their weights

    def draw(self, rule: Rule, root_seed: int, seeds: Range) -> Array:
        """Draw the initial weights of some seeds.

        The choices of numbers are simulated one after the other for the same seeds. If all start
        from the same weights, these are drawn once.
        """
        # Read once, because another thread may replace it at any time.
        drawn = self._drawn
        if self._is_shared and drawn is not None:
            drawn_seeds, drawn_rows = drawn
            if drawn_seeds == seeds:
                return drawn_rows
        rows = rule.draw(root_seed, *seeds)
        self._drawn = seeds, rows
        return rows


def start_alike(rules: list[Rule]) -> bool:
    """Return whether rules that differ only in their numbers draw the same initial weights.

    They do if the class inherits `draw`, since a `draw` of its own may read the numbers, and if
    all have one protocol.
    """
    # `choose_numbers` makes a new protocol only for a choice of the protocol's own fields.
    network = rules[0].network
    is_inherited = network.draw.__func__ is Network.draw.__func__  # type: ignore[attr-defined]
    return is_inherited and all(rule.protocol is rules[0].protocol for rule in rules)


def are_compiled_alike(rules: list[Rule], choices: list[Choice]) -> bool:
    """Return whether one program serves all rules, which differ only in their numbers."""
    from replication.simulator.compiler import fingerprint  # which loads the compiler

    network = rules[0].network
    protocol = fingerprint.neutralise(network, rules[0].protocol)
    for rule in rules[1:]:
        if fingerprint.neutralise(network, rule.protocol) != protocol:
            return False
    # Rule k has other numbers than the first. If the class only reads them, both have the same
    # graph. If it branches on them, their graphs differ.
    k = choices.index(find_other(choices))
    if k == 0:  # the first choice itself: no number has a second value
        return True
    other = declare_numbers(rules[k], choices[k])
    return fingerprint.fingerprint(rules[0]) == fingerprint.fingerprint(other)


def find_other(choices: list[Choice]) -> Choice:
    """Return a choice that differs from the first one in every number with several values.

    >>> find_other(take_grid({"rate": [1.0, 2.0, 3.0], "noise": [0.0], "decay": [0.1, 0.2]}))
    {'rate': 2.0, 'noise': 0.0, 'decay': 0.2}
    """
    first = choices[0]
    other = dict(first)
    for chosen in choices:
        for name, value in chosen.items():
            if other[name] == first[name]:
                other[name] = value
    return other


def declare_numbers(rule: Rule, chosen: Choice) -> Rule:
    """Return the rule of a new subclass that declares the chosen numbers."""
    network = rule.network
    numbers = {name: rule.numbers[name] for name in chosen if name in rule.numbers}
    if not numbers:
        return rule
    attributes = {"numbers": numbers, "__module__": network.__module__}
    return Rule(type(network.__name__, (network,), attributes), rule.protocol)


def simulate_piece(plan: Plan, compiled: Compiled | None, piece: Piece) -> MeasuredPiece:
    """Simulate and measure the networks of some seeds with one choice of numbers."""
    from replication.simulator.running.engine import Engine  # which loads the compiler
    from replication.simulator.running.watching import Watchers

    if compiled is None:  # on a worker of a cluster
        rules = plan.make_rules()
        engine = Engine(plan.protocol, plan.network).share(rules[0])
        compiled = Compiled(plan, rules, engine)
    choice, seeds = piece
    first, end = seeds
    rule = compiled.rules[choice]
    begun = None
    if plan.start is None:
        rows = compiled.draw(rule, plan.root_seed, seeds)
    else:
        rows, begun = plan.start.get(seeds, choice)
    watchers = Watchers(compiled.watches, rule, plan.updates, end - first)
    trained = compiled.engine.share(rule).train(
        rows,
        root_seed=plan.root_seed,
        first_seed=first,
        final=plan.is_final,
        threshold=-np.inf,
        max_updates=plan.updates[-1],
        begun=begun,
        watched=watchers.addresses,
    )
    return MeasuredPiece(
        piece, watchers.errors, watchers.accuracies, watchers.observed, trained.final
    )


# What is given


def take_grid(numbers: Mapping[str, Sequence[float]] | None) -> list[Choice]:
    """Return all combinations of values of some numbers, those of the last one changing fastest.

    >>> take_grid({"rate": [1.0, 2.0], "noise": [0.0]})
    [{'rate': 1.0, 'noise': 0.0}, {'rate': 2.0, 'noise': 0.0}]
    """
    grid: Any = {} if numbers is None else numbers
    if not isinstance(grid, Mapping):
        allowed = 'allowed is a dict, as {"rate": [0.1, 0.3]}'
        raise UsageError(f"numbers = {show(grid)} was given; {allowed}")
    values = []  # a list for each number
    for name, given in grid.items():
        if name in ENDING:
            advice = "it ends no learning in curves; leave it out of numbers"
            raise UsageError(f"numbers names {show(name)}, and {advice}")
        array = np.atleast_1d(_take_array(given))
        is_right = array.ndim == 1 and array.size > 0 and array.dtype.kind in "fiu"
        if not is_right or not np.isfinite(array).all():
            allowed = 'allowed are finite numbers, as in {"rate": [0.1, 0.3]}'
            raise UsageError(f"numbers[{name!r}] = {show(given)} was given; {allowed}")
        values.append(array.tolist())
    n_choices = math.prod(map(len, values))
    if n_choices > MOST_CHOICES:
        raise UsageError(f"numbers has {n_choices:,} choices; allowed are {MOST_CHOICES:,}")
    return [dict(zip(grid, each, strict=True)) for each in itertools.product(*values)]


def choose_numbers(base: Rule, chosen: Choice) -> Rule:
    """Return a rule with chosen values, for its own numbers or for fields of the protocol."""
    network = base.network
    known_fields = {field.name for field in dataclasses.fields(base.protocol)}
    fields = {}
    numbers = {}
    for name, value in chosen.items():
        if network.takes_protocol and (name in known_fields or name not in base.numbers):
            fields[name] = value
        elif name in base.numbers:
            numbers[name] = float(value)
        else:
            known = ", ".join(base.numbers) or "none"
            raise UsageError(f"numbers names {show(name)}; {base.name} has these: {known}")
    rule = Rule(network, from_plain(fields, base=base.protocol)) if fields else copy.copy(base)
    rule.numbers = rule.numbers | numbers
    return rule


def list_watched(rule: Rule, test: Test | None) -> list[Rule]:
    """Return the rule, to be measured on its own patterns, and a copy for held-out patterns.

    Without held-out patterns, it is the rule alone.
    """
    if test is None:
        return [rule]
    held_out = rule.show(*test)
    _check_variance(held_out)
    return [rule, held_out]


def _check_variance(held_out: Rule) -> None:
    """Refuse held-out patterns without variance, if the criterion is a share of the variance."""
    if held_out.network.pattern_error is not Network.pattern_error:  # a criterion of its own
        return
    is_share = held_out.protocol.criterion == "unexplained-variance"
    if is_share and compute_variation(held_out.targets) == 0.0:
        what = "held-out patterns that are all alike have no variance"
        raise UsageError(f"{what}; give others, or another criterion than unexplained-variance")


def _take_array(given: Any) -> NDArray[Any]:
    """Return an array of what is given; for rows of two lengths, one that is refused later."""
    try:
        return np.asarray(given)
    except (TypeError, ValueError, OverflowError):
        return np.array(None)


def _take_updates(given: Iterable[int]) -> list[int]:
    """Return the updates at which networks are measured, in rising order, or refuse them."""
    taken: set[int] = set()
    if isinstance(given, Iterable):
        # One more than is allowed, since an iterator may have no end.
        for each in itertools.islice(given, MOST_MOMENTS + 1):
            taken.add(take_whole("an update", each, 0, MAX_UPDATES))
    if not 0 < len(taken) <= MOST_MOMENTS:
        allowed = f"1 to {MOST_MOMENTS:,} whole numbers, as in range(0, 201, 10)"
        raise UsageError(f"updates = {show(given)} was given; allowed are {allowed}")
    return sorted(taken)


def _take_test(patterns: ArrayLike | None, targets: ArrayLike | None) -> Test | None:
    """Return patterns that are held out, with their targets; None if there are none."""
    if patterns is None and targets is not None:
        raise UsageError("test_targets was given without test_patterns; give both")
    if patterns is None:
        return None
    held_out = take_numbers(patterns, "test_patterns", finite=True)
    if targets is None:
        return held_out, None
    return held_out, take_numbers(targets, "test_targets", finite=True)


def _go_on(ended: Curves | Outcomes, plan: Plan, rule: Rule) -> Start:
    """Return what networks continue from; refuse a result from which the plan cannot."""
    start = take_start(ended, rule, plan.root_seed)
    if len(start.rows) > 1 and getattr(ended, "numbers", None) != plan.choices:
        given = f"start has {plural(len(start.rows), 'choice')} of numbers, and numbers has others"
        raise UsageError(f"{given}; give the same, or start from curves of one choice")
    latest = int(start.updates.max())
    if plan.updates[0] < latest:
        given = f"updates begins at {plan.updates[0]:,}, and start has networks at {latest:,}"
        raise UsageError(f"{given}; give updates from there on")
    return start


def _check_memory(plan: Plan, n_seeds: int, watched: list[Rule], n_observed: int) -> None:
    """Refuse curves that need more memory than there is."""
    n_measured = sum(1 + rule.has_classes for rule in watched)
    n_bytes_each = (4.0 * n_measured + 8.0 * n_observed) * len(plan.updates)
    if plan.is_final:
        n_bytes_each += 8.0 * sum(watched[0].sizes)
    n = len(plan.choices) * n_seeds
    what = f"curves of {n:,} networks at {plural(len(plan.updates), 'update')}"
    n_bytes = n * n_bytes_each + 8.0 * plan.updates[-1]  # with what is due at each update
    threads.check_memory(n_bytes, what, "give fewer or earlier updates, fewer seeds or numbers")


# Where the pieces are simulated


def _cut(plan: Plan, rule: Rule, n_seeds: int, n_watched: int, n_workers: int) -> Iterator[Piece]:
    """Yield pieces small enough for memory, and enough of them for all workers."""
    n_workers_each = -(-n_workers // len(plan.choices))  # of one choice
    most = max(8, BYTES_AT_ONCE // (8 * n_watched * len(plan.updates)))
    for first, end in cut_range(sum(rule.sizes), 0, n_seeds, workers=n_workers_each):
        for begin in range(first, end, most):
            for choice in range(len(plan.choices)):  # innermost, so that weights are drawn once
                yield choice, (begin, min(begin + most, end))
