"""What keeps all numbers of networks at some of their updates, while a compiled rule learns."""

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from replication.simulator.compiler.machine import choose_processor, compile_text
from replication.simulator.compiler.programs import write_record

NEVER = -(2**62)


def find_due(updates: Sequence[int]) -> NDArray[np.int64]:
    """Return for each number of updates its place among those in rising order.

    Those that are not among them have, as a negative number, how many updates there are until one
    is; the last number is one more than all of them, after which none is.

    >>> find_due([0, 3])[:4]
    array([ 0, -2, -1,  1])
    """
    moments = np.asarray(updates, dtype=np.int64)
    numbers = np.arange(moments[-1] + 2)
    following = np.searchsorted(moments, numbers[:-1])  # the place of the next one, or of its own
    due = np.append(numbers[:-1] - moments[following], NEVER)
    due[moments] = np.arange(len(moments))
    return due


class Recorder:
    """A watcher that keeps all numbers of `n` networks at some numbers of updates."""

    def __init__(self, n_all: int, n_lanes: int, updates: Sequence[int], n: int) -> None:
        self.found = np.zeros((len(updates), n, n_all))
        self._due = find_due(updates)
        function = compile_text(_write_text(n_all, n_lanes), "watch", *choose_processor())
        self._table = np.array([function.address, 0, 0, self.found.ctypes.data], dtype=np.int64)
        self._function = function  # which owns the code at its address

    @property
    def addresses(self) -> tuple[int, int, int]:
        """What `train` is called with: where the updates are due, the table, and how many."""
        return self._due.ctypes.data, self._table.ctypes.data, 1


@functools.cache
def _write_text(n_all: int, n_lanes: int) -> str:
    return write_record(n_all, n_lanes)
