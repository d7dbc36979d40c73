r"""Inline text: the small subset of Markdown that all chapters write.

``*emphasis*``, ``**strong**``, code in backquotes, ``$latex$``, ``[text](#anchor)``
or ``[text](https://...)``; a backslash before a mark takes it
literally.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Plain characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Emphasised parts."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Strong:
    """Strongly emphasised parts."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """A name or command, taken literally."""

    text: str


@dataclass(frozen=True, slots=True)
class Math:
    """An inline formula in the LaTeX subset of `mathematics`."""

    latex: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link inside the report (``#anchor``) or outwards; without parts it names its target."""

    target: str
    parts: tuple[Part, ...]


Part = Text | Emphasis | Strong | CodeSpan | Math | Link

_TOKEN = re.compile(
    r"\\(?P<escaped>[*`$\[\]\\|])"
    r"|`(?P<code>[^`]+)`"
    r"|\$(?P<math>[^$]+)\$"
    r"|\*\*(?P<strong>.+?)\*\*"
    r"|\*(?P<emphasis>[^*]+)\*"
    r"|\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)"
)


def parse_inline(text: str) -> tuple[Part, ...]:
    """Split inline text into its parts."""
    parts: list[Part] = []
    plain = ""
    position = 0
    for match in _TOKEN.finditer(text):
        plain += text[position : match.start()]
        position = match.end()
        if match["escaped"]:
            plain += match["escaped"]
            continue
        if plain:
            parts.append(Text(plain))
            plain = ""
        if match["code"]:
            parts.append(CodeSpan(match["code"]))
        elif match["math"]:
            parts.append(Math(match["math"]))
        elif match["strong"]:
            parts.append(Strong(parse_inline(match["strong"])))
        elif match["emphasis"]:
            parts.append(Emphasis(parse_inline(match["emphasis"])))
        else:
            parts.append(Link(match["target"], parse_inline(match["text"])))
    plain += text[position:]
    if plain:
        parts.append(Text(plain))
    return tuple(parts)


def walk_inline(parts: tuple[Part, ...]) -> Iterator[Part]:
    """Yield all parts in order, those inside others after them."""
    for part in parts:
        yield part
        if isinstance(part, Emphasis | Strong | Link):
            yield from walk_inline(part.parts)


def escape_inline(text: str) -> str:
    """Return text of another origin with its marks escaped, so that it is taken literally."""
    return re.sub(r"([*`$\[\]\\])", r"\\\1", text)


_TOGETHER = (
    (re.compile(r"(?<=\d) (?=%)"), "\u202f"),
    (re.compile(r"(?<=[±=×]) (?=\d)|(?<=\d) (?=× 10)"), "\u00a0"),
)


def keep_together(text: str) -> str:
    """Return text in which no line ends between a number and the sign that belongs to it."""
    for pattern, space in _TOGETHER:
        text = pattern.sub(space, text)
    return text


def plain_text(text: str) -> str:
    """Return inline text without its marks, for headings in lists and page titles."""
    return "".join(
        part.text if isinstance(part, Text | CodeSpan) else part.latex
        for part in walk_inline(parse_inline(text))
        if isinstance(part, Text | CodeSpan | Math)
    )
