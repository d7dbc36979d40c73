"""What one choice does, seed by seed: the same networks under two readings."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from replication.analysis.seed_blocks import Blocked, cut_seed_blocks

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Contrast:
    """One value of a choice against its base value, on the same seeds.

    Parameters
    ----------
    choice, value : int
        Indices of the choice and of its other value.
    n_pairs : int
        Pairs of readings that differ in this choice alone.
    change : Blocked
        Change of each of `seed_blocks.STATISTICS`, averaged over the pairs
        (float64[5]).
    smallest, largest : float64[5]
        Change in single pairs.
    slower, faster, same : Blocked
        Share of seeds that take more, fewer and equally many updates;
        a network that does not converge takes more than any that does.
    """

    choice: int
    value: int
    n_pairs: int
    change: Blocked
    smallest: FloatArray
    largest: FloatArray
    slower: Blocked
    faster: Blocked
    same: Blocked


def find_pairs(levels: IntArray, *, choice: int, base_value: int, value: int) -> IntArray:
    """Return the pairs of readings that differ in one choice alone, int64[n_pairs, 2].

    Parameters
    ----------
    levels : int64[n_readings, n_choices]
    choice, base_value, value : int
        The first of a pair has `base_value`, the second `value`.
    """
    places = {tuple(row): i for i, row in enumerate(levels.tolist())}
    pairs = []
    for row, i in places.items():
        if row[choice] != base_value:
            continue
        other = places.get((*row[:choice], value, *row[choice + 1 :]))
        if other is not None:
            pairs.append((i, other))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def compare_pairs(
    outcomes: npt.NDArray[np.int32],
    statistics: Blocked,
    pairs: IntArray,
    *,
    choice: int,
    value: int,
) -> Contrast:
    """Return the contrast over pairs of readings.

    Parameters
    ----------
    outcomes : int32[n_readings, n_seeds]
        A network that did not converge has a number larger than any outcome.
    statistics : Blocked
        Entries float64[n_readings, 5].
    pairs : int64[n_pairs, 2]
        At least one.
    choice, value : int
        Passed on.
    """
    first, second = pairs[:, 0], pairs[:, 1]
    change = statistics.full[second] - statistics.full[first]
    without = statistics.without[:, second] - statistics.without[:, first]
    order = np.zeros((2, outcomes.shape[1]))
    for one, other in pairs:
        order[0] += outcomes[other] > outcomes[one]
        order[1] += outcomes[other] < outcomes[one]
    order /= len(pairs)
    slower, faster, same = (
        _block_mean(row, statistics.n_blocks) for row in (*order, 1.0 - order.sum(axis=0))
    )
    return Contrast(
        choice=choice,
        value=value,
        n_pairs=len(pairs),
        change=Blocked(change.mean(axis=0), without.mean(axis=1)),
        smallest=change.min(axis=0),
        largest=change.max(axis=0),
        slower=slower,
        faster=faster,
        same=same,
    )


def _block_mean(values: FloatArray, n_blocks: int) -> Blocked:
    bounds = cut_seed_blocks(values.size, n_blocks=n_blocks)
    sums = np.add.reduceat(values, bounds[:-1])
    sizes = np.diff(bounds)
    without = (values.sum() - sums) / (values.size - sizes)
    return Blocked(np.asarray(values.mean()), without)


def compute_contrasts(
    outcomes: npt.NDArray[np.int32],
    statistics: Blocked,
    levels: IntArray,
    *,
    base: int,
    n_levels: list[int],
) -> tuple[list[Contrast], list[Contrast]]:
    """Return every contrast to the base values: from the base reading, and over all pairs.

    Parameters
    ----------
    outcomes, statistics, levels
        As in `compare_pairs` and `find_pairs`.
    base : int
        The base reading.
    n_levels : list of int
        Values of each choice.

    Returns
    -------
    single, average : list of Contrast
        Choices in order, their values in order; values without a pair are left out.
    """
    single: list[Contrast] = []
    average: list[Contrast] = []
    for choice, size in enumerate(n_levels):
        base_value = int(levels[base, choice])
        for value in range(size):
            if value == base_value:
                continue
            pairs = find_pairs(levels, choice=choice, base_value=base_value, value=value)
            alone = pairs[pairs[:, 0] == base]
            for chosen, contrasts in ((alone, single), (pairs, average)):
                if len(chosen):
                    contrasts.append(
                        compare_pairs(outcomes, statistics, chosen, choice=choice, value=value)
                    )
    return single, average
