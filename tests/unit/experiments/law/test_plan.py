"""The plan of the law: its text gives the seeds, and its predictions are judged as it says."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from replication.experiments.law import plan
from replication.experiments.law.following import draw, follow
from replication.experiments.law.predictions import judge, judge_predictions
from replication.experiments.law.sides import fulfils
from tests.unit.experiments.published import MODELS, is_true, replace

PLAN = Path(__file__).parents[4] / "docs" / "plans" / "law.md"
LAW = MODELS["law"]


def test_seeds_follow_from_the_text_of_the_plan():
    assert hashlib.sha256(PLAN.read_bytes()).hexdigest() == plan.PLAN == LAW["plan"]
    expected = hashlib.sha256(f"{plan.PLAN} 4-2-4 recirculation 16".encode()).digest()
    assert plan.CASES[0].seed == int.from_bytes(expected[:8], "big") >> 1


def test_every_case_of_the_plan_is_in_the_model_with_all_its_networks():
    found = [(row["task"], row["rule"], row["rate"], row["n"], row["cap"]) for row in LAW["cases"]]
    assert found == [(x.task, x.rule, x.rate, x.n, x.cap) for x in plan.CASES]
    counted = [(row["task"], row["rule"], row["rate"], row["n"]) for row in LAW["counted"]]
    assert counted == [(x.task, x.rule, x.rate, x.n) for x in plan.COUNTED]
    assert all(sum(row["table"]) == row["n"] for row in LAW["cases"] + LAW["counted"])


@pytest.mark.parametrize("number", [0, 8, 10, 42])
def test_published_networks_are_those_of_the_plan(number):
    """The first of each list, simulated again."""
    case = plan.CASES[number]
    followed = follow(case.learning, draw(case.learning, 3))
    published = LAW["cases"][number]["networks"]
    times = [np.inf if x is None else x for x in published["time"][:3]]
    laws = [np.inf if x is None else x for x in published["law"][:3]]
    assert followed.times.tolist() == times
    assert followed.predict().tolist() == laws


def test_predictions_are_those_of_the_published_cases():
    judged = judge_predictions(LAW["cases"], LAW["counted"])
    assert [row["came_true"] for row in judged] == [x["came_true"] for x in LAW["predictions"]]
    assert [row["what"] for row in judged] == [x["what"] for x in LAW["predictions"]]
    assert 0 < sum(row["came_true"] for row in judged) < len(judged), "both are reported"


@pytest.mark.parametrize(("found", "outside", "came_true"), [
    ([0.9, 1.1], False, True), ([0.9, 1.3], False, False), ([None], False, False),
    ([0.5, 1.3], True, True), ([0.5, 1.0], True, False), ([None], True, True),
])  # fmt: skip
def test_prediction_comes_true_if_all_or_none_of_the_numbers_are_in_its_range(
    found, outside, came_true
):
    assert judge("", found, (0.8, 1.2), outside=outside)["came_true"] is came_true


def find(task, rule):
    """Return the place of the first case of a task and a rule in the model."""
    names = [(row["task"], row["rule"]) for row in LAW["cases"]]
    return f"law/cases/{names.index((task, rule))}"


CASE = find("4-2-4", "target propagation")
LARGE = find("64-6-64", "recirculation")


@pytest.mark.parametrize(("condition", "path", "number"), [
    ("law diagonal", f"{CASE}/ratio/1", 1.4),
    ("law refuted", f"{CASE}/refuted", True),
    ("law refuted", f"{LARGE}/multiplier/best", 1.2),
    ("law breaks", f"{find('4-2-4', 'predictive coding, 1 step')}/ratio/1", 0.5),
    ("law breaks", f"{find('4-2-4', 'contrastive Hebbian')}/ratio/1", 0.9),
    ("law breaks", f"{find('bars 9-4-9', 'recirculation')}/ratio/1", 1.0),
    ("law breaks", f"{find('digits 64-16-10', 'back-propagation')}/ratio/1", 1.5),
    ("law failures", "law/counted/0/table/2", 1),
    ("law controls", f"{CASE}/passage/off", 0.01),
    ("law controls", f"{CASE}/integral", 0.01),
    ("law matrix", f"{find('4-2-4', 'feedback alignment')}/feedback/w", -0.3),
    ("law matrix", f"{find('4-2-4', 'recirculation')}/feedback/own", -0.3),
    ("law missed", "law/predictions/0/came_true", False),
    ("law codes", f"{find('4-2-4', 'predictive coding, 1 step')}/replay/1/ratio/1", 0.5),
])  # fmt: skip
def test_sentence_is_withdrawn_once_its_number_says_otherwise(condition, path, number):
    assert is_true(condition, MODELS)
    assert not is_true(condition, replace(path, number))


def test_premise_is_fulfilled_by_the_rules_and_tasks_that_the_plan_names():
    failing = {row["rule"].split(",")[0] for row in LAW["cases"] if not fulfils(row)}
    assert failing == {
        "predictive coding", "contrastive Hebbian",
        "recirculation", "back-propagation", "feedback alignment",  # on bars or digits
    }  # fmt: skip
    one_hot = [row for row in LAW["cases"] if row["task"][:4] not in ("bars", "digi")]
    assert {row["rule"].split(",")[0] for row in one_hot if not fulfils(row)} == {
        "predictive coding", "contrastive Hebbian",
    }  # fmt: skip
