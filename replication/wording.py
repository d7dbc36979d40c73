"""How messages quote what was given and count things: one rule for all of them."""

import json
import os
from collections.abc import Sequence
from typing import Any


def plural(n: int, noun: str) -> str:
    """Return a count with its noun: "1 network", "2,000 networks".

    >>> plural(1, "network"), plural(2000, "network")
    ('1 network', '2,000 networks')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def explain(error: Exception) -> str:
    """Return an error in words: its message, or which file could not be read or written.

    >>> explain(PermissionError(13, "Permission denied", "x.toml"))
    "'x.toml' cannot be read or written (Permission denied)"
    """
    if not isinstance(error, OSError) or hasattr(error, "exit_code"):  # a message of our own
        return str(error)
    place = show(error.filename, length=4096) if error.filename else "a file"
    return f"{place} cannot be read or written ({error.strerror or error})"


def show(value: Any, *, length: int = 60) -> str:
    r"""Quote a given value on one line: control characters escaped, and cut if it is long.

    >>> print(show("a" + chr(27) + "[31m"), show(True), show(0.5), show("x" * 9, length=6))
    'a\x1b[31m' true 0.5 'xxx...'
    """
    if isinstance(value, os.PathLike):  # shown whole, since the end of a path counts
        value = os.fspath(value)
        length = 4096
    if isinstance(value, str):
        return repr(_cut(value, length))
    if isinstance(value, bool):
        return json.dumps(value)
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a number is too long, a list too nested, or a user's repr is at fault
        return f"an object of type {type(value).__name__}"
    return _cut(text, length)


def _cut(text: str, length: int) -> str:
    """Return a text of at most `length` characters, which ends in "..." if it was cut."""
    return text if len(text) <= length else text[: length - 3] + "..."


def join(parts: Sequence[str]) -> str:
    """Return parts as a list in a sentence: "a, b and c", or "a and b, and c"."""
    if len(parts) == 1:
        return parts[0]
    has_inner_and = any(" and " in part for part in parts)
    last_link = ", and " if has_inner_and else " and "
    return f"{', '.join(parts[:-1])}{last_link}{parts[-1]}"
