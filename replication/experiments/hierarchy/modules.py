"""The hierarchy of closed loops of pages 365 and 366, as a rule.

The hidden groups of two lower modules, side by side, are the visible group of the top module (the
paper's Figure 4), and all modules learn at the same time, each by the paper's rule.
"""

from typing import Any

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.matrices import Array
from replication.simulator.activations import logistic
from replication.simulator.arrays import repeat
from replication.simulator.network import Network
from replication.simulator.weights import draw_weights

TOP_STREAM = 2**62
"""Added to the root seed for the top module, so that its draws are no lower module's."""
N_LOWER = 2
TOP = N_LOWER  # the number of the top module
HALF = PAPER.n_visible  # visible units of a lower module


class Modules(Network):
    """Two lower modules under a top one; subclasses say their sizes, vectors and rates."""

    lower_hidden = top_hidden = 2
    starts_alike = False  # both lower modules from the same weights
    trains_top = True
    numbers = {"lower_rate": 10.0, "top_rate": 1.0}  # noqa: RUF012
    lower_rate: Any
    top_rate: Any
    patterns: Any  # vectors (n_vectors, 2 halves of 4 units)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:  # type: ignore[override]
        """Shapes of W0, b0, U0, c0 of the first module, and so on; those of the top come last."""
        sizes = [(HALF, self.lower_hidden)] * N_LOWER
        sizes.append((N_LOWER * self.lower_hidden, self.top_hidden))
        found: dict[str, tuple[int, ...]] = {}
        for k, (n, m) in enumerate(sizes):
            found |= {f"W{k}": (m, n), f"b{k}": (m,), f"U{k}": (n, m), f"c{k}": (n,)}
        return found

    def send_up(self, k: int, v: Any) -> Any:
        """Return the hidden states of a module (equations 1 and 2)."""
        return logistic(getattr(self, f"W{k}") @ v + getattr(self, f"b{k}"))

    def send_down(self, k: int, h: Any) -> Any:
        """Return the visible states that hidden states of a module cause, without regression."""
        return logistic(getattr(self, f"U{k}") @ h + getattr(self, f"c{k}"))

    def hidden(self, v: Any) -> Any:
        """Return the codes, hidden states of the lower modules, the visible vector of the top."""
        parts = [self.send_up(k, v[HALF * k : HALF * (k + 1)]) for k in range(N_LOWER)]
        return np.concatenate(parts)

    def image(self, v: Any) -> Any:
        """Return a vector sent up through the top and down again."""
        codes, n = self.send_down(TOP, self.send_up(TOP, self.hidden(v))), self.lower_hidden
        parts = [self.send_down(k, codes[n * k : n * (k + 1)]) for k in range(N_LOWER)]
        return np.concatenate(parts)

    def learn(self, k: int, v0: Any, rate: Any) -> dict[str, Any]:
        """Return the changes of one module, equations 3 to 6."""
        keep = PAPER.regression
        h1 = self.send_up(k, v0)
        v2 = keep * v0 + (1.0 - keep) * self.send_down(k, h1)
        h3 = keep * h1 + (1.0 - keep) * self.send_up(k, v2)
        return {
            f"W{k}": rate * np.outer(h1 - h3, v2), f"b{k}": rate * (h1 - h3),
            f"U{k}": rate * np.outer(v0 - v2, h1), f"c{k}": rate * (v0 - v2),
        }  # fmt: skip

    def weight_changes(self, v: Any, _: Any) -> dict[str, Any]:
        """Return the changes of all modules, each by its own loop."""
        changes = self.learn(TOP, self.hidden(v), self.top_rate) if self.trains_top else {}
        for k in range(N_LOWER):
            changes |= self.learn(k, v[HALF * k : HALF * (k + 1)], self.lower_rate)
        return changes


class Settling(Modules):
    """The same network, which reconstructs a state again and again; some units keep theirs.

    A pattern is a state and, behind it, which of its units are held (1) or not (0). With zero
    regression: a state that is partly kept looks stable without being an attractor.
    """

    n_rounds = 50

    def image(self, v: Any) -> Any:
        """Return the state after all rounds."""
        n = N_LOWER * HALF
        begun, is_held = v[:n], v[n:] > 0.5

        def go_around(state: Any) -> Any:
            return np.where(is_held, begun, super(Settling, self).image(state))

        return repeat(self.n_rounds, go_around, begun)


def make_rule(*bases: type[Modules], patterns: Any, **settings: Any) -> type[Modules]:
    """Return a class of modules that is shown some patterns, with other settings."""
    targets = np.asarray(patterns, dtype=np.float64)[:, : N_LOWER * HALF]
    return type(bases[0].__name__, bases, {"patterns": patterns, "targets": targets, **settings})


def draw_modules(rule: type[Modules], root_seed: int, start: int, stop: int) -> Array:
    """Draw the weights of hierarchies with seeds in [start, stop), a row for each.

    Lower module m of network s takes the draws of seed ``2 s + m``, or those of its first one if
    they start alike, the top module those of seed s under another root seed.
    """
    lower = Protocol(group_sizes=(HALF, rule.lower_hidden))
    top = Protocol(group_sizes=(N_LOWER * rule.lower_hidden, rule.top_hidden))
    rows = draw_weights(lower, root_seed, N_LOWER * start, N_LOWER * stop)
    rows = rows.reshape(stop - start, N_LOWER, -1)
    if rule.starts_alike:
        rows[:] = rows[:, :1]
    above = draw_weights(top, root_seed + TOP_STREAM, start, stop)
    return np.hstack([rows.reshape(stop - start, -1), above])
