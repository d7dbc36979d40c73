"""Quick pictures of outcomes and traces; those of the report are drawn by its experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from replication.simulator.outcomes import Outcomes
    from replication.simulator.trace import Trace


def make_axes(ax: Axes | None) -> Axes:
    """Return the axes that were given, or new ones."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]


def plot_outcomes(outcomes: Outcomes, ax: Axes | None) -> Axes:
    """Draw a histogram of the updates of the networks that converged."""
    ax = make_axes(ax)
    times = outcomes.updates[outcomes.converged]
    ax.hist(times, bins=50)
    n_failed = len(outcomes) - len(times)
    ax.set_xlabel("weight updates until the criterion was met")
    ax.set_ylabel("networks")
    ax.set_title(f"{len(times):,} converged, {n_failed:,} did not")
    return ax


def plot_trace(trace: Trace, ax: Axes | None) -> Axes:
    """Draw the error over learning, beside the threshold."""
    ax = make_axes(ax)
    ax.plot(trace.errors, label="error")
    ax.axhline(trace.protocol.threshold, color="black", linestyle=":", label="threshold")
    ax.set_xlabel("weight updates")
    ax.set_ylabel(f"error ({trace.protocol.criterion})")
    ax.set_ylim(bottom=0.0)
    ax.legend()
    return ax
