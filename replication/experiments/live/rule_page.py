"""Learning rules as JavaScript: for the report's pages, and a page for a rule of one's own."""

import html
import json
import re
from pathlib import Path

from replication.experiments.live.cloud import MEANINGS
from replication.simulator.compiler.javascript import write_script
from replication.simulator.rule.network import Rule
from replication.simulator.rule.recirculation import RecirculationNetwork

N_STARTS = 20  # networks whose initial weights the page holds


def write_template(name: str) -> str | None:
    """Return the template ``live/rule.js``: the paper's rule, for each meaning of error.

    None for a template with another name, which is not written here.
    """
    if name != "live/rule.js":
        return None
    return write_script(Rule(RecirculationNetwork), "RecirculationNetwork", MEANINGS)


def render_page(rule: Rule, root_seed: int) -> str:
    """Return an HTML page on which a rule learns; it needs no other file.

    If there are two hidden units, the page shows how codes move in their plane. Below is the error.
    """
    script = write_script(rule, "Rule")
    starts = [row.tolist() for row in rule.draw(root_seed, 0, N_STARTS)]
    name = html.escape(rule.network.__name__)
    page = Path(__file__).with_name("rule_page.html").read_text("utf-8")
    threshold = rule.protocol.threshold
    cap = rule.protocol.max_updates
    settings = {"threshold": threshold, "cap": cap, "starts": starts}
    texts = {"NAME": name, "SCRIPT": script, "SETTINGS": json.dumps(settings)}
    # Marks of the template, e.g. @NAME@, are replaced in one pass, so that inserted text is not
    # searched for marks.
    return re.sub(r"@(?P<mark>[A-Z]+)@", lambda match: texts[match["mark"]], page)
