"""The ledger of claims."""

import dataclasses

import pytest

from replication.analysis.compatible import SIGNIFICANCE
from replication.claims import find_other_settings, load_claims, parse_claims
from replication.errors import UsageError
from replication.protocol import Protocol

GOOD = """
[a]
title = "A"
statement = "It is so."
source = "abstract"
rule = "Replicated if it is."
[a.thresholds]
least = 3
"""


def test_ledger_holds_every_claim_of_the_paper():
    claims = load_claims()
    assert list(claims) == ["mean-48", "settings", "rapid", "good-codes", "gradient", "simple-rule"]
    for claim in claims.values():
        assert "Replicated if" in claim.rule
        assert "ot replicated" in claim.rule
        assert claim.thresholds
        assert claim.source
    assert claims["mean-48"].reported == "48"
    assert all(claim.reported is None for name, claim in claims.items() if name != "mean-48")


def test_thresholds_of_the_mean_are_those_its_rule_names():
    claim = load_claims()["mean-48"]
    assert f"within {claim.thresholds['margin_percent']:g} %" in claim.rule
    assert f"n* = {claim.thresholds['min_n_star']} runs" in claim.rule
    assert f"tests at {100 * SIGNIFICANCE:g} %" in claim.rule


def test_every_threshold_of_the_mean_reaches_the_verdict():
    assert set(load_claims()["mean-48"].thresholds) == {
        "margin_percent",
        "min_n_star",
        "restart_after",
    }


def test_settings_reported_with_the_mean_are_fields_of_the_protocol():
    claim = load_claims()["mean-48"]
    assert set(claim.reported_settings) < {field.name for field in dataclasses.fields(Protocol)}
    assert not {"criterion", "half_width", "update_schedule"} & set(claim.reported_settings)
    found = find_other_settings(claim, {"learning_rate": 15.0, "half_width": 0.1})
    assert found == {"learning_rate": 15.0}
    assert claim.to_plain()["reported_settings"] == list(claim.reported_settings)


def test_claim_is_read_and_cannot_be_changed():
    claim = parse_claims(GOOD)["a"]
    assert claim.to_plain()["thresholds"] == {"least": 3}
    with pytest.raises(TypeError):
        claim.thresholds["least"] = 1
    with pytest.raises(AttributeError):
        claim.rule = "always"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "not TOML"),
        ("a = 1", "must hold exactly"),
        (GOOD.replace("source", "origin"), "must hold exactly"),
        (GOOD.replace('rule = "Replicated if it is."', ""), "must hold exactly"),
        (GOOD.replace("3", '"three"'), "least = 'three' is not a number"),
        (GOOD.replace("3", "true"), "not a number"),
        (GOOD.replace('"A"', "1"), "as text"),
        (GOOD.replace("[a.", 'reported_settings = "all"\n[a.'), "as a list of fields"),
    ],
)
def test_damaged_ledger_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        parse_claims(text)
