"""What the chapter of settings says, as conditions on its model."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Say which sentences are true."""
    settings = models["settings"]
    paper = settings["paper"]
    rows = settings["fastest"]
    by_regression = {row["regression"]: row for row in rows}
    own = by_regression[paper["regression"]]
    flat = [row for row in rows if row["regression"] >= 0.94]
    return {
        # The gain of a slightly smaller rate is small, but known.
        "own_rate_is_near": 0.8 < own["learning_rate"] / paper["learning_rate"] < 1.0,
        "own_rate_gains_little": own["gain_interval"][0] > 0 and own["gain_interval"][1] < 3,
        "more_regression_is_faster": all(row["gain_interval"][0] > 6 for row in flat),
        "converged_gain_less": paper["converged"] - flat[0]["converged"] < flat[0]["gain"],
        "medians_gain_least": paper["median"] - flat[0]["median"] < 6,
        "no_single_best": all(row["more_interval"][1] < 0.5 for row in flat),
        "rate_of_w_is_alike": all(0.75 < row["w_rate"] < 0.9 for row in flat),
        "fewer_fail": all(
            row["failing"]["share_interval"][1] < 0.2 * paper["failing"]["share_interval"][0]
            for row in flat
        ),
        "best_lies_inside": all(
            row["learning_rate"] < settings["rates"][-1]
            and row["regression"] < settings["regressions"][-1]
            for row in rows
        ),
    }
