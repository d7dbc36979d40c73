"""A study: the first networks of one protocol and root seed, and where its results stand."""

import dataclasses
import json
import shlex
from pathlib import Path
from typing import Any, Self

from replication.definition.protocol import PAPER, READINGS, Protocol

DEFAULT_SEEDS = 1_000_000
DEFAULT_ROOT_SEED = 1988
"""The default study, which the committed report describes: these networks of `PAPER`."""

MAX_SEEDS = 100_000_000_000  # which take days

N_REPETITIONS = 5
MAX_COMPARED_SEEDS = 200_000  # of what a study is compared with: enough for an exact p

OTHER_ERRORS = ("square", "half-square")
"""Readings of "error", each the name of an operationalisation of the headline, too."""


@dataclasses.dataclass(frozen=True, slots=True)
class Study:
    """The first `n_seeds` networks of one protocol and root seed.

    `results`: the folder of its models and its report, or of the folder that they have there.
    """

    protocol: Protocol
    root_seed: int
    n_seeds: int
    results: Path = Path("results")

    @property
    def is_default(self) -> bool:
        """Whether this is the study that the committed report describes."""
        default = PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS
        return (self.protocol, self.root_seed, self.n_seeds) == default

    @property
    def folder(self) -> Path:
        """Where its models and its report stand."""
        # Every other study has a folder of its own, so that none takes another's place.
        if self.is_default:
            return self.results
        return self.results / "studies" / f"{self.protocol.id}-{self.root_seed}-{self.n_seeds}"

    @property
    def options(self) -> str:
        """The options that name this study on the command line."""
        # As a shell reads them, to be copied from a report.
        fields = [f"{name}={json.dumps(x)}" for name, x in self.protocol.differences.items()]
        words = [f"--seeds {self.n_seeds} --root-seed {self.root_seed}"]
        return " --set ".join([*words, *map(shlex.quote, fields)])

    @property
    def parts(self) -> dict[str, Self]:
        """The studies behind its report, itself first, by the names that progress shows."""
        return {
            f"root seed {self.root_seed}": self,
            **{f"root seed {one.root_seed}, for comparison": one for one in self.repetitions},
            **{f"criterion {one.protocol.criterion}": one for one in self.other_errors.values()},
        }

    def limit(self, **changes: Any) -> Self:
        """Return a study that this one is compared with, of limited size."""
        n_seeds = min(self.n_seeds, MAX_COMPARED_SEEDS)
        return dataclasses.replace(self, n_seeds=n_seeds, **changes)

    @property
    def other_errors(self) -> dict[str, Self]:
        """The same networks, or the first of them, with each of `OTHER_ERRORS`, if they fit."""
        own = self.protocol
        names = OTHER_ERRORS if own.has_paper_task else ()
        others = {x: dataclasses.replace(own, criterion=READINGS[x].criterion) for x in names}
        return {name: self.limit(protocol=other) for name, other in others.items()}

    @property
    def repetitions(self) -> list[Self]:
        """The same study under other root seeds, of limited size."""
        more = range(1, N_REPETITIONS + 1)
        return [self.limit(root_seed=(self.root_seed + i) % 2**63) for i in more]
