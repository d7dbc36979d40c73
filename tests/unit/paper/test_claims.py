"""The ledger: what was reported, page by page, and the ways to measure each statement."""

import dataclasses
import itertools
import pickle
import re
import tomllib
from pathlib import Path

import pytest

from replication import PAPER, DataError, Protocol, paper
from replication.experiments import EXPERIMENTS
from replication.paper.claims import find_other_settings, load_claims, load_reported, read_claim


def test_reported_numbers_and_settings_are_those_of_page_363():
    reported = load_reported()
    assert (reported.runs, reported.mean, reported.max, reported.page) == (100, "48", "202", "363")
    assert set(reported.settings) < {field.name for field in dataclasses.fields(Protocol)}
    # What stays open: how the error on a unit is measured, and when we stop.
    assert not {"criterion", "max_updates"} & set(reported.settings)
    differences = {"learning_rate": 15.0, "max_updates": 500}
    assert find_other_settings(differences) == {"learning_rate": 15.0}
    assert find_other_settings(PAPER.differences) == {}


def test_statements_stand_in_the_order_of_the_pages_each_with_its_experiment():
    firsts = []
    for claim in load_claims().values():
        pages = [int(page) for page in re.findall(r"\d+", claim.page)]
        assert all(358 <= page <= 366 for page in pages)
        firsts.append(pages[0])
        assert claim.experiment in {"headline", *EXPERIMENTS}
        assert claim.kind in {"empirical", "checked"}
        assert len(claim.quote.split()) <= 8
        # The first is primary, and it alone says why it is the closest.
        ways = claim.operationalisations
        assert [k for k, each in enumerate(ways) if each.why] == [0]
        assert len({each.id for each in ways}) == len(ways) <= 9
    # The headline stands before all others.
    places = [*zip(load_claims(), firsts, strict=True)][1:]
    misplaced = [
        f"{name} (page {page}) stands behind {before} (page {earlier})"
        for (before, earlier), (name, page) in itertools.pairwise(places)
        if page < earlier
    ]
    assert misplaced == []


def test_statements_can_be_sent_to_another_process_and_nobody_changes_them_for_others():
    claims = load_claims()
    assert pickle.loads(pickle.dumps(claims)) == claims
    claims.clear()
    assert load_claims()["rapid"].page == "358"


@pytest.mark.parametrize(("damage", "problem"), [
    (lambda claim: claim.pop("page"), "'page'"),
    (lambda claim: claim["operationalisations"][0].pop("measured"), "'measured'"),
    (lambda claim: claim.update(rule="x"), "'rule'"),
])  # fmt: skip
def test_bad_entry_is_refused_by_file_and_name(damage, problem):
    claims = tomllib.loads(Path(paper.__file__).with_name("claims.toml").read_text("utf-8"))
    damage(claims["claims"]["good-codes"])
    with pytest.raises(DataError, match=rf"claims\.toml, \[claims\.good-codes\].*{problem}"):
        read_claim("good-codes", claims["claims"]["good-codes"])
