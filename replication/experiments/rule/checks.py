"""What the chapter on the derivation says, as conditions on its model."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Return whether each sentence is true, by name."""
    ways = models["rule"]["claims"]["descent"]["operationalisations"]
    needed = ("w-direction", "w-length", "factor")
    return {"w_descends_without_the_division": all(_supports(ways[id]) for id in needed)}


def _supports(way: Model) -> bool:
    return bool(way["outcome"] == "supports")
