"""The ledger: what was reported, page by page, and rules that name their thresholds."""

import dataclasses
import re

import pytest

from replication.claims import Verdict, find_other_settings, load_claims, load_reported
from replication.experiments import EXPERIMENTS
from replication.protocol import PAPER, Protocol

CLAIMS = load_claims().values()


def test_reported_numbers_are_those_of_page_363():
    reported = load_reported()
    assert (reported.runs, reported.mean, reported.max, reported.page) == (100, "48", "202", "363")


def test_reported_settings_are_fields_of_the_protocol():
    settings = set(load_reported().settings)
    assert settings < {field.name for field in dataclasses.fields(Protocol)}
    # What stays open: how the error on a unit is measured, and when we stop.
    assert not {"criterion", "max_updates"} & settings
    differences = {"learning_rate": 15.0, "max_updates": 500}
    assert find_other_settings(differences) == {"learning_rate": 15.0}
    assert find_other_settings(PAPER.differences) == {}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_statement_has_a_page_of_the_paper_and_an_experiment(claim):
    pages = [int(page) for page in re.findall(r"\d+", claim.page)]
    assert pages
    assert all(358 <= page <= 366 for page in pages)
    assert claim.experiment in {"headline", *EXPERIMENTS}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_rule_says_when_it_is_replicated(claim):
    assert "eplicated if" in claim.rule


def test_claim_cannot_be_changed():
    claim = load_claims()["rapid"]
    with pytest.raises(TypeError):
        claim.thresholds["min_share"] = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        claim.rule = "always"


def test_verdicts_are_four():
    assert [str(verdict) for verdict in Verdict] == [
        "replicated",
        "replicated with qualification",
        "not replicated",
        "not testable",
    ]
