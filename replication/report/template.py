"""From a template and models to Markdown: fill in numbers, check guards, locate errors."""

import html
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from replication.errors import ReportError
from replication.paper.claims import ClaimVerdict
from replication.report.numbers import FILTERS, NO_BREAK, MissingNumber, count
from replication.system.progress import escape

# Sign and CSS class of a verdict.
HELD = ("●", "holds")
PARTLY = ("◐", "partly")
FAILED = ("○", "does-not-hold")
OPEN = ("–", "open")
BADGES = {
    ClaimVerdict.HOLDS: HELD,
    ClaimVerdict.CHECKED: ("✓", "checked"),
    ClaimVerdict.HOLDS_EXCEPT: PARTLY,
    ClaimVerdict.HOLDS_ONLY_IF: PARTLY,
    ClaimVerdict.FAILS_EXCEPT: FAILED,
    ClaimVerdict.DOES_NOT_HOLD: FAILED,
    ClaimVerdict.OPEN: OPEN,
    ClaimVerdict.NOT_TESTABLE: OPEN,
    ClaimVerdict.TOO_FEW: OPEN,
}
"""Sign and CSS class of each verdict; the sign alone, without colour, says whether it holds."""

JINJA_FILTERS = (
    "abs",
    "join",
    "length",
    "list",
    "map",
    "max",
    "min",
    "selectattr",
    "string",
)
"""The filters of Jinja that templates may use, beside those of the report."""

Data = Any
"""A part of a model (plain data of JSON), or a value that a template computes from it.

It may be of any type; the filters of `numbers.py` refuse what they cannot write."""


class ModelText(str):
    """A text of a model; str() and templates write it with Markdown and HTML escaped."""

    __slots__ = ()

    def __str__(self) -> str:
        return escape_markdown(str.__str__(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


def escape_markdown(text: str) -> str:
    r"""Return Markdown, which is also safe as HTML, that shows exactly this text in one line.

    Control characters, which no font has, and signs that reverse the direction of the following
    text are written as escapes.

    >>> print(escape_markdown("<b>*x*</b> `y`"), escape_markdown("a" + chr(27) + chr(0x202E)))
    &lt;b&gt;\*x\*&lt;/b&gt; \`y\` a\\x1b\\u202e
    """
    # Codes of a terminal, and U+202E, after which "gpj.exe" would be shown backwards.
    text = escape(" ".join(text.split()))
    # All signs of Markdown; an underscore counts only at the edge of a word: in _x_, not in a_b.
    escaped = re.sub(r"([\\`*\[\]{}|$@^~#]|(?<!\w)_|_(?!\w))", r"\\\1", text)
    return html.escape(escaped)


def _mark_text(value: Data) -> Data:
    """Return plain data in which each text, also as a key, is a `ModelText`."""
    if isinstance(value, Mapping):
        return {_mark_text(key): _mark_text(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_mark_text(part) for part in value]
    return ModelText(value) if isinstance(value, str) else value


class _Environment(jinja2.Environment):
    """Jinja2, in which ``model.items`` is the key "items" of a model, not a dictionary's method."""

    def getattr(self, obj: Data, attribute: str) -> Data:
        """Return what a template means by ``obj.attribute``."""
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, ModelText):
            raise MissingNumber(f"a text of a model has no {attribute!r}; write it as it is")
        return super().getattr(obj, attribute)


def fill(
    path: Path,
    models: Mapping[str, Data],
    metadata: Mapping[str, str],
    *,
    search: Sequence[Path] = (),
    write: Callable[[str], str | None] = lambda _: None,
) -> str:
    """Return a template with its numbers filled in (``docs/chapters.md`` says how to write one).

    Templates that it includes are looked for in its own folder, and then in those of `search`, in
    order. `write` returns the text of a template that no folder has, or None. Raises `ReportError`,
    which begins with file and line, if a value is missing, a guard fails or the template is wrong.
    """
    folders = [path.parent, *search]
    environment = _prepare_environment(folders, write)
    names = _list_names(models, metadata, environment)
    # Any fault is reported with file and line of the template.
    try:
        return environment.get_template(path.name).render(names)
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        problem = f"{type(error).__name__}: {getattr(error, 'message', error)}"
        raise ReportError(f"{_find_line(error, path, folders)}: {problem}") from None


def _prepare_environment(
    folders: Sequence[Path], write: Callable[[str], str | None]
) -> jinja2.Environment:
    """Return Jinja2 with the signs, filters and refusals of the report."""
    loaders = [jinja2.FileSystemLoader(folders), jinja2.FunctionLoader(write)]
    environment = _Environment(
        loader=jinja2.ChoiceLoader(loaders),
        undefined=jinja2.StrictUndefined,
        comment_start_string="<!--",
        comment_end_string="-->",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalize,
        autoescape=False,
    )
    # Other filters of Jinja would turn a text of a model into a plain text, which is not escaped.
    environment.filters = {
        **{name: environment.filters[name] for name in JINJA_FILTERS},
        **FILTERS,
        "badge": _badge,
        "sign": _sign,
    }
    return environment


def _list_names(
    models: Mapping[str, Data], metadata: Mapping[str, str], environment: jinja2.Environment
) -> dict[str, Data]:
    """Return all that templates can use, by name: models, verdicts, `metadata` and `require`."""
    marked = {name: _mark_text(model) for name, model in models.items()}
    claims: dict[str, Data] = {}
    for model in marked.values():
        if isinstance(model, Mapping) and isinstance(model.get("claims"), Mapping):
            claims |= model["claims"]

    def judged(claim: str) -> Data:
        """Return what a model says of a claim; an unknown claim is an undefined name."""
        return environment.getitem(claims, claim)

    def verdict(claim: str) -> str:
        """Return the verdict on a claim in words."""
        return ClaimVerdict(judged(claim)["verdict"]).value

    return {
        **marked,
        "metadata": metadata,
        "require": _require,
        "judged": judged,
        "verdict": verdict,
    }


def _require(condition: object) -> str:
    """Write nothing if a condition is true, and stop otherwise: {{ require(speed.mean < 48) }}."""
    if not condition:
        raise ValueError("a sentence is not true of these numbers; correct it, or its guard")
    return ""


def _find_line(error: BaseException, template: Path, folders: Sequence[Path]) -> str:
    """Return file and line of an error in a template; the path is relative to one of `folders`."""
    frames = traceback.extract_tb(error.__traceback__)
    in_templates = [frame for frame in frames if frame.filename.endswith((".md", ".js"))]
    if not in_templates:
        return template.name
    path = Path(in_templates[-1].filename)
    line = in_templates[-1].lineno
    for folder in folders:
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder).as_posix()}:{line}"
    return f"{path}:{line}"


def _badge(verdict: str) -> str:
    """Return sign and words of a verdict as Markdown, with its CSS class."""
    sign, kind = BADGES[ClaimVerdict(verdict)]
    return f"[{sign}{NO_BREAK}{verdict}]{{.badge .{kind}}}"


def _sign(verdict: str) -> str:
    """Return the sign of a verdict as Markdown, with its CSS class."""
    sign, kind = BADGES[ClaimVerdict(verdict)]
    return f"[{sign}]{{.badge .{kind}}}"


def _finalize(value: Data) -> Data:
    """Return the text of a value that is written without a filter: a whole number or a text.

    Other values are refused, because the author has to say how many digits they get.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return count(value)
    # Undefined is an "if" without its "else", which is ""; a missing name raises in str().
    if isinstance(value, str | jinja2.Undefined):
        return str(value)
    raise MissingNumber(f"{value!r:.60} is written without a filter; say how: e.g. | number(3)")
