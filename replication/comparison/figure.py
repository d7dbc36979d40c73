"""Pictures of comparisons: sampling distributions, and the intervals of groups."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.comparison.report import WORDS
from replication.comparison.result import Result
from replication.comparison.sampling import SamplingDistribution
from replication.comparison.text import describe_p, percent
from replication.errors import UsageError

N_BARS = 60
INK, FILL, FAINT, REPORTED = "#222222", "#8cc1e3", "#ececec", "#c2410c"
STYLE: Any = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
         "svg.hashsalt": "compare"}  # fmt: skip


def draw_comparison(result: Result, make_figure: Any = None) -> Any:
    """Draw a panel for each reported statistic; the figure is one of no window unless given."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    make_figure = make_figure or Figure
    names = [name for name in result.distributions if name in result.findings]
    if not names:
        raise UsageError("a picture needs more runs of your own; give them")
    with rc_context(STYLE):
        figure = make_figure(figsize=(6.4, 0.4 + 2.1 * len(names)), layout="constrained")
        for panel, name in zip(np.atleast_1d(figure.subplots(len(names))), names, strict=True):
            draw_distribution(result, name, panel)
    return figure


def plot_comparison(result: Result) -> Any:
    """Draw a comparison where pyplot shows it, and return its axes."""
    import matplotlib.pyplot as plt

    axes = draw_comparison(result, plt.figure).axes
    return axes[0] if len(axes) == 1 else np.array(axes)


def render_picture(result: Result) -> str:
    """Return the picture as an HTML image that holds its data; nothing where none can be drawn."""
    if not result.findings:
        return ""
    content = io.BytesIO()
    draw_comparison(result).savefig(content, format="svg", metadata={"Date": None})
    data = base64.b64encode(content.getvalue()).decode("ascii")
    alt = "Sampling distributions of the reported statistics, with the reported values."
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'


def draw_distribution(result: Result, name: str, panel: Any) -> None:
    """Draw the sampling distribution of one reported statistic into Matplotlib axes."""
    finding, distribution = result.findings[name], result.distributions[name]
    edges, heights = make_bars(distribution)
    panel.axvspan(finding.low, finding.high, color=FAINT, zorder=0)
    panel.stairs(heights, edges, fill=True, color=FILL, edgecolor=INK)
    panel.axvline(finding.value, color=REPORTED, linewidth=1.8)
    p = "" if np.isnan(finding.p) else f"  ({describe_p(finding.p)})"
    panel.annotate(
        f"reported: {finding.reported}{p}",
        (finding.value, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", ha="center", va="bottom", color=REPORTED,
    )  # fmt: skip
    values = "mean of the population"
    if result.runs is not None:
        words, *given = WORDS[name].split(" given ")
        values = ", given ".join([f"{words} of {result.runs} runs", *given])
    panel.set_xlabel(f"{values} (grey: {percent(1 - result.level)} of studies)")
    panel.set_yticks([])
    panel.set_ylabel("probability")


def draw_groups(groups: Mapping[str, Result]) -> Any:
    """Draw the prediction interval of each group, from -1 to 1, with the reported value on it."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    shown = {name: next(iter(item.findings.values())) for name, item in groups.items()
             if item.findings}  # fmt: skip
    if not shown:
        raise UsageError("a picture needs more runs of your own; give them")
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 1.2 + 0.28 * len(shown)), layout="constrained")
        panel = figure.subplots()
        for row, (_, finding) in enumerate(shown.items()):
            half = (finding.high - finding.low) / 2.0 or 1.0
            middle = (finding.high + finding.low) / 2.0
            panel.plot([-1, 1], [row, row], color=FILL, linewidth=5, solid_capstyle="butt")
            panel.plot((finding.yours - middle) / half, row, "|", color=INK, markersize=9)
            panel.plot((finding.value - middle) / half, row, "o", color=REPORTED)
        panel.set_yticks(range(len(shown)), list(shown))
        panel.set_ylim(len(shown) - 0.5, -0.5)
        names = {finding.name for finding in shown.values()}
        words = WORDS[names.pop()] if len(names) == 1 else "first statistic"
        panel.set_xlabel(
            f"reported {words} (dot) and yours (line), in halves of the prediction interval (bar)"
        )
    return figure


def make_bars(
    distribution: SamplingDistribution,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return edges float64[m + 1] and heights float64[m] of bars over the bulk of it."""
    low, high = distribution.find_quantile(0.0005), distribution.find_quantile(0.9995)
    inside = (distribution.values >= low) & (distribution.values <= high)
    distinct = np.unique(distribution.values[inside])
    if distinct.size <= N_BARS:
        # One bar a value, so that no bar holds more values than its neighbour.
        step = float(np.diff(distinct).min()) if distinct.size > 1 else 1.0
        edges = np.append(distinct - step / 2.0, distinct[-1] + step / 2.0)
    else:
        # Bars of equally many steps of the grid, where there is one.
        step = float(np.median(np.diff(distinct)))
        width = max(1.0, np.ceil((high - low) / N_BARS / step)) * step
        edges = np.arange(low - step / 2.0, high + width, width)
    heights, _ = np.histogram(
        distribution.values[inside], bins=edges, weights=distribution.mass[inside]
    )
    heights = heights / distribution.running[-1]
    return edges, heights
