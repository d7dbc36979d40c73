"""Protocols at the edge: the intervals stay finite and the report renders."""

from __future__ import annotations

import json
import math

import pytest

from replication.cli import main


def list_numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from list_numbers(entry)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize(
    ("assignments", "share"),
    [
        (["learning_rate=0.000001", "max_updates=30"], 0.0),
        (["threshold=1000"], 1.0),
    ],
    ids=["nothing-converges", "everything-converges-at-once"],
)
@pytest.mark.parametrize("n_seeds", [1, 40])
def test_the_report_renders_and_its_numbers_are_finite(
    tmp_path, capsys, assignments, share, n_seeds
):
    words = ["replicate", "--seeds", str(n_seeds), "--results", str(tmp_path)]
    for assignment in assignments:
        words += ["--set", assignment]
    assert main(words) == 0, capsys.readouterr().err
    (folder,) = (tmp_path / "studies").iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    assert all(math.isfinite(number) for number in list_numbers(summary))
    estimate = summary["population"]["converged"]
    assert estimate["value"] == share, "the extreme did not happen"
    assert 0 <= estimate["low"] < estimate["high"] <= 1
    report = (folder / "report.md").read_text()
    assert "nan" not in report.lower().split()
    assert (folder / "report.html").stat().st_size > 10_000
