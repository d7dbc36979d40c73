"""Measure everything side by side: ``python -m benchmarks``."""

import argparse
import functools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.contenders import Array, compile_c, learn_images, run_batch
from benchmarks.rules import RULES
from replication.definition.protocol import PAPER, Protocol
from replication.simulator.compiler import machine
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import Engine
from replication.simulator.running.ensemble import simulate
from replication.simulator.running.measuring import simulate_curves

ROOT_SEED = 1988
N_NETWORKS = 200_000
"""Networks of the contest."""
N_FEWER = 20_000
"""Networks of each rule of one's own, and those that JAX and Numba are given."""
IMAGES = ((16, 4, 100), (64, 16, 300), (256, 64, 100), (784, 128, 100))
"""Visible units, hidden units and images."""
N_POINTS = (10, 100)
"""Points of a curve."""
Task = Callable[[], Any]


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="FOLDER")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to try it out")
    options = parser.parse_args()
    share, n_rounds = (10, 1) if options.quick else (1, 5)
    text = json.dumps(round_numbers(measure_all(share, n_rounds)), indent=1)
    print(text)
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "benchmark.json").write_text(text + "\n", encoding="utf-8")
    return 0


def measure_all(share: int, n_rounds: int) -> dict[str, Any]:
    """Return all measurements, of one network in `share`."""
    # Compiling is timed, so nothing may be compiled already.
    machine._compile.cache_clear()
    begun = time.process_time()
    Engine(PAPER).train(draw_weights(PAPER, ROOT_SEED, 0, 1))
    seconds = time.process_time() - begun
    n_fewer = N_FEWER // share
    elsewhere = run_elsewhere(draw_weights(PAPER, ROOT_SEED, 0, n_fewer))
    return {
        "processor": read_processor(),
        "compilation_seconds": seconds,
        **compare_contenders(N_NETWORKS // share, n_rounds, elsewhere),
        "rules": {name: measure_rule(name, n_fewer, n_rounds, elsewhere) for name in RULES},
        "images": [measure_images(*sizes, n_rounds) for sizes in IMAGES],
        "curves": measure_curves(2_000 // share, n_rounds),
    }


def take_turns(tasks: Mapping[str, Task], n_rounds: int) -> dict[str, list[float]]:
    """Run all tasks once a round, in reverse order every other round; return seconds by task."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for k in range(n_rounds):
        names = list(tasks)
        if k % 2 == 1:
            names.reverse()
        for name in names:
            begun = time.process_time()
            tasks[name]()
            seconds[name].append(time.process_time() - begun)
    return seconds


def find_ratio(seconds: list[float], others: list[float]) -> float:
    """Return the median over rounds of the ratio of two times."""
    return statistics.median(a / b for a, b in zip(seconds, others, strict=True))


def compare_contenders(n: int, n_rounds: int, elsewhere: dict[str, Any]) -> dict[str, Any]:
    """Measure all contenders on the first networks, and check that they agree."""
    weights = draw_weights(PAPER, ROOT_SEED, 0, n)
    ours = Engine(PAPER).train(weights).updates
    tasks: dict[str, Task] = {
        "simulate": lambda: simulate(PAPER, n_seeds=n, root_seed=ROOT_SEED, jobs=1).updates,
        "kernel": lambda: Engine(PAPER).train(weights).updates,
    }
    n_networks = dict.fromkeys(tasks, n)
    with tempfile.TemporaryDirectory() as folder:
        # The slow one is given fewer networks, and the cost of one counts.
        others = dict.fromkeys(compile_c(Path(folder)).items(), n)
        others["NumPy batch", run_batch] = max(20, n // 10)
        for (name, run), n_given in others.items():
            tasks[name] = functools.partial(run, PAPER, weights[:n_given])
            n_networks[name] = n_given
        seconds = take_turns(tasks, n_rounds)
        updates = {name: tasks[name]() for name in tasks}
    contest = {}
    for name, spent in seconds.items():
        costs = [1e6 * each / n_networks[name] for each in spent]  # of a network, in each round
        of_simulate = [1e6 * each / n for each in seconds["simulate"]]
        found = updates[name][0] if isinstance(updates[name], tuple) else updates[name]
        contest[name] = {
            "microseconds": statistics.median(costs),
            "ratio": find_ratio(costs, of_simulate),
            "agreement": find_agreement(name, found, ours),
        }
    for name in ("Numba, lanes", "Numba, loops", "JAX"):
        if name in elsewhere:
            found = np.array(elsewhere[name]["updates"])
            cost = 1e6 * elsewhere[name]["seconds"] / len(found)
            contest[name] = {
                "microseconds": cost,
                "ratio": cost / contest["simulate"]["microseconds"],
                "agreement": find_agreement(name, found, ours),
            }
    return {"n_networks": n, "mean_sweeps": float(ours.mean()) + 1.0, "contest": contest}


def find_agreement(name: str, updates: Array, ours: Array) -> float:
    """Return the share of networks with the same outcome; stop if another program is wrong."""
    agreement = float(np.mean(updates == ours[: len(updates)]))
    if agreement < 0.99:
        raise SystemExit(f"{name} agrees on {agreement:.1%} of the networks only")
    return agreement


def run_elsewhere(weights: Array) -> dict[str, Any]:
    """Return what JAX and Numba take for these weights; {} without their environment."""
    python = Path(sys.prefix) / "others" / "bin" / "python"
    if not python.exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "weights.npy", weights)
        command = [str(python), "-m", "benchmarks.contenders", folder]
        root = Path(__file__).parents[1]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def measure_rule(name: str, n: int, n_rounds: int, elsewhere: dict[str, Any]) -> dict[str, Any]:
    """Measure a rule of one's own, and the same rule in JAX if it is there."""
    engine = Engine(PAPER, RULES[name])
    weights = engine.rule.draw(ROOT_SEED, 0, n)
    updates = engine.train(weights).updates  # compiles, too
    seconds = take_turns({name: functools.partial(engine.train, weights)}, n_rounds)[name]
    row: dict[str, Any] = {"networks_a_second": n / statistics.median(seconds)}
    if name == "Hebbian" and elsewhere:
        theirs = elsewhere["JAX, contrastive Hebbian"]
        row["JAX"] = {
            "ratio": theirs["seconds"] / statistics.median(seconds),
            "agreement": find_agreement(name, np.array(theirs["updates"]), updates),
        }
    return row


def measure_images(n: int, n_hidden: int, n_images: int, n_rounds: int) -> dict[str, Any]:
    """Measure the compiled code against NumPy with matrix products of BLAS.

    Networks make at least 5 updates, so that the preparation of a call does not count for much.
    """
    images = np.random.default_rng(ROOT_SEED).random((n_images, n))
    protocol = Protocol(
        group_sizes=(n, n_hidden),
        patterns=images,
        learning_rate=1.0 / n_images,
        threshold=1e-9,
        max_updates=max(5, 40_000_000 // (n * n_hidden * n_images)),
    )
    weights = draw_weights(protocol, ROOT_SEED, 0, 8)
    tasks: dict[str, Task] = {
        "kernel": lambda: Engine(protocol).train(weights, final=True).final,
        "NumPy": lambda: learn_images(protocol, weights),
    }
    ours, theirs = (task() for task in tasks.values())
    if not np.allclose(ours, theirs, rtol=0, atol=1e-9):
        raise SystemExit(f"NumPy ends {np.abs(ours - theirs).max():.1g} elsewhere")
    seconds = take_turns(tasks, n_rounds)
    ratio = find_ratio(seconds["NumPy"], seconds["kernel"])
    return {"sizes": [n, n_hidden], "n_images": n_images, "ratio": ratio}


def measure_curves(n: int, n_rounds: int) -> dict[str, float]:
    """Return how many times as long 200 updates take with points of the error."""

    def run(n_points: int) -> Task:
        moments = np.linspace(0, 200, n_points + 1).astype(int)[1:].tolist()
        return lambda: simulate_curves(updates=moments, n_seeds=n, jobs=1)

    tasks = {f"{k}": run(k) for k in (1, *N_POINTS)}
    for task in tasks.values():
        task()  # compiles
    seconds = take_turns(tasks, n_rounds)
    return {f"{k}": find_ratio(seconds[f"{k}"], seconds["1"]) for k in N_POINTS}


def read_processor() -> str:
    """Return the processor's name, its cores and whether it has AVX-512."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = ["model name: unknown"]
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    _, features = machine.choose_processor()
    wide = ", AVX-512" if "+avx512f" in features else ""
    return f"{names[0]}, {len(names)} cores{wide}"


def round_numbers(value: Any) -> Any:
    """Return plain data with four significant digits."""
    if isinstance(value, dict):
        return {key: round_numbers(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [round_numbers(entry) for entry in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    raise SystemExit(main())
