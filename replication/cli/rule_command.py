"""The command that tries a learning rule of the user's own."""

import argparse
import dataclasses
import functools
import importlib.util
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from replication.cli.arguments import (
    PROTOCOL,
    add_options,
    parse_whole,
    read_protocol_arguments,
)
from replication.definition.protocol import BACK_PROPAGATION
from replication.errors import ReplicationError, StorageError, UsageError
from replication.system.files import write_durably
from replication.wording import show

MOST_NETWORKS = 100_000_000


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    command = subparsers.add_parser(
        "rule",
        help="try a learning rule of your own over many seeds, beside the paper's",
        description="Compile a learning rule, a subclass of replication.Network in a file of "
        "Python, check it against its own plain NumPy, and train many networks by it. The paper's "
        "rule learns from the same seeds beside it. This runs the code of the file. For example: "
        "replication rule mine.py:Mine --seeds 100000.",
    )
    command.add_argument(
        "rule", metavar="FILE.py:CLASS", help="the class; may be left out if the file has one only"
    )
    command.add_argument(
        "--against", metavar="FILE.py:CLASS",
        help="another rule in place of the paper's",
    )  # fmt: skip
    command.add_argument(
        "--seeds", type=functools.partial(parse_whole, low=1, high=MOST_NETWORKS), default=10_000,
        metavar="N", help="networks of each rule (default: 10000)",
    )  # fmt: skip
    command.add_argument(
        "--plain", action="store_true",
        help="run the rule in plain NumPy: some hundred networks a second",
    )  # fmt: skip
    command.add_argument(
        "--save", type=Path, metavar="FILE.csv", help="write the outcomes, one network a line"
    )
    command.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the shares that have converged (.svg, .png)"
    )
    command.add_argument(
        "--page", type=Path, metavar="FILE.html", help="write a page in which the rule learns"
    )
    add_options(command, "--root-seed", "--jobs", *PROTOCOL)
    command.set_defaults(handler=run_rule)


def read_rule(text: str) -> type:
    """Return the class that FILE.py:CLASS names; the code of the file is run."""
    path, colon, name = text.rpartition(":") if ".py:" in text else (text, "", "")
    file = Path(path)
    if not file.is_file():
        raise StorageError(f"{show(path)} was given, and there is no such file; give FILE.py:CLASS")
    from replication.simulator.arrays import find_own_line
    from replication.simulator.network import Network

    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{show(path)} was given; allowed is a file of Python, FILE.py:CLASS")
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module  # where a class looks for its own module
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except ReplicationError:
        raise
    except Exception as error:
        line = find_own_line(error, {str(file)}) or file.name
        raise UsageError(f"{line}: {type(error).__name__}: {error}; correct the file") from None
    finally:
        sys.path.pop(0)
    found = {
        key: each for key, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, Network) and each.__module__ == file.stem
    }  # fmt: skip
    if not colon and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        raise UsageError(
            f"{show(name) if name else 'no class'} was given; {path} has "
            f"{', '.join(found) or 'no subclass of replication.Network'}; give {path}:CLASS"
        )
    return found[name]


def run_rule(options: argparse.Namespace) -> None:
    """Try a rule and print what was found."""
    # What can be refused before the code of the file is run.
    protocol = read_protocol_arguments(options)
    for path in (options.save, options.plot, options.page):
        if path is not None and not path.parent.is_dir():
            raise StorageError(
                f"{show(path)} cannot be written (there is no such folder); make it or give another"
            )
    network = read_rule(options.rule)
    other = None if options.against is None else read_rule(options.against)
    from replication.experiments.contest import compare_rules
    from replication.simulator.network import Rule
    from replication.simulator.recirculation import RecirculationNetwork

    # The compiled rule against plain NumPy.
    rule = Rule.of(network, protocol)
    if not options.plain:
        from replication.simulator.guard import check_rule

        begun = time.perf_counter()
        found = check_rule(network, protocol, options.root_seed)
        print(
            f"The code of the file was run, and {network.__name__} compiled in "
            f"{time.perf_counter() - begun:.2g} s; {found.n_updates} updates agree with plain "
            f"NumPy (at most {found.largest:.1g} apart).\n"
        )
    # The contest, with the paper's rule where it can learn the same task.
    has_paper_task = rule.network.patterns is None and not rule.has_targets
    if other is None and has_paper_task and protocol.learning_rule != BACK_PROPAGATION:
        other = RecirculationNetwork
    networks = [each for each in (other, network) if each is not None]
    contest = compare_rules(
        *networks, protocol=protocol, n_seeds=options.seeds, root_seed=options.root_seed,
        jobs=options.jobs, plain=options.plain,
    )  # fmt: skip
    width = min(shutil.get_terminal_size().columns, 100)
    own = dataclasses.replace(
        contest, outcomes={network.__name__: contest.outcomes[network.__name__]}
    )
    print(f"{contest}\n\n{own.render_histogram(width)}")
    # The files that were asked for, and how to go on.
    if options.save is not None:
        table = contest.outcomes[network.__name__].to_frame()
        write_durably(options.save, table.to_csv(index=False, lineterminator="\n").encode())
    if options.plot is not None:
        write_durably(options.plot, contest.render_plot(options.plot.suffix[1:]))
    if options.page is not None:
        from replication.experiments.live.rule_page import render_page

        write_durably(options.page, render_page(rule, options.root_seed).encode())
        print(f"\n{options.page}")
    saved = "FILE.csv" if options.save is None else options.save
    advice = "" if options.save is not None else " (after --save FILE.csv)"
    print(
        f"\nTo compare with a report of, say, a mean of 48 over 100 networks{advice}:\n"
        f"replication compare {saved} --column updates --succeeded converged "
        '--reported "48, n = 100"'
    )
