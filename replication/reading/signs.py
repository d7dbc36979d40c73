"""Which decimal signs a printed number may have."""

import re

SIGNS = (".", ",")
WHOLE = {  # 12,345.6 and 12.345,6, with its groups of thousands or without
    mark: re.compile(rf"(?:[1-9]\d{{0,2}}(?:\{group}\d{{3}})+|\d*)(?:\{mark}\d*)?", re.ASCII)
    for mark, group in ((".", ","), (",", "."))
}
ASIDE = re.compile(r"^[-+]|[eE][-+]?\d+|[kKMGB%\s']")  # sign, power, suffix, unit, groups by space


def list_signs(number: str) -> set[str]:
    """Return the signs that may be the decimal sign of a number; none if it is no number.

    >>> sorted(list_signs("0,831")), sorted(list_signs("1,234.5")), sorted(list_signs("12,345"))
    ([','], ['.'], [',', '.'])
    """
    digits = ASIDE.sub("", number)
    return {mark for mark in SIGNS if WHOLE[mark].fullmatch(digits)}
