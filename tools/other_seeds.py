"""Make everything once more from other seeds, and say which verdicts and sentences turn.

Usage: python tools/other_seeds.py OFFSET FOLDER

The root seeds of the default study and of every experiment are OFFSET higher; models and report go
into FOLDER, which should be empty, and what turned into FOLDER/other_seeds.md (`results` has that
of the last time): the verdicts that differ from those of `results`, and the checks of the chapters
that no longer hold. The report itself stops at the first sentence that has become untrue.
Takes about as long as `make replicate` from nothing; models that are in FOLDER already, and of the
version of now, are not made again.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from replication import experiments as registry
from replication.cache.blocks import find_cache
from replication.definition.protocol import PAPER
from replication.errors import ReplicationError
from replication.paper.claims import load_claims
from replication.paper.study import DEFAULT_ROOT_SEED, DEFAULT_SEEDS, Study
from replication.publication.models import Model, read_models
from replication.publication.publishing import list_claims, replicate_study

COMMITTED = Path("results")
NAMES = ("headline", *registry.EXPERIMENTS)


class AsDefault(Study):
    """A study whose report is the full one."""

    @property
    def is_default(self) -> bool:
        """As if its root seed were that of the default study."""
        return True


def tell(words: str) -> None:
    """Say what is being done."""
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
    for name, checks in registry.list_checks(models).items():
        for sentence, is_true in checks.items():
            if not is_true:
                untrue.append(f"{name}: {sentence}")
    return untrue


def count_checks(models: Mapping[str, Model]) -> int:
    """Return how many conditions the sentences of the chapters have."""
    return sum(len(checks) for checks in registry.list_checks(models).values())


def write_record(offset: int, here: Mapping[str, Model], there: Mapping[str, Model]) -> str:
    """Return in Markdown what turned with other seeds."""
    before = list_verdicts(here)
    now = list_verdicts(there)
    turned = [statement for statement in load_claims() if before[statement] != now[statement]]
    untrue = list_untrue(there)
    lines = [
        "# What other seeds give",
        "",
        "All models of the report, and the report, once more: every root seed is "
        f"{offset:,} higher (`python tools/other_seeds.py {offset} FOLDER`).",
        "",
        f"Of {len(before)} verdicts with their conditions, {len(turned)} are others. Of the "
        f"{count_checks(there)} conditions under which sentences of the report are true "
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
    """Run everything, and print what turns."""
    for name, fixed in registry.EXPERIMENTS.items():
        registry.EXPERIMENTS[name] = fixed._replace(root_seed=fixed.root_seed + offset)
    study = AsDefault(PAPER, DEFAULT_ROOT_SEED + offset, DEFAULT_SEEDS, folder)
    try:
        replicate_study(study, find_cache(), report_progress=tell)
    except ReplicationError as error:
        print(f"the report stopped: {error}")
    record = write_record(offset, read_models(COMMITTED, NAMES), read_models(folder, NAMES))
    (folder / "other_seeds.md").write_text(record, encoding="utf-8")
    print(record)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
