"""What is checked before a rule of one's own is believed: the compiled code does what NumPy does.

A rule is traced twice, and must give the same text: that finds random numbers and counters. Three
networks learn compiled and in plain NumPy from the same weights, the first updates and some later
ones until they converge: that finds state that is not declared, arrays that are changed under
another name, and wrong operations. Both are compared update by update, since rounding grows over
hundreds of updates. Methods that compiled code does not call must not be overridden.
"""

import functools
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.errors import ReplicationError, UsageError
from replication.simulator.arrays import TraceError, find_line, list_own
from replication.simulator.engine import Engine
from replication.simulator.network import COMPILED, Hook, Network, Rule
from replication.system.threads import map_in_threads

N_NETWORKS, N_FIRST, N_LATER, LATEST = 3, 3, 3, 60
TOLERANCE = 1e-9
"""Largest difference after one update, relative to 1 plus the number."""
ROUNDING = 1e-14
"""Of sums over the patterns, relative to 1 plus them: what no rule may be judged by."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the guard found."""

    n_updates: int  # that were compared
    largest: float  # difference, relative to 1 plus the number


def check_rule(network: type[Network], protocol: Protocol, root_seed: int = 1988) -> Finding:
    """Compile a rule and compare it with its own plain NumPy, or refuse it in one line."""
    rule = Rule.of(network, protocol)
    _check_methods(network)
    with _explain(network):
        # Traced twice, it must give the same text.
        engine = Engine(protocol, network)
        again = Engine(protocol, network).program
        is_same = np.array_equal(engine.program.data, again.data, equal_nan=True)
        if engine.program.text != again.text or not is_same:
            raise UsageError(
                f"{network.__name__} does something else each time it is run (random numbers, a "
                "counter, a set); draw by self.uniform or self.normal, and declare in `kept` what "
                "changes"
            )
        # Some networks learn compiled; their states are where NumPy begins each update.
        rows = rule.draw(root_seed, 0, N_NETWORKS)
        train = functools.partial(
            engine.train, rows, root_seed=root_seed, record=True, max_updates=LATEST
        )
        # In a thread: neither the compiler nor what it makes could be interrupted in this one.
        (ends, *_), (*_, recorded) = map_in_threads(
            lambda threshold: train(threshold=threshold), [protocol.threshold, -1.0], jobs=1
        )
        assert recorded is not None
        later = np.random.default_rng(root_seed).permutation(np.arange(N_FIRST, LATEST))
        if not np.isfinite(recorded[:, -1]).all(axis=1).any() and not any(ends < LATEST):
            if not np.isfinite(recorded[:, 1]).all(axis=1).any():
                _raise_for_numbers(rule.build(rows[0]).update)
            raise UsageError(
                f"{network.__name__} diverges: within {LATEST} updates all of {N_NETWORKS} "
                "networks have weights that are infinite or not a number; choose smaller learning "
                "rates (or give plain=True)"
            )
        largest, n_compared = 0.0, 0
        for seed, (states, end) in enumerate(zip(recorded, ends, strict=True)):
            # What learns on, where gradients are mere rounding, is no outcome.
            for t in [*range(N_FIRST), *sorted(later[later < end][:N_LATER].tolist())]:
                if not np.isfinite(states[t : t + 2]).all():
                    continue  # what has diverged is compared with nothing
                learn = functools.partial(_learn, rule, states[t], seed, root_seed, t)
                with np.errstate(all="ignore"):
                    error, found = learn()
                apart = _measure(found, states[t + 1])
                if apart > TOLERANCE and n_compared and _is_step(learn, found):
                    continue  # which says nothing of the compiler
                has_error = _has_error(engine, states[t], (seed, root_seed), error)
                if apart <= TOLERANCE and has_error:
                    largest, n_compared = max(largest, apart), n_compared + 1
                    continue
                if not np.isfinite([*found, error]).all():
                    _raise_for_numbers(learn)
                what = f"after update {t + 1} the compiled rule is {apart:.1g} away from the same"
                if apart <= TOLERANCE:
                    what = f"the compiled error of a network is not {error:g}, that of the same"
                raise UsageError(
                    f"{network.__name__}: {what} run in NumPy; it keeps something that is not "
                    "declared, or changes an array in place; return changes, declare in `kept` "
                    "what lasts, and test against a small number in place of 0 where np.sign, "
                    "np.where or a comparison decides (or give plain=True)"
                )
        return Finding(n_compared, largest)


def _check_methods(network: type[Network]) -> None:
    """Refuse a class that overrides what compiled code does not call, and so would ignore."""
    hook = {name for name, x in vars(Network).items() if hasattr(type(x), "__get__")}
    overridden = {name for each in list_own(network) for name in vars(each)}
    for name in sorted(overridden & hook - COMPILED - {"__repr__"}):
        instead = INSTEAD.get(name, ", ".join(sorted(COMPILED)))
        raise UsageError(
            f"{network.__name__} overrides {name}, which compiled code does not call; override "
            f"{instead} (or give plain=True)"
        )


INSTEAD = {
    **dict.fromkeys(("from_seed", "from_weights"), "draw(cls, rule, root_seed, start, stop)"),
    **dict.fromkeys(("train", "update"), "weight_changes(self, v, target) or apply(self, changes)"),
    "error": "pattern_error(self, v, target), or name a criterion: Protocol(criterion=...)",
}
"""What to override in place of methods that compiled code does not call."""


def _learn(
    rule: Rule, row: np.ndarray, seed: int, root_seed: int, t: int, change: Hook | None = None
) -> tuple[float, np.ndarray]:
    """Return the error of a network in NumPy, and its arrays after update t + 1."""
    one: Any = rule.build(row)
    one._seeds = seed, root_seed
    error = one.error()  # with the random numbers of the first sweep
    one._n_updates = t
    one.update(change)
    return error, one.flatten()


def _measure(found: np.ndarray, other: np.ndarray) -> float:
    """Return the largest difference, relative to 1 plus the number; infinite for not-a-number."""
    apart = np.abs(found - other) / (1.0 + np.abs(found))
    return float(np.nan_to_num(apart, nan=math.inf).max())


def _is_step(learn: Callable[..., Any], found: np.ndarray) -> bool:
    """Return whether NumPy comes as far from what it found if the sums are rounded otherwise.

    As where a rule takes np.sign of sums that are 0, or 1e-17.
    """

    def shift(changes: Any, by: float) -> dict[str, Any]:
        named = changes if isinstance(changes, dict) else changes._asdict()
        return {name: x + by * (1.0 + np.abs(x)) for name, x in named.items()}

    if not np.isfinite(found).all():
        return False
    with np.errstate(all="ignore"):
        same, more, less = (
            _measure(found, learn(functools.partial(shift, by=by))[1])
            for by in (0.0, ROUNDING, -ROUNDING)
        )
    return same <= TOLERANCE < max(more, less)


def _raise_for_numbers(function: Callable[[], Any]) -> None:
    """Run what ended as no number again, so that NumPy raises where that begins."""
    kinds: tuple[Any, ...] = {"invalid": "raise"}, {"divide": "raise", "over": "raise"}
    for kind in kinds:
        with np.errstate(**{"all": "ignore"} | kind):
            function()


def _has_error(engine: Engine, row: np.ndarray, seeds: tuple[int, int], error: float) -> bool:
    """Return whether a compiled error is below the same thresholds as the error in NumPy."""
    error = math.inf if math.isnan(error) else error
    apart = TOLERANCE * (1.0 + abs(error)) if math.isfinite(error) else 0.0
    for threshold, is_below in ((error - apart, False), (error + apart, apart > 0.0)):
        _, converged, _, _ = engine.train(
            row[np.newaxis], first_seed=seeds[0], root_seed=seeds[1], threshold=threshold,
            max_updates=0,
        )  # fmt: skip
        if converged[0] != is_below:
            return False
    return True


def _find_method(error: BaseException, network: type[Network]) -> str | None:
    """Return where the user's method begins that an error names: "mine.py, line 7: def image"."""
    for name in re.findall(r"\w+", str(error)):
        code = getattr(vars(network).get(name), "__code__", None)
        if code is not None:
            return f"{Path(code.co_filename).name}, line {code.co_firstlineno}: def {name}"
    return None


@contextmanager
def _explain(network: type[Network]) -> Iterator[None]:
    """Name the line of the user's in which something went wrong."""
    try:
        yield
    except Exception as error:
        line = find_line(error, network) or _find_method(error, network)
        if isinstance(error, MemoryError):
            raise UsageError(
                f"{network.__name__} needs more memory than there is: {error}"
            ) from None
        if isinstance(error, ReplicationError):
            if line is None or line in str(error):
                raise
            raise type(error)(f"{error} ({line})") from None
        if isinstance(error.__cause__, TraceError):  # NumPy has asked for a number
            raise TraceError(f"{error.__cause__} ({line})") from None
        kind, text = type(error).__name__, " ".join(str(error).split())
        if line is None:
            if re.match(r"\S+\(\) (takes|missing)", str(error)):  # Mine.image() takes 1 ...
                raise UsageError(
                    f"{error}; write image(self, v), weight_changes(self, v, target), "
                    "apply(self, changes)"
                ) from None
            raise
        hint = ""
        if isinstance(error, AttributeError) and "__init__" in vars(network):
            hint = "; __init__ is not called: declare states in `kept`, numbers in `numbers`"
        if isinstance(error, FloatingPointError):
            hint = ", which is not a number in NumPy, or infinite"
        raise UsageError(f"{line}: {kind}: {text}{hint}") from error
