"""What the chapters on images say, as conditions on their model."""

import itertools
from collections.abc import Mapping, Sequence

from replication.experiments.instruments.model import Model

# half-widths of the initial weights
LARGE = "0.5"
SCALED = "0.125"
SMALL = "0.02"
STOPPING = ("recirculation", "wake-sleep", "inverse", "inverse, hidden noise", "feedback alignment")
GOING = ("inverse, white noise", "inverse, decay", "wake-sleep, noise", "back-propagation")
UNLEARNT = (
    "wake-sleep",
    "feedback alignment",
    "inverse, hidden noise",
    "inverse, noise like the images",
)
"""Rules that leave as much from the largest weights as an encoder that never learns."""


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Say which sentences are true."""
    images = models["images"]
    return {
        "images_are_those_of_the_source": (
            images["n_images"] == 1_797 and images["logistic"]["n_others"] == 797
        ),
        "eight_networks_each": images["n_networks"] == 8,
        **check_linear(images["linear"]),
        **check_logistic(images),
        **check_appendix(images),
    }


def check_linear(linear: Model) -> dict[str, bool]:
    """Say where linear units stop."""
    rules = linear["rules"]
    patches = linear["patches"]["rules"]
    least = linear["pca"]
    ours = rules["recirculation"]
    frozen = rules["W frozen"]
    pairs = list(itertools.product(STOPPING, GOING))
    noise = {(row["noise"], row["updates"]): row["unexplained"] for row in linear["noise"]}
    return {
        "copies_agree_and_nothing_changes": all(
            row["unread"] <= linear["zero"]
            and row["change"] <= linear["zero"]
            and row["gradient"] > 0.01
            for row in ours.values()
        ),
        "smaller_starts_go_further": (
            _get_low(ours[LARGE]) > _get_high(ours[SCALED])
            and _get_low(ours[SCALED]) > ours[SMALL]["unexplained"]
            and _get_low(ours[SMALL]) > least
        ),
        "descent_goes_on_from_there": linear["after"]["unexplained"] < least + 0.002,
        "little_is_gained_from_large_weights": (
            0.0 < frozen[LARGE]["unexplained"] - ours[LARGE]["unexplained"] < 0.05
        ),
        "most_is_gained_from_scaled_weights": (
            ours[SCALED]["unexplained"] - least < 0.4 * (frozen[SCALED]["unexplained"] - least)
        ),
        "some_gain_nothing": all(_overlap(rules[name][LARGE], frozen[LARGE]) for name in UNLEARNT),
        "stopping_rules_leave_more": all(
            _get_low(rules[one][LARGE]) > 1.5 * rules[other][LARGE]["unexplained"]
            and _get_low(rules[one][SCALED]) > _get_high(rules[other][SCALED])
            and _get_low(patches[one]) > 1.3 * patches[other]["unexplained"]
            for one, other in pairs
        ),
        "inverse_becomes_w": rules["inverse"][LARGE]["inverse"] < 0.05,
        # Half the noise leaves more, and what it leaves falls with its square times the updates.
        "less_noise_takes_longer": (
            rules["inverse, white noise"][LARGE]["unexplained"]
            < noise[0.08, 4_000]
            < noise[0.04, 4_000]
            < noise[0.02, 4_000]
        ),
        "time_grows_as_noise_squared": (
            abs(noise[0.04, 4_000] - noise[0.02, 16_000]) < 0.01
            and abs(noise[0.08, 1_000] - noise[0.02, 16_000]) < 0.02
        ),
    }


def check_logistic(images: Model) -> dict[str, bool]:
    """Say what logistic units do, and what helps."""
    hidden = images["logistic"]["digits"]
    patches = images["logistic"]["patches"]
    minimum = images["minimum"]
    repairs = images["repairs"]
    path = minimum["codes"]
    left = minimum["left"]
    rules = repairs["rules"]
    at = minimum["epochs"].index(minimum["left_at"])
    sleep = rules["sleep"]
    descent = rules["back-propagation"]
    decay = rules["decay of W"]
    small = rules["small weights"]
    none = rules["none"]
    alone = rules["sleep without equation (4)"]
    return {
        "noise_or_decay_helps_logistic_units": all(
            _get_last_low(each[one]) > _get_last_high(each[other])
            for each in (hidden, patches)
            for one in ("inverse", "inverse, hidden noise")
            for other in ("inverse, white noise", "inverse, decay")
        ),
        "a_minimum_is_passed": (
            path["others"][at] < path["others"][0]
            and path["others"][at] < path["others"][-1]
            and path["best"][at] < path["best"][-1]
        ),
        "copies_agree_ever_better": _falls(path["divergence"]) and _falls(path["distance"]),
        "codes_shrink_and_turn_away": (
            path["relative"][-1] > path["relative"][at]
            and path["variance"][-1] < 0.8 * path["variance"][at]
            and path["overlap"][-1] < path["overlap"][at]
        ),
        "turning_makes_it_worse": (
            left["nothing"]["others"][0] < none["others"][-1]
            and left["turning"]["others_interval"][0][0] > left["nothing"]["others_interval"][0][1]
            and left["shrinking"]["others"][0] < left["nothing"]["others"][0]
        ),
        "repairs_help_in_this_order": (
            _get_last_high(sleep) < _get_last_low(decay)
            and _get_last_high(decay) < _get_last_low(small)
            and _get_last_high(small) < _get_last_low(none)
        ),
        "sleep_alone_is_worse": _get_last_low(alone) > _get_last_high(decay),
        "sleep_is_as_good_as_descent": sleep["others"][-1] < descent["others"][-1] + 0.005,
        "three_still_fall": all(
            row["others"][-1] < row["others"][-2] for row in (sleep, descent, decay)
        ),
        "two_rise_again": all(row["others"][-1] > row["others"][-2] for row in (small, none)),
        "sleep_needs_no_start": all(
            row["others"][-1] < decay["others"][-1] for row in repairs["starts"].values()
        ),
    }


def check_appendix(images: Model) -> dict[str, bool]:
    """Say whether what the appendix derives is measured."""
    linear = images["linear"]
    exact = images["exact"]
    units = images["minimum"]["units"]
    rules = linear["rules"]
    least = linear["pca"]
    fed = rules["feedback alignment"][LARGE]
    learnt = rules["inverse"][LARGE]
    alone = rules["sleep without equation (4)"]
    bent = images["logistic"]["both"]
    hidden = images["logistic"]["digits"]
    return {
        "feedback_alignment_is_predicted": abs(fed["predicted"] - fed["unexplained"]) < 0.005,
        "mixtures_come_slowly": (
            rules["mixture, 3 %"][LARGE]["unexplained"]
            > rules["mixture, 10 %"][LARGE]["unexplained"]
            > rules["back-propagation"][LARGE]["unexplained"]
        ),
        "inverse_depends_on_its_start": _get_high(linear["starts"]["0"]) < _get_low(learnt),
        "noise_like_the_inputs_stops": (
            _get_low(rules["inverse, noise like the images"][LARGE]) > 0.25
        ),
        "more_than_chance_is_kept": all(
            each["overlap_interval"][0] > each["chance"] for each in exact["kept"]
        ),
        "powers_are_predicted": all(
            abs(each["power"] - each["predicted"]) < 0.1 for each in exact["powers"]
        ),
        "a_tendency_with_logistic_units": (
            hidden["inverse"]["others"][1] > hidden["inverse"]["others"][0]
            and hidden["inverse, hidden noise"]["others_interval"][1][0]
            > hidden["inverse, hidden noise"]["others_interval"][0][1]
            and hidden["inverse, white noise"]["others"][1]
            < hidden["inverse, white noise"]["others"][0]
            and _get_last_high(bent["inverse, white noise"]) < _get_last_low(bent["inverse"])
        ),
        "one_group_of_logistic_units_is_enough": (
            all(
                min(units[name]["others"]) < units[name]["others"][-1] - 0.004
                for name in ("hidden", "visible")
            )
            and units["none"]["others"][-1] - min(units["none"]["others"]) < 0.002
        ),
        "linear_units_need_sleep_alone": all(
            alone[size]["unexplained"] < least + 0.01 for size in (LARGE, SMALL)
        ),
    }


def _get_low(row: Model) -> float:
    return float(row["unexplained_interval"][0])


def _get_high(row: Model) -> float:
    return float(row["unexplained_interval"][1])


def _overlap(one: Model, other: Model) -> bool:
    return _get_low(one) < _get_high(other) and _get_low(other) < _get_high(one)


def _get_last_low(row: Model) -> float:
    return float(row["others_interval"][-1][0])


def _get_last_high(row: Model) -> float:
    return float(row["others_interval"][-1][1])


def _falls(values: Sequence[float]) -> bool:
    return all(later < sooner for sooner, later in itertools.pairwise(values))
