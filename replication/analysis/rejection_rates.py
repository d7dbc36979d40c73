"""How often `compare` rejects at 5 % under equal populations, as measured.

Each trial draws N runs and a study of n runs from one population; the share of trials in which the
study is called not consistent should be 5 %. 800 trials for each number (500 at n = 100), so that
their standard errors are 0.8 and 1 percentage point; `tests/statistical/test_compare_rates.py`
measures them again.

It holds within 3 to 7 % but for standard deviation and maximum of heavy-tailed (lognormal) runs
where n is more than a tenth or so of N, and for both of any skewed runs where n is larger than N.
`compare` says so in its cautions.
"""

from __future__ import annotations

STATISTICS = ("mean", "sd", "max", "mean and max")
RUNS = (5, 20, 100)
REJECTED: dict[str, dict[int, tuple[tuple[float, ...], ...]]] = {
    "normal": {
        50: ((3.4, 2.9, 4.5, 5.0), (4.8, 5.1, 2.5, 5.6), (4.0, 5.8, 3.8, 5.2)),
        200: ((4.1, 3.6, 3.6, 3.4), (4.1, 4.0, 4.2, 4.5), (5.6, 5.0, 3.6, 5.4)),
        1000: ((3.5, 4.1, 4.2, 4.9), (6.0, 5.0, 6.0, 5.0), (6.0, 5.4, 3.2, 5.6)),
    },
    "exponential": {
        50: ((4.4, 5.4, 6.8, 6.4), (5.6, 6.2, 6.4, 6.6), (4.4, 6.0, 8.4, 4.4)),
        200: ((4.6, 3.8, 4.6, 6.1), (3.9, 4.0, 5.4, 6.0), (5.4, 6.4, 6.2, 7.0)),
        1000: ((4.6, 4.1, 5.8, 4.9), (4.1, 4.5, 5.2, 5.1), (5.0, 6.8, 6.0, 6.6)),
    },
    "geometric": {
        50: ((4.2, 5.1, 6.1, 5.9), (5.0, 6.4, 5.8, 7.0), (6.8, 7.8, 7.8, 8.0)),
        200: ((4.2, 4.8, 4.2, 4.6), (4.8, 4.5, 5.8, 6.5), (5.6, 7.2, 5.8, 7.4)),
        1000: ((5.5, 4.1, 4.9, 5.0), (4.5, 3.1, 5.1, 4.9), (4.8, 6.0, 5.0, 5.0)),
    },
    "lognormal": {
        50: ((4.1, 5.1, 6.1, 5.6), (6.6, 8.1, 9.1, 8.6), (6.2, 13.4, 23.8, 18.8)),
        200: ((4.5, 4.9, 4.9, 5.1), (4.1, 6.1, 7.8, 8.1), (4.8, 9.4, 12.6, 11.6)),
        1000: ((4.2, 3.6, 5.4, 5.2), (3.5, 3.5, 4.2, 5.0), (5.0, 7.8, 8.2, 7.8)),
    },
}
"""Per cent of trials, by population and N: for each of `RUNS`, one number for each statistic."""


def format_rates() -> str:
    """Return the measured rates as text for a terminal."""
    lines = [
        "How often equal populations are called not consistent at a level of 5 %, in per cent,",
        "with N runs of your own and n runs behind the report:",
        "",
        f"{'N':>16} " + "".join(f"|{f'n = {n}':^22}" for n in RUNS).rstrip(),
        " " * 17 + "|  mean   sd  max  both" * len(RUNS),
    ]
    for population, rows in REJECTED.items():
        for n_seen, cells in rows.items():
            text = "".join(
                "|" + "".join(f"{rate:5.0f}" for rate in rates) + "  " for rates in cells
            )
            lines.append(f"{population:<12}{n_seen:>4} {text}".rstrip())
    return "\n".join(
        [
            *lines,
            "",
            "both: mean and max together. Too many are rejected where runs are heavy-tailed",
            "(lognormal, sigma 1) and n is not small beside N; the cautions then say so.",
        ]
    )
