"""Turning results into plain JSON values, numbers rounded to 6 significant digits."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from replication.analysis.intervals import Estimate

SIGNIFICANT_DIGITS = 6


def round_number(value: float) -> float | None:
    """Return `value` rounded to 6 significant digits, None if it is not finite."""
    if not math.isfinite(value):
        return None
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def make_plain(value: Any) -> Any:
    """Return dataclasses, arrays, mappings and sequences as plain JSON values.

    Real numbers are rounded to 6 significant digits, whole numbers kept as
    they are; what is not finite becomes None.

    Raises
    ------
    TypeError
        If a value has no plain form.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float | Fraction):
        return round_number(float(value))
    if isinstance(value, np.ndarray | np.generic):
        return make_plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): make_plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [make_plain(entry) for entry in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: make_plain(getattr(value, field.name)) for field in fields}
    raise TypeError(f"{type(value).__name__} has no plain form")


def make_plain_estimate(
    estimate: Estimate | None, coverage: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return an estimate with its measured coverage, None where there is no estimate.

    Parameters
    ----------
    estimate : Estimate or None
    coverage : mapping, optional
        Measured coverage of the interval (see `find_coverage`).

    Returns
    -------
    dict or None
        Keys ``value``, ``low``, ``high``, ``level``, ``method``, ``coverage``.
    """
    if estimate is None:
        return None
    plain: dict[str, Any] = make_plain(estimate)
    return plain | {"coverage": make_plain(coverage)}
