"""The two worked examples of the README."""

import json

import pytest

import replication
from replication.claims import load_reported
from replication.cli import main
from replication.protocol import DEFAULT_ROOT_SEED, PAPER


def test_exported_outcomes_give_the_headline_again(tmp_path, capsys):
    from replication.experiments.studies import compare_with_report
    from replication.store.store import Store

    n = 20_000
    results, path = str(tmp_path / "results"), str(tmp_path / "updates.csv")
    assert main(["simulate", "--seeds", str(n), "--results", results]) == 0
    assert main(["export", path, "--seeds", str(n), "--results", results]) == 0
    capsys.readouterr()
    reported = load_reported()
    code = main(
        ["compare", path, "--column", "updates", "--succeeded", "converged", "--runs",
         str(reported.runs), "--mean", reported.mean, "--max", reported.max, "--margin", "10%",
         "--failures", "excluded", "--grid", "1", "--bounds", "0", "inf", "--json"]
    )  # fmt: skip
    assert code == 0
    found = json.loads(capsys.readouterr().out)
    headline = compare_with_report(Store(results).counts(PAPER, DEFAULT_ROOT_SEED, n)).to_dict()
    assert found == headline


def test_the_nile_changed_after_1898():
    """Cobb (1978), Biometrika 65, 243-251: the level fell about 1898."""
    nile = pytest.importorskip("statsmodels.datasets").nile
    flow = nile.load_pandas().data["volume"].to_numpy()
    later = flow[28:]
    assert (round(later.mean()), round(later.std(ddof=1)), later.size) == (850, 125, 72)
    found = replication.compare(flow[:28], runs=72, mean="850", sd="125")
    assert found.agreement.value == "not consistent"
    assert found.p < 1e-4
    assert found.findings["mean"].low > 1000
    # The spread did not change.
    assert found.findings["sd"].p > 0.05
