"""The conditions of the chapters, at the numbers that the sentences beside them name."""

import pytest

from replication.experiments import list_checks
from tests.unit.experiments.published import MODELS, get, is_true, replace

LITTLE = 1e-9  # on the side on which a sentence is true

DEPTHS = "dynamics/main/parts/{}/depth_interval/{}"
SLOW = "dynamics/main/parts/{}/slow/{}"
FAILED = "dynamics/main/parts/{}/failed/{}"
TAILS = "dynamics/main/tails"
RULES = "images/linear/rules"
SWEEPS = "readings/sweeps"
ENCODERS = "hierarchy/conditions/{}/all/share_interval/{}"
PCA = get("images/linear/pca")
FROZEN = get(f"{RULES}/W frozen/0.125/unexplained")

ABOVE = {
    "hierarchy three_pairs_nearly_always": (ENCODERS.format("three", 0), 0.9),
    "hierarchy completable_sets_more_often": (
        ENCODERS.format("completable", 0), get(ENCODERS.format("random", 1)),
    ),
    "hierarchy same_ways_succeed": ("hierarchy/splits/same/all/share_interval/0", 0.7),
    "hierarchy one_way_in_between": ("hierarchy/splits/single/all/share_interval/0", 0.0),
    "dynamics about_one_in_a_million": ("dynamics/rare/share_interval/0", 0.0),
    "dynamics fail_at_higher_rates": (
        "settings/edge/fixed/0.01", get("settings/edge/learnt/0.01") + 5,
    ),
    "dynamics biases_follow_the_outputs": ("dynamics/main/following/cosine", 0.95),
    "dynamics fixed_biases_end_the_tail": (
        f"{TAILS}/learnt/mean_interval/0", get(f"{TAILS}/fixed/mean_interval/1") + 5,
    ),
    "dynamics late_biases_help": (
        "dynamics/main/choices/delay 0/slow/share_interval/0",
        2 * get("dynamics/main/choices/delay 1/slow/share_interval/1"),
    ),
    "dynamics parts_add_up_in_depth": (
        DEPTHS.format("alternating", 0), get(DEPTHS.format("neither", 1)),
    ),
    "dynamics parts_add_up_in_depth, smooth": (
        DEPTHS.format("smooth", 0), get(DEPTHS.format("alternating", 1)),
    ),
    "dynamics dose_counts": (
        SLOW.format("1.5 times", "share"), 2 * get(SLOW.format("both", "share")),
    ),
    "dynamics dose_counts, twice": (
        SLOW.format("2 times", "share"), 4 * get(SLOW.format("both", "share")),
    ),
    "dynamics failures_are_not_a_matter_of_dose": (
        FAILED.format("3 times the smooth part", "share_interval/0"), 0.005,
    ),
    "dynamics errors_are_predicted": (
        "dynamics/main/failures/within", 0.97 * get("dynamics/main/failures/n"),
    ),
    "dynamics errors_are_predicted, periods": (
        "dynamics/main/failures/period_2", 0.98 * get("dynamics/main/failures/n"),
    ),
    "headline square_is_less_likely": (f"{SWEEPS}/not counted/square/bayes_factor", 3.0),
    "headline two_chances_in_three": (f"{SWEEPS}/open/paper/posterior", 0.6),
    "headline few_would_be_rejected": ("readings/power/square", 0.2),
    "images inverse_depends_on_its_start": (
        f"{RULES}/inverse/0.5/unexplained_interval/0",
        get("images/linear/starts/0/unexplained_interval/1"),
    ),
    "images noise_like_the_inputs_stops": (
        f"{RULES}/inverse, noise like the images/0.5/unexplained_interval/0", 0.25,
    ),
}  # fmt: skip
"""Conditions, the number that they ask about, and what it must be above."""

BELOW = {
    "hierarchy four_pairs_less_than_half": (ENCODERS.format("four", 1), 0.5),
    "hierarchy random_sets_seldom": (ENCODERS.format("random", 1), 0.05),
    "dynamics about_one_in_a_million": ("dynamics/rare/share_interval/1", 3e-6),
    "dynamics rare_beside_many": (
        "dynamics/rare/share_interval/1", 0.01 * get(f"{TAILS}/learnt/n_failed") / 1e6,
    ),
    "dynamics offsets_are_small": ("dynamics/main/alignment/8-3-8/shift", 0.05),
    "dynamics fixed_biases_end_the_tail": ("dynamics/main/tails/fixed/p", 0.001),
    "dynamics dose_counts": (
        SLOW.format("0.5 times", "share"), get(SLOW.format("both", "share")) / 3,
    ),
    "dynamics failures_are_not_a_matter_of_dose": (FAILED.format("neither", "share"), 0.001),
    "dynamics alignment_is_predicted": (
        "dynamics/main/alignment/4-2-4/rates/0/fixed",
        get("dynamics/main/alignment/4-2-4/rates/0/predicted") + 1.7,
    ),
    "dynamics alignment_is_predicted, learning": (
        "dynamics/main/alignment/4-2-4/rates/0/learnt",
        get("dynamics/main/alignment/4-2-4/rates/0/predicted") + 1.1,
    ),
    "headline two_chances_in_three": (f"{SWEEPS}/open/paper/posterior", 0.75),
    "headline few_would_be_rejected": ("readings/power/square", 0.3),
    "headline few_would_be_rejected, notebook": ("readings/power/notebook", 0.5),
    "headline factors_are_known": (
        f"{SWEEPS}/not counted/square/bayes_factor_interval/1",
        1.4 * get(f"{SWEEPS}/not counted/square/bayes_factor_interval/0"),
    ),
    "images most_is_gained_from_scaled_weights": (
        f"{RULES}/recirculation/0.125/unexplained", PCA + 0.4 * (FROZEN - PCA),
    ),
    "images descent_goes_on_from_there": ("images/linear/after/unexplained", PCA + 0.002),
    "images inverse_becomes_w": (f"{RULES}/inverse/0.5/inverse", 0.05),
    "images feedback_alignment_is_predicted": (
        f"{RULES}/feedback alignment/0.5/predicted",
        get(f"{RULES}/feedback alignment/0.5/unexplained") + 0.005,
    ),
    "images linear_units_need_sleep_alone": (
        f"{RULES}/sleep without equation (4)/0.5/unexplained", PCA + 0.01,
    ),
    "proposal control_does_as_much": (
        "proposal/claims/proposal/operationalisations/control-1/value", 0.1,
    ),
}  # fmt: skip
"""Conditions, the number that they ask about, and what it must be below."""


OTHER = {
    "headline settings_are_those_of_1988": ("headline/provenance/protocol/half_width", 0.3),
    "headline settings_are_those_of_1988, units": (
        "headline/provenance/protocol/visible_units", "linear",
    ),
    "headline numbers_are_those_of_1988": ("headline/reported/max", 201),
    "headline networks_fail_at_the_cap": ("headline/population/cap", 1_000),
    "headline most_are_quick_and_few_slow": ("headline/population/mean", 49.0),
    "headline most_are_quick_and_few_slow, slow": ("headline/histogram/share_beyond", 0.02),
    "headline alignment_is_needed": ("rule/claims/without-symmetry/verdict", "open"),
    "dynamics few_take_hundreds": (f"{TAILS}/learnt/survival/8", 0.03),
    "dynamics outputs_overshoot": ("dynamics/main/alignment/4-2-4/critical", 12.0),
    "dynamics one_of_the_million_never_learns": (f"{TAILS}/fixed/survival/15", 0.0),
    "dynamics one_of_the_million_never_learns, more": (f"{TAILS}/fixed/n_failed", 2),
    "dynamics three_of_five_million_fail": ("dynamics/rare/n_failed", 4),
    "images images_are_those_of_the_source": ("images/n_images", 1_000),
    "images images_are_those_of_the_source, others": ("images/logistic/n_others", 800),
    "images eight_networks_each": ("images/n_networks", 6),
}  # fmt: skip
"""Conditions, and a number or word with which each is untrue."""


@pytest.mark.parametrize("condition", ABOVE)
def test_sentence_is_true_above_its_level_alone(condition):
    path, level = ABOVE[condition]
    within = level + LITTLE * max(1.0, abs(level))
    beyond = level - LITTLE * max(1.0, abs(level))
    assert is_true(condition, replace(path, within))
    assert not is_true(condition, replace(path, beyond))


@pytest.mark.parametrize("condition", BELOW)
def test_sentence_is_true_below_its_level_alone(condition):
    path, level = BELOW[condition]
    within = level - LITTLE * abs(level)
    beyond = level + LITTLE * abs(level)
    assert is_true(condition, replace(path, within))
    assert not is_true(condition, replace(path, beyond))


@pytest.mark.parametrize("condition", OTHER)
def test_sentence_is_untrue_of_other_numbers(condition):
    path, other = OTHER[condition]
    assert is_true(condition, MODELS)
    assert not is_true(condition, replace(path, other))


def test_all_conditions_are_true_of_the_published_models():
    found = list_checks(MODELS)
    untrue = [
        name for conditions in found.values() for name, true in conditions.items() if not true
    ]
    assert untrue == []
