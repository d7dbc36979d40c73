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
