"""The ledger of claims."""

import pytest

from replication.claims import load_claims, parse_claims
from replication.errors import UsageError

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
    ],
)
def test_damaged_ledger_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        parse_claims(text)
