"""Write a figure as SVG and PNG so that the same figure is always the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from replication.report.compact import compact_svg
from replication.report.style import DARK, styled

PNG_DPI = 160
_ATTRIBUTE = re.compile("=\"([^\"']*)\"")
_ALLOWED = " !$'()*,/:;=?@[]|{}+"
"""What stays as it is in an address of data, beside letters and digits."""


@dataclass(frozen=True, slots=True)
class SavedFigure:
    """One drawn figure: SVG text, PNG bytes, width and height in CSS pixels."""

    svg: str
    png: bytes
    width: int
    height: int

    def data_url(self) -> str:
        """Return the SVG, with its dark colours, as a URL that needs no request."""
        svg = _ATTRIBUTE.sub(r"='\1'", add_dark_mode(self.svg).replace("\n", ""))
        return f"data:image/svg+xml,{quote(svg, safe=_ALLOWED)}"


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
    head, tag, rest = compact_svg(svg.getvalue()).partition("<svg ")
    attributes, end, body = rest.partition(">")
    description = f"<desc>{escape(alt, quote=False)}</desc>" if alt else ""
    text = head + tag + attributes + end + description + body
    return SavedFigure(text, png.getvalue(), width, height)


def add_dark_mode(svg: str) -> str:
    """Return the SVG with rules that swap its colours where the reader prefers dark."""
    rules = [
        f'[style*="{name}:{light}"]{{{name}:{dark} !important}}'
        for light, dark in DARK.items()
        for name in ("fill", "stroke")
    ]
    style = f"<style>@media (prefers-color-scheme: dark){{{''.join(rules)}}}</style>"
    head, tag, rest = svg.partition("<svg ")
    attributes, end, body = rest.partition(">")
    return head + tag + attributes + end + style + body
