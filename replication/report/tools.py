"""What a report needs beside the package, the extra "report": whether it is there, and where."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from replication.errors import UsageError, WorkerError

MODULES = {
    "Jinja": "jinja2", "fontTools": "fontTools", "Typst": "typst", "pandoc": "pypandoc",
}  # fmt: skip
TIME_LIMIT = 120.0
SHORTAGES = {errno.EAGAIN: "processes (ulimit -u)", errno.EMFILE: "open files (ulimit -n)"}
"""What is short when a program cannot be started, by the error's number."""


def require_tools() -> None:
    """Raise a `UsageError` that says how to install what is missing, if anything is."""
    missing = [name for name, module in MODULES.items() if find_spec(module) is None]
    if missing:
        raise UsageError(
            f"writing a report needs the extra 'report' (missing: {', '.join(missing)}); install "
            "it in the sources with: pip install '.[report]', or let make do it"
        )


def find_pandoc() -> str:
    """Return the path of the pandoc that its Python package brings along."""
    require_tools()
    spec = find_spec("pypandoc")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "files" / "pandoc")


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
