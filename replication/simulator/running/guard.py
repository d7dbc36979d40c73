"""What is checked before a rule of one's own is believed: the compiled code does what NumPy does.

A rule is traced twice, and must give the same text: that finds random numbers and counters. Three
networks learn compiled and in plain NumPy from the same weights, the first updates and some later
ones until they converge: that finds state that is not declared, arrays that are changed under
another name, and wrong operations. Both are compared update by update, since rounding grows over
hundreds of updates; where it decides, as in np.sign of a sum that is 0 or 1e-17, each number must
lie between those that NumPy makes of slightly smaller and slightly larger sums. Methods that
compiled code does not call must not be overridden.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from replication.definition.protocol import Protocol
from replication.errors import ReplicationError, UsageError
from replication.simulator.operations.arrays import TraceError, find_line, list_own
from replication.simulator.rule.network import Network, Rule
from replication.simulator.running.engine import Engine
from replication.system.threads import map_in_threads

N_NETWORKS, N_FIRST, N_LATER, LATEST = 3, 3, 3, 60
TOLERANCE = 1e-9
"""Largest difference after one update, relative to 1 plus the number."""
ROUNDING = 1e-14
"""Of sums over the patterns, relative to 1 plus them: what no rule may be judged by."""
HUGE = 1e290
"""Beyond it a number is taken for infinite: sums in another order overflow sooner or later."""

COMPILED = {
    "image", "weight_changes", "apply", "draw", "prepare", "measure", "pattern_error",
    "hidden", "list_hidden", "list_states", "uniform", "normal",
}  # fmt: skip
"""Methods of `Network` that compiled code calls; of the others no override would count."""


class Finding(NamedTuple):
    """What the guard found."""

    n_updates: int  # that were compared
    largest: float  # difference, relative to 1 plus the number


def check_rule(network: type[Network], protocol: Protocol, root_seed: int = 1988) -> Finding:
    """Compile a rule and compare it with its own plain NumPy, or refuse it in one line."""
    with _explain(network):
        rule, name = Rule(network, protocol), network.__name__
        _check_methods(network)
        # Traced twice, it must give the same text.
        engine = Engine(protocol, network)
        again = Engine(protocol, network).program
        is_same = np.array_equal(engine.program.data, again.data, equal_nan=True)
        if engine.program.text != again.text or not is_same:
            advice = "draw by self.uniform or self.normal, and declare in `kept` what changes"
            raise UsageError(f"{name} does something else each time it is run; {advice}")
        # Some networks learn compiled; their states are where NumPy begins each update.
        rows = rule.draw(root_seed, 0, N_NETWORKS)
        if not np.array_equal(rows[1:2], rule.draw(root_seed, 1, 2)):
            advice = "draw a row from its seed alone: np.random.default_rng([root_seed, seed])"
            raise UsageError(f"{name}.draw gives a seed other weights beside other seeds; {advice}")
        latest = max(N_FIRST, min(LATEST, protocol.max_updates))
        train = functools.partial(engine.train, rows, root_seed=root_seed, record=True)
        # In a thread: neither the compiler nor what it makes could be interrupted in this one.
        (ends, *_), (*_, recorded) = map_in_threads(
            lambda x: train(threshold=x, max_updates=latest), [protocol.threshold, -np.inf], jobs=1
        )
        assert recorded is not None  # (network, update, number)
        is_finite: Any = np.isfinite(recorded).all(axis=2)
        if not is_finite[:, -1].any() and not any(ends < latest):
            raise UsageError(
                f"{name} diverges: within {latest} updates weights of all {N_NETWORKS} networks "
                "are infinite or not a number; choose smaller learning rates (or give plain=True)"
            )
        # What learns on, where gradients are mere rounding, is no outcome.
        later = np.random.default_rng(root_seed).permutation(np.arange(N_FIRST, LATEST))
        apart = [
            _compare_update(engine, recorded[k], (k, root_seed), t)
            for k, end in enumerate(ends)
            for t in [*range(N_FIRST), *sorted(later[later < end][:N_LATER].tolist())]
            if is_finite[k, t]  # what has diverged is compared with nothing
        ]
        return Finding(len(apart), max(apart, default=0.0))


def _check_methods(network: type[Network]) -> None:
    """Refuse a class that overrides what compiled code does not call, and so would ignore."""
    methods = {name for name, x in vars(Network).items() if hasattr(x, "__get__")} - COMPILED
    own = {name for each in list_own(network) for name in vars(each)}
    if "__getattribute__" in own:
        what = "has __getattribute__, which may give NumPy other arrays than the compiler"
        raise UsageError(f"{network.__name__} {what}; write a method or a property")
    if "__init__" in own:
        what = "has __init__, which is not called; write settings as class attributes, numbers"
        raise UsageError(f"{network.__name__} {what} that change in `numbers`, or in prepare()")
    for name in sorted(own & methods):
        what = f"{network.__name__} overrides {name}, which compiled code does not call"
        raise UsageError(f"{what}; override {', '.join(sorted(COMPILED))} (or give plain=True)")


def _compare_update(engine: Engine, states: np.ndarray, seeds: tuple[int, int], t: int) -> float:
    """Return how far the compiled update t + 1 is from NumPy, or refuse the rule."""
    # The same update in NumPy; where signs decide, also of sums a little smaller and larger.
    learn = functools.partial(_learn, engine.rule, states[t], seeds, t)
    with np.errstate(all="ignore"):
        error, found = learn()
        apart = _measure(states[t + 1], found)
        if apart > TOLERANCE:  # which may be one of rounding
            apart = _measure(states[t + 1], found, learn(ROUNDING)[1], learn(-ROUNDING)[1])
        is_near = apart <= TOLERANCE
        if is_near and _has_error(engine, states[t], seeds, error):
            return apart
    what = f"after update {t + 1} the compiled rule is {apart:.1g} away from the same"
    if is_near:
        what = f"the compiled error of a network is not {error:g}, that of the same"
    raise UsageError(
        f"{engine.rule.name}: {what} run in NumPy; return changes and change no array in place, "
        "declare in `kept` what lasts, compare with a small number in place of 0, and let nothing "
        "become infinite or not a number (or give plain=True)"
    )


def _learn(
    rule: Rule, row: np.ndarray, seeds: tuple[int, int], t: int, shift: float = 0.0
) -> tuple[float, np.ndarray]:
    """Return the error of a network in NumPy, and its arrays after update t + 1.

    Sums over the patterns are shifted, relative to 1 plus them.
    """
    one: Any = rule.build(row)
    one._seeds, apply = seeds, one._apply
    if shift:
        one._apply = lambda sums: apply(
            {name: x + shift * (1.0 + np.abs(x)) for name, x in sums.items()}
        )
    error = one.error()  # with the random numbers of the first sweep
    one._n_updates = t
    one.update()
    return error, one.flatten()


def _measure(compiled: np.ndarray, *found: np.ndarray) -> float:
    """Return how far numbers are from what NumPy has found, relative to 1 plus that.

    Zero for what lies between several finds; infinite for what is lost on one side alone.
    """
    nearest = np.clip(compiled, np.min(found, axis=0), np.max(found, axis=0))
    apart = np.abs(compiled - nearest) / (1.0 + np.abs(nearest))
    apart[~(np.abs(compiled) < HUGE) & ~(np.abs(found[0]) < HUGE)] = 0.0
    return float(np.where(np.isnan(apart), np.inf, apart).max())


def _has_error(engine: Engine, row: np.ndarray, seeds: tuple[int, int], error: float) -> bool:
    """Return whether a compiled error is below the same thresholds as the error in NumPy."""
    error = np.inf if np.isnan(error) else error
    apart = TOLERANCE * (1.0 + abs(error)) if np.isfinite(error) else 0.0
    given: Any = {"first_seed": seeds[0], "root_seed": seeds[1], "max_updates": 0}
    limits = error - apart, error + apart
    is_below = [bool(engine.train(row[np.newaxis], threshold=x, **given)[1]) for x in limits]
    return is_below == [False, apart > 0.0]


@contextmanager
def _explain(network: type[Network]) -> Iterator[None]:
    """Name the line of the user's in which something went wrong."""
    try:
        yield
    except Exception as error:
        line = find_line(error, network)
        # A refusal, also one that NumPy has caught when it asked for a number.
        refusal = error.__cause__ if isinstance(error.__cause__, TraceError) else error
        if isinstance(refusal, ReplicationError):
            if line is None or line in str(refusal):
                raise refusal from None
            raise type(refusal)(f"{refusal} ({line})") from None
        # What Python or NumPy has raised.
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise UsageError(f"{line or network.__name__}: {text}") from error
