"""The verdict on the reported settings, from the results model of the main study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.analysis.verdict import (
    NOT_REPLICATED,
    NOT_TESTABLE,
    QUALIFIED,
    REPLICATED,
    DecidingNumber,
    Verdict,
    count_words,
)
from replication.claims import find_other_settings, load_claims


def judge_settings(summary: Mapping[str, Any], thresholds: Mapping[str, float | int]) -> Verdict:
    """Judge whether the reported settings give the reported behaviour.

    Parameters
    ----------
    summary : mapping
        The model of `summarise_study`.
    thresholds : mapping
        Of the claim: ``learning_rate``, ``regression``, ``min_converged``,
        ``min_converged_qualified`` and ``min_cap``.

    Returns
    -------
    Verdict
        *replicated* if the lower end of the share that converges is at least
        ``min_converged`` and the reported mean is replicated; *with
        qualification* if it is at least ``min_converged_qualified`` and the
        reported mean is replicated at least with qualification; *not
        testable* if the study does not use the settings that were reported
        with the mean, if too few converge but networks were stopped before
        ``min_cap``, or if the reported mean is not testable and the share
        that converges would do, or may do as far as its interval tells.
    """
    protocol = summary["study"]["protocol"]
    names = ("learning_rate", "regression")
    differences = summary["study"].get("differences", {})
    if find_other_settings(load_claims()["mean-48"], differences) or any(
        float(protocol[name]) != float(thresholds[name]) for name in names
    ):
        return Verdict(
            verdict=NOT_TESTABLE,
            reason="This study uses other settings than the reported ones.",
            numbers=(),
            would_change=("A study at the reported settings could be judged.",),
        )
    share, mean = summary["population"]["converged"], summary["verdict"]["verdict"]
    converged = share["low"]
    most, least = float(thresholds["min_converged"]), float(thresholds["min_converged_qualified"])
    cap, min_cap = int(summary["population"]["cap"]), int(thresholds["min_cap"])
    if converged < least and cap < min_cap:
        return Verdict(
            verdict=NOT_TESTABLE,
            reason=f"Networks were stopped after {count_words(cap, 'update')}; those that had not "
            "converged by then may have been about to.",
            numbers=(),
            would_change=(f"A study that goes on to {min_cap} updates could be judged.",),
        )
    if mean == NOT_TESTABLE and share["high"] >= least:
        return Verdict(
            verdict=NOT_TESTABLE,
            reason="The reported mean is not testable in this study, and the rule asks for it.",
            numbers=(),
            would_change=tuple(summary["verdict"]["would_change"]),
        )
    numbers = tuple(
        DecidingNumber(
            name=f"share that converges by the cap, lower end{words}",
            value=converged,
            relation="at least",
            threshold=threshold,
            holds=converged >= threshold,
        )
        for words, threshold in (("", most), (", for a qualification", least))
    )
    if converged >= most and mean == REPLICATED:
        verdict, change = REPLICATED, "A qualification of the verdict on the reported mean would"
    elif converged >= least and mean in (REPLICATED, QUALIFIED):
        verdict = QUALIFIED
        change = (
            "A verdict of replicated on the reported mean would"
            if converged >= most
            else "A larger share of networks that converge would"
        )
    else:
        verdict = NOT_REPLICATED
        change = (
            "Another verdict on the reported mean could"
            if converged >= least
            else "A larger share of networks that converge could"
        )
    return Verdict(
        verdict=verdict,
        reason=f"The networks converge at these settings, and the reported mean is {mean}."
        if converged >= least
        else "Too many networks do not converge at these settings."
        if share["high"] < least
        else "This study does not show that enough networks converge at these settings.",
        numbers=numbers,
        would_change=(f"{change} change it.",),
    )
