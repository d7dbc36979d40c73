"""The hierarchy of modules: what counts as success, the controls, the reason and the verdict."""

from __future__ import annotations

import json

import numpy as np
import pytest

from replication.experiments.hierarchy import run as experiment
from replication.experiments.hierarchy.figures import FIGURES, GROUPS
from replication.experiments.search import SEARCH_OFFSET
from replication.simulator.modules import ModularBatch

SIDES = np.array([[1, 1, -1, -1], [1, -1, 1, -1]])
"""Splits 1 and 2 of four vectors, one to a hidden unit."""


@pytest.fixture(scope="module")
def model():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "LOWER_RATES", (5.0,))
        patch.setattr(experiment, "TOP_RATES", (2.0,))
        patch.setattr(experiment, "RANDOM_SETS", 2)
        return experiment.run(jobs=2, n_networks=30)


def build_by_hand(right=SIDES):
    """Return two equal hierarchies with saturated codes: one corner of the square a vector."""
    batch = ModularBatch(experiment.Condition().make_hierarchy(5.0, 2.0), 1, 0, 2)
    for module, sides in enumerate((SIDES, right)):
        batch.lower.forward[:, :, module] = 40.0 * sides[..., np.newaxis]
        batch.lower.backward[:, :, module] = 40.0 * sides.T[..., np.newaxis]
        batch.lower.visible_biases[:, module] = -20.0 * (1 + sides.sum(axis=0))[:, np.newaxis]
    batch.lower.hidden_biases[...] = 0.0
    # Each top unit says what the units of its number say below, and says it to both.
    pair = np.array([[1, 0, 1, 0], [0, 1, 0, 1]])
    batch.top.forward[:, :, 0] = 40.0 * pair[..., np.newaxis]
    batch.top.hidden_biases[...] = -40.0
    batch.top.backward[:, :, 0] = 40.0 * pair.T[..., np.newaxis]
    batch.top.visible_biases[...] = -20.0
    return batch


def test_perfect_codes_are_encoded_attractors_and_completed():
    outcome = experiment.examine(build_by_hand())
    for name in experiment.MEASURES:
        assert getattr(outcome, name).tolist() == [True, True]


def test_one_vector_that_fails_is_a_network_that_fails():
    batch = build_by_hand()
    batch.lower.visible_biases[3, 1, 0] = -200.0  # its fourth unit never comes on again
    outcome = experiment.examine(batch)
    for name in experiment.MEASURES:
        assert getattr(outcome, name).tolist() == [False, True]


def test_lower_modules_with_other_splits_do_not_agree_on_a_vector():
    outcome = experiment.examine(build_by_hand(right=np.stack([SIDES[0], SIDES[0] * SIDES[1]])))
    assert not outcome.encoded.any()
    compared = experiment.compare_splits(outcome)
    assert compared["different"]["of_all"]["share"] == 1.0


def test_untrained_hierarchy_keeps_nothing():
    batch = ModularBatch(experiment.Condition().make_hierarchy(5.0, 2.0), 1, 0, 20)
    outcome = experiment.examine(batch)
    assert not (outcome.encoded | outcome.attractors | outcome.completed).any()


def test_splits_are_named_by_the_partner_of_the_first_vector():
    codes = np.array([[[0.9], [0.8], [0.1], [0.2]], [[0.3], [0.6], [0.7], [0.31]]])
    assert experiment.name_splits(codes) == [frozenset({1, 3})]
    assert experiment.name_splits(1.0 - codes) == [frozenset({1, 3})]
    assert experiment.name_splits(codes[[0, 0]]) == [frozenset({1})]


def test_control_with_equal_starts_splits_alike_and_encodes(model):
    four, alike = (model["conditions"][name] for name in ("four", "same_start"))
    assert alike["encoded"]["share"] > 0.9
    assert alike["encoded"]["share"] > four["encoded"]["share"] + 0.3


def test_control_without_a_trained_top_does_nothing(model):
    control = model["conditions"]["untrained_top"]
    assert [control[name]["share"] for name in experiment.MEASURES] == [0.0] * 4


def test_few_vectors_are_learnt_and_all_is_no_more_than_any_part(model):
    assert model["conditions"]["two"]["all"]["share"] == 1.0
    for condition in model["conditions"].values():
        parts = [condition[name]["share"] for name in ("encoded", "attractors", "completed")]
        assert condition["all"]["share"] <= min(parts)


def test_splits_divide_the_networks_of_the_drawn_hierarchy(model):
    groups = [model["splits"][name] for name in ("same", "different", "single")]
    assert sum(group["n"] for group in groups) == model["n"]
    assert sum(g["n"] * g["all"]["share"] for g in groups if g["n"]) == pytest.approx(
        model["n"] * model["conditions"]["four"]["all"]["share"]
    )
    assert groups[0]["encoded"]["share"] > 0.9
    assert groups[1]["encoded"]["share"] < 0.1


def test_rates_are_used_as_they_are_named():
    hierarchy = experiment.Condition(kind="two").make_hierarchy(5.0, 2.0)
    assert (hierarchy.lower.learning_rate, hierarchy.top.learning_rate) == (5.0, 2.0)


def test_conditions_with_one_thing_changed_keep_the_rates_of_the_four_pairs(model):
    four = model["conditions"]["four"]
    for name, condition in experiment.CONDITIONS.items():
        if name not in experiment.SETS:
            other = model["conditions"][name]
            assert condition.kind == "four"
            assert all(other[rate] == four[rate] for rate in ("lower_rate", "top_rate"))


def test_sets_of_vectors_are_what_they_are_called():
    a, not_a, b, not_b = (np.array(v) for v in experiment.make_vectors("bits"))
    assert (a + not_a == 1).all()
    assert (b + not_b == 1).all()
    for vector, other in ((a, b), (a, not_b)):
        assert vector.sum() == 4
        assert np.abs(vector - other)[:4].sum() == 2
        assert (vector[:4] == vector[4:]).all()
    assert experiment.make_vectors("two") == (
        (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    )  # fmt: skip
    drawn = [experiment.make_vectors("random", k) for k in range(experiment.RANDOM_SETS)]
    assert all(len(set(vectors)) == 4 and {len(v) for v in vectors} == {8} for vectors in drawn)
    assert len(set(drawn)) == experiment.RANDOM_SETS
    assert 0.45 < np.mean(drawn) < 0.55


def test_random_sets_share_the_networks(monkeypatch):
    monkeypatch.setattr(experiment, "RANDOM_SETS", 3)
    task = (experiment.Condition(kind="random"), (5.0, 2.0))
    (outcome,) = experiment.simulate([task], 3, 6, jobs=2)
    assert len(outcome.all) == 6
    second = experiment.simulate_range(*task, 3, 0, 2, number=1)
    np.testing.assert_array_equal(outcome.codes[..., 2:4], second.codes)


def test_search_looks_at_other_seeds_than_those_reported(monkeypatch):
    seen = []

    def look(tasks, root_seed, n, *, jobs):
        seen.append(root_seed)
        return [experiment.simulate_range(*task, root_seed, 0, 2, n_updates=1) for task in tasks]

    monkeypatch.setattr(experiment, "simulate", look)
    found = experiment.search_rates(experiment.Condition(), 2, jobs=1)
    assert seen == [experiment.ROOT_SEED + SEARCH_OFFSET]
    assert found == (experiment.LOWER_RATES[0], experiment.TOP_RATES[0])


def test_one_start_that_succeeds_is_enough(model):
    results = model["claims"]["hierarchy"]["operationalisations"]
    for name in experiment.SETS:
        share = model["conditions"][name]["all"]["share"]
        assert results[name]["value"] == share
        assert (results[name]["outcome"] == "supports") == (share > 0)


def test_model_is_plain_finite_data_and_the_same_again_with_other_jobs(model, monkeypatch):
    json.dumps(model, allow_nan=False)
    monkeypatch.setattr(experiment, "N_TOGETHER", 7)
    task = (experiment.Condition(), (5.0, 2.0))
    (outcome,) = experiment.simulate([task], experiment.ROOT_SEED, 30, jobs=1)
    assert experiment.describe(outcome).items() <= model["conditions"]["four"].items()


def test_figure_shows_the_shares_of_the_model(model):
    (axes,) = FIGURES["hierarchy"](model).axes
    rows = [model[part][name] for _, part, names in GROUPS for name, _ in names]
    for group, key in ((axes.patches, "all"), (axes.lines[1::2], "encoded")):
        drawn = [one.get_width() if key == "all" else one.get_xdata()[0] for one in group]
        expected = [100 * row[key]["share"] for row in rows if row[key]["share"] is not None]
        assert drawn == pytest.approx(expected)
