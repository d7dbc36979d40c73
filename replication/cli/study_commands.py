"""Commands on one study: replicate, simulate, report."""

import argparse
from pathlib import Path
from typing import Any

from replication.cli.arguments import STUDY, WORKERS, add_options, read_study
from replication.definition.study import Study
from replication.system.progress import report_progress
from replication.wording import plural


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
    replicate.set_defaults(handler=run_replicate, continues=True)

    simulate = subparsers.add_parser(
        "simulate",
        help="simulate the missing networks of a study",
        description="Simulate the networks of a study that the results folder does not hold, and "
        "those of a few other root seeds that its report compares them with. Print how many they "
        "are and the digest of all.",
    )
    add_options(simulate, *STUDY, *WORKERS)
    simulate.set_defaults(handler=run_simulate, continues=True)

    report = subparsers.add_parser(
        "report",
        help="analyse what is stored and write the report again",
        description="Analyse stored outcomes and write the report again. Simulates no study.",
    )
    add_options(report, *STUDY, "--jobs")
    report.set_defaults(handler=run_report)


def run_replicate(options: argparse.Namespace) -> None:
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


def run_simulate(options: argparse.Namespace) -> None:
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


def run_report(options: argparse.Namespace) -> None:
    """Analyse and write the report."""
    study = read_study(options)
    from replication.publication.publishing import write_report

    model = write_report(study, jobs=options.jobs, report_progress=report_progress)
    print("\n".join(describe_result(study, model)))


def describe_result(study: Study, model: dict[str, Any]) -> list[str]:
    """Return what a reader wants to know about a replicated study, line by line."""
    from replication.publication.rendering import METADATA, list_claims
    from replication.report.template import Template

    models = {"headline": model}
    template = Template(Path(__file__).with_name("summary.md"))
    text = template.render(models | {"claims": list_claims(models)}, METADATA)
    report = f"report        {study.folder / 'report.html'}"
    return [*filter(None, text.splitlines()), report]


def _read_workers(options: argparse.Namespace) -> dict[str, Any]:
    from replication.simulator.backends import check_backend

    check_backend(options.backend, options.scheduler)
    return {"jobs": options.jobs, "scheduler": options.scheduler}
