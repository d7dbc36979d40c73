"""The fused multiply-add in plain NumPy: ``a * b + c``, rounded once, as processors do it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

FEW = 32
"""Numbers for which one by one is quicker."""
LARGE = 2.0**400
"""Below it, and above one over it, the rest of a product is a number."""


def multiply_add(a: ArrayLike, b: ArrayLike, c: ArrayLike) -> Array:
    """Return ``a * b + c`` of arrays that are broadcast, rounded once.

    An exact zero has the sign +. Where a number is not finite, or a result too large, it is that of
    plain arithmetic.
    """
    given = [np.asarray(x, dtype=np.float64) for x in (a, b, c)]
    x, y, z = np.broadcast_arrays(*given)
    is_many = x.size >= FEW
    if is_many and _has_rest(x) and _has_rest(y) and bool((np.abs(z) < LARGE).all()):
        return add_in_parts(x, y, z)
    return np.asarray(_multiply_add_each(x, y, z))


def _has_rest(x: Array) -> bool:
    """Whether what the rounding of a product loses is a number, for all numbers of one factor."""
    size = np.abs(x)
    is_within = (size < LARGE) & ((size > 1.0 / LARGE) | (x == 0.0))
    return bool(is_within.all())


def multiply_add_one(a: float, b: float, c: float) -> float:
    """Return ``a * b + c``: exact as a fraction of whole numbers, which the division rounds."""
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
    """Return ``a * b + c`` of many numbers, rounded once: a sum in parts, the least first.

    Two ordinary roundings, one after the other, may end beside the nearest number. They do not if
    the first one rounds to odd.

    S. Boldo and G. Melquiond (2008), Emulation of FMA and correctly rounded sums, IEEE
    Transactions on Computers 57, 462-471.
    """
    product, product_rest = _multiply(a, b)
    low, low_rest = _add(c, product_rest)
    high, high_rest = _add(product, low)
    # Now high + low_rest + high_rest is a * b + c exactly.
    rest = _add_to_odd(low_rest, high_rest)
    return high + rest + 0.0  # -0 becomes 0


def _add_to_odd(x: Array, y: Array) -> Array:
    """Return a sum; where it is not exact, the neighbour whose last bit is odd."""
    total, lost = _add(x, y)
    bits = total.view(np.int64)
    is_wrong = (lost != 0.0) & (bits % 2 == 0)
    # The exact sum is farther from zero than the rounded one if what was lost has the same sign.
    # One more in the bits is a step away from zero, for negative numbers too.
    step = np.where(np.signbit(lost) == np.signbit(total), 1, -1)
    odd = np.where(is_wrong, bits + step, bits)
    return odd.view(np.float64)


def _add(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a sum and what its rounding has lost (D. E. Knuth)."""
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


def _multiply(x: Array, y: Array) -> tuple[Array, Array]:
    """Return a product and what its rounding has lost (T. J. Dekker)."""
    product = x * y
    x_top, x_rest = _split(x)
    y_top, y_rest = _split(y)
    lost = x_top * y_top - product + x_top * y_rest + x_rest * y_top + x_rest * y_rest
    return product, lost


def _split(x: Array) -> tuple[Array, Array]:
    """Return a number as two of 26 bits each (G. W. Veltkamp)."""
    scaled = x * (2.0**27 + 1.0)
    top = scaled - (scaled - x)
    return top, x - top
