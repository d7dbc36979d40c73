"""A recorder keeps all numbers of networks at chosen updates, while a compiled rule learns."""

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from replication.simulator.compiler.machine import choose_processor, compile_text
from replication.simulator.compiler.programs import write_record

NEVER = -(2**62)
"""The entry of `due` after the last chosen update: minus more updates than any network makes."""


def find_due(chosen: Sequence[int]) -> NDArray[np.int64]:
    """Return the table `due` of the compiled code, given the chosen updates in rising order.

    It has an entry after 0, 1, 2, ... updates. For a chosen update, this is its number among the
    chosen ones; for others it is minus the number of updates until the next chosen one. One more
    entry, after the last chosen update, says that nothing is due any more.

    >>> find_due([0, 3])[:4]
    array([ 0, -2, -1,  1])
    """
    moments = np.asarray(chosen, dtype=np.int64)
    updates = np.arange(moments[-1] + 1)
    following = moments[np.searchsorted(moments, updates)]  # the next chosen update, or this one
    due = np.append(updates - following, NEVER)
    due[moments] = np.arange(len(moments))
    return due


class Recorder:
    """A watcher that keeps all numbers of `n` networks at chosen updates.

    After the networks have learnt, `numbers` has the shape (update, network, n_all).
    """

    def __init__(self, n_all: int, n_lanes: int, updates: Sequence[int], n: int) -> None:
        """Prepare the memory of a recorder; `updates` are in rising order."""
        self.numbers = np.zeros((len(updates), n, n_all))
        self._due = find_due(updates)
        # The function is held here because it owns the code at its address.
        self._function = compile_text(_write_text(n_all, n_lanes), "watch", *choose_processor())
        # It reads neither data nor a strip.
        addresses = [self._function.address, 0, 0, self.numbers.ctypes.data]
        self._table = np.array(addresses, dtype=np.int64)

    @property
    def addresses(self) -> tuple[int, int, int]:
        """The addresses of `due` and of the table of watchers, and the number of watchers."""
        return self._due.ctypes.data, self._table.ctypes.data, 1


@functools.cache
def _write_text(n_all: int, n_lanes: int) -> str:
    return write_record(n_all, n_lanes)
