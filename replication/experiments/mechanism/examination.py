"""Whether recirculation amplifies its own code on inputs of one's own, and how fast rules are."""

import dataclasses
import math
import timeit
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from replication.definition.protocol import RECIRCULATION, Protocol, as_plain
from replication.definition.study import DEFAULT_ROOT_SEED
from replication.errors import UsageError
from replication.experiments import Model
from replication.experiments.mechanism import FEWEST, MOST, N_NETWORKS, controls, reach
from replication.experiments.sample import Sample
from replication.experiments.scatter import Scatter
from replication.simulator.engine import N_LANES, record_weights
from replication.simulator.guard import check_rule
from replication.simulator.network import Network
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import draw_weights
from replication.system.progress import Tell, format_duration, silent
from replication.system.threads import count_workers
from replication.wording import plural, show

if TYPE_CHECKING:
    import pandas as pd

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
    "steered": "W changed as much in one direction",
    "exchanged": "W as long, another code",
    "renewed": "W as long, a new code each time",
}
"""What is done with the first changes, and its name in the answer."""
FACTORS = (0.25, 4.0)
"""By which the initial W is multiplied."""
N_TIMED = 10  # updates of a call that is timed


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Mechanism:
    """What `examine_mechanism` found; its text is the answer of ``replication mechanism``.

    Attributes
    ----------
    protocol : Protocol
        The task.
    n_networks, root_seed : int
        The networks that each rule trained at its best learning rate.
    rules : dict of dicts
        For each learning rule: ``rate``, the best one; ``tried``, the lowest and the highest;
        ``at_edge``, whether the best was one of these; ``converged``, a share with its interval;
        ``median`` and ``mean`` of the updates, failures at the cap; ``least_error``, the smallest
        that a network of the search ended with (0 if one converged, None if all diverged).
    examined : dict or None
        How W grows, what its first changes are worth, and what other weights at the start save;
        None if no network learns by recirculation.
    """

    protocol: Protocol
    n_networks: int
    root_seed: int
    rules: Mapping[str, Any]
    examined: Mapping[str, Any] | None

    def __str__(self) -> str:
        return "\n".join(_describe(self))

    def judge(self) -> str:
        """Return a sentence on whether W amplifies its own code, and what happens otherwise."""
        if self.examined is not None:
            return judge_amplification(self.examined["along_w"], self.examined["along_theory"])
        rows = self.rules if not reach.has_learnt(self.rules) else ("recirculation",)
        errors = [self.rules[rule]["least_error"] for rule in rows]
        known = [error for error in errors if error is not None]
        low = min(self.rules[rule]["tried"][0] for rule in rows)
        high = max(self.rules[rule]["tried"][1] for rule in rows)
        cap = plural(self.protocol.max_updates, "update")
        opening = "No rule" if len(errors) > 1 else "Recirculation does not"
        return (
            f"{opening} {'meets' if len(errors) > 1 else 'meet'} the criterion here "
            f"({self.protocol.criterion} below {self.protocol.threshold:g}) within {cap}, at any "
            f"learning rate from {low:g} to {high:g}; "
            + (f"the smallest error reached is {min(known):.3g}" if known else "all errors diverge")
            + ". Allow a larger threshold or another criterion, more hidden units "
            f"({self.protocol.group_sizes[1]} here) or more updates."
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return a table with a row for each rule, each change replaced and each other start.

        Columns: ``kind`` (rule, growth, first changes, start), ``name``, ``rate``,
        ``lowest_rate``, ``highest_rate``, ``at_edge``, ``converged``, ``median``, ``mean``,
        ``least_error``, ``predicted``, ``value``, ``low``, ``high``. A value is the growth of W in
        an update, a cosine, or a median of extra updates with its 95 % interval; what does not
        apply is empty.
        """
        import pandas as pd

        return pd.DataFrame(list(_list_rows(self)), columns=COLUMNS)


COLUMNS = (
    "kind", "name", "rate", "lowest_rate", "highest_rate", "at_edge", "converged", "median",
    "mean", "least_error", "predicted", "value", "low", "high",
)  # fmt: skip


def examine_mechanism(
    protocol: Protocol, *, network: type[Network] | None = None, n_seeds: int = N_NETWORKS,
    root_seed: int = DEFAULT_ROOT_SEED, jobs: int = -1, report_progress: Tell = silent,
) -> Mechanism:  # fmt: skip
    """Test whether recirculation amplifies its own code on a protocol's patterns.

    Parameters
    ----------
    protocol : Protocol
        Patterns, sizes and criterion; one hidden group. Its learning rate does not matter: each
        rule is compared at its own best.
    network : subclass of Network, optional
        A rule of one's own, which is compared with the others on the same patterns. Its learning
        rate is ``numbers["rate"]``; a subclass of `RecirculationNetwork` has the protocol's.
    n_seeds : int
        Networks, 40 to 1,000.
    root_seed : int
        With the seed, fixes a network's initial weights.
    jobs : int
        Threads; -1 for one a core.
    report_progress : callable
        Takes a line of text before each part.

    Returns
    -------
    Mechanism
        Its text is an answer to read, `to_frame` a table.

    Raises
    ------
    UsageError
        If the theory does not cover the protocol: several hidden groups, patterns one by one,
        momentum, a frozen W and so on.

    Notes
    -----
    Rates are searched on other networks than are judged. The search begins where descent is
    stable, which follows from the scatter and number of patterns, and goes on past the lowest or
    highest rate while that is the best. If no network of any rule has converged at any rate, the
    answer is that, without further networks.

    Examples
    --------
    >>> import replication
    >>> found = replication.examine_mechanism(replication.PAPER, n_seeds=40)
    >>> found.judge()
    'W amplifies its own code here.'
    >>> found.rules["recirculation"]["rate"]
    14.0
    """
    check_task(protocol)
    if not FEWEST <= n_seeds <= MOST:
        allowed = f"allowed is a whole number from {FEWEST} to {MOST}"
        raise UsageError(f"n_seeds = {n_seeds} was given; {allowed}")
    if network is not None:
        check_rule(network, reach.admit(network, protocol).enter(1.0)[0], root_seed)
    sample = Sample(n_seeds, root_seed, jobs, report_progress)
    search = sample.take(SEARCH_SHARE, least=10)
    seconds, n_bytes = estimate_work(protocol, n_seeds, search.n, jobs=jobs)
    report_progress(
        f"at most {format_duration(seconds)} and {n_bytes / 2**20:,.0f} MB; much less where "
        "networks converge"
    )
    # Networks that diverge at too large a learning rate are failures, nothing to warn of.
    with np.errstate(all="ignore"):
        rules = reach.compare_rules(protocol, sample, search=search, own=network)
        own, examined = rules["recirculation"], None
        if own["converged"]["share"] > 0.0:
            best = dataclasses.replace(protocol, learning_rate=own["rate"])
            examined = _examine(best, own, sample)
    n_networks = n_seeds if reach.has_learnt(rules) else reach.MIN_FEW
    return Mechanism(protocol, n_networks, root_seed, rules, examined)


def _examine(best: Protocol, own: Mapping[str, Any], sample: Sample) -> Model:
    """Return what `reach.examine_task` finds at the best rate, and what other weights save."""
    sample.report_progress("replacing the first changes of W")
    is_clear = own["converged"]["share"] >= 0.5  # or the median is the cap
    names = tuple(INSTEAD) if is_clear else ()
    examined = reach.examine_task(best, sample, median=own["median"], names=names)
    if is_clear:
        sample.report_progress("starting with other weights")
        weights = sample.draw(best)
        examined |= controls.compare_starts(best, weights, jobs=sample.jobs, factors=FACTORS)
    return examined


def check_task(protocol: Protocol) -> None:
    """Refuse a protocol that the theory does not cover.

    The theory is of one hidden group that learns from all patterns at once.
    """
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


def estimate_work(protocol: Protocol, n: int, n_search: int, *, jobs: int) -> tuple[float, float]:
    """Return how many seconds and bytes the work takes at most, from updates that are timed.

    That is as if no network converged, in any rule and at any rate; most answers take a tenth.
    """
    weights = draw_weights(protocol, 0, 0, N_LANES)
    record_weights(protocol, weights, 1)  # compiles
    timer = timeit.Timer(lambda: record_weights(protocol, weights, N_TIMED))
    n_calls, seconds = timer.autorange()
    n_tried = n_search * len(reach.FINE) + n
    n_tried += max(reach.MIN_FEW, round(reach.FEW_SHARE * n_search)) * reach.MOST_RATES
    n_tried = len(reach.RULES) * n_tried + n * (len(INSTEAD) + len(FACTORS) + 7)
    workers = count_workers(jobs)
    n_states = n * (reach.CHECKED_AT + 6 * workers)
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
            "W does more than amplify its own code here: it gathers on the directions in which the "
            "inputs differ most, as the theory predicts for unequal strengths."
        )
    return "The change of W is not what the theory predicts here."


def _describe(found: Mechanism) -> Iterator[str]:
    """Yield the lines of the answer."""
    protocol = found.protocol
    sizes = "-".join(map(str, (*protocol.group_sizes, protocol.n_visible)))
    yield (
        f"{sizes}, {plural(protocol.n_patterns, 'pattern')}, {protocol.visible_units} visible "
        f"units, regression {protocol.regression:g}; "
        f"{plural(found.n_networks, 'network')} of root seed {found.root_seed}"
    )
    # The inputs, as the theory sees them: few of many strengths are shown.
    strengths = Scatter.of(protocol).strengths
    strengths = strengths[strengths > 1e-9 * strengths[0]]
    shown = ", ".join(f"{x:.3g}" for x in strengths[:8]) + (", ..." if len(strengths) > 8 else "")
    yield f"strengths of the inputs (eigenvalues of their scatter): {shown}"
    yield ""
    if found.examined is not None:
        yield from _describe_growth(found.examined)
        yield ""
        yield from _describe_worth(found.examined)
        yield ""
    # A row for each rule, without numbers where no network has converged.
    header = f"{'Rule at its best rate':34}{'rate':>8}{'converged':>11}{'median':>9}{'mean':>9}"
    yield f"{header}   rates tried"
    for rule, row in found.rules.items():
        rate, median, mean = f"{row['rate']:>8g}", f"{row['median']:>9g}", f"{row['mean']:>9.1f}"
        if row["converged"]["share"] == 0.0:
            rate, median, mean = " " * 8, " " * 9, " " * 9
        low, high = row["tried"]
        edge = f", the best at the edge ({row['rate']:g})" if row["at_edge"] else ""
        share = f"{row['converged']['share']:>11.1%}"
        yield f"  {rule:32}{rate}{share}{median}{mean}   {low:g} to {high:g}{edge}"
    cap = plural(protocol.max_updates, "update")
    yield f"(a network that has not converged counts as {cap})"
    yield ""
    yield found.judge()


def _describe_growth(examined: Mapping[str, Any]) -> Iterator[str]:
    growth, predicted = (100.0 * examined[name] for name in ("growth", "predicted"))
    header = "After 10 updates at a tenth of the best rate, medians"
    yield f"{header:54}{'predicted':>10}{'measured':>10}"
    yield f"  {'W grows along itself, % an update':52}{predicted:>10.2f}{growth:>10.2f}"
    for text, left, value in _list_cosines(examined):
        right = "none" if math.isnan(value) else f"{value:.3f}"
        yield f"  {text:52}{left:>10}{right:>10}"


def _list_cosines(examined: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    """Yield a cosine's name, what is predicted if anything is, and what was measured."""
    yield "cosine of the change of W with W times the scatter", "1", examined["along_theory"]
    yield "cosine of the change of W with W", "", examined["along_w"]
    start, then = examined["descent"]
    yield "cosine of steepest descent with W, at the start", "", start
    yield "cosine of steepest descent with W, then", "", then


def _describe_worth(examined: Mapping[str, Any]) -> Iterator[str]:
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
    for name, row in _list_starts(examined):
        predicted = f" (predicted {row['predicted']:.0f})" if "predicted" in row else ""
        yield _describe_extra(f"{name}{predicted}", row)


def _list_starts(examined: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for row in examined["sizes"]:
        yield f"W times {row['factor']:g}", row
    yield "U = W^T, aligned", examined["starts"]["aligned"]


def _describe_extra(text: str, row: Mapping[str, Any]) -> str:
    low, high = row["extra_interval"]
    extra = f"{row['extra']:g} ({low:g} to {high:g})"
    return f"  {text:30}{extra:>32}{row['failed']['share']:>10.1%}"


def _list_rows(found: Mechanism) -> Iterator[Model]:
    """Yield the rows of the table, without what does not apply."""
    for rule, row in found.rules.items():
        low, high = row["tried"]
        yield {
            "kind": "rule", "name": rule, "lowest_rate": low, "highest_rate": high,
            "converged": row["converged"]["share"],
            **{name: row[name] for name in ("rate", "at_edge", "median", "mean", "least_error")},
        }  # fmt: skip
    examined = found.examined
    if examined is None:
        return
    yield {
        "kind": "growth", "name": "W along itself, an update",
        "predicted": examined["predicted"], "value": examined["growth"],
    }  # fmt: skip
    for name, left, value in _list_cosines(examined):
        yield {"kind": "growth", "name": name, "predicted": float(left or "nan"), "value": value}
    costs = [("first changes", INSTEAD[name], x) for name, x in examined["interventions"].items()]
    if examined["interventions"]:
        costs += [("start", *start) for start in _list_starts(examined)]
    for kind, name, row in costs:
        low, high = row["extra_interval"]
        yield {
            "kind": kind, "name": name, "value": row["extra"], "low": low, "high": high,
            "predicted": row.get("predicted"), "converged": 1.0 - row["failed"]["share"],
        }  # fmt: skip
