"""The identity: what is wrong is named, what is empty is said, and all is made of one file."""

import json
import runpy
import sys
import tomllib

import pytest

from replication.errors import DataError
from replication.publication.identity import FILE, load_identity, read_identity
from tests.reliability.faults import ROOT

TEXT = (ROOT / "replication" / "publication" / FILE).read_text("utf-8")
DATE = f'date = "{tomllib.loads(TEXT)["date"]}"'
AUTHORS = """
[[authors]]
given = "Ada"
family = "Lovelace"
orcid = "0000-0002-1825-0097"

[[authors]]
given = "José"
family = "N"
affiliation = "Somewhere"
"""


def fill_in(text):
    """Return the identity file as an owner may fill it in."""
    filled = {
        "email": "ada@example.org", "repository": "https://example.org/code",
        "archive_doi": "10.5281/zenodo.1234567", "software_heritage": "swh:1:dir:" + 40 * "a",
    }  # fmt: skip
    for name, value in filled.items():
        assert f'{name} = ""' in text
        text = text.replace(f'{name} = ""', f'{name} = "{value}"')
    return text.replace("[contact]", f"{AUTHORS}\n[contact]")


@pytest.fixture(scope="module")
def tool():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["write_identity.py"])
        return runpy.run_path(str(ROOT / "tools" / "write_identity.py"))


def test_nothing_is_invented_where_only_an_owner_can_know(tool):
    identity = load_identity()
    assert identity.authors == ()
    assert identity.author == identity.collective
    said = tool["describe_empty"](identity)
    for name in identity.empty:
        assert f"\n  {name} " in said
    assert "places.archive_doi" in identity.empty


def test_what_is_made_of_the_identity_names_what_the_owner_filled_in(tool):
    identity = read_identity(fill_in(TEXT))
    assert identity.author == "Ada Lovelace and José N"
    assert identity.empty == [
        "contact.name", "places.issues", "places.picture", "places.article_doi"
    ]  # fmt: skip
    citation = tool["render_citation"](identity)
    for line in (
        '  - family-names: "Lovelace"\n    given-names: "Ada"\n'
        '    orcid: "https://orcid.org/0000-0002-1825-0097"\n',
        "\ndoi: 10.5281/zenodo.1234567\n",
        '\nrepository-code: "https://example.org/code"\n',
    ):
        assert line in citation
    assert identity.collective not in citation
    codemeta = json.loads(tool["render_codemeta"](identity))
    assert [author["familyName"] for author in codemeta["author"]] == ["Lovelace", "N"]
    assert codemeta["codeRepository"] == "https://example.org/code"
    project = tomllib.loads(tool["render_project"](identity))["project"]
    assert project["authors"] == [
        {"name": "Ada Lovelace"}, {"name": "José N"}, {"email": "ada@example.org"}
    ]  # fmt: skip
    assert project["urls"]["Repository"] == "https://example.org/code"


@pytest.mark.parametrize(("old", "new", "says"), [
    ('name = ""', 'nmae = ""', "contact: 'nmae' is not known; there are name and email"),
    ('email = ""', 'email = "ada"', "email = 'ada'; allowed is something as name@example.org"),
    ("[contact]", f"{AUTHORS.replace('097', '079')}[contact]", "has a wrong digit; copy the ORCID"),
    ('picture = ""', 'picture = "docs/plane.svg"', "as https://example.org/picture.png"),
    ('archive_doi = ""', 'archive_doi = "https://doi.org/10.1/x"', "as 10.5281/zenodo.1234567"),
    (DATE, 'date = "28.11.2026"', "allowed is a day as in 2026-11-28"),
    ("[contact]", "[contact", "is not TOML that can be read"),
    ('licence = "MIT"', "", "licence"),
])  # fmt: skip
def test_a_wrong_entry_is_named_with_what_is_allowed(old, new, says):
    assert old in TEXT
    with pytest.raises(DataError, match="identity.toml") as refused:
        read_identity(TEXT.replace(old, new, 1))
    assert says in str(refused.value)
