"""Make everything once more from other seeds, and say which verdicts and sentences turn.

Usage: python tools/other_seeds.py OFFSET FOLDER

The root seeds of the default study and of every experiment are OFFSET higher; models and report go
into FOLDER, which should be empty. Prints the verdicts that differ from those of `results`, and the
checks of the chapters that no longer hold; the report itself stops at the first sentence that has
become untrue. Takes about as long as `make replicate` from nothing.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from replication import experiments as registry
from replication.cache.blocks import find_cache
from replication.definition.protocol import PAPER
from replication.errors import ReplicationError
from replication.paper.study import DEFAULT_ROOT_SEED, DEFAULT_SEEDS, Study
from replication.publication.models import Model, read_models
from replication.publication.publishing import replicate_study

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
    """Return the verdict of each statement."""
    return {
        statement: str(judged["verdict"])
        for model in models.values()
        for statement, judged in model.get("claims", {}).items()
    }


def main(offset: int, folder: Path) -> None:
    """Run everything, and print what turns."""
    for name, fixed in registry.EXPERIMENTS.items():
        registry.EXPERIMENTS[name] = fixed._replace(root_seed=fixed.root_seed + offset)
    study = AsDefault(PAPER, DEFAULT_ROOT_SEED + offset, DEFAULT_SEEDS, folder)
    try:
        replicate_study(study, find_cache(), report_progress=tell)
    except ReplicationError as error:
        print(f"the report stopped: {error}")
    models = read_models(folder, NAMES)
    before = list_verdicts(read_models(COMMITTED, NAMES))
    now = list_verdicts(models)
    for statement in sorted(before.keys() & now.keys()):
        if before[statement] != now[statement]:
            print(f"{statement}: {now[statement]} (was: {before[statement]})")
    for name, checks in registry.list_checks(models).items():
        for sentence, is_true in checks.items():
            if not is_true:
                print(f"{name}: {sentence} does not hold")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
