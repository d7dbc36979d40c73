"""A whole report: complete in three forms, the same twice, and stopped by what is wrong."""

import base64
import io
import json
import os
import re
import shutil
import sys
from functools import partial
from urllib.parse import unquote

import pytest
from fontTools.ttLib import TTFont

from replication.errors import ReportError
from replication.report import build
from replication.report.build import Drawing, add_metadata, set_html
from tests.reliability.faults import ROOT, read_files, run
from tests.unit.report import sample_report
from tests.unit.report.sample_report import BLANK, FOLDER, build_sample, make_models

DRAWN = ("joint", "panels")  # the others are drawn in the tests of experiments


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    build_sample(folder, drawn=DRAWN)
    return folder


def refuse_changed(tmp_path, changes, file="report.md"):
    """Return why the sample with some changes in one of its templates is not written."""
    shutil.copytree(FOLDER, tmp_path / "changed")
    path = tmp_path / "changed" / file
    text = path.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    template = tmp_path / "changed" / "report.md"
    with pytest.raises(ReportError) as caught:
        build_sample(tmp_path / "out", template=template, figures=BLANK, formats=["html"])
    assert not (tmp_path / "out").exists()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_markdown_holds_figure_table_formula_citation_and_references(sample):
    text = (sample / "report.md").read_text()
    assert "](figures/panels.svg)" in text
    assert "**Figure\u00a03.** **Most networks converge early.**" in text
    assert "[Figure\u00a02](#fig:joint)" in text
    assert re.search(r"\| half squared error +\| 42.9 \| +0.031 \|", text)
    assert r"$`\lambda = 0.75`$" in text
    assert "``` math\nh_1 = " in text
    assert "[Hinton and McClelland 1988, 363](#ref-hinton1988)" in text
    assert '<a id="ref-hinton1988"></a>Hinton, Geoffrey E.' in text
    assert "[Data](figures/panels.csv)" in text
    assert "again-data" not in text  # what only a page can do
    assert not re.search(r"<(span|div|figure)", text)
    # Links lead to headings as code hosts name them.
    anchors = set(re.findall(r'<a id="([^"]*)">', text))
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE):
        anchors.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors


def test_page_names_a_picture_for_links_to_it_only_where_that_has_an_address(tmp_path):
    template = tmp_path / "page.md"
    template.write_text("# A page {#page}\n\nText.\n")
    address = "https://example.org/a--b/c_d_e.png"
    for given, expected in (({}, []), ({"picture": ""}, []), ({"picture": address}, [address])):
        metadata = sample_report.METADATA | given
        build_sample(tmp_path, template=template, metadata=metadata, formats=["html"])
        page = (tmp_path / "report.html").read_text()
        assert re.findall(r'<meta property="og:image" content="([^"]*)">', page) == expected


def test_page_holds_figure_table_formula_citation_and_references(sample):
    text = (sample / "report.html").read_text()
    assert text.count('<div class="picture" role="img" aria-label="Two panels') == 1
    assert '<a href="#fig:panels">Figure\u00a03</a>' in text
    assert 'data-label="Largest of 100"><div>\n1,190\n</div></td>' in text
    assert "<mi>λ</mi><mo>=</mo><mn>0.75</mn>" in text
    assert 'id="ref-clopper1934"' in text
    assert "1 November 2026" in text
    # Passed on alone, it has the data of its figures, and the tables to which it links.
    # For example <a download="joint.csv" href="data:text/csv;...">.
    for attributes in re.findall(r"<a ([^>]*download=[^>]*)>", text):
        name, data = (re.search(rf'{key}="([^"]*)"', attributes)[1] for key in ("download", "href"))
        folder = sample / ("" if name == "readings.csv" else "figures")
        assert unquote(data) == f"data:text/csv;charset=utf-8,{(folder / name).read_text()}"
    assert text.count(' download="') == 5
    assert "made by <code>measure --all &lt;speed></code>" in text
    assert set(re.findall(r'href="#([^"]*)"', text)) <= set(re.findall(r' id="([^"]*)"', text))
    # It asks nothing of any server.
    # For example src="data:image/png..." or url(data:font/ttf...).
    addresses = re.findall(r'(?:src|href)="(?!#)([^"]*)"|url\(([^)]*)\)', text)
    for address in (one or other for one, other in addresses):
        assert address.startswith(("data:", "https://doi.org/", "#", "learning.html"))


@pytest.mark.parametrize("form", ["md", "html"])
def test_number_keeps_its_unit_on_its_line(sample, form):
    text = re.sub(r"</?strong>|\*\*", "", (sample / f"report.{form}").read_text())
    assert "at 95\u202f%, are" in text
    assert "near 1\u00a0×\u00a010⁻¹⁴ and" in text
    assert "5\u00a0MiB, 6 series" in text


def test_pdf_is_tagged_dated_as_told_and_holds_all_words(sample):
    pdf = (sample / "report.pdf").read_bytes()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"2026-11-01" in pdf
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is missing")
    words = " ".join(run("pdftotext", "-layout", sample / "report.pdf", "-").stdout.split())
    for expected in ("1988: 48 and 202", "Table 1. Only the paper", "McClelland 1988, 363)"):
        assert expected in words


def test_byline_has_author_day_version_and_licence_and_the_version_may_be_missing():
    metadata = {"author": "A. B.", "date": "2026-03-09", "licence": "MIT", "version": "1.2"}
    fields = json.loads(add_metadata("", metadata=metadata, commands={}).split("\n")[1])
    assert fields["byline"] == "A. B. · 9 March 2026 · version 1.2 · MIT licence"
    assert (fields["year"], fields["month"], fields["day"]) == ("2026", "3", "9")
    del metadata["version"]
    text = add_metadata("Words.", metadata=metadata, commands={"joint": "measure `all`"})
    fields = json.loads(text.split("\n")[1])
    assert fields["byline"] == "A. B. · 9 March 2026 · MIT licence"
    assert fields["commands"] == {"joint": "`measure 'all'`"}
    assert text.endswith("\n---\n\nWords.")


def test_a_page_brings_the_letters_of_its_formulas_along_and_no_font_without_any():
    def list_letters(formula):
        page = set_html(f"<!--STYLE--><math>{formula}</math>", figures={}, tables={})
        font = re.search(r"'Report Math';src:url\(data:font/ttf;base64,([^)]*)\)", page)
        if font is None:
            return None
        return {*map(chr, TTFont(io.BytesIO(base64.b64decode(font[1]))).getBestCmap())}

    # A single letter is slanted by a sign of its own; a note says what was typed.
    assert list_letters("<mi>b</mi>") == {"b", "𝑏", "ℎ"}
    assert list_letters("<mi>λ</mi><annotation>\\xyz</annotation>") == {"λ", "𝜆", "ℎ"}
    assert list_letters("<msqrt><mn>2</mn></msqrt>") == {"2", "√", "ℎ"}
    assert list_letters("<mn></mn>") is None


def test_each_figure_that_is_shown_has_its_data(sample):
    names = {path.name for path in (sample / "figures").iterdir()}
    assert names == {f"{name}.{kind}" for name in sample_report.FIGURES for kind in ("svg", "csv")}
    data = (sample / "figures" / "panels.csv").read_text().splitlines()
    assert "1,updates (λ = 0.75),share of networks,1,0,0.1," in data
    assert "2,updates,share converged,paper,20,0.1," in data


def test_another_process_writes_the_same_bytes_whatever_its_surroundings(sample, tmp_path):
    # A home that cannot be written to, another locale, zone and hash seed, and no current folder.
    home, folder = tmp_path / "home", tmp_path / "tëmporär _~_"
    home.mkdir(mode=0o500)
    folder.mkdir()
    entries = shutil.copy(FOLDER / "references.bib", folder)
    code = (
        "import os, sys; from pathlib import Path;"
        "from tests.unit.report.sample_report import build_sample;"
        "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone');"
        f"build_sample(Path(sys.argv[1]), drawn={DRAWN}, bibliography=Path(sys.argv[2]))"
    )
    environment = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ}
    environment |= {
        "HOME": str(home), "TMPDIR": str(folder), "LC_ALL": "C", "TZ": "Asia/Kathmandu",
        "PYTHONHASHSEED": "12", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = (sys.executable, "-c", code, tmp_path / "again", entries)
    done = run(*command, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_files(tmp_path / "again") == read_files(sample)


def test_every_mistake_in_references_is_named(tmp_path):
    changes = {
        "[](#limits)": ("[](#bounds), [](#bounds)", "a reference to #bounds, which"),
        "[](#fig:panels)": ("[](#fig:panel)", "a reference to #fig:panel, which"),
        "[@clopper1934]": ("[@clopper1943]", "citation clopper1943 not found"),
        "{#tbl:small}": ("", "a table has no caption or no identifier"),
        "#verdict-first": ("#fig:joint", "the identifier #fig:joint stands twice"),
        "# References": ("![](figures/joint.svg) in the line.\n\n# R", "must be a paragraph of"),
    }
    complaints = refuse_changed(tmp_path, {old: new for old, (new, _) in changes.items()})
    for _, message in changes.values():
        assert complaints.count(message) == 1


def test_unknown_figure_or_formula_and_figure_without_words_stop_it(tmp_path):
    message = refuse_changed(tmp_path / "0", {"\\varepsilon = 20": "\\unheardof{20}"})
    assert "Could not convert TeX math" in message
    message = refuse_changed(tmp_path / "1", {"figures/joint.svg": "figures/joined.svg"})
    assert "no figure 'joined'; there are: joint" in message
    message = refuse_changed(tmp_path / "2", {" alt=": " title="}, file="speed/chapter.md")
    assert "figures/panels.svg has no alternative text" in message


def test_failing_pandoc_is_one_clear_line(tmp_path, monkeypatch):
    program = tmp_path / "pandoc"
    program.write_text("#!/bin/sh\necho oh dear >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(build, "find_pandoc", lambda: str(program))
    with pytest.raises(ReportError, match="failed with exit code 3: oh dear"):
        build_sample(tmp_path / "out", figures=BLANK)


def test_untrue_sentence_and_figure_that_cannot_be_drawn_stop_the_report(tmp_path):
    models = make_models()
    models["speed"]["claims"]["rapid"]["share"] = 0.5
    figures = BLANK | {"joint": Drawing("joint", partial(sample_report.plot_joint, {}), "")}
    for changes, message in (
        ({"models": models}, r"^speed/chapter.md:3: ValueError: a sentence is not true"),
        ({"figures": figures}, "'joint' cannot be drawn: KeyError: 'joint'"),
    ):
        with pytest.raises(ReportError, match=message):
            build_sample(tmp_path / "out", **changes)
