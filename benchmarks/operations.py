"""Count the operations of one sweep, by running the kernel's own code on counting values."""

from __future__ import annotations

import collections
from typing import Any
from unittest import mock

from replication.protocol import Protocol
from replication.simulator import arithmetic, kernel
from replication.simulator.engine import make_lanes, make_rule

MULTIPLIES = ("fma", "multiply")
ADDS = ("add", "negate", "select", "scale")


class _Counting:
    """Stands in for a lane vector and counts what is done with it."""

    def __init__(self, counts: collections.Counter[str]) -> None:
        self.counts = counts

    def _count(self, name: str) -> _Counting:
        self.counts[name] += 1
        return self

    def __add__(self, other: Any) -> _Counting:
        return self._count("add")

    def __mul__(self, other: Any) -> _Counting:
        return self._count("multiply")

    def __truediv__(self, other: Any) -> _Counting:
        return self._count("divide")

    def __neg__(self) -> _Counting:
        return self._count("negate")

    __radd__ = __sub__ = __rsub__ = __add__
    __rmul__, __rtruediv__ = __mul__, __truediv__


def count_operations(protocol: Protocol) -> dict[str, int]:
    """Return how many operations on one lane vector a sweep of the ensemble takes.

    Returns
    -------
    dict
        ``fma``, ``multiply``, ``add`` (and subtract), ``divide``, ``negate``,
        ``select`` (minimum, maximum), ``scale`` (a shift and an addition of
        whole numbers), ``load``, ``store``.
    """
    counts: collections.Counter[str] = collections.Counter()
    value = _Counting(counts)

    def count(name: str, times: int = 1) -> Any:
        def operate(*_: Any) -> _Counting:
            counts[name] += times
            return value

        return operate

    rule, lanes = make_rule(protocol), make_lanes(protocol, 8)
    with (
        mock.patch.multiple(
            kernel,
            load=count("load"),
            store=count("store"),
            fma=count("fma"),
            larger=count("select"),
        ),
        mock.patch.multiple(
            arithmetic, fma=count("fma"), clamp=count("select", 2), scale=count("scale", 2)
        ),
    ):
        kernel.pass_forward(rule, lanes, 0, lanes.n_patterns)
        kernel.measure_error(rule, lanes)
        kernel.learn(rule, lanes)
    return dict(counts)
