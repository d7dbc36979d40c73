"""A study: the first networks of one protocol and root seed, and the folder of its results."""

import dataclasses
import json
import shlex
from pathlib import Path
from typing import Any, Self

from replication.definition.protocol import PAPER, READINGS, Protocol

DEFAULT_SEEDS = 1_000_000
"""Networks of the default study, which the committed report describes."""
DEFAULT_ROOT_SEED = 1988
"""Root seed of the default study."""

MAX_SEEDS = 100_000_000_000  # so many networks take days

N_REPETITIONS = 5
"""Number of other root seeds with which a report compares its study."""
MAX_COMPARED_SEEDS = 200_000
"""The most networks of a study that is made for comparison: enough for an exact p."""

OTHER_ERRORS = ("square", "half-square")
"""Other readings of "error"; each is also the name of an operationalisation of the headline."""


@dataclasses.dataclass(frozen=True, slots=True)
class Study:
    """The first `n_seeds` networks of one protocol and root seed.

    `results`: the results folder of all studies; `folder` is the part of this study.
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
        """The folder of its models and its report."""
        if self.is_default:
            return self.results
        # Every other study has a folder of its own, so that none replaces another.
        return self.results / "studies" / f"{self.protocol.id}-{self.root_seed}-{self.n_seeds}"

    @property
    def options(self) -> str:
        """The options that name this study on the command line."""
        words = f"--seeds {self.n_seeds} --root-seed {self.root_seed}"
        # Quoted as a shell needs it, because people copy this from a report.
        for name, value in self.protocol.differences.items():
            words += f" --set {shlex.quote(f'{name}={json.dumps(value)}')}"
        return words

    @property
    def parts(self) -> dict[str, Self]:
        """All studies that its report needs, this one first, by the names that progress shows."""
        parts = {f"root seed {self.root_seed}": self}
        for repetition in self.repetitions:
            parts[f"root seed {repetition.root_seed}, for comparison"] = repetition
        for other in self.other_errors.values():
            parts[f"criterion {other.protocol.criterion}"] = other
        return parts

    def limit(self, **changes: Any) -> Self:
        """Return this study with some fields changed and limited size, for comparison."""
        n_seeds = min(self.n_seeds, MAX_COMPARED_SEEDS)
        return dataclasses.replace(self, n_seeds=n_seeds, **changes)

    @property
    def other_errors(self) -> dict[str, Self]:
        """The same networks, or the first of them, with each of `OTHER_ERRORS`.

        There are none if the networks have another task than the paper's.
        """
        others: dict[str, Self] = {}
        if self.protocol.has_paper_task:
            for name in OTHER_ERRORS:
                criterion = READINGS[name].criterion
                protocol = dataclasses.replace(self.protocol, criterion=criterion)
                others[name] = self.limit(protocol=protocol)
        return others

    @property
    def repetitions(self) -> list[Self]:
        """The same study under the next root seeds, of limited size."""
        # After the largest root seed, 2**63 - 1, comes 0.
        root_seeds = [(self.root_seed + i) % 2**63 for i in range(1, N_REPETITIONS + 1)]
        return [self.limit(root_seed=root_seed) for root_seed in root_seeds]
