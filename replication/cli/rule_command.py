"""The command that tries a learning rule of the user's own."""

import argparse
import contextlib
import dataclasses
import importlib.util
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.cli.arguments import PROTOCOL, add_command, read_fields, read_protocol, whole
from replication.definition.protocol import BACK_PROPAGATION, Protocol, from_plain
from replication.errors import ReplicationError, StorageError, UsageError
from replication.system.files import check_target, write_durably
from replication.wording import show

if TYPE_CHECKING:
    from replication.simulator.network import Network

MOST_NETWORKS = 100_000_000
FIELDS = {field.name for field in dataclasses.fields(Protocol)}
MOST_KEPT = 50_000_000
"""Numbers of all networks at the end, 400 MB."""


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    command = add_command(
        subparsers, "rule",
        "Try a learning rule of your own over many seeds, beside the paper's. The rule, a subclass "
        "of replication.Network in a file of Python, is compiled and checked against its own plain "
        "NumPy, and many networks learn by it; the paper's rule learns from the same seeds. --set "
        "takes the rule's own numbers, too. This runs the code of the file. For example: "
        "replication rule mine.py:Mine --seeds 100000.",
        "--root-seed", "--jobs", *PROTOCOL, handler=run_rule,
    )  # fmt: skip
    command.add_argument(
        "rule", metavar="FILE.py:CLASS", help="the class; may be left out if the file has one only"
    )
    command.add_argument(
        "--against", metavar="FILE.py:CLASS", help="another rule in place of the paper's"
    )
    command.add_argument(
        "--seeds", type=whole(1, MOST_NETWORKS), default=10_000, metavar="N",
        help="networks of each rule (default: 10000)",
    )  # fmt: skip
    plain = "run the rule in plain NumPy: some ten networks a second, one where it has loops"
    command.add_argument("--plain", action="store_true", help=plain)
    command.add_argument(
        "--save", type=Path, metavar="FILE.csv", help="write the outcomes, one network a line"
    )
    command.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the shares that have converged (.svg, .png)"
    )
    command.add_argument(
        "--page", type=Path, metavar="FILE.html", help="write a page in which the rule learns"
    )


def read_rule(text: str) -> "type[Network]":
    """Return the class that FILE.py:CLASS names; the code of the file is run."""
    path, colon, name = text.rpartition(":") if ".py:" in text else (text, "", "")
    file = Path(path)
    if not file.is_file():
        raise StorageError(f"{show(path)} was given, and there is no such file; give FILE.py:CLASS")
    if file.suffix != ".py":
        raise UsageError(f"{show(path)} was given; allowed is a file of Python, FILE.py:CLASS")
    from replication.simulator.arrays import find_own_line
    from replication.simulator.network import Network

    # A file that is called as a library (pandas.py) does not take its place.
    spec: Any = importlib.util.spec_from_file_location(f"rule_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where a class looks for its own module
    sys.path.append(str(Path(spec.origin).parent))  # of what the file imports, now or later
    with _blame(lambda error: find_own_line(error, {spec.origin}) or file.name):
        spec.loader.exec_module(module)
    found = {
        key: each for key, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, Network) and each.__module__ == spec.name
    }  # fmt: skip
    if not colon and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        given = show(name) if name else "no class"
        has = ", ".join(found) or "no subclass of replication.Network"
        raise UsageError(f"{given} was given; {path} has {has}; give {path}:CLASS")
    return found[name]


@contextlib.contextmanager
def _blame(find: Callable[[BaseException], str | None]) -> Iterator[None]:
    """Refuse what goes wrong in the user's own code, `sys.exit` too, where its line is found."""
    try:
        yield
    except (ReplicationError, KeyboardInterrupt, BrokenPipeError):
        raise
    except BaseException as error:
        line = find(error)
        if line is None:
            raise
        text = error.msg if isinstance(error, SyntaxError) else error
        raise UsageError(f"{line}: {type(error).__name__}: {text}; mend the file") from None


def blame_rules(networks: "list[type[Network]]") -> contextlib.AbstractContextManager[None]:
    """Refuse what goes wrong in the code of rules, and name its line."""
    from replication.simulator.arrays import find_line

    return _blame(lambda error: next(filter(None, [find_line(error, x) for x in networks]), None))


def run_rule(options: argparse.Namespace) -> None:
    """Try a rule and print what was found."""
    # What can be refused before the code of the file is run.
    fields, base = read_fields(options), read_protocol(options.protocol)
    check_target(options.save, [".csv"])
    check_target(options.plot, [".svg", ".png", ".pdf"])
    check_target(options.page, [".html"])
    networks = [read_rule(text) for text in (options.rule, options.against) if text is not None]
    with blame_rules(networks):
        _try_rules(networks, _set_numbers(networks, fields, base), options)


def _set_numbers(
    networks: "list[type[Network]]", fields: dict[str, Any], base: Protocol
) -> Protocol:
    """Set those of the fields that are numbers of the rules; return the protocol of the others."""
    from replication.simulator.network import Rule

    names: list[str] = []
    for network in networks:
        # What is a field as well stays one where the rule knows all fields.
        theirs = FIELDS & fields.keys() if network.takes_protocol else {*()}
        protocol = from_plain({name: fields[name] for name in theirs}, base=base)
        numbers = Rule.of(network, protocol).numbers
        own = numbers.keys() - theirs
        network.numbers = numbers | {name: fields[name] for name in fields.keys() & own}
        names += sorted(own)
    left = {name: x for name, x in fields.items() if name not in names}
    try:
        return from_plain(left, base=base)
    except UsageError as error:
        if left.keys() <= FIELDS:
            raise
        raise UsageError(f"{error}, or the rule's numbers ({', '.join(names) or 'none'})") from None


def _try_rules(
    networks: "list[type[Network]]", protocol: Protocol, options: argparse.Namespace
) -> None:
    """Check the first of the rules, and print and write what all of them did."""
    from replication.experiments.contest import compare_rules
    from replication.simulator.arrays import MEASURE
    from replication.simulator.network import Rule
    from replication.simulator.programs import Traces
    from replication.simulator.recirculation import RecirculationNetwork

    # The compiled rule against plain NumPy.
    network, rule = networks[0], Rule.of(networks[0], protocol)
    if not options.plain:
        from replication.simulator.guard import check_rule

        begun = time.perf_counter()
        found = check_rule(network, protocol, options.root_seed)
        print(
            f"The code of the file was run, and {network.__name__} compiled in "
            f"{time.perf_counter() - begun:.2g} s; {found.n_updates} updates agree with plain "
            f"NumPy (at most {found.largest:.1g} apart).\n"
        )
    files: dict[Path, bytes] = {}
    if options.page is not None:
        from replication.experiments.live.rule_page import render_page

        files[options.page] = render_page(rule, options.root_seed).encode()
    # The contest, with the paper's rule where it can learn the same task.
    has_paper_task = rule.network.patterns is None and not rule.has_targets
    if len(networks) == 1 and has_paper_task and protocol.learning_rule != BACK_PROPAGATION:
        networks = [network, RecirculationNetwork]
    # How failures ended is known where that fits in the memory, and a pattern has one answer.
    rules = [Rule.of(each, protocol) for each in networks]
    keeps_weights = options.seeds * sum(sum(each.sizes) for each in rules) <= MOST_KEPT and (
        options.plain or not any(MEASURE in Traces(each).drawn for each in rules)
    )
    contest = compare_rules(
        *networks[::-1], protocol=protocol, n_seeds=options.seeds, root_seed=options.root_seed,
        jobs=options.jobs, plain=options.plain, final_weights=keeps_weights,
    )  # fmt: skip
    outcomes = contest.outcomes[network.__name__]
    own = dataclasses.replace(contest, outcomes={network.__name__: outcomes})
    width = min(shutil.get_terminal_size().columns, 100)
    print(f"{contest}\n\n{own.render_histogram(width)}")
    if len(networks) == 1:
        print("\nThe paper's rule is left out: it learns to give back the protocol's patterns.")
    # The files that were asked for, and how to go on.
    if options.save is not None:
        table = outcomes.to_frame().to_csv(index=False, lineterminator="\n")
        files[options.save] = table.encode()
    if options.plot is not None:
        files[options.plot] = contest.render_plot(options.plot.suffix[1:])
    for path, content in files.items():
        write_durably(path, content)
        print(f"\n{path} was written.")
    if options.save is not None:
        print(
            "\nTo compare with a report of, say, a mean of 48 over 100 networks:\n"
            f"replication compare {options.save} --column updates --succeeded converged "
            '--reported "48, n = 100"'
        )
