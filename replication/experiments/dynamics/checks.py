"""What the chapters on slow and failing networks say, as conditions on their models."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model

MILLION = 1_000_000


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Say which sentences are true."""
    main = models["dynamics"]["main"]
    rare = models["dynamics"]["rare"]
    edge = models["settings"]["edge"]
    tails = main["tails"]
    alignment = main["alignment"]
    paper_rate = models["headline"]["provenance"]["protocol"]["learning_rate"]
    failing = 1.0 - models["headline"]["population"]["share"]
    return {
        "fixed_biases_end_the_tail": _end_the_tail(main),
        "fixed_biases_are_faster": _are_faster(main),
        "late_biases_help": _help_late(main),
        "dose_counts": _follow_the_dose(main),
        "parts_add_up_in_depth": _add_up(main),
        "failures_are_not_a_matter_of_dose": _fail_by_jumps(main),
        "biases_follow_the_outputs": main["following"]["cosine"] > 0.95,
        "errors_are_predicted": _are_predicted(main),
        "alignment_is_predicted": _align_as_predicted(main),
        "offsets_are_small": max(alignment[name]["shift"] for name in ("4-2-4", "8-3-8")) < 0.05,
        "a_million_are_compared": tails["n"] == MILLION,
        "one_in_a_thousand_fails": 0.0005 < failing < 0.002,
        "few_take_hundreds": 0.001 < _find_share_beyond(tails, 200) < 0.02,
        "outputs_overshoot": 6.0 < alignment["4-2-4"]["critical"] < 0.5 * paper_rate,
        "one_of_the_million_never_learns": (
            tails["fixed"]["n_failed"] == 1 and tails["fixed"]["survival"][-1] == 1.0 / MILLION
        ),
        "three_of_five_million_fail": (rare["n_failed"], rare["n"]) == (3, 5 * MILLION),
        "about_one_in_a_million": (
            MILLION * rare["share_interval"][1] < 3.0 and rare["share_interval"][0] > 0.0
        ),
        "rare_beside_many": rare["share_interval"][1]
        < 0.01 * tails["learnt"]["n_failed"] / MILLION,
        "fail_at_higher_rates": edge["fixed"]["0.01"] > edge["learnt"]["0.01"] + 5,
    }


def _find_share_beyond(tails: Model, updates: int) -> float:
    """Return the share of networks whose biases learn that need more updates than so many."""
    return float(tails["learnt"]["survival"][tails["times"].index(updates)])


def _end_the_tail(part: Model) -> bool:
    """Whether networks with fixed hidden biases are faster on average, and hardly ever fail."""
    learnt = part["tails"]["learnt"]
    fixed = part["tails"]["fixed"]
    return bool(
        learnt["mean_interval"][0] > fixed["mean_interval"][1] + 5
        and fixed["n_failed"] < 0.01 * learnt["n_failed"]
        and fixed["p"] < 0.001
    )


def _are_faster(part: Model) -> bool:
    kinds = part["kinds"]
    names = ("4-2-4", "8-3-8", "16-4-16", "cross-entropy")
    slow = kinds["slow"]
    return all(
        kinds[name]["fixed"]["median"] < kinds[name]["learnt"]["median"] for name in names
    ) and (abs(slow["learnt"]["median"] - slow["fixed"]["median"]) < 10)


def _help_late(part: Model) -> bool:
    choices = part["choices"]
    now = choices["delay 0"]
    later = choices["delay 1"]
    fixed = choices["fixed"]
    return bool(
        now["slow"]["share_interval"][0] > 2 * later["slow"]["share_interval"][1]
        and now["depth_interval"][0] > later["depth_interval"][1]
        and later["depth_interval"][0] > fixed["depth_interval"][1]
    )


def _follow_the_dose(part: Model) -> bool:
    slow = {name: row["slow"] for name, row in part["parts"].items() if name != "n"}
    both = slow["both"]
    alternating = slow["alternating"]
    smooth = slow["smooth"]
    neither = slow["neither"]["share_interval"][1]
    return bool(
        slow["0.5 times"]["share_interval"][1] < both["share_interval"][0]
        and both["share_interval"][0] > alternating["share"] + smooth["share"]
        and min(alternating["share_interval"][0], smooth["share_interval"][0]) > neither
        and slow["neither"]["share"] < slow["0.5 times"]["share"] < both["share"] / 3
        and slow["1.5 times"]["share"] > 2 * both["share"]
        and slow["2 times"]["share"] > 4 * both["share"]
    )


def _add_up(part: Model) -> bool:
    parts = part["parts"]
    apart = parts["alternating"]["depth"] + parts["smooth"]["depth"]
    together = parts["neither"]["depth"] + parts["both"]["depth"]
    return bool(
        abs(apart - together) < 0.1
        and parts["alternating"]["depth_interval"][0] > parts["neither"]["depth_interval"][1]
        and parts["smooth"]["depth_interval"][0] > parts["alternating"]["depth_interval"][1]
    )


def _fail_by_jumps(part: Model) -> bool:
    failed = {name: row["failed"] for name, row in part["parts"].items() if name != "n"}
    return bool(
        failed["alternating"]["share_interval"][0] > failed["both"]["share_interval"][1]
        and max(failed["smooth"]["share"], failed["neither"]["share"]) < 0.001
        and failed["3 times the smooth part"]["share_interval"][0] > 0.005
    )


def _are_predicted(part: Model) -> bool:
    failures = part["failures"]
    exceptions = part["exceptions"]
    return bool(
        failures["within"] > 0.97 * failures["n"]
        and failures["period_2"] > 0.98 * failures["n"]
        and exceptions["n_elsewhere"] <= 0.02 * exceptions["n"]
        and all(row["within"] >= 0.9 * row["n"] for row in part["rates"])
    )


def _align_as_predicted(part: Model) -> bool:
    """With fixed biases at all rates, with learning ones at small rates alone."""
    four = part["alignment"]["4-2-4"]["rates"]
    eight = part["alignment"]["8-3-8"]["rates"]
    rows = four + eight
    return bool(
        all(abs(row["fixed"] - row["predicted"]) < 1.7 for row in rows)
        and all(abs(row["learnt"] - row["predicted"]) < 1.1 for row in rows if row["rate"] <= 8)
        and eight[-1]["learnt"] > 3 * eight[-1]["predicted"]
        and four[-2]["learnt"] > four[-2]["predicted"] + 1
    )
