"""The figure of all statements, and seeds that no two experiments share."""

import importlib

from replication.definition.claims import load_claims
from replication.definition.protocol import DEFAULT_ROOT_SEED
from replication.definition.study import N_REPETITIONS
from replication.experiments import EXPERIMENTS
from replication.experiments.search import SEARCH_OFFSET
from replication.experiments.statements import MARKS, plot_statements
from replication.report.style import styled


def test_figure_has_all_statements_with_a_mark_for_each_way_the_primary_one_first():
    outcomes = tuple(MARKS)
    models = {name: {"claims": {}} for name in ("headline", *EXPERIMENTS)}
    expected = {}
    for claim in load_claims().values():
        ways = claim.operationalisations
        given = {each.id: {"outcome": outcomes[i % 3]} for i, each in enumerate(ways)}
        models[claim.experiment]["claims"][claim.id] = {"operationalisations": given}
        expected |= {f"{claim.id}.{name}": MARKS[one["outcome"]] for name, one in given.items()}
    with styled():
        axes = [panel.axes[0] for panel in plot_statements(models)]
    texts = [text.get_text().replace("\n", " ") for each in axes for text in each.texts]
    assert texts == [claim.title for claim in load_claims().values()]
    marks = {line.get_gid(): line for each in axes for line in each.get_lines() if line.get_gid()}
    drawn = {name: line.get_marker() for name, line in marks.items()}
    assert drawn == {name: mark["marker"] for name, mark in expected.items()}
    for claim in load_claims().values():
        names = [each.id for each in claim.operationalisations]
        first = min(names, key=lambda name: marks[f"{claim.id}.{name}"].get_xdata()[0])
        assert first == claim.primary.id


def test_no_two_experiments_share_networks():
    study = [DEFAULT_ROOT_SEED + i for i in range(N_REPETITIONS + 1)]
    own = [
        importlib.import_module(f"replication.experiments.{name}.run").ROOT_SEED
        for name in EXPERIMENTS
    ]
    seeds = [*study, *own, *(seed + SEARCH_OFFSET for seed in own)]
    assert len(set(seeds)) == len(seeds)
