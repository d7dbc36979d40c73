"""Learning rules compared on the same seeds."""

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.errors import UsageError
from replication.simulator.rule.network import Network
from replication.simulator.running.drawing import find_figure, make_axes
from replication.simulator.running.ensemble import simulate
from replication.simulator.running.outcomes import Outcomes
from replication.statistics.intervals import estimate_median, estimate_proportion
from replication.wording import plural

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


STRETCHED = 4.0
"""The axis is logarithmic if the slowest network takes over so many times the 90 % quantile."""


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Contest:
    """The outcomes of several learning rules, from the same seeds.

    Parameters
    ----------
    protocol : Protocol
    outcomes : dict of str to Outcomes
        By the name of the rule, in the order given.
    """

    protocol: Protocol
    outcomes: Mapping[str, Outcomes]

    def to_frame(self) -> "pd.DataFrame":
        """Return a table with a row for each rule: how many networks converged, and how fast.

        The quartiles ``q1``, ``median`` and ``q3`` are those of all networks, where a network that
        failed counts as infinite. ``mean`` and ``most`` are those of the networks that converged.
        ``less_first`` is the median over seeds of the updates minus those of the first rule, where
        a network that failed counts as the cap. Ends of 95 % intervals have the names ``..._low``
        and ``..._high``.
        """
        import pandas as pd

        first = next(iter(self.outcomes.values()))
        return pd.DataFrame([describe(name, x, first) for name, x in self.outcomes.items()])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False, float_format="{:,.6g}".format))

    def __str__(self) -> str:
        # A column for each rule, as names of rules may be long.
        first = next(iter(self.outcomes))
        table = self.to_frame().set_index("rule").T
        lines = [
            f"less_first: median of the updates less those of {first}, seed by seed, failures "
            f"counted as {plural(self.protocol.max_updates, 'update')}",
            table.to_string(float_format="{:,.6g}".format),
        ]
        for name, outcomes in self.outcomes.items():
            lost = outcomes.describe_lost()
            if lost:
                lines.append(f"{name}: {lost}")
        return "\n".join(lines)

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw which share of the networks of each rule has converged, over updates.

        Returns the Matplotlib figure: that of `ax`, or a new one.
        """
        ax = make_axes() if ax is None else ax
        is_stretched = False
        for name, outcomes in self.outcomes.items():
            times = np.sort(outcomes.updates[outcomes.converged])
            share = np.arange(1, len(times) + 1) / len(outcomes)
            ax.step(times, share, where="post", label=name)
            # One slow network would press all others against the axis.
            if len(times) and times[-1] > STRETCHED * max(1.0, np.quantile(times, 0.9)):
                is_stretched = True
        if is_stretched:
            ax.set_xscale("log")
        ax.set(xlabel="weight updates", ylabel="share that has converged", ylim=(0, 1))
        ax.legend(frameon=False)
        return find_figure(ax)


def compare_rules(
    *networks: type[Network],
    protocol: Protocol | str = PAPER,
    n_seeds: int = 1000,
    root_seed: int = 1988,
    **options: Any,
) -> Contest:
    """Simulate networks of several rules from the same seeds.

    Parameters
    ----------
    *networks : subclasses of Network
        At least one; their names must differ.
    protocol : Protocol or str
        Criterion, cap, schedule and initial weights, which are the same for all rules.
    n_seeds, root_seed : int
        The number of networks of each rule, and the seed of their initial weights.
    **options : jobs, plain, final_weights and so on
        As for `simulate`.

    Returns
    -------
    Contest

    Examples
    --------
    >>> from replication import RecirculationNetwork
    >>> class Unbiased(RecirculationNetwork):
    ...     def weight_changes(self, v0):
    ...         return super().weight_changes(v0)._replace(b=0.0)
    >>> contest = compare_rules(RecirculationNetwork, Unbiased, n_seeds=200)
    >>> contest.to_frame()[["rule", "median"]].values.tolist()
    [['RecirculationNetwork', 40.0], ['Unbiased', 34.0]]
    """
    protocol = find_protocol(protocol)
    names = [getattr(network, "__name__", str(network)) for network in networks]
    if not networks or len({*names}) < len(names):
        raise UsageError(f"rules called {names} were given; allowed is one or more, none twice")
    options |= {"n_seeds": n_seeds, "root_seed": root_seed}
    outcomes = [simulate(protocol, network=network, **options) for network in networks]
    return Contest(protocol, dict(zip(names, outcomes, strict=True)))


def describe(name: str, outcomes: Outcomes, first: Outcomes) -> dict[str, Any]:
    """Return a rule's row of `Contest.to_frame`; `first` are the outcomes of the first rule."""
    times = outcomes.updates[outcomes.converged]
    share = estimate_proportion(len(times), len(outcomes))
    difference = estimate_median(outcomes.updates.astype(np.int64) - first.updates)
    # A network that failed counts as infinite.
    times_of_all = np.where(outcomes.converged, outcomes.updates, np.inf)
    q1, median, q3 = np.quantile(times_of_all, (0.25, 0.5, 0.75), method="inverted_cdf").tolist()
    return {
        "rule": name,
        "networks": len(outcomes),
        "converged": share.value,
        "converged_low": share.low,
        "converged_high": share.high,
        "q1": q1,
        "median": median,
        "q3": q3,
        "mean": float(times.mean()) if len(times) else math.nan,
        "most": times.max(initial=0),
        "less_first": difference.value,
        "less_low": difference.low,
        "less_high": difference.high,
    }
