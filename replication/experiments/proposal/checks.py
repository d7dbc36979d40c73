"""What the chapter of the proposal says, as conditions on its model."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Return whether each sentence is true, by name."""
    proposal = models["proposal"]
    ways = proposal["claims"]["proposal"]["operationalisations"]
    aligned_at = proposal["aligned_at"]  # median updates, an entry for each rate
    rates = proposal["rates"]
    rows = list(zip(rates, aligned_at["regressed"], aligned_at["paper"], strict=True))
    return {
        "sooner_at_small_rates": all(
            with_second < without for rate, with_second, without in rows if rate < 10
        ),
        "later_from_10_on": all(
            with_second > without for rate, with_second, without in rows if rate >= 10
        ),
        "decided_at_1_and_20": (
            ways["regressed-1"]["outcome"] == ways["plain-1"]["outcome"] == "supports"
            and ways["regressed-20"]["outcome"] == "contradicts"
        ),
        "control_does_as_much": ways["control-1"]["value"] < 0.1
        and ways["control-1"]["outcome"] == "contradicts",
        "learning_is_slower": proposal["against_paper"]["median_ratio_interval"][0] > 1.0,
    }
