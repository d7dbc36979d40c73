"""The picture of a comparison, or of a table of them: a forest plot."""

import io
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from replication.comparison.numbers import format_p
from replication.errors import UsageError
from replication.system.files import write_durably
from replication.system.progress import escape

MAX_LABEL = 40
MIN_REACH, MAX_REACH = 0.5, 8.0  # standard deviations that a picture shows
INK, FILL, REPORTED = "#222222", "#8cc1e3", "#c2410c"
STYLE: Any = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
ASIDE: Any = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
EDGE = ("axes fraction", "data")  # of the right, at the height of a row


def draw(
    rows: Mapping[tuple[str, ...], Any], verdicts: Mapping[Any, str],
    p_values: Mapping[Any, float | None], whole: tuple[Any, float | None] = (None, None),
) -> Any:  # fmt: skip
    """Return a forest plot of each `Comparison`: its difference, its interval and p.

    `whole`: mean difference and p of all rows. The larger a square, the more its row weighs. What
    goes on beyond the edge ends in an arrow.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    shown = [one.difference and one.difference.d for one in rows.values()]
    if not any(shown):
        raise UsageError("a picture needs more runs of your own; give them")
    # A figure of its own, without pyplot, which would open windows and keep it for ever.
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 1.2 + 0.25 * len(rows)), layout="constrained")
        panel = figure.subplots()
        # Limits hold the intervals and 0, but no more than is wide enough to see them.
        lows, highs = ([d[place] for d in shown if d] for place in (1, 2))
        first = max(min(*lows, -MIN_REACH), -MAX_REACH)
        last = min(max(*highs, MIN_REACH), MAX_REACH)
        panel.axvline(0.0, color=INK, linewidth=0.8)
        for place, (d, (key, one)) in enumerate(zip(shown, rows.items(), strict=True)):
            if d is None:
                panel.annotate("cannot tell", (0, place), color="#666666", **ASIDE)
                continue
            color = REPORTED if str(verdicts[key]) == "contradicted" else INK
            value, low, high = np.clip(d, first, last)
            panel.plot([low, high], [place, place], color=color, linewidth=1.2)
            m = one.runs or one.n
            size = min(3.0 + math.sqrt(one.n * m / (one.n + m)), 9.0)
            # A square inside, an arrow where the difference or an end of its interval is beyond.
            mark = "s" if first <= d[0] <= last else "<" if d[0] < 0 else ">"
            ends = [(low, "<", 4.0)] * (d[1] < first) + [(high, ">", 4.0)] * (d[2] > last)
            for end, sign, width in (*ends, (value, mark, size)):
                panel.plot([end], [place], sign, color=color, markersize=width, clip_on=False)
            panel.annotate(format_p(p_values.get(key)), (1.0, place), xycoords=EDGE, **ASIDE)
        title = "p (Holm)" if len(rows) > 1 else "p"
        aside = ASIDE | {"xytext": (6, 8)}
        panel.annotate(title, (1.0, 1.0), xycoords="axes fraction", style="italic", **aside)
        # The mean of all rows, as a diamond.
        labels, row, (pooled, p) = [_label(key) for key in rows], len(rows), whole
        if pooled is not None and pooled.unit == "sd":
            corners = np.clip([pooled.low, pooled.value, pooled.high, pooled.value], first, last)
            panel.fill(corners, row + np.array([0.0, -0.3, 0.0, 0.3]), color=FILL, ec=INK, lw=0.8)
            panel.annotate(format_p(p), (1.0, row), xycoords=EDGE, **ASIDE)
            labels.append("all rows")
        panel.set_yticks(range(len(labels)), labels)
        panel.set_ylim(len(labels) - 0.4, -0.6)
        room = 0.025 * (last - first)
        panel.set_xlim(first - room, last + room)
        panel.set_xlabel("yours less reported, in standard deviations of a run")
    return figure


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
