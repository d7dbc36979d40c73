"""How often the intervals cover: the calibration table and how it is looked up.

The table is the file ``calibration.json`` beside this module, written by
``replication calibrate`` and never by hand.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from importlib import resources
from typing import Any

from replication.errors import DataError

TABLE_NAME = "calibration.json"
TRUSTED_COVERAGE = 0.93


@functools.cache
def load_calibration() -> dict[str, Any]:
    """Return the calibration table that ships with the package.

    Raises
    ------
    DataError
        If it is missing or damaged.
    """
    try:
        text = resources.files("replication.analysis").joinpath(TABLE_NAME).read_text("utf-8")
        table: dict[str, Any] = json.loads(text)
    except (OSError, ValueError) as error:
        raise DataError(
            f"the calibration table cannot be read ({error}); write it anew with "
            "'replication calibrate'"
        ) from None
    return table


def find_coverage(
    quantity: str, n_networks: int, *, table: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return the measured coverage of an interval at a sample size.

    Parameters
    ----------
    quantity : str
        A ``quantity`` of the calibration table, e.g. "mean-discard".
    n_networks : int
        Size of the study, at least 1.
    table : mapping, optional
        A calibration table; the shipped one unless given.

    Returns
    -------
    dict or None
        ``measured`` (proportion, None below the smallest calibrated size),
        ``size`` (the largest calibrated size not above `n_networks`, or None),
        ``n_studies``, ``trusted`` (whether at least 93 % were covered) and
        ``words``. None if the quantity was not calibrated.
    """
    table = load_calibration() if table is None else table
    rows = [row for row in table["coverage"] if row["quantity"] == quantity]
    if not rows:
        return None
    below = [entry for entry in rows[0]["by_size"] if entry["n_networks"] <= n_networks]
    if not below:
        smallest = min(entry["n_networks"] for entry in rows[0]["by_size"])
        return {
            "measured": None,
            "size": None,
            "n_studies": 0,
            "trusted": False,
            "words": f"was never tried on studies of fewer than {smallest} networks: do not rely "
            "on it",
        }
    entry = max(below, key=lambda item: int(item["n_networks"]))
    measured = float(entry["coverage"])
    n_studies = int(entry["n_studies"])
    trusted = measured >= TRUSTED_COVERAGE
    words = (
        f"held the true value in {100 * measured:.1f} % of {n_studies:,} trial studies of "
        f"{entry['n_networks']:,} networks"
    ).replace(",", "\u2009")
    if not trusted:
        words += ": this study is too small for it to be trusted at its nominal 95 %"
    return {
        "measured": measured,
        "size": int(entry["n_networks"]),
        "n_studies": n_studies,
        "trusted": trusted,
        "words": words,
    }


def find_prediction_coverage(
    rule: str, n_networks: int, *, n_runs: int, table: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return the measured coverage of a prediction interval for the mean of n runs.

    Parameters
    ----------
    rule : {"discard", "cap", "restart"}
    n_networks, n_runs : int
        Size of the study that predicts, and runs of the study that is predicted.
    table : mapping, optional
        A calibration table; the shipped one unless given.

    Returns
    -------
    dict or None
        As `find_coverage`, with ``n_runs``: the calibrated numbers of networks
        and runs nearest in their ratio. None if the rule was not calibrated,
        `n_networks` is below the smallest calibrated size, or `n_runs` exceeds
        a twentieth of the networks, where a prediction is not calibrated.
    """
    table = load_calibration() if table is None else table
    rows = [
        row
        for row in table["prediction"]
        if row["rule"] == rule and row["n_networks"] <= n_networks
    ]
    if not rows or 20 * n_runs > n_networks:
        return None
    size = max(row["n_networks"] for row in rows)
    rows = [row for row in rows if row["n_networks"] == size]
    row = min(rows, key=lambda item: abs(math.log(item["n_runs"] / n_runs)))
    return {
        "measured": row["coverage"],
        "size": size,
        "n_runs": row["n_runs"],
        "n_studies": row["n_studies"],
        "trusted": row["coverage"] >= TRUSTED_COVERAGE,
        "words": f"held the mean of {row['n_runs']} further runs in {100 * row['coverage']:.1f} % "
        f"of trials from studies of {size} networks",
    }
