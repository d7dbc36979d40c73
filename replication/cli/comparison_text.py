"""Plain text for the terminal: a comparison and a calibration."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

WIDTH = 88


def format_comparison(model: Mapping[str, Any]) -> str:
    """Return the text that ``replication compare`` prints (see `analysis.reported`)."""
    data, reported, verdict = model["data"], model["reported"], model["verdict"]
    stopped = "" if data["cap"] is None else f" at {_number(data['cap'])}"
    low, high = _bracket(reported["text"])
    span = f"{_number(data['smallest'])} to {_number(data['largest'])}"
    censored = f"{data['n_censored']} of {data['n']} censored{stopped}"
    lines = [
        f"Reported mean {reported['text']}: any mean of at least {low} and below {high} prints so.",
        f"Your data: {data['n']} outcomes from {span}, {censored}.",
    ]
    if data["rounding_error"]:
        lines.append(
            f"Each outcome was rounded to a multiple of {data['unit']:.0e}, which moves the mean "
            f"by at most {data['rounding_error']:.0e}."
        )
    lines += ["", f"Verdict: {verdict['verdict']}", *_wrap(verdict["reason"]), ""]
    rules = {rule: part for rule, part in model["rules"].items() if part is not None}
    if not model["rules_differ"]:
        lines += [*_wrap("Nothing can be censored, so there is one way to take the mean."), ""]
    table = [["", *(rules if model["rules_differ"] else ["mean"])]]
    table.append(["mean", *(_number(part["mean"]["value"]) for part in rules.values())])
    table.append(["  95 % interval", *(_interval(part["mean"]) for part in rules.values())])
    table.append(["  covered in trials", *(_coverage(part["mean"]) for part in rules.values())])
    table.append(
        ["smallest margin that passes", *(_number(p["smallest_margin"]) for p in rules.values())]
    )
    table.append(["n*: compatible up to", *(_runs(part["runs"]) for part in rules.values())])
    table.append(["  95 % interval", *(_run_interval(part["runs"]) for part in rules.values())])
    table.append(["  covered in trials", *(_coverage(part["runs"]) for part in rules.values())])
    shown = [entry["n"] for entry in next(iter(rules.values()))["at"]]
    for place, n in enumerate(shown):
        if n not in {10, 20, 50, 100, 1000}:
            continue
        entries = [part["at"][place] for part in rules.values()]
        table.append([f"mean of {n} runs: 95 % within", *(_interval(e) for e in entries)])
        table.append(["  p(n)", *(_probability(entry["p"]) for entry in entries)])
        chances = (_probability(entry["chance"]) for entry in entries)
        table.append([f"  chance to print {reported['text']}", *chances])
    lines += _align(table)
    if model["rules_differ"]:
        lines += ["", *_wrap(f"discard: {rules['discard']['words']}.")]
        lines += _wrap(f"cap: {rules['cap']['words']}.") if "cap" in rules else []
        if "restart" in rules:
            words = rules["restart"]["words"]
            lines += _wrap(f"restart: {words} (c = {_number(data['restart_after'])}).")
        else:
            lines += _wrap("restart: no mean, because fewer than one in a thousand succeeds.")
    lines += ["", "What would change the verdict:"]
    for sentence in verdict["would_change"]:
        lines += _wrap(f"- {sentence}")
    cautions = [*verdict["doubts"], *model["cautions"]]
    if cautions:
        lines += ["", "Caution:"]
        for sentence in cautions:
            lines += _wrap(f"- {sentence}")
    return "\n".join(lines)


def format_calibration(model: Mapping[str, Any]) -> str:
    """Return the text that ``replication calibrate`` prints (see `analysis.calibration`)."""
    table = [["coverage, % of studies", *(str(size) for size in model["sizes"]), "required"]]
    for row in model["coverage"]:
        cells = [_percent(entry) for entry in row["by_size"]]
        table.append([row["label"], *cells, row["requirement"] or "-"])
    lines = [*_align(table), ""]
    table = [["prediction interval", "networks", "runs", "coverage, %"]]
    for row in model["prediction"]:
        table.append([row["rule"], str(row["n_networks"]), str(row["n_runs"]), _percent(row)])
    lines += [*_align(table), ""]
    for check in model["checks"]:
        lines += _wrap(
            f"{'ok  ' if check['meets'] else 'FAIL'} {check['words']}: {check['value']:.2g} "
            f"(limit {check['limit']:.2g})"
        )
    lines.append("")
    lines.append("all requirements met" if model["meets"] else "a requirement is missed (*)")
    return "\n".join(lines)


def _bracket(text: str) -> tuple[Decimal, Decimal]:
    """Return the ends of what prints as `text`: half a unit of its last digit to each side."""
    half = Decimal(5).scaleb(-len(text.partition(".")[2]) - 1)
    return Decimal(text) - half, Decimal(text) + half


def _percent(entry: Mapping[str, Any]) -> str:
    return f"{100 * entry['coverage']:.1f}" + ("*" if entry["meets"] is False else "")


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _probability(value: float) -> str:
    return "under 1e-9" if value < 1e-9 else f"{value:.2g}"


def _interval(entry: Mapping[str, Any]) -> str:
    low = "unbounded" if entry["low"] is None else _number(entry["low"])
    high = "unbounded" if entry["high"] is None else _number(entry["high"])
    return f"{low} to {high}"


def _coverage(estimate: Mapping[str, Any]) -> str:
    coverage = estimate["coverage"]
    if coverage is None or coverage["measured"] is None:
        return "not measured"
    return f"{100 * coverage['measured']:.1f} %"


def _runs(runs: Mapping[str, Any]) -> str:
    if runs["n_star"] == 0:
        return "no number"
    noun = "run" if runs["n_star"] == 1 else "runs"
    return f"{runs['n_star']} {noun}" + (" or more" if runs["is_open"] else "")


def _run_interval(runs: Mapping[str, Any]) -> str:
    if runs["high"] == 0:
        return "no number"
    return f"{runs['low']} to {runs['high']}" + (" or more" if runs["high_is_open"] else "")


def _wrap(text: str) -> list[str]:
    # A number and its per cent sign stay on one line.
    lines = textwrap.wrap(text.replace(" %", "\u00a0%"), WIDTH, subsequent_indent="  ")
    return [line.replace("\u00a0%", " %") for line in lines] or [""]


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines
