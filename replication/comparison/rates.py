"""The measured rates of rejection, and the table of them that the help shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("rejection_rates.json")


def load_rates() -> dict[str, Any]:
    """Return the measured rates, as `tools/measure_rates.py` wrote them."""
    return dict(json.loads(PATH.read_text("utf-8")))


def format_rates(rates: Mapping[str, Any]) -> str:
    """Return the measured rates as text for a terminal: a line for each population and N."""
    trials = {n for rows in rates["trials"].values() for row in rows.values() for n in row.values()}
    lines = [
        "How often equal populations are called not consistent at a level of 5 %, in per cent,",
        f"with N runs of your own and n behind the report ({min(trials):,} trials each, up to",
        f"{max(trials):,} where that leaves doubt):",
        "",
        *_tabulate(rates["rejected"], ("mean", "sd", "both", "max"), rates["runs"]),
        "",
        "both: mean and sd together. It should be 5. Outside 3 to 6.5 a caution below the answer",
        "names the cause. By normal theory, which stands beside for 3 to 30 runs:",
        "",
        *_tabulate(rates["normal_theory"], ("mean", "sd", "both"), rates["runs"]),
        "",
        "How often a shift of the mean by two standard deviations is found, for normal runs:",
    ]
    for key, power in rates["power"].items():
        n_seen, runs = key.split(",")
        lines.append(
            f"  N = {n_seen:>3}, n = {runs:>3}: {100 * power['free']:.0f} % without assumptions, "
            f"{100 * power['normal']:.0f} % by normal theory"
        )
    return "\n".join(lines)


def _tabulate(rates: Mapping[str, Any], names: Sequence[str], sizes: Sequence[int]) -> list[str]:
    """Return lines of a table: rates of each statistic by population, N and n."""
    columns = "".join(f"{name:>5}" for name in names)
    lines = [
        f"{'N':>16} " + "".join(f"|{f'n = {n}':^{len(columns) + 1}}" for n in sizes),
        " " * 17 + f"|{columns} " * len(sizes),
    ]
    for population, rows in rates.items():
        for n_seen, row in rows.items():
            cells = ["".join(f"{100 * row[str(n)][name]:5.1f}" for name in names) for n in sizes]
            lines.append(f"{population:<12}{n_seen:>4} " + "".join(f"|{cell} " for cell in cells))
    return [line.rstrip() for line in lines]
