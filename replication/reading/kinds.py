"""What stands behind a plus-minus sign, in brackets, or at two ends."""

import dataclasses
import re

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
KIND = re.compile(  # 90% ci normal, 2sd n-1: level, how many, what, its distribution, denominator
    r"(?:([5-9][0-9](?:\.[0-9]+)?) ?%? ?)?(?:([12]) ?)?(sd|se|ci)?s? ?(t|normal)? ?(n-1|n)?"
)


@dataclasses.dataclass(frozen=True)
class Kind:
    """What stands behind ±: "sd", "se" or "ci" (None: not known), and how it was made.

    `factor`: how many of them, as in 2sd. `level`: of the interval. `by`: "t" or "normal".
    `free`: the denominator of the sd, "n-1" or "n". Of two ends also "iqr" and "range", and
    "ignore" for what is no spread at all.
    """

    name: str | None = None
    factor: float = 1.0
    level: float | None = None
    by: str | None = None
    free: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the name says all of it."""
        return self == Kind(self.name)


NO_KIND = Kind()
ALONE = ("iqr", "range", "ignore")


def read_kind(text: str) -> Kind | None:
    """Read what stands behind a ±, such as "2se", "90% CI" or "sd n-1"; None if it is no such.

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
        name=name or ("ci" if level else None),
        factor=float(factor or 1),
        level=float(level) / 100.0 if level else None,
        by=by,
        free=free,
    )
