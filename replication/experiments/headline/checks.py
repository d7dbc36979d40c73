"""What the chapters on the numbers of 1988 say, as conditions on their models."""

from collections.abc import Mapping

from replication.experiments.instruments.judging import UNJUDGED, describe
from replication.experiments.instruments.model import Model
from replication.paper.claims import Claim, ClaimVerdict, load_claims

LEVEL = 0.05  # of p
NEAR = {"mean": 0.03, "max": 0.25}
"""How far, as a share, the ends of a repetition's intervals may lie from the printed ones.

A repetition has fewer networks. The ends are printed with two digits for the mean, and with one for
the largest count.
"""
SETTINGS = {
    "group_sizes": [4, 2],
    "patterns": "one-hot",
    "learning_rule": "recirculation",
    "visible_units": "logistic",
    "hidden_function": "logistic",
    "hidden_regression": True,
    "regression": 0.75,
    "learning_rate": 20.0,
    "visible_to_hidden_factor": 1.0,
    "hidden_to_visible_factor": 1.0,
    "half_width": 0.5,
    "initial_biases": "drawn",
    "update_schedule": "batch",
    "criterion": "every-unit",
    "error_measured_on": "reconstruction",
    "threshold": 0.1,
}
"""What the text says of the networks of 1988, by the fields of a protocol (page 363)."""
FAIL = ["similar-slopes", "upper-agreement", "useless-at-first"]  # the report says: do not hold


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Return whether each sentence is true, by name."""
    fixed = models["dynamics"]["main"]["tails"]["fixed"]
    return {
        **check_studies(models["headline"]),
        **check_readings(models["readings"], models["headline"]),
        **check_verdicts(models),
        **check_paper(models["headline"]),
        "fixed_biases_excluded": fixed["p"] < 0.001,
    }


def check_paper(headline: Model) -> dict[str, bool]:
    """Return whether networks and numbers are those of 1988, as the text describes them."""
    protocol = headline["provenance"]["protocol"]
    settings = {name: protocol[name] for name in SETTINGS}
    reported = headline["reported"]
    population = headline["population"]
    histogram = headline["histogram"]
    return {
        "settings_are_those_of_1988": settings == SETTINGS,
        "numbers_are_those_of_1988": (
            (reported["mean"], reported["max"], reported["runs"]) == (48.0, 202, 100)
        ),
        "networks_fail_at_the_cap": population["cap"] == protocol["max_updates"],
        "most_are_quick_and_few_slow": (
            population["median"] < population["mean"] < reported["mean"]
            and 0.0 < histogram["share_beyond"] < 0.01
        ),
    }


def check_studies(headline: Model) -> dict[str, bool]:
    """Return whether the sentences on studies of the paper's size are true."""
    reported = headline["reported"]
    sampling = headline["sampling"]
    largest = sampling["max"]["interval"]
    mean = sampling["mean_given_max"]["interval"]
    p_of_repetitions = [row["p"] for row in headline["repetitions"]]
    # How unusual the reported study is, by three measures and by the smaller tail.
    unusualness = [*headline["unusual"].values(), sampling["p"]]
    return {
        "most_converge": 0.85 < sampling["chance_all_converge"] < 0.95,
        "reported_lies_inside": (
            largest[0] < reported["max"] < largest[1] and mean[0] < reported["mean"] < mean[1]
        ),
        "often_as_unusual": (
            min(p_of_repetitions) > 0.5 and min(unusualness) > 0.2 and len(unusualness) == 4
        ),
        "ends_are_known": all(_agree(row["studies"], sampling) for row in headline["repetitions"]),
    }


def check_readings(readings: Model, headline: Model) -> dict[str, bool]:
    """Return whether the sentences on other meanings of error are true."""
    ways = headline["claims"]["headline"]["operationalisations"]
    named = readings["named"]
    sweeps = readings["sweeps"]
    power = readings["power"]
    # Whether the last sweep counts in the reported numbers; "open" allows for both.
    plain = sweeps["not counted"]
    counted = sweeps["counted"]
    either = sweeps["open"]
    others = [name for name in named if name != "paper"]
    outcomes = {name: way["outcome"] for name, way in ways.items()}
    factors = {name: plain[name]["bayes_factor"] for name in others}
    ends = {name: plain[name]["bayes_factor_interval"] for name in others}
    return {
        "only_half_the_square_contradicts": all(
            outcome == ("contradicts" if name == "half-square" else "supports")
            for name, outcome in outcomes.items()
        ),
        "square_not_rejected": named["square"]["p"] > LEVEL,
        "notebook_not_rejected": named["notebook"]["p"] > LEVEL,
        "half_square_and_worst_rejected": (
            max(named["half-square"]["p"], named["worst-pattern"]["p"]) < LEVEL
        ),
        "with_last_sweep_none_rejected": min(row["p_sweeps"] for row in named.values()) > LEVEL,
        "one_p_for_one_thing": ways["half-square"]["value"] == named["half-square"]["p"],
        "square_is_less_likely": factors["square"] > 3,
        "weak_tests_count_as_support": power["square"] < 0.3,
        "few_would_be_rejected": 0.2 < power["square"] < 0.3 and power["notebook"] < 0.5,
        "two_chances_in_three": 0.6 < either["paper"]["posterior"] < 0.75,
        "factors_are_known": all(
            plain[name]["n_at_max"] >= 100 and ends[name][1] < 1.4 * ends[name][0]
            for name in others
        ),
        "factors_lie_between": all(
            factors["square"] <= factor <= factors["half-square"] for factor in factors.values()
        ),
        "factors_are_smaller_with_last_sweep": all(
            3 < counted[name]["bayes_factor"] < factors[name] for name in others
        ),
        "means_are_known": all(
            row["mean_interval"][1] - row["mean_interval"][0] < 0.1 for row in named.values()
        ),
    }


def check_verdicts(models: Mapping[str, Model]) -> dict[str, bool]:
    """Return whether the sentences on the verdicts of all statements are true."""
    judged: Model = {}
    for model in models.values():
        judged |= model.get("claims", {})
    verdicts = {id: entry["verdict"] for id, entry in judged.items()}
    failed = sorted(id for id, each in verdicts.items() if each.startswith("does not hold"))
    first_changes = judged["useless-at-first"]["operationalisations"]["error-20"]
    claims = load_claims()
    # What a stricter level would turn in each verdict, in words; "" if nothing.
    turned = [describe(claims[id], entry)["stricter"] for id, entry in judged.items()]
    return {
        "all_are_judged": (
            judged.keys() == claims.keys()
            and all(is_judged(claims[id], verdict) for id, verdict in verdicts.items())
        ),
        "few_turn_at_a_stricter_level": sum(words != "" for words in turned) < 6,
        "holds_except_for_some_readings": verdicts["headline"] == "holds, except",
        "three_do_not_hold": failed == FAIL,
        "three_are_checked": list(verdicts.values()).count(ClaimVerdict.CHECKED) == 3,
        "nothing_is_open": "open" not in verdicts.values(),
        "alignment_is_needed": verdicts["without-symmetry"] in ("holds", "holds, except"),
        "first_changes_help": first_changes["interval"][0] > 0.5,
        "decoder_descends_in_the_cross_entropy": (
            models["learning"]["least_cross_entropy"] > 0.999999
        ),
    }


def is_judged(claim: Claim, verdict: str) -> bool:
    """Whether a definition or theorem is checked, and any other statement judged."""
    if claim.kind == "checked":
        return verdict == ClaimVerdict.CHECKED
    return verdict not in (*UNJUDGED, ClaimVerdict.CHECKED)


def _agree(repeated: Model, printed: Model) -> bool:
    """Whether a repetition has the printed intervals, within the digits that are printed."""
    for name, share in NEAR.items():
        for end, printed_end in zip(repeated[name], printed[name]["interval"], strict=True):
            if abs(end / printed_end - 1.0) > share:
                return False
    return True
