"""The parts of a multiverse's model that say which choices matter, and what a lower cap does."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.analysis.compatible import ReportedMean
from replication.analysis.reading_table import Reading
from replication.analysis.runs import RESTART_AFTER
from replication.analysis.seed_blocks import (
    STATISTICS,
    Blocked,
    block_statistics,
    stack_blocked,
)
from replication.analysis.variance_shares import estimate_shares

LOWER_CAPS = (250, 500, 1000)
MIN_CHOICES = 3
"""With fewer, holding one at its base value leaves nothing to divide."""


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a multiverse is, apart from its outcomes.

    Parameters
    ----------
    choices : sequence of mapping
        ``field``, ``values`` and ``base`` (index of the base value) of each choice.
    levels : list of list of int
        For each reading, the index of its value of each choice.
    caps : list of int
        Of each reading.
    base : int
        The base reading.
    is_grid : bool
        Whether the readings are all combinations, the last choice running fastest.
    reported : ReportedMean
    margin_percent : float
        Of equivalence, in per cent of the reported mean.
    min_n_star : int
        From so many compatible runs on, a reading makes the number likely.
    restart_after : int
    """

    choices: Sequence[Mapping[str, Any]]
    levels: list[list[int]]
    caps: list[int]
    base: int
    is_grid: bool
    reported: ReportedMean
    margin_percent: float
    min_n_star: int
    restart_after: int = RESTART_AFTER

    @property
    def shape(self) -> list[int]:
        """Number of values of each choice."""
        return [len(choice["values"]) for choice in self.choices]


def describe_shares(statistics: Blocked, setting: Setting) -> dict[str, Any]:
    """Return the variance shares of each statistic; None where there are none.

    Parameters
    ----------
    statistics : Blocked
        Of every reading.
    setting : Setting
        What the multiverse varies.
    """
    fields = [choice["field"] for choice in setting.choices]
    described: dict[str, Any] = {}
    for i, name in enumerate(STATISTICS):
        values = Blocked(statistics.full[:, i], statistics.without[:, :, i])
        shares = estimate_shares(values, setting.shape) if setting.is_grid else None
        described[name] = None
        if shares is not None:
            described[name] = {
                **dataclasses.asdict(shares),
                "leaders": [fields[leader] for leader in shares.leaders],
            }
    return described


def describe_shares_at_base(
    statistics: Blocked, setting: Setting, shares: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the shares with the choice that leads under *discard* held at its base value.

    Parameters
    ----------
    statistics : Blocked
        Of every reading.
    setting : Setting
        What the multiverse varies.
    shares : mapping
        From `describe_shares`.
    """
    lead = shares["discard"]
    if lead is None or len(setting.shape) < MIN_CHOICES:
        return None
    fields = [choice["field"] for choice in setting.choices]
    held = fields.index(lead["leaders"][0])
    base_value = setting.levels[setting.base][held]
    kept = [i for i, row in enumerate(setting.levels) if row[held] == base_value]
    others = [i for i in range(len(fields)) if i != held]
    smaller = dataclasses.replace(
        setting,
        choices=[setting.choices[i] for i in others],
        levels=[[setting.levels[k][i] for i in others] for k in kept],
        base=kept.index(setting.base),
    )
    part = Blocked(statistics.full[kept], statistics.without[:, kept])
    return {
        "field": fields[held],
        "value": setting.choices[held]["values"][base_value],
        "n_readings": len(kept),
        "fields": [fields[i] for i in others],
        "shares": describe_shares(part, smaller),
    }


def describe_caps(
    readings: Sequence[Reading], statistics: Blocked, setting: Setting
) -> list[dict[str, Any]]:
    """Return what a lower cap would have saved and changed.

    Parameters
    ----------
    readings : sequence of Reading
    statistics : Blocked
        Of every reading.
    setting : Setting
        What the multiverse varies.
    """
    described = []
    spent = sum(_count_updates(reading.counts) for reading in readings)
    lowest = min(setting.caps)
    for cap in [cap for cap in LOWER_CAPS if setting.restart_after <= cap < lowest] + [lowest]:
        cut = [_censor(reading.counts, cap) for reading in readings]
        blocked = stack_blocked(
            [block_statistics(part, restart_after=setting.restart_after) for part in cut]
        )
        change = blocked.full - statistics.full
        shares = describe_shares(blocked, setting)
        described.append(
            {
                "cap": cap,
                # Where every network starts below its criterion, there is no work to save.
                "work": sum(_count_updates(part) for part in cut) / spent if spent else 1.0,
                "unfinished": float(np.mean([part[:, -1].sum() / part.sum() for part in cut])),
                "largest_change": {
                    name: float(np.abs(change[:, i]).max()) if np.isfinite(change[:, i]).all()
                    else None
                    for i, name in enumerate(STATISTICS)
                },
                "base_change": {
                    name: float(change[setting.base, i]) for i, name in enumerate(STATISTICS)
                },
                "shares": {name: shares[name] for name in ("discard", "cap")},
            }
        )  # fmt: skip
    return described


def _censor(counts: npt.NDArray[np.int64], cap: int) -> npt.NDArray[np.int64]:
    return np.concatenate(
        [counts[:, : cap + 1], counts[:, cap + 1 :].sum(axis=1, keepdims=True)], axis=1
    )


def _count_updates(counts: npt.NDArray[np.int64]) -> int:
    times = np.append(np.arange(counts.shape[1] - 1), counts.shape[1] - 2)
    return int(counts.sum(axis=0) @ times)
