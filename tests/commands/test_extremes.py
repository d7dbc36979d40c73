"""A study of any valid protocol ends with its report, and its numbers are finite."""

from __future__ import annotations

import json
import math
import random

import pytest

from replication import publication
from replication.fields import CHOICES
from replication.protocol import Protocol
from replication.publication import Study, replicate_study
from tests.reliability.faults import assert_clean, call


def list_numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            yield from list_numbers(entry)
    elif isinstance(value, float):
        yield value


def read_headline(results):
    (folder,) = (results / "studies").iterdir()
    report = (folder / "report.md").read_text(encoding="utf-8")
    assert "nan" not in report.lower().split()
    assert (folder / "report.html").stat().st_size > 10_000
    model = json.loads((folder / "models" / "headline.json").read_text(encoding="utf-8"))
    assert all(math.isfinite(number) for number in list_numbers(model))
    return model


@pytest.fixture
def small_reports(monkeypatch):
    """Leave out the PDF, and the same study under other root seeds."""
    monkeypatch.setattr(publication, "FORMATS", ("html", "md"))
    monkeypatch.setattr(publication, "N_REPETITIONS", 0)


@pytest.mark.parametrize(
    ("n_seeds", "assignments", "share"),
    [
        (40, ["learning_rate=0.000001", "max_updates=30"], 0.0),
        (40, ["threshold=1000"], 1.0),
        (1, ["visible_units=linear", "learning_rate=1e300"], None),
    ],
    ids=["nothing-converges", "everything-converges-at-once", "one-network-bursts"],
)
@pytest.mark.usefixtures("small_reports")
def test_studies_at_the_edge_have_their_report(tmp_path, n_seeds, assignments, share):
    words = [word for text in assignments for word in ("--set", text)]
    done = call("replicate", "--seeds", n_seeds, "--results", tmp_path, *words)
    assert_clean(done, 0)
    assert "not testable" in done.stdout
    population = read_headline(tmp_path)["population"]
    low, high = population["share_interval"]
    assert 0 <= low < high <= 1
    if share is not None:
        assert population["share"] == share, "the extreme did not happen"


def draw_protocol(draw: random.Random) -> Protocol:
    """Draw a valid protocol, about half of its fields at the paper's values."""
    groups = draw.choice([(4, 2), (4, 2), (3, 2), (8, 3), (1, 1), (4, 3, 3), (2, 5)])
    fields = {
        **{name: draw.choice(values) for name, values in CHOICES.items()},
        "learning_rate": 10 ** draw.uniform(-8, 12),
        "momentum": draw.choice([0.0, 0.5, 0.999]),
        "regression": draw.choice([0.0, 0.3, 0.99]),
        "hidden_regression": draw.random() < 0.5,
        "visible_to_hidden_factor": 10 ** draw.uniform(-3, 3),
        "hidden_to_visible_factor": 10 ** draw.uniform(-3, 3),
        "half_width": 10 ** draw.uniform(-6, 6),
        "threshold": 10 ** draw.uniform(-9, 9),
        "max_updates": draw.choice([1, 2, 10, 300, 2000]),
    }
    chosen = {name: value for name, value in fields.items() if draw.random() < 0.5}
    if chosen.get("minimised_error") == "cross-entropy":
        chosen |= {"learning_rule": "back-propagation", "visible_units": "logistic"}
    if len(groups) == 2:
        chosen["symmetric_start"] = draw.random() < 0.3
        if chosen.get("learning_rule", "recirculation") == "recirculation":
            chosen["second_round"] = draw.random() < 0.3
    return Protocol(group_sizes=groups, **chosen)


LONG = (pytest.mark.long, pytest.mark.timeout(1800))


@pytest.mark.usefixtures("small_reports")
@pytest.mark.parametrize(("n_protocols", "seed"), [(2, 1988), pytest.param(300, 2, marks=LONG)])
def test_studies_of_random_protocols_have_their_report(tmp_path, n_protocols, seed):
    draw = random.Random(seed)
    for i in range(n_protocols):
        protocol = draw_protocol(draw)
        results = tmp_path / str(i)
        n_seeds = draw.choice([1, 2, 30, 200])
        try:
            replicate_study(Study(protocol, 1988, n_seeds, results), jobs=2)
            read_headline(results)
        except Exception as error:
            error.add_note(f"{n_seeds} networks of {protocol.differences}")
            raise
