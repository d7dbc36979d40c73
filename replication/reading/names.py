"""Names of statistics, and how tables, texts and arguments call them."""

import re

STATISTICS = {
    "mean": "mean",
    "sd": "standard deviation",
    "se": "standard error",
    "median": "median",
    "q1": "lower quartile",
    "q3": "upper quartile",
    "iqr": "interquartile range",
    "iqm": "interquartile mean",
    "min": "minimum",
    "max": "maximum",
}
"""Statistics of values in words, by name; quantiles such as p90 are statistics as well."""
SUCCESSES = {"share": "success rate", "n_succeeded": "number of successes"}
"""Statistics of successes in words, by name."""
CENTRES = ("mean", "median", "iqm", "share", "n_succeeded", "constant")
"""Statistics that are a result on their own; any other stands beside one of these."""
ENDS = {"ci": ("ci_low", "ci_high"), "iqr": ("q1", "q3"), "range": ("min", "max")}
"""The names of the two ends of an interval, by the name of the interval."""
SPREADS = {"sd", "se", "ci", "spread"}
"""Statistics that say how a mean varies, in one number; "spread" may be any of them."""
COUNTS = {"runs", "n_succeeded"}
"""Numbers that have no unit."""

# Names are folded (see `fold`), and stand with spaces between them.
CALLED = {
    "runs": "runs n n_runs seeds n_seeds num_seeds num_runs number_of_runs trials n_trials count "
    "number_of_seeds",
    "mean": "mean average avg m mu μ mean_value mittelwert moyenne media emmean",
    "median": "median med 50% p50",
    "iqm": "iqm interquartile_mean",
    "constant": "constant",
    "min": "min minimum",
    "max": "max maximum",
    "range": "range min_max min-max",
    "sd": "sd std stdev stddev std_dev standard_deviation sigma σ s_d standardabweichung "
    "écart_type ecart_type",
    "se": "se sem stderr std_err std_error standard_error s_e s_e_m",
    "q1": "q1 25% p25 lower_quartile 1st_qu",
    "q3": "q3 75% p75 upper_quartile 3rd_qu",
    "iqr": "iqr interquartile_range",
    "share": "share success_rate proportion",
    "n_succeeded": "n_succeeded successes n_success k events n_events",
    "ci": "ci 95%_ci ci95 ci_95 95_ci 95ci 95%ci confidence_interval",
    "ci_low": "ci_low ci_lower lower_ci ci95_low lower_95 lower_95%_ci ci_low_95 2_5% 95%_ci_low "
    "conf_low lower_cl asymp_lcl lcl ll",
    "ci_high": "ci_high ci_upper upper_ci ci95_high upper_95 upper_95%_ci ci_high_95 97_5% "
    "95%_ci_high conf_high upper_cl asymp_ucl ucl ul",
    "spread": "± spread err error error_bar",
    "level": "ci_level",
}
OF_TESTS = {"p", "p_value", "pvalue", "t", "f", "z", "d"}
"""Names of results of tests, folded: they are neither values of runs nor means."""
NAMES = {word: name for name, words in CALLED.items() for word in words.split()}
"""The name of a statistic, by each word that tables, options and arguments have for it."""
QUANTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,2})?)")  # p90, p99.5


def find_statistic(folded: str) -> str | None:
    """Return the statistic or quantile that a folded name stands for; None if it is neither.

    >>> find_statistic("std"), find_statistic("p90"), find_statistic("p50"), find_statistic("red")
    ('sd', 'p90', 'median', None)
    """
    if folded in NAMES:
        return NAMES[folded]
    quantile = QUANTILE.fullmatch(folded.replace("_", "."))
    if quantile and float(quantile[1]) > 0:
        return folded.replace("_", ".")
    return None
