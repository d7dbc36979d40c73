"""What tables, options and arguments call reported numbers."""

import re

_CALLED = """runs n n_runs seeds n_seeds num_seeds number_of_runs trials count
mean average avg m mu μ, median med 50% p50, iqm, constant, min minimum, max maximum, range min_max
sd std stdev stddev std_dev standard_deviation sigma σ, se sem stderr std_err standard_error
q1 25% p25 lower_quartile, q3 75% p75 upper_quartile, iqr, share success_rate proportion
n_succeeded successes n_success, ci 95%_ci ci95 ci_95 95_ci confidence_interval
ci_low ci_lower lower_ci ci95_low lower_95, ci_high ci_upper upper_ci ci95_high upper_95"""
NAMES = {other: names.split()[0] for names in re.split("[,\n]", _CALLED) for other in names.split()}
"""Names of reported numbers by what tables, options and arguments call them."""

GONE = {
    "report": "`reported`", "against": "the other report in place of `values`",
    "ci_level": "`plus_minus`, such as '90% ci'", "ci_kind": "`plus_minus`, such as 'ci normal'",
    "sd_kind": "`plus_minus`, such as 'sd n-1'", "alpha": "`level`", "group_by": "`by`",
    "nan_policy": "nothing: missing values are left out, and counted", "values": "`column`",
    "detect": "nothing: the answer says what these runs find; four times as many find half of it",
}  # fmt: skip
"""Arguments that there are no more, or that people try, and what takes their place."""
