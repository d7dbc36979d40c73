"""The same bits on emulated processors: by hand, with `make verify-emulated`.

Needs Debian's qemu-user, a network, and some minutes. Python and libraries of
another architecture are unpacked into a folder: no root, no container. What
came out is written to results/emulated.json, for the report.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.faults import ROOT, make_environment

SCRIPT = Path(__file__).with_name("bits.py")
NAMES = ("paper", "lambda-0.7")
RESULT = ROOT / "results" / "emulated.json"
PACKAGES = ("numpy", "llvmlite")

DEBIAN_PYTHON = (
    *("python3.13-minimal", "libpython3.13-minimal", "libpython3.13-stdlib", "libc6"),
    *("libgcc-s1", "libstdc++6", "zlib1g", "libexpat1", "libffi8", "libbz2-1.0", "liblzma5"),
    "libssl3t64",
)

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(3600)]


def require(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed (Debian: apt-get install qemu-user)")
    return path


def call(*command, **options) -> str:
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"
    return done.stdout


def compute(n_networks: int, *prefix, **changes) -> dict:
    words = (*prefix, "-W", "ignore", SCRIPT, n_networks, 2000, *NAMES)
    return json.loads(call(*words, env=make_environment(**changes), cwd=ROOT))


def unpack_aarch64_python(folder: Path) -> tuple[Path, Path]:
    """Unpack Debian's Python and the wheels of NumPy and llvmlite for aarch64."""
    root, site = folder / "root", folder / "site"
    if (folder / "complete").exists():
        return root, site
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("state/lists/partial", "cache/archives/partial", "debs", "root"):
        (folder / name).mkdir(parents=True)
    (folder / "state" / "status").write_text("")
    # The machine's own package sources serve every architecture.
    (folder / "apt.conf").write_text(
        'APT::Architecture "arm64";\nAPT::Architectures { "arm64"; };\n'
        f'Dir::State "{folder}/state";\nDir::State::status "{folder}/state/status";\n'
        f'Dir::Cache "{folder}/cache";\n'
    )
    environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    call("apt-get", "-qq", "update", env=environment)
    call("apt-get", "-qq", "download", *DEBIAN_PYTHON, env=environment, cwd=folder / "debs")
    for package in sorted((folder / "debs").glob("*.deb")):
        call("dpkg-deb", "-x", package, root)
    if not (root / "lib").exists():
        (root / "lib").symlink_to("usr/lib")
    versions = [f"{name}=={importlib.metadata.version(name)}" for name in PACKAGES]
    tags = [f"--platform=manylinux{tag}_aarch64" for tag in ("2014", "_2_27", "_2_28")]
    call(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--target", site, *tags),
        *("--python-version", "3.13", "--implementation", "cp", "--only-binary=:all:", *versions),
    )
    (folder / "complete").write_text("")
    return root, site


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    versions = "-".join(importlib.metadata.version(name) for name in PACKAGES)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "replication" / f"aarch64-{versions}"


@pytest.fixture(scope="module")
def record():
    """Collect what came out, and write it down for the report when all has run."""
    found: list[dict] = []
    yield found
    model = {
        "native": {"machine": platform.machine(), "system": platform.system()},
        "protocols": list(NAMES),
        "processors": found,
    }
    RESULT.write_text(json.dumps(model, indent=1, sort_keys=True) + "\n")


def compare(record: list[dict], name: str, n_networks: int, other: dict) -> None:
    native = compute(n_networks, sys.executable)
    same = other["digests"] == native["digests"]
    record.append(
        {
            "processor": name,
            "n_networks": n_networks,
            "is_identical": same,
            "digests": {key: values[0] for key, values in other["digests"].items()},
            "differing_libraries": sorted(
                key for key, value in other["canaries"].items() if value != native["canaries"][key]
            ),
        }
    )
    assert same, f"{name}: {other['digests']} instead of {native['digests']}"


def test_a_processor_of_2008_gives_the_same_bits(record):
    if platform.machine() != "x86_64":
        pytest.skip("this emulator runs the Python of an x86-64 machine")
    emulator = require("qemu-x86_64")
    # OpenBLAS takes the emulated processor for a later one, so it is told.
    other = compute(
        *(100, emulator, "-cpu", "Nehalem", Path(sys.executable)),
        OPENBLAS_CORETYPE="Nehalem",
    )  # fmt: skip
    compare(record, "x86-64 without fused multiply-add (Nehalem, 2008)", 100, other)


def test_an_arm_processor_gives_the_same_bits(record, folder):
    emulator = require("qemu-aarch64")
    root, site = unpack_aarch64_python(folder)
    other = compute(
        *(1000, emulator, "-L", root, root / "usr" / "bin" / "python3.13"),
        PYTHONPATH=f"{site}:{ROOT}",
    )  # fmt: skip
    assert other["machine"] == "aarch64", "the emulation did not happen"
    compare(record, "64-bit ARM (aarch64)", 1000, other)
