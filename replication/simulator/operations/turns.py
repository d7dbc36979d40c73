"""Where a rule is while it runs: the phase of a sweep, and the turn of its loops.

Random numbers are functions of where and when they are drawn, so plain NumPy and the tracing of a
rule both keep account of it here.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from replication.simulator.operations.arrays import Graph
from replication.simulator.operations.instructions import Place

LEARN, MEASURE, APPLY, ORDER = range(4)
"""Phases of a sweep: the changes of a pattern, its error, what an update does, and the order in
which patterns are shown. Random numbers are others in each."""


class Turns(threading.local):
    """The turn that the loops of `repeat` are in, among all of them, and what else is going on."""

    graph: Graph | None = None  # of the rule that is traced
    turn: Place = 0
    n_draws = 0  # of random numbers so far, of this pattern and phase

    @contextmanager
    def take(self, n: int, turn: Place) -> Iterator[None]:
        """Run one turn of a loop of n."""
        before = self.turn
        self.turn = self.turn * n + turn
        try:
            yield
        finally:
            self.turn = before


TURNS = Turns()
