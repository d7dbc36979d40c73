"""Write codemeta.json, which registries of software read, from pyproject.toml and CITATION.cff.

Usage: python tools/write_codemeta.py [--check]

With ``--check`` nothing is written; the exit code is 1 if the file is not what the two say.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "codemeta.json"


def render_codemeta() -> str:
    """Return the metadata as JSON-LD in the vocabulary of CodeMeta 3."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    own, paper = citation.split("\nreferences:", 1)

    def find(key: str, text: str) -> str:
        found = re.search(rf'^\s*{key}: "?(.*?)"?$', text, re.M)
        if found is None:
            raise SystemExit(f"CITATION.cff has no {key!r}")
        return found[1]

    authors = [{"@type": "Organization", "name": each["name"]} for each in project["authors"]]
    metadata = {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": project["name"],
        "description": project["description"],
        "alternateName": find("title", own),
        "version": project["version"],
        "datePublished": find("date-released", own),
        "license": [
            f"https://spdx.org/licenses/{each}" for each in project["license"].split(" AND ")
        ],
        "author": authors,
        "keywords": project["keywords"],
        "programmingLanguage": "Python",
        "runtimePlatform": f"Python {project['requires-python']}",
        "operatingSystem": ["Linux", "macOS"],
        "softwareRequirements": project["dependencies"],
        "referencePublication": {
            "@type": "ScholarlyArticle",
            "name": find("title", paper),
            "url": find("url", paper),
        },
    }
    return json.dumps(metadata, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    text = render_codemeta()
    if sys.argv[1:] == ["--check"]:
        if TARGET.read_text("utf-8") != text:
            sys.exit("codemeta.json is not what its sources say; run `make readme`")
    else:
        TARGET.write_text(text, encoding="utf-8")
