"""The command ``claims``: test the abstract's other claims."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from replication.cli.arguments import add_jobs, add_results, add_root_seed, parse_whole
from replication.progress import format_duration, tell
from replication.protocol import DEFAULT_ROOT_SEED, DEFAULT_SEEDS

MAX_CLAIM_SEEDS = 10_000_000
"""All networks of these experiments are held in memory at once."""


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    claims = subparsers.add_parser(
        "claims",
        help="test the abstract's other claims",
        description="Test what the abstract claims besides the 48 updates: that the procedure "
        "usually converges rapidly, on a good set of codes, by a simple rule, and that it "
        "performs gradient descent in restricted cases. Writes claims.json; the report of the "
        "default study takes it up, and other counts or root seeds get a report of their own. "
        "About a minute.",
    )
    claims.add_argument(
        "--seeds", type=_parse_seeds, default=DEFAULT_SEEDS, metavar="N",
        help=f"networks for speed and codes; the other experiments shrink with it "
        f"(default: {DEFAULT_SEEDS})",
    )  # fmt: skip
    add_root_seed(claims)
    add_results(claims)
    add_jobs(claims)
    claims.set_defaults(handler=run_claims_command)


def run_claims_command(options: argparse.Namespace) -> int:
    """Run the experiments, write ``claims.json`` and print the verdicts."""
    from replication.claims_study import Experiment, Sizes, run_claims
    from replication.results import write_model

    begun = time.monotonic()

    def announce(text: str) -> None:
        elapsed = format_duration(time.monotonic() - begun)
        tell(f"[{elapsed}] {text}")

    experiment = Experiment(
        root_seed=options.root_seed, sizes=Sizes.scale(options.seeds), jobs=options.jobs
    )
    model = run_claims(experiment, announce=announce)
    folder = _find_folder(options)
    path = write_model(folder, "claims", model)
    for name, entry in model["claims"].items():
        print(f"{name}: {entry['verdict']['verdict']}. {entry['verdict']['reason']}")
    print(f"model: {path}")
    if folder != options.results:
        from replication.report import render

        print(f"report: {render({'claims': model}, folder)[0]}")
    return 0


def _find_folder(options: argparse.Namespace) -> Path:
    """Return where outputs go: the results folder itself only for the default run."""
    results: Path = options.results
    if (options.root_seed, options.seeds) == (DEFAULT_ROOT_SEED, DEFAULT_SEEDS):
        return results
    return results / "studies" / f"claims-{options.root_seed}-{options.seeds}"


def _parse_seeds(text: str) -> int:
    return parse_whole(text, low=100, high=MAX_CLAIM_SEEDS)
