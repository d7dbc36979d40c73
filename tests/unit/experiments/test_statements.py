"""The figure of all statements, and seeds that no two experiments share."""

import importlib

import pytest

from replication.claims import load_claims
from replication.experiments import EXPERIMENTS
from replication.experiments.search import SEARCH_OFFSET
from replication.experiments.statements import MARKS, plot_statements
from replication.protocol import DEFAULT_ROOT_SEED
from replication.publication import N_REPETITIONS
from replication.report.style import styled

OUTCOMES = tuple(MARKS)


@pytest.fixture(scope="module")
def models():
    """Models of all experiments, with the outcomes in turn."""
    models = {name: {"claims": {}} for name in ("headline", *EXPERIMENTS)}
    for claim in load_claims().values():
        models[claim.experiment]["claims"][claim.id] = {
            "operationalisations": {
                each.id: {"outcome": OUTCOMES[i % 3]}
                for i, each in enumerate(claim.operationalisations)
            }
        }
    return models


def test_figure_has_a_mark_for_each_operationalisation_the_primary_one_first(models):
    with styled():
        panels = plot_statements(models)
    marks = {
        line.get_gid(): line
        for panel in panels
        for line in panel.axes[0].get_lines()
        if line.get_gid() is not None
    }
    expected = {
        f"{claim.id}.{each.id}": OUTCOMES[i % 3]
        for claim in load_claims().values()
        for i, each in enumerate(claim.operationalisations)
    }
    assert {name: line.get_marker() for name, line in marks.items()} == {
        name: MARKS[outcome]["marker"] for name, outcome in expected.items()
    }
    for claim in load_claims().values():
        places = {
            each.id: marks[f"{claim.id}.{each.id}"].get_xdata()[0]
            for each in claim.operationalisations
        }
        assert min(places, key=places.__getitem__) == claim.primary.id


def test_all_statements_stand_in_both_panels_in_their_order(models):
    with styled():
        panels = plot_statements(models)
    texts = [text.get_text().replace("\n", " ") for panel in panels for text in panel.axes[0].texts]
    assert texts == [claim.title for claim in load_claims().values()]


def test_no_two_experiments_share_networks():
    study = [DEFAULT_ROOT_SEED + i for i in range(N_REPETITIONS + 1)]
    own = [
        importlib.import_module(f"replication.experiments.{name}.run").ROOT_SEED
        for name in EXPERIMENTS
    ]
    seeds = [*study, *own, *(seed + SEARCH_OFFSET for seed in own)]
    assert len(set(seeds)) == len(seeds)
