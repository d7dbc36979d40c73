"""Every answer in words names its verdict first, and the numbers that it rests on."""

import html

import numpy as np
import pytest

from replication.comparison.comparison import compare
from replication.comparison.groups import adjust_holm
from replication.comparison.result import Reason
from replication.comparison.text import describe_p, format_number

NORMAL = np.random.default_rng(22).normal(10, 2, size=200)
WHOLE = np.random.default_rng(23).integers(0, 60, size=200)

pytestmark = pytest.mark.usefixtures("few_resamples")


CASES = {
    "margin not shown": (NORMAL, {"runs": 5, "mean": "11.0", "margin": 0.1}),
    "within the margin": (
        np.random.default_rng(24).normal(10, 2, size=20_000),
        {"runs": 5000, "mean": "10.20", "margin": "10%"},
    ),
    "not a mean": (WHOLE, {"runs": 20, "grid": 1, "mean": "30.01"}),
    "not a share": (WHOLE, {"runs": 20, "share": "0.51"}),
    "out of order": (WHOLE, {"runs": 20, "mean": "30.0", "max": "20"}),
    "spread too large": (WHOLE, {"runs": 20, "min": "0", "max": "10", "sd": "9"}),
    "beyond the cap": (WHOLE, {"runs": 20, "mean": "55.0", "cap": 40}),
}


@pytest.mark.parametrize(("values", "arguments"), CASES.values(), ids=CASES)
def test_the_first_sentence_names_the_verdict_and_a_reported_number(values, arguments):
    found = compare(values, **arguments)
    text = found.summary()
    first = text.split("\n\n")[0].replace("\n", " ")
    assert first.startswith(str(found.agreement).capitalize())
    assert any(number in first for number in found.reported.values())
    assert found.p is None or describe_p(found.p) in first
    assert ("less than the margin" in first) == (found.reason is Reason.DIFFERENT_WITHIN_MARGIN)
    assert all(len(line) <= 130 for line in text.splitlines())


def test_all_cautions_and_assumptions_are_told():
    skewed = np.random.default_rng(25).lognormal(0, 1.5, size=40)
    found = compare(skewed, runs=60, max=f"{2 * skewed.max():.1f}")
    told = found.summary().split("Caution:\n")[1]
    assert told.count("\n- ") + 1 == len(found.cautions) >= 3
    assumed = found.summary().split("Taken for granted:\n")[1].split("\n\n")[0]
    assert assumed.count("(change with") == len(found.assumptions)


def test_a_notebook_shows_the_answer_and_its_picture():
    found = compare(NORMAL, runs=20, mean="10.0", sd="2.0")
    assert repr(found).startswith("<Comparison: consistent, p = ")
    shown = found._repr_html_()
    assert html.escape(found.summary()) in shown
    assert shown.count("<img ") == 1


def test_holm_adjusts_as_in_his_paper():
    """p of 0.01, 0.02, 0.04 among three: 0.03, 0.04, 0.04."""
    adjusted = adjust_holm({"b": 0.02, "a": 0.01, "c": 0.04})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.04, "c": 0.04})


def test_p_has_two_digits_and_numbers_have_four_or_are_whole():
    for p, text in ((0.0123, "= 0.012"), (1.0, "= 1"), (0.9971, "> 0.99"), (1e-7, "< 0.0001")):
        assert describe_p(p) == f"p {text}"
    for value, text in ((48.0, "48"), (1234567.0, "1,234,567"), (-0.00012345, "-0.0001234")):
        assert format_number(value) == text
