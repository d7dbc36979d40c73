"""How a reported statistic of n runs lies in its sampling distribution."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.comparison import sampling
from replication.comparison.extremes import LargestOf
from replication.comparison.printed import Printed
from replication.comparison.sampling import Effort, Law, Masses, Resamples, Sample, resample

FloatArray = npt.NDArray[np.float64]
Range = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Finding:
    """A reported statistic against its sampling distribution.

    Parameters
    ----------
    name : str
        "mean", "sd", "se", "median", "min", "max", "share", "n_succeeded", or
        "mean_given_max": the mean once the largest is known.
    reported : str
        As printed.
    yours : float
        The same statistic of all runs that were seen.
    low, high : float
        Prediction interval of a study of n runs, at 1 - level.
    p : float
        Two-sided p-value: the chance of a value at least as far out, to either side. NaN for a
        number that cannot be right.
    p_range : (float, float) or None
        Middle 95 % of p over the resamples; None where there are none.
    p_error : float
        Standard error of p from the number of resamples and drawn studies.
    chance : float or None
        Chance that a study of n runs prints the reported number; None for the order
        statistics of values that are not on a lattice.
    chance_range : (float, float) or None
    mean, spread : float or None
        Of the sampling distribution.
    is_exact : bool
        False if studies were drawn.
    """

    name: str
    reported: str
    yours: float
    low: float
    high: float
    p: float
    p_range: Range | None = None
    p_error: float = 0.0
    chance: float | None = None
    chance_range: Range | None = None
    mean: float | None = None
    spread: float | None = None
    is_exact: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as plain values."""
        plain = dataclasses.asdict(self)
        for name in ("p_range", "chance_range"):
            plain[name] = None if plain[name] is None else list(plain[name])
        plain["interval"] = [plain.pop("low"), plain.pop("high")]
        return plain


@dataclasses.dataclass(frozen=True)
class Prediction:
    """Reported statistics of n runs against their sampling distributions.

    Parameters
    ----------
    runs : int
        n.
    findings : tuple of Finding
    p : float
        Of all of them together: 1 - (1 - smallest)^k over k independent p-values.
    p_range : (float, float) or None
    p_error : float
    p_by_resample : float64[n_resamples] or None
    laws : mapping of str to Law
        Sampling distributions by name, where one was computed.
    """

    runs: int
    findings: tuple[Finding, ...]
    p: float
    p_range: Range | None
    p_error: float
    p_by_resample: FloatArray | None
    laws: Mapping[str, Law]


def predict(
    sample: Sample,
    reported: Mapping[str, Printed],
    runs: int,
    *,
    level: float,
    effort: Effort | None = None,
) -> Prediction:
    """Hold reported statistics of n runs against the runs that were seen.

    Parameters
    ----------
    sample : Sample
        Runs that were seen, at least two.
    reported : mapping of str to Printed
        Keys from `sampling.STATISTICS`.
    runs : int
        n, at least 1 (2 with a standard deviation).
    level : float
        Intervals cover 1 - level.
    effort : Effort, optional
        As `Effort.choose` says unless given.

    Notes
    -----
    With mean and largest value alone, the mean is judged given the largest: the two p-values
    are then independent under the null hypothesis. Any other combination is judged by
    its smallest p-value, whose distribution is taken from drawn studies (Westfall &
    Young 1993, Resampling-based Multiple Testing, section 2.3).
    """
    study = _Study(sample, runs, level, effort or Effort.choose(sample.n))
    names = set(reported)
    if names == {"mean"}:
        return _combine(runs, [_predict_mean(study, reported["mean"])])
    if names in ({"max"}, {"min"}):
        (name,) = names
        return _combine(runs, [_predict_extreme(study, name, reported[name])])
    if names == {"mean", "max"}:
        parts = [
            _predict_mean(study, reported["mean"]),
            _predict_extreme(study, "max", reported["max"]),
            _predict_mean_given_max(study, reported["mean"], reported["max"]),
        ]
        return _combine(runs, parts, of=slice(1, None))
    return _predict_drawn(study, reported)


@dataclasses.dataclass(frozen=True, eq=False)
class _Study:
    """What a reported study is held against: studies of n runs like those that were seen."""

    sample: Sample
    runs: int
    level: float
    effort: Effort

    @functools.cached_property
    def resamples(self) -> Resamples:
        return resample(
            self.sample, self.runs, n_resamples=self.effort.n_resamples, seed=self.effort.seed
        )

    @functools.cached_property
    def masses(self) -> Masses | None:
        return sampling.lay_out(self.resamples)

    @property
    def n_drawn(self) -> int:
        return self.effort.count_studies(self.runs)


@dataclasses.dataclass(frozen=True, eq=False)
class _Part:
    finding: Finding
    p_by_resample: FloatArray | None
    law: Law | None = None


def _combine(runs: int, parts: list[_Part], *, of: slice = slice(None)) -> Prediction:
    """Combine independent p-values into 1 - (1 - smallest)^k."""
    used = parts[of]
    k = len(used)
    smallest = min(used, key=lambda part: part.finding.p)
    p = -math.expm1(k * math.log1p(-min(smallest.finding.p, 1.0 - 1e-16)))
    rows = [part.p_by_resample for part in used if part.p_by_resample is not None]
    by_resample = None
    if len(rows) == k:
        by_resample = 1.0 - (1.0 - np.minimum.reduce(rows)) ** k
    return Prediction(
        runs=runs,
        findings=tuple(part.finding for part in parts),
        p=smallest.finding.p if k == 1 else p,
        p_range=None if by_resample is None else _find_range(by_resample),
        p_error=k * smallest.finding.p_error,
        p_by_resample=by_resample,
        laws={part.finding.name: part.law for part in parts if part.law is not None},
    )


def combine_independent(first: Prediction, second: Prediction) -> Prediction:
    """Combine two predictions whose p-values are independent.

    Parameters
    ----------
    first, second : Prediction
        Of the same study.
    """
    p = 1.0 - (1.0 - min(first.p, second.p)) ** 2
    by_resample = None
    if first.p_by_resample is not None and second.p_by_resample is not None:
        by_resample = 1.0 - (1.0 - np.minimum(first.p_by_resample, second.p_by_resample)) ** 2
    return Prediction(
        runs=first.runs,
        findings=first.findings + second.findings,
        p=p,
        p_range=None if by_resample is None else _find_range(by_resample),
        p_error=2.0 * (first if first.p < second.p else second).p_error,
        p_by_resample=by_resample,
        laws=dict(first.laws) | dict(second.laws),
    )


def find_p(law: Law) -> float:
    """Return the two-sided p-value of the cell that a law was made for.

    Notes
    -----
    The smaller of the two tails that the cell cuts off, plus the largest tail of the other
    side that is no larger (Blaker 2000). For a continuous law that is twice the smaller
    tail; where values are few and heavy it is less, since no value cuts off as much.

    References
    ----------
    Blaker (2000), Confidence curves and improved exact confidence intervals for discrete
    distributions, Can. J. Stat. 28, 783-798.
    """
    below = float(law.below @ law.weights)
    above = float(law.above @ law.weights)
    smaller = min(below, above)
    mass = law.mass if above <= below else law.mass[::-1]
    values = law.values if above <= below else law.values[::-1]
    # Tails end between different values only.
    ends = np.append(values[1:] != values[:-1], True)
    tails = np.cumsum(mass)[ends]
    other = float(tails[tails <= smaller + 1e-12].max(initial=0.0))
    return min(1.0, smaller + other)


def _describe_law(
    law: Law, name: str, printed: Printed, yours: float, level: float, *, with_chance: bool
) -> _Part:
    by_resample = np.minimum(1.0, 2.0 * np.minimum(law.below, law.above))
    tail = law.below if law.below @ law.weights < law.above @ law.weights else law.above
    kept = law.weights > 0
    size = 1.0 / float(law.weights @ law.weights)
    error = math.sqrt(float(law.weights @ (tail - tail @ law.weights) ** 2) / size)
    finding = Finding(
        name=name,
        reported=printed.text,
        yours=yours,
        low=law.find_quantile(level / 2.0),
        high=law.find_quantile(1.0 - level / 2.0),
        p=find_p(law),
        p_range=_find_range(by_resample[kept]),
        p_error=2.0 * error,
        chance=float(law.inside @ law.weights) if with_chance else None,
        chance_range=_find_range(law.inside[kept]) if with_chance else None,
        mean=law.mean,
        spread=law.spread,
        is_exact=law.is_exact,
    )
    # A resample in which no run lies in the cell of the largest says nothing of the mean.
    return _Part(finding, np.where(kept, by_resample, finding.p), law)


def _find_range(values: FloatArray) -> Range:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _predict_mean(study: _Study, printed: Printed) -> _Part:
    runs = study.runs
    cell = (printed.low, printed.high)
    floats = (float(printed.low), float(printed.high))
    law = None
    if study.masses is not None:
        law = sampling.compute_mean_law(study.masses, runs, cell)
    if law is None and runs > sampling.MANY_RUNS:
        law = sampling.expand_mean_law(study.resamples, runs, floats)
    if law is None:
        drawn = sampling.draw_statistics(study.resamples, runs, ["mean"], n_studies=study.n_drawn)
        law = sampling.make_law(drawn["mean"], floats)
    return _describe_law(law, "mean", printed, study.sample.mean, study.level, with_chance=True)


def _predict_mean_given_max(study: _Study, mean: Printed, largest: Printed) -> _Part:
    sample, runs = study.sample, study.runs
    low, high = float(largest.low), float(largest.high)
    places = np.searchsorted(sample.values, [low, high])
    law = None
    if study.masses is not None:
        law = sampling.compute_mean_law_given_max(
            study.masses,
            runs,
            (mean.low, mean.high),
            largest=(largest.low, largest.high),
            is_seen=bool(places[1] > places[0]),
        )
    if law is None and (places[1] > 0 or not sample.is_enough_for(runs)):
        drawn, weights = sampling.draw_means_given_max(
            study.resamples, runs, low=low, high=high, n_studies=study.n_drawn
        )
        if weights.sum() > 0:
            floats = (float(mean.low), float(mean.high))
            law = sampling.make_law(drawn, floats, weights / weights.sum())
    if law is None:  # no run is as small as the largest is said to be
        nothing = Finding("mean_given_max", mean.text, sample.mean, math.nan, math.nan, 1.0)
        return _Part(nothing, np.ones(study.effort.n_resamples))
    return _describe_law(law, "mean_given_max", mean, sample.mean, study.level, with_chance=True)


def _predict_extreme(study: _Study, name: str, printed: Printed) -> _Part:
    """Predict the largest of n runs, or the smallest: the largest of the negated ones."""
    sample, runs = study.sample, study.runs
    sign = 1.0 if name == "max" else -1.0
    values = sample.values if name == "max" else -sample.values[::-1]
    counts = sample.counts if name == "max" else sample.counts[::-1]
    tail = sample.upper if name == "max" else sample.lower
    low, high = sorted((sign * float(printed.low), sign * float(printed.high)))
    if name == "min":
        # The cell of a negated number holds its upper end in place of the lower one.
        low, high = math.nextafter(low, math.inf), math.nextafter(high, math.inf)
    law = LargestOf(values, counts, runs, tail)
    ends = sorted(sign * end for end in law.find_interval(study.level))
    lower, upper = law.bound_tails(low, high)
    # A grid finer than the rounding has numbers that no run can print, and no useful chance.
    has_chance = sample.unit is not None and sample.unit >= printed.width
    by_resample = _resample_extreme(law, (low, high), study.effort.n_resamples)
    inside = by_resample[0] + by_resample[1] - 1.0
    p_values = np.minimum(1.0, 2.0 * np.minimum(*by_resample))
    points, mass = law.spell_out()
    spelled = Law(
        points if name == "max" else -points[::-1],
        mass if name == "max" else mass[::-1],
        below=np.array([lower if name == "max" else upper]),
        above=np.array([upper if name == "max" else lower]),
        inside=np.array([max(lower + upper - 1.0, 0.0)]),
        weights=np.ones(1),
        is_exact=True,
    )
    finding = Finding(
        name=name,
        reported=printed.text,
        yours=float(sample.values[-1] if name == "max" else sample.values[0]),
        low=ends[0],
        high=ends[1],
        p=law.find_p(low, high),
        p_range=_find_range(p_values),
        chance=min(max(lower + upper - 1.0, 0.0), 1.0) if has_chance else None,
        chance_range=_find_range(np.clip(inside, 0.0, 1.0)) if has_chance else None,
        mean=spelled.mean,
        spread=spelled.spread,
    )
    return _Part(finding, p_values, spelled)


def _resample_extreme(
    law: LargestOf, cell: tuple[float, float], n_resamples: int
) -> tuple[FloatArray, FloatArray]:
    """Return P(largest < high) and P(largest >= low) in each resample.

    The share of a resample below an end is a beta variable, as in `extremes`.
    """
    generator = np.random.default_rng(sampling.SEED)
    n = int(law.counts.sum())
    low, high = cell
    below_low = int(law.counts[: np.searchsorted(law.values, low)].sum())
    below_high = int(law.counts[: np.searchsorted(law.values, high)].sum())
    # Three parts that sum to one: below the cell, within it, above it.
    parts = np.array([below_low, below_high - below_low, n + 1 - below_high], dtype=np.float64)
    shares = np.maximum(generator.standard_gamma(parts, size=(n_resamples, 3)), 0.0)
    shares /= shares.sum(axis=1, keepdims=True)
    up_to_low, up_to_high = shares[:, 0], shares[:, 0] + shares[:, 1]
    scales = np.maximum(law.tail.resample_scale(n_resamples, generator), 1e-300)
    if below_high == n:
        up_to_high = 1.0 - (1.0 - up_to_high) * np.exp(-(high - law.tail.start) / scales)
    if below_low == n:
        up_to_low = 1.0 - (1.0 - up_to_low) * np.exp(-(low - law.tail.start) / scales)
    return up_to_high**law.runs, 1.0 - up_to_low**law.runs


def _predict_drawn(study: _Study, reported: Mapping[str, Printed]) -> Prediction:
    """Predict any statistics together, by drawing studies."""
    names = [name for name in sampling.STATISTICS if name in reported]
    sample, runs = study.sample, study.runs
    drawn = sampling.draw_statistics(study.resamples, runs, names, n_studies=study.n_drawn)
    yours = {
        "mean": sample.mean,
        "sd": sample.spread,
        "se": sample.spread / math.sqrt(sample.n),
        "median": sample.median,
        "min": float(sample.values[0]),
        "max": float(sample.values[-1]),
    }
    parts = []
    for name in names:
        printed = reported[name]
        cell = (float(printed.low), float(printed.high))
        law = sampling.make_law(drawn[name], cell)
        has_chance = name in {"mean", "sd", "se"} or (
            sample.unit is not None and 2 * sample.unit >= printed.width
        )
        parts.append(
            _describe_law(law, name, printed, yours[name], study.level, with_chance=has_chance)
        )
    if len(parts) == 1:
        return _combine(runs, parts)
    observed = 1.0
    smallest = np.ones(drawn[names[0]].shape)
    for name in names:
        width = float(reported[name].width)
        ordered = np.sort(drawn[name], axis=None)
        centres = np.floor(drawn[name] / width + 0.5) * width
        own = _find_tails(ordered, centres, width)
        smallest = np.minimum(smallest, own)
        centre = np.array([float(reported[name].value)])
        observed = min(observed, float(_find_tails(ordered, centre, width)[0]))
    by_resample = (smallest <= observed + 1e-12).mean(axis=1)
    return Prediction(
        runs=runs,
        findings=tuple(part.finding for part in parts),
        p=float(by_resample.mean()),
        p_range=_find_range(by_resample),
        p_error=float(by_resample.std()) / math.sqrt(by_resample.size),
        p_by_resample=by_resample,
        laws={part.finding.name: part.law for part in parts if part.law is not None},
    )


def _find_tails(ordered: FloatArray, centres: FloatArray, width: float) -> FloatArray:
    """Return twice the smaller tail that a rounding cell cuts off."""
    below = np.searchsorted(ordered, centres + width / 2.0) / ordered.size
    above = 1.0 - np.searchsorted(ordered, centres - width / 2.0) / ordered.size
    return np.minimum(1.0, 2.0 * np.minimum(below, above))


# -------------------------------------------------------------------------------- successes


def predict_successes(
    n_succeeded: int,
    n: int,
    printed: Printed,
    runs: int,
    *,
    name: str,
    level: float,
    effort: Effort,
) -> Prediction:
    """Hold a reported number or share of successes against successes that were seen.

    Parameters
    ----------
    n_succeeded, n : int
        Successes among the runs that were seen.
    printed : Printed
        A share (name "share") or a number (name "n_succeeded").
    runs : int
        n of the study.
    name : {"share", "n_succeeded"}
    level : float
    effort : Effort

    Notes
    -----
    The number is beta-binomial: the share of the population has Jeffreys' posterior
    Beta(k + 1/2, N - k + 1/2).

    References
    ----------
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion, Stat. Sci. 16.
    """
    numbers = np.arange(runs + 1)
    a, b = n_succeeded + 0.5, n - n_succeeded + 0.5
    mass = _compute_beta_binomial(numbers, runs, a, b)
    scale = runs if name == "share" else 1
    generator = np.random.default_rng(sampling.SEED)
    shares = generator.beta(a, b, size=effort.n_resamples)
    low = math.ceil(printed.low * scale)
    high = math.ceil(printed.high * scale)
    first, last = min(max(low, 0), runs + 1), min(max(high, 0), runs + 1)
    below = special.bdtr(last - 1, runs, shares) if last > 0 else np.zeros_like(shares)
    above = 1.0 - special.bdtr(first - 1, runs, shares) if first > 0 else np.ones_like(shares)
    law = Law(
        numbers / scale,
        mass,
        np.asarray(below),
        np.asarray(above),
        np.maximum(below + above - 1.0, 0.0),
        np.full(shares.size, 1.0 / shares.size),
        is_exact=True,
    )
    # The tails themselves need no resamples.
    exact = dataclasses.replace(
        law,
        below=np.full(1, mass[:last].sum()),
        above=np.full(1, mass[first:].sum()),
        inside=np.full(1, mass[first:last].sum()),
        weights=np.ones(1),
    )
    part = _describe_law(
        law, name, printed, n_succeeded / n * (1 if name == "share" else runs), level,
        with_chance=True,
    )  # fmt: skip
    finding = dataclasses.replace(
        part.finding, p=find_p(exact), p_error=0.0, chance=float(exact.inside[0])
    )
    return _combine(runs, [_Part(finding, part.p_by_resample, law)])


def _compute_beta_binomial(
    numbers: npt.NDArray[np.int64], runs: int, a: float, b: float
) -> FloatArray:
    log_mass = (
        special.gammaln(runs + 1.0)
        - special.gammaln(numbers + 1.0)
        - special.gammaln(runs - numbers + 1.0)
        + special.betaln(numbers + a, runs - numbers + b)
        - special.betaln(a, b)
    )
    return np.asarray(np.exp(log_mass))


def estimate_all_succeed(
    n_succeeded: int, n: int, runs: int, *, n_resamples: int
) -> tuple[float, Range]:
    """Return the chance that all of n runs succeed, with its range over resamples.

    Parameters
    ----------
    n_succeeded, n : int
        Successes among the runs that were seen.
    runs : int
        n of the study.
    n_resamples : int

    Examples
    --------
    >>> chance, (low, high) = estimate_all_succeed(99_880, 100_000, 100, n_resamples=200)
    >>> round(chance, 2)
    0.89
    """
    generator = np.random.default_rng(sampling.SEED)
    shares = generator.binomial(n, n_succeeded / n, size=n_resamples) / n
    return (n_succeeded / n) ** runs, _find_range(shares**runs)


# ------------------------------------------------------------------------- all that is reported


def predict_all(
    run: Sample | None,
    n_done: int,
    n: int,
    reported: Mapping[str, Printed],
    runs: int,
    *,
    n_used: int,
    level: float,
    effort: Effort | None = None,
) -> Prediction:
    """Hold everything that was reported of `runs` runs against the runs that were seen.

    Parameters
    ----------
    run : Sample or None
        The runs that were seen; None if only successes were reported.
    n_done, n : int
        Those that succeeded, and all.
    reported : mapping of str to Printed
    runs : int
        n of the study.
    n_used : int
        How many of them its statistics summarise.
    level : float
    effort : Effort, optional
        As `Effort.choose` says unless given.
    """
    on_values = {name: item for name, item in reported.items() if name in sampling.STATISTICS}
    if effort is None:
        effort = Effort.choose(n if run is None else run.n)
    found = None
    if on_values and run is not None:
        found = predict(run, on_values, n_used, level=level, effort=effort)
    for name in ("share", "n_succeeded"):
        if name in reported:
            successes = predict_successes(
                n_done, n, reported[name], runs, name=name, level=level, effort=effort
            )
            found = successes if found is None else combine_independent(found, successes)
    assert found is not None
    return found
