"""What the chapter on speed says, as conditions on its models."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Say which sentences are true."""
    speed = models["speed"]
    encoders = models["images"]["encoders"]["rules"]
    ratios = speed["ratios"]
    raw = speed["tasks"]["digits"]
    centred = speed["tasks"]["centred-digits"]
    median = {(row["upper"], row["lower"]): row["median"] for row in models["mechanism"]["hybrids"]}
    ours = median["equation 3", "equation 4"]
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
        "best_settings_lie_inside": (
            all(speed["inside"].values()) and models["images"]["encoders"]["inside"]
        ),
        "upper_half_is_fast": (
            ours
            < median["equation 3", "descent"]
            < median["descent", "descent"]
            < median["descent", "equation 4"]
        ),
        "also_beside_cross_entropy": (
            ours < median["equation 3", "descent, cross-entropy"] < median["descent", "descent"]
        ),
        "slowing_helps_on_raw_digits_alone": (
            raw["slowed"]["median"] < raw["cross-entropy"]["median"]
            and centred["slowed"]["median"] > centred["cross-entropy"]["median"]
        ),
        "back_propagation_is_faster_on_centred_digits": (
            centred["recirculation"]["median_interval"][0]
            > centred["squared"]["median_interval"][1]
        ),
        "fastest_of_encoders": _leads(models["images"]["encoders"]),
        "lead_shrinks": (
            encoders["recirculation"]["exponent_interval"][0]
            > encoders["slowed"]["exponent_interval"][1]
        ),
    }


def _leads(encoders: Model) -> bool:
    """Whether recirculation leads by more than two from 8 units on, by about two if slowed."""
    medians = {
        name: [row["median"] for row in rule["updates"]] for name, rule in encoders["rules"].items()
    }
    ours = medians["recirculation"]
    plain, slowed = (
        [theirs / own for theirs, own in zip(medians[name], ours, strict=True)]
        for name in ("cross-entropy", "slowed")
    )
    return (
        min(plain + slowed) > 1.0
        and min(plain[1:]) > 2.0
        and all(1.6 < x < 2.4 for x in slowed[1:])
    )
