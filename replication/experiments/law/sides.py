"""Which cases of the plan fulfil the premise of the law, and which are there to break it."""

from replication.experiments.instruments.model import Model

BREAKS = ("predictive coding", "contrastive Hebbian", "bars", "digits")
"""Beginnings of the rules whose decoder learns otherwise, and of the tasks that are not one-hot."""


def is_of(row: Model, name: str) -> bool:
    """Return whether the rule or the task of a row has a name, or a longer one that begins so."""
    return bool(row["rule"].startswith(name) or row["task"].startswith(name))


def fulfils(row: Model) -> bool:
    """Return whether a decoder learns by the delta rule on one-hot vectors, by its equation."""
    return not any(is_of(row, name) for name in BREAKS)
