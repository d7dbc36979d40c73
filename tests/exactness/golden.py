"""The golden digests and the ways to compute them again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from replication.protocol import NOTEBOOK, PAPER, Protocol
from replication.simulator.outcomes import Outcomes, compute_digest

GOLDEN = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
ROOT_SEED, N_SEEDS = GOLDEN["root_seed"], GOLDEN["n_seeds"]

# At lambda = 0.75 some wrong fusing cannot show: 1 - lambda is a power of two.
PROTOCOLS = {
    "paper": PAPER,
    "paper, regression = 0.7": Protocol(regression=0.7),
    "notebook": NOTEBOOK,
    "notebook, regression = 0.7": Protocol(criterion=NOTEBOOK.criterion, regression=0.7),
}


def compute_sorted_digest(blocks) -> str:
    """Return the digest of blocks that arrive in any order."""
    return compute_digest(sorted(blocks, key=lambda block: block.start))


def cut(n_seeds: int, size: int) -> list[tuple[int, int]]:
    """Cut the first seeds into blocks of one size."""
    return [(start, min(start + size, n_seeds)) for start in range(0, n_seeds, size)]


def compute_one_piece(updates, converged) -> str:
    """Return the digest of outcomes that begin at seed 0."""
    return compute_digest([Outcomes(0, updates, converged)])


def compute_all_bits(updates, converged, final) -> str:
    """Return a digest of outcomes and final weights."""
    parts = (updates.astype("<i4"), converged.astype("u1"), final.astype("<f8"))
    sha = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))
    return sha.hexdigest()[:16]
