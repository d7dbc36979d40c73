"""One value for all lanes: a vector type that Numba compiles to vector instructions.

In plain Python a lane vector is a float64 array of shape (n_lanes,). Compiled,
it is an LLVM vector of the same length, so that what the kernel writes as one
operation becomes a few vector instructions on every processor, without the
alias checks and remainder loops of a vectorised loop. Operations are IEEE
operations without fast-math flags: they give the same bits in both forms.

Vectors lie in the rows of float64 arrays of shape (n_rows, n_lanes). Compiled
code gets at them through `Rows`, a bare address: passing an array costs the
kernel a count of its references, with a locked instruction each time.

The number of lanes is part of both types. It travels as a tuple of that length,
`width`, since Numba knows the length of a tuple when it compiles.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model


class Vector(types.Type):  # type: ignore[misc]
    """The Numba type of a lane vector."""

    def __init__(self, n_lanes: int) -> None:
        self.n_lanes = n_lanes
        super().__init__(name=f"Vector({n_lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, vector: Vector) -> None:
        super().__init__(manager, vector, ir.VectorType(ir.DoubleType(), vector.n_lanes))


class Rows(types.Type):  # type: ignore[misc]
    """The Numba type of the address of an array of shape (n_rows, n_lanes)."""

    def __init__(self, n_lanes: int) -> None:
        self.n_lanes = n_lanes
        super().__init__(name=f"Rows({n_lanes})")


@register_model(Rows)
class _RowsModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, rows: Rows) -> None:
        super().__init__(manager, rows, ir.DoubleType().as_pointer())


def fma(a, b, c):  # type: ignore[no-untyped-def]
    """Return ``a * b + c`` with a single rounding, lane by lane.

    Compiled, this is the fused multiply-add instruction. As plain Python it is
    exact for finite numbers (one correctly rounded division of whole numbers;
    an exact zero has the sign +); for others it is ``a * b + c``.
    """
    return _fma_each(a, b, c)


def _fma_one(a: float, b: float, c: float) -> float:
    try:
        (a_top, a_bottom), (b_top, b_bottom) = a.as_integer_ratio(), b.as_integer_ratio()
        c_top, c_bottom = c.as_integer_ratio()
        bottom = a_bottom * b_bottom
        return (a_top * b_top * c_bottom + c_top * bottom) / (bottom * c_bottom)
    except (OverflowError, ValueError):
        return float(a) * float(b) + float(c)


_fma_each = np.vectorize(_fma_one, otypes=[np.float64])


def clamp(x, low, high):  # type: ignore[no-untyped-def]
    """Return x limited to [low, high], lane by lane; not-a-number becomes `high`."""
    x = np.where(x < high, x, high)
    return np.where(x > low, x, low)


def larger(x, y):  # type: ignore[no-untyped-def]
    """Return x where x > y, else y, lane by lane."""
    return np.where(x > y, x, y)


def scale(q, shifted):  # type: ignore[no-untyped-def]
    """Return q * 2^k, where k is the whole number in the low bits of `shifted`.

    k is added to the exponent field of q; q and the result are normal numbers.
    """
    bits = np.asarray(q).view(np.int64) + (np.asarray(shifted).view(np.int64) << np.int64(52))
    return bits.view(np.float64)


def point(width, array):  # type: ignore[no-untyped-def]
    """Return the rows of a float64 array of shape (n_rows, n_lanes), which must outlive them."""
    return array


def load(rows, row):  # type: ignore[no-untyped-def]
    """Return one row as a lane vector."""
    return rows[row].copy()


def store(rows, row, value):  # type: ignore[no-untyped-def]
    """Put a lane vector into a row."""
    rows[row] = value


def _promote(builder: Any, value: Any, vector: Any) -> Any:
    """Broadcast a scalar to all lanes; leave a vector as it is."""
    if isinstance(value.type, ir.VectorType):
        return value
    index = ir.IntType(32)
    single = builder.insert_element(ir.Constant(vector, ir.Undefined), value, index(0))
    zeros = ir.Constant(ir.VectorType(index, vector.count), None)
    return builder.shuffle_vector(single, ir.Constant(vector, ir.Undefined), zeros)


def _compile(function: Callable[..., Any], n_arguments: int, emit: Callable[..., Any]) -> None:
    """Give `function` of vectors and float64 scalars a compiled form."""

    @intrinsic
    def operate(typing_context: Any, arguments: Any) -> Any:
        vector = next(argument for argument in arguments if isinstance(argument, Vector))

        def generate(context: Any, builder: Any, signature: Any, packed: Any) -> Any:
            kind = context.get_value_type(vector)
            values = cgutils.unpack_tuple(builder, packed[0])
            return emit(builder, *(_promote(builder, value, kind) for value in values))

        return vector(arguments), generate

    def accepts(*arguments: Any) -> bool:
        return any(isinstance(argument, Vector) for argument in arguments)

    if n_arguments == 1:
        overload(function)(lambda a: (lambda a: operate((a,))) if accepts(a) else None)
    elif n_arguments == 2:
        overload(function)(lambda a, b: (lambda a, b: operate((a, b))) if accepts(a, b) else None)
    else:
        overload(function)(
            lambda a, b, c: (lambda a, b, c: operate((a, b, c))) if accepts(a, b, c) else None
        )


def _emit_fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    # llvmlite's own builder.fma takes scalars only.
    kind = ir.FunctionType(a.type, [a.type] * 3)
    name = f"llvm.fma.v{a.type.count}f64"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b, c])


def _emit_larger(builder: Any, x: Any, y: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", x, y), x, y)


def _emit_clamp(builder: Any, x: Any, low: Any, high: Any) -> Any:
    x = builder.select(builder.fcmp_ordered("<", x, high), x, high)
    return builder.select(builder.fcmp_ordered(">", x, low), x, low)


def _emit_scale(builder: Any, q: Any, shifted: Any) -> Any:
    whole = ir.VectorType(ir.IntType(64), q.type.count)
    places = ir.Constant(whole, [52] * q.type.count)
    exponent = builder.shl(builder.bitcast(shifted, whole), places)
    return builder.bitcast(builder.add(builder.bitcast(q, whole), exponent), q.type)


_compile(operator.neg, 1, lambda builder, a: builder.fneg(a))
_compile(operator.add, 2, lambda builder, a, b: builder.fadd(a, b))
_compile(operator.sub, 2, lambda builder, a, b: builder.fsub(a, b))
_compile(operator.mul, 2, lambda builder, a, b: builder.fmul(a, b))
_compile(operator.truediv, 2, lambda builder, a, b: builder.fdiv(a, b))
_compile(larger, 2, _emit_larger)
_compile(scale, 2, _emit_scale)
_compile(fma, 3, _emit_fma)
_compile(clamp, 3, _emit_clamp)


@intrinsic
def _point(typing_context: Any, width: Any, array: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[1])(context, builder, arguments[1]).data

    return Rows(len(width))(width, array), generate


def _find_row(builder: Any, rows: Any, row: Any, n_lanes: int) -> Any:
    """Return the address of a row as that of a vector."""
    vector = ir.VectorType(ir.DoubleType(), n_lanes)
    first = builder.mul(row, ir.Constant(row.type, n_lanes))
    return builder.bitcast(builder.gep(rows, [first]), vector.as_pointer())


@intrinsic
def _load(typing_context: Any, rows: Any, row: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_find_row(builder, arguments[0], arguments[1], rows.n_lanes), align=8)

    return Vector(rows.n_lanes)(rows, types.int64), generate


@intrinsic
def _store(typing_context: Any, rows: Any, row: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = _find_row(builder, arguments[0], arguments[1], rows.n_lanes)
        builder.store(arguments[2], place, align=8)
        return context.get_dummy_value()

    return types.void(rows, types.int64, value), generate


overload(point)(lambda width, array: lambda width, array: _point(width, array))
overload(load)(lambda rows, row: lambda rows, row: _load(rows, row))
overload(store)(lambda rows, row, value: lambda rows, row, value: _store(rows, row, value))
