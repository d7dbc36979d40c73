"""A study of any valid protocol ends with its report, and its numbers are finite."""

import dataclasses
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from replication.paper.study import Study
from replication.publication.publishing import replicate_study
from tests.property.test_simulator import protocols


def read_headline(results):
    (folder,) = (results / "studies").iterdir()
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "nan" not in report.lower().split()
    assert (folder / "report.html").stat().st_size > 10_000
    # A model is never written with a number that is none.
    return json.loads((folder / "models" / "headline.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("n_seeds", "words", "share"), [
    (40, "--set learning_rate=0.000001 --set max_updates=30", 0.0),
    (1, "--set visible_units=linear --set learning_rate=1e300", None),
], ids=["nothing-converges", "one-network-bursts"])  # fmt: skip
@pytest.mark.usefixtures("small_reports")
def test_studies_at_the_edge_have_their_report(tmp_path, run, n_seeds, words, share):
    answer = run("replicate", "--seeds", n_seeds, "--results", tmp_path, *words.split())
    assert "not testable" in answer
    population = read_headline(tmp_path)["population"]
    assert share in (None, population["share"]), "the extreme did not happen"


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("small_reports")
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(protocols, st.sampled_from([1, 2, 30, 200]))
def test_studies_of_random_protocols_have_their_report(protocol, n_seeds):
    protocol = dataclasses.replace(protocol, max_updates=min(protocol.max_updates, 2000))
    note(f"{n_seeds} networks of {protocol.differences}")
    with tempfile.TemporaryDirectory() as folder:
        replicate_study(Study(protocol, 1988, n_seeds, Path(folder)), jobs=2)
        read_headline(Path(folder))
