"""Models: the results of an experiment, as plain data in a JSON file with a checksum."""

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

LARGEST_MODEL = 2**22  # bytes: 40 times the largest; reading 2**26 took 2 GB and a minute
BEGINNING = b'{\n "sha256": "'
"""The first bytes of every model; a file with others is not ours, and is never replaced."""

Model = dict[str, Any]
"""Plain data of JSON, under names that each experiment chooses."""


def read_model(folder: Path, name: str) -> Model | None:
    """Return the model ``models/<name>.json`` in a study's folder; None if there is no such file.

    A damaged one is refused.
    """
    path = folder / "models" / f"{name}.json"
    if not os.path.lexists(path):
        return None
    # A model is sound if writing it again gives the same bytes: checksum, order and spaces.
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
    """Return models by name; those that do not exist are left out."""
    models = {}
    for name in names:
        model = read_model(folder, name)
        if model is not None:
            models[name] = model
    return models


def write_model(folder: Path, name: str, model: Mapping[str, Any]) -> Model:
    """Write ``models/<name>.json`` in a study's folder; return it with its numbers rounded."""
    plain: Model = round_numbers(model)
    open_folder(folder / "models", below=folder)
    # A file that is no model of ours is renamed, not replaced.
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
    # Written as JSON, so that it becomes plain data, and read again with its numbers rounded.
    text = json.dumps(value, default=lambda array: array.tolist(), allow_nan=False)
    return json.loads(text, parse_float=lambda digits: float(f"{float(digits):.{DIGITS}g}"))
