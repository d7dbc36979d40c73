"""Models: what an experiment has found, as plain data in a JSON file with a checksum."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from replication.definition.protocol import canonical_json
from replication.errors import DataError
from replication.system.files import open_folder, put_aside, read_content, write_durably

DIGITS = 6
"""Significant digits that a model keeps of each number."""

LARGEST_MODEL = 2**22  # 40 times the largest; 2**26 took 2 GB and more than a minute
BEGINNING = b'{\n "sha256": "'
"""How every model begins; a file that does not is somebody else's, and is never replaced."""

Model = dict[str, Any]
"""Plain data by name, as JSON has it: each experiment has names of its own."""


def read_model(folder: Path, name: str) -> Model | None:
    """Read ``models/<name>.json`` in the folder of a study; None if there is none."""
    path = folder / "models" / f"{name}.json"
    if not os.path.lexists(path):
        return None
    # Sound is what writing it again would give: checksum, order and spaces included.
    try:
        content = read_content(path, largest=LARGEST_MODEL)
        model = json.loads(content)
        del model["sha256"]
        is_sound = _render_model(model) == content
    except (DataError, ValueError, TypeError, KeyError, RecursionError):
        is_sound = False
    if not is_sound:
        raise DataError(f"{str(path)!r} is damaged; `replication replicate` makes it again")
    return dict(model)


def read_models(folder: Path, names: Iterable[str]) -> dict[str, Model]:
    """Read those of some models that there are."""
    found = {}
    for name in names:
        model = read_model(folder, name)
        if model is not None:
            found[name] = model
    return found


def write_model(folder: Path, name: str, model: Mapping[str, Any]) -> Model:
    """Write a model as ``models/<name>.json`` in the folder of a study; return it as read back."""
    plain: Model = round_numbers(model)
    open_folder(folder / "models", below=folder)
    # A file that is none of our models keeps its content under another name.
    path = folder / "models" / f"{name}.json"
    is_ours = False
    with contextlib.suppress(DataError):
        is_ours = read_content(path, largest=LARGEST_MODEL).startswith(BEGINNING)
    if not is_ours:
        put_aside(path)
    write_durably(path, _render_model(plain))
    return plain


def _render_model(model: Model) -> bytes:
    """Return a model as JSON whose first entry is a checksum of the others."""
    text = canonical_json(model)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return f"{json.dumps({'sha256': checksum, **json.loads(text)}, indent=1)}\n".encode()


def round_numbers(value: object) -> Any:
    """Return plain JSON data with numbers rounded to `DIGITS` significant digits.

    >>> round_numbers({"mean": 46.5123456, "runs": (100, True)})
    {'mean': 46.5123, 'runs': [100, True]}
    """
    # JSON writes floats so that they are read back to the last bit, or rounded to fewer digits.
    text = json.dumps(value, default=lambda array: array.tolist(), allow_nan=False)
    return json.loads(text, parse_float=lambda digits: float(f"{float(digits):.{DIGITS}g}"))
