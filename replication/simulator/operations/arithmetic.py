"""Operations with the same bits on every machine, and the functions made of them.

Everything here takes float64 arrays, where it is plain Python, or values that stand for numbers
(`instructions.py`), where it emits the instructions that give the same bits. The system's
exponential depends on the processor, so this one is made of additions, multiplications and fused
multiply-adds.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from replication.simulator.operations.fused import multiply_add
from replication.simulator.operations.instructions import Value

Numbers = Any
"""Float64 numbers or arrays of NumPy, or values that stand for numbers (`instructions.py`): the
same lines compute with either, so no narrower type would be true. Words of 64 bits, too."""
Formula = Callable[..., Any]
"""A function of such numbers."""
PairFormula = Callable[[Numbers, Numbers], tuple[Numbers, Numbers]]
"""A function of two numbers at once, which returns the result for each."""

MAX_ARGUMENT = 354.0
"""Larger arguments of an exponential count as this one, so that in `logistic` the product of two
denominators is finite."""

_MOST = 709.782712893384  # the logarithm of the largest number
# ln 2 is the sum of two numbers, since one of 53 bits would not be precise enough.
_LOG2_E = float.fromhex("0x1.71547652b82fep+0")
_LN_2_HIGH = float.fromhex("0x1.62e42fefa39efp-1")
_LN_2_LOW = float.fromhex("0x1.abc9e3b39803fp-56")
ROUND = float.fromhex("0x1.8p+52")  # adding it rounds to a whole number, kept in the low bits

# exp(r) = 1 + r + r^2 (C2 + C3 r + ... + C11 r^9) for |r| <= ln(2) / 2, by
# interpolation at Chebyshev nodes; leaves a relative error of 1.6e-17.
_COEFFICIENTS = [
    float.fromhex(text)
    for text in (  # C11 to C2
        "0x1.af389ecfc4b9cp-26",
        "0x1.28917c89a43a7p-22",
        "0x1.71de0db2f6b19p-19",
        "0x1.a019b9149a41cp-16",
        "0x1.a01a01a7c2efep-13",
        "0x1.6c16c17889ef1p-10",
        "0x1.11111111109b5p-7",
        "0x1.5555555553d68p-5",
        "0x1.5555555555556p-3",
        "0x1.0000000000001p-1",
    )
]


def _either(emit: Formula, plain: Formula) -> Formula:
    """Return an operation that emits instructions if an argument stands for numbers, else computes.

    `emit` takes the writer and the arguments, `plain` the arguments.
    """

    def operate(*arguments: Numbers) -> Numbers:
        for argument in arguments:
            if isinstance(argument, Value):
                return emit(argument.writer, *arguments)
        return plain(*arguments)

    return operate


def _operation(name: str, plain: Formula) -> Formula:
    """Return an operation that is an instruction of this name, or `plain` in NumPy."""
    return _either(lambda writer, *x: writer.compute(name, *x), plain)


def _scale_in_numpy(q: Numbers, shifted: Numbers) -> Numbers:
    return from_bits(to_bits(q) + (to_bits(shifted) << np.uint64(52)))


fma = _operation("fma", multiply_add)
"""``a * b + c`` with a single rounding; plain for finite numbers (an exact zero has the sign +)."""
where = _operation("where", lambda *x: np.where(*x)[()])
"""x where a condition holds, else y."""
absolute = _operation("fabs", np.abs)
square_root = _operation("sqrt", np.sqrt)
to_bits = _operation("word of number", lambda x: np.asarray(x).view(np.uint64))
from_bits = _operation("number of word", lambda x: x.view(np.float64))
"""A float64 of a word with the same bits; `to_bits` is the other way round."""
to_float = _operation("count of word", lambda x: x.view(np.int64).astype("d"))
"""The number that a word below 2^63 counts."""
scale = _either(lambda writer, *x: writer.scale(*x), _scale_in_numpy)
"""q 2^k, where the whole number k in the low bits of a float64 is added to the exponent of q."""


def limit(x: Numbers, low: float, high: float) -> Numbers:
    """Return x limited to [low, high]; not-a-number becomes `low`.

    >>> limit(np.array([0.5, 3.0, np.nan]), -1.0, 1.0).tolist()
    [0.5, 1.0, -1.0]
    """
    x = where(x > low, x, low)
    return where(x < high, x, high)


def stack(values: Numbers) -> Numbers:
    """Return one value that holds several; iterating over it gives them back."""
    if isinstance(values[0], Value):
        return Value(values[0].writer, *(name for value in values for name in value.names))
    return np.stack(values)


def polynomial(coefficients: Sequence[float], x: Numbers) -> Numbers:
    """Return a polynomial by Horner's scheme; the coefficient of the highest power is the first.

    Each step is a fused multiply-add, so that it has the same bits on every machine.
    """
    total: Numbers = coefficients[0]
    for c in coefficients[1:]:
        total = fma(x, total, c)
    return total


def exponential_of_minus(x: Numbers, largest: float = MAX_ARGUMENT) -> Numbers:
    """Return exp(-x), for x limited to [-354, 354]; not-a-number counts as -354.

    Reduction by Cody & Waite (1980) and a polynomial of degree 11. The largest error measured
    against mpmath is 1.06 units in the last place.
    """
    x = limit(x, -largest, largest)
    # exp(-x) = 2^k exp(r) with a whole number k, in the low bits of `shifted`, and a small rest r.
    shifted = fma(x, -_LOG2_E, ROUND)
    k = shifted - ROUND
    r = fma(k, -_LN_2_HIGH, -x)
    r = fma(k, -_LN_2_LOW, r)
    q = polynomial(_COEFFICIENTS, r)
    q = fma(r * r, q, r) + 1.0
    return scale(q, shifted)


def exponential_of_minus_any(x: Numbers) -> Numbers:
    """Return exp(-x) of any number.

    Infinity beyond the largest number, and 0 where it is below the smallest normal number, as it is
    for x above 708. Not-a-number stays.
    """
    power = exponential_of_minus(x, _MOST)
    power = where(x < -_MOST, np.inf, where(x > 708.0, 0.0, power))
    return where(x != x, x, power)  # noqa: PLR0124


def logistic(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Return ``1 / (1 + exp(-x))`` of two values, within 3.5 units in the last place.

    One division serves both. Beyond +-354 the value stays at that of +-354.
    """
    u, v = _exponentials_of_minus(x, y)
    return _reciprocals(1.0 + u, 1.0 + v)


def logistic_with_half(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Return `logistic` of two values, exactly 1/2 for 0, as rules need it that compare states.

    `logistic` itself may be just below 1/2 there, since two values share its division.
    """
    a, b = logistic(x, y)
    return where(x == 0.0, 0.5, a), where(y == 0.0, 0.5, b)


def _exponentials_of_minus(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    """Return exp(-x) and exp(-y), which are computed together."""
    n = len(x)
    both = exponential_of_minus(stack([*x, *y]))
    return both[:n], both[n:]


def _reciprocals(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """Return 1 / a and 1 / b, by one division."""
    q = 1.0 / (a * b)
    return q * b, q * a


def logarithm(x: Numbers) -> Numbers:
    """Return the natural logarithm of normal numbers, within 2 units in the last place.

    As in IEEE 754, of 0 it is minus infinity, of negative numbers not a number.
    """
    bits = to_bits(x)
    mantissa = from_bits((bits & (2**52 - 1)) | (1023 << 52))  # in [1, 2)
    # 0x433 << 52 are the bits of 2^52; the biased exponent is added to it in the lowest bits.
    exponent = from_bits((bits >> 52) | (0x433 << 52)) - (2.0**52 + 1023)
    is_large = mantissa > math.sqrt(2.0)
    mantissa = where(is_large, 0.5 * mantissa, mantissa)
    exponent = where(is_large, exponent + 1.0, exponent)
    # log(m) = 2 atanh((m - 1) / (m + 1)), for an argument of at most 0.172
    z = (mantissa - 1.0) / (mantissa + 1.0)
    log = 2.0 * _sum_odd_series(z, 1.0)
    log = fma(exponent, _LN_2_HIGH, fma(exponent, _LN_2_LOW, log))
    log = where(x <= 0.0, where(x == 0.0, -np.inf, np.nan), log)
    return where(x < np.inf, log, x)


def logarithm_of_any(x: Numbers) -> Numbers:
    """Return the natural logarithm, also of numbers below the smallest normal one."""
    is_small = x < 2.0**-1022
    log = logarithm(where(is_small, x * 2.0**52, x))
    return where(is_small, log - 52.0 * math.log(2.0), log)


# The other functions of units and their slopes, of one unit's total input x.

_FAR = 2.0**60
"""Larger inputs count as this one. Beyond it softsign, algebraic and arctan are constant to the
last bit; arcsinh, which is not, stays at 42.3."""
_N_TERMS = 18
"""Terms of the series of atanh, for arguments up to 1/3; the series of atan needs fewer."""


def _softsign(x: Numbers) -> Numbers:
    return 0.5 * (1.0 + x / (1.0 + absolute(x)))


def _softsign_slope(x: Numbers) -> Numbers:
    a = 1.0 + absolute(x)
    return 0.5 / (a * a)


def _algebraic(x: Numbers) -> Numbers:
    return 0.5 * (1.0 + x / square_root(1.0 + x * x))


def _algebraic_slope(x: Numbers) -> Numbers:
    a = 1.0 + x * x
    return 0.5 / (a * square_root(a))


def _spline(x: Numbers) -> Numbers:
    s = limit(0.5 + x / 6.0, 0.0, 1.0)
    return s * s * (3.0 - 2.0 * s)


def _spline_slope(x: Numbers) -> Numbers:
    s = limit(0.5 + x / 6.0, 0.0, 1.0)
    return s * (1.0 - s)


def _sum_odd_series(z: Numbers, sign: float) -> Numbers:
    """Return ``z + s z^3 / 3 + s^2 z^5 / 5 + ...``: atanh for a sign of 1, atan for -1."""
    square = z * z
    coefficients = [sign**k / (2 * k + 1) for k in range(_N_TERMS, 0, -1)]
    total = polynomial(coefficients, square)
    return fma(z * square, total, z)


def _arcsinh(x: Numbers) -> Numbers:
    # asinh(x) is twice asinh of the new x. After seven times the series has an argument of at most
    # 1/3.
    for _ in range(7):
        x = x / square_root(2.0 * (1.0 + square_root(1.0 + x * x)))
    return 2.0**7 * _sum_odd_series(x / square_root(1.0 + x * x), 1.0)


def _arcsinh_slope(x: Numbers) -> Numbers:
    return 1.0 / square_root(1.0 + x * x)


def _arctan(x: Numbers) -> Numbers:
    for _ in range(3):  # atan(x) is twice atan of the new x
        x = x / (1.0 + square_root(1.0 + x * x))
    return 2.0**3 * _sum_odd_series(x, -1.0)


def _arctan_slope(x: Numbers) -> Numbers:
    return 1.0 / (1.0 + x * x)


def softplus(x: Numbers) -> Numbers:
    """Return log(1 + exp(x)); not-a-number stays."""
    # log(1 + exp(x)) = max(x, 0) + log(1 + u), and log(1 + u) = 2 atanh(u / (2 + u))
    u = exponential_of_minus(absolute(x))
    return where(x < 0.0, 0.0, x) + 2.0 * _sum_odd_series(u / (2.0 + u), 1.0)


def _tanh(x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
    # tanh(x) = (1 - u) / (1 + u) for u = exp(-2 x), which is exactly 0 for 0.
    u, v = _exponentials_of_minus(2.0 * x, 2.0 * y)
    a, b = _reciprocals(1.0 + u, 1.0 + v)
    return (1.0 - u) * a, (1.0 - v) * b


def _rectifier(x: Numbers) -> Numbers:
    return where(x > 0.0, x, 0.0)


def _of_each(function: Formula) -> PairFormula:
    """Return a function of one number as a function of two at once."""
    return lambda x, y: (function(x), function(y))


def _of_each_limited(function: Formula) -> PairFormula:
    """Return a function of one number as a function of two at once, which are limited first."""
    return _of_each(lambda x: function(limit(x, -_FAR, _FAR)))


def _of_input(slope: Formula) -> Formula:
    """Return a slope that depends on the input alone, which is limited first."""
    return lambda x, _: slope(limit(x, -_FAR, _FAR))


PAIRED_FUNCTIONS: dict[str, PairFormula] = {
    "logistic": logistic,
    "softsign": _of_each_limited(_softsign),
    "algebraic": _of_each_limited(_algebraic),
    "spline": _of_each(_spline),
    "linear": lambda x, y: (x, y),
    "tanh": _tanh,
    "arcsinh": _of_each_limited(_arcsinh),
    "arctan": _of_each_limited(_arctan),
    "softplus": _of_each(softplus),
    "rectifier": _of_each(_rectifier),
}
"""Activation functions: the states of two units from their total inputs (equation 2)."""

SLOPES: dict[str, Formula] = {
    "logistic": lambda _, h: h * (1.0 - h),
    "softsign": _of_input(_softsign_slope),
    "algebraic": _of_input(_algebraic_slope),
    "spline": lambda x, _: _spline_slope(x),
    "linear": lambda *_: 1.0,
    "tanh": lambda _, h: 1.0 - h * h,
    "arcsinh": _of_input(_arcsinh_slope),
    "arctan": _of_input(_arctan_slope),
    "softplus": lambda x, _: 1.0 / (1.0 + exponential_of_minus(x)),
    "rectifier": lambda x, _: where(x > 0.0, 1.0, 0.0),
}
"""The derivative of each activation function, given a unit's total input and its state."""
