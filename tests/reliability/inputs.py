"""Print what small experiments give to compiled networks, as digests, and their models, as JSON.

Run by `test_bits.py` in processes that are told to be another machine: what differs has come to
networks by way of a library whose last bits depend on the processor, and 4,000 updates enlarge it.
"""

import hashlib
import json
import sys
import traceback
from unittest import mock

import numpy as np

from replication.publication.models import round_numbers
from replication.simulator.running import engine
from tests.unit.experiments import test_models


def hash_arrays(*arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return digest.hexdigest()[:16]


def find_line():
    """Return the lines of experiments that a call came from, the innermost first."""
    frames = [frame for frame in traceback.extract_stack() if "/experiments/" in frame.filename]
    lines = [f"{frame.filename.rpartition('/experiments/')[2]}:{frame.lineno}" for frame in frames]
    return " < ".join(reversed(lines[1:]))


def compute(name):
    """Return what an experiment gives to networks, line by line, and its model, rounded."""
    given = []
    train, evaluate = engine.Engine.train, engine.Engine.evaluate

    def note_train(self, weights, **options):
        given.append([find_line(), hash_arrays(self.program.data, weights)])
        return train(self, weights, **options)

    def note_evaluate(self, weights):
        program = engine.find_program("states", self.rule)
        given.append([find_line(), hash_arrays(program.data, weights)])
        return evaluate(self, weights)

    noting = mock.patch.multiple(engine.Engine, train=note_train, evaluate=note_evaluate)
    with noting, np.errstate(all="ignore"):
        model, _ = test_models.run(name)
    return {"given": sorted(given), "model": round_numbers(model)}


if __name__ == "__main__":
    names = sys.argv[1:] or test_models.EXPERIMENTS
    print(json.dumps({name: compute(name) for name in names}))
