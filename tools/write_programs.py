"""Write results/programs.md: which program made each figure, table and number of the front page.

Usage: python -m tools.write_programs [--check]

Read from the templates: a figure is drawn by its experiment, and a table or number is printed from
the models that its template names. Seconds and memory are those of the last complete row of
results/attestations.json, where there is one. With ``--check`` nothing is written; the exit code
is 1 if the page is not what its sources say.
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
MODELS = (HEADLINE, *EXPERIMENTS)


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
    """Return the models that the expressions in a part of a template come from.

    `whole`: the template, whose ``{% set x = mechanism.starts %}`` give parts of models names.
    """
    # {% set starts, halves = mechanism.starts.paper, mechanism.halves.paper %}
    names: dict[str, set[str]] = {}
    for left, right in re.findall(r"{%-? *set ([\w, ]+?) = (.*?)-?%}", whole):
        parts = right.split(", ")
        given = left.split(", ")
        if len(parts) != len(given):  # commas of a call or a list
            parts = [right] * len(given)
        for name, part in zip(given, parts, strict=True):
            free = [model for model in MODELS if model not in names]
            found = {model for model in free if re.search(rf"(?<![.\w]){model}\b", part)}
            for known, models in [*names.items()]:
                if re.search(rf"(?<![.\w]){known}\b", part):
                    found |= models
            names.setdefault(name, set()).update(found)
    used = " ".join(re.findall(r"{[{%](.*?)[%}]}", text, re.DOTALL))
    # A part may have the name of a model: {% for name, codes in ... %}
    looped = " ".join(re.findall(r"{%-? *for ([\w, ()]+?) in ", whole))
    own = {*names, *re.findall(r"\w+", looped)}
    models = {
        model
        for model in MODELS
        if model not in own and re.search(rf"(?<![.\w]){model}[.\[]", used)
    }
    for name, found in names.items():
        if re.search(rf"(?<![.\w]){name}\b", used):
            models |= found
    return [model for model in MODELS if model in models]


def list_rows() -> list[tuple[str, list[str]]]:
    """Return what is shown, and the models that it comes from."""
    figures = {figure: name for name in MODELS for figure in list_figures(name)}
    rows: list[tuple[str, list[str]]] = []
    # The report, and the lesson beside it.
    templates = [*list_templates(), *list_templates("live/learning.md")]
    for template in dict.fromkeys(templates):
        text = read(template)
        for block in re.split(r"\n\n+", text):
            # ](figures/joint.svg){#fig:joint ...}
            shown = re.findall(r"\]\(figures/([\w-]+)\.svg\)", block)
            rows += [(f"figure *{figure}*", [figures[figure]]) for figure in shown]
        # The rows of a table stand above its caption: : **A title.** {#tbl:rest}
        parts = re.split(r"{#tbl:([\w-]+)", text)
        for before, name in zip(parts[0::2], parts[1::2], strict=False):
            block = before[max(before.rfind("\n\n|"), before.rfind("\n\n{% "), 0) :]
            models = find_models(block, text) or find_models(text, text)
            is_of_all = name == "statements" or not models
            rows.append((f"table *{name}*", ["all"] if is_of_all else models))
    for template in FRONT:
        models = find_models(read(template), read(template))
        rows.append((f"numbers of the front page (`{template}`)", models))
    readme = (ROOT / "tools" / "readme.md").read_text("utf-8")
    # What it calls a rule is its own example.
    models = [model for model in find_models(readme, readme) if model != "rule"]
    rows.append(("numbers of README.md", models))
    return [*dict(rows).items()]


def find_costs() -> Mapping[str, Any]:
    """Return the last row of attestations that has run everything; nothing where there is none."""
    if not ATTESTATIONS.exists():
        return {}
    complete = [
        row
        for row in json.loads(ATTESTATIONS.read_text("utf-8"))
        if row["kind"] == "as it is" and "replicate" in row["costs"]
    ]
    return complete[-1] if complete else {}


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
        lines += _describe_all(row)
    return "\n".join(lines) + "\n"


def _describe_all(row: Mapping[str, Any]) -> list[str]:
    """Return a table of what the whole takes."""
    costs = row["costs"]
    disk = row["disk"]
    experiments = [cost for step, cost in costs.items() if step.startswith("experiments ")]
    whole = {
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
    lines.append(_write_line(["`make experiments`", *_say_cost(whole), "as above"]))
    lines.append(_write_line(["the environment", "", "", f"{disk['environment']}"]))
    if "test" in costs:
        lines.append(_write_line(["`make test`", *_say_cost(costs["test"]), ""]))
    return lines


def _say_cost(cost: Mapping[str, Any] | None) -> list[str]:
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
