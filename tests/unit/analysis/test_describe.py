"""The parts of the results model: each entry is what its name says, with its own coverage."""

import numpy as np
import pytest
from scipy import stats

from replication.analysis.compatible import read_reported_mean
from replication.analysis.confrontation import confront_rule
from replication.analysis.counts import CountTable
from replication.analysis.describe import (
    NAMED_RUNS,
    describe_no_failure,
    describe_population,
    describe_rule,
    describe_runs,
    describe_tail_study,
)
from replication.analysis.equivalence import Equivalence
from replication.analysis.population import PROBABILITIES, estimate_rule_quantile

OUTCOMES = [10, 20, 20, 30, 90]
TABLE = CountTable.from_outcomes([*OUTCOMES, 100, 100, 100], [True] * 5 + [False] * 3, 100)
QUANTITIES = [
    "converged",
    *(f"quantile-{p:g}" for p in PROBABILITIES),
    *(f"survival-{t}" for t in (50, 100, 200, 500, 1000)),
    *(f"mean-{rule}" for rule in ("discard", "cap", "restart")),
    *(f"n_star-{rule}" for rule in ("discard", "cap", "restart")),
]
# Each quantity has a coverage of its own, and studies below 8 networks have none.
COVERAGE = {name: round(0.5 + index / 100, 2) for index, name in enumerate(QUANTITIES)}
CALIBRATION = {
    "coverage": [
        {
            "quantity": name,
            "by_size": [{"n_networks": 8, "n_studies": 1000, "coverage": COVERAGE[name]}],
        }
        for name in QUANTITIES
    ],
    "prediction": [
        {
            "rule": rule,
            "n_networks": size,
            "n_runs": 20,
            "n_studies": 100,
            "coverage": size / 1000 + place / 10,
        }
        for place, rule in enumerate(("discard", "cap", "restart"))
        for size in (400, 500)
    ],
}


def test_population_worked_by_hand():
    found = describe_population(TABLE, CALIBRATION)
    assert [found[name] for name in ("n_networks", "n_converged", "n_censored", "cap")] == [
        8,
        5,
        3,
        100,
    ]
    assert (found["fastest"], found["slowest"]) == (10, 90)
    assert found["standard_deviation"] == pytest.approx(np.std(OUTCOMES))
    assert found["skewness"] == pytest.approx(stats.skew(OUTCOMES))
    for name, count in (("converged", 5), ("failed", 3)):
        exact = stats.binomtest(count, 8).proportion_ci(0.95, method="exact")
        assert found[name]["value"] == count / 8
        assert (found[name]["low"], found[name]["high"]) == pytest.approx(exact, rel=1e-5)
        assert found[name]["coverage"]["measured"] == COVERAGE["converged"]


def test_quantiles_of_the_population_worked_by_hand():
    """Of eight sorted outcomes, quantile p is the one with rank ceil(8 p)."""
    rows = describe_population(TABLE, CALIBRATION)["quantiles"]
    assert [row["probability"] for row in rows] == [0.05, 0.25, 0.5, 0.75, 0.95, 0.99]
    assert [row["value"] for row in rows] == [10, 20, 30, None, None, None]
    assert [row["coverage"]["measured"] for row in rows] == [
        COVERAGE[f"quantile-{p:g}"] for p in PROBABILITIES
    ]


def test_share_within_a_time_is_told_for_times_up_to_the_end():
    rows = describe_population(TABLE, CALIBRATION)["converged_within"]
    assert [(row["updates"], row["value"]) for row in rows] == [(50, 4 / 8), (100, 5 / 8)]
    assert [row["coverage"]["measured"] for row in rows] == [
        COVERAGE["survival-50"],
        COVERAGE["survival-100"],
    ]
    long = CountTable.from_outcomes([50, 100, 200, 500, 1000], [True] * 5, 1000)
    rows = describe_population(long, CALIBRATION)["converged_within"]
    assert [(row["updates"], row["value"]) for row in rows] == [
        (50, 0.2),
        (100, 0.4),
        (200, 0.6),
        (500, 0.8),
        (1000, 1.0),
    ]


def test_population_in_which_nothing_converged_has_no_spread():
    found = describe_population(CountTable([], [], 4, 100), None)
    names = ("fastest", "slowest", "standard_deviation", "skewness")
    assert [found[name] for name in names] == [None] * 4
    assert (found["converged"]["value"], found["failed"]["value"]) == (0, 1)


def test_equal_outcomes_spread_by_nothing_and_have_no_skewness():
    found = describe_population(CountTable([7], [4], 0, 100), None)
    assert (found["standard_deviation"], found["skewness"]) == (0, None)
    single = describe_population(CountTable([7], [1], 3, 100), None)
    assert (single["standard_deviation"], single["skewness"]) == (0, None)
    two = describe_population(CountTable([0, 1], [1, 1], 0, 100), None)
    assert (two["standard_deviation"], two["skewness"]) == (0.5, 0)


@pytest.fixture(scope="module", params=["discard", "cap", "restart"])
def confronted(request):
    """A study with 400 networks and its confrontation."""
    outcomes = np.repeat([10, 20, 40, 90], [80, 160, 100, 50])
    table = CountTable(*np.unique(outcomes, return_counts=True), 10, 100)
    item = confront_rule(
        table,
        request.param,
        read_reported_mean("38"),
        margin_percent=25.0,
        restart_after=50,
        laws_of=(10, 50),
    )
    return table, item


@pytest.fixture
def pair(confronted):
    """A study, its confrontation and what the model says of it."""
    table, item = confronted
    return table, item, describe_rule(item, table, 50, CALIBRATION)


def test_rule_has_the_mean_and_its_coverage(pair):
    _, item, found = pair
    interval = item.mean.interval
    assert [found["mean"][name] for name in ("value", "low", "high")] == pytest.approx(
        [interval.value, interval.low, interval.high], rel=1e-5
    )
    assert found["mean"]["coverage"]["measured"] == COVERAGE[f"mean-{item.rule}"]
    assert found["standard_error"] == item.mean.standard_error
    assert found["standard_deviation"] == item.mean.standard_deviation
    assert found["standard_error"] < found["standard_deviation"]


def test_rule_has_its_own_words(pair):
    _, item, found = pair
    assert {
        "discard": "n counts the converged ones",
        "cap": "n counts the started ones",
        "restart": "n counts the successes",
    }[item.rule] in found["words"]


def test_rule_has_quantiles_and_their_coverage(pair):
    table, item, found = pair
    for p, row in zip(PROBABILITIES, found["quantiles"], strict=True):
        expected = estimate_rule_quantile(table, item.rule, p, restart_after=50)
        assert (row["probability"], row["value"], row["low"], row["high"]) == (
            p,
            expected.value,
            expected.low,
            expected.high,
        )
        assert row["coverage"]["measured"] == COVERAGE[f"quantile-{p:g}"]


def test_rule_has_n_star_and_its_coverage(pair):
    _, item, found = pair
    runs = found["runs"]
    assert runs.pop("coverage")["measured"] == COVERAGE[f"n_star-{item.rule}"]
    assert runs == describe_runs(item)
    assert [runs[name] for name in ("n_star", "low", "high", "smallest")] == [
        item.runs.n_star,
        item.runs.low,
        item.runs.high,
        item.runs.smallest,
    ]
    assert [runs[name] for name in ("is_open", "low_is_open", "high_is_open")] == [
        item.runs.n_star == 5000,
        item.runs.low == 5000,
        item.runs.high == 5000,
    ]


def test_rule_has_the_tests_of_equivalence(pair):
    _, item, found = pair
    assert isinstance(found["equivalence"], Equivalence)
    assert found["equivalence"].margin == 38 / 4
    assert found["rounding_equivalence"].margin == 0.5
    assert found["smallest_margin"] == item.smallest_margin


def test_rule_has_named_numbers_of_runs_with_the_coverage_of_the_prediction(pair):
    """A prediction for more than a twentieth of the 400 networks was not calibrated."""
    _, item, found = pair
    assert [row["n"] for row in found["at"]] == list(NAMED_RUNS)
    for row in found["at"]:
        assert row["p"] == pytest.approx(item.find(row["n"]).p, rel=1e-5)
        assert (row["coverage"] is not None) == (row["n"] <= 20)
    place = ("discard", "cap", "restart").index(item.rule)
    assert found["at"][0]["coverage"]["measured"] == 0.4 + place / 10


def test_rule_has_its_curve_and_its_laws(pair):
    _, item, found = pair
    assert found["curve"]["n"] == [entry.n for entry in item.curve]
    assert list(found["laws"]) == ["10", "50"]
    for name, law in found["laws"].items():
        assert law["mean"] == pytest.approx(item.run.mean), name
    width = [np.ptp(law["edges"]) for law in found["laws"].values()]
    assert width[0] > 1.5 * width[1]


def test_rule_without_a_mean_is_nothing():
    assert describe_rule(None, TABLE, 50, None) is None
    assert describe_runs(None) is None


def test_chance_of_no_failure_at_the_named_numbers_of_runs():
    found = describe_no_failure(CountTable([10], [990], 10, 99))
    assert [row["n"] for row in found["at"]] == [10, 20, 50, 100, 200, 500, 1000]
    exact = stats.binomtest(10, 1000).proportion_ci(0.95, method="exact")
    for row in found["at"]:
        assert row["chance"] == pytest.approx(0.99 ** row["n"])
        assert row["low"] == pytest.approx((1 - exact.high) ** row["n"])
        assert row["high"] == pytest.approx((1 - exact.low) ** row["n"])
    assert found["median_runs"] == 69  # 0.99^69 = 0.4998 is the first below one half


def test_tail_study_worked_by_hand():
    """Of four censored networks two converge later, so 2 of 10 never do by the end."""
    main = CountTable([20, 30], [3, 3], 4, 2000)
    tail = CountTable([2500, 4000], [1, 1], 2, 10_000)
    whole = CountTable([20, 30, 2500, 4000], [3, 3, 1, 1], 2, 10_000)
    found = describe_tail_study(main, tail, whole)
    assert (found["n"], found["cap"], found["end"], found["slowest"]) == (4, 2000, 10_000, 4000)
    assert found["merely_slow"]["value"] == 0.5
    assert found["never_by_end"]["value"] == 0.2
    assert found["late_within"] == {3000: 1, 5000: 2, 10_000: 2}
    assert found["survival"]["updates"].tolist() == [20, 30, 2500, 4000, 10_000]
    assert found["survival"]["survival"] == pytest.approx([0.7, 0.4, 0.3, 0.2, 0.2])
