"""What the chapter on speed says, as conditions on its model."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Return whether each sentence is true, by name."""
    speed = models["speed"]
    ratios = speed["ratios"]
    raw = speed["tasks"]["digits"]
    centred = speed["tasks"]["centred-digits"]
    return {
        "slower_than_ours": (
            ratios["squared-mean"]["times_interval"][0] > 1.5
            and ratios["cross-entropy-mean"]["times_interval"][0] > 1.2
        ),
        "momentum_at_the_bound": (
            ratios["squared-momentum-mean"]["times"]
            < ratios["squared-momentum-median"]["times"]
            <= 2.0
        ),
        "best_settings_lie_inside": all(speed["inside"].values()),
        "slowing_helps_on_raw_digits_alone": (
            raw["slowed"]["median"] < raw["cross-entropy"]["median"]
            and centred["slowed"]["median"] > centred["cross-entropy"]["median"]
        ),
        "back_propagation_is_faster_on_centred_digits": (
            centred["recirculation"]["median_interval"][0]
            > centred["squared"]["median_interval"][1]
        ),
    }
