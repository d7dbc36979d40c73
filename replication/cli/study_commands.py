"""Commands on one study: replicate, simulate, analyse, report, reproduce, trace, export."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import (
    add_jobs,
    add_protocol,
    add_results,
    add_root_seed,
    add_study,
    add_workers,
    parse_seed,
    read_protocol_arguments,
)
from replication.progress import tell

if TYPE_CHECKING:
    from replication.results import Study


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    for name, handler, text in (
        ("replicate", run_replicate, "simulate what is missing, analyse it, write the report"),
        ("simulate", run_simulate, "simulate the networks that are missing"),
        ("analyse", run_analyse, "analyse stored outcomes, write the models of the report"),
        ("report", run_report, "write the report from its models"),
    ):
        command = _add_command(subparsers, name, text)
        add_study(command)
        if name in ("replicate", "simulate"):
            add_workers(command)
        if name == "analyse":
            add_jobs(command)
        if name in ("replicate", "report"):
            command.add_argument("--pdf", action="store_true", help="write report.pdf too")
        command.set_defaults(handler=handler)

    text = "make the default study again elsewhere and compare everything with the committed one"
    reproduce = _add_command(subparsers, "reproduce", text)
    add_results(reproduce)
    add_jobs(reproduce)
    reproduce.set_defaults(handler=run_reproduce)

    text = "show one network over learning, as CSV: update, error, reconstructions"
    trace = _add_command(subparsers, "trace", text)
    trace.add_argument("seed", type=parse_seed, metavar="SEED", help="number of the network")
    add_root_seed(trace)
    add_protocol(trace)
    trace.set_defaults(handler=run_trace)

    text = "write the outcomes of a study as CSV or Parquet, with a data dictionary beside"
    export = _add_command(subparsers, "export", text)
    add_study(export)
    export.add_argument("file", type=Path, metavar="FILE", help="FILE.csv or FILE.parquet")
    export.set_defaults(handler=run_export)


def _add_command(subparsers: Any, name: str, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = subparsers.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}."
    )
    return command


def _find_study(options: argparse.Namespace) -> Study:
    from replication.results import Study

    protocol = read_protocol_arguments(options)
    return Study(protocol, options.root_seed, options.seeds, options.results)


def run_replicate(options: argparse.Namespace) -> int:
    """Simulate, analyse, report."""
    _check_pdf(options)
    study = _find_study(options)
    _simulate(study, options)
    from replication.results import analyse

    analyse(study, jobs=options.jobs)
    _report(study, pdf=options.pdf)
    return 0


def run_simulate(options: argparse.Namespace) -> int:
    """Simulate what is missing."""
    _simulate(_find_study(options), options)
    return 0


def run_analyse(options: argparse.Namespace) -> int:
    """Analyse what is stored."""
    from replication.results import analyse

    study = _find_study(options)
    models = analyse(study, jobs=options.jobs)
    print(f"models: {study.folder}")
    print(describe_verdict(models["summary"]))
    return 0


def run_report(options: argparse.Namespace) -> int:
    """Render the report."""
    _check_pdf(options)
    _report(_find_study(options), pdf=options.pdf)
    return 0


def _simulate(study: Study, options: argparse.Namespace) -> None:
    from replication.store import Store
    from replication.study import simulate_study

    store = Store(study.results)
    for part in (study, *study.repetitions):
        done = simulate_study(
            store,
            part.protocol,
            part.root_seed,
            part.n_seeds,
            jobs=options.jobs,
            backend=options.backend,
            scheduler=options.scheduler,
        )
        if part is study:
            noun = "network" if study.n_seeds == 1 else "networks"
            print(
                f"{study.n_seeds:,} {noun} of root seed {study.root_seed}: "
                f"{done.n_present:,} stored before, {done.n_simulated:,} simulated now"
            )
            digest = store.digest(study.protocol, study.root_seed, study.n_seeds)
            print(f"digest: {digest}", flush=True)
            tell(f"{len(study.repetitions)} other root seeds, for comparison")


def _check_pdf(options: argparse.Namespace) -> None:
    if options.pdf:
        from replication.publication import require_typesetter

        require_typesetter()


def _report(study: Study, *, pdf: bool) -> None:
    from replication.publication import publish

    files = study.folder / "report.html", study.folder / "report.pdf"
    before = _read(files[0])
    summary = publish(study, pdf=pdf)
    if files[1].exists() and not pdf and _read(files[0]) != before:
        tell(f"{files[1]} is of an earlier report; `replication report --pdf` sets it again")
    print(f"report: {files[0]}")
    print(describe_verdict(summary))


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def describe_verdict(summary: dict[str, Any]) -> str:
    """Return the verdict on the reported mean in a sentence, two where root seeds disagree."""
    verdict, others = summary["verdict"], summary["repetitions"]
    text = f"{verdict['settled']}: {verdict['reason']}"
    found = [other["verdict"] for other in others if other["verdict"] != verdict["verdict"]]
    if not found:
        return text
    counts = ", ".join(f"{found.count(name)} {name}" for name in dict.fromkeys(found))
    return (
        f"{text} That alone would be {verdict['verdict']}, but of {len(others)} other root seeds "
        f"{len(found)} gave another verdict ({counts})."
    )


def run_reproduce(options: argparse.Namespace) -> int:
    """Reproduce the default study and compare."""
    from replication.publication import reproduce, require_same

    found = reproduce(options.results, jobs=options.jobs)
    for text in found.compared:
        print(f"compared {text}")
    for text in found.skipped:
        print(f"not compared: {text}")
    require_same(found.differences, options.results)
    print(f"{options.results}: reproduced; what was compared is the same")
    return 0


def run_trace(options: argparse.Namespace) -> int:
    """Print one network over learning."""
    from replication.simulator.trace import trace_network

    protocol = read_protocol_arguments(options)
    trace = trace_network(protocol, options.root_seed, options.seed)
    n_patterns, n_visible = trace.reconstructions.shape[1:]
    names = [f"r_{p + 1}_{i + 1}" for p in range(n_patterns) for i in range(n_visible)]
    print(",".join(["update", "error", *names]))
    for update, (error, image) in enumerate(zip(trace.errors, trace.reconstructions, strict=True)):
        print(",".join([str(update), *(f"{value:.6g}" for value in (error, *image.ravel()))]))
    state = "met the criterion" if trace.converged else "had not met the criterion (censored)"
    updates = "1 update" if trace.updates == 1 else f"{trace.updates} updates"
    tell(f"seed {options.seed} {state} after {updates}")
    return 0


def run_export(options: argparse.Namespace) -> int:
    """Write outcomes to a file."""
    from replication.protocol import as_plain
    from replication.store import Store
    from replication.store.export import export_outcomes

    study = _find_study(options)
    paths = export_outcomes(
        Store(study.results).read(study.protocol, study.root_seed, 0, study.n_seeds),
        options.file,
        description={"root_seed": study.root_seed, "protocol": as_plain(study.protocol)},
    )
    print("\n".join(str(path) for path in paths))
    return 0
