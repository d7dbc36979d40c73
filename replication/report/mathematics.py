r"""Formulas: one LaTeX subset, turned into MathML for the page and Typst for the PDF.

The subset: letters, numbers, signs, ``_`` and ``^`` with braces, ``\frac``,
``\text``, ``\left( \right)``, ``\quad`` and the names in `SYMBOLS`, `SIGNS` and
`FUNCTIONS`. A code host renders the same LaTeX itself; because it reads
Markdown first, there is no command of a backslash and a sign (no ``\,``).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass


class FormulaError(ValueError):
    """A formula outside the subset."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One atom: kind is "mi" (name), "mn" (number), "mo" (sign) or "mtext"."""

    kind: str
    text: str
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A row, fraction or script; `base` with `parts` below, above or both."""

    kind: str
    parts: tuple[Tree, ...]


Tree = Leaf | Node

SYMBOLS = {
    "alpha": "α", "epsilon": "ϵ", "varepsilon": "ε", "lambda": "λ", "sigma": "σ", "tau": "τ",
    "mu": "μ", "partial": "∂", "infty": "∞", "Delta": "Δ",
}  # fmt: skip
SIGNS = {
    "cdot": "⋅", "times": "×", "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈", "in": "∈",
    "ldots": "…", "pm": "±", "sum": "∑", "to": "→", "mid": "|", "propto": "∝", "sim": "∼",
    "rightarrow": "→", "lbrace": "{", "rbrace": "}",
}  # fmt: skip
SPACES = {"quad": "1em", "qquad": "2em"}
FUNCTIONS = ("min", "max", "exp", "log", "Pr")
_TOKEN = re.compile(
    r"\\text\{[^}]*\}"
    r"|\\(?:[A-Za-z]+)|[0-9]+(?:\.[0-9]+)?|[A-Za-z]|\s+|.",
    re.DOTALL,
)
_TYPST_SPECIAL = re.compile(r"([#$\\\"_^/&'`@~{}|,;:()\[\]*])")


def parse_formula(latex: str) -> Node:
    """Parse the LaTeX subset into a tree.

    Raises
    ------
    FormulaError
        If a command is outside the subset or a brace is not closed.
    """
    tokens = [match.group() for match in _TOKEN.finditer(latex) if match.group().strip()]
    tree, _ = _parse_row(tokens, latex, closing=None)
    return tree


def _parse_row(tokens: list[str], latex: str, *, closing: str | None) -> tuple[Node, list[str]]:
    parts: list[Tree] = []
    while tokens:
        token = tokens[0]
        if token == "}":
            if closing != "}":
                raise FormulaError(f"formula {latex!r}: a brace is closed that was not opened")
            return Node("row", tuple(parts)), tokens[1:]
        if token in "_^":
            script, tokens = _parse_atom(tokens[1:], latex)
            if not parts:
                raise FormulaError(f"formula {latex!r}: {token!r} has nothing before it")
            parts.append(_add_script(parts.pop(), script, sub=token == "_"))
            continue
        atom, tokens = _parse_atom(tokens, latex)
        parts.append(atom)
    if closing is not None:
        raise FormulaError(f"formula {latex!r}: a brace is not closed")
    return Node("row", tuple(parts)), []


def _parse_atom(tokens: list[str], latex: str) -> tuple[Tree, list[str]]:
    if not tokens:
        raise FormulaError(f"formula {latex!r} ends too early")
    token, rest = tokens[0], tokens[1:]
    if token == "{":
        return _parse_row(rest, latex, closing="}")
    if token.startswith("\\"):
        return _parse_command(token[1:], rest, latex)
    if token[0].isdigit():
        return Leaf("mn", token), rest
    if token.isalpha():
        return Leaf("mi", token), rest
    return Leaf("mo", "−" if token == "-" else token), rest


def _parse_command(name: str, rest: list[str], latex: str) -> tuple[Tree, list[str]]:
    if name in ("left", "right"):
        return Leaf("mo", rest[0].removeprefix("\\")), rest[1:]
    if name == "frac":
        above, rest = _parse_atom(rest, latex)
        below, rest = _parse_atom(rest, latex)
        return Node("frac", (above, below)), rest
    if name.startswith("text{"):
        return Leaf("mtext", name[len("text{") : -1]), rest
    if name in SYMBOLS:
        return Leaf("mi", SYMBOLS[name]), rest
    if name in SIGNS:
        return Leaf("mo", SIGNS[name]), rest
    if name in SPACES:
        return Leaf("space", SPACES[name]), rest
    if name in FUNCTIONS:
        return Leaf("mi", name, upright=True), rest
    raise FormulaError(f"formula {latex!r}: \\{name} is outside the subset")


def _add_script(base: Tree, script: Tree, *, sub: bool) -> Node:
    if isinstance(base, Node) and base.kind in ("sub", "sup"):
        if (base.kind == "sub") == sub:
            raise FormulaError("a formula has two subscripts or superscripts on one base")
        low, high = (script, base.parts[1]) if sub else (base.parts[1], script)
        return Node("subsup", (base.parts[0], low, high))
    return Node("sub" if sub else "sup", (base, script))


def to_mathml(latex: str, *, display: bool = False, spoken: str = "") -> str:
    """Return a MathML element; `spoken` is read aloud in place of the symbols."""
    attributes = ' display="block"' if display else ""
    if spoken:
        attributes += f' aria-label="{html.escape(spoken)}"'
    return f"<math{attributes}>{_mathml(parse_formula(latex))}</math>"


def _mathml(tree: Tree) -> str:
    if isinstance(tree, Leaf):
        if tree.kind == "space":
            return f'<mspace width="{tree.text}"></mspace>'
        text = html.escape(tree.text, quote=False)
        if tree.upright:
            return f'<mspace width="0.17em"></mspace><mi>{text}</mi>'
        rigid = tree.kind == "mo" and tree.text in "()[]{}|"
        variant = ' stretchy="false"' if rigid else ""
        return f"<{tree.kind}{variant}>{text}</{tree.kind}>"
    inner = "".join(_mathml(part) for part in tree.parts)
    if tree.kind == "row":
        return inner if len(tree.parts) == 1 else f"<mrow>{inner}</mrow>"
    names = {"frac": "mfrac", "sub": "msub", "sup": "msup", "subsup": "msubsup"}
    name = names[tree.kind]
    if tree.parts[0] == Leaf("mo", "∑"):
        name = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}[name]
    return f"<{name}>{inner}</{name}>"


def to_typst(latex: str) -> str:
    """Return the formula in Typst's notation, without the dollar signs."""
    return _typst(parse_formula(latex)).strip()


def _typst(tree: Tree) -> str:
    if isinstance(tree, Leaf):
        if tree.kind == "space":
            return f"#h({tree.text})"
        if tree.kind == "mtext":
            return f'"{tree.text}"'
        if tree.kind == "mi":
            return f'upright("{tree.text}")' if tree.upright else tree.text
        return _TYPST_SPECIAL.sub(r"\\\1", tree.text) if tree.kind == "mo" else tree.text
    parts = [_typst(part) for part in tree.parts]
    match tree.kind:
        case "row":
            return " ".join(parts)
        case "frac":
            return f"frac({parts[0]}, {parts[1]})"
        case "sub":
            return f"{parts[0]}_({parts[1]})"
        case "sup":
            return f"{parts[0]}^({parts[1]})"
        case _:
            return f"{parts[0]}_({parts[1]})^({parts[2]})"
