"""What to know before relying on a comparison."""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping

from replication.comparison import sampling
from replication.comparison.prediction import Prediction
from replication.comparison.printed import Printed
from replication.comparison.run_search import RunSearch
from replication.comparison.sampling import Sample

FEW_RUNS = 100
"""With fewer runs the rates in the help are not all between 3 and 6.5 %."""
MANY_FAILURES = 0.1
MUCH_SKEWNESS = 1.0
"""Above it the standard deviation and extremes hang on the tail, which few runs show badly."""
HEAVY_SKEWNESS = 2.5
"""Above it the mean does."""
SMALL_STUDY = 10
"""Studies of fewer runs than one in this many reach hardly beyond those that were seen."""


class Caution(enum.StrEnum):
    """What to know before relying on a comparison."""

    FEW_RUNS = "few runs"
    MORE_RUNS_THAN_SEEN = "the report rests on more runs than were seen"
    SKEWED = "skewed runs, and not many beside those of the report"
    MANY_FAILED = "many failed"
    NONE_FAILED = "all runs count as successes"
    EQUAL_VALUES = "all values are equal"
    RARE_OUTCOMES = "the largest compatible number of runs hangs on rare outcomes"
    BEYOND_SEEN = "the reported extreme lies beyond all that were seen"
    NEAR_LEVEL = "the p-value is within its own error of the level"


def find_cautions(sample: Sample, names: Collection[str], runs: int | None) -> tuple[Caution, ...]:
    """Return cautions that hold whatever was reported: few runs, or a tail that is not known.

    Parameters
    ----------
    sample : Sample
        The runs that were seen.
    names : collection of str
        Which of `sampling.STATISTICS` are reported.
    runs : int or None
        n of the study.
    """
    found = []
    if sample.n < FEW_RUNS:
        found.append(Caution.FEW_RUNS)
    if sample.values.size == 1:
        if sample.n > 1:
            found.append(Caution.EQUAL_VALUES)
    elif runs is not None and SMALL_STUDY * runs >= sample.n:
        skewness = _find_skewness(sample)
        hangs_on_tail = not {"sd", "se", "min", "max"}.isdisjoint(names)
        if (hangs_on_tail and skewness > MUCH_SKEWNESS) or (
            "mean" in names and skewness > HEAVY_SKEWNESS
        ):
            found.append(Caution.SKEWED)
    if runs is not None and runs > sample.n:
        found.append(Caution.MORE_RUNS_THAN_SEEN)
    return tuple(found)


def find_all_cautions(
    own: Sample | None,
    n: int,
    n_failed: int,
    reported: Mapping[str, Printed],
    runs: int | None,
    main: Prediction | None,
    search: RunSearch | None,
    level: float,
) -> tuple[Caution, ...]:
    """Return all cautions of a comparison.

    Parameters
    ----------
    own : Sample or None
        The runs compared with; None where only successes were reported.
    n, n_failed : int
        All runs, and those that failed.
    reported : mapping of str to Printed
    runs : int or None
        n of the study.
    main : Prediction or None
    search : RunSearch or None
    level : float
        Of the test.
    """
    on_values = [name for name in reported if name in sampling.STATISTICS]
    if own is None or not on_values:
        found = [Caution.FEW_RUNS] if n < FEW_RUNS else []
    else:
        found = list(find_cautions(own, on_values, runs))
        if n_failed > MANY_FAILURES * n:
            found.append(Caution.MANY_FAILED)
        for name in ("max", "min"):
            if name in reported:
                end = float(reported[name].low if name == "max" else -reported[name].high)
                seen = float(own.values[-1] if name == "max" else -own.values[0])
                if end > seen:
                    found.append(Caution.BEYOND_SEEN)
        if search is not None and search.largest is not None:
            found.append(Caution.RARE_OUTCOMES)
    if n_failed == 0 and reported.keys() & {"share", "n_succeeded"}:
        found.append(Caution.NONE_FAILED)
    if main is not None and abs(main.p - level) < 2.0 * main.p_error:
        found.append(Caution.NEAR_LEVEL)
    return tuple(found)


def _find_skewness(sample: Sample) -> float:
    """Return the absolute skewness of a sample that is not constant."""
    deviation = sample.values - sample.mean
    variance = float(deviation**2 @ sample.counts) / sample.n
    third = float(deviation**3 @ sample.counts) / sample.n
    return float(abs(third) / variance**1.5)
