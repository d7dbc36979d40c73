"""Put a report into a folder without replacing files of anybody else.

The files that this package has put there, or is about to put there, are listed in
``report.sha256``, in the format of the command ``sha256sum``. Only listed files are ever replaced
or removed.
"""

import contextlib
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from replication.errors import DataError
from replication.system.files import open_folder, put_aside, read_content, write_durably

LIST = "report.sha256"
LARGEST_FILE = 2**28  # bytes of a file whose digest is computed
# 9f86...(64 digits)  figures/joint.svg
LINE = re.compile(
    r"(?P<digest>[0-9a-f]{64})  (?P<name>report\.(?:md|html|pdf)|learning\.html|"
    r"(?:statements|rules|halves|law|law_cases|law_predictions)\.csv|figures/[A-Za-z0-9_-]+\.(?:svg|png|csv))"
)


def place_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a folder, and replace or remove those in its list.

    The list is written first. If the process is then killed, the list shows which files are missing
    and that they may be replaced. A file that is not ours and stands in the way is renamed.
    """
    new = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    old = read_list(folder)
    if old == new and not find_damaged(folder):
        return  # all files are there already
    open_folder(folder / "figures", below=folder)
    # Files that are not ours are renamed before the new list says that they are.
    _free_place(folder / LIST, is_ours=True)
    for name, digest in new.items():
        is_ours = name in old or _compute_digest(folder / name) == digest
        _free_place(folder / name, is_ours=is_ours)
    _write_list(folder, old | new)
    for name, content in files.items():
        write_durably(folder / name, content)
    # Remove files of ours that are no longer part of the report.
    dropped = old.keys() - new.keys()
    for name in dropped:
        if (folder / name).is_file():
            (folder / name).unlink()
    if dropped:
        _write_list(folder, new)


def _free_place(path: Path, *, is_ours: bool) -> None:
    """Rename what is at a path, unless it is a file of ours, which may be replaced."""
    if not (is_ours and path.is_file()):
        put_aside(path)


def _write_list(folder: Path, digests: Mapping[str, str]) -> None:
    """Write the list of files, with their digests by name."""
    lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
    write_durably(folder / LIST, "".join(lines).encode())


def read_list(folder: Path) -> dict[str, str]:
    """Return the digests in the list of a folder, by name; none if it is missing or damaged."""
    try:
        text = read_content(folder / LIST, largest=10**6).decode("ascii")
    except (DataError, UnicodeDecodeError):
        return {}
    if not text.endswith("\n"):
        return {}
    digests = {}
    for line in text.splitlines():
        match = LINE.fullmatch(line)
        if match is None:
            return {}
        digests[match["name"]] = match["digest"]
    return digests


def find_damaged(folder: Path) -> list[str]:
    """Return the names of listed files that are missing or altered."""
    listed = read_list(folder)
    return [name for name, digest in listed.items() if _compute_digest(folder / name) != digest]


def _compute_digest(path: Path) -> str | None:
    """Return the SHA-256 of a file; None if it cannot be read."""
    with contextlib.suppress(DataError):
        return hashlib.sha256(read_content(path, largest=LARGEST_FILE)).hexdigest()
    return None
