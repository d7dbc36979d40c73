"""The rows of a table: as numbers for a program, and in words for a reader."""

import dataclasses
from collections.abc import Sequence

from replication.comparison.found_table import FoundTable
from replication.comparison.numbers import format_number, format_p
from replication.comparison.report import SPREADS
from replication.comparison.result import Comparison
from replication.comparison.sides import Key
from replication.comparison.text import Cell, name_key

COLUMNS = (
    "reported",
    "yours",
    "runs_reported",
    "runs_yours",
    "difference",
    "low",
    "high",
    "sd",
    "g",
    "g_low",
    "g_high",
    "shown",
    "p",
    "p_adjusted",
    "verdict",
    "equivalent",
    "conditions",
)
FAR = 1000  # from so many standard deviations on, decimals are not printed
STAR = "*"  # marks a row that is contradicted alone, but not as one of many
MARK = "="  # marks a row that differs by less than the margin


@dataclasses.dataclass(frozen=True)
class Cells:
    """A row as numbers.

    `g`, `g_low` and `g_high` are the difference in standard deviations, with its interval. `sd` is
    that standard deviation. All other numbers are in the unit of the values.
    """

    reported: str
    yours: float | None = None
    runs_reported: int | None = None
    runs_yours: int | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    sd: float | None = None
    g: float | None = None
    g_low: float | None = None
    g_high: float | None = None
    shown: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    verdict: str = ""
    equivalent: bool | None = None
    conditions: str = ""

    def list(self) -> list[Cell]:
        """Return the cells in the order of the columns."""
        return [getattr(self, name) for name in COLUMNS]


def list_cells(table: FoundTable) -> list[list[Cell]]:
    """Return the rows as numbers, header first, and all rows together last."""
    header: list[Cell] = [*table.by, *COLUMNS]
    rows: list[list[Cell]] = [[*key, *measure_row(table, key).list()] for key in table.rows]
    names = ["all rows", *[""] * (len(table.by) - 1)]
    return [header, *rows, [*names, *_measure_whole(table).list()]]


def measure_row(table: FoundTable, key: Key) -> Cells:
    """Return a row as numbers."""
    row = table.rows[key]
    cells = Cells(
        reported=name_report(row),
        yours=next((item.yours for item in row.findings.values()), None),
        runs_reported=row.runs,
        runs_yours=row.n or None,
        shown=next(iter(row.shown.values()), None),
        p=table.take_p(row),
        p_adjusted=table.adjusted.get(key),
        verdict=str(table.verdicts[key]),
        equivalent=None if row.equivalence is None else row.is_equivalent,
        conditions="; ".join(row.conditions),
    )
    gap = row.difference
    if gap is None:
        return cells
    cells = dataclasses.replace(
        cells, difference=gap.value, low=gap.low, high=gap.high, sd=gap.spread
    )
    # The detectable difference of the test comes before that of the statistic.
    if cells.shown is not None and gap.shown is not None:
        cells = dataclasses.replace(cells, shown=gap.shown)
    g = gap.d
    if g is not None:
        cells = dataclasses.replace(cells, g=g.value, g_low=g.low, g_high=g.high)
    return cells


def _measure_whole(table: FoundTable) -> Cells:
    """Return the last row: the verdict on all rows together, and their mean difference."""
    cells = Cells(
        reported="",
        p=table.p,
        verdict=str(table.verdict),
        equivalent=len(table.equivalent) == len(table.rows) if table.has_margin else None,
        conditions="; ".join(table.conditions),
    )
    mean = table.pooled
    if mean is None or mean.unit != "sd":
        return cells
    return dataclasses.replace(cells, g=mean.value, g_low=mean.low, g_high=mean.high)


def tabulate(table: FoundTable, conditions: Sequence[str]) -> list[list[str]]:
    """Return the rows in words, header first; a condition is named by its number."""
    is_in_sd = any(row.difference and row.difference.d for row in table.rows.values())
    unit = "SD" if is_in_sd else "difference"
    keys = [name_key((name,)) for name in table.by]
    has_several_rows = len(table.rows) > 1
    header = [*keys, "reported", "n", "yours", "your n", unit, "found", "p"]
    if has_several_rows:
        header.append("adjusted")
    lines = [[*header, "verdict"]]
    for key, row in table.rows.items():
        cells = measure_row(table, key)
        line = [*(name_key((name,)) for name in key), cells.reported]
        line.append("" if cells.runs_reported is None else f"{cells.runs_reported:,}")
        line.append(_describe_yours(row, cells))
        line.append("" if cells.runs_yours is None else f"{cells.runs_yours:,}")
        line += _describe_gap(cells, is_in_sd=is_in_sd)
        is_contradicted_alone = table.verdicts[key] != row.verdict
        star = STAR if is_contradicted_alone else ""
        line.append(f"{format_p(cells.p)}{star}")
        if has_several_rows:
            line.append(format_p(cells.p_adjusted))
        marks = "".join(f" ({conditions.index(part) + 1})" for part in row.conditions)
        equal = f" {MARK}" if cells.equivalent else ""
        line.append(f"{cells.verdict}{equal}{marks}")
        lines.append(line)
    return lines


def _describe_yours(row: Comparison, cells: Cells) -> str:
    """Return your number; for a number of successes also the number of your runs: "46/50"."""
    gap = row.difference
    if "n_succeeded" in row.reported and gap is not None and gap.counts is not None:
        return f"{gap.counts.yours}/{gap.counts.n_yours}"
    return format_number(cells.yours)


def _describe_gap(cells: Cells, *, is_in_sd: bool) -> list[str]:
    """Return two cells: the difference with its interval, and the detectable difference.

    Both are in standard deviations, or in the unit of the values.
    """
    if is_in_sd:
        value, low, high = cells.g, cells.g_low, cells.g_high
    else:
        value, low, high = cells.difference, cells.low, cells.high
    if value is None or low is None or high is None:
        return ["", ""]
    gap = f"{format_sd(value)} ({format_sd(low)} to {format_sd(high)})"
    if cells.shown is None:
        return [gap, ""]
    return [gap, format_sd(cells.shown / (cells.sd or 1.0), 1)]


def format_sd(value: float, decimals: int = 2) -> str:
    """Return a number of standard deviations with so many decimals; a huge one is rounded."""
    return f"{value:.{decimals}f}" if abs(value) < FAR else f"{value:.2g}"


def name_report(row: Comparison) -> str:
    """Return what was reported, on one line: 0.83 ± 0.04, or 0.83 sd 0.04 se 0.02, or 19/20."""
    spreads = [name for name in row.reported if name in SPREADS]
    others = [name for name in row.reported if name not in SPREADS]
    parts = []
    for name in others:
        text = row.reported[name]
        if name in {"mean", "constant"}:
            parts.append(text)
        elif name == "n_succeeded":
            parts.append(f"{text}/{row.runs}")
        else:
            parts.append(f"{name} {text}")
    for name in spreads:
        text = row.reported[name]
        if "mean" in row.reported and len(spreads) == 1:
            parts.append(f"± {text.removeprefix('± ')}")
        else:
            parts.append(f"{name} {text}")
    return " ".join(parts)
