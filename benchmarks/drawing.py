"""The speed of a rule that draws random numbers: Boltzmann machines, compiled and in plain C.

``python -m benchmarks.drawing`` prints the microseconds that one cycle of a machine takes on one
core: as a compiled rule (`notebooks/boltzmann/rule.py`), and in C (`encoder.c` beside it). The
program in C computes with whole numbers, and reads one row of weights for each unit that it draws.
"""

import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np

import replication
from benchmarks.__main__ import read_processor
from replication.simulator.running.engine import Engine

sys.path.append(str(Path(__file__).parents[1] / "notebooks"))

from boltzmann.rule import build_encoder
from boltzmann.runs import call, compile_program

ENCODERS = {"4-2-4": (160, 0.15, 0.05), "8-3-8": (24, 0.15, 0.02)}
"""The number of machines, and the probabilities that a clamped bit is reversed: from on to off, and
from off to on."""
N_CYCLES = 300
"""Most cycles of a machine."""
N_ROUNDS = 3
ROOT_SEED = 1988


def measure_rule(encoder: str) -> float:
    """Return the microseconds of a cycle of a machine by the compiled rule."""
    n_machines, on, off = ENCODERS[encoder]
    v, h, _ = (int(word) for word in encoder.split("-"))
    rule = build_encoder(v, h, "R1", until="solved_tenth", on_to_off=on, off_to_on=off)
    engine = Engine(replication.Protocol(threshold=0.5, max_updates=N_CYCLES), rule)
    rows = engine.rule.draw(ROOT_SEED, 0, n_machines)
    engine.train(rows[:8], root_seed=ROOT_SEED, max_updates=1)  # compiles
    begun = time.process_time()
    updates, *_ = engine.train(rows, root_seed=ROOT_SEED)
    return 1e6 * (time.process_time() - begun) / int(updates.sum())


def measure_program(encoder: str, program: Path) -> float:
    """Return the microseconds of a cycle in C, where a machine stops as by the rule."""
    n_machines, on, off = ENCODERS[encoder]
    v, h, _ = encoder.split("-")
    numbers = (on, off, ROOT_SEED, n_machines, N_CYCLES)
    words = ["times", "0", v, h, *map(str, numbers)]
    begun = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    lines = call(program, words)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begun
    # The last column is the cycle at which a machine stopped, 0 or less if it did not.
    ends = np.array([line.split(",")[-1] for line in lines], dtype=int)
    return 1e6 * seconds / int(np.where(ends > 0, ends, N_CYCLES).sum())


def main() -> None:
    """Print a row for each encoder: medians over rounds in which both take turns."""
    print(read_processor())
    with compile_program() as program:
        for encoder in ENCODERS:
            pairs = [
                (measure_rule(encoder), measure_program(encoder, program)) for _ in range(N_ROUNDS)
            ]
            rule, plain = (statistics.median(each) for each in zip(*pairs, strict=True))
            ratio = statistics.median(of_rule / of_program for of_rule, of_program in pairs)
            print(f"{encoder}: {rule:.0f} by the rule, {plain:.0f} in C, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
