"""Initial weights drawn by compiled code: the bits of NumPy's generator, in less time."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from replication.simulator.machine import choose_processor, compile_text
from replication.simulator.tracing import Tracer, Whole

N_ROUNDS = 10
MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
KEY_STEPS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
WORDS_PER_STEP = 2 * len(MULTIPLIERS)

_lock = threading.Lock()


def fill_weights(
    weights: NDArray[np.float64], root_seed: int, first_step: int, half_width: float
) -> None:
    """Fill rows, of a multiple of four, with uniform numbers on [-half_width, half_width).

    The generator's key is the root seed; all of its steps, from `first_step` on, are below 2^63.
    Reference: Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3. Philox 4x64-10.
    """
    scale = np.array([half_width])
    with _lock:
        fill = _compile(*choose_processor())
    n_steps = weights.size // WORDS_PER_STEP
    if n_steps:
        fill(weights.ctypes.data, n_steps, root_seed, first_step, scale.ctypes.data)


@functools.lru_cache(maxsize=8)
def _compile(processor: str, features: str) -> Callable[..., None]:
    tracer = Tracer(2)
    width = tracer.emit("load double, ptr %half_width, align 8")
    for step in tracer.each(Whole(tracer, "%n")):
        # NumPy counts before it draws.
        words: list[Whole | int] = [step + Whole(tracer, "%first") + 1, 0, 0, 0]
        for turn, word in enumerate(_encrypt(tracer, words)):
            # 53 bits are a whole number that float64 holds; the scales are powers of two.
            number = tracer.emit(f"uitofp i64 {word >> 11} to double")
            number = tracer.emit(f"fmul double {number}, {2.0**-52!r}")
            number = tracer.emit(f"fsub double {number}, 1.0")
            number = tracer.emit(f"fmul double {number}, {width}")
            place = tracer.find("%weights", step * WORDS_PER_STEP + turn, "double")
            tracer.write(f"store double {number}, ptr {place}, align 8")
    parameters = "ptr noalias %weights, i64 %n, i64 %key, i64 %first, ptr noalias %half_width"
    text = f"define void @fill({parameters}) {{\nentry:\n" + "\n".join(tracer.lines)
    return compile_text(f"{text}\n  ret void\n}}", "fill", processor, features)


def _encrypt(tracer: Tracer, words: list[Whole | int]) -> list[Whole]:
    """Emit ten rounds of Philox, which mix a counter of four words with the key."""
    keys: list[Whole | int] = [Whole(tracer, "%key"), 0]
    for _ in range(N_ROUNDS):
        high_0, low_0 = _multiply(tracer, MULTIPLIERS[0], words[0])
        high_1, low_1 = _multiply(tracer, MULTIPLIERS[1], words[2])
        words = [
            tracer.count("xor", tracer.count("xor", high_1, words[1]), keys[0]),
            low_1,
            tracer.count("xor", tracer.count("xor", high_0, words[3]), keys[1]),
            low_0,
        ]
        keys = [tracer.count("add", k, s) for k, s in zip(keys, KEY_STEPS, strict=True)]
    return words  # type: ignore[return-value]


def _multiply(tracer: Tracer, factor: int, word: Whole | int) -> tuple[Whole, Whole]:
    """Emit the upper and the lower 64 bits of a product."""
    wide = tracer.emit(f"zext i64 {word} to i128")
    product = tracer.emit(f"mul i128 {wide}, {factor}")
    upper = tracer.emit(f"lshr i128 {product}, 64")
    high, low = (tracer.emit(f"trunc i128 {part} to i64") for part in (upper, product))
    return Whole(tracer, high), Whole(tracer, low)
