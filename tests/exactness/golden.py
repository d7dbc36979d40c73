"""The golden digests and the ways to compute them again.

The line of `golden.json` for a choice that is new in the protocol, from the root of the clone::

    python -m tests.exactness.golden --record minimised_error=cross-entropy max_updates=300
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

from replication.definition.protocol import NOTEBOOK, PAPER, Protocol, from_plain, parse_assignment
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import Engine
from replication.simulator.running.ensemble import simulate_weights

PATH = Path(__file__).with_suffix(".json")
GOLDEN = json.loads(PATH.read_text(encoding="utf-8"))
ROOT_SEED, N_SEEDS = GOLDEN["root_seed"], GOLDEN["n_seeds"]

# At lambda = 0.75 some wrong fusing cannot show: 1 - lambda is a power of two.
PROTOCOLS = {
    "paper": PAPER,
    "paper, regression = 0.7": Protocol(regression=0.7),
    "notebook": NOTEBOOK,
    "notebook, regression = 0.7": Protocol(criterion=NOTEBOOK.criterion, regression=0.7),
}


def compute_all_bits(updates, converged, final):
    parts = (updates.astype("<i4"), converged.astype("u1"), final.astype("<f8"))
    sha = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))
    return sha.hexdigest()[:16]


def compute_choice(protocol, n):
    """Return the digest of networks of a protocol."""
    weights = draw_weights(protocol, ROOT_SEED, 0, n)
    return compute_all_bits(*simulate_weights(protocol, weights))


def compute_rule(rule, schedule):
    """Return the digest of 200 networks of a rule of one's own."""
    engine = Engine(Protocol(update_schedule=schedule, max_updates=300), rule)
    # Fixed arrays and what is kept are part of the final weights.
    rows = engine.rule.draw(ROOT_SEED, 0, 200)
    updates, converged, final = engine.train(rows, root_seed=ROOT_SEED, final=True)
    return compute_all_bits(updates, converged, final)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", nargs="+", metavar="FIELD=VALUE", required=True)
    fields = dict(map(parse_assignment, parser.parse_args().record))
    digest = compute_choice(from_plain(fields), 500)
    print(json.dumps({"fields": fields, "n": 500, "digest": digest}))
