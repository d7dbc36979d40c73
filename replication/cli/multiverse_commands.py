"""The commands ``multiverse`` and ``map``: other readings, and other settings."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import (
    add_results,
    add_root_seed,
    add_workers,
    parse_whole,
)
from replication.protocol import DEFAULT_ROOT_SEED

if TYPE_CHECKING:
    from replication.multiverse.readings import Readings

MULTIVERSE_SEEDS = 10_000
MAP_SEEDS = 2_000
MIN_SEEDS, MAX_SEEDS = 40, 10_000_000


def add_commands(subparsers: Any) -> None:
    """Add the commands of this module to the parser of `replication`."""
    multiverse = subparsers.add_parser(
        "multiverse",
        help="every reading of the choices that the paper leaves open",
        description="Simulate every reading of the choices that the paper leaves open, on the "
        "same seeds, and say which choices carry the result. Writes multiverse.json, .csv and "
        ".parquet. About five minutes; what is stored already is not simulated again.",
    )
    _add_options(multiverse, n_seeds=MULTIVERSE_SEEDS, unit="reading")
    multiverse.add_argument(
        "--file", type=Path, metavar="FILE.toml",
        help="readings of your own: [factors] with lists of values of protocol fields, every "
        "combination of which is a reading, or [[readings]] one by one; [fixed] for all",
    )  # fmt: skip
    multiverse.add_argument(
        "--yes", action="store_true", help="go ahead however many readings the file asks for"
    )
    multiverse.set_defaults(handler=run_multiverse)

    survey = subparsers.add_parser(
        "map",
        help="learning rate, regression and initial weights around the paper's settings",
        description="Simulate a grid of learning rates and regressions around the paper's "
        "settings, and curves of the update schedule and of the initial weights. Writes map.json. "
        "About two minutes.",
    )
    _add_options(survey, n_seeds=MAP_SEEDS, unit="cell")
    survey.set_defaults(handler=run_map)


def _add_options(parser: argparse.ArgumentParser, *, n_seeds: int, unit: str) -> None:
    parser.add_argument(
        "--seeds", type=_parse_seeds, default=n_seeds, metavar="N",
        help=f"networks a {unit} (default: {n_seeds})",
    )  # fmt: skip
    add_root_seed(parser)
    add_results(parser)
    add_workers(parser)


def _parse_seeds(text: str) -> int:
    return parse_whole(text, low=MIN_SEEDS, high=MAX_SEEDS)


def run_multiverse(options: argparse.Namespace) -> int:
    """Simulate what is missing, analyse, write the model and the table, and print the answers."""
    from replication.multiverse.readings import make_paper_grid, read_readings

    own = options.file is not None
    readings = read_readings(options.file, allow_many=options.yes) if own else make_paper_grid()

    from replication.multiverse.analysis import (
        analyse_multiverse,
        check_size,
        tabulate_readings,
    )
    from replication.multiverse.simulation import simulate_protocols
    from replication.results import write_model
    from replication.store import Store
    from replication.store.tables import write_table

    check_size(readings, options.seeds)
    store = Store(options.results)
    folder = _find_folder(options, readings=readings if own else None)
    n_readings = len(readings.protocols)
    noun = "reading" if n_readings == 1 else "readings"
    print(f"{n_readings} {noun} of {options.seeds} networks", flush=True)
    n_simulated = simulate_protocols(
        store, readings.protocols, options.root_seed, options.seeds, **_read_workers(options)
    )
    print(f"{n_simulated} networks simulated, the others were there; analysing", flush=True)
    model = analyse_multiverse(store, readings, options.root_seed, options.seeds)
    path = write_model(folder, "multiverse", model)
    columns, meanings = tabulate_readings(model)
    files = [path, *write_table(folder, "multiverse", columns, meanings)]
    print(f"model and table: {', '.join(str(file) for file in files)}")
    _print_answers(model)
    if own or folder != options.results:
        from replication.report import render

        print(f"report: {render({'multiverse': model}, folder)[0]}")
    return 0


def run_map(options: argparse.Namespace) -> int:
    """Simulate what is missing of the map, analyse it and write its model."""
    from replication.multiverse.survey import build_map
    from replication.results import write_model
    from replication.store import Store

    model = build_map(
        Store(options.results), options.root_seed, options.seeds, **_read_workers(options)
    )
    folder = _find_folder(options, readings=None)
    path = write_model(folder, "map", model)
    best, paper = model["best"]["restart"], model["paper"]
    print(
        f"fastest with restarts: learning rate {best['learning_rate']:g}, regression "
        f"{best['regression']:g}, {best['value']:.3g} updates; at the paper's "
        f"{paper['learning_rate']:g} and {paper['regression']:g}: {best['paper_value']:.3g}"
    )
    print(f"model: {path}")
    if folder != options.results:
        from replication.report import render

        print(f"report: {render({'map': model}, folder)[0]}")
    return 0


def _find_folder(options: argparse.Namespace, *, readings: Readings | None) -> Path:
    """Return where outputs go: the results folder itself only for the default run."""
    results: Path = options.results
    command = "map" if options.handler is run_map else "multiverse"
    default = MAP_SEEDS if command == "map" else MULTIVERSE_SEEDS
    if readings is None and (options.root_seed, options.seeds) == (DEFAULT_ROOT_SEED, default):
        return results
    which = command if readings is None else f"{command}-{readings.id}"
    return results / "studies" / f"{which}-{options.root_seed}-{options.seeds}"


def _read_workers(options: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ("jobs", "backend", "scheduler")}


def _print_answers(model: dict[str, Any]) -> None:
    reported, classes = model["reported"]["text"], model["classes"]
    for rule in model["rules"]:
        found = classes[rule]
        print(
            f"{rule}: {found['likely']} of {model['n_readings']} readings make {reported} likely "
            f"(n* of {classes['min_n_star']} or more), {found['ruled_out']} rule it out"
        )
    leaders = model["largest_choice"]["discard"]
    if leaders and leaders[0]["is_clear"]:
        named = [f"{entry['field']} = {json.dumps(entry['value'])}" for entry in leaders]
        change, error = leaders[0]["change"], leaders[0]["error"]
        print(
            f"the choice that moves the mean of the base reading most: {' or '.join(named)} "
            f"({change:+.3g} updates, standard error {error:.2g})"
        )
