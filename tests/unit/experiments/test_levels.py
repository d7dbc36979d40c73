"""Between which levels the number of a sentence lies: within them it is true, beyond it is not."""

import itertools

import pytest

from tests.unit.experiments.published import MODELS, get, is_true, replace

LITTLE = 1e-9  # of a number, or of 1: how far within, or beyond, a level
RATES = ("small", "paper")
LARGE, SCALED, SMALL = "0.5", "0.125", "0.02"  # half-widths of the initial weights


def about(number, share):
    """Return the levels of what differs from a number by a share of it at most."""
    return (1.0 - share) * number, (1.0 + share) * number


def list_pairs():
    """Yield what is said of halves of other networks: condition, place, and its levels."""
    nearly_all = {
        "pairs/small": 0.99,
        "eight/small": 0.95,
        "pairs/paper": 0.85,
        "eight/paper": 0.85,
    }
    for place, share in nearly_all.items():
        donor = get(f"mechanism/{place}/donor")
        yield "watching", f"{place}/watching/median", about(donor, 0.05)
        yield "watching", f"{place}/watching/near/share", (share, None)
        yield "watching", f"{place}/watching/learnt/share", (0.99, None)
        r2 = 0.95 if place.startswith("pairs") else 0.9
        yield "watching", f"{place}/watching/r2_donor", (r2, None)
        yield "watching", f"{place}/watching/r2_own", (None, 0.05)
        # About nine cases of ten, of larger networks so many at least.
        least = 0.05 if place.startswith("pairs") else None
        yield "hearing", f"{place}/hearing/learnt/share", (least, 0.15)
    for name in MODELS["mechanism"]["others"]:
        donor = get(f"mechanism/others/{name}/donor")
        yield "others", f"others/{name}/watching/median", about(donor, 0.03)
        yield "others", f"others/{name}/watching/near/share", (0.95, None)
        yield "others", f"others/{name}/mirrored/median", (1.05 * donor, None)
    yield "starts", "starts/small/w", (0.95, None)
    yield "starts", "starts/paper/w", (None, 0.5)
    yield "starts", "eight/small/starts/w", (0.85, None)
    yield "starts", "eight/paper/starts/w", (None, 0.2)
    for rate in RATES:
        yield "starts", f"starts/{rate}/u", (None, 0.05)
        yield "starts", f"eight/{rate}/starts/u", (None, 0.05)


WELL_FORETOLD = (
    "nothing", "convex", "aligned", "opposed", "small_w", "small_u", "final_w", "other_w",
    "middles", "corners_shrunk", "other_w_shrunk", "long_w_narrow", "slow_w", "slow_u", "slow_both",
)  # fmt: skip


def list_given():
    """Yield what is said of networks that are given something."""
    for rate in RATES:
        place = f"given/{rate}"
        median = {name: row["median"] for name, row in MODELS["mechanism"]["given"][rate].items()}
        nothing, own = median["nothing"], median["final_w"]
        for name in ("aligned", "opposed", "small_u"):
            yield "aligned", f"{place}/{name}/median", about(nothing, 0.03)
        yield "aligned", f"pairs/{rate}/mirrored/median", (0.95 * nothing, 1.1 * nothing)
        for name in WELL_FORETOLD:
            yield "given", f"{place}/{name}/predicted", about(median[name], 0.2)
        yield "whose", f"{place}/other_w/median", about(own, 0.03)
        yield "whose", f"{place}/corners/median", about(own, 0.03)
        yield "whose", f"{place}/other_w_shrunk/median", about(median["convex"], 0.05)
        yield "whose", f"{place}/long_w_narrow/median", (nothing, None)
        yield "whose", f"{place}/long_w_wide/median", (None, 0.55 * nothing)
        yield "whose", f"{place}/together/median", (1.25 * nothing, None)
        yield "whose", f"{place}/middles/median", (1.5 * own, None)
        slowed = median["slow_w"] - nothing
        yield "halves", f"{place}/slow_u/median", (nothing + 0.6 * slowed, nothing + 1.1 * slowed)
        yield "halves", f"{place}/slow_both/median", (1.8 * nothing, 2.2 * nothing)
        yield "halves", f"{place}/final_u/median", (0.7 * nothing, 0.9 * nothing)
        yield "halves", f"{place}/other_u/median", (nothing, None)
    slow, fast = (MODELS["mechanism"]["given"][rate]["corners"]["median"] for rate in RATES)
    for condition in ("given", "squares"):
        yield condition, "given/small/corners/predicted", (None, 0.9 * slow)
    yield "squares", "given/paper/corners/predicted", (None, 1.1 * fast)


def list_law():
    """Yield what is said of the gap, its growth, and what it foretells."""
    for rate, least in (("small", 0.9), ("paper", 0.7)):
        predicted = get(f"mechanism/growth/{rate}/predicted") - 1.0
        levels = 1.0 + least * predicted, 1.0 + 1.05 * predicted
        yield "growth", f"growth/{rate}/growth", levels
        yield "growth", f"growth/{rate}/lacking/2", (0.995, None)
        yield "close", f"growth/{rate}/first_gap", (None, 0.02)
        yield "close", f"growth/{rate}/last_gap", (0.3, None)
    for rate in RATES:
        actual = get(f"mechanism/law/{rate}/actual")
        yield "foretold", f"law/{rate}/predicted", about(actual, 0.1)
        yield "foretold", f"law/{rate}/r2", (0.9, None)
        actual = get(f"mechanism/eight/{rate}/law/actual")
        yield "foretold", f"eight/{rate}/law/predicted", about(actual, 0.2)
        yield "foretold", f"eight/{rate}/law/r2", (0.75, None)
        ratios = (0.65, 1.0) if rate == "small" else (1.0, 1.55)
        for source in MODELS["mechanism"]["law"][rate]["sources"]:
            yield "square", f"law/{rate}/sources/{source}/power", (-2.1, -1.8)
            yield "square", f"law/{rate}/sources/{source}/r2", (0.9, None)
            yield "square", f"law/{rate}/sources/{source}/ratio", ratios
        r2 = get(f"mechanism/rest/{rate}/r2")
        others = [value for name, value in r2.items() if name != "gap"]
        yield "rest", f"rest/{rate}/r2/gap", (max(0.8, *others), None)
        yield "rest", f"rest/{rate}/r2/alignment", (None, 0.05)


def list_moments():
    """Yield what is said of when something happens, and of first changes."""
    for rate in RATES:
        median = get(f"mechanism/curves/{rate}/median")
        half = get(f"mechanism/curves/{rate}/half")
        aligned = 0.6 * half["readable"]
        if rate == "small":
            aligned = min(aligned, 0.1 * median)
        yield "early", f"curves/{rate}/half/aligned", (None, aligned)
        yield "early", f"curves/{rate}/half/predicted", about(half["readable"], 0.15)
        yield "early", f"curves/{rate}/median", (half["readable"], None)
        rows = get(f"mechanism/frozen/{rate}/rows")
        for i, row in enumerate(rows):
            share = row["finished"]["share"]
            yield "frozen", f"frozen/{rate}/rows/{i}/predicted", (share - 0.1, share + 0.1)
        moments = [row["moment"] for row in rows]
        start, late = moments.index("start"), moments.index("late")
        most = min(0.2, rows[start]["predicted"] + 0.1)
        yield "frozen", f"frozen/{rate}/rows/{start}/finished/share", (None, most)
        least = max(0.98, rows[late]["predicted"] - 0.1)
        yield "frozen", f"frozen/{rate}/rows/{late}/finished/share", (least, None)
        n_first = get(f"mechanism/first/{rate}/n_first")
        yield "first", f"first/{rate}/dropped/extra", about(n_first, 0.2)
        yield "first", f"first/{rate}/amplification/extra", (-0.2 * n_first, 0.2 * n_first)
        yield "first", f"first/{rate}/random/extra_interval/0", (0.6 * n_first, None)
        yield "first", f"first/{rate}/gradient/extra_interval/0", (0.0, None)


STOPPING = ("recirculation", "wake-sleep", "inverse", "inverse, hidden noise", "feedback alignment")
GOING = ("inverse, white noise", "inverse, decay", "wake-sleep, noise", "back-propagation")


def list_linear_units():
    """Yield what is said of where linear units stop on images."""
    linear = MODELS["images"]["linear"]
    rules, patches, least = linear["rules"], linear["patches"]["rules"], linear["pca"]
    ours, frozen = rules["recirculation"], rules["W frozen"]
    for size in (LARGE, SCALED, SMALL):
        place = f"linear/rules/recirculation/{size}"
        yield "copies_agree_and_nothing_changes", f"{place}/unread", (None, linear["zero"])
        yield "copies_agree_and_nothing_changes", f"{place}/change", (None, linear["zero"])
        yield "copies_agree_and_nothing_changes", f"{place}/gradient", (0.01, None)
    low = "linear/rules/{}/{}/unexplained_interval/0"
    for size, level in (
        (LARGE, ours[SCALED]["unexplained_interval"][1]),
        (SCALED, ours[SMALL]["unexplained"]),
        (SMALL, least),
    ):
        yield "smaller_starts_go_further", low.format("recirculation", size), (level, None)
    most = frozen[LARGE]["unexplained"]
    yield (
        "little_is_gained_from_large_weights",
        f"linear/rules/recirculation/{LARGE}/unexplained",
        (most - 0.05, most),
    )
    unlearnt = frozen[LARGE]["unexplained_interval"]
    hidden, visible = "inverse, hidden noise", "inverse, noise like the images"
    for name in ("wake-sleep", "feedback alignment", hidden, visible):
        place = f"linear/rules/{name}/{LARGE}/unexplained_interval"
        yield "some_gain_nothing", f"{place}/0", (None, unlearnt[1])
        yield "some_gain_nothing", f"{place}/1", (unlearnt[0], None)
    left = max(rules[name][LARGE]["unexplained"] for name in GOING)
    scaled = max(rules[name][SCALED]["unexplained_interval"][1] for name in GOING)
    on_patches = max(patches[name]["unexplained"] for name in GOING)
    for name in STOPPING:
        condition = "stopping_rules_leave_more"
        yield condition, low.format(name, LARGE), (1.5 * left, None)
        yield condition, low.format(name, SCALED), (scaled, None)
        place = f"linear/patches/rules/{name}/unexplained_interval/0"
        yield condition, place, (1.3 * on_patches, None)
    white = rules["inverse, white noise"][LARGE]["unexplained"]
    noise = [row["unexplained"] for row in linear["noise"]]  # 0.08, 0.04, 0.02; 0.08, 0.02
    yield "less_noise_takes_longer", "linear/noise/0/unexplained", (white, noise[1])
    yield "less_noise_takes_longer", "linear/noise/2/unexplained", (noise[1], None)
    for row, apart in ((1, 0.01), (3, 0.02)):
        levels = noise[4] - apart, noise[4] + apart
        yield "time_grows_as_noise_squared", f"linear/noise/{row}/unexplained", levels
    yield (
        "mixtures_come_slowly",
        f"linear/rules/mixture, 10 %/{LARGE}/unexplained",
        (rules["back-propagation"][LARGE]["unexplained"],
         rules["mixture, 3 %"][LARGE]["unexplained"]),
    )  # fmt: skip
    predicted = rules["feedback alignment"][LARGE]["predicted"]
    yield (
        "feedback_alignment_is_predicted",
        f"linear/rules/feedback alignment/{LARGE}/unexplained",
        (predicted - 0.005, predicted + 0.005),
    )
    for i, row in enumerate(MODELS["images"]["exact"]["kept"]):
        place = f"exact/kept/{i}/overlap_interval/0"
        yield "more_than_chance_is_kept", place, (row["chance"], None)
    for i, row in enumerate(MODELS["images"]["exact"]["powers"]):
        levels = row["predicted"] - 0.1, row["predicted"] + 0.1
        yield "powers_are_predicted", f"exact/powers/{i}/power", levels


def list_logistic_units():
    """Yield what is said of logistic units on images, and of what helps them."""
    images = MODELS["images"]
    rules, hidden = images["repairs"]["rules"], images["logistic"]["digits"]
    path, left = images["minimum"]["codes"], images["minimum"]["left"]
    at = images["minimum"]["epochs"].index(images["minimum"]["left_at"])
    low, high = "others_interval/-1/0", "others_interval/-1/1"
    for kind, found in images["logistic"].items():
        if kind not in ("digits", "patches"):
            continue
        most = max(
            found[name]["others_interval"][-1][1]
            for name in ("inverse, white noise", "inverse, decay")
        )
        for name in ("inverse", "inverse, hidden noise"):
            place = f"logistic/{kind}/{name}/{low}"
            yield "noise_or_decay_helps_logistic_units", place, (most, None)
    most = min(path["others"][0], path["others"][-1])
    yield "a_minimum_is_passed", f"minimum/codes/others/{at}", (None, most)
    yield "a_minimum_is_passed", f"minimum/codes/best/{at}", (None, path["best"][-1])
    for name in ("divergence", "distance"):
        level = path[name][-2]
        yield "copies_agree_ever_better", f"minimum/codes/{name}/-1", (None, level)
    condition = "codes_shrink_and_turn_away"
    yield condition, "minimum/codes/relative/-1", (path["relative"][at], None)
    yield condition, "minimum/codes/variance/-1", (None, 0.8 * path["variance"][at])
    yield condition, "minimum/codes/overlap/-1", (None, path["overlap"][at])
    nothing = left["nothing"]["others_interval"][0][1]
    condition = "turning_makes_it_worse"
    yield condition, "minimum/left/turning/others_interval/0/0", (nothing, None)
    level = left["nothing"]["others"][0]
    yield condition, "repairs/rules/none/others/-1", (level, None)
    yield condition, "minimum/left/shrinking/others/0", (None, level)
    order = ("sleep", "decay of W", "small weights", "none")
    for one, other in itertools.pairwise(order):
        level = rules[other]["others_interval"][-1][0]
        yield "repairs_help_in_this_order", f"repairs/rules/{one}/{high}", (None, level)
    worst = rules["decay of W"]["others_interval"][-1][1]
    place = f"repairs/rules/sleep without equation (4)/{low}"
    yield "sleep_alone_is_worse", place, (worst, None)
    level = rules["back-propagation"]["others"][-1] + 0.005
    yield "sleep_is_as_good_as_descent", "repairs/rules/sleep/others/-1", (None, level)
    for name in ("sleep", "back-propagation", "decay of W"):
        level = rules[name]["others"][-2]
        yield "three_still_fall", f"repairs/rules/{name}/others/-1", (None, level)
    for name in ("small weights", "none"):
        level = rules[name]["others"][-2]
        yield "two_rise_again", f"repairs/rules/{name}/others/-1", (level, None)
    for start in images["repairs"]["starts"]:
        level = rules["decay of W"]["others"][-1]
        place = f"repairs/starts/{start}/others/-1"
        yield "sleep_needs_no_start", place, (None, level)
    condition = "a_tendency_with_logistic_units"
    level = hidden["inverse"]["others"][0]
    yield condition, "logistic/digits/inverse/others/1", (level, None)
    level = hidden["inverse, hidden noise"]["others_interval"][0][1]
    yield condition, "logistic/digits/inverse, hidden noise/others_interval/1/0", (level, None)
    level = hidden["inverse, white noise"]["others"][0]
    yield condition, "logistic/digits/inverse, white noise/others/1", (None, level)
    level = images["logistic"]["both"]["inverse"]["others_interval"][-1][0]
    yield condition, f"logistic/both/inverse, white noise/{high}", (None, level)
    units = images["minimum"]["units"]
    condition = "one_group_of_logistic_units_is_enough"
    for name in ("hidden", "visible"):
        level = min(units[name]["others"]) + 0.004
        yield condition, f"minimum/units/{name}/others/-1", (level, None)
    level = min(units["none"]["others"]) + 0.002
    yield condition, "minimum/units/none/others/-1", (None, level)


def list_settings():
    """Yield what is said of the map, with the name of the experiment before the condition."""
    paper = get("settings/paper")
    rows = get("settings/fastest")
    for i, row in enumerate(rows):
        place = f"settings/fastest/{i}"
        if row["regression"] == paper["regression"]:
            levels = 0.8 * paper["learning_rate"], paper["learning_rate"]
            yield "settings own_rate_is_near", f"{place}/learning_rate", levels
            yield "settings own_rate_gains_little", f"{place}/gain_interval/0", (0.0, None)
            yield "settings own_rate_gains_little", f"{place}/gain_interval/1", (None, 3.0)
        if row["regression"] >= 0.94:
            most = 0.2 * paper["failing"]["share_interval"][0]
            yield "settings more_regression_is_faster", f"{place}/gain_interval/0", (6.0, None)
            yield "settings no_single_best", f"{place}/more_interval/1", (None, 0.5)
            yield "settings rate_of_w_is_alike", f"{place}/w_rate", (0.75, 0.9)
            yield "settings fewer_fail", f"{place}/failing/share_interval/1", (None, most)
        yield (
            "settings best_lies_inside",
            f"{place}/learning_rate",
            (None, get("settings/rates/-1")),
        )
    flat = [row for row in rows if row["regression"] >= 0.94]
    level = flat[0]["converged"] + flat[0]["gain"]
    yield "settings converged_gain_less", "settings/paper/converged", (None, level)
    yield "settings medians_gain_least", "settings/paper/median", (None, flat[0]["median"] + 6.0)


def list_speed():
    """Yield what is said of speed."""
    ratios = "speed/ratios/{}/{}"
    place = ratios.format("squared-mean", "times_interval/0")
    yield "speed slower_than_ours", place, (1.5, None)
    place = ratios.format("cross-entropy-mean", "times_interval/0")
    yield "speed slower_than_ours", place, (1.2, None)
    least = get(ratios.format("squared-momentum-mean", "times"))
    place = ratios.format("squared-momentum-median", "times")
    yield "speed momentum_at_the_bound", place, (least, 2.0)
    slowed = get("speed/tasks/digits/cross-entropy/median")
    place = "speed/tasks/digits/slowed/median"
    yield "speed slowing_helps_on_raw_digits_alone", place, (None, slowed)
    slowed = get("speed/tasks/centred-digits/cross-entropy/median")
    place = "speed/tasks/centred-digits/slowed/median"
    yield "speed slowing_helps_on_raw_digits_alone", place, (slowed, None)
    level = get("speed/tasks/centred-digits/squared/median_interval/1")
    place = "speed/tasks/centred-digits/recirculation/median_interval/0"
    yield "speed back_propagation_is_faster_on_centred_digits", place, (level, None)


def list_live():
    """Yield what the pages with live figures say."""
    learnt = get("live/fixed/learnt/median")
    updates = get("live/networks/typical/updates")
    nothing = get("mechanism/given/paper/nothing/median")
    for condition, place, levels in (
        ("typical_time_at_the_papers_rate", "live/networks/typical/fast", (learnt - 3, learnt + 3)),
        ("codes_spread_beside_a_frozen_decoder", "live/spread/U",
         (2 * get("live/spread/start"), None)),
        ("slow_network_has_close_codes", "live/networks/slow/closest/1", (None, 0.1)),
        ("slow_network_has_close_codes", "live/networks/slow/closest/4", (None, 0.1)),
        ("failing_network_has_close_codes", "live/networks/failing/closest/-1", (None, 0.05)),
        ("failing_network_learns_with_fixed_biases", "live/networks/failing/freed", (None, 100)),
        ("one_in_a_thousand_fails", "live/fixed/learnt/failed", (0.0005, 0.002)),
        ("fixed_biases_end_the_tail", "live/fixed/fixed/p99",
         (None, 0.6 * get("live/fixed/learnt/p99"))),
        ("twenty_changes_are_worth_twenty_updates", "live/networks/typical/late",
         (updates + 15, updates + 25)),
        ("first_changes_are_worth_as_many_updates", "live/first/extra",
         (get("live/first/changes") - 1, get("live/first/changes") + 1)),
        ("watching_decoder_takes_as_long", "live/networks/typical/watched/updates",
         (updates - 2, updates + 2)),
        ("watching_decoder_takes_as_long", "mechanism/pairs/paper/watching/near/share",
         (0.8, None)),
        ("alignment_saves_no_time", "mechanism/pairs/paper/mirrored/median",
         (nothing - 2, nothing + 2)),
        ("hearing_encoders_fail", "mechanism/pairs/paper/hearing/learnt/share", (None, 0.15)),
        ("recirculation_stops_short", "live/line/rules/recirculation/lost",
         (1.5 * get("live/line/best"), None)),
        ("back_propagation_finds_the_axis", "live/line/rules/back-propagation/lost",
         (None, 1.01 * get("live/line/best"))),
        ("images_stop_short_without_a_difference",
         f"images/linear/rules/recirculation/{LARGE}/unexplained",
         (1.5 * get(f"images/linear/rules/back-propagation/{LARGE}/unexplained"), None)),
    ):  # fmt: skip
        yield f"live {condition}", place, levels


def list_headline():
    """Yield what is said of the numbers of 1988."""
    sampling = get("headline/sampling")
    most, ends = sampling["max"]["interval"], sampling["mean_given_max"]["interval"]
    yield "headline most_converge", "headline/sampling/chance_all_converge", (0.85, 0.95)
    yield "headline reported_lies_inside", "headline/reported/max", tuple(most)
    yield "headline reported_lies_inside", "headline/reported/mean", tuple(ends)
    for i in range(len(get("headline/repetitions"))):
        yield "headline often_as_unusual", f"headline/repetitions/{i}/p", (0.5, None)
        place = f"headline/repetitions/{i}/studies"
        for k in (0, 1):
            yield (
                "headline ends_are_known",
                f"{place}/mean/{k}",
                about(sampling["mean"]["interval"][k], 0.03),
            )
            yield "headline ends_are_known", f"{place}/max/{k}", about(most[k], 0.25)
    for name in get("headline/unusual"):
        yield "headline often_as_unusual", f"headline/unusual/{name}", (0.2, None)
    yield "headline often_as_unusual", "headline/sampling/p", (0.2, None)
    yield "headline weak_tests_count_as_support", "readings/power/square", (None, 0.3)
    for name in ("square", "notebook"):
        yield f"headline {name}_not_rejected", f"readings/named/{name}/p", (0.05, None)
    for name in ("half-square", "worst-pattern"):
        condition = "headline half_square_and_worst_rejected"
        yield condition, f"readings/named/{name}/p", (None, 0.05)
    for name in MODELS["readings"]["named"]:
        place = f"readings/named/{name}"
        yield "headline with_last_sweep_none_rejected", f"{place}/p_sweeps", (0.05, None)
        low = get(f"{place}/mean_interval/0")
        yield "headline means_are_known", f"{place}/mean_interval/1", (None, low + 0.1)
        if name == "paper":
            continue
        place = "readings/sweeps/{}/" + name + "/{}"
        yield "headline factors_are_known", place.format("not counted", "n_at_max"), (100, None)
        factor = get(place.format("not counted", "bayes_factor"))
        condition = "headline factors_are_smaller_with_last_sweep"
        yield condition, place.format("counted", "bayes_factor"), (3.0, factor)
    place = "mechanism/claims/useless-at-first/operationalisations/error-20/interval/0"
    yield "headline first_changes_help", place, (0.5, None)
    place = "learning/least_cross_entropy"
    yield "headline decoder_descends_in_the_cross_entropy", place, (0.999999, None)
    place = "dynamics/main/tails/fixed/p"
    yield "headline fixed_biases_excluded", place, (None, 0.001)


def list_short_chapters():
    """Yield what is said of the hierarchy and of the proposal."""
    place = "hierarchy/conditions/completable/n"
    n = get("hierarchy/conditions/random/n")
    yield "hierarchy half_of_the_sets_cannot_be_completed", place, (0.4 * n, 0.5 * n)
    level = get("hierarchy/splits/same/all/share_interval/0")
    place = "hierarchy/splits/single/all/share_interval/1"
    yield "hierarchy one_way_in_between", place, (None, level)
    place = "proposal/against_paper/median_ratio_interval/0"
    yield "proposal learning_is_slower", place, (1.0, None)
    for i, rate in enumerate(get("proposal/rates")):
        theirs = get(f"proposal/aligned_at/paper/{i}")
        if rate < 10:
            name, levels = "sooner_at_small_rates", (None, theirs)
        else:
            name, levels = "later_from_10_on", (theirs, None)
        yield f"proposal {name}", f"proposal/aligned_at/regressed/{i}", levels


def list_levels():
    """Yield condition, place, level and the side on which the sentence is true, of all chapters."""
    for listed in (list_pairs, list_given, list_law, list_moments):
        for name, place, levels in listed():
            yield f"mechanism {name}", f"mechanism/{place}", levels
    for listed in (list_linear_units, list_logistic_units):
        for name, place, levels in listed():
            yield f"images {name}", f"images/{place}", levels
    for listed in (list_settings, list_speed, list_live, list_headline, list_short_chapters):
        yield from listed()


LEVELS = list(list_levels())


@pytest.mark.parametrize("experiment", dict.fromkeys(row[0].split()[0] for row in LEVELS))
def test_sentence_is_true_up_to_each_of_its_levels_and_no_further(experiment):
    wrong = []
    for condition, place, levels in LEVELS:
        if condition.split()[0] != experiment:
            continue
        for level, side in zip(levels, (1, -1), strict=True):
            if level is None:
                continue
            little = side * LITTLE * max(abs(level), 1e-3)
            if not is_true(condition, replace(place, level + little)):
                wrong.append(f"{condition}: untrue within {level} at {place}")
            if is_true(condition, replace(place, level - little)):
                wrong.append(f"{condition}: true beyond {level} at {place}")
    assert wrong == []
