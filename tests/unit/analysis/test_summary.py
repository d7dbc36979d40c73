"""The results model: complete, plain, and the same for every kind of population."""

import dataclasses
import json
import time

import numpy as np
import pytest

from replication.analysis.compatible import make_run_grid, read_reported_mean
from replication.analysis.confrontation import confront_all, judge
from replication.analysis.counts import CountTable
from replication.analysis.coverage import load_calibration
from replication.analysis.describe import (
    describe_no_failure,
    describe_population,
    describe_rule,
    describe_runs,
    describe_tail_study,
)
from replication.analysis.plain import make_plain, make_plain_estimate
from replication.analysis.population import estimate_convergence
from replication.analysis.series import (
    make_histogram,
    make_no_failure,
    make_restart,
    make_restricted_mean,
    make_survival,
)
from replication.analysis.summary import LIMITS, NOT_APPLICABLE, summarise_study
from replication.analysis.tail import combine_with_tail
from replication.claims import load_claims

CLAIM = load_claims()["mean-48"]
RULES = ("discard", "cap", "restart")


def draw(n=5000, cap=2000, seed=15):
    generator = np.random.default_rng(seed)
    updates = np.rint(15 + generator.lognormal(3, 0.8, n)).astype(int)
    updates = np.where(generator.random(n) < 2e-3, cap, np.minimum(updates, cap))
    return CountTable.from_outcomes(updates, updates < cap, cap)


def make(outcomes, n_censored=0, cap=2000):
    values = [*outcomes] + [cap] * n_censored
    return CountTable.from_outcomes(values, [True] * len(outcomes) + [False] * n_censored, cap)


EDGES = {
    "all equal": make([48] * 100),
    "all at the start": make([0] * 100),
    "all censored": make([], 100),
    "two values": make([40, 56] * 50),
    "one network": make([48]),
    "one censored network": make([], 1),
    "one of two converged": make([30], 1),
    "one in ten thousand converged": make([30], 9999),
    "half failed": make([30, 60] * 50, 100),
    "cap of one": make([0] * 50, 50, 1),
    "converged at the cap": make([2000] * 50, 50),
    "restart never succeeds": make(range(300, 900)),
}


@pytest.mark.parametrize("name", EDGES)
def test_every_population_has_a_complete_plain_model(name):
    model = summarise_study(EDGES[name], CLAIM)
    assert json.loads(json.dumps(model, allow_nan=False)) == model
    assert set(model) == set(summarise_study(draw(300), CLAIM))
    assert model["verdict"]["verdict"] in {
        "replicated",
        "replicated with qualification",
        "not replicated",
        "not testable",
    }
    for part in model["rules"].values():
        if part is not None:
            mean = part["mean"]
            assert mean["low"] <= mean["value"]
            assert mean["high"] is None or mean["value"] <= mean["high"]
            assert part["runs"]["low"] <= part["runs"]["n_star"] <= part["runs"]["high"]


def test_rules_without_a_mean_are_null_and_not_testable_if_nothing_converged():
    model = summarise_study(EDGES["all censored"], CLAIM)
    assert model["rules"]["discard"] is None
    assert model["rules"]["restart"] is None
    assert model["rules"]["cap"]["mean"]["value"] == 2000
    assert model["verdict"]["verdict"] == "not testable"


def test_model_states_the_coverage_of_every_interval_of_a_mean():
    model = summarise_study(draw(), CLAIM)
    for rule in RULES:
        assert model["rules"][rule]["mean"]["coverage"]["size"] == 1000
        assert model["rules"][rule]["runs"]["coverage"]["measured"] is not None
    assert all(q["coverage"]["measured"] for q in model["population"]["quantiles"])
    assert model["population"]["converged"]["coverage"]["trusted"]


def test_repetitions_with_another_verdict_leave_the_claim_unsettled():
    model = summarise_study(
        make([48, 47, 49] * 3000),
        CLAIM,
        repetitions={7: make([48, 49] * 4000), 8: make([90] * 50)},
    )
    assert [entry["root_seed"] for entry in model["repetitions"]] == [7, 8]
    assert model["repetitions"][0]["verdict"] == model["verdict"]["verdict"] == "replicated"
    assert model["verdict"]["settled"] == "unsettled"


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ({"learning_rate": 15.0}, "not testable"),
        ({"threshold": 0.2, "half_width": 0.1}, "not testable"),
        ({"half_width": 0.1, "criterion": "squared-error", "max_updates": 500}, "replicated"),
    ],
)
def test_study_with_other_than_the_reported_settings_is_not_testable(differences, verdict):
    table = make([48, 47, 49] * 3000)
    model = summarise_study(table, CLAIM, differences=differences, repetitions={7: table})
    assert model["verdict"]["verdict"] == model["verdict"]["settled"] == verdict
    assert model["repetitions"][0]["verdict"] == verdict
    assert model["verdict"]["numbers"] == summarise_study(table, CLAIM)["verdict"]["numbers"]


def test_single_network_is_too_small_to_judge():
    model = summarise_study(EDGES["one network"], CLAIM)
    assert model["verdict"]["verdict"] == "not testable"
    assert "too small" in model["verdict"]["reason"]


def test_tail_study_extends_the_restricted_mean():
    main = make([30] * 95, 5, 100)
    tail = CountTable.from_outcomes([150] + [9000] * 4, [True] + [False] * 4, 9000)
    model = summarise_study(main, CLAIM, tail=tail)
    series = model["series"]["restricted_mean"]
    assert series["updates"][-1] == 9000
    assert series["mean"][-1] == pytest.approx((30 * 95 + 150 + 4 * 9000) / 100)
    # E[min(T, tau)] = 28.5 + 1.5 + 0.04 tau for tau from 150 on.
    assert series["crossing"] == pytest.approx((48 - 30) / 0.04)
    assert model["tail"]["merely_slow"]["value"] == 0.2


def test_numbers_have_at_most_six_significant_digits():
    def walk(value):
        if isinstance(value, dict):
            for entry in value.values():
                yield from walk(entry)
        elif isinstance(value, list):
            for entry in value:
                yield from walk(entry)
        elif isinstance(value, float):
            yield value

    assert all(float(f"{x:.6g}") == x for x in walk(summarise_study(draw(), CLAIM)))


OTHER = dataclasses.replace(
    CLAIM,
    reported="50.5",
    thresholds={"margin_percent": 5.0, "min_n_star": 12, "restart_after": 60},
)


@pytest.fixture(scope="module")
def parts():
    """A study of another claim with its tail and a repetition, and what it is made of."""
    table, again = draw(400, cap=150), draw(300, cap=150, seed=16)
    tail = CountTable.from_outcomes(
        [400] + [9000] * (table.n_censored - 1), [True] + [False] * (table.n_censored - 1), 9000
    )
    model = summarise_study(
        table,
        OTHER,
        study={"digest": "abc"},
        tail=tail,
        repetitions={7: again},
    )
    return table, again, tail, model


def confront_other(table, **more):
    return confront_all(
        table, read_reported_mean("50.5"), margin_percent=5.0, restart_after=60, **more
    )


def test_model_of_a_study_says_what_it_is_of(parts):
    model = parts[3]
    assert list(model) == [
        *("kind", "study", "reported", "thresholds", "population", "rules", "series"),
        *("no_failure", "tail", "verdict", "repetitions", "not_applicable", "limits"),
    ]
    assert model["kind"] == "summary"
    assert model["study"] == {"digest": "abc"}
    assert model["reported"] == {
        "text": "50.5",
        "value": 50.5,
        "low": 50.45,
        "high": 50.55,
        "decimals": 1,
    }
    assert model["thresholds"] == OTHER.thresholds | {"max_runs": 5000, "significance": 0.05}
    assert model["not_applicable"] == list(NOT_APPLICABLE)
    assert model["limits"] == list(LIMITS)


def test_model_of_a_study_holds_its_parts(parts):
    table, _, tail, model = parts
    whole = combine_with_tail(table, tail)
    found = confront_other(table, laws_of=(10, 20, 50, 100, 200))
    assert model["population"] == make_plain(describe_population(table, None))
    for rule, item in found.items():
        assert model["rules"][rule] == make_plain(describe_rule(item, table, 60, None))
        assert list(model["rules"][rule]["laws"]) == ["10", "20", "50", "100", "200"]
    assert model["series"] == make_plain(
        {
            "histogram": make_histogram(table),
            "survival": make_survival(table),
            "restricted_mean": make_restricted_mean(whole, 50.5),
            "restart": make_restart(table, restart_after=60),
            "no_failure": make_no_failure(table, make_run_grid()),
        }
    )
    assert model["no_failure"] == make_plain(describe_no_failure(table))
    assert model["tail"] == make_plain(describe_tail_study(table, tail, whole))
    verdict = judge(found, read_reported_mean("50.5"), OTHER.thresholds)
    assert model["verdict"]["reason"] == verdict.reason
    assert model["verdict"]["settled"] in {verdict.verdict, "unsettled"}


def test_repetition_is_told_by_its_own_numbers(parts):
    again, model = parts[1], parts[3]
    found = confront_other(again, with_curve=False)
    assert model["repetitions"] == [
        make_plain(
            {
                "root_seed": 7,
                "n_networks": 300,
                "verdict": judge(found, read_reported_mean("50.5"), OTHER.thresholds).verdict,
                "converged": make_plain_estimate(estimate_convergence(again)),
                "means": {
                    rule: make_plain_estimate(item.mean.interval) for rule, item in found.items()
                },
                "n_star": {rule: describe_runs(item) for rule, item in found.items()},
            }
        )
    ]


SETTLED = make([48, 47, 49] * 3000)


def test_repetition_that_failed_altogether_has_no_means_but_that_at_the_cap():
    model = summarise_study(draw(300), CLAIM, repetitions={3: make([], 50), 4: SETTLED})
    failed, done = model["repetitions"]
    assert (failed["means"]["discard"], failed["means"]["restart"]) == (None, None)
    assert failed["means"]["cap"]["value"] == 2000
    assert failed["converged"]["value"] == 0
    assert (failed["verdict"], done["verdict"]) == ("not testable", "replicated")


def test_claim_without_a_restart_restarts_after_200():
    thresholds = {"margin_percent": 5.0, "min_n_star": 12}
    claim = dataclasses.replace(OTHER, thresholds=thresholds)
    model = summarise_study(draw(400, cap=500), claim)
    assert model["series"]["restart"]["headline"]["updates"] == 200


def test_given_calibration_is_the_one_that_is_told():
    """A table in which every interval covers in a quarter of all studies."""
    table = json.loads(json.dumps(load_calibration()))
    for row in table["coverage"]:
        for entry in row["by_size"]:
            entry["coverage"] = 0.25
    model = summarise_study(draw(400), CLAIM, calibration=table)
    assert model["rules"]["discard"]["mean"]["coverage"]["measured"] == 0.25
    assert model["population"]["converged"]["coverage"]["measured"] == 0.25


def test_cost_does_not_depend_on_the_number_of_networks():
    """A hundred thousand and a hundred million networks with the same distinct outcomes."""
    few = draw(100_000)
    many = CountTable(few.updates, few.counts * 1000, few.n_censored * 1000, few.cap)
    summarise_study(few, CLAIM)

    def measure(table):
        start = time.process_time()
        summarise_study(table, CLAIM)
        return time.process_time() - start

    assert min(measure(many) for _ in range(3)) < 2 * min(measure(few) for _ in range(3))
