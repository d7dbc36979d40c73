"""Learning rules against each other, on the same seeds."""

import dataclasses
import io
import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.errors import UsageError
from replication.simulator.ensemble import simulate
from replication.simulator.network import Network, Rule
from replication.simulator.outcomes import Outcomes
from replication.statistics.intervals import estimate_median, estimate_proportion
from replication.wording import plural

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

QUANTILES = (0.25, 0.5, 0.75)
BARS = 12  # of the picture in a terminal


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class Contest:
    """What networks of several rules did, from the same seeds.

    Parameters
    ----------
    protocol : Protocol
    outcomes : dict of str to Outcomes
        By the name of the rule, in the order given.
    is_paired : dict of str to bool
        For each rule whether it has the weights of the first, so that a seed is the same start.
    """

    protocol: Protocol
    outcomes: Mapping[str, Outcomes]
    is_paired: Mapping[str, bool]

    def to_frame(self) -> "pd.DataFrame":
        """Return a table: for each rule, how many learnt, in how many updates.

        Quartiles are of all networks, those that failed among them (infinite where they end
        there); the mean is of those that converged.
        """
        import pandas as pd

        return pd.DataFrame([describe(name, each) for name, each in self.outcomes.items()])

    def compare_pairs(self) -> dict[str, Any]:
        """Return for each rule after the first the median of its updates less those of the first.

        Seed by seed, failures at the cap, with the interval of order statistics.
        """
        first, *others = self.outcomes.items()
        base = first[1].updates.astype(np.int64)
        return {name: estimate_median(each.updates - base) for name, each in others}

    def __str__(self) -> str:
        rows = [describe(name, each) for name, each in self.outcomes.items()]
        first, width = rows[0]["rule"], max(len(row["rule"]) for row in rows)
        lines = [
            f"{plural(rows[0]['networks'], 'network')} of each rule, at most "
            f"{plural(self.protocol.max_updates, 'update')}",
            f"{'':{width}}  converged  95 % interval     quartiles of the updates      mean   most",
        ]
        # A row for each rule, and below them each rule against the first.
        for row in rows:
            quartiles = ", ".join(f"{row[name]:,.0f}" for name in ("q1", "median", "q3"))
            interval = f"{row['converged_low']:.2%} to {row['converged_high']:.2%}"
            lines.append(
                f"{row['rule']:{width}}  {row['converged']:9.2%}  {interval:16}  {quartiles:24}  "
                f"{row['mean']:>8,.1f}  {row['most']:>5,.0f}"
            )
        lost = {name: each.describe_lost() for name, each in self.outcomes.items()}
        lines += [f"{name}: {text}" for name, text in lost.items() if text]
        for name, found in self.compare_pairs().items():
            start = "from the same initial weights" if self.is_paired[name] else "seed by seed"
            ends = "" if found.low is None else f" ({found.low:+,.0f} to {found.high:+,.0f})"
            lines.append(
                f"{name} less {first}, {start}, failures at the cap: median "
                f"{found.value:+,.0f} updates{ends}"
            )
        return "\n".join(lines)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw how many networks of each rule have converged after so many updates."""
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots()[1]
        for name, each in self.outcomes.items():
            times = np.sort(each.updates[each.converged])
            share = np.arange(1, len(times) + 1) / len(each)
            ax.step(times, share, where="post", label=name)
        ax.set(xlabel="weight updates", ylabel="share that has converged", ylim=(0, 1))
        ax.legend(frameon=False)
        return ax

    def render_plot(self, kind: str) -> bytes:
        """Return the picture of `plot` as a file of a kind: "svg", "png" or "pdf"."""
        from matplotlib.figure import Figure

        figure, drawn = Figure(), io.BytesIO()
        self.plot(figure.subplots())
        figure.savefig(drawn, format=kind)
        return drawn.getvalue()


def compare_rules(
    *networks: type[Network], protocol: Protocol | str = PAPER, n_seeds: int = 1000,
    root_seed: int = 1988, **options: Any,
) -> Contest:  # fmt: skip
    """Simulate networks of several rules from the same seeds.

    Parameters
    ----------
    *networks : subclasses of Network
        At least one; their names must differ.
    protocol : Protocol or str
        What they are to meet: criterion, cap, schedule, initial weights.
    n_seeds, root_seed : int
        Networks of each rule, and what their initial weights are drawn from.
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
        raise UsageError(
            f"rules called {names} were given; allowed is at least one, each with another name"
        )
    outcomes = {
        name: simulate(protocol, network=one, n_seeds=n_seeds, root_seed=root_seed, **options)
        for name, one in zip(names, networks, strict=True)
    }
    # The same start is the same numbers in arrays of the same shapes.
    rules = [Rule(network, protocol) for network in networks]
    begun = [rule.draw(root_seed, 0, 1)[0, : rule.sizes[0]].tolist() for rule in rules]
    starts = [([*rule.shapes.values()], row) for rule, row in zip(rules, begun, strict=True)]
    is_paired = {name: each == starts[0] for name, each in zip(names, starts, strict=True)}
    return Contest(protocol, outcomes, is_paired)


def describe(name: str, outcomes: Outcomes) -> dict[str, Any]:
    """Return a row of numbers for the networks of a rule."""
    times = outcomes.updates[outcomes.converged]
    share = estimate_proportion(len(times), len(outcomes))
    ended = np.where(outcomes.converged, outcomes.updates, np.inf)
    quartiles = np.quantile(ended, QUANTILES, method="inverted_cdf").tolist()
    return {
        "rule": name, "networks": len(outcomes), "converged": share.value,
        "converged_low": share.low, "converged_high": share.high,
        **dict(zip(("q1", "median", "q3"), quartiles, strict=True)),
        "mean": float(times.mean()) if len(times) else math.nan,
        "most": float(times.max()) if len(times) else math.inf,
    }  # fmt: skip


def render_histogram(outcomes: Outcomes, width: int = 80) -> str:
    """Return the distribution of updates as lines of text, of converged networks."""
    times = outcomes.updates[outcomes.converged]
    if not len(times):
        return "  no network converged"
    # Bars of equal widths up to the 99th percentile, and one for all beyond.
    low, high = int(times.min()), int(np.quantile(times, 0.99))
    step = math.ceil((high - low + 1) / BARS)
    edges = [*range(low, high + step + 1, step)]
    counts = np.histogram(times, [*edges, np.inf])[0].tolist()
    labels = [f"{begin:,} to {end - 1:,}" for begin, end in itertools.pairwise(edges)]
    labels.append(f"{edges[-1]:,} or more")
    wide = max(map(len, labels))
    room = max(10, width - wide - 12)
    return "\n".join(
        f"  {label:>{wide}}  {'#' * round(room * n / max(counts))} {n:,}"
        for label, n in zip(labels, counts, strict=True)
    )
