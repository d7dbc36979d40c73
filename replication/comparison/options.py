"""The options of `compare` beside those of reading: one list, which command and function share."""

from replication.reading.options import Option

JUDGING = (
    Option("cap VALUE", "value at which runs were stopped; whatever is larger failed"),
    Option(
        "failures WHICH",
        "what the report did with failures (default: the verdict must not depend on it)",
        ("excluded", "at-cap", "restarted"),
    ),
    Option(
        "scale FACTOR",
        "what brings reported numbers to your unit: 100 divides them; log for ratios",
    ),
    Option("bounds LOW HIGH", "what no value can lie beyond, such as 0 1, 0 inf or none 100"),
    Option("grid STEP", "what every value is a multiple of: 1 for whole numbers"),
    Option(
        "between SD", "labs differ by so many standard deviations: 0.35; of tables also 'estimate'"
    ),
    Option(
        "margin VALUE", "difference of the means that does not matter: 0.5 (in your unit), or 10%%"
    ),
    Option("evidence", "with --difference: add the replication Bayes factor and the sceptical p"),
    Option("level LEVEL", "of the test (default: 5%%); intervals cover the rest"),
)
"""What is asked of a comparison, whatever its sides are."""
OF_GROUPS = (
    Option("difference A B", "what was reported is the mean (or share) of group A less that of B"),
    Option("pair NAME", "with --difference: column of seeds that pair the runs"),
    Option("tasks NAME", "of one median or iqm over tasks: column that says the task of a run"),
)
"""What is asked of two groups of one's own."""
