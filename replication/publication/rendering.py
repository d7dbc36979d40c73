"""From models and a template to the files of a report."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.definition.claims import load_claims
from replication.experiments import TEMPLATES, list_figures
from replication.publication.models import Model

if TYPE_CHECKING:
    from replication.report.build import Drawing

METADATA = {
    "title": "How recirculation learns without back-propagation",
    "subtitle": "A replication of Hinton and McClelland (1988), Learning Representations by "
    "Recirculation",
    "author": "The recirculation replication contributors",
    "date": "2026-11-28",
    "licence": "MIT",
    "description": "The small networks of Hinton and McClelland (1988) learn without "
    "back-propagation. They are trained again here, and "
    f"{sum(claim.kind == 'empirical' for claim in load_claims().values())} statements of the paper "
    "are tested.",
}
"""What the report says of itself; the date is that of the study's definition."""

SHORT = {
    "title": "Another study of recirculation",
    "description": "How long networks take to learn by recirculation, with other settings or fewer "
    "networks than in the replication of Hinton and McClelland (1988).",
}
"""Of the short report of any study but the default one."""

LEARNING = {
    "title": "Learning without back-propagation",
    "subtitle": "Seven guesses about a network that sends no errors back",
    "description": "Watch a network learn without back-propagation, in seven steps: say what will "
    "happen, then watch.",
}
"""The same for the second page, for readers who want to see how the rule works."""


def render(
    template: Path, models: Mapping[str, Any], figures: Mapping[str, Drawing],
    metadata: Mapping[str, str], **options: Any,
) -> dict[str, bytes]:  # fmt: skip
    """Return the files of a page; `options` are those of `render_report`."""
    from replication.experiments.live.rule_page import write_template
    from replication.report.build import render_report

    return render_report(
        template=template, models=models, figures=figures,
        bibliography=TEMPLATES / "references.bib", search=[TEMPLATES], write=write_template,
        metadata={**METADATA, **metadata}, **options,
    )  # fmt: skip


def list_drawings(name: str, model: Model, command: str) -> dict[str, Drawing]:
    """Return the figures of an experiment, whose data the command makes."""
    from replication.report.build import Drawing

    return {
        figure: Drawing(figure, functools.partial(draw, model), command)
        for figure, draw in list_figures(name).items()
    }


def list_claims(models: Mapping[str, Any] | None = None) -> Model:
    """Return the ledger as plain data, and what is to be read behind its verdicts in some models.

    ``thresholds`` are those of the primary measurement; the rest is what `describe` returns.
    """
    from replication.experiments.judging import describe

    # Every statement is judged by one experiment, whose model has the verdict.
    judged: Model = {}
    for model in (models or {}).values():
        judged |= model.get("claims", {})
    return {
        name: {
            **dataclasses.asdict(claim),
            "thresholds": claim.thresholds,
            **describe(claim, judged.get(name, {})),
        }
        for name, claim in load_claims().items()
    }
