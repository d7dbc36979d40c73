"""The result of comparing many reported numbers, and the one verdict on all of them."""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np

from replication.comparison.centres import UNSEEN
from replication.comparison.found import Verdict
from replication.comparison.prediction import Answer
from replication.comparison.result import Comparison
from replication.comparison.sides import Key
from replication.comparison.whole import Dependence, Row, Whole, judge_readings
from replication.statistics.pooling import Pooled, adjust
from replication.statistics.seeds import NO_SEEDS, BySeed


@dataclasses.dataclass(frozen=True)
class TableVerdict:
    """The verdict on a table, and what it rests on.

    `reason`: "row" (the table has only one); "rows" (some are contradicted); "whole" (all rows
    together); "impossible" (a reported number cannot be right); "few" (no row can be judged);
    "reading" (it depends on how reports are read); "seeds" (rows share seeds, but too few are
    complete); "margin" (not all rows were shown to differ by less).
    """

    verdict: Verdict
    reason: str


@dataclasses.dataclass(frozen=True, eq=False)
class FoundTable:
    """The result of comparing many reported numbers with your runs.

    The docstring of `ComparisonTable` says what its fields are.
    """

    by: Key
    rows: Mapping[Key, Comparison]
    refused: Mapping[Key, str]
    only_reported: tuple[Key, ...]
    only_yours: tuple[Key, ...]
    n_missing: int
    level: float
    between: float
    assumptions: Mapping[str, str]
    seeds: Mapping[Key, BySeed]
    has_one_report: bool

    @functools.cached_property
    def p_values(self) -> dict[Key, float]:
        """Return p of each row that has one; see `take_p`."""
        p_values: dict[Key, float] = {}
        for key, row in self.rows.items():
            p = self.take_p(row)
            if p is not None:
                p_values[key] = p
        return p_values

    def take_p(self, row: Comparison | Answer) -> float | None:
        """Return p of a row, or of one reading of a row.

        Among several rows it is p by the printed spreads alone, without the condition that the runs
        of both sides vary alike.
        """
        return row.p_alone if len(self.rows) > 1 else row.p

    @functools.cached_property
    def readings(self) -> dict[str, Whole]:
        """Return the result of all rows together, under each reading of the reports."""
        rows = [self._list_readings(key) for key in self.p_values]
        shares_error = self.has_one_report and not self._is_constant
        return judge_readings(
            rows, level=self.level, between=self.between, shares_error=shares_error
        )

    @property
    def _is_constant(self) -> bool:
        """Whether each row reports a constant, which has no error."""
        return all("constant" in row.reported for row in self.rows.values())

    def _list_readings(self, key: Key) -> dict[str, Row]:
        """Return a row under each of its readings."""
        row = self.rows[key]
        is_mean = not row.reported.keys().isdisjoint({"mean", "constant", "share", "n_succeeded"})
        by_seed = self._find_values_by_seed(key)
        readings: dict[str, Row] = {}
        for name, answer in row.answers.items():
            p = self.take_p(answer)
            readings[name] = Row(answer, 1.0 if p is None else p, by_seed, is_mean)
        return readings

    def _find_values_by_seed(self, key: Key) -> BySeed:
        """Return the values of a row by seed, as they are compared.

        There are none where runs failed, except where shares are compared.
        """
        row = self.rows[key]
        is_of_shares = row.difference is not None and row.difference.counts is not None
        if row.n_failed and not is_of_shares:
            return NO_SEEDS
        known = self.seeds.get(key, NO_SEEDS)
        is_known = ~np.isnan(known.values)
        values = known.values[is_known]
        if row.scale == "log":
            values = np.log(values)
        return BySeed(known.seeds[is_known], values)

    @functools.cached_property
    def whole(self) -> Whole | None:
        """The result of all rows together, under the reading that has the largest p."""
        return max(self.readings.values(), key=lambda whole: whole.p, default=None)

    @property
    def p(self) -> float | None:
        """One p for the whole table, the largest over all readings of the reports."""
        return None if self.whole is None else self.whole.p

    @property
    def pooled(self) -> Pooled | None:
        """The mean difference over rows, under the reading that has the largest p."""
        return None if self.whole is None else self.whole.pooled

    @functools.cached_property
    def adjusted(self) -> dict[Key, float]:
        """P of each row by Holm's adjustment, and no less than p of the whole table.

        So no row is contradicted where the table as a whole is not.
        """
        least = self.p or 0.0
        return {key: max(p, least) for key, p in adjust(self.p_values).items()}

    @functools.cached_property
    def verdicts(self) -> dict[Key, Verdict]:
        """The verdict on each row, among all of them."""
        return {key: self._judge_row(key) for key in self.rows}

    def _judge_row(self, key: Key) -> Verdict:
        """Return the verdict on a row as one of many: it is contradicted only by its adjusted p."""
        row = self.rows[key]
        is_far = row.verdict in {Verdict.CONTRADICTED, Verdict.WITHIN_MARGIN}
        if not is_far or len(self.rows) == 1 or key not in self.adjusted:
            return row.verdict
        if self.adjusted[key] <= self.level:
            return row.verdict
        # Contradicted alone, but not among so many rows.
        if row.equivalence is not None and not row.is_equivalent:
            return Verdict.CANNOT_TELL
        return Verdict.NOT_CONTRADICTED

    @property
    def impossible(self) -> list[Key]:
        """Rows with a number that cannot be right."""
        return [key for key, row in self.rows.items() if row.reason == "impossible"]

    @property
    def contradicted(self) -> list[Key]:
        """Rows that are contradicted, those with an impossible number included."""
        return [key for key, verdict in self.verdicts.items() if verdict is Verdict.CONTRADICTED]

    @property
    def has_margin(self) -> bool:
        """Whether a margin was given."""
        return any(row.equivalence is not None for row in self.rows.values())

    @property
    def equivalent(self) -> list[Key]:
        """Rows whose two sides were shown to differ by less than the margin."""
        return [key for key, row in self.rows.items() if row.is_equivalent]

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions of the verdict on the table, beside the independence of rows."""
        if len(self.rows) == 1:
            return next(iter(self.rows.values())).conditions
        conditions: dict[str, None] = {}
        for row in self.rows.values():
            if row.p == self.take_p(row):  # else the table uses p without the row's conditions
                conditions.update(dict.fromkeys(row.conditions))
        return tuple(text for text in conditions if not text.startswith(UNSEEN))

    @functools.cached_property
    def judged(self) -> TableVerdict:
        """The verdict on the table, and what it rests on."""
        if len(self.rows) == 1:
            return TableVerdict(next(iter(self.rows.values())).verdict, "row")
        if self.impossible:
            return TableVerdict(Verdict.CONTRADICTED, "impossible")
        if self.whole is None:
            return TableVerdict(Verdict.CANNOT_TELL, "few")
        if self.contradicted:
            return TableVerdict(Verdict.CONTRADICTED, "rows")
        # Readings of the reports must agree, as for one result.
        p_values = [whole.p for whole in self.readings.values()]
        if min(p_values) <= self.level < max(p_values):
            return TableVerdict(Verdict.CANNOT_TELL, "reading")
        are_all_equivalent = len(self.equivalent) == len(self.rows)
        if max(p_values) <= self.level:
            is_within = self.has_margin and are_all_equivalent
            return TableVerdict(
                Verdict.WITHIN_MARGIN if is_within else Verdict.CONTRADICTED, "whole"
            )
        if self.whole.dependence is Dependence.UNKNOWN:
            return TableVerdict(Verdict.CANNOT_TELL, "seeds")
        if self.has_margin and not are_all_equivalent:
            return TableVerdict(Verdict.CANNOT_TELL, "margin")
        return TableVerdict(Verdict.NOT_CONTRADICTED, "whole")

    @property
    def verdict(self) -> Verdict:
        """The verdict on the table."""
        return self.judged.verdict

    @property
    def reason(self) -> str:
        """What the verdict rests on."""
        return self.judged.reason
