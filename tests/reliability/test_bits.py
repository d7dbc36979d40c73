"""One digest on every processor that this one can pretend to be."""

import functools
import json
import platform
import sys
from pathlib import Path

import pytest

from tests.reliability.faults import make_environment, run

SCRIPT = Path(__file__).with_name("bits.py")
X86 = platform.machine() == "x86_64"

N_NETWORKS = 200
MAX_UPDATES = 2000

GENERIC = {"REPLICATION_PROCESSOR": "generic"}
HASWELL = {"REPLICATION_PROCESSOR": "haswell"}
OLD_LIBM = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-FMA,-FMA4,-AVX512F,-AVX512VL,-AVX512DQ"
}
OLD_NUMPY = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR AVX2 FMA3 AVX512F"}
OLD = {**OLD_LIBM, **OLD_NUMPY, "OPENBLAS_CORETYPE": "Nehalem"}


@functools.cache
def compute(*names, changes=(), max_updates=MAX_UPDATES):
    done = run(
        *(sys.executable, "-W", "ignore", SCRIPT, str(N_NETWORKS), str(max_updates), *names),
        env=make_environment(**dict(changes)),
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(not X86, reason="these names are those of x86-64 processors")
@pytest.mark.parametrize("changes", [GENERIC, HASWELL, OLD], ids=["generic", "haswell", "old"])
def test_outcomes_and_weights_are_the_same_on_another_processor(changes):
    native, other = compute(), compute(changes=tuple(changes.items()))
    assert len(native["digests"]) == 9
    assert other["digests"] == native["digests"]


@pytest.mark.skipif(not X86, reason="these names are those of x86-64 processors")
def test_fused_operations_in_software_give_the_same_bits():
    """Without the instruction the C library computes them, a thousand times slower."""
    names, slow = ("paper", "lambda-0.7"), tuple((GENERIC | OLD_LIBM).items())
    native, other = compute(*names, max_updates=12), compute(*names, max_updates=12, changes=slow)
    assert other["digests"] == native["digests"]


def has_avx512():
    info = Path("/proc/cpuinfo")
    return info.exists() and "avx512f" in info.read_text()


@pytest.mark.skipif(not has_avx512(), reason="the libraries differ on AVX-512 machines only")
def test_the_check_bites_where_functions_of_the_system_differ():
    """Outcomes that used one of these functions would fail the tests above."""
    native, other = compute(), compute(changes=tuple(OLD.items()))
    assert {"numpy-exp", "libm-exp", "blas-product"} == native["canaries"].keys()
    assert not native["canaries"].items() & other["canaries"].items()
