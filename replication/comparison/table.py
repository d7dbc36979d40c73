"""A table of reported results against runs of one's own: one question first, then row by row."""

import dataclasses
import functools
import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from scipy import special

from replication.comparison.figure import draw, draw_rows
from replication.comparison.files import list_names
from replication.comparison.numbers import describe_p, format_number, format_p, join, percent
from replication.comparison.report import SPREADS
from replication.comparison.result import SCHEMA, Comparison, Verdict
from replication.comparison.text import Block, render
from replication.system.progress import escape
from replication.wording import plural, show

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, ...]
MAX_LISTED = 12
SAME_RUNS = "Your runs give the reported numbers to the last digit: are they the same runs?"


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
        Columns of reported results that say nothing known.
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
        """Those p-values by Holm's adjustment for their number.

        Reference: Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J.
        Stat. 6, 65-70.
        """
        keys = sorted(self.p_values, key=self.p_values.__getitem__)
        sums = np.arange(len(keys), 0, -1) * [self.p_values[key] for key in keys]
        return dict(zip(keys, np.maximum.accumulate(np.minimum(sums, 1.0)).tolist(), strict=True))

    @property
    def n_low(self) -> int:
        """Rows whose p is at most the level."""
        return sum(p <= self.level for p in self.p_values.values())

    @property
    def p_many(self) -> float | None:
        """Probability that chance gives as many such rows, if rows are independent (binomial)."""
        n = len(self.p_values)
        return float(special.bdtrc(self.n_low - 1, n, self.level)) if n else None

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

    def __bool__(self) -> NoReturn:
        raise TypeError("a comparison has three answers; ask for its verdict")

    def __repr__(self) -> str:
        p = "" if self.p is None else f", {describe_p(self.p)}"
        return f"<ComparisonTable: {self.verdict}{p} ({plural(len(self.rows), 'row')})>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.render())}</pre>"

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
            "refused": [{"key": key, "why": why} for key, why in self.refused.items()],
            **{
                name: [{"key": key, "nearest": near} for key, near in getattr(self, name).items()]
                for name in ("only_reported", "only_yours")
            },
            "ignored": self.ignored,
            "n_missing": self.n_missing,
        }

    def to_frame(self) -> "pd.DataFrame":
        """Return a table with a row for each result."""
        import pandas as pd

        header, *rows = self._list_cells()
        return pd.DataFrame(rows, columns=header)

    def plot(self) -> Any:
        """Return a figure of all differences, in standard deviations, with their intervals."""
        is_known = any(one.difference and one.difference.d for one in self.rows.values())
        panel = functools.partial(draw_rows, self.rows)
        return draw([panel] * is_known, height=1.0 + 0.25 * len(self.rows))

    def render(self, form: str = "text") -> str:
        """Return the answer as "text", "markdown", "latex", "csv" or "json".

        Raises `UsageError` for another form.
        """
        return render(form, self._describe(), self._list_cells(), self.to_dict())

    def _list_cells(self) -> list[list[Any]]:
        header = [*self.by, "reported", "yours", "runs_reported", "runs_yours", "difference", "low",
                  "high", "sd", "shown", "p", "p_holm", "verdict", "conditions"]  # fmt: skip
        cells: list[list[Any]] = [header]
        for key, one in self.rows.items():
            gap = one.difference
            parts = [None] * 4 if gap is None else [gap.value, gap.low, gap.high, gap.spread]
            yours = next((item.yours for item in one.findings.values()), None)
            shown = next(iter(one.shown.values()), None)
            if shown is not None and parts[-1]:
                shown /= parts[-1]
            cells.append([
                *key, _name_report(one), yours, one.runs, one.n, *parts, shown, one.p,
                self.adjusted.get(key), str(self.verdicts[key]), "; ".join(one.conditions),
            ])  # fmt: skip
        return cells

    def _tabulate(self, conditions: Sequence[str]) -> list[list[str]]:
        """Return the rows in words, with a number for each condition."""
        names = ["reported", "n", "yours", "n", "SD", "found", "p", "Holm", "verdict"]
        rows = [[*map(escape, self.by), *names]]
        for (key, one), cells in zip(self.rows.items(), self._list_cells()[1:], strict=True):
            reported, yours, m, n, *_, shown, p, p_holm, verdict, _ = cells[len(key) :]
            d = None if one.difference is None else one.difference.d
            marks = "".join(f" ({conditions.index(part) + 1})" for part in one.conditions)
            rows.append([
                *map(escape, key), reported,
                "" if m is None else f"{m:,}", format_number(yours), f"{n:,}",
                "" if d is None else "{} ({} to {})".format(*map(_format_sd, d)),
                "" if shown is None or d is None else _format_sd(shown, 1),
                format_p(p) + "*" * (verdict != one.verdict), format_p(p_holm), verdict + marks,
            ])  # fmt: skip
        return rows

    def _describe(self) -> Iterable[Block]:
        """Yield the answer: the table as a whole, its rows, their conditions, what is missing."""
        yield Block(self._answer())
        conditions = list(dict.fromkeys(part for one in self.rows.values()
                                        for part in one.conditions))  # fmt: skip
        yield Block(rows=self._tabulate(conditions))
        yield Block(
            f"SD: yours less reported, in standard deviations of a run, with its "
            f"{percent(1 - self.level)} interval; found: the difference, in the same unit, that "
            "these runs would have shown four times in five. Not contradicted does not mean "
            "reproduced: a smaller difference may be there."
        )
        if any(self.verdicts[key] is not one.verdict for key, one in self.rows.items()):
            yield Block(
                f"* p is at most {self.level:g} for this row alone, but not for the table as a "
                f"whole or by Holm's adjustment for {plural(len(self.p_values), 'row')}."
            )
        if conditions:
            marks = [f"({place}) {text}" for place, text in enumerate(conditions, start=1)]
            yield Block(f"Conditions of the verdicts: {'; '.join(marks)}.")
        yield from (Block(title, items) for title, items in self._list_asides().items() if items)

    def _answer(self) -> str:
        text = f"{str(self.verdict).capitalize()} as a whole: "
        n = len(self.p_values)
        if self.p is None:
            text += "for no row can it be told whether chance explains the difference."
        else:
            text += (
                f"p is at most {self.level:g} in {self.n_low} of {plural(n, 'row')}, where chance "
                f"gives {format_number(n * self.level, 2)} ({describe_p(self.p)} for the table, if "
                "rows are independent)."
            )
        alone = [key for key, p in self.adjusted.items() if p <= self.level]
        if alone and n > 1:
            text += f" By Holm's adjustment p is that low for {_join(alone)}."
        if self.impossible:
            text += f" What was reported for {_join(self.impossible)} cannot be right."
        if self.refused:
            text += f" {plural(len(self.refused), 'row')} could not be compared; see below."
        return text

    def _list_asides(self) -> dict[str, list[str]]:
        """Return what is not in the table, by title."""
        n_missing = self.n_missing + sum(one.n_missing for one in self.rows.values())
        cautions = [
            (key, text)
            for key, one in self.rows.items()
            for text in [*[SAME_RUNS] * (one.coincidence is not None), *one.cautions.values()]
        ]
        unclear = [(key, why) for key, one in self.rows.items() if (why := _explain(one))]
        return {
            "Not compared:": [f"{name_key(key)}: {why}" for key, why in self.refused.items()],
            "Reported, but not among your runs:": _name_lacking(self.only_reported),
            "Among your runs, but not reported:": _name_lacking(self.only_yours),
            "Columns that were not read:": [list_names(self.ignored)] if self.ignored else [],
            "Runs left out:": [f"{n_missing:,} that lack a value or a key"] if n_missing else [],
            "Cannot tell:": [f"{name_key(key)}: {why}" for key, why in unclear],
            "Caution:": [f"{name_key(key)}: {text}" for key, text in cautions],
        }


def _name_lacking(keys: Mapping[Key, Key | None]) -> list[str]:
    """Return keys that the other side lacks, with the nearest one there."""
    return _cut([
        name_key(key) + ("" if near is None else f" (the nearest is {name_key(near)})")
        for key, near in keys.items()
    ])  # fmt: skip


def _explain(one: Comparison) -> str:
    """Return why one cannot tell, nothing where one can."""
    p_values = one.p_by_assumption.values() or [math.nan]
    return {
        "reading": f"p is {format_p(min(p_values))} to {format_p(max(p_values))}, depending on "
        "what the report leaves unsaid",
        "few": "too few runs",
        "constant": "runs that are all equal",
        "margin": "p and the margin disagree",
    }.get(one.reason, "")


def _format_sd(value: float, decimals: int = 2) -> str:
    """Return standard deviations, with so many decimals if they are of a usual size."""
    return f"{value:.{decimals}f}" if abs(value) < 1000 else f"{value:.2g}"


def _name_report(one: Comparison) -> str:
    """Return what was reported on one line: 0.83 ± 0.04, or 0.83 sd 0.04 se 0.02."""
    n_spreads = sum(name in SPREADS for name in one.reported)
    return " ".join(
        f"± {text.removeprefix('± ')}" if name in SPREADS and "mean" in one.reported
        and n_spreads == 1
        else text if name in {"mean", "constant"} else f"{name} {text}"
        for name, text in one.reported.items()
    )  # fmt: skip


def name_key(key: Key) -> str:
    """Return a key for a message."""
    return show(", ".join(key), length=80)[1:-1]


def _cut(names: Sequence[str]) -> list[str]:
    """Return the first names, and how many more there are."""
    more = [f"{len(names) - MAX_LISTED:,} more"] * (len(names) > MAX_LISTED)
    return [*names[:MAX_LISTED], *more]


def _join(keys: Sequence[Key]) -> str:
    return join(_cut([*map(name_key, keys)]))
