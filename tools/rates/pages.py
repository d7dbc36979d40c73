"""The tables of docs/compare.md and docs/compare_rates.md, from what was measured."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.rates.measuring_iqm import IQM_SIZES
from tools.rates.measuring_rows import SIZES
from tools.rates.measuring_tables import TABLE_SIZES, TABLES
from tools.rates.populations import DEPENDENT

DOCS = Path(__file__).parents[2] / "docs"
PAGES = (DOCS / "compare.md", DOCS / "compare_rates.md")

Cells = Mapping[str, Mapping[str, float]]
"""Rates by size, as in "5,10"."""

SHORT = ("normal", "one in ten fails", "exponential", "rewards capped", DEPENDENT)
"""Populations in the short table, which users see first."""
POWER_WORDS = {
    "spread": "`compare`, mean ± sd",
    "welch": "Welch's test",
    "mean": "`compare`, mean alone",
    "unsaid": "`compare`, mean ±, which is an sd",
    "unsaid-se": "`compare`, mean ±, which is an se",
    "quartiles": "`compare`, median and quartiles",
}


def format_tables(model: Mapping[str, Any]) -> dict[str, str]:
    """Return all tables of the pages by name; sizes are their columns."""
    tables = {kind: format_rates(rows) for kind, rows in model["rates"].items()}
    of_spread = model["rates"]["spread"]
    tables["spread-short"] = format_rates({name: of_spread[name] for name in SHORT})
    tables["power"] = format_power(model["power"])
    tables["iqm"] = format_iqm(model["iqm"])
    for n_rows, kinds in model["tables"].items():
        # Tables without a difference tell the share of mistakes, the others the power.
        equal = {name: cells for name, cells in kinds.items() if not TABLES[name].shift}
        shifted = {name: cells for name, cells in kinds.items() if TABLES[name].shift}
        tables[f"tables-{n_rows}"] = format_kinds(equal)
        tables[f"tables-{n_rows}-power"] = format_kinds(shifted)
    return tables


def format_rates(rows: Mapping[str, Cells]) -> str:
    """Return the table of how often each population is contradicted, in per cent."""
    measured = {size for cells in rows.values() for size in cells}
    sizes = [f"{n},{m}" for n, m in SIZES if f"{n},{m}" in measured]
    table = [["contradicted, %", *(size.replace(",", ", ") for size in sizes)]]
    for population, cells in rows.items():
        table.append([population, *(show_contradicted(cells.get(size)) for size in sizes)])
    return tabulate(table)


def show_contradicted(rate: Mapping[str, float] | None) -> str:
    """Return the share that is contradicted, in per cent; "" if it was not measured."""
    return "" if rate is None else f"{100 * rate['contradicted']:.1f}"


def format_power(power: Cells) -> str:
    """Return the table of how often a difference is found, in per cent."""
    table = [["found, %", *(size.replace(",", ", ") for size in power)]]
    for kind, words in POWER_WORDS.items():
        table.append([words, *(show_found(rates.get(kind)) for rates in power.values())])
    return tabulate(table)


def show_found(share: float | None) -> str:
    """Return a share in per cent; "" if it was not measured."""
    return "" if share is None else f"{100 * share:.0f}"


def format_kinds(kinds: Mapping[str, Cells]) -> str:
    """Return the table of how often kinds of tables, and a row of them, are contradicted.

    Its numbers are per cent.
    """
    table = [["contradicted (a row), %", *(f"{n}, {m}" for n, m in TABLE_SIZES)]]
    for name, cells in kinds.items():
        table.append([name, *(show_with_row(rate) for rate in cells.values())])
    return tabulate(table)


def show_with_row(rate: Mapping[str, float]) -> str:
    """Return in per cent: contradicted tables and, in brackets, those with a contradicted row."""
    return f"{100 * rate['contradicted']:.1f} ({100 * rate['a_row']:.1f})"


def format_iqm(kinds: Mapping[str, Cells]) -> str:
    """Return the table of how often an interquartile mean is contradicted, in per cent."""
    table = [["contradicted, %", *(f"{n}, {m}" for n, m in IQM_SIZES)]]
    for name, cells in kinds.items():
        table.append([name, *(show_found(rate["contradicted"]) for rate in cells.values())])
    return tabulate(table)


def tabulate(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; the first of `rows` holds the headings of columns."""
    header, *body = rows
    marks = [":--", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, marks, *body))


def fill_page(page: str, tables: Mapping[str, str]) -> str:
    """Return the page with each table between its two marks, in place of what stands there."""
    for name, table in tables.items():
        # <!-- rates: power --> ... <!-- end -->
        marks = rf"(?P<begin><!-- rates: {name} -->\n)(?:(?!<!--).)*(?P<end><!-- end -->)"
        page = re.sub(marks, rf"\g<begin>{table}\n\g<end>", page, flags=re.DOTALL)
    return page
