"""What is observed of networks while they learn, and at their end: against plain loops."""

import numpy as np
import pytest

from replication import (
    Network,
    Protocol,
    UsageError,
    logistic,
    repeat,
    simulate,
    simulate_curves,
    trace,
)
from tests.exactness.rules import Alignment

AT = [0, 1, 4]


class Watched(Alignment):
    """Feedback alignment, with values of each kind to observe."""

    def angle(self):
        return np.sum(self.U * self.B.T) / np.sqrt(np.sum(self.U**2) * np.sum(self.B**2))

    def activity(self, v):
        return self.hidden(v)

    def squares(self, v, target):
        return np.sum((target - self.image(v)) ** 2)


class Gated(Network):
    """A gated recurrent unit that is shown three numbers; a rule of its own error."""

    shapes = {"z": (2, 3), "h": (2, 3), "w": (1, 2)}
    kept = {"n": 0.0}
    patterns, targets = [[0.1, 0.9, 0.4], [0.7, 0.2, 0.8]], [[0.3], [0.6]]

    def read(self, v):
        def step(x):
            gate = logistic(self.z[:, :2] @ x + self.z[:, 2] * v[1])
            return gate * x + (1.0 - gate) * np.tanh(self.h[:, :2] @ x + self.h[:, 2] * v[2])

        return repeat(4, step, np.array([0.1, 0.2]) + 0.0 * v[:2])

    def image(self, v):
        return self.w @ self.read(v)

    def pattern_error(self, v, target):
        return np.max(np.abs(target - self.image(v)))

    def weight_changes(self, v, target):
        h = self.read(v)
        d = 0.1 * (target - self.w @ h)
        return {"w": np.outer(d, h), "h": 0.1 * np.outer(self.w[0] * d[0], v)}

    def apply(self, changes):
        super().apply(changes)
        self.n = self.n + 1.0

    def gates(self, v):
        return logistic(self.z @ v)

    def spread(self):
        return np.stack([np.max(self.h) - np.min(self.h), np.mean(np.abs(self.w))])


OF_ALIGNMENT = {
    "angle": Watched.angle, "activity": "activity", "squares": Watched.squares,
    "W": "W", "loss": "mean_loss", "B00": lambda network: network.B[0, 0],
}  # fmt: skip
OF_GATED = {"gates": Gated.gates, "spread": "spread", "n": "n", "loss": "mean_loss"}


def observe_by_hand(rule, network):
    """Return what the tables above stand for, in plain NumPy, for one network."""
    pairs = [*zip(network.patterns, network.targets, strict=True)]
    if rule is Gated:
        errors = [network.pattern_error(v, t) for v, t in pairs]
        gates = np.mean([network.gates(v) for v, _ in pairs], axis=0)
        return {
            "gates": gates, "spread": network.spread(), "n": network.n, "loss": np.mean(errors),
        }  # fmt: skip
    squares = np.mean([network.squares(v, t) for v, t in pairs])
    return {
        "angle": network.angle(),
        "activity": np.mean([network.hidden(v) for v, _ in pairs], axis=0),
        "squares": squares, "W": network.W, "loss": 0.5 * squares, "B00": network.B[0, 0],
    }  # fmt: skip


@pytest.mark.parametrize("schedule", ["batch", "per-pattern"])
@pytest.mark.parametrize(("rule", "observe"), [(Watched, OF_ALIGNMENT), (Gated, OF_GATED)])
def test_what_is_observed_is_that_of_a_plain_network_before_the_update_of_its_number(
    rule, observe, schedule
):
    protocol = Protocol(update_schedule=schedule, max_updates=4, threshold=1e-9)
    curves = simulate_curves(protocol, network=rule, updates=AT, n_seeds=5, observe=observe)
    traced = trace(protocol, network=rule, seed=3, n_updates=4, observe=observe)
    ends = simulate(protocol, network=rule, n_seeds=5, observe=observe)
    plain = simulate(protocol, network=rule, n_seeds=5, observe=observe, plain=True)
    network = rule.from_seed(3, protocol=protocol)
    for k, update in enumerate(AT):
        while network._n_updates < update:
            network.update()
        for name, expected in observe_by_hand(rule, network).items():
            assert curves.observed[name][0, 3, k] == pytest.approx(expected, abs=1e-12)
            assert np.array_equal(curves.observed[name][0, 3, k], traced.observed[name][update])
    for name, values in ends.observed.items():
        assert np.array_equal(values, curves.observed[name][0, :, -1])
        assert plain.observed[name] == pytest.approx(values, abs=1e-12)


def test_what_is_observed_has_the_same_bits_in_parts_with_other_workers_and_in_grids():
    def learn(updates, **options):
        return simulate_curves(network=Watched, updates=updates, observe=OF_ALIGNMENT, **options)

    whole = learn([2, 7], n_seeds=70, jobs=1)
    first = learn([2], n_seeds=70, jobs=3, final_weights=True)
    second = learn([7], start=first)
    grid = learn([2, 7], n_seeds=70, numbers={"rate": [1.0, 9.5]})
    for name, values in whole.observed.items():
        assert np.array_equal(values[:, :, :1], first.observed[name])
        assert np.array_equal(values[:, :, 1:], second.observed[name])
        assert np.array_equal(values[0], grid.observed[name][1])
    # The error is that of a run in which nothing is observed.
    assert np.array_equal(whole.error, simulate_curves(
        network=Watched, updates=[2, 7], n_seeds=70).error)  # fmt: skip


def test_tables_have_a_column_for_each_number_and_curves_can_be_summarized_and_drawn():
    observe = {"angle": Watched.angle, "W": "W"}
    curves = simulate_curves(network=Watched, updates=AT, n_seeds=3, observe=observe)
    assert curves.to_frame().columns.tolist()[-9:-7] == ["angle", "W[0,0]"]
    assert len(curves.summarize("angle")) == 3
    assert curves.plot("angle").axes[0].get_ylabel() == "angle"
    assert curves.plot().axes[0].get_ylabel() == "error (every-unit)"
    with pytest.raises(UsageError, match="an array of several numbers"):
        curves.summarize("W")
    outcomes = simulate(network=Watched, n_seeds=3, observe=observe)
    assert outcomes.to_frame().columns.tolist()[3:5] == ["angle", "W[0,0]"]
    assert outcomes == simulate(network=Watched, n_seeds=3, observe=observe)
    assert trace(network=Watched, n_updates=2, observe=observe).to_frame()["angle"].shape == (3,)


@pytest.mark.parametrize(("observe", "message"), [
    ([Watched.angle], "allowed is a dict"),
    ({"x y": Watched.angle}, "no name in Python"),
    ({"W": Watched.angle}, "'W', which is an array of the rule"),
    ({"error": Watched.angle}, "'error', which is a column of every result"),
    ({"x": "nothing"}, "allowed are a method of Watched"),
    ({"x": 1.0}, "allowed are a method of Watched"),
    ({"x": lambda: 1.0}, "takes 0 arguments; allowed are"),
    ({"x": lambda network: None}, "None was given where an array of numbers is needed"),
    ({"x": lambda network: 1j * network.b}, "1j was given where an array of numbers"),
    ({"x": lambda network: 1.0 if network.b[0] > 0 else 0.0}, "whether a number is true"),
    ({"x": lambda network: network.uniform(2)}, "draws random numbers"),
    ({"x": lambda network: setattr(network, "b", 2 * network.b)}, "changes self.b"),
    ({"x": lambda network: network.b + isinstance(network.b, np.ndarray)}, "another one in NumPy"),
])  # fmt: skip
def test_what_cannot_be_observed_is_refused_in_one_line(observe, message):
    for run in (simulate, trace, lambda **given: simulate_curves(updates=AT, **given)):
        with pytest.raises(UsageError, match=message) as refused:
            run(network=Watched, observe=observe)
        assert len(str(refused.value).splitlines()) == 1


def test_a_value_in_plain_numpy_has_one_shape_always():
    def grow(network):
        return np.zeros(1 + network._seeds[0])

    with pytest.raises(UsageError, match="give one shape always"):
        simulate(Protocol(max_updates=1), network=Watched, n_seeds=2, plain=True,
                 observe={"x": grow})  # fmt: skip
