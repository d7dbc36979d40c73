"""A learning rule of one's own: the class to write, in plain NumPy for one network and one pattern.

`replication.simulate` compiles it as it stands (`traces.py`, `blocks.py`, `sweep.py`); what is
here runs it in plain Python. `recirculation.py` is the paper's rule, written in the same way.
"""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.definition.fields import take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.errors import UsageError
from replication.simulator.operations.arrays import Graph, TraceError, is_truth
from replication.simulator.operations.handles import Handle, unwrap
from replication.simulator.operations.noise import N_PHASES, draw_numbers, draw_order, find_place
from replication.simulator.operations.turns import APPLY, LEARN, MEASURE, TURNS
from replication.simulator.rule import declared
from replication.simulator.rule import weights as initial
from replication.simulator.rule.criteria import CRITERIA, measure_error
from replication.simulator.rule.declared import Shape
from replication.wording import plural, show

Array = NDArray[np.float64]
States = Any
"""States of units, weights or changes: arrays and numbers of NumPy, or handles of arrays while the
rule is traced. The same lines of a user's rule compute with either."""
Changes = Any
"""What `weight_changes` of any rule gives: arrays in the order of `shapes`, or some in a dict."""

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
    "; declare in `kept` what lasts, such as a counter"
)
FIXED_STREAM = 2**62
"""Added to the root seed for arrays that never change, so that they have draws of their own."""


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
        Other arrays that last from one update to the next, such as velocities, as they begin.
    summed : dict of str to tuple of int
        Other arrays that `weight_changes` gives for each pattern, in a dict; `apply` gets the sums.
    numbers : dict of str to float
        Numbers of the rule, as ``self.rate``; another value needs no compiling.
    patterns : array_like, shape (n_patterns, n_inputs)
        What the network is shown: the protocol's patterns, unless given.
    targets : array_like, shape (n_patterns, n_outputs)
        What it should answer: the patterns, unless given.

    Notes
    -----
    A subclass has to write ``image(v)``, what the network makes of a pattern, and
    ``weight_changes(v, target)``, what one pattern adds to each array of `shapes`: a tuple in their
    order, or a dict of some of them; `target` may be left out where it is the pattern. It may also
    write ``apply(changes)`` (what the summed changes do), ``pattern_error(v, target)`` (an error of
    its own, whose largest value over the patterns counts) and ``hidden(v)`` (the states that a
    trace shows). It may draw random numbers by ``self.uniform(shape)`` and ``self.normal(shape)``.

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
    _graph: Graph | None = None  # that the rule makes while it is traced
    _seeds: tuple[int, int] = (0, 0)  # the seed of this network, and the root seed
    _moment: tuple[int, int] = (0, LEARN)  # the pattern that is shown, and the phase of the sweep
    _n_updates = 0  # that it has behind it
    _n_begun = 0  # of these, the updates of an earlier run from which it goes on

    if TYPE_CHECKING:  # arrays and numbers, by the names that a class declares

        def __getattr__(self, name: str) -> Any: ...

    # To be written

    def image(self, v: States) -> States:
        """Return what the network makes of a pattern."""
        raise NotImplementedError("a rule has to have image(self, v)")

    if TYPE_CHECKING:  # a subclass may leave out the target
        weight_changes: Callable[..., Changes]
    else:

        def weight_changes(self, v: States, target: States) -> Changes:
            """Return what one pattern adds to each array of `shapes`."""
            raise NotImplementedError("a rule has to have weight_changes(self, v, target)")

    def apply(self, changes: dict[str, States]) -> None:
        """Add the changes, which are summed over the patterns, to the weights."""
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
        # Weights and fixed arrays have streams of their own, so that another fixed array does not
        # change the weights.
        weights = cls._draw_arrays(rule, rule.shapes, root_seed, start, stop)
        if not rule.fixed:
            return weights
        fixed = cls._draw_arrays(rule, rule.fixed, root_seed + FIXED_STREAM, start, stop)
        return np.hstack([weights, fixed])

    @classmethod
    def _draw_arrays(
        cls, rule: Rule, shapes: Mapping[str, Shape], stream: int, start: int, stop: int
    ) -> Array:
        """Draw some arrays of seeds in [start, stop), each uniform with its own half width."""
        sizes = [math.prod(shape) for shape in shapes.values()]
        widths = [cls.half_widths.get(name, rule.protocol.half_width) for name in shapes]
        rows = initial.draw_uniform(sum(sizes), stream, start, stop)
        rows *= np.repeat(widths, sizes)
        return rows

    def prepare(self) -> None:
        """Set attributes that follow from `self.protocol`; weights are set later."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; an array must keep its shape, and a traced rule sets only some."""
        shape = self._shapes.get(name)
        if self._graph is not None:
            self._check_change(self._graph.phase, name)
            value = self._take_traced(self._graph, value)
        elif shape is not None:
            value = initial.take_numbers(value, name)
            if value.shape != shape:
                raise UsageError(f"{name} of shape {value.shape} was given; allowed is {shape}")
        object.__setattr__(self, name, value)

    def _check_change(self, phase: int, name: str) -> None:
        """Refuse, while a rule is traced, to set an attribute that compiled code cannot change."""
        method = {LEARN: "weight_changes", APPLY: "apply"}.get(phase, "image")
        changes = f"{type(self).__name__}.{method} changes self.{name}"
        if method == "apply" and name not in self._shapes:
            declaration = f"kept = {{{name!r}: 0.0}}, with its start"
            raise TraceError(f"{changes}, which is not declared; write {declaration}")
        if method != "apply" or name in self._fixed:
            raise TraceError(f"{changes}; {ONLY_APPLY}")

    def _take_traced(self, graph: Graph, value: States) -> Handle:
        """Return the handle of a value that `apply` sets while the rule is traced.

        As in plain NumPy, an array is copied when it is set, and truth values become 1 and 0.
        """
        if isinstance(value, Handle) and not is_truth(value.array):
            return value.copy()
        array = graph.take(unwrap(value))
        if is_truth(array):
            return Handle(array * 1.0)
        return Handle(array)

    @property
    def weights(self) -> tuple[Array, ...]:
        """All weights, in the order of `shapes`."""
        return tuple(getattr(self, name) for name in self.shapes)

    def flatten(self) -> Array:
        """Return all arrays as one (n,), in the order of `shapes`, `fixed` and `kept`."""
        return np.concatenate([np.ravel(getattr(self, name)) for name in self._shapes])

    def go_on(self, row: Array, n_updates: int) -> None:
        """Set all arrays as they were after `n_updates`, so that learning goes on from there."""
        self.__dict__.update(initial.split_arrays(self._shapes, np.array(row)))
        self._n_updates = self._n_begun = int(n_updates)

    def __repr__(self) -> str:
        n_weights = plural(sum(array.size for array in self.weights), "weight")
        return f"{type(self).__name__}({n_weights}, error {self.error():.2g})"

    def list_hidden(self, v: States) -> list[States]:
        """Return the states of each hidden group: what the rule's `hidden` gives, if it has one."""
        hidden = getattr(self, "hidden", None)
        if hidden is None:
            return []
        states = hidden(v)
        return [*states] if isinstance(states, tuple | list) else [states]

    def list_states(self, v: States) -> list[States]:
        """Return the states that a page shows for a pattern: hidden groups, then the image."""
        return [*self.list_hidden(v), self.image(v)]

    # Random numbers

    def uniform(self, shape: int | Shape) -> States:
        """Return numbers uniform on [0, 1), new for each pattern and update."""
        return self._draw("uniform", shape)

    def normal(self, shape: int | Shape) -> States:
        """Return numbers from the normal distribution with mean 0 and variance 1."""
        return self._draw("normal", shape)

    def _draw(self, kind: str, given: int | Shape) -> States:
        """Return random numbers, "uniform" or "normal" ones."""
        shape = declared.take_shape(given)
        # Draws of one call of a method are numbered, and so are turns of a loop.
        draw = TURNS.n_draws
        TURNS.n_draws += 1
        graph = self._graph
        if graph is not None:  # the draw is noted, for the compiled code to make
            note = (kind, graph.phase, draw, object())
            is_batched = graph.phase != APPLY
            x = graph.make("draw", shape, note=note, is_batched=is_batched, depth=graph.depth)
            return Handle(x)
        # In NumPy, the counter of the generator says where and when the numbers are drawn.
        place = find_place(draw, TURNS.turn)
        assert isinstance(place, int)  # which only compiled code computes as it goes
        pattern, phase = self._moment
        seed, root_seed = self._seeds
        counter = [place, pattern * N_PHASES + phase, self._n_updates, seed]
        return draw_numbers(kind, shape, counter, root_seed)

    # In plain NumPy

    def measure(self, v: States) -> States:
        """Return what is compared with the target: the image, unless a rule writes this method."""
        return self.image(v)

    def error(self) -> float:
        """Return what the criterion measures, with the weights as they stand."""
        # A rule that writes a `pattern_error` has a criterion of its own.
        if type(self).pattern_error is not Network.pattern_error:
            return self._measure_own_error()
        images = []
        for k, v in enumerate(self.patterns):
            self._begin(k, MEASURE)
            images.append(self.measure(v))
        return measure_error(CRITERIA[self.protocol.criterion], np.array(images), self.targets)

    def _measure_own_error(self) -> float:
        """Return the rule's own error, which is the largest over the patterns."""
        errors = []
        for k, (v, target) in enumerate(zip(self.patterns, self.targets, strict=True)):
            self._begin(k, MEASURE)
            errors.append(self.pattern_error(v, target))
        return float(np.max(errors))

    def pattern_error(self, v: States, target: States) -> States:
        """Return the error of one pattern, where a rule has a criterion of its own."""
        raise NotImplementedError

    def update(self) -> None:
        """Learn all patterns once: in one batch (page 363), or in parts as the protocol says."""
        n = len(self.patterns)
        order = np.arange(n)
        size = find_batch_size(self.protocol, n)
        if self.protocol.update_schedule == "minibatch":
            order = draw_order(n, self._n_updates, *self._seeds)
        for begin in range(0, n, size):
            self._learn_some(order, range(begin, min(begin + size, n)))
        self._n_updates += 1

    def _learn_some(self, order: NDArray[np.int64], places: range) -> None:
        """Change the weights once, by the summed changes of the patterns in these places."""
        sums: dict[str, States] = {}
        for place in places:  # in this order, which fixes the last bits
            number = order[place]
            self._begin(place, LEARN)
            changes = self._change(self.patterns[number], self.targets[number])
            for name, change in changes.items():
                begun = sums.get(name, np.zeros(self._sums[name]))
                sums[name] = begun + change
        self._begin(places[0], APPLY)
        self._apply(sums)

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

    def _begin(self, pattern: int, phase: int) -> None:
        """Note which pattern is shown, in which phase, since random numbers depend on both."""
        self._moment = (pattern, phase)
        TURNS.n_draws = 0

    def _change(self, v: States, target: States) -> dict[str, States]:
        """Return the changes of one pattern by their names, or refuse what does not fit."""
        # A rule may leave out the second argument, the target.
        n_taken = len(inspect.signature(self.weight_changes).parameters)
        arguments = (v, target)[:n_taken]
        changes = self._name_changes(self.weight_changes(*arguments))
        gives = f"{type(self).__name__}.weight_changes gives"
        for name, change in changes.items():
            if name not in self._sums:
                known = f"shapes has {', '.join(self._sums)}"
                advice = "what else is summed over the patterns is declared in `summed`"
                raise UsageError(f"{gives} {name!r}; {known}; {advice}")
            if isinstance(change, list | tuple):
                raise UsageError(f"{gives} {name} as a list; write np.stack([x, y])")
            shape = self._sums[name]
            if np.shape(change) not in ((), shape):  # one number stands for all entries
                raise UsageError(f"{gives} {name} of shape {np.shape(change)}; shapes says {shape}")
        return changes

    def _name_changes(self, changes: Changes) -> dict[str, States]:
        """Return the changes by name: those of a dict, or of a tuple in the order of `shapes`.

        A single array is the change of the only array of weights.
        """
        gives = f"{type(self).__name__}.weight_changes gives"
        if changes is None:
            raise UsageError(f"{gives} nothing; return the changes of {[*self.shapes]}")
        if isinstance(changes, Mapping):
            return dict(changes)
        if not isinstance(changes, tuple | list):
            changes = (changes,)
        if len(changes) != len(self.shapes):
            raise UsageError(
                f"{gives} {plural(len(changes), 'array')}; shapes has {len(self.shapes)}: "
                f"{', '.join(self.shapes)}; give one for each, or a dict"
            )
        return dict(zip(self.shapes, changes, strict=True))

    def _apply(self, sums: dict[str, States]) -> None:
        """Apply summed changes; refuse an `apply` that returns arrays, which would be lost."""
        apply: Callable[[dict[str, States]], object] = self.apply
        if apply(sums) is not None:
            name = type(self).__name__
            advice = 'self.W = self.W + changes["W"]'
            raise UsageError(f"{name}.apply returns something, and it has to set: {advice}")


class Rule:
    """A class of networks with all that a protocol decides about it.

    Attributes
    ----------
    patterns, targets : float64 arrays, shapes (n_patterns, n_inputs), (n_patterns, n_outputs)
    has_targets : bool
        Whether the class has targets of its own, apart from its patterns.
    batch_size, is_one_batch, is_shuffled : int, bool, bool
        After how many patterns weights change, whether that is after all of them, and whether each
        network is shown the patterns in an order of its own.
    shapes, fixed, summed : dict of str to tuple of int
        As the class declares them.
    kept, numbers : dict of str to array, dict of str to float
        As the class declares them, with those of the classes above it.
    all_shapes : dict of str to tuple of int
        Of weights, fixed arrays and what is kept, in the order in which flat weights have them.
    sums : dict of str to tuple of int
        Shapes of all that is summed over the patterns.
    begun : float64 array
        The initial values of what is kept, flat.
    sizes : tuple of int
        How many numbers of a network are weights, how many are fixed, and how many are kept.
    row_sizes : tuple of int
        How many numbers flat weights have, without what is kept and with it.
    """

    def __init__(self, network: type[Network], protocol: Protocol | str = PAPER) -> None:
        """Take what a class declares under a protocol, or refuse what does not fit."""
        given: object = network
        if not (isinstance(given, type) and issubclass(given, Network)):
            raise UsageError(f"network = {show(given)} was given; allowed is a subclass of Network")
        self.network = network
        self.name = network.__name__
        self.protocol = find_protocol(protocol)
        # A network without weights says what the class declares under this protocol.
        example = network.__new__(network)
        object.__setattr__(example, "protocol", self.protocol)
        example.prepare()
        self._take_task(example)
        self._take_arrays(example)
        self._check_declared(example)
        self._check_protocol()

    def _take_task(self, example: Network) -> None:
        """Take the patterns and targets of its networks, and when their weights change."""
        patterns = example.patterns
        if patterns is None:
            patterns = initial.make_patterns(self.protocol)
        self.patterns = declared.take_rows(f"{self.name}.patterns", patterns)
        self.targets = self.patterns
        self.has_targets = example.targets is not None
        if self.has_targets:
            self.targets = declared.take_rows(f"{self.name}.targets", example.targets)
        self._check_targets(f"{self.name}.targets")
        self.learnt = self.patterns, self.targets  # also where `show` measures other ones
        self.batch_size = find_batch_size(self.protocol, len(self.patterns))
        self.is_one_batch = self.protocol.update_schedule == "batch"
        self.is_shuffled = self.protocol.update_schedule == "minibatch"

    def _take_arrays(self, example: Network) -> None:
        """Take the arrays and numbers of its networks, and where they lie in flat weights."""
        name = self.name
        self.shapes = declared.take_shapes(f"{name}.shapes", example.shapes)
        self.fixed = declared.take_shapes(f"{name}.fixed", example.fixed)
        self.summed = declared.take_shapes(f"{name}.summed", example.summed)
        kept = declared.gather(example, "kept")
        self.kept = declared.take_arrays(f"{name}.kept", kept)
        numbers = declared.gather(example, "numbers")
        self.numbers = declared.take_named_numbers(f"{name}.numbers", numbers)
        shapes_of_kept = {key: begun.shape for key, begun in self.kept.items()}
        self.all_shapes: dict[str, Shape] = {**self.shapes, **self.fixed, **shapes_of_kept}
        self.sums: dict[str, Shape] = {**self.shapes, **self.summed}
        self.begun = np.concatenate([np.zeros(0), *(np.ravel(x) for x in self.kept.values())])
        n_weights = declared.count_numbers(self.shapes)
        n_fixed = declared.count_numbers(self.fixed)
        self.sizes = n_weights, n_fixed, self.begun.size
        self.row_sizes = n_weights + n_fixed, sum(self.sizes)
        self.fingerprint: str | None = None  # once it is asked for (`compiler/fingerprint.py`)

    def _check_declared(self, example: Network) -> None:
        """Refuse names that hide each other, and half widths of what is not drawn."""
        name = self.name
        if not self.shapes:
            raise UsageError(f'{name}.shapes is empty; name its weights, as {{"W": (2, 4)}}')
        names = [*self.shapes, *self.fixed, *self.summed, *self.kept, *self.numbers]
        declared.check_names(name, self.network, names)
        drawn = [*self.shapes, *self.fixed]
        half_widths = declared.take_named_numbers(f"{name}.half_widths", example.half_widths)
        for each in half_widths:
            if each not in drawn:  # it would be ignored without a word
                allowed = ", ".join(drawn)
                raise UsageError(f"{name}.half_widths names {each!r}; allowed are {allowed}")

    def _check_protocol(self) -> None:
        """Refuse fields of a protocol that a user's class would ignore."""
        if self.network.takes_protocol:
            return
        for field, value in self.protocol.differences.items():
            if field not in OF_ANY_RULE:
                raise UsageError(
                    f"{field} = {show(value)} was given, which {self.name} does not take: its "
                    "settings are its own; of a protocol it takes "
                    f"{', '.join(sorted(OF_ANY_RULE))}"
                )

    def _check_targets(self, what: str) -> None:
        """Refuse targets unless there is one for each pattern."""
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
        """Return the same rule with other patterns to be measured; it still learns its own."""
        if self.has_targets and targets is None:
            raise UsageError(f"{self.name} has targets; give test_targets with test_patterns")
        if targets is not None and not self.has_targets:
            raise UsageError(f"the targets of {self.name} are its patterns; leave out test_targets")
        other = copy.copy(self)
        other.patterns = declared.take_rows("test_patterns", patterns)
        other.targets = other.patterns
        if targets is not None:
            other.targets = declared.take_rows("test_targets", targets)
        other._check_targets("test_targets")
        self._check_width("test_patterns", other.patterns, self.patterns)
        self._check_width("test_targets", other.targets, self.targets)
        return other

    def _check_width(self, what: str, new: Array, old: Array) -> None:
        """Refuse new patterns or targets with another number of units than the old ones."""
        if new.shape[1] != old.shape[1]:
            allowed = f"{old.shape[1]} numbers a row, as in those of {self.name}"
            raise UsageError(f"{what} of shape {new.shape} was given; allowed are {allowed}")

    def bare(self) -> Network:
        """Return a network with all but its weights."""
        # This goes round `__setattr__`, because what is set here was checked before.
        network = self.network.__new__(self.network)
        network.__dict__.update(
            protocol=self.protocol,
            patterns=self.learnt[0],
            targets=self.learnt[1],
            _shapes=self.all_shapes,
            _fixed=self.fixed,
            _sums=self.sums,
            **self.numbers,
        )
        network.prepare()
        return network

    def build(self, row: Array) -> Any:
        """Return the network with flat weights; what is kept may be left out of them."""
        network = self.bare()
        # The row is copied, so that networks of the same row share nothing.
        copied = np.hstack(self.split(row[np.newaxis]))[0]
        network.__dict__.update(initial.split_arrays(self.all_shapes, copied))
        return network

    def split(self, rows: Array) -> tuple[Array, Array]:
        """Return rows of weights in two parts: what is drawn, and what is kept.

        If the rows leave out what is kept, it is as the class declares it.
        """
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
    """Return the number of patterns after which weights change."""
    if protocol.update_schedule == "per-pattern":
        return 1
    if protocol.update_schedule == "minibatch":
        return min(protocol.batch_size, n_patterns)
    return n_patterns
