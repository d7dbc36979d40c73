"""Figures as files: the same bytes, text as text, room for scripts, colours of the page."""

import base64
import io
import re
import xml.etree.ElementTree as ET
from functools import partial

import matplotlib as mpl
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from replication.experiments import list_figures
from replication.publication.models import read_model
from replication.report import style
from replication.report.save import font_css, font_face, make_inline, page_css, save_figure
from tests.unit.report.sample_report import RESULTS, make_models, plot_joint, plot_panels

MODELS = make_models()
draw_joint = partial(plot_joint, MODELS["headline"])


@pytest.fixture(scope="module")
def joint():
    return save_figure(draw_joint, name="joint")[0]


@pytest.fixture(scope="module")
def panels():
    return save_figure(lambda: plot_panels(MODELS["speed"]), name="panels")[0]


def test_own_settings_of_matplotlib_do_not_enter(joint):
    with mpl.rc_context({"axes.facecolor": "red", "axes.labelpad": 30}):
        assert save_figure(draw_joint, name="joint")[0] == joint


def test_text_is_text_with_its_halo_and_brings_its_letters_along(joint):
    assert "src:url(data:font/ttf;base64," in joint
    assert re.search(
        r'<text style="paint-order: stroke; stroke: #ffffff[^>]*>1988: 48 and 202</text>', joint
    )


def test_faces_and_digits_of_labels_are_kept():
    def draw():
        figure, axes = style.create_figure(height=2.0)
        axes.set_title("in bold")
        axes.set_xlabel("slanted", style="italic")
        axes.set_xticks([0.0, 1.0], ["0.99", "0.999"])
        return figure

    drawing = save_figure(draw, name="faces")[0]
    assert ">0.999<" in drawing
    rules = font_css([drawing])
    assert rules.count("@font-face") == 3
    assert "font-weight:bold" in rules
    assert "font-style:italic" in rules
    assert font_css(["<text x=''>a</text>"]) == font_css(["<text x=''>a0123456789.,</text>"])


def test_named_axes_say_where_they_lie_and_how_they_are_scaled(joint):
    plane = next(e for e in ET.fromstring(joint).iter() if e.get("id") == "joint-plane")
    left, top, width, height = map(float, plane.attrib["data-box"].split())
    *x_limits, x_scale = plane.attrib["data-x"].split()
    *y_limits, y_scale = plane.attrib["data-y"].split()
    assert (x_scale, y_scale) == ("linear", "log")
    # The reported study lies where these limits and scales say: its mark, in points.
    x = np.interp(48, np.array(x_limits, float), [left, left + width])
    y = np.interp(np.log(202), np.log(np.array(y_limits, float)), [top + height, top])
    marker = re.search(
        rf'<use href="[^"]*" x="([\d.]+)" y="([\d.]+)" style="fill: {style.REPORTED}', joint
    )
    assert marker is not None
    assert (float(marker[1]), float(marker[2])) == pytest.approx((x, y), abs=0.1)


def test_two_figures_of_one_page_share_no_identifier(joint, panels):
    first, second = (set(re.findall(r'\bid="([^"]*)"', svg)) for svg in (joint, panels))
    assert not first & second
    for svg, own in ((joint, first), (panels, second)):
        # What is referred to, as url(#clip-1) or href="#mark-1", is in the same drawing.
        used = set(re.findall(r'(?:url\(|href=")#([^)"]*)', svg))
        assert used
        assert used <= own


def test_panels_are_one_file_and_stand_alone_inside_a_page(panels):
    drawing = ET.fromstring(panels)
    left, right = drawing.findall("{*}svg")
    assert float(right.attrib["x"]) == pytest.approx(72 * style.HALF)
    assert drawing.attrib["viewBox"] == f"0 0 {144 * style.HALF:g} {72 * 2.9:g}"
    assert [left.attrib[name] == right.attrib[name] for name in ("width", "height")] == [True] * 2
    inline = ET.fromstring(f"<div>{make_inline(panels)}</div>")
    assert [element.tag for element in inline] == ["svg", "svg"]
    assert all(element.attrib["style"].startswith("flex:226.08 ") for element in inline)


def test_a_drawing_inside_a_page_is_whole_and_as_wide_as_letters_of_14_pixels_allow():
    """1.6 times 9 points are 14.4 pixels."""
    room = "flex:9 1 9px;width:14px;max-width:14px"
    inline = make_inline('<svg width="9pt" viewBox="0 0 9 4"><g id="a"/></svg>')
    assert inline == f'<svg style="{room}" viewBox="0 0 9 4"><g id="a"/></svg>'


def test_panels_that_differ_in_size_stand_in_order_in_a_box_that_holds_them_all():
    def draw():
        sizes = ((1.0, 2.0), (2.0, 3.0), (1.5, 1.0))
        return [style.create_figure(width=width, height=height)[0] for width, height in sizes]

    drawing = ET.fromstring(save_figure(draw, name="three")[0])
    assert drawing.attrib["viewBox"] == "0 0 324 216"
    assert (drawing.attrib["width"], drawing.attrib["height"]) == ("324pt", "216pt")
    placed = [
        tuple(panel.attrib[name] for name in ("x", "width", "height", "viewBox"))
        for panel in drawing.findall("{*}svg")
    ]
    assert placed == [
        ("0", "72", "144", "0 0 72 144"),
        ("72", "144", "216", "0 0 144 216"),
        ("216", "108", "72", "0 0 108 72"),
    ]


def test_numbers_in_drawings_have_two_decimals_and_those_in_words_all():
    def draw():
        figure, axes = style.create_figure(height=2.0)
        axes.text(0.123456, 0.5, "0.123456 < 1")
        return figure

    drawing = save_figure(draw, name="short")[0]
    assert "0.123456 &lt; 1" in drawing
    tags = "".join(re.findall(r"<(?!style|\?)[^>]*>", drawing))
    assert re.search(r"\d\.\d\d\b", tags)
    assert not re.search(r"\d\.\d{3}", tags)


def test_estimates_are_drawn_with_their_intervals_in_the_unit_of_the_axis():
    _, axes = style.create_figure(height=2.0)
    rows = [
        {"share": 0.2, "share_interval": [0.1, 0.4]},
        {"share": 0.5, "share_interval": [0.45, 0.6]},
    ]
    style.plot_estimates(axes, [1, 3], rows, "share", color=style.BLUE, scale=100.0)
    assert axes.lines[0].get_xydata().tolist() == [[1.0, 20.0], [3.0, 50.0]]
    intervals = [part.tolist() for part in axes.collections[0].get_segments()]
    assert intervals == [[[1.0, 10.0], [1.0, 40.0]], [[3.0, 45.0], [3.0, 60.0]]]


@pytest.mark.parametrize("axis", ["x", "y"])
def test_logarithmic_axis_has_plain_numbers_where_asked(axis):
    figure, axes = style.create_figure(height=2.0)
    axes.loglog([1, 1000], [1, 1000])
    style.use_plain_log_ticks(axes, [2, 1000], axis=axis)
    FigureCanvasAgg(figure).draw()
    own = axes.xaxis if axis == "x" else axes.yaxis
    other = axes.yaxis if axis == "x" else axes.xaxis
    assert [label.get_text() for label in own.get_ticklabels()] == ["2", "1,000"]
    assert list(own.get_minorticklocs()) == []
    assert len(other.get_minorticklocs()) > 0


def test_inside_a_page_a_figure_takes_the_colours_of_the_page(joint):
    inline = make_inline(joint)
    assert not set(re.findall(r"#[0-9a-f]{6}", inline)) & set(style.DARK)
    used = set(re.findall(r"var\((--fig-[0-9a-f]{6})\)", inline))
    assert used
    assert used <= set(re.findall(r"(--fig-[0-9a-f]{6}):", page_css([joint])))


PUBLISHED = [
    (figure, draw, read_model(RESULTS, name))
    for name in ("headline", "settings", "hierarchy", "dynamics", "images")
    for figure, draw in list_figures(name).items()
]


@pytest.mark.parametrize(
    ("name", "draw", "model"), PUBLISHED, ids=[figure for figure, *_ in PUBLISHED]
)
def test_a_figure_does_not_show_the_last_bit_of_where_it_lies(name, draw, model):
    def move(towards):
        """Draw with all boxes moved as another processor might round them."""
        drawn = draw(model)
        figures = [drawn] if isinstance(drawn, Figure) else drawn
        for figure in figures:
            FigureCanvasAgg(figure)
            if layout := figure.get_layout_engine():
                layout.execute(figure)
                figure.set_layout_engine("none")
            for axes in figure.axes:
                box = axes.get_position().bounds
                axes.set_position([np.nextafter(number, towards) for number in box])
        return figures[0] if isinstance(drawn, Figure) else figures

    smaller, larger = (save_figure(partial(move, x), name=name) for x in (0.0, 2.0))
    assert smaller == larger


def test_frames_that_agree_once_rounded_are_one():
    def draw(last_bit):
        figure, axes = style.create_figure(height=2.0)
        figure.set_layout_engine("none")
        axes.plot([0.0, 1.0], [0.0, 1.0])
        box = axes.get_position().bounds
        same = [np.nextafter(number, 2.0) if last_bit else number for number in box]
        figure.add_axes(same, label="another").plot([0.0, 1.0], [1.0, 0.0])
        return figure

    shared, apart = (save_figure(partial(draw, x), name="frames")[0] for x in (False, True))
    assert shared.count("<clipPath") == 1
    assert apart == shared


def test_identifiers_are_numbered_as_they_appear(joint):
    defined = re.findall(r' id="(joint-\d+)"', joint)
    first_seen = dict.fromkeys(re.findall(r'(?: id="|url\(#|href="#)(joint-\d+)', joint))
    assert [*first_seen] == [f"joint-{k + 1}" for k in range(len(defined))]


def test_a_font_keeps_its_copyright_and_licence_and_the_letters_asked_for():
    rule = font_face("A family", "DejaVuSans.ttf", "aλ", "font-style:italic;")
    assert rule.startswith("@font-face{font-family:'A family';font-style:italic;src:url(data:")
    data = base64.b64decode(re.search(r"base64,([^)]*)\)", rule)[1])
    font = TTFont(io.BytesIO(data))
    assert set(font.getBestCmap()) == {ord("a"), ord("λ")}
    assert {name.nameID for name in font["name"].names} == {0, 14}
