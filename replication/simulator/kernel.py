"""The equations for many networks side by side, in exact arithmetic.

Lane l holds one network; every operation works on all lanes at once (see
`vectors.py`), whatever the group sizes. All functions are plain Python that
`engine.py` compiles; both forms give the same bits. Equation numbers are those
of `recirculation.py`, the page to read first.
"""

from __future__ import annotations

from typing import Any

from replication.simulator.arithmetic import sigmoid_pair
from replication.simulator.state import (
    EVERY_UNIT,
    HALF_SQUARED_ERROR,
    SQUARED_ERROR,
    WORST_PATTERN,
    Lanes,
    Rule,
)
from replication.simulator.vectors import fma, larger, load, store


def _feed_pair(
    lanes: Lanes,
    row: int,
    other_row: int,
    n_source: int,
    activity: Any,
    source: int,
    bias: int,
    other_bias: int,
) -> tuple[Any, Any]:
    """Sum the input of two units: the bias, then source by source."""
    x = load(lanes.weights, bias)
    y = load(lanes.weights, other_bias)
    for i in range(n_source):
        a = load(activity, source + i * lanes.n_patterns)
        x = fma(load(lanes.weights, row + i), a, x)
        y = fma(load(lanes.weights, other_row + i), a, y)
    return x, y


def _activate(
    lanes: Lanes,
    row: int,
    n_source: int,
    n_target: int,
    source_of: Any,
    source: int,
    target_of: Any,
    target: int,
    linear: bool,
    begin: int,
    end: int,
) -> None:
    """Carry activity over one connection, two units to a division."""
    n = lanes.n_patterns
    bias = row + n_source * n_target
    for p in range(begin, end):
        for j in range(0, n_target, 2):
            k = min(j + 1, n_target - 1)  # an odd last unit is paired with itself
            x, y = _feed_pair(
                lanes, row + j * n_source, row + k * n_source, n_source,
                source_of, source * n + p, bias + j, bias + k,
            )  # fmt: skip
            if not linear:
                x, y = sigmoid_pair(x, y)
            store(target_of, (target + j) * n + p, x)
            store(target_of, (target + k) * n + p, y)


def pass_forward(rule: Rule, lanes: Lanes, begin: int, end: int) -> None:
    """First pass and reconstruction (equations 1 and 2) of the patterns in [begin, end)."""
    sizes = lanes.sizes
    row = source = 0
    for k in range(len(sizes) - 1):
        n_source, n_target = sizes[k], sizes[k + 1]
        _activate(
            lanes,
            row,
            n_source,
            n_target,
            lanes.first,
            source,
            lanes.first,
            source + n_source,
            False,
            begin,
            end,
        )
        row += (n_source + 1) * n_target
        source += n_source
    _activate(
        lanes,
        row,
        sizes[-1],
        sizes[0],
        lanes.first,
        source,
        lanes.reconstruction,
        0,
        rule.linear_visible,
        begin,
        end,
    )


def pass_again(rule: Rule, lanes: Lanes, begin: int, end: int) -> None:
    """Regression and second pass (equations 3 and 4), and first pass minus second."""
    sizes, n = lanes.sizes, lanes.n_patterns
    keep, take = rule.regression, 1.0 - rule.regression
    for u in range(sizes[0]):
        for p in range(begin, end):
            v = load(lanes.first, u * n + p)
            s = fma(load(lanes.reconstruction, u * n + p), take, v * keep)
            store(lanes.second, u * n + p, s)
            store(lanes.difference, u * n + p, v - s)
    row = source = 0
    for k in range(len(sizes) - 1):
        n_source, n_target = sizes[k], sizes[k + 1]
        _activate(
            lanes,
            row,
            n_source,
            n_target,
            lanes.second,
            source,
            lanes.second,
            source + n_source,
            False,
            begin,
            end,
        )
        row += (n_source + 1) * n_target
        source += n_source
        for u in range(source, source + n_target):
            for p in range(begin, end):
                h = load(lanes.first, u * n + p)
                s = load(lanes.second, u * n + p)
                if rule.hidden_regression:
                    s = fma(s, take, h * keep)
                    store(lanes.second, u * n + p, s)
                store(lanes.difference, u * n + p, h - s)


def pass_back(rule: Rule, lanes: Lanes, begin: int, end: int) -> None:
    """Let `difference` receive what back-propagation sends to the summed inputs.

    That is minus the derivative of half the squared error with respect to each of them.
    """
    sizes, n = lanes.sizes, lanes.n_patterns
    for u in range(sizes[0]):
        for p in range(begin, end):
            r = load(lanes.reconstruction, u * n + p)
            d = load(lanes.first, u * n + p) - r
            if not rule.linear_visible:
                d = d * (r * (1.0 - r))
            store(lanes.difference, u * n + p, d)
    row, source, target = 0, 0, 0
    for k in range(len(sizes)):
        row += (sizes[k] + 1) * sizes[(k + 1) % len(sizes)]
        source += sizes[k]
    for k in range(len(sizes) - 1, 0, -1):
        n_source, n_target = sizes[k], sizes[(k + 1) % len(sizes)]
        row -= (n_source + 1) * n_target
        source -= n_source
        for j in range(n_source):
            for p in range(begin, end):
                h = load(lanes.first, (source + j) * n + p)
                d = h * 0.0
                for i in range(n_target):
                    d = fma(
                        load(lanes.weights, row + i * n_source + j),
                        load(lanes.difference, (target + i) * n + p),
                        d,
                    )
                store(lanes.difference, (source + j) * n + p, d * (h * (1.0 - h)))
        target = source


def _change(rule: Rule, lanes: Lanes, weight: int, total: Any) -> None:
    """Apply one weight change, given its sum over patterns."""
    if rule.momentum > 0.0:
        total = fma(load(lanes.velocity, weight), rule.momentum, total)
        store(lanes.velocity, weight, total)
    weights = load(lanes.weights, weight)
    store(lanes.weights, weight, fma(total, rule.learning_rate, weights))


def change_weights(rule: Rule, lanes: Lanes, begin: int, end: int) -> None:
    """Apply the weight changes (equations 5 and 6), summed over the patterns in [begin, end)."""
    sizes, n = lanes.sizes, lanes.n_patterns
    row = source = 0
    for group in range(len(sizes)):
        last = group + 1 == len(sizes)
        n_source, n_target = sizes[group], sizes[0] if last else sizes[group + 1]
        target = 0 if last else source + n_source
        # Into the visible group the first pass is presynaptic, elsewhere the second.
        sender = lanes.first if last or rule.back_propagation else lanes.second
        for j in range(0, n_target, 2):  # two units share what is loaded of the sender
            k = min(j + 1, n_target - 1)
            t, u = (target + j) * n, (target + k) * n
            for i in range(n_source):
                a = load(sender, (source + i) * n + begin)
                x = a * load(lanes.difference, t + begin)
                y = a * load(lanes.difference, u + begin)
                for p in range(begin + 1, end):
                    a = load(sender, (source + i) * n + p)
                    x = fma(a, load(lanes.difference, t + p), x)
                    y = fma(a, load(lanes.difference, u + p), y)
                _change(rule, lanes, row + j * n_source + i, x)
                if k > j:
                    _change(rule, lanes, row + k * n_source + i, y)
        for j in range(n_target):
            t = (target + j) * n
            total = load(lanes.difference, t + begin)
            for p in range(begin + 1, end):
                total = total + load(lanes.difference, t + p)
            _change(rule, lanes, row + n_source * n_target + j, total)
        row += (n_source + 1) * n_target
        source += n_source


def measure_error(rule: Rule, lanes: Lanes) -> None:
    """Measure the criterion of every lane (equation 7), with the weights as they stand."""
    n = lanes.n_patterns
    zero = load(lanes.first, 0) * 0.0
    worst = total = zero
    for p in range(n):
        if rule.criterion == WORST_PATTERN:
            total = zero
        for u in range(lanes.sizes[0]):
            v = load(lanes.first, u * n + p)
            r = load(lanes.reconstruction, u * n + p)
            if rule.regressed_error:
                r = fma(r, 1.0 - rule.regression, v * rule.regression)
            d = v - r
            total = fma(d, d, total)
            if rule.criterion == EVERY_UNIT:
                worst = larger(larger(d, -d), worst)
        if rule.criterion == WORST_PATTERN:
            worst = larger(total, worst)
    if rule.criterion == HALF_SQUARED_ERROR:
        store(lanes.error, 0, total * 0.5)
    elif rule.criterion == SQUARED_ERROR:
        store(lanes.error, 0, total)
    elif rule.criterion == WORST_PATTERN:
        store(lanes.error, 0, worst * 0.5)
    else:
        store(lanes.error, 0, worst)


def learn(rule: Rule, lanes: Lanes) -> None:
    """One sweep of learning; a batch uses the activities of the pass before it."""
    width = 1 if rule.per_pattern else lanes.n_patterns
    for begin in range(0, lanes.n_patterns, width):
        end = begin + width
        if rule.per_pattern:
            pass_forward(rule, lanes, begin, end)
        if rule.back_propagation:
            pass_back(rule, lanes, begin, end)
        else:
            pass_again(rule, lanes, begin, end)
        change_weights(rule, lanes, begin, end)
