"""Many fused multiply-adds at once are those of whole numbers, one by one."""

import numpy as np
import pytest

from replication.simulator.operations import arithmetic, fused

N = 4000


def draw(generator, largest):
    """Return numbers of either sign with all bits, up to a power of two and down to one over it."""
    whole = generator.integers(2**52, 2**53, N).astype(np.float64)
    return generator.choice([-1, 1], N) * np.ldexp(whole, generator.integers(-largest, largest, N))


def check(a, b, c):
    """Hold that the sum of parts is used, and what is computed one by one."""
    a, b, c = np.broadcast_arrays(a, b, c)
    each = [fused.multiply_add_one(*row) for row in np.stack([a, b, c], axis=1).tolist()]
    assert arithmetic.fma(a, b, c).tobytes() == np.array(each).tobytes()


@pytest.mark.parametrize("largest", [1, 60, 300])
def test_numbers_of_any_size_also_where_they_cancel(largest):
    generator = np.random.default_rng(largest)
    a, b = draw(generator, largest), draw(generator, largest)
    c = draw(generator, largest)
    nearly = -a * b * (1.0 + 2.0 ** -generator.integers(40, 53, N))
    for added in (c, -a * b, np.where(np.isfinite(nearly), nearly, 0.0), 0.0, -0.0):
        check(a, b, added)


@pytest.mark.parametrize("beside", [0.0, 2.0**-52, -(2.0**-53)])
def test_what_lies_halfway_between_two_numbers_or_just_beside_it(beside):
    generator = np.random.default_rng(3)
    c = draw(generator, 20)
    half = np.spacing(c) / 2.0
    for sign in (1.0, -1.0):
        check(half, sign * (1.0 + beside), c)


def test_what_is_no_number_too_large_or_too_small_is_computed_one_by_one():
    numbers = np.array([np.nan, np.inf, -np.inf, 1e300, 1e-300, 5e-324, -0.0, 1.0] * 5)
    with np.errstate(over="ignore"):
        found = arithmetic.fma(numbers, numbers, 1.0)
    each = [fused.multiply_add_one(x, x, 1.0) for x in numbers.tolist()]
    np.testing.assert_array_equal(found, each)
