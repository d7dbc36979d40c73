"""A whole report: complete in three forms, and the same twice."""

import copy
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree as ET
from functools import partial
from pathlib import Path

import pytest

from replication.errors import ReportError, StorageError, WorkerError
from replication.report import pandoc
from replication.report.build import Drawing
from tests.unit.report.sample_report import (
    FOLDER,
    METADATA,
    build_sample,
    make_figures,
    make_models,
    plot_joint,
)

ROOT = Path(__file__).parents[3]


def read_all(folder: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def copy_templates(tmp_path: Path, changes: dict[str, str], file: str = "report.md") -> Path:
    """Copy the sample's templates with some changes in one of them."""
    shutil.copytree(FOLDER, tmp_path / "changed")
    path = tmp_path / "changed" / file
    text = path.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    return tmp_path / "changed" / "report.md"


# --- What stands in each form --------------------------------------------------------------------


def test_markdown_holds_figure_table_formula_citation_and_references(sample: Path) -> None:
    text = (sample / "report.md").read_text()
    assert "](figures/panels.svg)" in text
    assert "**Figure\u00a03.** **Most networks converge early.**" in text
    assert "[Figure\u00a02](#fig:joint)" in text
    assert '<a id="fig:joint"></a>' in text
    assert re.search(r"\| half squared error +\| 42.9 \| +0.031 \|", text)
    assert r"$`\lambda = 0.75`$" in text
    assert "``` math\nh_1 = " in text
    assert "[Hinton and McClelland 1988, 363](#ref-hinton1988)" in text
    assert '<a id="ref-hinton1988"></a>Hinton, Geoffrey E.' in text
    assert "again-data" not in text  # what only a page can do
    assert not re.search(r"<(span|div|figure)", text)


def test_links_inside_the_markdown_lead_to_headings_as_code_hosts_name_them(sample: Path) -> None:
    text = (sample / "report.md").read_text()
    anchors = set(re.findall(r'<a id="([^"]*)">', text))
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE):
        anchors.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors


def test_page_holds_figure_table_formula_citation_and_references(sample: Path) -> None:
    text = (sample / "report.html").read_text()
    assert text.count('<div class="picture" role="img" aria-label="Two panels') == 1
    assert '<a href="#fig:panels">Figure\u00a03</a>' in text
    assert 'data-label="Largest of 100"><div>\n1,190\n</div></td>' in text
    assert "<mi>λ</mi><mo>=</mo><mn>0.75</mn>" in text
    assert "@font-face{font-family:'Report Math'" in text
    assert 'href="#ref-clopper1934"' in text
    assert 'id="ref-clopper1934"' in text
    assert METADATA["citation"] in text
    assert "1 November 2026" in text
    assert "version 0.2.0" in text
    assert set(re.findall(r'href="#([^"]*)"', text)) <= set(re.findall(r' id="([^"]*)"', text))


@pytest.mark.parametrize("form", ["md", "html"])
def test_number_keeps_its_unit_on_its_line(sample: Path, form: str) -> None:
    text = re.sub(r"</?strong>|\*\*", "", (sample / f"report.{form}").read_text())
    assert "at 95\u202f%, are" in text
    assert "near 1\u00a0×\u00a010⁻¹⁴ and" in text
    assert "5\u00a0MiB, 6 series" in text


def test_page_asks_nothing_of_any_server(sample: Path) -> None:
    text = (sample / "report.html").read_text()
    addresses = re.findall(r'(?:src|href)="(?!#)([^"]*)"|url\(([^)]*)\)', text)
    for address in (one or other for one, other in addresses):
        assert address.startswith(("data:", "https://doi.org/", "#", "figures/"))


def test_pdf_is_tagged_dated_as_told_and_holds_all_words(sample: Path) -> None:
    pdf = (sample / "report.pdf").read_bytes()
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"2026-11-01" in pdf
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is missing")
    words = " ".join(
        subprocess.run(
            ["pdftotext", "-layout", str(sample / "report.pdf"), "-"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    )
    for expected in (
        "How long does recirculation take to learn?",
        "Figure 3. Most networks converge early.",
        "reported: 48 and 202",
        "Table 1. Only the paper",
        "1,190",
        "(Hinton and McClelland 1988, 363)",
        "How to cite. The contributors (2026)",
    ):
        assert expected in words


def test_page_links_the_data_of_a_figure_and_says_what_makes_it(sample: Path) -> None:
    html, markdown = ((sample / f"report.{kind}").read_text() for kind in ("html", "md"))
    assert '<a href="figures/panels.csv">Data (CSV)</a>' in html
    assert "made by <code>measure --all &lt;speed></code>" in html
    assert "[Data](figures/panels.csv)" in markdown
    data = (sample / "figures" / "panels.csv").read_text().splitlines()
    assert data[0] == "panel,x axis,y axis,series,x,y,value"
    assert "1,updates (λ = 0.75),share of networks,1,0,0.1," in data
    assert "2,updates,share converged,paper,20,0.1," in data


def test_report_is_set_where_no_thread_can_be_started(
    sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", fail)
    build_sample(tmp_path, formats=["md", "html"])
    assert (tmp_path / "report.html").read_bytes() == (sample / "report.html").read_bytes()


def test_each_figure_that_is_shown_is_an_svg_with_its_data(sample: Path) -> None:
    names = {path.name for path in (sample / "figures").iterdir()}
    assert names == {
        f"{name}.{kind}" for name in ("loop", "joint", "panels") for kind in ("svg", "csv")
    }
    for path in (sample / "figures").glob("*.svg"):
        ET.parse(path)


# --- The same twice -------------------------------------------------------


def test_another_process_writes_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    code = (
        "import sys; from pathlib import Path;"
        "from tests.unit.report.sample_report import build_sample;"
        "build_sample(Path(sys.argv[1]))"
    )
    environment = {
        **{key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ},
        "HOME": str(home),
        "LC_ALL": "C",
        "TZ": "Asia/Kathmandu",
        "TERM": "dumb",
        "PYTHONHASHSEED": "12",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "again")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert read_all(tmp_path / "again") == read_all(sample)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """Write a template with one figure."""
    path = tmp_path / "short.md"
    path.write_text(
        "Seen in [](#fig:panels).\n\n"
        '![**A title.** Words.](figures/panels.svg){#fig:panels alt="Two panels."}\n'
    )
    return path


def test_short_report_draws_only_what_it_shows(short: Path, tmp_path: Path) -> None:
    names = build_sample(tmp_path / "out", template=short, formats=["html", "md"])
    figures = {"figures/panels.csv", "figures/panels.svg"}
    assert set(names) == {*figures, "report.html", "report.md"}


# --- What stops a report -------------------------------------------------------------------------


def test_every_mistake_in_references_is_named_with_its_place(tmp_path: Path) -> None:
    changes = {
        "[](#limits)": ("[](#bounds), [](#bounds)", "report.md:41: a reference to #bounds, which"),
        "[](#fig:panels)": ("[](#fig:panel)", "report.md:41: a reference to #fig:panel, which"),
        "[@clopper1934]": ("[@clopper1943]", "report.md:47: @clopper1943 is cited, but has no"),
        "{#tbl:small}": ("", "a table has no caption or no identifier"),
        "#verdict-first": ("#fig:joint", "the identifier #fig:joint stands twice"),
        "# References": (
            "![](figures/joint.svg) in the line.\n\n# R",
            "must be a paragraph of its",
        ),
    }
    template = copy_templates(tmp_path, {old: new for old, (new, _) in changes.items()})
    with pytest.raises(ReportError) as caught:
        build_sample(tmp_path / "out", template=template, formats=["html"])
    complaints = str(caught.value).split("; ")
    assert len(complaints) == len(changes)
    for _, message in changes.values():
        assert sum(message in complaint for complaint in complaints) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("figures/joint.svg", "figures/joined.svg", "no figure 'joined'; there are: joint"),
        ("\\varepsilon = 20", "\\unheardof{20}", "Could not convert TeX math"),
    ],
)
def test_figure_or_formula_that_is_not_known_stops_the_report(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    template = copy_templates(tmp_path, {old: new})
    with pytest.raises(ReportError, match=message) as caught:
        build_sample(tmp_path / "out", template=template, formats=["html"])
    assert "\n" not in str(caught.value)


def test_figure_without_alternative_text_stops_the_report(tmp_path: Path) -> None:
    text = (FOLDER / "speed" / "chapter.md").read_text()
    alt = re.search(r' alt="Two[^"]*"', text)
    assert alt is not None
    template = copy_templates(tmp_path, {alt[0]: ""}, file="speed/chapter.md")
    with pytest.raises(ReportError, match=r"speed/chapter.md:9: .*has no alternative text"):
        build_sample(tmp_path / "out", template=template, formats=["md"])


def test_sentence_that_has_become_untrue_stops_the_report(tmp_path: Path) -> None:
    models = copy.deepcopy(make_models())
    models["speed"]["claims"]["rapid"]["share"] = 0.5
    with pytest.raises(ReportError, match=r"^speed/chapter.md:3: a sentence is not true"):
        build_sample(tmp_path / "out", models=models)
    assert not (tmp_path / "out").exists()


def test_figure_that_cannot_be_drawn_stops_the_report(tmp_path: Path) -> None:
    figures = {**make_figures(make_models()), "joint": Drawing(partial(plot_joint, {}), "")}
    with pytest.raises(
        ReportError, match="the figure 'joint' cannot be drawn: KeyError: 'reported'"
    ):
        build_sample(tmp_path / "out", figures=figures)


@pytest.mark.parametrize("date", ["yesterday", ""])
def test_date_must_be_told(tmp_path: Path, date: str) -> None:
    with pytest.raises(ReportError, match="need a date such as 2026-11-01"):
        build_sample(tmp_path / "out", metadata={**METADATA, "date": date})


@pytest.mark.parametrize(
    ("script", "error", "message"),
    [
        ("#!/bin/sh\necho oh dear >&2\nexit 3\n", ReportError, "failed with exit code 3: oh dear"),
        ("no program", WorkerError, "pandoc cannot be started: Exec format error; reinstall it"),
    ],
)
def test_failing_pandoc_is_one_clear_line(
    short: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    error: type[Exception],
    message: str,
) -> None:
    program = tmp_path / "pandoc"
    program.write_text(script)
    program.chmod(0o755)
    monkeypatch.setattr(pandoc, "find_pandoc", lambda: str(program))
    with pytest.raises(error, match=message):
        build_sample(tmp_path / "out", template=short)


def test_temporary_folder_with_an_umlaut_is_no_obstacle_in_the_c_locale(
    short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tëmporär ~"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for name in ("LANG", "LC_ALL", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)
    assert "report.pdf" in build_sample(tmp_path / "out", template=short)


def test_missing_bibliography_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"none.bib.* cannot be read"):
        build_sample(tmp_path / "out", bibliography=tmp_path / "none.bib")
