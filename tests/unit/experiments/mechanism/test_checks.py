"""What the chapter says in words: true of the published model, and of no other numbers."""

import copy

import pytest

from replication.experiments.mechanism import checks
from tests.unit.experiments.published import MODELS

PUBLISHED = MODELS["mechanism"]
LEARNING = MODELS["learning"]


def check(model, learning=LEARNING):
    """Return which sentences are true of a model."""
    return checks.check({"mechanism": model, "learning": learning})


def test_every_sentence_of_the_chapter_is_true_of_the_committed_model():
    found = check(PUBLISHED)
    assert [name for name, is_true in found.items() if not is_true] == []


def change(model, path, value):
    """Return a copy of a model in which the number at a path is another one."""
    changed = copy.deepcopy(model)
    place = changed
    *names, last = path
    for name in names:
        place = place[name]
    place[last] = value
    return changed


@pytest.mark.parametrize(("name", "path", "value"), [
    ("rates", ("rates", "small"), 2.5),
    ("rates", ("rates", "paper"), 15.0),
    ("patience", ("pairs", "paper", "patience"), 4.0),
    ("patience", ("pairs", "small", "cap"), 2000),
    ("going", ("growth", "paper", "last_reading"), 14.0),
    ("going", ("growth", "small", "last_reading"), 190.0),
    ("close", ("growth", "small", "first_gap"), 0.05),
    ("close", ("growth", "paper", "last_gap"), 0.2),
    ("growth", ("growth", "small", "growth"), 1.015),
    ("growth", ("growth", "paper", "lacking"), [1.0, 0.99, 1.0]),
    ("early", ("curves", "small", "half", "aligned"), 60.0),
    ("early", ("curves", "paper", "half", "readable"), 39.0),
    ("early", ("curves", "paper", "half", "predicted"), 40.0),
    ("watching", ("pairs", "paper", "watching", "median"), 45.0),
    ("watching", ("pairs", "small", "watching", "near", "share"), 0.9),
    ("watching", ("eight", "paper", "watching", "r2_donor"), 0.85),
    ("watching", ("pairs", "paper", "watching", "r2_own"), 0.1),
    ("hearing", ("pairs", "paper", "hearing", "learnt", "share"), 0.3),
    ("hearing", ("pairs", "paper", "hearing", "learnt", "share"), 0.03),
    ("aligned", ("pairs", "paper", "mirrored", "median"), 30.0),
    ("aligned", ("given", "small", "aligned", "median"), 300.0),
    ("foretold", ("law", "paper", "predicted"), 50.0),
    ("foretold", ("eight", "small", "law", "r2"), 0.5),
    ("given", ("given", "paper", "slow_w", "predicted"), 80.0),
    ("given", ("given", "small", "corners", "predicted"), 160.0),
    ("whose", ("given", "paper", "other_w", "median"), 14.0),
    ("whose", ("given", "small", "other_w_shrunk", "median"), 300.0),
    ("whose", ("given", "paper", "together", "median"), 40.0),
    ("whose", ("given", "paper", "long_w_wide", "median"), 35.0),
    ("halves", ("given", "paper", "slow_u", "median"), 40.0),
    ("halves", ("given", "small", "final_u", "median"), 200.0),
    ("frozen", ("frozen", "small", "rows", 1, "finished", "share"), 0.4),
    ("moments", ("frozen", "paper", "rows", 4, "moment"), "middle"),
    ("moments", ("frozen", "small", "rows", 4, "moment"), "middle"),
    ("squares", ("given", "paper", "corners", "predicted"), 16.0),
    ("squares", ("given", "small", "corners", "predicted"), 160.0),
    ("first", ("first", "paper", "dropped", "extra"), 2.0),
    ("first", ("first", "small", "dropped", "extra"), 25.0),
    ("first", ("first", "small", "amplification", "extra"), 40.0),
    ("first", ("first", "paper", "gradient", "extra_interval"), [-1.0, 1.0]),
    ("rest", ("rest", "paper", "r2", "alignment"), 0.3),
    ("rest", ("rest", "small", "r2", "length"), 0.99),
    ("square", ("law", "paper", "sources", "first", "power"), -1.5),
    ("square", ("law", "small", "sources", "corners", "ratio"), 1.2),
    ("others", ("others", "bars 9-4-9", "watching", "median"), 300.0),
    ("others", ("others", "bars 9-4-9", "mirrored", "median"), 100.0),
    ("starts", ("eight", "paper", "starts", "w"), 0.5),
    ("starts", ("starts", "small", "u"), 0.2),
])  # fmt: skip
def test_sentence_is_untrue_of_other_numbers_and_only_that_one(name, path, value):
    found = check(change(PUBLISHED, path, value))
    untrue = {each for each, is_true in found.items() if not is_true}
    assert name in untrue
    # A median that several sentences speak of may make several untrue.
    assert untrue <= {name, "given", "whose", "halves", "foretold", "squares"}


@pytest.mark.parametrize("rate", ["paper", "small"])
def test_rows_of_frozen_encoders_in_another_order_are_not_those_that_the_chapter_prints(rate):
    rows = PUBLISHED["frozen"][rate]["rows"]
    swapped = change(PUBLISHED, ("frozen", rate, "rows"), [rows[1], rows[0], *rows[2:]])
    found = check(swapped)
    assert [name for name, is_true in found.items() if not is_true] == ["moments"]


@pytest.mark.parametrize("id", ["symmetry", "agrees-later"])
def test_what_1988_says_does_not_happen_if_either_statement_fails(id):
    learning = change(LEARNING, ("claims", id, "verdict"), "does not hold")
    assert [name for name, is_true in check(PUBLISHED, learning).items() if not is_true] == [
        "happens"
    ]
