"""Whether recirculation amplifies its own code on inputs of one's own, and how fast rules are."""

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd

from replication.definition.fields import take_whole
from replication.definition.protocol import RECIRCULATION, Protocol, as_plain
from replication.errors import UsageError
from replication.experiments.instruments.matrices import Scatter
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import FEWEST, MOST, N_NETWORKS, reach
from replication.paper.study import DEFAULT_ROOT_SEED
from replication.simulator.rule.network import Network
from replication.simulator.rule.weights import make_patterns
from replication.simulator.running.guard import check_rule
from replication.system.progress import Tell, silent
from replication.wording import plural, show

SEARCH_SHARE = 0.2
"""Networks at each learning rate that is tried, as a share of all."""
CLEAR = 0.9
"""Cosine from which the change counts as along W, or along what the theory predicts."""
INSTEAD = {
    "dropped": "of W dropped",
    "U dropped": "of U dropped",
    "random": "W changed as much at random",
    "amplification": "W grows without turning",
}
"""What is done with the first changes, and its name in the answer."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Mechanism:
    """What `examine_mechanism` found; its text is the answer of ``replication mechanism``.

    Attributes
    ----------
    protocol : Protocol
        The task.
    n_networks, root_seed : int
        The networks that each rule trained at its best learning rate.
    table : pandas.DataFrame
        A row for each learning rule at its best rate (its ``kind`` is *rule*), for how W grows
        (*growth*), and for others in place of first changes, so many of them (*first changes*).
        A ``value`` is the growth of W in an update, a cosine, or a median of extra updates with
        its 95 % interval. ``at_edge`` says whether the best rate was the lowest or highest of
        those tried, ``least_error`` the smallest that a network of the search ended with: 0 if
        one converged, empty if all diverged.
    answer : str
        Whether W amplifies its own code, or else what happens.
    """

    protocol: Protocol
    n_networks: int
    root_seed: int
    table: pd.DataFrame
    answer: str

    def __str__(self) -> str:
        protocol, table = self.protocol, self.table
        # What was asked, and the inputs as the theory sees them, the strongest eight.
        sizes = "-".join(map(str, (*protocol.group_sizes, protocol.n_visible)))
        strengths = Scatter.of(protocol).strengths
        known = [f"{x:.3g}" for x in strengths[:8] if x > 1e-9 * strengths[0]]
        parts = [
            f"{sizes}, {plural(protocol.n_patterns, 'pattern')}, {protocol.visible_units} visible "
            f"units, regression {protocol.regression:g}; "
            f"{plural(self.n_networks, 'network')} of root seed {self.root_seed}\n"
            f"strengths of the inputs (eigenvalues of their scatter): {', '.join(known)}"
        ]
        # The table, kind by kind, without the columns that are empty.
        cap = plural(protocol.max_updates, "update")
        form: Any = {"na_rep": "", "float_format": "{:.4g}".format, "index_names": False}
        for kind, title in {
            "growth": "After 10 updates at a tenth of the best rate, medians",
            "first changes": "First changes replaced: extra updates, median, 95 % interval; a "
            "network that merely starts later takes as many more as were replaced",
            "rule": f"Rules at their best rates; what has not converged counts as {cap}",
        }.items():
            rows = table[table["kind"] == kind].drop(columns="kind").dropna(axis=1, how="all")
            if len(rows):
                parts.append(f"{title}\n{rows.set_index('name').to_string(**form)}")
        return "\n\n".join([*parts, self.answer])


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
        Its text is an answer to read, and it holds a table.

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
    >>> found.answer
    'W amplifies its own code here.'
    >>> float(found.table.set_index("name").rate["recirculation"])
    14.0
    """
    check_task(protocol)
    n_seeds = take_whole("n_seeds", n_seeds, FEWEST, MOST)
    if network is not None:
        check_rule(network, reach.admit(network, protocol).enter(1.0)[0], root_seed)
    sample = Sample(n_seeds, root_seed, jobs, report_progress)
    search = sample.take(SEARCH_SHARE, least=10)
    # Networks that diverge at too large a learning rate are failures, nothing to warn of.
    with np.errstate(all="ignore"):
        rules = reach.compare_rules(protocol, sample, search=search, own=network)
        own, rows = rules["recirculation"], []
        answer = describe_failure(protocol, has_learnt=reach.has_learnt(rules))
        if (share := own["converged"]["share"]) > 0.0:
            report_progress("replacing first changes")
            best = dataclasses.replace(protocol, learning_rate=own["rate"])
            names = tuple(INSTEAD) if share >= 0.5 else ()  # or the median is the cap
            examined = reach.examine_task(best, sample, median=own["median"], names=names)
            rows = list_examined(examined)
            answer = judge_amplification(examined["along_w"], examined["along_theory"])
    rows += [
        {"kind": "rule", "name": name, **row, "converged": row["converged"]["share"],
         "tried": "{:g} to {:g}".format(*row["tried"])}
        for name, row in rules.items()
    ]  # fmt: skip
    n_networks = n_seeds if reach.has_learnt(rules) else reach.MIN_FEW
    return Mechanism(protocol, n_networks, root_seed, pd.DataFrame(rows), answer)


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


def list_examined(examined: Model) -> list[Model]:
    """Return rows of how W grows, and of the extra updates without its first changes."""
    rows: list[Model] = [
        {"kind": "growth", "name": name, "predicted": predicted, "value": value}
        for name, predicted, value in (
            ("growth of W along itself in an update", examined["predicted"], examined["growth"]),
            ("cosine of the change of W with W times the scatter", 1.0, examined["along_theory"]),
            ("cosine of the change of W with W", None, examined["along_w"]),
        )
    ]
    for name, row in examined["interventions"].items():
        low, high = row["extra_interval"]
        rows.append({
            "kind": "first changes", "name": INSTEAD[name], "replaced": examined["n_first"],
            "value": row["extra"], "low": low, "high": high, "failed": row["failed"]["share"],
        })  # fmt: skip
    return rows


def describe_failure(protocol: Protocol, *, has_learnt: bool) -> str:
    """Return a sentence on what to allow where recirculation does not learn, or no rule does."""
    return (
        f"{'Recirculation does not meet' if has_learnt else 'No rule meets'} the criterion here "
        f"({protocol.criterion} below {protocol.threshold:g}) at any rate that was tried. Allow a "
        "larger threshold or another criterion, more hidden units or more updates."
    )


def judge_amplification(along_w: float, along_theory: float) -> str:
    """Return a sentence on whether W amplifies its own code, and what happens otherwise."""
    if math.isnan(along_w + along_theory):
        return "In some networks W does not change here, or without bounds: nothing is said of it."
    if along_w >= CLEAR:
        return "W amplifies its own code here."
    if along_theory >= CLEAR:
        return (
            "W does more than amplify its own code here: it gathers on the directions in which the "
            "inputs differ most, as the theory predicts for unequal strengths."
        )
    return "The change of W is not what the theory predicts here."
