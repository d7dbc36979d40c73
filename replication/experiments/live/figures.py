"""The hidden plane of a typical network, and of two that have trouble."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from replication.definition.protocol import from_plain
from replication.experiments import Model
from replication.report.style import HALF, create_figure
from replication.simulator.trace import trace


def plot_plane(model: Model) -> tuple[Figure, Figure]:
    """Draw six moments of a network that learns, three a panel."""
    frames = model["networks"]["typical"]["frames"]
    return _draw(model, "typical", frames[:3]), _draw(model, "typical", frames[3:])


def plot_trouble(model: Model) -> tuple[Figure, Figure]:
    """Draw six moments each of a slow network and of one that fails.

    The last two of the failing one follow one another, since its lines jump at every update.
    """
    slow, failing = (model["networks"][name]["frames"] for name in ("slow", "failing"))
    last = failing[-1]
    parting = slow[-2] + (slow[-1] - slow[-2]) * 3 // 4
    return (
        _draw(model, "slow", [*slow[:1], *slow[2:5], parting, slow[-1]], title="slow"),
        _draw(model, "failing", [*failing[:4], last - 1, last], title="fails"),
    )


def _draw(model: Model, name: str, updates: Sequence[int], *, title: str = "") -> Figure:
    shown = model["networks"][name]
    protocol = from_plain(model["protocol"] | {"learning_rate": shown["learning_rate"]})
    traced = trace(
        protocol, seed=shown["seed"], root_seed=model["root_seed"], n_updates=max(updates)
    )
    n_rows = len(updates) // 3
    figure, axes = create_figure(
        width=HALF, height=1.18 * n_rows + (0.3 if title else 0.0), nrows=n_rows, ncols=3
    )
    traced.plot(axes, updates=updates)
    for one, t in zip(axes.flat, updates, strict=True):
        one.set(title=f"{t:,}", xticks=(), yticks=())
        one.spines[["right", "top"]].set_visible(True)
    axes.flat[0].set_title(f"{updates[0]:,} updates")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=9.5, fontweight="bold")
    return figure


FIGURES = {"plane": plot_plane, "trouble": plot_trouble}
