"""Halves that learn from another network's half, and a decoder that is kept aligned.

Two networks share one half, an encoder or a decoder. The shared half learns with a partner of its
own. A second partner learns from the shared half, too, but has no influence on it. The second
partner is the one that is measured.
"""

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.instruments.matrices import Array, Operand, give_length
from replication.simulator.rule.declared import Shape
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.rule.weights import list_connections


class Watching(RecirculationNetwork):
    """A network, and a second decoder that reads its codes without any influence on it.

    The second decoder, `U2` and `c2`, is kept beside the weights and learns by equation 3.
    """

    partner: tuple[str, ...] = ("U", "c")  # the arrays of which there is a second copy
    U2: Operand
    c2: Operand

    @property
    def kept(self) -> dict[str, Operand]:  # type: ignore[override]
        """What the rule keeps from update to update, and the second partner."""
        second = {}
        for name in self.partner:
            second[f"{name}2"] = np.zeros(self.shapes[name])
        return super().kept | second

    @property
    def summed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The changes of the second partner, summed over the patterns."""
        return {f"change_of_{name}2": self.shapes[name] for name in self.partner}

    def weight_changes(self, v0: Operand) -> Operand:
        """Return the changes of the network, and of the second partner by the same equations."""
        changes = super().weight_changes(v0)._asdict()
        of_second = dict(zip(self.summed, self.change_second(v0), strict=True))
        return changes | of_second

    def change_second(self, v0: Operand) -> tuple[Operand, ...]:
        """Return the changes of the second decoder, by equation 3."""
        v2 = self.regress(v0, self.image_second(v0))
        h1 = self.first_pass(v0)
        return self._learn(self.visible_rate, h1, v0 - v2)

    def image_second(self, v: Operand) -> Operand:
        """Return what the second decoder makes of the encoder's code."""
        total = self.U2 @ self.first_pass(v) + self.c2
        return self.activate_visible(total)

    def apply(self, changes: dict[str, Operand]) -> None:
        """Add all changes; frozen arrays and decay are the same for the second partner."""
        super().apply(changes)
        for name in self.partner:
            if name in self.protocol.frozen:
                continue
            second = getattr(self, f"{name}2")
            if self.protocol.decay > 0.0 and name in ("W", "U"):
                second = self.shrinking * second
            setattr(self, f"{name}2", second + changes[f"change_of_{name}2"])

    def measure(self, v: Operand) -> Operand:
        """Return what is compared with the pattern: the image of the second partner."""
        image = self.image_second(v)
        if self.protocol.error_measured_on == "regressed":
            return self.regress(v, image)
        return image


class Hearing(Watching):
    """A network, and a second encoder that learns from its decoder without any influence on it.

    The second encoder, `W2` and `b2`, learns by equation 4 from what the decoder makes of its
    codes.
    """

    partner: tuple[str, ...] = ("W", "b")
    W2: Operand
    b2: Operand

    def change_second(self, v0: Operand) -> tuple[Operand, ...]:
        """Return the changes of the second encoder, by equation 4."""
        h1 = self.encode(v0)
        v2 = self.regress(v0, self.image_second(v0))
        h3 = self.encode(v2)
        if self.protocol.hidden_regression:
            h3 = self.regress(h1, h3)
        return self._learn(self.hidden_rate, self._centre(v2), h1 - h3)

    def encode(self, v: Operand) -> Operand:
        """Return the hidden states of the second encoder."""
        total = self.W2 @ self._centre(v) + self.b2
        return self.activate_hidden(total)

    def image_second(self, v: Operand) -> Operand:
        """Return what the decoder makes of the second encoder's code."""
        return self.reconstruct(self.encode(v))


class Mirrored(Hearing):
    """A network, and a copy of it whose U is turned to the transpose of its W after every update.

    The copy's U keeps the length of the U of the network, and its own means over visible units.
    """

    partner = ("W", "b", "U", "c")

    def change_second(self, v0: Operand) -> tuple[Operand, ...]:
        """Return the changes of the copy, by equations 4 and 3."""
        encoder = super().change_second(v0)
        v2 = self.regress(v0, self.image_second(v0))
        h1 = self.encode(v0)
        decoder = self._learn(self.visible_rate, h1, v0 - v2)
        return (*encoder, *decoder)

    def image_second(self, v: Operand) -> Operand:
        """Return what the copy's decoder makes of its encoder's code."""
        total = self.U2 @ self.encode(v) + self.c2
        return self.activate_visible(total)

    def apply(self, changes: dict[str, Operand]) -> None:
        """Add all changes, and turn the copy's U."""
        super().apply(changes)
        means = np.mean(self.U2, axis=0)
        # Without their means: the copy's W gives the direction, the network's U the length.
        W = self.W2 - np.mean(self.W2, axis=1)[:, None]
        U = self.U - np.mean(self.U, axis=0)
        self.U2 = means + give_length(W.T, U)


def pair(protocol: Protocol, donors: Array, own: Array, network: type[Watching]) -> Array:
    """Return the rows of weights for a rule of pairs: `donors`, each with its second partner.

    The second partners start from the weights in `own`. Both have the shape (n, n_weights).
    """
    encoder, decoder = list_connections(protocol)
    if network is Watching:
        partners = own[:, decoder]
    elif network is Hearing:
        partners = own[:, encoder]
    else:
        partners = own
    return np.hstack([donors, partners])
