"""The explorer's laws are those of the report, for every number of runs and every rule."""

import dataclasses
import math

import numpy as np
import pytest

from replication.analysis.compatible import MAX_RUNS, read_reported_mean
from replication.analysis.confrontation import confront_rule
from replication.analysis.counts import CountTable
from replication.analysis.explorer import NAMED, make_explorer
from replication.analysis.mean_law import MeanLaws
from replication.analysis.runs import RULES
from replication.claims import load_claims

# So many failures that it matters which networks a law was estimated from.
TABLE = CountTable([10, 20, 40, 90], [80, 160, 100, 50], 110, 100)
CLAIM = dataclasses.replace(
    load_claims()["mean-48"],
    reported="38.5",
    thresholds={"margin_percent": 10.0, "min_n_star": 20, "restart_after": 50},
)


@pytest.fixture
def found():
    return make_explorer(TABLE, CLAIM, n_points=3)


def test_grid_holds_the_named_numbers_and_evenly_spaced_ones(found):
    assert found["n"] == sorted({*NAMED, 71})  # 71 is the root of 1 * 5000
    assert found["n"][-1] == MAX_RUNS
    assert found["reported"] == {"text": "38.5", "value": 38.5}
    assert list(found["rules"]) == list(RULES)
    assert all(len(entries) == len(found["n"]) for entries in found["rules"].values())


@pytest.mark.parametrize("rule", RULES)
def test_entries_agree_with_the_confrontation_of_the_report(found, rule):
    item = confront_rule(
        TABLE, rule, read_reported_mean("38.5"), margin_percent=10.0, restart_after=50
    )
    for n, entry in zip(found["n"], found["rules"][rule], strict=True):
        if n not in {row.n for row in item.curve}:
            continue
        expected = item.find(n)
        for name in ("p", "chance", "below", "low", "high"):
            assert entry[name] == pytest.approx(getattr(expected, name), rel=6e-4), (name, n)
        assert entry["missed"] == pytest.approx(1 - expected.above, rel=6e-4, abs=1e-15)


@pytest.mark.parametrize("rule", RULES)
def test_heights_outline_the_law(found, rule):
    """Weighted with their heights, the middles of the bins have nearly the mean of the law."""
    run = confront_rule(
        TABLE, rule, read_reported_mean("38.5"), margin_percent=10.0, restart_after=50
    ).run
    for n, entry in zip(found["n"], found["rules"][rule], strict=True):
        heights = np.array(entry["heights"])
        assert heights.max() == 1
        assert heights.size <= 48 + 1
        middles = entry["start"] + entry["step"] * (np.arange(heights.size) + 0.5)
        spread = math.sqrt(run.variance / n)
        mean = middles @ heights / heights.sum()
        assert mean == pytest.approx(run.mean, abs=0.1 * spread + entry["step"])
        if n >= 20:
            exact = MeanLaws(run).compute(n)
            assert entry["start"] == pytest.approx(exact.quantile(0.0005), abs=entry["step"])


def test_numbers_have_four_significant_digits(found):
    for entries in found["rules"].values():
        for entry in entries:
            numbers = [value for name, value in entry.items() if name != "heights"]
            assert numbers == [float(f"{value:.4g}") for value in numbers]
            assert entry["heights"] == [round(height, 3) for height in entry["heights"]]


def test_rule_without_a_mean_is_left_out_and_the_ledger_names_the_restart():
    nothing = CountTable([90], [3], 3, 100)
    rules = make_explorer(nothing, CLAIM, n_points=2)["rules"]
    assert rules["restart"] is None
    assert rules["discard"] is not None
    never = make_explorer(CountTable([], [], 4, 100), CLAIM, n_points=2)["rules"]
    assert (never["discard"], never["restart"]) == (None, None)
    assert {entry["low"] for entry in never["cap"]} == {100}
    thresholds = {"margin_percent": 10.0, "min_n_star": 20}
    usual = dataclasses.replace(CLAIM, thresholds=thresholds)
    # Unless the ledger says otherwise, a restart after 200 updates, here after the cap of 100.
    assert make_explorer(nothing, usual, n_points=2)["rules"]["restart"][0]["high"] > 90
