"""What all experiments share: root seed, sizes, jobs, and seeds kept for searches."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.protocol import Protocol
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights

FIRST_SEARCH_SEED = 50_000_000_000
"""Settings are searched for on seeds from here on, far from those that are reported."""

NEVER = 1e-300
"""A threshold that no error falls below, so that learning goes on for as long as is asked."""

Array = NDArray[np.float64]


def round_up(deviation: float) -> float:
    """Return the next power of ten that a deviation does not exceed.

    Deviations that rounding makes differ between processors; their order of
    magnitude, in a report that is compared byte by byte, does not.

    Parameters
    ----------
    deviation : float
        Not negative.

    Returns
    -------
    float

    Examples
    --------
    >>> round_up(3.3e-16), round_up(1e-9), round_up(0.0)
    (1e-15, 1e-09, 0.0)
    """
    return float(f"1e{math.ceil(math.log10(deviation))}") if deviation > 0 else 0.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many networks each experiment takes.

    Parameters
    ----------
    n_networks : int
        For speed and codes.
    n_search : int
        For each setting of a search that comes into its second round.
    n_failures : int
        Among which those that never converge are looked for.
    n_symmetry, n_gradient : int
        For the symmetry of the weights, and for gradients.
    n_encoders, n_encoder_search : int
        For each other encoder, and for each setting of its search as above.
    """

    n_networks: int = 100_000
    n_search: int = 4_000
    n_failures: int = 1_000_000
    n_symmetry: int = 10_000
    n_gradient: int = 2_000
    n_encoders: int = 2_000
    n_encoder_search: int = 1_000

    @classmethod
    def scale(cls, n_networks: int) -> Sizes:
        """Return sizes for so many networks; below the default all others shrink with it."""
        default = dataclasses.asdict(cls())
        share = min(1.0, n_networks / default["n_networks"])
        sizes = {name: max(50, round(size * share)) for name, size in default.items()}
        return cls(**(sizes | {"n_networks": n_networks}))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """Where all experiments take their networks from.

    Parameters
    ----------
    root_seed : int
    sizes : Sizes
    jobs : int
        Threads; -1 for one a core. Results do not depend on it.
    """

    root_seed: int = 1988
    sizes: Sizes = dataclasses.field(default_factory=Sizes)
    jobs: int = -1

    def draw(self, protocol: Protocol, n: int, *, first: int = 0) -> Array:
        """Return the initial weights of the seeds from `first` on, shape (n, n_weights)."""
        return draw_weights(protocol, self.root_seed, first, first + n)

    def run(
        self, protocol: Protocol, weights: Array, *, final_weights: bool = False
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_], Any]:
        """Train networks from given weights: updates, converged, final weights or None."""
        return simulate_weights(protocol, weights, jobs=self.jobs, final_weights=final_weights)

    def follow(
        self, protocol: Protocol, weights: Array, updates: list[int]
    ) -> Iterator[tuple[int, Array]]:
        """Yield the weights after each of so many updates, criterion or not.

        Without momentum only: learning is resumed from the weights alone.
        """
        done = 0
        for reached in updates:
            if reached > done:
                onward = dataclasses.replace(
                    protocol, threshold=NEVER, max_updates=reached - done, momentum=0.0
                )
                _, _, weights = self.run(onward, weights, final_weights=True)
                done = reached
            yield reached, weights
