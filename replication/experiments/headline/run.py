"""From the outcomes of a study to the model of its headline."""

from collections.abc import Mapping

import numpy as np

from replication.definition.protocol import PAPER, Protocol, as_plain
from replication.experiments.counting import Counted
from replication.experiments.headline import distributions
from replication.experiments.instruments import studies
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import name_estimate
from replication.paper import claims
from replication.paper.study import Study
from replication.statistics import intervals
from replication.statistics.counts import CountTable
from replication.system.progress import Tell, silent


def run(
    study: Study,
    counted: Mapping[Study, Counted],
    *,
    readings: Model | None = None,
    report_progress: Tell = silent,
) -> Model:
    """Return the model of a study.

    Parameters
    ----------
    study : Study
    counted : mapping of Study to Counted
        The outcomes of the study, of its repetitions, and of the studies with other errors.
    readings : dict, optional
        The model of the experiment of that name. A study of the paper's protocol takes p under
        the other meanings of error from it, since it has more networks. A study of another
        protocol takes the likelihood of the reported numbers under the paper's protocol from it.
    report_progress : callable
        Takes a line of text.
    """
    counts = counted[study].table
    differences = study.protocol.differences
    report_progress("the sampling distributions of mean and maximum")
    repeated = {part.root_seed: counted[part].table for part in study.repetitions}
    others = {name: counted[part].table for name, part in study.other_errors.items()}
    model = describe_study(
        counts,
        study.protocol,
        repetitions=repeated,
        other_errors=others,
        readings=None if differences else readings,
    )
    # Parts that only some studies have: those of another protocol, and the default study.
    if differences and readings is not None:
        model["likelihood"] = compare_with_paper(counts, readings["paper"])
    paper = as_plain(PAPER)
    model["study"] = {
        "differences": differences,
        "paper": {name: paper[name] for name in differences},
        "root_seed": study.root_seed,
        "n": study.n_seeds,
        "digest": counted[study].digest,
    }
    if study.is_default:
        model["less_extreme"] = find_less_extreme(counts, model["sampling"])
    return model


def describe_study(
    counts: CountTable,
    protocol: Protocol,
    *,
    repetitions: Mapping[int, CountTable],
    other_errors: Mapping[str, CountTable],
    readings: Model | None = None,
) -> Model:
    """Return the model of a population of networks, also if few or none of them converged."""
    reported = claims.load_reported()
    sampling = studies.describe_sampling(counts)
    population = describe_population(counts)
    p_values = find_p_values(counts, other_errors)
    # The table of readings prints p from more networks: the report has one p for one thing.
    if readings is not None:
        p_values |= read_p_values(readings["named"])
    # The same networks from other root seeds.
    rows = []
    for root_seed, table in repetitions.items():
        rows.append({"root_seed": root_seed} | describe_repetition(table))
    model: Model = {
        "reported": {
            "runs": reported.runs,
            "mean": float(reported.mean),
            "max": int(reported.max),
            "page": reported.page,
        },
        "has_paper_task": protocol.has_paper_task,
        "population": population,
        "sampling": sampling,
        "repetitions": rows,
        "claims": {"headline": judge_headline(population, sampling, p_values, protocol)},
        "unusual": {},
        "likelihood": None,
        "histogram": distributions.make_histogram(counts),
        "joint": None,
    }
    # The plane of studies, if they can be compared with the study of 1988.
    if sampling is not None and protocol.has_paper_task:
        plane = distributions.map_studies(counts)
        if plane is not None:
            model["unusual"] = distributions.measure_unusualness(plane)
            model["joint"] = distributions.describe_joint(counts, plane)
    return model


def describe_repetition(table: CountTable) -> Model:
    """Describe the networks of another root seed: how many converge, their mean, and p.

    ``studies`` has the intervals of the mean and of the largest count in which 95 % of studies
    lie. It and ``p`` are None where `studies.describe_sampling` is.
    """
    sampling = studies.describe_sampling(table)
    row: Model = {
        "n": table.n,
        "share": table.n_converged / table.n,
        "mean": intervals.estimate_mean(table.updates, table.counts).value,
        "p": None,
        "studies": None,
    }
    if sampling is not None:
        row["p"] = sampling["p"]
        row["studies"] = {name: sampling[name]["interval"] for name in ("mean", "max")}
    return row


def describe_population(counts: CountTable) -> Model:
    """Describe the converged networks of a population; the median is that of all networks.

    If fewer networks converge than a study has, their mean has no interval, because counts are
    skewed and so few do not support one.
    """
    mean = intervals.estimate_mean(counts.updates, counts.counts)
    if counts.n_converged < claims.load_reported().runs:
        mean = intervals.Estimate(mean.value, None, None)
    return {
        "n": counts.n,
        "n_converged": counts.n_converged,
        "cap": counts.cap,
        **name_estimate("share", intervals.estimate_proportion(counts.n_converged, counts.n)),
        **name_estimate("mean", mean),
        "median": intervals.find_median(counts),
        "smallest": int(counts.updates[0]) if counts.n_converged else None,
        "largest": int(counts.updates[-1]) if counts.n_converged else None,
    }


def judge_headline(networks: Model, sampling: Model | None, p: Model, protocol: Protocol) -> Model:
    """Judge the two reported numbers by p under each of the ledger's conditions.

    ``reason`` says why a study cannot judge them; None if it can.
    """
    reason = find_reason(networks, sampling, protocol)
    # More networks would remove this reason, but none of the others.
    verdict = None
    if reason == "few networks":
        verdict = claims.ClaimVerdict.TOO_FEW
    elif reason is not None:
        verdict = claims.ClaimVerdict.NOT_TESTABLE
    judged = judge("headline", p, verdict=verdict)
    other_settings = claims.find_other_settings(protocol.differences)
    return judged | {"reason": reason, "other_settings": other_settings}


def find_reason(networks: Model, sampling: Model | None, protocol: Protocol) -> str | None:
    """Return the first reason why a study cannot judge the reported numbers; None if it can."""
    thresholds = claims.load_claims()["headline"].thresholds
    # The paper reports another value of a setting.
    if claims.find_other_settings(protocol.differences):
        return "settings"
    # Networks are stopped before they can reach the reported largest count.
    if networks["cap"] <= int(claims.load_reported().max):
        return "cap"
    if networks["n"] < thresholds["min_networks"]:
        return "few networks"
    if sampling is None or sampling["chance_all_converge"] < thresholds["min_chance_all_converge"]:
        return "few converge"
    return None


def find_p_values(counts: CountTable, other_errors: Mapping[str, CountTable]) -> Model:
    """Return p of the reported pair under each of the ledger's conditions; None on another task."""
    if not other_errors:
        ways = claims.load_claims()["headline"].operationalisations
        return dict.fromkeys(way.id for way in ways)
    tables = {
        "smaller-tail": counts,
        "sweeps": studies.count_sweeps(counts),
        **other_errors,
        "half-square-sweeps": studies.count_sweeps(other_errors["half-square"]),
    }
    return {name: studies.find_p(table) for name, table in tables.items()}


def read_p_values(named: Model) -> Model:
    """Return p under the ledger's other meanings of error, from the model of the readings."""
    square = named["square"]
    half_square = named["half-square"]
    return {
        "square": square["p"],
        "half-square": half_square["p"],
        "half-square-sweeps": half_square["p_sweeps"],
    }


def compare_with_paper(counts: CountTable, likelihood: Model) -> Model | None:
    """Weigh the paper's protocol against another one by the reported numbers.

    Return the chance of the numbers and the Bayes factor under both ("paper" and "here"), as
    `compare_readings` does; None if too few networks of the other protocol stop at the reported
    largest count.

    `counts`: of networks of the other protocol. `likelihood`: what `measure_likelihood` returns
    under the paper's protocol.
    """
    here = studies.measure_likelihood(counts)
    if here["n_at_max"] < studies.MIN_AT_REPORTED:
        return None
    by_sweeps = studies.compare_readings({"paper": likelihood, "here": here})
    return by_sweeps["not counted"]  # where the last sweep is not counted (`studies.SWEEPS`)


def find_less_extreme(counts: CountTable, sampling: Model) -> Model:
    """Return which studies are less extreme than the reported one, and the share of all others.

    For each largest count in ``max``, these are the studies whose rounded means lie from the number
    in ``low`` to the number in ``high``.
    """
    # A study is as extreme as its smaller tail. So if the tail of a largest count alone is smaller
    # than that of the reported study, no study with this count is less extreme.
    smaller_tail = min(sampling[name]["p"] for name in ("max", "mean_given_max")) / 2.0
    means, maxima, _, tails = studies.measure_tails(counts, at_least=smaller_tail * (1.0 - 1e-9))
    mean = float(claims.load_reported().mean)
    largest = float(claims.load_reported().max)
    reported = tails[means == mean, maxima == largest].item()
    is_less = tails > reported * (1.0 + 1e-9)  # (a, b); larger by more than rounding
    # For each largest count the first mean that is less extreme, and the last.
    low = means[is_less.argmax(axis=0)]
    high = means[::-1][is_less[::-1].argmax(axis=0)]
    has_any = is_less.any(axis=0)
    return {
        "share": sampling["p"],
        "max": maxima[has_any].astype(np.int64).tolist(),
        "low": low[has_any].astype(np.int64).tolist(),
        "high": high[has_any].astype(np.int64).tolist(),
    }
