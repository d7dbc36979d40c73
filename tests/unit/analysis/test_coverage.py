"""The calibration table that ships, and how a study looks its coverage up."""

import pytest

from replication.analysis import coverage
from replication.analysis.calibration import SIZES
from replication.analysis.coverage import find_coverage, find_prediction_coverage, load_calibration
from replication.errors import DataError

TABLE = {
    "coverage": [
        {
            "quantity": "mean-discard",
            "by_size": [
                {"n_networks": 50, "n_studies": 2000, "coverage": 0.89},
                {"n_networks": 1000, "n_studies": 2000, "coverage": 0.951},
            ],
        }
    ],
    "prediction": [
        {
            "rule": "cap",
            "n_networks": 1000,
            "n_runs": n,
            "n_studies": 100,
            "coverage": 0.9 + n / 1000,
        }
        for n in (2, 10, 50)
    ],
}


def test_study_gets_the_coverage_of_the_next_smaller_size():
    assert find_coverage("mean-discard", 999, table=TABLE)["size"] == 50
    found = find_coverage("mean-discard", 10**9, table=TABLE)
    assert (found["size"], found["measured"], found["trusted"]) == (1000, 0.951, True)
    assert "95.1 %" in found["words"]


def test_study_too_small_to_be_trusted_is_told_so():
    found = find_coverage("mean-discard", 60, table=TABLE)
    assert not found["trusted"]
    assert "too small" in found["words"]


def test_looked_up_coverage_is_told_in_full():
    """Numbers are grouped with thin spaces; a size is its own next smaller one."""
    assert find_coverage("mean-discard", 1000, table=TABLE) == {
        "measured": 0.951,
        "size": 1000,
        "n_studies": 2000,
        "trusted": True,
        "words": "held the true value in 95.1 % of 2\u2009000 trial studies of 1\u2009000 networks",
    }
    assert find_coverage("mean-discard", 50, table=TABLE) == {
        "measured": 0.89,
        "size": 50,
        "n_studies": 2000,
        "trusted": False,
        "words": "held the true value in 89.0 % of 2\u2009000 trial studies of 50 networks: "
        "this study is too small for it to be trusted at its nominal 95 %",
    }
    unknown = find_coverage("mean-discard", 49, table=TABLE)
    words = unknown.pop("words")
    assert unknown == {"measured": None, "size": None, "n_studies": 0, "trusted": False}
    assert "50 networks: do not rely on" in words


def test_93_percent_are_enough_to_be_trusted():
    entry = {"n_networks": 1, "n_studies": 100, "coverage": 0.93}
    table = {"coverage": [{"quantity": "any", "by_size": [entry]}]}
    assert find_coverage("any", 1, table=table)["trusted"]
    row = {"rule": "cap", "n_networks": 20, "n_runs": 1, "n_studies": 100, "coverage": 0.93}
    assert find_prediction_coverage("cap", 20, n_runs=1, table={"prediction": [row]}) == {
        "measured": 0.93,
        "size": 20,
        "n_runs": 1,
        "n_studies": 100,
        "trusted": True,
        "words": "held the mean of 1 further runs in 93.0 % of trials from studies of 20 networks",
    }


def test_prediction_is_calibrated_up_to_a_twentieth_of_the_networks():
    assert find_prediction_coverage("cap", 1000, n_runs=50, table=TABLE)["n_runs"] == 50
    assert find_prediction_coverage("cap", 1000, n_runs=51, table=TABLE) is None


def test_shipped_table_is_used_unless_another_is_given():
    shipped = load_calibration()
    assert find_coverage("mean-cap", 10**6) == find_coverage("mean-cap", 10**6, table=shipped)
    assert find_prediction_coverage("cap", 10**5, n_runs=9) == find_prediction_coverage(
        "cap", 10**5, n_runs=9, table=shipped
    )
    assert find_coverage("mean-cap", 10**6)["measured"] is not None


def test_study_below_all_sizes_has_no_measured_coverage():
    found = find_coverage("mean-discard", 20, table=TABLE)
    assert (found["measured"], found["size"], found["trusted"]) == (None, None, False)
    assert "do not rely" in found["words"]


def test_quantity_that_was_not_calibrated_has_none():
    assert find_coverage("mode", 1000, table=TABLE) is None


def test_prediction_is_looked_up_by_size_and_nearest_runs():
    assert find_prediction_coverage("cap", 5000, n_runs=12, table=TABLE)["n_runs"] == 10
    assert find_prediction_coverage("cap", 5000, n_runs=300, table=TABLE) is None
    assert find_prediction_coverage("cap", 500, n_runs=1, table=TABLE) is None
    assert find_prediction_coverage("restart", 5000, n_runs=1, table=TABLE) is None


def test_shipped_table_is_a_long_calibration_that_meets_every_requirement():
    table = load_calibration()
    assert table["mode"] == "long"
    assert table["sizes"] == list(SIZES)
    assert table["n_studies"] >= 2000
    assert table["law"]["n_networks"] >= 1_000_000
    assert table["meets"] is True


def test_missing_table_says_how_to_make_it(monkeypatch):
    load_calibration.cache_clear()
    monkeypatch.setattr(coverage, "TABLE_NAME", "nowhere.json")
    with pytest.raises(DataError, match="replication calibrate"):
        load_calibration()
    load_calibration.cache_clear()
