"""The numbers behind the answers that a multiverse gives in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.analysis.contrasts import Contrast
from replication.analysis.runs import RULES
from replication.analysis.seed_blocks import STATISTICS, Blocked, find_leaders, find_reach


def find_largest_choice(
    single: Sequence[Contrast], choices: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return which `single` choice moves each statistic of the base reading most.

    Parameters
    ----------
    single : sequence of Contrast
    choices : sequence of mapping
        Each with ``field``, ``values`` and ``base`` (index of the base value).

    Returns
    -------
    dict
        By statistic, a list (the largest, then those that the Monte Carlo
        error cannot tell from it), each with field, value, change, error and
        whether it is beyond its own error; None where there is no contrast or
        a statistic is missing.
    """
    found: dict[str, Any] = {}
    for i, name in enumerate(STATISTICS):
        found[name] = None
        if not single:
            continue
        change = Blocked(
            np.array([item.change.full[i] for item in single]),
            np.stack([item.change.without[:, i] for item in single], axis=1),
        )
        if not (np.isfinite(change.full).all() and np.isfinite(change.without).all()):
            continue
        sizes = Blocked(np.abs(change.full), np.abs(change.without))
        reach = find_reach(change.n_blocks, n_comparisons=len(single))
        found[name] = [
            {
                "field": choices[single[k].choice]["field"],
                "value": choices[single[k].choice]["values"][single[k].value],
                "change": change.full[k],
                "error": change.error[k],
                "is_clear": bool(sizes.full[k] > reach * change.error[k]),
            }
            for k in find_leaders(sizes)
        ]
    return found


def count_classes(
    table: Mapping[str, Sequence[Any]],
    levels: npt.NDArray[np.int64],
    choices: Sequence[Mapping[str, Any]],
    *,
    min_n_star: int,
    smallest_study: int,
) -> dict[str, Any]:
    """Count the readings that make the reported number likely, and those that rule it out.

    Parameters
    ----------
    table : mapping of str to sequence
        Columns of the table of readings.
    levels : int64[n_readings, n_choices]
    choices : sequence of mapping
    min_n_star : int
        Likely: n* is at least this.
    smallest_study : int
        Ruled out: n* is below this, so that no study of so many runs or more
        could well have reported the number.

    Returns
    -------
    dict
        By rule: ``likely``, ``ruled_out``, ``between`` (numbers of readings),
        ``undecided`` (readings whose interval of n* crosses one of the two
        bounds), ``likely_by_level`` (shares, by choice and value); ``any_rule``:
        readings likely or ruled out under any and under every rule.
    """
    found: dict[str, Any] = {"smallest_study": smallest_study, "min_n_star": min_n_star}
    likely_rows, out_rows = [], []
    for rule in RULES:
        # None, where a rule has no mean, becomes not-a-number.
        n_star, low, high = (
            np.array(table[f"n_star_{rule}{end}"], dtype=np.float64)
            for end in ("", "_low", "_high")
        )
        likely = n_star >= min_n_star
        out = ~(n_star >= smallest_study)
        crossing = np.zeros(n_star.size, dtype=bool)
        for bound in (min_n_star, smallest_study):
            crossing |= (low < bound) & (high >= bound)
        likely_rows.append(likely)
        out_rows.append(out)
        found[rule] = {
            "likely": int(likely.sum()),
            "ruled_out": int(out.sum()),
            "between": int((~likely & ~out).sum()),
            "undecided": int(crossing.sum()),
            "equivalent": sum(bool(value) for value in table[f"equivalent_{rule}"]),
            "likely_by_level": [
                [float(likely[levels[:, i] == k].mean()) if np.any(levels[:, i] == k) else None
                 for k in range(len(choice["values"]))]
                for i, choice in enumerate(choices)
            ],
        }  # fmt: skip
    found["any_rule"] = {
        "likely_under_every_rule": int(np.all(likely_rows, axis=0).sum()),
        "likely_under_some_rule": int(np.any(likely_rows, axis=0).sum()),
        "ruled_out_under_every_rule": int(np.all(out_rows, axis=0).sum()),
    }
    return found
