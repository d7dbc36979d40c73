"""Rules of one's own: what cannot be right is refused in one line, and nothing falls back."""

import contextlib
import copy
import functools
import math
import pickle
import re
from pathlib import Path

import mypy.api
import numpy as np
import pytest
from scipy import special

from replication import Network, Protocol, RecirculationNetwork, logistic, repeat, simulate, trace
from replication.errors import UsageError
from replication.simulator.compiler import programs
from replication.simulator.compiler.traces import Traces
from replication.simulator.rule.network import Rule
from replication.simulator.running.engine import record_weights
from replication.simulator.running.guard import check_rule
from tests.exactness import rules

CACHE = Path(__file__).parents[3] / ".mypy_cache"
OWN_LINE = re.compile(r"(test_network|rules)\.py, line \d")


class Encoder(rules.Encoder):
    def weight_changes(self, v, t):
        h, r = self.hidden(v), self.image(v)
        d = 2.0 * (t - r)
        e = (self.U.T @ d) * h * (1 - h)
        return np.outer(e, v), e, np.outer(d, h), d


def make(base=Encoder, **methods):
    return type("Mine", (base,), methods)


def add_to(v):
    x = np.zeros(4)
    x += v
    return x


def shrink(v):
    v *= 0.5
    return v


def tilt(x):
    """Add to what is not traced alone, as a mistake of the compiler would do."""
    return x + 0.01 if isinstance(x, np.ndarray) else x


def leak(v):
    seen = []
    return repeat(3, lambda x: seen.append(0.5 * x) or 0.9 * x, v) + seen[0]


def count(self, v):
    type(self).n += 1
    return {"c": self.n * v}


def note_down(self, v):
    self.trace = 0.9 * self.trace + v
    return {"c": self.trace}


def add_in_place(self, changes):
    for name, change in changes.items():
        weights = getattr(self, name)
        weights += change


def grow(self, changes):
    self.last = np.concatenate([self.last, changes["b"]])


def settle(self, v):
    h = self.hidden(v)
    while np.abs(h - self.hidden(v)).sum() > 0.1:
        h = 0.5 * h
    return h


def raise_own(self, *_):
    raise ValueError("my own\nmistake")


def use(function):
    """Return methods of a rule whose changes are a function of the pattern."""
    return {"weight_changes": lambda self, v: {"c": function(v)}}


# What a rule is told, with the line of it: of a change that is a function of the pattern ...
OF_CHANGES = {
    "asks whether a number is true": [lambda v: v if v[0] > 0 else -v, lambda v: max(v[0], 0.1)],
    "needs a number that is not known yet": [
        lambda v: math.exp(v[0]), lambda v: np.array([v[0], v[1], 0, 0]), lambda v: f"{v[0]:.2f}",
        lambda v: range(v[0]), lambda v: round(v[0]), np.array,
    ],
    "write x = x + y in place of x += y": [add_to],
    "the rule changes a pattern in place; write x = x + y": [shrink],
    "numpy.bitwise_and cannot be compiled of these; multiply": [lambda v: v * (np.sum(v > 0) & 1)],
    "of these; multiply truth values by 1.0": [
        lambda v: np.square(v > 0), lambda v: (v > 0) + (v < 2)[::-1], lambda v: v * -np.max(v > 0),
        lambda v: (v > 0) + np.bool_(True),
    ],
    "takes elements at places not known yet": [lambda v: v[v > 0], lambda v: np.take(v, v)],
    "slogdet cannot be compiled; write it with": [lambda v: np.linalg.slogdet(np.outer(v, v))[1]],
    "floor_divide cannot be compiled; write a sum of comparisons": [lambda v: v // 2],
    "expm1 cannot be compiled; write np.exp(x) - 1.0": [np.expm1],
    "inv cannot be compiled; write the inverse of two rows": [np.linalg.inv],
    "expit cannot be compiled; write replication.logistic(x)": [special.expit],
    "cannot be compiled with these options": [lambda v: np.linalg.norm(v, 1)],
    "argmax cannot be compiled; write x == np.max(x)": [lambda v: v * np.argmax(v)],
    "Mine.weight_changes gives c as a list; write np.stack": [lambda v: [*v]],
    "an array of shape (0,) has no numbers to add": [lambda v: v + np.sum(v[:0])],
    "einsum cannot be compiled; write products and sums": [lambda v: np.einsum("i,i->i", v, v)],
    "at most two axes": [lambda v: np.ones((2, 4, 4)) @ v],
    "x ** y is compiled for one whole number y": [lambda v: v**v, lambda v: v**0.3],
    "all numbers are float64": [lambda v: v.astype(int)],
    "1j was given where an array of numbers is needed": [lambda v: v * 1j],
    "hand it on as a part of the state": [leak],
    "a state of shapes [(4,)] becomes one of [(2,)]": [lambda v: repeat(2, lambda x: x[:2], v)],
    "moves over 10,000 elements": [lambda v: np.tile(v, 3000).sum() * v],
    "Mine.weight_changes gives c of shape (2,)": [lambda v: v[:2]],
}  # fmt: skip
# ... and of other methods and attributes.
LINE = {text: [use(one) for one in each] for text, each in OF_CHANGES.items()} | {
    "whether a number is true that only": [{"image": settle}],
    "None was given where an array of numbers": [use(lambda v: np.clip(v, 0.1, None))],
    "TypeError: 'float' object cannot be": [{"weight_changes": lambda self, v: self.uniform(2.0)}],
    "(-1,) is no shape of an array": [{"weight_changes": lambda self, v: self.normal(-1)}],
    "Mine.image: None was given where an array of numbers is": [{"image": lambda self, v: None}],
    "Mine.image: the rule needs a number that is not known yet; write np.stack": [
        {"image": lambda self, v: [*v]},
    ],
    "Mine.apply returns something, and it has to set": [{"apply": lambda self, changes: changes}],
    "in a list or an attribute": [{
        "calls": [], "weight_changes": lambda self, v: self.calls.append(v) or {
            "c": sum(self.calls)},
    }],
    "Mine.apply makes c depend on a pattern": [{
        "seen": [], "weight_changes": lambda self, v: self.seen.append(v) or {"c": v},
        "apply": lambda self, changes: setattr(self, "c", self.c + self.seen[-1]),
    }],
    "AttributeError: 'Mine' object has no attribute 'rtae'": [
        {"weight_changes": lambda self, v: {"c": self.rtae * v}},
    ],
    "ValueError: my own mistake": [{"image": raise_own}, {"prepare": raise_own}],
    "RecursionError": [{"image": lambda self, v: self.image(v)}],
    "mismatch in its core dimension": [{"patterns": np.eye(5)}],
    "a rule is shown one pattern at a time": [
        {"image": lambda self, v: logistic(v @ self.W.T[:3])}, use(lambda v: v[:, 0]),
    ],
    "Mine.weight_changes changes self.trace; only apply": [
        {"trace": 0.0, "weight_changes": note_down},
    ],
    "Mine.image changes self.W; only apply": [
        {"image": lambda self, v: setattr(self, "W", 2 * self.W) or self.hidden(v)},
    ],
    "Mine.apply changes self.t, which is not declared; write kept = {'t': 0.0}": [
        {"t": 0.0, "apply": lambda self, changes: setattr(self, "t", self.t + 1.0)},
    ],
    "Mine.apply changes self.B; only apply() may change arrays, those of `shapes`": [
        {"fixed": {"B": (2,)}, "apply": lambda self, changes: setattr(self, "B", 2 * self.B)},
    ],
    "Mine.apply makes last of shape (3,); it was (1,)": [{"kept": {"last": [0.0]}, "apply": grow}],
    "Mine.weight_changes gives 2 arrays; shapes has 4": [
        {"weight_changes": lambda self, v: (self.W, self.b)},
    ],
    "Mine.weight_changes gives 'w'; shapes has W, b, U, c; what else is summed": [
        {"weight_changes": lambda self, v: {"w": self.W}},
    ],
    "Mine.weight_changes gives nothing": [{"weight_changes": lambda self, v: None}],
    "Mine.image gives an array of shape (2,)": [{"image": lambda self, v: v[:2]}],
    "Mine.pattern_error gives shape (4,)": [{"pattern_error": lambda self, v, t: v}],
}  # fmt: skip

WITHOUT_LINE = {
    "a rule has to have image(self, v)": [{"base": Network, "shapes": {"W": (2, 2)}}],
    "Mine.shapes is empty": [{"base": Network}],
    "Mine.apply: None was given": [{"apply": lambda self, changes: delattr(self, "W")}],
    "Mine: TypeError: <lambda>() takes 1 positional argument but 2": [{"image": lambda self: 1}],
    "has __getattribute__, which may give NumPy other": [
        {"__getattribute__": object.__getattribute__},
    ],
    "has __init__, which is not called": [{"__init__": lambda self: None}],
    "does something else each time it is run": [{"n": 0, "weight_changes": count}],
    "Mine.draw gives a seed other weights beside other seeds": [
        {"draw": classmethod(lambda cls, rule, root_seed, start, stop: np.random.default_rng(
            root_seed).normal(size=(stop - start, rule.row_sizes[0])))},
    ],
    "and let nothing become infinite or not a number": [use(lambda v: np.tanh(np.log(v - 2)))],
    "that of the same run in NumPy": [
        {"image": lambda self, v: logistic(np.log(v - 2))} | use(np.tanh),
        use(np.tanh) | {"image": lambda self, v: logistic(self.U @ tilt(self.b) + self.c)},
        {"pattern_error": lambda self, v, t: np.max(tilt(np.abs(v - self.image(v))))},
    ],
    "go from 0 to 3; Mine.image gives 0 to 1": [{"patterns": 3 * np.eye(4)}],
    "go from -1 to 0; Mine.image gives 0 to 1": [{"targets": -np.eye(4)}],
    "go from 0 to 1; Mine.image gives -0.5 to 0.5": [{"image": lambda _, v: 0.5 * np.tanh(v)}],
    "as Mine.patterns; allowed are arrays of finite numbers": [
        {"patterns": np.full((4, 4), np.nan)}, {"patterns": [[1, 2], [1]]},
    ],
    "allowed is (n_patterns, n_units), as in [[0], [1]] of one unit": [{"patterns": np.ones(4)}],
    "Mine.targets has 3 rows; allowed are 4": [{"targets": np.eye(3)}],
    "diverges: within 60 updates": [use(lambda v: 1e308 * v)],
    "allowed is a dict of names to shapes": [{"shapes": {"W": (-2, 4)}}, {"fixed": {"B": (0,)}}],
    "calls an array or a number 'protocol'": [{"shapes": {"protocol": (2,)}}],
    "calls an array or a number 'hidden'": [{"shapes": {"hidden": (2, 4)}}],
    "calls an array or a number 'W'": [{"kept": {"W": 0.0}}],
    "Mine.numbers = {'rate': nan} was given": [{"numbers": {"rate": math.nan}}],
    "Mine.kept = {'k': 'x'} was given": [{"kept": {"k": "x"}}],
    "Mine.kept = None was given; allowed is a dict": [{"kept": None}],
    "Mine.shapes = an object of type method was given": [{"shapes": lambda self: {}}],
    "an object of type method was given as Mine.patterns": [{"patterns": lambda self: 1}],
    "Mine.numbers = [1.0] was given; allowed is a dict": [{"numbers": [1.0]}],
    "half_widths names 'Q'; allowed are W, b, U, c": [{"half_widths": {"Q": 1.0}}],
    "networks of Mine with 100,000,000,000,022 numbers each need": [
        {"fixed": {"Z": (10**7, 10**7)}},
    ],
    "instructions, which take minutes to compile": [use(lambda v: sum(v[k % 4] * np.tanh(
        np.arange(4) * (k + 1) * v) for k in range(120)))],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "methods"),
    [(text, case) for text, each in (LINE | WITHOUT_LINE).items() for case in each],
)
def test_what_cannot_be_right_or_compiled_is_refused_in_one_line(text, methods, monkeypatch):
    monkeypatch.setattr(programs, "MOST_LINES", 10_000)  # which are quicker to write
    with pytest.raises(UsageError) as raised:
        simulate(network=make(**methods), n_seeds=2)
    line = str(raised.value)
    assert text in line.replace(f'"{text}"', "")  # which a quoted line of this file may hold
    assert OWN_LINE.search(line) or text in WITHOUT_LINE or "Mine." in text  # which names a method
    assert "\n" not in line


@pytest.mark.parametrize("name", [
    name for name, x in vars(Network).items() if hasattr(type(x), "__get__") and name[-2:] != "__"
])  # fmt: skip
def test_what_a_class_overrides_is_compiled_or_refused(name):
    def mine(*_):
        raise ZeroDivisionError

    weight_changes = {"weight_changes": lambda self, v: {"b": self.uniform(2) * self.normal(2)}}
    rule = make(**weight_changes | {name: classmethod(mine) if name == "draw" else mine})
    with pytest.raises((UsageError, ZeroDivisionError)) as raised:
        check_rule(rule, Protocol()), Traces(Rule(rule)).list_states()
    is_refused = f"Mine overrides {name}, which compiled code" in str(raised.value)
    assert is_refused or "ZeroDivisionError" in repr(raised.value)


def test_methods_may_be_mixed_in_by_a_class_that_is_no_network():
    """It was refused, since the class has a __dict__ of its own, as every class has."""

    class Unbiased:
        def weight_changes(self, v0):
            return super().weight_changes(v0)._replace(b=0.0)

    class Mixed(Unbiased, RecirculationNetwork):
        pass

    class Written(RecirculationNetwork):
        def weight_changes(self, v0):
            return super().weight_changes(v0)._replace(b=0.0)

    assert simulate(network=Mixed, n_seeds=20) == simulate(network=Written, n_seeds=20)


def test_targets_are_allowed_up_to_what_an_image_may_be():
    rule = make(image=lambda _, v: 1.5 * logistic(v) + 0.5, targets=2 * np.eye(4))
    assert check_rule(rule, Protocol()).largest < 1e-9


# What NumPy allows, and was computed otherwise or refused; and fields of the protocol.
ALLOWED = {
    "one number for all entries of a sum": ({
        "summed": {"m": (3,)}, "weight_changes": lambda self, v: {"c": v, "m": v[0]},
        "apply": lambda self, changes: setattr(self, "c", changes["c"] * changes["m"].sum()),
    }, {}),
    "truth values are numbers where they are kept": ({
        "kept": {"m": np.zeros(4)}, "apply": lambda self, changes: setattr(
            self, "m", changes["W"][0] < 0) or setattr(self, "c", self.m + (self.c > 0) - -self.m),
    }, {}),
    "an error below 0": (
        {"pattern_error": lambda self, v, t: np.log(np.sum((t - self.image(v)) ** 2)) - 3.0}, {},
    ),
    "what would diverge later": (
        {"weight_changes": lambda self, v: {"c": 1e6 * self.c * v}}, {"max_updates": 3},
    ),
    "weights that change in place": ({"apply": add_in_place}, {}),
    "copies": (use(lambda v: copy.copy(v) + copy.deepcopy(v)), {}),
    "a number over 0": (use(lambda v: np.minimum(1.0 / np.full_like(v, 0.0), v)), {}),
    "draws after another rule is traced": ({"weight_changes": lambda self, v: {
        "c": Traces(Rule(Encoder)) and repeat(2, lambda x: x + self.uniform(4), v),
    }}, {}),
    "a view of weights that have changed": ({"weight_changes": lambda self, v: {
        "b": 0.1 * v[:2], "W": 0.1 * np.outer(self.b[::-1], v),
    }}, {"update_schedule": "per-pattern"}),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("allowed", ALLOWED)
def test_what_numpy_allows_is_compiled_to_the_same(allowed):
    methods, fields = ALLOWED[allowed]
    assert check_rule(make(**methods), Protocol(**fields)).largest < 1e-12


def test_plain_numpy_runs_what_cannot_be_compiled():
    rule = make(**use(lambda v: v if v[0] > 0 else -v))
    outcomes = simulate(Protocol(max_updates=3), network=rule, n_seeds=2, plain=True)
    assert outcomes.updates.tolist() == [3, 3]


def test_a_class_that_is_changed_between_calls_has_no_results_of_before():
    def learn(rule):
        protocol = Protocol(max_updates=5)
        return simulate(protocol, network=rule, n_seeds=3, final_weights=True).weights.tobytes()

    rule = make(numbers={"rate": 0.5}, weight_changes=lambda self, v: {"c": self.rate * v})
    found = [learn(rule)]
    changes = {
        "numbers": {"rate": 0.25}, "patterns": 0.5 * np.eye(4), "half_widths": {"W": 0.25},
        "weight_changes": lambda self, v, t: {"c": self.rate * (v - t) * v},
        "targets": 0.25 * np.eye(4)[::-1], "kept": {"last": np.zeros(2)},
        "apply": lambda self, changes: None,
    }  # fmt: skip
    for name, value in changes.items():
        setattr(rule, name, value)
        found.append(learn(rule))
    assert len({*found}) == len(found)
    assert found[-1] == learn(make(**changes))


@pytest.mark.timeout(60)
def test_what_is_used_twice_time_and_again_is_followed_once():
    """Once each use doubled the time to compile."""
    rule = make(**use(lambda v: functools.reduce(lambda y, _: y + y, range(29), 1e-9 * v)))
    simulate(Protocol(max_updates=2), network=rule, n_seeds=2)


def test_weights_are_copied_and_checked_where_they_are_given():
    given = np.arange(22.0)
    network = Rule(Encoder).build(given)
    network.U = network.W.T
    given[:], network.W[:] = 0.0, -1.0
    assert network.flatten()[8:].tolist() == [8, 9, 0, 4, 1, 5, 2, 6, 3, 7, 18, 19, 20, 21]
    with pytest.raises(UsageError, match=r"U of shape \(2, 4\) was given; allowed is \(4, 2\)"):
        network.U = network.W


@pytest.mark.parametrize("divisor", ["2.0", "len(v[0])"])
def test_a_class_that_was_typed_in_is_compiled_and_told_its_line(divisor):
    source = f"def image(self, v):\n    return self.U @ (self.W @ v) / {divisor}\n"
    source += 'Mine = type("Mine", (Encoder,), {"image": image})'
    space = {"Encoder": Encoder}  # without a __name__ it has no module
    exec(compile(source, "<cell>", "exec"), space)
    refused = pytest.raises(UsageError, match="<cell>, line 2")
    with refused if divisor != "2.0" else contextlib.nullcontext():
        assert len(simulate(Protocol(max_updates=2), network=space["Mine"], n_seeds=2)) == 2


@pytest.mark.parametrize(("schedule", "criterion"), [
    ("batch", "every-unit"), ("per-pattern", "every-unit"), ("batch", "half-squared-error"),
])  # fmt: skip
def test_a_network_that_is_not_a_number_has_not_converged(schedule, criterion):
    class Roots(Network):
        shapes = {"w": (1,)}
        patterns = np.array([[0.5], [0.0]])  # of which the first may have no image

        def image(self, v):
            return np.where(v > 0.0, np.sqrt(self.w), 0.0)

        def weight_changes(self, v):
            return -0.4 * v

    if criterion == "half-squared-error":  # which an error of its own takes the place of
        Roots.pattern_error = lambda self, v, t: np.max(np.abs(t - self.image(v)))
    # Weights drawn below 0 have no root; those above lose a fifth in each update.
    protocol = Protocol(
        update_schedule=schedule, half_width=1.0, threshold=0.6, max_updates=9, criterion=criterion
    )
    # Those without a root have an image that is not a number.
    outcomes = simulate(protocol, network=Roots, n_seeds=40, final_weights=True)
    begun = Roots.draw(Rule(Roots, protocol), 1988, 0, 40)[:, 0]
    assert np.array_equal(outcomes.converged, begun >= 0.0)
    assert np.array_equal(np.isnan(outcomes.errors), begun < 0.0)


def test_a_network_whose_weights_are_not_numbers_has_not_converged_whatever_its_units_hide():
    class Runaway(Network):
        shapes = {"w": (1,)}
        patterns, targets = np.ones((1, 1)), np.zeros((1, 1))

        def image(self, v):
            return logistic(self.w * v + 5.0)

        def weight_changes(self, v):  # those drawn above 0 grow until they are inf - inf
            return np.where(self.w > 0.0, 50.0 * self.w**2, -0.01 * self.w) + 0.0 * self.w**2

    assert not simulate(Protocol(max_updates=100), network=Runaway, n_seeds=30).converged.any()
    # The guard compares each in six updates, the one that grows up to that which ends it, and with
    # larger weights in two.
    assert check_rule(Runaway, Protocol()).n_updates == 24


def add_own(a, b, j, k, c):
    return {"a": a + c["a"], "b": b + c["b"]}


# What an update makes of weights a and b, and of j and k, which are kept.
APPLIED = {
    "its own sum": add_own,
    "another weight": lambda a, b, j, k, c: {"a": a + c["a"], "b": b + c["b"] + 0.1 * a},
    "two sums": lambda a, b, j, k, c: {"a": a + c["a"], "b": b + 0.1 * c["a"] + c["b"]},
    "what is kept": lambda *x: add_own(*x) | {"j": x[-1]["a"], "k": x[-1]["b"] + x[2]},
    "a sum twice": lambda *x: add_own(*x) | {"j": x[-1]["a"], "k": x[-1]["a"]},
    "an array as it was": lambda *x: add_own(*x) | {"j": x[-1]["a"], "k": x[2]},
    "one another": lambda a, b, j, k, c: {"a": b, "b": j + c["a"], "j": a},
    "another order": lambda a, b, j, k, c: {"a": np.roll(a, 1), "b": b[::-1], "j": k, "k": j},
}


# Any two of three stand together: what is applied, whether changes read weights, the schedule.
@pytest.mark.parametrize(("applied", "reads", "schedule"), [
    (applied, (k + s) % 2 == 0, schedule)
    for k, applied in enumerate(APPLIED) for s, schedule in enumerate(["batch", "per-pattern"])
])  # fmt: skip
def test_an_array_may_depend_on_others_as_they_were_before_the_update(applied, reads, schedule):
    class Coupled(Network):
        shapes, fixed = {"a": (4,), "b": 4, "c": (4,)}, {"f": (4,)}
        kept = {"j": np.full(4, 0.3), "k": np.full(4, 0.2)}

        def image(self, v):
            return np.tanh(self.a + self.b + self.f) * v

        def weight_changes(self, v):
            a, b = (self.b, self.a) if reads else (v, 0.2)
            return {"a": -(0.5 * (0.2 * (v * a))), "b": -(v * b), "c": 0.3 * v + 0.1 * b}

        def apply(self, changes):
            new = APPLIED[applied](self.a, self.b, self.j, self.k, changes)
            for name, x in (new | {"c": self.c + changes["c"]}).items():
                setattr(self, name, x)

    protocol = Protocol(update_schedule=schedule)
    assert check_rule(Coupled, protocol).largest < 1e-12


def test_states_of_any_shape_are_traced():
    rule = make(
        hidden=lambda self, v: (self.W * v, (self.W @ v).sum()), image=lambda self, v: v,
        weight_changes=lambda self, v: {"c": v},
    )  # fmt: skip
    found = trace(network=rule, seed=3, n_updates=2)
    assert [group.shape for group in found.hidden] == [(3, 4, 2, 4), (3, 4)]


def test_a_subclass_adds_to_what_is_kept_and_to_the_numbers_of_the_paper():
    """It hid them, and the update ended in an AttributeError."""

    def apply(self, changes):
        self.v = self.beta * self.v + changes["U"]
        RecirculationNetwork.apply(self, {**changes, "U": self.v})

    own = {"numbers": {"beta": 0.5}, "kept": {"v": np.zeros((4, 2))}}
    mine = make(RecirculationNetwork, apply=apply, **own)
    rule = Rule(mine, Protocol(momentum=0.5))
    assert [*rule.kept] == ["last_W", "last_b", "last_U", "last_c", "v"]
    assert (rule.numbers["beta"], rule.numbers["regression"]) == (0.5, 0.75)
    assert simulate(network=mine, n_seeds=20).converged.any()


class Covariance(Network):
    """Change W by the covariance of visible and hidden states, which needs the means of both."""

    shapes = {"W": (2, 3)}
    summed = {"h": (2,), "v": (3,)}
    patterns = np.array([[0.0, 1.0, 0.3], [1.0, 0.2, 0.0], [0.5, 0.5, 0.9], [0.1, 0.8, 0.4]])
    targets = np.zeros((4, 2))

    def image(self, v):
        return self.W @ v

    def weight_changes(self, v, _):
        h = self.W @ v
        return {"W": 0.1 * np.outer(h, v), "h": h, "v": v}

    def apply(self, changes):
        super().apply(changes)  # those of weights
        self.W = self.W - 0.1 * np.outer(changes["h"], changes["v"] / len(self.patterns))


def test_numbers_that_are_no_dict_are_refused_of_a_class_below_the_one_that_has_them():
    below = make(base=make(numbers=[0.5]))
    with pytest.raises(UsageError, match=r"Mine.numbers = \[0.5\] was given; allowed is a dict"):
        Rule(below)


def test_more_final_weights_than_fit_are_refused_before_anything_is_simulated():
    with pytest.raises(UsageError, match="final weights of 1,000,000,000 networks with 22 numbers"):
        simulate(n_seeds=10**9, final_weights=True)


@pytest.mark.parametrize("protocol", [Protocol(), Protocol(hidden_function="linear")])
def test_a_network_can_be_pickled_and_goes_on_the_same(protocol):
    one = RecirculationNetwork.from_seed(3, protocol=protocol)
    other = pickle.loads(pickle.dumps(one))
    one.update()
    other.update()
    assert other.flatten().tolist() == one.flatten().tolist()


TYPED = """
import numpy as np
from numpy.typing import NDArray
from replication import Network, RecirculationNetwork, logistic

Array = NDArray[np.float64]

class Less(RecirculationNetwork):
    def weight_changes(self, v0: Array) -> tuple[Array, ...]:
        W: Array = self.W
        return (0.1 * W, self.b, self.U, self.c)

class Mine(Network):
    shapes = {"W": (4, 4)}

    def image(self, v: Array) -> Array:
        return np.tanh(v)

    def weight_changes(self, v: Array, target: Array) -> Array:
        return np.outer(v, target - self.image(v))
"""


def test_a_rule_with_annotations_passes_a_strict_type_checker(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(TYPED)
    found, errors, code = mypy.api.run(["--strict", "--cache-dir", str(CACHE), str(path)])
    assert code == 0, found + errors


def test_sums_over_the_patterns_are_those_of_numpy():
    assert check_rule(Covariance, Protocol()).largest < 1e-12
    patterns, weights = Covariance.patterns.T, Rule(Covariance).draw(5, 0, 1)
    W = weights.reshape(2, 3)
    (after,) = record_weights(Protocol(), weights, [1], network=Covariance).reshape(-1, 2, 3)
    expected = W + 0.1 * 4 * np.cov(W @ patterns, patterns, bias=True)[:2, 2:]
    assert after == pytest.approx(expected, rel=1e-12)


def test_prepare_may_set_a_tuple_or_a_list():
    """They came back as others from each method, so that the rule seemed to have changed them."""

    class Paired(Encoder):
        def prepare(self):
            self.rates = (1.0, [2.0])

        def weight_changes(self, v, target):
            first, (second,) = self.rates
            d = first * second * (target - self.image(v))
            return np.outer(self.U.T @ d, v), self.U.T @ d, np.outer(d, self.hidden(v)), d

    assert simulate(network=Paired, n_seeds=3).converged.shape == (3,)


# What `prepare` sets, and how a method may change what that holds.
CONTENTS = {
    "a number in a list": (lambda: [1.0], lambda k: k.__setitem__(0, 1.01 * k[0])),
    "a longer list": (lambda: [1.0], lambda k: k.append(1.0)),
    "a list in a tuple": (lambda: (0, [1.0]), lambda k: k[1].append(1.0)),
    "another order": (lambda: [1.0, 2.0], lambda k: k.reverse()),
    "a value in a dict": (lambda: {"a": 1.0}, lambda k: k.update(a=2.0)),
    "a new key": (dict, lambda k: k.update(a=2.0)),
    "a list in a dict": (lambda: {"a": [1.0]}, lambda k: k["a"].clear()),
    "a set": (set, lambda k: k.add(1)),
    "an array of NumPy": (lambda: np.ones(2), lambda k: np.multiply(k, 1.01, out=k) is None),
}


@pytest.mark.parametrize("method", ["apply", "weight_changes", "image"])
@pytest.mark.parametrize("case", CONTENTS)
def test_what_prepare_sets_is_refused_if_a_method_changes_what_it_holds(case, method):
    """Compiled code took what was there in the first update, also for all later ones."""
    begin, change = CONTENTS[case]

    methods = {
        "apply": lambda self, changes: change(self.k) or Encoder.apply(self, changes),
        "weight_changes": lambda self, v, t: change(self.k) or Encoder.weight_changes(self, v, t),
        "image": lambda self, v: change(self.k) or Encoder.image(self, v),
    }
    rule = make(prepare=lambda self: setattr(self, "k", begin()), **{method: methods[method]})
    with pytest.raises(UsageError, match=rf"Mine\.{method} changes self\.k; only apply"):
        simulate(Protocol(max_updates=2), network=rule, n_seeds=2)


def test_a_traced_array_in_a_list_of_prepare_is_refused_as_a_change():
    def apply(self, changes):
        self.k[0] = changes["c"]
        Encoder.apply(self, changes)

    rule = make(prepare=lambda self: setattr(self, "k", [np.zeros(4)]), apply=apply)
    with pytest.raises(UsageError, match=r"Mine.apply changes self\.k; only apply"):
        simulate(Protocol(max_updates=2), network=rule, n_seeds=2)
