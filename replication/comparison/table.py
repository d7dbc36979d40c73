"""A table of reported results against runs of one's own: one answer first, then row by row."""

import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from replication.comparison import numbers
from replication.comparison.figure import draw, draw_rows
from replication.comparison.judging import UNSEEN
from replication.comparison.numbers import describe_p, format_number, format_p, percent, span
from replication.comparison.prediction import Answer
from replication.comparison.report import SPREADS
from replication.comparison.result import Comparison, Verdict, answer, list_p
from replication.comparison.text import Answered, Block, list_assumed, name_key
from replication.statistics import pooling
from replication.statistics.pooling import Pooled, adjust, combine, find_effect
from replication.statistics.sampling import FloatArray
from replication.wording import join, plural

if TYPE_CHECKING:
    import pandas as pd

Key = tuple[str, ...]
MAX_LISTED = 12


@dataclasses.dataclass(frozen=True, eq=False)
class ComparisonTable(Answered):
    """What a comparison of many results found.

    Parameters
    ----------
    by : tuple of str
        Names of the keys: columns that both tables have, or one side as headings.
    rows : mapping of tuple of str to Comparison
        By key.
    refused : mapping of tuple of str to str
        Rows of the report that could not be read or compared, with what is wrong.
    only_reported, only_yours : tuple of tuple of str
        Keys that the other side lacks.
    ignored : tuple of str
        Columns of reported results that say nothing known, with the nearest name that would.
    n_missing : int
        Runs that lack a key, and were left out; those that lack a value count in their row.
    level, between : float
        Of the tests; the spread between labs that was allowed for.
    assumptions : mapping of str to str
        How the tables were read, by the argument that changes it.
    seeds : mapping of tuple of str to mapping
        Of each row, your values by seed, where a column says which that is.
    read_as : tuple of Block
        How both tables were read, and what was left out.
    """

    forms = numbers.FORMS
    by: Key
    rows: Mapping[Key, Comparison]
    refused: Mapping[Key, str]
    only_reported: tuple[Key, ...]
    only_yours: tuple[Key, ...]
    ignored: tuple[str, ...]
    n_missing: int
    level: float
    between: float
    assumptions: Mapping[str, str]
    seeds: Mapping[Key, Mapping[str, float]]
    read_as: tuple[Block, ...] = ()

    @functools.cached_property
    def p_values(self) -> dict[Key, float]:
        """Return p of the rows that have one, by the printed spreads alone if there are several."""
        found = {key: self._take_p(one) for key, one in self.rows.items()}
        return {key: p for key, p in found.items() if p is not None}

    def _take_p(self, one: Comparison | Answer) -> float | None:
        return one.p_alone if len(self.rows) > 1 else one.p

    @functools.cached_property
    def adjusted(self) -> dict[Key, float]:
        """Those p-values by Holm's adjustment for their number."""
        return adjust(self.p_values)

    @functools.cached_property
    def readings(self) -> dict[str, tuple[float, Pooled | None]]:
        """Return p of the table, and the mean difference, under each reading of the reports."""
        # A row that has no such reading is taken as it is read first.
        judged = [self.rows[key] for key in self.p_values]
        names = dict.fromkeys(name for one in judged for name in one.answers)
        found = {}
        for name in names:
            answers = [one.answers.get(name) or next(iter(one.answers.values())) for one in judged]
            p_values, pooled = [*map(self._take_p, answers)], self._pool(answers)
            found[name] = combine([p for p in p_values if p is not None], pooled), pooled
        return found

    def _pool(self, answers: Sequence[Answer]) -> Pooled | None:
        effects = [find_effect(one.difference, one.sides, self.between) for one in answers]
        found = pooling.pool(effects, level=self.level)
        if found is None:
            return None
        # Spreads are compared, and seeds used, where each side of a row is one sample.
        sides = [answer.sides for answer in answers if answer.sides is not None]
        known = [pair for pair in sides if all(len(side.samples) == 1 for side in pair)]
        by_seed: dict[str, Any] | None = None
        if len(known) == len(answers) and self._by_seed is not None:
            how = {"level": self.level, "between": self.between}
            by_seed = pooling.judge_by_seed(self._by_seed, known, **how)
        ratio = pooling.compare_spreads(known, self.level)
        return dataclasses.replace(found, ratio=ratio, **(by_seed or {}))

    @functools.cached_property
    def _by_seed(self) -> FloatArray | None:
        """Your values, (rows, seeds), where each seed has one run in every row."""
        rows = [self.seeds.get(key, {}) for key in self.p_values]
        # Only if each seed has one run in every row, and every run a seed.
        seeds = rows[0].keys()
        if any(row.keys() != seeds or len(row) != self.rows[key].n
               for row, key in zip(rows, self.p_values, strict=True)):  # fmt: skip
            return None
        return np.array([[row[seed] for seed in seeds] for row in rows])

    @property
    def p(self) -> float | None:
        """One p for the whole table, the largest over all readings of the reports."""
        return max((p for p, _ in self.readings.values()), default=None)

    @property
    def pooled(self) -> Pooled | None:
        """The mean difference over rows, under that reading."""
        return max(self.readings.values(), key=lambda one: one[0], default=(0, None))[1]

    @functools.cached_property
    def verdicts(self) -> dict[Key, Verdict]:
        """The verdict on each row by Holm's adjustment."""
        found = {key: one.verdict for key, one in self.rows.items()}
        # Contradicted alone, but not among so many rows.
        for key, p in self.adjusted.items():
            if found[key] is Verdict.CONTRADICTED and len(self.adjusted) > 1 and p > self.level:
                found[key] = Verdict.NOT_CONTRADICTED
        return found

    @property
    def impossible(self) -> list[Key]:
        """Rows with a number that cannot be right."""
        return [key for key, one in self.rows.items() if one.reason == "impossible"]

    @property
    def conditions(self) -> tuple[str, ...]:
        """What the verdict on the whole holds under, beside the independence of rows."""
        return tuple(dict.fromkeys(
            part for one in self.rows.values() if one.p == self._take_p(one)
            for part in one.conditions if not part.startswith(UNSEEN)
        ))  # fmt: skip

    @property
    def verdict(self) -> Verdict:
        """The verdict on the table as a whole."""
        if self.impossible:
            return Verdict.CONTRADICTED
        # Readings of the reports must agree, as for one result.
        differs = {p <= self.level for p, _ in self.readings.values()}
        if len(differs) != 1:
            return Verdict.CANNOT_TELL
        return Verdict.CONTRADICTED if differs == {True} else Verdict.NOT_CONTRADICTED

    def __repr__(self) -> str:
        p = "" if self.p is None else f", {describe_p(self.p)}"
        return f"<ComparisonTable: {self.verdict}{p} ({plural(len(self.rows), 'row')})>"

    def list_parts(self) -> dict[str, Any]:
        """Return what `to_dict` has, by name."""
        names = ("verdict", "p", "conditions", "pooled", "level", "between", "ignored", "n_missing",
                 "assumptions", "read_as")  # fmt: skip
        rows = [
            {"key": dict(zip(self.by, key, strict=True)), "p_holm": self.adjusted.get(key),
             "verdict_holm": self.verdicts[key], **one.to_dict()}
            for key, one in self.rows.items()
        ]  # fmt: skip
        return {
            **{name: getattr(self, name) for name in names},
            "p_by_assumption": {name: p for name, (p, _) in self.readings.items()},
            "n_judged": len(self.p_values), "rows": rows,
            "only_reported": [{"key": key} for key in self.only_reported],
            "only_yours": [{"key": key} for key in self.only_yours],
            "refused": [{"key": key, "why": why} for key, why in self.refused.items()],
        }  # fmt: skip

    def to_frame(self) -> "pd.DataFrame":
        """Return a table with a row for each result, and all rows together last."""
        import pandas as pd

        header, *rows = self.list_cells()
        return pd.DataFrame(rows, columns=header)

    def plot(self) -> Any:
        """Return a forest plot: all differences in standard deviations, and their mean."""
        is_known = any(one.difference and one.difference.d for one in self.rows.values())
        panel = functools.partial(draw_rows, self)
        return draw([panel] * is_known, height=1.2 + 0.25 * len(self.rows))

    def list_cells(self) -> list[list[Any]]:
        """Return the rows as numbers, header first, and all rows together last.

        `g` and its ends are in standard deviations `sd`, all else is in the unit of the values.
        """
        cells: list[list[Any]] = [[
            *self.by, "reported", "yours", "runs_reported", "runs_yours", "difference", "low",
            "high", "sd", "g", "g_low", "g_high", "shown", "p", "p_holm", "verdict", "conditions",
        ]]  # fmt: skip
        for key, one in self.rows.items():
            # The difference in the unit of the values, and in standard deviations.
            gap = one.difference
            parts = [None] * 7 if gap is None else [
                gap.value, gap.low, gap.high, gap.spread, *(gap.d or [None] * 3)]  # fmt: skip
            yours = next((item.yours for item in one.findings.values()), None)
            shown = next(iter(one.shown.values()), None)
            if gap is not None and gap.shown is not None and shown is not None:
                shown = gap.shown
            cells.append([
                *key, _name_report(one), yours, one.runs, one.n or None, *parts, shown,
                self._take_p(one), self.adjusted.get(key), str(self.verdicts[key]),
                "; ".join(one.conditions),
            ])  # fmt: skip
        mean, names = self.pooled, ["all rows", *[""] * (len(self.by) - 1)]
        is_in_sd = mean is not None and mean.unit == "sd"
        whole = [mean.value, mean.low, mean.high] if mean and is_in_sd else [None] * 3
        return [*cells, [*names, *[None] * 8, *whole, None, self.p, None, str(self.verdict),
                         "; ".join(self.conditions)]]  # fmt: skip

    def _tabulate(self, conditions: Sequence[str]) -> list[list[str]]:
        """Return the rows in words, with a number for each condition."""
        is_in_sd = any(one.difference and one.difference.d for one in self.rows.values())
        names = ["reported", "n", "yours", "your n", "SD" if is_in_sd else "difference", "found",
                 "p", "Holm", "verdict"]  # fmt: skip
        rows = [[*map(name_key, zip(self.by)), *names]]
        for (key, one), cells in zip(self.rows.items(), self.list_cells()[1:-1], strict=True):
            reported, yours, m, n, *_, shown, p, p_holm, verdict, _ = cells[len(key) :]
            gap = one.difference
            yours = format_number(yours)
            if "n_succeeded" in one.reported and gap and gap.counts:
                yours = "{}/{}".format(*gap.counts)  # of your runs, not of as many as reported
            # In standard deviations, as the column before.
            shown = shown and shown / ((gap and gap.spread) or 1.0)
            d = None if gap is None else gap.d if is_in_sd else (gap.value, gap.low, gap.high)
            marks = "".join(f" ({conditions.index(part) + 1})" for part in one.conditions)
            rows.append([
                *map(name_key, zip(key)), reported,
                "" if m is None else f"{m:,}", yours, "" if n is None else f"{n:,}",
                "" if d is None else "{} ({} to {})".format(*map(_format_sd, d)),
                "" if shown is None or d is None else _format_sd(shown, 1),
                format_p(p) + "*" * (verdict != one.verdict), format_p(p_holm), verdict + marks,
            ])  # fmt: skip
        return rows

    def describe(self) -> Iterable[Block]:
        """Yield the answer: the table as a whole, its rows, their conditions, what is missing."""
        yield Block(self._answer())
        conditions = [*dict.fromkeys(part for one in self.rows.values() for part in one.conditions)]
        yield Block(rows=self._tabulate(conditions))
        yield Block(
            f"SD: yours less reported, in standard deviations of a run, with its "
            f"{percent(1 - self.level)} interval; found: the difference, in the same unit, that "
            "these runs would have shown four times in five. Not contradicted does not mean "
            "reproduced: a smaller difference may be there."
        )
        if any(self.verdicts[key] is not one.verdict for key, one in self.rows.items()):
            adjusted = f"by Holm's adjustment for {plural(len(self.p_values), 'row')}"
            yield Block(f"* contradicted at {self.level:g} alone, but not {adjusted}.")
        if conditions:
            marks = [f"({place}) {text}" for place, text in enumerate(conditions, start=1)]
            yield Block(f"Conditions of the verdicts: {'; '.join(marks)}.")
        yield from (Block(title, items) for title, items in self._list_asides().items() if items)

    def _answer(self) -> str:
        """Return the one answer: verdict, p, mean difference, direction, rows, what it rests on."""
        text, one, p = f"{str(self.verdict).capitalize()} as a whole", self.pooled, self.p
        if p is None:
            why = "for no row can it be told whether chance explains the difference"
            return f"{text}: {why}.{self._describe_rows()}"
        if self.verdict is Verdict.CANNOT_TELL:
            words = list_p({name: one[0] for name, one in self.readings.items()}, "with {}")
            text += f": p depends on what the reports leave unsaid, {words}"
        else:
            text += f", if {join(list(self.conditions))}" if self.conditions else ""
            text += f" ({describe_p(p)})"
        if one is None:
            return f"{text}.{self._describe_rows()}"
        if one.n == 0:
            return f"{text}: yours and the reported are equal in all rows.{self._describe_rows()}"
        side, n = ("lower", one.n_lower) if one.value < 0 else ("higher", one.n - one.n_lower)
        text += (
            f": yours less reported is {format_number(one.value, 3)}{pooling.UNITS[one.unit]} on "
            f"average ({span(one.low, one.high, 3)}), {side} in {n} of {one.n} rows (sign test, "
            f"{describe_p(one.p_sign)}).{self._describe_rows()}"
        )
        # How rows differ, and on what the answer rests: seeds, or the independence of rows.
        if one.tau is not None:
            text += f" Rows differ by {format_number(one.tau, 2)} SD on either side beyond chance."
        if one.by_seed is not None:
            return (
                f"{text} All rows have the same seeds, so their mean and its interval are by seed, "
                f"{describe_p(one.p)} (mean correlation of rows {one.by_seed:.2f})."
            )
        is_by_direction = p <= self.level and 3.0 * one.p <= self.level
        upto = f"; it holds up to a correlation of {one.correlation:.2f}" if is_by_direction else ""
        return f"{text} This is for independent rows{upto}."

    def _describe_rows(self) -> str:
        text, holm = "", self.adjusted
        names = [f"{name_key(key)} ({format_p(p)})" for key, p in holm.items() if p <= self.level]
        if names and len(holm) > 1:
            are = "is" if len(names) == 1 else "are"
            text = f" By Holm's adjustment, {join(_cut(names))} {are} contradicted."
        elif len(holm) > 1:
            text = f" No single row is contradicted (Holm {format_p(min(holm.values()))})."
        if self.impossible:
            wrong = join(_cut([*map(name_key, self.impossible)]))
            text += f" What was reported for {wrong} cannot be right."
        if self.refused:
            text += f" {plural(len(self.refused), 'row')} could not be compared; see below."
        return text

    def _list_asides(self) -> dict[str, list[str]]:
        """Return what is not in the table, by title."""
        rows = self.rows.items()
        n_missing = self.n_missing + sum(one.n_missing for one in self.rows.values())
        same = "Your runs give the reported numbers to the last digit: are they the same runs?"
        cautions, ratio = list[str](), None if self.pooled is None else self.pooled.ratio
        if ratio is not None and not ratio[1] <= 1.0 <= ratio[2]:
            cautions.append(
                f"Your standard deviations are {format_number(ratio[0], 2)} times the reported "
                f"ones ({span(*ratio[1:], 2)}). Where spreads differ, tables of few runs are "
                "contradicted too often."
            )
        cautions += [
            f"{name_key(key)}: {text}" for key, one in rows
            for text in [*[same] * (one.coincidence is not None), *one.cautions.values()]
            if text != one.cautions.get("per cent")
        ]  # fmt: skip
        # What rows take for granted, each only once.
        assumed = dict.fromkeys(
            line for one in (self, *self.rows.values()) for line in list_assumed(one.assumptions)
        )
        return {
            "Replication Bayes factor, and sceptical p (one-sided):": [
                "{}: {}, {}".format(name_key(key), format_number(one.evidence["bayes_factor"], 2),
                                    format_p(one.evidence["p_sceptical"]))
                for key, one in rows if one.evidence
            ],
            "Taken for granted:": _cut([*assumed]),
            "Not compared:": [f"{name_key(key)}: {why}" for key, why in self.refused.items()],
            "Reported, but not among your runs:": _cut([*map(name_key, self.only_reported)]),
            "Among your runs, but not reported:": _cut([*map(name_key, self.only_yours)]),
            "Columns that were not read:": [", ".join(self.ignored)] if self.ignored else [],
            "Runs left out:": [f"{n_missing:,} that lack a value or a key"] if n_missing else [],
            "Cannot tell:": [f"{name_key(key)}: {answer(one).removeprefix('Cannot tell: ')}"
                             for key, one in rows if one.verdict is Verdict.CANNOT_TELL],
            "Caution:": cautions,
        }  # fmt: skip


def _format_sd(value: float, decimals: int = 2) -> str:
    """Return standard deviations, with so many decimals if they are of a usual size."""
    return f"{value:.{decimals}f}" if abs(value) < 1000 else f"{value:.2g}"


def _name_report(one: Comparison) -> str:
    """Return what was reported on one line: 0.83 ± 0.04, or 0.83 sd 0.04 se 0.02."""
    # 0.83 ± 0.04; 0.83 sd 0.04 se 0.02; 19/20; median 4.9 q1 4.5 q3 5.4
    n_spreads = sum(name in SPREADS for name in one.reported)
    return " ".join(
        f"± {text.removeprefix('± ')}" if name in SPREADS and "mean" in one.reported
        and n_spreads == 1
        else text if name in {"mean", "constant"}
        else f"{text}/{one.runs}" if name == "n_succeeded" else f"{name} {text}"
        for name, text in sorted(one.reported.items(), key=lambda pair: pair[0] in SPREADS)
    )  # fmt: skip


def _cut(names: Sequence[str]) -> list[str]:
    """Return the first names, and how many more there are."""
    more = [f"{len(names) - MAX_LISTED:,} more"] * (len(names) > MAX_LISTED)
    return [*names[:MAX_LISTED], *more]
