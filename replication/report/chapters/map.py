"""The map: where in the plane of its settings the procedure works."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from replication.report.chapters.map_curves import (
    describe_rates,
    describe_widths,
    find_command,
    say_failures,
)
from replication.report.document import Block, Figure, Paragraph, Section, Table
from replication.report.numbers import (
    format_count,
    format_estimate,
    format_exact,
    format_interval,
    format_number,
    format_percent,
    join_words,
)

REQUIRES = ("map",)

CRITERIA = {
    "restart": "the mean with restarts",
    "cap": "the mean with unfinished networks counted at the cap",
    "median": "the median",
}


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the chapter on the map."""
    model = models["map"]
    return [
        Section(title="The map around the settings", anchor="map"),
        *_describe_plane(model),
        *_describe_best(model, models.get("claims")),
        *_describe_edge(model),
        *describe_rates(model),
        *describe_widths(model),
    ]


def _describe_plane(model: Mapping[str, Any]) -> list[Block]:
    from replication.report.figures.map import plot_settings

    rates, regressions, paper = model["learning_rates"], model["regressions"], model["paper"]
    best = model["best"]["restart"]
    low_rate, high_rate = format_exact(rates[0]), format_exact(rates[-1])
    rows = [
        (rate, regression, product)
        for rate, regression, product in zip(
            model["ridge"]["learning_rate"], regressions, model["ridge"]["product"], strict=True
        )
        if regression >= 0.5 and rate < rates[-1]
    ]
    products = [product for _, _, product in rows]
    return [
        Paragraph(
            f"How special are a learning rate of {format_exact(paper['learning_rate'])} and a "
            f"regression of {format_exact(paper['regression'])}? [](#figure-settings) shows "
            f"{format_count(len(rates) * len(regressions))} settings, learning rates from "
            f"{low_rate} to {high_rate} and regressions from {format_exact(regressions[0])} to "
            f"{format_exact(regressions[-1])}, with {format_count(model['n_seeds'])} networks "
            "each, all else as in the base reading and on the same seeds. The settings that work "
            "form a ridge: a higher regression weakens every weight change, and a higher learning "
            "rate makes up for it."
            + (
                " Along the ridge the product of the learning rate and 1 minus the regression "
                f"stays between {format_number(min(products), 2)} and "
                f"{format_number(max(products), 2)} for regressions from "
                f"{format_exact(rows[0][1])} to {format_exact(rows[-1][1])}, while the learning "
                f"rate itself goes from {format_exact(rows[0][0])} to {format_exact(rows[-1][0])}."
                if len(rows) > 1
                else ""
            )
        ),
        Figure(
            name="settings",
            caption="**Speed and failures over learning rate and regression.** The lighter, the "
            "fewer updates on average, with networks that have not converged counted at the cap "
            f"of {format_count(model['cap'])} (logarithmic scale). Orange: where 1, 5 and 50 % "
            "of the networks fail, beyond the fastest learning rate. Dotted green: the fastest "
            "learning rate for each regression. Star: the paper's settings. Square: the smallest "
            "mean with restarts on the map.",
            alt="A map of learning rate against regression. A light ridge of fast settings curves "
            "from small learning rates and regressions up to large ones; below and to the right of "
            "it most networks fail. The paper's point, "
            f"{format_exact(paper['learning_rate'])} and {format_exact(paper['regression'])}, lies "
            f"on the ridge; the fastest is {format_exact(best['learning_rate'])} and "
            f"{format_exact(best['regression'])}.",
            draw=partial(
                plot_settings,
                learning_rates=rates,
                regressions=regressions,
                cells=model["cells"],
                ridge=model["ridge"],
                paper=paper,
                best=best,
            ),
            command=find_command(model),
            wide=True,
        ),
    ]


def _say_border(wider: Mapping[str, Any] | None) -> str:
    """Say that the map ends at its best point, and what a wider search has found."""
    text = " The best point lies on the border of the map, so that faster settings may exist beyond"
    if wider is None:
        return f"{text} it."
    found = wider["rapid"]["procedures"]["recirculation-plain"]
    settings, mean = found["settings"], found["mean_at_cap"]
    return (
        f"{text} it: a wider search, on other seeds, ended at "
        f"{format_exact(settings['learning_rate'])} and {format_exact(settings['regression'])}, "
        f"with a mean of {format_estimate(mean)} where failures are counted at the cap "
        "([](#table-speed))."
    )


def _describe_best(
    model: Mapping[str, Any], wider: Mapping[str, Any] | None = None
) -> list[Block]:
    best = model["best"]["restart"]
    on_border = best["learning_rate"] in (model["learning_rates"][0], model["learning_rates"][-1])
    bounds = [100 * (1 - 1 / best["ratio"])] if best["ratio"] else []
    return [
        Section(title="How close to the best are the paper's settings?", anchor="best", level=3),
        Paragraph(
            "What is best depends on what counts. Having been picked from many cells flatters a "
            "cell, so [](#table-best) compares with the paper's on "
            f"{format_count(model['n_fresh'])} fresh networks. "
            + " ".join(_say_best(model, name) for name in CRITERIA)
            + (
                f" So at the paper's settings nearly everything is gained that can be gained on "
                f"this map: with restarts, about {format_number(bounds[0], 2)} % of the "
                "updates could have been saved."
                if bounds and 0 < bounds[0] < 15
                else ""
            )
            + (_say_border(wider) if on_border else "")
        ),
        Table(
            name="best",
            caption="**The best settings against the paper's.** By three criteria; in updates, on "
            "the same fresh networks. Not told apart: other cells of the map that the Monte Carlo "
            "error does not separate from the best one.",
            header=("Criterion", "Rate", "Regression", "Best", "Paper", "Gain", "Not told apart"),
            rows=tuple(
                (
                    words,
                    format_exact(entry["learning_rate"]),
                    format_exact(entry["regression"]),
                    f"{format_number(entry['value'], 3)}",
                    f"{format_number(entry['paper_value'], 3)}",
                    f"{format_number(entry['gain'], 2)} "
                    f"({format_interval(entry['gain_low'], entry['gain_high'], 2)})",
                    format_count(entry["n_tied"] - 1),
                )
                for words, entry in ((CRITERIA[name], model["best"][name]) for name in CRITERIA)
            ),
            align="lrrrrrr",
            command=find_command(model),
        ),
        Paragraph(
            f"Of those {format_count(model['n_fresh'])} fresh networks "
            f"{_count_failures(model, best['paper_converged'])} fail at the paper's settings and "
            f"{_count_failures(model, best['converged'])} at the point that is best with restarts. "
            f"With regression kept at {format_exact(model['paper']['regression'])}, the "
            f"fastest learning rate is {_say_own_best(model)}."
        ),
    ]


def _count_failures(model: Mapping[str, Any], converged: float) -> str:
    return format_count(round((1 - converged) * model["n_fresh"]))


def _say_best(model: Mapping[str, Any], name: str) -> str:
    entry = model["best"][name]
    if entry["gain_low"] > 0:
        gain = (
            f"{format_number(entry['ratio'], 3)} times as fast as the paper's (standard error "
            f"{format_number(entry['ratio_error'], 1)})"
        )
    else:
        gain = "no faster than the paper's beyond the Monte Carlo error"
    return (
        f"By {CRITERIA[name]}, the best is {format_exact(entry['learning_rate'])} and "
        f"{format_exact(entry['regression'])}, {gain}."
    )


def _say_own_best(model: Mapping[str, Any]) -> str:
    batch = model["curves"]["learning_rate"]["batch"]
    if batch["best_from"] == batch["best_to"]:
        return format_exact(batch["best"])
    return (
        f"{format_exact(batch['best'])} by the mean with restarts, and the Monte Carlo error does "
        f"not separate it from others between {format_exact(batch['best_from'])} and "
        f"{format_exact(batch['best_to'])}"
    )


def _describe_edge(model: Mapping[str, Any]) -> list[Block]:
    edge, paper = model["edge"], model["paper"]
    column = model["regressions"].index(paper["regression"])
    rates = model["learning_rates"]
    said = []
    for share in edge["shares"]:
        rate = edge["from_rate"][format_exact(share)][column]
        if rate is not None:
            said.append(f"more than {format_percent(share)} fail from {format_exact(rate)} on")
    batch = model["curves"]["learning_rate"]["batch"]
    return [
        Section(title="The edge", anchor="edge", level=3),
        Paragraph(
            "On one side of the ridge weight changes are small and learning is slow; on the other "
            "they are too large, and networks stop converging. At the paper's regression of "
            f"{format_exact(paper['regression'])}, "
            + (f"{join_words(said)} (95 % bounds), and " if said else "")
            + f"at {format_exact(rates[-1])}, {say_failures(batch, -1)} fail. "
            + _say_distance(model, column)
        ),
    ]


def _say_distance(model: Mapping[str, Any], column: int) -> str:
    paper = model["paper"]["learning_rate"]
    rates = [
        rate
        for share in model["edge"]["shares"]
        if (rate := model["edge"]["from_rate"][format_exact(share)][column]) is not None
    ]
    if not rates or rates[0] <= paper:
        return "The paper's learning rate lies beyond that edge." if rates else ""
    return (
        f"The paper's {format_exact(paper)} is {format_percent(1 - paper / rates[0])} below the "
        "first of these: fast, and with little room for more."
    )
