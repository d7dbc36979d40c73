"""What tables, texts and arguments call reported numbers."""

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
"""Statistics of values, by name, in words; beside them quantiles such as p90."""
SUCCESSES = {"share": "success rate", "n_succeeded": "number of successes"}
CENTRES = ("mean", "median", "iqm", "share", "n_succeeded", "constant")
"""What a report is of; a column of another statistic stands beside one of these."""
ENDS = {"ci": ("ci_low", "ci_high"), "iqr": ("q1", "q3"), "range": ("min", "max")}
"""What the two ends of an interval are, by what the interval is."""
SPREADS = {"sd", "se", "ci", "spread"}
COUNTS = {"runs", "n_succeeded"}
"""Numbers that have no unit."""

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
"""What results of tests are called, folded: no value of a run, and no mean."""
NAMES = {other: name for name, others in CALLED.items() for other in others.split()}
"""Names of reported numbers by what tables, options and arguments call them."""
QUANTILE = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,2})?)")  # p90, p99.5


def find_statistic(folded: str) -> str | None:
    """Return what a folded name stands for: a statistic or a quantile; None if it is neither.

    >>> find_statistic("std"), find_statistic("p90"), find_statistic("p50"), find_statistic("red")
    ('sd', 'p90', 'median', None)
    """
    if folded in NAMES:
        return NAMES[folded]
    quantile = QUANTILE.fullmatch(folded.replace("_", "."))
    if quantile and float(quantile[1]) > 0:
        return folded.replace("_", ".")
    return None
