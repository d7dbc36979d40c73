"""Watchers measure networks at chosen updates, while a compiled rule learns.

Each measures the error and the right answers of all networks, for the patterns that they learn or
for others that are held out, and the first one what is observed: with the weights as they stand,
before the update of that number.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from replication.simulator.compiler.machine import choose_processor, compile_text
from replication.simulator.rule.network import Rule
from replication.simulator.rule.observing import Observed
from replication.simulator.running.curves import Measured
from replication.simulator.running.engine import find_program, prepare_strips
from replication.simulator.running.recording import find_due

Array = NDArray[np.float64]


class Watch:
    """A compiled program that measures networks on the patterns of a rule, and observes them."""

    def __init__(self, rule: Rule, observed: Sequence[Observed] = ()) -> None:
        self.program = find_program("watch", rule, observed)
        self.names = [each.name for each in observed]
        self.function = compile_text(self.program.text, "watch", *choose_processor())
        self.n_patterns = len(rule.patterns)
        self.has_classes = rule.has_classes


class Watchers:
    """Programs that measure `n` networks while these learn, at chosen updates."""

    def __init__(self, watches: Sequence[Watch], rule: Rule, updates: Sequence[int], n: int):
        """Prepare memory for watches, with the numbers of a rule; `updates` are in rising order."""
        self._due = find_due(updates)
        self._watches = watches
        # The memory of each watch, and what it measures: error, right answers, what is observed.
        self._strips: list[Array] = []
        self._measured: list[Array] = []  # (update, network, number)
        table = []
        for watch in watches:
            strip = prepare_strips(watch.program, rule, 1)
            n_numbers = sum(math.prod(shape) for _, shape in watch.program.outputs)
            measured = np.empty((len(updates), n, n_numbers))
            self._strips.append(strip)
            self._measured.append(measured)
            # In the order of WATCH, DATA, STRIP and FOUND.
            arrays = (watch.program.data, strip, measured)
            addresses = [array.ctypes.data for array in arrays]
            table.append([watch.function.address, *addresses])
        self._table = np.array(table, dtype=np.int64)  # (watch, 4)

    @property
    def addresses(self) -> tuple[int, int, int]:
        """The addresses of `due` and of the table of watchers, and the number of watchers."""
        return self._due.ctypes.data, self._table.ctypes.data, len(self._table)

    @property
    def errors(self) -> list[Measured]:
        """The errors that each watch has measured, (n_updates, n)."""
        return [measured[..., 0].astype(np.float32) for measured in self._measured]

    @property
    def accuracies(self) -> list[Measured]:
        """The shares of right answers of each watch, (n_updates, n); 0 without classes."""
        shares = []
        for measured, watch in zip(self._measured, self._watches, strict=True):
            n_right = measured[..., 1].astype(np.float32)  # (update, network)
            shares.append(n_right / np.float32(watch.n_patterns))
        return shares

    @property
    def observed(self) -> dict[str, Array]:
        """What the first watch has observed by name, (n_updates, n, ...)."""
        measured = self._measured[0]
        watch = self._watches[0]
        _, _, *outputs = watch.program.outputs  # after the error and the right answers
        values = {}
        begin = 2
        for name, (_, shape) in zip(watch.names, outputs, strict=True):
            end = begin + math.prod(shape)
            values[name] = measured[..., begin:end].reshape(*measured.shape[:2], *shape)
            begin = end
        return values
