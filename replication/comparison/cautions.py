"""What to know before relying on a comparison: what was found in these runs, and what it does."""

from __future__ import annotations

from collections.abc import Collection

from replication.comparison.case import Case
from replication.comparison.prediction import Prediction
from replication.comparison.report import SUCCESSES, WORDS, Report
from replication.comparison.result import Cause, Caution
from replication.comparison.sampling import Sample
from replication.comparison.sources import Equivalence
from replication.wording import plural

FEW_RUNS = 50  # with fewer the rates in the help are not all near 5 %
MUCH_SKEWNESS = 1.0
HEAVY_SKEWNESS = 2.5
LONG_TAILS, SHORT_TAILS = 0.8, -0.7  # excess kurtosis where an sd is rejected too often or seldom
MANY_TIES = 0.25
MIN_SHAPE = 10  # fewer runs have no shape to speak of
SMALL_STUDY, SMALL_FOR_EXTREMES = 10, 100
"""Studies of fewer runs than one in this many reach hardly beyond those that were seen."""
MANY_FAILURES = 0.1
UNIT_FACTORS = (100.0, 0.01, 1000.0, 0.001)
ON_TAILS = {"sd", "se", "ci", "min", "max", "iqr"}
EXTREMES = {"min", "max"}
"""Statistics that depend on tails and on the shape of the distribution; extremes most."""


def list_cautions(
    case: Case,
    main: Prediction | None,
    normal: Prediction | None,
    equivalence: Equivalence | None,
) -> tuple[Caution, ...]:
    """Return all cautions of a comparison; `main` and `normal` are its two answers."""
    own, source, report, level = case.own, case.source, case.report, case.level
    names = list(report.on_values)
    found: dict[Cause, str] = {}
    for sample in () if source is None else source.samples:
        runs = sample.n if "constant" in names else report.runs
        found = find_cautions(sample, names, runs) | found
    if names and own.n_failed > MANY_FAILURES * own.n:
        share = 100.0 * own.n_failed / own.n
        found[Cause.MANY_FAILED] = (
            f"{share:.2g} % of your runs failed: what the report did with "
            "failures decides its numbers."
        )
    if own.n_failed == 0 and not report.numbers.keys().isdisjoint(SUCCESSES):
        found[Cause.NONE_FAILED] = (
            "All your runs count as successes. Give `succeeded` or `cap` if some failed."
        )
    if source is not None and source.sample is not None:
        found |= _describe_values(source.sample, report)
    if main is not None and abs(main.p - level) < 2.0 * main.p_error:
        found[Cause.NEAR_LEVEL] = (
            "p is so near the level that another drawing could change the verdict."
        )
    if main is not None and normal is not None and (main.p <= level) != (normal.p <= level):
        side = "not consistent" if normal.p <= level else "consistent"
        found[Cause.NORMAL_DIFFERS] = (
            f"If runs are normal the report is {side}: the verdict depends "
            "on that, which so few runs cannot show."
        )
    if equivalence is not None and equivalence.takes_reported_as_exact:
        found[Cause.REPORTED_AS_EXACT] = (
            "The margin takes the reported mean as exact, for want of "
            "its standard deviation and number of runs."
        )
    return tuple(Caution(cause, text) for cause, text in found.items())


def _describe_values(sample: Sample, report: Report) -> dict[Cause, str]:
    """Return cautions on the reported values: extremes beyond all runs, and other units."""
    found = {}
    smallest, largest = report.numbers.get("min"), report.numbers.get("max")
    if (smallest is not None and smallest.high < sample.values[0]) or (
        largest is not None and largest.low > sample.values[-1]
    ):
        found[Cause.BEYOND_SEEN] = (
            "The reported extreme lies beyond all of your runs; its p takes their tail to be "
            "exponential."
        )
    item = report.numbers.get("mean") or report.numbers.get("median")
    value, centre = 0.0 if item is None else float(item.value), sample.mean
    near = max(4.0 * sample.spread, 0.1 * abs(centre))
    for scale in UNIT_FACTORS:
        is_far = item is not None and abs(value - centre) > near
        if is_far and abs(value / scale - centre) <= min(near, abs(centre)):
            found[Cause.UNITS] = (
                f"The reported {value:g} would be near your mean of {centre:.3g} if divided by "
                f"{scale:g}: do the units differ? If so, give `scale` {scale:g}."
            )
            break
    return found


def find_cautions(sample: Sample, names: Collection[str], runs: int) -> dict[Cause, str]:
    """Return cautions that depend on the runs and on what was reported, whatever its value."""
    n = sample.n
    if sample.values.size == 1 < n:
        text = "All your runs gave the same value, so nothing is known of how runs vary."
        return {Cause.EQUAL_VALUES: text}
    found = {}
    if n < FEW_RUNS:
        found[Cause.FEW_RUNS] = (
            f"With {plural(n, 'run')} little is known of what lies beyond them: the table in the "
            "help says how often equal populations are called not consistent. Run more."
        )
    is_extreme = not EXTREMES.isdisjoint(names)
    if n >= MIN_SHAPE and (SMALL_FOR_EXTREMES if is_extreme else SMALL_STUDY) * runs >= n:
        found |= _describe_shape(sample, names)
    share, value = float(sample.counts.max()) / n, float(sample.values[sample.counts.argmax()])
    if n >= MIN_SHAPE and not ON_TAILS.isdisjoint(names) and share > MANY_TIES:
        text = (
            f"{100 * share:.0f} % of your runs are equal ({value:g}), so that few numbers can be "
            "reported and the rates differ from the level."
        )
        if value in (sample.values[0], sample.values[-1]):
            found[Cause.AT_BOUND] = f"{text} If no value can lie beyond, give `bounds`."
        else:
            found[Cause.TIES] = text
    if runs > n or (runs == n and is_extreme):
        found[Cause.MORE_RUNS_THAN_SEEN] = (
            f"The report rests on {'more runs than' if runs > n else 'as many runs as'} yours, so "
            "that what is rare among yours decides. Run more."
        )
    return found


def _describe_shape(sample: Sample, names: Collection[str]) -> dict[Cause, str]:
    """Return a caution on skewness or tails, where they matter for what was reported."""
    skewness, kurtosis = sample.find_shape()
    is_on_tails = not ON_TAILS.isdisjoint(names)
    decides = (
        f"what was reported ({', '.join(WORDS[name] for name in names)}) depends on rare runs, of "
        "which few were seen, and can be called not consistent more often than the level says."
    )
    if abs(skewness) > (MUCH_SKEWNESS if is_on_tails else HEAVY_SKEWNESS):
        side = "high" if skewness > 0 else "low"
        text = f"Your runs are skewed towards {side} values (skewness {skewness:.2g}): {decides}"
        return {Cause.SKEWED: text}
    if is_on_tails and kurtosis > LONG_TAILS:
        text = f"Your runs have long tails (excess kurtosis {kurtosis:.2g}): {decides}"
        return {Cause.LONG_TAILS: text}
    if is_on_tails and kurtosis < SHORT_TAILS:
        text = (
            f"Your runs have short tails (excess kurtosis {kurtosis:.2g}), which few runs cannot "
            "show for certain: a spread or an extreme that differs is found less often. "
            "Bounds, if values have any, help: give `bounds`."
        )
        return {Cause.SHORT_TAILS: text}
    return {}
