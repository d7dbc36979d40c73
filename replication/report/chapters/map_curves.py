"""The part of the map chapter on curves through it; not a chapter of its own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.claims import load_claims
from replication.protocol import PAPER
from replication.report.document import Block, Figure, Paragraph, Section
from replication.report.numbers import format_count, format_estimate, format_exact, format_number


def find_command(model: Mapping[str, Any]) -> str:
    """Return the command that makes the map."""
    return f"replication map --seeds {model['n_seeds']} --root-seed {model['root_seed']}"


def describe_rates(model: Mapping[str, Any]) -> list[Block]:
    """Return the learning rate under both update schedules."""
    from replication.report.figures.map import plot_rates

    curve, paper = model["curves"]["learning_rate"], model["paper"]["learning_rate"]
    place = curve["values"].index(paper)
    batch, single = (curve[name] for name in ("batch", "per-pattern"))
    text = load_claims()["mean-48"].reported or ""
    n_patterns = PAPER.group_sizes[0]  # one-hot: as many as visible units
    return [
        Section(title="Weight changes after all patterns or after each", anchor="rates", level=3),
        Paragraph(
            f"If the weights change after each pattern, a sweep makes {n_patterns} changes, one "
            "for each pattern. At the paper's learning rate and regression a network then needs "
            f"{_say_mean(single, place)} sweeps in place of {_say_mean(batch, place)} (means with "
            "restarts, ± the standard error), which is fewer sweeps but more changes: "
            f"{format_number(n_patterns * single['restart'][place], 3)}. The edge moves outwards: "
            f"at a learning rate of {format_exact(curve['values'][-1])}, "
            f"{say_failures(single, -1)} fail in place of {say_failures(batch, -1)} "
            "([](#figure-rates))."
        ),
        Figure(
            name="rates",
            caption="**The learning rate under both schedules**, with the paper's regression. "
            "Above: mean sweeps with restarts; bands are two standard errors. Below: networks that "
            f"fail by {format_count(model['cap'])} sweeps, with 95 % intervals. Dashed across: the "
            f"reported {text}.",
            alt="Two U-shaped curves of mean sweeps against the learning rate, solid for changes "
            "after all patterns, dotted for changes after each. At the paper's "
            f"{format_exact(paper)}: {_say_mean(batch, place)} after all patterns, "
            f"{_say_mean(single, place)} after each. Below, failures rise beyond it.",
            draw=partial(
                plot_rates,
                curve=curve,
                paper_rate=paper,
                reported={"value": float(text), "text": text},
            ),
            command=find_command(model),
        ),
    ]


def describe_widths(model: Mapping[str, Any]) -> list[Block]:
    """Return the half-width of the initial weights under both update schedules."""
    from replication.report.figures.map import plot_widths

    curve = model["curves"]["half_width"]
    batch = curve["batch"]
    text = load_claims()["mean-48"].reported or ""
    low, high = format_exact(curve["values"][0]), format_exact(curve["values"][-1])
    return [
        Section(title="The width of the initial weights", anchor="widths", level=3),
        Paragraph(
            "The paper, as far as we know it, does not say how the initial weights were drawn. "
            f"Drawn within ± {low}, networks need {_say_mean(batch, 0)} updates on average, within "
            f"± {high}, {_say_mean(batch, -1)}; the fewest are needed at a half-width of "
            f"{format_exact(batch['best'])}, which the Monte Carlo error does not separate from "
            f"others between {format_exact(batch['best_from'])} and "
            f"{format_exact(batch['best_to'])} ([](#figure-widths))."
        ),
        Figure(
            name="widths",
            caption="**The half-width of the initial weights under both schedules.** Mean sweeps "
            "with restarts; bands are two standard errors. Dashed across: the reported "
            f"{text}. Logarithmic axis of the half-width.",
            alt=f"Two curves of mean sweeps against the half-width from {low} to {high}. After all "
            f"patterns: {_say_mean(batch, 0)} at {low}, {_say_mean(batch, -1)} at {high}. After "
            f"each pattern: {_say_mean(curve['per-pattern'], 0)} falling to "
            f"{_say_mean(curve['per-pattern'], -1)}.",
            draw=partial(
                plot_widths,
                curve=curve,
                base_width=PAPER.half_width,
                reported={"value": float(text), "text": text},
            ),
            command=find_command(model),
        ),
    ]


def say_failures(columns: Mapping[str, Any], place: int) -> str:
    """Return the share of networks that fail, with its 95 % interval."""
    share = {
        "value": 1 - columns["converged"][place],
        "low": 1 - columns["converged_high"][place],
        "high": 1 - columns["converged_low"][place],
    }
    return format_estimate(share, percent=True)


def _say_mean(columns: Mapping[str, Any], place: int) -> str:
    return (
        f"{format_number(columns['restart'][place], 3)} ± "
        f"{format_number(columns['restart_error'][place], 1)}"
    )
