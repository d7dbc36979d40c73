"""Values that are tried or measured: in order, each once, and what they promise of each other."""

import itertools

import pytest

from replication.definition.protocol import PAPER
from replication.experiments.dynamics import alignment, failures
from replication.experiments.dynamics import run as dynamics
from replication.experiments.functions import run as functions
from replication.experiments.headline.distributions import _make_edges
from replication.experiments.images import linear, logistic
from replication.experiments.proposal import run as proposal
from replication.experiments.settings import run as settings
from replication.experiments.sizes import run as sizes

GRIDS = {
    "functions": functions.SEARCHED_RATES,
    "dynamics": dynamics.SEARCHED_RATES,
    "times": dynamics.TIMES,
    "upper": failures.UPPER_RATES,
    "aligned": alignment.ALIGNED_RATES,
    "proposal": proposal.SEARCHED_RATES,
    "equal": proposal.EQUAL_RATES,
    "sizes": sizes.RATES,
    "regressions": sizes.GRID["regression"],
    "epochs": logistic.EPOCHS,
    "map": settings.MAP_RATES,
    "map regressions": settings.MAP_REGRESSIONS,
    "edge": settings.EDGE_RATES,
} | {f"{kind} alone": rates for kind, (_, rates) in dynamics.KINDS.items()}
GRIDS |= {f"near {regression}": rates for regression, rates in settings.NEAR_RATES.items()}


@pytest.mark.parametrize("name", GRIDS)
def test_values_of_a_grid_rise_so_that_none_is_tried_twice(name):
    assert all(one < other for one, other in itertools.pairwise(GRIDS[name]))


def test_noise_and_time_that_are_compared_have_equal_products():
    """What the chapter compares: noise squared, times updates."""
    products = {(noise, n): noise**2 * n for noise, n in linear.NOISES}
    assert products[0.04, 4_000] == pytest.approx(products[0.02, 16_000])
    assert products[0.08, 1_000] == pytest.approx(products[0.02, 16_000])
    # The others differ from the main one in the noise alone.
    assert [n for _, n in linear.NOISES[:3]] == [linear.N_UPDATES] * 3


def test_numbers_in_the_names_of_measurements_are_those_that_are_used():
    assert {key: float(f"0.{key}") for key in sizes.REGRESSIONS} == sizes.REGRESSIONS
    assert sizes.REGRESSIONS["75"] == PAPER.regression
    # Means at a cap stand beside the share that is still learning then.
    assert set(dynamics.CAPS) <= set(dynamics.TIMES)
    assert PAPER.max_updates in dynamics.TIMES
    # The share of the widest initial weights, scaled to the root of the number of visible units.
    assert linear.SIZES[1] == linear.SIZES[0] * (4 / 64) ** 0.5


@pytest.mark.parametrize(("low", "high", "width", "first", "last"), [
    (0.0, 60.0, 1.0, -1.0, 61.0), (30.0, 95.0, 2.0, 28.0, 98.0), (10.0, 250.0, 5.0, 5.0, 255.0),
    (0.0, 6.0, 0.1, -0.1, 6.1),
])  # fmt: skip
def test_cells_have_the_next_round_width_and_hold_both_ends(low, high, width, first, last):
    edges = _make_edges(low, high)
    assert edges[1] - edges[0] == pytest.approx(width)
    assert (edges[0], edges[-1]) == pytest.approx((first, last))
