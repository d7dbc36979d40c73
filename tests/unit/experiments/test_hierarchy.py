"""The hierarchy of modules: what counts as success, the controls, the reason and the verdict."""

from __future__ import annotations

import numpy as np
import pytest

from replication.experiments.hierarchy import run as experiment
from replication.experiments.hierarchy.figures import FIGURES, GROUPS
from replication.experiments.search import SEARCH_OFFSET
from replication.simulator.modules import ModularBatch
from tests.unit.experiments.builders import run_small

SIDES = np.array([[1, 1, -1, -1], [1, -1, 1, -1]])
"""Splits 1 and 2 of four vectors, one to a hidden unit."""
MEASURES = ("encoded", "attractors", "completed", "all")
RATES = (5.0, 2.0)


@pytest.fixture(scope="module")
def model():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "LOWER_RATES", RATES[:1])
        patch.setattr(experiment, "TOP_RATES", RATES[1:])
        patch.setattr(experiment, "RANDOM_SETS", 2)
        return run_small(experiment, 30)


def build_by_hand(right=SIDES):
    """Return two equal hierarchies with saturated codes: one corner of the square a vector."""
    batch = ModularBatch(experiment.Condition().make_hierarchy(*RATES), 1, 0, 2)
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


def test_perfect_codes_are_encoded_attractors_and_completed_unless_one_vector_fails():
    batch = build_by_hand()
    perfect = experiment.examine(batch)
    batch.lower.visible_biases[3, 1, 0] = -200.0  # a fourth unit that never comes on again
    damaged = experiment.examine(batch)
    for name in MEASURES:
        assert perfect[name].tolist() == [True, True]
        assert damaged[name].tolist() == [False, True]


def test_copies_with_too_much_noise_do_not_settle_back(monkeypatch):
    monkeypatch.setattr(experiment, "NOISE", 1.0)
    outcome = experiment.examine(build_by_hand())
    assert outcome["encoded"].all()
    assert not (outcome["attractors"] | outcome["all"]).any()


def test_lower_modules_with_other_splits_do_not_agree_on_a_vector():
    outcome = experiment.examine(build_by_hand(right=np.stack([SIDES[0], SIDES[0] * SIDES[1]])))
    assert not outcome["encoded"].any()
    compared = experiment.compare_splits(outcome)
    assert {name: group["n"] for name, group in compared.items()} == {
        "same": 0, "different": 2, "single": 0,
    }  # fmt: skip


def test_networks_with_one_split_in_a_module_are_counted_apart():
    outcome = experiment.examine(build_by_hand())
    outcome["codes"][1, :, :, 0] = outcome["codes"][0, :, :, 0]
    compared = experiment.compare_splits(outcome)
    assert [compared[name]["n"] for name in ("same", "different", "single")] == [1, 0, 1]


def test_untrained_hierarchy_keeps_nothing():
    batch = ModularBatch(experiment.Condition().make_hierarchy(*RATES), 1, 0, 20)
    outcome = experiment.examine(batch)
    assert not (outcome["encoded"] | outcome["attractors"] | outcome["completed"]).any()


def test_splits_are_named_by_the_partner_of_the_first_vector():
    codes = np.array([[[0.9], [0.8], [0.1], [0.2]], [[0.3], [0.6], [0.7], [0.31]]])
    assert experiment.name_splits(codes) == [frozenset({1, 3})]
    assert experiment.name_splits(1.0 - codes) == [frozenset({1, 3})]
    assert experiment.name_splits(codes[[0, 0]]) == [frozenset({1})]


def test_conditions_differ_from_the_four_pairs_as_they_should(model):
    conditions = model["conditions"]
    four, alike = conditions["four"], conditions["same_start"]
    assert alike["encoded"]["share"] > max(0.9, four["encoded"]["share"] + 0.3)
    untrained = conditions["untrained_top"]
    assert untrained["encoded"]["share"] == untrained["all"]["share"] == 0.0
    assert conditions["two"]["all"]["share"] == 1.0
    for name, condition in conditions.items():
        assert condition["all"]["share"] <= condition["encoded"]["share"]
        assert (condition["lower_rate"], condition["top_rate"]) == RATES
        if name not in experiment.SETS:
            assert experiment.CONDITIONS[name].kind == "four"
            assert experiment.CONDITIONS[name].rates_of == "four"


def test_splits_divide_the_networks_of_the_drawn_hierarchy(model):
    groups = [model["splits"][name] for name in ("same", "different", "single")]
    assert sum(group["n"] for group in groups) == model["n"]
    assert sum(g["n"] * g["all"]["share"] for g in groups if g["n"]) == pytest.approx(
        model["n"] * model["conditions"]["four"]["all"]["share"]
    )
    assert groups[0]["encoded"]["share"] > 0.9
    assert groups[1]["encoded"]["share"] < 0.1


def test_rates_are_used_as_they_are_named():
    hierarchy = experiment.Condition(kind="two").make_hierarchy(*RATES)
    assert (hierarchy.lower.learning_rate, hierarchy.top.learning_rate) == RATES


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
    condition = experiment.Condition(kind="random")
    outcome = experiment.simulate(condition, RATES, 3, 6, jobs=2)
    assert len(outcome["all"]) == 6
    second = experiment.simulate_range(condition, RATES, 3, 0, 2, number=1)
    np.testing.assert_array_equal(outcome["codes"][..., 2:4], second["codes"])


def test_search_takes_the_best_pair_on_other_seeds_than_those_reported(monkeypatch):
    def succeed(condition, pair, root_seed, n, *, jobs):
        assert root_seed == experiment.ROOT_SEED + SEARCH_OFFSET
        return {"all": np.arange(n) < 2 * (pair in ((10.0, 1.0), (20.0, 4.0)))}

    monkeypatch.setattr(experiment, "simulate", succeed)
    assert experiment.search_rates(experiment.Condition(), 2, jobs=1) == (10.0, 1.0)


def test_one_start_that_succeeds_is_enough(model):
    results = model["claims"]["hierarchy"]["operationalisations"]
    for name in experiment.SETS:
        share = model["conditions"][name]["all"]["share"]
        assert results[name]["value"] == share
        assert (results[name]["outcome"] == "supports") == (share > 0)


def test_networks_are_the_same_again_in_other_parts(model, monkeypatch):
    monkeypatch.setattr(experiment, "N_TOGETHER", 7)
    outcome = experiment.simulate(experiment.Condition(), RATES, experiment.ROOT_SEED, 30, jobs=1)
    assert experiment.describe(outcome).items() <= model["conditions"]["four"].items()


def test_figure_shows_the_shares_of_the_model(model):
    (axes,) = FIGURES["hierarchy"](model).axes
    rows = [model[part][name] for _, part, names in GROUPS for name, _ in names]
    for group, key in ((axes.patches, "all"), (axes.lines[1::2], "encoded")):
        drawn = [one.get_width() if key == "all" else one.get_xdata()[0] for one in group]
        expected = [100 * row[key]["share"] for row in rows if row[key]["share"] is not None]
        assert drawn == pytest.approx(expected)
