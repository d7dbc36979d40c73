"""What is exported and compared by the command is what the report compares."""

import json

from replication.claims import load_reported
from replication.cli import main
from replication.protocol import DEFAULT_ROOT_SEED, PAPER


def test_exported_outcomes_give_the_headline_again(few_resamples, tmp_path, capsys):
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
