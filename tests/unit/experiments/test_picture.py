"""The picture of page 364: points, angles and errors against the readable network."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.claims import Verdict, load_claims
from replication.experiments.picture import run as picture
from replication.experiments.picture.figures import FIGURES
from replication.report.style import styled
from replication.simulator.weights import draw_weights

CLAIM = load_claims()["picture"]


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return json.loads(json.dumps(picture.run(jobs=2, n_networks=60), allow_nan=False))


def make_networks(n: int = 15) -> tuple[Any, list[RecirculationNetwork]]:
    """Return networks at several lengths of their initial weights, flat and readable."""
    weights = draw_weights(PAPER, 68, 0, n) * np.linspace(1, 8, n)[:, None]
    return weights, [RecirculationNetwork.from_weights(row, PAPER) for row in weights]


def test_angles_are_those_between_ap_and_cr() -> None:
    weights, networks = make_networks()
    angles = picture.measure_angles(PAPER, weights)
    for network, row in zip(networks, angles, strict=True):
        for a, angle in zip(network.patterns, row, strict=True):
            c = network.image(a)
            p = 0.75 * a + 0.25 * c
            r = network.image(p)
            ap, cr = p - a, r - c
            expected = math.degrees(
                math.acos(ap @ cr / math.sqrt((ap @ ap) * (cr @ cr)))
            )  # fmt: skip
            assert angle == pytest.approx(expected, abs=1e-6)


def test_error_falls_where_a_small_step_of_w_alone_lowers_it() -> None:
    weights, networks = make_networks()
    lowers = picture.lowers_error(PAPER, weights)
    assert 0 < lowers.mean() < 1
    for network, row in zip(networks, lowers, strict=True):
        for a, expected in zip(network.patterns, row, strict=True):
            change, _, _, _ = network.weight_changes(a)
            before = np.sum((network.image(a) - a) ** 2)
            network.W += 1e-6 * change
            after = np.sum((network.image(a) - a) ** 2)
            network.W -= 1e-6 * change
            assert bool(after < before) == expected


def test_whole_step_is_that_of_the_learning_rate() -> None:
    weights, networks = make_networks()
    lowers = picture.lowers_error(PAPER, weights, whole_step=True)
    assert (lowers != picture.lowers_error(PAPER, weights)).any()
    for network, row in zip(networks, lowers, strict=True):
        W = network.W.copy()
        for a, expected in zip(network.patterns, row, strict=True):
            before = np.sum((network.image(a) - a) ** 2)
            network.W += network.weight_changes(a)[0]
            after = np.sum((network.image(a) - a) ** 2)
            network.W[:] = W
            assert bool(after < before) == expected


@pytest.mark.parametrize(
    ("n_helped", "verdict"),
    [(98, Verdict.HOLDS), (90, Verdict.DOES_NOT_HOLD), (80, Verdict.DOES_NOT_HOLD)],
)
def test_share_below_the_limit_is_judged_by_its_lower_end(n_helped: int, verdict: Verdict) -> None:
    # 1,000 networks of one update each; of the four patterns two have a small angle.
    angle = np.tile([10.0, 44.9, 45.0, 120.0], (1000, 1))
    lower = np.zeros(angle.shape, dtype=bool)
    lower[:, :2] = (np.arange(1000) % 100 < n_helped)[:, None]
    judged = picture.judge_picture(CLAIM, angle, lower, np.ones(1000, dtype=np.int64))
    assert judged["verdict"] == verdict
    assert judged["share"] == pytest.approx(n_helped / 100)
    assert judged["n_small"] == 2000


def test_cases_of_one_network_are_not_counted_as_independent() -> None:
    # 100 networks whose 50 cases are alike: the interval is that of 100, not of 5,000, shares.
    helped = np.repeat([50, 0], [80, 20])
    estimate = picture.estimate_pooled_share(helped, np.full(100, 50))
    assert estimate.value == 0.8
    # The standard error of a share of 0.8 among 100 is 0.04; the quantile of Student's t 1.98.
    assert estimate.low == pytest.approx(0.8 - 1.98 * 0.0402, abs=1e-3)


def test_points_lie_as_in_the_figure_of_the_paper() -> None:
    _, networks = make_networks(4)
    for network in networks:
        a = network.patterns[1]
        points = picture.place_points(network, a)
        visible = {name: np.array(point) for name, point in points["visible"].items()}
        hidden = {name: np.array(point) for name, point in points["hidden"].items()}
        assert visible["A"] == pytest.approx([0, 0], abs=1e-4)
        # P lies a quarter of the way from A to C, both on the axis to the right.
        assert visible["C"][1] == pytest.approx(0, abs=1e-4)
        assert visible["P"] == pytest.approx(visible["C"] / 4, abs=1e-4)
        # B' moves away from Q, by about as much as was asked for.
        away, forth = hidden["B'"] - hidden["B"], hidden["Q"] - hidden["B"]
        assert away @ forth < 0
        assert 0.7 <= np.linalg.norm(away) / np.linalg.norm(forth) <= 0.9


def test_change_that_moves_nothing_ends() -> None:
    network = RecirculationNetwork.from_seed(0)
    factor = picture.find_factor(network, network.patterns[0], np.zeros((2, 4)), 0.1)
    assert math.isfinite(factor)


def test_model_judges_the_statement_and_counts_every_case(model: dict[str, Any]) -> None:
    assert set(model["claims"]) == {"picture"}
    judged = model["claims"]["picture"]
    assert Verdict(judged["verdict"])
    assert sum(model["bins"]["counts"]) == model["n_cases"]
    assert model["n_cases"] % 4 == 0
    assert len(model["parts"]) == picture.N_PARTS


def test_drawn_case_is_parallel_and_its_error_falls(model: dict[str, Any]) -> None:
    drawn = model["drawn"]
    low, high = picture.DRAWN_ANGLES
    assert low <= drawn["angle"] <= high
    assert drawn["errors"][1] < drawn["errors"][0]


def test_figure_places_the_points_of_the_model(model: dict[str, Any]) -> None:
    with styled():
        (visible, hidden), _ = (panel.axes for panel in FIGURES["picture"](model))
    for axes, group in ((hidden, "hidden"), (visible, "visible")):
        drawn = {
            line.get_gid(): (line.get_xdata()[0], line.get_ydata()[0])
            for line in axes.get_lines()
            if line.get_gid() in model["drawn"][group]
        }
        assert drawn == {name: tuple(x) for name, x in model["drawn"][group].items()}
