"""Write the files that replication/publication/identity.toml decides, and list its empty fields.

Usage: python tools/write_identity.py [--check]

Writes CITATION.cff, codemeta.json, and the lines of pyproject.toml between two marks. With
``--check`` nothing is written; the exit code is 1 if a file is not what the identity says.
"""

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from replication.publication.identity import EMPTY, Author, Identity, load_identity
from replication.wording import plural

ROOT = Path(__file__).parents[1]
TEMPLATE = Path(__file__).with_name("citation.cff")
BEGIN = "# From replication/publication/identity.toml, by `make identity`:\n"
END = "# (end of what is from there)\n"


def render_citation(identity: Identity) -> str:
    """Return CITATION.cff: its template, with the identity in place of the marks."""
    authors = [_cite(author) for author in identity.authors]
    if not authors:
        authors = [{"name": identity.collective}]
    places = identity.places
    head: dict[str, Any] = {
        "version": identity.version,
        "date-released": identity.date,
        "license": identity.licence,
        "authors": authors,
    }
    if places.repository:
        head["repository-code"] = places.repository
    if places.archive_doi:
        head["doi"] = places.archive_doi
    if places.software_heritage:
        head["identifiers"] = [{"type": "swh", "value": places.software_heritage}]
    # What readers should cite: the article, or the software if there is no article.
    year = int(identity.date[:4])
    preferred: dict[str, Any]
    if places.article_doi:
        preferred = {
            "type": "article",
            "title": identity.long_title,
            "year": year,
            "authors": authors,
            "doi": places.article_doi,
        }
    else:
        preferred = {
            "type": "software",
            "title": identity.long_title,
            "version": identity.version,
            "year": year,
            "authors": authors,
        }
        if places.archive_doi:
            preferred["doi"] = places.archive_doi
    marks = {
        "title": json.dumps(identity.long_title, ensure_ascii=False),
        "head": _to_yaml(head),
        "keywords": _to_yaml({"keywords": list(identity.keywords)}),
        "preferred": _to_yaml({"preferred-citation": preferred}),
    }
    # The marks of the template, e.g. @head@.
    return re.sub(r"@(\w+)@", lambda mark: marks[mark[1]], TEMPLATE.read_text("utf-8"))


def _cite(author: Author) -> dict[str, str]:
    """Return an author in the form of CITATION.cff."""
    entry = {"family-names": author.family, "given-names": author.given}
    if author.orcid:
        entry["orcid"] = f"https://orcid.org/{author.orcid}"
    if author.affiliation:
        entry["affiliation"] = author.affiliation
    return entry


def _to_yaml(value: Any, indent: str = "") -> str:
    """Return a dictionary as YAML, without a line break at the end.

    Its values may be dictionaries, lists, texts and whole numbers.
    """
    lines = []
    for key, entry in value.items():
        if isinstance(entry, dict):
            lines += [f"{indent}{key}:", _to_yaml(entry, indent + "  ")]
        elif isinstance(entry, list):
            lines.append(f"{indent}{key}:")
            for each in entry:
                if isinstance(each, dict):
                    text = _to_yaml(each, indent + "    ")
                    lines.append(f"{indent}  - {text.lstrip()}")
                else:
                    lines.append(f"{indent}  - {each}")
        else:
            # Quotes are left out where YAML needs none.
            is_plain = isinstance(entry, int) or key in {"type", "version", "license", "doi"}
            lines.append(f"{indent}{key}: {entry if is_plain else json.dumps(entry)}")
    return "\n".join(lines)


def render_codemeta(identity: Identity) -> str:
    """Return the metadata as JSON-LD in the vocabulary of CodeMeta 3."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    places = identity.places
    authors = [_describe(author) for author in identity.authors]
    if not authors:
        authors = [{"@type": "Organization", "name": identity.collective}]
    identifiers = []
    if places.archive_doi:
        identifiers.append(f"https://doi.org/{places.archive_doi}")
    if places.software_heritage:
        identifiers.append(places.software_heritage)
    metadata = {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": project["name"],
        "description": project["description"],
        "alternateName": identity.long_title,
        "version": identity.version,
        "datePublished": identity.date,
        "license": [
            f"https://spdx.org/licenses/{each}" for each in project["license"].split(" AND ")
        ],
        "author": authors,
        "keywords": list(identity.keywords),
        "programmingLanguage": "Python",
        "runtimePlatform": f"Python {project['requires-python']}",
        "operatingSystem": ["Linux", "macOS"],
        "softwareRequirements": project["dependencies"],
        "codeRepository": places.repository,
        "issueTracker": places.issues,
        "identifier": identifiers,
        "email": identity.contact.email,
        "referencePublication": {
            "@type": "ScholarlyArticle",
            "name": "Learning Representations by Recirculation",
            "url": "https://papers.nips.cc/paper/1987/hash/"
            "35f4a8d465e6e1edc05f3d8ab658c551-Abstract.html",
        },
    }
    filled = {name: value for name, value in metadata.items() if value}
    return json.dumps(filled, indent=2, ensure_ascii=False) + "\n"


def _describe(author: Author) -> dict[str, Any]:
    """Return an author in the form of CodeMeta."""
    entry: dict[str, Any] = {"@type": "Person"}
    entry |= {"givenName": author.given, "familyName": author.family}
    if author.orcid:
        entry["@id"] = f"https://orcid.org/{author.orcid}"
    if author.affiliation:
        entry["affiliation"] = {"@type": "Organization", "name": author.affiliation}
    return entry


def render_project(identity: Identity) -> str:
    """Return pyproject.toml with new lines between the two marks."""
    authors = [{"name": author.name} for author in identity.authors]
    if not authors:
        authors = [{"name": identity.collective}]
    if identity.contact.email:
        authors.append({"email": identity.contact.email})
    lines = [f"version = {json.dumps(identity.version)}", "authors = ["]
    for author in authors:
        ((key, value),) = author.items()  # its one entry, a name or an address
        lines.append(f"    {{ {key} = {json.dumps(value, ensure_ascii=False)} }},")
    lines += ["]", f"keywords = {json.dumps(list(identity.keywords))}"]
    urls = {"Repository": identity.places.repository, "Issues": identity.places.issues}
    if identity.places.archive_doi:
        urls["Archive"] = f"https://doi.org/{identity.places.archive_doi}"
    given = ", ".join(f"{name} = {json.dumps(url)}" for name, url in urls.items() if url)
    if given:
        lines.append(f"urls = {{ {given} }}")
    before, rest = (ROOT / "pyproject.toml").read_text("utf-8").split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n".join(lines) + "\n" + END + after


def describe_empty(identity: Identity) -> str:
    """Return the fields that are empty, and what each of them is for."""
    if not identity.empty:
        return "Nothing is empty in replication/publication/identity.toml."
    n_empty = plural(len(identity.empty), "field")
    lines = [f"Empty in replication/publication/identity.toml ({n_empty}):"]
    lines += [f"  {name:<25} {EMPTY[name]}" for name in identity.empty]
    return "\n".join([*lines, "docs/owner.md says in which order to fill them in."])


def main(arguments: list[str]) -> None:
    """Write or check the files, and say what is empty."""
    identity = load_identity()
    renderers = {
        "pyproject.toml": render_project,
        "CITATION.cff": render_citation,
        "codemeta.json": render_codemeta,
    }
    for name, render in renderers.items():
        text = render(identity)
        if arguments != ["--check"]:
            (ROOT / name).write_text(text, encoding="utf-8")
        elif (ROOT / name).read_text("utf-8") != text:
            sys.exit(f"{name} is not what identity.toml says; run `make identity`")
    print(describe_empty(identity))


if __name__ == "__main__":
    main(sys.argv[1:])
