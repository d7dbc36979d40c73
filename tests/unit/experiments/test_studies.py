"""Studies of 100 networks: how unusual and how probable the reported one is; medians and shares."""

import itertools

import numpy as np
import pytest

from replication import PAPER, CountTable, simulate
from replication.experiments.headline.run import compare_with_paper, find_less_extreme
from replication.experiments.instruments import studies
from replication.experiments.instruments.sample import Sample
from replication.experiments.instruments.studies import measure_likelihood
from replication.simulator.running import ensemble
from replication.statistics.convolution import compute_joint_mass, compute_pair_chance
from tests.unit.experiments.builders import draw_counts, make_counts


def test_too_few_networks_or_converged_ones_tell_nothing():
    for n, n_censored in ((999, 0), (99, 1000), (1000, 0), (100, 1000)):
        told = studies.describe_sampling(make_counts(20 + np.arange(n), n_censored=n_censored))
        assert (told is None) == (n in (999, 99))


def rank_studies(counts):
    """Return means, largest counts and p: the share of studies whose tail is at most as large."""
    means, maxima, cells, tails = studies.measure_tails(counts)
    order = np.argsort(tails, axis=None)
    below = np.searchsorted(tails.ravel()[order], tails * (1 + 1e-9))
    p = np.append(0.0, np.cumsum(cells.ravel()[order]))[below]
    return means, maxima, p


def test_less_extreme_studies_are_those_with_a_larger_p_than_compare_gives_to_the_reported_one():
    counts = draw_counts(200_000)
    means, maxima, p = rank_studies(counts)
    less = find_less_extreme(counts, studies.describe_sampling(counts))
    assert less["share"] == pytest.approx(p[means == 48, maxima == 202].item())
    # The table says for each largest count between which means a study lies.
    table = zip(less["max"], less["low"], less["high"], strict=True)
    listed = {(top, mean) for top, low, high in table for mean in range(low, high + 1)}
    rows, columns = np.nonzero(p > less["share"] * (1 + 1e-9))
    assert listed == set(zip(maxima[columns], means[rows], strict=True))


def test_networks_counted_from_a_seed_on_are_those_of_one_call(monkeypatch):
    monkeypatch.setattr(ensemble, "SEEDS_AT_ONCE", 16)
    whole = simulate(PAPER, n_seeds=60, root_seed=2001)
    assert studies.count_networks(PAPER, Sample(40, 2001), first=20) == CountTable.from_outcomes(
        whole.updates[20:], whole.converged[20:], PAPER.max_updates
    )


def test_test_of_the_headline_keeps_its_level_and_finds_another_population():
    counts = draw_counts(3_000, centre=3.7, seed=1)
    _, _, p = rank_studies(counts)
    slower = draw_counts(3_000, centre=4.2, seed=1)
    power = studies.measure_power(counts, {"own": counts, "slower": slower})
    # p is the share of studies with as small a p.
    assert power["own"] == pytest.approx(p[p <= 0.05].max(), abs=1e-9)
    assert power["slower"] > 0.99


def test_chance_is_that_of_all_triples_and_slopes_are_its_derivatives():
    values, weights = [2, 3, 5, 9], np.array([40, 30, 20, 10])
    table = CountTable(np.array(values), weights, 100, 10)

    def count(shares):
        return sum(
            np.prod([shares[i] for i in triple])
            for triple in itertools.product(range(4), repeat=3)
            if max(values[i] for i in triple) == 5 and 3 <= sum(values[i] for i in triple) / 3 < 4
        )

    # Half of the networks fail, and a triple with such a one does not count.
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
    found = measure_likelihood(table)["chances"]
    assert found["not counted"] == pytest.approx(expected, rel=1e-8)
    later = measure_likelihood(studies.count_sweeps(table))["chances"]["not counted"]
    assert found["counted"] == pytest.approx(later)
    assert found["open"] == pytest.approx((expected + later) / 2)


def test_error_is_that_of_drawing_the_population_again():
    truth = draw_counts(4_000_000)
    found = measure_likelihood(truth)
    rng, shares = np.random.default_rng(5), truth.counts / truth.n
    # 60 populations, drawn as the first one might have been.
    drawn = [rng.multinomial(truth.n, shares) for _ in range(60)]
    tables = [CountTable(truth.updates[c > 0], c[c > 0], 0, 2000) for c in drawn]
    for sweep in studies.SWEEPS:
        logs = [np.log(measure_likelihood(table)["chances"][sweep]) for table in tables]
        assert found["errors"][sweep] == pytest.approx(np.std(logs), rel=0.25)


def test_study_is_compared_with_the_paper_if_enough_of_its_networks_stop_at_the_largest():
    counts = draw_counts(4_000_000, centre=3.8)
    counted = measure_likelihood(counts)
    here = compare_with_paper(counts, counted)["here"]
    assert (here["bayes_factor"], here["posterior"]) == (1.0, 0.5)
    assert compare_with_paper(draw_counts(100_000), counted) is None


def test_posterior_follows_from_the_chances_and_first_reading_is_the_base():
    def give(chance):
        chances, errors = (dict.fromkeys(studies.SWEEPS, x) for x in (chance, 0.05))
        return {"n_at_max": 500, "chances": chances, "errors": errors}

    given = {"own": give(3e-4), "rare": give(1e-4), "never": give(0.0)}
    rows = studies.compare_readings(given)["open"]
    assert [rows[name]["posterior"] for name in ("own", "rare")] == pytest.approx([0.75, 0.25])
    assert rows["never"]["bayes_factor"] is None
    low, high = rows["rare"]["bayes_factor_interval"]
    assert np.log(high / low) / 2 == pytest.approx(1.96 * np.hypot(0.05, 0.05), rel=1e-3)
    assert rows["own"]["bayes_factor_interval"] == [1.0, 1.0]
    alone = studies.compare_readings({"own": give(3e-4), "never": give(0.0)})["open"]
    assert alone["own"]["posterior"] is None, "nothing to be compared with"


def test_a_tiny_p_keeps_no_bits_that_a_processor_may_change():
    """2.9585e-10 with AVX-512 was 2.95854e-10 without: a transform's last bits."""
    assert studies.round_p(2.9585e-10) == studies.round_p(2.95854e-10) == 2.96e-10
    assert studies.round_p(0.022612345678) == 0.022612345678


def test_p_of_a_study_is_rounded_so(monkeypatch):
    counts = draw_counts(5000)
    p = studies.describe_sampling(counts)["p"]
    monkeypatch.setattr(studies, "round_p", lambda p: round(p, 3))
    rounded = studies.describe_sampling(counts)["p"]
    assert rounded == round(p, 3)
    assert rounded != p
    assert studies.find_p(counts) == rounded
