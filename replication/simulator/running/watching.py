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
from replication.simulator.running.recording import find_due

Array = NDArray[np.float64]
Measured = NDArray[np.float32]


class Watch:
    """A compiled measurement of the patterns of a rule."""

    def __init__(self, rule: Rule) -> None:
        self.program = find_program("watch", rule)
        self.function = compile_text(self.program.text, "watch", *choose_processor())
        self.n_patterns = len(rule.patterns)
        self.has_classes = rule.has_classes


class Watchers:
    """What measures `n` networks that learn together, at some numbers of updates."""

    def __init__(self, watches: Sequence[Watch], rule: Rule, updates: Sequence[int], n: int):
        """Prepare watches, which use the numbers of a rule; `updates` are in rising order."""
        self._due = find_due(updates)
        self._watches = watches
        # Of each watch: its memory, and error and right answers, (update, network, 2).
        self._strips: list[Array] = []
        self._found: list[Measured] = []
        table = []
        for watch in watches:
            strip = prepare_strips(watch.program, rule, 1)
            found = np.empty((len(updates), n, 2), dtype=np.float32)
            self._strips.append(strip)
            self._found.append(found)
            # Addresses, in the order of WATCH, DATA, STRIP and FOUND.
            data = watch.program.data
            address = watch.function.address
            table.append([address, data.ctypes.data, strip.ctypes.data, found.ctypes.data])
        self._table = np.array(table, dtype=np.int64)  # (watch, 4)

    @property
    def addresses(self) -> tuple[int, int, int]:
        """What `train` is called with: where the updates are due, the table, and how many."""
        return self._due.ctypes.data, self._table.ctypes.data, len(self._table)

    @property
    def errors(self) -> list[Measured]:
        """Return what the criterion measures, for each watch, (n_updates, n)."""
        return [found[..., 0] for found in self._found]

    @property
    def accuracies(self) -> list[Measured]:
        """Return shares of right answers (n_updates, n); 0 where the targets are no classes."""
        shares = []
        for found, watch in zip(self._found, self._watches, strict=True):
            n_right = found[..., 1]  # (update, network)
            shares.append(n_right / np.float32(watch.n_patterns))
        return shares
