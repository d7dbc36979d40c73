"""What the pages with live figures say, as conditions on their models."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Return by name whether each sentence of the pages is true of the models."""
    live = models["live"]
    return {
        **check_networks(live),
        **check_biases(live),
        **check_first_changes(live),
        **check_halves(models["mechanism"], live),
        **check_linear_units(models["images"]["linear"], live["line"]),
    }


def check_networks(live: Model) -> dict[str, bool]:
    """Check the sentences on the networks that the pages show."""
    typical = live["networks"]["typical"]
    phases = typical["phases"]
    slow = live["networks"]["slow"]
    paper = live["protocol"]
    spread = live["spread"]
    return {
        "typical_network_learns": typical["converged"],
        "dots_part_before_a_line_comes": 2 * phases["apart"] < phases["first"],
        "a_quarter_comes_back": paper["regression"] == 0.75,
        "rate_is_a_quarter_of_the_papers": (paper["learning_rate"] == 4 * typical["learning_rate"]),
        "typical_time_at_the_papers_rate": (
            abs(typical["fast"] - live["fixed"]["learnt"]["median"]) <= 3
        ),
        # "U" is the spread after the updates with a frozen U.
        "codes_spread_beside_a_frozen_decoder": spread["U"] > 2 * spread["start"],
        # Two codes are close at each moment but the first, and in the slow network but the last.
        "slow_network_has_close_codes": slow["converged"] and max(slow["closest"][1:5]) < 0.1,
        "failing_network_has_close_codes": _fails_in_a_corner(live["networks"]["failing"]),
    }


def _fails_in_a_corner(failing: Model) -> bool:
    """Return whether a network fails while two of its codes are in the same place."""
    return not failing["converged"] and max(failing["closest"][1:]) < 0.05


def check_biases(live: Model) -> dict[str, bool]:
    """Check the sentences on what fixed hidden biases change."""
    failing = live["networks"]["failing"]
    learnt = live["fixed"]["learnt"]
    fixed = live["fixed"]["fixed"]
    return {
        "failing_network_learns_with_fixed_biases": failing["freed"] < 100,
        "one_in_a_thousand_fails": 0.0005 < learnt["failed"] < 0.002,
        "fixed_biases_end_the_tail": (fixed["failed"] == 0 and fixed["p99"] < 0.6 * learnt["p99"]),
    }


def check_first_changes(live: Model) -> dict[str, bool]:
    """Check the sentences on what it costs to drop the first changes of the encoder."""
    typical = live["networks"]["typical"]
    first = live["first"]
    return {
        "twenty_changes_are_worth_twenty_updates": 15 < typical["late"] - typical["updates"] < 25,
        "first_changes_are_worth_as_many_updates": abs(first["extra"] - first["changes"]) <= 1,
    }


def check_halves(mechanism: Model, live: Model) -> dict[str, bool]:
    """Check the sentences on halves that learn from another network, or are kept aligned."""
    typical = live["networks"]["typical"]
    pairs = mechanism["pairs"]["paper"]
    untouched = mechanism["given"]["paper"]["nothing"]["median"]
    return {
        "watching_decoder_takes_as_long": (
            abs(typical["watched"]["updates"] - typical["updates"]) <= 2
            and pairs["watching"]["near"]["share"] > 0.8
        ),
        "alignment_saves_no_time": abs(pairs["mirrored"]["median"] - untouched) <= 2,
        "hearing_encoders_fail": pairs["hearing"]["learnt"]["share"] < 0.15,
    }


def check_linear_units(linear: Model, line: Model) -> dict[str, bool]:
    """Check the sentences on where linear units stop: `line` on a cloud, `linear` on images."""
    # On images, from the largest initial weights.
    recirculation = linear["rules"]["recirculation"]["0.5"]
    back_propagation = linear["rules"]["back-propagation"]["0.5"]
    lost = {name: rule["lost"] for name, rule in line["rules"].items()}
    return {
        "recirculation_stops_short": lost["recirculation"] > 1.5 * line["best"],
        "lines_pass_the_axis": all(rule["crossed"] > 0 for rule in line["rules"].values()),
        "back_propagation_finds_the_axis": lost["back-propagation"] < 1.01 * line["best"],
        "images_stop_short_without_a_difference": (
            # W U is the identity, so that h(1) - h(3) is 0, although the gradient is not.
            recirculation["unread"] <= linear["zero"]
            and recirculation["gradient"] > 0.01
            and recirculation["unexplained"] > 1.5 * back_propagation["unexplained"]
        ),
    }
