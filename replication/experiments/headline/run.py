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

    `counted`: the outcomes of the study, of its repetitions, and of those with other errors.
    `readings`: the model of that experiment. It has p under the other meanings of error, from more
    networks, for a study of the paper's protocol, and its likelihood for one of another.
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
        readings=None if differences else readings,  # which are those of the paper's protocol
    )
    # What only some studies have: another protocol, or the default one.
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
    """Return the model of a population of networks, whatever became of them."""
    reported = claims.load_reported()
    sampling = studies.describe_sampling(counts)
    population = describe_population(counts)
    p_values = find_p_values(counts, other_errors)
    # One number for one thing: that which the table of readings prints.
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
    # The plane of studies, where these can be held against that of 1988.
    if sampling is not None and protocol.has_paper_task:
        plane = distributions.map_studies(counts)
        if plane is not None:
            model["unusual"] = distributions.measure_unusualness(plane)
            model["joint"] = distributions.describe_joint(counts, plane)
    return model


def describe_repetition(table: CountTable) -> Model:
    """Describe the networks of another root seed: how many converge, their mean, and p.

    ``studies``: between which means and largest counts 95 % of the studies lie, if they can tell.
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

    The mean of fewer networks than a study has no interval: counts are skewed.
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

    ``reason``: why a study cannot judge them, None if it can.
    """
    other_settings = claims.find_other_settings(protocol.differences)
    least = claims.load_claims()["headline"].thresholds
    chance = 0.0 if sampling is None else sampling["chance_all_converge"]
    # Why it cannot be judged: the first that holds.
    reason = None
    if other_settings:
        reason = "settings"
    elif networks["cap"] <= int(claims.load_reported().max):
        reason = "cap"
    elif networks["n"] < least["min_networks"]:
        reason = "few networks"
    elif chance < least["min_chance_all_converge"]:
        reason = "few converge"
    # Which leaves it open, until there are more networks, or for good.
    verdict = None
    if reason == "few networks":
        verdict = claims.ClaimVerdict.TOO_FEW
    elif reason is not None:
        verdict = claims.ClaimVerdict.NOT_TESTABLE
    judged = judge("headline", p, verdict=verdict)
    return judged | {"reason": reason, "other_settings": other_settings}


def find_p_values(counts: CountTable, other_errors: Mapping[str, CountTable]) -> Model:
    """Return p of the reported pair under each of the ledger's conditions; None without one."""
    if not other_errors:  # another task
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
    """Return p under the ledger's other meanings of error from the model of the readings."""
    square = named["square"]
    half_square = named["half-square"]
    return {
        "square": square["p"],
        "half-square": half_square["p"],
        "half-square-sweeps": half_square["p_sweeps"],
    }


def compare_with_paper(counts: CountTable, likelihood: Model) -> Model | None:
    """Compare how probable the reported numbers are under a protocol and under the paper's.

    None if too few networks stop at the reported largest count.
    """
    here = studies.measure_likelihood(counts)
    if here["n_at_max"] < studies.MIN_AT_REPORTED:
        return None
    return studies.compare_readings({"paper": likelihood, "here": here})["not counted"]


def find_less_extreme(counts: CountTable, sampling: Model) -> Model:
    """Return which studies are less extreme than the reported one, and the share of all others.

    Their rounded means lie from ``low`` to ``high`` for every ``max``.
    """
    # Largest counts whose own tail is as small as the reported study's cannot be less extreme.
    least = min(sampling[name]["p"] for name in ("max", "mean_given_max")) / 2.0
    means, maxima, _, tails = studies.measure_tails(counts, at_least=least * (1.0 - 1e-9))
    mean = float(claims.load_reported().mean)
    largest = float(claims.load_reported().max)
    reported = tails[means == mean, maxima == largest].item()
    is_less = tails > reported * (1.0 + 1e-9)  # (a, b); but for rounding
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
