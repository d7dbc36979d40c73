"""Commands that give out numbers of single networks: trace and export."""

import argparse
import contextlib
import sys
from pathlib import Path
from typing import Any

from replication.cli.arguments import (
    NETWORKS,
    PROTOCOL,
    add_options,
    read_protocol_arguments,
    read_study,
    whole,
)
from replication.definition.study import MAX_SEEDS
from replication.system.progress import report_progress
from replication.wording import plural


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    trace = subparsers.add_parser(
        "trace", help="print how networks learn as CSV",
        description="Print how networks learn as CSV: the seed, the updates applied so far, the "
        "error, and the reconstruction of each unit (r_PATTERN_UNIT, both counted from 0).",
    )  # fmt: skip
    seed = whole(0, MAX_SEEDS - 1)
    trace.add_argument("seeds", type=seed, nargs="+", metavar="SEED", help="number of a network")
    add_options(trace, "--root-seed", *PROTOCOL, handler=run_trace)

    export = subparsers.add_parser(
        "export", help="write the outcomes of a study as CSV or Parquet",
        description="Write the outcomes of a study as CSV or Parquet, with a description of the "
        "columns in FILE.dictionary.json; to standard output, write the CSV alone. Networks that "
        "are not in the cache are simulated first.",
    )  # fmt: skip
    add_options(export, *NETWORKS, "--jobs", handler=run_export, continues=True)
    export.add_argument(
        "file", type=Path, metavar="FILE", help="FILE.csv or FILE.parquet; - for standard output"
    )
    export.add_argument("--force", action="store_true", help="replace files that exist")


def run_trace(options: argparse.Namespace) -> None:
    """Print networks over learning, one after the other."""
    protocol = read_protocol_arguments(options)
    import numpy as np

    from replication.simulator.trace import trace as trace_network

    places = np.ndindex(protocol.n_patterns, protocol.n_visible)
    print(",".join(["seed", "update", "error", *(f"r_{p}_{i}" for p, i in places)]))
    for seed in options.seeds:
        trace = trace_network(protocol, seed=seed, root_seed=options.root_seed)
        rows = zip(trace.errors, trace.reconstructions, strict=True)
        for update, (error, image) in enumerate(rows):
            values = [f"{value:.6g}" for value in (error, *image.ravel())]
            print(",".join([str(seed), str(update), *values]))
        state = "met the criterion" if trace.converged else "had not met the criterion (censored)"
        report_progress(f"seed {seed} {state} after {plural(trace.updates, 'update')}")


def run_export(options: argparse.Namespace) -> None:
    """Write outcomes to a file."""
    study = read_study(options)
    from replication.cache.blocks import find_cache
    from replication.cache.filling import iterate_outcomes
    from replication.definition.protocol import as_plain
    from replication.publication.exporting import export_outcomes, write_outcomes

    about = {"n_rows": study.n_seeds, "root_seed": study.root_seed}
    description = {**about, "protocol": as_plain(study.protocol)}
    with contextlib.closing(iterate_outcomes(study, find_cache(), jobs=options.jobs)) as found:
        blocks = (outcomes for outcomes, _ in found)
        if options.file == Path("-"):
            write_outcomes(blocks, sys.stdout.buffer, is_text=True)
            return
        paths = export_outcomes(blocks, options.file, description=description, force=options.force)
    for path in paths:
        print(path)
