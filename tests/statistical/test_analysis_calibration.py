"""How often the intervals cover, on fixed seeds.

The short versions can fail: a coverage may miss its requirement by three
standard errors, which happens to a sound interval about once in a thousand
times, and not at all on these seeds.
"""

import numpy as np
import pytest
from scipy import special

from replication.analysis.calibration import calibrate, measure_coverage
from replication.analysis.checks import (
    check_negative_binomial,
    check_resampling,
    check_tilt,
    draw_means,
    measure_distance,
)
from replication.analysis.compatible import read_reported_mean
from replication.analysis.counts import CountTable
from replication.analysis.mean_law import MeanLaws
from replication.analysis.run_trials import measure_prediction_coverage
from replication.analysis.runs import RULES, make_run_law
from replication.analysis.trials import count_hits, draw_studies

REPORTED = read_reported_mean("48")


def make_law(n=200_000, cap=2000):
    """Outcomes about as skewed as those of 4-2-4 networks, 0.1 % of them censored."""
    generator = np.random.default_rng(18)
    updates = np.rint(15 + generator.lognormal(3, 0.75, n)).astype(int)
    updates = np.where(generator.random(n) < 1e-3, cap, np.minimum(updates, cap))
    return CountTable.from_outcomes(updates, updates < cap, cap)


LAW = make_law()


def test_intervals_cover_as_required():
    rows = measure_coverage(
        LAW,
        sizes=(1000, 10_000),
        n_studies=300,
        generator=np.random.default_rng(19),
        n_errors=3.0,
    )
    missed = [
        (row["quantity"], entry["n_networks"], entry["coverage"])
        for row in rows
        for entry in row["by_size"]
        if entry["meets"] is False
    ]
    assert missed == []
    means = [row for row in rows if row["quantity"].startswith("mean-")]
    assert len(means) == 3
    assert all(row["by_size"][1]["meets"] for row in means)


def test_interval_that_is_too_narrow_is_noticed():
    """The canary: a plain t interval at the cap is known to cover far too rarely."""
    truth = float(np.append(LAW.updates, 2000) @ np.append(LAW.counts, LAW.n_censored)) / LAW.n
    ends = np.empty((300, 2))
    studies = draw_studies(LAW, 200, n_studies=300, generator=np.random.default_rng(20))
    for place, table in enumerate(studies):
        values = np.append(table.updates, 2000)
        sample = np.repeat(values, np.append(table.counts, table.n_censored))
        half = 1.97 * sample.std(ddof=1) / np.sqrt(200)
        ends[place] = sample.mean() - half, sample.mean() + half
    found = count_hits(ends, truth, n_networks=200, requirement="at least 94 %", n_errors=3.0)
    assert found["meets"] is False
    assert found["too_low"] > 0.1


def test_prediction_intervals_cover_as_required():
    rows = measure_prediction_coverage(
        LAW,
        sizes=(200, 1000),
        n_studies=100,
        generator=np.random.default_rng(21),
        n_errors=3.0,
    )
    assert [row for row in rows if not row["meets"]] == []
    assert {row["n_runs"] for row in rows} == {1, 2, 10, 50}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("n", [3, 30])
def test_exact_law_agrees_with_means_drawn_run_by_run(rule, n):
    found = check_resampling(LAW, rule, n=n, n_draws=4000, generator=np.random.default_rng(22))
    assert found["meets"], found


def test_resampling_notices_a_slightly_wrong_law():
    """The canary: draws of a population in which the slowest hundredth is cut short."""
    run, cut = make_run_law(LAW, "cap"), make_run_law(LAW.censor(150), "cap")
    means = draw_means(cut, 30, n_draws=4000, generator=np.random.default_rng(23))
    limit = special.kolmogi(1e-3) / np.sqrt(4000)
    assert measure_distance(MeanLaws(cut).compute(30), means) < limit
    assert measure_distance(MeanLaws(run).compute(30), means) > limit


@pytest.mark.parametrize(("success", "n"), [(0.3, 20), (0.02, 500)])
def test_geometric_outcomes_sum_to_the_negative_binomial(success, n):
    assert check_negative_binomial(success=success, n=n)["meets"]


def test_tilted_interval_of_n_star_agrees_with_the_bootstrap():
    found = check_tilt(
        LAW,
        REPORTED,
        n_networks=100_000,
        n_bootstraps=60,
        generator=np.random.default_rng(24),
    )
    assert found["value"] < 0.2


@pytest.mark.long
def test_calibration_on_the_law_of_real_networks_meets_every_requirement():
    from replication.protocol import PAPER
    from replication.simulator.ensemble import simulate

    outcomes = simulate(PAPER, n_seeds=1_000_000, root_seed=4242)
    law = CountTable.from_outcomes(outcomes.updates, outcomes.converged, PAPER.max_updates)
    model = calibrate(law, REPORTED, n_studies=2000, n_star_studies=100, seed=49)
    assert model["meets"], model
