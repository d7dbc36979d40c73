"""One sweep of learning, equation by equation, for many networks side by side.

The single source of what the simulator computes. Every array of `Networks` holds a
number for each of many networks. With NumPy arrays in it, this is plain Python that runs
as it stands, as it does in tests; with values that stand for numbers, it writes the
instructions of the compiled code (`programs.py`). Both give the same bits on every
machine, since all operations are exact (`arithmetic.py`) and the order of every sum is fixed.
`recirculation.py` says the same for one network and is the page to read first.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from replication.definition.protocol import BACK_PROPAGATION, RECIRCULATION, Protocol
from replication.simulator.arithmetic import (
    PAIRED_FUNCTIONS,
    SLOPES,
    absolute,
    fma,
    logistic,
    stack,
    where,
)

NOTHING = -0.0
"""Where sums of products begin: adding the first one gives it back, whatever its sign."""
FEW_WEIGHTS = 100
"""Networks that have more are computed in larger blocks."""
MOST_AT_ONCE = 20
"""Patterns whose states stay near the processor. Four divides it but eight does not, so
that neighbouring units of four patterns lie in different sets of its cache."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What of a protocol decides which operations there are."""

    sizes: tuple[int, ...]
    connections: tuple[tuple[int, int], ...]  # units of source and target
    n_weights: int  # weights and biases of one network, and the fixed weights that follow them
    n_patterns: int
    n_at_once: int  # patterns whose states are kept; where there are more, they take turns
    is_one_hot: bool  # as sent, and no weight ever is infinite, so that a state of 0 sends nothing
    back_propagation: bool
    cross_entropy: bool
    linear_visible: bool
    hidden_function: str
    per_pattern: bool
    hidden_regression: bool
    second_round: bool
    frozen: tuple[str, ...]  # of W, b, U and c
    has_momentum: bool
    has_decay: bool
    centred: bool
    criterion: str
    regressed_error: bool
    fixed_feedback: bool  # feedback alignment, in place of back-propagation; one hidden group

    @classmethod
    def of(
        cls, protocol: Protocol, *, fixed_feedback: bool = False, all_states: bool = False
    ) -> Self:
        """Return the rule of a protocol, with the states of all patterns kept if they must be."""
        sizes, n_patterns = protocol.group_sizes, protocol.n_patterns
        # The second round is summed after the first one of all patterns.
        all_states = all_states or protocol.second_round
        linear = _is(protocol.visible_units, "linear", other="logistic")
        return cls(
            sizes=sizes,
            connections=protocol.connections,
            n_weights=protocol.n_weights + (sizes[0] * sizes[-1] if fixed_feedback else 0),
            n_patterns=n_patterns,
            n_at_once=n_patterns if all_states else min(n_patterns, MOST_AT_ONCE),
            is_one_hot=protocol.patterns == "one-hot" and not (linear or protocol.centred),
            back_propagation=_is(protocol.learning_rule, BACK_PROPAGATION, other=RECIRCULATION),
            cross_entropy=_is(protocol.minimised_error, "cross-entropy", other="squared"),
            linear_visible=linear,
            hidden_function=protocol.hidden_function,
            per_pattern=_is(protocol.update_schedule, "per-pattern", other="batch"),
            hidden_regression=protocol.hidden_regression,
            second_round=protocol.second_round,
            frozen=protocol.frozen,
            has_momentum=protocol.momentum > 0.0,
            has_decay=protocol.decay > 0.0,
            centred=protocol.centred,
            criterion=protocol.criterion,
            regressed_error=_is(protocol.error_measured_on, "regressed", other="reconstruction"),
            fixed_feedback=fixed_feedback,
        )

    @property
    def names(self) -> str:
        """The paper's letters for the matrix and the biases of each connection, in their order."""
        return "Wb" * (len(self.sizes) - 1) + "Uc"

    def learns(self, number: int) -> bool:
        """Whether an array of weights changes: neither frozen nor fixed feedback, the last one."""
        return number < len(self.names) and self.names[number] not in self.frozen

    @property
    def takes_turns(self) -> bool:
        """Whether the states of some patterns at a time are kept."""
        return self.n_at_once < self.n_patterns

    @property
    def has_sums(self) -> bool:
        """Whether sums over the patterns are kept from one turn to the next."""
        return self.takes_turns and not self.per_pattern


def _is(value: str, choice: str, *, other: str) -> bool:
    """Return whether a value is a choice, where a third one is no silent default."""
    if value not in (choice, other):
        raise ValueError(f"the kernel knows {choice!r} and {other!r}, and not {value!r}")
    return value == choice


@dataclass(slots=True)
class Networks:
    """All numbers of the networks side by side.

    Group 0 is the visible one, connection k leads from group k to the next one around
    the loop. Lists of states go by group, lists of weights have the matrix of each connection and
    its biases (minus the thresholds), as `draw_weights` does. Places in an array are (target,
    source) or target for weights and (unit, pattern) for states.
    """

    rule: Rule
    loops: Any  # each(n, begin) and fold(n, body, *values, begin), over whole numbers
    patterns: Any  # all of them, (pattern, unit)
    keep: Any  # lambda, the regression
    take: Any  # 1 - lambda
    momentum: Any
    shrink: Any  # 1 - decay
    threshold: Any
    variation: Any  # sum of the squared deviations of the patterns from their mean
    rates: list[Any]  # epsilon times the factor of the connection
    weights: list[Any]  # and at last the fixed ones that return errors, if the rule has them
    velocities: list[Any]  # last changes over the learning rate, with momentum
    sums: list[Any]  # over the patterns so far, of what changes the weights, if they take turns
    measured: Any  # largest deviation and sum over the patterns so far, if they take turns
    first: list[Any]  # at times 0 and 1; those of group 0 are the patterns
    sent: Any  # what the patterns send to hidden units: less the mean pattern, if centred
    mean: Any  # of the patterns, if centred
    inputs: list[Any]  # total inputs of hidden units at time 1, for their slope
    second: list[Any]  # at times 2 and 3; those of group 0 as they are sent
    difference: list[Any]  # first minus second, or minus the derivative of E by the input
    reconstruction: Any  # of the visible units, with zero regression
    image: Any  # of the second pass, on the second round
    second_difference: Any  # visible states at time 2 minus the regressed image
    begun: Any = 0  # the pattern in the first place


Numbers = tuple[Any, ...]


def _take(net: Networks, n: int, begin: Any = 0, *, most: int = 2) -> Iterator[Numbers]:
    """Go through numbers two at a time, or more where there is room, and the last ones alone.

    That many sums run side by side, each in its own order.
    """
    size = max(most, net.loops.n_at_once) if net.rule.n_weights > FEW_WEIGHTS else most
    while size:
        for m in net.loops.each(n // size):
            yield tuple(begin + size * m + k for k in range(size))
        begin, n, size = begin + n // size * size, n % size, size // 2


def _sum_inputs(net: Networks, k: int, states: Any, units: Numbers, patterns: Numbers) -> Numbers:
    """Equation 1: total inputs, from minus the threshold on, source by source."""
    weights, biases = net.weights[2 * k : 2 * k + 2]
    if net.rule.is_one_hot and states is net.sent:
        return tuple(biases[j] + weights[j, net.begun + p] for j in units for p in patterns)

    def add(i: Any, *totals: Any) -> Numbers:
        arriving = [states[i, p] for p in patterns]
        return _add_products(arriving, [weights[j, i] for j in units], totals)

    begun = [x for x in [biases[j] for j in units] for _ in patterns]
    return tuple(net.loops.fold(net.rule.sizes[k], add, *begun))


def _add_products(inner: list[Any], outer: list[Any], totals: Numbers) -> Numbers:
    """Add to each total the product of an outer and an inner number, the inner ones in turn."""
    added = zip(itertools.product(outer, inner), totals, strict=True)
    # A plain product is faster than one that is added to nothing.
    return tuple(x * y if total is NOTHING else fma(x, y, total) for (x, y), total in added)


def _activate(
    net: Networks, k: int, states: Any, targets: Any, begin: Any, n: int, inputs: Any = None
) -> None:
    """Equation 2: a group's states reach the next one, some units and patterns at a time."""
    is_visible = k + 1 == len(net.rule.sizes)
    squash = logistic if is_visible else PAIRED_FUNCTIONS[net.rule.hidden_function]
    for patterns in _take(net, n, begin):
        for units in _take(net, net.rule.connections[k][1]):
            places = [(j, p) for j in units for p in patterns]
            totals = _sum_inputs(net, k, states, units, patterns)
            if inputs is not None:
                for place, x in zip(places, totals, strict=True):
                    inputs[place] = x
            if not (is_visible and net.rule.linear_visible):
                # One division serves two units; an odd last one is paired with itself.
                half, squashed = len(patterns), ()
                for begun in range(0, len(totals), 2 * half):
                    pair = totals[begun : begun + 2 * half]
                    x, y = squash(stack(pair[:half]), stack(pair[-half:]))
                    squashed += (*x, *y)[: len(pair)]
                totals = squashed
            for place, x in zip(places, totals, strict=True):
                targets[place] = x


def pass_forward(net: Networks, begin: Any, n: int) -> None:
    """First pass and reconstruction (equations 1 and 2) of `n` patterns from `begin`."""
    last = len(net.rule.sizes) - 1
    for k in range(last):
        inputs = net.inputs[k + 1] if net.rule.back_propagation else None
        _activate(net, k, net.first[k] if k else net.sent, net.first[k + 1], begin, n, inputs)
    _activate(net, last, net.first[last], net.reconstruction, begin, n)


def _regress(net: Networks, before: Any, arriving: Any) -> Any:
    """Equations 5 and 6: ``lambda before + (1 - lambda) arriving``."""
    return fma(arriving, net.take, before * net.keep)


def pass_again(net: Networks, begin: Any, n: int) -> None:
    """Regression and second pass (equations 5 and 6), and first states minus second ones."""
    first, second = net.first, net.second
    for p in net.loops.each(n, begin):
        for i in net.loops.each(net.rule.sizes[0]):
            v0 = first[0][i, p]
            v2 = _regress(net, v0, net.reconstruction[i, p])
            second[0][i, p] = v2 - net.mean[i] if net.rule.centred else v2
            net.difference[0][i, p] = v0 - v2
    for k in range(1, len(net.rule.sizes)):
        _activate(net, k - 1, second[k - 1], second[k], begin, n)
        for p in net.loops.each(n, begin):
            for j in net.loops.each(net.rule.sizes[k]):
                h1, h3 = first[k][j, p], second[k][j, p]
                if net.rule.hidden_regression:
                    h3 = _regress(net, h1, h3)
                    second[k][j, p] = h3
                net.difference[k][j, p] = h1 - h3
    if net.rule.second_round:
        _activate(net, 1, second[1], net.image, begin, n)
        for p in net.loops.each(n, begin):
            for i in net.loops.each(net.rule.sizes[0]):
                v2 = _regress(net, first[0][i, p], net.reconstruction[i, p])
                v4 = _regress(net, v2, net.image[i, p])
                net.second_difference[i, p] = v2 - v4


def pass_back(net: Networks, begin: Any, n: int) -> None:
    """Back-propagation: minus the derivative of E (equation 7) by each total input."""
    sizes, difference = net.rule.sizes, net.difference
    slope = SLOPES[net.rule.hidden_function]
    has_no_slope = net.rule.linear_visible or net.rule.cross_entropy
    for p in net.loops.each(n, begin):
        for i in net.loops.each(sizes[0]):
            r = net.reconstruction[i, p]
            d = net.first[0][i, p] - r
            # The slope of logistic units cancels out of the derivative of the cross-entropy.
            difference[0][i, p] = d if has_no_slope else d * (r * (1.0 - r))
    for k in range(len(sizes) - 1, 0, -1):
        for patterns in _take(net, n, begin, most=1):
            for units in _take(net, sizes[k], most=1):
                places = [(j, p) for j in units for p in patterns]
                for place, d in zip(places, _collect(net, k, units, patterns), strict=True):
                    difference[k][place] = d * slope(net.inputs[k][place], net.first[k][place])


def _collect(net: Networks, k: int, units: Numbers, patterns: Numbers) -> Numbers:
    """Sum what the next group sends back to units of group k."""
    weights = net.weights[-1 if net.rule.fixed_feedback else 2 * k]
    above = net.difference[(k + 1) % len(net.rule.sizes)]

    def add(i: Any, *totals: Any) -> Numbers:
        arriving = [above[i, p] for p in patterns]
        return _add_products(arriving, [weights[i, j] for j in units], totals)

    zeros = (0.0,) * (len(units) * len(patterns))
    return tuple(net.loops.fold(net.rule.connections[k][1], add, *zeros))


def change_weights(net: Networks, begin: Any, n: int) -> None:
    """After a first pass, change the weights (equations 3 and 4) by a sum over `n` patterns.

    Each changes by epsilon times the presynaptic state times the difference of the
    postsynaptic one. Into the visible group the first pass is presynaptic, elsewhere the
    second; with back-propagation always the first.
    """
    rule = net.rule
    compare = pass_back if rule.back_propagation else pass_again
    compare(net, begin, n)
    for k, (n_sources, n_targets) in enumerate(rule.connections):
        is_visible = k + 1 == len(rule.sizes)
        forward = net.first[k] if k else net.sent
        states = forward if is_visible or rule.back_propagation else net.second[k]
        rounds = [(states, net.difference[0 if is_visible else k + 1])]
        if is_visible and rule.second_round:
            rounds.append((net.second[k], net.second_difference))
        for units in _take(net, n_targets):
            for sources in _take(net, n_sources, most=1):
                _change_some(net, 2 * k, units, sources, rounds, begin, n)
        for units in _take(net, n_targets, most=1):
            _change_some(net, 2 * k + 1, units, (None,), rounds, begin, n)


def _change_some(
    net: Networks, number: int, units: Numbers, sources: Numbers, rounds: Any, begin: Any, n: int
) -> None:
    """Change the weights from sources to units, or add to the sums where patterns take turns."""
    rule = net.rule
    if not rule.learns(number):
        return
    places = [j if i is None else (j, i) for j in units for i in sources]
    totals = [net.sums[number][place] if rule.has_sums else NOTHING for place in places]
    for states, differences in rounds:
        totals = _sum_products(net, units, sources, states, differences, begin, n, totals)
    for place, total in zip(places, totals, strict=True):
        if rule.has_sums:
            net.sums[number][place] = total
        else:
            _change(net, number, place, total)


def _sum_products(
    net: Networks, units: Numbers, sources: Numbers, states: Any, differences: Any, begin: Any,
    n: int, totals: Any,
) -> Any:  # fmt: skip
    """Add states of sources times differences of units; no source is always 1."""

    def add(p: Any, *totals: Any) -> Numbers:
        sent = [1.0 if i is None else states[i, p] for i in sources]
        return _add_products(sent, [differences[j, p] for j in units], totals)

    return net.loops.fold(n, add, *totals, begin=begin)


def _change(net: Networks, number: int, place: Any, total: Any) -> None:
    """Change one weight by epsilon times a sum over patterns."""
    weights, velocities = net.weights[number], net.velocities[number]
    if net.rule.has_momentum:
        total = fma(velocities[place], net.momentum, total)
        velocities[place] = total
    old = weights[place]
    if net.rule.has_decay and net.rule.names[number] in "WU":
        old = old * net.shrink
    weights[place] = fma(total, net.rates[number // 2], old)


MEASURES: dict[str, Callable[[Networks, Any, Any], Any]] = {
    "every-unit": lambda _, worst, __: worst,
    "every-unit-squared": lambda _, worst, __: worst * worst,
    "every-unit-half-squared": lambda _, worst, __: worst * worst * 0.5,
    "worst-pattern": lambda _, worst, __: worst * 0.5,
    "half-squared-error": lambda _, __, total: total * 0.5,
    "unexplained-variance": lambda net, _, total: total / net.variation,
}
"""What each criterion makes of the largest deviation, or squared error, and of the sum of all."""


def _add_errors(net: Networks, n: int, worst: Any, total: Any) -> Numbers:
    """Add to the largest deviation, or squared error, and to the sum those of `n` patterns."""
    rule = net.rule
    is_of_unit = rule.criterion.startswith("every-unit")

    def add_pattern(p: Any, worst: Any, total: Any) -> Any:
        def add_unit(i: Any, largest: Any, squares: Any) -> tuple[Any, Any]:
            v, r = net.first[0][i, p], net.reconstruction[i, p]
            d = v - (_regress(net, v, r) if rule.regressed_error else r)
            if not is_of_unit:
                return largest, fma(d, d, squares)
            d = absolute(d)
            return where(d > largest, d, largest), squares + d

        if rule.criterion != "worst-pattern":
            return net.loops.fold(rule.sizes[0], add_unit, worst, total)
        _, squares = net.loops.fold(rule.sizes[0], add_unit, worst, 0.0)
        return where(squares > worst, squares, worst), total + squares

    return tuple(net.loops.fold(n, add_pattern, worst, total))


def measure_error(net: Networks, worst: Any, total: Any) -> Any:
    """Return the criterion, given the largest deviation, or squared error, and the sum of all."""
    if net.rule.linear_visible:
        # Comparisons pass over not-a-number, but what has diverged must not count as small.
        worst = fma(total, 0.0, worst)
    return MEASURES[net.rule.criterion](net, worst, total)


def lay_patterns(net: Networks, begin: Any, n: int) -> None:
    """Lay `n` patterns from `begin` into the places for patterns."""
    net.begun = begin
    for p in net.loops.each(n):
        for i in net.loops.each(net.rule.sizes[0]):
            v = net.patterns[begin + p, i]
            net.first[0][i, p] = v
            if net.rule.centred:
                net.sent[i, p] = v - net.mean[i]


def _take_turns(net: Networks) -> Iterator[int]:
    """Lay all patterns, as many at a time as there are places; yield how many."""
    n, n_at_once = net.rule.n_patterns, net.rule.n_at_once
    for turn in net.loops.each(n // n_at_once):
        lay_patterns(net, turn * n_at_once, n_at_once)
        yield n_at_once
    if n % n_at_once:
        lay_patterns(net, n - n % n_at_once, n % n_at_once)
        yield n % n_at_once


def _list_weights(net: Networks) -> Iterator[tuple[int, Any]]:
    """Go through all weights: the number of their array, and their place in it."""
    for k, (n_sources, n_targets) in enumerate(net.rule.connections):
        for j in net.loops.each(n_targets):
            for i in net.loops.each(n_sources):
                yield 2 * k, (j, i)
            yield 2 * k + 1, j


def look(net: Networks) -> Any:
    """Show all patterns to the networks as they stand; return the error.

    Where patterns take turns, the sums that change the weights go on meanwhile, since the states
    are there; the order of every sum is the same.
    """
    rule = net.rule
    if not rule.takes_turns:
        pass_forward(net, 0, rule.n_patterns)
        return measure_error(net, *_add_errors(net, rule.n_patterns, 0.0, 0.0))
    if rule.has_sums:
        for number, place in _list_weights(net):
            net.sums[number][place] = NOTHING
    net.measured[0] = net.measured[1] = 0.0
    for n in _take_turns(net):
        pass_forward(net, 0, n)
        net.measured[0], net.measured[1] = _add_errors(net, n, net.measured[0], net.measured[1])
        if rule.has_sums:
            change_weights(net, 0, n)
    return measure_error(net, net.measured[0], net.measured[1])


def learn(net: Networks) -> None:
    """One sweep of learning; a batch uses the states of the pass before it."""
    rule = net.rule
    if rule.has_sums:
        for number, place in _list_weights(net):
            if rule.learns(number):
                _change(net, number, place, net.sums[number][place])
    elif not rule.per_pattern:
        change_weights(net, 0, rule.n_patterns)
    else:
        for n in _take_turns(net) if rule.takes_turns else (rule.n_patterns,):
            for p in net.loops.each(n):
                pass_forward(net, p, 1)
                change_weights(net, p, 1)
