"""Write a figure as SVG and PNG so that the same figure is always the same bytes."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from replication.report.style import DARK, styled

PNG_DPI = 160
_PATH_DATA = re.compile(r'(?<= d=")[^"]+(?=")')
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")


@dataclass(frozen=True, slots=True)
class SavedFigure:
    """One drawn figure: SVG text, PNG bytes, width and height in CSS pixels."""

    svg: str
    png: bytes
    width: int
    height: int

    def data_url(self) -> str:
        """Return the SVG, with its dark colours, as a URL that needs no request."""
        coded = base64.b64encode(add_dark_mode(self.svg).encode()).decode()
        return f"data:image/svg+xml;base64,{coded}"


def save_figure(draw: Callable[[], Figure], *, alt: str = "") -> SavedFigure:
    """Draw a figure under the style sheet and return its bytes.

    Parameters
    ----------
    draw : callable
        Returns the figure; called once, inside the style sheet's context.
    alt : str
        Written into the SVG as its description.
    """
    with styled():
        figure = draw()
        svg, png = io.StringIO(), io.BytesIO()
        FigureCanvasAgg(figure)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once, the same in both files
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        figure.savefig(png, format="png", dpi=PNG_DPI, metadata={"Software": None})
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    head, tag, rest = _shorten_paths(svg.getvalue()).partition("<svg ")
    attributes, end, body = rest.partition(">")
    description = f"\n <desc>{escape(alt, quote=False)}</desc>" if alt else ""
    lines = (head + tag + attributes + end + description + body).splitlines()
    text = "\n".join(line.rstrip() for line in lines) + "\n"
    return SavedFigure(text, png.getvalue(), width, height)


def _shorten_paths(svg: str) -> str:
    """Round the points of all paths to a hundredth of a point: half the size, nothing seen."""

    def shorten(match: re.Match[str]) -> str:
        return _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", match[0])

    return _PATH_DATA.sub(shorten, svg)


def add_dark_mode(svg: str) -> str:
    """Return the SVG with rules that swap its colours where the reader prefers dark."""
    rules = [
        f'[style*="{name}: {light}"]{{{name}:{dark} !important}}'
        for light, dark in DARK.items()
        for name in ("fill", "stroke")
    ]
    style = f"<style>@media (prefers-color-scheme: dark){{{''.join(rules)}}}</style>"
    head, tag, rest = svg.partition("<svg ")
    attributes, end, body = rest.partition(">")
    return head + tag + attributes + end + style + body
