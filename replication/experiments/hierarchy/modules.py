"""Two lower modules under a top one, as a learning rule that the simulator compiles.

A lower module sees one half of a vector. The hidden states of both lower modules together are the
visible vector of the top module (the paper's Figure 4). All modules learn at the same time, each by
the paper's rule.
"""

from typing import Any

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.matrices import Array, Operand
from replication.simulator.operations.loops import repeat
from replication.simulator.rule.activations import logistic
from replication.simulator.rule.network import Network
from replication.simulator.rule.weights import draw_weights

N_LOWER = 2
TOP = N_LOWER  # the number of the top module; the lower ones have 0 and 1
HALF = PAPER.n_visible  # visible units of a lower module
N_UNITS = N_LOWER * HALF

TOP_STREAM = 2**62
"""Added to the root seed for the top module, so that no lower module has the same draws."""


class Modules(Network):
    """Two lower modules under a top one; subclasses say their sizes and rates.

    Each network is shown vectors of its own. A pattern is one-hot and only says which of these
    vectors is shown.
    """

    lower_hidden = 2
    top_hidden = 2
    n_shown = 4
    starts_alike = False  # whether both lower modules start from the same weights
    trains_top = True
    numbers = {"lower_rate": 10.0, "top_rate": 1.0}  # noqa: RUF012

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:  # type: ignore[override]
        """Shapes of W0, b0, U0, c0 of the first module, and so on; the top module comes last."""
        sizes = [(HALF, self.lower_hidden)] * N_LOWER
        sizes.append((N_LOWER * self.lower_hidden, self.top_hidden))
        shapes: dict[str, tuple[int, ...]] = {}
        for k, (n_visible, n_hidden) in enumerate(sizes):
            shapes[f"W{k}"] = (n_hidden, n_visible)
            shapes[f"b{k}"] = (n_hidden,)
            shapes[f"U{k}"] = (n_visible, n_hidden)
            shapes[f"c{k}"] = (n_visible,)
        return shapes

    @property
    def fixed(self) -> dict[str, tuple[int, ...]]:  # type: ignore[override]
        """The vectors that the network is shown, a row for each."""
        return {"shown": (self.n_shown, N_UNITS)}

    def show(self, pattern: Operand) -> Operand:
        """Return the vector of this network that a pattern stands for."""
        return self.shown.T @ pattern[: self.n_shown]

    def send_up(self, k: int, visible: Operand) -> Operand:
        """Return the hidden states of module k that visible states cause (equation 1)."""
        W = getattr(self, f"W{k}")
        b = getattr(self, f"b{k}")
        return logistic(W @ visible + b)

    def send_down(self, k: int, hidden: Operand) -> Operand:
        """Return the visible states of module k that hidden states cause (equation 2)."""
        U = getattr(self, f"U{k}")
        c = getattr(self, f"c{k}")
        return logistic(U @ hidden + c)

    def get_half(self, v: Operand, k: int) -> Operand:
        """Return what lower module k sees of a vector."""
        first = HALF * k
        return v[first : first + HALF]

    def encode(self, v: Operand) -> Operand:
        """Return the hidden states of both lower modules, the visible vector of the top one."""
        codes = [self.send_up(k, self.get_half(v, k)) for k in range(N_LOWER)]
        return np.concatenate(codes)

    def go_around(self, v: Operand) -> Operand:
        """Return a vector sent up through the top and down again."""
        top = self.send_up(TOP, self.encode(v))
        codes = self.send_down(TOP, top).reshape(N_LOWER, -1)
        halves = [self.send_down(k, code) for k, code in enumerate(codes)]
        return np.concatenate(halves)

    def hidden(self, pattern: Operand) -> Operand:
        """Return the codes of the vector that a pattern stands for."""
        return self.encode(self.show(pattern))

    def image(self, pattern: Operand) -> Operand:
        """Return the reconstruction of the vector that a pattern stands for."""
        return self.go_around(self.show(pattern))

    def learn(self, k: int, v0: Operand, rate: Operand) -> dict[str, Operand]:
        """Return the changes of one module, equations 3 to 6."""
        keep = PAPER.regression
        h1 = self.send_up(k, v0)
        image = self.send_down(k, h1)
        v2 = keep * v0 + (1.0 - keep) * image
        arriving = self.send_up(k, v2)
        h3 = keep * h1 + (1.0 - keep) * arriving
        return {
            f"W{k}": rate * np.outer(h1 - h3, v2),
            f"b{k}": rate * (h1 - h3),
            f"U{k}": rate * np.outer(v0 - v2, h1),
            f"c{k}": rate * (v0 - v2),
        }

    def weight_changes(self, pattern: Operand, _: Operand) -> dict[str, Operand]:
        """Return the changes of all modules, each by its own loop."""
        v = self.show(pattern)
        changes: dict[str, Operand] = {}
        if self.trains_top:
            changes |= self.learn(TOP, self.encode(v), self.top_rate)
        for k in range(N_LOWER):
            changes |= self.learn(k, self.get_half(v, k), self.lower_rate)
        return changes


class Settling(Modules):
    """The same network, which reconstructs a vector again and again while some units are held.

    A pattern says which vector is shown and, behind that, which of its units keep their states (1)
    and which do not (0). There is no regression, because it keeps a part of the vector: the vector
    would look stable without being an attractor.
    """

    n_rounds: int

    def image(self, pattern: Operand) -> Operand:
        """Return the vector after all rounds."""
        start = self.show(pattern)
        is_held = pattern[self.n_shown :] > 0.5

        def step(state: Operand) -> Operand:
            return np.where(is_held, start, self.go_around(state))

        return repeat(self.n_rounds, step, start)


def make_rule(*bases: type[Modules], n_shown: int, **settings: Any) -> type[Modules]:
    """Return a class of modules that is shown `n_shown` vectors, with other settings."""
    attributes: dict[str, Any] = {
        "patterns": np.eye(n_shown),
        "n_shown": n_shown,
        "targets": np.zeros((n_shown, N_UNITS)),
    }
    return type(bases[0].__name__, bases, attributes | settings)


def draw_modules(rule: type[Modules], root_seed: int, start: int, stop: int) -> Array:
    """Draw the weights of networks with seeds in [start, stop), a row for each.

    Lower module m of network s takes the draws of seed ``2 s + m``. If the lower modules start
    alike, both take those of the first one. The top module takes the draws of seed s under another
    root seed.
    """
    lower = Protocol(group_sizes=(HALF, rule.lower_hidden))
    top = Protocol(group_sizes=(N_LOWER * rule.lower_hidden, rule.top_hidden))
    below = draw_weights(lower, root_seed, N_LOWER * start, N_LOWER * stop)
    below = below.reshape(stop - start, N_LOWER, -1)
    if rule.starts_alike:
        below[:] = below[:, :1]
    above = draw_weights(top, root_seed + TOP_STREAM, start, stop)
    return np.hstack([below.reshape(stop - start, -1), above])


def attach(weights: Array, vectors: Array) -> Array:
    """Return rows of weights, followed by the vectors (n, n_shown, 8) of each network."""
    rows = vectors.reshape(len(weights), -1)
    return np.hstack([weights, rows])
