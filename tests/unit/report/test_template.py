"""Templates: numbers by name, guards, and errors that name file and line."""

import html as html_module
import re

import pypandoc
import pytest

from replication.errors import ReportError
from replication.report.build import READ
from replication.report.template import fill

CLAIMS = {"rapid": {"verdict": "holds, except"}}
SPEED = {"mean": 46.512, "n": 1_000_000, "none": None, "items": 3, "word": "a", "claims": CLAIMS}


def render(tmp_path, text, **others):
    for name, content in {"report": text, **others}.items():
        (tmp_path / f"{name}.md").write_text(content)
    return fill(tmp_path / "report.md", {"speed": SPEED}, {"version": "0.2.0"})


@pytest.mark.parametrize(("text", "expected"), [
    ("{{ speed.mean | number(3) }} of {{ speed.n }}", "46.5 of 1,000,000"),
    ("{{ metadata.version }}", "0.2.0"),
    ("{{ speed.items }}", "3"),  # and not the method of a dictionary
    ('{{ verdict("rapid") }}', "holds, except"),  # of whichever model judged
    ('{{ verdict("rapid") | badge }}', "[◐\u00a0holds, except]{.badge .partly}"),
    ("<!-- why -->a {{ require(speed.mean < 48) }}b {#fig:x}", "a b {#fig:x}"),
    ('{{ verdict("rapid") | sign }}', "[◐]{.badge .partly}"),
    ("a\n  {% set x = 1 %}\n{{ x }}\n\n", "a\n1\n\n"),
    ("{% for i in [1, 2] %}\n| {{ i }}\n{% endfor %}\n", "| 1\n| 2\n"),
])  # fmt: skip
def test_numbers_and_verdicts_are_filled_in_and_commands_leave_no_trace(tmp_path, text, expected):
    assert render(tmp_path, text) == expected


@pytest.mark.parametrize(("line", "problem"), [
    ("{{ speed.median | number(3) }}", "UndefinedError: 'dict object' has no attribute 'median'"),
    ("{{ pace.mean | percent }}", "'pace' is undefined"),
    ("{{ speed.none | fixed(1) }}", "a finite number was expected, got None"),
    ("{{ speed.none }}", "None is written without a filter"),
    ("{{ speed.mean }}", "46.512 is written without a filter; say how"),
    ("{{ speed.claims }}", "is written without a filter"),
    ("{{ require(speed.mean > 48) }}", "a sentence is not true of these numbers"),
    ("{{ require(speed.items - 3) }}", "a sentence is not true of these numbers"),
    ("{{ require(speed.median) }}", "has no attribute 'median'"),
    ('{{ verdict("symmetry") }}', "has no attribute 'symmetry'"),
    ("{{ speed.mean / 0 }}", "ZeroDivisionError"),
    ('{% include "other.md" %}', "TemplateNotFound: other.md"),
    ("{% for x in %}", "Expected an expression"),
    ("{{ speed.mean | nubmer }}", "No filter named 'nubmer'"),
    # A text of a model cannot be made into another, which would not be escaped.
    ("{{ speed.word.upper() }}", "a text of a model has no 'upper'; write it as it is"),
    ("{{ speed.word | upper }}", "No filter named 'upper'"),
    ("{{ speed.word | replace('a', 'b') }}", "No filter named 'replace'"),
])  # fmt: skip
def test_error_names_file_and_line_of_the_chapter(tmp_path, line, problem):
    chapter = f"## Title\n\nA sentence.\n{line}\n"
    with pytest.raises(ReportError) as caught:
        render(tmp_path, 'Front.\n\n{% include "chapter.md" %}\n', chapter=chapter)
    assert str(caught.value).startswith("chapter.md:4: ")
    assert problem in str(caught.value)


HOSTILE = [
    "<script>alert(1)</script>", "[x](javascript:alert(1))",
    "![x](https://example.org/pixel.png)", "`<b>`{=html}", "*x* _y_ $z$ ~a~ ^b^ @hinton1988 |",
    "&lt;img src=x onerror=alert(1)&gt;", "x\n\n```{=html}\n<script>alert(1)</script>\n```\n",
    "{.raw} \\` \\<script>",
]  # fmt: skip


def test_text_of_a_model_is_never_markup(tmp_path):
    template = tmp_path / "report.md"
    ways = ("{{ t }}", '{{ "a " ~ t }}', '{{ [t] | join(",") }}')
    written = "".join(f"{way}\n\n```{{=html}}\n<p>{way}</p>\n```\n\n" for way in ways)
    template.write_text(f"{{% for t in m.keys %}}\n{written}\n{{% endfor %}}\n")
    markdown = fill(template, {"m": {"keys": HOSTILE}}, {})
    html = pypandoc.convert_text(markdown, "html5", format=READ)
    assert not re.search(r"<(?!/?p>)[a-z]", html)
    words = html_module.unescape(re.sub(r"<[^>]*>", "", html))
    for part in re.findall(r"\w+", " ".join(HOSTILE)):
        assert words.count(part) >= 3
