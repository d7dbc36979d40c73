"""Rules of one's own, from other papers, whose outcomes have golden digests."""

import doctest

import numpy as np

import benchmarks.rules
from benchmarks.rules import Alignment, Encoder, Xor
from replication import Network, logistic


class TargetPropagation(Encoder):
    """Difference target propagation (Lee et al. 2015): V, d lead back and learn to invert."""

    shapes = {**Encoder.shapes, "V": (2, 4), "d": (2,)}

    def back(self, o):
        return logistic(self.V @ o + self.d)

    def weight_changes(self, v, t):
        h, o = self.hidden(v), self.image(v)
        g = self.back(o)
        wanted = np.clip(h + self.back(t) - g, 0.01, 0.99)
        e, d, f = (wanted - h) * h * (1 - h), (t - o) * o * (1 - o), (h - g) * g * (1 - g)
        return 8 * np.outer(e, v), 8 * e, 8 * np.outer(d, h), 8 * d, 4 * np.outer(f, o), 4 * f


class Mirror(Encoder):
    """A weight mirror (Akrout et al. 2019): B learns from noise to lead back as U leads forward."""

    shapes = {**Encoder.shapes, "B": (2, 4)}

    def weight_changes(self, v, t):
        h, r = self.hidden(v), self.image(v)
        d = 9.5 * (t - r) * r * (1 - r)
        e = (self.B @ d) * h * (1 - h)
        asleep = self.normal(2)
        heard = np.where(self.uniform(4) < 0.9, self.U @ asleep, 0.0)
        return np.outer(e, v), e, np.outer(d, h), d, 0.05 * np.outer(asleep, heard)

    def apply(self, changes):
        super().apply(changes)
        self.B = 0.9 * self.B


class Hebbian(benchmarks.rules.Hebbian):
    n_steps = 6


class Quick(Encoder):
    """Quickprop (Fahlman 1988)."""

    kept = {mark + name: np.zeros(x) for name, x in Encoder.shapes.items() for mark in "sd"}

    def weight_changes(self, v, t):
        h, r = self.hidden(v), self.image(v)
        d = (t - r) * (r * (1 - r) + 0.1)
        e = (self.U.T @ d) * (h * (1 - h) + 0.1)
        return np.outer(e, v), e, np.outer(d, h), d

    def apply(self, changes):
        for name, slope in changes.items():
            last, step = getattr(self, "s" + name), getattr(self, "d" + name)
            is_apart = np.abs(last - slope) > 1e-12
            quick = np.where(is_apart, slope / np.where(is_apart, last - slope, 1.0) * step, 0.0)
            quick = np.clip(quick, -1.75 * np.abs(step), 1.75 * np.abs(step))
            more = quick + np.where(slope * step > 0, slope, 0.0)
            new = np.where(step == 0, slope, more)
            setattr(self, "s" + name, slope)
            setattr(self, "d" + name, new)
            setattr(self, name, getattr(self, name) + new)


RULES = (Alignment, TargetPropagation, Xor, Mirror, Hebbian, Quick)

SHOWN = doctest.DocTestParser().get_examples(Network.__doc__)[0].source
# The file of a user who took feedback alignment, class `Alignment`, from the documentation.
FILE = f"import numpy as np\nfrom replication import Network, logistic\n\n{SHOWN}"
