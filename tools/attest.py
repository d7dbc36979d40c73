"""Run the study, its experiments and its report from nothing, and note what came out and where.

Usage: python tools/attest.py [--masked | --emulated] [--only NAME ...]

Adds a row to results/attestations.json, and writes results/attestations.md from it (`make readme`
then writes results/programs.md). Nothing that is there is used: neither cache nor models.
``--masked``: the same with features of the processor hidden from NumPy, the C library, linear
algebra and the compiler. ``--emulated``: an old x86-64 and an aarch64 processor, which give the
digest of 1,000 networks alone. ``--only``: some experiments, and no report, to try it.
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
THOUSAND = ("1000", "2000", "paper")  # networks, their cap, and the protocol
MASK = {**OLD, **HASWELL}
NOTED = {"fma": "FMA", "avx2": "AVX2", "avx512f": "AVX-512", "neon": "NEON", "sve": "SVE"}
"""Features that libraries choose their code by, as LLVM calls them and as people do."""
SHOWN = 8  # digits of a digest in the table
EMULATED_X86 = ("qemu-x86_64", "-cpu", "Nehalem")

Row = dict[str, Any]


# What is run


def run_step(words: Sequence[str], environment: Mapping[str, str]) -> tuple[str, Row]:
    """Run a command; return what it prints, and the seconds and megabytes that it took."""
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(words, env=environment, cwd=ROOT, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} ended with {process.returncode}")
    # Kilobytes, but bytes on macOS.
    megabytes = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return text, {"seconds": round(time.monotonic() - begun, 1), "megabytes": round(megabytes)}


def attest(*, is_masked: bool, only: Sequence[str] | None) -> Row:
    """Return the row of this machine, with features masked or as it is."""
    costs: dict[str, Row] = {}
    digests: Row = {}
    with tempfile.TemporaryDirectory(prefix="attest-") as name:
        folder = Path(name)
        places = {"REPLICATION_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
        environment = {**os.environ, **places, **(MASK if is_masked else {})}
        command = (sys.executable, "-W", "ignore", "-m", "replication")
        results = ("--results", str(folder / "results"))

        measured, _ = run_step((sys.executable, "-W", "ignore", str(BITS), *THOUSAND), environment)
        digests["1,000 networks"] = json.loads(measured)["digests"]["paper"][0]
        for experiment in EXPERIMENTS if only is None else only:
            words = (*command, "experiments", experiment, *results)
            _, costs[f"experiments {experiment}"] = run_step(words, environment)
        if only is None:
            for step in ("replicate", "replicate, cached"):
                words = (*command, "replicate", *results)
                _, costs[step] = run_step(words, environment)
            digests["report"] = hash_file(folder / "results" / "report.sha256")
        models = read_models(folder / "results", [*EXPERIMENTS, "headline"])
        if "headline" in models:
            digests["outcomes"] = models["headline"]["study"]["digest"]
        digests["models"] = {
            name: hash_file(folder / "results" / "models" / f"{name}.json") for name in models
        }
        disk = {
            "results": measure_folder(folder / "results"),
            "cache": measure_folder(folder / "cache"),
            "environment": measure_folder(Path(sys.prefix)),
        }
    kind = "features masked" if is_masked else "as it is"
    described = describe_machine(is_masked=is_masked)
    return {"kind": kind, **described, "digests": digests, "costs": costs, "disk": disk}


def attest_emulated() -> list[Row]:
    """Return the rows of processors that this one emulates, which hold one digest each."""
    with tempfile.TemporaryDirectory(prefix="attest-") as name:
        root, site = unpack_aarch64_python(Path(name))
        arm = ("qemu-aarch64", "-L", str(root), str(root / "usr" / "bin" / "python3.13"))
        machines = {
            "x86-64, Nehalem (2008)": ((*EMULATED_X86, sys.executable), str(ROOT)),
            "aarch64": (arm, f"{site}:{ROOT}"),
        }
        rows = []
        for processor, (prefix, path) in machines.items():
            environment = {**os.environ, "PYTHONPATH": path}
            words = (*prefix, "-W", "ignore", str(BITS), *THOUSAND)
            measured = json.loads(run_step(words, environment)[0])
            rows.append(
                {
                    "kind": "emulated",
                    **describe_machine(is_masked=False),
                    "processor": processor,
                    "features": "",
                    "system": f"{platform.system()}, QEMU",
                    "python": measured["python"],
                    "numpy": measured["numpy"],
                    "digests": {"1,000 networks": measured["digests"]["paper"][0]},
                }
            )
    return rows


def describe_machine(*, is_masked: bool) -> Row:
    """Return what stands in a row beside its digests."""
    import numpy as np

    own = choose_processor()[1].split(",")
    features = [said for name, said in NOTED.items() if f"+{name}" in own]
    if is_masked:
        features = [said for said in features if said != "AVX-512"]
    dirty = "" if not call_git("status", "--porcelain", "--", "replication") else ", changed"
    libc = " ".join(filter(None, platform.libc_ver()))
    return {
        "processor": find_processor(),
        "features": ", ".join(features) + (", of which libraries use none" if is_masked else ""),
        "system": f"{platform.system()} {platform.machine()}" + (f", {libc}" if libc else ""),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "commit": call_git("rev-parse", "--short=8", "HEAD") + dirty,
        "sources": call_git("rev-parse", "--short=8", "HEAD:replication") + dirty,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def find_processor() -> str:
    """Return what the system calls the processor."""
    if sys.platform == "darwin":
        words = ("sysctl", "-n", "machdep.cpu.brand_string")
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        # model name      : Intel(R) Xeon(R) Processor
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def call_git(*words: str) -> str:
    """Return what git says of the sources, or that they are in none."""
    done = subprocess.run(("git", *words), cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "no repository"


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def measure_folder(folder: Path) -> int:
    """Return how many megabytes the files in a folder take."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6)


# What is written


def list_digests(row: Row) -> dict[str, str]:
    """Return all digests of a row by what they are of."""
    digests = {name: each for name, each in row["digests"].items() if name != "models"}
    return digests | {f"model {k}": each for k, each in row["digests"].get("models", {}).items()}


def find_disagreements(rows: Sequence[Row]) -> list[str]:
    """Return a sentence for each row whose digests differ from those of an earlier one.

    Rows of other sources are compared in their outcomes alone, which no version may change
    without saying so.
    """
    sentences = []
    for k, row in enumerate(rows):
        for earlier, other in enumerate(rows[:k]):
            ours = list_digests(row)
            theirs = list_digests(other)
            names = [name for name in ours if name in theirs]
            if row["sources"] != other["sources"]:
                names = [name for name in names if name in ("1,000 networks", "outcomes")]
            differing = [name for name in names if ours[name] != theirs[name]]
            if differing:
                sentences.append(
                    f"Row {k + 1} differs from row {earlier + 1} in: {', '.join(differing)}."
                )
                break
    return sentences


def render_page(rows: Sequence[Row]) -> str:
    """Return the table as Markdown."""
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
    lines += [_write_line(heads), _write_line(["---"] * len(heads))]
    for k, row in enumerate(rows, start=1):
        digests = row["digests"]
        models = digests.get("models", {})
        joined = hashlib.sha256(json.dumps(models, sort_keys=True).encode()).hexdigest()[:SHOWN]
        cells = [f"{k}"]
        cells += [row[name] for name in ("processor", "features", "kind", "system")]
        cells += [row[name] for name in ("python", "numpy", "commit", "date")]
        cells += [digests.get(name, "")[:SHOWN] for name in ("1,000 networks", "outcomes")]
        cells += [
            f"{joined} (of {len(models)})" if models else "",
            digests.get("report", "")[:SHOWN],
        ]
        lines.append(_write_line(cells))
    lines += ["", "## Where rows disagree", ""]
    lines += find_disagreements(rows) or [
        "Nowhere: rows of the same sources have the same digests."
    ]
    # Models one by one.
    known = [k for k, row in enumerate(rows) if row["digests"].get("models")]
    names = sorted({name for k in known for name in rows[k]["digests"]["models"]})
    if names:
        lines += ["", "## Each model", ""]
        heads = ["model", *(f"row {k + 1}" for k in known)]
        lines += [_write_line(heads), _write_line(["---"] * len(heads))]
        for name in names:
            found = [rows[k]["digests"]["models"].get(name, "")[:SHOWN] for k in known]
            lines.append(_write_line([name, *found]))
    return "\n".join(lines) + "\n"


def _write_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Add rows, and write the pages."""
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
