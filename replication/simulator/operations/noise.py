"""Random numbers of a rule, new for each pattern and update, with the same bits everywhere.

``self.uniform(shape)`` and ``self.normal(shape)`` have no state: a number is a function of where
and when it is drawn. The generator is Philox 4x64-10 (Salmon et al. 2011), with the key (root
seed, 1) and the counter (place, 4 pattern + phase, update, seed of the network), so that NumPy's
own generator gives the same words. The functions below take uint64 and float64 arrays of NumPy, or
stand for lanes of the compiled code.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replication.simulator.operations import arithmetic as exact
from replication.simulator.operations.arithmetic import Numbers, from_bits, to_bits, to_float
from replication.simulator.operations.arrays import Traced
from replication.simulator.operations.instructions import Bits, Place, Rows, Writer
from replication.simulator.operations.turns import ORDER, TURNS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """What the random numbers of the network in each lane depend on."""

    age: Bits  # updates that the network has behind it
    seed: Bits
    root_seed: Bits


N_PHASES = 4
"""Phases of a sweep (`turns.py`), each of which has random numbers of its own."""
WORDS = 4
"""Words of 64 bits in a block, which is what the generator makes of one counter."""
TURNS_AT_MOST = 2**20
"""Most turns of the loops of `repeat`."""
BLOCKS_AT_MOST = 2**20
"""Most blocks in one draw."""

# Of Philox 4x64-10, as in Random123 and NumPy.
_LOW = 2**32 - 1
_ROUNDS = 10
_MULTIPLIERS = 0xD2E7470EE14C6C93, 0xCA5A826395121157
_KEY_STEPS = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B


def draw_numbers(kind: str, shape: tuple[int, ...], counter: list[int], root_seed: int) -> Array:
    """Return the numbers of one draw of a network in plain NumPy; `counter` is its first one."""
    words = _draw_words(math.prod(shape), counter, root_seed).T
    numbers = np.stack(_to_numbers(list(words), kind), axis=-1)
    return numbers.ravel()[: math.prod(shape)].reshape(shape)


def draw_order(n: int, update: int, seed: int, root_seed: int) -> NDArray[np.int64]:
    """Return the order in which a network is shown n patterns in one sweep, in plain NumPy.

    Each order is as likely as any other (Fisher & Yates 1938), to within n / 2^32.
    """
    words = _draw_words(n, [0, ORDER, update, seed], root_seed).ravel()
    order = np.zeros(n, dtype=np.int64)
    for place, word in enumerate(words[:n].tolist()):
        chosen = (word >> 32) * (place + 1) >> 32  # from 0 to place
        order[place] = order[chosen]
        order[chosen] = place
    return order


def _draw_words(n: int, counter: list[int], root_seed: int) -> NDArray[np.uint64]:
    """Return at least n words of 64 bits, (n_blocks, 4), for the counters from this one on."""
    # Each counter gives a block of four words; some of the last block may be left over.
    n_blocks = math.ceil(n / WORDS)
    # NumPy adds 1 to the counter before each block, before the first one too.
    key = np.array([root_seed, 1], dtype=np.uint64)
    start = np.array(counter, dtype=np.uint64)
    return np.random.Philox(key=key, counter=start).random_raw((n_blocks, WORDS))


def find_place(draw: int, turn: Place) -> Place:
    """Return the place of the first block of a draw, away from those of other draws and turns."""
    return (draw * TURNS_AT_MOST + turn) * BLOCKS_AT_MOST


def write_draw(
    writer: Writer, x: Traced, rows: Rows, noise: Noise, *, n_patterns: int, begin: Place
) -> None:
    """Emit code that draws random numbers into memory, for patterns from number `begin` on."""
    kind, phase, draw, _ = x.note
    flat = Rows(writer, rows.base, rows.first, (x.size, n_patterns))
    for p in writer.each(n_patterns):
        moment = (begin + p) * N_PHASES + phase
        for block, size, words in _write_words(writer, x.size, draw, moment, noise):
            for k, value in enumerate(_to_numbers(words, kind)[:size]):
                flat[block * WORDS + k, p] = value


def write_order(writer: Writer, order: Rows, noise: Noise) -> None:
    """Emit code that draws the order of the patterns in a sweep, another one for each network."""
    for block, size, words in _write_words(writer, order.shape[0], 0, ORDER, noise):
        for k, word in enumerate(words[:size]):
            place = block * WORDS + k
            chosen = (word >> 32) * writer.spread_whole(place + 1) >> 32  # from 0 to place
            writer.shuffle(order, place, chosen)


def _write_words(
    writer: Writer, n: int, draw: int, moment: Place, noise: Noise
) -> Iterator[tuple[Place, int, list[Bits]]]:
    """Emit n words of a draw, in blocks of four.

    Yields for each block its number, how many of its words are needed, and all its words.
    """

    def write_block(block: Place) -> list[Bits]:
        """Emit the four words of a block."""
        # NumPy adds 1 to the counter before each block, so the first one is at place 1.
        place = block + (find_place(draw, TURNS.turn) + 1)
        counter = (
            writer.spread_whole(place),
            writer.spread_whole(moment),
            noise.age,
            noise.seed,
        )
        return _philox(counter, (noise.root_seed, 1))

    n_blocks, n_left = divmod(n, WORDS)
    for block in writer.each(n_blocks):
        yield block, WORDS, write_block(block)
    if n_left:
        yield n_blocks, n_left, write_block(n_blocks)


def _philox(counter: tuple[Bits, Bits, Bits, Bits], key: tuple[Bits, int]) -> list[Bits]:
    """Return the four words that Philox 4x64-10 makes of a counter and a key, lane by lane."""
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        high_a, low_a = _multiply(a, _MULTIPLIERS[0])
        high_c, low_c = _multiply(c, _MULTIPLIERS[1])
        a = high_c ^ b ^ k0
        b = low_c
        c = high_a ^ d ^ k1
        d = low_a
        k0 = k0 + _KEY_STEPS[0]
        k1 = (k1 + _KEY_STEPS[1]) % 2**64
    return [a, b, c, d]


def _multiply(a: Bits, c: int) -> tuple[Bits, Bits]:
    """Return the high and the low word of a product with a constant, of 128 bits in sum."""
    # Products of halves of 32 bits fit in 64 bits; they are added as by hand, with carries.
    a0 = a & _LOW
    a1 = a >> 32
    c0 = c & _LOW
    c1 = c >> 32
    bottom = a0 * c0
    middle = a1 * c0 + (bottom >> 32)
    second_middle = a0 * c1 + (middle & _LOW)
    high = a1 * c1 + (middle >> 32) + (second_middle >> 32)
    low = (second_middle << 32) | (bottom & _LOW)
    return high, low


def _to_numbers(words: list[Numbers], kind: str) -> list[Numbers]:
    """Return as many random numbers as words, "uniform" or "normal" ones."""
    if kind == "uniform":
        return [_to_uniform(word) for word in words]
    # Two words make two normal numbers.
    numbers: list[Numbers] = []
    for first, second in zip(words[::2], words[1::2], strict=True):
        numbers += _to_normal(first, second)
    return numbers


def _to_uniform(word: Numbers) -> Numbers:
    """Return a number in [0, 1), made of the upper 53 bits of a word as in NumPy's generators."""
    return to_float(word >> 11) * 2.0**-53


def _series(first: int) -> list[float]:
    """Return ten coefficients of a Taylor series in r^2, the one of the highest power first.

    The series is that of cos(pi r / 2) if the first power is 0, of sin(pi r / 2) / r if it is 1.
    """
    coefficients = []
    x = 1.0 if first == 0 else math.pi / 2
    for k in range(first, first + 20, 2):
        coefficients.append(x)
        x *= -((math.pi / 2) ** 2) / ((k + 1) * (k + 2))
    return coefficients[::-1]


_COSINE = _series(0)
_SINE = _series(1)


def _to_normal(first: Numbers, second: Numbers) -> tuple[Numbers, Numbers]:
    """Return two normal numbers, by a radius and an angle from two words (Box & Muller 1958)."""
    # The radius is made of a number that is never 0, so that its logarithm is finite.
    u = (to_float(first >> 11) + 1.0) * 2.0**-53  # in (0, 1]
    radius = exact.square_root(-2.0 * exact.logarithm(u))
    # The angle in quarters of a circle: the nearest whole one, and a rest, for which the series
    # are short.
    angle = _to_uniform(second) * 4.0
    shifted = angle + exact.ROUND
    quarter = to_bits(shifted) & 3
    r = angle - (shifted - exact.ROUND)  # from -1/2 to 1/2
    cosine = exact.polynomial(_COSINE, r * r)
    sine = r * exact.polynomial(_SINE, r * r)
    # A turn by an odd number of quarters exchanges cosine and sine.
    is_odd = to_float(quarter & 1) > 0.5
    x = exact.where(is_odd, sine, cosine)
    y = exact.where(is_odd, cosine, sine)
    # The cosine is negative in quarters 1 and 2, the sine in 2 and 3.
    sign_x = ((quarter + 1) & 2) << 62
    sign_y = (quarter & 2) << 62
    x = from_bits(to_bits(x) ^ sign_x)
    y = from_bits(to_bits(y) ^ sign_y)
    return radius * x, radius * y
