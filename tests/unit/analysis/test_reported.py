"""Any reported mean against any outcomes."""

import json

import numpy as np
import pytest

from replication.analysis.compatible import read_reported_mean
from replication.analysis.confrontation import confront_all
from replication.analysis.counts import CountTable
from replication.analysis.coverage import find_coverage
from replication.analysis.intervals import bound_proportion
from replication.analysis.plain import make_plain
from replication.analysis.reported import SHOWN_RUNS, compare_with_reported, list_cautions
from replication.errors import DataError, UsageError

THRESHOLDS = {"margin_percent": 10.0, "min_n_star": 20}


def draw(n=2000):
    generator = np.random.default_rng(12)
    return np.rint(15 + generator.lognormal(3, 0.8, n)).astype(int)


def test_comparison_agrees_with_the_parts_it_is_made_of():
    outcomes = np.minimum(draw(), 150)
    model = compare_with_reported(
        outcomes, "48", thresholds=THRESHOLDS, censored=outcomes >= 150, restart_after=100
    )
    table = CountTable.from_outcomes(outcomes, outcomes < 150, 150)
    parts = confront_all(table, read_reported_mean("48"), margin_percent=10, restart_after=100)
    for rule, part in parts.items():
        assert model["rules"][rule]["runs"]["n_star"] == part.runs.n_star
        found, expected = model["rules"][rule]["mean"], part.mean.interval
        assert [found[key] for key in ("value", "low", "high")] == pytest.approx(
            [expected.value, expected.low, expected.high], rel=1e-5
        )
    assert json.loads(json.dumps(model, allow_nan=False)) == model


@pytest.mark.parametrize("factor", [0.1, 0.001])
def test_unit_of_the_data_does_not_matter(factor):
    """Outcomes and reported mean in another unit: the same verdict, p and n*."""
    outcomes = draw()
    whole = compare_with_reported(outcomes, "48", thresholds=THRESHOLDS)
    text = f"{48 * factor:.{round(-np.log10(factor))}f}"
    scaled = compare_with_reported(outcomes * factor, text, thresholds=THRESHOLDS)
    assert scaled["data"]["rounding_error"] == 0
    assert scaled["verdict"]["verdict"] == whole["verdict"]["verdict"]
    ours, theirs = scaled["rules"]["discard"], whole["rules"]["discard"]
    assert ours["runs"] == theirs["runs"]
    assert ours["smallest_margin"] == pytest.approx(theirs["smallest_margin"] * factor, rel=1e-4)
    assert [e["p"] for e in ours["at"]] == pytest.approx([e["p"] for e in theirs["at"]], rel=1e-4)
    assert scaled["verdict"]["numbers"][0]["threshold"] == pytest.approx(4.8 * factor)


def test_measured_outcomes_give_nearly_the_verdict_of_rounded_ones():
    outcomes = 15 + np.random.default_rng(13).lognormal(3, 0.8, 2000)
    measured = compare_with_reported(outcomes, "48.3", thresholds=THRESHOLDS)
    rounded = compare_with_reported(outcomes.round(2), "48.3", thresholds=THRESHOLDS)
    assert measured["data"]["rounding_error"] > 0
    for ours, theirs in zip(
        measured["rules"]["discard"]["at"], rounded["rules"]["discard"]["at"], strict=True
    ):
        assert ours["p"] == pytest.approx(theirs["p"], abs=2e-3)
        assert ours["low"] == pytest.approx(theirs["low"], rel=2e-3)


def test_data_without_censoring_have_one_rule():
    model = compare_with_reported(draw(), "48", thresholds=THRESHOLDS)
    assert not model["rules_differ"]
    assert list(model["rules"]) == ["discard"]
    assert "rule" not in model["verdict"]["reason"]


def test_small_data_are_told_what_their_intervals_are_worth():
    model = compare_with_reported(draw(20), "48", thresholds=THRESHOLDS)
    assert any("too few" in caution for caution in model["cautions"])
    assert not model["rules"]["discard"]["mean"]["coverage"]["trusted"]


def test_equal_outcomes_are_cautioned():
    model = compare_with_reported([48] * 50, "48", thresholds=THRESHOLDS)
    assert model["verdict"]["verdict"] == "replicated"
    assert any("equal" in caution for caution in model["cautions"])


def test_reported_zero_never_passes_a_relative_margin():
    model = compare_with_reported([0, 0, 1], "0", thresholds=THRESHOLDS)
    assert not model["rules"]["discard"]["equivalence"]["is_equivalent"]
    assert any("mean of 0" in caution for caution in model["cautions"])


@pytest.mark.parametrize(
    ("values", "censored", "message"),
    [([48], None, "single outcome"), ([9, 9], [True, True], "all 2 outcomes are censored")],
)
def test_data_without_a_mean_to_compare_are_refused(values, censored, message):
    with pytest.raises(DataError, match=message):
        compare_with_reported(values, "48", thresholds=THRESHOLDS, censored=censored)


def test_reported_mean_must_be_a_number():
    with pytest.raises(UsageError, match="plain number"):
        compare_with_reported([1, 2], "about 48", thresholds=THRESHOLDS)


def test_data_are_described_in_their_own_unit_by_hand():
    model = compare_with_reported(
        [1.5, 9.0, 2.5, 3.0],
        "2.3",
        thresholds=THRESHOLDS,
        censored=[False, True, False, False],
        restart_after=2.6,
    )
    assert list(model) == [
        *("reported", "data", "converged", "median", "rules_differ", "rules", "verdict"),
        "cautions",
    ]
    assert model["reported"] == {"text": "2.3", "value": 2.3, "low": 2.25, "high": 2.35}
    assert model["data"] == {
        "n": 4,
        "n_done": 3,
        "n_censored": 1,
        "cap": 9.0,
        "restart_after": 2.6,
        "smallest": 1.5,
        "largest": 3.0,
        "unit": 0.1,
        "rounding_error": 0.0,
    }
    assert model["converged"]["value"] == 0.75
    ends = [float(end) for end in bound_proportion(3, 4)]
    assert [model["converged"]["low"], model["converged"]["high"]] == pytest.approx(ends, rel=1e-5)
    assert model["median"]["value"] == 2.5
    # Two of four are done by 2.6: a run costs 2 on average, and 2.6 for the failure before it.
    assert model["rules"]["restart"]["mean"]["value"] == pytest.approx(2.0 + 2.6)
    assert model["rules"]["cap"]["mean"]["value"] == pytest.approx((7.0 + 9.0) / 4)
    assert model["rules"]["discard"]["standard_deviation"] == pytest.approx(
        np.std([1.5, 2.5, 3.0]), rel=1e-5
    )


def scale_model(model, factor):
    """Multiply what is in the unit of the data; everything else is a number without a unit."""

    def scale(part, names):
        return part | {
            name: None if part[name] is None else part[name] * factor for name in names
        }

    ends = ("value", "low", "high")
    return {
        "data": scale(model["data"], ("cap", "restart_after", "smallest", "largest", "unit")),
        "converged": model["converged"],
        "median": scale(model["median"], ends),
        "rules": {
            rule: scale(part, ("standard_deviation", "smallest_margin"))
            | {
                "mean": scale(part["mean"], ends),
                "equivalence": scale(part["equivalence"], ("margin",)),
                "at": [scale(entry, ("low", "high")) for entry in part["at"]],
            }
            for rule, part in model["rules"].items()
        },
    }


def list_numbers(part):
    if isinstance(part, dict):
        return [pair for key, entry in part.items() for pair in list_numbers(entry)]
    if isinstance(part, list):
        return [pair for entry in part for pair in list_numbers(entry)]
    return [part]


def test_every_number_is_in_the_unit_of_the_data():
    outcomes = np.minimum(draw(), 150)
    censored = outcomes >= 150
    whole = compare_with_reported(
        outcomes, "48", thresholds=THRESHOLDS, censored=censored, restart_after=100
    )
    tenths = compare_with_reported(
        outcomes / 10, "4.8", thresholds=THRESHOLDS, censored=censored, restart_after=10.0
    )
    expected = scale_model(whole, 0.1)
    for name, part in expected.items():
        ours, theirs = list_numbers(tenths[name]), list_numbers(part)
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            if isinstance(other, float):
                assert mine == pytest.approx(other, rel=2e-5, abs=1e-9)
            else:
                assert mine == other
    assert [entry["n"] for entry in whole["rules"]["cap"]["at"]] == list(SHOWN_RUNS)


def test_intervals_carry_their_measured_coverage():
    outcomes = np.minimum(draw(), 150)
    model = compare_with_reported(outcomes, "48", thresholds=THRESHOLDS, censored=outcomes >= 150)

    def find(quantity):
        return make_plain(find_coverage(quantity, 2000))

    assert find("converged") is not None
    assert model["converged"]["coverage"] == find("converged")
    assert model["median"]["coverage"] == find("quantile-0.5")
    for rule, part in model["rules"].items():
        assert part["mean"]["coverage"] == find(f"mean-{rule}")
        assert part["runs"]["coverage"] == find(f"n_star-{rule}")


def test_parts_of_a_rule_are_those_of_the_confrontation():
    outcomes = np.minimum(draw(), 150)
    model = compare_with_reported(outcomes, "48", thresholds=THRESHOLDS, censored=outcomes >= 150)
    table = CountTable.from_outcomes(outcomes, outcomes < 150, 150)
    parts = confront_all(table, read_reported_mean("48"), margin_percent=10, restart_after=150)
    for rule, part in parts.items():
        found = model["rules"][rule]
        assert set(found) == {
            *("words", "mean", "standard_deviation", "runs", "equivalence", "smallest_margin"),
            "at",
        }
        assert found["equivalence"]["margin"] == pytest.approx(4.8)
        assert found["smallest_margin"] == pytest.approx(part.smallest_margin, rel=1e-5)
        for name in ("low", "high", "is_open", "low_is_open", "high_is_open"):
            assert found["runs"][name] == getattr(part.runs, name), name
        for entry in found["at"]:
            exact = part.find(entry["n"])
            for name in ("n", "p", "chance", "low", "high"):
                assert entry[name] == pytest.approx(getattr(exact, name), rel=1e-5), name


def test_given_cap_is_that_of_outcomes_censored_there():
    outcomes = draw()
    given = compare_with_reported(outcomes, "48", thresholds=THRESHOLDS, cap=90)
    marked = compare_with_reported(
        np.minimum(outcomes, 91), "48", thresholds=THRESHOLDS, cap=90, censored=outcomes > 90
    )
    assert given["data"]["cap"] == 90
    assert given["data"]["n_censored"] == int((outcomes > 90).sum()) > 0
    assert given == marked


def test_restart_before_the_last_outcome_makes_the_rules_differ():
    model = compare_with_reported(draw(), "48", thresholds=THRESHOLDS, restart_after=40)
    assert model["rules_differ"]
    assert list(model["rules"]) == ["discard", "cap", "restart"]
    assert model["data"]["restart_after"] == 40


def test_rule_without_a_law_is_null():
    model = compare_with_reported(
        [48, 50, 99], "48", thresholds=THRESHOLDS, censored=[False, False, True], restart_after=20
    )
    assert model["rules"]["restart"] is None
    assert model["rules"]["cap"] is not None
    weak = model["cautions"][0]
    assert "(discard, cap)" in weak, "a rule without a mean has no interval to doubt"


def test_single_outcome_that_was_done_has_no_margin():
    model = compare_with_reported(
        [48, 99], "48", thresholds=THRESHOLDS, censored=[False, True]
    )
    assert model["rules"]["discard"]["smallest_margin"] is None


GENERAL = (
    "Coverage was measured on the outcomes of 4-2-4 networks, which are strongly skewed; for other "
    "outcomes it can be better or worse."
)


def test_small_study_is_told_each_interval_that_is_not_to_be_trusted():
    outcomes = np.minimum(draw(20), 60)
    model = compare_with_reported(outcomes, "48", thresholds=THRESHOLDS, censored=outcomes >= 60)
    assert 0 < model["data"]["n_censored"] < 20
    first, *others, last = model["cautions"]
    assert first.startswith("20 outcomes are too few")
    assert "(discard, cap, restart)" in first
    assert others == [
        f"The interval of n* under {rule} {find_coverage(f'n_star-{rule}', 20)['words']}."
        for rule in ("discard", "cap", "restart")
    ]
    assert last == GENERAL
    alone = compare_with_reported(draw(20), "48", thresholds=THRESHOLDS)["cautions"]
    assert alone[1] == f"The interval of n* {find_coverage('n_star-discard', 20)['words']}."


@pytest.mark.parametrize(("n", "cautions"), [(9_999, [GENERAL]), (10_000, [])])
def test_large_study_without_a_doubtful_interval_is_not_cautioned(n, cautions):
    table = CountTable.from_outcomes(np.arange(n) % 97, [True] * n, 100)
    assert list_cautions(table, {}, read_reported_mean("48")) == cautions


def test_large_study_is_told_what_is_doubtful_all_the_same():
    """The interval of the mean is trusted, that of n* over the converged is not."""
    n = 10_000
    table = CountTable.from_outcomes(np.arange(n) % 97, [True] * n, 100)
    found = confront_all(
        table, read_reported_mean("48"), margin_percent=10, with_curve=False, rules=("discard",)
    )
    assert find_coverage("mean-discard", n)["trusted"]
    doubt = find_coverage("n_star-discard", n)
    assert not doubt["trusted"]
    assert list_cautions(table, found, read_reported_mean("48")) == [
        f"The interval of n* {doubt['words']}.",
        GENERAL,
    ]


def test_equal_outcomes_say_how_many_others_may_be_unmet():
    """None in 50 others: up to 1 - 0.025^(1/50) = 7.1 % (Clopper-Pearson)."""
    model = compare_with_reported([48] * 50, "48", thresholds=THRESHOLDS)
    assert "could be up to 7.1 % of all" in model["cautions"][-1]
    other = compare_with_reported([48, 49] * 25, "48", thresholds=THRESHOLDS)
    assert not any("equal" in text for text in other["cautions"])
