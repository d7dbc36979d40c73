"""The probability of the printed numbers: exact, with the error that the counts leave."""

import dataclasses
import itertools

import numpy as np
import pytest

from replication.experiments import likelihoods
from replication.experiments.headline.run import compare_with_paper
from replication.experiments.likelihoods import Likelihood, compare_readings
from replication.statistics.convolution import compute_joint_mass, compute_pair_chance
from replication.statistics.counts import CountTable
from tests.unit.experiments.builders import draw_counts


def test_chance_is_that_of_all_triples_and_slopes_are_its_derivatives():
    values, weights = [2, 3, 5, 9], np.array([40, 30, 20, 10])
    table = CountTable(np.array(values), weights, 100, 10)

    def count(shares):
        return sum(
            np.prod([shares[i] for i in triple])
            for triple in itertools.product(range(4), repeat=3)
            if max(values[i] for i in triple) == 5 and 3 <= sum(values[i] for i in triple) / 3 < 4
        )

    shares = weights / 200
    chance, slopes = compute_pair_chance(table, 3, mean=(3.0, 4.0), largest=5)
    assert chance == pytest.approx(count(shares), abs=1e-14)
    steps = 1e-6 * np.eye(4)
    expected = [(count(shares + step) - count(shares - step)) / 2e-6 for step in steps]
    assert slopes == pytest.approx(expected, abs=1e-8)


def test_chance_is_the_joint_mass_times_that_all_converge():
    table = draw_counts(50_000, n_censored=50)
    cells = compute_joint_mass(table, 100, mean_edges=[47.5, 48.5], max_edges=[202, 203])
    expected = cells.item() * (table.n_converged / table.n) ** 100
    assert Likelihood.of(table).chances["not counted"] == pytest.approx(expected, rel=1e-8)


def test_error_is_that_of_drawing_the_population_again():
    truth = draw_counts(4_000_000)
    found = Likelihood.of(truth)
    rng, shares = np.random.default_rng(5), truth.counts / truth.n
    drawn = [rng.multinomial(truth.n, shares) for _ in range(120)]
    tables = [CountTable(truth.updates[c > 0], c[c > 0], 0, 2000) for c in drawn]
    for sweep in likelihoods.SWEEPS:
        logs = [np.log(Likelihood.of(table).chances[sweep]) for table in tables]
        assert found.errors[sweep] == pytest.approx(np.std(logs), rel=0.25)


def test_study_is_compared_with_the_paper_if_enough_of_its_networks_stop_at_the_largest():
    counts = draw_counts(4_000_000, centre=3.8)
    counted = {"paper": dataclasses.asdict(Likelihood.of(counts))}
    here = compare_with_paper(counts, counted)["here"]
    assert (here["bayes_factor"], here["posterior"]) == (1.0, 0.5)
    assert compare_with_paper(draw_counts(100_000), counted) is None


def test_posterior_follows_from_the_chances_and_first_reading_is_the_base():
    def give(chance):
        return Likelihood(500, *(dict.fromkeys(likelihoods.SWEEPS, x) for x in (chance, 0.05)))

    rows = compare_readings({"own": give(3e-4), "rare": give(1e-4), "never": give(0.0)})["open"]
    assert [rows[name]["posterior"] for name in ("own", "rare")] == pytest.approx([0.75, 0.25])
    assert rows["never"]["bayes_factor"] is None
    low, high = rows["rare"]["bayes_factor_interval"]
    assert np.log(high / low) / 2 == pytest.approx(1.96 * np.hypot(0.05, 0.05), rel=1e-3)
    assert rows["own"]["bayes_factor_interval"] == [1.0, 1.0]
