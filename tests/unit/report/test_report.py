"""The whole report: what stands in it, for ordinary and for extreme studies."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.errors import StorageError, UsageError
from replication.report import render, render_article
from replication.report.build import build_document
from replication.report.document import FORBIDDEN, Figure, Table, texts_of, walk_blocks
from replication.report.inline import Text, parse_inline, plain_text, walk_inline
from replication.report.numbers import MissingNumber

Models = dict[str, Any]
LONG_NUMBER = re.compile(r"(?<![\w.\u202f-])\d+\.\d{5,}|(?<![\w.-])\d{8,}(?!\w)")


def texts(models: Models) -> list[str]:
    document = build_document(models)
    return [text for block in walk_blocks(document.blocks) for text in texts_of(block)]


def read_all(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def rendered(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    render(models, folder)
    return folder


def test_rendering_twice_gives_the_same_bytes(
    models: Models, rendered: Path, tmp_path: Path
) -> None:
    shuffled = json.loads(json.dumps(models, sort_keys=True))
    render(shuffled, tmp_path)
    assert read_all(tmp_path) == read_all(rendered)


def test_every_figure_is_written_twice_and_old_ones_are_removed(
    models: Models, tmp_path: Path
) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "gone.svg").write_text("old")
    written = render(models, tmp_path)
    names = {figure.name for figure in build_document(models).figures}
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        f"{name}.{ending}" for name in names for ending in ("svg", "png")
    }
    assert all(path.exists() for path in written)
    assert not list(tmp_path.rglob("*.tmp"))


def test_chapters_stand_in_reading_order(models: Models) -> None:
    titles = [chapter.anchor for chapter in build_document(models).chapters]
    assert titles == [
        "verdict",
        "plain-words",
        "methods",
        "study",
        "law",
        "limits",
        "reproducibility",
        "references",
        "appendix",
    ]


def test_every_figure_and_table_is_spoken_of_in_the_text(models: Models) -> None:
    document = build_document(models)
    body = " ".join(texts(models))
    for block in walk_blocks(document.blocks):
        if isinstance(block, Figure | Table):
            assert f"](#{block.anchor})" in body, block.anchor


def test_captions_begin_with_a_title_and_end_with_a_full_stop(models: Models) -> None:
    document = build_document(models)
    for block in [*document.figures, *document.tables]:
        assert re.match(r"\*\*[^*]+\*\*", block.caption), block.name
        assert block.caption.rstrip("*").endswith("."), block.name


def test_alternative_texts_name_the_reported_number_or_their_range(models: Models) -> None:
    for figure in build_document(models).figures:
        assert len(figure.alt) > 80, figure.name
        assert re.search(r"\d", figure.alt), figure.name


def test_no_text_holds_a_number_nobody_reads(models: Models) -> None:
    for text in texts(models):
        if "0000000000" in text:  # the digest
            continue
        assert not LONG_NUMBER.search(plain_text(text)), text


def test_every_number_is_filled_in(models: Models, tmp_path: Path) -> None:
    """What is written in braces stands for a number; formulas have braces of their own."""
    for text in texts(models):
        for part in walk_inline(parse_inline(text)):
            assert not (isinstance(part, Text) and re.search(r"[{}]", part.text)), text


def test_links_of_the_markdown_lead_somewhere(rendered: Path) -> None:
    text = (rendered / "report.md").read_text()
    anchors = set(re.findall(r'<a id="([^"]+)"></a>', text))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
    for path in re.findall(r"\]\((figures/[^)]+)\)", text):
        assert (rendered / path).exists()


def test_formulas_of_the_markdown_hold_nothing_that_markdown_eats(rendered: Path) -> None:
    text = (rendered / "report.md").read_text()
    for pair in re.findall(r"\$([^$\n]+)\$|^\$\$\n(.+)\n\$\$", text, re.MULTILINE):
        assert not re.search(r"\\[^A-Za-z]", "".join(pair)), pair


def test_page_holds_itself_alone(rendered: Path) -> None:
    page = (rendered / "report.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert not re.search(r"@import|url\((?!%23)", page)  # %23: a name inside the same picture
    assert page.count("<img ") == len(re.findall(r'<img [^>]*alt="[^"]{80,}"', page))
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_missing_number_stops_the_report(models: Models) -> None:
    broken = json.loads(json.dumps(models))
    broken["summary"]["rules"]["discard"]["mean"]["value"] = None
    with pytest.raises((MissingNumber, TypeError)):
        build_document(broken)
    del broken["summary"]["rules"]["discard"]["mean"]
    with pytest.raises(KeyError):
        build_document(broken)


def test_report_says_what_speaks_against_its_verdict(models: Models) -> None:
    body = " ".join(texts(models))
    assert "What speaks against it" in body
    assert "may have been selected" in body
    assert "Prototypes" in body


def test_disagreeing_repetitions_make_the_verdict_unsettled(
    models: Models,
) -> None:
    split = json.loads(json.dumps(models))
    split["summary"]["verdict"]["settled"] = "unsettled"
    split["summary"]["repetitions"][0]["verdict"] = "not replicated"
    body = texts(split)
    assert "Unsettled" in body
    assert any("Because they disagree, the verdict is called unsettled" in text for text in body)


EXTREMES = {
    "all equal": CountTable(np.array([48]), np.array([100]), 0, 2000),
    "two values": CountTable(np.array([30, 60]), np.array([50, 50]), 0, 2000),
    "one network": CountTable(np.array([41]), np.array([1]), 0, 2000),
    "all at once": CountTable(np.array([0]), np.array([50]), 0, 2000),
    "half censored": CountTable(np.array([30, 1999]), np.array([25, 25]), 50, 2000),
    "one of a thousand converges": CountTable(np.array([1500]), np.array([1]), 999, 2000),
    "all censored": CountTable(np.array([], dtype=int), np.array([], dtype=int), 40, 2000),
    "a million": CountTable(np.arange(20, 200), np.full(180, 5_550), 1_000_000 - 180 * 5_550, 2000),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_studies_render(
    name: str, make_models: Callable[..., Models], tmp_path: Path
) -> None:
    models = {k: v for k, v in make_models(EXTREMES[name]).items() if v is not None}
    render(models, tmp_path)
    text = (tmp_path / "report.md").read_text()
    assert not FORBIDDEN.search(text)


def test_own_study_says_how_it_differs(models: Models) -> None:
    own = json.loads(json.dumps(models))
    own["summary"]["study"]["differences"] = {"learning_rate": 15.0}
    own["summary"]["study"]["protocol"]["learning_rate"] = 15.0
    assert any("`learning_rate` = `15.0`" in text for text in texts(own))


def test_processors_with_other_bits_are_named(models: Models) -> None:
    entry = {
        "processor": "a slow one",
        "n_networks": 100,
        "digests": {},
        "is_identical": True,
        "differing_libraries": ["libm-exp"],
    }
    native = {"machine": "x86_64", "system": "Linux"}
    emulated = {"native": native, "processors": [entry], "protocols": ["paper"]}
    assert any("agree in every bit" in text for text in texts(models | {"emulated": emulated}))
    entry["is_identical"] = False
    body = texts(models | {"emulated": emulated})
    assert any("do **not** all agree" in text for text in body)
    assert "a slow one" in body


def test_report_without_optional_models_has_no_broken_link(models: Models, tmp_path: Path) -> None:
    few = {name: models[name] for name in ("summary", "traces", "provenance")}
    render(few, tmp_path)
    assert "explorer" not in (tmp_path / "report.html").read_text().split("</style>")[1]


def test_pdf_is_tagged_and_the_same_every_time(models: Models, tmp_path: Path) -> None:
    pytest.importorskip("typst")
    first = render_article(models, tmp_path / "a").read_bytes()
    second = render_article(models, tmp_path / "b").read_bytes()
    assert first == second
    assert first.startswith(b"%PDF-")
    assert b"/MarkInfo" in first


def test_pdf_without_its_package_says_what_to_install(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(UsageError, match="pip install"):
        render_article(models, tmp_path)


def test_folder_that_is_a_file_is_a_clear_error(models: Models, tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(StorageError, match="cannot be written"):
        render(models, tmp_path / "results")
