"""Any file as a table of texts; its format is found from its content, not from its name."""

import contextlib
import itertools
import sys
from pathlib import Path

from replication.errors import DataError
from replication.reading import delimited, jsonlines, large, latex, markdown, printed
from replication.reading.sheet import Sheet
from replication.system.files import read_content, refuse_unreadable
from replication.wording import show

MOST_BYTES = 1 << 30  # 1 GB
MOST_ROWS = 10_000_000
MOST_COLUMNS = 10_000
LIMITS = f"at most {MOST_BYTES >> 30} GB, {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns are read"
FORMATS = "CSV (commas, semicolons or tabs), Markdown, LaTeX and JSON lines"
MARKS_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # byte order marks
N_SAMPLED = 1000  # lines of a large table that show what its columns hold


def read_file(path: str) -> Sheet:
    """Read a file, or standard input where it is called "-"."""
    name = "standard input" if path == "-" else show(Path(path))
    return read_content_of(_read_bytes(path, name), name)


def read_content_of(content: bytes, name: str) -> Sheet:
    """Read a table from its bytes; `name` is what messages call it."""
    if content[:4] == b"PAR1":
        advice = "read it with pandas, and give the data frame, or write it as CSV"
        raise DataError(f"{name} is a Parquet file; {advice}")
    if len(content) > large.LARGE:
        sheet = _read_if_large(content, name)
        if sheet is not None:
            return sheet
    text = _decode(content, name)
    _check_size(text, name)
    return _read_text(text, name)


def _read_text(text: str, name: str) -> Sheet:
    """Read a table in the format that the text has: JSON, LaTeX, Markdown or with separators."""
    body = text.lstrip()
    if not body:
        raise DataError(f"{name} is empty; give a table with a header and rows")
    if body[0] in "{[":
        printed.refuse_elided(text, name)
        return jsonlines.read_json(text, name)
    if latex.is_latex(text):
        return latex.read_latex(text, name)
    if markdown.is_markdown(text):
        return markdown.read_markdown(text, name)
    return delimited.read_delimited(text, name)


def _read_bytes(path: str, name: str) -> bytes:
    """Return the content of a file, or of a stream: standard input (-), or a pipe of a shell."""
    with refuse_unreadable(name, "give an existing file, or - for standard input"):
        if path != "-" and not path.startswith("/dev/fd/"):  # which is what <(zcat FILE) gives
            return read_content(Path(path), largest=MOST_BYTES)
        # The size of a stream is not known before it is read; standard input stays open.
        stdin = contextlib.nullcontext(sys.stdin.buffer)
        with stdin if path == "-" else Path(path).open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise DataError(f"it is too large: {LIMITS}")
        return content


def _decode(content: bytes, name: str) -> str:
    """Return the text of a file in UTF-8 or UTF-16, whose lines end in a single sign."""
    encoding = "utf-16" if content[:2] in MARKS_UTF_16 else "utf-8-sig"
    if encoding != "utf-16" and b"\0" in content[:1000]:
        raise DataError(f"{name} is no table; allowed are {FORMATS}, unpacked")
    with refuse_unreadable(name, delimited.ADVICE, kind="UTF-8 text"):
        text = content.decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _check_size(text: str, name: str) -> None:
    """Refuse a text of too many lines or columns, before time is spent on reading it."""
    if text.count("\n") > MOST_ROWS:
        raise DataError(f"{name} is too large: {LIMITS}")
    first = text.lstrip()[:1_000_000].split("\n", 1)[0]
    if first.count(delimited.find_separator(first)) >= MOST_COLUMNS:
        raise DataError(f"{name} is too large: {LIMITS}")


def _read_if_large(content: bytes, name: str) -> Sheet | None:
    """Return a large table with separators, read fast; None if the usual way has to read it."""
    lines = content[:1_000_000].splitlines(keepends=True)
    head = b"".join(itertools.islice(lines, N_SAMPLED))
    if content[:2] in MARKS_UTF_16 or b"\0" in head or not head.strip():
        return None
    if content.count(b"\n") > MOST_ROWS:
        raise DataError(f"{name} is too large: {LIMITS}")
    try:
        text = head.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return None
    if text.lstrip()[:1] in ("{", "[") or latex.is_latex(text) or markdown.is_markdown(text):
        return None
    separator = delimited.find_separator(text.split("\n", 1)[0])
    sample = delimited.read_delimited(text, name)
    return large.read_large(content, sample, separator)
