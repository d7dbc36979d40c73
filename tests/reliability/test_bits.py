"""One digest on every processor that this one can pretend to be."""

import functools
import json
import platform
import sys

import pytest

from replication.experiments import EXPERIMENTS
from replication.simulator.compiler.machine import choose_processor
from tests.reliability import bits, inputs
from tests.reliability.faults import make_environment, run

X86 = platform.machine() == "x86_64"
ALL = ("30", "200")  # networks and updates
SLOW = ("100", "12", "paper", "lambda-0.7")  # a thousand times slower
SAME_CODE = (*ALL, "paper", "own rule", "patterns")  # where only libraries take other ways

GENERIC = {"REPLICATION_PROCESSOR": "generic"}
HASWELL = {"REPLICATION_PROCESSOR": "haswell"}
OLD_LIBM = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX2_Usable,-FMA,-FMA4,-AVX512F,-AVX512VL,-AVX512DQ"
}
OLD_NUMPY = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR AVX2 FMA3 AVX512F"}
OLD = {**OLD_LIBM, **OLD_NUMPY, "OPENBLAS_CORETYPE": "Nehalem"}
# As those of AMD before the fourth EPYC.
WITHOUT_AVX512 = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512DQ",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR AVX512F",
    "OPENBLAS_CORETYPE": "Haswell",
}


measure_here = functools.cache(bits.measure)


@pytest.mark.skipif(not X86, reason="these names are those of x86-64 processors")
@pytest.mark.parametrize(("changes", "words"), [
    (GENERIC, ALL),
    (HASWELL, ALL),
    (OLD, SAME_CODE),
    (WITHOUT_AVX512, SAME_CODE),
    (GENERIC | OLD_LIBM, SLOW),  # the C library fuses operations in software
], ids=["generic", "haswell", "old", "without AVX-512", "software"])  # fmt: skip
def test_outcomes_and_weights_are_the_same_on_another_processor(changes, words):
    command = (sys.executable, "-W", "ignore", bits.__file__, *words)
    done = run(*command, env=make_environment(**changes), timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    native, other = measure_here(*words), json.loads(done.stdout)
    assert native["digests"].keys() == {*(words[2:] or [*bits.PROTOCOLS, "own rule"])}
    assert other["digests"] == native["digests"]
    # The check bites: outcomes that used one of these functions would fail.
    assert {"numpy-exp", "libm-exp", "blas-product"} == native["canaries"].keys()
    if changes is OLD and "+avx512f" in choose_processor()[1]:
        assert not native["canaries"].items() & other["canaries"].items()


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(not X86, reason="these names are those of x86-64 processors")
def test_experiments_give_networks_the_same_bits_and_print_the_same_digits():
    command = (sys.executable, "-W", "ignore", inputs.__file__)
    found = []
    for changes in ({}, OLD):
        done = run(*command, env=make_environment(**changes), timeout=800)
        assert done.returncode == 0, done.stderr[-2000:]
        found.append(json.loads(done.stdout))
    native, other = found
    assert native.keys() == other.keys() == EXPERIMENTS.keys()
    differing = {
        name: sorted({*map(tuple, native[name]["given"])} ^ {*map(tuple, other[name]["given"])})
        for name in native
    }
    assert {name: calls for name, calls in differing.items() if calls} == {}
    assert [name for name in native if native[name]["model"] != other[name]["model"]] == []
