"""The golden digests and the ways to compute them again.

A choice that is new in the protocol gets its digest by a command, from the root of the clone::

    python -m tests.exactness.golden --record minimised_error=cross-entropy max_updates=300
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

from replication.definition.protocol import NOTEBOOK, PAPER, Protocol, from_plain, parse_assignment
from replication.simulator.engine import Engine
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights

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
    rows = engine.rule.draw(ROOT_SEED, 0, 200)
    updates, converged, final, _ = engine.train(rows, root_seed=ROOT_SEED, final=True)
    return compute_all_bits(updates, converged, final)


def record(path, fields, n_networks):
    """Add the digest of a choice that has none yet to the golden ones, and return it."""
    golden = json.loads(path.read_text(encoding="utf-8"))
    protocol = from_plain(fields)
    if any(from_plain(one["fields"]) == protocol for one in golden["choices"] + golden["more"]):
        raise SystemExit(f"{fields} has a golden digest already; a recorded one never changes")
    digest = compute_choice(protocol, n_networks)
    golden["choices"].append({"fields": fields, "n": n_networks, "digest": digest})
    # A choice stands on a line of its own, so that a change shows which one it is.
    text = json.dumps({**golden, "more": [], "choices": []}, indent=2)
    for name in ("more", "choices"):
        rows = ",\n    ".join(json.dumps(choice) for choice in golden[name])
        text = text.replace(f'"{name}": []', f'"{name}": [\n    {rows}\n  ]')
    path.write_text(f"{text}\n", encoding="utf-8")
    return digest


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", nargs="+", metavar="FIELD=VALUE", required=True)
    parser.add_argument("--networks", type=int, default=500)
    options = parser.parse_args()
    print(record(PATH, dict(map(parse_assignment, options.record)), options.networks))
