"""The same bits on emulated processors: by hand, with `make verify-emulated`.

Needs Debian's qemu-user, a network, and some minutes. Python and libraries of
another architecture are unpacked into a folder: no root, no container.
"""

import importlib.metadata
import json
import os
import sys

import pytest

from tests.reliability import bits
from tests.reliability.faults import ROOT, make_environment, require_tool, run

DEBIAN_PYTHON = [
    "python3.13-minimal", "libpython3.13-minimal", "libpython3.13-stdlib", "libc6", "libgcc-s1",
    "libstdc++6", "zlib1g", "libexpat1", "libffi8", "libbz2-1.0", "liblzma5", "libssl3t64",
]  # fmt: skip
pytestmark = [pytest.mark.emulated, pytest.mark.timeout(3600)]


def call(*command, **options):
    done = run(*command, timeout=3600, **options)
    assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"
    return done.stdout


def compute(n_networks, *prefix, **changes):
    words = (*prefix, "-W", "ignore", bits.__file__, n_networks, 2000, "paper", "lambda-0.7")
    return json.loads(call(*words, env=make_environment(**changes), cwd=ROOT))


def unpack_aarch64_python(folder):
    root, site = folder / "root", folder / "site"
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
    needed = ("numpy", "llvmlite", "joblib")
    versions = [f"{name}=={importlib.metadata.version(name)}" for name in needed]
    tags = [f"--platform=manylinux{tag}_aarch64" for tag in ("2014", "_2_27", "_2_28")]
    call(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--target", site, *tags),
        *("--python-version", "3.13", "--implementation", "cp", "--only-binary=:all:", *versions),
    )
    return root, site


def test_an_arm_processor_gives_the_same_bits(tmp_path):
    root, site = unpack_aarch64_python(tmp_path)
    emulator = (require_tool("qemu-aarch64"), "-L", root, root / "usr" / "bin" / "python3.13")
    other = compute(1000, *emulator, PYTHONPATH=f"{site}:{ROOT}")
    assert other["machine"] == "aarch64", "the emulation did not happen"
    assert other["digests"] == compute(1000, sys.executable)["digests"]
