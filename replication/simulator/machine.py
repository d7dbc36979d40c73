"""From LLVM text to a function in memory. Nothing compiled is kept on disk."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from collections.abc import Callable

import llvmlite.binding as llvm

from replication.simulator.programs import N_ARGUMENTS, trace
from replication.simulator.step import Rule

PROCESSOR_VARIABLE = "REPLICATION_PROCESSOR"
"""Environment variable: a processor for LLVM to compile for, as NAME or NAME:FEATURES, for
instance "haswell" or "generic:+sse2"; unless set, this one. It is for tests: outcomes do
not depend on it, and the processor must be able to run it."""

_lock = threading.Lock()


def choose_processor() -> tuple[str, str]:
    """Return the name and the features of the processor to compile for."""
    name, _, features = os.environ.get(PROCESSOR_VARIABLE, "").partition(":")
    if name:
        return name, features
    return str(llvm.get_host_cpu_name()), str(llvm.get_host_cpu_features().flatten())


def compile_program(program: str, rule: Rule, n_lanes: int) -> Callable[..., None]:
    """Return a program of `programs.py`, compiled; it may run in several threads at once.

    What was compiled before in this process is not compiled again.
    """
    with _lock:
        return _compile(program, rule, n_lanes, *choose_processor())


@functools.lru_cache(maxsize=256)
def _compile(
    program: str, rule: Rule, n_lanes: int, processor: str, features: str
) -> Callable[..., None]:
    _prepare()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=processor, features=features, opt=2, jit=True
    )
    module = llvm.parse_assembly(trace(program, rule, n_lanes))
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False  # values are vectors already
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    # Addresses and whole numbers alike are words; ctypes lets other threads run meanwhile.
    words = [ctypes.c_void_p] * N_ARGUMENTS[program]
    call = ctypes.CFUNCTYPE(None, *words)(engine.get_function_address(program))

    def run(*arguments: int) -> None:
        assert engine  # which owns the memory that the code is in
        call(*arguments)

    return run


@functools.cache
def _prepare() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # What processors without fused multiply-add call in its place.
    llvm.add_symbol("fma", ctypes.cast(ctypes.CDLL(None).fma, ctypes.c_void_p).value)
