"""Other sizes and longer loops: changes and descent against a literal loop."""

import numpy as np
import pytest

from replication import Protocol
from replication.experiments.sizes import run as sizes
from replication.simulator.weights import draw_weights
from tests.unit.experiments.builders import cosine, sigma

LOOP = Protocol(group_sizes=(4, 3, 3), regression=0.25)


def part(flat):
    """Return (matrix, biases) from visible to first, first to second, second to visible."""
    return [(flat[:12].reshape(3, 4), flat[12:15]), (flat[15:24].reshape(3, 3), flat[24:27]),
            (flat[27:39].reshape(4, 3), flat[39:])]  # fmt: skip


def error(flat, a):
    state = a
    for matrix, biases in part(flat):
        state = sigma(matrix @ state + biases)
    return 0.5 * np.sum((state - a) ** 2)


def change_literally(flat, a, keep):
    """Return the changes into both hidden groups by one pattern, and the vectors AP and CR."""
    (A, d), (B, e), (U, c) = part(flat)
    h = sigma(A @ a + d)
    k = sigma(B @ h + e)
    image = sigma(U @ k + c)
    p = keep * a + (1 - keep) * image
    h2 = keep * h + (1 - keep) * sigma(A @ p + d)
    k2 = keep * k + (1 - keep) * sigma(B @ h2 + e)
    first = [*np.outer(h - h2, p).ravel(), *(h - h2)]
    second = [*np.outer(k - k2, h2).ravel(), *(k - k2)]
    r = sigma(U @ sigma(B @ sigma(A @ p + d) + e) + c)
    return np.array(first), np.array(second), p - a, r - image


def match(first, second, descent):
    """Return the cosine with descent after each group's change has been given its length."""
    groups = ((first, descent[:15]), (second, descent[15:27]))
    matched = [x * np.linalg.norm(y) / np.linalg.norm(x) for x, y in groups]
    return cosine(np.concatenate(matched), descent[:27])


@pytest.mark.parametrize(("key", "keep"), sizes.REGRESSIONS.items())
def test_loops_are_measured_as_by_a_literal_loop(key, keep):
    weights = 3 * draw_weights(LOOP, 74, 0, 3)
    measured = sizes.measure_loop(LOOP, weights)
    for row, flat in enumerate(weights):
        total_change, total_descent = np.zeros(27), np.zeros(27)
        for p, a in enumerate(np.eye(4)):
            first, second, ap, cr = change_literally(flat, a, keep)
            steps = np.eye(len(flat)) * 1e-5
            descent = -np.array([error(flat + s, a) - error(flat - s, a) for s in steps]) / 2e-5
            found = {name: measured[f"{name}-{key}"][row, p] for name in
                     ("first", "second", "joint", "matched", "parallel")}  # fmt: skip
            one, two = cosine(first, descent[:15]), cosine(second, descent[15:27])
            assert found["first"] == pytest.approx(one, abs=1e-5)
            assert found["second"] == pytest.approx(two, abs=1e-5)
            assert found["matched"] == pytest.approx(match(first, second, descent), abs=1e-5)
            both = np.concatenate([first, second])
            assert found["joint"] == pytest.approx(cosine(both, descent[:27]), abs=1e-5)
            assert found["parallel"] == pytest.approx(cosine(ap, cr), abs=1e-5)
            total_change += both
            total_descent += descent[:27]
        expected = match(total_change[:15], total_change[15:], total_descent)
        assert measured[f"batch-{key}"][row, 0] == pytest.approx(expected, abs=1e-5)
