"""From a Matplotlib figure to SVG, and its data to CSV; the same figure gives the same bytes.

Text stays text. Each SVG holds the letters that it needs from the font with which it was laid out,
so that it looks the same everywhere. A page with many drawings holds the letters once (`font_css`).
"""

import base64
import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, StepPatch
from numpy.typing import NDArray

from replication.comparison.text import to_cell
from replication.report.style import DARK, HALO, PAPER_WHITE, styled

PICTURE_DPI = 400  # of images made of pixels, so that edges stay sharp in viewers that smooth
PIXELS_A_POINT = 1.6  # how far a page may enlarge a drawing: 9 points become 14.4 pixels
FONT_FOLDER = Path(mpl.get_data_path()) / "fonts" / "ttf"
FACES = {
    "": "DejaVuSans.ttf",
    "font-weight:bold;": "DejaVuSans-Bold.ttf",
    "font-weight:bold;font-style:italic;": "DejaVuSans-BoldOblique.ttf",
    "font-style:italic;": "DejaVuSans-Oblique.ttf",
}
"""The font file of each face (plain, bold, italic), by its CSS."""
SIGNS = {"font-weight:bold;": r"[:;\s]700\b", "font-style:italic;": r"[:;\s]italic"}
"""Regular expressions that find bold and italic in the attributes of a text in SVG."""
COMMON_LETTERS = frozenset("−")
COMMON_LETTERS |= set(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x391, 0x3CA)]))
"""English and Greek letters and common signs; a font of these few is read fast."""


def save_figure(draw: Callable[[], Figure | Sequence[Figure]], *, name: str) -> tuple[str, str]:
    """Draw a figure, or its panels side by side; return it as SVG, and its data as CSV.

    `name`: the beginning of all identifiers in the SVG, so that one page can hold many drawings.
    """
    with styled():
        drawn = draw()
        figures = [drawn] if isinstance(drawn, Figure) else list(drawn)
        for figure in figures:
            _lay_out(figure)
        data = list_data(figures)
        if len(figures) == 1:
            svg = _write_svg(figures[0], name)
        else:
            svg = _join([_write_svg(panel, f"{name}-{k}") for k, panel in enumerate(figures)])
    svg = svg.replace("</style>", f"{font_css([svg])}</style>", 1)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{svg}', data


def _lay_out(figure: Figure) -> None:
    """Place the axes of a figure, and fix them there."""
    FigureCanvasAgg(figure)
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
        figure.set_layout_engine("none")


def _write_svg(figure: Figure, name: str) -> str:
    """Return a figure as SVG; axes with a gid carry their position and scale, for scripts."""
    drawing = io.StringIO()
    figure.set_dpi(PICTURE_DPI)
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(drawing, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    svg = _tidy(drawing.getvalue(), name)
    for axes in figure.axes:
        if axes.get_gid():
            named = f'id="{axes.get_gid()}"'
            svg = svg.replace(named, f"{named} {_describe(figure, axes)}", 1)
    return svg


def _join(panels: Sequence[str]) -> str:
    """Return one SVG that holds drawings side by side, each as an SVG of its own."""
    sizes = [_find_box(panel) for panel in panels]
    placed = []
    left = 0.0
    for panel, (width, height) in zip(panels, sizes, strict=True):
        body = panel[panel.index(">") + 1 :].strip()
        size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
        placed.append(f'<svg x="{left:g}" {size}>{body}\n')
        left += width
    whole = math.fsum(width for width, _ in sizes)
    tallest = max(height for _, height in sizes)
    size = f'width="{whole:g}pt" height="{tallest:g}pt" viewBox="0 0 {whole:g} {tallest:g}"'
    names = 'xmlns="http://www.w3.org/2000/svg" version="1.1"'
    return f"<svg {size} {names}>\n{''.join(placed)}</svg>\n"


def _find_box(svg: str) -> tuple[float, float]:
    """Return width and height of a drawing, in points."""
    # viewBox="0 0 273.6 180"
    width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0]
    return float(width), float(height)


def make_inline(svg: str) -> str:
    """Return a saved SVG for use inside a page: one drawing for each panel, coloured by the page.

    >>> make_inline('<svg width="9pt" viewBox="0 0 9 4"></svg>')
    '<svg style="flex:9 1 9px;width:14px;max-width:14px" viewBox="0 0 9 4"></svg>'
    """
    # The page holds the fonts, and its variables the colours.
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = svg.replace("<defs>\n  \n </defs>\n", "")
    for color in DARK:
        svg = svg.replace(color, f"var(--fig-{color[1:]})")
    # <svg x="226.08" width="226.08" height="208.8" ...>...</svg>
    panels = re.findall(r"<svg x=.*?</svg>", svg, flags=re.DOTALL)
    if not panels:
        panels = [svg[svg.index("<svg ") :].strip()]
    return "\n".join(_give_room(panel) for panel in panels)


def _give_room(svg: str) -> str:
    """Return a drawing whose width the page chooses; panels stand side by side if they fit."""
    width, height = _find_box(svg)
    most = round(PIXELS_A_POINT * width)
    room = f"flex:{width:g} 1 {width:g}px;width:{most}px;max-width:{most}px"
    return f'<svg style="{room}" viewBox="0 0 {width:g} {height:g}">{svg[svg.index(">") + 1 :]}'


def page_css(svgs: Iterable[str]) -> str:
    """Return the CSS that a page with inline drawings needs: their font and their colours."""
    light = "".join(f"--fig-{color[1:]}:{color};" for color in DARK)
    dark = "".join(f"--fig-{color[1:]}:{other};" for color, other in DARK.items())
    return (
        f"{font_css(svgs)}\n:root{{{light}}}\n"
        f"@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
        ".picture svg *{stroke-linejoin:round;stroke-linecap:butt}\n"
    )


def font_css(svgs: Iterable[str]) -> str:
    """Return CSS that holds fonts, as data, with the letters of some drawings."""
    letters: dict[str, set[str]] = {}
    for svg in svgs:
        for face, text in _list_texts(svg):
            # Digits are always needed, since a script may write other numbers into a drawing.
            used = letters.setdefault(face, set("0123456789.,"))
            used.update(text)
    rules = ""
    for face, file in FACES.items():
        if face in letters:
            rules += font_face("DejaVu Sans", file, letters[face], face)
    return rules


def _list_texts(svg: str) -> Iterator[tuple[str, str]]:
    """Yield the face (a key of `FACES`) and the content of each text in a drawing."""
    # <text style="font: 700 9px 'DejaVu Sans'" x="4">in <tspan>bold</tspan></text>
    for attributes, content in re.findall(r"<text ([^>]*)>(.*?)</text>", svg, flags=re.DOTALL):
        face = ""
        for rule, sign in SIGNS.items():
            if re.search(sign, attributes):
                face += rule
        without_tags = re.sub(r"<[^>]*>", "", content)
        yield face, unescape(without_tags)


def font_face(family: str, file: str, letters: Iterable[str], kind: str = "") -> str:
    """Return a rule of CSS that holds some letters of one of Matplotlib's fonts, as data.

    `kind`: the CSS of its face, a key of `FACES`.
    """
    data = base64.b64encode(_cut(file, frozenset(letters))).decode("ascii")
    return f"@font-face{{font-family:'{family}';{kind}src:url(data:font/ttf;base64,{data})}}"


@cache
def _cut(file: str, letters: frozenset[str]) -> bytes:
    """Return a font file with only these letters."""
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    # Names 0 and 14 are the copyright notice and the address of the licence.
    options = Options(hinting=False, name_IDs=[0, 14], notdef_outline=True)
    options.drop_tables += ["FFTM", "kern"]
    # Reading all of a font takes long, so that a font of common letters is kept and cut again.
    if letters < COMMON_LETTERS:
        content = _cut(file, COMMON_LETTERS)
    else:
        content = (FONT_FOLDER / file).read_bytes()
    with TTFont(io.BytesIO(content), recalcTimestamp=False) as font:
        # The layout tables are not used, and reading them would take most of the time.
        for layout in {"GDEF", "GPOS", "GSUB"} & {*font.keys()}:
            del font[layout]
        subsetter = Subsetter(options)
        subsetter.populate(text="".join(letters))
        subsetter.subset(font)
        stream = io.BytesIO()
        font.save(stream, reorderTables=True)
    return stream.getvalue()


def _tidy(svg: str, name: str) -> str:
    """Return an SVG without what no viewer needs; its identifiers begin with the figure's name."""
    svg = svg[svg.index("<svg ") :]
    svg = re.sub(r' xmlns:xlink="[^"]*"', "", svg).replace("xlink:", "")
    svg = re.sub(r"<[^>]*>", _shorten_numbers, svg)
    # d="M 0 1\nL 2 3" on one line.
    svg = re.sub(r' d="[^"]*"', lambda path: " " + " ".join(path[0].split()), svg)
    # Text in <g id="halo-of-text"> gets a halo, drawn behind its letters.
    halo = rf"\1paint-order: stroke; stroke: {PAPER_WHITE}; stroke-width: 2.5px; "
    svg = re.sub(rf'(<g id="{HALO}">\s*<text style=")', halo, svg)
    svg = svg.replace(f' id="{HALO}"', "")
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg)  # rotate(-0 12.3 45.6)
    svg = _merge_clips(svg)
    return _number_identifiers(svg, name)


def _shorten_numbers(tag: re.Match[str]) -> str:
    """Return a tag of SVG with its numbers cut to two decimals."""
    shortened = re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0])
    # In "L 270.59 -0 L 68.21 -0", the sign of -0 depends on the last bit, and is left out.
    return re.sub(r"(?<=[ \"])-0(?=[ \"])", "0", shortened)


def _merge_clips(svg: str) -> str:
    """Return an SVG with one of several clipping frames that are equal after rounding.

    Matplotlib merges frames only if they agree in all bits, and that depends on the processor.
    """
    # <clipPath id="p1f2e"> <rect x="7.2" y="7.2" width="99" height="66"/> </clipPath>
    frames = re.findall(r'(\s*<clipPath id="([^"]*)">(.*?)</clipPath>)', svg, flags=re.DOTALL)
    kept: dict[str, str] = {}
    for whole, identifier, content in frames:
        first = kept.setdefault(content, identifier)
        if first != identifier:
            svg = svg.replace(whole, "", 1).replace(f"#{identifier})", f"#{first})")
    return svg


def _number_identifiers(svg: str, name: str) -> str:
    """Return an SVG whose identifiers are the figure's name and a number, in order of appearance.

    They replace Matplotlib's identifiers, as in url(#p1f2e) or href="#m1f2e": these are digests of
    numbers before rounding, which may differ between processors. Identifiers to which nothing
    refers, such as id="line2d_7", are dropped.
    """
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
    numbers: dict[str, str] = {}

    def find_number(identifier: str) -> str:
        return numbers.setdefault(identifier, f"{name}-{len(numbers) + 1}")

    def rename(match: re.Match[str]) -> str:
        """Return a match with its new identifier, or the match itself if nothing refers to it."""
        before, identifier = match.groups()
        if before != ' id="' or identifier in used:
            return f"{before}{find_number(identifier)}"
        if re.fullmatch(r"[A-Za-z0-9.]+_\d+", identifier):
            return ' id="'  # dropped below
        return match[0]

    svg = re.sub(r'( id="|url\(#|href="#)([^)"]+)', rename, svg)
    return svg.replace(' id=""', "")


def _describe(figure: Figure, axes: Axes) -> str:
    """Return attributes with the box of an axes (points from the upper left) and its scales."""
    width, height = 72 * figure.get_size_inches()
    share = axes.get_position()  # of the figure, from the lower left
    box = (share.x0 * width, (1 - share.y1) * height, share.width * width, share.height * height)
    numbers = " ".join(f"{number:.2f}" for number in box)
    x = _describe_scale(axes.get_xlim(), axes.get_xscale())
    y = _describe_scale(axes.get_ylim(), axes.get_yscale())
    return f'data-box="{numbers}" data-x="{x}" data-y="{y}"'


def _describe_scale(limits: tuple[float, float], scale: str) -> str:
    """Return the limits and the scale of an axis: "1 100 log"."""
    low, high = limits
    return f"{low:.9g} {high:.9g} {scale}"


def list_data(figures: Sequence[Figure]) -> str:
    """Return the data of a figure, or of its panels, as CSV.

    There is a row for each point of a line, dot, step, bar, corner of an outline or cell of a map,
    in the units of the axes; categories along an axis are numbered from 0. A series is named by its
    label or, if that does not belong in a legend, by its gid. ``value`` is the number that a colour
    stands for.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("panel", "x axis", "y axis", "series", "x", "y", "value"))
    drawn = [axes for figure in figures for axes in figure.axes]
    for k, axes in enumerate(drawn, start=1):
        panel = axes.get_title(loc="left") or axes.get_title() or f"{k}"
        for n, (artist, points) in enumerate(_list_series(axes), start=1):
            series = _name(artist) or f"{n}"
            names = (panel, axes.get_xlabel(), axes.get_ylabel(), series)
            cells = [to_cell(" ".join(name.split())) for name in names]
            for point in np.asarray(points, dtype=float):
                writer.writerow([*cells, *_write_point(point)])
    return text.getvalue()


def _write_point(point: NDArray[np.float64]) -> list[str]:
    """Return x, y and value of a point as cells; NaN and a missing value are empty cells."""
    cells = ["" if np.isnan(number) else f"{number:.6g}" for number in point]
    if len(cells) < 3:
        cells.append("")
    return cells


Points = Any
"""Rows of x, y and, for a map, a value: (n, 2) or (n, 3)."""
Series = tuple[Artist | BarContainer, Points]
"""Something that shows data, and its points."""


def _list_series(axes: Axes) -> Iterator[Series]:
    """Yield everything that shows data on an axes, with its points."""
    # Lines and dots, but not lines that mark a value across the whole axes.
    for line in axes.lines:
        if line.get_transform().contains_branch(axes.transData):
            yield line, line.get_xydata()
    yield from _list_outlines(axes)
    yield from _list_bars(axes)
    yield from _list_collections(axes)


def _list_outlines(axes: Axes) -> Iterator[Series]:
    """Yield step plots, with their edges, and areas, with their corners."""
    for patch in axes.patches:
        if isinstance(patch, StepPatch):
            values, edges, _ = patch.get_data()
            yield patch, np.column_stack([edges, np.append(values, np.nan)])
        elif isinstance(patch, Polygon | PathPatch):
            yield patch, np.concatenate([np.empty((0, 2)), *patch.get_path().to_polygons()])


def _list_bars(axes: Axes) -> Iterator[Series]:
    """Yield groups of bars, with the middle of the end of each bar."""
    for bars in axes.containers:
        if not isinstance(bars, BarContainer) or not bars.patches:
            continue
        boxes = np.array([patch.get_bbox().get_points() for patch in bars.patches])  # (n, 2, 2)
        points = boxes.mean(axis=1)
        along = 0 if bars.orientation == "horizontal" else 1
        points[:, along] = boxes[:, 1, along]
        yield bars, points


def _list_collections(axes: Axes) -> Iterator[Series]:
    """Yield maps, with the value of each cell, and groups of lines and of dots."""
    for collection in axes.collections:
        if isinstance(collection, QuadMesh):
            corners = np.asarray(collection.get_coordinates())
            middles = (corners[:-1, :-1] + corners[1:, 1:]) / 2
            cells: Any = np.ma.filled(np.ma.asarray(collection.get_array(), dtype=float), np.nan)
            yield collection, np.column_stack([middles.reshape(-1, 2), cells.ravel()])
        elif isinstance(collection, LineCollection):
            yield collection, np.vstack([np.empty((0, 2)), *collection.get_segments()])
        elif collection.get_offset_transform() == axes.transData:
            yield collection, np.ma.filled(collection.get_offsets(), np.nan)


def _name(artist: Artist | BarContainer) -> str:
    """Return the label of an artist, or its gid if the label does not belong in a legend."""
    label = str(artist.get_label())
    # Matplotlib leaves labels that begin with an underscore out of legends.
    if not label.startswith("_"):
        return label
    if isinstance(artist, Artist):
        return artist.get_gid() or ""
    return ""  # groups of bars have no gid
