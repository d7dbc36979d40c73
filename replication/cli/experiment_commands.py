"""Commands beyond one study: experiments, and a multiverse of one's own readings."""

import argparse
from pathlib import Path
from typing import Any

from replication.cli.arguments import add_options, whole
from replication.errors import UsageError
from replication.experiments import EXPERIMENTS
from replication.system.progress import report_progress
from replication.wording import plural

MULTIVERSE_SEEDS = 10_000
MIN_SEEDS, MAX_SEEDS = 1000, 10_000_000


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    experiments = subparsers.add_parser(
        "experiments", help="run the experiments on the paper's other statements",
        description="Run all or some of the experiments in the report and write their models. "
        f"Experiments: {', '.join(EXPERIMENTS)}. `replication report` then uses the models.",
    )  # fmt: skip
    experiments.add_argument(
        "names", nargs="*", choices=[*EXPERIMENTS], metavar="NAME", help="to run (default: all)"
    )
    experiments.add_argument(
        "--preview", type=whole(100, MAX_SEEDS), metavar="N",
        help="run one experiment with N networks and render its chapter and statements alone, into "
        "previews/NAME of the results folder; models and report stay as they are",
    )  # fmt: skip
    add_options(experiments, "--results", "--jobs", handler=run_experiments_command)

    multiverse = subparsers.add_parser(
        "multiverse", help="compare readings of your own",
        description="Simulate readings of your own on the same seeds and report what 100 networks "
        "of each would have reported.",
        epilog="For example, four readings: [factors] and, below it, a line "
        "learning_rate = [10.0, 20.0] and a line half_width = [0.1, 0.5]. "
        "help(replication.Protocol) in Python lists the fields.",
    )  # fmt: skip
    multiverse.add_argument(
        "--file", type=Path, metavar="FILE.toml", required=True,
        help="[factors] with lists of values of protocol fields, every combination of which is "
        "a reading; [fixed] for all",
    )  # fmt: skip
    multiverse.add_argument(
        "--seeds", type=whole(MIN_SEEDS, MAX_SEEDS), default=MULTIVERSE_SEEDS, metavar="N",
        help=f"networks a reading (default: {MULTIVERSE_SEEDS})",
    )  # fmt: skip
    add_options(multiverse, "--root-seed", "--results", "--jobs", handler=run_multiverse)


def run_experiments_command(options: argparse.Namespace) -> None:
    """Run experiments and write their models."""
    from replication.publication.previews import preview_experiment
    from replication.publication.publishing import run_experiments

    running: dict[str, Any] = {"jobs": options.jobs, "report_progress": report_progress}
    if options.preview is not None:
        if len(options.names) != 1:
            given = plural(len(options.names), "experiment")
            raise UsageError(f"--preview was given with {given}; it takes exactly one; name one")
        print(preview_experiment(options.names[0], options.preview, options.results, **running))
        return
    names = [name for name in EXPERIMENTS if not options.names or name in options.names]
    run_experiments(names, options.results, **running)
    for name in names:
        print(options.results / "models" / f"{name}.json")


def run_multiverse(options: argparse.Namespace) -> None:
    """Simulate the user's own readings, compare them, write model, table and page."""
    from replication.experiments.readings.multiverse import read_readings
    from replication.publication.previews import make_multiverse

    model, table, page = make_multiverse(
        read_readings(options.file), options.seeds, options.root_seed, options.results,
        jobs=options.jobs, report_progress=report_progress,
    )  # fmt: skip
    if n_others := model["n_of_other_tasks"]:
        print(f"{plural(n_others, 'reading')} of another task, not judged by the paper's numbers")
    if n_judged := model["n_judged"]:
        judged = f"{model['n_compatible']} of {plural(n_judged, 'reading')}"
        print(f"{judged} not rejected at 5 % by both of the paper's numbers")
    print(f"table: {table}\nreport: {page}")
