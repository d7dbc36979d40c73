"""The figure of the law: the time that it predicts, against the time that networks need."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.experiments.instruments.model import Model
from replication.experiments.law.measures import HOLDS
from replication.experiments.law.sides import fulfils, is_of
from replication.report import style

N_SHOWN = 10  # networks of a case that are drawn
ENDS = (8.0, 20_000.0)  # of both axes, in updates
DRAWN = {
    "recirculation": (style.ENCODER, "o"),
    "back-propagation": (style.BLUE, "s"),
    "feedback alignment": (style.GREEN, "^"),
    "errors through W": (style.GOLD, "D"),
    "target propagation": (style.PURPLE, "v"),
    "wake-sleep": (style.DECODER, "P"),
}
"""Colour and marker of the rules that fulfil the premise."""
FAILING = {
    "predictive coding": (style.REPORTED, "x"),
    "contrastive Hebbian": (style.INK, "+"),
    "bars": (style.MUTED, "s"),
    "digits": (style.GOLD, "o"),
}
"""Colour and marker of rules and tasks for which the law is not made."""


def plot_diagonal(model: Model) -> tuple[Figure, Figure]:
    """Draw all networks that learnt, a dot each: where the law is to hold, and where not."""
    of_law = [row for row in model["cases"] if fulfils(row)]
    others = [row for row in model["cases"] if not fulfils(row)]
    titles = ("(a) Delta rule, one-hot vectors", "(b) Other decoders and targets")
    return draw_panel(of_law, DRAWN, titles[0]), draw_panel(others, FAILING, titles[1])


def draw_panel(rows: list[Model], kinds: dict[str, tuple[str, str]], title: str) -> Figure:
    """Draw the networks of some cases around the diagonal."""
    figure, axes = style.create_figure(width=style.HALF, height=3.9)
    axes.fill_between(
        ENDS,
        [HOLDS[0] * end for end in ENDS],
        [HOLDS[1] * end for end in ENDS],
        color=style.FAINT,
        linewidth=0,
        gid="band",
    )
    axes.plot(ENDS, ENDS, color=style.MUTED, linewidth=0.8, gid="diagonal")
    for name, (color, marker) in kinds.items():
        draw_networks(axes, name, [row for row in rows if is_of(row, name)], color, marker)
    axes.set(
        xscale="log",
        yscale="log",
        xlim=ENDS,
        ylim=ENDS,
        xlabel="updates that a network needs",
        ylabel="updates by the law",
        title=title,
    )
    style.use_plain_log_ticks(axes, (10, 100, 1_000, 10_000))
    style.use_plain_log_ticks(axes, (10, 100, 1_000, 10_000), axis="y")
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=2,
        fontsize=8,
        columnspacing=0.8,
        handletextpad=0.2,
    )
    return figure


def draw_networks(axes: Axes, name: str, rows: list[Model], color: str, marker: str) -> None:
    """Draw the first networks of each case for which both times are finite."""
    x = []
    y = []
    for row in rows:
        networks = row["networks"]
        pairs = list(zip(networks["time"], networks["law"], strict=True))[:N_SHOWN]
        both = [(time, law) for time, law in pairs if time and law]
        x += [time for time, _ in both]
        y += [law for _, law in both]
    axes.plot(
        x, y, marker, color=color, markersize=2.6, alpha=0.7, label=name, gid=name.replace(" ", "-")
    )


FIGURES = {"diagonal": plot_diagonal}
