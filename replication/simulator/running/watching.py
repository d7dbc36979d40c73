"""What measures networks at some of their updates, while a compiled rule learns.

The error and the right answers of all networks side by side, with the weights as they stand: those
of the patterns that they learn, and of others.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from replication.simulator.compiler.machine import choose_processor, compile_text
from replication.simulator.rule.network import Rule
from replication.simulator.running.engine import find_program, prepare_strips

ERROR, N_RIGHT = range(2)
"""What is measured, on the last axis of what is found."""
NOT_DUE = -1


class Watchers:
    """Watchers of `n` networks, one for each set of patterns, at some numbers of updates.

    Attributes
    ----------
    found : list of float32 arrays, shape (n_updates, n, 2)
        Of each rule: the errors by the criterion, and the numbers of right answers, which are 0
        where the targets are no classes.
    """

    def __init__(self, rules: Sequence[Rule], updates: Sequence[int], n: int) -> None:
        """Compile what measures the patterns of each rule, `updates` being in rising order."""
        # Of each number of updates: its place among those that are asked for.
        self._due = np.full(updates[-1] + 2, NOT_DUE, dtype=np.int64)
        self._due[list(updates)] = np.arange(len(updates))
        self.found: list[NDArray[np.float32]] = []
        self._kept = []  # what the compiled code reads and writes by its address
        table = []
        for rule in rules:
            program = find_program("watch", rule)
            watch = compile_text(program.text, "watch", *choose_processor())
            strip = prepare_strips(program, rule, 1)
            found = np.full((len(updates), n, 2), np.nan, dtype=np.float32)
            self.found.append(found)
            self._kept.append((program, watch, strip))
            arrays = program.data, strip, found
            table.append([watch.address, *(array.ctypes.data for array in arrays)])
        self._table = np.array(table, dtype=np.int64)

    @property
    def addresses(self) -> tuple[int, int, int]:
        """What `train` is called with: where the updates are due, the table, and how many."""
        return self._due.ctypes.data, self._table.ctypes.data, len(self._table)
