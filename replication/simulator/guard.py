"""What is checked before a rule of one's own is believed: the compiled code does what NumPy does.

A rule is traced twice, and must give the same text: that finds random numbers and counters. Three
networks learn compiled and in plain NumPy from the same weights, the first updates and some later
ones: that finds state that is not declared, arrays that are changed under another name, and wrong
operations. Both are compared update by update, since rounding grows over hundreds of updates.
"""

import functools
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.errors import ReplicationError, UsageError
from replication.simulator.arrays import TraceError, find_line
from replication.simulator.engine import Engine
from replication.simulator.network import Network, Rule
from replication.system.threads import map_in_threads

N_NETWORKS, N_FIRST, N_LATER, LATEST = 3, 3, 3, 60
TOLERANCE = 1e-9
"""Largest difference after one update, relative to 1 plus the number."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the guard found."""

    n_updates: int  # that were compared
    largest: float  # difference, relative to 1 plus the number


def check_rule(network: type[Network], protocol: Protocol, root_seed: int = 1988) -> Finding:
    """Compile a rule and compare it with its own plain NumPy, or refuse it in one line."""
    rule = Rule.of(network, protocol)
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
            engine.train, root_seed=root_seed, record=True, threshold=-1.0, max_updates=LATEST
        )
        # In a thread: neither the compiler nor what it makes could be interrupted in this one.
        ((_, _, _, recorded),) = map_in_threads(train, [rows], jobs=1)
        assert recorded is not None
        later = np.random.default_rng(root_seed).choice(
            np.arange(N_FIRST, LATEST), N_LATER, replace=False
        )
        if not np.isfinite(recorded[:, -1]).all(axis=1).any():
            if not np.isfinite(recorded[:, 1]).all(axis=1).any():
                with np.errstate(all="raise", under="ignore"):  # which names the line
                    rule.build(rows[0]).update()
            raise UsageError(
                f"{network.__name__} diverges: within {LATEST} updates all of {N_NETWORKS} "
                "networks have weights that are infinite or not a number; choose smaller learning "
                "rates (or give plain=True)"
            )
        largest, n_compared = 0.0, 0
        for t in [*range(N_FIRST), *sorted(later.tolist())]:
            for seed, states in enumerate(recorded):
                if not np.isfinite(states[t : t + 2]).all():
                    continue  # what has diverged is compared with nothing
                one: Any = rule.build(states[t])
                one._seeds = seed, root_seed
                with np.errstate(all="ignore"):
                    error = one.error()  # with the random numbers of the first sweep
                    one._n_updates = t
                    one.update()
                found = one.flatten()
                apart = np.abs(found - states[t + 1]) / (1.0 + np.abs(found))
                # A comparison with what is not a number must not pass.
                largest = max(largest, float(np.nan_to_num(apart, nan=math.inf).max()))
                if not largest <= TOLERANCE:
                    raise UsageError(
                        f"{network.__name__}: after update {t + 1} the compiled rule is "
                        f"{largest:.1g} away from the same rule run in NumPy; it keeps something "
                        "that is not declared, or changes an array in place; return changes, and "
                        "declare in `kept` what lasts (or give plain=True)"
                    )
                _check_error(engine, states[t], (seed, root_seed), error)
                n_compared += 1
        return Finding(n_compared, largest)


def _check_error(engine: Engine, row: np.ndarray, seeds: tuple[int, int], error: float) -> None:
    """Refuse a rule whose compiled error is below another threshold than its error in NumPy."""
    apart = TOLERANCE * (1.0 + abs(error)) if math.isfinite(error) else 0.0
    for threshold, is_below in ((error - apart, False), (error + apart, apart > 0.0)):
        _, converged, _, _ = engine.train(
            row[np.newaxis], first_seed=seeds[0], root_seed=seeds[1], threshold=threshold,
            max_updates=0,
        )  # fmt: skip
        if converged[0] != is_below:
            raise UsageError(
                f"{engine.rule.network.__name__}: the error of a compiled network is not that of "
                f"the same network in NumPy, {error:g}; image() or pattern_error() keeps something "
                "that is not declared, or changes an array in place (or give plain=True)"
            )


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
            hint = "; __init__ is not called: make it a class attribute"
        raise UsageError(f"{line}: {kind}: {text}{hint}") from error
