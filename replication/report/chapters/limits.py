"""Limits: each open choice, what speaks against the verdict, and how much rounding matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.protocol import PAPER, as_plain
from replication.report.document import Block, Bullets, Paragraph, Section, Table
from replication.report.inline import escape_inline
from replication.report.numbers import (
    format_amount,
    format_count,
    format_estimate,
    format_exact,
    format_number,
)

REQUIRES = ("summary",)

NOT_REPORTED = "not reported"


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the chapter on limits and deviations."""
    summary = models["summary"]
    blocks: list[Block] = [
        Section(title="Limits and deviations", anchor="limits"),
        Paragraph(
            "We hold the paper's abstract and what later replications report of it, not its full "
            "text. What we attribute to it is only this: the reported mean, the learning rate and "
            "the regression, that the error is measured with zero regression, and the claims of "
            "its abstract. Everything else is a choice of ours. [](#table-choices) lists every "
            "choice that could have been made otherwise"
            + (", and [](#multiverse) tries them." if "multiverse" in models else ".")
        ),
        Table(
            name="choices",
            caption="**The open choices.** What the paper says as far as we know it, what this "
            "study does, and why.",
            header=("Choice", "The paper", "This study", "Why"),
            rows=_list_choices(summary),
            align="llll",
        ),
        Section(title="What speaks against the verdict", anchor="doubts", level=3),
        Bullets(
            (
                *(escape_inline(text) for text in summary["verdict"]["doubts"]),
                *summary["limits"],
                "The settings lie near an edge: with a higher learning rate many more networks "
                "fail"
                + (" ([](#map))." if "map" in models else ".")
                + " A population that is so sensitive can agree with a number for the wrong "
                "reason.",
                "Compatible is not confirmed. A study of few runs is compatible with many "
                "populations, also with ones that are unlike ours.",
                "Prototypes of this study had been seen, on other seeds, when the thresholds of "
                "the verdict were set.",
            )
        ),
    ]
    if "rounding" in models:
        blocks += _describe_rounding(models["rounding"])
    return blocks


def _list_choices(summary: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    protocol = summary["study"]["protocol"]
    base = as_plain(PAPER)
    restart = format_count(summary["thresholds"]["restart_after"])
    cap = format_count(protocol["max_updates"])

    def say(field: str, usual: str) -> str:
        if protocol[field] == base[field]:
            return usual
        return f"`{field}` = `{protocol[field]}`"

    return (
        (
            "Learning rate and regression",
            "20 and 0.75",
            f"{format_exact(protocol['learning_rate'])} and {format_exact(protocol['regression'])}",
            "as two independent replications took them from the paper",
        ),
        (
            "What the error is measured on",
            "zero regression",
            say("error_measured_on", "the reconstruction with zero regression"),
            "as reported",
        ),
        (
            "Over what the 0.1 is summed",
            NOT_REPORTED,
            say("criterion", "half the squared error, over all patterns and visible units"),
            "the error whose gradient the abstract speaks of",
        ),
        (
            "When weights change",
            NOT_REPORTED,
            say("update_schedule", "once, after all patterns"),
            "one count then is one weight update for all patterns",
        ),
        (
            "Range of initial weights",
            NOT_REPORTED,
            f"uniform within ± {format_exact(protocol['half_width'])}",
            "a common choice; small enough for units to start undecided",
        ),
        (
            "Initial biases",
            NOT_REPORTED,
            say("initial_biases", "drawn like the weights"),
            "a bias is a weight from a unit fixed at 1",
        ),
        (
            "Regression on the hidden second pass",
            NOT_REPORTED,
            say("hidden_regression", "yes"),
            "the same rule for all units",
        ),
        (
            "The two weight matrices",
            NOT_REPORTED,
            say("symmetric_start", "drawn independently"),
            "nothing in the procedure makes them equal at the start",
        ),
        (
            "Networks that never converge",
            NOT_REPORTED,
            f"three rules side by side: dropped, counted at {cap}, started again after {restart}",
            "no rule is obvious, so none is preferred",
        ),
        (
            "What is counted",
            "weight updates",
            "updates applied before the criterion is first met",
            "counting sweeps in place of updates adds exactly one",
        ),
        (
            "Number of runs averaged",
            NOT_REPORTED,
            "unknown $n$, from 1 to " + format_count(summary["thresholds"]["max_runs"]),
            "the question of this study",
        ),
    )


def _describe_rounding(rounding: Mapping[str, Any]) -> list[Block]:
    first, second = rounding["mean"]
    text = (
        "Learning amplifies the last bit of the arithmetic. To see how much, every initial weight "
        f"of {format_amount(rounding['n'], 'network')} was moved by the smallest step that the "
        "machine's numbers allow. "
        f"{format_estimate(rounding['changed'], 2, percent=True)} of them then had another "
        "outcome"
    )
    if rounding["largest_change"] is not None:
        text += f", the largest change being {format_count(rounding['largest_change'])} updates"
    text += ". "
    if first is not None and second is not None:
        before, after = format_number(first, 4), format_number(second, 4)
        moved = f"stays at {before}" if before == after else f"moves from {before} to {after}"
        text += (
            f"The mean over the converged {moved}: rounding matters for single networks, hardly "
            "for the population. "
        )
    return [
        Section(title="How much the last bit matters", anchor="rounding", level=3),
        Paragraph(
            text + "It does mean that two correct programs which only add in another order "
            "disagree about some networks, so the digest below can be reproduced only with the "
            "same arithmetic; other programs should compare distributions."
        ),
    ]
