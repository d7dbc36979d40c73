"""What the published figures say in words and numbers: axes, lines, and what stands at a bar."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from replication.experiments import EXPERIMENTS, list_figures
from replication.report.style import styled
from tests.unit.experiments.published import MODELS

DRAWN = {
    figure: (draw, name)
    for name in ("headline", *EXPERIMENTS)
    if name != "live"  # whose figures are not of axes with numbers
    for figure, draw in list_figures(name).items()
}


def draw(name):
    """Return the axes of a figure, all texts in them, and the labels of its legends."""
    function, experiment = DRAWN[name]
    with styled():
        drawn = function(MODELS[experiment])
    figures = [drawn] if isinstance(drawn, Figure) else drawn
    axes = [each for figure in figures for each in figure.axes]
    texts = [text.get_text() for each in axes for text in each.texts]
    legends = [legend for figure in figures for legend in figure.legends]
    legends += [each.get_legend() for each in axes if each.get_legend()]
    labels = [text.get_text() for legend in legends for text in legend.get_texts()]
    return axes, texts, labels


@pytest.mark.parametrize("name", DRAWN)
def test_every_axis_and_every_line_of_a_figure_is_named(name):
    axes, texts, labels = draw(name)
    shown = [each for each in axes if each.axison]
    assert shown
    # That of x below all panels; that of y everywhere, or rows have names of their own.
    assert any(each.get_xlabel() for each in shown)
    for each in shown:
        names_rows = any(not text.get_text()[:1].isdigit() for text in each.texts)
        assert each.get_ylabel() or names_rows
        lines = [line.get_label() for line in each.get_lines()]
        named = [label for label in lines if not label.startswith("_")]
        assert set(named) <= {*texts, *labels, "95 % interval"}  # which the caption explains


def test_number_beside_a_bar_is_that_of_the_bar():
    (axes,), texts, _ = draw("hierarchy")
    widths = [f"{bar.get_width():.1f}" for bar in axes.patches]
    written = [text for text in texts if text.replace(".", "").isdigit()]
    assert written == widths
    # Rows that a criterion cuts short say from which number on.
    panels, _, _ = draw("waiting")
    bars = panels[-1].patches
    numbers = [text.get_text() for text in panels[-1].texts if text.get_text()[-1:].isdigit()]
    pairs = MODELS["mechanism"]["pairs"]["paper"]
    given = MODELS["mechanism"]["given"]["paper"]
    rows = [given["nothing"], pairs["mirrored"], pairs["watching"]]
    rows += [given["other_u"], given["other_w"], pairs["hearing"]]
    medians = [row["median"] for row in rows]
    assert [number.removeprefix("over ") for number in numbers] == [f"{x:.0f}" for x in medians]
    lengths = np.array([bar.get_width() for bar in bars])
    assert lengths[:-1].tolist() == medians[:-1]
    assert [number.startswith("over ") for number in numbers] == [False] * 5 + [True]
