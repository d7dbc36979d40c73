"""The tables of the law: all cases of the plan, and times, laws and gaps of their networks."""

from replication.experiments.instruments.model import Model
from replication.experiments.instruments.written import write_csv

CASES = (
    "task",
    "rule",
    "rate",
    "networks",
    "cap",
    "median_time",
    "median_law",
    "ratio_low",
    "ratio",
    "ratio_high",
    "r2",
    "multiplier",
    "multiplier_low",
    "multiplier_high",
    "off_law",
    "off_passage",
    "off_integral",
    "learnt_finishes",
    "learnt_only",
    "finishes_only",
    "neither",
    "outcome",
    "refuted",
)
"""Columns of the table of cases; ``ratio`` is law / time, ``off`` the median of its |log|."""
NETWORKS = ("task", "rule", "rate", "network", "time", "law", "ratio", "first_gap", "last_gap")


def write_cases(model: Model) -> str:
    """Return a line for each case of the plan, as CSV."""
    rows = []
    for case in model["cases"]:
        low, high = case["multiplier"]["interval"] or (None, None)
        rows.append(
            [
                *(case[key] for key in ("task", "rule", "rate", "n", "cap", "time", "law")),
                *(case["ratio"] or (None, None, None)),
                case["r2"],
                case["multiplier"]["best"],
                low,
                high,
                case["off"],
                case["passage"]["off"],
                case["integral"],
                *case["table"],
                case["outcome"],
                case["refuted"],
            ]
        )
    return write_csv(CASES, rows)


def write_networks(model: Model) -> str:
    """Return a line for each of the first networks of each case, as CSV; "" for infinite times."""
    rows: list[list[object]] = []
    for case in model["cases"]:
        networks = case["networks"]
        columns = (networks[name] for name in ("time", "law", "first_gap", "last_gap"))
        for k, (time, law, first, last) in enumerate(zip(*columns, strict=True)):
            ratio = round(law / time, 4) if time and law else None
            updates = [None if x is None else round(x) for x in (time, law)]
            gaps = [round(first, 4), round(last, 4)]
            rows.append([case["task"], case["rule"], case["rate"], k, *updates, ratio, *gaps])
    return write_csv(NETWORKS, rows)


def write_predictions(model: Model) -> str:
    """Return a line for each prediction of the plan, as CSV."""
    header = ("what", "outside", "low", "high", "least", "most", "came_true")
    return write_csv(header, [[row[name] for name in header] for row in model["predictions"]])


TABLES = {
    "law_cases": write_cases,
    "law_predictions": write_predictions,
    "law": write_networks,
}
