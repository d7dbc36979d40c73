"""What the report says of small studies, of other settings, and where nothing converges."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.analysis.settings_verdict import judge_settings
from replication.claims import load_claims
from replication.report.build import build_document
from replication.report.chapters import plain, verdict
from replication.report.document import Table, texts_of, walk_blocks
from replication.report.numbers import format_amount
from replication.report.rules import describe_distrust, describe_reach, find_one_mean, rules_of

Models = dict[str, Any]

NONE = CountTable(np.array([], dtype=int), np.array([], dtype=int), 40, 1)
ONE = CountTable(np.array([67]), np.array([1]), 0, 2000)
AT_ONCE = CountTable(np.array([0]), np.array([50]), 0, 2000)
SLOW = CountTable(np.array([30, 50, 1500]), np.array([40, 40, 20]), 0, 2000)


def say(models: Models) -> str:
    given = {name: model for name, model in models.items() if model is not None}
    blocks = build_document(given).blocks
    return " ".join(text for block in walk_blocks(blocks) for text in texts_of(block))


def say_chapter(chapter: Any, models: Models) -> str:
    blocks = tuple(chapter.chapter(models))
    return " ".join(text for block in walk_blocks(blocks) for text in texts_of(block))


def other_network(models: Models) -> Models:
    own: Models = json.loads(json.dumps(models))
    own["summary"]["study"]["protocol"]["group_sizes"] = [8, 3]
    own["summary"]["study"]["differences"] = {"group_sizes": [8, 3]}
    return own


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (20_000, "20\u202f000 runs")]
)
def test_noun_agrees_with_its_count(count: int, words: str) -> None:
    assert format_amount(count, "run") == words


def rule(n_star: int, *, is_open: bool = False, low: int | None = None) -> dict[str, Any]:
    runs = {"n_star": n_star, "is_open": is_open, "low_is_open": False}
    runs |= {"low": n_star if low is None else low, "high_is_open": is_open or low is not None}
    return {"runs": runs}


def test_reach_names_the_rules_that_leave_no_size_apart() -> None:
    found = describe_reach({"discard": rule(1), "cap": rule(5000, is_open=True)}, "48")
    assert "up to 1 network (dropped) and 5000 or more (counted at the cap) could" in found
    found = describe_reach({"discard": rule(0), "cap": rule(300)}, "48")
    assert found.endswith("could well have reported, and of no size if failures are dropped")
    found = describe_reach({"discard": rule(0), "cap": rule(0)}, "48")
    assert found == "48 would be a surprise from a study of any size"


def test_interval_that_leaves_everything_open_denies_no_size() -> None:
    found = describe_reach({"discard": rule(0, low=0), "cap": rule(19, low=4)}, "48")
    assert found == "these networks are too few to say which studies could have reported 48"
    found = describe_reach({"discard": rule(0, low=0), "cap": rule(19, low=5)}, "48")
    assert "up to 19 networks (counted at the cap)" in found


def test_one_network_neither_speaks_for_the_number_nor_against(
    make_models: Callable[..., Models],
) -> None:
    body = say(make_models(ONE))
    assert "would be a surprise" not in body
    assert "fewer than 1 in" not in body
    assert "neither that the number fits nor that it does not" in body
    assert "But so few networks cannot tell" in body
    assert "A single network converged" in body
    assert "unbounded to unbounded" not in body
    assert body.count("do not rely on it") == 1


def test_nothing_is_said_of_failures_where_none_failed(make_models: Callable[..., Models]) -> None:
    body = say_chapter(verdict, make_models(SLOW))
    assert "All of them got there" in body
    assert "those that did not" not in body
    assert "what one would do with slow ones" in body


def test_doubts_of_a_verdict_are_told_beside_it(make_models: Callable[..., Models]) -> None:
    models = make_models(CountTable(np.array([30, 40, 60, 120]), np.full(4, 75), 0, 2000))
    models = json.loads(json.dumps(models))
    models["summary"]["verdict"] |= {"verdict": "replicated", "doubts": ["It may be 3 under cap."]}
    assert " It may be 3 under “counted at the cap”." in say_chapter(verdict, models)
    models["summary"]["verdict"]["verdict"] = "not testable"
    assert "It may be 3" not in say_chapter(verdict, models)


def test_few_networks_warn_that_the_law_is_only_theirs(
    models: Models, make_models: Callable[..., Models]
) -> None:
    few = CountTable(np.arange(20, 60, 2), np.full(20, 1), 0, 2000)
    assert "exact for the 20 outcomes" in say(make_models(few))
    assert "exact for the" not in say(models)


def test_networks_stopped_early_are_said_to_have_learnt_later(
    make_models: Callable[..., Models],
) -> None:
    late = CountTable(np.array([30, 222]), np.array([20, 20]), 0, 100_000)
    models = make_models(NONE, tail=late)
    assert "Run on to 100\u202f000, all did." in say_chapter(verdict, models)
    assert "all of them did get there: we had stopped too early" in say_chapter(plain, models)
    assert "none is left at the end" in say(models)
    assert "Networks were stopped after 1 update" in say(models)
    assert "does not exist until a rule" not in say(models)


def test_number_out_of_reach_is_called_more_than_luck(make_models: Callable[..., Models]) -> None:
    far = make_models(CountTable(np.array([400, 500]), np.array([300, 300]), 0, 2000))
    assert "so 48 takes more than luck" in say_chapter(verdict, far)
    assert "would be a surprise for a study of any size" in say_chapter(plain, far)


def test_settings_have_their_verdict_and_the_reason_it_rests_on(models: Models) -> None:
    models = json.loads(json.dumps(models))
    models["summary"]["verdict"]["verdict"] = "replicated with qualification"
    body = say(models)
    assert "Do the reported settings give the reported behaviour?" in body
    assert "[Learning rate 20, regression 0.75](#settings)" in body
    judged = judge_settings(models["summary"], load_claims()["settings"].thresholds)
    assert judged.verdict == "replicated with qualification"
    assert all(number.holds for number in judged.numbers)
    (row,) = (
        row
        for block in walk_blocks(build_document(models).blocks)
        if isinstance(block, Table) and block.name == "all-claims"
        for row in block.rows
        if "#settings" in row[0]
    )
    assert row[2:] == (judged.reason, "–", "–")


@pytest.mark.parametrize("table", [ONE, AT_ONCE, NONE], ids=["one", "at once", "none"])
def test_small_studies_have_no_false_plurals(
    table: CountTable, make_models: Callable[..., Models]
) -> None:
    body = say(make_models(table))
    for words in ("up to none", " 1 networks", " 1 runs", "within 1 updates", "restart after 0"):
        assert words not in body


def test_box_says_why_a_study_is_not_testable(make_models: Callable[..., Models]) -> None:
    models = make_models(ONE)
    assert models["summary"]["verdict"]["verdict"] == "not testable"
    body = say_chapter(verdict, models)
    assert "**Why not testable.** This study is too small" in body
    assert "Why not testable" not in say_chapter(verdict, make_models(SLOW))


def test_mean_is_called_closely_known_by_its_interval_only(
    models: Models, make_models: Callable[..., Models]
) -> None:
    assert "known closely" in say_chapter(verdict, models)
    for table in (ONE, SLOW):
        assert "known closely" not in say_chapter(verdict, make_models(table))


def test_other_settings_are_told_against_the_base_reading(models: Models) -> None:
    body = say_chapter(verdict, other_network(models))
    assert "differs from our base reading in `group_sizes` = `[8, 3]`" in body


def test_other_network_is_not_called_by_the_name_of_the_first(models: Models) -> None:
    first, other = build_document(models), build_document(other_network(models))
    assert first.subtitle.startswith("A replication of one number")
    assert other.subtitle.startswith("A study of 8-3-8 networks")
    body = say_chapter(plain, other_network(models))
    assert "eight lamps" in body
    assert "three wires" in body
    assert "four lamps" in say_chapter(plain, models)


def test_picture_of_lamps_is_left_out_where_it_does_not_fit(models: Models) -> None:
    own = other_network(models)
    for changes in (
        {"patterns": [[1, 1, 0, 0]]},
        {"group_sizes": [4, 3, 2]},
        {"group_sizes": [4, 4]},
        {"group_sizes": [100, 20]},
    ):
        own["summary"]["study"]["protocol"] |= {"patterns": "one-hot", **changes}
        body = say_chapter(plain, own)
        assert "lamp" not in body
        assert "visible units" in body


def test_other_learning_rule_is_not_called_recirculation(models: Models) -> None:
    own = json.loads(json.dumps(models))
    own["summary"]["study"]["protocol"]["learning_rule"] = "back-propagation"
    assert build_document(own).title == "How long does back-propagation take to learn?"
    assert "recirculation" not in say_chapter(plain, own)


def test_failures_matter_unless_all_means_are_equal(make_models: Callable[..., Models]) -> None:
    slow, equal = make_models(SLOW), make_models(AT_ONCE)
    assert find_one_mean(rules_of(slow["summary"])) is None
    assert find_one_mean(rules_of(equal["summary"])) == 0
    assert "does not matter" not in say_chapter(plain, slow)
    assert "does not matter" in say_chapter(plain, equal)
    assert "so the three rules give the same mean" not in say(slow)
    assert "so the three rules give the same mean" in say(equal)


def test_only_a_skewed_population_has_a_long_tail(
    models: Models, make_models: Callable[..., Models]
) -> None:
    even = make_models(CountTable(np.arange(20, 61), np.full(41, 10), 0, 2000))
    for words in ("long tail to the right", "a few are very slow", "very slow networks"):
        assert words in say(models)
        assert words not in say(even)


def test_where_nothing_converges_only_a_mean_over_successes_is_denied(
    make_models: Callable[..., Models],
) -> None:
    body = say(make_models(NONE))
    assert "no mean over successes" in body
    assert "could report a mean" not in body
    assert "none got there within 1 update." in body


def test_same_distrust_is_said_once() -> None:
    entry = {
        part: {"coverage": {"trusted": False, "words": "was not measured"}}
        for part in ("mean", "runs")
    }
    assert describe_distrust({"discard": entry, "cap": entry}) == (
        " Each of these intervals was not measured."
    )
    trusted = {"coverage": {"trusted": True, "words": "held"}}
    found = describe_distrust({"discard": entry, "cap": {"mean": trusted, "runs": trusted}})
    assert found.count("was not measured") == 1
    assert "the mean (dropped) and the largest" in found


def test_number_is_reported_of_the_paper(models: Models) -> None:
    body = say(models)
    assert "reported in 1988" not in body
    assert "as later replications number them" in body
    assert "1.96 standard errors" not in body
    assert "90 % interval of the mean lies inside the margin" in body
