"""What the chapter of the hierarchy says, as conditions on its model."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Return by name whether each sentence of the chapter is true of the model."""
    conditions = models["hierarchy"]["conditions"]
    splits = models["hierarchy"]["splits"]
    return {
        "three_pairs_nearly_always": _get_low(conditions["three"]) > 0.9,
        "four_pairs_less_than_half": _get_high(conditions["four"]) < 0.5,
        "random_sets_seldom": _get_high(conditions["random"]) < 0.05,
        "completable_sets_more_often": (
            _get_low(conditions["completable"]) > _get_high(conditions["random"])
        ),
        "half_of_the_sets_cannot_be_completed": (
            0.5 < 1.0 - conditions["completable"]["n"] / conditions["random"]["n"] < 0.6
        ),
        "same_ways_succeed": _get_low(splits["same"]) > 0.7,
        "other_ways_never": splits["different"]["all"]["share"] == 0,
        "one_way_in_between": (
            _get_low(splits["single"]) > 0
            and _get_high(splits["single"]) < _get_low(splits["same"])
        ),
    }


def _get_low(row: Model) -> float:
    """Return the lower end of the share of networks that succeed."""
    return float(row["all"]["share_interval"][0])


def _get_high(row: Model) -> float:
    """Return the upper end of the share of networks that succeed."""
    return float(row["all"]["share_interval"][1])
