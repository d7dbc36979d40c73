"""The golden digests and the ways to compute them again."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from replication.protocol import PAPER
from replication.simulator.outcomes import Outcomes, compute_digest

GOLDEN = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
ROOT_SEED, N_SEEDS = GOLDEN["root_seed"], GOLDEN["n_seeds"]

# At lambda = 0.75 some wrong fusing cannot show: 1 - lambda is a power of two.
PROTOCOLS = {"paper": PAPER, "regression = 0.7": dataclasses.replace(PAPER, regression=0.7)}


def compute_sorted_digest(blocks) -> str:
    """Return the digest of blocks that arrive in any order."""
    return compute_digest(sorted(blocks, key=lambda block: block.start))


def cut(n_seeds: int, size: int) -> list[tuple[int, int]]:
    """Cut the first seeds into blocks of one size."""
    return [(start, min(start + size, n_seeds)) for start in range(0, n_seeds, size)]


def compute_one_piece(updates, converged) -> str:
    """Return the digest of outcomes that begin at seed 0."""
    return compute_digest([Outcomes(0, updates, converged)])
