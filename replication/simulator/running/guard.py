"""What is checked before a rule of one's own is believed: the compiled code does what NumPy does.

A rule is traced twice, and must give the same text: that finds random numbers and counters. Then
single updates are compared with those in plain NumPy, in states that `states.py` chooses, with few
of the patterns: that finds state that is not declared, and wrong operations. Where rounding
decides, as in np.sign of a sum that is 0 or 1e-17, each number must lie between those that NumPy
makes of slightly smaller and larger sums and weights. Methods that compiled code does not call must
not be overridden.

What was found of a program, its data and the code of its class holds for all of them in this
process. Not seen are branches within `repeat` or in `apply`, of random numbers, of patterns that
are left out, or those that only other `numbers` open.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.errors import ReplicationError, UsageError
from replication.simulator.compiler.sweep import MOST_AT_ONCE
from replication.simulator.operations.arrays import TraceError
from replication.simulator.operations.turns import MEASURE
from replication.simulator.rule.network import Network, Rule
from replication.simulator.rule.own_code import find_line, list_own
from replication.simulator.running import states
from replication.simulator.running.engine import N_LANES, Engine
from replication.simulator.running.states import Case
from replication.system.threads import check_memory, map_in_threads

Array = NDArray[np.float64]

TOLERANCE = 1e-9
"""Largest difference after one update, relative to 1 plus the number."""
ROUNDING = 1e-14
"""Of sums over the patterns, relative to 1 plus them: what no rule may be judged by."""
SHAKING = 1e-13
"""Of weights, relative to them: where NumPy makes much of it, so may the compiled code."""
HUGE = 1e290
"""Beyond it a number is taken for infinite: sums in another order overflow sooner or later."""

COMPILED = {
    "image",
    "weight_changes",
    "apply",
    "draw",
    "prepare",
    "measure",
    "pattern_error",
    "hidden",
    "list_hidden",
    "list_states",
    "uniform",
    "normal",
}
"""Methods of `Network` that compiled code calls; of the others no override would count."""

MOST_VERDICTS = 256
MOST_COPIES = 64
"""Of all numbers of a network, that are in memory at once."""


class Finding(NamedTuple):
    """What the guard found."""

    n_updates: int  # that were compared
    largest: float  # difference, relative to 1 plus the number


@dataclass(frozen=True)
class Question:
    """What a verdict depends on."""

    program: str  # a hash of its text and data
    codes: tuple[CodeType, ...]  # of all methods of the user's classes
    protocol: Protocol


VERDICTS: dict[Question, Finding] = {}
"""What was found of programs in this process."""


def check_rule(
    network: type[Network],
    protocol: Protocol,
    root_seed: int = 1988,
    *,
    engine: Engine | None = None,
) -> Finding:
    """Compile a rule and compare it with its own plain NumPy, or refuse it in one line.

    In an `engine` that is given its program is kept.
    """
    with _explain(network):
        _check_methods(network)
        if engine is None:
            engine = Engine(protocol, network)
        # Side by side before and after an update, recorded, and in NumPy.
        n_numbers = sum(engine.rule.sizes)
        what = f"networks of {network.__name__} with {n_numbers:,} numbers each"
        check_memory(8.0 * n_numbers * MOST_COPIES, what, "give smaller shapes")
        question = Question(_hash_program(engine), _list_codes(network), protocol)
        if question not in VERDICTS:
            _check_repetition(engine, network)
            _check_draw(engine.rule, root_seed)
            few = Engine(protocol, _take_few(network, engine.rule))
            if len(VERDICTS) >= MOST_VERDICTS:
                VERDICTS.clear()
            # In a thread: neither the compiler nor what it makes could be interrupted in this one.
            (finding,) = map_in_threads(lambda x: _compare(x, root_seed), [few], jobs=1)
            VERDICTS[question] = finding
        return VERDICTS[question]


def _hash_program(engine: Engine) -> str:
    sha = hashlib.sha256(engine.program.text.encode())
    sha.update(engine.program.data.tobytes())
    return sha.hexdigest()


def _list_codes(network: type[Network]) -> tuple[CodeType, ...]:
    """Return the code of all methods of a user's classes, which compares by what it says."""
    codes: list[CodeType] = []
    for each in list_own(network):
        for member in vars(each).values():
            function = getattr(member, "__func__", getattr(member, "fget", member))
            if isinstance(code := getattr(function, "__code__", None), CodeType):
                codes.append(code)
    return tuple(codes)


def _check_methods(network: type[Network]) -> None:
    """Refuse a class that overrides what compiled code does not call, and so would ignore."""
    methods = {name for name, x in vars(Network).items() if hasattr(x, "__get__")} - COMPILED
    methods -= {"__dict__", "__weakref__"}  # every class has these, also one that is mixed in
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


def _check_repetition(engine: Engine, network: type[Network]) -> None:
    """Refuse a rule that does not give the same text when it is traced again."""
    again = Engine(engine.rule.protocol, network).program
    is_same = np.array_equal(engine.program.data, again.data, equal_nan=True)
    if engine.program.text != again.text or not is_same:
        advice = "draw by self.uniform or self.normal, and declare in `kept` what changes"
        what = "does something else each time it is run"
        raise UsageError(f"{engine.rule.name} {what}; {advice}")


def _check_draw(rule: Rule, root_seed: int) -> None:
    """Refuse initial weights of a seed that depend on the seeds beside it."""
    if not np.array_equal(rule.draw(root_seed, 0, 2)[1:], rule.draw(root_seed, 1, 2)):
        advice = "draw a row from its seed alone: np.random.default_rng([root_seed, seed])"
        raise UsageError(
            f"{rule.name}.draw gives a seed other weights beside other seeds; {advice}"
        )


def _take_few(network: type[Network], rule: Rule) -> type[Network]:
    """Return a class with few of the patterns, for which the same loops are written."""
    n_patterns = len(rule.patterns)
    n_few = MOST_AT_ONCE + (n_patterns % MOST_AT_ONCE or MOST_AT_ONCE)
    is_square = n_patterns == rule.patterns.shape[1]
    is_one_hot = is_square and np.array_equal(rule.patterns, np.eye(n_patterns))
    if n_patterns <= n_few or is_one_hot:
        return network
    chosen = np.linspace(0, n_patterns - 1, n_few).astype(int)
    members: dict[str, Any] = {"patterns": rule.patterns[chosen], "__module__": network.__module__}
    if rule.has_targets:
        members["targets"] = rule.targets[chosen]
    few = type(network.__name__, (network,), members)
    try:
        Engine(rule.protocol, few).program  # noqa: B018  # which is written here
    except Exception:  # a class whose other attributes need all its patterns
        return network
    return few


def _compare(engine: Engine, root_seed: int) -> Finding:
    """Compare a rule with NumPy in chosen states, or refuse it."""
    plan = states.make_plan(engine)
    followed = states.follow(engine, plan, root_seed)
    if followed.has_diverged:
        raise UsageError(
            f"{engine.rule.name} diverges: within {plan.n_updates} updates weights of all "
            f"{states.N_NETWORKS} networks are infinite or not a number; choose smaller learning "
            "rates (or give plain=True)"
        )
    judge = Judge(engine, root_seed)
    for case in states.list_early(followed, root_seed):
        judge.compare_update(case)
    for case in states.list_converged(engine, followed, root_seed):
        judge.compare_update(case)
    for case in states.list_rare(engine, followed, root_seed):
        if np.isfinite(case.after).all():
            judge.compare_update(case)
    judge.compare_errors()
    return Finding(len(judge.cases), judge.largest)


class Judge:
    """Compares updates and errors of a compiled rule with those in NumPy, or refuses the rule."""

    def __init__(self, engine: Engine, root_seed: int) -> None:
        self.engine = engine
        self.root_seed = root_seed
        self.cases: list[Case] = []
        self.errors: list[tuple[float, float]] = []  # between which that of a case may lie
        self.largest = 0.0

    def compare_update(self, case: Case) -> None:
        """Compare one update, and note the error before it."""
        with np.errstate(all="ignore"):
            error, found = self._learn(case)
            errors = [error]
            apart = measure_apart(case.after, found)
            if apart > TOLERANCE:  # which may be one of rounding
                shaken = [self._learn(case, shift=x) for x in (ROUNDING, -ROUNDING)]
                shaken += [self._learn(case, factor=1.0 + x) for x in (SHAKING, -SHAKING)]
                errors += [error for error, _ in shaken]
                apart = measure_apart(case.after, found, *(x for _, x in shaken))
        if apart > TOLERANCE:
            what = f"after update {case.update + 1} the compiled rule is {apart:.1g} away"
            self._refuse(f"{what} from the same")
        errors = [np.inf if np.isnan(x) else x for x in errors]
        self.cases.append(case)
        self.errors.append((min(errors), max(errors)))
        self.largest = max(self.largest, apart)

    def _learn(self, case: Case, *, shift: float = 0.0, factor: float = 1.0) -> tuple[float, Array]:
        """Return the error of a network in NumPy, and its arrays after an update.

        Sums over the patterns are shifted, relative to 1 plus them; its arrays are multiplied.
        """
        one: Any = self.engine.rule.build(case.before * factor)
        one._seeds, apply = (case.seed, self.root_seed), one._apply
        if shift:
            one._apply = lambda sums: apply(
                {name: x + shift * (1.0 + np.abs(x)) for name, x in sums.items()}
            )
        error = one.error()  # with the random numbers of the first sweep
        one._n_updates = case.update
        one.update()
        return error, one.flatten()

    def compare_errors(self) -> None:
        """Hold that compiled errors are below the same thresholds as those in NumPy."""
        # A lane for each, unless their random numbers depend on their place.
        size = 1 if MEASURE in self.engine.program.drawn else N_LANES
        for begin in range(0, len(self.cases), size):
            cases = self.cases[begin : begin + size]
            low, high = np.array(self.errors[begin : begin + size]).T
            for limits, margins in ((low, -TOLERANCE), (high, TOLERANCE)):
                is_finite = np.isfinite(limits)
                apart = np.where(is_finite, margins * (1.0 + np.abs(limits)), 0.0)
                below = self._are_below(cases, limits + apart)
                is_right = below == (is_finite & (margins > 0.0))
                for error in limits[~is_right]:
                    self._refuse(
                        f"the compiled error of a network is not {error:g}, that of the same"
                    )

    def _are_below(self, cases: list[Case], thresholds: Array) -> NDArray[np.bool_]:
        """Return whether the compiled error of each case is below its threshold."""
        rows = np.array([case.before for case in cases])
        given: Any = {"first_seed": cases[0].seed, "root_seed": self.root_seed, "max_updates": 0}
        return self.engine.train(rows, threshold=np.resize(thresholds, N_LANES), **given)[1]

    def _refuse(self, what: str) -> None:
        raise UsageError(
            f"{self.engine.rule.name}: {what} run in NumPy; return changes, declare in `kept` what "
            "lasts, compare with a small number in place of 0, and let nothing become infinite or "
            "not a number (or give plain=True)"
        )


def measure_apart(compiled: Array, *found: Array) -> float:
    """Return how far numbers are from what NumPy has found, relative to 1 plus that.

    Zero for what lies between several finds; infinite for what is lost on one side alone.
    """
    nearest = np.clip(compiled, np.min(found, axis=0), np.max(found, axis=0))
    apart = np.abs(compiled - nearest) / (1.0 + np.abs(nearest))
    apart[~(np.abs(compiled) < HUGE) & ~(np.abs(found[0]) < HUGE)] = 0.0
    return float(np.where(np.isnan(apart), np.inf, apart).max())


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
        if isinstance(error, ValueError | IndexError) and line is not None:
            text += "; a rule is shown one pattern at a time, a vector"
        raise UsageError(f"{line or network.__name__}: {text}") from error
