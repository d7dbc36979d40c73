"""The results model of a multiverse: many readings of one protocol on the same seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.analysis.contrasts import Contrast, compute_contrasts
from replication.analysis.multiverse_answers import count_classes, find_largest_choice
from replication.analysis.multiverse_posterior import describe_posterior
from replication.analysis.multiverse_shares import (
    Setting,
    describe_caps,
    describe_shares,
    describe_shares_at_base,
)
from replication.analysis.plain import make_plain
from replication.analysis.posterior import Likelihoods, make_runs
from replication.analysis.reading_table import COUNTS, describe_columns, measure_reading
from replication.analysis.runs import RULES
from replication.analysis.seed_blocks import N_BLOCKS, STATISTICS, stack_blocked
from replication.errors import UsageError

MIN_SEEDS = 2 * N_BLOCKS


def summarise_multiverse(
    outcomes: npt.NDArray[np.int32],
    setting: Setting,
    *,
    advance: Callable[[int], object] = lambda _: None,
) -> dict[str, Any]:
    """Return the results model of a multiverse as plain JSON values.

    Parameters
    ----------
    outcomes : int32[n_readings, n_seeds]
        Updates; a network that did not converge has a number beyond every cap.
    setting : Setting
    advance : callable
        Told the number of networks after each reading, for a progress bar.

    Raises
    ------
    UsageError
        If there are too few seeds for the jackknife over blocks of seeds.
    """
    n_seeds = outcomes.shape[1]
    if n_seeds < MIN_SEEDS:
        raise UsageError(
            f"a multiverse of {n_seeds} seeds was asked for; its Monte Carlo errors need at "
            f"least {MIN_SEEDS}; give more --seeds"
        )
    ns = make_runs()
    readings = []
    for row, cap in zip(outcomes, setting.caps, strict=True):
        readings.append(
            measure_reading(
                row,
                cap=cap,
                reported=setting.reported,
                margin_percent=setting.margin_percent,
                ns=ns.tolist(),
                restart_after=setting.restart_after,
            )
        )
        advance(n_seeds)
    statistics = stack_blocked([reading.statistics for reading in readings])
    chance = stack_blocked([reading.chance for reading in readings])
    levels = np.array(setting.levels, dtype=np.int64).reshape(len(readings), -1)
    single, average = compute_contrasts(
        outcomes, statistics, levels, base=setting.base, n_levels=setting.shape
    )
    columns = describe_columns(
        reported=setting.reported.text,
        margin_percent=setting.margin_percent,
        restart_after=setting.restart_after,
    )
    table = {name: [reading.row[name] for reading in readings] for name in columns}
    shares = describe_shares(statistics, setting)
    posterior = describe_posterior(
        Likelihoods(ns, chance), table, setting_levels=levels, n_levels=setting.shape,
        base=setting.base, reported=float(setting.reported.value),
        margin=float(setting.reported.value) * setting.margin_percent / 100.0,
        names=[choice["field"] for choice in setting.choices],
    )  # fmt: skip
    reading_posterior = posterior.pop("readings")
    table |= {"posterior": reading_posterior.full, "posterior_error": reading_posterior.error}
    columns |= {
        "posterior": f"probability of the reading given {setting.reported.text}, summed over "
        "rules, ways to count and numbers of runs, if all readings are equally likely before",
        "posterior_error": "its standard error",
    }
    model = {
        "n_readings": len(readings),
        "n_seeds": n_seeds,
        "n_blocks": N_BLOCKS,
        "caps": sorted(set(setting.caps)),
        "restart_after": setting.restart_after,
        "margin_percent": setting.margin_percent,
        "min_n_star": setting.min_n_star,
        "reported": {
            "text": setting.reported.text,
            "value": setting.reported.value,
            "low": setting.reported.low,
            "high": setting.reported.high,
        },
        "is_grid": setting.is_grid,
        "base": setting.base,
        "choices": setting.choices,
        "rules": RULES,
        "ways_to_count": COUNTS,
        "columns": columns,
        "levels": setting.levels,
        "readings": table,
        "shares": shares,
        "shares_at_base": describe_shares_at_base(statistics, setting, shares),
        "contrasts": {
            "single": [describe_contrast(item, setting.choices) for item in single],
            "average": [describe_contrast(item, setting.choices) for item in average],
        },
        "largest_choice": find_largest_choice(single, setting.choices),
        "classes": count_classes(
            table, levels, setting.choices,
            min_n_star=setting.min_n_star, smallest_study=int(ns[0]),
        ),
        "posterior": posterior,
        "lower_caps": describe_caps(readings, statistics, setting),
    }  # fmt: skip
    plain: dict[str, Any] = make_plain(model)
    return plain


def describe_contrast(contrast: Contrast, choices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a contrast as plain values.

    Parameters
    ----------
    contrast : Contrast
    choices : sequence of mapping
        Each with ``field``, ``values`` and ``base`` (index of the base value).
    """
    choice = choices[contrast.choice]
    change = contrast.change
    return {
        "field": choice["field"],
        "value": choice["values"][contrast.value],
        "base_value": choice["values"][choice["base"]],
        "n_pairs": contrast.n_pairs,
        "change": {
            name: {
                "value": change.full[i],
                "error": change.error[i],
                "low": change.full[i] - change.reach[i],
                "high": change.full[i] + change.reach[i],
                "smallest": contrast.smallest[i],
                "largest": contrast.largest[i],
            }
            for i, name in enumerate(STATISTICS)
        },
        **{
            name: {"value": share.full, "error": share.error}
            for name, share in (
                ("slower", contrast.slower),
                ("faster", contrast.faster),
                ("same", contrast.same),
            )
        },
    }
