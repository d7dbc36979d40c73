"""Every part of the report is there for a verdict, or for words of the main text."""

import re
from pathlib import Path

import pytest

from replication.experiments import EXPERIMENTS, TEMPLATES
from replication.paper.claims import load_claims

PAGE = Path(__file__).parents[3] / "docs" / "chapters.md"
ROW = re.compile(r"^\| (\w+) `([\w.-]+)` \| (.+) \|$", re.M)  # | table `given` | ... |
INCLUDE = re.compile(r'{% include "([\w/]+\.md)" %}')
KINDS = {"tbl": "table", "fig": "figure"}
PLAIN = {"beside.md"}  # deviations and related work, which hold no result
ROWS = [(f"{kind} {name}", needed) for kind, name, needed in ROW.findall(PAGE.read_text("utf-8"))]


def list_templates(text):
    """Return the names of the templates that a text includes, and of those that these include."""
    found = []
    for name in INCLUDE.findall(text):
        found += [name, *list_templates((TEMPLATES / name).read_text("utf-8"))]
    return found


MAIN, SUPPLEMENT = map(
    list_templates, (TEMPLATES / "report.md").read_text("utf-8").split("# Supplement")
)


def list_parts():
    """Return what has to be needed, each by its kind and name."""
    parts = {f"experiment {name}" for name in ("headline", *EXPERIMENTS)}
    for name in {*SUPPLEMENT} - PLAIN:
        text = (TEMPLATES / name).read_text("utf-8")
        parts |= {f"section {id}" for id in re.findall(r"^#.*{#([\w-]+)", text, re.M)}
        parts |= {f"{KINDS[kind]} {id}" for kind, id in re.findall(r"{#(tbl|fig):([\w-]+)", text)}
    for name in {*MAIN, *SUPPLEMENT}:
        text = (TEMPLATES / name).read_text("utf-8")
        parts |= {f"table {table}" for table in re.findall(r"\]\((\w+\.csv)\)", text)}
    return parts


def test_every_part_says_what_needs_it():
    assert sorted(part for part, _ in ROWS) == sorted(list_parts())


@pytest.mark.parametrize(("part", "needed"), ROWS)
def test_what_needs_a_part_is_there(part, needed):
    verdicts = re.findall(r"the verdict `([\w-]+)`", needed)
    sentences = re.findall(r"`([\w/.]+)`: “([^”]+)”", needed)
    assert verdicts or sentences
    for id in verdicts:
        judging = load_claims()[id].experiment
        if part.startswith("experiment"):
            assert part == f"experiment {judging}"
    for name, words in sentences:
        assert name in MAIN, "a page of the main text"
        assert words in (TEMPLATES / name).read_text("utf-8")
