"""Appendix: all estimates, other root seeds, and the calibration of the intervals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from replication.analysis.coverage import TRUSTED_COVERAGE
from replication.report.document import Block, Paragraph, Section, Table
from replication.report.numbers import (
    format_amount,
    format_count,
    format_coverage,
    format_decimals,
    format_estimate,
    format_exact,
    format_number,
    format_percent,
)
from replication.report.rules import SHORT, describe_runs, describe_runs_interval, rules_of

REQUIRES = ("summary", "provenance")


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the appendix."""
    summary, command = models["summary"], models["provenance"]["command"]
    blocks: list[Block] = [
        Section(title="Appendix", anchor="appendix"),
        *_tabulate_estimates(summary, command),
    ]
    if summary["repetitions"]:
        blocks += _tabulate_repetitions(summary, command)
    if "calibration" in models:
        blocks += _tabulate_calibration(models["calibration"])
    return blocks


def _tabulate_estimates(summary: Mapping[str, Any], command: str) -> list[Block]:
    population = summary["population"]
    rows = [
        _row("share converged by the cap", population["converged"], percent=True),
        _row("share not converged by the cap", population["failed"], percent=True),
    ]
    rows += [
        _row(f"share converged within {format_count(e['updates'])}", e, percent=True)
        for e in population["converged_within"]
    ]
    rows += [
        _row(f"{format_exact(100 * e['probability'])} % quantile, all networks", e)
        for e in population["quantiles"]
    ]
    for rule, entry in rules_of(summary).items():
        rows.append(_row(f"mean, failures {SHORT[rule]}", entry["mean"]))
        rows.append(
            (
                f"largest compatible n, failures {SHORT[rule]}",
                f"{describe_runs(entry['runs'])} ({describe_runs_interval(entry['runs'])})",
                "tilted law",
                format_coverage(entry["runs"]["coverage"]),
            )
        )
    tail = summary["tail"]
    if tail is not None:
        end = format_count(tail["end"])
        rows.append(_row(f"share not converged by {end}", tail["never_by_end"], percent=True))
        rows.append(
            _row(f"of the censored, share converged by {end}", tail["merely_slow"], percent=True)
        )
    return [
        Section(title="All estimates", anchor="all-estimates", level=3),
        Paragraph(
            "The last column says in how many of the trial studies of about this size the "
            "interval held the true value; nominally it is 95 %. Intervals of shares and quantiles "
            "are made never to hold it less often, so they can lie above."
        ),
        Table(
            name="estimates",
            caption="**All estimates of the main study**, with 95 % intervals in brackets.",
            header=("Quantity", "Estimate", "Method", "Held the truth in"),
            rows=tuple(rows),
            align="lrlr",
            command=command,
        ),
    ]


def _row(
    name: str, estimate: Mapping[str, Any], *, digits: int = 3, percent: bool = False
) -> tuple[str, str, str, str]:
    return (
        name,
        format_estimate(estimate, digits, percent=percent),
        estimate.get("method", ""),
        format_coverage(estimate.get("coverage")),
    )


def _tabulate_repetitions(summary: Mapping[str, Any], command: str) -> list[Block]:
    rows = []
    rules = list(rules_of(summary))
    for other in summary["repetitions"]:
        cells = []
        for rule in rules:
            mean, runs = other["means"][rule], other["n_star"][rule]
            cells.append("none" if mean is None else format_number(mean["value"], 3))
            cells.append("none" if runs is None else describe_runs(runs))
        converged = format_percent(other["converged"]["value"], 2)
        rows.append((str(other["root_seed"]), converged, *cells, other["verdict"]))
    first = summary["repetitions"][0]
    header = ["Root seed", "Converged"]
    for rule in rules:
        header += [f"Mean, {SHORT[rule]}", "n\\*"]
    return [
        Section(title="The same study with other random numbers", anchor="other-seeds", level=3),
        Paragraph(
            "A verdict that changes when only the random numbers change would be no verdict; it "
            "would be reported as unsettled."
        ),
        Table(
            name="seeds",
            caption=f"**Five other root seeds**, {format_amount(first['n_networks'], 'network')} "
            "each: share converged, mean and largest compatible number of runs under each rule."
            if len(summary["repetitions"]) == 5
            else f"**Other root seeds**, {format_amount(first['n_networks'], 'network')} each.",
            header=(*header, "Verdict"),
            rows=tuple(rows),
            align="lr" + "rr" * len(rules) + "l",
            command=command,
        ),
    ]


def _tabulate_calibration(model: Mapping[str, Any]) -> list[Block]:
    sizes = model["sizes"]
    command = "replication calibrate"
    rows = []
    for entry in model["coverage"]:
        by_size = {item["n_networks"]: item for item in entry["by_size"]}
        rows.append(
            (
                _name_rule(entry["label"]),
                *(_cover(by_size.get(size)) for size in sizes),
                entry["requirement"] or "none",
            )
        )
    checks = tuple(
        (
            _capital(_name_rule(_group_digits(check["words"]))),
            format_number(check["value"], 2),
            format_number(check["limit"], 2),
            "yes" if check["meets"] else "**no**",
        )
        for check in model["checks"]
    )
    missed = [
        f"{_name_rule(entry['label'])} at {format_count(item['n_networks'])}"
        for entry in model["coverage"]
        for item in entry["by_size"]
        if item["meets"] is False
    ]
    return [
        Section(title="Calibration: the statistics are tested too", anchor="calibration", level=3),
        Paragraph(
            f"{format_count(model['n_studies'])} studies of each size were drawn from the law of a "
            f"run of {format_count(model['law']['n_networks'])} networks, for which the true "
            "values are known, and every interval was computed on each. "
            + (
                f"What misses its requirement, in bold: {'; '.join(missed)}. "
                if missed
                else "All meet what was required of them. "
            )
            + _say_runs_coverage(model)
        ),
        Table(
            name="coverage",
            caption="**How often nominal 95 % intervals hold the true value**, in per cent, by the "
            "number of networks in a study. Standard errors are at most "
            f"{format_number(100 * _largest_error(model), 2)} percentage points"
            + (
                f" (for n\\*, with {format_count(model['n_star_studies'])} studies a size, at most "
                f"{format_number(100 * _largest_error(model, runs=True), 2)})."
                if model.get("n_star_studies")
                else "."
            ),
            header=("Interval of", *(format_count(size) for size in sizes), "Required"),
            rows=tuple(rows),
            align="l" + "r" * len(sizes) + "l",
            command=command,
        ),
        *_tabulate_prediction(model, command),
        Table(
            name="checks",
            caption="**The exact law against resampling and closed forms.** Each value must stay "
            "below its limit.",
            header=("Check", "Value", "Limit", "Passed"),
            rows=checks,
            align="lrrl",
            command=command,
        ),
    ]


def _say_runs_coverage(model: Mapping[str, Any]) -> str:
    """Say how far the intervals of n* fall short, for which nothing was required."""
    poor = []
    for entry in model["coverage"]:
        shares = [item["coverage"] for item in entry["by_size"]]
        if entry["quantity"].startswith("n_star") and min(shares) < TRUSTED_COVERAGE:
            low, high = (format_decimals(100 * end, 1) for end in (min(shares), max(shares)))
            name = _name_rule(entry["label"]).removeprefix("n*, ")
            poor.append(f"with {name}, in {low} to {high} % of the studies")
    if not poor:
        return ""
    return (
        "Nothing was required of the intervals of $n^*$, and not all of them do what they promise: "
        f"{'; '.join(poor)} they held the true value. They are too narrow there, and tell no more "
        "than the order of magnitude."
    )


def _name_rule(label: str) -> str:
    """Call a rule in a label of the calibration what the report calls it."""
    for rule, words in SHORT.items():
        label = label.replace(f", {rule}", f", failures {words}")
    return label


def _tabulate_prediction(model: Mapping[str, Any], command: str) -> list[Block]:
    rows = tuple(
        (
            SHORT[row["rule"]],
            format_count(row["n_networks"]),
            format_count(row["n_runs"]),
            _cover(row),
        )
        for row in model["prediction"]
    )
    if not rows:
        return []
    return [
        Table(
            name="prediction",
            caption="**How often prediction intervals hold the mean of $n$ further runs**, in per "
            "cent, for studies of several sizes; at least 94 is required for $n$ up to a twentieth "
            "of the networks.",
            header=("Failures are", "Networks", "n", "Held"),
            rows=rows,
            align="lrrr",
            command=command,
        )
    ]


def _group_digits(text: str) -> str:
    return re.sub(r"\d{5,}", lambda number: format_count(int(number[0])), text)


def _largest_error(model: Mapping[str, Any], *, runs: bool = False) -> float:
    errors = [
        item["error"]
        for entry in model["coverage"]
        if entry["quantity"].startswith("n_star") == runs
        for item in entry["by_size"]
    ]
    return float(max(errors))


def _cover(item: Mapping[str, Any] | None) -> str:
    if item is None:
        return "not run"
    text = format_decimals(100 * item["coverage"], 1)
    return f"**{text}**" if item["meets"] is False else text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
