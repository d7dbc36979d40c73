"""The hierarchy of modules: what counts as success, the sets of vectors and the search."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from replication.definition.protocol import PAPER
from replication.experiments.hierarchy import examination, vectors
from replication.experiments.hierarchy import run as experiment
from replication.experiments.instruments.sample import SEARCH_OFFSET, Sample
from replication.simulator.rule.network import Rule

SIDES = np.array([[1, 1, -1, -1], [1, -1, 1, -1]])
"""Splits 1 and 2 of four vectors, one to a hidden unit."""
RATES = experiment.Rates(5.0, 2.0)


RULE = experiment.make_condition("four", RATES)


def examine(arrays, noise=0.25):
    """Examine two networks; the arrays of each are given by their names."""
    names = Rule(RULE, PAPER).shapes
    rows = [np.concatenate([np.ravel(one[name]) for name in names]) for one in arrays]
    shown = np.tile(np.eye(4), (2, 1, 2))
    noises = noise * np.random.default_rng(1).choice([-1.0, 1.0], (2, 4, 4, 8))
    return examination.examine(RULE, np.array(rows, dtype=float), shown, noises)


def build_by_hand(right=SIDES):
    """Return two equal hierarchies with saturated codes: one corner of the square a vector."""
    arrays = {}
    for k, sides in enumerate((SIDES, right)):
        arrays |= {f"W{k}": 40.0 * sides, f"b{k}": np.zeros(2), f"U{k}": 40.0 * sides.T,
                   f"c{k}": -20.0 * (1 + sides.sum(axis=0))}  # fmt: skip
    # Each top unit says what the units of its number say below, and says it to both.
    pair = np.array([[1, 0, 1, 0], [0, 1, 0, 1]])
    arrays |= {"W2": 40.0 * pair, "b2": [-40.0, -40.0], "U2": 40.0 * pair.T, "c2": [-20.0] * 4}
    return [arrays, {name: np.array(array) for name, array in arrays.items()}]


def test_perfect_codes_are_encoded_attractors_and_completed_unless_one_vector_fails():
    pair = build_by_hand()
    perfect = examine(pair)
    pair[0]["c1"] = pair[0]["c1"] - [0, 0, 0, 200.0]  # a unit that never comes on again
    damaged = examine(pair)
    for name in ("encoded", "attractors", "completed", "all"):
        assert getattr(perfect, name).tolist() == [True, True]
        assert getattr(damaged, name).tolist() == [False, True]
    noisy = examine(build_by_hand(), noise=1.0)  # too much to settle back
    assert noisy.encoded.all()
    assert not (noisy.attractors | noisy.all).any()


@pytest.mark.parametrize("seen", [[1, 1, 0, 0], [0, 0, 1, 1]])
def test_networks_that_cannot_complete_one_half_do_not_succeed(seen):
    """The top sees one lower module alone, so it cannot say what the other one's code means."""
    pair = build_by_hand()
    for arrays in pair:
        arrays["W2"], arrays["b2"] = arrays["W2"] * seen, [-20.0] * 2
    found = examine(pair)
    assert found.encoded.all()
    assert not (found.completed | found.all).any()


def test_lower_modules_with_other_splits_do_not_agree_on_a_vector():
    outcome = examine(build_by_hand(right=np.stack([SIDES[0], SIDES[0] * SIDES[1]])))
    assert not outcome.encoded.any()
    compared = examination.compare_splits(outcome)
    assert [compared[name]["n"] for name in ("same", "different", "single")] == [0, 2, 0]
    outcome = examine(build_by_hand())
    codes = outcome.codes.copy()  # (network, vector, module, unit)
    for module in (0, 1):  # of another network each
        codes[module, :, module, 1] = codes[module, :, module, 0]
    outcome = dataclasses.replace(outcome, codes=codes)
    compared = examination.compare_splits(outcome)
    assert [compared[name]["n"] for name in ("same", "different", "single")] == [0, 0, 2]


def test_each_network_has_a_random_set_of_its_own_and_other_noise():
    sample, fewer = Sample(200, 3), Sample(20, 3)
    drawn = vectors.draw_vectors("random", sample)
    assert drawn.shape == (200, 4, 8)
    assert set(drawn.ravel()) == {0.0, 1.0}
    # Four different ones in each, no set twice, and the first ones the same for fewer networks.
    numbers = drawn @ 2 ** np.arange(8)
    assert all(len(set(each)) == 4 for each in numbers)
    assert len({tuple(each) for each in numbers}) == 200
    np.testing.assert_array_equal(vectors.draw_vectors("random", fewer), drawn[:20])
    assert not np.array_equal(vectors.draw_vectors("random", fewer.others), drawn[:20])
    noise = vectors.draw_noise(drawn, sample)
    assert len(np.unique(noise)) == noise.size


def test_a_set_can_be_completed_unless_two_vectors_share_a_half():
    one = np.tile(np.eye(4), 2)
    shared = one.copy()
    shared[1, 4:] = shared[0, 4:]
    assert vectors.can_be_completed(np.stack([one, shared])).tolist() == [True, False]
    # Of random sets, by counting: four different left halves, and four different right ones.
    drawn = vectors.draw_vectors("random", Sample(4_000, 5))
    fair = (15 * 14 * 13 / 16**3) ** 2 / (255 * 254 * 253 / 256**3)
    assert vectors.can_be_completed(drawn).mean() == pytest.approx(fair, abs=0.025)


def test_search_takes_the_best_pair_on_other_seeds_than_those_reported(monkeypatch):
    def succeed(condition, pair, sample):
        assert sample.root_seed == 3 + SEARCH_OFFSET
        succeeded = np.arange(sample.n) < 2 * (pair in ((10.0, 1.0), (20.0, 4.0)))
        return SimpleNamespace(all=succeeded)

    monkeypatch.setattr(experiment, "simulate_condition", succeed)
    assert experiment.search_rates("four", Sample(2, 3)) == (10.0, 1.0)
