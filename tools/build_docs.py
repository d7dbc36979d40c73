"""Build the site of the documentation in build/site: pages, notebooks, API and the report.

Usage: python tools/build_docs.py [FOLDER]

The pages are in docs/. A block of Python marked ``run`` and the commands of a ``console`` block are
run, and what they print is put below them, so that no output is typed by hand. Nothing is
fetched. A link to a file or a place that is not there stops the build.
"""

from __future__ import annotations

import contextlib
import html
import html.parser
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import warnings
from pathlib import Path
from typing import Any

import pdoc
import pypandoc

import replication

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ("one_network", "a_hundred_runs", "how_it_learns", "why_it_works")
PAGES = (
    {"index": "Start", "compare": "Compare"}
    | {name: name.replace("_", " ").capitalize() for name in NOTEBOOKS}
    | {"replication": "API", "report": "The report"}
)
FENCE = re.compile(r"^```(python run|console)\n(.*?)^```\n", re.M | re.S)
UNWRAP_CELLS = """
function Div(cell) if cell.classes:includes("cell") then return cell.content end end
"""


def run_blocks(text: str) -> str:
    """Return a page with what its blocks print below them; the blocks of a page share names."""
    names: dict[str, Any] = {}

    def run(block: re.Match[str]) -> str:
        kind, source = block.groups()
        if kind == "console":
            return f"```\n{''.join(map(run_command, source.splitlines()))}```\n"
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            exec(compile(source, "<page>", "exec"), names)
        shown = output.getvalue().rstrip()
        return f"```python\n{source}```\n" + (f"\n```\n{shown}\n```\n" if shown else "")

    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        return FENCE.sub(run, text)


def run_command(line: str) -> str:
    """Run a line that begins with ``$`` in the present folder; return it with its output."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        line.removeprefix("$ "), shell=True, check=False, text=True, capture_output=True,
        env=os.environ | {"PATH": path},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{line}: {done.stderr}")
    return f"{line}\n{done.stdout}"


def write_page(name: str, content: str, kind: str, site: Path, present: list[str]) -> None:
    """Write a page with the list of all pages beside it."""
    entries = [
        f'<li><a href="{other}.html"{" aria-current=page" if other == name else ""}>'
        f"{html.escape(PAGES[other])}</a></li>"
        for other in present
    ]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(site):
        unwrap = Path(folder) / "unwrap.lua"
        unwrap.write_text(UNWRAP_CELLS)
        pypandoc.convert_text(
            content,
            "html",
            format=kind,
            outputfile=f"{name}.html",
            extra_args=[
                f"--template={ROOT / 'docs' / 'page.html'}",
                f"--variable=nav:{''.join(entries)}",
                f"--variable=pagetitle:{PAGES[name]}",
                *("--mathml", "--syntax-highlighting=none", f"--lua-filter={unwrap}"),
                f"--extract-media=media/{name}",
            ],
        )


def write_api(site: Path) -> None:
    """Write the page of the public names, from their docstrings."""
    shown = [name for name in replication.__all__ if name != "__version__"]
    for name in shown:
        getattr(replication, name)  # loads it: names are loaded when first used
    replication.__all__ = shown
    pdoc.render.configure(docformat="numpy", show_source=False, template_directory=ROOT / "docs")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc("replication", r"!replication\..*", output_directory=site)


class Links(html.parser.HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the addresses of one element."""
        values = {name: value or "" for name, value in attrs}
        self.places |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link":
            self.loads.append(values["href"])
        elif values.get("src"):
            self.loads.append(values["src"])


def find_broken_links(site: Path) -> list[str]:
    """Return what is wrong: a file or place that is not there, or something that is fetched."""
    read = {path: Links(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    wrong = []
    for path, page in read.items():
        for address in (*page.links, *page.loads):
            parts = urllib.parse.urlsplit(address)
            if parts.scheme or parts.netloc:
                if address in page.loads and parts.scheme != "data":
                    wrong.append(f"{path.name} fetches {address}")
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve()
            target = target if parts.path else path
            place = urllib.parse.unquote(parts.fragment)
            if not target.is_file():
                wrong.append(f"{path.name} names {address!r}, which is not there")
            elif place and target in read and place not in read[target].places:
                wrong.append(f"{path.name} names {address!r}, a place that is not there")
    return wrong


def build(site: Path) -> None:
    """Build the whole site in a folder, from the start."""
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    write_api(site)
    results = ROOT / "results"
    (site / "figures").mkdir()
    for path in (results / "report.html", *results.glob("*.csv"), *results.glob("figures/*.csv")):
        shutil.copy(path, site / path.relative_to(results))
    sources = {name: ROOT / "notebooks" / f"{name}.ipynb" for name in NOTEBOOKS}
    sources |= {path.stem: path for path in (ROOT / "docs").glob("*.md") if path.stem in PAGES}
    sources = {name: path for name, path in sources.items() if path.exists()}
    present = [name for name in PAGES if name in sources or (site / f"{name}.html").exists()]
    for name, path in sources.items():
        text = path.read_text("utf-8")
        kind = "ipynb" if path.suffix == ".ipynb" else "gfm"
        write_page(name, text if kind == "ipynb" else run_blocks(text), kind, site, present)
    wrong = find_broken_links(site.resolve())
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    build(place)
    print(place / "index.html")
