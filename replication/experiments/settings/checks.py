"""What the chapter of settings says, as conditions on its model."""

from collections.abc import Mapping

from replication.experiments.instruments.model import Model


def check(models: Mapping[str, Model]) -> dict[str, bool]:
    """Return whether each sentence is true, by name."""
    settings = models["settings"]
    paper = settings["paper"]
    rows = settings["fastest"]
    by_regression = {row["regression"]: row for row in rows}
    # At the paper's regression, the fastest learning rate is a little smaller than the paper's.
    at_paper_regression = by_regression[paper["regression"]]
    rate_ratio = at_paper_regression["learning_rate"] / paper["learning_rate"]
    gain_low, gain_high = at_paper_regression["gain_interval"]
    # From this regression on, the fastest rates take about the same time.
    flat = [row for row in rows if row["regression"] >= 0.94]
    highest = flat[0]
    largest_rate = settings["rates"][-1]
    largest_regression = settings["regressions"][-1]
    least_failing = paper["failing"]["share_interval"][0]
    # Gains are in updates; the paper reports a mean of 48.
    return {
        "own_rate_is_near": 0.8 < rate_ratio < 1.0,
        "own_rate_gains_little": gain_low > 0 and gain_high < 3,
        "more_regression_is_faster": all(row["gain_interval"][0] > 6 for row in flat),
        "converged_gain_less": paper["converged"] - highest["converged"] < highest["gain"],
        "medians_gain_least": paper["median"] - highest["median"] < 6,
        "no_single_best": all(row["more_interval"][1] < 0.5 for row in flat),
        "rate_of_w_is_alike": all(0.75 < row["w_rate"] < 0.9 for row in flat),
        "fewer_fail": all(
            row["failing"]["share_interval"][1] < 0.2 * least_failing for row in flat
        ),
        "best_lies_inside": all(
            row["learning_rate"] < largest_rate and row["regression"] < largest_regression
            for row in rows
        ),
    }
