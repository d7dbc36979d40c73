"""The documentation as a site: `make docs` builds it in build/site. Nothing in it is fetched.

Source folder is the root of the project, so that pages and notebooks stay where they are. The
cells of a page are run, and what they print stands below them; notebooks show what is stored.
"""

import html.parser
import os
import re
import shutil
import sys
from pathlib import Path

import docutils.utils
import latex2mathml.converter
import sphinxarg.ext
from docutils import nodes

ROOT = Path(__file__).parents[1]
# Cells call the command of the environment that builds the site.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

project = "Recirculation replication"
author = "The recirculation replication contributors"
html_title = project
root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md", "docs/plans/*.md", "notebooks/*.ipynb"]
exclude_patterns = ["docs/package.md", "CHANGELOG.md"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinxarg.ext"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_excludepatterns = ["notebooks/*"]
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_execution_show_tb = True
autodoc_typehints = "none"  # the docstrings say more
autodoc_member_order = "bysource"

smartquotes = False  # commands are copied from these pages, with their -- and "

html_theme = "furo"
html_static_path = html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_math_renderer = "mathml"


def write_mathml(translator, node, display="inline"):
    """Write a formula as MathML, which browsers typeset without a script."""
    formula = latex2mathml.converter.convert(node.astext(), display=display)
    translator.body.append(formula if display == "inline" else f"<p>{formula}</p>")
    raise nodes.SkipNode


def copy_report(app, exception):
    """Put the report, with the data of its figures, and a way to the first page into the site."""
    if exception is None and app.builder.format == "html":
        site, results = Path(app.outdir), ROOT / "results"
        for path in (
            *results.glob("*.html"),
            *results.glob("*.csv"),
            *results.glob("*.md"),
            *results.glob("figures/*.csv"),
        ):
            target = site / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        # The report leads to a notebook, which is a page here.
        report = Path(app.outdir) / "results" / "report.html"
        text = report.read_text(encoding="utf-8")
        report.write_text(
            text.replace("notebooks/boltzmann.ipynb", "notebooks/boltzmann.html"), "utf-8"
        )
        start = '<!doctype html><meta http-equiv="refresh" content="0; url=docs/index.html">'
        (site / "index.html").write_text(f"{start}<title>{project}</title>\n", encoding="utf-8")


def link_report(_app, _name, source):
    """Let links to the report, as in [it](results/report.md), lead to its page in the site.

    Tables beside it, as in [it](results/attestations.md), are copied as they are.
    """
    link = r"\[([^]]+)\]\(((?:\.\./)?results/\w+)\.(md|html)\)"

    def write_link(found):
        text, path, kind = found.groups()
        is_page = path.endswith(("/report", "/learning"))
        return f'<a href="{path}.{"html" if is_page else kind}">{text}</a>'

    source[0] = re.sub(link, write_link, source[0])


class Headings(html.parser.HTMLParser):
    """Reads a page of the report as the document that the search index is made from."""

    def __init__(self):
        super().__init__()
        self.document = self.section = docutils.utils.new_document("report")
        self.skipped = self.title = None

    def handle_starttag(self, tag, attributes):
        """Begin a section or a title, or skip what is no text."""
        if self.skipped is None and tag in ("script", "style", "svg", "annotation"):
            self.skipped = tag
        elif tag == "section":
            inner = nodes.section(ids=[dict(attributes).get("id", "")])
            self.section.append(inner)
            self.section = inner
        elif re.fullmatch("h[1-6]", tag):  # such as h2
            self.title = nodes.title()
            self.section.append(self.title)

    def handle_endtag(self, tag):
        """End what has begun."""
        if tag == self.skipped:
            self.skipped = None
        elif tag == "section":
            self.section = self.section.parent
        elif re.fullmatch("h[1-6]", tag):
            self.title = None

    def handle_data(self, text):
        """Keep text in a title, or in a paragraph of its own."""
        if self.skipped is None and text.strip():
            place = nodes.paragraph() if self.title is None else self.title
            place.append(nodes.Text(text))
            if self.title is None:
                self.section.append(place)


def index_report(app):
    """Let the search of the site find the words of the report and of the lesson."""
    for path in sorted((ROOT / "results").glob("*.html")):
        page = Headings()
        page.feed(path.read_text(encoding="utf-8"))
        title, name = page.document.next_node(nodes.title), f"results/{path.stem}"
        shown = f"{title.astext()} ({path.stem})"  # the README has the title of the report
        app.builder.indexer.feed(name, f"{name}.html", shown, page.document)
        # Else what is not built from a source is dropped from the index.
        app.env.all_docs[name], app.env.titles[name] = 0, title
    return []


def parse_parser(parser, **options):
    """Return the commands for their page, with examples as blocks of code."""
    found = READ_PARSER(parser, **options)
    for command in found.get("children", ()):
        if "epilog" in command:
            command["epilog"] = command["epilog"].replace("examples:\n", "examples::\n\n")
    return found


READ_PARSER, sphinxarg.ext.parse_parser = sphinxarg.ext.parse_parser, parse_parser


def setup(app):
    """Register both with Sphinx."""
    app.add_html_math_renderer(
        "mathml", (write_mathml, None), (lambda t, n: write_mathml(t, n, "block"), None)
    )
    app.connect("source-read", link_report)
    app.connect("html-collect-pages", index_report)
    app.connect("build-finished", copy_report)
