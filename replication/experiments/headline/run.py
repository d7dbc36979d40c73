"""From the stored outcomes of a study to the model of its headline.

The two reported numbers are judged by `replication.comparison.comparison.compare`, the same
function that compares external data with a report.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from replication.claims import Verdict, find_other_settings, load_claims, load_reported
from replication.comparison.comparison import Comparison, compare
from replication.experiments.headline.distributions import (
    describe_joint,
    make_histogram,
)
from replication.experiments.headline.ranking import find_less_extreme, rank_studies
from replication.experiments.headline.unusual import measure_unusualness
from replication.experiments.judging import judge as judge_claim
from replication.experiments.judging import supports_if, supports_within
from replication.fields import Criterion
from replication.progress import Tell, silent
from replication.protocol import Protocol as NetworkProtocol
from replication.simulator.engine import run_networks
from replication.simulator.ensemble import simulate_seeds
from replication.simulator.weights import draw_weights
from replication.statistics.counts import CountTable
from replication.statistics.intervals import (
    describe_counts,
    estimate_count_mean,
    estimate_proportion,
    estimate_quantile,
)
from replication.store import Store

MIN_CONVERGED = 5
"""With fewer converged networks the reported numbers are not judged (see `compare`)."""

MEANINGS = ("smaller-tail", "mahalanobis", "density-log", "density")
"""Operationalisations that are one test each of both numbers, by what unusual means."""

N_PICKED = 20
"""Networks of which a typical one is drawn as it learns."""

OTHER_ERRORS: Mapping[str, Criterion] = {
    "square": "every-unit-squared",
    "half-square": "every-unit-half-squared",
}
"""Operationalisations that read "error" otherwise, by their criteria."""
N_OTHER_ERROR = 200_000
"""Networks of each, no more than the study has."""

TAIL_CAP = 100_000
N_TAIL = 100
"""Censored networks, the first of them, that are run on to a cap of `TAIL_CAP`."""


class Study(Protocol):
    """What this module reads of a `replication.publication.Study`."""

    @property
    def protocol(self) -> NetworkProtocol: ...  # noqa: D102
    @property
    def root_seed(self) -> int: ...  # noqa: D102
    @property
    def n_seeds(self) -> int: ...  # noqa: D102
    @property
    def is_default(self) -> bool: ...  # noqa: D102
    @property
    def repetitions(self) -> Sequence[Study]: ...  # noqa: D102


def run(
    study: Study, store: Store, *, jobs: int = -1, report_progress: Tell = silent
) -> dict[str, Any]:
    """Return the model of a stored study.

    All its networks, and those of its repetitions, must be stored.
    Returns that of `describe_study`, with ``study`` (protocol id, differences from the paper, root
    seed, networks, digest). The default study also has ``less_extreme`` (see `find_less_extreme`),
    ``tail`` and ``trace``.
    Raises DataError if an outcome is missing or damaged.
    """
    counts = store.counts(study.protocol, study.root_seed, study.n_seeds)
    repetitions = {
        part.root_seed: store.counts(part.protocol, part.root_seed, part.n_seeds)
        for part in study.repetitions
    }
    report_progress("other meanings of error")
    other_errors = count_other_errors(study.protocol, study.root_seed, study.n_seeds, jobs=jobs)
    report_progress("the sampling distributions of mean and maximum")
    differences = study.protocol.differences
    model = describe_study(
        counts, repetitions=repetitions, other_errors=other_errors, differences=differences
    )
    model["study"] = {
        "protocol_id": study.protocol.id,
        "differences": differences,
        "root_seed": study.root_seed,
        "n": study.n_seeds,
        "is_default": study.is_default,
        "digest": store.digest(study.protocol, study.root_seed, study.n_seeds),
    }
    if study.is_default:
        model["less_extreme"] = find_less_extreme(rank_studies(counts))
        report_progress("networks that had not converged")
        blocks = store.read(study.protocol, study.root_seed, 0, study.n_seeds)
        censored = [block.start + np.flatnonzero(~block.converged) for block in blocks]
        model["tail"] = follow_censored(
            study.protocol, study.root_seed, np.concatenate(censored), jobs=jobs
        )
        model["trace"] = pick_network(study.protocol, study.root_seed)
    return model


def count_other_errors(
    protocol: NetworkProtocol, root_seed: int, n_seeds: int, *, jobs: int = -1
) -> dict[str, CountTable]:
    """Count the outcomes of the same networks for each of `OTHER_ERRORS`."""
    seeds = np.arange(min(n_seeds, N_OTHER_ERROR))
    tables = {}
    for name, criterion in OTHER_ERRORS.items():
        changed = dataclasses.replace(protocol, criterion=criterion)
        updates, converged, _ = simulate_seeds(changed, root_seed, seeds, jobs=jobs)
        tables[name] = CountTable.from_outcomes(updates, converged, protocol.max_updates)
    return tables


def describe_study(
    counts: CountTable,
    *,
    repetitions: Mapping[int, CountTable],
    other_errors: Mapping[str, CountTable],
    differences: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the model of a population of networks, whatever became of them.

    `repetitions` are what other root seeds gave, `other_errors` what other meanings of "error" did;
    `differences`, of the protocol from the paper's.
    Returns ``reported``; ``population``; ``sampling``, what 100 networks report, with the p-values
    of the reported numbers, None where too few converged; ``repetitions`` and ``ranges``, the same
    over the other root seeds; ``claims``; ``histogram``, ``joint`` for the figures, None where
    there is nothing to draw; ``meanings``, the range of p over the meanings of unusual.
    """
    sampling = describe_sampling(counts)
    joint = None if sampling is None else describe_joint(counts)
    others = [_describe_repetition(seed, table) for seed, table in repetitions.items()]
    population = describe_population(counts)
    p = find_p_values(counts, sampling, others) | {
        name: find_p(table) for name, table in other_errors.items()
    }
    meanings = [value for name in MEANINGS if (value := p[name]) is not None]
    return {
        "reported": describe_reported(),
        "population": population,
        "sampling": sampling,
        "repetitions": others,
        "ranges": _find_ranges(others),
        "claims": {"headline": judge(population, sampling, p, differences)},
        "meanings": [min(meanings), max(meanings)] if meanings else None,
        "histogram": make_histogram(counts),
        "joint": joint,
    }


def describe_reported() -> dict[str, Any]:
    """Return the reported numbers of the ledger as numbers."""
    reported = load_reported()
    return {
        "runs": reported.runs,
        "mean": float(reported.mean),
        "max": int(reported.max),
        "page": reported.page,
    }


def describe_population(counts: CountTable) -> dict[str, Any]:
    """Return what is known of the population; numbers that there are none of are None.

    Returns ``n``, ``n_converged``, ``n_censored``, ``cap``; ``share`` of the converged with
    ``share_interval`` (Clopper-Pearson); of the converged ``mean`` with ``mean_interval``
    (Student's t), ``sd``, ``smallest``, ``largest``; of all networks ``median`` with
    ``median_interval``.
    """
    share = estimate_proportion(counts.n_converged, counts.n)
    mean = estimate_count_mean(counts)
    median = estimate_quantile(counts, 0.5)
    spread = describe_counts(counts)[1] if counts.n_converged > 1 else None
    return {
        "n": counts.n,
        "n_converged": counts.n_converged,
        "n_censored": counts.n_censored,
        "cap": counts.cap,
        "share": share.value,
        "share_interval": share.interval,
        "mean": mean.value,
        "mean_interval": mean.interval,
        "sd": spread,
        "median": median.value,
        "median_interval": median.interval,
        "smallest": int(counts.updates[0]) if counts.n_converged else None,
        "largest": int(counts.updates[-1]) if counts.n_converged else None,
    }


def compare_with_report(counts: CountTable) -> Comparison | None:
    """Compare the converged with the reported numbers; None if fewer than `MIN_CONVERGED`."""
    if counts.n_converged < MIN_CONVERGED:
        return None
    reported, margin = load_reported(), load_claims()["headline"].find("equivalent").thresholds
    return compare(
        counts,
        runs=reported.runs,
        mean=reported.mean,
        max=reported.max,
        failures="excluded",
        margin=f"{margin['margin_percent']:g} %",
    )


def describe_sampling(counts: CountTable) -> dict[str, Any] | None:
    """Return what the reported number of networks report, given that all converge.

    Returns ``chance_all_converge``; ``mean``, ``max`` and ``mean_given_max`` (``interval`` of the
    middle 95 % of studies, two-sided ``p``, ``chance`` to report the same number ...);
    ``chance_at_most``, that the largest is at most the reported one; ``p`` of both;
    ``equivalence``. None where fewer
    than `MIN_CONVERGED` converged.
    """
    comparison = compare_with_report(counts)
    if comparison is None or comparison.equivalence is None:
        return None
    reported = describe_reported()
    plain = comparison.to_dict()
    n_within = int(counts.count_within(reported["max"]))
    findings = {name: plain["findings"][name] for name in ("mean", "max", "mean_given_max")}
    for name, distribution in comparison.distributions.items():
        middle = [distribution.find_quantile(share) for share in (0.025, 0.975)]
        findings[name] |= {"interval": middle}
    return {
        "chance_all_converge": plain["chance_all_succeed"],
        "chance_at_most": (n_within / counts.n_converged) ** reported["runs"],
        **findings,
        "p": plain["p"],
        "equivalence": plain["equivalence"]
        | {"margin_share": comparison.equivalence.margin / reported["mean"]},
    }


def judge(
    population: Mapping[str, Any],
    sampling: Mapping[str, Any] | None,
    p: Mapping[str, float | None],
    differences: Mapping[str, Any],
) -> dict[str, Any]:
    """Judge the two reported numbers.

    `population`, `sampling`: from `describe_population` and `describe_sampling`. `p`: of each
    operationalisation that is a p-value.
    Returns ``operationalisations``, ``verdict``; ``reason``, why they are not judged: "settings",
    "cap", "few networks", "few converge", or None; ``other_settings``, reported settings that
    differ.
    """
    claim = load_claims()["headline"]
    results = {
        name: supports_if(
            None if value is None else value > claim.find(name).thresholds["min_p"], value
        )
        for name, value in p.items()
    }
    reported = float(load_reported().mean)
    margin = reported * claim.find("equivalent").thresholds["margin_percent"] / 100.0
    tested = None if sampling is None else sampling["equivalence"]
    results["equivalent"] = supports_within(
        population["mean"] if tested else None,
        [tested["low"], tested["high"]] if tested else None,
        reported - margin,
        reported + margin,
    )
    reason = _find_reason(population, sampling, differences, claim.thresholds)
    verdict = None
    if reason is not None:
        verdict = Verdict.TOO_FEW if reason == "few networks" else Verdict.NOT_TESTABLE
    return {
        **judge_claim(claim, results, verdict=verdict),
        "reason": reason,
        "other_settings": find_other_settings(differences),
    }


def _find_reason(
    population: Mapping[str, Any],
    sampling: Mapping[str, Any] | None,
    differences: Mapping[str, Any],
    rule: Mapping[str, float],
) -> str | None:
    """Return why a study cannot judge the reported numbers, or None if it can."""
    if find_other_settings(differences):
        return "settings"
    if population["cap"] is not None and population["cap"] <= int(load_reported().max):
        return "cap"
    if population["n"] < rule["min_networks"]:
        return "few networks"
    if sampling is None or sampling["chance_all_converge"] < rule["min_chance_all_converge"]:
        return "few converge"
    return None


def find_p_values(
    counts: CountTable,
    sampling: Mapping[str, Any] | None,
    repetitions: Sequence[Mapping[str, Any]],
) -> dict[str, float | None]:
    """Return p of the reported numbers by each of its meanings, None where there is none."""
    names = ("smaller-tail", "mean", "max", "sweeps", "root-seeds")
    if sampling is None:
        return dict.fromkeys((*names, "mahalanobis", "density-log", "density"))
    others = [row["p"] for row in repetitions if row["p"] is not None]
    return {
        "smaller-tail": sampling["p"],
        "mean": sampling["mean"]["p"],
        "max": sampling["max"]["p"],
        "sweeps": find_p(count_sweeps(counts)),
        "root-seeds": min(others, default=None),
        **measure_unusualness(counts),
    }


def find_p(counts: CountTable) -> float | None:
    """Return p of both reported numbers in a population; None where too few converge."""
    sampling = describe_sampling(counts)
    return None if sampling is None else sampling["p"]


def count_sweeps(counts: CountTable) -> CountTable:
    """Return the counts of sweeps, the last one included: one more than updates applied.

    The network is seen to be done in a sweep whose weight changes are not applied any more.
    """
    cap = None if counts.cap is None else counts.cap + 1
    return dataclasses.replace(counts, updates=counts.updates + 1, cap=cap)


def _describe_repetition(root_seed: int, counts: CountTable) -> dict[str, Any]:
    """Return a few numbers of `describe_study` under another root seed."""
    sampling = describe_sampling(counts)
    row = {
        "root_seed": root_seed,
        "n": counts.n,
        "share": counts.n_converged / counts.n,
        "mean": estimate_count_mean(counts).value,
    }
    if sampling is None:
        return row | dict.fromkeys(("chance_at_most", "p_max", "p_mean", "chance_mean", "p"))
    return row | {
        "chance_at_most": sampling["chance_at_most"],
        "p_max": sampling["max"]["p"],
        "p_mean": sampling["mean_given_max"]["p"],
        "chance_mean": sampling["mean_given_max"]["chance"],
        "p": sampling["p"],
    }


def _find_ranges(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[float]] | None:
    """Return the range of each number of `_describe_repetition` over the root seeds."""
    if not rows:
        return None
    names = [name for name in rows[0] if name not in ("root_seed", "n")]
    return {
        name: [min(row[name] for row in rows), max(row[name] for row in rows)]
        for name in names
        if all(row[name] is not None for row in rows)
    }


def pick_network(protocol: NetworkProtocol, root_seed: int) -> dict[str, Any]:
    """Return a typical network: the one of the first 20 whose outcome is nearest to their median.

    Returns ``seed``, ``updates``, ``converged`` and ``start``, its weights in the order of
    `draw_weights`.
    """
    weights = draw_weights(protocol, root_seed, 0, N_PICKED)
    updates, converged, _ = run_networks(protocol, weights)
    chosen = int(np.argmin(np.abs(updates - np.median(updates))))
    return {
        "seed": chosen,
        "updates": int(updates[chosen]),
        "converged": bool(converged[chosen]),
        "start": weights[chosen].tolist(),
    }


def follow_censored(
    protocol: NetworkProtocol, root_seed: int, seeds: NDArray[np.int64], *, jobs: int = -1
) -> dict[str, Any] | None:
    """Run the first of the networks that had not converged on to a later cap.

    Returns ``n``, ``cap``, and the ``share`` of these that converged by `TAIL_CAP` with its
    interval; None where there is nothing to follow.
    """
    if len(seeds) == 0 or protocol.max_updates >= TAIL_CAP:
        return None
    later = dataclasses.replace(protocol, max_updates=TAIL_CAP)
    _, converged, _ = simulate_seeds(later, root_seed, seeds[:N_TAIL], jobs=jobs)
    share = estimate_proportion(int(np.count_nonzero(converged)), len(converged))
    return {
        "n": len(converged),
        "cap": TAIL_CAP,
        "share": share.value,
        "share_interval": share.interval,
    }
