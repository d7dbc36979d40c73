"""Measure how often `compare` contradicts a report by mistake, and how often it finds a difference.

Usage: python -m tools.measure_rates [--drawn | --pages | --check]

Each trial draws one's own runs and the runs of a report from the same population, so that every
contradiction is a mistake. A trial of a table draws all its rows. Kinds of reports that are judged
by drawn studies take long; they are measured again only with ``--drawn``.

Writes compare_rates.json, beside this file, and the tables of docs/compare.md and of
docs/compare_rates.md. With ``--check`` nothing is measured; the exit code is 1 if a page does not
show what is stored. With ``--pages`` nothing is measured, and the pages are written.
"""

import itertools
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from tools.rates.measuring_iqm import measure_all_iqm
from tools.rates.measuring_rows import (
    AT_ONCE,
    DRAWN,
    SIZES,
    Rate,
    is_drawn,
    is_possible,
    measure_all_kinds,
    measure_drawn,
    measure_power,
)
from tools.rates.measuring_tables import list_cells, measure_table
from tools.rates.pages import PAGES, fill_page, format_tables
from tools.rates.populations import POPULATIONS

STORED = Path(__file__).with_name("compare_rates.json")
N_PROCESSES = 2

Model = dict[str, Any]
"""What compare_rates.json holds: rates by kind of report, population and size, and so on."""


def measure_all(stored: Mapping[str, Any], *, is_drawn_again: bool) -> Model:
    """Measure all cells, but take what needs drawn studies from `stored` unless it is asked for."""
    with ProcessPoolExecutor(N_PROCESSES) as pool:
        tables = measure_tables(pool)
        at_once = measure_rows_at_once(pool)
    return {
        "rates": collect_rates(at_once, stored["rates"], is_drawn_again=is_drawn_again),
        "power": {f"{n},{m}": measure_power(n, m) for n, m in SIZES},
        "tables": tables,
        "iqm": measure_all_iqm() if is_drawn_again else stored["iqm"],
    }


def measure_tables(pool: ProcessPoolExecutor) -> Model:
    """Return the rates of tables, by number of rows, kind and size."""
    cells = list_cells()
    rates: Model = {}
    for cell, rate in zip(cells, pool.map(measure_table, cells), strict=True):
        by_size = rates.setdefault(str(cell.n_rows), {}).setdefault(cell.name, {})
        by_size[f"{cell.n},{cell.m}"] = rate
    return rates


def measure_rows_at_once(pool: ProcessPoolExecutor) -> dict[tuple[str, str], dict[str, Rate]]:
    """Return the rates of kinds whose trials are judged many at once.

    The keys are population and size, and then the kind of report.
    """
    cells = list(itertools.product(POPULATIONS, SIZES))
    measured = pool.map(
        measure_all_kinds,
        [population for population, _ in cells],
        [n for _, (n, _) in cells],
        [m for _, (_, m) in cells],
    )
    rates = {}
    for (population, (n, m)), by_kind in zip(cells, measured, strict=True):
        rates[population, f"{n},{m}"] = by_kind
    return rates


def collect_rates(
    at_once: Mapping[tuple[str, str], dict[str, Rate]],
    stored: Mapping[str, Any],
    *,
    is_drawn_again: bool,
) -> Model:
    """Return the rates of single rows, by kind of report, population and size.

    Kinds that are judged by drawn studies are measured only if `is_drawn_again`; otherwise they are
    taken from `stored`.
    """
    rates: Model = {}
    for kind in (*AT_ONCE, *DRAWN):
        rates[kind] = {population: {} for population in POPULATIONS}
        for population, (n, m) in itertools.product(POPULATIONS, SIZES):
            size = f"{n},{m}"
            rate = None
            if not is_drawn(kind, n):
                rate = at_once[population, size].get(kind)
            elif not is_drawn_again:
                rate = stored.get(kind, {}).get(population, {}).get(size)
            elif is_possible(kind, n, m):
                rate = measure_drawn(population, kind, n, m)
            if rate is not None:
                rates[kind][population][size] = rate
    return rates


def main() -> None:
    """Measure if asked, and write or check the stored rates and the pages."""
    asked = sys.argv[1:]
    stored = json.loads(STORED.read_text("utf-8"))
    if not {"--check", "--pages"} & set(asked):
        stored = measure_all(stored, is_drawn_again="--drawn" in asked)
        STORED.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")
    tables = format_tables(stored)
    for path in PAGES:
        page = path.read_text("utf-8")
        filled = fill_page(page, tables)
        if "--check" in asked and filled != page:
            advice = "run python -m tools.measure_rates --pages"
            sys.exit(f"{path.name} does not show {STORED.name}; {advice}")
        path.write_text(filled, "utf-8")


if __name__ == "__main__":
    main()
