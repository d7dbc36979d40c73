"""Write results/programs.md: which program made each figure, table and number of the front page.

Usage: python -m tools.write_programs [--check]

The templates tell this: a figure is drawn by its experiment, and a table or number is printed from
the models that its template names. Seconds and memory are those of the last complete row of
results/attestations.json, if there is one. With ``--check`` nothing is written; the exit code is 1
if the page is not what its sources say.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from replication.experiments import EXPERIMENTS, TEMPLATES, list_figures

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "results" / "programs.md"
ATTESTATIONS = ROOT / "results" / "attestations.json"
HEADLINE = "headline"
FRONT = ("headline/front.md", "live/hero.md", "headline/duel.md", "headline/doors.md")
"""The templates of the front page."""
MODELS = (HEADLINE, *EXPERIMENTS)
"""Names of models: each is the result of the experiment of the same name."""


def list_templates(name: str = "report.md") -> Iterator[str]:
    """Yield the template of the report and those that it includes, in their order."""
    yield name
    # {% include "mechanism/chapter.md" %}
    for included in re.findall(r'{% include "([\w/.]+\.md)" %}', read(name)):
        yield from list_templates(included)


def read(name: str) -> str:
    """Return a template."""
    return (TEMPLATES / name).read_text("utf-8")


def find_models(text: str, whole: str) -> list[str]:
    """Return the models from which a part of a template prints, in the order of `MODELS`.

    `text`: the part. `whole`: the whole template, which may give a name to a part of a model, as
    ``{% set x = mechanism.starts %}`` does.
    """
    named = find_named_parts(whole)
    # A variable may be called as a model is: {% for name, codes in ... %}
    looped = " ".join(re.findall(r"{%-? *for ([\w, ()]+?) in ", whole))
    variables = {*named, *re.findall(r"\w+", looped)}
    expressions = " ".join(re.findall(r"{[{%](.*?)[%}]}", text, re.DOTALL))
    models = set()
    for model in MODELS:
        # images.linear, images["linear"]
        if model not in variables and re.search(rf"(?<![.\w]){model}[.\[]", expressions):
            models.add(model)
    for name, models_of_part in named.items():
        if is_named(name, expressions):
            models |= models_of_part
    return [model for model in MODELS if model in models]


def find_named_parts(whole: str) -> dict[str, set[str]]:
    """Return the names that a template gives to parts of models, with the models of each."""
    named: dict[str, set[str]] = {}
    # {% set starts, halves = mechanism.starts.paper, mechanism.halves.paper %}
    for left, right in re.findall(r"{%-? *set ([\w, ]+?) = (.*?)-?%}", whole):
        names = left.split(", ")
        parts = right.split(", ")
        if len(parts) != len(names):  # the commas are those of a call or a list
            parts = [right] * len(names)
        for name, part in zip(names, parts, strict=True):
            models = {model for model in MODELS if model not in named and is_named(model, part)}
            for earlier, models_of_part in named.items():
                if is_named(earlier, part):
                    models |= models_of_part
            named[name] = named.get(name, set()) | models
    return named


def is_named(name: str, expression: str) -> bool:
    """Whether an expression uses a name by itself, as in ``images.linear``, not ``x.images``."""
    return re.search(rf"(?<![.\w]){name}\b", expression) is not None


def list_rows() -> list[tuple[str, list[str]]]:
    """Return each figure, table and set of numbers, with the models from which it is made."""
    rows: dict[str, list[str]] = {}
    # The report, and the lesson beside it.
    for template in [*list_templates(), *list_templates("live/learning.md")]:
        text = read(template)
        rows |= list_figure_rows(text)
        rows |= list_table_rows(text)
    for template in FRONT:
        text = read(template)
        rows[f"numbers of the front page (`{template}`)"] = find_models(text, whole=text)
    readme = (ROOT / "tools" / "readme.md").read_text("utf-8")
    # In this template `rule` is the example of a user's rule, not the experiment of that name.
    models = find_models(readme, whole=readme)
    rows["numbers of README.md"] = [model for model in models if model != "rule"]
    return [*rows.items()]


def list_figure_rows(text: str) -> dict[str, list[str]]:
    """Return the rows of the figures that a template includes, each with its model."""
    drawn_by = {figure: name for name in MODELS for figure in list_figures(name)}
    # ](figures/joint.svg){#fig:joint ...}
    included = re.findall(r"\]\(figures/([\w-]+)\.svg\)", text)
    return {f"figure *{figure}*": [drawn_by[figure]] for figure in included}


def list_table_rows(text: str) -> dict[str, list[str]]:
    """Return the rows of the tables that a template includes, each with its models."""
    rows = {}
    # The rows of a table stand above its caption: : **A title.** {#tbl:rest}
    # So the parts are, in turn, text that ends in a table, and the name of this table.
    parts = re.split(r"{#tbl:([\w-]+)", text)
    for before, name in zip(parts[0::2], parts[1::2], strict=False):
        # A table begins after an empty line, with its head or with a statement of the template.
        begin = max(before.rfind("\n\n|"), before.rfind("\n\n{% "), 0)
        models = find_models(before[begin:], whole=text)
        if not models:  # the table itself names none
            models = find_models(text, whole=text)
        if name == "statements" or not models:
            models = ["all"]
        rows[f"table *{name}*"] = models
    return rows


def find_costs() -> Mapping[str, Any]:
    """Return the last row of attestations in which everything was run; empty if there is none."""
    if not ATTESTATIONS.exists():
        return {}
    rows: list[Mapping[str, Any]] = json.loads(ATTESTATIONS.read_text("utf-8"))
    for row in reversed(rows):
        if row["kind"] == "as it is" and "replicate" in row["costs"]:
            return row
    return {}


def render_page() -> str:
    """Return the page as Markdown."""
    row = find_costs()
    costs: Mapping[str, Any] = row.get("costs", {})
    lines = [
        "# From figure and number to program",
        "",
        "Every figure, table and number of the front page comes from the model of an experiment "
        "(`results/models/NAME.json`), which its program makes from nothing. The headline is part "
        "of `replication replicate`.",
        "",
        _write_line(["what", "models"]),
        _write_line(["---", "---"]),
    ]
    lines += [_write_line([what, ", ".join(models)]) for what, models in list_rows()]
    lines += ["", "## Programs", ""]
    lines += [
        _write_line(["model", "program", "command", "seconds", "memory, MB"]),
        _write_line(["---", "---", "---", "--:", "--:"]),
    ]
    for name in MODELS:
        command = f"replication experiments {name}"
        step = f"experiments {name}"
        if name == HEADLINE:
            command = "replication replicate"
            step = "replicate"
        program = f"`replication/experiments/{name}/run.py`"
        lines.append(_write_line([name, program, f"`{command}`", *_say_cost(costs.get(step))]))
    if row:
        lines += ["", f"Seconds and memory: {row['processor']}, on {row['date']}."]
        lines += ["", "## Time, memory and disk", ""]
        lines += _tabulate_whole(row)
    return "\n".join(lines) + "\n"


def _tabulate_whole(row: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table: time, memory and disk of each `make` command."""
    costs = row["costs"]
    disk = row["disk"]
    experiments = [cost for step, cost in costs.items() if step.startswith("experiments ")]
    all_experiments = {
        "seconds": round(sum(cost["seconds"] for cost in experiments), 1),
        "megabytes": max(cost["megabytes"] for cost in experiments),
    }
    lines = [
        _write_line(["command", "seconds", "memory, MB", "disk, MB"]),
        _write_line(["---", "--:", "--:", "--:"]),
    ]
    report = f"{disk['results']} (results), {disk['cache']} (cache)"
    lines.append(_write_line(["`make replicate`", *_say_cost(costs["replicate"]), report]))
    again = _say_cost(costs["replicate, cached"])
    lines.append(_write_line(["`make replicate` again", *again, ""]))
    lines.append(_write_line(["`make experiments`", *_say_cost(all_experiments), "as above"]))
    lines.append(_write_line(["the environment", "", "", f"{disk['environment']}"]))
    if "test" in costs:
        lines.append(_write_line(["`make test`", *_say_cost(costs["test"]), ""]))
    return lines


def _say_cost(cost: Mapping[str, Any] | None) -> list[str]:
    """Return the cells of seconds and megabytes; both are empty if nothing was measured."""
    if cost is None:
        return ["", ""]
    return [f"{cost['seconds']:g}", f"{cost['megabytes']}"]


def _write_line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    page = render_page()
    if sys.argv[1:] == ["--check"]:
        if not TARGET.exists() or TARGET.read_text("utf-8") != page:
            sys.exit("results/programs.md is not what its sources say; run `make readme`")
    else:
        TARGET.write_text(page, encoding="utf-8")
