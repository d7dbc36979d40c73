"""A small report that uses each feature of the engine once; most of its numbers are invented."""

from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from replication.experiments import EXPERIMENTS, TEMPLATES, list_checks
from replication.experiments.headline.figures import plot_joint
from replication.experiments.images.figures import plot_rest
from replication.experiments.live.figures import plot_plane
from replication.experiments.live.rule_page import write_template
from replication.publication.models import read_model, read_models
from replication.report import style
from replication.report.build import Drawing, render_report

FOLDER = Path(__file__).parent / "sample"
RESULTS = Path(__file__).parents[3] / "results"
NAMES = "headline", "live", "images", "dynamics", "mechanism"
PUBLISHED, LIVE, IMAGES, DYNAMICS, MECHANISM = (read_model(RESULTS, name) or {} for name in NAMES)
CHECKS = list_checks(read_models(RESULTS, [*EXPERIMENTS, "headline"]))
METADATA = {
    "title": "How long does recirculation take to learn?",
    "subtitle": "A sample, to try the engine; none of its numbers is a result.",
    "author": "The contributors", "description": "A sample.", "date": "2026-11-01",
    "version": "0.2.0", "licence": "MIT",
}  # fmt: skip


def make_models():
    readings = [
        ("every-unit", 46.4, [46.3, 46.6], 212, 0.64, "holds"),
        ("half squared error", 42.9, [42.7, 43.2], 181, 0.0312, "holds, except"),
        ("worst-pattern", 41.5, [41.3, 41.8], 1190, 0.0004, "does not hold"),
        ("summed", 39.8, [39.5, 40.1], 150, 0.2, "not testable"),
    ]
    names = ("name", "mean", "interval", "max", "p", "verdict")
    rapid = {"verdict": "holds, except", "share": 0.9523, "share_interval": [0.941, 0.958]}
    return {
        "headline": PUBLISHED | {
            "n_networks": 1_000_000, "mean": 46.512, "mean_interval": [46.43, 46.58],
            "regression": 0.75, "p_both": 0.64,
            "reported": {"runs": 100, "mean": 48, "max": 202},
            "readings": [dict(zip(names, row, strict=True)) for row in readings],
            "claims": {"mean": {"verdict": "holds"}},
        },
        "live": LIVE,
        "images": IMAGES, "dynamics": DYNAMICS, "mechanism": MECHANISM, "checks": CHECKS,
        "speed": {"shares": [0.1, 0.4, 0.25, 0.12, 0.08, 0.05], "claims": {"rapid": rapid}},
    }  # fmt: skip


def plot_panels(model):
    shares, left = style.create_figure(height=2.9, width=style.HALF)
    converged, right = style.create_figure(height=2.9, width=style.HALF)
    edges = 20.0 * np.arange(len(model["shares"]) + 1)
    left.stairs(model["shares"], edges, fill=True, color=style.SKY)
    left.set(xlabel="updates (λ = 0.75)", ylabel="share of networks")
    for label, power in {"paper": 1, "notebook": 2}.items():
        right.plot(edges[1:], np.cumsum(model["shares"]) ** power, label=label)
    right.set(xlabel="updates", ylabel="share converged", ylim=(0, 1.05))
    converged.legend(loc="outside upper left", ncols=2)
    return shares, converged


FIGURES = {
    "plane": ("live", plot_plane), "rest": ("images", plot_rest),
    "joint": ("headline", plot_joint), "panels": ("speed", plot_panels),
}  # fmt: skip
"""The model and the function of each figure."""
BLANK = {name: Drawing(name, Figure, "make it") for name in FIGURES}


def build_sample(folder, *, drawn=FIGURES, **changes):
    """Write the sample report, with some arguments of `render_report` changed; return its files.

    Only some figures are drawn, if asked; the others are blank.
    """
    models = changes.get("models", make_models())
    drawings = {
        name: Drawing(name, partial(draw, models[model]), "measure --all <speed>")
        for name, (model, draw) in FIGURES.items()
        if name in drawn
    }
    arguments = {
        "template": FOLDER / "report.md", "models": models, "figures": BLANK | drawings,
        "bibliography": FOLDER / "references.bib", "metadata": METADATA, "search": [TEMPLATES],
        "write": write_template, "tables": {"readings": "name,mean\npaper,46.5\n"},
    }  # fmt: skip
    files = render_report(**arguments | changes)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return list(files)
