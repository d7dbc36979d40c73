"""What the heading of a column of reported numbers says."""

import dataclasses
import functools
import re
from collections.abc import Sequence

from replication.reading.kinds import read_kind
from replication.reading.names import NAMES, QUANTILE, find_statistic
from replication.reading.typeset import clean, fold

COUNTED = re.compile(  # ± SD, n = 5; (5 seeds); over 5 runs
    r"[,;]?\s*(?:\bover\s+)?\b"
    r"(?:n\s*=\s*(?P<n>\d[\d,]*)|(?P<counted>\d[\d,]*)\s(?:random\s)?(?:seeds|runs|trials))\b",
    re.IGNORECASE,
)
FACTOR = re.compile(  # ×10³, x 10^-3, (x1000), (k), [1e3], (in thousands), / 1000
    r"[×x*]\s?10\s?(?:\^|[⁰¹²³⁴-⁹⁻])|[×x/]\s?1,?000\b|[(\[]\s*(?:[kKM]|1e\d+|10\^?\d+)\s*[)\]]"
    r"|\b(?:thousands|millions)\b"
)
BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]?")  # (SD), [ms]


@dataclasses.dataclass(frozen=True)
class Heading:
    """What a heading says.

    `label`: what the statistic is of, folded ("acc" in acc_mean). `statistic`: None if the heading
    names none. `unit`: "%" or nothing. `kind`: what ± or brackets are, in the words of the heading.
    `runs`: the number of runs. `factor`: the factor by which the numbers may have been divided, as
    it is printed.
    """

    label: str
    statistic: str | None = None
    unit: str = ""
    kind: str | None = None
    runs: str | None = None
    factor: str = ""


@functools.lru_cache(maxsize=4096)
def read_heading(text: str) -> Heading:
    """Return what a heading says.

    >>> read_heading("Acc (%)"), read_heading("acc_mean").statistic, read_heading("Mean (SD)").kind
    (Heading(label='acc', statistic=None, unit='%', kind=None, runs=None, factor=''), 'mean', 'SD')
    """
    body = clean(text)
    runs = None
    count = COUNTED.search(body)
    if count and count[0] != body:
        runs = (count["n"] or count["counted"]).replace(",", "")
        body = body.replace(count[0], "")
    name, _, behind = BRACKETS.sub(" ", body).partition("±")
    unit, kind = _read_asides(BRACKETS.findall(body), behind)
    words = fold(re.sub(r"[,;:]+", " ", name)).lstrip("#").strip("_")  # "# solved, n" is solved_n
    if words.endswith("%") and _split_words(words)[1] is None:  # acc %, but not score_25%
        words = words.removesuffix("%").strip("_")
        unit = "%"
    label, statistic = _split_words(words)
    if unit == "%" and (statistic == "runs" or words in ("no", "number")):
        label = "" if words in ("no", "number") else label
        statistic = "n_succeeded"  # n (%), No. (%)
    if kind is None and statistic in ("ci", "ci_low", "ci_high"):
        kind = _read_level(words)
    if statistic is None and not words and "±" in body:
        statistic = "spread"
    match = FACTOR.search(text)
    factor = "" if match is None else match[0]
    return Heading(label, statistic, unit, kind, runs, factor)


def _read_asides(brackets: Sequence[str], behind: str) -> tuple[str, str | None]:
    """Return the unit and the kind that stand in brackets or behind ±.

    Words behind ± are a kind even if it is not known (mean ± variance), so that it is asked about.
    """
    unit = ""
    kind: str | None = None
    for part in (*brackets, behind):
        words = re.sub(r"(?:mean|average|avg|median|m)?\s*[±,]", "", part).strip()
        spread = read_kind(words)
        if spread is not None and spread.name is not None:
            kind = words
        elif part.strip() == "%" or part.strip() == "in %":
            unit = "%"
    words = behind.strip(" ,;:")
    if kind is None and words and words != "%":
        kind = words
    return unit, kind


def _split_words(words: str) -> tuple[str, str | None]:
    """Return label and statistic of a folded heading: acc and mean, of acc_mean or mean_acc.

    The statistic is the longest name of one at the end, or else at the beginning.
    """
    statistic = find_statistic(words)
    if statistic is not None:
        return "", statistic
    # acc_95%_ci, 90ci_low
    interval = re.fullmatch(
        r"(?:(?P<label>.*)_)?\d{2}(?:\.\d)?%?_?ci(?:_(?P<end>low|lower|high|upper))?", words
    )
    if interval:
        ends = {"low": "ci_low", "lower": "ci_low", "high": "ci_high", "upper": "ci_high"}
        return interval["label"] or "", ends.get(interval["end"], "ci")
    parts = words.split("_")
    for n_first in range(1, len(parts)):
        first = "_".join(parts[:n_first])
        last = "_".join(parts[n_first:])
        if _is_name(last):
            return first, find_statistic(last)
    for n_first in range(len(parts) - 1, 0, -1):
        first = "_".join(parts[:n_first])
        last = "_".join(parts[n_first:])
        if _is_name(first):
            return last, find_statistic(first)
    return words, None


def _is_name(word: str) -> bool:
    """Say whether a part of a heading names a statistic; of single letters only n and ± do."""
    if word in NAMES:
        return len(word) > 1 or word in ("n", "±")
    return QUANTILE.fullmatch(word) is not None


def _read_level(words: str) -> str | None:
    """Return the kind of an interval, with the level that a heading says: "90% ci"."""
    # 90%_ci, 95ci_low, or ci_90
    level = re.search(r"(?:^|_)(\d{2}(?:\.\d)?)%?_?ci|ci_?(\d{2})(?:_|$)", words)
    if level is None:
        return None
    return f"{level[1] or level[2]}% ci"
