"""One row for each reading: convergence, median, means, p(n), n*, each with its error."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from replication.analysis.compatible import CompatibleRuns, ReportedMean, estimate_n_star
from replication.analysis.counts import CountTable
from replication.analysis.equivalence import find_smallest_margin
from replication.analysis.means import MeanEstimate, estimate_mean
from replication.analysis.population import estimate_convergence, estimate_quantile
from replication.analysis.reported_chance import (
    average_slopes,
    compute_errors,
    compute_lower_tails,
)
from replication.analysis.runs import RESTART_AFTER, RULES, make_run_law
from replication.analysis.seed_blocks import Blocked, block_statistics, count_blocks

FloatArray = npt.NDArray[np.float64]
Number = float | int | bool | None

COUNTS = ("updates", "sweeps")
"""What may have been counted: updates applied, or sweeps seen, the last one included."""
SHOWN_RUNS = (20, 50, 100)
LARGE = 5000


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """Everything measured of one reading.

    Parameters
    ----------
    row : dict of str to number
        Columns of the table, see `describe_columns`; None where undefined.
    counts : int64[n_blocks, cap + 2]
        Outcomes by block of seeds.
    statistics : Blocked
        `seed_blocks.STATISTICS`, float64[5].
    chance : Blocked
        Chance to print the reported number, float64[n_rules, n_counts, m].
    """

    row: dict[str, Number]
    counts: npt.NDArray[np.int64]
    statistics: Blocked
    chance: Blocked


def measure_reading(
    outcomes: npt.NDArray[np.int32],
    *,
    cap: int,
    reported: ReportedMean,
    margin_percent: float,
    ns: Sequence[int],
    restart_after: int = RESTART_AFTER,
) -> Reading:
    """Measure one reading.

    Parameters
    ----------
    outcomes : int32[n_seeds]
        Updates; anything beyond `cap` has not converged.
    cap : int
    reported : ReportedMean
    margin_percent : float
        Margin of equivalence, in per cent of the reported mean.
    ns : sequence of int
        Numbers of runs for the chance to print the reported number.
    restart_after : int
        The c of the restart rule.
    """
    counts = count_blocks(outcomes, cap)
    table = _make_table(counts.sum(axis=0), cap)
    row: dict[str, Number] = {"n_networks": table.n, "n_converged": table.n_converged}
    _put_interval(row, "converged", estimate_convergence(table))
    _put_interval(row, "median", estimate_quantile(table, 0.5))
    m = len(SHOWN_RUNS)
    chance = np.zeros((len(RULES), len(COUNTS), len(ns)))
    gains = np.zeros((len(counts), *chance.shape))
    for i, rule in enumerate(RULES):
        run = make_run_law(table, rule, restart_after=restart_after)
        mean = estimate_mean(table, rule, restart_after=restart_after)
        if run is None or mean is None:
            row |= dict.fromkeys(_name_columns(rule))
            continue
        # One limit more than the cell has: counting sweeps shifts the cell down by one.
        limits = [reported.low - 1, reported.low, reported.high - 1, reported.high]
        tails = compute_lower_tails(run, limits, [*SHOWN_RUNS, *ns])
        slopes = average_slopes(tails, counts, counts_converged_only=rule == "discard")
        for j, (low, high) in enumerate(((1, 3), (0, 2))):
            chance[i, j] = (tails.probability[high] - tails.probability[low])[m:]
            gains[:, i, j] = (slopes[:, high] - slopes[:, low])[:, m:]
        row |= _describe_mean(rule, mean)
        value = float(reported.value)
        smallest = find_smallest_margin(table, rule, value, restart_after=restart_after)
        row[f"equivalent_{rule}"] = (
            smallest is not None and smallest < value * margin_percent / 100.0
        )
        for k, n in enumerate(SHOWN_RUNS):
            below, missed = tails.probability[3, k], tails.probability[1, k]
            p = 2.0 * min(below, 1.0 - missed)
            pick = np.array([0.0, 0.0, 0.0, 2.0] if below < 1.0 - missed else [0.0, 2.0, 0.0, 0.0])
            error = compute_errors(tails, pick, mean.n)[k] if p < 1.0 else 0.0
            row |= {f"p{n}_{rule}": float(min(1.0, p)), f"p{n}_{rule}_error": float(error)}
        for j, count in enumerate(COUNTS):
            runs = estimate_n_star(
                run,
                shift_cell(reported, -j),
                standard_error=mean.standard_error,
                mean_interval=mean.interval,
            )
            row |= _describe_runs(rule, count, runs)
    without = chance - gains / (len(counts) - 1)
    return Reading(
        row,
        counts,
        block_statistics(counts, restart_after=restart_after),
        Blocked(chance, np.maximum(without, 0.0)),
    )


def shift_cell(reported: ReportedMean, shift: int) -> ReportedMean:
    """Return the reported mean with its number and cell moved by `shift`."""
    move = Fraction(shift)
    return dataclasses.replace(
        reported,
        value=reported.value + move,
        low=reported.low + move,
        high=reported.high + move,
    )


def _make_table(counts: npt.NDArray[np.int64], cap: int) -> CountTable:
    distinct = np.flatnonzero(counts[:-1])
    return CountTable(distinct, counts[distinct], int(counts[-1]), cap)


def _put_interval(row: dict[str, Number], name: str, estimate: object) -> None:
    for column, part in ((name, "value"), (f"{name}_low", "low"), (f"{name}_high", "high")):
        row[column] = getattr(estimate, part)


def _describe_mean(rule: str, mean: MeanEstimate) -> dict[str, Number]:
    return {
        f"mean_{rule}": mean.interval.value,
        f"mean_{rule}_error": mean.standard_error,
        f"mean_{rule}_low": mean.interval.low,
        f"mean_{rule}_high": mean.interval.high,
    }


def _describe_runs(rule: str, count: str, runs: CompatibleRuns) -> dict[str, Number]:
    name = _name_runs(rule, count)
    return {name: runs.n_star, f"{name}_low": runs.low, f"{name}_high": runs.high}


def _name_runs(rule: str, count: str) -> str:
    return f"n_star_{rule}" + ("" if count == COUNTS[0] else f"_{count}")


def _name_columns(rule: str) -> list[str]:
    names = [f"mean_{rule}{end}" for end in ("", "_error", "_low", "_high")]
    names += [f"equivalent_{rule}"]
    names += [f"p{n}_{rule}{end}" for n in SHOWN_RUNS for end in ("", "_error")]
    return names + [
        f"{_name_runs(rule, count)}{end}" for count in COUNTS for end in ("", "_low", "_high")
    ]


def describe_columns(*, reported: str, margin_percent: float, restart_after: int) -> dict[str, str]:
    """Return the columns of a row in their order, each with its unit and meaning."""
    columns = {
        "n_networks": "networks simulated",
        "n_converged": "networks that met the criterion by the cap",
    }
    columns |= _explain("converged", "share of networks that converge", "Clopper-Pearson")
    columns |= _explain(
        "median", "median over all networks, updates; empty beyond the cap", "order statistics"
    )
    words = {
        "discard": "over the converged",
        "cap": "the others counted at the cap",
        "restart": f"with restarts after {restart_after} updates",
    }
    for rule in RULES:
        columns |= _explain(f"mean_{rule}", f"mean {words[rule]}, updates", "by measured coverage")
        columns[f"mean_{rule}_error"] = "its standard error, updates"
        columns[f"equivalent_{rule}"] = (
            f"whether that mean is equivalent to {reported} within {margin_percent:g} %"
        )
        for n in SHOWN_RUNS:
            columns[f"p{n}_{rule}"] = f"p({n}) of {reported} under {rule}"
            columns[f"p{n}_{rule}_error"] = "its standard error"
        for count in COUNTS:
            columns |= _explain(
                _name_runs(rule, count),
                f"n* under {rule}, counting {count}, runs; {LARGE} means that many or more",
                "tilted laws",
            )
    ordered = ["n_networks", "n_converged"]
    ordered += [f"{name}{end}" for name in ("converged", "median") for end in ("", "_low", "_high")]
    ordered += [name for rule in RULES for name in _name_columns(rule)]
    return {name: columns[name] for name in ordered}


def _explain(name: str, meaning: str, method: str) -> dict[str, str]:
    return {
        name: meaning,
        f"{name}_low": f"lower end of its 95 % interval ({method})",
        f"{name}_high": f"upper end of its 95 % interval ({method})",
    }
