"""What a comparison found: its verdict, and every number behind it."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Mapping
from typing import Any

from replication.comparison.plausibility import Impossible
from replication.comparison.prediction import Finding
from replication.comparison.sampling import SamplingDistribution
from replication.comparison.sources import Equivalence
from replication.statistics.intervals import Estimate

SCHEMA = 1  # version of what `Result.to_dict` returns
MIN_RUNS = 5  # with fewer there is no verdict


class Agreement(enum.StrEnum):
    """Whether the reported result is what the runs say."""

    CONSISTENT = "consistent"
    NOT_CONSISTENT = "not consistent"
    CANNOT_TELL = "cannot tell"


class Reason(enum.Enum):
    """What an `Agreement` rests on."""

    P_VALUE = enum.auto()
    IMPOSSIBLE = enum.auto()  # a reported number cannot be right
    FEW = enum.auto()  # runs
    ASSUMPTION = enum.auto()  # it depends on what was not said
    DIFFERENT_WITHIN_MARGIN = enum.auto()
    NOT_SHOWN_WITHIN_MARGIN = enum.auto()  # nor different


class Cause(enum.StrEnum):
    """What makes a comparison less reliable."""

    FEW_RUNS = "few runs"
    MORE_RUNS_THAN_SEEN = "the report rests on more runs than were seen"
    SKEWED = "skewed"
    LONG_TAILS = "long tails"
    SHORT_TAILS = "short tails"
    TIES = "many equal values"
    AT_BOUND = "many values at a bound"
    MANY_FAILED = "many failed"
    NONE_FAILED = "all runs count as successes"
    EQUAL_VALUES = "all values are equal"
    BEYOND_SEEN = "the reported extreme lies beyond all that were seen"
    NEAR_LEVEL = "the p-value is within its own error of the level"
    NORMAL_DIFFERS = "normal theory gives the other answer"
    UNITS = "the units may differ"
    REPORTED_AS_EXACT = "the reported mean is taken as exact"


@dataclasses.dataclass(frozen=True)
class Caution:
    """What to know before relying on a comparison: a cause, and a sentence on it."""

    cause: Cause
    text: str


@dataclasses.dataclass(frozen=True)
class Missed:
    """How often so few runs find a shift of two standard deviations, were they normal."""

    power: float | None  # of the interval without assumptions, if there is one
    normal_power: float


@dataclasses.dataclass(frozen=True)
class Result:
    """What a comparison found; `Comparison` says what each field is."""

    agreement: Agreement
    reason: Reason
    level: float
    reported: Mapping[str, str]
    runs: int | None
    n: int
    n_failed: int
    n_missing: int
    cap: float | None
    failures: str
    mean: Estimate
    share: Estimate
    findings: Mapping[str, Finding]
    p: float | None
    p_error: float
    normal_findings: Mapping[str, Finding]
    normal_p: float | None
    missed: Missed | None
    p_by_assumption: Mapping[str, float]
    assumptions: Mapping[str, str]
    chance_all_succeed: float
    equivalence: Equivalence | None
    impossible: tuple[Impossible, ...]
    impossible_on_grid: tuple[Impossible, ...]
    unit: float | None
    cautions: tuple[Caution, ...]
    distributions: Mapping[str, SamplingDistribution] = dataclasses.field(repr=False, compare=False)

    @property
    def is_consistent(self) -> bool | None:
        """Whether the report is consistent with the runs; None where one cannot tell."""
        is_told = self.agreement is not Agreement.CANNOT_TELL
        return self.agreement is Agreement.CONSISTENT if is_told else None

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the sampling distributions as plain JSON values."""
        found = {"schema": SCHEMA, "is_consistent": self.is_consistent}
        for field in dataclasses.fields(self)[:-1]:
            found[field.name] = _make_plain(getattr(self, field.name))
        return found


def _make_plain(value: Any) -> Any:
    """Return data classes as mappings, enumerations as text, numbers that are none as None."""
    if dataclasses.is_dataclass(value):
        value = vars(value)
    if isinstance(value, Mapping):
        return {str(key): _make_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_make_plain(item) for item in value]
    if isinstance(value, Agreement):
        return value.value
    if isinstance(value, enum.Enum):
        return value.name.lower()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
