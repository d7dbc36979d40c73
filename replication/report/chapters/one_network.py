"""The part of the study chapter on single networks; not a chapter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.document import Block, Figure, Paragraph, Section
from replication.report.numbers import format_amount, format_count, format_exact, format_number


def describe_one(models: Mapping[str, Any]) -> list[Block]:
    """Return the learning curves and the reconstructions of one network."""
    traces, command = models["traces"], models["provenance"]["command"]
    network, crowd = traces["network"], traces["crowd"]
    return [
        Section(title="One network, and many more", anchor="one-network", level=3),
        Paragraph(
            f"{_introduce(network, len(crowd['seeds']))} [](#figure-errors) shows its error, "
            "[](#figure-reconstructions) what it makes of the patterns."
            + _describe_sudden_success(traces)
        ),
        _make_error_figure(traces, command),
        _make_reconstruction_figure(traces, command),
    ]


def _introduce(network: Mapping[str, Any], n: int) -> str:
    spent = format_amount(network["updates"], "update")
    if not network["converged"]:
        return (
            f"The network with seed {network['seed']} had not met the criterion after {spent}"
            + (f", an ordinary outcome among the first {format_count(n)}." if n > 1 else ".")
        )
    if n == 1:
        return f"The one network, with seed {network['seed']}, took {spent}."
    return (
        f"The network with seed {network['seed']} is the most ordinary of the first "
        f"{format_count(n)}: its count of {spent} is nearest to their median."
    )


def _describe_sudden_success(traces: Mapping[str, Any]) -> str:
    """Say when the error was last ten times the criterion, and how soon it was met then."""
    network, threshold = traces["network"], traces["threshold"]
    met = network["updates"]
    before = network["errors"][:met]
    high = [i for i, error in enumerate(before) if error >= 10 * threshold]
    if not network["converged"] or met >= len(network["errors"]) or not high:
        return ""
    last = high[-1]
    return (
        f" After {format_amount(last, 'update')} its error is still "
        f"{format_number(before[last], 2)}; {format_count(met - last)} later it is "
        f"{format_number(network['errors'][met], 2)}. Before, it tells some patterns apart and "
        "confuses others, and progress is hard to see."
    )


def _make_error_figure(traces: Mapping[str, Any], command: str) -> Figure:
    from replication.report.figures.traces import plot_errors

    network, crowd = traces["network"], traces["crowd"]
    threshold = format_exact(traces["threshold"])
    end = len(network["errors"]) - 1
    outcomes = zip(crowd["updates"], crowd["converged"], strict=True)
    n_inside = sum(converged and updates <= end for updates, converged in outcomes)
    reached = (
        f"crosses the line at {threshold} after {format_count(network['updates'])} updates"
        if network["converged"]
        else f"does not fall below {threshold}"
    )
    return Figure(
        name="errors",
        caption="**Reconstruction error while learning.** Blue: the network with seed "
        f"{network['seed']}. "
        + (
            f"Grey: the first {format_count(len(crowd['seeds']))} networks. "
            if len(crowd["seeds"]) > 1
            else ""
        )
        + f"Dashed: the criterion of {threshold}. Logarithmic error axis; learning goes on after "
        "the criterion is met.",
        alt=f"Line chart of error against weight updates from 0 to {end}. The highlighted network "
        f"starts at {format_number(network['errors'][0], 2)}, wanders and {reached}."
        + (
            f" Behind it {format_count(len(crowd['seeds']))} grey lines; {format_count(n_inside)} "
            f"of them cross within {format_amount(end, 'update')}."
            if len(crowd["seeds"]) > 1
            else ""
        ),
        draw=partial(
            plot_errors,
            errors=network["errors"],
            updates=network["updates"],
            converged=network["converged"],
            crowd=crowd["errors"],
            threshold=traces["threshold"],
        ),
        command=command,
    )


def _make_reconstruction_figure(traces: Mapping[str, Any], command: str) -> Figure:
    from replication.report.figures.traces import plot_reconstructions

    network = traces["network"]
    shown = min(len(network["reconstructions"]), 49)
    side = len(network["patterns"])
    met = network["converged"] and network["updates"] < shown
    last = f" The first that meets the criterion, in sweep {network['updates'] + 1}, is framed."
    return Figure(
        name="reconstructions",
        caption="**What one network makes of its input, sweep by sweep.** Each small picture has "
        f"one row for each of the {side} patterns and one column for each visible unit; black is "
        "active. First the input, then the reconstruction in "
        f"{f'sweeps 1 to {shown}' if shown > 1 else 'sweep 1'}; sweep $k$ comes "
        f"after $k - 1$ updates (seed {network['seed']})." + (last if met else ""),
        alt=f"Grid of {shown + 1} small grey-scale pictures. The first is the input, a black "
        "diagonal. The next ones are blotches and stripes that change from sweep to sweep; "
        + (
            f"from sweep {network['updates'] + 1} on they show the diagonal of the input."
            if met
            else "none of them meets the criterion."
        ),
        draw=partial(
            plot_reconstructions,
            patterns=network["patterns"],
            reconstructions=network["reconstructions"],
            updates=network["updates"] if network["converged"] else -2,
        ),
        command=command,
    )
