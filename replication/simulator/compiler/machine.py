"""From LLVM text to a function in memory. Nothing compiled is kept on disk."""

import ctypes
import functools
import os
import subprocess
import sys
import threading

import llvmlite.binding as llvm

from replication.errors import UsageError
from replication.wording import show

PROCESSOR_VARIABLE = "REPLICATION_PROCESSOR"
"""Environment variable: a processor for LLVM to compile for, as NAME or NAME:FEATURES, for
instance "haswell" or "generic:+sse2"; unless set, this one. It is for tests: outcomes do
not depend on it, and the processor must be able to run it."""

LEVEL = 2
"""How hard LLVM tries when it writes machine code, from 0 to 3. Outcomes do not depend on it."""

COMPILING = threading.Lock()
"""Held while LLVM works, which aborts the process if Python ends meanwhile."""

if hasattr(os, "register_at_fork"):
    # A child of a process in which another thread compiles would find the lock, and those of LLVM,
    # held for ever.
    os.register_at_fork(
        before=COMPILING.acquire,
        after_in_parent=COMPILING.release,
        after_in_child=COMPILING.release,
    )


def choose_processor() -> tuple[str, str]:
    """Return the name and the features of the processor to compile for."""
    name, _, features = os.environ.get(PROCESSOR_VARIABLE, "").partition(":")
    if not name:
        return _find_own_processor()
    _check_processor(name, features)
    return name, features


@functools.cache
def _check_processor(name: str, features: str) -> None:
    """Refuse a processor that LLVM does not know.

    LLVM is tried in another process, since it may abort the process.
    """
    tried = subprocess.run(
        [sys.executable, "-c", TRIAL, name, features], capture_output=True, text=True, check=False
    )
    if tried.returncode or "not a recognized" in tried.stderr:
        given = f"{PROCESSOR_VARIABLE} = {show(os.environ[PROCESSOR_VARIABLE])} was given"
        allowed = 'NAME or NAME:FEATURES, such as "haswell" or "generic:+sse2"'
        raise UsageError(f"{given}, which LLVM does not know; allowed is {allowed}")


TRIAL = """
import sys
import llvmlite.binding as llvm
llvm.initialize_native_target()
llvm.initialize_native_asmprinter()
target = llvm.Target.from_default_triple()
machine = target.create_target_machine(cpu=sys.argv[1], features=sys.argv[2], jit=True)
machine.emit_object(llvm.parse_assembly("define void @f() { ret void }"))
"""
"""Compiles an empty function for the processor and the features in its arguments."""


@functools.cache
def _find_own_processor() -> tuple[str, str]:
    with COMPILING:
        return str(llvm.get_host_cpu_name()), str(llvm.get_host_cpu_features().flatten())


class Function:
    """A compiled function, which takes whole numbers and addresses."""

    def __init__(self, engine: llvm.ExecutionEngine, name: str, n_arguments: int) -> None:
        self._engine = engine  # which owns the memory that the code is in
        self.address = int(engine.get_function_address(name))
        # ctypes lets other threads of Python run meanwhile.
        words = [ctypes.c_void_p] * n_arguments
        self._call = ctypes.CFUNCTYPE(None, *words)(self.address)

    def __call__(self, *arguments: int) -> None:
        """Run it."""
        self._call(*arguments)


def compile_text(text: str, name: str, processor: str, features: str) -> Function:
    """Compile LLVM text and return one function of it, which takes whole numbers and addresses.

    The same text is compiled once; the function may run in several threads.
    """
    with COMPILING:
        return _compile(text, name, processor, features, LEVEL)


@functools.lru_cache(maxsize=256)
def _compile(text: str, name: str, processor: str, features: str, level: int) -> Function:
    """Return a compiled function; the last ones are remembered."""
    # LLVM's passes over the text gain nothing here, where all values are vectors already, and
    # take three times as long as all else.
    _prepare()
    # What LLVM is told of the processor decides which instructions it may use.
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(cpu=processor, features=features, opt=level, jit=True)
    module = llvm.parse_assembly(text)
    n_arguments = len(list(module.get_function(name).arguments))
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return Function(engine, name, n_arguments)


@functools.cache
def _prepare() -> None:
    """Set up LLVM for this machine, once a process."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # Code for a processor without fused multiply-add calls this function.
    library = ctypes.CDLL("ucrtbase" if os.name == "nt" else None)
    llvm.add_symbol("fma", ctypes.cast(library.fma, ctypes.c_void_p).value)
