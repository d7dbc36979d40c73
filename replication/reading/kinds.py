"""Kinds of spreads and intervals: what a number behind ± or in brackets, or two ends, may be."""

import dataclasses
import re

# Names of several words, and of one, with the short name that `KIND` knows.
LONG_NAMES = {
    "standard error of the mean": "se",
    "standard error": "se",
    "standard deviation": "sd",
    "std dev": "sd",
    "std err": "se",
    "confidence interval": "ci",
    "confidence": "ci",
    "interquartile range": "iqr",
    "25th-75th percentile": "iqr",
    "q1-q3": "iqr",
    "q1 q3": "iqr",
}
SPREAD_NAMES = {
    "std": "sd",
    "stdev": "sd",
    "stddev": "sd",
    "sigma": "sd",
    "σ": "sd",
    "sem": "se",
    "stderr": "se",
    "cis": "ci",
    "%ci": "% ci",
    "c.i": "ci",
    "min-max": "range",
}
# 90% ci normal, 2sd n-1: level, factor, name, distribution, denominator
KIND = re.compile(
    r"(?:([5-9][0-9](?:\.[0-9]+)?) ?%? ?)?(?:([12]) ?)?(sd|se|ci)?s? ?(t|normal)? ?(n-1|n)?"
)


@dataclasses.dataclass(frozen=True)
class Kind:
    """The kind of a spread or an interval.

    `name`: "sd", "se" or "ci"; also "iqr" and "range" for two ends, and "ignore" for what is no
    spread at all; None if it is not known. `factor`: 2 for 2sd. `level`: of the interval, 0.9 for
    90 %. `by`: the distribution of the interval, "t" or "normal". `free`: the denominator of the
    sd, "n-1" or "n".
    """

    name: str | None = None
    factor: float = 1.0
    level: float | None = None
    by: str | None = None
    free: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing but the name is known."""
        return self == Kind(self.name)


NO_KIND = Kind()
ALONE = ("iqr", "range", "ignore")
"""Kinds that have no factor, level or denominator."""


def read_kind(text: str) -> Kind | None:
    """Return the kind of a spread, given as "2se", "90% CI" or "sd n-1"; None if it is none.

    >>> read_kind("90% ci normal")
    Kind(name='ci', factor=1.0, level=0.9, by='normal', free=None)
    >>> read_kind("IQR").name, read_kind("s.e.m.").name, read_kind("colour")
    ('iqr', 'se', None)
    """
    plain = re.sub(r"(?<=[a-z])\.", "", text.lower().strip(" ,:;="))  # s.d.
    plain = re.sub(r"\s+", " ", plain.replace("half", "").replace("±", "").replace("_", " "))
    for words, name in LONG_NAMES.items():
        plain = plain.replace(words, name)
    plain = re.sub(r"%[\s-]?ci", "% ci", plain)
    parts = [SPREAD_NAMES.get(part, part) for part in plain.split()]
    body = " ".join(parts)
    if body in ALONE:
        return Kind(body)
    match = KIND.fullmatch(body)
    if match is None or not match[0]:
        return None
    level, factor, name, by, free = match.groups()
    return Kind(
        name=name or ("ci" if level else None),  # "90 %" alone is an interval
        factor=float(factor or 1),
        level=float(level) / 100.0 if level else None,
        by=by,
        free=free,
    )
