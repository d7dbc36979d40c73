"""Commands on one study: replicate, simulate, report."""

import argparse
from pathlib import Path
from typing import Any

from replication.cli.arguments import NETWORKS, STUDY, WORKERS, add_options, read_study
from replication.definition.study import Study
from replication.system.progress import report_progress
from replication.wording import plural


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    replicate = subparsers.add_parser(
        "replicate", help="simulate the networks of a study, analyse them and write its report",
        description="Simulate the networks of a study that are not in the cache, analyse all and "
        "write its report. The default study is the one that the committed report describes, for "
        "which experiments run whose models are missing; any other has a short report of its own.",
    )  # fmt: skip
    add_options(replicate, *STUDY, *WORKERS, handler=run_replicate, continues=True)

    simulate = subparsers.add_parser(
        "simulate", help="simulate the networks of a study into the cache",
        description="Simulate the networks of a study that are not in the cache, and those of a "
        "few other root seeds that its report compares them with. Print how many they are and the "
        "digest of all.",
    )  # fmt: skip
    add_options(simulate, *NETWORKS, *WORKERS, handler=run_simulate, continues=True)

    report = subparsers.add_parser(
        "report", help="analyse a study and write its report again; runs no experiment",
        description="Analyse a study and write its report again, from the models that there are. "
        "Simulates networks of the study that are not in the cache, and runs no experiment.",
    )  # fmt: skip
    add_options(report, *STUDY, "--jobs", handler=run_report, continues=True)


def run_replicate(options: argparse.Namespace) -> None:
    """Simulate, run experiments, analyse, report."""
    _write_report(read_study(options), **_read_workers(options))


def run_simulate(options: argparse.Namespace) -> None:
    """Simulate what the cache lacks of a study, and of the studies that its report compares."""
    study, workers = read_study(options), _read_workers(options)
    from replication.cache.blocks import find_cache
    from replication.publication.publishing import count_parts

    counted = count_parts(study, find_cache(), report_progress, **workers)[study]
    n_new = counted.n_simulated
    print(f"{plural(study.n_seeds, 'network')} of root seed {study.root_seed}: "
          f"{study.n_seeds - n_new:,} from the cache, {n_new:,} simulated now\n"
          f"digest: {counted.digest}")  # fmt: skip


def run_report(options: argparse.Namespace) -> None:
    """Analyse and write the report."""
    _write_report(read_study(options), jobs=options.jobs, experiments=False)


def _write_report(study: Study, **options: Any) -> None:
    from replication.cache.blocks import find_cache
    from replication.publication.publishing import replicate_study

    model = replicate_study(study, find_cache(), report_progress=report_progress, **options)
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
