"""Tables of experiments as CSV."""

import csv
import io
from collections.abc import Iterable, Sequence


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Return a header and rows as CSV, None as an empty cell.

    >>> write_csv(("rule", "time"), [("none", None)])
    'rule,time\nnone,\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
