"""What a report needs beside the package, the extra "report": whether it is there, and where."""

from __future__ import annotations

import errno
import functools
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from replication.errors import UsageError, WorkerError

MODULES = {"Jinja": "jinja2", "fontTools": "fontTools", "Typst": "typst"}
MIN_PANDOC = (3, 8)
TIME_LIMIT = 120.0
SHORTAGES = {errno.EAGAIN: "processes (ulimit -u)", errno.EMFILE: "open files (ulimit -n)"}
"""What is short when a program cannot be started, by the error's number."""


def require_tools() -> None:
    """Raise a `UsageError` that says how to install what is missing, if anything is."""
    missing = [name for name, module in MODULES.items() if find_spec(module) is None]
    try:
        find_pandoc()
    except UsageError as error:
        missing.append(str(error))
    if missing:
        raise UsageError(
            f"writing a report needs the extra 'report' (missing: {', '.join(missing)}); install "
            "it in the sources with: pip install '.[report]', or let make do it"
        )


@functools.cache
def find_pandoc() -> str:
    """Return the path of the pandoc of its Python package, or of the system's if new enough."""
    spec = find_spec("pypandoc")
    found = spec and spec.origin and shutil.which(Path(spec.origin).parent / "files" / "pandoc")
    if found:
        return found
    found = shutil.which("pandoc")
    if found is None:
        raise UsageError("pandoc")
    words = run_tool([found, "--version"], "").stdout.partition("\n")[0]
    numbers = re.search(r"(\d+)\.(\d+)", words)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < MIN_PANDOC:
        needed = ".".join(map(str, MIN_PANDOC))
        raise UsageError(f"pandoc {needed} or newer, {found} is {words or 'something else'}")
    return found


def run_tool(
    command: Sequence[str], text: str, *, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program on some text, in a folder and in UTF-8 whatever the locale.

    Raises WorkerError if it cannot be started, or takes longer than `TIME_LIMIT`.
    """
    name = Path(command[0]).name
    try:
        return subprocess.run(
            command,
            input=text,
            cwd=folder,
            env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIME_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise WorkerError(
            f"{name} took longer than {TIME_LIMIT:g} s; run the command again"
        ) from None
    except OSError as error:
        short = SHORTAGES.get(error.errno or 0)
        problem = f"{error.strerror}; install it again"
        if short is not None:
            problem = f"too few {short} are allowed; raise the limit and run the command again"
        raise WorkerError(f"{name} cannot be started: {problem}") from None
