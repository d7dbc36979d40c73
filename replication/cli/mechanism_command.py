"""The command that tries the mechanism on the user's own inputs."""

import argparse
import dataclasses
import functools
import math
import re
import timeit
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from replication.cli.arguments import PROTOCOL, add_options, parse_whole, read_protocol_arguments
from replication.definition.protocol import RECIRCULATION, Protocol, as_plain
from replication.errors import DataError, StorageError, UsageError
from replication.system.files import read_content
from replication.system.progress import format_duration, report_progress
from replication.wording import plural, show

N_NETWORKS, MIN_NETWORKS, MAX_NETWORKS = 200, 40, 1_000
SEARCH_SHARE = 0.2
"""Networks at each learning rate that is tried, as a share of all."""
CLEAR = 0.9
"""Cosine from which the change counts as along W, or along what the theory predicts."""
INSTEAD = {
    "dropped": "of W dropped",
    "U dropped": "of U dropped",
    "hidden biases dropped": "of the hidden biases dropped",
    "all but W dropped": "of all but W dropped",
    "random": "W changed as much at random",
    "gradient": "W changed by steepest descent",
    "amplification": "W grows without turning",
    "turned": "W as long, turned at random",
    "renewed": "W as long, a new random code",
}
"""What is done with the first changes, and how the answer calls it."""
FACTORS = (0.25, 4.0)
"""By which the initial W is multiplied."""
N_TIMED = 10  # updates of a call that is timed
LARGEST_FILE, MOST_NUMBERS = 2**24, 2**18
"""Bytes that are read, and numbers in them: with more, a single update takes minutes."""
ADVICE = "give one pattern a line, numbers from 0 to 1 between commas"


def add_commands(subparsers: Any) -> None:
    """Add the command of this module to the parser of `replication`."""
    command = subparsers.add_parser(
        "mechanism",
        help="test whether recirculation amplifies its own code on inputs of your own",
        description="Train networks on your own patterns by recirculation, back-propagation and "
        "feedback alignment, each at its own best learning rate, and report whether W amplifies "
        "its own code as predicted, what first changes are worth, and what larger and aligned "
        "weights at the start would save. For example: replication mechanism --patterns FILE.csv "
        "--group-sizes 8,3, or --protocol digits.",
    )
    command.add_argument(
        "--patterns", type=Path, metavar="FILE.csv",
        help="inputs in place of the protocol's, one pattern a line: numbers from 0 to 1 between "
        "commas, semicolons, tabs or spaces",
    )  # fmt: skip
    command.add_argument(
        "--group-sizes", dest="assignments", action="append", default=[],
        type=parse_sizes, metavar="V,H",
        help="visible and hidden units: short for --set group_sizes=[V,H]",
    )  # fmt: skip
    command.add_argument(
        "--seeds", type=functools.partial(parse_whole, low=MIN_NETWORKS, high=MAX_NETWORKS),
        default=N_NETWORKS, metavar="N", help=f"networks (default: {N_NETWORKS})",
    )  # fmt: skip
    add_options(command, "--root-seed", "--jobs", *PROTOCOL)
    command.set_defaults(handler=run_mechanism)


def parse_sizes(text: str) -> str:
    """Return visible and hidden units as ``--set`` has them."""
    if re.fullmatch(r"[0-9, ]+", text, re.ASCII) is None:
        raise argparse.ArgumentTypeError(
            f"{show(text)} was given; allowed are two whole numbers from 1 to 256, e.g. 8,3"
        )
    return f"group_sizes=[{text}]"


def read_task(options: argparse.Namespace) -> Protocol:
    """Return the protocol that the options describe; refuse one to which the theory says nothing.

    The theory is of one hidden group that learns from all patterns at once.
    """
    from replication.simulator.patterns import make_patterns

    protocol = read_protocol_arguments(options)
    if options.patterns is not None:
        patterns = read_patterns(options.patterns, protocol.n_visible)
        protocol = dataclasses.replace(protocol, patterns=patterns)
    for field, is_possible, needed in (
        ("group_sizes", len(protocol.group_sizes) == 2, "one hidden group"),
        ("patterns", len({*map(tuple, make_patterns(protocol).tolist())}) > 1, "two that differ"),
        ("learning_rule", protocol.learning_rule == RECIRCULATION, RECIRCULATION),
        ("update_schedule", protocol.update_schedule == "batch", "batch"),
        ("momentum", protocol.momentum == 0.0, "0"),
        ("regression", protocol.regression > 0.0, "more than 0"),
        ("second_round", not protocol.second_round, "false"),
        ("frozen", "W" not in protocol.frozen, "W to learn"),
    ):
        if not is_possible:
            given = show(as_plain(protocol)[field])
            raise UsageError(f"{field} = {given} was given; mechanism needs {needed}; change it")
    return protocol


def run_mechanism(options: argparse.Namespace) -> int:
    """Try the mechanism on the user's own inputs and print what was found."""
    protocol, n_networks, root_seed = read_task(options), options.seeds, options.root_seed
    import numpy as np

    from replication.experiments.mechanism import controls
    from replication.experiments.mechanism.reach import compare_rules, examine_task
    from replication.simulator.weights import draw_weights

    n_search = max(10, round(SEARCH_SHARE * n_networks))
    seconds, n_bytes = estimate_work(protocol, n_networks, n_search, jobs=options.jobs)
    report_progress(
        f"at most {format_duration(seconds)} and {n_bytes / 2**20:,.0f} MB; much less where "
        "networks converge"
    )
    # Networks that diverge at too large a learning rate are failures, nothing to warn of.
    with np.errstate(all="ignore"):
        report_progress("finding the best learning rate of each rule")
        compared = compare_rules(
            protocol, n_search=n_search,
            n_networks=n_networks, root_seed=root_seed, jobs=options.jobs,
        )  # fmt: skip
        own, examined = compared["recirculation"], None
        if own["converged"]["share"] > 0.0:
            report_progress("replacing the first changes of W")
            best = dataclasses.replace(protocol, learning_rate=own["rate"])
            is_clear = own["converged"]["share"] >= 0.5  # or the median is the cap
            examined = examine_task(
                best, median=own["median"], n_networks=n_networks, root_seed=root_seed,
                jobs=options.jobs, names=tuple(INSTEAD) if is_clear else (),
            )  # fmt: skip
            if is_clear:
                report_progress("starting with other weights")
                weights = draw_weights(best, root_seed, 0, n_networks)
                examined["sizes"] = controls.compare_sizes(
                    best, weights, jobs=options.jobs, factors=FACTORS
                )
                examined["starts"] = controls.compare_starts(best, weights, jobs=options.jobs)
    sizes = "-".join(map(str, (*protocol.group_sizes, protocol.n_visible)))
    print(
        f"{sizes}, {plural(protocol.n_patterns, 'pattern')}, {protocol.visible_units} visible "
        f"units, regression {protocol.regression:g}; "
        f"{plural(n_networks, 'network')} of root seed {root_seed}"
    )
    print(*describe(protocol, compared, examined), sep="\n")
    return 0


def describe(
    protocol: Protocol, compared: dict[str, Any], examined: dict[str, Any] | None
) -> Iterator[str]:
    """Yield the lines of the answer, from what `compare_rules` and `examine_task` return."""
    from replication.experiments.scatter import Scatter

    strengths = Scatter.of(protocol).strengths
    strengths = strengths[strengths > 1e-9 * strengths[0]]
    shown = ", ".join(f"{x:.3g}" for x in strengths[:8]) + (", ..." if len(strengths) > 8 else "")
    yield f"strengths of the inputs (eigenvalues of their scatter): {shown}"
    yield ""
    if examined is not None:
        yield from _describe_growth(examined)
        yield ""
        yield from _describe_worth(examined)
        yield ""
    yield f"{'Rule at its best rate':34}{'rate':>8}{'converged':>11}{'median':>9}{'mean':>9}"
    for rule, row in compared.items():
        rate, median, mean = f"{row['rate']:>8g}", f"{row['median']:>9g}", f"{row['mean']:>9.1f}"
        if row["converged"]["share"] == 0.0:
            rate, median, mean = " " * 8, "", ""
        yield f"  {rule:32}{rate}{row['converged']['share']:>11.1%}{median}{mean}"
    cap = plural(protocol.max_updates, "update")
    yield f"(a network that has not converged counts as {cap})"
    yield ""
    yield (
        f"Recirculation did not converge within {cap} in any network, so there is no best learning "
        "rate at which to look at its changes; try more hidden units or other patterns."
        if examined is None
        else judge_amplification(examined["along_w"], examined["along_theory"])
    )


def _describe_growth(examined: dict[str, Any]) -> Iterator[str]:
    start, then = examined["descent"]
    growth, predicted = (100.0 * examined[name] for name in ("growth", "predicted"))
    header = "After 10 updates at a tenth of the best rate, medians"
    yield f"{header:54}{'predicted':>10}{'measured':>10}"
    yield f"  {'W grows along itself, % an update':52}{predicted:>10.2f}{growth:>10.2f}"
    for text, left, value in (
        ("cosine of the change of W with W times the scatter", "1", examined["along_theory"]),
        ("cosine of the change of W with W", "", examined["along_w"]),
        ("cosine of steepest descent with W, at the start", "", start),
        ("cosine of steepest descent with W, then", "", then),
    ):
        right = "none" if math.isnan(value) else f"{value:.3f}"
        yield f"  {text:52}{left:>10}{right:>10}"


def _describe_worth(examined: dict[str, Any]) -> Iterator[str]:
    if not examined["interventions"]:
        yield (
            "Fewer than half of the networks converge, too few to say what the first changes of W "
            "cost."
        )
        return
    first = f"First {plural(examined['n_first'], 'change')}"
    yield f"{first:32}{'extra updates, median (95 %)':>32}{'failed':>10}"
    for name, row in examined["interventions"].items():
        yield _describe_extra(INSTEAD[name], row)
    yield f"(a network that merely starts later takes {examined['n_first']} more)"
    yield ""
    yield f"{'Other weights at the start':32}{'extra updates, median (95 %)':>32}{'failed':>10}"
    for row in examined["sizes"]:
        text = f"W times {row['factor']:g} (predicted {row['predicted']:.0f})"
        yield _describe_extra(text, row)
    yield _describe_extra("U = W^T, aligned", examined["starts"]["aligned"])


def _describe_extra(text: str, row: dict[str, Any]) -> str:
    low, high = row["extra_interval"]
    extra = f"{row['extra']:g} ({low:g} to {high:g})"
    return f"  {text:30}{extra:>32}{row['failed']['share']:>10.1%}"


def estimate_work(
    protocol: Protocol, n_networks: int, n_search: int, *, jobs: int
) -> tuple[float, float]:
    """Return how many seconds and bytes the command takes at most, from updates that are timed.

    That is as if no network converged, in any rule and at any rate; most answers take a tenth.
    """
    from replication.experiments.mechanism.reach import CHECKED_AT, COARSE, FINE, RULES
    from replication.simulator.engine import N_LANES, record_weights
    from replication.simulator.weights import draw_weights
    from replication.system.threads import count_workers

    weights = draw_weights(protocol, 0, 0, N_LANES)
    record_weights(protocol, weights, 1)  # compiles
    timer = timeit.Timer(lambda: record_weights(protocol, weights, N_TIMED))
    n_calls, seconds = timer.autorange()
    n_tried = len(RULES) * (n_search * (len(COARSE) + len(FINE)) + n_networks)
    n_tried += n_networks * (len(INSTEAD) + len(FACTORS) + 7)
    workers = count_workers(jobs)
    n_states = n_networks * (CHECKED_AT + 6 * workers)
    total = n_tried * protocol.max_updates * seconds / (n_calls * N_TIMED * N_LANES)
    return total / workers, 8.0 * protocol.n_weights * n_states


def judge_amplification(along_w: float, along_theory: float) -> str:
    """Return a sentence on whether W amplifies its own code, and what happens otherwise."""
    if math.isnan(along_w) or math.isnan(along_theory):
        return (
            "In some networks W does not change at all here, or without bounds, so nothing is said "
            "of the direction of its change."
        )
    if along_w >= CLEAR:
        return "W amplifies its own code here."
    if along_theory >= CLEAR:
        return (
            "W does not amplify its own code here: it gathers on the directions in which the "
            "inputs differ most, as the theory predicts for unequal strengths."
        )
    return "The change of W is not what the theory predicts here."


def read_patterns(path: Path, n_visible: int) -> tuple[tuple[float, ...], ...]:
    """Read patterns from a file of numbers from 0 to 1, one pattern a line.

    Numbers stand between commas, semicolons, tabs or spaces; a first line without any number is
    taken for names. With semicolons or tabs numbers may have a decimal comma.
    """
    name = show(path)
    try:
        text = read_content(path, largest=LARGEST_FILE).decode("utf-8-sig")
    except (DataError, OSError) as error:
        reason = getattr(error, "strerror", error)
        raise StorageError(f"--patterns {name} cannot be read ({reason}); {ADVICE}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"--patterns {name} is no UTF-8 ({error.reason}); {ADVICE}") from None
    numbered = enumerate(map(str.strip, text.splitlines()), 1)
    lines = [(n, line) for n, line in numbered if line and not line.startswith("#")]
    separator = next((sign for sign in ";\t," if any(sign in line for _, line in lines)), None)
    rows: list[tuple[float, ...]] = []
    for n, line in lines:
        cells = [cell.strip() for cell in line.split(separator)]
        if separator in (";", "\t"):
            cells = [cell.replace(",", ".") for cell in cells]
        values = [_read_number(cell) for cell in cells]
        if n == lines[0][0] and all(map(math.isnan, values)):
            continue
        for cell, value in zip(cells, values, strict=True):
            if not 0.0 <= value <= 1.0:
                advice = "correct it"
                if math.isfinite(value):
                    advice += ", or scale all numbers by (x - smallest) / (largest - smallest)"
                raise UsageError(
                    f"--patterns {name} holds {show(cell, length=20)} in line {n}; allowed are "
                    f"numbers from 0 to 1; {advice}"
                )
        if len(values) != n_visible:
            raise UsageError(
                f"--patterns {name} has {plural(len(values), 'number')} in line {n}, but "
                f"--group-sizes has {plural(n_visible, 'visible unit')}; make them equal"
            )
        rows.append(tuple(value + 0.0 for value in values))
    if len(rows) * n_visible > MOST_NUMBERS:
        raise UsageError(
            f"--patterns {name} holds {len(rows):,} patterns; allowed are {MOST_NUMBERS:,} numbers "
            f"in all, {plural(MOST_NUMBERS // n_visible, 'pattern')} of {n_visible}; give fewer"
        )
    if len(set(rows)) < 2:
        raise UsageError(f"--patterns {name} holds no two different patterns; {ADVICE}")
    return tuple(rows)


def _read_number(text: str) -> float:
    """Return a number, NaN of what is none or only to Python, as 1_0 or digits of other scripts."""
    is_number = re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", text)
    return float(text) if is_number else math.nan
