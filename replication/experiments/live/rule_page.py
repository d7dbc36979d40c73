"""Rules as JavaScript: that of the report's pages, and a page for a rule of the user's own."""

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
    """Return the template ``live/rule.js``: the paper's rule, by each meaning of error."""
    if name != "live/rule.js":
        return None
    return write_script(Rule(RecirculationNetwork), "RecirculationNetwork", MEANINGS)


def render_page(rule: Rule, root_seed: int) -> str:
    """Return a page of HTML, with everything in it.

    Codes move in the plane where there are two hidden units, and the error falls beneath.
    """
    script = write_script(rule, "Rule")
    starts = [row.tolist() for row in rule.draw(root_seed, 0, N_STARTS)]
    name = html.escape(rule.network.__name__)
    page = Path(__file__).with_name("rule_page.html").read_text("utf-8")
    threshold = rule.protocol.threshold
    cap = rule.protocol.max_updates
    settings = {"threshold": threshold, "cap": cap, "starts": starts}
    texts = {"NAME": name, "SCRIPT": script, "SETTINGS": json.dumps(settings)}
    # The marks of the template, e.g. @NAME@, in one pass: what is put in is not searched again.
    return re.sub(r"@([A-Z]+)@", lambda mark: texts[mark[1]], page)
