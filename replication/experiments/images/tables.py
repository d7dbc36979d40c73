"""Tables of the experiment on images: all rules that were run, controls included."""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from replication.experiments.instruments.model import Model


class Row(NamedTuple):
    """What the networks of a rule leave unexplained, a share of the variance."""

    units: str  # which are logistic
    images: str
    rule: str
    weights_within: float
    noise_in_a_pixel: float | str  # its standard deviation, where it is varied
    updates: int | str
    epochs: int | str
    unexplained: float
    low: float  # of the 95 % interval
    high: float
    change_in_an_update: float | str  # of W, as a part of its length


def write_rules(model: Model) -> str:
    """Return all rules as CSV: on digits and on patches, from all initial weights."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row._fields)
    writer.writerows([*list_linear(model["linear"]), *list_logistic(model)])
    return text.getvalue()


def list_linear(linear: Model) -> Iterator[Row]:
    """Return the rows of linear units."""
    largest = linear["sizes"][0]
    updates = linear["updates"]

    def describe(
        row: Model,
        rule: str,
        size: float = largest,
        images: str = "digits",
        noise: float | str = "",
        after: int = updates,
    ) -> Row:
        low, high = row["unexplained_interval"]
        missed = row["unexplained"]
        change = row.get("change", "")
        return Row("none", images, rule, size, noise, after, "", missed, low, high, change)

    for rule, rows in linear["rules"].items():
        for size, row in rows.items():
            yield describe(row, rule, float(size))
    for start, row in linear["starts"].items():
        yield describe(row, f"inverse, Q from within {start}")
    for row in linear["noise"]:
        yield describe(row, "inverse, white noise", noise=row["noise"], after=row["updates"])
    for rule, row in linear["patches"]["rules"].items():
        yield describe(row, rule, images="patches")


def list_logistic(model: Model) -> Iterator[Row]:
    """Return the rows of logistic units, on images that were held out."""
    logistic = model["logistic"]
    minimum = model["minimum"]
    repairs = model["repairs"]
    largest = model["linear"]["sizes"][0]
    groups = [
        ("hidden", "digits", logistic["epochs"], logistic["digits"]),
        ("hidden", "patches", logistic["epochs"], logistic["patches"]),
        ("both", "digits", logistic["epochs"], logistic["both"]),
        ("both", "digits", repairs["epochs"], repairs["rules"]),
    ]
    for units in minimum["units"]:
        found = {"recirculation": minimum["units"][units]}
        groups.append((units, "digits", minimum["epochs"], found))
    for units, images, epochs, rules in groups:
        for rule, row in rules.items():
            size = row.get("chosen", {}).get("half-width", largest)
            ends = zip(epochs, row["others"], row["others_interval"], strict=True)
            for epoch, missed, (low, high) in ends:
                yield Row(units, images, rule, size, "", "", epoch, missed, low, high, "")


TABLES = {"rules": write_rules}
