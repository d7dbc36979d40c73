"""The picture of a comparison: sampling distributions with the reported values marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from replication.comparison.comparison_text import WORDS, say_p

if TYPE_CHECKING:
    from replication.comparison.comparison import Comparison
    from replication.comparison.sampling import Law

N_BARS = 60


def draw_comparison(comparison: Comparison) -> Any:
    """Draw the sampling distribution of each reported statistic.

    Parameters
    ----------
    comparison : Comparison
        With the number of runs behind the report.

    Returns
    -------
    matplotlib.figure.Figure
        A panel for each statistic: bars of equal width, the middle 1 - level shaded, a line
        at the reported value.
    """
    from replication.report.style import FAINT, INK, REPORTED, SKY, create_figure, styled

    names = [name for name in comparison.laws if name in comparison.findings]
    with styled():
        figure, axes = create_figure(height=0.4 + 2.1 * len(names), n_rows=len(names))
        for panel, name in zip(np.atleast_1d(axes), names, strict=True):
            finding, law = comparison.findings[name], comparison.laws[name]
            edges, heights = make_bars(law)
            panel.axvspan(finding.low, finding.high, color=FAINT, zorder=0)
            panel.stairs(heights, edges, fill=True, color=SKY, edgecolor=INK)
            value = float(finding.reported.rstrip("% ")) / (100 if "%" in finding.reported else 1)
            panel.axvline(value, color=REPORTED, linewidth=1.8)
            p = "" if np.isnan(finding.p) else f"  ({say_p(finding.p)})"
            panel.annotate(
                f"reported: {finding.reported}{p}",
                (value, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
                textcoords="offset points", ha="center", va="bottom", color=REPORTED,
            )  # fmt: skip
            covered = f"{100 * (1 - comparison.level):.3g} % of studies"
            panel.set_xlabel(f"{describe_axis(name, comparison.runs)} (grey: {covered})")
            panel.set_yticks([])
            panel.set_ylabel("probability")
    return figure


def describe_axis(name: str, runs: int | None) -> str:
    """Return what the values of a panel are."""
    words, _, given = WORDS[name].partition(" given ")
    return f"{words} of {runs} runs" + (f", given {given}" if given else "")


def make_bars(law: Law) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return edges float64[m + 1] and heights float64[m] of bars over the bulk of a law."""
    low, high = law.find_quantile(0.0005), law.find_quantile(0.9995)
    inside = (law.values >= low) & (law.values <= high)
    distinct = np.unique(law.values[inside])
    if distinct.size <= N_BARS:
        # One bar a value, so that no bar holds more values than its neighbour.
        step = float(np.diff(distinct).min()) if distinct.size > 1 else 1.0
        edges = np.append(distinct - step / 2.0, distinct[-1] + step / 2.0)
    else:
        # Bars of equally many steps of the grid, where there is one.
        step = float(np.median(np.diff(distinct)))
        width = max(1.0, np.ceil((high - low) / N_BARS / step)) * step
        edges = np.arange(low - step / 2.0, high + width, width)
    heights, _ = np.histogram(law.values[inside], bins=edges, weights=law.mass[inside])
    return edges, heights
