"""Commands on studies and experiments: simulate, report, trace, export, compare readings."""

import argparse
import contextlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from replication.cli import arguments
from replication.errors import UsageError
from replication.experiments import EXPERIMENTS
from replication.paper.study import MAX_SEEDS, Study
from replication.system.files import check_target, publish, temporary_file
from replication.system.progress import escape, report_progress
from replication.wording import plural, show

if TYPE_CHECKING:
    from replication.publication.models import Model
    from replication.simulator.running.outcomes import Outcomes

MOST_SEEDS = 10_000_000  # of an experiment or a reading, whose networks are all kept in memory
ALL = "all"


def add_commands(subparsers: arguments.Subparsers) -> None:
    """Add the commands of this module to the parser of `replication`."""
    _add_studies(subparsers)
    _add_experiments(subparsers)
    _add_multiverse(subparsers)
    _add_trace(subparsers)
    _add_export(subparsers)


def _add_studies(subparsers: arguments.Subparsers) -> None:
    """Add the commands that simulate a study and write its report."""
    arguments.add_command(
        subparsers,
        "replicate",
        "Simulate the networks of a study, analyse them and write its report. The default study is "
        "that of the committed report, for which experiments run whose models are missing; any "
        "other has a short report of its own.",
        *arguments.STUDY,
        *arguments.WORKERS,
        handler=run_replicate,
    )
    arguments.add_command(
        subparsers,
        "simulate",
        "Simulate the networks of a study, and print the digest of their outcomes, which is the "
        "same on every machine.",
        *arguments.NETWORKS,
        *arguments.WORKERS,
        handler=run_simulate,
    )
    arguments.add_command(
        subparsers,
        "report",
        "Analyse a study and write its report again, from the models that there are. Simulates its "
        "networks only if they were not counted before, and runs no experiment.",
        *arguments.STUDY,
        "--jobs",
        handler=run_report,
    )


def _add_experiments(subparsers: arguments.Subparsers) -> None:
    """Add the command that runs experiments."""
    experiments = arguments.add_command(
        subparsers,
        "experiments",
        "Run the experiments on the paper's other statements, all or some, and write their models, "
        f"which `replication report` then uses. Experiments: {', '.join(EXPERIMENTS)}.",
        "--results",
        "--jobs",
        handler=run_experiments_command,
    )
    # ALL is a choice, because Python 3.11 looks for the default among the choices, too.
    experiments.add_argument(
        "names",
        nargs="*",
        choices=[*EXPERIMENTS, ALL],
        default=ALL,
        metavar="NAME",
        help="to run, or 'all' (default: all)",
    )


def _add_multiverse(subparsers: arguments.Subparsers) -> None:
    """Add the command that compares readings of the user's own."""
    multiverse = arguments.add_command(
        subparsers,
        "multiverse",
        "Simulate readings of your own on the same seeds and print, as CSV, which of them could "
        "have given what 100 networks are reported to have done.",
        "--root-seed",
        "--jobs",
        handler=run_multiverse,
        epilog="For example, four readings: [factors] and, below it, a line "
        "learning_rate = [10.0, 20.0] and a line half_width = [0.1, 0.5]. "
        "help(replication.Protocol) in Python lists the fields.",
    )
    multiverse.add_argument(
        "--file",
        type=Path,
        metavar="FILE.toml",
        required=True,
        help="[factors] with lists of values, of which every combination is a reading; [fixed]",
    )
    arguments.add_seeds(multiverse, 1000, MOST_SEEDS, 10_000, "networks a reading")


def _add_trace(subparsers: arguments.Subparsers) -> None:
    """Add the command that prints single networks over learning."""
    trace = arguments.add_command(
        subparsers,
        "trace",
        "Print how networks learn as CSV: the seed, the updates applied so far, the error, and the "
        "reconstruction of each unit (r_PATTERN_UNIT, both counted from 0).",
        "--root-seed",
        *arguments.PROTOCOL,
        handler=run_trace,
    )
    seed = arguments.whole(0, MAX_SEEDS - 1)
    trace.add_argument("seeds", type=seed, nargs="+", metavar="SEED", help="number of a network")


def _add_export(subparsers: arguments.Subparsers) -> None:
    """Add the command that writes outcomes to a file."""
    export = arguments.add_command(
        subparsers,
        "export",
        "Write the outcomes of a study as CSV or Parquet, a network a row, in the order of seeds. "
        "Columns: seed (int64), the number of the network within its root seed, from 0; updates "
        "(int32), how many changes of all weights came before the criterion was first met, 0 to "
        "the field max_updates, and max_updates where it was not met (censored); converged "
        "(boolean; true and false in CSV), whether it was met. No cell is empty.",
        *arguments.NETWORKS,
        "--jobs",
        handler=run_export,
    )
    arguments.add_file(export, "file", "FILE", "FILE.csv or FILE.parquet; - for standard output")
    export.add_argument("--force", action="store_true", help="replace files that exist")


def run_replicate(options: argparse.Namespace) -> None:
    """Simulate, run the experiments whose models are missing, analyse, report."""
    _write_report(options, experiments=True)


def run_report(options: argparse.Namespace) -> None:
    """Analyse, report from the models that there are."""
    _write_report(options, experiments=False)


def _write_report(options: argparse.Namespace, *, experiments: bool) -> None:
    """Write the report of a study and print its result.

    `experiments`: whether to run the experiments whose models are missing.
    """
    # Wrong options are refused before libraries that take long are loaded.
    study = arguments.read_study(options)
    workers = read_workers(options)
    from replication.publication.publishing import replicate_study

    model = replicate_study(
        study,
        experiments=experiments,
        jobs=workers.jobs,
        scheduler=workers.scheduler,
        report_progress=report_progress,
    )
    print("\n".join(describe_result(study, model)))


def run_simulate(options: argparse.Namespace) -> None:
    """Simulate a study and print its digest."""
    study = arguments.read_study(options)
    workers = read_workers(options)
    from replication.experiments.counting import count_outcomes

    counted = count_outcomes(study, jobs=workers.jobs, scheduler=workers.scheduler)
    print(
        f"{plural(study.n_seeds, 'network')} of root seed {study.root_seed}\n"
        f"digest: {counted.digest}"
    )


@dataclass(frozen=True)
class Workers:
    """Who simulates: a number of threads, or the cluster of a scheduler."""

    jobs: int
    scheduler: str | None = None


def read_workers(options: argparse.Namespace) -> Workers:
    """Return who simulates, by the options of `WORKERS` that a command has."""
    if "backend" not in options:
        return Workers(options.jobs)
    from replication.simulator.running.backends import check_backend

    check_backend(options.backend, options.scheduler)
    return Workers(options.jobs, options.scheduler)


def describe_result(study: Study, model: "Model") -> list[str]:
    """Return lines with the results of a study, and with the path of its report."""
    from replication.publication.publishing import METADATA, list_claims
    from replication.report.template import fill

    models = {"headline": model}  # the name that the template gives the model of the study
    claims = list_claims(models)  # the paper's statements, with the verdicts of this model
    template = Path(__file__).with_name("summary.md")
    text = fill(template, {**models, "claims": claims}, METADATA)
    lines = [line for line in text.splitlines() if line]  # without the empty ones
    return [*lines, f"report        {escape(str(study.folder / 'report.html'))}"]


def run_experiments_command(options: argparse.Namespace) -> None:
    """Run experiments and write their models."""
    from replication.publication.publishing import run_experiments

    are_all = ALL in options.names
    names = [name for name in EXPERIMENTS if are_all or name in options.names]
    run_experiments(names, options.results, jobs=options.jobs, report_progress=report_progress)
    for name in names:
        print(escape(str(options.results / "models" / f"{name}.json")))


def run_multiverse(options: argparse.Namespace) -> None:
    """Simulate the user's own readings and print a row for each."""
    from replication.experiments.instruments.sample import Sample
    from replication.experiments.readings.run import read_readings, run_multiverse

    sample = Sample(options.seeds, options.root_seed, options.jobs, report_progress)
    rows = run_multiverse(read_readings(options.file), sample)
    import pandas as pd

    print(pd.DataFrame(rows).to_csv(index=False, float_format="%.6g", lineterminator="\n"), end="")
    # Readings of another task are not judged by the paper's numbers: `is_compatible` is None.
    judged = [row["is_compatible"] for row in rows if row["is_compatible"] is not None]
    n_others = len(rows) - len(judged)
    report_progress(
        f"{sum(judged)} of {plural(len(judged), 'reading')} not rejected at 5 % by both of the "
        f"paper's numbers; {plural(n_others, 'reading')} of another task, not judged by them"
    )


def run_trace(options: argparse.Namespace) -> None:
    """Print networks over learning, one after the other."""
    protocol = arguments.read_protocol_arguments(options)
    import numpy as np

    from replication.simulator.running.ensemble import trace as trace_network

    columns = ["seed", "update", "error"]
    for p, i in np.ndindex(protocol.n_patterns, protocol.n_visible):
        columns.append(f"r_{p}_{i}")
    print(",".join(columns))
    for seed in options.seeds:
        trace = trace_network(protocol, seed=seed, root_seed=options.root_seed)
        n = len(trace.errors)
        images = trace.reconstructions.reshape(n, -1)
        table = np.column_stack([np.arange(n), trace.errors, images])  # (n, 2 + n_units)
        row_format = f"{seed},%d,%.6g" + ",%.6g" * images.shape[1]
        np.savetxt(sys.stdout, table, fmt=row_format)
        state = "met the criterion" if trace.converged else "had not met the criterion (censored)"
        report_progress(f"seed {seed} {state} after {plural(trace.updates, 'update')}")


def run_export(options: argparse.Namespace) -> None:
    """Write outcomes to a file."""
    study = arguments.read_study(options)
    from replication.experiments.counting import iterate_outcomes

    with contextlib.closing(iterate_outcomes(study, jobs=options.jobs)) as blocks:
        if options.file == Path("-"):
            write_csv(blocks, sys.stdout.buffer)
        else:
            export_outcomes(blocks, options.file, force=options.force)
            print(escape(str(options.file)))


def export_outcomes(blocks: "Iterable[Outcomes]", path: Path, *, force: bool = False) -> None:
    """Write outcomes to a file, block by block; `force`: replace a file that exists."""
    check_target(path, [".csv", ".parquet"])
    if path.exists() and not force:
        raise UsageError(f"{show(path)} exists; give --force to replace it, or another name")
    write = write_csv
    if path.suffix.lower() == ".parquet":
        if find_spec("pyarrow") is None:
            raise UsageError(
                f"{show(path)} needs the package pyarrow, which is not installed; install it with "
                "pip install pyarrow, or give a file that ends in .csv"
            )
        write = write_parquet
    with temporary_file(path) as table:
        with table.open("wb") as stream:
            write(blocks, stream)
        publish(table, path)


def write_csv(blocks: "Iterable[Outcomes]", file: BinaryIO) -> None:
    """Write outcomes into an open file as CSV."""
    import numpy as np
    import pandas as pd

    file.write(b"seed,updates,converged\n")
    for block in blocks:
        columns = {
            "seed": np.arange(block.start, block.stop),
            "updates": block.updates,
            "converged": np.where(block.converged, "true", "false"),
        }
        text = pd.DataFrame(columns).to_csv(header=False, index=False, lineterminator="\n")
        file.write(text.encode())


def write_parquet(blocks: "Iterable[Outcomes]", file: BinaryIO) -> None:
    """Write outcomes into an open file as Parquet."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema({"seed": pa.int64(), "updates": pa.int32(), "converged": pa.bool_()})
    with parquet.ParquetWriter(file, schema) as writer:
        for block in blocks:
            seeds = np.arange(block.start, block.stop)
            columns = [pa.array(x) for x in (seeds, block.updates, block.converged)]
            writer.write_table(pa.table(columns, schema=schema))
