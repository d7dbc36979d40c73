"""The law on inputs and a rule of one's own: what it predicts, beside what networks need."""

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from replication.definition.fields import take_whole
from replication.definition.protocol import PAPER, Protocol, as_plain, find_protocol
from replication.errors import UsageError
from replication.experiments.instruments.matrices import Array
from replication.experiments.law import FEWEST, MOST, N_NETWORKS
from replication.experiments.law.following import Followed, Learning, follow
from replication.experiments.law.measures import (
    compare_times,
    correlate_ranks,
    count_both,
    find_columns,
    find_median,
    measure_columns,
)
from replication.paper.study import DEFAULT_ROOT_SEED
from replication.simulator.rule.network import Network, Rule
from replication.simulator.rule.recirculation import find_network
from replication.simulator.rule.weights import split_arrays
from replication.simulator.running.engine import Engine
from replication.simulator.running.guard import check_rule
from replication.system.threads import map_in_threads
from replication.wording import plural, show

if TYPE_CHECKING:
    import pandas as pd

WATCHED_AT = (0, 1, 3, 10, 30)  # updates at which the changes of the decoder are looked at
N_WATCHED = 100  # networks whose changes are looked at
IS_DELTA_RULE = 0.999  # share of the decoder's changes that the delta rule has to explain
N_AT_ONCE = 500  # networks whose codes are in memory at a time
BEYOND = 2  # gaps are recorded for twice as long as the slowest network needs
# Moments at which gaps are measured: in two dimensions a gap takes a microsecond, in more of them
# a hundred.
N_MOMENTS = 1_000
N_MOMENTS_OF_LARGE = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Decoder:
    """Whether the weights of a decoder change by the delta rule, as it was measured.

    Attributes
    ----------
    name : str
        Its array, whose rows lead to the visible units.
    rate : float
        The factor eta with which ``eta (v - r) h`` comes nearest to its changes.
    share : float
        The share of the squared changes that this explains, 1 for the delta rule.
    """

    name: str
    rate: float
    share: float

    @property
    def is_delta_rule(self) -> bool:
        """Whether the law applies to it."""
        return self.rate > 0.0 and self.share >= IS_DELTA_RULE


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Mechanism:
    """The result of `examine_mechanism`; its text is the answer of ``replication mechanism``.

    Attributes
    ----------
    rule : str
        The name of the rule.
    protocol : Protocol
        The task.
    root_seed : int
        Of the networks.
    decoder : Decoder
        What was measured of its changes.
    table : pandas.DataFrame
        A row for each network: ``seed``; ``time`` and ``law``, the updates that it needed and that
        the law predicts, empty where these are more than the cap; ``ratio``, the second over the
        first; ``first_gap`` and ``last_gap``, the smallest gap among its codes at the start and at
        the end of the recording; and ``feedback_gap``, that of the named feedback weights.
    ratio : tuple of float or None
        The 10th, 50th and 90th percentile of ``ratio``; None if fewer than three networks have one.
    r2 : float or None
        Squared correlation of the logarithms of ``time`` and ``law``.
    counts : tuple of int
        Networks that learnt and for which the law finishes, only the first, only the second,
        neither.
    feedback : str or None
        The array that was named as the one that leads errors to the hidden units.
    rank : float or None
        Rank correlation of ``feedback_gap`` with the time; failures come last.
    is_one_hot : bool
        Whether each visible unit is on for one vector of its own.
    """

    rule: str
    protocol: Protocol
    root_seed: int
    decoder: Decoder
    table: "pd.DataFrame"
    ratio: tuple[float, float, float] | None
    r2: float | None
    counts: tuple[int, int, int, int]
    feedback: str | None
    rank: float | None
    is_one_hot: bool

    def __str__(self) -> str:
        n_visible = self.protocol.n_visible
        sizes = "-".join(map(str, (*self.protocol.group_sizes, n_visible)))
        networks = plural(len(self.table), "network")
        head = (
            f"{self.rule}, {sizes}: {networks} of root seed {self.root_seed}, "
            f"at most {plural(self.protocol.max_updates, 'update')}"
        )
        parts = [head, self._describe_decoder(), *self._list_warnings(), self._describe_times()]
        if self.feedback is not None:
            parts.append(self._describe_feedback())
        return "\n".join(parts)

    def _describe_decoder(self) -> str:
        """Return what was measured of the decoder."""
        decoder = self.decoder
        return (
            f"Decoder {decoder.name}: {decoder.rate:.4g} (v - r) h explains "
            f"{100.0 * decoder.share:.4g} % of its changes."
        )

    def _list_warnings(self) -> list[str]:
        """Return sentences on why the law need not hold here."""
        warnings = []
        if not self.decoder.is_delta_rule:
            warnings.append(
                "That is not the delta rule, so the law does not apply: what it says below is "
                "only shown."
            )
        if not self.is_one_hot:
            warnings.append(
                "The targets are not one-hot. The law counts one code on each side of a unit, and "
                "has said up to three times too long where there are several."
            )
        return warnings

    def _describe_times(self) -> str:
        """Return predicted and measured times, their ratio, and who learns."""
        both, missed, wrong, neither = self.counts
        lines = [
            f"Median updates: {describe_median(self.table['law'])} by the law, "
            f"{describe_median(self.table['time'])} measured."
        ]
        if self.ratio is None:
            lines.append("Law / time: too few networks have both.")
        else:
            low, middle, high = self.ratio
            r2 = "" if self.r2 is None else f"; R² of the logarithms {self.r2:.2f}"
            lines.append(
                f"Law / time: {middle:.2f}, 10th to 90th percentile {low:.2f} to {high:.2f}{r2}."
            )
        lines.append(
            f"Learnt: {both + missed:,}; of these the law finishes in {both:,}. "
            f"Did not learn: {wrong + neither:,}; of these the law finishes in {wrong:,}."
        )
        return "\n".join(lines)

    def _describe_feedback(self) -> str:
        """Return whether the first gap of the feedback weights ranks the times."""
        rank = "undefined" if self.rank is None else f"{self.rank:+.2f}"
        return f"Rank correlation of the time with the first gap of {self.feedback}: {rank}."


def describe_median(times: "pd.Series[float]") -> str:
    """Return the median of times in words, where an empty one is above all others."""
    median = find_median(np.asarray(times.fillna(np.inf), dtype=np.float64))
    return "above the cap" if median is None else f"{median:,.0f}"


def examine_mechanism(
    protocol: Protocol | str = PAPER,
    *,
    network: type[Network] | None = None,
    decoder: str = "U",
    feedback: str | None = None,
    n_seeds: int = N_NETWORKS,
    root_seed: int = DEFAULT_ROOT_SEED,
) -> Mechanism:
    """Compare the times that networks need with those that follow from the gaps of their codes.

    Whether the decoder learns by the delta rule, and at which rate, is measured.

    Parameters
    ----------
    protocol : Protocol or str
        Patterns of 0 and 1, sizes, learning rate and cap; or the name of a reading.
    network : subclass of Network, optional
        A rule of one's own with a method ``hidden``, whose states are the codes; else that of the
        protocol.
    decoder : str
        The array of weights from the codes to the visible units, a row for each of these.
    feedback : str, optional
        The array that leads errors to the hidden units: their gap at the start is ranked with the
        times.
    n_seeds : int
        Networks, 10 to 100,000.
    root_seed : int
        With the seed, fixes a network's initial weights.

    Returns
    -------
    Mechanism
        Its text is an answer to read, and it has a table with a row for each network.

    Raises
    ------
    UsageError
        If the law has no meaning for the task or the rule: units without a threshold, patterns
        that are neither 0 nor 1, no codes, an array that is not there or has another shape.

    Notes
    -----
    `predict_learning_time` has the law. Gaps are measured before each update, or at 200 to 1,000
    moments where there are more updates. Where no network learns they are recorded up to the cap,
    else for twice as long as the slowest needs, and up to the cap for those that fail.

    Examples
    --------
    >>> import replication
    >>> found = replication.examine_mechanism(feedback="W", n_seeds=200)
    >>> found.decoder.rate, found.decoder.is_delta_rule
    (5.0, True)
    >>> [round(x, 1) for x in found.ratio]
    [0.9, 1.1, 1.2]
    """
    protocol = find_protocol(protocol)
    n_seeds = take_whole("n_seeds", n_seeds, FEWEST, MOST)
    rule = Rule(find_network(protocol, network), protocol)
    if network is not None:
        check_rule(network, protocol, root_seed)
    check_task(rule)
    check_array(rule, "decoder", decoder, is_feedback=False)
    if feedback is not None:
        check_array(rule, "feedback", feedback, is_feedback=True)
    # In a thread, which Ctrl-C can stop. Networks may diverge: these fail, and need no warning.
    with np.errstate(all="ignore"):
        (found,) = map_in_threads(
            lambda _: examine(rule, decoder, feedback, n_seeds, root_seed), [None], jobs=1
        )
    return found


def examine(
    rule: Rule, decoder: str, feedback: str | None, n_seeds: int, root_seed: int
) -> Mechanism:
    """Return what is found of networks of a rule; all arguments have been checked."""
    start = rule.draw(root_seed, 0, n_seeds)
    measured = measure_decoder(rule, decoder, start[:N_WATCHED], root_seed)
    table = make_table(rule, measured, start, root_seed)
    times = table["time"].fillna(np.inf).to_numpy()
    predicted = table["law"].fillna(np.inf).to_numpy()
    compared = compare_times(predicted, times, np.random.default_rng(root_seed))
    rank = None
    if feedback is not None:
        table["feedback_gap"] = measure_columns(find_columns(rule, feedback, decoder, start))
        rank = correlate_ranks(table["feedback_gap"].to_numpy(), times)
    both, missed, wrong, neither = count_both(np.isfinite(times), np.isfinite(predicted))
    return Mechanism(
        rule=rule.name,
        protocol=rule.protocol,
        root_seed=root_seed,
        decoder=measured,
        table=table,
        ratio=None if compared["ratio"] is None else tuple(compared["ratio"]),
        r2=compared["r2"],
        counts=(both, missed, wrong, neither),
        feedback=feedback,
        rank=rank,
        is_one_hot=plan_learning(rule, measured, root_seed).is_one_hot,
    )


def check_task(rule: Rule) -> None:
    """Refuse a task or a rule for which the law has no meaning."""
    protocol = rule.protocol
    for field, is_possible, needed in (
        ("visible_units", protocol.visible_units == "logistic", "logistic"),
        ("criterion", protocol.criterion == "every-unit", "every-unit"),
        ("threshold", protocol.threshold < 0.5, "less than 0.5"),
        ("update_schedule", protocol.update_schedule == "batch", "batch"),
    ):
        if not is_possible:
            given = show(as_plain(protocol)[field])
            raise UsageError(f"{field} = {given} was given; the law needs {needed}; change it")
    if rule.network.pattern_error is not Network.pattern_error:
        raise UsageError(
            f"{rule.name} has a pattern_error of its own; the law is of units that are right "
            "within a threshold; take that method out"
        )
    if not hasattr(rule.network, "hidden"):
        raise UsageError(
            f"{rule.name} has no method hidden(self, v), whose states are the codes that the law "
            "needs; write one, and use it in image"
        )
    targets = rule.targets
    if not np.isin(targets, (0.0, 1.0)).all():
        between = float(targets[(targets != 0.0) & (targets != 1.0)][0])
        raise UsageError(
            f"a target of {between:g} was given; the law is of units that should be on or off: "
            "allowed are 0 and 1"
        )
    if not np.any(targets != targets[0]):
        raise UsageError(
            "targets that are the same for all patterns were given; the law needs two that differ"
        )


def check_array(rule: Rule, option: str, name: str, *, is_feedback: bool) -> None:
    """Refuse an array that the rule does not have, or that has another shape than it must."""
    shapes = rule.all_shapes
    if name not in shapes:
        has = ", ".join(shapes)
        raise UsageError(f"{option} = {show(name)} was given; {rule.name} has {has}; name one")
    n_units = rule.targets.shape[1]
    shape = shapes[name]
    is_matrix = len(shape) == 2
    is_possible = is_matrix and shape[0] == n_units
    if is_feedback:
        is_possible = is_matrix and n_units in shape
    if not is_possible:
        raise UsageError(
            f"{option} = {name} of shape {shape} was given; allowed is a matrix with a "
            f"{'row or column' if is_feedback else 'row'} for each of {n_units} visible units"
        )


def measure_decoder(rule: Rule, name: str, start: Array, root_seed: int) -> Decoder:
    """Return how far the changes of a decoder are those of the delta rule, and at which rate.

    The changes at `WATCHED_AT` are compared with ``sum (v - r) h`` over the patterns, where h is
    the code of each vector and r what the network makes of it before the update.
    """
    engine = Engine(rule.protocol, rule.network)
    moments = sorted({moment + step for moment in WATCHED_AT for step in (0, 1)})
    rows = engine.record(start, moments, root_seed=root_seed)  # (n, n_moments, n_all)
    products = squares = changed = 0.0
    for moment in WATCHED_AT:
        before = np.ascontiguousarray(rows[:, moments.index(moment)])
        after = np.ascontiguousarray(rows[:, moments.index(moment + 1)])
        weights = split_arrays(rule.all_shapes, before)[name]
        change = split_arrays(rule.all_shapes, after)[name] - weights
        measured = engine.evaluate(before)
        codes = measured.hidden[-1]  # (n, n_patterns, n_hidden)
        errors = rule.targets - measured.reconstruction  # (n, n_patterns, n_units)
        by_delta_rule = errors.swapaxes(1, 2) @ codes
        if by_delta_rule.shape != change.shape:
            raise UsageError(
                f"decoder = {name} of shape {change.shape[1:]} was given; its columns are to be "
                f"the {codes.shape[2]} units of {rule.name}.hidden"
            )
        is_finite = np.isfinite(change).all(axis=(1, 2)) & np.isfinite(errors).all(axis=(1, 2))
        change, by_delta_rule = change[is_finite], by_delta_rule[is_finite]
        products += float(np.sum(change * by_delta_rule))
        squares += float(np.sum(by_delta_rule**2))
        changed += float(np.sum(change**2))
    if squares == 0.0 or changed == 0.0:
        return Decoder(name, 0.0, 0.0)
    rate = products / squares
    return Decoder(name, float(f"{rate:.10g}"), products**2 / (squares * changed))


def make_table(rule: Rule, decoder: Decoder, start: Array, root_seed: int) -> "pd.DataFrame":
    """Return the table of `Mechanism`, without the gaps of feedback."""
    import pandas as pd  # which takes long to import

    engine = Engine(rule.protocol, rule.network)
    updates, learnt, _ = engine.train(start, root_seed=root_seed)
    learning = plan_learning(rule, decoder, root_seed)
    if learnt.any():
        slowest = int(updates[learnt].max())
        horizon = min(learning.horizon, max(BEYOND * slowest, WATCHED_AT[-1]))
        learning = dataclasses.replace(learning, horizon=horizon)
    _, n_hidden = rule.all_shapes[decoder.name]
    parts = []
    for begin in range(0, len(start), N_AT_ONCE):
        some = dataclasses.replace(learning, first_seed=begin)
        rows = start[begin : begin + N_AT_ONCE]
        parts.append(predict_some(some, n_hidden, rows, rule.protocol.max_updates))
    predicted, first_gap, last_gap = np.concatenate(parts, axis=1)
    time = np.where(learnt, updates, np.nan)
    law = np.where(np.isfinite(predicted), predicted, np.nan)
    return pd.DataFrame(
        {
            "seed": np.arange(len(start)),
            "time": time,
            "law": law,
            "ratio": law / np.where(time > 0.0, time, np.nan),
            "first_gap": first_gap,
            "last_gap": last_gap,
        }
    )


def plan_learning(rule: Rule, decoder: Decoder, root_seed: int) -> Learning:
    """Return how networks of a rule learn, recorded at every update up to the cap."""
    return Learning(
        protocol=rule.protocol,
        network=rule.network,
        seed=root_seed,
        speed=decoder.rate,
        horizon=rule.protocol.max_updates,
    )


def predict_some(learning: Learning, n_hidden: int, start: Array, cap: int) -> Array:
    """Return the law's times of networks, and their first and last smallest gaps, (3, n).

    Where it does not finish by the horizon for a network that fails, all are recorded to the cap.
    """
    followed = follow(space_moments(learning, n_hidden), start)
    predicted = predict_by_law(followed)
    last_gap = followed.gaps[:, -1].min(axis=1)
    is_left = ~followed.learnt & np.isinf(predicted)
    if learning.horizon < cap and is_left.any():
        to_the_cap = dataclasses.replace(learning, horizon=cap)
        longer = follow(space_moments(to_the_cap, n_hidden), start)
        predicted[is_left] = predict_by_law(longer)[is_left]
        last_gap[is_left] = longer.gaps[is_left, -1].min(axis=1)
    return np.stack([predicted, followed.gaps[:, 0].min(axis=1), last_gap])


def predict_by_law(followed: Followed) -> Array:
    """Return the law's times; infinite where the decoder does not learn at all."""
    if followed.learning.speed <= 0.0:
        return np.full(len(followed.start), np.inf)
    return followed.predict()


def space_moments(learning: Learning, n_hidden: int) -> Learning:
    """Return a learning with as many moments as gaps can be measured at in seconds."""
    is_quick = learning.is_one_hot and (len(learning.targets), n_hidden) == (4, 2)
    n_moments = N_MOMENTS if is_quick else N_MOMENTS_OF_LARGE
    return dataclasses.replace(learning, every=math.ceil(learning.horizon / n_moments))
