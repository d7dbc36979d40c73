"""The ledger: what was reported, page by page, and the measurements of each statement."""

import dataclasses
import re
import tomllib

import pytest

from replication.claims import find_other_settings, load_claims, load_reported, read_claims
from replication.errors import DataError
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
def test_statement_has_few_words_of_the_paper_and_one_primary_operationalisation(claim):
    assert 0 < len(claim.quote.split()) <= 8
    assert 0 < len(claim.operationalisations) <= 12
    assert [each for each in claim.operationalisations if each.primary] == [claim.primary]


def test_statements_stand_in_the_order_of_the_pages():
    pages = [int(re.findall(r"\d+", claim.page)[0]) for claim in CLAIMS][1:]
    assert pages == sorted(pages)


def test_claim_cannot_be_changed():
    claim = load_claims()["rapid"]
    with pytest.raises(TypeError):
        claim.thresholds["level"] = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        claim.quote = "always"


ENTRY = """
[claims.fast]
title = "Fast"
statement = "It is fast."
quote = "converges rapidly"
page = "358"
experiment = "speed"
kind = "empirical"
[[claims.fast.operationalisations]]
id = "median"
name = "median"
measured = "median updates"
supports = "at most 100"
primary = true
level = 100
"""
SECOND = ENTRY[ENTRY.index("[[") :]


def test_numbers_of_an_operationalisation_are_its_thresholds():
    claim = read_claims(tomllib.loads(ENTRY)["claims"])["fast"]
    assert claim.thresholds == claim.find("median").thresholds == {"level": 100}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ENTRY.replace("primary = true", ""), "0 operationalisations are primary"),
        (ENTRY + SECOND.replace('"median"', '"mean"'), "2 operationalisations are primary"),
        (ENTRY + SECOND, "the id 'median' was given twice"),
        (ENTRY + SECOND * 12, "13 operationalisations were given; allowed are 12"),
        (ENTRY.replace("rapidly", "rapidly on a good set of codes and"), "a quote of 9 words"),
        (ENTRY.replace('"empirical"', '"certain"'), "'certain' was given; allowed are empirical"),
        (ENTRY.replace('page = "358"', ""), "'page' is missing"),
        (ENTRY.replace("measured =", "measures ="), "operationalisation 'median': 'measured' is"),
        (ENTRY.replace("page =", 'rule = "x"\npage ='), "the key 'rule' was given"),
    ],
)
def test_bad_entry_is_refused_by_file_and_name(text, problem):
    with pytest.raises(DataError, match=r"claims\.toml, \[claims\.fast\]") as caught:
        read_claims(tomllib.loads(text)["claims"])
    assert problem in str(caught.value)
