"""The command that measures how often the intervals hold what they promise."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from replication.cli.arguments import add_jobs, add_results
from replication.errors import StorageError, UsageError

CALIBRATION_ROOT_SEED = 4242
CALIBRATION_NETWORKS = 1_000_000


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    calibrate = subparsers.add_parser(
        "calibrate",
        help="measure how often the intervals hold what they promise",
        description="Draw studies of several sizes from the law of a large run, count how often "
        "each nominal 95 % interval holds the true value, and check the exact law of a mean "
        "against resampling and closed forms. Writes calibration.json into the results folder. "
        "Exit code 1 if a requirement is missed.",
    )
    add_results(calibrate)
    add_jobs(calibrate)
    kinds = calibrate.add_mutually_exclusive_group()
    kinds.add_argument("--quick", action="store_true", help="a short trial that writes nothing")
    kinds.add_argument(
        "--ship", action="store_true",
        help="write the table that the package ships and that reports and 'compare' quote, too "
        "(in a source checkout only)",
    )  # fmt: skip
    calibrate.set_defaults(handler=run_calibrate)


def run_calibrate(options: argparse.Namespace) -> int:
    """Measure coverages, print them and, unless quick, write the table."""
    import json

    from replication.analysis.calibration import calibrate
    from replication.analysis.compatible import read_reported_mean
    from replication.analysis.counts import CountTable
    from replication.claims import load_claims
    from replication.cli.comparison_text import format_calibration
    from replication.protocol import PAPER
    from replication.simulator.ensemble import simulate
    from replication.store.files import write_durably

    paths = [] if options.quick else _prepare_tables(options.results, ship=options.ship)
    n_networks = CALIBRATION_NETWORKS // (10 if options.quick else 1)
    outcomes = simulate(
        PAPER, n_seeds=n_networks, root_seed=CALIBRATION_ROOT_SEED, jobs=options.jobs
    )
    law = CountTable.from_outcomes(outcomes.updates, outcomes.converged, PAPER.max_updates)
    about = {"protocol_id": PAPER.id, "root_seed": CALIBRATION_ROOT_SEED}
    reported = read_reported_mean(load_claims()["mean-48"].reported or "48")
    if options.quick:
        model = calibrate(
            law,
            reported,
            n_studies=400,
            n_prediction_studies=30,
            n_star_studies=10,
            sizes=(50, 1000, 10_000),
            mode="quick",
            about=about,
        )
    else:
        model = calibrate(law, reported, about=about)
    print(format_calibration(model))
    text = json.dumps(model, indent=1, sort_keys=True) + "\n"
    for path in paths:
        write_durably(path, text.encode())
        print(f"wrote {path}")
    return 0 if model["meets"] else 1


def _prepare_tables(results: Path, *, ship: bool) -> list[Path]:
    """Return where the table goes, after making sure that it can be written there.

    Raises
    ------
    UsageError
        If it is to be shipped and the package does not lie in a source checkout.
    StorageError
        If a folder cannot be made or takes no file.
    """
    import tempfile

    import replication.analysis
    from replication.analysis.coverage import TABLE_NAME
    from replication.store.files import make_folder

    folders = [results]
    if ship:
        package = Path(replication.analysis.__file__).parent
        if not (package.parents[1] / "pyproject.toml").is_file():
            raise UsageError(
                f"--ship was given, but the package in {str(package.parent)!r} is installed; leave "
                "--ship out, or run from a source checkout"
            )
        folders.append(package)
    for folder in folders:
        make_folder(folder)
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise StorageError(
                f"{str(folder)!r} takes no file ({error.strerror}); make it writable"
            ) from None
    return [folder / TABLE_NAME for folder in folders]
