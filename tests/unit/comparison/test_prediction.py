"""p-values, intervals and chances of reported statistics, against closed forms and enumeration."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from replication.comparison import prediction
from replication.comparison.numbers import read_number
from replication.statistics.counts import CountTable
from replication.statistics.sampling import Effort, Sample

VALUES, COUNTS = np.array([3, 4, 6, 9]), np.array([5, 3, 2, 1])
TABLE = CountTable(VALUES, COUNTS, 0, 20)


def read(**reported):
    return {name: read_number(text, name) for name, text in reported.items()}


def find(values, runs, n_studies=20_000, seed=1989, **reported):
    sample = values if isinstance(values, Sample) else Sample.from_values(values)
    effort = Effort(n_studies, 200, seed)
    return prediction.predict(sample, read(**reported), runs, [1.0], level=0.05, effort=effort)[0]


def judge_mean_and_max(table, runs, **reported):
    yours = {"mean": math.nan, "max": math.nan}
    return prediction.predict_mean_and_max(table, read(**reported), runs, yours=yours, level=0.05)


def test_mean_of_normal_runs_has_students_prediction_interval():
    """mean +- t s sqrt(1/N + 1/n), on average over samples."""
    generator = np.random.default_rng(12)
    ratios = []
    for _ in range(10):
        values = generator.normal(size=40)
        finding = find(values, 10, mean="0.0").findings["mean"]
        # Of 40 runs seen and 10 to come.
        reach = stats.t.ppf(0.975, 39) * values.std(ddof=1) * math.sqrt(1 / 40 + 1 / 10)
        low, high = finding.interval
        ratios.append((high - low) / (2 * reach))
        assert (high + low) / 2 == pytest.approx(values.mean(), abs=0.3)
    # Unseen values beyond either end make it somewhat wider.
    assert 0.95 < np.mean(ratios) < 1.2


def test_p_of_several_is_the_share_of_studies_with_a_smaller_tail():
    """Independent uniform statistics: P(min tail <= t) = 1 - (1 - 2 t)^2."""
    drawn = dict(zip(("mean", "sd"), np.random.default_rng(4).random((2, 10, 20_000)), strict=True))
    reported, yours = read(mean="0.050000", sd="0.500000"), {"mean": 0, "sd": 0}
    found = prediction.judge_draws(drawn, reported, yours, level=0.05)
    assert found.findings["mean"].p == pytest.approx(0.1, abs=0.004)
    assert found.p == pytest.approx(1 - 0.9**2, abs=0.006)


def test_p_of_one_statistic_is_twice_its_smaller_tail_ties_included():
    drawn = {"mean": np.repeat([0.0, 1, 2], [100, 600, 300]).reshape(20, 50)}
    for text, p in (("0", 0.2), ("1", 1.0), ("2", 0.6), ("3", 0.0)):
        found = prediction.judge_draws(drawn, read(mean=text), {"mean": 0}, level=0.05)
        assert found.p == found.findings["mean"].p == pytest.approx(p)


LUMPS = [
    ([-5, 0, -3, 0, -1, -2], "0", 9), ([1, 2, 0, -3, -2], "2", 5), ([0, 0.5, 2, 7, 7.5], "7.2", 4),
]  # fmt: skip
TURNED = {"median": "median", "iqm": "iqm", "min": "max", "q1": "q3", "sd": "sd"}


@pytest.mark.parametrize(("values", "reported", "runs"), LUMPS)
@pytest.mark.parametrize("name", TURNED)
def test_negated_runs_have_the_negated_answer(values, reported, runs, name):
    sign = 1 if name == "sd" else -1
    turned = f"{sign * float(reported):.{len(reported.partition('.')[2])}f}"
    found = find(values, runs, **{name: reported})
    again = find(np.negative(values), runs, **{TURNED[name]: turned})
    assert again.p == found.p
    one, two = found.findings[name], again.findings[TURNED[name]]
    assert sorted(sign * end for end in two.interval) == pytest.approx(one.interval)


def enumerate_studies(n):
    """Return mean, largest value and probability of every study of n runs."""
    shares = COUNTS / COUNTS.sum()
    return [
        (VALUES[list(places)].mean(), VALUES[list(places)].max(), math.prod(shares[list(places)]))
        for places in itertools.product(range(VALUES.size), repeat=n)
    ]


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize(("mean", "largest"), [("4", "6"), ("5", "9"), ("3", "3"), ("8", "9")])
def test_p_of_mean_and_maximum_is_that_of_all_studies_enumerated(n, mean, largest):
    studies = [(np.floor(m + 0.5), top, p) for m, top, p in enumerate_studies(n)]

    def find_tail(m, top):
        # The smaller tail of the maximum, and of the mean among studies with that maximum.
        of_max = min(sum(p for _, t, p in studies if t <= top),
                     sum(p for _, t, p in studies if t >= top))  # fmt: skip
        same = [(other, p) for other, t, p in studies if t == top]
        whole = sum(p for _, p in same)
        of_mean = min(sum(p for other, p in same if other <= m),
                      sum(p for other, p in same if other >= m)) / whole  # fmt: skip
        return min(of_max, of_mean)

    found = judge_mean_and_max(TABLE, n, mean=mean, max=largest)
    # p is the probability of studies at least as extreme, ties included.
    own = find_tail(float(mean), int(largest))
    expected = sum(p for m, top, p in studies if find_tail(m, top) <= own * (1 + 1e-9))
    assert found.p == pytest.approx(expected)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_mean_given_the_largest_is_that_of_all_studies_enumerated(n):
    for largest in VALUES:
        found = judge_mean_and_max(TABLE, n, mean="5", max=str(largest))
        given = found.distributions["mean_given_max"]
        studies = [(mean, p) for mean, top, p in enumerate_studies(n) if top == largest]
        whole = sum(p for _, p in studies)
        for value, mass in zip(given.values, given.mass, strict=True):
            expected = sum(p for mean, p in studies if abs(mean - value) < 1e-9) / whole
            assert mass == pytest.approx(expected, abs=1e-13)


def test_exact_and_drawn_answers_agree():
    values = np.random.default_rng(5).geometric(0.1, size=40_000)
    table = CountTable(*np.unique(values, return_counts=True), 0, None)
    exact = find(Sample.from_counts(table), 30, mean="11", max="60")
    drawn = find(values, 30, 100_000, mean="11", max="60")
    assert exact.p_error == 0 < drawn.p_error
    assert drawn.p == pytest.approx(exact.p, abs=0.02)
    for name in ("mean", "max"):
        assert drawn.findings[name].p == pytest.approx(exact.findings[name].p, abs=0.02)
    found, expected = (item.findings["mean_given_max"] for item in (drawn, exact))
    assert found.mean == pytest.approx(expected.mean, abs=0.2)
