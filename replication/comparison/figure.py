"""Pictures of a comparison: the reported number beside one's own runs."""

import io
import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from replication.comparison.found import Found
from replication.comparison.numbers import describe_p, percent
from replication.comparison.prediction import Finding
from replication.comparison.report import SPREADS, SUCCESSES, word
from replication.errors import UsageError
from replication.statistics.arrays import FloatArray
from replication.system.files import write_durably
from replication.wording import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_DOTS = 2000  # at most so many dots are drawn; more runs are drawn as quantiles
INK = "#222222"
FILL = "#8cc1e3"
FAINT = "#ececec"
REPORTED = "#c2410c"
STYLE: Any = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
NO_VALUES = {*SPREADS, *SUCCESSES, "iqr"}  # statistics that are not on the scale of runs


def draw(panels: Sequence[Callable[["Axes"], None]], *, height: float) -> "Figure":
    """Return a figure with a panel for each function in `panels`, which draws into its axes.

    No window opens.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if not panels:
        raise UsageError("a picture needs more runs of your own; give them")
    # A figure of its own, without pyplot, which would open windows and keep it for ever.
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, height), layout="constrained")
        axes = np.atleast_1d(figure.subplots(len(panels)))
        for panel, draw_into in zip(axes, panels, strict=True):
            draw_into(panel)
    return figure


def draw_statistic(result: Found, name: str, panel: "Axes") -> None:
    """Draw a statistic of a comparison: your runs with their statistic, and the reported number.

    The grey band holds the numbers that would not be contradicted.
    """
    finding = result.findings[name]
    panel.axvspan(*finding.interval, color=FAINT, zorder=0)
    sample = result.sample
    has_values = name not in NO_VALUES and not result.scale
    if has_values and sample is not None and sample.values.size > 2:
        draw_runs(panel, sample.runs)
    panel.plot([finding.yours], [1.0], "|", color=INK, markersize=22, markeredgewidth=1.6)
    panel.plot([finding.value], [0.0], "D", color=REPORTED, clip_on=False)
    label_report(panel, finding)
    panel.set_yticks([0.0, 1.0], ["reported", "yours"])
    panel.set_ylim(-0.6, 1.6)
    over = "the population" if name == "constant" else plural(result.runs or 0, "run")
    panel.set_xlabel(f"{word(name)} of {over} (grey: not contradicted at {percent(result.level)})")


def draw_runs(panel: "Axes", runs: FloatArray) -> None:
    """Draw each run as a dot; of many runs draw `N_DOTS` quantiles, which look the same."""
    dots = runs
    if runs.size > N_DOTS:
        dots = np.quantile(runs, (np.arange(N_DOTS) + 0.5) / N_DOTS)
    panel.plot(
        dots,
        np.full(dots.size, 1.0),
        "o",
        color=FILL,
        markeredgecolor=INK,
        markeredgewidth=0.4,
        alpha=0.7,
        markersize=5,
        clip_on=False,
    )


def label_report(panel: "Axes", finding: Finding) -> None:
    """Write the reported number and its p beside its mark, on the side that has more room."""
    left, right = panel.get_xlim()
    p = "" if math.isnan(finding.p) else f"  ({describe_p(finding.p)})"
    panel.annotate(
        f"reported: {finding.reported}{p}",
        (finding.value, 0.25),
        color=REPORTED,
        ha="left" if finding.value < (left + right) / 2 else "right",
    )


def save_picture(figure: "Figure", path: Path) -> None:
    """Write a figure to a file, whole or not at all; it replaces an older file only at the end."""
    content = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):  # warnings of letters that the font lacks
        figure.savefig(content, format=path.suffix[1:].lower(), dpi=150)
    write_durably(path, content.getvalue())
