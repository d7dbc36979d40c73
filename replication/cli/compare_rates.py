"""The table in the help of `compare`: how often it rejects, as measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).parents[1] / "comparison" / "rejection_rates.json"


def load_rates() -> dict[str, Any]:
    """Return the measured rates, as `tools/measure_rates.py` wrote them."""
    return dict(json.loads(PATH.read_text("utf-8")))


def format_rates() -> str:
    """Return the measured rates as text for a terminal."""
    rates = load_rates()
    cells, power = rates["cells"], rates["power"]
    runs_behind = list(next(iter(next(iter(cells.values())).values())))
    lines = [
        "How often equal populations are called not consistent at a level of 5 %, in per cent,",
        f"with N runs of your own and n behind the report ({rates['n_trials']:,} trials each):",
        "",
        f"{'N':>16} " + "".join(f"|{f'n = {n}':^22}" for n in runs_behind).rstrip(),
        " " * 17 + "|  mean   sd  max  both" * len(runs_behind),
    ]
    for population, rows in cells.items():
        for n_seen, row in rows.items():
            text = ""
            for runs in runs_behind:
                rejected = row[runs]["rejected"].values()
                text += "|" + "".join(f"{100 * rate:5.1f}" for rate in rejected) + "  "
            lines.append(f"{population:<12}{n_seen:>4} {text}".rstrip())
    lines += [
        "",
        "both: mean and max together. It should be 5; where it was not between 3 and 6.5, as with",
        "few or skewed runs (lognormal: sigma 1), a caution below the answer says so.",
        "",
        "How often a mean of 20 runs is called not consistent after a shift by one standard",
        "deviation, in per cent, and how often by somebody who knows the population. Towards a",
        "heavy tail (lognormal, up) a shift is missed more often than elsewhere.",
        "",
    ]
    rows = [(population, *item) for population, row in power.items() for item in row.items()]
    names = [f"N = {name}" if name.isdigit() else "known" for name in rows[0][2]]
    lines.append(" " * 20 + "".join(f"{name:>10}" for name in names))
    for population, shift, row in rows:
        text = "".join(f"{100 * rate:10.1f}" for rate in row.values())
        lines.append(f"{population:<14}{shift:<6}{text}")
    return "\n".join(lines)
