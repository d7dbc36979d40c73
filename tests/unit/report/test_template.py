"""Templates: numbers by name, guards, and errors that name file and line."""

import html as html_module
import re

import pypandoc
import pytest

from replication.errors import ReportError
from replication.report.pandoc import READ
from replication.report.template import Template

CLAIMS = {"rapid": {"verdict": "holds, except"}}
SPEED = {"mean": 46.512, "n": 1_000_000, "none": None, "items": 3, "claims": CLAIMS}
MODELS = {"speed": SPEED}


def render(tmp_path, text, **others):
    for name, content in {"report": text, **others}.items():
        (tmp_path / f"{name}.md").write_text(content)
    return Template(tmp_path / "report.md").render(MODELS, {"version": "0.2.0"})


def test_numbers_come_from_the_models_by_name(tmp_path):
    text = "{{ speed.mean | number(3) }} of {{ speed.n }} in {{ metadata.version }}"
    assert render(tmp_path, text) == "46.5 of 1,000,000 in 0.2.0"
    assert render(tmp_path, "{{ speed.items }}") == "3"  # and not the method of a dictionary


def test_verdict_is_found_in_whichever_model_judged(tmp_path):
    assert render(tmp_path, '{{ verdict("rapid") }}') == "holds, except"
    badge = render(tmp_path, '{{ verdict("rapid") | badge }}')
    assert badge == "[◐\u00a0holds, except]{.badge .partly}"


def test_comment_guard_and_loop_leave_no_trace(tmp_path):
    text = (
        "<!-- why -->a\n\n{{ require(speed.mean < 48) }}b {#fig:x}\n"
        "{% for i in [1, 2] %}\n| {{ i }}\n{% endfor %}\n"
    )
    assert render(tmp_path, text) == "a\n\nb {#fig:x}\n| 1\n| 2\n"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{{ speed.median | number(3) }}", "there is no 'median' here; there are: mean, n, none,"),
        ("{{ pace.mean | percent }}", "'pace' is undefined"),
        ("{{ speed.none | fixed(1) }}", "a finite number was expected, got None"),
        ("{{ speed.none }}", "None is written without a filter"),
        ("{{ speed.mean }}", "46.512 is written without a filter; say how"),
        ("{{ speed.claims }}", "is written without a filter"),
        ("{{ require(speed.mean > 48) }}", "a sentence is not true of these numbers"),
        ("{{ require(speed.items - 3) }}", "a sentence is not true of these numbers"),
        ("{{ require(speed.median) }}", "there is no 'median' here; there are: mean, n, none"),
        ('{{ verdict("symmetry") }}', "there is no 'symmetry' here; there are: rapid"),
        ("{{ speed.mean / 0 }}", "ZeroDivisionError"),
        ('{% include "other.md" %}', "there is no template 'other.md'"),
        ("{% for x in %}", "Expected an expression"),
        ("{{ speed.mean | nubmer }}", "No filter named 'nubmer'"),
    ],
)
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
    markdown = Template(template).render({"m": {"keys": HOSTILE}}, {})
    html = pypandoc.convert_text(markdown, "html5", format=READ)
    assert not re.search(r"<(?!/?p>)[a-z]", html)
    words = html_module.unescape(re.sub(r"<[^>]*>", "", html))
    for part in re.findall(r"\w+", " ".join(HOSTILE)):
        assert words.count(part) >= 3


@pytest.mark.parametrize(
    "written", ["{{ m.x.upper() }}", "{{ m.x | upper }}", "{{ m.x | replace('a', 'b') }}"]
)
def test_text_of_a_model_cannot_be_made_into_another(tmp_path, written):
    (tmp_path / "report.md").write_text(written)
    with pytest.raises(ReportError, match="report.md:1"):
        Template(tmp_path / "report.md").render({"m": {"x": "a"}}, {})
