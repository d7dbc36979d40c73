"""A learning rule of one's own: the class to write, in plain NumPy for one network and one pattern.

`replication.simulate` compiles it as it stands (`arrays.py`, `blocks.py`, `programs.py`); what is
here runs it in plain Python. `recirculation.py` is the paper's rule, written in the same way.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Never, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.definition.fields import take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.errors import UsageError
from replication.simulator.arrays import APPLY, LEARN, MEASURE, TURNS, Graph, Traced
from replication.simulator.noise import N_PHASES, draw_numbers, find_place
from replication.simulator.outcomes import Trace, make_trace
from replication.simulator.patterns import compute_variation, make_patterns
from replication.simulator.weights import (
    MAX_ROOT_SEED,
    MAX_SEED,
    draw_uniform,
    split_arrays,
    take_numbers,
)
from replication.wording import plural, show

Array = NDArray[np.float64]
Shape = tuple[int, ...]
Hook = Callable[[Any], Any]
"""Takes the changes of one update and returns those that are applied in their place."""

OF_ANY_RULE = {
    "group_sizes", "patterns", "n_images", "criterion", "threshold", "max_updates",
    "update_schedule", "half_width",
}  # fmt: skip
"""Fields of a protocol that do not depend on the learning rule."""

FIXED_STREAM = 2**62
"""Added to the root seed for arrays that are drawn and never change."""


@dataclasses.dataclass(frozen=True, slots=True)
class Criterion:
    """How the error of a network is made of the deviations of its units.

    A maximum over units is one of absolute deviations, a sum one of squares.
    """

    over_units: Literal["maximum", "add"]
    over_patterns: Literal["maximum", "add"]
    finish: Callable[[Any, Array], Any]  # of what results, and the targets


CRITERIA: dict[str, Criterion] = {
    "every-unit": Criterion("maximum", "maximum", lambda x, _: x),
    "every-unit-squared": Criterion("maximum", "maximum", lambda x, _: x * x),
    "every-unit-half-squared": Criterion("maximum", "maximum", lambda x, _: x * x * 0.5),
    "half-squared-error": Criterion("add", "add", lambda x, _: x * 0.5),
    "worst-pattern": Criterion("add", "maximum", lambda x, _: x * 0.5),
    "unexplained-variance": Criterion("add", "add", lambda x, t: x / compute_variation(t)),
}
"""By the values of the protocol's field ``criterion``; our reading of the paper's is first."""


class Network:
    """A network with a learning rule of its own.

    Write a subclass in plain NumPy, for one network and one pattern. Every network starts from its
    own seed, and each update adds the changes of all patterns.

    Parameters
    ----------
    shapes : dict of str to tuple of int
        The weights by their names, drawn from the seed: uniform on [-half_width, half_width) of
        the protocol, ``half_widths[name]`` where that is given. The rule reads ``self.W``.
    fixed : dict of str to tuple of int
        Arrays that are drawn too and never change.
    kept : dict of str to array_like
        What lasts from one update to the next besides (velocities, traces), and its start.
    summed : dict of str to tuple of int
        What `weight_changes` gives of each pattern besides, in a dict; `apply` takes the sums.
    numbers : dict of str to float
        Numbers of the rule, as ``self.rate``; another value needs no compiling.
    patterns : array_like, shape (n_patterns, n_inputs)
        What the network is shown; the protocol's patterns unless given.
    targets : array_like, shape (n_patterns, n_outputs)
        What it should answer; the patterns unless given.

    Notes
    -----
    A subclass has to write ``image(v)``, what the network makes of a pattern, and
    ``weight_changes(v, target)``, what one pattern adds to each array of `shapes`: a tuple in their
    order, or a dict of some of them; `target` may be left out where it is the pattern. It may write
    ``apply(changes)`` (what the summed changes do), ``pattern_error(v, target)`` (a criterion of
    its own, of which the largest over the patterns counts), ``hidden(v)`` (the states that a trace
    shows), and may draw random numbers by ``self.uniform(shape)`` and ``self.normal(shape)``.

    ``__init__`` is not called: settings are class attributes.

    Examples
    --------
    >>> class Alignment(Network):
    ...     shapes = {"W": (2, 4), "b": (2,), "U": (4, 2), "c": (4,)}
    ...     fixed = {"B": (2, 4)}
    ...     numbers = {"rate": 9.5}
    ...     def hidden(self, v):
    ...         return logistic(self.W @ v + self.b)
    ...     def image(self, v):
    ...         return logistic(self.U @ self.hidden(v) + self.c)
    ...     def weight_changes(self, v, target):
    ...         h, r = self.hidden(v), self.image(v)
    ...         d = self.rate * (target - r) * r * (1 - r)
    ...         e = (self.B @ d) * h * (1 - h)
    ...         return np.outer(e, v), e, np.outer(d, h), d
    >>> from replication.simulator.activations import logistic
    >>> Alignment.from_seed(0).train()
    (499, True)
    """

    shapes: ClassVar[Mapping[str, Shape]] = {}
    fixed: ClassVar[Mapping[str, Shape]] = {}
    kept: ClassVar[Mapping[str, Any]] = {}
    summed: ClassVar[Mapping[str, Shape]] = {}
    numbers: ClassVar[Mapping[str, float]] = {}
    half_widths: ClassVar[Mapping[str, float]] = {}
    patterns: Any = None
    targets: Any = None

    takes_protocol: ClassVar[bool] = False  # whether it knows all fields of a protocol
    protocol: Protocol
    _shapes: Mapping[str, Shape] = MappingProxyType({})  # of all arrays, in their order
    _sums: Mapping[str, Shape] = MappingProxyType({})  # of what is summed over the patterns
    _graph: Graph | None = None  # while the rule is traced
    _seeds: tuple[int, int] = (0, 0)  # of this network, and the root seed
    _moment: tuple[int, int] = (0, LEARN)  # the pattern that is shown, and the phase
    _n_updates = 0

    # To be written

    def image(self, v: Any) -> Any:  # noqa: ARG002
        """Return what the network makes of a pattern."""
        raise UsageError(f"{type(self).__name__} has no method image(self, v); write one")

    def weight_changes(self, v: Any, target: Any) -> Any:  # noqa: ARG002
        """Return what one pattern adds to each array of `shapes`."""
        raise UsageError(
            f"{type(self).__name__} has no method weight_changes(self, v, target); write one"
        )

    def apply(self, changes: dict[str, Any]) -> None:
        """Change the weights by changes that are summed over the patterns, added unless written."""
        for name, change in changes.items():
            if name not in self.summed:
                setattr(self, name, getattr(self, name) + change)

    # What it starts from

    @classmethod
    def from_seed(
        cls, seed: int, *, root_seed: int = 1988, protocol: Protocol | str = PAPER
    ) -> Self:
        """Return the network that starts from the weights of this seed."""
        rule = Rule.of(cls, protocol)
        seed = take_whole("seed", seed, 0, MAX_SEED)
        network: Any = rule.build(rule.draw(root_seed, seed, seed + 1)[0])
        network._seeds = seed, root_seed
        return network  # type: ignore[no-any-return]

    @classmethod
    def from_weights(cls, weights: ArrayLike, protocol: Protocol | str = PAPER) -> Self:
        """Return the network with flat weights, in the order of `shapes`, `fixed` and `kept`.

        What is kept may be left out: it begins as declared.
        """
        network: Any = Rule.of(cls, protocol).build(take_numbers(weights, "weights", finite=True))
        return network  # type: ignore[no-any-return]

    @classmethod
    def draw(cls, rule: Rule, root_seed: int, start: int, stop: int) -> Array:
        """Draw the initial weights and fixed arrays of seeds in [start, stop), a row for each.

        A rule that starts otherwise overrides it; a row must depend on its seed alone:

        >>> from replication import RecirculationNetwork
        >>> class Normal(RecirculationNetwork):
        ...     @classmethod
        ...     def draw(cls, rule, root_seed, start, stop):
        ...         each = [np.random.default_rng([root_seed, k]) for k in range(start, stop)]
        ...         return np.stack([one.normal(0.0, 0.3, rule.row_sizes[0]) for one in each])
        >>> Normal.from_seed(0).train()
        (29, True)
        """
        root_seed = take_whole("root_seed", root_seed, 0, MAX_ROOT_SEED)
        parts = []
        for shapes, stream in ((rule.shapes, 0), (rule.fixed, FIXED_STREAM)):
            sizes = [math.prod(shape) for shape in shapes.values()]
            widths = [cls.half_widths.get(name, rule.protocol.half_width) for name in shapes]
            if sizes:
                parts.append(draw_uniform(sum(sizes), root_seed + stream, start, stop))
                parts[-1] *= np.repeat(widths, sizes)
        return parts[0] if len(parts) == 1 else np.hstack(parts)

    def prepare(self) -> None:
        """Set what follows from `self.protocol`, before weights are given."""

    def __setattr__(self, name: str, value: Any) -> None:
        shape = self._shapes.get(name)
        if shape is not None and not isinstance(value, Traced) and self._graph is None:
            value = take_numbers(value, name)
            if value.shape != shape:
                raise UsageError(f"{name} of shape {value.shape} was given; allowed is {shape}")
        object.__setattr__(self, name, value)

    @property
    def weights(self) -> tuple[Array, ...]:
        """All weights, in the order of `shapes`."""
        return tuple(getattr(self, name) for name in self.shapes)

    def flatten(self) -> Array:
        """Return all arrays as one (n,), in the order of `shapes`, `fixed` and `kept`."""
        return np.concatenate([np.ravel(getattr(self, name)) for name in self._shapes])

    def __repr__(self) -> str:
        n_weights = plural(sum(array.size for array in self.weights), "weight")
        return f"{type(self).__name__}({n_weights}, error {self.error():.2g})"

    def list_hidden(self, v: Any) -> list[Any]:
        """Return the states of each hidden group: what the rule's `hidden` gives, if it has one."""
        hidden = getattr(self, "hidden", None)
        found = () if hidden is None else hidden(v)
        return [*found] if isinstance(found, tuple | list) else [found]

    def list_states(self, v: Any) -> list[Any]:
        """Return the states that a page shows of a pattern: those of hidden groups, the image."""
        return [*self.list_hidden(v), self.image(v)]

    # Random numbers

    def uniform(self, shape: int | Shape, *more: Never) -> Any:
        """Return numbers uniform on [0, 1), new for each pattern and update."""
        return self._draw("uniform", shape, more)

    def normal(self, shape: int | Shape, *more: Never) -> Any:
        """Return numbers from the normal distribution with mean 0 and variance 1."""
        return self._draw("normal", shape, more)

    def _draw(self, kind: str, given: int | Shape, more: tuple[Any, ...]) -> Any:
        try:
            shape = _take_shape(Ellipsis if more else given)
        except (TypeError, ValueError):
            call, asked = f"self.{kind}", ", ".join(map(show, (given, *more)))
            allowed = f"a shape, as in {call}(2) or {call}((2, 3)), with sizes from 1"
            raise UsageError(f"{call}({asked}) was asked for; allowed is {allowed}") from None
        draw, TURNS.n_draws = TURNS.n_draws, TURNS.n_draws + 1
        if (graph := self._graph) is not None:
            note, is_batched = (kind, graph.phase, draw, object()), graph.phase != APPLY
            return graph.make("draw", shape, note=note, is_batched=is_batched, depth=graph.depth)
        pattern, phase = self._moment
        place, moment = find_place(draw, TURNS.turn), pattern * N_PHASES + phase
        counter = [place, moment, self._n_updates, self._seeds[0]]
        return draw_numbers(kind, shape, counter, self._seeds[1])

    # In plain NumPy

    def measure(self, v: Any) -> Any:
        """Return what is compared with the target: the image, unless written."""
        return self.image(v)

    def error(self) -> float:
        """Return what the criterion measures, with the weights as they stand."""
        if type(self).pattern_error is not Network.pattern_error:
            pairs = enumerate(zip(self.patterns, self.targets, strict=True))
            return float(np.max([self._at(k, MEASURE).pattern_error(*pair) for k, pair in pairs]))
        images = [self._at(k, MEASURE).measure(v) for k, v in enumerate(self.patterns)]
        d, criterion = np.array(images) - self.targets, CRITERIA[self.protocol.criterion]
        units = np.abs(d) if criterion.over_units == "maximum" else d**2  # (pattern, unit)
        combine: dict[str, Any] = {"maximum": np.max, "add": np.sum}
        error = combine[criterion.over_patterns](combine[criterion.over_units](units, axis=1))
        return float(criterion.finish(error, self.targets))

    def pattern_error(self, v: Any, target: Any) -> Any:
        """Return the error of one pattern, where a rule has a criterion of its own."""
        raise NotImplementedError

    def update(self, change: Hook | None = None) -> None:
        """Change the weights by the sum of the changes of all patterns (page 363).

        `change` takes the summed changes and returns those to apply in their place: arrays of the
        same shapes, or numbers for all entries alike.
        """
        n, is_per_pattern = len(self.patterns), self.protocol.update_schedule == "per-pattern"
        batches = [[k] for k in range(n)] if is_per_pattern else [[*range(n)]]
        for batch in batches:
            each = [self._at(k, LEARN)._change(self.patterns[k], self.targets[k]) for k in batch]
            sums = {name: sum(one[name] for one in each) for name in each[0]}
            if change is not None:
                others = {name: sums.pop(name) for name in self.summed if name in sums}
                sums = self._take_hook(change, sums) | others
            self._at(batch[0], APPLY)._apply(sums)
        self._n_updates += 1

    @overload
    def train(
        self, *, change: Hook | None = None, record: Literal[False] = False
    ) -> tuple[int, bool]: ...

    @overload
    def train(self, *, change: Hook | None = None, record: Literal[True]) -> Trace: ...

    def train(self, *, change: Hook | None = None, record: bool = False) -> Any:
        """Update until the error is below the threshold or the cap is reached.

        Returns the updates applied, 0 if the error was below the threshold at once, and whether
        the network converged; with `record` a `Trace`, which holds them and the network after
        every update. `change` replaces the changes of every update, as for `update`.
        """
        if record:
            return record_network(self, change=change)
        for updates in range(self.protocol.max_updates):
            if self.error() < self.protocol.threshold:
                return updates, True
            self.update(change)
        return self.protocol.max_updates, self.error() < self.protocol.threshold

    def _at(self, pattern: int, phase: int) -> Self:
        """Return the network, with the moment noted by which random numbers differ."""
        self._moment, TURNS.n_draws = (pattern, phase), 0
        return self

    def _change(self, v: Any, target: Any) -> dict[str, Any]:
        """Return the changes of one pattern by their names, or refuse what does not fit."""
        shown = (v, target) if takes_target(type(self).weight_changes) else (v,)
        changes, gives = self.weight_changes(*shown), f"{type(self).__name__}.weight_changes gives"
        names = [*self.shapes]
        if changes is None:
            raise UsageError(f"{gives} nothing; return the changes of {names}")
        # Changes in the order of the weights, or some of them by their names.
        if not isinstance(changes, Mapping):
            changes = changes if isinstance(changes, tuple | list) else (changes,)
            if len(changes) != len(names):
                raise UsageError(
                    f"{gives} {plural(len(changes), 'array')}; shapes has {len(names)}: "
                    f"{', '.join(names)}; give one for each, or a dict"
                )
            changes = dict(zip(names, changes, strict=True))
        for name, change in changes.items():
            if name not in self._sums:
                raise UsageError(f"{gives} {name!r}; shapes has {', '.join(self._sums)}")
            shape, kind = self._sums[name], type(change)
            if kind in (list, tuple):
                raise UsageError(f"{gives} {name} as a {kind.__name__}; write np.stack([x, y])")
            if np.shape(change) not in ((), shape):
                raise UsageError(f"{gives} {name} of shape {np.shape(change)}; shapes says {shape}")
        return dict(changes)

    def _apply(self, sums: dict[str, Any]) -> None:
        """Apply summed changes, or refuse what `apply` returns, which would be lost."""
        apply: Any = self.apply
        if apply(sums) is not None:
            name, advice = type(self).__name__, 'self.W = self.W + changes["W"]'
            raise UsageError(f"{name}.apply returns something, and it has to set: {advice}")

    def _take_hook(self, change: Hook, sums: dict[str, Any]) -> dict[str, Any]:
        """Return what a hook makes of changes, or refuse what cannot be added to the weights."""
        if not callable(change):
            raise UsageError(f"change = {show(change)} was given; allowed is a function of changes")
        returned, wrong, taken = change(self.wrap_changes(sums)), "", {}
        try:
            is_dict = isinstance(returned, dict)
            for name, new in returned.items() if is_dict else zip(sums, returned, strict=True):
                wrong = f"{name} = {show(new)} for weights of shape {self._shapes[name]}"
                taken[name] = np.broadcast_to(take_numbers(new, name), self._shapes[name])
                wrong = ""
        except (TypeError, ValueError, KeyError):
            raise UsageError(
                f"change(...) returned {wrong or show(returned)}; allowed are changes of "
                f"{' and '.join(', '.join(sums).rsplit(', ', 1))}, each a number or an array that "
                "fits: changes._replace(W=...)"
            ) from None
        return taken

    def wrap_changes(self, changes: dict[str, Any]) -> Any:
        """Return changes as a hook is given them."""
        return changes


@functools.lru_cache(maxsize=256)
def takes_target(weight_changes: Callable[..., Any]) -> bool:
    """Return whether the rule's changes depend on a target beside the pattern."""
    return len(inspect.signature(weight_changes).parameters) > 2


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A class of networks with all that a protocol decides for it."""

    network: type[Network]
    protocol: Protocol
    shapes: dict[str, Shape]
    fixed: dict[str, Shape]
    summed: dict[str, Shape]
    kept: dict[str, Array]
    numbers: dict[str, float]
    patterns: Array
    targets: Array

    @classmethod
    def of(cls, network: type[Network], protocol: Protocol | str = PAPER) -> Self:
        """Return what a class of networks is under a protocol, or refuse what does not fit."""
        protocol = find_protocol(protocol)
        given: Any = network
        if not (isinstance(given, type) and issubclass(given, Network)):
            is_one = isinstance(given, Network)
            what = f"one {type(given).__name__}, not the class" if is_one else show(network)
            raise UsageError(f"network = {what} was given; allowed is a subclass of Network")
        # What the class says under this protocol.
        one = network.__new__(network)
        object.__setattr__(one, "protocol", protocol)
        one.prepare()
        name = network.__name__
        patterns = _take_rows(f"{name}.patterns", one.patterns, lambda: make_patterns(protocol))
        targets = _take_rows(f"{name}.targets", one.targets, lambda: patterns)
        if len(targets) != len(patterns):
            allowed = f"{len(patterns)}, one for each pattern"
            raise UsageError(
                f"{name}.targets has {plural(len(targets), 'row')}; allowed are {allowed}"
            )
        rule = cls(
            network, protocol, _take_shapes(name, "shapes", one.shapes),
            _take_shapes(name, "fixed", one.fixed), _take_shapes(name, "summed", one.summed),
            {key: take_numbers(x, f"{name}.kept", finite=True)
             for key, x in _gather(one, "kept").items()},
            {key: _take_number(f"{name}.numbers", x) for key, x in _gather(one, "numbers").items()},
            patterns, targets,
        )  # fmt: skip
        rule._check(one)
        return rule

    def _check(self, one: Network) -> None:
        name = self.name
        for each in ("patterns", "targets"):
            if isinstance(getattr(self.network, each), property):
                raise UsageError(f"{name}.{each} is a property; make it a class attribute")
        if not self.shapes:
            raise UsageError(f'{name}.shapes is empty; name its weights, as {{"W": (2, 4)}}')
        names = [*self.shapes, *self.fixed, *self.summed, *self.kept, *self.numbers]
        for each in vars(self.network):
            if f"{each}s" in vars(Network):  # weight_change
                raise UsageError(f"{name} has {each!r}; write '{each}s', or choose another name")
        for each in names:
            is_taken = names.count(each) > 1 or hasattr(self.network, str(each))
            if is_taken or each == "protocol" or not str(each).isidentifier():
                wrong = "is no name in Python, or taken already; choose another"
                raise UsageError(f"{name} calls an array or a number {each!r}, which {wrong}")
        for each, half_width in one.half_widths.items():
            if each not in (*self.shapes, *self.fixed):
                allowed = ", ".join([*self.shapes, *self.fixed])
                raise UsageError(f"{name}.half_widths names {each!r}; allowed are {allowed}")
            if _take_number(f"{name}.half_widths", half_width) < 0.0:
                raise UsageError(f"{name}.half_widths has {half_width}; allowed are numbers from 0")
        for field, value in self.protocol.differences.items():
            if not (one.takes_protocol or field in OF_ANY_RULE):
                raise UsageError(
                    f"{field} = {show(value)} was given, which {name} does not take: its settings "
                    f"are its own; of a protocol it takes {', '.join(sorted(OF_ANY_RULE))}"
                )

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.network.__name__

    @property
    def all_shapes(self) -> dict[str, Shape]:
        """Shapes of all arrays, in the order in which they lie in flat weights."""
        kept = {name: begun.shape for name, begun in self.kept.items()}
        return {**self.shapes, **self.fixed, **kept}

    @property
    def sums(self) -> dict[str, Shape]:
        """Shapes of what is summed over the patterns: changes, and what `apply` takes besides."""
        return {**self.shapes, **self.summed}

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Numbers of the weights, the fixed arrays and what is kept."""
        weights, fixed = (sum(map(math.prod, x.values())) for x in (self.shapes, self.fixed))
        return weights, fixed, sum(begun.size for begun in self.kept.values())

    @property
    def has_targets(self) -> bool:
        """Whether the targets are others than the patterns."""
        return self.targets is not self.patterns

    @property
    def is_per_pattern(self) -> bool:
        """Whether weights change after each pattern."""
        return self.protocol.update_schedule == "per-pattern"

    def bare(self) -> Network:
        """Return a network with everything but weights."""
        one = self.network.__new__(self.network)
        one.__dict__.update(
            protocol=self.protocol, patterns=self.patterns, targets=self.targets,
            _shapes=self.all_shapes, _sums=self.sums, **self.numbers,
        )  # fmt: skip
        one.prepare()
        return one

    def build(self, row: Array) -> Network:
        """Return the network with flat weights, those that are kept too or not."""
        allowed = self.row_sizes
        if row.shape not in [(size,) for size in allowed]:
            raise UsageError(
                f"weights of shape {row.shape} were given; {self.name} needs ({allowed[0]},)"
            )
        network = self.bare()
        arrays = split_arrays(self.all_shapes, self.complete(row[np.newaxis])[0])
        network.__dict__.update({name: array.copy() for name, array in arrays.items()})
        return network

    @property
    def row_sizes(self) -> tuple[int, int]:
        """Numbers of a network without what is kept, and with it."""
        return sum(self.sizes[:2]), sum(self.sizes)

    @property
    def begun(self) -> Array:
        """What is kept as it begins, flat."""
        return np.concatenate([np.zeros(0), *(np.ravel(x) for x in self.kept.values())])

    def complete(self, rows: Array) -> Array:
        """Return rows of weights with what is kept as it begins, where that is left out."""
        if rows.shape[1] == self.row_sizes[1]:
            return rows
        return np.hstack([rows, np.broadcast_to(self.begun, (len(rows), self.sizes[2]))])

    def draw(self, root_seed: int, start: int, stop: int) -> Array:
        """Draw the initial weights and fixed arrays of seeds in [start, stop), a row for each."""
        return self.network.draw(self, root_seed, start, stop)


def _take_rows(what: str, given: Any, default: Callable[[], Array]) -> Array:
    if given is None:
        return default()
    rows = take_numbers(given, what, finite=True)
    if rows.ndim != 2 or not rows.size:
        advice = ", as in [[0], [1]] of one unit" if rows.ndim == 1 else ""
        raise UsageError(
            f"{what} of shape {rows.shape} was given; allowed is (n_patterns, n_units){advice}"
        )
    rows = np.array(rows)
    rows.flags.writeable = False  # so that a rule in plain NumPy cannot change them
    return rows


def _gather(one: Network, name: str) -> dict[str, Any]:
    """Return what a class declares under a name, and the classes above it up to a property."""
    found: dict[str, Any] = {}
    for each in type(one).__mro__:
        given: Any = vars(each).get(name, {})
        is_all = isinstance(given, property)  # which may leave out what those above it declare
        found = {**(given.__get__(one) if is_all else given), **found}
        if is_all:
            break
    return found


def _take_number(what: str, given: Any) -> float:
    number = take_numbers(given, what, finite=True)
    if number.ndim:
        raise UsageError(f"{show(given)} was given in {what}; allowed is one number for each name")
    return float(number)


def _take_shape(given: Any) -> Shape:
    """Return a shape; raise TypeError or ValueError for anything else."""
    shape = tuple(map(operator.index, (given,) if np.ndim(given) == 0 else given))
    if min(shape, default=1) < 1:
        raise ValueError
    return shape


def _take_shapes(name: str, what: str, given: Any) -> dict[str, Shape]:
    try:
        return {key: _take_shape(shape) for key, shape in given.items()}
    except (AttributeError, TypeError, ValueError):
        raise UsageError(
            f"{name}.{what} = {show(given)} was given; allowed is a dict of names to shapes, e.g. "
            '{"W": (2, 4), "b": (2,)}'
        ) from None


def record_network(
    network: Network, n_updates: int | None = None, change: Hook | None = None
) -> Trace:
    """Apply so many updates, or train until the outcome, and return every state passed."""
    states: list[Sequence[Any]] = []
    protocol = network.protocol
    for t in range((protocol.max_updates if n_updates is None else n_updates) + 1):
        if t > 0:
            network.update(change)
        hidden = [network.list_hidden(v) for v in network.patterns]
        images = [network.image(v) for v in network.patterns]
        weights = np.concatenate([np.ravel(array) for array in network.weights])
        states.append((network.error(), hidden, images, weights))
        if n_updates is None and states[-1][0] < protocol.threshold:
            break
    errors, hidden_states, all_images, rows = zip(*states, strict=True)
    groups = zip(*(zip(*each, strict=True) for each in hidden_states), strict=True)
    arrays = [np.array(group) for group in groups], np.array(all_images), np.array(rows)
    return make_trace(protocol, dict(network.shapes), np.array(errors), *arrays)
