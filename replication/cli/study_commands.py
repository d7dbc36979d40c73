"""Commands on one study: replicate, simulate, report."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import STUDY, WORKERS, add_options, read_study
from replication.system.progress import report_progress
from replication.wording import plural

if TYPE_CHECKING:
    from replication.definition.study import Study


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    replicate = subparsers.add_parser(
        "replicate",
        help="simulate the missing networks of a study, analyse it and write its report",
        description="Simulate the missing networks of a study, analyse it and write its report. "
        "The default study is the one that the committed report describes; any other has a short "
        "report of its own.",
    )
    add_options(replicate, *STUDY, *WORKERS)
    replicate.add_argument(
        "--no-experiments", action="store_true",
        help="do not run the experiments whose models are missing; the default study then has a "
        "short report too",
    )  # fmt: skip
    replicate.set_defaults(handler=run_replicate)

    simulate = subparsers.add_parser(
        "simulate",
        help="simulate the missing networks of a study",
        description="Simulate the networks of a study that the results folder does not hold, and "
        "those of a few other root seeds that its report compares them with. Print how many they "
        "are and the digest of all.",
    )
    add_options(simulate, *STUDY, *WORKERS)
    simulate.set_defaults(handler=run_simulate)

    report = subparsers.add_parser(
        "report",
        help="analyse what is stored and write the report again",
        description="Analyse stored outcomes and write the report again. Simulates no study.",
    )
    add_options(report, *STUDY, "--jobs")
    report.set_defaults(handler=run_report)


def run_replicate(options: argparse.Namespace) -> int:
    """Simulate, analyse, report."""
    study = read_study(options)
    from replication.publication.publishing import replicate_study

    model = replicate_study(
        study,
        experiments=not options.no_experiments,
        report_progress=report_progress,
        **_read_workers(options),
    )
    print("\n".join(describe_result(study, model)))
    return 0


def run_simulate(options: argparse.Namespace) -> int:
    """Simulate what is missing, of the study and of its repetitions."""
    study = read_study(options)
    from replication.publication.publishing import simulate_all
    from replication.store.folders import compute_study_digest

    n_simulated = simulate_all(study, report_progress=report_progress, **_read_workers(options))
    print(
        f"{plural(study.n_seeds, 'network')} of root seed {study.root_seed}: "
        f"{study.n_seeds - n_simulated:,} kept from before, {n_simulated:,} simulated now"
    )
    print(f"digest: {compute_study_digest(study)}")
    return 0


def run_report(options: argparse.Namespace) -> int:
    """Analyse and write the report."""
    study = read_study(options)
    from replication.publication.publishing import write_report

    model = write_report(study, jobs=options.jobs, report_progress=report_progress)
    print("\n".join(describe_result(study, model)))
    return 0


def describe_result(study: Study, model: dict[str, Any]) -> list[str]:
    """Return what a reader wants to know about a replicated study, line by line."""
    from replication.definition.claims import load_claims
    from replication.experiments.judging import describe_condition
    from replication.report.numbers import (
        amount,
        count,
        digits,
        fixed,
        interval,
        number,
        percent,
        percents,
        pvalue,
    )

    headline = load_claims()["headline"]
    population, sampling = model["population"], model["sampling"]
    reported, judged = model["reported"], model["claims"]["headline"]
    lines = {
        "converged": f"{percent(population['share'], 2)} of {amount(population['n'], 'network')} "
        f"within {count(population['cap'])} updates "
        f"({percents(population['share_interval'], 2)})"
    }
    if population["mean"] is not None:
        ends = population["mean_interval"]
        lines["mean"] = f"{fixed(population['mean'], 1)} updates of those that converged"
        lines["mean"] += f" ({interval(ends, 1)})" if None not in ends else ""
    if sampling is not None:
        mean, largest, given = (sampling[name] for name in ("mean", "max", "mean_given_max"))
        chance = sampling["chance_all_converge"]
        condition = f"if all converge (probability {pvalue(chance)}), " if chance < 0.95 else ""
        lines[f"{reported['runs']} networks"] = (
            f"{condition}report a mean of {interval(mean['interval'], 1)} and a largest count of "
            f"{interval(largest['interval'], 0)} (95 % prediction intervals)"
        )
        if judged["reason"] in (None, "settings"):
            numbers = f"a mean of {reported['mean']:g} and a largest count of {reported['max']}"
            if None in (largest["p"], given["p"], sampling["p"]):
                lines["reported"] = f"such networks cannot report {numbers}"
            else:
                is_usual = sampling["p"] > headline.thresholds["min_p"]
                says = "consistent" if is_usual else "not consistent"
                lines["p"] = f"{pvalue(sampling['p'])} for {numbers}: {says} with these networks"
    if model["likelihood"] is not None:
        here = model["likelihood"]["here"]
        lines["likelihood"] = (
            "the paper's settings report exactly these two numbers "
            f"{number(here['bayes_factor'], 2)} times as often "
            f"({digits(here['bayes_factor_interval'], 2)})"
        )
    condition = describe_condition(headline, judged)
    why = {
        "settings": f": other settings than the paper's ({', '.join(judged['other_settings'])})",
        "cap": f": networks are stopped after {count(population['cap'])} updates, and the paper's "
        f"largest count is {reported['max']}",
        "few networks": ": give at least 1,000 networks",
        "few converge": f": too few converge to tell what {reported['runs']} report",
        None: f" {condition}" if condition else "",
    }[judged["reason"]]
    lines["verdict"] = judged["verdict"] + why
    lines["report"] = str(study.folder / "report.html")
    width = max(map(len, lines))
    return [f"{name:{width}}  {text}" for name, text in lines.items()]


def _read_workers(options: argparse.Namespace) -> dict[str, Any]:
    from replication.simulator.backends import check_backend

    check_backend(options.backend, options.scheduler)
    return {"jobs": options.jobs, "scheduler": options.scheduler}
