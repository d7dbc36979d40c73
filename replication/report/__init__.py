r"""The report: an engine without content, and the guide for those who write chapters.

`replication.report.build.render_report` turns a template, models and figures into
``report.md``, ``report.html``, ``report.pdf`` and ``figures/``. It knows no chapter and no number.

A chapter is Markdown as pandoc reads it, in which Jinja2 fills in the numbers.

Numbers
-------
Every model is a name: ``{{ speed.claims.rapid.share | percent(1) }}``. Keys with a hyphen need
brackets: ``speed.claims["slower-half"].share``. A key always wins over a method of the same name,
so ``model.items`` is the number that is stored as "items". A missing key, ``None``, NaN, and a
decimal number without a filter stop the build, which names file and line. Whole numbers may stand
without a filter; they are written as by ``count``.

=============================  =======================================  ====================
filter                         for                                      gives
=============================  =======================================  ====================
``x | number(3)``              significant digits                       46.5
``x | fixed(1)``               decimals                                 46.5
``x | exact``                  a setting, as it was given               0.75
``n | count``                  a whole number                           1,000,000
``n | amount("network")``      a count with its noun                    1 network, 3 networks
``s | percent(1)``             a share, with decimals                   95.2 %
``[a, b] | interval(1)``       decimals; an end that is None is open    46.4 to 46.6
``[a, b] | percents(1)``       an interval of shares                    94.1 to 95.8 %
``[a, b] | digits(3)``         an interval, significant digits          0.012 to 12.3
``p | pvalue``                 a p-value in a table                     0.64, or < 0.001
``x | json``                   data for a script in the HTML            [1,2]
``x | html``                   text inside raw HTML                     a &lt; b
``x | code(60)``               text between backticks, cut to a length  a_b
=============================  =======================================  ====================

Any text of a model may stand without a filter: it is written so that no sign in it is Markdown
or HTML. A share above 0 or below 1 is never printed as 0 % or 100 %: ``percent`` writes "less than
0.1 %", "more than 99.9 %". ``metadata`` holds what the report is told about itself (version, date
...).

Guards and verdicts
-------------------
``{{ require(headline.mean < 48) }}`` stops the build, with file and line, once the sentence beside
it is untrue; put it at the start of the paragraph that it guards. Guards are better than branches.

``{{ verdict("rapid") }}`` is the verdict of the statement in words ("holds",
"does not hold" ...), from the ``claims`` of whichever model judged it. As a badge,
``{{ verdict("rapid") | badge }}``, it is coloured, with a sign that also tells in grey: for tables
and verdict boxes.

Comments, loops, includes
-------------------------
A comment of Jinja is written ``<!-- like this -->`` and leaves no trace (``{#`` belongs to pandoc's
identifiers). A line that holds nothing but ``{% for ... %}``, ``{% set ... %}`` or ``{% if ... %}``
vanishes, so rows of a table can be made in a loop. ``{% include "speed/chapter.md" %}`` includes a
chapter; leave an empty line between two. In LaTeX write ``{ {`` where two braces would meet.

Figures
-------
A paragraph of its own::

    ![**In bold what it says.** Then how to read it.](figures/speed.svg){#fig:speed alt="What it
    shows, for those who cannot see it."}

Both caption and ``alt`` are needed. The name of the file is the name in ``FIGURES`` of
``figures.py``: a function that takes the model (plain data, as in its JSON file) and returns a
Matplotlib figure, styled by `replication.report.style`, or several: panels that stand side by side
on paper and, where there is no room, one below the other. Nothing else is orange but what the
paper reports or sets. Signs are written in Unicode (λ, ε, ×), not as ``$\lambda$``, so that text
stays text. Numbers in captions come from models, too. In the PDF a figure stands where it is;
one of class ``float`` (``{#fig:speed .float ...}``) may go to the next page; text fills the gap.

An axes that a script in the page needs gets a gid, ``axes.set_gid("joint-plane")``: the SVG then
says on the element of that id where the axes lies and how it is scaled (``data-box`` "left top
width height" in units of the drawing, ``data-x`` and ``data-y`` "low high linear" or "low high
log").

Tables
------
Pipe tables of pandoc, with a caption line behind an empty line::

    | Reading | Mean | *p* |
    |:--------|-----:|----:|
    | paper   | 46.5 | 0.64 |

    : **In bold what it says.** Then what the columns are. {#tbl:readings}

The first column names the rows. Align numbers to the right. On a telephone a wide table turns
into one card a row, each number beside the name of its column, so keep those names short and free
of formulas. Widths of columns follow from what they hold, not from the dashes. Write a "|" inside
a cell as ``\|``. Readers of the page can sort a table that has ``{#tbl:readings .sortable}``; the
class ``texts`` leaves out the names of columns on a telephone.

References and citations
------------------------
``[](#fig:speed)`` becomes "Figure 3", ``[](#tbl:readings)`` "Table 2", both linked; also
``[](#limits)`` the title of the section that begins ``## What limits this {#limits}``. Identifiers
are lower case and unique in the whole report. ``[@hinton1988]`` and ``@hinton1988`` cite an entry
of the ``.bib`` file; ``[@hinton1988, p. 363]`` a page. The list of references stands where the
template has ``::: {#refs}`` and ``:::``. What dangles, and a citation without an entry, stops
the build, and so does a figure that nobody draws. One that no template shows is not drawn.

Maths
-----
``$\lambda = 0.75$`` in the line, ``$$...$$`` displayed: LaTeX as pandoc converts it to MathML and
Typst. What it cannot convert stops the build. Numbers of the paper's equations are written in
words: equation (3).

Boxes and notes
---------------
::

    ::: verdict
    **Replicated.** The sentence with two numbers.
    :::

    ::: note
    What one would have to believe to doubt it.
    :::

    ::: front
    The text of the first screen, then one figure: on a wide screen it stands beside the text.
    :::

    ::: beside
    A figure and a piece of HTML, side by side on a wide screen.
    :::

Code is fenced, with ``sh`` or ``python`` or nothing.
Raw HTML stands in a block fenced with ```` ```{=html} ```` and appears in the HTML only.

Pieces that move
----------------
A template may hold raw HTML with scripts. ``headline/loop.md`` and ``headline/again.md`` are such
pieces: each moves a figure of its own by the gids of its parts, is hidden without scripts, needs
no mouse, stands still where a reader prefers that, and requests nothing.
"""

from __future__ import annotations
