"""The posterior over readings, cell by cell in plain loops."""

import itertools

import numpy as np
import pytest
from scipy import stats

from replication.analysis.multiverse_posterior import describe_posterior
from replication.analysis.posterior import PRIOR_WORDS, PRIORS, Likelihoods, weigh_runs
from replication.analysis.runs import RULES
from replication.analysis.seed_blocks import Blocked

NS = np.array([5, 60, 200])
LEVELS = np.array([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
N_LEVELS = [2, 3]
N_BLOCKS = 8
BASE = 1
REPORTED, MARGIN = 48.0, 5.0


def make_chance(seed=6, spread=0.01):
    rng = np.random.default_rng(seed)
    full = rng.uniform(0.02, 0.4, (6, 3, 2, 3))
    noise = rng.normal(size=(N_BLOCKS, *full.shape)) * spread
    return Blocked(full, np.clip(full + noise - noise.mean(axis=0), 0.0, 1.0))


def make_table():
    """Means about the reported one; that of the last reading is unknown under two rules.

    Counting sweeps adds one, which brings 42.5 within the margin and takes 52.5 beyond it. A mean
    at the margin itself, 43, is not within it.
    """
    means = np.linspace(40.0, 55.0, 18).reshape(6, 3)
    means[0], means[1, 0], means[2, 1] = [43.0, 42.5, 52.5], 48.0, 51.7
    table = {f"mean_{rule}": means[:, i].tolist() for i, rule in enumerate(RULES)}
    table["mean_discard"][5] = table["mean_restart"][5] = None
    return table


def describe(chance, **changes):
    fields = {
        "setting_levels": LEVELS,
        "n_levels": N_LEVELS,
        "base": BASE,
        "reported": REPORTED,
        "margin": MARGIN,
        "names": ["rate", "width"],
    }
    return describe_posterior(Likelihoods(NS, chance), make_table(), **(fields | changes))


def is_close(reading, rule, count):
    mean = make_table()[f"mean_{RULES[rule]}"][reading]
    return mean is not None and abs(mean + count - REPORTED) < MARGIN


def list_cells(chance, prior):
    """Return every cell as reading, rule, count, n with its posterior probability."""
    weights = weigh_runs(NS, prior)
    cells = {
        cell: chance[cell] * weights[cell[3]]
        for cell in itertools.product(range(6), range(3), range(2), range(3))
    }
    total = sum(cells.values())
    return {cell: weight / total for cell, weight in cells.items()}


def add_up(cells, key, size):
    found = np.zeros(size)
    for cell, probability in cells.items():
        found[key(cell)] += probability
    return found


def jackknife(chance, compute):
    without = np.array([compute(part) for part in chance.without])
    spread = without - without.mean(axis=0)
    return compute(chance.full), np.sqrt((N_BLOCKS - 1) / N_BLOCKS * (spread**2).sum(axis=0))


QUESTIONS = {
    "rate": (lambda cell: LEVELS[cell[0], 0], 2),
    "width": (lambda cell: LEVELS[cell[0], 1], 3),
    "rule": (lambda cell: cell[1], 3),
    "counting": (lambda cell: cell[2], 2),
    "runs": (lambda cell: cell[3], 3),
}


@pytest.mark.parametrize("prior", PRIORS)
def test_every_prior_gives_the_sums_over_its_cells(prior):
    chance = make_chance()
    found = describe(chance)["priors"][prior]
    assert found["words"] == PRIOR_WORDS[prior]
    np.testing.assert_allclose(found["weights"], weigh_runs(NS, prior))
    parts = {
        "rate": found["choices"][0],
        "width": found["choices"][1],
        "rule": found["rule"],
        "counting": found["counting"],
    }
    assert len(found["choices"]) == 2
    for name, part in parts.items():
        key, size = QUESTIONS[name]
        value, error = jackknife(chance, lambda p: add_up(list_cells(p, prior), key, size))  # noqa: B023
        np.testing.assert_allclose(part["posterior"], value)
        np.testing.assert_allclose(part["error"], error)
    sums = {
        "close": lambda cell: is_close(*cell[:3]),
        "base": lambda cell: cell[0] == BASE,
    }
    for name, holds in sums.items():
        value, error = jackknife(
            chance,
            lambda p: sum(q for cell, q in list_cells(p, prior).items() if holds(cell)),  # noqa: B023
        )
        assert 0 < found[name]["value"] < 1
        assert found[name]["value"] == pytest.approx(value)
        assert found[name]["error"] == pytest.approx(error)


@pytest.mark.parametrize("prior", PRIORS)
def test_evidence_is_the_chance_to_print_the_number_before_anything_is_known(prior):
    chance, weights = make_chance(), weigh_runs(NS, prior)

    def compute(part):
        return sum(
            part[cell] * weights[cell[3]]
            for cell in itertools.product(range(6), range(3), range(2), range(3))
        ) / (6 * 3 * 2)

    value, error = jackknife(chance, compute)
    found = describe(chance)["priors"][prior]["evidence"]
    assert float(found["value"]) == pytest.approx(value)
    assert float(found["error"]) == pytest.approx(error)


def test_readings_and_runs_of_the_main_prior_are_sums_over_cells():
    chance = make_chance()
    found = describe(chance)
    assert found["main_prior"] == "reciprocal"
    assert found["n_cells"] == 36
    value, error = jackknife(
        chance, lambda p: add_up(list_cells(p, "reciprocal"), lambda cell: cell[0], 6)
    )
    np.testing.assert_allclose(found["readings"].full, value)
    np.testing.assert_allclose(found["readings"].error, error)
    value, error = jackknife(
        chance, lambda p: add_up(list_cells(p, "reciprocal"), lambda cell: cell[3], 3)
    )
    assert found["runs"]["n"].tolist() == NS.tolist()
    np.testing.assert_allclose(found["runs"]["posterior"], value)
    np.testing.assert_allclose(found["runs"]["error"], error)


def find_information(cells, key, size):
    """Mutual information in bits: sum of p log2(p / (p_row p_column))."""
    joint = np.zeros((size, 2))
    for cell, probability in cells.items():
        joint[key(cell), int(is_close(*cell[:3]))] += probability
    expected = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    held = joint > 0
    return (joint[held] * np.log2(joint[held] / expected[held])).sum()


def find_uncertainty(cells):
    close = sum(q for cell, q in cells.items() if is_close(*cell[:3]))
    return stats.entropy([close, 1 - close], base=2)


def test_questions_are_worth_their_mutual_information_with_being_close():
    chance = make_chance()
    found = describe(chance)["questions"]
    assert found["margin"] == MARGIN
    assert [gain["question"] for gain in found["gain"]] == list(QUESTIONS)
    for gain in found["gain"]:
        key, size = QUESTIONS[gain["question"]]
        value, error = jackknife(
            chance,
            lambda p: find_information(list_cells(p, "reciprocal"), key, size),  # noqa: B023
        )
        assert gain["bits"] == pytest.approx(value, abs=1e-12)
        assert gain["error"] == pytest.approx(error, abs=1e-12)
    value, error = jackknife(chance, lambda p: find_uncertainty(list_cells(p, "reciprocal")))
    assert found["uncertainty"]["value"] == pytest.approx(value)
    assert found["uncertainty"]["error"] == pytest.approx(error)
    bits = {gain["question"]: gain["bits"] for gain in found["gain"]}
    assert found["leaders"][0] == max(bits, key=bits.get)


def make_readings(values, errors):
    """Chances that give the readings the posterior `values`, each with its own block noise."""
    rng = np.random.default_rng(8)
    noise = rng.normal(size=(N_BLOCKS, 6))
    noise -= noise.mean(axis=0)
    noise *= np.array(errors) / np.sqrt((N_BLOCKS - 1) / N_BLOCKS * (noise**2).sum(axis=0))
    full = np.array(values, dtype=float)
    without = full + noise
    shape = np.ones((1, 3, 2, 3))
    return Blocked(
        full[:, None, None, None] * shape, without[:, :, None, None, None] * shape
    )


def test_base_reading_is_ranked_by_paired_differences():
    """Three readings are surely above the base, one surely below, one cannot be told from it."""
    values, errors = [0.3, 0.1, 0.25, 0.1005, 0.02, 0.2295], [1e-4] * 3 + [1e-2] + [1e-4] * 2
    chance = make_readings(values, errors)
    found = describe(chance)["base"]
    assert (found["n_more"], found["n_less"], found["n_undecided"]) == (3, 1, 1)
    assert found["posterior"] == pytest.approx(0.1)
    assert found["times_prior"] == pytest.approx(0.6)
    assert found["highest"] == pytest.approx(0.3)
    assert found["n_tied_for_first"] == 1
    _, error = jackknife(chance, lambda p: p[BASE].sum() / p.sum())
    assert found["error"] == pytest.approx(error)
    tied = describe(make_readings([0.3, 0.1, 0.3, 0.08, 0.02, 0.2], [1e-3] * 6))["base"]
    assert tied["n_tied_for_first"] == 2


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("factor", "is_decided"), [(0.97, False), (1.03, True)])
def test_readings_are_told_from_the_base_at_once(factor, is_decided, sign):
    """Five comparisons at once: Student's t at 1 - 0.025 / 5 with 7 degrees of freedom."""
    error = 1e-3
    reach = stats.t.ppf(1 - 0.025 / 5, N_BLOCKS - 1)
    deviation = np.tile([1.0, -1.0], N_BLOCKS // 2) * error / np.sqrt(N_BLOCKS - 1)
    full = np.full(6, 1 / 6)
    full[2] += sign * factor * reach * error
    full[3] -= sign * factor * reach * error
    without = np.tile(full, (N_BLOCKS, 1))
    without[:, 2] += deviation
    without[:, 3] -= deviation
    shape = np.ones((1, 3, 2, 3))
    chance = Blocked(full[:, None, None, None] * shape, without[:, :, None, None, None] * shape)
    found = describe(chance)["base"]
    assert (found["n_more"], found["n_less"]) == ((1, 1) if is_decided else (0, 0))
    # The other three equal the base without any error, and lie neither above nor below it.
    assert found["n_undecided"] == (3 if is_decided else 5)


def test_readings_that_move_with_the_base_are_told_from_it():
    """All readings but the last share their noise, which hides no difference between them."""
    noise = np.random.default_rng(9).normal(size=(N_BLOCKS, 1)) * 0.02
    values = np.array([0.21, 0.2, 0.19, 0.15, 0.15, 0.1])
    without = values + (noise - noise.mean()) * np.array([1.0] * 5 + [-5.0])
    shape = np.ones((1, 3, 2, 3))
    chance = Blocked(values[:, None, None, None] * shape, without[:, :, None, None, None] * shape)
    found = describe(chance)["base"]
    assert (found["n_more"], found["n_less"], found["n_undecided"]) == (1, 3, 1)


def test_credible_sets_hold_the_most_probable_readings():
    values = [0.4, 0.005, 0.25, 0.3, 0.02, 0.025]
    chance = make_readings(values, [0.0] * 6)
    chance.without[0] = np.array([0.96, 0, 0.04, 0, 0, 0])[:, None, None, None]
    found = describe(chance)["credible_set"]
    assert (found["half"], found["most"]) == (2, 3)
    assert np.array(found["first"]).tolist() == [0, 3, 2]
    assert found["holds_base"] is False
    # Without one of eight blocks one reading is enough, otherwise three.
    assert found["most_error"] == pytest.approx(7 / 8 * 2)
    assert describe(chance, base=2)["credible_set"]["holds_base"] is True


def test_number_that_no_reading_prints_has_no_credible_set():
    chance = make_readings([0.0] * 6, [0.0] * 6)
    found = describe(chance)["credible_set"]
    assert found == {"half": None, "most": None, "holds_base": False, "first": []}


def test_single_reading_is_first():
    chance = make_chance()
    alone = Blocked(chance.full[:1], chance.without[:, :1])
    found = describe(
        alone, setting_levels=np.zeros((1, 0), dtype=int), n_levels=[], base=0, names=[]
    )
    assert found["base"]["n_tied_for_first"] == 1
    assert (found["base"]["n_more"], found["base"]["n_less"], found["base"]["n_undecided"]) == (
        0,
        0,
        0,
    )
    assert found["base"]["posterior"] == pytest.approx(1.0)
