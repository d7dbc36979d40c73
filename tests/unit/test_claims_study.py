"""The experiments on the abstract's other claims, and their chapter, on few networks."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication import PAPER
from replication.analysis.plain import make_plain
from replication.claims_study import Experiment, Sizes, run_claims
from replication.claims_study.experiment import FIRST_SEARCH_SEED
from replication.claims_study.failures import measure_failures
from replication.claims_study.locality import _alter
from replication.claims_study.rapid import BACK_PROPAGATION_GRID, RECIRCULATION_GRID
from replication.claims_study.search import Grid, find_edges, search_settings
from replication.cli import main
from replication.cli.arguments import MAX_SEEDS
from replication.report.chapters import claims as claims_chapter
from replication.report.chapters.claims_box import describe_number
from replication.report.document import Document, walk_blocks
from replication.report.figures.claims import plot_failures, plot_paths, plot_speed, plot_square
from replication.report.figures.claims_gradient import (
    plot_cosines,
    plot_encoders,
    plot_learning,
)
from replication.report.markdown import render_markdown
from replication.simulator.engine import evaluate_networks, record_weights, run_networks
from replication.simulator.gradient import compute_rule_terms
from replication.simulator.weights import draw_weights

SIZES = Sizes(
    n_networks=400, n_search=40, n_failures=4_000, n_symmetry=60, n_gradient=60,
    n_encoders=40, n_encoder_search=16,
)  # fmt: skip


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return run_claims(Experiment(sizes=SIZES, jobs=2))


def make_document(model: dict[str, Any]) -> Document:
    blocks = tuple(claims_chapter.chapter({"claims": model}))
    return Document(title="Claims", subtitle="Tested", blocks=blocks)


def test_model_is_plain_and_survives_json(model: dict[str, Any]) -> None:
    assert json.loads(json.dumps(model, allow_nan=False)) == model


def test_each_claim_has_a_verdict_with_its_numbers(model: dict[str, Any]) -> None:
    assert list(model["claims"]) == ["rapid", "good-codes", "gradient", "simple-rule"]
    for entry in model["claims"].values():
        assert entry["verdict"]["numbers"]
        assert entry["verdict"]["would_change"]
        assert entry["claim"]["rule"]


def test_number_of_jobs_does_not_matter() -> None:
    sizes = dataclasses.replace(SIZES, n_failures=3_000)
    one, two = (measure_failures(Experiment(sizes=sizes, jobs=jobs)) for jobs in (1, 2))
    np.testing.assert_equal(one, two)


def test_outcomes_of_the_paper_are_those_of_the_study(model: dict[str, Any]) -> None:
    updates, converged, _ = run_networks(PAPER, draw_weights(PAPER, 1988, 0, SIZES.n_networks))
    paper = model["rapid"]["procedures"]["recirculation-paper"]
    assert paper["converged"]["value"] == pytest.approx(converged.mean())
    assert paper["within"]["50"]["value"] == pytest.approx((converged & (updates <= 50)).mean())
    assert paper["median"] == np.median(updates)
    curve = dict(zip(model["rapid"]["curve_updates"], paper["still_learning"], strict=True))
    assert curve[50] == pytest.approx((updates > 50).mean())


def test_pairs_are_of_the_same_networks(model: dict[str, Any]) -> None:
    histogram = model["rapid"]["differences"]
    assert sum(histogram["counts"]) == SIZES.n_networks
    below = sum(histogram["counts"][: -histogram["lowest"]])
    faster = model["rapid"]["pairs"]["paper-best"]["faster"]["value"]
    assert below / SIZES.n_networks == pytest.approx(faster)


def test_searches_never_touch_reported_seeds() -> None:
    assert 1_000 * Sizes().n_failures < FIRST_SEARCH_SEED
    assert FIRST_SEARCH_SEED + Sizes().n_search < MAX_SEEDS


def test_search_finds_the_best_of_its_grid() -> None:
    experiment = Experiment(jobs=1)
    protocols = [dataclasses.replace(PAPER, learning_rate=rate) for rate in (0.5, 15.0, 1.0, 90.0)]
    found = search_settings(experiment, protocols, n=80)
    assert found.protocol.learning_rate == 15.0
    assert (found.n_settings, found.n_first, found.n_networks) == (4, 10, 80)


def test_grids_hold_the_settings_of_the_paper() -> None:
    protocols = RECIRCULATION_GRID.list_protocols(PAPER)
    assert PAPER in protocols
    assert len(set(protocols)) == len(protocols)
    others = BACK_PROPAGATION_GRID.list_protocols(PAPER)
    assert {protocol.regression for protocol in others} == {PAPER.regression}


def test_best_settings_at_an_end_of_the_range_are_noticed() -> None:
    grid = Grid(steps=(1.0, 2.0, 4.0), regressions=(0.5, 0.75, 0.9), momenta=(0.0, 0.3, 0.5))
    inside = dataclasses.replace(PAPER, learning_rate=8.0, momentum=0.3)
    assert find_edges(grid, inside) == []
    outside = dataclasses.replace(PAPER, learning_rate=40.0, regression=0.9, momentum=0.5)
    assert find_edges(grid, outside) == ["learning_rate", "momentum", "regression"]
    assert find_edges(grid, dataclasses.replace(inside, momentum=0.0)) == []


def test_following_gives_the_weights_of_the_trace() -> None:
    experiment = Experiment(jobs=1)
    initial = draw_weights(PAPER, 5, 0, 3)
    followed = dict(experiment.follow(PAPER, initial, [0, 3, 10]))
    for k, weights in enumerate(initial):
        recorded = record_weights(PAPER, weights, 10)
        for updates in (0, 3, 10):
            np.testing.assert_array_equal(followed[updates][k], recorded[updates])


def test_altered_weights_leave_the_activities_of_both_passes() -> None:
    single = dataclasses.replace(PAPER, patterns=((0.0, 1.0, 0.0, 0.0),))
    initial = draw_weights(PAPER, 6, 0, 20)
    altered = _alter(single, initial, np.random.default_rng(1))
    assert np.abs(altered - initial).mean(axis=1).min() > 0.05
    for before, after in zip(
        compute_rule_terms(single, initial), compute_rule_terms(single, altered), strict=True
    ):
        for left, right in zip(before, after, strict=True):
            np.testing.assert_allclose(left, right, rtol=0, atol=1e-14)


def test_back_propagation_notices_the_alteration(model: dict[str, Any]) -> None:
    rule = model["rule"]
    assert rule["back_propagation_effect"] > 0.1
    assert max(rule["altered_difference"], rule["product_difference"]) < 1e-14


def test_failures_share_a_code(model: dict[str, Any]) -> None:
    failures = model["failures"]
    assert failures["n_failed"] == len(failures["drawn"]) > 0
    for network in failures["drawn"]:
        initial = draw_weights(PAPER, 1988, network["seed"], network["seed"] + 1)
        _, converged, final = run_networks(PAPER, initial, final_weights=True)
        assert not converged[0]
        assert final is not None
        measured = evaluate_networks(PAPER, final)
        np.testing.assert_allclose(measured.hidden[0][0], network["hidden"], atol=6e-4)
        assert measured.error[0] >= PAPER.threshold


def test_experiment_without_failures_is_told(model: dict[str, Any]) -> None:
    changed = copy.deepcopy(model)
    few = Experiment(sizes=dataclasses.replace(SIZES, n_failures=50))
    changed["failures"] = make_plain(measure_failures(few))
    assert changed["failures"]["n_failed"] == 0
    text = render_markdown(make_document(changed))
    assert "Of 50 networks, 0 had not converged" in text
    assert "gallery" not in text


def test_small_sizes_shrink_everything() -> None:
    assert Sizes.scale(100_000) == Sizes()
    assert Sizes.scale(1_000_000) == dataclasses.replace(Sizes(), n_networks=1_000_000)
    assert Sizes.scale(1_000).n_failures == 10_000
    assert Sizes.scale(100).n_gradient == 50


# The chapter


def test_chapter_tells_every_verdict(model: dict[str, Any]) -> None:
    text = render_markdown(make_document(model))
    for entry in model["claims"].values():
        assert entry["claim"]["rule"] in text
        for number in entry["verdict"]["numbers"]:
            assert describe_number(number) in text
        for change in entry["verdict"]["would_change"]:
            assert change in text


def test_chapter_fails_without_a_number_it_needs(model: dict[str, Any]) -> None:
    for path in (("rule", "alteration"), ("codes", "good"), ("gradient", "rises")):
        changed = copy.deepcopy(model)
        del changed[path[0]][path[1]]
        with pytest.raises(KeyError):
            claims_chapter.chapter({"claims": changed})


def test_every_figure_of_the_chapter_can_be_drawn(model: dict[str, Any]) -> None:
    figures = make_document(model).figures
    assert len(figures) == 7
    for figure in figures:
        assert isinstance(figure.draw(), Figure)
        assert figure.command == "replication claims"


def test_every_derivation_step_is_spoken(model: dict[str, Any]) -> None:
    from replication.report.document import Equation

    blocks = walk_blocks(make_document(model).blocks)
    equations = [block for block in blocks if isinstance(block, Equation)]
    assert len(equations) == 7
    assert all(len(equation.spoken.split()) > 5 for equation in equations)


# The figures


def get_axes(figure: Figure) -> list[Axes]:
    return list(figure.axes)


def test_speed_figure_draws_the_curves(model: dict[str, Any]) -> None:
    left, right = get_axes(plot_speed(rapid=model["rapid"]))
    drawn = [np.asarray(line.get_ydata()) for line in left.get_lines()]
    assert len(drawn) == 4
    expected = model["rapid"]["procedures"]["recirculation-paper"]["still_learning"]
    np.testing.assert_allclose(drawn[0], 100 * np.array(expected))
    heights = [patch.get_data().values.sum() for patch in right.patches]  # type: ignore[attr-defined]
    pair = model["rapid"]["pairs"]["paper-best"]
    counts = model["rapid"]["differences"]["counts"]
    ends = 100 * np.array([counts[0], counts[-1]]) / SIZES.n_networks
    assert heights[0] + ends[0] == pytest.approx(100 * pair["faster"]["value"])
    assert heights[1] + ends[1] == pytest.approx(100 * pair["slower"]["value"])


def test_square_shows_every_code_and_all_networks(model: dict[str, Any]) -> None:
    left, right = get_axes(plot_square(codes=model["codes"]))
    n_points = sum(len(np.asarray(points.get_offsets())) for points in left.collections)
    assert n_points == 4 * len(model["codes"]["drawn"]["seeds"])
    good, graded = (patch.get_data() for patch in right.patches)  # type: ignore[attr-defined]
    width = good.edges[1] - good.edges[0]
    assert good.values.sum() * width / 0.02 == pytest.approx(100 * model["codes"]["good"]["value"])
    assert graded.values.sum() * width / 0.02 == pytest.approx(100)


def test_paths_end_at_the_codes(model: dict[str, Any]) -> None:
    axes = get_axes(plot_paths(paths=model["codes"]["paths"]))
    for one, path in zip(axes, model["codes"]["paths"].values(), strict=True):
        # For each pattern a line, its open start and its full end.
        ends = [
            [float(np.ravel(line.get_xdata())[0]), float(np.ravel(line.get_ydata())[0])]
            for line in one.get_lines()
            if line.get_markersize() == 8
        ]
        assert ends == path["hidden"][-1]
        assert path["updates"] + 1 == len(path["hidden"])


def test_gallery_names_the_patterns_that_share_a_code(model: dict[str, Any]) -> None:
    drawn = model["failures"]["drawn"]
    for one, network in zip(get_axes(plot_failures(drawn=drawn)), drawn, strict=True):
        labels = sorted(text.get_text() for text in one.texts)
        named = sorted(part for label in labels for part in label.split(" and "))
        assert named == ["1", "2", "3", "4"]
        assert one.get_title() == f"seed {network['seed']}"


def test_cosine_figure_draws_the_medians(model: dict[str, Any]) -> None:
    gradient = model["gradient"]
    left, right = get_axes(plot_cosines(gradient=gradient, paper=PAPER.regression))
    for axes, units in ((left, "linear"), (right, "logistic")):
        rows = gradient["start"][f"{units}-symmetric-squared"]
        expected = [row["into_hidden"]["median"] for row in rows]
        assert any(np.array_equal(line.get_ydata(), expected) for line in axes.get_lines())


def test_learning_figure_draws_symmetry(model: dict[str, Any]) -> None:
    symmetry = model["symmetry"]
    _, right = get_axes(plot_learning(gradient=model["gradient"], symmetry=symmetry))
    expected = [row["median"] for row in symmetry["cosine"]]
    assert np.array_equal(right.get_lines()[0].get_ydata(), expected)


def test_encoder_figure_has_a_panel_for_each_network(model: dict[str, Any]) -> None:
    axes = get_axes(plot_encoders(encoders=model["encoders"]))
    names = [one.get_title() for one in axes]
    assert names == [network["name"] for network in model["encoders"]["networks"]]


# The command


def test_command_writes_beside_the_default_study(
    tmp_path: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    model: dict[str, Any],
) -> None:  # fmt: skip
    monkeypatch.setattr("replication.claims_study.run_claims", lambda *_, **__: model)
    assert main(["claims", "--seeds", "500", "--root-seed", "7", "--results", str(tmp_path)]) == 0
    assert not (tmp_path / "claims.json").exists()
    path = tmp_path / "studies" / "claims-7-500" / "claims.json"
    assert json.loads(path.read_text()) == model
    report = (path.parent / "report.md").read_text(encoding="utf-8")
    assert all(entry["claim"]["title"] in report for entry in model["claims"].values())
    assert f"rapid: {model['claims']['rapid']['verdict']['verdict']}." in capsys.readouterr().out
    first = path.read_bytes()
    assert main(["claims", "--results", str(tmp_path)]) == 0
    assert (tmp_path / "claims.json").read_bytes() == first
    assert not (tmp_path / "report.md").exists(), "the report of the default study takes it up"


def test_report_of_an_even_number_has_its_median(tmp_path: Any, model: dict[str, Any]) -> None:
    changed = copy.deepcopy(model)
    changed["rapid"]["procedures"]["recirculation-paper"]["median"] = 36.5
    assert "| 36.5 |" in render_markdown(make_document(changed))


@pytest.mark.parametrize("seeds", ["0", "99", "10000001", "many"])
def test_command_refuses_other_numbers(seeds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["claims", "--seeds", seeds]) == 2
    assert "--seeds" in capsys.readouterr().err
