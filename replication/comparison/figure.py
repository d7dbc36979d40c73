"""Pictures of comparisons: what was reported beside one's own runs, and the rows of a table."""

import io
import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from replication.comparison.numbers import describe_p, format_p, percent
from replication.comparison.report import SPREADS, SUCCESSES, word
from replication.errors import UsageError
from replication.system.files import write_durably
from replication.system.progress import escape
from replication.wording import plural

N_DOTS = 2000  # runs drawn as dots; of more, so many quantiles
MAX_LABEL = 40
MIN_REACH, MAX_REACH = 0.5, 8.0  # standard deviations that the picture of a table shows
INK, FILL, FAINT, REPORTED = "#222222", "#8cc1e3", "#ececec", "#c2410c"
STYLE: Any = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
ASIDE: Any = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
EDGE = ("axes fraction", "data")  # of the right, at the height of a row
NO_VALUES = {*SPREADS, *SUCCESSES, "iqr"}  # statistics beside which runs cannot be drawn


def draw(panels: Sequence[Callable[[Any], None]], *, height: float) -> Any:
    """Return a figure that no window shows, of what each function draws into its axes."""
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


def draw_statistic(found: Any, name: str, panel: Any) -> None:
    """Draw a statistic of a `Comparison`: your runs with theirs, and what was reported.

    The grey band is what would not be contradicted.
    """
    one, sample = found.findings[name], found.sample
    panel.axvspan(*one.interval, color=FAINT, zorder=0)
    if sample is not None and name not in NO_VALUES and not found.scale and sample.values.size > 2:
        dots = sample.runs
        # So many quantiles look as all runs would.
        if dots.size > N_DOTS:
            dots = np.quantile(dots, (np.arange(N_DOTS) + 0.5) / N_DOTS)
        panel.plot(dots, np.full(dots.size, 1.0), "o", color=FILL, markeredgecolor=INK,
                   markeredgewidth=0.4, alpha=0.7, markersize=5, clip_on=False)  # fmt: skip
    panel.plot([one.yours], [1.0], "|", color=INK, markersize=22, markeredgewidth=1.6)
    panel.plot([one.value], [0.0], "D", color=REPORTED, clip_on=False)
    p, (first, last) = "" if math.isnan(one.p) else f"  ({describe_p(one.p)})", panel.get_xlim()
    panel.annotate(f"reported: {one.reported}{p}", (one.value, 0.25), color=REPORTED,
                   ha="left" if one.value < (first + last) / 2 else "right")  # fmt: skip
    panel.set_yticks([0.0, 1.0], ["reported", "yours"])
    panel.set_ylim(-0.6, 1.6)
    over = "the population" if name == "constant" else plural(found.runs or 0, "run")
    panel.set_xlabel(f"{word(name)} of {over} (grey: not contradicted at {percent(found.level)})")


def draw_rows(table: Any, panel: Any) -> None:
    """Draw a forest plot of a `ComparisonTable`: each difference, its interval and p, their mean.

    The larger a square, the more its row weighs. What goes on beyond the edge ends in an arrow.
    """
    rows, pooled = table.rows, table.pooled
    shown = [one.difference and one.difference.d for one in rows.values()]
    # Limits hold the intervals and 0, but no more than is wide enough to see them.
    lows, highs = ([d[place] for d in shown if d] for place in (1, 2))
    first = max(min(*lows, -MIN_REACH), -MAX_REACH)
    last = min(max(*highs, MIN_REACH), MAX_REACH)
    panel.axvline(0.0, color=INK, linewidth=0.8)
    for place, (d, (key, one)) in enumerate(zip(shown, rows.items(), strict=True)):
        if d is None:
            panel.annotate("cannot tell", (0, place), color="#666666", **ASIDE)
            continue
        color = REPORTED if str(table.verdicts[key]) == "contradicted" else INK
        value, low, high = np.clip(d, first, last)
        panel.plot([low, high], [place, place], color=color, linewidth=1.2)
        m = one.runs or one.n
        size = min(3.0 + math.sqrt(one.n * m / (one.n + m)), 9.0)
        # A square inside, an arrow where the difference, or an end of its interval, lies beyond.
        mark = "s" if first <= d[0] <= last else "<" if d[0] < 0 else ">"
        ends = [(low, "<", 4.0)] * (d[1] < first) + [(high, ">", 4.0)] * (d[2] > last)
        for end, sign, width in (*ends, (value, mark, size)):
            panel.plot([end], [place], sign, color=color, markersize=width, clip_on=False)
        panel.annotate(format_p(table.adjusted.get(key)), (1.0, place), xycoords=EDGE, **ASIDE)
    panel.annotate("p (Holm)", (1.0, -1.0), xycoords=EDGE, style="italic", **ASIDE)
    # The mean of all rows, as a diamond.
    labels, row = [_label(key) for key in rows], len(rows)
    if pooled is not None and pooled.unit == "sd":
        corners = np.clip([pooled.low, pooled.value, pooled.high, pooled.value], first, last)
        panel.fill(corners, row + np.array([0.0, -0.3, 0.0, 0.3]), color=FILL, ec=INK, lw=0.8)
        panel.annotate(format_p(table.p), (1.0, row), xycoords=EDGE, **ASIDE)
        labels.append("all rows")
    panel.set_yticks(range(len(labels)), labels)
    panel.set_ylim(len(labels) - 0.4, -0.6)
    room = 0.025 * (last - first)
    panel.set_xlim(first - room, last + room)
    panel.set_xlabel("yours less reported, in standard deviations of a run")


def _label(key: tuple[str, ...]) -> str:
    """Return a key as it stands in a picture, cut where it is long."""
    text = escape(" ".join(key))
    text = text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…"
    return text.replace("$", r"\$")  # $x$ is a name, and no mathematics


def save_picture(figure: Any, path: Path) -> None:
    """Write a figure whole or not at all; an older one is kept until then."""
    content = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):  # of letters that the font does not have
        figure.savefig(content, format=path.suffix[1:].lower(), dpi=150)
    write_durably(path, content.getvalue())
