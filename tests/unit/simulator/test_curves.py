"""Learning curves: against plain loops, in parts, over a grid, and what is refused."""

import dataclasses
import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from replication import (
    Network,
    Protocol,
    RecirculationNetwork,
    UsageError,
    compare_table,
    draw_initial_weights,
    simulate,
    simulate_curves,
)
from replication.simulator.running import measuring
from replication.simulator.running.curves import Curves
from tests.parity.mlp import HELD_OUT, Mlp, MlpLoop, Noisy

BY_SUM = "half-squared-error"
SCHEDULES = {
    "batch": Protocol(criterion=BY_SUM),
    "per-pattern": Protocol(criterion=BY_SUM, update_schedule="per-pattern"),
    "minibatch": Protocol(criterion=BY_SUM, update_schedule="minibatch", batch_size=3),
}
AT = [0, 1, 4, 9]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_errors_and_right_answers_are_those_of_a_plain_loop(schedule):
    options = {"network": Mlp, "n_seeds": 10, "root_seed": 9} | HELD_OUT
    curves = simulate_curves(
        SCHEDULES[schedule], updates=AT, numbers={"rate": [0.2, 1.5]}, **options
    )
    initial = draw_initial_weights(network=Mlp, n_seeds=10, root_seed=9)
    sets = (Mlp.patterns, Mlp.targets), tuple(HELD_OUT.values())
    for choice, rate in enumerate((0.2, 1.5)):
        for seed in (0, 8):
            given = {"rate": rate, "seed": seed, "root_seed": 9}
            loop = MlpLoop(initial[seed], Mlp.patterns, Mlp.targets, **given)
            for k, update in enumerate(AT):
                while loop.n_sweeps < update:
                    loop.sweep(schedule, 3)
                (error, accuracy), (test_error, test_accuracy) = (loop.measure(*x) for x in sets)
                place = choice, seed, k
                assert curves.error[place] == pytest.approx(error, rel=1e-6)
                assert curves.test_error[place] == pytest.approx(test_error, rel=1e-6)
                assert curves.accuracy[place] == pytest.approx(accuracy, rel=1e-6)
                assert curves.test_accuracy[place] == pytest.approx(test_accuracy, rel=1e-6)
    assert len(np.unique(curves.accuracy)) > 3
    assert len(np.unique(curves.test_accuracy)) > 3


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_run_in_two_parts_has_the_bits_of_the_whole(schedule):
    options = {"network": Noisy, "numbers": {"rate": [0.1, 1.0]}, "final_weights": True} | HELD_OUT
    whole = simulate_curves(SCHEDULES[schedule], updates=AT, n_seeds=21, **options)
    first = simulate_curves(SCHEDULES[schedule], updates=[2], n_seeds=21, **options)
    second = simulate_curves(SCHEDULES[schedule], updates=AT[2:], start=first, **options)
    for name in ("error", "test_error", "accuracy", "test_accuracy"):
        assert second.get(name).tobytes() == whole.get(name)[:, :, 2:].tobytes()
    assert second.weights.tobytes() == whole.weights.tobytes()


@pytest.mark.parametrize("plain", [False, True])
def test_outcomes_go_on_to_a_lower_threshold_as_if_they_had_never_stopped(plain):
    options = {"network": Noisy, "final_weights": True, "plain": plain}
    protocol = Protocol(criterion=BY_SUM, threshold=2.6, max_updates=6)
    stricter = dataclasses.replace(protocol, threshold=2.575, max_updates=13)
    first = simulate(protocol, n_seeds=6, **options)
    assert 0 < first.converged.sum() < 6
    assert len(np.unique(first.updates)) > 2
    second = simulate(stricter, start=first, **options)
    whole = simulate(stricter, n_seeds=6, **options)
    assert 0 < whole.converged.sum() < 6
    assert second.updates.tolist() == whole.updates.tolist()
    assert second.converged.tolist() == whole.converged.tolist()
    assert second.weights.tobytes() == whole.weights.tobytes()


def test_curves_go_on_from_outcomes_each_network_from_its_own_updates():
    first = simulate(
        Protocol(criterion=BY_SUM, threshold=2.6, max_updates=12),
        network=Noisy,
        n_seeds=6,
        final_weights=True,
    )
    assert len(np.unique(first.updates)) > 2
    curves = simulate_curves(network=Noisy, updates=[12, 20], start=first)
    whole = simulate_curves(network=Noisy, updates=[12, 20], n_seeds=6)
    assert curves.error.tobytes() == whole.error.tobytes()


def test_a_grid_has_a_labelled_row_for_each_choice_as_classes_with_these_numbers_have(monkeypatch):
    class Two(Mlp):
        numbers = {"push": 1.0}

        def weight_changes(self, v, target):
            return tuple(self.push * x for x in super().weight_changes(v, target))

    grid = {"push": [0.5, 2.0], "rate": [0.1, 0.3]}
    curves = simulate_curves(network=Two, updates=[0, 7], n_seeds=9, numbers=grid)
    expected = [(0.5, 0.1), (0.5, 0.3), (2.0, 0.1), (2.0, 0.3)]
    assert [(x["push"], x["rate"]) for x in curves.numbers] == expected
    for (push, rate), error in zip(expected, curves.error, strict=True):
        one = type("One", (Two,), {"numbers": {"push": push, "rate": rate}})
        alone = simulate_curves(network=one, updates=[0, 7], n_seeds=9)
        assert alone.error[0].tobytes() == error.tobytes()
    # Whatever the pieces in which they are simulated, and the threads.
    monkeypatch.setattr(measuring, "BYTES_AT_ONCE", 1)
    again = simulate_curves(network=Two, updates=[0, 7], n_seeds=9, numbers=grid, jobs=3)
    assert again.error.tobytes() == curves.error.tobytes()


def test_a_grid_over_fields_of_a_protocol_is_that_of_protocols_with_these():
    rates = [5.0, 20.0]
    curves = simulate_curves(updates=[0, 30], n_seeds=9, numbers={"learning_rate": rates})
    for rate, error in zip(rates, curves.error, strict=True):
        alone = simulate_curves(Protocol(learning_rate=rate), updates=[0, 30], n_seeds=9)
        assert alone.error[0].tobytes() == error.tobytes()


def test_held_out_patterns_do_not_change_what_a_network_knows_as_its_own():
    class Centred(Network):
        shapes = {"U": (2, 2)}
        patterns = np.array([[0.0, 1.0], [1.0, 1.0]])

        def image(self, v):
            return self.U @ (v - np.mean(self.patterns, axis=0))

        def weight_changes(self, v):
            return {"U": 0.1 * np.outer(v - self.image(v), v)}

    others = np.array([[0.5, 0.25], [0.75, 0.0], [0.125, 0.5]])
    curves = simulate_curves(network=Centred, updates=[0], n_seeds=3, test_patterns=others)
    for seed in range(3):
        one = Centred.from_seed(seed)
        expected = max(np.abs(v - one.U @ (v - [0.5, 1.0])).max() for v in others)
        assert curves.test_error[0, seed, 0] == pytest.approx(expected, rel=1e-6)


def test_an_answer_is_right_only_if_the_unit_of_its_class_is_larger_than_each_other_one():
    class Constant(Network):
        shapes = {"U": (3, 3)}
        half_widths = {"U": 0.0}
        patterns = np.eye(3)
        answers = np.array([[0.5, 0.5, 0.1], [0.1, 0.3, 0.2], [0.3, 0.1, 0.2]])

        def image(self, v):
            return self.answers.T @ v + self.U @ v

        def weight_changes(self, v):
            return {"U": 0.0 * np.outer(v, v)}

    curves = simulate_curves(Protocol(criterion=BY_SUM), network=Constant, updates=[0], n_seeds=2)
    # A tie, a right answer, and a wrong one.
    np.testing.assert_allclose(curves.accuracy[0, :, 0], 1 / 3, rtol=1e-6)


def test_networks_that_have_diverged_answer_nothing_right():
    class Linear(Network):
        shapes = {"U": (3, 3)}
        numbers = {"rate": 0.5}
        patterns = np.eye(3)

        def image(self, v):
            return self.U @ v

        def weight_changes(self, v):
            return {"U": self.rate * np.outer(v - self.image(v), v)}

    grid = {"rate": [0.5, 1e200]}
    curves = simulate_curves(network=Linear, updates=[0, 9], n_seeds=3, numbers=grid)
    assert curves.accuracy[:, :, 1].tolist() == [[1.0] * 3, [0.0] * 3]
    assert not np.isfinite(curves.error[1, :, 1]).any()
    assert curves.find_best() == {"rate": 0.5}


def test_targets_that_are_no_classes_have_no_right_answers():
    class Graded(Mlp):
        targets = 0.9 * Mlp.targets

    curves = simulate_curves(network=Graded, updates=[0], n_seeds=2, **HELD_OUT)
    assert curves.accuracy is None
    assert curves.measures == ["error", "test_error", "test_accuracy"]


def make_curves():
    error = np.array([[[4.0, 1.0], [6.0, 3.0], [8.0, 2.0]], [[4.0, 5.0], [6.0, 7.0], [8.0, 9.0]]])
    numbers = [{"rate": 0.5}, {"rate": 2.0}]
    return Curves(
        "Mlp", numbers, np.array([0, 10]), error.astype(np.float32), None, None, None, None, 1988
    )


def test_tables_are_tidy_and_their_rows_are_reports_for_compare():
    curves = make_curves()
    frame = curves.to_frame()
    assert frame.columns.tolist() == ["rate", "seed", "update", "error"]
    assert frame.iloc[7].tolist() == [2.0, 0, 10, 5.0]
    rows = curves.summarize(quantiles=[0.5])
    assert rows.columns.tolist() == ["rate", "update", "n", "mean", "sd", "q50"]
    assert rows.iloc[1].tolist() == [0.5, 10, 3, 2.0, 1.0, 2.0]
    assert curves.find_best() == {"rate": 0.5}
    # Held against one another: 2 +- 1 and 7 +- 2, of three networks each.
    last = rows[rows["update"] == 10][["rate", "n", "mean", "sd"]]
    found = compare_table(frame[frame["update"] == 10][["rate", "error"]], last, by="rate")
    assert found.verdict.value == "not contradicted"


def test_the_picture_has_the_median_and_the_band_of_each_choice_in_the_axes_that_are_given():
    ax = Figure().subplots()
    make_curves().plot(band=(0.0, 1.0), ax=ax)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[6.0, 2.0], [6.0, 7.0]]
    corners = ax.collections[0].get_paths()[0].vertices
    assert {(0.0, 4.0), (10.0, 1.0), (0.0, 8.0), (10.0, 3.0)} <= {*map(tuple, corners.tolist())}
    assert ax.get_title() == "3 networks: median, and 0% to 100%"
    assert [x.get_text() for x in ax.get_legend().get_texts()] == [
        "Mlp, rate = 0.5",
        "Mlp, rate = 2",
    ]


class Written(Mlp):
    def prepare(self):
        self.twice = 2.0 * self.numbers["rate"]

    def weight_changes(self, v, target):
        return tuple(self.twice * x for x in super().weight_changes(v, target))


class WrittenField(RecirculationNetwork):
    def weight_changes(self, v0):
        changes = super().weight_changes(v0)
        return changes._replace(W=changes.W * (self.protocol.learning_rate / 20.0))


class Answering(Mlp):
    def image(self, v):
        return super().image(v) * self.uniform(3)


def test_a_number_that_is_written_into_a_rule_is_the_one_that_was_chosen():
    class Faster(Written):
        numbers = {"rate": 0.9}

    chosen = simulate_curves(network=Written, updates=[9], n_seeds=3, numbers={"rate": 0.9})
    declared = simulate_curves(network=Faster, updates=[9], n_seeds=3)
    assert chosen.error.tobytes() == declared.error.tobytes()


OUTCOMES = simulate(n_seeds=3)
WEIGHTS = simulate(n_seeds=3, final_weights=True)


@pytest.mark.parametrize(("said", "options"), [
    ("updates = 7 was given; allowed are 1 to 1,000,000 whole numbers", {"updates": 7}),
    ("updates = None was given", {"updates": None}),
    (r"updates = \[\] was given; allowed are", {"updates": []}),
    (r"updates = range\(0, 1000001\) was given", {"updates": range(1_000_001)}),
    ("updates = .* allowed are 1 to 1,000,000", {"updates": itertools.count()}),
    ("an update = -1 was given", {"updates": [-1, 3]}),
    ("an update = 2147483648 was given", {"updates": [2**31]}),
    ("an update = 3.0 was given", {"updates": [1, 3.0]}),
    ("an update = true was given", {"updates": [1, True]}),
    ("an update = '5' was given", {"updates": "50"}),
    ("an update = array", {"updates": np.eye(2, dtype=int)}),
    ("jobs = 0 was given; allowed are 1 to 10,000, or -1", {"jobs": 0}),
    ("jobs = -2 was given", {"jobs": -2}),
    ("jobs = true was given", {"jobs": True}),
    ("n_seeds = 0 was given", {"n_seeds": 0}),
    ("final_weights = 1 was given", {"final_weights": 1}),
    ("network = .* allowed is a subclass of Network", {"network": 3}),
    (r"numbers = \[1.0\] was given; allowed is a dict", {"numbers": [1.0]}),
    (r"numbers\['rate'\] = .* allowed are finite", {"numbers": {"rate": [[1.0], [1.0, 2.0]]}}),
    (r"numbers\['rate'\] = .* allowed are finite", {"numbers": {"rate": [[1.0, 2.0]]}}),
    (r"numbers\['rate'\] = true was given", {"numbers": {"rate": True}}),
    (r"numbers\['rate'\] = .* allowed are finite", {"numbers": {"rate": [1.0, np.inf]}}),
    ("numbers names 'threshold', and it ends no learning", {"numbers": {"threshold": [0.1]}}),
    ("numbers has 10,000,000,000 choices; allowed are 100,000", {
        "numbers": {"learning_rate": range(100_000), "regression": [0.5] * 100_000},
    }),
    ("given as test_patterns; allowed are arrays of finite", {"test_patterns": [[1], [1, 2]]}),
    ("given as test_patterns; allowed are arrays of finite", {"test_patterns": [[np.nan] * 4]}),
    (r"test_patterns of shape \(4,\) was given", {"test_patterns": [1.0, 0.0, 0.0, 0.0]}),
    (r"test_patterns of shape \(0, 4\) was given", {"test_patterns": np.zeros((0, 4))}),
    ("given as test_targets; allowed are arrays", {
        "network": Mlp, **HELD_OUT, "test_targets": "x",
    }),
    ("all alike have no variance", {
        "protocol": Protocol(criterion="unexplained-variance"), "test_patterns": np.ones((1, 4)),
    }),
    (r"numbers\['rate'\] = .* allowed are finite numbers", {"numbers": {"rate": ["x"]}}),
    (r"numbers\['rate'\] = .* allowed are finite numbers", {"numbers": {"rate": []}}),
    ("numbers names 'pace'; Mlp has these: rate", {"numbers": {"pace": [1.0]}, "network": Mlp}),
    ("unknown protocol field 'pace'", {"numbers": {"pace": [1.0]}}),
    ("compiled anew for other values of momentum", {"numbers": {"momentum": [0.0, 0.5]}}),
    ("anew for other values of rate", {"numbers": {"rate": [1.0, 2.0]}, "network": Written}),
    ("anew for other values of rate", {"numbers": {"rate": [1.0, 0.7, 1.0]}, "network": Written}),
    ("anew for other values of learning_rate", {
        "numbers": {"learning_rate": [5.0, 20.0]}, "network": WrittenField,
    }),
    ("draws random numbers to answer", {"network": Answering}),
    ("Mlp has targets; give test_targets", {"network": Mlp, "test_patterns": np.ones((2, 5))}),
    ("test_targets was given without", {"test_targets": np.eye(4)}),
    ("leave out test_targets", {"test_patterns": np.eye(4), "test_targets": np.eye(4)}),
    ("test_patterns of shape .* 4 numbers a row", {"test_patterns": np.eye(5)}),
    ("test_targets has 3 rows", {"network": Mlp, **HELD_OUT, "test_targets": np.eye(3)}),
    ("start has no weights", {"start": OUTCOMES, "updates": [3000]}),
    ("start has 3 networks; leave out n_seeds", {"start": WEIGHTS, "n_seeds": 4}),
    ("root_seed = 5 was given, and start has 1988", {"start": WEIGHTS, "root_seed": 5}),
    ("updates begins at 0, and start has networks at", {"start": WEIGHTS}),
    ("start has 22 numbers .* Mlp has 39", {"start": WEIGHTS, "network": Mlp, "updates": [3000]}),
    ("start = .* allowed are Outcomes or Curves", {"start": "x"}),
    ("start has networks of Mlp, and this rule is Noisy; go on with the same", {
        "start": simulate_curves(network=Mlp, updates=[0], n_seeds=3, final_weights=True),
        "network": Noisy,
    }),
    ("start has networks from seed 7 on", {
        "start": dataclasses.replace(WEIGHTS, start=7), "updates": [3000],
    }),
    ("need about .* GB", {"updates": range(10_000), "n_seeds": 10**9}),
])  # fmt: skip
def test_what_cannot_be_measured_is_refused_in_a_line(said, options):
    with pytest.raises(UsageError, match=said) as raised:
        simulate_curves(**({"updates": [0, 5]} | options))
    assert len(str(raised.value).splitlines()) == 1


def test_a_cap_that_the_start_has_passed_is_refused():
    with pytest.raises(UsageError, match="start has networks at .* give a later cap"):
        simulate(Protocol(max_updates=5), start=WEIGHTS)


def test_a_subclass_of_the_paper_s_rule_takes_fields_and_numbers_of_its_own():
    class Half(RecirculationNetwork):
        numbers = {"share": 0.5}

        def weight_changes(self, v0):
            changes = super().weight_changes(v0)
            return changes._replace(W=self.share * changes.W)

    grid = {"share": [1.0], "learning_rate": [10.0]}
    curves = simulate_curves(network=Half, updates=[20], n_seeds=5, numbers=grid)
    whole = simulate_curves(Protocol(learning_rate=10.0), updates=[20], n_seeds=5)
    assert curves.error.tobytes() == whole.error.tobytes()


def test_moments_may_come_in_any_order_and_more_than_once():
    curves = simulate_curves(updates=iter([5, 0, 5, np.int32(2)]), n_seeds=2)
    assert curves.updates.tolist() == [0, 2, 5]
    apart = [simulate_curves(updates=[k], n_seeds=2).error[0, :, 0] for k in (0, 2, 5)]
    np.testing.assert_array_equal(curves.error[0], np.stack(apart, axis=1))


def test_a_single_held_out_pattern_is_measured_as_in_plain_numpy():
    one = np.array([[0.2, 0.9, 0.1, 0.4]])
    curves = simulate_curves(updates=[0], n_seeds=3, test_patterns=one)
    for seed in range(3):
        network = RecirculationNetwork.from_seed(seed)
        expected = np.abs(network.image(one[0]) - one[0]).max()
        assert curves.test_error[0, seed, 0] == pytest.approx(expected, rel=1e-6)


def test_jobs_are_refused_everywhere_alike():
    for run in (simulate, lambda jobs: simulate_curves(updates=[0], jobs=jobs)):
        with pytest.raises(UsageError, match="jobs = 0 was given; allowed are 1 to 10,000, or -1"):
            run(jobs=0)


@pytest.mark.parametrize("band", [(0.75, 0.25), (0.5, 0.5), (0.25,), (-0.1, 0.5), ("a", "b"), 0.5])
def test_a_band_has_two_quantiles_that_rise(band):
    with pytest.raises(UsageError, match=r"band = .* was given; allowed are .*\(0.25, 0.75\)"):
        make_curves().plot(band=band, ax=Figure().subplots())


@pytest.mark.parametrize("quantiles", [(2.0,), 0.5, ("x",), (np.nan,)])
def test_quantiles_are_numbers_from_0_to_1(quantiles):
    with pytest.raises(UsageError, match="quantiles = .* was given; allowed are numbers from 0"):
        make_curves().summarize(quantiles=quantiles)


def test_there_is_no_best_choice_where_the_median_network_has_diverged_with_each():
    curves = make_curves()
    lost = dataclasses.replace(curves, error=np.full_like(curves.error, np.nan))
    with pytest.raises(UsageError, match="median network of Mlp has diverged with each choice"):
        lost.find_best()
