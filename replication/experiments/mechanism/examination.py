"""What learning waits for on inputs of one's own, and how fast rules learn these."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from replication.definition.fields import take_whole
from replication.definition.protocol import RECIRCULATION, Protocol, as_plain
from replication.errors import UsageError
from replication.experiments.instruments.matrices import Scatter
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import FEWEST, MOST, N_NETWORKS, reach
from replication.experiments.mechanism.foretelling import foretell
from replication.experiments.mechanism.networks import (
    Networks,
    draw_networks,
    measure_smallest_gap,
)
from replication.experiments.mechanism.watching import compare_pairs
from replication.paper.study import DEFAULT_ROOT_SEED
from replication.simulator.rule.network import Network
from replication.simulator.rule.weights import make_patterns
from replication.simulator.running.backends import take_jobs
from replication.simulator.running.guard import check_rule
from replication.system.progress import Tell, silent
from replication.wording import plural, show

if TYPE_CHECKING:
    import pandas as pd

SEARCH_SHARE = 0.2  # share of the networks that learn at each learning rate that is tried
LEARNT = 0.5  # share of networks that have to learn: with fewer, the median is the cap
SAVING = 0.1  # share of the time that a decoder kept aligned has to save, chance allowed for
IN_TIME = 0.5  # share of watching decoders that have to be done when the other network is done
N_FORETOLD = 20  # networks whose gaps are recorded
MOST_CODES = 16  # codes of a network whose gaps are recorded
COLUMNS = (
    "kind",
    "name",
    "rate",
    "tried",
    "at_edge",
    "least_error",
    "converged",
    "median",
    "mean",
    "low",
    "high",
    "near",
    "first_gap",
    "last_gap",
    "predicted",
)
"""Columns of the table, in this order; a column without any value is left out."""
TITLES = {
    "halves": "Halves that learn from another network, or are kept aligned: median updates",
    "law": "What the gaps between the codes foretell, with no number that is fitted",
    "rule": "Rules at their best rates; what has not converged counts as {cap}",
}
"""The title above the rows of each kind."""
HALVES = {
    "watching": "a decoder watches another network's encoder",
    "hearing": "an encoder learns from another network's decoder",
    "mirrored": "U is turned to the transpose of W after every update",
}
"""Names in the table of what `compare_pairs` returns."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Mechanism:
    """The result of `examine_mechanism`; its text is the answer of ``replication mechanism``.

    Attributes
    ----------
    protocol : Protocol
        The task.
    n_networks, root_seed : int
        The networks of each rule at its best learning rate.
    table : pandas.DataFrame
        Rows of three kinds: each learning rule at its best rate (its ``kind`` is *rule*); halves
        that learn from another network or are kept aligned (*halves*); and what the law says of
        one-hot vectors (*law*). ``median`` is in updates; for halves its 95 % interval goes from
        ``low`` to ``high``. ``near`` is the share whose time is within 10 % of that of the other
        network. ``at_edge`` says whether the best rate was the lowest or highest of those tried.
        ``least_error`` is the smallest error with which a network of the search ended: 0 if one
        converged, empty if all diverged.
    answer : str
        Whether learning waits for the encoder, and whether alignment would save anything.
    """

    protocol: Protocol
    n_networks: int
    root_seed: int
    table: "pd.DataFrame"
    answer: str

    def __str__(self) -> str:
        tables = [self._describe_kind(kind) for kind in TITLES]
        parts = [self._describe_task(), *tables, self.answer]
        return "\n\n".join(part for part in parts if part)

    def _describe_task(self) -> str:
        """Return the task in words, and the eight largest strengths of its inputs."""
        protocol = self.protocol
        sizes = "-".join(map(str, (*protocol.group_sizes, protocol.n_visible)))
        strengths = Scatter.of(protocol).strengths
        # Strengths that are much smaller than the largest are rounding errors.
        largest = [f"{x:.3g}" for x in strengths[:8] if x > 1e-9 * strengths[0]]
        return (
            f"{sizes}, {plural(protocol.n_patterns, 'pattern')}, {protocol.visible_units} visible "
            f"units, regression {protocol.regression:g}; "
            f"{plural(self.n_networks, 'network')} of root seed {self.root_seed}\n"
            f"strengths of the inputs (eigenvalues of their scatter): {', '.join(largest)}"
        )

    def _describe_kind(self, kind: str) -> str:
        """Return the rows of a kind as text with a title, without empty columns; "" if none."""
        is_of_kind = self.table["kind"] == kind
        rows = self.table[is_of_kind].drop(columns="kind").dropna(axis=1, how="all")
        if rows.empty:
            return ""
        title = TITLES[kind].format(cap=plural(self.protocol.max_updates, "update"))
        text = rows.set_index("name").to_string(
            na_rep="", float_format="{:.4g}".format, index_names=False
        )
        return f"{title}\n{text}"


def examine_mechanism(
    protocol: Protocol,
    *,
    network: type[Network] | None = None,
    n_seeds: int = N_NETWORKS,
    root_seed: int = DEFAULT_ROOT_SEED,
    jobs: int = -1,
    report_progress: Tell = silent,
) -> Mechanism:
    """Test what recirculation waits for on a protocol's patterns.

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
    Rates are searched on other networks than those that are judged. The search begins where
    descent is stable, which follows from the scatter and number of patterns. It goes on beyond the
    lowest or highest rate as long as that is the best. If no network of any rule converges at any
    rate, the answer says so, and no further networks are trained.

    Examples
    --------
    >>> import replication
    >>> found = replication.examine_mechanism(replication.PAPER, n_seeds=40)
    >>> print(found.answer)
    The encoder sets the time here: a decoder that only watches is done when the other network is.
    Keeping the decoder aligned saves no time.
    >>> float(found.table.set_index("name").rate["recirculation"])
    14.0
    """
    check_task(protocol)
    n_seeds = take_whole("n_seeds", n_seeds, FEWEST, MOST)
    if network is not None:
        own_protocol, _ = reach.admit(network, protocol).enter(1.0)  # at any learning rate
        check_rule(network, own_protocol, root_seed)
    sample = Sample(n_seeds, root_seed, take_jobs(jobs), report_progress)
    search = sample.take(SEARCH_SHARE, least=10)
    # Networks that diverge at too large a learning rate are failures, nothing to warn of.
    with np.errstate(all="ignore"):
        rules = reach.compare_rules(protocol, sample, search=search, own=network)
        waiting = examine_waiting(protocol, rules, sample)
    # If no rule learns, only a few networks have been judged.
    n_networks = n_seeds if reach.has_learnt(rules) else reach.MIN_FEW
    table = make_table([*waiting.rows, *list_rules(rules)])
    return Mechanism(protocol, n_networks, root_seed, table, waiting.answer)


@dataclasses.dataclass(frozen=True, slots=True)
class Waiting:
    """What networks wait for: sentences, and the rows of the table that show it."""

    answer: str
    rows: list[Model]


def examine_waiting(protocol: Protocol, rules: Model, sample: Sample) -> Waiting:
    """Return what networks wait for at the best rate of recirculation, if enough of them learn."""
    recirculation = rules["recirculation"]
    share = recirculation["converged"]["share"]
    if share == 0.0:
        return Waiting(describe_failure(protocol, has_learnt=reach.has_learnt(rules)), [])
    if share < LEARNT:
        return Waiting(
            "Fewer than half of the networks learn here: nothing is said of what they wait for.", []
        )
    sample.report_progress("exchanging halves")
    best = dataclasses.replace(protocol, learning_rate=recirculation["rate"])
    networks = draw_networks(best, sample)
    compared = compare_pairs(networks, sample)
    return Waiting(judge_waiting(compared), [*list_halves(compared), *list_law(networks)])


def make_table(rows: list[Model]) -> "pd.DataFrame":
    """Return rows as a table, with the columns of `COLUMNS` that at least one row has."""
    import pandas as pd  # which takes long to import

    known = {name for row in rows for name in row}
    return pd.DataFrame(rows, columns=[name for name in COLUMNS if name in known])


def list_rules(rules: Model) -> list[Model]:
    """Return a row of the table for each rule that was compared."""
    rows = []
    for name, measured in rules.items():
        lowest, highest = measured["tried"]
        rows.append(
            {
                "kind": "rule",
                "name": name,
                **measured,
                "converged": measured["converged"]["share"],
                "tried": f"{lowest:g} to {highest:g}",
            }
        )
    return rows


def check_task(protocol: Protocol) -> None:
    """Refuse a protocol that the theory does not cover.

    The theory is of one hidden group that learns from all patterns at once.
    """
    # Each field, whether its value is possible, and the values that are.
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


def list_halves(compared: Model) -> list[Model]:
    """Return rows of halves that learn from another network, or are kept aligned.

    The first row is that of unchanged networks. `compared` is what `compare_pairs` returns, where
    ``donor`` is the median of the other networks.
    """
    rows: list[Model] = [{"kind": "halves", "name": "nothing changed", "median": compared["donor"]}]
    for name, label in HALVES.items():
        half = compared[name]
        low, high = half["median_interval"]
        row = {
            "kind": "halves",
            "name": label,
            "median": half["median"],
            "low": low,
            "high": high,
            "converged": half["learnt"]["share"],
        }
        if "near" in half:
            row["near"] = half["near"]["share"]
        rows.append(row)
    return rows


def list_law(networks: Networks) -> list[Model]:
    """Return a row with what the law says of one-hot vectors; no row for other inputs."""
    if not has_foretold_time(networks.protocol):
        return []
    few = networks.take(N_FORETOLD)
    foretold = foretell(few)
    return [
        {
            "kind": "law",
            "name": "smallest gap at first and when learnt, and the updates",
            "first_gap": float(np.median(measure_smallest_gap(few.protocol, few.start))),
            "last_gap": float(np.median(measure_smallest_gap(few.protocol, few.final))),
            "median": foretold["actual"],
            "predicted": foretold["predicted"],
        }
    ]


def has_foretold_time(protocol: Protocol) -> bool:
    """Return whether the law foretells the learning time of a task from the gaps between codes.

    The law holds where each visible unit has to tell one code from all others, within a threshold.
    A gap is the distance of a code from the hull of all others, which takes long for many codes. So
    there may be at most `MOST_CODES`.
    """
    patterns = make_patterns(protocol)
    is_one_hot = np.array_equal(patterns, np.eye(len(patterns)))
    has_threshold = (protocol.visible_units, protocol.criterion) == ("logistic", "every-unit")
    return is_one_hot and has_threshold and len(patterns) <= MOST_CODES


def describe_failure(protocol: Protocol, *, has_learnt: bool) -> str:
    """Return advice on a task that recirculation fails at; `has_learnt`: whether a rule learns."""
    failing = "Recirculation does not meet" if has_learnt else "No rule meets"
    return (
        f"{failing} the criterion here "
        f"({protocol.criterion} below {protocol.threshold:g}) at any rate that was tried. Allow a "
        "larger threshold or another criterion, more hidden units or more updates."
    )


def judge_waiting(compared: Model) -> str:
    """Return a sentence on which half sets the time, and one on alignment."""
    near = compared["watching"]["near"]["share"]
    aligned_high = compared["mirrored"]["median_interval"][1]  # of the updates, if kept aligned
    if near is not None and near >= IN_TIME:
        first = (
            "The encoder sets the time here: a decoder that only watches is done when the other "
            "network is."
        )
    else:
        first = (
            "The encoder alone does not set the time here: a decoder that only watches is not done "
            "when the other network is."
        )
    if aligned_high < (1.0 - SAVING) * compared["donor"]:
        second = "Keeping the decoder aligned saves time."
    else:
        second = "Keeping the decoder aligned saves no time."
    return f"{first}\n{second}"
