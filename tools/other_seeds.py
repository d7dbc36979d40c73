"""Make everything again from other seeds, and list the verdicts and sentences that change.

Usage: python tools/other_seeds.py OFFSET FOLDER

The root seeds of the default study and of every experiment are OFFSET higher. Models and report go
into FOLDER, which should be empty. FOLDER/other_seeds.md lists the verdicts that differ from those
in `results`, and the conditions of the chapters' sentences that no longer hold; `results` has the
list of the last time. The report itself stops at the first sentence that is no longer true.
This takes about as long as `make replicate` from nothing. Models of the current version that are in
FOLDER already are not made again.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from replication import experiments as registry
from replication.definition.protocol import PAPER
from replication.errors import ReplicationError
from replication.paper.claims import load_claims
from replication.paper.study import DEFAULT_ROOT_SEED, DEFAULT_SEEDS, Study
from replication.publication.models import Model, read_models
from replication.publication.publishing import list_claims, replicate_study

COMMITTED = Path("results")
NAMES = ("headline", *registry.EXPERIMENTS)


class AsDefault(Study):
    """A study that gets the full report, which otherwise only the default study gets."""

    @property
    def is_default(self) -> bool:
        """Always true, although the root seed is another one."""
        return True


def tell(words: str) -> None:
    """Print a line of progress."""
    print(words, file=sys.stderr, flush=True)


def list_verdicts(models: Mapping[str, Model]) -> dict[str, str]:
    """Return the verdict of each statement, with its condition."""
    claims = list_claims(models)
    verdicts = {}
    for model in models.values():
        for statement, judged in model.get("claims", {}).items():
            condition = claims[statement]["condition"]
            verdicts[statement] = f"{judged['verdict']} {condition}".rstrip()
    return verdicts


def list_untrue(models: Mapping[str, Model]) -> list[str]:
    """Return the conditions of sentences that do not hold, as `experiment: name`."""
    untrue = []
    for experiment, checks in registry.list_checks(models).items():
        for name, is_true in checks.items():
            if not is_true:
                untrue.append(f"{experiment}: {name}")
    return untrue


def count_checks(models: Mapping[str, Model]) -> int:
    """Return the number of conditions of all sentences of the chapters."""
    return sum(len(checks) for checks in registry.list_checks(models).values())


def write_record(offset: int, committed: Mapping[str, Model], repeated: Mapping[str, Model]) -> str:
    """Return in Markdown what changes with other seeds: from committed to repeated models."""
    before = list_verdicts(committed)
    now = list_verdicts(repeated)
    turned = [statement for statement in load_claims() if before[statement] != now[statement]]
    untrue = list_untrue(repeated)
    lines = [
        "# What other seeds give",
        "",
        "All models of the report, and the report, once more: every root seed is "
        f"{offset:,} higher (`python tools/other_seeds.py {offset} FOLDER`).",
        "",
        f"Of {len(before)} verdicts with their conditions, {len(turned)} are others. Of the "
        f"{count_checks(repeated)} conditions under which sentences of the report are true "
        f"(`checks.py` beside each experiment), {len(untrue)} do not hold.",
    ]
    if turned:
        lines += ["", "| statement | in the report | with other seeds |", "|---|---|---|"]
        for statement in turned:
            title = load_claims()[statement].title
            lines.append(f"| {title} | {before[statement]} | {now[statement]} |")
    if untrue:
        lines += ["", "Conditions that do not hold with other seeds:", ""]
        lines += [f"- `{each}`" for each in untrue]
    return "\n".join(lines) + "\n"


def main(offset: int, folder: Path) -> None:
    """Run everything with root seeds that are `offset` higher, and print what changes."""
    for name, fixed in registry.EXPERIMENTS.items():
        registry.EXPERIMENTS[name] = fixed._replace(root_seed=fixed.root_seed + offset)
    study = AsDefault(PAPER, DEFAULT_ROOT_SEED + offset, DEFAULT_SEEDS, folder)
    try:
        replicate_study(study, report_progress=tell)
    except ReplicationError as error:
        print(f"the report stopped: {error}")
    record = write_record(offset, read_models(COMMITTED, NAMES), read_models(folder, NAMES))
    (folder / "other_seeds.md").write_text(record, encoding="utf-8")
    print(record)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
