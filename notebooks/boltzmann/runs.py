"""The runs of the plan: which machines, from which seeds, by which program.

Each run is kept as a file, so that an interrupted study goes on.
"""

import functools
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

import replication
from replication import Protocol

from .rule import build_encoder

HERE = Path(__file__).parent
PLAN = HERE.parents[1] / "docs" / "plans" / "boltzmann.md"
PROCESSES = "R1", "N", "NP"
MOST_CYCLES = 4000

Columns = dict[str, list[int]]
"""The columns of a run by name: whole numbers, one for each machine.

The cycle of an event is 0 if the event never happened.
"""


class Run(NamedTuple):
    """One row of the plan's table of machines, for one process."""

    encoder: str  # such as "4-2-4"
    process: str
    suffix: str  # the end of its name: "", " watched" or " again"
    n_machines: int
    cycles: int = MOST_CYCLES
    until: str = ""  # the event until which the NumPy rule runs; if empty, the C program runs

    @property
    def name(self) -> str:
        """The name of the run in the plan."""
        return f"{self.encoder} {self.process}{self.suffix}"


def list_runs() -> list[Run]:
    """Return all runs of the plan."""
    runs = []
    for process in PROCESSES:
        runs += [
            Run("4-2-4", process, "", 5000, until="held"),
            Run("4-2-4", process, " watched", 600, until="held"),
            Run("4-3-4", process, "", 600, until="solved_tenth"),
            Run("8-3-8", process, "", 300),
            Run("40-10-40", process, "", 32, 1800),
            Run("4-2-4", process, " again", 2000),
        ]
    return [*runs, Run("8-3-8", "R1", " again", 160, 1000, until="near")]


@functools.cache
def hash_plan() -> str:
    """Return the SHA-256 of the plan."""
    return hashlib.sha256(PLAN.read_bytes()).hexdigest()


def find_seed(name: str) -> int:
    """Return the seed of a run, which follows from the plan's text."""
    # Watched machines are those of the run without " watched", which go on.
    text = f"{hash_plan()} {name.removesuffix(' watched')}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") // 2


def run_rule(run: Run) -> Columns:
    """Return the columns of a run of the NumPy rule, compiled by the package."""
    v, h, _ = map(int, run.encoder.split("-"))
    numbers = {
        "off_to_on": 0.02 if v == 8 else 0.05,
        "watch": 1000.0 if run.suffix == " watched" else 0.0,
    }
    gap = 2 if run.encoder == "4-3-4" else 1
    rule = build_encoder(v, h, run.process, until=run.until, gap=gap, **numbers)
    outcomes = replication.simulate(
        Protocol(threshold=0.5, max_updates=run.cycles),
        network=rule,
        n_seeds=run.n_machines,
        root_seed=find_seed(run.name),
        final_weights=True,
        jobs=1,
    )
    arrays = split(rule, outcomes.weights)
    names = "near", "solved", "solved_tenth", "held", "lost"
    columns = {name: arrays[name].astype(int).tolist() for name in names}
    if run.encoder == "4-2-4":
        columns |= describe_early(arrays["early"], v)
    return columns


def split(rule: type[replication.Network], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of each machine by name, from its row of numbers."""
    shapes = dict(rule.shapes)
    for name, start in rule.kept.items():
        shapes[name] = np.shape(start)
    arrays = {}
    begin = 0
    for name, shape in shapes.items():
        end = begin + int(np.prod(shape))
        arrays[name] = rows[:, begin:end].reshape(-1, *shape)
        begin = end
    return arrays


def describe_early(weights: np.ndarray, v: int) -> Columns:
    """Return what Figure 2 shows, from the weights after 120 cycles, (machine, N, N).

    ``weight_120``: the weight between the first visible unit and the last of its group.
    ``bits_120``: in how many bits the codes of these two units differ; -1 if the machine has no
    solution at this cycle, or has stopped before.
    """
    inputs = weights[:, 2 * v :, :v] + weights[:, 2 * v :, v : 2 * v]
    biases = np.diagonal(weights, axis1=1, axis2=2)[:, 2 * v :]
    codes = inputs + biases[:, :, np.newaxis] > 0  # (machine, h, v)
    # Codes as whole numbers: a machine is solved if no two of them are equal.
    powers = 2 ** np.arange(codes.shape[1])
    numbers = np.sort((codes * powers[:, np.newaxis]).sum(axis=1), axis=1)
    is_solved = (np.diff(numbers, axis=1) > 0).all(axis=1)
    n_bits = (codes[:, :, 0] != codes[:, :, v - 1]).sum(axis=1)
    return {
        "weight_120": weights[:, 0, v - 1].astype(int).tolist(),
        "bits_120": np.where(is_solved, n_bits, -1).tolist(),
    }


@contextmanager
def compile_program() -> Iterator[Path]:
    """Compile encoder.c and yield the program, which is deleted afterwards."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("no C compiler was found, which the larger encoders need: install gcc")
    with TemporaryDirectory() as folder:
        program = Path(folder) / "encoder"
        source = str(HERE / "encoder.c")
        command = [compiler, "-O3", "-march=native", source, "-o", str(program), "-lm"]
        subprocess.run(command, check=True)
        yield program


def run_program(run: Run, program: Path) -> Columns:
    """Return the columns of a run of the C program."""
    v, h, _ = run.encoder.split("-")
    # The probabilities that noise turns a bit off, and on.
    noise = {"4": ("0.15", "0.05"), "8": ("0.15", "0.02"), "40": ("0.1", "0.0025")}[v]
    is_large = v == "40"
    task = "tests" if is_large else "times"
    number = str(PROCESSES.index(run.process))
    size = str(find_seed(run.name)), str(run.n_machines), str(run.cycles)
    stages = ["300", "800"] if is_large else []
    lines = call(program, [task, number, v, h, *noise, *size, *stages])
    if is_large:
        return read_tests(lines, int(h))
    table = np.array([line.split(",") for line in lines], dtype=int)
    names = "near", "solved", "near_tenth", "solved_tenth"
    return {name: column.tolist() for name, column in zip(names, table.T, strict=True)}


def call(program: Path, arguments: list[str]) -> list[str]:
    """Return the lines that the C program prints when it gets these arguments."""
    command = [str(program), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def read_tests(lines: list[str], n_hidden: int) -> Columns:
    """Return how many answers of each machine are right at each test, and its hidden weights.

    The weights are one list. For each hidden unit of each machine it holds the weights to all
    visible units, and then the bias.
    """
    columns: Columns = {}
    for line in lines:
        *tests, numbers = line.split(",")
        for test in tests:  # such as "800:392"
            cycle, right = test.split(":")
            columns.setdefault(f"right_{cycle}", []).append(int(right))
        weights = read_triangle(numbers)
        hidden = np.arange(len(weights))[-n_hidden:]
        rows = np.column_stack([weights[hidden, : hidden[0]], weights[hidden, hidden]])
        columns.setdefault("weights", []).extend(rows.ravel().tolist())
    return columns


def read_triangle(numbers: str) -> np.ndarray:
    """Return symmetric weights, with biases on the diagonal, from their lower triangle."""
    flat = np.array(numbers.split(), dtype=int)
    n = int(np.sqrt(2 * len(flat)))
    weights = np.zeros((n, n), dtype=int)
    weights[np.tril_indices(n)] = flat
    return weights + np.tril(weights, -1).T


def run_all(folder: Path) -> None:
    """Run all runs that are not in the folder yet: the rule here, the C program in a thread."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [run for run in list_runs() if not find_file(folder, run).exists()]

    def keep(run: Run, columns: Columns) -> None:
        find_file(folder, run).write_text(json.dumps(columns), encoding="utf-8")

    def run_programs() -> None:
        with compile_program() as program:
            for run in missing:
                if not run.until:
                    keep(run, run_program(run, program))

    with ThreadPoolExecutor(1) as pool:
        programs = pool.submit(run_programs)
        for run in missing:
            if run.until:
                keep(run, run_rule(run))
        programs.result()  # raises the error of the thread, if there is one


def find_file(folder: Path, run: Run) -> Path:
    """Return where the columns of a run are kept."""
    return folder / f"{hash_plan()[:8]} {run.name}.json"


def read_all(folder: Path) -> dict[str, Columns]:
    """Return the columns of every run by its name."""
    texts = {run.name: find_file(folder, run).read_text("utf-8") for run in list_runs()}
    return {name: json.loads(text) for name, text in texts.items()}
