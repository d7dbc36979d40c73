"""A table of reported results against runs of one's own: one question first, then row by row."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from replication.comparison.comparison import (
    SCHEMA,
    Comparison,
    Verdict,
    compare,
    compare_by,
)
from replication.comparison.figure import draw_rows
from replication.comparison.files import (
    Table,
    find_missing,
    is_missing,
    list_names,
    read_flags,
    read_keys,
    read_values,
)
from replication.comparison.numbers import describe_p, format_number, format_p, join, percent
from replication.comparison.report import (
    NUMBERS,
    SPREADS,
    SUCCESSES,
    name_statistic,
    parse_report,
)
from replication.comparison.sampling import Effort
from replication.comparison.text import Block, render
from replication.errors import DataError, ReplicationError, UsageError
from replication.wording import plural, show

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, ...]
MAX_ROWS = 1000
FEW_ROWS = 4  # of more, fewer studies are drawn for each
MAX_LISTED = 12
SAME_RUNS = "Your runs give the reported numbers to the last digit: are they the same?"


@dataclasses.dataclass(frozen=True)
class ComparisonTable:
    """What a comparison of many results found.

    Parameters
    ----------
    by : tuple of str
        Names of the keys: columns that both tables have, and "metric" where there are several.
    rows : mapping of tuple of str to Comparison
        By key.
    refused : mapping of tuple of str to str
        Rows of the report that could not be read or compared, with what is wrong.
    only_reported, only_yours : mapping of tuple of str to (tuple of str or None)
        Keys that one side lacks, with the nearest one there.
    ignored : tuple of str
        Columns of the report that say nothing known.
    n_missing : int
        Runs that lack a key, and were left out; those that lack a value count in their row.
    level : float
        Of the tests.
    """

    __hash__ = None  # type: ignore[assignment]

    by: Key
    rows: Mapping[Key, Comparison]
    refused: Mapping[Key, str]
    only_reported: Mapping[Key, Key | None]
    only_yours: Mapping[Key, Key | None]
    ignored: tuple[str, ...]
    n_missing: int
    level: float

    @functools.cached_property
    def p_values(self) -> dict[Key, float]:
        """Return p of the rows that have one."""
        return {key: one.p for key, one in self.rows.items() if one.p is not None}

    @functools.cached_property
    def adjusted(self) -> dict[Key, float]:
        """Those p-values by Holm's adjustment for their number."""
        return adjust_holm(self.p_values)

    @property
    def n_low(self) -> int:
        """Rows whose p is at most the level."""
        return sum(p <= self.level for p in self.p_values.values())

    @property
    def p_many(self) -> float | None:
        """Probability that chance gives as many such rows, if rows are independent (binomial)."""
        n = len(self.p_values)
        if n == 0:
            return None
        return float(special.bdtrc(self.n_low - 1, n, self.level)) if self.n_low else 1.0

    @property
    def p(self) -> float | None:
        """One p for the whole table: chance gives as many such rows, or as small a p, so often.

        That is, that the smaller of `p_many` and the smallest p by Holm is as small, if rows are
        independent.
        """
        n, alone = len(self.p_values), self.level
        if self.p_many is None:
            return None
        least = min(self.p_many, *self.adjusted.values())
        below = least / n  # the p of one row that is as small
        if below >= alone:
            return -math.expm1(n * math.log1p(-min(below, 1.0 - 1e-16)))
        rows = np.arange(n + 1)
        tails = special.bdtrc(rows - 1.0, n, alone)
        fewer = rows[(tails > least * (1 + 1e-12)) | (rows == 0)]
        ways = special.comb(n, fewer) * (alone - below) ** fewer * (1.0 - alone) ** (n - fewer)
        return min(max(1.0 - math.fsum(ways.tolist()), 0.0), 1.0)

    @functools.cached_property
    def verdicts(self) -> dict[Key, Verdict]:
        """The verdict on each row: by Holm's adjustment, if the whole table is contradicted.

        Where p alone says otherwise, one cannot tell.
        """
        found = {key: one.verdict for key, one in self.rows.items()}
        is_ordinary = self.p is None or self.p > self.level
        for key, p in self.adjusted.items():
            is_alone = found[key] is Verdict.CONTRADICTED
            if is_alone and len(self.adjusted) > 1 and (is_ordinary or p > self.level):
                found[key] = Verdict.CANNOT_TELL
        return found

    @property
    def impossible(self) -> list[Key]:
        """Rows with a number that cannot be right."""
        return [key for key, one in self.rows.items() if one.reason == "impossible"]

    @property
    def verdict(self) -> Verdict:
        """The verdict on the table as a whole."""
        if self.impossible:
            return Verdict.CONTRADICTED
        if self.p is None:
            return Verdict.CANNOT_TELL
        return Verdict.CONTRADICTED if self.p <= self.level else Verdict.NOT_CONTRADICTED

    def __repr__(self) -> str:
        p = "" if self.p is None else f", {describe_p(self.p)}"
        return f"<ComparisonTable: {self.verdict}{p} ({plural(len(self.rows), 'row')})>"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        rows = [
            {
                "key": dict(zip(self.by, key, strict=True)),
                "p_holm": self.adjusted.get(key),
                "verdict_holm": str(self.verdicts[key]),
                **one.to_dict(),
            }
            for key, one in self.rows.items()
        ]
        return {
            "schema": SCHEMA,
            "verdict": str(self.verdict),
            **{name: getattr(self, name) for name in ("level", "p", "p_many", "n_low")},
            "n_judged": len(self.p_values),
            "rows": rows,
            "refused": [{"key": list(key), "why": why} for key, why in self.refused.items()],
            "only_reported": _list_nearest(self.only_reported),
            "only_yours": _list_nearest(self.only_yours),
            "ignored": list(self.ignored),
            "n_missing": self.n_missing,
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row for each result."""
        import pandas as pd

        header, *rows = self._list_cells()
        return pd.DataFrame(rows, columns=header)

    def plot(self) -> Any:
        """Return a figure of all differences, in standard deviations, with their intervals."""
        return draw_rows(self.rows)

    def render(self, form: str = "text") -> str:
        """Return the answer as "text", "markdown", "latex", "csv" or "json".

        Raises `UsageError` for another form.
        """
        return render(self._describe, self.to_dict, self._list_cells, form)

    def _list_cells(self) -> list[list[Any]]:
        header = [*self.by, "reported", "yours", "runs_reported", "runs_yours", "difference", "low",
                  "high", "sd", "shown", "p", "p_holm", "verdict", "conditions"]  # fmt: skip
        cells: list[list[Any]] = [header]
        for key, one in self.rows.items():
            gap = one.difference
            parts = [None] * 4 if gap is None else [gap.value, gap.low, gap.high, gap.spread]
            cells.append([
                *key, _name_report(one), _get_yours(one), one.runs, one.n, *parts, _get_shown(one),
                one.p, self.adjusted.get(key), str(self.verdicts[key]), "; ".join(one.conditions),
            ])  # fmt: skip
        return cells

    def _describe(self) -> Iterable[Block]:
        """Yield the answer: the table as a whole, its rows, their conditions, what is missing."""
        yield Block(self._answer())
        conditions = list(dict.fromkeys(part for one in self.rows.values()
                                        for part in one.conditions))  # fmt: skip
        if self.rows:
            yield Block(rows=self._tabulate(conditions))
            yield Block(
                "SD: yours less reported, in standard deviations of a run, with its "
                f"{percent(1 - self.level)} interval; found: the difference, in the same "
                "unit, that these runs would have shown four times in five. Not contradicted does "
                "not mean reproduced: a smaller difference may be there."
            )
        if any(self.verdicts[key] is not one.verdict for key, one in self.rows.items()):
            yield Block(
                f"* p is at most {self.level:g} for this row alone, but not for the table as a "
                f"whole or by Holm's adjustment for {plural(len(self.p_values), 'row')}."
            )
        if conditions:
            marks = [f"({place}) if {text}" for place, text in enumerate(conditions, start=1)]
            yield Block(f"What the verdicts hold under: {'; '.join(marks)}.")
        for title, items in self._list_asides():
            if items:
                yield Block(title, items)

    def _answer(self) -> str:
        """Return the verdict on the table as a whole."""
        text = f"{str(self.verdict).capitalize()} as a whole: "
        n = len(self.p_values)
        if self.p is None:
            text += "of no row can be told whether chance explains it."
        else:
            expected = format_number(n * self.level, 2)
            text += (
                f"p is at most {self.level:g} in {self.n_low} of {plural(n, 'row')}, where chance "
                f"gives {expected} ({describe_p(self.p)} for the table, if rows are independent)."
            )
        alone = [key for key, p in self.adjusted.items() if p <= self.level]
        if alone and n > 1:
            text += f" By Holm's adjustment p is that low for {_join(alone)}."
        if self.impossible:
            text += f" What was reported for {_join(self.impossible)} cannot be right."
        if self.refused:
            rows = plural(len(self.refused), "row")
            text += f" {rows} could not be compared; see below."
        return text

    def _tabulate(self, conditions: Sequence[str]) -> list[list[str]]:
        rows = [[*self.by, "reported", "n", "yours", "n", "SD", "found", "p", "Holm", "verdict"]]
        for key, one in self.rows.items():
            d = None if one.difference is None else one.difference.d
            shown = _get_shown(one)
            marks = "".join(f" ({conditions.index(part) + 1})" for part in one.conditions)
            star = "*" if self.verdicts[key] is not one.verdict else ""
            rows.append([
                *key,
                _name_report(one),
                "" if one.runs is None else f"{one.runs:,}",
                format_number(_get_yours(one)),
                f"{one.n:,}",
                "" if d is None else "{} ({} to {})".format(*(f"{part:.2f}" for part in d)),
                "" if shown is None or d is None else f"{shown:.1f}",
                format_p(one.p) + star,
                format_p(self.adjusted.get(key)),
                f"{self.verdicts[key]}{marks}",
            ])  # fmt: skip
        return rows

    def _list_asides(self) -> Iterable[tuple[str, list[str]]]:
        """Yield what is not in the table, by title."""
        yield "Not compared:", [f"{_name(key)}: {why}" for key, why in self.refused.items()]
        for title, keys in (
            ("Reported, but not among your runs:", self.only_reported),
            ("Among your runs, but not reported:", self.only_yours),
        ):
            named = [
                _name(key) + ("" if near is None else f" (the nearest is {_name(near)})")
                for key, near in list(keys.items())[:MAX_LISTED]
            ]
            more = [f"{len(keys) - MAX_LISTED:,} more"] * (len(keys) > MAX_LISTED)
            yield title, named + more
        if self.ignored:
            yield "Columns of the report that were not read:", [list_names(self.ignored)]
        n_missing = self.n_missing + sum(one.n_missing for one in self.rows.values())
        if n_missing:
            yield "Runs left out:", [f"{n_missing:,} that lack a value or a key"]
        reasons = {"reading": "p depends on what the report does not say, {0} to {1}",
                   "few": "too few runs", "constant": "runs that are all equal",
                   "margin": "p and the margin say different things"}  # fmt: skip
        yield "Cannot tell:", [
            f"{_name(key)}: {reasons[one.reason].format(*map(format_p, _list_ends(one)))}"
            for key, one in self.rows.items() if one.reason in reasons
        ]  # fmt: skip
        yield "Caution:", [
            f"{_name(key)}: {text}"
            for key, one in self.rows.items()
            for text in [*[SAME_RUNS] * (one.coincidence is not None), *one.cautions.values()]
        ]  # fmt: skip


def _list_ends(one: Comparison) -> list[float]:
    """Return the smallest and the largest p over all readings."""
    p_values = one.p_by_assumption.values() or [math.nan]
    return [min(p_values), max(p_values)]


def _get_yours(one: Comparison) -> float | None:
    return next((item.yours for item in one.findings.values()), None)


def _get_shown(one: Comparison) -> float | None:
    """Return what the runs would have shown, in standard deviations where these are known."""
    shown = next(iter(one.shown.values()), None)
    spread = None if one.difference is None else one.difference.spread
    return shown / spread if shown is not None and spread else shown


def _name_report(one: Comparison) -> str:
    """Return what was reported on one line: 0.83 ± 0.04."""
    parts = [
        f"± {text.removeprefix('± ')}" if name in SPREADS and "mean" in one.reported
        else text if name in {"mean", "constant"} else f"{name} {text}"
        for name, text in one.reported.items()
    ]  # fmt: skip
    return " ".join(parts)


def _name(key: Key) -> str:
    return show(", ".join(key), length=80)[1:-1]


def _join(keys: Sequence[Key]) -> str:
    more = [f"{len(keys) - MAX_LISTED:,} more"] * (len(keys) > MAX_LISTED)
    return join([*map(_name, keys[:MAX_LISTED]), *more])


def _list_nearest(keys: Mapping[Key, Key | None]) -> list[dict[str, Any]]:
    return [
        {"key": list(key), "nearest": None if near is None else list(near)}
        for key, near in keys.items()
    ]


def adjust_holm(p_values: Mapping[Key, float]) -> dict[Key, float]:
    """Return p-values adjusted for their number.

    Reference: Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J.
    Stat. 6, 65-70.
    """
    found: dict[Key, float] = {}
    largest = 0.0
    for place, key in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[key]))
        found[key] = largest
    return found


def compare_table(
    table: Any,
    reported: Any = None,
    *,
    by: str | Sequence[str],
    column: str | Sequence[str] | None = None,
    succeeded: str | None = None,
    **options: Any,
) -> ComparisonTable:
    """Compare a table of reported results with runs of your own.

    Parameters
    ----------
    table : data frame, or mapping of str to columns
        A row for each of your runs.
    reported : data frame, mapping of str to columns, mapping of str to str, or str
        A row for each reported result: its keys, and reported numbers under the names that papers
        and pandas give them (mean, std, SD, n, median, ci_low, p90, ...; the mean also as "0.83 ±
        0.04"). Or reported numbers by name, which hold for every group.
    by : str or sequence of str
        Keys: columns of both tables.
    column : str or sequence of str, optional
        Columns of `table` that hold values. Where there are several, the report has a column
        "metric" that names one of them.
    succeeded : str, optional
        Column of `table` that says which succeeded.
    **options : object
        Those of `compare`; `runs` holds for rows that have none of their own.

    Returns
    -------
    ComparisonTable

    Raises
    ------
    UsageError, DataError
        If a table cannot be read, or no row of the report is among your runs. A row that cannot be
        compared is left out and named.

    Examples
    --------
    >>> runs = {"task": ["a"] * 3 + ["b"] * 3, "score": [1.0, 1.2, 1.1, 3.0, 3.3, 2.9]}
    >>> report = {"task": ["a", "b"], "mean": ["1.6 ± 0.1", "3.0 ± 0.2"], "n": [5, 5]}
    >>> found = compare_table(runs, report, by="task", plus_minus="sd")
    >>> found.verdict.value, found.n_low, [round(p, 2) for p in found.p_values.values()]
    ('contradicted', 1, [0.0, 0.7])
    """
    own, keys = Table.of(table, "table"), [by] if isinstance(by, str) else list(by)
    if not keys or len(set(keys)) < len(keys):
        raise UsageError(f"`by` names {list_names(keys)}; give each key once")
    metrics = [column] if isinstance(column, str) else list(column or [])
    quantiles = options.pop("quantiles", None) or {}
    shared = {name: options.pop(name, None) for name in ("runs", *NUMBERS)} | dict(quantiles)
    shared = {name: value for name, value in shared.items() if value is not None}
    others = [name for name in own.names if name not in {*keys, succeeded}]
    metrics = others if not metrics and len(others) == 1 else metrics
    groups, n_missing = _find_groups([read_keys(own.take(name)) for name in keys])
    if reported is None or isinstance(reported, str):
        reported = shared if reported is None else parse_report(reported, "reported")
    rows, ignored = _read_rows(reported, keys, metrics, groups)
    reports = [(label, key, shared | row if isinstance(row, dict) else row)
                for label, key, row in rows]  # fmt: skip
    if len(metrics) > 1:
        keys = [*keys, "metric"]
    if len(reports) > MAX_ROWS:
        raise UsageError(
            f"`by` gives {len(reports):,} rows; allowed are {MAX_ROWS:,}; name columns of few "
            "values"
        )
    if not any(key in groups for _, key, _ in reports):
        raise UsageError(
            "the reported numbers name none of your groups; those are "
            f"{list_names([', '.join(key) for key in groups])}"
        )
    defaults = compare.__kwdefaults__ or {}
    unknown = options.keys() - defaults.keys()
    if unknown:
        raise UsageError(f"there is no option {show(min(unknown))}; those of `compare` are allowed")
    all_options = {**defaults, "nan_policy": "omit", **options}
    effort = Effort() if len(reports) < FEW_ROWS else Effort(10_000, 200)
    known = {name for _, _, row in reports if isinstance(row, dict) for name in row}
    take = functools.cache(lambda name: _read_runs(own, name, succeeded, known))
    found: dict[Key, Comparison] = {}
    refused: dict[Key, str] = {}
    for label, key, numbers in reports:
        if key in groups:
            values, flags = take(label[-1] if len(metrics) > 1 else next(iter(metrics), None))
            chosen = None if flags is None else flags[groups[key]]
            runs = {"values": values[groups[key]], "succeeded": chosen, "report": numbers}
            try:
                if isinstance(numbers, ReplicationError):
                    raise numbers
                found[label] = compare_by(all_options | runs, effort)
            except ReplicationError as error:
                refused[label] = str(error)
    if not found:
        first = next(iter(refused))
        raise UsageError(f"no row could be compared; {_name(first)}: {refused[first]}")
    named = {key for _, key, _ in reports}
    only_reported = {
        label: _find_nearest(key, groups) for label, key, _ in reports if key not in groups
    }
    only_yours = {key: _find_nearest(key, only_reported) for key in groups if key not in named}
    level = next(iter(found.values())).level
    return ComparisonTable(tuple(keys), found, refused, only_reported, only_yours, ignored,
                           n_missing, level)  # fmt: skip


def compare_column(
    table: Any, *, column: str | None, succeeded: str | None = None, **options: Any
) -> Comparison:
    """Compare a column of a table of runs, of which one may say which succeeded, with a report.

    Runs without a value are left out and counted; `options` are those of `compare`.
    """
    own, report = Table.of(table, "table"), options.get("report")
    given = options if report is None else parse_report(report, "report")
    known = {name for name, value in given.items() if value not in (None, {}) and name in NUMBERS}
    known |= {"cap"} if options.get("cap") is not None else set()
    values, flags = _read_runs(own, column, succeeded, known)
    return compare(values, succeeded=flags, nan_policy="omit", **options)


def _read_runs(
    table: Table, column: str | None, succeeded: str | None, reported: Collection[str]
) -> tuple[Any, Any]:
    """Return values, NaN where something is missing, and which runs succeeded, if that is said.

    Where only shares or numbers of successes were reported, no values are needed.
    """
    flags = None if succeeded is None else table.take(succeeded)
    is_share = bool(reported) and set(reported) <= {*SUCCESSES, "runs"}
    if flags is not None and column is None and is_share:
        values = np.zeros(table.n_rows)
    else:
        values = read_values(table.take(column), column or table.names[0])
    if flags is None:
        return values, None
    values[find_missing(flags)] = np.nan
    return values, read_flags(flags, str(succeeded))


def _find_groups(columns: Sequence[Sequence[str | None]]) -> tuple[dict[Key, Any], int]:
    """Return the places of the runs of each group, int[n], and how many belong to none."""
    places: dict[Key, list[int]] = {}
    n_missing = 0
    for place, key in enumerate(zip(*columns, strict=True)):
        if None in key:
            n_missing += 1
        else:
            places.setdefault(tuple(map(str, key)), []).append(place)
    return {key: np.array(where) for key, where in places.items()}, n_missing


def _find_nearest(key: Key, others: Iterable[Key]) -> Key | None:
    """Return the key that is spelt most alike, None if none is near."""
    spelt = {" ".join(other).lower(): other for other in others}
    near = difflib.get_close_matches(" ".join(key).lower(), list(spelt)[:1000], n=1)
    return spelt[near[0]] if near else None


def _read_rows(
    reported: Any, keys: Sequence[str], metrics: Sequence[str], groups: Iterable[Key]
) -> tuple[list[tuple[Key, Key, Any]], tuple[str, ...]]:
    """Return label, key and numbers of each row of a report, and the columns that were not read.

    The label is the key with the metric where there are several.
    """
    if isinstance(reported, Mapping) and all(np.ndim(value) == 0 for value in reported.values()):
        if len(metrics) > 1:
            raise UsageError("several columns were given; give a report with a column `metric`")
        return [(key, key, dict(reported)) for key in groups], ()
    table = Table.of(reported, "reported")
    lacking = [name for name in keys if name not in table.names]
    if lacking:
        raise UsageError(
            f"{table.name} has no column {show(lacking[0])}; its columns are "
            f"{list_names(table.names)}"
        )
    names = {name: name_statistic(name) for name in table.names if name not in keys}
    metric = next((name for name in names if name.lower() == "metric"), None)
    for name in names:
        if name in metrics and len(metrics) == 1:
            names[name] = "mean"  # a column called as the values are holds their mean
    read = {name: known for name, known in names.items() if known is not None}
    for known in read.values():
        twice = [name for name, other in read.items() if other == known]
        if len(twice) > 1:
            raise UsageError(f"{table.name} gives the {known} in {list_names(twice)}; leave one")
    if len(metrics) > 1 and metric is None:
        raise UsageError(
            f"several columns were given, and {table.name} has no column `metric` that names one "
            "for each row; add it"
        )
    ignored = [name for name, known in names.items() if known is None and name != metric]
    columns = {name: table.take(name) for name in [*read, *([metric] if metric else [])]}
    key_columns = [read_keys(table.take(name)) for name in keys]
    rows: list[tuple[Key, Key, Any]] = []
    seen: set[Key] = set()
    for place in range(table.n_rows):
        parts = tuple(column[place] for column in key_columns)
        if None in parts:
            raise DataError(f"row {place + 1} of {table.name} lacks a key; give it, or remove it")
        key = tuple(map(str, parts))
        which = None if metric is None else str(columns[metric][place]).strip()
        label = (*key, which or "") if len(metrics) > 1 else key
        if label in seen:
            raise UsageError(f"{table.name} names {_name(label)} twice; give one row for each")
        seen.add(label)
        numbers: Any = {
            known: columns[name][place]
            for name, known in read.items()
            if not is_missing(columns[name][place])
        }
        if which is not None and metrics and which not in metrics:
            numbers = UsageError(f"its metric {show(which)} is not a column that was given")
        rows.append((label, key, numbers))
    return rows, tuple(ignored)


def pair_runs(
    table: Any, *, by: str, difference: Sequence[str], column: str | None, pair: str | None
) -> dict[str, Any]:
    """Return `values` and `minus` of two groups for `compare`; differences if paired by a seed."""
    own = Table.of(table, "table")
    groups, _ = _find_groups([read_keys(own.take(by))])
    values = read_values(own.take(column), column or own.names[0])
    if difference[0] == difference[1]:
        raise UsageError(f"`difference` names {show(difference[0])} twice; name two groups")
    for name in difference:
        if (name,) not in groups:
            known = list_names([key for (key,) in groups])
            raise UsageError(f"there is no group {show(name)}; the groups are {known}")
    places = (groups[(name,)] for name in difference)
    first, second = (where[~np.isnan(values[where])] for where in places)
    if pair is None:
        return {"values": values[first], "minus": values[second]}
    seeds = np.array(read_keys(own.take(pair)), dtype=object)
    one, two = (dict(zip(seeds[part], values[part], strict=True)) for part in (first, second))
    if len(one) < first.size or len(two) < second.size:
        raise DataError(
            f"column {show(pair)} holds a seed twice in one group; give one run of each"
        )
    differences = [value - two[seed] for seed, value in one.items() if seed in two]
    if not differences:
        raise DataError(
            f"no seed of column {show(pair)} is in both groups; leave `pair` out if runs are not "
            "paired"
        )
    return {"values": np.array(differences)}
