"""The appendix on calibration, from a table written by hand."""

import copy

import pytest

from replication.report.chapters.appendix import chapter
from replication.report.document import Paragraph, Table

CALIBRATION = {
    "sizes": [20, 100_000],
    "n_studies": 1000,
    "n_star_studies": 50,
    "law": {"n_networks": 1_000_000},
    "coverage": [
        {
            "label": "mean, discard",
            "quantity": "mean-discard",
            "requirement": "at least 0.94",
            "by_size": [
                {"n_networks": 20, "coverage": 0.9512, "error": 0.0068, "meets": True},
                {"n_networks": 100_000, "coverage": 0.95, "error": 0.004, "meets": True},
            ],
        },
        {
            "label": "n*, cap",
            "quantity": "n_star-cap",
            "requirement": None,
            "by_size": [{"n_networks": 20, "coverage": 0.9, "error": 0.042, "meets": None}],
        },
    ],
    "prediction": [
        {"rule": "restart", "n_networks": 20, "n_runs": 1, "coverage": 0.96, "meets": True}
    ],
    "checks": [
        {"words": "share, cap, of 200000 draws", "value": 0.012, "limit": 0.05, "meets": True},
        {"words": "closed form", "value": 2.0, "limit": 1.0, "meets": False},
    ],
}


@pytest.fixture
def calibrated(models):
    return {**models, "calibration": copy.deepcopy(CALIBRATION)}


def find_tables(blocks):
    return {block.name: block for block in blocks if isinstance(block, Table)}


def find_words(blocks):
    (words,) = (
        block.text
        for block in blocks
        if isinstance(block, Paragraph) and "were drawn from the law" in block.text
    )
    return words


def test_coverage_is_in_per_cent_with_what_is_required(calibrated):
    table = find_tables(chapter(calibrated))["coverage"]
    assert table.rows == (
        ("mean, failures dropped", "95.1", "95.0", "at least 0.94"),
        ("n*, failures counted at the cap", "90.0", "not run", "none"),
    )
    # The largest standard errors are 0.0068 and, of n*, 0.042.
    assert "at most 0.68 percentage points" in table.caption
    assert "with 50 studies a size, at most 4.2)" in table.caption


def test_intervals_that_hold_too_seldom_are_said_to_without_a_requirement(calibrated):
    words = find_words(chapter(calibrated))
    assert "All meet what was required of them. Nothing was required of the intervals" in words
    assert "with failures counted at the cap, in 90.0 to 90.0 % of the studies they held" in words
    calibrated["calibration"]["coverage"][1]["by_size"][0]["coverage"] = 0.93
    assert find_words(chapter(calibrated)).endswith("All meet what was required of them. ")


def test_what_misses_its_requirement_is_bold_and_listed(calibrated):
    calibrated["calibration"]["coverage"][0]["by_size"][0] |= {"coverage": 0.931, "meets": False}
    blocks = chapter(calibrated)
    assert find_tables(blocks)["coverage"].rows[0][1:3] == ("**93.1**", "95.0")
    assert (
        "What misses its requirement, in bold: mean, failures dropped at 20. "
        "Nothing was required of the intervals" in find_words(blocks)
    )


def test_prediction_and_checks_have_their_tables(calibrated):
    tables = find_tables(chapter(calibrated))
    assert tables["prediction"].rows == (("started again", "20", "1", "96.0"),)
    named, closed = tables["checks"].rows
    assert named[0].startswith("Share, failures counted at the cap, of 200")
    assert (named[1:], closed) == (
        ("0.012", "0.050", "yes"),
        ("Closed form", "2.0", "1.0", "**no**"),
    )


def test_what_was_not_tried_has_no_table(calibrated):
    calibrated["calibration"] |= {"prediction": [], "n_star_studies": 0}
    tables = find_tables(chapter(calibrated))
    assert "prediction" not in tables
    assert "n\\*" not in tables["coverage"].caption
    del calibrated["calibration"]
    assert "coverage" not in find_tables(chapter(calibrated))
