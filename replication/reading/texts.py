"""A report given as a text: "0.83 ± 0.04, n = 5", or "median=4.9 q1=4.5 q3=5.4 n=20"."""

import re
from collections.abc import Mapping, Sequence

from replication.reading.cells import NUMBER, Cell, split_cell
from replication.reading.decimals import find_decimals_of
from replication.reading.headings import Heading, read_heading
from replication.reading.names import NAMES, OF_TESTS, STATISTICS
from replication.reading.options import GONE, Given, Reading
from replication.reading.placing import (
    CellContext,
    PlacedNumbers,
    check_numbers,
    has_result,
    place_cell,
)
from replication.reading.question import Cause, Question, quote
from replication.reading.tidy import ReadAs, ReportRow, TidyReport
from replication.reading.typeset import clean, fold

LONGEST = 500  # letters of a text that are read
NO_NAME = ""
"""The name of a number without one: it is a mean, or a median if its spread is an IQR."""
PRINTED = re.compile(  # 0.83, mean=0.83, median 4.9, SD 0.04
    r"\s*[-+−.$(\[\\*±0-9]|[^=/]*=|[A-Za-z][A-Za-z _-]*[:\s]\s*[-+−.]?[0-9]"
)
COUNT = re.compile(  # , n = 5; (5 seeds); over 5 runs
    r"[,;]?\s*(?P<open>[(\[])?\s*(?:\b(?:over|of|from|with|across)\s+)?"
    r"(?:\b[nN]\s*[=:]\s*(?P<n>\d[\d,]*)|(?<![\d.,])(?P<counted>\d[\d,]*)\s+"
    r"(?:random\s+|independent\s+)?(?:seeds|runs|trials|simulations|replications|repeats|repetitions)"
    r"(?!\s*=))"
    r"\s*(?P<close>[)\]])?",
    re.IGNORECASE,
)
SHARE_OF = re.compile(rf"\s*(?P<share>{NUMBER})\s+of\s+(?P<n>\d[\d,]*)\s*")  # 94% of 50
LABEL = re.compile(  # median 4.9, mean (SD) 0.83, reward was 10
    r"([A-Za-zμσ][A-Za-z _-]*?(?:\s*\([A-Za-z0-9%. ]+\))?)"
    r"(?:\s*[=:]\s*|\s+(?:of\s+|is\s+|was\s+)?)(?=[-+.\d(\[$\\])"
)
MEAN_AND = re.compile(r"(?<=\()\s*mean\s*(?:±|\+/-|and|,)\s*", re.IGNORECASE)  # (mean ± s.d.)
# mean=, sd = , 25%:
PAIR_NAME = re.compile(r"(?:^|[\s,;(])\s*([A-Za-z±σμ%0-9][\w %.-]*?)\s*[=:]\s*")
SPACED_PAIR = re.compile(rf"\s*[,;(]?\s*([A-Za-zμσ_]+)\s+({NUMBER})\)?")  # mean 0.83


def is_printed(text: str) -> bool:
    """Say whether a text is a report, 0.83 ± 0.04 or mean=0.83, and no name of a file."""
    return PRINTED.match(text[:LONGEST]) is not None


def read_text(text: str, reading: Reading) -> TidyReport:
    """Return the report that a text states."""
    body = text.strip()[:LONGEST]
    pairs = _split_text(body)
    label = _take_label(pairs)
    notes = [] if label is None else [f"Taken as a label: {quote([label])}."]
    headings = {name: _read_name(name) for name, _ in pairs}
    cells = [(name, _split_value(value, text)) for name, value in pairs]
    decimals = find_decimals_of(
        [cell for _, cell in cells],
        where=quote([text]),
        wanted=reading.decimal,
        is_decimal_point_sure=False,
    )
    numbers = PlacedNumbers()
    quoted = quote([text])[1:-1]
    for name, cell in cells:
        context = CellContext(quoted, headings[name], reading, is_guess=name == NO_NAME)
        place_cell(numbers, cell, context, decimals)
    if not has_result(numbers):
        raise Question(Cause.STATISTIC, f"{quote([text])} says nothing but a number of runs")
    return _finish(numbers, reading, notes, quote([text]))


def _finish(
    numbers: PlacedNumbers, reading: Reading, notes: Sequence[str], where: str
) -> TidyReport:
    """Return the report of a single result, after a check that its numbers fit together.

    `where`: the text or the argument that states it, in messages.
    """
    if reading.n is not None:
        numbers.by_name.setdefault("runs", reading.n)
    check_numbers(numbers, where)
    row = ReportRow((), numbers.by_name, numbers.kind, numbers.is_skewed)
    return TidyReport((), (row,), ReadAs({}, tuple(notes)))


def _split_text(text: str) -> list[tuple[str, str]]:
    """Return the pairs of name and value in a text; a value without a name is called `NO_NAME`."""
    body = MEAN_AND.sub("", clean(text))
    share = SHARE_OF.fullmatch(body)
    if share and "%" in share["share"]:
        return [("share", share["share"]), ("n", share["n"])]
    body, count = _take_count(body)
    counted = [] if count is None else [("n", count)]
    if split_cell(body) is not None:
        return [(NO_NAME, body), *counted]
    pairs = _split_pairs(body)
    if pairs is None:
        pairs = _split_spaced(body)
    if pairs is None:
        pairs = _split_label(body)
    return [*pairs, *counted]


def _take_count(body: str) -> tuple[str, str | None]:
    """Return a text without its number of runs, and that number; None if it has none."""
    match = COUNT.search(body)
    if match is None:
        return body, None
    count = (match["n"] or match["counted"]).replace(",", "")
    # Of "(SD 0.4, n = 5)" the match takes ")" without its "(", so that it is put back.
    closes = ")" if match["close"] and not match["open"] else ""
    opens = "(" if match["open"] and not match["close"] else ""
    rest = f"{body[: match.start()]}{closes} {opens}{body[match.end() :]}"
    return re.sub(r"([(\[])\s*[,;]\s*", r"\1", rest).strip(" ,;"), count


def _split_pairs(body: str) -> list[tuple[str, str]] | None:
    """Return the pairs of "0.83, sd = 0.04" or "mean=0.83 sd=0.04"; None if the text has none."""
    names = list(PAIR_NAME.finditer(body))
    if not names or ("=" not in body and _is_label_only(names)):
        return None
    ends = [name.start() for name in names[1:]] + [len(body)]
    first = body[: names[0].start()].strip(" ,;(")
    pairs = [(NO_NAME, first)] if first else []
    for match, end in zip(names, ends, strict=True):
        value = body[match.end() : end].strip(" ,;")
        if value.count(")") > value.count("("):
            value = value.removesuffix(")").strip()
        pairs.append((match[1].strip(), value))
    return pairs


def _is_label_only(names: Sequence[re.Match[str]]) -> bool:
    """Say whether no name is that of a statistic, as in "accuracy: 0.83"."""
    return all(read_heading(name[1]).statistic is None for name in names)


def _split_spaced(body: str) -> list[tuple[str, str]] | None:
    """Return the pairs of "mean 0.83, sd 0.04"; None if the text holds anything else."""
    pairs = []
    start = 0
    while start < len(body):
        pair = SPACED_PAIR.match(body, start)
        if pair is None or fold(pair[1]) not in NAMES:
            return None
        pairs.append((pair[1], pair[2].strip()))
        start = pair.end()
    return pairs


def _split_label(body: str) -> list[tuple[str, str]]:
    """Return the pair of "median 4.9 (IQR 4.5–5.4)": the word before the number, and the rest."""
    label = LABEL.match(body)
    if label is None:
        return [(NO_NAME, body)]
    return [(label[1].strip(), body[label.end() :].strip())]


def _take_label(pairs: list[tuple[str, str]]) -> str | None:
    """Replace the name of a single value by `NO_NAME` in `pairs` if it is no statistic.

    Return the replaced name. In "accuracy=0.83" it says only what was measured.
    """
    labelled = [index for index, (name, _) in enumerate(pairs) if _is_label(name)]
    n_values = sum(read_heading(name).statistic != "runs" for name, _ in pairs)
    if len(labelled) != 1 or n_values != 1:
        return None
    (index,) = labelled
    name, value = pairs[index]
    if fold(name) in OF_TESTS:
        message = (
            f"{quote([name])} is what a test gives, and no mean; give what was reported of the "
            f"runs, or mean={value} if that is one"
        )
        raise Question(Cause.STATISTIC, message)
    pairs[index] = (NO_NAME, value)
    return name


def _is_label(name: str) -> bool:
    """Say whether a name is no statistic, and not missing."""
    return name != NO_NAME and read_heading(name).statistic is None


def _read_name(name: str) -> Heading:
    """Return a name, read as a heading; refuse one that is no statistic."""
    if name == NO_NAME:
        return Heading(label="", statistic="mean")
    heading = read_heading(name)
    if heading.statistic is None or heading.label:
        allowed = f"are n, {', '.join(STATISTICS)}, ci, share, successes and p90"
        message = (
            f"`reported` names {quote([name])}, which is no reported number; allowed {allowed}"
        )
        raise Question(Cause.STATISTIC, message)
    return heading


def _split_value(value: str, text: str) -> Cell:
    """Return the numbers of a value; `text`: the report in which it stands, in messages."""
    cell = split_cell(value)
    if cell is None:
        message = (
            f"{quote([value])} in {quote([text])} is no form that is read; write it as 0.83, "
            "0.83 ± 0.04, 0.83 [0.79, 0.87] or 47/50"
        )
        raise Question(Cause.CELL, message)
    return cell


def read_named(given: Mapping[str, Given], reading: Reading, side: str) -> TidyReport:
    """Return a report given as numbers by name, as the arguments of `compare` are.

    `side`: the argument in which they stand, in messages.
    """
    numbers = PlacedNumbers()
    for name, value in given.items():
        if name in GONE:
            raise Question(Cause.STATISTIC, f"there is no option '{name}'; give {GONE[name]}")
        heading = read_heading(name)
        # A label says whose number it is ("acc" in acc_mean), but here all are of one result.
        if heading.statistic is None or heading.label:
            raise _refuse_name(name, side)
        _place_given(numbers, _format_given(value), name, heading, reading)
    return _finish(numbers, reading, notes=(), where=f"`{side}`")


def _refuse_name(name: str, side: str) -> Question:
    """Return the error for a name that is no statistic; `side`: the argument in which it stands."""
    import difflib

    near = difflib.get_close_matches(fold(name), NAMES, n=1)
    meant = f" (did you mean {near[0]}?)" if near else ""
    allowed = f"are n, {', '.join(STATISTICS)}, ci, share, successes and p90"
    message = f"`{side}` was given as {quote([name])}{meant}; allowed {allowed}"
    return Question(Cause.STATISTIC, message)


def _format_given(value: Given) -> str:
    """Return a number as text; the two ends of an interval as "[low, high]"."""
    if isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = map(_format_number, value)
        return f"[{low}, {high}]"
    return _format_number(value)


def _format_number(value: object) -> str:
    """Return a number as it would be printed: 48, and not 48.0.

    A number of NumPy keeps its precision: float32(0.1) is 0.1.
    """
    if isinstance(value, str):
        return value
    is_scalar = getattr(value, "ndim", None) == 0
    plain = value.__array__()[()] if is_scalar and hasattr(value, "__array__") else value
    text = str(plain)
    is_float = is_scalar or isinstance(value, float)
    if is_float and not isinstance(plain, str):
        return text.removesuffix(".0")
    return text


def _place_given(
    numbers: PlacedNumbers, text: str, name: str, heading: Heading, reading: Reading
) -> None:
    """Put a number that was given as `name` under its statistic; refuse a text that is none."""
    cell = split_cell(text)
    if cell is None:
        examples = "48, -0.5, 12,345, 1.2k or 3.2e-4"
        if heading.statistic in {"mean", "median"}:
            examples += ", or '0.83 ± 0.04', or '0.83 [0.79, 0.87]'"
        message = (
            f"`{name}` was given as {quote([text])}; allowed is a plain decimal number, as it was "
            f"printed: {examples}"
        )
        raise Question(Cause.CELL, message)
    decimals = find_decimals_of(
        [cell], where=f"`{name}`", wanted=reading.decimal, is_decimal_point_sure=True
    )
    place_cell(numbers, cell, CellContext(name, heading, reading), decimals)
