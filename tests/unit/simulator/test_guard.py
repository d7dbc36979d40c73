"""What the guard finds: a compiler that is wrong, and a rule that differs from its own NumPy."""

import types

import numpy as np
import pytest

from replication import PAPER, Network, Protocol, UsageError, logistic, simulate
from replication.simulator.operations import elements, noise, products
from replication.simulator.operations.handles import Handle
from replication.simulator.operations.instructions import Writer
from replication.simulator.running import engine, guard
from replication.simulator.running.guard import check_rule
from tests.exactness.rules import RULES, Encoder, Hebbian, Mirror, Quick, Xor


class Turned(RULES[0]):
    patterns = np.eye(4)[::-1]  # in which each has a single 1, but not at its own place


@pytest.mark.parametrize("rule", [*RULES, Turned], ids=lambda rule: rule.__name__)
def test_a_rule_that_is_compiled_right_is_a_few_roundings_away_from_numpy(rule):
    finding = check_rule(rule, PAPER)
    assert finding.n_updates >= 18
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


def test_a_rule_that_takes_signs_is_judged_within_what_a_rounding_makes_of_them():
    assert check_rule(Resilient, PAPER, 1994).largest < 1e-12


class Gated(Xor):
    """Rectified units; those that no pattern turns on learn nothing, which `apply` decides."""

    shapes = {"W": (4, 2), "U": (1, 4)}
    summed = {"on": (4,)}

    def hidden(self, v):
        return np.tanh(np.maximum(self.W @ v, 0.0))

    def image(self, v):
        return self.U @ self.hidden(v)

    def weight_changes(self, v, t):
        h, e = self.hidden(v), 0.1 * (t - self.image(v))
        return {"W": np.outer(self.U.T @ e, v), "U": np.outer(e, h), "on": h}

    def apply(self, changes):
        is_on = np.where(changes["on"] == 0.0, 0.0, 1.0)
        self.W = self.W + is_on[:, None] * changes["W"]
        self.U = self.U + changes["U"]


class Sparse(Gated):
    """Logistic units of which two have no inputs: their states are 1/2, which is not below 1/2."""

    summed = {}
    mask = np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])

    def hidden(self, v):
        return logistic((self.W * self.mask) @ v)

    def weight_changes(self, v, t):
        is_on = np.where(self.hidden(v) >= 0.5, 1.0, 0.0)
        e = 0.3 * (t - self.U @ is_on)
        return np.outer(self.U.T @ e, v) * self.mask, np.outer(e, is_on)

    def apply(self, changes):
        self.W, self.U = self.W + changes["W"], self.U + changes["U"]


@pytest.mark.parametrize("rule", [Gated, Sparse])
def test_units_that_are_at_zero_are_compared_as_in_numpy(rule):
    """151 of 200 such networks ended elsewhere, without a word; the others were refused."""
    protocol = Protocol(max_updates=30, threshold=1e-9)
    given = {"network": rule, "n_seeds": 100, "final_weights": True}
    compiled, plain = (simulate(protocol, plain=x, **given).weights for x in (False, True))
    assert compiled == pytest.approx(plain, abs=1e-12)


def wrap(owner, name, change):
    """Replace a function by one that is given what it was."""
    before = getattr(owner, name)
    return lambda patch: patch.setattr(owner, name, lambda *x, **more: change(before, *x, **more))


def swap_choice(compute, writer, operation, *x):
    return compute(writer, operation, *((x[0], x[2], x[1]) if operation == "where" else x))


# What of the compiler is wrong, and a rule that needs it; operations one by one are compared with
# NumPy in tests/property.
WRONG = {
    "a choice": (Quick, wrap(Writer, "compute", swap_choice)),
    "a view": (Hebbian, wrap(elements, "fit", lambda f, *x: tuple(0 * i for i in f(*x)))),
    "a loop": (Hebbian, wrap(Writer, "each", lambda f, w, n: f(w, 5 if n == 6 else n))),
    "a fused product": (Xor, wrap(products, "add_product", lambda f, x, y, total: f(x, x, total))),
    "a change": (Xor, wrap(products, "split", lambda f, x: (f(x)[0], f(x)[1] * 2))),
    "a counter": (Mirror, wrap(noise, "_philox", lambda f, c, key: f([c[1], c[0], *c[2:]], key))),
}  # fmt: skip


@pytest.fixture(autouse=True)
def forget():
    """Forget programs and verdicts of other tests."""
    engine.OWN_PROGRAMS.clear()
    guard.VERDICTS.clear()


@pytest.mark.parametrize("wrong", WRONG)
def test_a_compiler_that_is_wrong_is_found(wrong, monkeypatch):
    rule, mutate = WRONG[wrong]
    mutate(monkeypatch)
    with pytest.raises(UsageError, match="the same run in NumPy"):
        check_rule(rule, PAPER)


class Late(Encoder):
    """A rule that is another one where it is compiled, from its second update on."""

    kept = {"t": 0.0, "m": 0.0}
    shapes = Encoder.shapes | {"z": ()}

    def weight_changes(self, v, t):
        z = v[0] * 0.1 + v[1] * 0.2 - v[2] * 0.3  # whose sum is a rounding
        return {"c": t - self.image(v), "z": z}

    def apply(self, changes):
        self.c, self.z = self.c + changes["c"], self.z + np.sign(changes["z"])
        self.t, self.m = self.t + 1.0, self.change(self.m, isinstance(self.t, Handle)) + 1.0


LATER = {
    "a small number": lambda self, m, is_traced: m + 1e-7 * (not is_traced and self.t >= 20.0),
    "not a number": lambda self, m, is_traced: np.nan if not is_traced and self.t >= 20 else m,
    "not a number, compiled": lambda self, m, is_traced: np.where(
        (self.t > 1.0) & (self.W[0, 0] > 0.0), np.nan if is_traced else m, m
    ),
    "where signs are those of a rounding": lambda self, m, is_traced: m * (0.5 if is_traced else 1),
}


@pytest.mark.parametrize("later", LATER)
def test_a_rule_that_is_another_one_in_later_updates_is_found(later):
    rule = type("Mine", (Late,), {"change": LATER[later]})
    with pytest.raises(UsageError, match="after update .* away from the same run in NumPy"):
        check_rule(rule, PAPER)


class Tilted(Encoder):
    """A rule that is another one where it is compiled, in rare states of its hidden units."""

    n_calls = 0

    def is_rare(self, h, d):
        raise NotImplementedError

    def weight_changes(self, v, t):
        type(self).n_calls += 1
        h, r = self.hidden(v), self.image(v)
        tilt = 0.1 if isinstance(h, Handle) else 0.0
        d = 9.5 * (t - r) * r * (1 - r)
        e = (self.U.T @ d) * h * (1 - h)
        e = np.where(self.is_rare(h, t - r), e + tilt, e)
        return np.outer(e, v), e, np.outer(d, h), d


RARE = {
    "a state that is nearly 1": lambda self, h, d: h > 0.985,
    "one that only learning reaches": lambda self, h, d: h > 0.9999,
    "both units at once": lambda self, h, d: np.logical_and(h, np.min(h) > 0.95),
    "the larger of two": lambda self, h, d: np.maximum(h - 0.99, 0.0) > 0.0,
    "just before the criterion": lambda self, h, d: np.max(np.abs(d)) + 0.0 * h < 0.101,
}


@pytest.mark.parametrize("case", RARE)
def test_a_rule_that_is_another_one_in_rare_states_is_found(case):
    rule = type("Mine", (Tilted,), {"is_rare": RARE[case]})
    with pytest.raises(UsageError, match="away from the same run in NumPy"):
        check_rule(rule, PAPER)


def make_large(n_patterns):
    rng = np.random.default_rng(1)

    class Large(RULES[0]):
        n_calls = 0
        patterns = rng.uniform(size=(n_patterns, 4))

        def weight_changes(self, v, t):
            type(self).n_calls += 1
            return super().weight_changes(v, t)

    return Large


def test_the_guard_costs_the_same_for_many_patterns_and_is_asked_once():
    few, many = make_large(40), make_large(10_000)
    protocol = Protocol(max_updates=50, threshold=1e-9)
    first = [check_rule(rule, protocol) for rule in (few, many)]
    assert many.n_calls <= few.n_calls
    # With another number the same program is believed at once: the rule is traced, no more.
    before = many.n_calls
    many.numbers = {"rate": 2.0}
    assert check_rule(many, protocol) == first[1]
    assert many.n_calls == before + 1
    # Another text, or another code that is not traced, is another question.
    many.weight_changes = RULES[0].weight_changes
    assert check_rule(many, protocol).n_updates
    assert len(guard.VERDICTS) == 3


def test_a_rule_whose_weights_grow_beyond_all_bounds_is_no_wrong_one():
    """A difference of large numbers is all rounding: the rule was refused for 5e-09."""

    class Growing(Network):
        shapes = {"w": (3,), "m": (3, 3)}
        patterns = np.eye(3)

        def image(self, v):
            return self.m @ v + self.w

        def weight_changes(self, v, t):
            square = np.outer(self.w**2, v)
            return {"w": 0.4 * self.w, "m": 0.5 * (self.m + square) - 0.5 * square}

    outcomes = simulate(Protocol(max_updates=60), network=Growing, n_seeds=8, final_weights=True)
    assert np.abs(outcomes.weights).max() > 1e7
    assert not outcomes.converged.any()


class Counting(Encoder):
    """A rule that counts its updates in an object, which is neither an array nor a list."""

    def prepare(self):
        self.counter = types.SimpleNamespace(n=0)

    def weight_changes(self, v, t):
        return {"c": t - self.image(v)}

    def apply(self, changes):
        self.counter.n += 1
        super().apply({"c": 1.01**self.counter.n * changes["c"]})


def test_what_a_rule_remembers_in_an_object_is_found():
    """Each network that was compared was a new one, in its first update."""
    with pytest.raises(UsageError, match="Counting does something else each time it is run"):
        check_rule(Counting, PAPER)
