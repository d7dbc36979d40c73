"""The chapters on the multiverse and the map: what they say and draw follows from the models."""

import copy
import dataclasses
import re

import matplotlib.collections
import numpy as np
import pytest

from replication.analysis.compatible import read_reported_mean
from replication.analysis.multiverse import summarise_multiverse
from replication.analysis.multiverse_shares import Setting
from replication.analysis.settings_map import Curve, Map, find_best_cells, summarise_map
from replication.report.build import build_document
from replication.report.chapters import map as map_chapter
from replication.report.chapters import multiverse as multiverse_chapter
from replication.report.chapters.multiverse_choices import _say_leaders
from replication.report.choices import describe_reading, name_value
from replication.report.figures.map import plot_rates, plot_settings, plot_widths
from replication.report.figures.multiverse import plot_posterior, plot_specifications
from replication.report.figures.multiverse_choices import plot_contrasts, plot_shares
from replication.report.markdown import render_markdown
from replication.report.numbers import format_percent
from replication.report.style import REPORTED, styled

NEVER = np.iinfo(np.int32).max
SETTING = Setting(
    choices=[
        {"field": "hidden_regression", "values": [True, False], "base": 0},
        {"field": "half_width", "values": [0.5, 0.1, 0.3], "base": 0},
    ],
    levels=[[i, j] for i in range(2) for j in range(3)],
    caps=[2000] * 6,
    base=0,
    is_grid=True,
    reported=read_reported_mean("48"),
    margin_percent=10.0,
    min_n_star=20,
)


def draw(shifts=(0, 4, 2, 60, 64, 62), n=1000, share_failing=0.01):
    rng = np.random.default_rng(16)
    base = (20 + rng.gamma(1.5, 18, n)).astype(np.int32)
    base[rng.random(n) < share_failing] = NEVER
    return np.stack([np.where(base == NEVER, NEVER, base + shift) for shift in shifts]).astype(
        np.int32
    )


def make(outcomes, setting=SETTING, **parts):
    model = summarise_multiverse(outcomes, setting)
    fixed = {
        "name": "multiverse",
        "root_seed": 7,
        "is_paired": True,
        "is_paper": True,
        "id": "0" * 16,
    }
    return model | fixed | {"protocol_ids": ["0" * 16] * len(outcomes)} | parts


@pytest.fixture(scope="module")
def model():
    return make(draw())


@pytest.fixture(scope="module")
def map_model():
    rng = np.random.default_rng(17)
    rates, regressions = (10.0, 20.0, 30.0), (0.5, 0.75, 0.9)
    grid = (rng.integers(20, 40, (9, 200)) + 5 * np.arange(9)[:, None]).astype(np.int32)
    grid[6, :80] = NEVER
    outcomes = Map(rates, regressions, grid, cap=2000, restart_after=200, paper=4)
    curves = [
        Curve(field, schedule, values, grid[: len(values)] + shift)
        for field, values in (("learning_rate", rates), ("half_width", (0.1, 0.5, 2.0)))
        for schedule, shift in (("batch", 0), ("per-pattern", -10))
    ]
    best = find_best_cells(outcomes)
    fresh = {cell: grid[cell] for cell in {*best.values(), 4}}
    model = summarise_map(outcomes, curves, best=best, fresh=fresh)
    return model | {"root_seed": 7, "n_seeds": 200}


def write(**models):
    return render_markdown(build_document(models))


def find_paragraph(text, start):
    return next(line for line in text.splitlines() if start in line)


def test_both_chapters_stand_alone_and_together(model, map_model):
    assert "](#map)" not in write(multiverse=model)
    both = write(multiverse=model, map=map_model)
    assert "(#map)" in both
    assert "Every reading of the open choices" in both


def test_every_number_is_filled_in(model, map_model):
    text = write(multiverse=model, map=map_model)
    assert "{" not in re.sub(r"\$[^$]+\$", "", text)
    assert re.search(r"With regression kept at 0\.\d+, the fastest learning rate is \d", text)


def test_change_that_moves_every_statistic_most_is_named_once(model):
    said = find_paragraph(write(multiverse=model), "Start from the base reading")
    assert said.count("“hidden regression: no”") == 1
    assert said.count("standard error") == 4


def test_largest_share_is_named_with_its_interval(model):
    said = find_paragraph(write(multiverse=model), "its *total* share")
    shares = model["shares"]
    assert {tuple(part["leaders"]) for part in shares.values()} == {("hidden_regression",)}
    assert said.count("the largest share is that of *hidden regression*") == 1
    total = shares["discard"]["total"][0]
    assert f"{format_percent(total)} ± " in said
    assert "for the mean with failures dropped" in said


def test_leaders_that_differ_are_named_one_by_one():
    part = {"leaders": ["half_width"], "total": [0.2, 0.9], "total_reach": [0.01] * 2,
            "first": [0.1, 0.8]}  # fmt: skip
    other = part | {"leaders": ["hidden_regression"]}
    fields = ["hidden_regression", "half_width"]
    said = _say_leaders({"discard": part, "cap": other}, fields)
    assert "For the mean with failures dropped, the largest share is that of width" in said
    assert "For the mean with failures counted at the cap, the largest share is that of hid" in said


def test_tie_is_said_and_not_ranked():
    """Two changes that do the same cannot be told apart by any error."""
    setting = dataclasses.replace(
        SETTING,
        choices=[
            {"field": "hidden_regression", "values": [True, False], "base": 0},
            {"field": "symmetric_start", "values": [False, True], "base": 0},
        ],
        levels=[[0, 0], [0, 1], [1, 0], [1, 1]],
        caps=[2000] * 4,
    )
    text = write(multiverse=make(draw((0, 9, 9, 18)), setting))
    assert "does not separate hidden regression" in text
    assert "Which one moves the mean with failures dropped most, the Monte Carlo error does" in text


def test_changes_within_the_error_are_not_called_the_largest():
    rng = np.random.default_rng(18)
    outcomes = rng.integers(30, 60, (6, 400)).astype(np.int32)
    text = write(multiverse=make(outcomes))
    assert "No single change moves the mean with failures dropped beyond" in text


def test_another_reported_number_is_said_throughout():
    setting = dataclasses.replace(SETTING, reported=read_reported_mean("61.5"))
    text = write(multiverse=make(draw(), setting))
    assert "could have given 61.5" in text
    assert "the reported 61.5" in text
    assert "48 " not in text.split("**Contents**")[1].replace("0.48 ", "")


def test_listed_readings_say_that_shares_need_a_grid():
    setting = dataclasses.replace(
        SETTING, levels=[[0, 0], [1, 0], [0, 2]], caps=[2000] * 3, is_grid=False
    )
    text = write(
        multiverse=make(draw((0, 60, 2)), setting, name="own", is_paper=False, is_paired=False)
    )
    assert "were listed" in text
    assert "need all combinations" in text
    assert "Readings of somebody's own: own." in text
    assert "on the same networks" not in text


def test_nothing_converges_and_the_chapter_says_so():
    text = write(multiverse=make(np.full((6, 100), NEVER, dtype=np.int32)))
    assert "No network converged in any reading" in text
    assert "no reading gives a study" in text.lower()


def test_readings_that_converge_at_once_are_pointed_out():
    outcomes = draw()
    outcomes[3] = 0
    assert "met before the first update" in write(multiverse=make(outcomes))


def test_single_reading_is_a_multiverse_too():
    setting = dataclasses.replace(
        SETTING, choices=[{"field": "momentum", "values": [0.0], "base": 0}],
        levels=[[0]], caps=[2000],
    )  # fmt: skip
    assert "Every reading" in write(multiverse=make(draw((0,)), setting))


@pytest.mark.parametrize("part", ["shares", "contrasts", "posterior", "classes", "lower_caps"])
def test_missing_part_fails_the_build(model, part):
    broken = {name: value for name, value in model.items() if name != part}
    with pytest.raises(KeyError):
        multiverse_chapter.chapter({"multiverse": broken})


def test_missing_number_fails_the_build(map_model):
    broken = copy.deepcopy(map_model)
    broken["best"]["restart"]["gain"] = None
    with pytest.raises(ValueError, match="missing"):
        map_chapter.chapter({"map": broken})


def test_map_names_the_best_point_and_what_it_gains(map_model):
    text = write(map=map_model)
    best = map_model["best"]["restart"]
    assert f"the best is {best['learning_rate']:g} and {best['regression']:g}" in text
    assert "lies on the border of the map" in text


def test_map_without_gain_says_so(map_model):
    same = copy.deepcopy(map_model)
    for entry in same["best"].values():
        entry["gain_low"] = -1.0
    assert "no faster than the paper's beyond the Monte Carlo error" in write(map=same)


def test_reading_is_described_by_its_differences():
    assert describe_reading(SETTING.choices, [0, 0]) == "the base reading"
    assert describe_reading(SETTING.choices, [1, 2]) == (
        "hidden regression: no; width of initial weights: ± 0.3"
    )


def test_unknown_values_are_written_as_they_are():
    assert name_value("patterns", [[0, 1]]).replace("\\", "") == "[[0, 1]]"
    assert name_value("momentum", 0.5) == "0.5"


def draw_specifications(model):
    with styled():
        return plot_specifications(
            choices=model["choices"],
            levels=model["levels"],
            readings=model["readings"],
            base=model["base"],
            reported=model["reported"],
            min_n_star=20,
        )


def test_specification_curve_draws_every_reading_in_order(model):
    above, below = draw_specifications(model).axes
    dots = [c for c in above.collections if isinstance(c, matplotlib.collections.PathCollection)]
    heights = np.concatenate([c.get_offsets()[:, 1] for c in dots[1:]])
    assert sorted(heights) == pytest.approx(sorted(model["readings"]["mean_discard"]))
    lines = [line for line in above.lines if line.get_color() == REPORTED]
    assert lines[0].get_ydata()[0] == 48
    # Every reading has one bar in each group of rows, merged with its neighbours.
    widths = sum(
        path.vertices[:, 0].max() - path.vertices[:, 0].min() + 0.1
        for collection in below.collections
        for path in collection.get_paths()
    )
    assert widths == pytest.approx(6 * 2, abs=0.2)
    assert len(below.get_yticks()) == 5


def test_shares_are_drawn_at_their_values(model):
    fields = [choice["field"] for choice in model["choices"]]
    with styled():
        figure = plot_shares(fields=fields, full=model["shares"], at_base=model["shares_at_base"])
    bars = [patch.get_width() for patch in figure.axes[0].patches]
    expected = model["shares"]["discard"]
    assert bars == pytest.approx(
        [*np.maximum(expected["total"], 0), *np.maximum(expected["first"], 0)]
    )


def test_contrasts_are_drawn_at_their_values(model):
    with styled():
        axes = plot_contrasts(**model["contrasts"]).axes[0]
    drawn = {
        round(float(line.get_xdata()[0]), 3) for line in axes.lines if len(line.get_xdata()) == 1
    }
    for item in (*model["contrasts"]["single"], *model["contrasts"]["average"]):
        assert round(item["change"]["discard"]["value"], 3) in drawn


def test_posterior_is_drawn_for_every_value_and_prior(model):
    with styled():
        axes = plot_posterior(
            choices=model["choices"],
            priors=model["posterior"]["priors"],
            main="reciprocal",
            rules=[("discard", "dropped"), ("cap", "cap"), ("restart", "again")],
            ways=["updates", "sweeps"],
        ).axes[0]
    labels = [tick.get_text() for tick in axes.get_yticklabels()]
    assert len(labels) == 2 + 3 + 3 + 2
    assert labels[0] == "hidden regression: yes"
    dots = [line for line in axes.lines if len(line.get_xdata()) == 4]
    assert len(dots) == len(labels)


def test_map_marks_the_paper_and_the_best(map_model):
    with styled():
        figure = plot_settings(
            learning_rates=map_model["learning_rates"],
            regressions=map_model["regressions"],
            cells=map_model["cells"],
            ridge=map_model["ridge"],
            paper=map_model["paper"],
            best=map_model["best"]["restart"],
        )
    points = {
        line.get_marker(): (line.get_xdata()[0], line.get_ydata()[0])
        for line in figure.axes[0].lines
        if line.get_marker() in ("*", "s")
    }
    assert points["*"] == (20.0, 0.75)
    best = map_model["best"]["restart"]
    assert points["s"] == (best["learning_rate"], best["regression"])


def test_curves_are_drawn_at_their_values(map_model):
    reported = {"value": 48.0, "text": "48"}
    curves = map_model["curves"]
    with styled():
        rates = plot_rates(curve=curves["learning_rate"], paper_rate=20.0, reported=reported)
        widths = plot_widths(curve=curves["half_width"], base_width=0.5, reported=reported)
    for axes, curve in (
        (rates.axes[0], curves["learning_rate"]),
        (widths.axes[0], curves["half_width"]),
    ):
        drawn = [list(line.get_ydata()) for line in axes.lines]
        for schedule in ("batch", "per-pattern"):
            assert curve[schedule]["restart"] in drawn
