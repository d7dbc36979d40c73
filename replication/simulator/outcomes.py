"""What a simulation returns: one outcome a network, and the digest over them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from replication.wording import plural

if TYPE_CHECKING:
    import pandas as pd

OUTCOME_VERSION = 1
"""Raised only when a golden digest changes; stores of another version are kept apart."""

ROW = np.dtype([("seed", "<i8"), ("updates", "<i4"), ("converged", "u1")])


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Outcomes:
    """What became of the networks with seeds `start`, `start + 1`, ...

    Parameters
    ----------
    start : int
        The first seed.
    updates : int32 array, shape (n,)
        Weight updates before the criterion was met, or the cap.
    converged : bool array, shape (n,)
        False for a right-censored network, whose `updates` is the cap.

    Examples
    --------
    >>> from replication import simulate
    >>> outcomes = simulate(n_seeds=100)
    >>> outcomes
    Outcomes(100 networks, 100 converged, after 52.36 updates on average, 224 at most)
    >>> outcomes.to_frame().head(2)
       seed  updates  converged
    0     0       48       True
    1     1      103       True
    """

    start: int
    updates: NDArray[np.int32]
    converged: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.updates)

    def __repr__(self) -> str:
        n_converged, there = int(self.converged.sum()), self.updates[self.converged]
        text = f"{plural(len(self), 'network')}, {n_converged:,} converged"
        if n_converged:
            text += f", after {there.mean():.2f} updates on average, {there.max():,} at most"
        return f"Outcomes({text})"

    def to_frame(self) -> pd.DataFrame:
        """Return a table with the columns seed, updates and converged, a row a network."""
        import pandas as pd

        seeds = np.arange(self.start, self.stop)
        return pd.DataFrame({"seed": seeds, "updates": self.updates, "converged": self.converged})

    def plot(self, ax: Any = None) -> Any:
        """Draw how many of the networks that converged needed how many updates.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            A new one unless given.

        Returns
        -------
        matplotlib Axes
        """
        from replication.simulator.plots import plot_outcomes

        return plot_outcomes(self, ax)

    @property
    def stop(self) -> int:
        """One past the last seed."""
        return self.start + len(self.updates)

    def slice(self, start: int, stop: int) -> Outcomes:
        """Return the outcomes of the seeds in [start, stop), which must lie within.

        Parameters
        ----------
        start, stop : int
            Seeds; ``self.start <= start <= stop <= self.stop``.
        """
        inside = slice(start - self.start, stop - self.start)
        return Outcomes(start, self.updates[inside], self.converged[inside])


def pack_rows(outcomes: Outcomes) -> NDArray[np.void]:
    """Return the rows (int64 seed, int32 updates, uint8 converged), little-endian, packed."""
    rows = np.empty(len(outcomes.updates), dtype=ROW)
    rows["seed"] = np.arange(outcomes.start, outcomes.stop)
    rows["updates"] = outcomes.updates
    rows["converged"] = outcomes.converged
    return rows


def compute_digest(blocks: Iterable[Outcomes]) -> str:
    """Return the SHA-256 over the packed rows of all blocks, which must be in seed order.

    Returns
    -------
    str
        64 hexadecimal digits. How the seeds are cut into blocks does not matter.
    """
    sha = hashlib.sha256()
    for block in blocks:
        sha.update(pack_rows(block).data)
    return sha.hexdigest()
