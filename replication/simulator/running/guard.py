"""The check of a user's rule before its results are believed: compiled code must agree with NumPy.

A rule is traced twice, and must give the same text: that finds random numbers and counters. Then
single updates are compared with those in plain NumPy, in states that `states.py` chooses, with few
of the patterns: that finds wrong operations. Where rounding decides, as in np.sign of a sum that is
0 or 1e-17, each number must lie between those that NumPy makes of slightly smaller and larger sums
and weights. One network in NumPy learns twice from the same state, and must end in the same one:
that finds undeclared state, unless it matters only after more updates. A class must not override
methods that compiled code does not call.

A verdict is kept in this process, for the same program, data and code of the class. The guard does
not see a branch that none of these states takes, or that only other patterns or `numbers` open.
"""

import hashlib
from collections.abc import Iterator, Sequence
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
from replication.simulator.rule.declared import Shape
from replication.simulator.rule.network import Network, Rule
from replication.simulator.rule.observing import Observed
from replication.simulator.rule.own_code import find_line, list_own
from replication.simulator.running import states
from replication.simulator.running.engine import N_LANES, Engine
from replication.simulator.running.states import Case
from replication.system.threads import check_memory, map_in_threads

Array = NDArray[np.float64]

TOLERANCE = 1e-9
"""Largest difference after one update, relative to 1 plus the number."""
ROUNDING = 1e-14
"""A change of a sum over the patterns, relative to 1 plus the sum, that may be mere rounding."""
SHAKING = 1e-13
"""A relative change of weights that may be mere rounding. Where such a change makes a large
difference in NumPy, the compiled code may differ as much."""
HUGE = 1e290
"""A larger number counts as infinite, since sums in another order may overflow earlier."""

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
"""Methods of `Network` that compiled code calls; an override of others would be ignored."""

MOST_VERDICTS = 256
"""Most verdicts that are remembered; when there are so many, all are forgotten."""
MOST_COPIES = 64
"""Most copies of a network that are in memory at once, as far as memory is checked."""

NOT_THE_SAME = (
    "does something else each time it is run; "
    "draw by self.uniform or self.normal, and declare in `kept` what changes"
)
"""What is wrong with a rule that does not repeat itself."""


class Finding(NamedTuple):
    """What the guard found."""

    n_updates: int  # compared updates
    largest: float  # largest difference, relative to 1 plus the number


@dataclass(frozen=True)
class Question:
    """All that a verdict depends on; it is the key by which verdicts are remembered."""

    program: str  # a hash of its text and data
    codes: tuple[CodeType, ...]  # of all methods of the user's classes
    protocol: Protocol


VERDICTS: dict[Question, Finding] = {}
"""Verdicts on the programs of this process."""


def check_rule(
    network: type[Network],
    protocol: Protocol,
    root_seed: int = 1988,
    *,
    engine: Engine | None = None,
) -> Finding:
    """Compile a rule and compare it with its own plain NumPy, or refuse it in one line.

    An `engine` of the rule may be given, which then keeps the program.
    """
    with _explain(network):
        _check_methods(network)
        if engine is None:
            engine = Engine(protocol, network)
        # Networks are in memory side by side, before and after an update, recorded, and in NumPy.
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


def check_observed(
    engine: Engine, observed: Sequence[Observed], root_seed: int
) -> dict[str, Shape]:
    """Return the shape of each observed value; refuse one that is not that of plain NumPy.

    Both are compared in the networks of the first seeds, before they learn.
    """
    rule = engine.rule
    shapes: dict[str, Shape] = {}
    with _explain(rule.network):
        rows = rule.draw(root_seed, 0, states.N_NETWORKS)
        _, found = engine.observe(rows, observed)
        for each in observed:
            compiled = found[each.name]
            shapes[each.name] = compiled.shape[1:]
            for row, value in zip(rows, compiled, strict=True):
                plain = each.measure(rule.build(row))
                is_alike = plain.shape == value.shape
                if not is_alike or measure_apart(value.ravel(), plain.ravel()) > TOLERANCE:
                    what = f"{rule.name}: observe[{each.name!r}] is another one in NumPy"
                    raise UsageError(f"{what}; let it depend on the arrays of the network alone")
    return shapes


def _hash_program(engine: Engine) -> str:
    """Return a hash of the text and the data of the program that trains."""
    sha = hashlib.sha256(engine.program.text.encode())
    sha.update(engine.program.data.tobytes())
    return sha.hexdigest()


def _list_codes(network: type[Network]) -> tuple[CodeType, ...]:
    """Return the code of all methods of a user's classes; equal code compares as equal."""
    codes: list[CodeType] = []
    for each in list_own(network):
        for member in vars(each).values():
            # The function of a class method, of a property, or the member itself.
            function = getattr(member, "__func__", getattr(member, "fget", member))
            code = getattr(function, "__code__", None)
            if isinstance(code, CodeType):
                codes.append(code)
    return tuple(codes)


def _check_methods(network: type[Network]) -> None:
    """Refuse a class that overrides a method which compiled code would ignore."""
    methods = {name for name, member in vars(Network).items() if hasattr(member, "__get__")}
    ignored = methods - COMPILED
    ignored -= {"__dict__", "__weakref__"}  # every class has these, also one that is mixed in
    own: set[str] = set()
    for each in list_own(network):
        own.update(vars(each))
    if "__getattribute__" in own:
        what = "has __getattribute__, which may give NumPy other arrays than the compiler"
        raise UsageError(f"{network.__name__} {what}; write a method or a property")
    if "__init__" in own:
        what = "has __init__, which is not called; write settings as class attributes, numbers"
        raise UsageError(f"{network.__name__} {what} that change in `numbers`, or in prepare()")
    for name in sorted(own & ignored):
        what = f"{network.__name__} overrides {name}, which compiled code does not call"
        raise UsageError(f"{what}; override {', '.join(sorted(COMPILED))} (or give plain=True)")


def _check_repetition(engine: Engine, network: type[Network]) -> None:
    """Refuse a rule that does not give the same text when it is traced again."""
    again = Engine(engine.rule.protocol, network).program
    is_same = np.array_equal(engine.program.data, again.data, equal_nan=True)
    if engine.program.text != again.text or not is_same:
        raise UsageError(f"{engine.rule.name} {NOT_THE_SAME}")


def _check_draw(rule: Rule, root_seed: int) -> None:
    """Refuse initial weights of a seed that depend on the seeds beside it."""
    beside_another = rule.draw(root_seed, start=0, stop=2)[1:]
    alone = rule.draw(root_seed, start=1, stop=2)
    if not np.array_equal(beside_another, alone):
        advice = "draw a row from its seed alone: np.random.default_rng([root_seed, seed])"
        raise UsageError(
            f"{rule.name}.draw gives a seed other weights beside other seeds; {advice}"
        )


def _take_few(network: type[Network], rule: Rule) -> type[Network]:
    """Return a subclass with few of the patterns, for which the same loops are emitted.

    The class itself is returned if it has few patterns, if they are one-hot, or if it needs all.
    """
    n_patterns = len(rule.patterns)
    # A full block of patterns, and the last block as it is with all patterns.
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
    plan = states.make_plan(engine.rule)
    followed = states.follow(engine, plan, root_seed)
    if followed.has_diverged:
        raise UsageError(
            f"{engine.rule.name} diverges: within {plan.n_updates} updates weights of all "
            f"{states.N_NETWORKS} networks are infinite or not a number; choose smaller learning "
            "rates, and take no root or logarithm of a negative number (or give plain=True)"
        )
    judge = Judge(engine, root_seed)
    early = list(states.list_early(followed, root_seed))
    if early:
        judge.check_undeclared(early[0])
    for case in early:
        judge.compare_update(case)
    for case in states.list_converged(engine, followed, root_seed):
        judge.compare_update(case)
    for case in states.list_larger(engine, followed, root_seed):
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
        self.errors: list[tuple[float, float]] = []  # lowest and highest allowed for each case
        self.largest = 0.0  # difference so far

    def compare_update(self, case: Case) -> None:
        """Compare one update, and note which errors before it `compare_errors` will allow."""
        with np.errstate(all="ignore"):
            error, after = self._learn(case)
            errors = [error]
            apart = measure_apart(case.after, after)
            if apart > TOLERANCE:  # this may be rounding
                shaken = [
                    self._learn(case, shift=ROUNDING),
                    self._learn(case, shift=-ROUNDING),
                    self._learn(case, factor=1.0 + SHAKING),
                    self._learn(case, factor=1.0 - SHAKING),
                ]
                errors += [error for error, _ in shaken]
                apart = measure_apart(case.after, after, *(row for _, row in shaken))
        if apart > TOLERANCE:
            what = f"after update {case.update + 1} the compiled rule is {apart:.1g} away"
            self._refuse(f"{what} from the same")
        errors = [np.inf if np.isnan(x) else x for x in errors]
        self.cases.append(case)
        self.errors.append((min(errors), max(errors)))
        self.largest = max(self.largest, apart)

    def _learn(self, case: Case, *, shift: float = 0.0, factor: float = 1.0) -> tuple[float, Array]:
        """Return the error of a network in NumPy, and its arrays after an update.

        All its arrays are multiplied by a factor before, and the sums over the patterns are
        shifted, relative to 1 plus them.
        """
        network = self._build(case, factor)
        if shift:
            apply = network._apply

            def apply_shifted(sums: dict[str, Array]) -> None:
                apply({name: x + shift * (1.0 + np.abs(x)) for name, x in sums.items()})

            network._apply = apply_shifted
        return self._update(network, case)

    def _build(self, case: Case, factor: float = 1.0) -> Any:
        """Return the network in NumPy before the update, with its arrays multiplied by a factor."""
        network: Any = self.engine.rule.build(case.before * factor)
        network._seeds = (case.seed, self.root_seed)
        return network

    def _update(self, network: Any, case: Case) -> tuple[float, Array]:
        """Update a network in NumPy; return its error before, and its arrays afterwards."""
        error = network.error()  # with the random numbers of the first sweep
        network._n_updates = case.update
        network.update()
        return error, network.flatten()

    def check_undeclared(self, case: Case) -> None:
        """Refuse a rule whose network, set back to where it was, learns something else.

        It must remember something that is none of its arrays, such as a counter in an object.
        """
        network = self._build(case)
        with np.errstate(all="ignore"):
            error, after = self._update(network, case)
            network.go_on(case.before, 0)
            error_again, after_again = self._update(network, case)
        first = np.append(after, error)
        if not np.array_equal(first, np.append(after_again, error_again), equal_nan=True):
            raise UsageError(f"{self.engine.rule.name} {NOT_THE_SAME}")

    def compare_errors(self) -> None:
        """Refuse the rule unless each compiled error lies within the limits that NumPy gives.

        The compiled code only says whether an error is below a threshold. So the thresholds are set
        just below and just above the limits.
        """
        # One network a lane; one alone if random numbers depend on the place of a network.
        size = 1 if MEASURE in self.engine.program.drawn else N_LANES
        for begin in range(0, len(self.cases), size):
            cases = self.cases[begin : begin + size]
            low, high = np.array(self.errors[begin : begin + size]).T
            for limits, margin in ((low, -TOLERANCE), (high, TOLERANCE)):
                is_finite = np.isfinite(limits)
                apart = np.where(is_finite, margin * (1.0 + np.abs(limits)), 0.0)
                below = self._are_below(cases, limits + apart)
                # A finite error is below a threshold above it, and not below one under it. An
                # infinite one is below neither.
                is_right = below == (is_finite & (margin > 0.0))
                for error in limits[~is_right]:
                    what = f"the compiled error of a network is not {error:g}, that of the same"
                    self._refuse(what)

    def _are_below(self, cases: list[Case], thresholds: Array) -> NDArray[np.bool_]:
        """Return whether the compiled error of each case is below its threshold."""
        rows = np.array([case.before for case in cases])
        trained = self.engine.train(
            rows,
            threshold=np.resize(thresholds, N_LANES),
            first_seed=cases[0].seed,
            root_seed=self.root_seed,
            max_updates=0,
        )
        return trained.converged

    def _refuse(self, what: str) -> None:
        """Refuse the rule, with what may be wrong with it."""
        raise UsageError(
            f"{self.engine.rule.name}: {what} run in NumPy; return changes, declare in `kept` what "
            "lasts, compare with a small number in place of 0, and let nothing become infinite or "
            "not a number (or give plain=True)"
        )


def measure_apart(compiled: Array, *plain: Array) -> float:
    """Return the largest difference of numbers from those in NumPy, relative to 1 plus these.

    A number that lies between several of NumPy differs by 0. Two numbers that are both infinite or
    NaN differ by 0, too; if only one of them is, the difference is infinite.
    """
    nearest = np.clip(compiled, np.min(plain, axis=0), np.max(plain, axis=0))
    apart = np.abs(compiled - nearest) / (1.0 + np.abs(nearest))
    is_lost = ~(np.abs(compiled) < HUGE)
    is_lost_in_numpy = ~(np.abs(plain[0]) < HUGE)
    apart[is_lost & is_lost_in_numpy] = 0.0
    return float(np.where(np.isnan(apart), np.inf, apart).max())


@contextmanager
def _explain(network: type[Network]) -> Iterator[None]:
    """Add to an error the line of the user's file in which it arose."""
    try:
        yield
    except Exception as error:
        line = find_line(error, network)
        # If NumPy has caught a refusal and raised its own error, the refusal is that error's cause.
        refusal = error.__cause__ if isinstance(error.__cause__, TraceError) else error
        if isinstance(refusal, ReplicationError):
            if line is None or line in str(refusal):
                raise refusal from None
            raise type(refusal)(f"{refusal} ({line})") from None
        # An error that Python or NumPy has raised.
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
        if isinstance(error, ValueError | IndexError) and line is not None:
            text += "; a rule is shown one pattern at a time, a vector"
        raise UsageError(f"{line or network.__name__}: {text}") from error
