"""Smaller SVG files: fewer bytes, the same picture."""

import io
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from replication.report.compact import TOLERANCE, compact_svg, simplify
from replication.report.save import save_figure
from replication.report.style import BLUE, create_figure, label_line, styled

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"


def wrap(content: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        f"{content}</svg>"
    )


def compact(content: str) -> ET.Element:
    return ET.fromstring(compact_svg(wrap(content)))


def read_path(data: str) -> list[tuple[float, float]]:
    """Return the points of a path of M and l, as a browser would read it."""
    points: list[tuple[float, float]] = []
    for letter, rest in re.findall(r"([Mlz])([^Mlz]*)", data):
        numbers = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)]
        for x, y in zip(numbers[::2], numbers[1::2], strict=True):
            at_x, at_y = points[-1] if letter == "l" else (0.0, 0.0)
            points.append((at_x + x, at_y + y))
    return points


def find_distance(point: tuple[int, int], line: list[tuple[int, int]]) -> float:
    """Return the distance of a point from a line of several pieces, from first principles."""
    nearest = np.inf
    for start, end in zip(line, line[1:] or line, strict=False):
        a, b, p = (np.array(each, dtype=float) for each in (start, end, point))
        square = (b - a) @ (b - a)
        share = 0.0 if square == 0 else float(np.clip((p - a) @ (b - a) / square, 0, 1))
        nearest = min(nearest, float(np.hypot(*(a + share * (b - a) - p))))
    return nearest


@given(
    points=st.lists(
        st.tuples(st.integers(-300, 300), st.integers(-300, 300)), min_size=1, max_size=40
    ),
    tolerance=st.integers(0, 60),
)
def test_no_point_lies_farther_from_the_simpler_line_than_allowed(
    points: list[tuple[int, int]], tolerance: int
) -> None:
    kept = simplify(points, tolerance)
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    rest = iter(points)
    assert all(point in rest for point in kept)  # in the same order, none of them new
    assert all(find_distance(point, kept) <= tolerance + 1e-9 for point in points)


def test_points_on_a_straight_line_are_left_out_and_corners_stay() -> None:
    assert simplify([(0, 0), (50, 0), (100, 0), (100, 80)], 10) == [(0, 0), (100, 0), (100, 80)]
    assert simplify([(0, 0), (50, 10), (100, 0)], 10) == [(0, 0), (100, 0)]
    assert simplify([(0, 0), (50, 11), (100, 0)], 10) == [(0, 0), (50, 11), (100, 0)]


def test_path_is_written_as_steps_between_the_same_points() -> None:
    path = compact('<path d="M 10.004 20 L 10.5 20.25 L 9.75 30 z"/>').find(f"{SVG}path")
    assert path is not None
    assert path.attrib["d"] == "M10 20l.5 .25-.75 9.75z"
    assert read_path(path.attrib["d"]) == [(10, 20), (10.5, 20.25), (9.75, 30)]


def test_curves_are_written_as_steps_from_the_same_start() -> None:
    path = compact('<path d="M 1 2 Q 3 4 5 6 C 7 8 9 10 11 12 L 11 20"/>').find(f"{SVG}path")
    assert path is not None
    assert path.attrib["d"] == "M1 2q2 2 4 4c2 2 4 4 6 6l0 8"


def test_names_that_nothing_uses_go_and_the_others_still_lead_to_their_target() -> None:
    root = compact(
        '<g id="axes_1"><defs><path id="mabc" d="M 0 0 L 0 3"/></defs>'
        '<use xlink:href="#mabc" x="1.23456" y="2"/></g>'
        '<g clip-path="url(#p1)"><path d="M 0 0 L 9 9"/></g>'
        '<defs><clipPath id="p1"><rect width="9" height="9"/></clipPath></defs>'
    )
    names = {element.get("id"): element for element in root.iter() if element.get("id")}
    use = root.find(f".//{SVG}use")
    assert use is not None
    assert names[use.attrib[HREF].removeprefix("#")].tag == f"{SVG}path"
    assert (use.get("x"), use.get("y")) == ("1.23", "2")
    clipped = root.find(f".//{SVG}g[@clip-path]")
    assert clipped is not None
    assert names[clipped.attrib["clip-path"][5:-1]].tag == f"{SVG}clipPath"
    assert len(names) == 2


@pytest.mark.parametrize(
    ("style", "n_paths"),
    [
        ("fill:none;stroke:#000000", 1),
        ("fill:#0072b2", 2),  # lines that are filled could cut holes into each other
        ("fill:none;stroke:#000000;stroke-opacity:0.5", 2),  # these are darker where they cross
        ("fill:none;stroke:#000000;stroke-dasharray:4,2", 2),  # dashes would start elsewhere
    ],
)
def test_only_opaque_lines_share_one_element(style: str, n_paths: int) -> None:
    lines = "".join(
        f'<path d="M 0 {y} L 5 {y + 5} L 9 {y} L 20 {y + 2} L 30 {y + 9} L 40 {y}" '
        f'style="{style}"/>'
        for y in (0, 20)
    )
    assert len(compact(lines).findall(f"{SVG}path")) == n_paths


def test_filled_rectangles_share_one_element() -> None:
    boxes = "".join(
        f'<path d="M {x} 0 L {x} 9 L {x + 5} 9 L {x + 5} 0 z" style="fill:#0072b2"/>'
        for x in (0, 10, 20)
    )
    (path,) = compact(boxes).findall(f"{SVG}path")
    assert path.attrib["d"].count("z") == 3


def draw_label() -> Figure:
    figure, axes = create_figure(height=2.0, width=3.0)
    axes.plot([0, 1], [0, 1])
    label_line(axes, x=0.5, y=0.5, text="here", color=BLUE)
    return figure


def draw_cloud() -> Figure:
    figure, axes = create_figure(height=2.0, width=3.0)
    x = np.linspace(0, 1, 400)
    axes.scatter(x, np.sin(20 * x), s=5)
    axes.plot(x, x**2)
    return figure


def test_letters_and_their_halo_are_one_element() -> None:
    root = ET.fromstring(save_figure(draw_label).svg)
    halos = [path for path in root.iter(f"{SVG}path") if "paint-order" in path.get("style", "")]
    assert [path.attrib["style"] for path in halos] == [
        f"fill:{BLUE};stroke:#ffffff;stroke-width:2.5;paint-order:stroke"
    ]


@pytest.mark.parametrize("draw", [draw_label, draw_cloud])
def test_drawn_figure_keeps_every_mark_and_the_ends_of_its_lines(
    draw: Callable[[], Figure],
) -> None:
    with styled():
        figure = draw()
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg")
    before, small = buffer.getvalue(), compact_svg(buffer.getvalue())
    assert len(small) < 0.7 * len(before)
    first, second = ET.fromstring(before), ET.fromstring(small)
    places = [
        [
            (round(float(use.attrib["x"]), 2), round(float(use.attrib["y"]), 2))
            for use in root.iter(f"{SVG}use")
            if "x" in use.attrib
        ]
        for root in (first, second)
    ]
    assert places[0] == places[1]
    line = next(p for p in first.iter(f"{SVG}path") if "stroke-width: 1.6" in p.get("style", ""))
    thin = next(p for p in second.iter(f"{SVG}path") if "stroke-width:1.6" in p.get("style", ""))
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", line.attrib["d"])]
    points = read_path(thin.attrib["d"])
    assert points[0] == pytest.approx(numbers[:2], abs=0.006)
    assert points[-1] == pytest.approx(numbers[-2:], abs=0.006)
    kept = [(round(100 * x), round(100 * y)) for x, y in points]
    for x, y in zip(numbers[::2], numbers[1::2], strict=True):
        assert find_distance((round(100 * x), round(100 * y)), kept) <= TOLERANCE


def test_cells_of_a_picture_stay_as_they_are_on_a_dark_page() -> None:
    """A dark page swaps the colours of the style sheet; black must stay black there."""
    from matplotlib.colors import to_hex

    from replication.report.figures.traces import plot_reconstructions
    from replication.report.style import DARK

    with styled():
        figure = plot_reconstructions(
            patterns=[[1.0, 0.0], [0.0, 1.0]],
            reconstructions=[[[0.999, 0.5], [0.001, 0.12]]],
            updates=0,
        )
    cells = [patch for patch in figure.axes[0].patches if patch.get_fill()]
    colours = [to_hex(patch.get_facecolor()) for patch in cells]
    assert len(colours) == 2 + 2 + 3  # paper twice, two black cells, three that are not white
    assert not set(colours) & set(DARK)
    assert colours.count("#000000") == 3
