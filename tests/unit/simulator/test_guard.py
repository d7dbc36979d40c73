"""What the guard finds: a compiler that is wrong, and a rule that differs from its own NumPy."""

import numpy as np
import pytest

from replication import PAPER, UsageError
from replication.simulator import arrays, noise
from replication.simulator.arrays import Traced
from replication.simulator.guard import check_rule
from replication.simulator.instructions import Writer
from tests.exactness.rules import RULES, Encoder, Hebbian, Mirror, Quick, Xor


class Turned(RULES[0]):
    patterns = np.eye(4)[::-1]  # in which each has a single 1, but not at its own place


@pytest.mark.parametrize("rule", [*RULES, Turned], ids=lambda rule: rule.__name__)
def test_a_rule_that_is_compiled_right_is_a_few_roundings_away_from_numpy(rule):
    finding = check_rule(rule, PAPER)
    assert finding.n_updates == 18
    assert finding.largest < 1e-12


class Resilient(Encoder):
    """Rprop, whose steps take the signs of gradients, which at the end are mere rounding."""

    kept = {"s" + name: np.full(shape, 0.1) for name, shape in Encoder.shapes.items()}
    kept |= {"g" + name: np.zeros(shape) for name, shape in Encoder.shapes.items()}

    def weight_changes(self, v, t):
        h, d = self.hidden(v), t - self.image(v)
        e = (self.U.T @ d) * h * (1 - h)
        return np.outer(e, v), e, np.outer(d, h), d

    def apply(self, changes):
        for name, g in changes.items():
            turned = np.sign(g * getattr(self, "g" + name))
            factor = np.where(turned > 0, 1.2, np.where(turned < 0, 0.5, 1.0))
            step = np.clip(factor * getattr(self, "s" + name), 1e-6, 5.0)
            taken = np.where(turned < 0, 0.0, g)
            setattr(self, "s" + name, step)
            setattr(self, "g" + name, taken)
            setattr(self, name, getattr(self, name) + step * np.sign(taken))


@pytest.mark.parametrize("root_seed", [1988, 1991, 1994])
def test_a_rule_that_takes_signs_is_not_judged_where_they_are_those_of_a_rounding(root_seed):
    assert 15 <= check_rule(Resilient, PAPER, root_seed).n_updates <= 18


def swap(operations, one, other):
    return lambda patch: patch.setitem(operations, one, operations[other])


def wrap(owner, name, change):
    """Replace a function by one that is given what it was."""
    before = getattr(owner, name)
    return lambda patch: patch.setattr(owner, name, lambda *x, **more: change(before, *x, **more))


WRONG = {
    "subtraction": (Xor, swap(arrays.UFUNCS, np.subtract, np.add)),
    "a minimum": (Quick, lambda patch: patch.setattr(arrays, "_minimum", arrays._maximum)),
    "a comparison": (Quick, swap(arrays.UFUNCS, np.greater, np.less)),
    "a choice": (Quick, wrap(Writer, "where", lambda f, w, c, x, y: f(w, c, y, x))),
    "a view": (Hebbian, wrap(arrays, "fit", lambda f, *x: tuple(0 * i for i in f(*x)))),
    "a loop": (Hebbian, wrap(Writer, "each", lambda f, w, n, k=0: f(w, n - (n == 6), k))),
    "a fused product": (Xor, wrap(arrays, "add_product", lambda f, x, y, total: f(x, x, total))),
    "a change": (Xor, wrap(arrays, "split", lambda f, x: (f(x)[0], f(x)[1] * 2))),
    "a counter": (Mirror, wrap(noise, "_philox", lambda f, c, key: f([c[1], c[0], *c[2:]], key))),
}  # fmt: skip
"""What of the compiler is wrong, and a rule that needs it."""


@pytest.mark.parametrize("wrong", WRONG)
def test_a_compiler_that_is_wrong_is_found(wrong, monkeypatch):
    rule, mutate = WRONG[wrong]
    mutate(monkeypatch)
    with pytest.raises(UsageError, match="the same run in NumPy"):
        check_rule(rule, PAPER)


@pytest.mark.parametrize("more", [1e-7, np.nan])
def test_a_rule_that_is_another_one_in_later_updates_is_found(more):
    class Late(Encoder):
        kept = {"t": 0.0}

        def weight_changes(self, v, t):
            return {"c": t - self.image(v)}

        def apply(self, changes):
            super().apply(changes)
            is_late = not isinstance(self.t, Traced) and self.t >= 20.0
            self.c = self.c + (more if is_late else 0.0)
            self.t = self.t + 1.0

    with pytest.raises(UsageError, match="after update .* away from the same run in NumPy"):
        check_rule(Late, PAPER)
