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
            "Everything here is made by one command from nothing but the seeds. On any machine "
            "it must give the outcomes whose digest is in [](#table-provenance): the digest runs "
            "over seed, updates and convergence of every network in order. Commit, dates and run "
            "times are not part of the report, so that it can be compared byte for byte."
        ),
        Code(provenance["command"]),
        Table(
            name="provenance",
            caption="**What identifies this study.** The packages are those that the numbers and "
            "figures were made with.",
            header=("", "Value"),
            rows=tuple(rows),
            align="ll",
        ),
        Inventory(),
    ]
