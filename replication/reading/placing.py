"""The numbers of a cell, under the names of statistics; ask what a number without a name is."""

import dataclasses
from collections.abc import Mapping

from replication.reading.cells import Cell, fill_cell
from replication.reading.decimals import Decimals, ask_pair_of_comma, count_decimals, to_float
from replication.reading.headings import Heading
from replication.reading.kinds import NO_KIND, Kind, read_kind
from replication.reading.names import CENTRES, COUNTS, ENDS, SPREADS
from replication.reading.options import Reading
from replication.reading.question import Cause, Question, quote, quote_argument

HALF_UNIT = 0.51  # of the last digit: how far rounding may move a per cent, and a bit more


class PlacedNumbers:
    """The numbers of one result, collected under the names of statistics.

    `kind`: what the spread or the interval is, in the words of the report. `is_skewed`: the errors
    to both sides differ, and their mean is the spread. `percent`: the per cent printed behind a
    count. `aside`: a bracket behind value and spread, quoted for a question.
    """

    def __init__(self) -> None:
        self.by_name: dict[str, str] = {}
        self.kind: str | None = None
        self.is_skewed = False
        self.percent: str | None = None
        self.aside: str | None = None

    def put(self, name: str, number: str) -> None:
        """Put a number under its name; refuse a different one under the same name."""
        if name in self.by_name and self.by_name[name] != number:
            both = quote([self.by_name[name], number])
            raise Question(Cause.STATISTIC, f"the {name} was given twice: {both}; give it once")
        self.by_name[name] = number


@dataclasses.dataclass(frozen=True)
class CellContext:
    """What a cell is read with: the name and heading of its column, and the options.

    `is_guess`: nothing says whether its numbers are means or medians.
    """

    name: str
    heading: Heading
    reading: Reading
    is_guess: bool = False

    @property
    def statistic(self) -> str:
        """The statistic of the column."""
        return self.heading.statistic or "mean"

    def find_statistic(self, cell: Cell) -> str:
        """Return the statistic of a cell; a guessed mean beside an IQR is a median."""
        kind, _ = self._read_first_kind(cell)
        if self.is_guess and kind is not None and kind.name == "iqr":
            return "median"
        return self.statistic

    def find_kind(self, cell: Cell) -> tuple[Kind, str | None]:
        """Return the kind of a spread or an interval, and the words that said it.

        The cell counts before the heading, and the heading before the options.
        """
        kind, words = self._read_first_kind(cell)
        if kind is not None:
            return kind, words
        if self.heading.kind is not None:
            message = (
                f"what is {quote([self.heading.kind])} behind ± of {quote([self.name])}? give "
                "`plus_minus` sd, se or ci, or ignore"
            )
            raise Question(Cause.SPREAD, message)
        return NO_KIND, None

    def _read_first_kind(self, cell: Cell) -> tuple[Kind | None, str | None]:
        """Return the first kind that can be read, and its words; None and None if there is none."""
        for words in (cell.kind, self.heading.kind, self.reading.plus_minus):
            kind = None if words is None else read_kind(words)
            if kind is not None:
                return kind, words
        return None, None


def place_cell(
    numbers: PlacedNumbers, cell: Cell, context: CellContext, decimals: Decimals
) -> None:
    """Put the numbers of a cell, with the decimal sign of its table, under their names."""
    if cell.joined is not None and decimals.sign == ",":
        cell = _read_pair(cell, context, decimals)
    cell = repeat_unit(decimals.plain_cell(cell), context)
    if cell.runs is not None:
        numbers.put("runs", cell.runs)
    if cell.aside is not None:
        numbers.aside = f"({cell.aside}) behind {cell.value} ± {cell.spread}"
    if cell.successes is not None:
        _place_count(numbers, cell)
    elif context.statistic in SPREADS:
        _place_spread_column(numbers, cell, context)
    else:
        _place_value(numbers, cell, context)


def _read_pair(cell: Cell, context: CellContext, decimals: Decimals) -> Cell:
    """Return a cell in which [50,66] is two ends or, with its decimal comma, one number.

    It is one number where a column or a kind has no ends, and two ends where it stands alone. Else
    it is asked, unless the user gave the decimal comma.
    """
    if context.statistic in ("sd", "se", "spread"):
        return _join_pair(cell)
    if cell.value is None and cell.kind is None:
        return cell
    kind, _ = context.find_kind(cell)
    if kind.name in ENDS and not decimals.is_given:
        raise ask_pair_of_comma(cell, quote([context.name]))
    return _join_pair(cell)


def _join_pair(cell: Cell) -> Cell:
    """Return a cell in which [50,66] is one number: what its words say, an aside or a bracket."""
    field = "bracket"
    if cell.kind is not None:
        field = "spread"
    elif cell.spread is not None:
        field = "aside"
    return fill_cell(cell, {"low": None, "high": None, field: cell.joined})


def _place_count(numbers: PlacedNumbers, cell: Cell) -> None:
    """Put k of n as the number of successes and the number of runs."""
    numbers.put("n_succeeded", cell.successes or "")
    numbers.put("runs", cell.of or "")
    numbers.percent = cell.percent


def _place_value(numbers: PlacedNumbers, cell: Cell, context: CellContext) -> None:
    """Put a mean, a median or another number, with what stands beside it."""
    name = context.find_statistic(cell)
    if name == "runs" and not cell.is_number:
        raise _refuse_cell(context, cell)
    if name == "range" and cell.value is not None:  # a range has two ends
        raise _refuse_width(context, cell.value)
    if cell.value is not None:
        numbers.put(name, cell.value)
    if name in ENDS["ci"] and context.heading.kind is not None:
        numbers.kind = context.heading.kind  # 90% CI low
    if cell.low is not None and cell.high is not None:
        _place_ends(numbers, cell, context)
    if cell.up is not None and cell.down is not None:
        _place_skewed(numbers, cell, context)
    if cell.bracket is not None:
        _place_bracket(numbers, cell, context)
    if cell.spread is not None:
        kind, words = context.find_kind(cell)
        _place_spread(numbers, cell.spread, kind, words)


def _place_spread_column(numbers: PlacedNumbers, cell: Cell, context: CellContext) -> None:
    """Put a cell of a column of spreads: one number, or the two ends of an interval."""
    if cell.low is not None and cell.high is not None:
        _place_ends(numbers, cell, context)
        return
    number = cell.spread or cell.value or cell.bracket
    if number is None:
        raise _refuse_cell(context, cell)
    kind, words = context.find_kind(cell)
    is_sd_or_se = context.statistic in ("sd", "se")
    # The heading or the options may say more of an interval, such as its level: 90% CI.
    is_plain_interval = context.statistic == "ci" and kind.name != "ci"
    if is_sd_or_se or is_plain_interval:
        numbers.put(context.statistic, number)
    else:
        _place_spread(numbers, number, kind, words)


def _place_spread(numbers: PlacedNumbers, number: str, kind: Kind, words: str | None) -> None:
    """Put a number behind ± under the name of its kind, or as "spread" if the kind is not plain.

    A kind is not plain if it is unknown, or has a level, a factor or a denominator; `words` say it.
    """
    if kind.name == "ignore":
        return
    if kind.name == "iqr":  # its width, which is one number
        numbers.put("iqr", number)
        return
    if kind.name == "range":
        advice = "give sd, se or ci as `plus_minus`"
        message = f"{words} has two ends, and ± {number} is one number; {advice}"
        raise Question(Cause.SPREAD, message)
    if kind.name is not None and kind.is_plain:
        numbers.put(kind.name, number)
        return
    numbers.put("spread", number)
    numbers.kind = words


def _place_ends(numbers: PlacedNumbers, cell: Cell, context: CellContext) -> None:
    """Put the two ends of an interval under their names; ask if its kind is not known."""
    kind, words = context.find_kind(cell)
    name = kind.name
    if name == "ignore":
        return
    # A column called "95% CI" may hold nothing but ends.
    if name not in ENDS and context.statistic in ENDS and cell.value is None:
        name = context.statistic
        words = None
    if name not in ENDS:
        ends = f"{cell.low} to {cell.high}"
        message = f"{quote([context.name])}: what is {ends}? give `plus_minus` ci, iqr or range"
        raise Question(Cause.SPREAD, message)
    low_name, high_name = ENDS[name or ""]
    numbers.put(low_name, cell.low or "")
    numbers.put(high_name, cell.high or "")
    if name == "ci" and not kind.is_plain:
        numbers.kind = words


def _place_skewed(numbers: PlacedNumbers, cell: Cell, context: CellContext) -> None:
    """Put the mean of the two errors of +0.02 -0.03 as the spread."""
    up = cell.up or ""
    down = cell.down or ""
    sign = "%" if up.endswith("%") else ""
    decimals = max(count_decimals(up), count_decimals(down)) + 1  # a half needs one more
    half = (to_float(up) + to_float(down)) / 2.0
    number = f"{half:.{decimals}f}{sign}"
    if to_float(up) == to_float(down):
        number = up
    else:
        numbers.is_skewed = True
    kind, words = context.find_kind(cell)
    _place_spread(numbers, number, kind, words)


def _place_bracket(numbers: PlacedNumbers, cell: Cell, context: CellContext) -> None:
    """Put the number in brackets by its kind; ask if that is not known.

    Behind a number of successes, it is their per cent.
    """
    if context.statistic == "n_succeeded":
        numbers.percent = cell.bracket
        return
    kind, words = context.find_kind(cell)
    if kind.name is None:
        printed = f"{cell.value} ({cell.bracket})"
        more = ""
        if cell.is_in_units:
            more = (
                "; its brackets are read in units of the last digit, with a space before them not"
            )
        message = (
            f"{quote([context.name])}: what is in the brackets of {printed}? give `plus_minus` sd, "
            f"se or ci, or ignore{more}"
        )
        raise Question(Cause.SPREAD, message)
    _place_spread(numbers, cell.bracket or "", kind, words)


def _refuse_width(context: CellContext, number: str) -> Question:
    """Return the error for a column of ranges with one number in a cell instead of two ends."""
    message = (
        f"{quote([context.name])} holds {quote([number])}, where two ends are expected: write "
        f"both, or give `ignore` {quote_argument(context.name)}"
    )
    return Question(Cause.CELL, message)


def _refuse_cell(context: CellContext, cell: Cell) -> Question:
    """Return the error for a cell with several numbers, or none, where one is expected."""
    printed = " ".join(cell.list_numbers())
    message = f"{quote([context.name])} holds {quote([printed])}, where one number is expected"
    return Question(Cause.CELL, message)


def repeat_unit(cell: Cell, context: CellContext) -> Cell:
    """Return a cell with a per cent sign behind each number, if one sign belongs to all of them."""
    if context.statistic in COUNTS or cell.successes is not None:
        return cell
    numbers = cell.get_numbers()
    numbers.pop("aside", None)
    _check_suffixes(numbers, context)
    sign = context.heading.unit
    if len(numbers) > 1 and _has_common_sign(numbers, context):
        sign = "%"
    if sign != "%":
        return cell
    signed = {name: text if text.endswith("%") else f"{text}%" for name, text in numbers.items()}
    return fill_cell(cell, signed)


def _check_suffixes(numbers: Mapping[str, str], context: CellContext) -> None:
    """Refuse a suffix or a power that may belong to all numbers: 1.2k ± 0.1, 8.3 ± 0.4e-1."""
    has_suffix = {text.rstrip("% ")[-1:].isalpha() for text in numbers.values()}
    if len(has_suffix) > 1 or _may_share_power(numbers):
        printed = " and ".join(numbers.values())
        message = f"{quote([context.name])}: {printed} have a unit behind one of them; repeat it"
        raise Question(Cause.UNIT, message)


def _may_share_power(numbers: Mapping[str, str]) -> bool:
    """Say whether the power behind a spread may belong to the value as well: 8.3 ± 0.4e-1.

    A value below 1 is printed without a power, so that 0.83 ± 4e-2 is clear.
    """
    value = numbers.get("value")
    spread = numbers.get("spread")
    if value is None or spread is None:
        return False
    return "e" in spread and "e" not in value.lower() and to_float(value) >= 1.0


def _has_common_sign(numbers: Mapping[str, str], context: CellContext) -> bool:
    """Say whether a per cent sign behind the last number belongs to all: 83.0 ± 4.0 %."""
    texts = list(numbers.values())
    signs = [text.endswith("%") for text in texts]
    if all(signs) or not any(signs):
        return False
    if "bracket" in numbers and not signs[0]:
        raise _ask_count(numbers["value"], numbers["bracket"], context)
    decimals = {count_decimals(text) for text in texts}
    if signs[-1] and not signs[0] and len(decimals) == 1:
        return True
    printed = " and ".join(texts)
    message = (
        f"{quote([context.name])}: does the per cent sign of {printed} belong to all of them? "
        "write it behind each that it belongs to"
    )
    raise Question(Cause.UNIT, message)


def _ask_count(value: str, bracket: str, context: CellContext) -> Question:
    """Return the question what 47 (94%) is: a count with its per cent, or a value with a spread."""
    message = (
        f"{quote([context.name])}: is {value} ({bracket}) a count with its per cent? write it as "
        f"{value}/n ({bracket}), or call the column 'n (%)'; if {bracket} is a spread, write "
        f"{value}% ({bracket})"
    )
    return Question(Cause.UNIT, message)


def check_numbers(numbers: PlacedNumbers, where: str) -> None:
    """Refuse numbers of a result that do not fit together.

    These are a count with a wrong per cent, a share above 1, and a bracket that may be the number
    of runs. `where`: the result, in messages.
    """
    by_name = numbers.by_name
    if numbers.aside is not None and "runs" not in by_name:
        message = (
            f"{where}: is {numbers.aside} the number of runs? give that number, or another, as `n`"
        )
        raise Question(Cause.COUNT, message)
    if numbers.percent is not None:
        _check_percent(numbers, numbers.percent, where)
    share = by_name.get("share")
    if share is not None and not share.endswith("%") and to_float(share) > 1.0:
        message = f"{where}: a share of {share}; write it in per cent, or as a part of 1"
        raise Question(Cause.UNIT, message)


def _check_percent(numbers: PlacedNumbers, percent: str, where: str) -> None:
    """Refuse a per cent that is not the share of successes among the runs, up to rounding."""
    by_name = numbers.by_name
    if "runs" not in by_name:
        message = f"{where}: {by_name['n_succeeded']} ({percent}) of how many? give `n`"
        raise Question(Cause.COUNT, message)
    share = 100.0 * to_float(by_name["n_succeeded"]) / to_float(by_name["runs"])
    if abs(share - to_float(percent)) > HALF_UNIT * 10.0 ** -count_decimals(percent):
        message = (
            f"{where}: {by_name['n_succeeded']} of {by_name['runs']} is {share:.2f} %, and not "
            f"{percent}; correct one, or give the `n` that is meant"
        )
        raise Question(Cause.COUNT, message)


def has_result(numbers: PlacedNumbers) -> bool:
    """Say whether any number was placed, apart from the number of runs."""
    return bool(numbers.by_name.keys() - {"runs"})


def has_centre(numbers: PlacedNumbers) -> bool:
    """Say whether a statistic was placed that is a result on its own: a mean, median or share."""
    return not numbers.by_name.keys().isdisjoint(CENTRES)
