"""The logistic function with the same bits on every machine.

The system's exponential depends on the processor, so the kernel has its own,
made of plain operations on lane vectors (see `vectors.py`). Both functions
also run as plain Python on arrays, with the same bits.
"""

from __future__ import annotations

from typing import Any

from numba.extending import register_jitable

from replication.simulator.vectors import clamp, fma, scale

MAX_ARGUMENT = 354.0
"""Larger arguments count as this one, so that the product of two denominators is finite."""

_LOG2_E = float.fromhex("0x1.71547652b82fep+0")
_LN_2_HIGH = float.fromhex("0x1.62e42fefa39efp-1")
_LN_2_LOW = float.fromhex("0x1.abc9e3b39803fp-56")
_ROUND = float.fromhex("0x1.8p+52")  # adding it rounds to a whole number, kept in the low bits

# exp(r) = 1 + r + r^2 (C2 + C3 r + ... + C11 r^9) for |r| <= ln(2) / 2, by
# interpolation at Chebyshev nodes; leaves a relative error of 1.6e-17.
_C2 = float.fromhex("0x1.0000000000001p-1")
_C3 = float.fromhex("0x1.5555555555556p-3")
_C4 = float.fromhex("0x1.5555555553d68p-5")
_C5 = float.fromhex("0x1.11111111109b5p-7")
_C6 = float.fromhex("0x1.6c16c17889ef1p-10")
_C7 = float.fromhex("0x1.a01a01a7c2efep-13")
_C8 = float.fromhex("0x1.a019b9149a41cp-16")
_C9 = float.fromhex("0x1.71de0db2f6b19p-19")
_C10 = float.fromhex("0x1.28917c89a43a7p-22")
_C11 = float.fromhex("0x1.af389ecfc4b9cp-26")


def exponential(x: Any) -> Any:
    """Return exp(x) lane by lane, for x limited to [-354, 354].

    Notes
    -----
    Cody-Waite reduction and a polynomial of degree 11. The largest error measured
    against mpmath is 1.06 units in the last place, over eight million arguments.

    References
    ----------
    Cody & Waite (1980), Software Manual for the Elementary Functions.
    """
    x = clamp(x, -MAX_ARGUMENT, MAX_ARGUMENT)
    shifted = fma(x, _LOG2_E, _ROUND)
    k = shifted - _ROUND
    r = fma(k, -_LN_2_HIGH, x)
    r = fma(k, -_LN_2_LOW, r)
    q = fma(r, _C11, _C10)
    q = fma(r, q, _C9)
    q = fma(r, q, _C8)
    q = fma(r, q, _C7)
    q = fma(r, q, _C6)
    q = fma(r, q, _C5)
    q = fma(r, q, _C4)
    q = fma(r, q, _C3)
    q = fma(r, q, _C2)
    q = fma(r * r, q, r) + 1.0
    return scale(q, shifted)


def sigmoid_pair(x: Any, y: Any) -> Any:
    """Return the logistic function of two lane vectors, with one division for both.

    Notes
    -----
    ``1 / (1 + exp(-x))``; beyond +-354 the value stays at that of +-354. The
    largest error measured against mpmath is 3.5 units in the last place.
    """
    a = 1.0 + exponential(-x)
    b = 1.0 + exponential(-y)
    q = 1.0 / (a * b)
    return q * b, q * a


for _function in (exponential, sigmoid_pair):
    register_jitable(_function)
