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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from benchmarks.contenders import Array, Run, compile_c, learn_images, run_batch, run_literal
from benchmarks.rules import RULES
from replication.definition.protocol import PAPER, Protocol
from replication.simulator.compiler import machine
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import Engine
from replication.simulator.running.ensemble import simulate
from replication.system.threads import map_in_threads

ROOT_SEED = 1988
N_NETWORKS = 200_000
"""Networks of the contest."""
N_OF_RULE = 20_000
"""Networks of each rule of one's own."""
N_ELSEWHERE = 2_000
"""Networks of each rule that JAX and Numba are given, the first ones of these."""
SIZES = ((4, 2), (5, 2), (8, 3), (16, 4), (4, 3, 3), (64, 16))
"""Sizes of the groups, the visible one first, with one-hot patterns."""
IMAGES = (
    *((64, 16, n) for n in (30, 300, 1_797)),
    *((n, 16, 300) for n in (16, 256)),
    *((64, n, 300) for n in (4, 64)),
)
"""Visible units, hidden units and images."""


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="FOLDER")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to try it out")
    options = parser.parse_args()
    share, n_rounds = (10, 1) if options.quick else (1, 5)
    model = round_numbers(measure_all(share, n_rounds))
    text = json.dumps(model, indent=1)
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
    model: dict[str, Any] = {
        "processor": read_processor(),
        "compilation_seconds": time.process_time() - begun,
        **compare_contenders(N_NETWORKS // share, n_rounds=n_rounds),
    }
    model["rules"] = measure_rules(N_OF_RULE // share, n_rounds=n_rounds)
    model["sizes"] = [measure_size(sizes, n_rounds=n_rounds) for sizes in SIZES]
    model["images"] = [measure_images(*sizes, n_rounds=n_rounds) for sizes in IMAGES]
    model["jobs"] = compare_jobs(1_000_000 // share, n_rounds=n_rounds)
    return model


def take_turns(
    tasks: Mapping[str, Callable[[], object]], *, n_rounds: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Run all tasks once a round, in reverse order every other round; return seconds by task."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for k in range(n_rounds):
        names = list(tasks)
        if k % 2 == 1:
            names.reverse()
        for name in names:
            begun = clock()
            tasks[name]()
            seconds[name].append(clock() - begun)
    return seconds


@dataclass(frozen=True)
class Contender:
    """Another program that simulates the first `n` networks."""

    run: Run
    n: int


def list_contenders(n: int, folder: Path) -> dict[str, Contender]:
    """Return all contenders; slow ones are given fewer networks, and the cost of one counts."""
    contenders = {name: Contender(run, n) for name, run in compile_c(folder).items()}
    contenders["NumPy batch"] = Contender(run_batch, max(20, n // 10))
    contenders["literal loop"] = Contender(run_literal, max(20, n // 2_000))
    return contenders


def compare_contenders(n: int, *, n_rounds: int) -> dict[str, Any]:
    """Measure all contenders on the first networks, and check that they agree."""
    weights = draw_weights(PAPER, ROOT_SEED, 0, n)
    ours = Engine(PAPER).train(weights)
    theirs: dict[str, tuple[Array, Array]] = {}  # outcomes by contender
    tasks: dict[str, Callable[[], object]] = {
        "simulate": lambda: simulate(PAPER, n_seeds=n, root_seed=ROOT_SEED, jobs=1),
        "kernel": lambda: Engine(PAPER).train(weights),
    }
    n_networks = dict.fromkeys(tasks, n)
    with tempfile.TemporaryDirectory() as folder:
        contenders = list_contenders(n, Path(folder))

        def run(name: str) -> None:
            contender = contenders[name]
            theirs[name] = contender.run(PAPER, weights[: contender.n])

        for name, contender in contenders.items():
            tasks[name] = functools.partial(run, name)
            n_networks[name] = contender.n
        seconds = take_turns(tasks, n_rounds=n_rounds, clock=time.process_time)
    rows: list[dict[str, Any]] = []
    costs_of_simulate = [1e6 * spent / n for spent in seconds["simulate"]]  # as below, per round
    for name, seconds_of_rounds in seconds.items():
        costs = [1e6 * spent / n_networks[name] for spent in seconds_of_rounds]
        row: dict[str, Any] = {
            "name": name,
            "microseconds": statistics.median(costs),
            "ratio": find_median_ratio(costs, costs_of_simulate),
        }
        if name in theirs:
            updates, converged = theirs[name]
            is_same = updates == ours.updates[: len(updates)]
            is_same &= converged == ours.converged[: len(updates)]
            row["agreement"] = float(np.mean(is_same))
            if row["agreement"] < 0.99:
                raise SystemExit(f"{name} agrees on {row['agreement']:.1%} of the networks only")
        rows.append(row)
    return {"n_networks": n, "mean_sweeps": float(ours.updates.mean()) + 1.0, "contest": rows}


def measure_rules(n: int, *, n_rounds: int) -> list[dict[str, Any]]:
    """Measure the rules of `rules.py`, and the same rules in other packages."""
    engines = {name: Engine(PAPER, rule) for name, rule in RULES.items()}
    weights = {name: engine.rule.draw(ROOT_SEED, 0, n) for name, engine in engines.items()}
    theirs = run_elsewhere(weights)
    rows = []
    for name, engine in engines.items():
        # One rule after another, since what follows seconds of work runs slower for a moment.
        tasks: dict[str, Callable[[], Any]] = {name: functools.partial(engine.train, weights[name])}
        if name == "Recirculation":
            tasks["paper"] = functools.partial(Engine(PAPER).train, weights[name])
        for task in tasks.values():
            task()  # compiles
        seconds = take_turns(tasks, n_rounds=n_rounds, clock=time.process_time)
        seconds_each = statistics.median(seconds[name]) / n  # of one network
        row: dict[str, Any] = {"rule": name, "networks_a_second": 1.0 / seconds_each}
        if "paper" in seconds:
            row["ratio"] = find_median_ratio(seconds[name], seconds["paper"])
        updates = engine.train(weights[name]).updates
        for package, measured in theirs.get(name, {}).items():
            row[package] = compare_package(measured, seconds_each, updates)
        rows.append(row)
    return rows


def find_median_ratio(seconds: list[float], others: list[float]) -> float:
    """Return the median over rounds of the ratio of two times."""
    return statistics.median(a / b for a, b in zip(seconds, others, strict=True))


def compare_package(
    measured: dict[str, Any], seconds_each: float, updates: Array
) -> dict[str, float]:
    """Return how many times as long another package takes, and how often it agrees.

    `seconds_each` are our seconds for one network, `updates` our outcomes.
    """
    theirs = np.array(measured["updates"])
    is_same = theirs == updates[: len(theirs)]
    times_faster = measured["seconds"] / len(theirs) / seconds_each
    return {"times_faster": times_faster, "agreement": float(is_same.mean())}


def run_elsewhere(rows: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `elsewhere.py` measures for these initial weights; {} without its environment."""
    python = Path(sys.prefix) / "others" / "bin" / "python"
    if not python.exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for name, weights in rows.items():
            np.save(Path(folder) / f"{name}.npy", weights[:N_ELSEWHERE])
        command = [str(python), str(Path(__file__).with_name("elsewhere.py")), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def measure_size(sizes: tuple[int, ...], *, n_rounds: int) -> dict[str, Any]:
    """Measure the kernel on other group sizes, to a low cap because not all networks converge."""
    protocol = Protocol(group_sizes=sizes, max_updates=50)
    n = max(16, 400_000 // (protocol.n_weights * protocol.n_patterns))
    weights = draw_weights(protocol, ROOT_SEED, 0, n)
    updates, *_ = Engine(protocol).train(weights)
    tasks = {"kernel": lambda: Engine(protocol).train(weights)}
    seconds = take_turns(tasks, n_rounds=n_rounds, clock=time.process_time)["kernel"]
    n_sweeps = int(updates.sum()) + n
    return {"sizes": list(sizes), "microseconds": 1e6 * statistics.median(seconds) / n_sweeps}


def measure_images(n: int, n_hidden: int, n_images: int, *, n_rounds: int) -> dict[str, Any]:
    """Measure the kernel against NumPy with matrix products of BLAS, both on two cores.

    Networks make at least 30 updates. So neither the preparation of a call counts for much, nor the
    kernel's last look at the error, which NumPy leaves out.
    """
    images = np.random.default_rng(ROOT_SEED).random((n_images, n))
    protocol = Protocol(
        group_sizes=(n, n_hidden),
        patterns=images,
        learning_rate=1.0 / n_images,
        threshold=1e-9,
        max_updates=max(30, 40_000_000 // (n * n_hidden * n_images)),
    )
    weights = draw_weights(protocol, ROOT_SEED, 0, 32)
    halves = np.split(weights, 2)
    with Parallel(2, backend="loky", inner_max_num_threads=1) as pool:
        tasks: dict[str, Callable[[], Any]] = {
            "kernel": lambda: map_in_threads(run, halves, jobs=2),
            "NumPy": lambda: pool(delayed(learn_images)(protocol, half) for half in halves),
        }

        def run(half: Any) -> Any:
            return Engine(protocol).train(half, final=True)[2]

        ours, theirs = (np.concatenate(task()) for task in tasks.values())
        seconds = take_turns(tasks, n_rounds=n_rounds, clock=time.perf_counter)
    if not np.allclose(ours, theirs, rtol=0, atol=1e-9):
        raise SystemExit(f"NumPy ends {np.abs(ours - theirs).max():.1g} elsewhere")
    scale = 1e9 / (len(weights) * protocol.max_updates * n_images)
    cost = {name: scale * statistics.median(spent) for name, spent in seconds.items()}
    return {
        "sizes": [n, n_hidden],
        "n_images": n_images,
        "nanoseconds": cost,
        "ratio": find_median_ratio(seconds["NumPy"], seconds["kernel"]),
    }


def compare_jobs(n: int, *, n_rounds: int) -> dict[str, Any]:
    """Measure two jobs against one."""
    tasks: dict[str, Callable[[], object]] = {
        f"{jobs}": functools.partial(simulate, PAPER, n_seeds=n, jobs=jobs) for jobs in (1, 2)
    }
    seconds = take_turns(tasks, n_rounds=n_rounds, clock=time.perf_counter)
    return {"n_networks": n, "speed_up": find_median_ratio(seconds["1"], seconds["2"])}


def read_cores() -> list[str]:
    """Return the name of the processor once for each core, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ["unknown"]
    return [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]


def read_processor() -> str:
    """Return the processor's name, its cores and whether it has AVX-512."""
    names = read_cores()
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
