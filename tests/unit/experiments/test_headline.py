"""The headline: the verdict by its rule, what figures show, and studies of any outcome."""

import json
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.path import Path
from scipy.spatial.distance import cdist
from scipy.stats import gaussian_kde

from replication import CountTable, simulate
from replication.definition.protocol import DIGITS, PAPER, Protocol, as_plain
from replication.experiments import TEMPLATES
from replication.experiments.headline import distributions, run
from replication.experiments.headline.figures import FIGURES
from replication.paper.claims import ClaimVerdict, load_claims
from replication.paper.study import Study
from replication.publication.publishing import count_parts, list_claims
from replication.report.style import styled
from replication.report.template import fill
from replication.simulator.running.outcomes import compute_digest
from tests.unit.experiments.builders import draw_counts, draw_studies, make_counts


@pytest.fixture(scope="module")
def skewed():
    return draw_counts(50_000, n_censored=40)


@pytest.fixture(scope="module")
def model(skewed):
    slower = CountTable(skewed.updates + 5, skewed.counts, skewed.n_censored, 2005)
    errors = {"square": skewed, "half-square": draw_counts(50_000, centre=3.6)}
    others = {4: skewed, 5: slower}
    return run.describe_study(skewed, PAPER, repetitions=others, other_errors=errors)


POPULATION = {"n": 5_000, "cap": 2000, "mean": 46.5}
P_VALUES = dict.fromkeys((each.id for each in load_claims()["headline"].operationalisations), 0.5)
SAMPLING = {"chance_all_converge": 0.9}


@pytest.mark.parametrize(("changed", "verdict", "reason"), [
    ({"p": P_VALUES | {"square": None}}, ClaimVerdict.HOLDS, None),
    ({"p": P_VALUES | {"square": 0.04}}, ClaimVerdict.HOLDS_EXCEPT, None),
    ({"p": P_VALUES | {"smaller-tail": 0.04}}, ClaimVerdict.FAILS_EXCEPT, None),
    ({"p": dict.fromkeys(P_VALUES, 0.01)}, ClaimVerdict.DOES_NOT_HOLD, None),
    ({"sampling": {"chance_all_converge": 0.009}}, ClaimVerdict.NOT_TESTABLE, "few converge"),
    ({"networks": POPULATION | {"n": 999}}, ClaimVerdict.TOO_FEW, "few networks"),
    ({"networks": POPULATION | {"cap": 202}}, ClaimVerdict.NOT_TESTABLE, "cap"),
    ({"protocol": Protocol(learning_rate=15.0)}, ClaimVerdict.NOT_TESTABLE, "settings"),
    ({"protocol": Protocol(criterion="worst-pattern")}, ClaimVerdict.HOLDS, None),
])  # fmt: skip
def test_verdict_follows_from_p_where_the_study_can_judge(changed, verdict, reason):
    study = {"networks": POPULATION, "sampling": SAMPLING, "p": P_VALUES, "protocol": PAPER}
    judged = run.judge_headline(**study | changed)
    assert (judged["verdict"], judged["reason"]) == (verdict, reason)


def test_histogram_shows_99_networks_of_100_however_slow_they_are():
    for slower in (0, 1_000):
        counts = make_counts([*range(1, 1_001)] + [200 + slower] * 1_000, cap=3_000)
        shown = distributions.make_histogram(counts)
        assert 0.0 <= shown["share_beyond"] <= 0.01
        assert sum(shown["shares"]) + shown["share_beyond"] == pytest.approx(1.0)
        # And the reported number, with a fifth more than the larger of the two.
        p99 = np.quantile(np.repeat(counts.updates, counts.counts), 0.99, method="higher")
        assert shown["edges"][-2] <= 1.2 * max(p99, 202) <= shown["edges"][-1]


def test_unusualness_is_that_of_literal_counts(skewed):
    measured = distributions.measure_unusualness(distributions.map_studies(skewed))
    means, maxima = draw_studies(skewed, 20_000)
    # Mahalanobis distances, by SciPy, of logarithms of drawn studies.
    points, reported = np.log([means, maxima]).T, np.log([[48.0, 202.0]])
    centre, inverse = [points.mean(axis=0)], np.linalg.inv(np.cov(points.T))
    away, own = (cdist(rows, centre, "mahalanobis", VI=inverse) for rows in (points, reported))
    assert measured["mahalanobis"] == pytest.approx(np.mean(away >= own), abs=0.03)
    # Against another estimator of the density.
    studies = np.array([means, np.log(maxima)])
    kernel = gaussian_kde(studies[:, ::4])
    density, of_reported = kernel(studies[:, :2000]), kernel([[48.0], [np.log(202.0)]])
    of_log = np.mean(density <= of_reported)
    assert measured["density-log"] == pytest.approx(of_log, abs=0.05)
    plain = np.mean(density / maxima[:2000] <= of_reported / 202.0)
    assert measured["density"] == pytest.approx(plain, abs=0.05)


def test_population_is_that_of_the_networks(skewed):
    values = np.repeat(skewed.updates, skewed.counts)
    population = run.describe_population(skewed)
    assert population["mean"] == pytest.approx(values.mean())
    assert population["median"] == np.median(np.append(values, np.full(40, 2000)))
    assert population["share"] == pytest.approx(1.0 - 40 / skewed.n)
    histogram = distributions.make_histogram(skewed)
    assert sum(histogram["shares"]) + histogram["share_beyond"] == pytest.approx(1.0)
    assert histogram["share_beyond"] >= 40 / skewed.n


def test_each_way_to_ask_has_a_p_of_its_own(model):
    ways = model["claims"]["headline"]["operationalisations"]
    # Made of the same counts.
    assert ways["square"]["value"] == ways["smaller-tail"]["value"] == model["sampling"]["p"]
    assert ways["half-square"]["outcome"] == "contradicts"
    assert ways["half-square-sweeps"]["value"] > ways["half-square"]["value"]
    same, slower = (row["p"] for row in model["repetitions"])
    assert same == model["sampling"]["p"] != slower


@pytest.mark.parametrize("counts", [
    draw_counts(50_000), draw_counts(1_000),
    make_counts([30] * 500 + [40] * 400 + [60] * 80 + [150] * 15 + [400] * 5),
], ids=["many", "1,000", "few distinct"])  # fmt: skip
def test_margins_sum_to_nearly_one_and_outlines_hold_the_studies_that_they_claim(counts):
    joint = distributions.describe_joint(counts, distributions.map_studies(counts))
    assert 0.98 < sum(joint["mean_share"]) <= 1.0 + 1e-9
    assert 0.99 < sum(joint["max_share"]) <= 1.0 + 1e-9
    # As many of the drawn studies lie within a region as it claims.
    means, maxima = draw_studies(counts, 10_000)
    studies = np.transpose([means, np.log(maxima)])
    for region, level in zip(joint["regions"], distributions.REGION_LEVELS, strict=True):
        lines = [np.transpose([line["mean"], np.log(line["max"])]) for line in region]
        # A study within an odd number of lines lies in the region: others surround holes.
        inside = sum(Path(line).contains_points(studies).astype(int) for line in lines) % 2
        assert inside.mean() == pytest.approx(level, abs=0.03)


def test_figures_mark_both_reported_numbers(model):
    with styled():
        joint, distribution = (FIGURES[name](model) for name in ("joint", "distribution"))
    plane = next(axes for axes in joint.axes if axes.get_gid() == "joint-plane")
    stars = [line for line in plane.lines if line.get_marker() == "*"]
    assert [(star.get_xdata()[0], star.get_ydata()[0]) for star in stars] == [(48.0, 202)]
    # The distribution marks what is reported and what was found.
    marked = {float(line.get_xdata()[0]) for line in distribution.axes[0].lines}
    population = model["population"]
    assert marked == {48.0, 202.0, population["mean"], population["median"]}


ODD_STUDIES = {
    "one that did not converge": make_counts([], n_censored=1),
    "all at once, before any update": make_counts([0] * 2000),
    "all alike": make_counts([48] * 2000),
    "five values": make_counts([20, 30, 40, 50, 60] * 300),
    "far apart": make_counts([1, 50, 1000, 90_000, 5_000_000, 9_000_000] * 200, cap=10_000_000),
}


def render_short(model, counts, protocol):
    """Return the short report of a study, with the lines that a command adds to its model."""
    differences = protocol.differences
    model["study"] = {
        "n": counts.n, "root_seed": 7, "differences": differences, "digest": "a1",
        "paper": {name: as_plain(PAPER)[name] for name in differences},
    }  # fmt: skip
    model["provenance"] = {"command": "replication replicate --seeds 5"}
    models = json.loads(json.dumps({"headline": model}, allow_nan=False))
    models["claims"] = list_claims(models)
    return fill(TEMPLATES / "headline" / "short.md", models, {})


@pytest.mark.parametrize("counts", ODD_STUDIES.values(), ids=ODD_STUDIES)
@pytest.mark.filterwarnings("error")
def test_study_of_any_outcome_has_a_short_report_without_holes(counts):
    protocol = Protocol(hidden_regression=False)
    others = dict.fromkeys(("square", "half-square"), counts)
    model = run.describe_study(counts, protocol, repetitions={1: counts}, other_errors=others)
    text = render_short(model, counts, protocol)
    assert "not testable" in text
    assert "`false` | `true`" in text
    if counts.n < 1000:
        for word in ("probability", "interval"):
            assert word not in text, "more than so few can tell"
    if "figures/joint.svg" in text:
        with styled():
            FIGURES["joint"](model).savefig("/dev/null", format="svg")


def test_numbers_of_another_task_are_not_set_beside_those_of_the_paper():
    counts = ODD_STUDIES["five values"]
    model = run.describe_study(counts, DIGITS, repetitions={1: counts}, other_errors={})
    text = render_short(model, counts, DIGITS)
    _, after = text.split("# The study")
    assert "| mean |" in after
    for nonsense in ("48", "202", "1988 |", "Star", "*p*"):
        assert nonsense not in after
    with styled():
        above, _ = FIGURES["distribution"](model).axes
    assert [label.get_text() for label in above.get_yticklabels()] == ["median, here", "mean, here"]


def test_study_names_its_digest_and_what_differs_from_the_paper():
    study = Study(replace(PAPER, max_updates=60), 7, 60)
    counted = count_parts(study)
    model = run.run(study, counted)
    assert model["population"] == run.describe_population(counted[study].table)
    outcomes = simulate(study.protocol, n_seeds=60, root_seed=7)
    assert model["study"]["digest"] == compute_digest([outcomes])
    assert model["study"]["differences"] == {"max_updates": 60}
    assert [row["root_seed"] for row in model["repetitions"]] == [8, 9, 10, 11, 12]
