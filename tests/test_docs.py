"""The site of the documentation runs what it shows, and a broken link stops its build."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("build_docs", ROOT / "tools" / "build_docs.py")
build_docs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(build_docs)


def test_what_a_block_prints_is_put_below_it():
    page = "```python run\nprint(2)\n```\n\n```console\n$ echo three\n```\n\n```\nleft\n```\n"
    assert build_docs.run_blocks(page) == (
        "```python\nprint(2)\n```\n\n```\n2\n```\n\n"
        "```\n$ echo three\nthree\n```\n\n```\nleft\n```\n"
    )


def test_a_block_that_fails_stops_the_build():
    for block in ("python run\n1 / 0", "console\n$ exit 3"):
        with pytest.raises((ZeroDivisionError, SystemExit)):
            build_docs.run_blocks(f"```{block}\n```\n")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('<a href="other.html">', "names 'other.html', which is not there"),
        ('<a href="#place">', "names '#place', a place that is not there"),
        ('<script src="https://host/x.js">', "fetches https://host/x.js"),
        ('<a href="https://host/"><b id="p"><a href="page.html#p"><img src="data:,x">', None),
    ],
)
def test_what_is_not_there_or_fetched_is_found(text, complaint, tmp_path):
    (tmp_path / "page.html").write_text(text)
    expected = [] if complaint is None else [f"page.html {complaint}"]
    assert build_docs.find_broken_links(tmp_path) == expected
