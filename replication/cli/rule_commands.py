"""The commands `rule`, for a rule of the user's own, and `mechanism`, for inputs of their own."""

import argparse
import contextlib
import dataclasses
import importlib.util
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from replication.cli import arguments
from replication.cli.patterns import read_patterns
from replication.definition.protocol import BACK_PROPAGATION, Protocol, from_plain
from replication.errors import ReplicationError, StorageError, UsageError
from replication.experiments.law import FEWEST, MOST, N_NETWORKS
from replication.system.files import check_target, write_durably
from replication.system.progress import escape
from replication.wording import show

if TYPE_CHECKING:
    from replication.experiments.contest import Contest
    from replication.simulator.rule.network import Network, Rule
    from replication.simulator.running.outcomes import Outcomes

FIELDS = {field.name for field in dataclasses.fields(Protocol)}
MOST_KEPT = 50_000_000
"""At most so many final weights of all networks together are kept, 400 MB."""


def add_commands(subparsers: arguments.Subparsers) -> None:
    """Add the commands of this module to the parser of `replication`."""
    _add_mechanism(subparsers)
    _add_rule(subparsers)


def _add_mechanism(subparsers: arguments.Subparsers) -> None:
    """Add the command that compares learning times with the law, on the user's inputs or rule."""
    mechanism = arguments.add_command(
        subparsers,
        "mechanism",
        "Compare how long networks learn with how long a decoder by the delta rule takes to tell "
        "their codes apart, which follows from the gaps between the codes without a fitted "
        "number. Whether the decoder of a rule of your own learns by the delta rule is measured. "
        "For example: replication mechanism --rule mine.py:Mine --feedback B.",
        "--root-seed",
        *arguments.PROTOCOL,
        handler=run_mechanism,
    )
    inputs = "patterns of 0 and 1, one a line: commas, semicolons, tabs or spaces between"
    arguments.add_file(mechanism, "--patterns", "FILE.csv", inputs)
    mechanism.add_argument(
        "--group-sizes",
        dest="assignments",
        action="append",
        default=[],
        type=parse_sizes,
        metavar="V,H",
        help="visible and hidden units: short for --set group_sizes=[V,H]",
    )
    reasons = " (fewer say nothing of a range, more take hours)"
    arguments.add_seeds(mechanism, FEWEST, MOST, N_NETWORKS, note=reasons)
    own_rule = "a rule of your own with a method hidden(self, v); the file is run"
    mechanism.add_argument("--rule", metavar="FILE.py:CLASS", help=own_rule)
    weights = "its weights from the codes to the visible units (default: U)"
    mechanism.add_argument("--decoder", metavar="NAME", default="U", help=weights)
    back = "its weights that lead errors to the hidden units; their gap is ranked with the times"
    mechanism.add_argument("--feedback", metavar="NAME", help=back)
    arguments.add_file(mechanism, "--save", "FILE.csv", "write time, law and gaps by network")


def _add_rule(subparsers: arguments.Subparsers) -> None:
    """Add the command that tries a learning rule of the user's own."""
    rule = arguments.add_command(
        subparsers,
        "rule",
        "Try a learning rule of your own over many seeds, beside the paper's. The rule, a subclass "
        "of replication.Network in a file of Python, is compiled and checked against its own plain "
        "NumPy, and many networks learn by it; the paper's rule learns from the same seeds. --set "
        "takes the rule's own numbers, too. This runs the code of the file. For example: "
        "replication rule mine.py:Mine --seeds 100000 --plot shares.svg.",
        "--root-seed",
        "--jobs",
        *arguments.PROTOCOL,
        handler=run_rule,
    )
    name_of_class = "the class; may be left out if the file has one only"
    rule.add_argument("rule", metavar="FILE.py:CLASS", help=name_of_class)
    arguments.add_seeds(rule, 1, 100_000_000, 10_000, "networks of each rule")
    plain = "run the rule in plain NumPy: some ten networks a second, one where it has loops"
    rule.add_argument("--plain", action="store_true", help=plain)
    observe = "a method or an array of the class, or mean_loss: noted of each network at its end"
    rule.add_argument("--observe", metavar="NAME", action="append", default=[], help=observe)
    arguments.add_file(rule, "--save", "FILE.csv", "write the outcomes, one network a line")
    arguments.add_file(rule, "--plot", "FILE", "draw the distribution of updates (.svg, .png)")
    arguments.add_file(rule, "--page", "FILE.html", "write a page in which the rule learns")


def read_rule(text: str) -> "type[Network]":
    """Return the class that FILE.py:CLASS names; the code of the file is run.

    The name of the class may be left out where the file has one only.
    """
    path = text
    name = None
    if ".py:" in text:  # mine.py:Mine
        path, _, name = text.rpartition(":")
    file = Path(path)
    if file.suffix != ".py" or not file.is_file():
        raise StorageError(
            f"{show(path)} was given, and no such file of Python is there; give FILE.py:CLASS"
        )
    rules = _list_rules(_run_file(file))
    if name is None and len(rules) == 1:
        (rule,) = rules.values()
        return rule
    if name is None or name not in rules:
        given = show(name) if name else "no class"
        has = ", ".join(rules) or "no subclass of replication.Network"
        raise UsageError(f"{given} was given; {path} has {has}; give {path}:CLASS")
    return rules[name]


def _run_file(file: Path) -> ModuleType:
    """Run a file of Python and return it as a module; an error in it is refused with its line."""
    from replication.simulator.rule.own_code import find_own_line

    # Under a name of its own, so that a file called pandas.py does not replace that library.
    spec = importlib.util.spec_from_file_location(f"rule_{file.stem}", file)
    assert spec is not None  # of a file whose name ends in .py
    assert spec.loader is not None
    assert spec.origin is not None
    origin = spec.origin
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where a class looks for its own module
    sys.path.append(str(Path(origin).parent))  # for what the file imports, now or later
    with _blame(lambda error: find_own_line(error, {origin}) or file.name):
        spec.loader.exec_module(module)
    if sys.stdout.closed:
        raise UsageError(f"{file.name} closes sys.stdout, where results are printed; mend the file")
    return module


def _list_rules(module: ModuleType) -> "dict[str, type[Network]]":
    """Return the classes of networks that a module defines, by name; not those it imports."""
    from replication.simulator.rule.network import Network

    rules: dict[str, type[Network]] = {}
    for name, member in vars(module).items():
        is_rule = isinstance(member, type) and issubclass(member, Network)
        if is_rule and member.__module__ == module.__name__:
            rules[name] = member
    return rules


@contextlib.contextmanager
def _blame(find_line: Callable[[BaseException], str | None]) -> Iterator[None]:
    """Turn an error in the user's own code into a refusal that names its line.

    `find_line`: returns the user's line behind an error; None if it is not the user's error.
    """
    try:
        yield
    except (ReplicationError, KeyboardInterrupt, BrokenPipeError):
        raise
    except BaseException as error:  # also of sys.exit
        line = find_line(error)
        if line is None:
            raise
        text = error.msg if isinstance(error, SyntaxError) else error
        raise UsageError(f"{line}: {type(error).__name__}: {text}; mend the file") from None


def blame_rule(network: "type[Network] | None") -> contextlib.AbstractContextManager[None]:
    """Turn an error in the code of a rule, if there is one, into a refusal that names its line."""
    from replication.simulator.rule.own_code import find_line

    return _blame(lambda error: None if network is None else find_line(error, network))


def run_rule(options: argparse.Namespace) -> None:
    """Try a rule and print the results."""
    # What can be refused is refused before the code of the file is run.
    fields = arguments.read_fields(options)
    base = arguments.read_protocol(options.protocol)
    check_target(options.save, [".csv"])
    check_target(options.plot, [".svg", ".png", ".pdf"])
    check_target(options.page, [".html"])
    for name in options.observe:
        if options.observe.count(name) > 1:
            raise UsageError(f"--observe {name} was given twice; give each name once")
    network = read_rule(options.rule)
    with blame_rule(network):
        protocol = _set_numbers(network, fields, base)
        _try_rule(network, protocol, options)


def _set_numbers(network: "type[Network]", fields: dict[str, Any], base: Protocol) -> Protocol:
    """Give the rule those of the fields that are its own numbers; return a protocol of the others.

    `fields`: what ``--set`` gives. Where a rule takes the fields of a protocol, a name that is both
    a field and a number of the rule means the field.
    """
    from replication.simulator.rule.network import Rule

    taken: dict[str, Any] = {}
    if network.takes_protocol:
        taken = {name: value for name, value in fields.items() if name in FIELDS}
    numbers = Rule(network, from_plain(taken, base=base)).numbers
    settable = [name for name in numbers if name not in taken]
    changed = {name: value for name, value in fields.items() if name in settable}
    if changed:
        network.numbers = {**numbers, **changed}
    others = {name: value for name, value in fields.items() if name not in settable}
    try:
        return from_plain(others, base=base)
    except UsageError as error:
        if others.keys() <= FIELDS:  # all names are right, so a value is wrong
            raise
        names = ", ".join(settable) or "none"
        raise UsageError(f"{error}, or the rule's numbers ({names})") from None


def _try_rule(network: "type[Network]", protocol: Protocol, options: argparse.Namespace) -> None:
    """Check a rule, let it learn beside the paper's, and print and write the results."""
    from replication.experiments.contest import compare_rules
    from replication.experiments.live.rule_page import render_page
    from replication.simulator.rule.network import Rule
    from replication.simulator.rule.observing import take_observed
    from replication.simulator.rule.recirculation import RecirculationNetwork

    rule = Rule(network, protocol)
    take_observed(rule, {name: name for name in options.observe})  # which refuses other names
    observed = None
    if options.observe:  # first, since what cannot be observed is refused
        observed = _observe(network, protocol, options)
    if not options.plain:
        _check_compiled(network, protocol, options.root_seed)
    files: dict[Path, bytes] = {}
    if options.page is not None:
        files[options.page] = render_page(rule, options.root_seed).encode()
    # The paper's rule learns beside it where it can learn the same task.
    networks = [network]
    if _has_paper_task(rule):
        networks = [RecirculationNetwork, network]
    contest = compare_rules(
        *networks,
        protocol=protocol,
        n_seeds=options.seeds,
        root_seed=options.root_seed,
        jobs=options.jobs,
        plain=options.plain,
        final_weights=_can_keep_weights([Rule(each, protocol) for each in networks], options),
    )
    print(contest)
    if len(networks) == 1:
        print("\nThe paper's rule is left out: it learns to give back the protocol's patterns.")
    outcomes = contest.outcomes[network.__name__]
    if observed is not None:
        outcomes = observed
        _print_observed(network, observed)
    if options.save is not None:
        table = outcomes.to_frame()
        files[options.save] = table.to_csv(index=False, lineterminator="\n").encode()
    _write_files(files, contest, options.plot)
    if options.save is not None:
        _tell_how_to_compare(options.save)


def _observe(
    network: "type[Network]", protocol: Protocol, options: argparse.Namespace
) -> "Outcomes":
    """Let the networks of a rule learn, and return what is observed at their end."""
    from replication.simulator.running.ensemble import simulate

    return simulate(
        protocol,
        network=network,
        n_seeds=options.seeds,
        root_seed=options.root_seed,
        jobs=options.jobs,
        plain=options.plain,
        observe={name: name for name in options.observe},
    )


def _print_observed(network: "type[Network]", outcomes: "Outcomes") -> None:
    """Print mean and quartiles of what was observed."""
    table = outcomes.to_frame().iloc[:, 3:]  # without seed, updates and converged
    print(f"\nObserved at the end of each network of {network.__name__}:")
    for name in table:
        quartiles = " / ".join(f"{x:.4g}" for x in table[name].quantile([0.25, 0.5, 0.75]))
        print(f"{name}: mean {table[name].mean():.4g}, quartiles {quartiles}")


def _write_files(files: dict[Path, bytes], contest: "Contest", plot: Path | None) -> None:
    """Write files, and the picture of a contest if one was asked for, and print their names."""
    for path, content in files.items():
        write_durably(path, content)
    written = [*files]
    if plot is not None:
        from replication.comparison.figure import save_picture

        save_picture(contest.plot(), plot)
        written.append(plot)
    for path in written:
        print(f"\n{escape(str(path))} was written.")


def _check_compiled(network: "type[Network]", protocol: Protocol, root_seed: int) -> None:
    """Check a compiled rule against plain NumPy, and print how near they are."""
    from replication.simulator.running.guard import check_rule

    begun = time.perf_counter()
    check = check_rule(network, protocol, root_seed)
    seconds = time.perf_counter() - begun
    print(
        f"The code of the file was run, and {network.__name__} compiled in {seconds:.2g} s; "
        f"{check.n_updates} updates agree with plain NumPy (at most {check.largest:.1g} apart).\n"
    )


def _has_paper_task(rule: "Rule") -> bool:
    """Whether the paper's rule can learn the task of a rule: to give back the patterns."""
    if rule.network.patterns is not None or rule.has_targets:
        return False
    return rule.protocol.learning_rule != BACK_PROPAGATION


def _can_keep_weights(rules: "Sequence[Rule]", options: argparse.Namespace) -> bool:
    """Whether final weights, which show how failures ended, can be kept.

    They cannot if there are too many. Nor can they if a compiled rule draws random numbers where
    its error is measured, because then it has no final state.
    """
    from replication.simulator.compiler.traces import Traces
    from replication.simulator.operations.turns import MEASURE

    n_weights = sum(sum(rule.sizes) for rule in rules)
    if options.seeds * n_weights > MOST_KEPT:
        return False
    if options.plain:
        return True
    return not any(MEASURE in Traces(rule).drawn for rule in rules)


def _tell_how_to_compare(path: Path) -> None:
    """Print the command that compares saved outcomes with a report."""
    saved = escape(shlex.quote(str(path)))
    print(
        "\nTo compare with a report of, say, a mean of 48 over 100 networks:\n"
        f"replication compare {saved} --value updates --succeeded converged "
        '--reported "48, n = 100"'
    )


def parse_sizes(text: str) -> str:
    """Return visible and hidden units, such as "8,3", as ``--set`` takes them."""
    if re.fullmatch(r"[0-9, ]+", text) is None:
        allowed = "two whole numbers from 1 to 1024, e.g. 8,3"
        raise argparse.ArgumentTypeError(f"{show(text)} was given; allowed are {allowed}")
    return f"group_sizes=[{text}]"


def run_mechanism(options: argparse.Namespace) -> None:
    """Compare the times of networks with the law, and print and write what is found."""
    fields = arguments.read_fields(options)
    protocol = arguments.read_protocol(options.protocol)
    check_target(options.save, [".csv"])
    if options.patterns is not None:
        fields["patterns"] = read_patterns(options.patterns)
    network = None
    if options.rule is not None:
        network = read_rule(options.rule)
    from replication.experiments.law.examination import examine_mechanism

    with blame_rule(network):
        if network is None:
            protocol = from_plain(fields, base=protocol)
        else:
            protocol = _set_numbers(network, fields, protocol)
        mechanism = examine_mechanism(
            protocol,
            network=network,
            decoder=options.decoder,
            feedback=options.feedback,
            n_seeds=options.seeds,
            root_seed=options.root_seed,
        )
    if options.save is not None:
        table = mechanism.table.to_csv(index=False, lineterminator="\n")
        write_durably(options.save, table.encode())
    print(mechanism)
