"""The table of machines says where digests agree, and where they do not."""

import copy

from tools import attest

ROW = {
    "kind": "as it is", "processor": "A", "features": "AVX2", "system": "Linux", "python": "3.11.7",
    "numpy": "2.4.6", "commit": "12345678", "sources": "abcdef01", "date": "2026-12-01",
    "digests": {
        "1,000 networks": "1" * 64, "outcomes": "2" * 64, "report": "3" * 64,
        "models": {"codes": "4" * 64, "images": "5" * 64},
    },
    "costs": {"experiments codes": {"seconds": 1.0, "megabytes": 200}},
}  # fmt: skip


def change(**changes):
    row = copy.deepcopy(ROW)
    models = changes.pop("models", {})
    digests = changes.pop("digests", {})
    row |= changes
    row["digests"] |= digests
    row["digests"]["models"] |= models
    return row


def test_rows_that_disagree_say_with_which_and_in_what():
    other = change(processor="B", models={"images": "6" * 64}, digests={"report": "7" * 64})
    rows = [ROW, change(processor="C"), other]
    assert attest.find_disagreements(rows) == ["Row 3 differs from row 1 in: report, model images."]
    page = attest.render_page(rows)
    assert "Row 3 differs from row 1 in: report, model images." in page
    assert "| images | 55555555 | 55555555 | 66666666 |" in page
    assert "Nowhere: rows of the same sources" in attest.render_page(rows[:2])


def test_other_sources_may_have_other_models_but_no_other_outcomes():
    newer = change(sources="00000000", models={"images": "6" * 64})
    assert attest.find_disagreements([ROW, newer]) == []
    newer["digests"]["outcomes"] = "8" * 64
    assert attest.find_disagreements([ROW, newer]) == ["Row 2 differs from row 1 in: outcomes."]


def test_an_emulated_processor_is_called_so_and_holds_one_digest():
    emulated = {**change(kind="emulated"), "digests": {"1,000 networks": "9" * 64}}
    page = attest.render_page([ROW, emulated])
    assert attest.find_disagreements([ROW, emulated]) == [
        "Row 2 differs from row 1 in: 1,000 networks."
    ]
    (line,) = [x for x in page.splitlines() if x.startswith("| 2 |")]
    assert "| emulated |" in line
    assert line.endswith("| 99999999 |  |  |  |")
