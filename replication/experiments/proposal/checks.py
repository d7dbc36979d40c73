"""What the chapter of the proposal says, as conditions on its model."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Say which sentences are true."""
    proposal = models["proposal"]
    ways = proposal["claims"]["proposal"]["operationalisations"]
    at = proposal["aligned_at"]
    rates = proposal["rates"]
    pairs = list(zip(rates, at["regressed"], at["paper"], strict=True))
    return {
        "sooner_at_small_rates": all(ours < theirs for rate, ours, theirs in pairs if rate < 10),
        "later_from_10_on": all(ours > theirs for rate, ours, theirs in pairs if rate >= 10),
        "decided_at_1_and_20": (
            ways["regressed-1"]["outcome"] == ways["plain-1"]["outcome"] == "supports"
            and ways["regressed-20"]["outcome"] == "contradicts"
        ),
        "control_does_as_much": ways["control-1"]["value"] < 0.1
        and ways["control-1"]["outcome"] == "contradicts",
        "learning_is_slower": proposal["against_paper"]["median_ratio_interval"][0] > 1.0,
    }
