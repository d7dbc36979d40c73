"""The fused multiply-add in plain NumPy: ``a * b + c``, rounded once, as processors do it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

FEW = 32
"""Fewer numbers than this are computed one by one, which is quicker."""
LARGE = 2.0**400
"""Factors between 1 / LARGE and LARGE have a product whose rounding error is a float64, too."""


def multiply_add(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Array:
    """Return ``a * b + c`` of arrays that are broadcast, rounded once.

    An exact zero has the sign +. Where a number is not finite, or the result is too large, the
    result is that of plain arithmetic.
    """
    given = [np.asarray(x, dtype=np.float64) for x in (a, b, c)]
    x, y, z = np.broadcast_arrays(*given)
    is_many = x.size >= FEW
    if is_many and _has_rest(x) and _has_rest(y) and bool((np.abs(z) < LARGE).all()):
        return add_in_parts(x, y, z)
    return np.asarray(_multiply_add_each(x, y, z))


def _has_rest(x: Array) -> bool:
    """Return whether all numbers are factors whose product has an exact rounding error."""
    size = np.abs(x)
    is_within = (size < LARGE) & ((size > 1.0 / LARGE) | (x == 0.0))
    return bool(is_within.all())


def multiply_add_one(a: float, b: float, c: float) -> float:
    """Return ``a * b + c``, computed exactly as a fraction of whole numbers, then rounded once."""
    try:
        a_top, a_bottom = a.as_integer_ratio()
        b_top, b_bottom = b.as_integer_ratio()
        c_top, c_bottom = c.as_integer_ratio()
        bottom = a_bottom * b_bottom
        return (a_top * b_top * c_bottom + c_top * bottom) / (bottom * c_bottom)
    except (OverflowError, ValueError):  # of a number that is not finite, or too large a result
        return float(a) * float(b) + float(c)


_multiply_add_each = np.vectorize(multiply_add_one, otypes="d")


def add_in_parts(a: Array, b: Array, c: Array) -> Array:
    """Return ``a * b + c`` of many numbers, rounded once, as the sum of three exact parts.

    The two smaller parts are added first. If both additions rounded to the nearest number, the
    second could end beside the number nearest to the exact sum. It does not if the first addition
    rounds to odd: to the neighbour whose last bit is 1.

    S. Boldo and G. Melquiond (2008), Emulation of FMA and correctly rounded sums, IEEE
    Transactions on Computers 57, 462-471.
    """
    product, product_rest = _multiply(a, b)
    low, low_rest = _add(c, product_rest)
    high, high_rest = _add(product, low)
    # high + low_rest + high_rest is exactly a * b + c.
    rest = _add_to_odd(low_rest, high_rest)
    return high + rest + 0.0  # -0 becomes 0


def _add_to_odd(x: Array, y: Array) -> Array:
    """Return x + y rounded to odd, as `add_in_parts` needs it.

    An exact sum stays. Otherwise two float64 numbers enclose the exact sum, and the one whose last
    bit is 1 is returned.
    """
    total, lost = _add(x, y)
    bits = total.view(np.int64)
    is_even = (lost != 0.0) & (bits % 2 == 0)
    # `total` is one of these two; the other is one step away in the bits. The step leads away from
    # zero if the rounding went towards zero, that is, if what was lost has the sign of the sum.
    # Adding 1 to the bits is a step away from zero, for negative numbers, too.
    step = np.where(np.signbit(lost) == np.signbit(total), 1, -1)
    odd = np.where(is_even, bits + step, bits)
    return odd.view(np.float64)


def _add(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a rounded sum, and exactly what the rounding has lost (Knuth)."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def _multiply(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a rounded product, and exactly what the rounding has lost (Dekker)."""
    product = x * y
    x_top, x_rest = _split(x)
    y_top, y_rest = _split(y)
    lost = x_top * y_top - product + x_top * y_rest + x_rest * y_top + x_rest * y_rest
    return product, lost


def _split(x: Array) -> tuple[Array, Array]:
    """Return a number as the sum of two with at most 26 bits each (Veltkamp)."""
    scaled = x * (2.0**27 + 1.0)
    top = scaled - (scaled - x)
    return top, x - top
