"""The processor's limit: the operations of a sweep, and the time they take on their own."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Any

from replication.protocol import Protocol
from replication.simulator.machine import choose_processor, compile_text, optimise
from replication.simulator.memory import allocate
from replication.simulator.programs import spell_function, trace
from replication.simulator.step import Rule
from replication.simulator.tracing import Rows, Tracer, Value

N_LANES = 8
N_CHAINS = 18
"""Independent chains of operations, enough to hide how long each takes."""

N_TURNS = 20_000

KINDS = {
    "fma": r"llvm\.fma\.",
    "multiply": r"= fmul <",
    "add": r"= f(add|sub) <",
    "divide": r"= fdiv <",
    "larger": r"= select <",  # of two numbers, with its comparison one instruction
    "absolute": r"llvm\.fabs\.",
    "shift": r"= shl <",
    "add whole": r"= add <",
}


def count_operations(protocol: Protocol) -> dict[str, int]:
    """Count the vector operations of one sweep, as the compiler has left them, by kind."""
    text = trace("train", Rule.of(protocol), N_LANES)
    module, _ = optimise(text, *choose_processor())
    body = str(module.get_function("train"))
    lines = body.splitlines()
    return {kind: sum(bool(re.search(p, line)) for line in lines) for kind, p in KINDS.items()}


def measure_limit(operations: dict[str, int], *, n_rounds: int) -> float:
    """Return the least seconds that one sweep's operations take for `N_LANES` networks.

    They are executed in their proportions, evenly mixed, without loads, stores or waiting
    for each other, so that nothing but the units that execute them limits the rate.
    """
    tracer = Tracer(N_LANES, is_rolled=True)
    rows = Rows(tracer, "%rows", 0, (N_CHAINS + 3,))
    low, high, step = (rows[N_CHAINS + k] for k in range(3))
    whole = f"<{N_LANES} x i64>"

    def apply(kind: str, x: Value, turn: int) -> Value:
        if kind == "fma":
            return tracer.fma(x, low, high)
        if kind == "multiply":
            return x * (high if turn % 2 else low)
        if kind == "add":
            return x + step if turn % 2 else x - step
        if kind == "divide":
            return high / x
        if kind == "larger":
            return tracer.where(x > low, x, low) if turn % 2 else tracer.where(x < high, x, high)
        if kind == "absolute":
            return tracer.absolute(x - step)
        bits = tracer.emit(f"bitcast {tracer.kind} {x.names[0]} to {whole}")
        other = tracer.emit(f"bitcast {tracer.kind} {step.names[0]} to {whole}")
        operation = "xor" if kind == "shift" else "add"
        bits = tracer.emit(f"{operation} {whole} {bits}, {other}")
        return Value(tracer, tracer.emit(f"bitcast {whole} {bits} to {tracer.kind}"))

    def run_all(_: Any, *chains: Value) -> tuple[Value, ...]:
        values = list(chains)
        done: Counter[str] = Counter()
        total = sum(operations.values())
        # Chains of whole numbers are apart, since their bits are no numbers to compute with.
        places = {True: [0, 1, 2], False: list(range(3, N_CHAINS))}
        for turn in range(total):
            kind = max(operations, key=lambda k: operations[k] * (turn + 1) / total - done[k])
            done[kind] += 1
            chain = places[kind in ("shift", "add whole")]
            chain.append(chain.pop(0))
            values[chain[-1]] = apply(kind, values[chain[-1]], done[kind])
        return tuple(values)

    chains = [rows[k] for k in range(N_CHAINS)]
    chains = list(tracer.fold(N_TURNS, run_all, *chains))
    for k, value in enumerate(chains):
        rows[k] = value
    text = spell_function(tracer, "run", "ptr %rows")
    run = compile_text(text, "run", *choose_processor())
    seconds = []
    for _ in range(n_rounds):
        memory = allocate(N_CHAINS + 3, N_LANES)
        memory[...] = 0.75
        memory[0, -3:] = [[0.5], [0.9], [2.0**-60]]
        begun = time.process_time()
        run(memory.ctypes.data)
        seconds.append((time.process_time() - begun) / N_TURNS)
    return min(seconds)
