"""What to know before relying on a comparison: what was found in these runs, and what it does."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection

from replication.comparison.reported import WORDS
from replication.comparison.sampling import Sample
from replication.wording import plural

FEW_RUNS = 50
"""With fewer runs than this the rates in the help are not all near 5 %."""
MUCH_SKEWNESS = 1.0
HEAVY_SKEWNESS = 2.5
LONG_TAILS, SHORT_TAILS = 0.8, -0.7
"""Excess kurtosis above and below which a standard deviation is rejected too often or seldom."""
MANY_TIES = 0.25
MIN_SHAPE = 10
"""Fewer runs have no shape to speak of."""
SMALL_STUDY = 10
"""Studies of fewer runs than one in this many reach hardly beyond those that were seen."""
ON_TAILS = {"sd", "se", "min", "max", "iqr"}
"""Statistics that depend on tails and on the shape of the distribution."""


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
    SEARCHED = "how many runs there can be is a rough answer"
    REPORTED_AS_EXACT = "the reported mean is taken as exact"


@dataclasses.dataclass(frozen=True)
class Caution:
    """What to know before relying on a comparison: a cause, and a sentence on it."""

    cause: Cause
    text: str


def find_cautions(sample: Sample, names: Collection[str], runs: int | None) -> list[Caution]:
    """Return cautions that depend on the runs and on what was reported, whatever its value."""
    found = []
    n = sample.n
    if sample.values.size == 1:
        text = "All your runs gave the same value, so nothing is known of how runs vary."
        return [Caution(Cause.EQUAL_VALUES, text)]
    if n < FEW_RUNS:
        text = (
            f"With {plural(n, 'run')} little is known of what lies beyond them: the table in the "
            "help says how often equal populations are called not consistent. Run more."
        )
        found.append(Caution(Cause.FEW_RUNS, text))
    if n >= MIN_SHAPE and (runs is None or SMALL_STUDY * runs >= n):
        found += _describe_shape(sample, names)
    if n >= MIN_SHAPE:
        found += _describe_ties(sample, names)
    if runs is not None and runs > n:
        text = (
            "The report rests on more runs than yours, so that what is rare among yours decides. "
            "Run more."
        )
        found.append(Caution(Cause.MORE_RUNS_THAN_SEEN, text))
    return found


def _describe_shape(sample: Sample, names: Collection[str]) -> list[Caution]:
    """Return cautions on skewness, tails and ties, where they matter for what was reported."""
    found = []
    skewness, kurtosis = sample.find_shape()
    words = "what was reported (" + ", ".join(WORDS[name] for name in names) + ")"
    is_on_tails = not ON_TAILS.isdisjoint(names)
    if (is_on_tails and abs(skewness) > MUCH_SKEWNESS) or abs(skewness) > HEAVY_SKEWNESS:
        side = "high" if skewness > 0 else "low"
        found.append(Caution(Cause.SKEWED, (
            f"Your runs are skewed towards {side} values (skewness {skewness:.2g}): {words} "
            "depends on rare runs, of which few were seen, and can be called not consistent more "
            "often than the level says."
        )))  # fmt: skip
    elif is_on_tails and kurtosis > LONG_TAILS:
        found.append(Caution(Cause.LONG_TAILS, (
            f"Your runs have long tails (excess kurtosis {kurtosis:.2g}): {words} depends on "
            "rare runs, of which few were seen, and can be called not consistent more often than "
            "the level says."
        )))  # fmt: skip
    elif is_on_tails and kurtosis < SHORT_TAILS:
        found.append(Caution(Cause.SHORT_TAILS, (
            f"Your runs have short tails (excess kurtosis {kurtosis:.2g}), which few runs cannot "
            "show for certain: a spread or an extreme that differs is found less often. "
            "Bounds, if values have any, help."
        )))  # fmt: skip
    return found


def _describe_ties(sample: Sample, names: Collection[str]) -> list[Caution]:
    """Return a caution on many equal runs where a spread or an extreme was reported."""
    share = float(sample.counts.max()) / sample.n
    if share <= MANY_TIES or ON_TAILS.isdisjoint(names):
        return []
    value = float(sample.values[sample.counts.argmax()])
    is_end = value in (sample.values[0], sample.values[-1])
    text = (
        f"{100 * share:.0f} % of your runs are equal ({value:g}), so that few numbers can be "
        "reported and the rates differ from the level."
    )
    if is_end:
        return [Caution(Cause.AT_BOUND, f"{text} If no value can lie beyond, give bounds.")]
    return [Caution(Cause.TIES, text)]
