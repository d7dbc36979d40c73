"""The codes of converged networks, judged and drawn."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.claims import Verdict, load_claims
from replication.experiments.codes import run as codes
from replication.experiments.codes.activities import measure_codes
from replication.experiments.codes.figures import FIGURES
from replication.report.style import styled
from replication.simulator.weights import draw_weights

CLAIM = load_claims()["good-codes"]
BINARY = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
NEAR = [[0.3, 0.3], [0.2, 0.8], [0.9, 0.1], [0.7, 0.8]]
SHARED = [[0.0, 0.0], [0.0, 0.4], [1.0, 0.0], [1.0, 0.9]]


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return json.loads(json.dumps(codes.run(jobs=2, n_networks=80), allow_nan=False))


@pytest.mark.parametrize(
    ("n_good", "verdict"),
    # The lower ends of the exact intervals: 0.912 and 0.899 of 1,000; 0.507 and 0.494.
    [(930, Verdict.HOLDS), (917, Verdict.TOO_FEW), (539, Verdict.DOES_NOT_HOLD),
     (525, Verdict.DOES_NOT_HOLD)],
)  # fmt: skip
def test_lower_end_of_the_share_is_judged(n_good: int, verdict: Verdict) -> None:
    judged = codes.judge_codes(CLAIM, measure_codes([NEAR] * n_good + [SHARED] * (1000 - n_good)))
    assert judged["verdict"] == verdict
    assert judged["share"] == n_good / 1000


def test_strict_share_is_shown_and_does_not_decide() -> None:
    judged = codes.judge_codes(CLAIM, measure_codes([NEAR] * 75 + [BINARY] * 25))
    assert judged["verdict"] == Verdict.HOLDS
    assert (judged["share"], judged["strict"]) == (1.0, 0.25)


def test_codes_are_followed_as_the_readable_network_learns_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(codes, "LATER", (2, 5))
    weights = 4 * draw_weights(PAPER, 65, 0, 6)
    later = codes.follow_codes(CLAIM, weights, 1)
    assert later["updates"] == [0, 2, 5]
    for updates, share in zip(later["updates"], later["good"], strict=True):
        hidden = []
        for row in weights:
            network = RecirculationNetwork.from_weights(row, PAPER)
            for _ in range(updates):
                network.update()
            hidden.append([network.first_pass(pattern) for pattern in network.patterns])
        assert share == measure_codes(hidden).is_good().mean()


def test_failures_with_one_code_for_two_patterns_are_counted() -> None:
    weights = draw_weights(PAPER, 66, 0, 4)
    weights[0, :8] = 0.0  # the hidden states no longer hang on the pattern
    assert codes.describe_failures(weights) == {"n": 4, "shared": 0.25}
    assert codes.describe_failures(weights[:0]) == {"n": 0, "shared": None}


def test_model_judges_the_statement_and_adds_up(model: dict[str, Any]) -> None:
    assert set(model["claims"]) == {"good-codes"}
    assert Verdict(model["claims"]["good-codes"]["verdict"])
    assert sum(model["corners"].values()) == pytest.approx(1.0)
    assert model["corners"]["four"] == model["claims"]["good-codes"]["share"]
    assert model["n_converged"] + model["failures"]["n"] == model["n_networks"]


def test_figure_marks_good_codes_and_others(model: dict[str, Any]) -> None:
    with styled():
        (square,), (later,) = (panel.axes for panel in FIGURES["codes"](model))
    drawn = {each.get_gid(): len(each.get_offsets()) for each in square.collections}
    n_good = 4 * sum(model["drawn"]["good"])
    assert drawn == {"good": n_good, "other": 4 * len(model["drawn"]["good"]) - n_good}
    good = next(line for line in later.get_lines() if line.get_gid() == "good")
    np.testing.assert_allclose(good.get_ydata(), 100 * np.asarray(model["later"]["good"]))
