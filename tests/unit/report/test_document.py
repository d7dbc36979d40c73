"""The document model and what it refuses."""

from functools import partial
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from matplotlib.figure import Figure as Drawing

from replication.report import document as d
from replication.report.html import render_html
from replication.report.inline import (
    CodeSpan,
    Emphasis,
    Link,
    Math,
    Strong,
    Text,
    escape_inline,
    parse_inline,
    plain_text,
)
from replication.report.markdown import render_markdown
from replication.report.save import save_figure
from replication.report.style import DARK, create_figure
from replication.report.typst import render_typst

ALT = "A line that rises from one to nine in three steps."


def draw() -> Drawing:
    figure, axes = create_figure(height=2.0, width=3.0)
    axes.plot([1, 2, 3], [1, 4, 9])
    return figure


FIGURE = d.Figure(name="rise", caption="**A rise.** It rises.", alt=ALT, draw=draw)
TABLE = d.Table(
    name="numbers", caption="**Numbers.**", header=("a", "b"), rows=(("x", "1"),), align="lr"
)
SECTION = d.Section(title="One *thing*", anchor="one")
make = partial(d.Document, title="Title", subtitle="Subtitle")


def test_inline_text_is_split_into_its_parts() -> None:
    assert parse_inline("a *b* **c `d`** $e_1$ [f](#one) \\*g") == (
        Text("a "),
        Emphasis((Text("b"),)),
        Text(" "),
        Strong((Text("c "), CodeSpan("d"))),
        Text(" "),
        Math("e_1"),
        Text(" "),
        Link("#one", (Text("f"),)),
        Text(" *g"),
    )


@pytest.mark.parametrize("text", ["n* = 20, n* = 30", "$5 and $6", "[x](y)", "`a`", "a \\ b"])
def test_escaped_text_is_taken_literally(text: str) -> None:
    assert plain_text(escape_inline(text)) == text
    assert all(isinstance(part, Text) for part in parse_inline(escape_inline(text)))


def test_references_carry_the_number_of_their_target() -> None:
    second = d.Figure(name="second", caption="**B.**", alt=ALT, draw=draw)
    text = d.Paragraph("[](#figure-second) [](#table-numbers) [](#one) [here](#figure-rise)")
    document = make(blocks=(SECTION, FIGURE, d.Box(title="B", blocks=(second,)), TABLE, text))
    assert "[Figure 2](#figure-second) [Table 1](#table-numbers) [One *thing*](#one)" in (
        render_markdown(document)
    )
    saved = {figure.name: save_figure(figure.draw) for figure in document.figures}
    page = render_html(document, saved)
    page = page.replace("\N{NO-BREAK SPACE}", "~")
    assert '<a href="#figure-second">Figure~2</a> <a href="#table-numbers">Table~1</a>' in page
    assert "#link(<figure-second>)[Figure 2]" in render_typst(document)


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ((d.Paragraph("see [](#nowhere)"),), "#nowhere"),
        ((SECTION, SECTION), "used twice"),
        ((d.Section(title="x", anchor="Not Good"),), "Not Good"),
        ((d.Figure(name="f", caption="c", alt="too short", draw=draw),), "alternative text"),
        ((d.Figure(name="f", caption=" ", alt=ALT, draw=draw),), "caption"),
        ((d.Figure(name="f", caption="c", alt=ALT + " It is nan.", draw=draw),), "no number"),
        ((d.Paragraph("the mean is nan updates"),), "no number"),
        ((d.Bullets(("it is None",)),), "no number"),
        ((d.Table(name="t", caption="c", header=("a",), rows=(("1", "2"),), align="l"),), "ragged"),
        ((d.Box(title="b", blocks=(d.Paragraph("[](#gone)"),)),), "#gone"),
    ],
)
def test_document_refuses_what_must_not_be_published(
    blocks: tuple[d.Block, ...], complaint: str
) -> None:
    with pytest.raises(d.DocumentError, match=complaint):
        make(blocks=blocks)


def test_same_figure_gives_the_same_bytes_without_date() -> None:
    first, second = save_figure(draw, alt=ALT), save_figure(draw, alt=ALT)
    assert first == second
    assert "<dc:date>" not in first.svg
    assert f"<desc>{ALT}</desc>" in first.svg


def test_figure_ignores_the_settings_of_the_user() -> None:
    import matplotlib as mpl

    before = save_figure(draw)
    with mpl.rc_context({"lines.linewidth": 9.0, "axes.facecolor": "red"}):
        assert save_figure(draw) == before


def test_dark_mode_swaps_every_colour_of_the_style_sheet() -> None:
    address = save_figure(draw, alt=ALT).data_url()
    svg = unquote(address.removeprefix("data:image/svg+xml,"))
    assert not set(address) & set("\n\"#<>&")
    assert ET.fromstring(svg).findtext("{http://www.w3.org/2000/svg}desc") == ALT
    for light, dark in DARK.items():
        assert f"[style*='fill:{light}']{{fill:{dark} !important}}" in svg


def test_number_and_its_sign_stay_on_one_line() -> None:
    text = d.Paragraph("95 % of ± 0.1, n = 20, 1 × 10⁻⁹ and 4 × 2, see $n$, or ($n$). % 5")
    document = make(blocks=(SECTION, text))
    page = render_html(document, {}).replace("\u00a0", "~").replace("\u202f", "_")
    assert "95_% of ±~0.1, n =~20, 1~×~10⁻⁹ and 4 ×~2, see" in page
    assert page.count('<span class="tied"><math') == 2
    assert "</math>,</span> or (" in page
    assert "</math>).</span> % 5" in page


def test_columns_of_sentences_are_marked_and_columns_of_code_are_not() -> None:
    sentence = "a cell with a sentence that goes on for a while"
    row = (sentence, "`replication replicate --seeds 100000 --root-seed 1988`", "1")
    table = d.Table(name="t", caption="c", header=("A", "B", "C"), rows=(row,), align="llr")
    page = render_html(make(blocks=(SECTION, table)), {})
    assert '<th scope="row" class="left long">a cell' in page
    assert '<td class="left"><code>' in page
    assert '<td class="right">1</td>' in page


def test_only_pictures_wider_than_a_telephone_say_so() -> None:
    def draw_wide() -> Drawing:
        figure, _ = create_figure(height=2.0)
        return figure

    for one, n_hints in ((draw, 0), (draw_wide, 1)):
        figure = d.Figure(name="rise", caption="**A rise.**", alt=ALT, draw=one)
        page = render_html(make(blocks=(SECTION, figure)), {"rise": save_figure(one)})
        assert page.count('class="hint"') == n_hints


def test_short_tables_of_the_pdf_stay_on_one_page() -> None:
    def make_table(n: int) -> d.Table:
        return d.Table(name="t", caption="c", header=("A",), rows=(("1",),) * n, align="l")

    short, long = (render_typst(make(blocks=(SECTION, make_table(n)))) for n in (24, 25))
    assert "#block(breakable: false)[#figure(kind: table" in short
    assert "#block(breakable: false)" not in long


def test_markup_of_numbers_and_names_survives_every_renderer() -> None:
    text = d.Paragraph('a_b 5 < 6 & `x<y` #1 @2 ~ "quoted" 10\u202f000')
    document = make(blocks=(SECTION, text))
    assert r"a\_b 5 \< 6 & `x<y` #1" in render_markdown(document)
    assert "a_b 5 &lt; 6 &amp; <code>x&lt;y</code> #1" in render_html(document, {})
    assert r"\#1 \@2 \~" in render_typst(document)


def test_the_sizes_of_a_network_stay_on_one_line_of_the_page() -> None:
    page = render_html(make(blocks=(SECTION, d.Paragraph("A 4-2-4 network, on 1988-01."))), {})
    assert 'A <span class="tied">4-2-4</span> network, on 1988-01.' in page
