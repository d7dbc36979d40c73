"""Tables of the experiment on images: all rules that were run, controls included."""

from collections.abc import Iterator
from typing import NamedTuple

from replication.experiments.instruments.model import Model
from replication.experiments.instruments.written import write_csv


class Row(NamedTuple):
    """The share of the variance that the networks of a rule leave unexplained."""

    units: str  # which units are logistic: "none", "hidden", "visible" or "both"
    images: str
    rule: str
    weights_within: float
    noise_in_a_pixel: float | str  # its standard deviation, where it is varied
    updates: int | str
    epochs: int | str
    unexplained: float
    low: float  # of the 95 % interval
    high: float
    change_in_an_update: float | str  # of W, as a share of its length


def write_rules(model: Model) -> str:
    """Return the results of all rules as CSV: on digits and patches, from all initial weights."""
    return write_csv(Row._fields, [*list_linear(model["linear"]), *list_logistic(model)])


def list_linear(linear: Model) -> Iterator[Row]:
    """Yield the rows of networks with linear units."""
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
        """Return a row of the table; `row` is the entry of the model."""
        low, high = row["unexplained_interval"]
        return Row(
            units="none",
            images=images,
            rule=rule,
            weights_within=size,
            noise_in_a_pixel=noise,
            updates=after,
            epochs="",
            unexplained=row["unexplained"],
            low=low,
            high=high,
            change_in_an_update=row.get("change", ""),
        )

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
    """Yield the rows of networks with logistic units, on held-out images."""
    logistic = model["logistic"]
    minimum = model["minimum"]
    repairs = model["repairs"]
    largest = model["linear"]["sizes"][0]
    groups = [
        RuleGroup("hidden", "digits", logistic["epochs"], logistic["digits"]),
        RuleGroup("hidden", "patches", logistic["epochs"], logistic["patches"]),
        RuleGroup("both", "digits", logistic["epochs"], logistic["both"]),
        RuleGroup("both", "digits", repairs["epochs"], repairs["rules"]),
    ]
    for units, row in minimum["units"].items():
        groups.append(RuleGroup(units, "digits", minimum["epochs"], {"recirculation": row}))
    for group in groups:
        for rule, row in group.rules.items():
            size = row.get("chosen", {}).get("half-width", largest)
            yield from list_epochs(group, rule, size, row)


class RuleGroup(NamedTuple):
    """Rules of networks with the same units, on the same images, after the same epochs."""

    units: str
    images: str
    epochs: list[int]
    rules: Model


def list_epochs(group: RuleGroup, rule: str, size: float, row: Model) -> Iterator[Row]:
    """Yield the rows of a rule, one for each number of epochs."""
    by_epochs = zip(group.epochs, row["others"], row["others_interval"], strict=True)
    for n_epochs, missed, (low, high) in by_epochs:
        yield Row(
            units=group.units,
            images=group.images,
            rule=rule,
            weights_within=size,
            noise_in_a_pixel="",
            updates="",
            epochs=n_epochs,
            unexplained=missed,
            low=low,
            high=high,
            change_in_an_update="",
        )


TABLES = {"rules": write_rules}
