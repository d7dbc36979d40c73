"""Rules of one's own against loops over single numbers, which share no code with them."""

import math
from itertools import chain

import numpy as np
import pytest

from replication import Protocol
from replication.simulator.engine import Engine
from tests.exactness.rules import Alignment, Hebbian, Xor


def s(x):
    return 1.0 / (1.0 + math.exp(-x))


def total(weights, states, bias):
    return [
        sum(w * x for w, x in zip(row, states, strict=True)) + c
        for row, c in zip(weights, bias, strict=True)
    ]


def back(weights, d):
    return [
        sum(row[j] * x for row, x in zip(weights, d, strict=True)) for j in range(len(weights[0]))
    ]


def cut(row, *shapes):
    """Return the arrays of flat weights, as lists."""
    found, begin = [], 0
    for shape in shapes:
        found.append(row[begin : begin + math.prod(shape)].reshape(shape).tolist())
        begin += math.prod(shape)
    return found


def learn_alignment(row, batches, rate):
    W, b, U, c, B = cut(row, (2, 4), (2,), (4, 2), (4,), (2, 4))
    for batch in batches:
        found = []
        for k in batch:
            v = [float(i == k) for i in range(4)]
            h = [s(x) for x in total(W, v, b)]
            r = [s(x) for x in total(U, h, c)]
            d = [rate * (v[i] - r[i]) * r[i] * (1 - r[i]) for i in range(4)]
            e = [sum(B[j][i] * d[i] for i in range(4)) * h[j] * (1 - h[j]) for j in range(2)]
            found.append((v, h, d, e))
        for v, h, d, e in found:
            for j in range(2):
                b[j] += e[j]
                for i in range(4):
                    W[j][i] += e[j] * v[i]
            for i in range(4):
                c[i] += d[i]
                for j in range(2):
                    U[i][j] += d[i] * h[j]
    return [*chain(*W), *b, *chain(*U), *c]


def learn_xor(row, batches, rate):
    W, b, w, (c,) = cut(row, (2, 2), (2,), (2,), (1,))
    cases = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]
    weights, velocity = [*W[0], *W[1], *b, *w, c], [0.0] * 9
    for batch in batches:
        slope = [0.0] * 9
        for k in batch:
            (x, y), answer = cases[k]
            p = s(weights[0] * x + weights[1] * y + weights[4])
            q = s(weights[2] * x + weights[3] * y + weights[5])
            o = s(weights[6] * p + weights[7] * q + weights[8])
            d = (answer - o) * o * (1 - o)
            e, f = d * weights[6] * p * (1 - p), d * weights[7] * q * (1 - q)
            for place, more in enumerate((e * x, e * y, f * x, f * y, e, f, d * p, d * q, d)):
                slope[place] += more
        velocity = [0.9 * v + rate * g for v, g in zip(velocity, slope, strict=True)]
        weights = [w + v for w, v in zip(weights, velocity, strict=True)]
    return weights


def learn_hebbian(row, batches, _):
    W, b, U, c = cut(row, (2, 4), (2,), (4, 2), (4,))

    def settle(v, answer):
        h = [s(x) for x in total(W, v, b)]
        for _ in range(6):
            o = answer or [s(x) for x in total(U, h, c)]
            h = [s(x + y) for x, y in zip(total(W, v, b), back(U, o), strict=True)]
        return h, answer or [s(x) for x in total(U, h, c)]

    for batch in batches:
        found = []
        for k in batch:
            v = [float(i == k) for i in range(4)]
            found.append((v, settle(v, None), settle(v, v)))
        for v, (h, o), (g, t) in found:
            for j in range(2):
                b[j] += g[j] - h[j]
                for i in range(4):
                    W[j][i] += (g[j] - h[j]) * v[i]
                    U[i][j] += t[i] * g[j] - o[i] * h[j]
            for i in range(4):
                c[i] += t[i] - o[i]
    return [*chain(*W), *b, *chain(*U), *c]


CASES = [(Alignment, learn_alignment, 9.5), (Xor, learn_xor, 0.5), (Hebbian, learn_hebbian, 1.0)]


@pytest.mark.parametrize("schedule", ["batch", "per-pattern"])
@pytest.mark.parametrize(("network", "learn", "rate"), CASES)
def test_weights_are_those_of_a_loop_over_single_numbers(network, learn, rate, schedule):
    engine = Engine(Protocol(update_schedule=schedule), network)
    rows = engine.rule.draw(3, 0, 9)
    _, _, _, recorded = engine.train(rows, record=True, threshold=-1.0, max_updates=8)
    batches = [[0, 1, 2, 3]] if schedule == "batch" else [[k] for k in range(4)]
    for row, states in zip(rows, recorded, strict=True):
        for n in (1, 8):
            expected = learn(row, batches * n, rate)
            np.testing.assert_allclose(states[n, : len(expected)], expected, rtol=0, atol=1e-10)
