"""The options of `compare` beside those of reading: one list for the command and the functions.

As in `reading.options`, each field of a class is an option. `make_request` reads them.
"""

from collections.abc import Sequence
from typing import Annotated, TypedDict

from replication.reading.options import Given, OfNumbers, OfReports, OfRuns, OfTables, Option

FORMS = ("text", "markdown", "latex", "csv", "json")
"""Forms in which an answer to a table is printed; one result has no LaTeX and CSV."""
Number = str | float
"""A number as it was given: text as printed, or a number."""


class OfGroups(TypedDict, total=False):
    """Options for the difference of two groups of one's own."""

    difference: Annotated[
        Sequence[str] | None,
        Option("A B", "what was reported is the mean (or share) of group A less that of B"),
    ]
    pair: Annotated[
        str | None, Option("NAME", "with `difference`: column of seeds that pair the runs")
    ]


class Judging(TypedDict, total=False):
    """Options of a comparison, whatever its sides are."""

    cap: Annotated[
        Number | None,
        Option("VALUE", "value at which runs were stopped; whatever is larger failed"),
    ]
    failures: Annotated[
        str | None,
        Option(
            "WHICH",
            "what the report did with failures: left them out, counted them at the cap, or started "
            "them over and added up (default: the verdict must not depend on it)",
            ("excluded", "at-cap", "restarted"),
        ),
    ]
    scale: Annotated[
        Number | None,
        Option(
            "FACTOR",
            "what brings reported numbers to your unit: 100 divides them; log for ratios",
        ),
    ]
    grid: Annotated[
        Number | None, Option("STEP", "what every value is a multiple of: 1 for whole numbers")
    ]
    between: Annotated[
        Number | None,
        Option("SD", "labs differ by so many standard deviations: 0.35; of tables also 'estimate'"),
    ]
    margin: Annotated[
        Number | None,
        Option("VALUE", "difference of the means that does not matter: 0.5 (in your unit), or 10%"),
    ]
    level: Annotated[
        Number | None, Option("LEVEL", "of the test (default: 5%); intervals cover the rest")
    ]


class ByName(TypedDict, total=False):
    """Reported numbers by name, as they were printed; a quantile such as p90 is allowed, too."""

    runs: Given | None
    mean: Given | None
    sd: Given | None
    se: Given | None
    ci: Given | None
    median: Given | None
    q1: Given | None
    q3: Given | None
    iqr: Given | None
    iqm: Given | None
    min: Given | None
    max: Given | None
    range: Given | None
    share: Given | None
    successes: Given | None
    constant: Given | None


class CompareOptions(OfReports, OfNumbers, Judging, ByName, total=False):
    """The options of `compare`, and reported numbers by name."""


class TableOptions(OfTables, OfRuns, OfReports, OfNumbers, OfGroups, Judging, ByName, total=False):
    """The options of `compare_table`, and reported numbers by name."""
