"""The table of halves that are given, slowed, exchanged or kept aligned: all that was run."""

from collections.abc import Iterator
from typing import NamedTuple

from replication.experiments.instruments.model import Model
from replication.experiments.instruments.written import write_csv

GIVEN = {
    "nothing": "nothing",
    "aligned": "U = transpose of W at first",
    "opposed": "U = minus the transpose of W at first",
    "small_w": "a sixteenth of W",
    "small_u": "a sixteenth of U",
    "final_w": "its own final W",
    "other_w": "the final W of another network",
    "final_u": "its own final U",
    "other_u": "the final U of another network",
    "corners": "four corners by hand, as far apart as its own end",
    "middles": "the middles of the four sides, as far apart as its own end",
    "convex": "nothing, if no code lies inside the hull of the others",
    "other_w_shrunk": "the final W of another network, shrunk to its own first gap",
    "corners_shrunk": "four corners by hand, shrunk to its own first gap",
    "long_w": "its first W at its final length",
    "long_w_wide": "its first W at its final length, if the gap is then over 0.2",
    "long_w_narrow": "its first W at its final length, if the gap is then below 0.05",
    "together": "the final W of another network, two codes 95 % together",
    "slow_w": "half the rate of W",
    "slow_u": "half the rate of U",
    "slow_both": "half the rate of both",
}
"""What networks are given, in words, by its name in the model."""
PAIRED = {
    "watching": "a decoder watches the encoder of another network",
    "hearing": "an encoder learns from the decoder of another network, unheard",
    "mirrored": "U turned to the transpose of W at every update",
}
"""The partners of `watching.PARTNERS` in words."""


class Row(NamedTuple):
    """A row of the table; median and 95 % interval (``low``, ``high``) are in updates."""

    inputs: str
    learning_rate: float
    given: str
    networks: int | str
    first_gap: float | str  # median of the smallest gaps of networks
    median: float
    low: float
    high: float
    predicted: float | str  # by the law, from recorded gaps
    learnt: float  # share of the networks
    near_the_other: float | str  # within 10 % of when the other network had learnt


def write_halves(model: Model) -> str:
    """Return the table of halves that are given, slowed, exchanged or kept aligned, as CSV."""
    return write_csv(Row._fields, list_rows(model))


def list_rows(model: Model) -> Iterator[Row]:
    """Return the rows of 4-2-4 networks, then those of larger ones and of other inputs."""
    for name, rate in model["rates"].items():
        for key, label in GIVEN.items():
            row = model["given"][name].get(key)
            if row is not None:
                yield describe_given(rate, label, row)
        yield from list_pairs("one-hot 4-2-4", rate, model["pairs"][name])
    for pairs in model["eight"].values():
        yield from list_pairs("one-hot 8-3-8", pairs["rate"], pairs)
    for inputs, pairs in model["others"].items():
        yield from list_pairs(inputs, pairs["rate"], pairs)


def describe_given(rate: float, label: str, row: Model) -> Row:
    """Return the row of networks that are given, for instance, the final W of another network."""
    low, high = row["median_interval"]
    return Row(
        inputs="one-hot 4-2-4",
        learning_rate=rate,
        given=label,
        networks=row["n"],
        first_gap=row["gap"],
        median=row["median"],
        low=low,
        high=high,
        predicted=row.get("predicted", ""),
        learnt=round(1.0 - row["failed"]["share"], 6),
        near_the_other="",
    )


def list_pairs(inputs: str, rate: float, pairs: Model) -> Iterator[Row]:
    """Return the rows of halves that learn from another network, or are kept aligned."""
    for key, label in PAIRED.items():
        if key not in pairs:
            continue
        row = pairs[key]
        low, high = row["median_interval"]
        near = None
        if "near" in row:
            near = row["near"]["share"]  # None if no network has learnt
        yield Row(
            inputs=inputs,
            learning_rate=rate,
            given=label,
            networks="",
            first_gap="",
            median=row["median"],
            low=low,
            high=high,
            predicted="",
            learnt=row["learnt"]["share"],
            near_the_other="" if near is None else near,
        )


TABLES = {"halves": write_halves}
