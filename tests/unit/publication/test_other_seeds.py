"""What turns with other seeds: written down as it is, and the page is one of the ledger of now."""

import copy
from pathlib import Path

from replication.experiments import EXPERIMENTS
from replication.paper.claims import load_claims
from replication.publication.models import read_models
from tools import other_seeds

RESULTS = Path(__file__).parents[3] / "results"
MODELS = read_models(RESULTS, ("headline", *EXPERIMENTS))


def test_page_says_what_turned_and_which_sentences_are_untrue():
    other = copy.deepcopy(MODELS)
    rapid = other["speed"]["claims"]["rapid"]
    rapid["verdict"] = "does not hold"
    other["proposal"]["against_paper"]["median_ratio_interval"][0] = 0.9
    page = other_seeds.write_record(5_000, MODELS, other)
    assert "5,000 higher" in page
    assert f"Of {len(load_claims())} verdicts with their conditions, 1 are others" in page
    before = "holds, except if 48 updates, the paper's average, are taken for rapid"
    assert f"| Learning is usually rapid | {before} | does not hold |" in page
    # The scorecard says that three statements fail.
    assert "2 do not hold" in page
    assert "- `headline: three_do_not_hold`\n- `proposal: learning_is_slower`" in page
    same = other_seeds.write_record(5_000, MODELS, MODELS)
    assert "|" not in same
    assert "0 do not hold" in same


def test_page_in_the_results_has_the_verdicts_of_the_report():
    """The report says that other seeds give the same ones."""
    page = (RESULTS / "other_seeds.md").read_text("utf-8")
    assert f"Of {len(load_claims())} verdicts with their conditions, 0 are others" in page
