"""Run the study, its experiments and its report from nothing; note the digests and the machine.

Usage: python tools/attest.py [--masked | --emulated] [--only NAME ...]

Adds a row to results/attestations.json, and writes results/attestations.md from it. No earlier
model is used.
``--masked`` hides features of the processor from NumPy, the C library, linear algebra and the
compiler. ``--emulated`` runs on an emulated old x86-64 and an emulated aarch64 processor, which are
so slow that only 1,000 networks are simulated. ``--only`` runs some experiments and no report, to
try this program.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from replication.experiments import EXPERIMENTS
from replication.publication.models import read_models
from replication.simulator.compiler.machine import choose_processor
from tests.reliability.test_bits import HASWELL, OLD
from tests.reliability.test_emulated import unpack_aarch64_python

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
TABLE = RESULTS / "attestations.json"
PAGE = RESULTS / "attestations.md"
BITS = ROOT / "tests" / "reliability" / "bits.py"
THOUSAND = ("1000", "2000", "paper")  # arguments of `BITS`: networks, their cap, and the protocol
MASK = {**OLD, **HASWELL}
"""Variables that hide features of the processor from the libraries."""
NOTED = {"fma": "FMA", "avx2": "AVX2", "avx512f": "AVX-512", "neon": "NEON", "sve": "SVE"}
"""Features by which libraries choose their code: LLVM's names, and the usual ones."""
SHOWN = 8  # how many digits of a digest the table shows
EMULATED_X86 = ("qemu-x86_64", "-cpu", "Nehalem")

Row = dict[str, Any]
"""A row of the table, or a part of it, as plain data."""


# What is run


def run_step(command: Sequence[str], environment: Mapping[str, str]) -> tuple[str, Row]:
    """Run a command; return what it prints, and the seconds and megabytes that it took."""
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output)
        # `wait4` also tells the peak of memory of this process.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    # In kilobytes, but in bytes on macOS.
    megabytes = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return text, {"seconds": round(time.monotonic() - begun, 1), "megabytes": round(megabytes)}


def attest(*, is_masked: bool, only: Sequence[str] | None) -> Row:
    """Run everything, and return the row of this machine, with features masked or as it is.

    `only`: experiments to run, without the report; None runs all of them, and the report.
    """
    with tempfile.TemporaryDirectory(prefix="attest-") as name:
        results = Path(name) / "results"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        if is_masked:
            environment |= MASK
        thousand = run_thousand((sys.executable,), environment)
        costs = run_commands(results, environment, only)
        digests = {"1,000 networks": find_digest(thousand), **hash_results(results)}
        disk = {
            "results": measure_folder(results),
            "environment": measure_folder(Path(sys.prefix)),
        }
    return {
        "kind": "features masked" if is_masked else "as it is",
        **describe_machine(is_masked=is_masked),
        "digests": digests,
        "costs": costs,
        "disk": disk,
    }


def run_thousand(interpreter: Sequence[str], environment: Mapping[str, str]) -> Row:
    """Simulate 1,000 networks with a Python interpreter; return what `BITS` prints of them."""
    text, _ = run_step((*interpreter, "-W", "ignore", str(BITS), *THOUSAND), environment)
    measured: Row = json.loads(text)
    return measured


def find_digest(thousand: Row) -> str:
    """Return the digest of the outcomes of 1,000 networks."""
    digest: str = thousand["digests"]["paper"][0]
    return digest


def run_commands(
    results: Path, environment: Mapping[str, str], only: Sequence[str] | None
) -> dict[str, Row]:
    """Run experiments and the study into a results folder; return each step's costs.

    `only` is that of `attest`.
    """
    program = (sys.executable, "-W", "ignore", "-m", "replication")
    options = ("--results", str(results))
    costs: dict[str, Row] = {}
    for experiment in EXPERIMENTS if only is None else only:
        command = (*program, "experiments", experiment, *options)
        _, costs[f"experiments {experiment}"] = run_step(command, environment)
    if only is None:
        _, costs["replicate"] = run_step((*program, "replicate", *options), environment)
    return costs


def hash_results(results: Path) -> Row:
    """Return the digests of what is in a results folder: report, outcomes, and each model."""
    digests: Row = {}
    listed = results / "report.sha256"
    if listed.exists():
        digests["report"] = hash_file(listed)
    models = read_models(results, [*EXPERIMENTS, "headline"])
    if "headline" in models:
        digests["outcomes"] = models["headline"]["study"]["digest"]
    digests["models"] = {name: hash_file(results / "models" / f"{name}.json") for name in models}
    return digests


def attest_emulated() -> list[Row]:
    """Return the rows of two emulated processors; each has the digest of 1,000 networks alone."""
    with tempfile.TemporaryDirectory(prefix="attest-") as name:
        root, site = unpack_aarch64_python(Path(name))
        arm = ("qemu-aarch64", "-L", str(root), str(root / "usr" / "bin" / "python3.13"))
        machines = {
            "x86-64, Nehalem (2008)": ((*EMULATED_X86, sys.executable), str(ROOT)),
            "aarch64": (arm, f"{site}:{ROOT}"),
        }
        rows = []
        for processor, (interpreter, path) in machines.items():
            thousand = run_thousand(interpreter, {**os.environ, "PYTHONPATH": path})
            row = {
                "kind": "emulated",
                **describe_machine(is_masked=False),
                "processor": processor,
                "features": "",
                "system": f"{platform.system()}, QEMU",
                "python": thousand["python"],
                "numpy": thousand["numpy"],
                "digests": {"1,000 networks": find_digest(thousand)},
            }
            rows.append(row)
    return rows


def describe_machine(*, is_masked: bool) -> Row:
    """Return the entries of a row on the machine, the versions and the sources."""
    import numpy as np

    system = f"{platform.system()} {platform.machine()}"
    libc = " ".join(filter(None, platform.libc_ver()))
    if libc:
        system += f", {libc}"
    changed = ""
    if call_git("status", "--porcelain", "--", "replication"):
        changed = ", changed"
    return {
        "processor": find_processor(),
        "features": describe_features(is_masked=is_masked),
        "system": system,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "commit": call_git("rev-parse", "--short=8", "HEAD") + changed,
        "sources": call_git("rev-parse", "--short=8", "HEAD:replication") + changed,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def describe_features(*, is_masked: bool) -> str:
    """Return in words which features of the processor the compiler uses."""
    _, features = choose_processor()
    # "+avx2,+fma,-avx512f": a plus stands before a feature that is used.
    used = [name for key, name in NOTED.items() if f"+{key}" in features.split(",")]
    if not is_masked:
        return ", ".join(used)
    # The mask takes AVX-512 from the compiler, and all features from the libraries.
    used = [name for name in used if name != "AVX-512"]
    return f"{', '.join(used)}, of which libraries use none"


def find_processor() -> str:
    """Return the name of the processor that the system gives."""
    if sys.platform == "darwin":
        command = ("sysctl", "-n", "machdep.cpu.brand_string")
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        # model name      : Intel(R) Xeon(R) Processor
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def call_git(*arguments: str) -> str:
    """Return what git prints for a command on the sources, or "no repository" if it fails."""
    command = ("git", *arguments)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "no repository"


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def measure_folder(folder: Path) -> int:
    """Return how many megabytes the files in a folder take."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)


# What is written


def list_digests(row: Row) -> dict[str, str]:
    """Return all digests of a row by name, such as "report" or "model speed"."""
    digests = dict(row["digests"])
    models = digests.pop("models", {})
    for name, digest in models.items():
        digests[f"model {name}"] = digest
    return digests


def find_disagreements(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each row that differs from an earlier row, the first such one."""
    sentences = []
    for k, row in enumerate(rows, start=1):
        for i, earlier_row in enumerate(rows[: k - 1], start=1):
            differing = list_differing(row, earlier_row)
            if differing:
                sentences.append(f"Row {k} differs from row {i} in: {', '.join(differing)}.")
                break
    return sentences


def list_differing(first: Row, second: Row) -> list[str]:
    """Return the names of digests that differ between two rows.

    Rows of different sources are compared by their outcomes alone, which no version may change
    without saying so.
    """
    digests = list_digests(first)
    other_digests = list_digests(second)
    names = [name for name in digests if name in other_digests]
    if first["sources"] != second["sources"]:
        names = [name for name in names if name in ("1,000 networks", "outcomes")]
    return [name for name in names if digests[name] != other_digests[name]]


def render_page(rows: Sequence[Row]) -> str:
    """Return the page as Markdown: the table of rows, where they disagree, and each model."""
    lines = [
        "# Where this was run, and what came out",
        "",
        "Each row is one run from nothing of the study, its experiments and its report: "
        "`make attest` adds the row of a machine. Digests are the first digits of SHA-256. "
        "*Emulated* processors give the digest of 1,000 networks alone. *Features masked*: NumPy, "
        "the C library, linear algebra and the compiler are told to use code for older processors.",
        "",
    ]
    heads = ["", "processor", "features", "kind", "system", "Python", "NumPy", "commit", "date"]
    heads += ["1,000 networks", "outcomes", "models", "report"]
    lines += _write_head(heads)
    lines += [_write_line([f"{k}", *_list_cells(row)]) for k, row in enumerate(rows, start=1)]
    lines += ["", "## Where rows disagree", ""]
    lines += find_disagreements(rows) or [
        "Nowhere: rows of the same sources have the same digests."
    ]
    lines += _write_models(rows)
    return "\n".join(lines) + "\n"


def _list_cells(row: Row) -> list[str]:
    """Return the cells of a row except its number."""
    cells = [row[name] for name in ("processor", "features", "kind", "system")]
    cells += [row[name] for name in ("python", "numpy", "commit", "date")]
    digests = row["digests"]
    cells += [digests.get(name, "")[:SHOWN] for name in ("1,000 networks", "outcomes")]
    # One digest of the digests of all models.
    models = digests.get("models", {})
    joined = hashlib.sha256(json.dumps(models, sort_keys=True).encode()).hexdigest()
    cells.append(f"{joined[:SHOWN]} (of {len(models)})" if models else "")
    cells.append(digests.get("report", "")[:SHOWN])
    return cells


def _write_models(rows: Sequence[Row]) -> list[str]:
    """Return the lines of a table of models' digests; its columns are the rows that have models."""
    by_row: dict[int, dict[str, str]] = {}
    for k, row in enumerate(rows, start=1):
        if row["digests"].get("models"):
            by_row[k] = row["digests"]["models"]
    if not by_row:
        return []
    lines = ["", "## Each model", ""]
    lines += _write_head(["model", *(f"row {k}" for k in by_row)])
    for name in sorted(set().union(*by_row.values())):
        digests = [models.get(name, "")[:SHOWN] for models in by_row.values()]
        lines.append(_write_line([name, *digests]))
    return lines


def _write_head(heads: Sequence[str]) -> list[str]:
    """Return the first two lines of a table in Markdown."""
    return [_write_line(heads), _write_line(["---"] * len(heads))]


def _write_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run what the options ask for, add its rows to the table, and write the page."""
    parser = argparse.ArgumentParser(description="Add the row of this machine.")
    parser.add_argument("--masked", action="store_true", help="hide features of the processor")
    parser.add_argument("--emulated", action="store_true", help="add emulated processors")
    parser.add_argument("--only", nargs="+", choices=[*EXPERIMENTS], metavar="NAME")
    parser.add_argument("--table", type=Path, default=TABLE, help="another file, to try it")
    options = parser.parse_args()
    if options.masked and platform.machine() != "x86_64":
        sys.exit("--masked was given; it hides features of x86-64 processors alone")
    if options.emulated and shutil.which("qemu-aarch64") is None:
        sys.exit("--emulated was given; install qemu-user (apt-get install qemu-user)")
    rows = json.loads(options.table.read_text("utf-8")) if options.table.exists() else []
    if options.emulated:
        rows += attest_emulated()
    else:
        rows.append(attest(is_masked=options.masked, only=options.only))
    options.table.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")
    page = options.table.with_suffix(".md")
    page.write_text(render_page(rows), encoding="utf-8")
    print(f"{page}\n" + "\n".join(find_disagreements(rows)))


if __name__ == "__main__":
    main()
