"""A learning rule of one's own: the class to write, in plain NumPy for one network and one pattern.

`replication.simulate` compiles it as it stands (`traces.py`, `blocks.py`, `sweep.py`); what is
here runs it in plain Python. `recirculation.py` is the paper's rule, written in the same way.
"""

from __future__ import annotations

import copy
import functools
import inspect
import math
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.definition.fields import take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.errors import UsageError
from replication.simulator.operations.arrays import (
    APPLY,
    LEARN,
    MEASURE,
    TURNS,
    Graph,
    TraceError,
    is_truth,
)
from replication.simulator.operations.handles import Handle, unwrap
from replication.simulator.operations.noise import N_PHASES, draw_numbers, draw_order, find_place
from replication.simulator.rule import weights as initial
from replication.wording import plural, show

Array = NDArray[np.float64]
Shape = tuple[int, ...]

OF_ANY_RULE = {
    "group_sizes",
    "patterns",
    "n_images",
    "criterion",
    "threshold",
    "max_updates",
    "update_schedule",
    "batch_size",
    "half_width",
}
"""Fields of a protocol that do not depend on the learning rule."""

ONLY_APPLY = (
    "only apply() may change arrays, those of `shapes` and `kept`, by what weight_changes() returns"
)
SHAPES = 'shapes, e.g. {"W": (2, 4), "b": (2,)}'
FIXED_STREAM = 2**62
"""Added to the root seed for arrays that are drawn and never change."""


class Criterion(NamedTuple):
    """How the error of a network is made of the deviations of its units.

    A maximum over units is one of absolute deviations; a sum is one of squares, unless it is said
    to be one of absolute deviations. `finish` is compiled: it may use ``+ - * /``, `np.sqrt` and
    `np.absolute`.

    The root of the mean square over all units and patterns, and the sum of absolute deviations:

    >>> root = Criterion("add", "add", lambda x, targets: np.sqrt(x / targets.size))
    >>> total = Criterion("add", "add", lambda x, _: x, deviations="absolute")
    """

    over_units: Literal["maximum", "add"]
    over_patterns: Literal["maximum", "add"]
    finish: Callable[[Any, Array], Any]  # of what results, and the targets
    deviations: Literal["squared", "absolute"] = "squared"  # of which sums are made

    @property
    def is_absolute(self) -> bool:
        """Whether absolute deviations of units are compared or added, and not their squares."""
        return self.over_units == "maximum" or self.deviations == "absolute"


CRITERIA: dict[str, Criterion] = {
    "every-unit": Criterion("maximum", "maximum", lambda x, _: x),
    "every-unit-squared": Criterion("maximum", "maximum", lambda x, _: x * x),
    "every-unit-half-squared": Criterion("maximum", "maximum", lambda x, _: x * x * 0.5),
    "half-squared-error": Criterion("add", "add", lambda x, _: x * 0.5),
    "worst-pattern": Criterion("add", "maximum", lambda x, _: x * 0.5),
    "unexplained-variance": Criterion("add", "add", lambda x, t: x / initial.compute_variation(t)),
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
    >>> from replication.simulator.rule.activations import logistic
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
    _fixed: Mapping[str, Shape] = MappingProxyType({})  # of those that never change
    _sums: Mapping[str, Shape] = MappingProxyType({})  # of what is summed over the patterns
    _graph: Graph | None = None  # while the rule is traced
    _seeds: tuple[int, int] = (0, 0)  # of this network, and the root seed
    _moment: tuple[int, int] = (0, LEARN)  # the pattern that is shown, and the phase
    _n_updates = 0
    _n_begun = 0  # updates before those that `train` applies

    if TYPE_CHECKING:  # arrays and numbers, by the names that a class declares

        def __getattr__(self, name: str) -> Any: ...

    # To be written

    def image(self, v: Any) -> Any:
        """Return what the network makes of a pattern."""
        raise NotImplementedError("a rule has to have image(self, v)")

    if TYPE_CHECKING:  # a subclass may leave out the target
        weight_changes: Callable[..., Any]
    else:

        def weight_changes(self, v: Any, target: Any) -> Any:
            """Return what one pattern adds to each array of `shapes`."""
            raise NotImplementedError("a rule has to have weight_changes(self, v, target)")

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
        rule = Rule(cls, protocol)
        # The same row that the compiled code would read.
        seed = take_whole("seed", seed, 0, initial.MAX_SEED)
        network: Self = rule.build(rule.draw(root_seed, seed, seed + 1)[0])
        network._seeds = seed, root_seed
        return network

    @classmethod
    def from_weights(cls, weights: ArrayLike, protocol: Protocol | str = PAPER) -> Self:
        """Return the network with flat weights, in the order of `shapes`, `fixed` and `kept`.

        What is kept may be left out: it begins as declared.
        """
        row = initial.take_numbers(weights, "weights", finite=True)
        network: Self = Rule(cls, protocol).build(row)
        return network

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
        root_seed = take_whole("root_seed", root_seed, 0, initial.MAX_ROOT_SEED)
        parts = []
        # Weights and fixed arrays have streams of their own: one more of these moves none of those.
        for shapes, stream in ((rule.shapes, 0), (rule.fixed, FIXED_STREAM)):
            sizes = [math.prod(shape) for shape in shapes.values()]
            widths = [cls.half_widths.get(name, rule.protocol.half_width) for name in shapes]
            if sizes:
                parts.append(initial.draw_uniform(sum(sizes), root_seed + stream, start, stop))
                parts[-1] *= np.repeat(widths, sizes)
        return parts[0] if len(parts) == 1 else np.hstack(parts)

    def prepare(self) -> None:
        """Set what follows from `self.protocol`, before weights are given."""

    def __setattr__(self, name: str, value: Any) -> None:
        shape = self._shapes.get(name)
        if self._graph is not None:
            value = self._take_traced(self._graph, name, value)
        elif shape is not None:
            value = initial.take_numbers(value, name)
            if value.shape != shape:
                raise UsageError(f"{name} of shape {value.shape} was given; allowed is {shape}")
        object.__setattr__(self, name, value)

    def _take_traced(self, graph: Graph, name: str, value: Any) -> Handle:
        """Return what an attribute becomes while the rule is traced, or refuse that it changes."""
        method = {LEARN: "weight_changes", APPLY: "apply"}.get(graph.phase, "image")
        changes = f"{type(self).__name__}.{method} changes self.{name}"
        if method == "apply" and name not in self._shapes:
            declared = f"kept = {{{name!r}: 0.0}}, with its start"
            raise TraceError(f"{changes}, which is not declared; write {declared}")
        if method != "apply" or name in self._fixed:
            raise TraceError(f"{changes}; {ONLY_APPLY}")
        # NumPy copies what is set, and has numbers from then on.
        if isinstance(value, Handle) and not is_truth(value.array):
            return value.copy()
        array = graph.take(unwrap(value))
        return Handle(array * 1.0 if is_truth(array) else array)

    @property
    def weights(self) -> tuple[Array, ...]:
        """All weights, in the order of `shapes`."""
        return tuple(getattr(self, name) for name in self.shapes)

    def flatten(self) -> Array:
        """Return all arrays as one (n,), in the order of `shapes`, `fixed` and `kept`."""
        return np.concatenate([np.ravel(getattr(self, name)) for name in self._shapes])

    def go_on(self, row: Array, n_updates: int) -> None:
        """Take all arrays as they were after so many updates, to go on from there."""
        self.__dict__.update(initial.split_arrays(self._shapes, np.array(row)))
        self._n_updates = self._n_begun = int(n_updates)

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

    def uniform(self, shape: int | Shape) -> Any:
        """Return numbers uniform on [0, 1), new for each pattern and update."""
        return self._draw("uniform", shape)

    def normal(self, shape: int | Shape) -> Any:
        """Return numbers from the normal distribution with mean 0 and variance 1."""
        return self._draw("normal", shape)

    def _draw(self, kind: str, given: int | Shape) -> Any:
        shape = _take_shape(given)
        # Draws of one call of a method are numbered, and so are turns of a loop.
        draw, TURNS.n_draws = TURNS.n_draws, TURNS.n_draws + 1
        # Traced: the draw is noted, for the compiled code to make.
        if (graph := self._graph) is not None:
            note = (kind, graph.phase, draw, object())
            is_batched = graph.phase != APPLY
            where: dict[str, Any] = {"is_batched": is_batched, "depth": graph.depth}
            return Handle(graph.make("draw", shape, note=note, **where))
        # In NumPy: the counter says where and when, and nothing is remembered.
        pattern, phase = self._moment
        place = find_place(draw, TURNS.turn)
        moment = pattern * N_PHASES + phase
        counter = [place, moment, self._n_updates, self._seeds[0]]
        return draw_numbers(kind, shape, counter, self._seeds[1])

    # In plain NumPy

    def measure(self, v: Any) -> Any:
        """Return what is compared with the target: the image, unless written."""
        return self.image(v)

    def error(self) -> float:
        """Return what the criterion measures, with the weights as they stand."""
        # A criterion of the rule, of which the worst pattern counts.
        if type(self).pattern_error is not Network.pattern_error:
            pairs = enumerate(zip(self.patterns, self.targets, strict=True))
            return float(np.max([self._at(k, MEASURE).pattern_error(*pair) for k, pair in pairs]))
        # One of the protocol: over units first, then over patterns.
        images = [self._at(k, MEASURE).measure(v) for k, v in enumerate(self.patterns)]
        d = np.array(images) - self.targets
        criterion = CRITERIA[self.protocol.criterion]
        units = np.abs(d) if criterion.is_absolute else d**2  # (pattern, unit)
        each = getattr(np, criterion.over_units).reduce(units, axis=1)  # (pattern,)
        error = getattr(np, criterion.over_patterns).reduce(each)
        return float(criterion.finish(error, self.targets))

    def pattern_error(self, v: Any, target: Any) -> Any:
        """Return the error of one pattern, where a rule has a criterion of its own."""
        raise NotImplementedError

    def update(self) -> None:
        """Change the weights by the sum of the changes of all patterns (page 363)."""
        n = len(self.patterns)
        order = np.arange(n)
        size = find_batch_size(self.protocol, n)
        if self.protocol.update_schedule == "minibatch":
            order = draw_order(n, self._n_updates, *self._seeds)
        for begin in range(0, n, size):
            self._learn_some(order, range(begin, min(begin + size, n)))
        self._n_updates += 1

    def _learn_some(self, order: NDArray[np.int64], places: range) -> None:
        """Change the weights by the summed changes of the patterns in some places of an order."""
        sums: dict[str, Any] = {}
        for place in places:  # in this order, which fixes the last bits
            shown = self.patterns[order[place]], self.targets[order[place]]
            for name, change in self._at(place, LEARN)._change(*shown).items():
                sums[name] = sums.get(name, np.zeros(self._sums[name])) + change
        self._at(places[0], APPLY)._apply(sums)

    def train(self) -> tuple[int, bool]:
        """Update until the error is below the threshold or the cap is reached.

        Returns the updates applied, 0 if the error was below the threshold at once, and whether
        the network converged.
        """
        for updates in range(self._n_begun, self.protocol.max_updates):
            if self.error() < self.protocol.threshold:
                return updates, True
            self.update()
        return self.protocol.max_updates, self.error() < self.protocol.threshold

    def _at(self, pattern: int, phase: int) -> Self:
        """Return the network, with the moment noted by which random numbers differ."""
        self._moment, TURNS.n_draws = (pattern, phase), 0
        return self

    def _change(self, v: Any, target: Any) -> dict[str, Any]:
        """Return the changes of one pattern by their names, or refuse what does not fit."""
        # A rule whose targets are its patterns may leave the second out.
        shown = (v, target)[: len(inspect.signature(self.weight_changes).parameters)]
        changes = self.weight_changes(*shown)
        gives = f"{type(self).__name__}.weight_changes gives"
        if changes is None:
            raise UsageError(f"{gives} nothing; return the changes of {[*self.shapes]}")
        # Some in a dict, or all in the order of the weights; one array alone is that of one weight.
        if not isinstance(changes, Mapping):
            changes = changes if isinstance(changes, tuple | list) else (changes,)
            if len(changes) != len(self.shapes):
                raise UsageError(
                    f"{gives} {plural(len(changes), 'array')}; shapes has {len(self.shapes)}: "
                    f"{', '.join(self.shapes)}; give one for each, or a dict"
                )
            changes = dict(zip(self.shapes, changes, strict=True))
        for name, change in changes.items():
            if name not in self._sums:
                known = f"shapes has {', '.join(self._sums)}"
                advice = "what else is summed over the patterns is declared in `summed`"
                raise UsageError(f"{gives} {name!r}; {known}; {advice}")
            if isinstance(change, list | tuple):
                raise UsageError(f"{gives} {name} as a list; write np.stack([x, y])")
            # One number stands for all entries.
            shape = self._sums[name]
            if np.shape(change) not in ((), shape):
                raise UsageError(f"{gives} {name} of shape {np.shape(change)}; shapes says {shape}")
        return dict(changes)

    def _apply(self, sums: dict[str, Any]) -> None:
        """Apply summed changes, or refuse what `apply` returns, which would be lost."""
        apply: Any = self.apply
        if apply(sums) is not None:
            name = type(self).__name__
            advice = 'self.W = self.W + changes["W"]'
            raise UsageError(f"{name}.apply returns something, and it has to set: {advice}")


class Rule:
    """A class of networks with all that a protocol decides for it."""

    def __init__(self, network: type[Network], protocol: Protocol | str = PAPER) -> None:
        """Take what a class of networks is under a protocol, or refuse what does not fit."""
        given: Any = network
        if not (isinstance(given, type) and issubclass(given, Network)):
            raise UsageError(f"network = {show(given)} was given; allowed is a subclass of Network")
        self.network, self.protocol, name = network, find_protocol(protocol), network.__name__
        self.name = name
        # What the class says under this protocol.
        one: Any = network.__new__(network)
        object.__setattr__(one, "protocol", self.protocol)
        one.prepare()
        shown = initial.make_patterns(self.protocol) if one.patterns is None else one.patterns
        self.patterns = self.targets = _take_rows(f"{name}.patterns", shown)
        self.has_targets = one.targets is not None  # others than the patterns
        if self.has_targets:
            self.targets = _take_rows(f"{name}.targets", one.targets)
        self._check_targets(f"{name}.targets")
        self.learnt = self.patterns, self.targets  # what its networks know as their own
        # Weights change once in a sweep, or after some patterns, which may be shuffled.
        self.batch_size = find_batch_size(self.protocol, len(self.patterns))
        self.is_one_batch = self.protocol.update_schedule == "batch"
        self.is_shuffled = self.protocol.update_schedule == "minibatch"
        self.shapes, self.fixed, self.summed = (
            _take(f"{name}.{each}", getattr(one, each), _take_shape, SHAPES)
            for each in ("shapes", "fixed", "summed")
        )
        self.kept = _take(f"{name}.kept", _gather(one, "kept"), _take_finite, "arrays of numbers")
        self.numbers = _take(f"{name}.numbers", _gather(one, "numbers"), _take_number, "numbers")
        # Shapes of all arrays as they lie in flat weights, and of all sums over the patterns.
        kept = {key: begun.shape for key, begun in self.kept.items()}
        self.all_shapes: dict[str, Shape] = {**self.shapes, **self.fixed, **kept}
        self.sums: dict[str, Shape] = {**self.shapes, **self.summed}
        # What is kept as it begins, and the numbers of the weights, the fixed arrays and that.
        self.begun = np.concatenate([np.zeros(0), *(np.ravel(x) for x in self.kept.values())])
        weights, fixed = (sum(map(math.prod, x.values())) for x in (self.shapes, self.fixed))
        self.sizes = weights, fixed, self.begun.size
        self.row_sizes = weights + fixed, sum(self.sizes)  # of a network, without what is kept
        self._check(one)

    def _check(self, one: Network) -> None:
        name = self.name
        if not self.shapes:
            raise UsageError(f'{name}.shapes is empty; name its weights, as {{"W": (2, 4)}}')
        # Names that would hide each other, or a method.
        names = [*self.shapes, *self.fixed, *self.summed, *self.kept, *self.numbers]
        for each in names:
            is_taken = names.count(each) > 1 or hasattr(self.network, str(each))
            if is_taken or each == "protocol" or not str(each).isidentifier():
                wrong = "is no name in Python, or taken already; choose another"
                raise UsageError(f"{name} calls an array or a number {each!r}, which {wrong}")
        # Half widths of what is not drawn would be ignored without a word.
        for each in _take(f"{name}.half_widths", one.half_widths, _take_number, "numbers"):
            if each not in (*self.shapes, *self.fixed):
                allowed = ", ".join([*self.shapes, *self.fixed])
                raise UsageError(f"{name}.half_widths names {each!r}; allowed are {allowed}")
        # And so would fields that only our own classes read.
        for field, value in self.protocol.differences.items():
            if not (one.takes_protocol or field in OF_ANY_RULE):
                raise UsageError(
                    f"{field} = {show(value)} was given, which {name} does not take: its settings "
                    f"are its own; of a protocol it takes {', '.join(sorted(OF_ANY_RULE))}"
                )

    def _check_targets(self, what: str) -> None:
        if len(self.targets) != len(self.patterns):
            allowed = f"{len(self.patterns)}, one for each pattern"
            raise UsageError(f"{what} has {len(self.targets)} rows; allowed are {allowed}")

    @property
    def has_classes(self) -> bool:
        """Whether each target names a class, by a single 1 among zeros."""
        n_units = self.targets.shape[1]
        is_one = self.targets == 1.0
        is_zero = self.targets == 0.0
        is_class = (is_one.sum(axis=1) == 1) & (is_zero.sum(axis=1) == n_units - 1)
        return n_units > 1 and bool(is_class.all())

    def show(self, patterns: Array, targets: Array | None = None) -> Self:
        """Return the same rule, of which other patterns are measured; it learnt its own."""
        other = copy.copy(self)
        other.patterns = other.targets = _take_rows("test_patterns", patterns)
        if self.has_targets and targets is None:
            raise UsageError(f"{self.name} has targets; give test_targets with test_patterns")
        if targets is not None and not self.has_targets:
            raise UsageError(f"the targets of {self.name} are its patterns; leave out test_targets")
        if targets is not None:
            other.targets = _take_rows("test_targets", targets)
        other._check_targets("test_targets")
        for what, new, own in (
            ("test_patterns", other.patterns, self.patterns),
            ("test_targets", other.targets, self.targets),
        ):
            if new.shape[1] != own.shape[1]:
                allowed = f"{own.shape[1]} numbers a row, as in those of {self.name}"
                raise UsageError(f"{what} of shape {new.shape} was given; allowed are {allowed}")
        return other

    def bare(self) -> Network:
        """Return a network with everything but weights."""
        # Without `__init__`, and past `__setattr__`: what is set here was checked before.
        one = self.network.__new__(self.network)
        one.__dict__.update(
            protocol=self.protocol,
            patterns=self.learnt[0],
            targets=self.learnt[1],
            _shapes=self.all_shapes,
            _fixed=self.fixed,
            _sums=self.sums,
            **self.numbers,
        )
        one.prepare()
        return one

    def build(self, row: Array) -> Any:
        """Return the network with flat weights, those that are kept too or not."""
        network = self.bare()
        # A row of its own, so that networks built of one share nothing.
        own = np.hstack(self.split(row[np.newaxis]))[0]
        network.__dict__.update(initial.split_arrays(self.all_shapes, own))
        return network

    def split(self, rows: Array) -> tuple[Array, Array]:
        """Return what is drawn of each row, and what is kept, as it begins where it is left out."""
        n_drawn = self.row_sizes[0]
        if rows.ndim != 2 or rows.shape[1] not in self.row_sizes:
            given = f"weights of shape {rows.shape} were given"
            needed = f"(n, {n_drawn}), a row for each network"
            raise UsageError(f"{given}; {self.name} needs {needed}")
        if rows.shape[1] == n_drawn:  # what is kept begins alike, and is not copied
            return rows, np.broadcast_to(self.begun, (len(rows), self.sizes[2]))
        return rows[:, :n_drawn], rows[:, n_drawn:]

    def draw(self, root_seed: int, start: int, stop: int) -> Array:
        """Draw the initial weights and fixed arrays of seeds in [start, stop), a row for each."""
        return self.network.draw(self, root_seed, start, stop)


def find_batch_size(protocol: Protocol, n_patterns: int) -> int:
    """Return after how many patterns weights change."""
    if protocol.update_schedule == "per-pattern":
        return 1
    if protocol.update_schedule == "minibatch":
        return min(protocol.batch_size, n_patterns)
    return n_patterns


def _take_rows(what: str, given: Any) -> Array:
    rows = initial.take_numbers(given, what, finite=True)
    if rows.ndim != 2 or not rows.size:
        allowed = "(n_patterns, n_units), as in [[0], [1]] of one unit"
        raise UsageError(f"{what} of shape {rows.shape} was given; allowed is {allowed}")
    rows.flags.writeable = False  # so that a rule in plain NumPy cannot change them
    return rows


def _gather(one: Network, name: str) -> dict[str, Any]:
    """Return what a class declares under a name, and the classes above it."""
    found: dict[str, Any] = {}
    for each in reversed(type(one).__mro__):
        given: Any = vars(each).get(name, {})
        # A property gives all, and may leave out what those above it declare.
        given = {**found, **given} if isinstance(given, Mapping) else given
        found = given.__get__(one) if isinstance(given, property) else given
    return found


def _take(what: str, given: Any, check: Callable[[Any], Any], kind: str) -> dict[str, Any]:
    """Return what a class declares by its names, each as a check returns it."""
    try:
        return {key: check(x) for key, x in given.items()}
    except (AttributeError, TypeError, ValueError):
        allowed = f"a dict of names to {kind}"
        raise UsageError(f"{what} = {show(given)} was given; allowed is {allowed}") from None


_take_finite = functools.partial(initial.take_numbers, what="", finite=True)


def _take_number(given: Any) -> float:
    return float(_take_finite(given))


def _take_shape(given: Any) -> Shape:
    """Return a shape; raise TypeError or ValueError for anything else."""
    # A whole number alone is the size of a vector.
    shape = tuple(map(operator.index, (given,) if np.ndim(given) == 0 else given))
    if min(shape, default=1) < 1:
        raise ValueError(f"{shape} is no shape of an array, whose sizes are at least 1")
    return shape
