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
which patterns are shown. Each phase has random numbers of its own."""


class Turns(threading.local):
    """What a thread is tracing or running: the rule, the turn of its loops, and its draws."""

    graph: Graph | None = None  # of the rule that is traced
    turn: Place = 0  # number of the turn, counted through all nested loops of `repeat`
    n_draws = 0  # draws of random numbers so far, for this pattern and phase

    @contextmanager
    def take(self, n: int, turn: Place) -> Iterator[None]:
        """Record that the code within is one turn of a loop of n turns."""
        before = self.turn
        self.turn = self.turn * n + turn
        try:
            yield
        finally:
            self.turn = before


TURNS = Turns()
