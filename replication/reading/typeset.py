"""Take off what typesetting puts around a number or a name."""

import functools
import re
from collections.abc import Callable

LONGEST = 200  # letters of a cell that are read
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
PLAIN = re.compile(r"[-+]?[0-9.]*")  # -0.83, which needs no cleaning
BARE = r"\s*[-+]?[0-9][0-9.,]*\s*%?\s*"  # a number, in a pattern

Replacement = str | Callable[[re.Match[str]], str]


def _write_power(match: re.Match[str]) -> str:
    """Return 10⁻³ as 10^-3."""
    return f"10^{match[1].translate(SUPERSCRIPTS)}"


TYPESET: tuple[tuple[str, Replacement], ...] = (
    (r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", _write_power),  # 10⁻³
    (r"\\(?:cell|row|text)?color(?:\[\w+\])?\{[^{}]*\}", ""),  # \textcolor{red}{0.8}
    (r"\\(?:scriptscript|script|footnote|small|tiny|large|bf|it|rm)(?:size|style|series)?\b", ""),
    (r"\\multi(?:row|column)\{[^{}]*\}\{[^{}]*\}", ""),  # \multirow{2}{*}{0.8}
    (r"\\(?:[hv]?phantom|[hv]space\*?)\s*\{[^{}]*\}", ""),  # \phantom{1}3.1 is no 13.1
    (r"\\(?:(?:color|raise|scale|rotate)box|href)\{[^{}]*\}(?=\{)", ""),  # \href{https://a.b}{0.8}
    (r"\\,(?=[0-9]{3}(?![0-9]))", "\u202f"),  # 3\,100, in LaTeX
    (r"\[([^\[\]]+)\]\((?:https?:|[./#])[^()\s]*\)", r"\1"),  # [Ant](https://a.b), in Markdown
    (r"<(del|s|strike)>[^<>]*</\1>", ""),  # <del>0.83</del> 0.85 is 0.85
    (r"<su[bp]>\s*\(?([-+±0-9.,]+%?)\)?\s*</su[bp]>", r" (\1)"),  # 83<sub>2</sub> is no 832
    (r"<sup>(?:\b[a-z]\b|[^\w<>])*</sup>", ""),  # <sup>a,b</sup>, marks of footnotes
    (r"(?<=[0-9%*$)>])\s*<sup>\s*ns\s*</sup>", ""),  # 0.83<sup>ns</sup>, not significant
    (r"\$|\*\*|__|\\[,;:! ]|\\(?:left|right|pmb|bm)\b|<[^<>]{0,20}>", ""),
    (r"\{,\}", ","),  # 0{,}831
    (r"\\([_&#%])", r"\1"),
    (r"\\(?:text)?pm(?![A-Za-z])(?:\{\})?|\+/[-−]|\+-|\+−", "±"),
    (r"[_^]\s*\{?\s*±\s*([^{}^_]*)\}?", r" ± \1"),  # 0.83_{\pm 0.04}
    (r"(?<=[0-9])_\{\s*\(?([0-9.]+%?)\)?\s*\}$", r" (\1)"),  # 0.83_{0.04}
    (r"[−‒]|–(?=[0-9.])(?<![0-9.%]–)(?<![0-9.%] –)", "-"),
    (r"(?<=[0-9])[\u2009\u202f\u00a0’](?=[0-9]{3}(?![0-9]))", "'"),  # 12 345, by a thin space
    (
        r"\s*(?:×|\\(?:times|cdot)(?![A-Za-z]))\s*10\s*(?:\^\s*\{?\s*|(?=[+-]))([+-]?[0-9]{1,3})\}?",
        r"e\1",
    ),
    (r"\s*·\s*10\s*\^\s*\{?\s*([+-]?[0-9]{1,3})\}?", r"e\1"),
    (r"(?<=[0-9])·(?=[0-9])", "."),  # 10·0, as The Lancet prints
    (r"[\u2009\u202f\u00a0~]", " "),
    (r"_\{?(-\s?[0-9.e]+)\}?\s*\^\{?(\+\s?[0-9.e]+)\}?", r" \2 \1"),  # _{-0.3}^{+0.2}
    (r"\^\{?(\+\s?[0-9.e]+)\}?\s*_\{?(-\s?[0-9.e]+)\}?", r" \1 \2"),  # ^{+0.2}_{-0.3}
    (r"\\text(?:super|sub)script\{\s*(?:[a-z]|\W+)\s*\}", ""),  # the mark of a footnote
    (rf"\\[A-Za-z]+\{{({BARE})\}}\{{({BARE})\}}", r"\1 (\2)"),  # \res{83}{2} is no 832
    (rf"(?<=[0-9%}}])\s*\\[A-Za-z]+\{{\(?({BARE})\)?\}}", r" (\1)"),  # 83\std{2} neither
    (r"\\[A-Za-z]+\s*\{([^{}]*)\}", r"\1"),  # \mathbf{0.8}, \best{0.8}
    (r"\s*\^?\s*\{?\s*(?:[*†‡§]|\\(?:d?dagger|ast|star)\b)+\s*\}?|\^\{?[a-z]\}?", ""),
    (r"[↑↓🥇🥈🥉🏆]|\\(?:up|down)arrow\b", ""),
    (r"\s+", " "),
)
"""Regular expressions and what replaces a match, in the order in which they are applied."""
BARE_NAME = re.compile(r"(?!.*(?:__|  ))[A-Za-z0-9_ .,%()/:=-]*")  # eval/reward, Mean (SD)


@functools.cache
def compile_patterns() -> tuple[tuple[re.Pattern[str], Replacement], ...]:
    """Return the patterns, compiled when they are first needed."""
    return tuple((re.compile(pattern), plain) for pattern, plain in TYPESET)


@functools.lru_cache(maxsize=4096)
def clean(text: str) -> str:
    r"""Return the first 200 letters of a text, without what typesetting puts around it.

    >>> clean(r"$\mathbf{0.83}_{\pm 0.04}$"), clean("10·0"), clean("8.3 × 10⁻¹")
    ('0.83 ± 0.04', '10.0', '8.3e-1')
    """
    body = text.strip()[:LONGEST]
    if PLAIN.fullmatch(body) or BARE_NAME.fullmatch(body):
        return body
    # Repeated until nothing changes, since a command may hold another: \textbf{\underline{0.8}}
    before = ""
    while body != before:
        before = body
        for pattern, plain in compile_patterns():
            body = pattern.sub(plain, body)
    # Braces that are left, and belong to no index or power, are taken off.
    has_braces = "{" in body or "}" in body
    if has_braces and not re.search(r"[_^]\{", body):
        body = re.sub(rf"(?<=[0-9%])\s*\{{({BARE})\}}", r" (\1)", body)  # 83{2} is no 832
        body = re.sub("[{}]", "", body)
    return body.strip()


@functools.lru_cache(maxsize=65536)
def fold(text: str) -> str:
    r"""Return a name in the form in which names are compared.

    LaTeX, capital letters, and spaces, points, hyphens or underscores make no difference.

    >>> fold(r"\textbf{Half-Cheetah}"), fold("half_cheetah")
    ('half_cheetah', 'half_cheetah')
    """
    return re.sub(r"[\s._-]+", "_", clean(text).lower()).strip("_")
