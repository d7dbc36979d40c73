"""The user's own code: the classes of a rule that are not of this package, and where one failed."""

import traceback
from pathlib import Path


def find_line(error: BaseException, rule: type) -> str | None:
    """Return the last line of a user's rule in which an error arose: "mine.py, line 7: h = ..."."""
    files: set[str] = set()
    for each in list_own(rule):
        for member in vars(each).values():
            if hasattr(member, "__code__"):
                files.add(member.__code__.co_filename)
    return find_own_line(error, files)


def list_own(rule: type) -> list[type]:
    """Return the class of a rule and its base classes, without those of this package."""
    classes = []
    for each in getattr(rule, "__mro__", ()):
        package = str(getattr(each, "__module__", "")).partition(".")[0]
        if package not in ("replication", "builtins"):
            classes.append(each)
    return classes


def find_own_line(error: BaseException, files: set[str]) -> str | None:
    """Return the last line in some files in which an error arose, None if there is none."""
    # Python could not compile the file, so the error itself says where.
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(str(error.filename)).name}, line {error.lineno}"
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files
    ]
    if not frames:
        return None
    last = frames[-1]
    text = f": {last.line}" if last.line else ""  # the text of lines typed at a prompt is unknown
    return f"{Path(last.filename).name}, line {last.lineno}{text}"
