"""How to make this report again, and how to see that it is the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.report.document import Block, Code, Inventory, Paragraph, Section, Table
from replication.report.numbers import format_count

REQUIRES = ("summary", "provenance")


def chapter(models: Mapping[str, Any]) -> list[Block]:
    """Return the chapter on reproducibility."""
    summary, provenance = models["summary"], models["provenance"]
    study = summary["study"]
    rows = [
        ("Root seed", f"`{study['root_seed']}`"),
        ("Seeds", f"0 to {format_count(summary['population']['n_networks'] - 1)}"),
        ("Protocol id", f"`{study['protocol_id']}`"),
        ("Version of the outcomes", f"{provenance['outcome_version']}"),
        ("SHA-256 of the outcomes", f"`{provenance['digest']}`"),
    ]
    rows += [
        (f"Package `{name}`", f"`{version}`")
        for name, version in sorted(provenance["versions"].items())
    ]
    return [
        Section(title="Reproducibility", anchor="reproducibility"),
        Paragraph(
            "The main study is made by one command from nothing but the seeds, and the other "
            "chapters by commands of their own ([](#table-inventory)). On any machine it must give "
            "the outcomes whose digest is in [](#table-provenance): the digest runs over seed, "
            "updates and convergence of every network in order. Commit, dates and run times are "
            "not part of the report, so that it can be compared byte for byte."
        ),
        Code(provenance["command"]),
        Table(
            name="provenance",
            caption="**What identifies this study.** The packages are those that the numbers and "
            "figures were made with.",
            header=("Item", "Value"),
            rows=tuple(rows),
            align="ll",
        ),
        *(_describe_processors(models["emulated"]) if "emulated" in models else ()),
        Section(title="What makes each figure and table", anchor="inventory", level=3),
        Paragraph(
            "[](#table-inventory) names for each item its file and the command that computes it."
        ),
        Inventory(),
    ]


def _describe_processors(model: Mapping[str, Any]) -> list[Block]:
    """Say on which other processors the same bits came out, and what differed there."""
    rows = []
    for entry in model["processors"]:
        differing = ", ".join(f"`{name}`" for name in entry["differing_libraries"])
        rows.append(
            (
                entry["processor"],
                format_count(entry["n_networks"]),
                "yes" if entry["is_identical"] else "**no**",
                differing or "nothing",
            )
        )
    same = all(entry["is_identical"] for entry in model["processors"])
    native = model["native"]
    return [
        Section(title="Other processors", anchor="processors", level=3),
        Paragraph(
            f"The networks of [](#table-processors) were simulated on this processor "
            f"(`{native['machine']}`, {native['system']}) and again on emulated ones. Their "
            "outcomes "
            + ("agree in every bit" if same else "do **not** all agree")
            + f", under {len(model['protocols'])} protocols. That this is no matter of "
            "course, the last column shows: functions of common libraries whose bits did change "
            "with the processor."
        ),
        Table(
            name="processors",
            caption="**The same outcomes on other processors.** Networks simulated on each, "
            "whether their digests are the same, and which library functions gave other bits.",
            header=("Processor", "Networks", "Same bits", "Differed there"),
            rows=tuple(rows),
            align="lrll",
            command="make verify-emulated",
        ),
    ]
