"""One sweep of learning, equation by equation, for many networks side by side.

The single source of what the simulator computes. Every array of `Networks` holds a
number for each of many networks. With NumPy arrays in it, this is plain Python that runs
as it stands, as it does in tests; with traced values, it writes the instructions of the
compiled code (`programs.py`). Both give the same bits on every machine, since all
operations are exact (`arithmetic.py`) and the order of every sum is fixed.
`recirculation.py` says the same for one network and is the page to read first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from replication.definition.protocol import BACK_PROPAGATION, RECIRCULATION, Protocol
from replication.simulator.arithmetic import (
    HIDDEN_FUNCTIONS,
    SLOPES,
    absolute,
    fma,
    logistic,
    stack,
    where,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What of a protocol decides which operations there are."""

    sizes: tuple[int, ...]
    connections: tuple[tuple[int, int], ...]  # units of source and target
    n_weights: int  # weights and biases of one network, and the fixed weights that follow them
    n_patterns: int
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
    def of(cls, protocol: Protocol, *, fixed_feedback: bool = False) -> Rule:
        """Return the rule of a protocol."""
        sizes = protocol.group_sizes
        linear = _is(protocol.visible_units, "linear", other="logistic")
        return cls(
            sizes=sizes,
            connections=protocol.connections,
            n_weights=protocol.n_weights + (sizes[0] * sizes[-1] if fixed_feedback else 0),
            n_patterns=protocol.n_patterns,
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


def _is(value: str, choice: str, *, other: str) -> bool:
    """Return whether a value is a choice, where a third one is no silent default."""
    if value not in (choice, other):
        raise ValueError(f"the kernel knows {choice!r} and {other!r}, and not {value!r}")
    return value == choice


@dataclass(slots=True)
class Networks:
    """All numbers of the networks side by side.

    Group 0 is the visible one, connection k leads from group k to the next one around
    the loop; lists go by connection or by group. Places in an array are (target, source)
    or target for weights and (unit, pattern) for states.
    """

    rule: Rule
    loops: Any  # each(n, begin) and fold(n, body, *values, begin), over whole numbers
    keep: Any  # lambda, the regression
    take: Any  # 1 - lambda
    momentum: Any
    shrink: Any  # 1 - decay
    threshold: Any
    variation: Any  # sum of the squared deviations of the patterns from their mean
    rates: list[Any]  # epsilon times the factor of the connection
    weights: list[Any]
    biases: list[Any]  # minus the thresholds
    velocities: list[Any]  # last changes over the learning rate, with momentum
    bias_velocities: list[Any]
    feedback: Any  # fixed weights that return errors in place of U, if the rule has them
    first: list[Any]  # at times 0 and 1; those of group 0 are the patterns
    sent: Any  # what the patterns send to hidden units: less the mean pattern, if centred
    mean: Any  # of the patterns, if centred
    inputs: list[Any]  # total inputs of hidden units at time 1, for their slope
    second: list[Any]  # at times 2 and 3; those of group 0 as they are sent
    difference: list[Any]  # first minus second, or minus the derivative of E by the input
    reconstruction: Any  # of the visible units, with zero regression
    image: Any  # of the second pass, on the second round
    second_difference: Any  # visible states at time 2 minus the regressed image


Places = list[tuple[Any, Any]]  # (unit, pattern)


def _take_two(net: Networks, n: int, begin: Any = 0) -> Iterator[tuple[Any, ...]]:
    """Go through numbers two at a time, an odd last one alone."""
    for m in net.loops.each(n // 2):
        yield begin + 2 * m, begin + 2 * m + 1
    if n % 2:
        yield (begin + n - 1,)


def _sum_inputs(net: Networks, k: int, states: Any, places: Places) -> tuple[Any, ...]:
    """Equation 1: total inputs, from minus the threshold on, source by source."""
    weights, biases = net.weights[k], net.biases[k]
    if net.rule.is_one_hot and states is net.sent:
        return tuple(biases[j] + weights[j, p] for j, p in places)

    def add(i: Any, *totals: Any) -> tuple[Any, ...]:
        pairs = zip(places, totals, strict=True)
        return tuple(fma(weights[j, i], states[i, p], x) for (j, p), x in pairs)

    return tuple(net.loops.fold(net.rule.sizes[k], add, *(biases[j] for j, _ in places)))


def _activate(
    net: Networks, k: int, states: Any, targets: Any, begin: Any, n: int, inputs: Any = None
) -> None:
    """Equation 2: a group's states reach the next one, two units and two patterns at a time."""
    is_visible = k + 1 == len(net.rule.sizes)
    squash = logistic if is_visible else HIDDEN_FUNCTIONS[net.rule.hidden_function]
    for patterns in _take_two(net, n, begin):
        for units in _take_two(net, net.rule.connections[k][1]):
            places = [(j, p) for j in units for p in patterns]
            totals = _sum_inputs(net, k, states, places)
            if inputs is not None:
                for place, x in zip(places, totals, strict=True):
                    inputs[place] = x
            if not (is_visible and net.rule.linear_visible):
                # One division serves two units; an odd last one is paired with itself.
                half = len(patterns)
                x, y = squash(stack(totals[:half]), stack(totals[-half:]))
                totals = (*x, *y)[: len(places)]
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
        for p in net.loops.each(n, begin):
            for j in net.loops.each(sizes[k]):
                d = _collect(net, k, j, p)
                difference[k][j, p] = d * slope(net.inputs[k][j, p], net.first[k][j, p])


def _collect(net: Networks, k: int, j: Any, p: Any) -> Any:
    """Sum what the next group sends back to unit j of group k."""
    weights = net.feedback if net.rule.fixed_feedback else net.weights[k]
    above = net.difference[(k + 1) % len(net.rule.sizes)]

    def add(i: Any, x: Any) -> tuple[Any]:
        return (fma(weights[i, j], above[i, p], x),)

    (total,) = net.loops.fold(net.rule.connections[k][1], add, 0.0)
    return total


def change_weights(net: Networks, begin: Any, n: int) -> None:
    """Change the weights (equations 3 and 4) by a sum over `n` patterns from `begin`.

    Each changes by epsilon times the presynaptic state times the difference of the
    postsynaptic one. Into the visible group the first pass is presynaptic, elsewhere the
    second; with back-propagation always the first.
    """
    rule = net.rule
    for k, (n_sources, n_targets) in enumerate(rule.connections):
        is_visible = k + 1 == len(rule.sizes)
        forward = net.first[k] if k else net.sent
        states = forward if is_visible or rule.back_propagation else net.second[k]
        rounds = [(states, net.difference[0 if is_visible else k + 1])]
        if is_visible and rule.second_round:
            rounds.append((net.second[k], net.second_difference))
        matrix, biases = "Uc" if is_visible else "Wb"
        for units in _take_two(net, n_targets):
            for i in net.loops.each(n_sources):
                totals: tuple[Any, ...] = (None,) * len(units)
                if matrix not in rule.frozen:
                    totals = _sum_products(net, rounds, i, units, begin, n)
                for j, total in zip(units, totals, strict=True):
                    _change(net, k, net.weights[k], net.velocities[k], (j, i), total)
        for j in net.loops.each(n_targets):
            total = None
            if biases not in rule.frozen:
                (total,) = _sum_products(net, rounds, None, (j,), begin, n)
            _change(net, k, net.biases[k], net.bias_velocities[k], j, total)


def _sum_products(
    net: Networks, rounds: list[Any], i: Any, units: tuple[Any, ...], begin: Any, n: int
) -> tuple[Any, ...]:
    """Sum the state of source i times the difference of some targets; no source is always 1."""
    totals: tuple[Any, ...] = ()
    for states, differences in rounds:
        start, left = begin, n
        if not totals:
            state = 1.0 if i is None else states[i, begin]
            totals = tuple(state * differences[j, begin] for j in units)
            start, left = begin + 1, n - 1

        def add(p: Any, *sums: Any, states: Any = states, d: Any = differences) -> tuple[Any, ...]:
            state = 1.0 if i is None else states[i, p]
            return tuple(fma(state, d[j, p], x) for j, x in zip(units, sums, strict=True))

        totals = net.loops.fold(left, add, *totals, begin=start)
    return totals


def _change(net: Networks, k: int, weights: Any, velocities: Any, place: Any, total: Any) -> None:
    """Change one weight by epsilon times a sum over patterns; none leaves it as it is."""
    if total is None:
        weights[place] = weights[place]  # the compiled code reads and writes two places
        return
    if net.rule.has_momentum:
        total = fma(velocities[place], net.momentum, total)
        velocities[place] = total
    old = weights[place]
    if net.rule.has_decay and isinstance(place, tuple):  # a bias has no source
        old = old * net.shrink
    weights[place] = fma(total, net.rates[k], old)


MEASURES: dict[str, Callable[[Networks, Any, Any], Any]] = {
    "every-unit": lambda _, worst, __: worst,
    "every-unit-squared": lambda _, worst, __: worst * worst,
    "every-unit-half-squared": lambda _, worst, __: worst * worst * 0.5,
    "worst-pattern": lambda _, worst, __: worst * 0.5,
    "half-squared-error": lambda _, __, total: total * 0.5,
    "unexplained-variance": lambda net, _, total: total / net.variation,
}
"""What each criterion makes of the largest deviation, or squared error, and of the sum of all."""


def measure_error(net: Networks) -> Any:
    """Return the criterion, from a first pass with the weights as they stand."""
    rule = net.rule
    is_of_unit = rule.criterion.startswith("every-unit")

    def add_pattern(p: Any, worst: Any, total: Any) -> tuple[Any, Any]:
        def add_unit(i: Any, largest: Any, squares: Any) -> tuple[Any, Any]:
            v, r = net.first[0][i, p], net.reconstruction[i, p]
            d = v - (_regress(net, v, r) if rule.regressed_error else r)
            if not is_of_unit:
                return largest, fma(d, d, squares)
            d = absolute(d)
            return where(d > largest, d, largest), squares + d

        if rule.criterion != "worst-pattern":
            worst, total = net.loops.fold(rule.sizes[0], add_unit, worst, total)
            return worst, total
        _, squares = net.loops.fold(rule.sizes[0], add_unit, worst, 0.0)
        return where(squares > worst, squares, worst), total + squares

    worst, total = net.loops.fold(rule.n_patterns, add_pattern, 0.0, 0.0)
    if rule.linear_visible:
        # Comparisons pass over not-a-number, but what has diverged must not count as small.
        worst = fma(total, 0.0, worst)
    return MEASURES[rule.criterion](net, worst, total)


def learn(net: Networks) -> None:
    """One sweep of learning; a batch uses the states of the pass before it."""
    n = net.rule.n_patterns
    pass_on = pass_back if net.rule.back_propagation else pass_again
    if not net.rule.per_pattern:
        pass_on(net, 0, n)
        change_weights(net, 0, n)
        return
    for p in net.loops.each(n):
        pass_forward(net, p, 1)
        pass_on(net, p, 1)
        change_weights(net, p, 1)
