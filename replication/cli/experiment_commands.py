"""Commands beyond one study: experiments, and a multiverse of one's own readings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from replication.cli.arguments import add_jobs, add_results, add_root_seed, parse_whole
from replication.errors import UsageError
from replication.experiments import EXPERIMENTS
from replication.progress import tell

MULTIVERSE_SEEDS = 10_000
MIN_SEEDS, MAX_SEEDS = 40, 10_000_000


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    experiments = subparsers.add_parser(
        "experiments",
        help="run the experiments on the paper's other statements",
        description="Run the experiments of the report, all or some, and write their models. "
        f"There are: {', '.join(EXPERIMENTS)}. `replication report` then takes them up.",
    )
    experiments.add_argument(
        "names", nargs="*", metavar="NAME", help="experiments to run (default: all)"
    )
    add_results(experiments)
    add_jobs(experiments)
    experiments.set_defaults(handler=run_experiments_command)

    multiverse = subparsers.add_parser(
        "multiverse",
        help="compare readings of your own",
        description="Simulate readings of your own on the same seeds, and say what 100 networks "
        "of each would have reported.",
    )
    multiverse.add_argument(
        "--file", type=Path, metavar="FILE.toml", required=True,
        help="[factors] with lists of values of protocol fields, every combination of which is "
        "a reading, or [[readings]] one by one; [fixed] for all",
    )  # fmt: skip
    multiverse.add_argument(
        "--seeds", type=_parse_seeds, default=MULTIVERSE_SEEDS, metavar="N",
        help=f"networks a reading (default: {MULTIVERSE_SEEDS})",
    )  # fmt: skip
    add_root_seed(multiverse)
    add_results(multiverse)
    add_jobs(multiverse)
    multiverse.add_argument(
        "--yes", action="store_true", help="go ahead however many readings the file asks for"
    )
    multiverse.set_defaults(handler=run_multiverse)


def run_experiments_command(options: argparse.Namespace) -> int:
    """Run experiments and write their models."""
    unknown = [name for name in options.names if name not in EXPERIMENTS]
    if unknown:
        raise UsageError(
            f"the experiment {unknown[0]!r} was given; allowed are {', '.join(EXPERIMENTS)}"
        )
    from replication.publication import run_experiments

    names = [name for name in EXPERIMENTS if not options.names or name in options.names]
    run_experiments(names, options.results, jobs=options.jobs, tell=tell)
    for name in names:
        print(options.results / "models" / f"{name}.json")
    return 0


def run_multiverse(options: argparse.Namespace) -> int:
    """Simulate readings of the user's own and compare them."""
    from replication.experiments.readings.multiverse import read_readings

    read_readings(options.file, allow_many=options.yes)
    return 0


def _parse_seeds(text: str) -> int:
    return parse_whole(text, low=MIN_SEEDS, high=MAX_SEEDS)
