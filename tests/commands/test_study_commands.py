"""replicate, simulate, report, trace, export and multiverse, as a user types them."""

import io
import json
import re

import pandas as pd
import pytest

from replication import PAPER, CountTable, Protocol, simulate, trace
from replication.cli import main
from replication.experiments import EXPERIMENTS
from replication.experiments.instruments.studies import describe_sampling
from replication.paper.claims import load_reported
from replication.paper.study import DEFAULT_ROOT_SEED, Study
from replication.publication.publishing import count_parts
from replication.system.progress import report_progress

COMMANDS = "replicate simulate report experiments multiverse compare trace export info"


def read_digest(text):
    return re.search(r"^digest: ([0-9a-f]{64})$", text, re.MULTILINE)[1]


def test_the_digest_does_not_depend_on_jobs(run):
    digest = read_digest(run("simulate", "--seeds", 3000, "--jobs", 1))
    assert digest == read_digest(run("simulate", "--seeds", 3000, "--jobs", 2))


def test_progress_says_how_many_networks_there_are_and_what_others_are_for(capsys):
    study = Study(Protocol(max_updates=9), 7, 20)
    count_parts(study, report_progress=report_progress)
    own, more, *lines = capsys.readouterr().err.splitlines()
    assert more.startswith("140 more networks, with which a report compares these: other root seed")
    lines = [own, *lines]
    lines = [line.partition(": ")[0] for line in lines]
    others = [f"root seed {8 + i}, for comparison" for i in range(5)]
    criteria = ["criterion every-unit-squared", "criterion every-unit-half-squared"]
    assert lines == ["root seed 7", *others, *criteria]


def test_root_seed_protocol_and_set_give_other_outcomes(tmp_path, run):
    file = tmp_path / "gentle.toml"
    file.write_text("learning_rate = 15\n")
    base, from_file, from_set, both, *others = (
        read_digest(run("simulate", "--seeds", 100, *words.split())) for words in (
            "", f"--protocol {file}", "--set learning_rate=15",
            f"--protocol {file} --set learning_rate=20", "--root-seed 7", "--protocol notebook",
        )
    )  # fmt: skip
    assert (from_file, both) == (from_set, base), "--set comes last"
    assert len({base, from_file, *others}) == 4


def test_trace_ends_each_network_at_its_outcome_and_counts_from_0(run):
    """As `Trace.to_frame` and arrays do: vectors were once counted from 1."""
    outcomes = simulate(PAPER, n_seeds=4)
    table = pd.read_csv(io.StringIO(run("trace", 3, 0)))
    assert table["seed"].unique().tolist() == [3, 0]
    for seed, rows in table.groupby("seed"):
        assert rows["update"].tolist() == list(range(outcomes.updates[seed] + 1))
        assert rows["error"].iloc[-1] < PAPER.threshold <= rows["error"].iloc[-2]
        images = trace(seed=seed).reconstructions
        for p, i in ((0, 0), (3, 1)):
            assert rows[f"r_{p}_{i}"].to_numpy() == pytest.approx(images[:, p, i], rel=1e-5)


def test_exported_outcomes_are_those_of_simulate_in_the_order_of_seeds(run, monkeypatch):
    monkeypatch.setattr("replication.experiments.counting.choose_block_size", lambda _: 4)
    words = ("--seeds", 10, "--set", "initial_biases=zero", "--set", "group_sizes=[3, 2]")
    first = run("export", "-", *words)
    assert run("export", "-", *words) == first
    table = pd.read_csv(io.StringIO(first))
    expected = simulate(Protocol(initial_biases="zero", group_sizes=(3, 2)), n_seeds=10)
    assert table["updates"].tolist() == expected.updates.tolist()
    assert table["converged"].tolist() == expected.converged.tolist()
    assert table["seed"].tolist() == list(range(10))


def test_exported_outcomes_give_the_headline_again(tmp_path, run):
    n, path, reported = 20_000, tmp_path / "x.csv", load_reported()
    path.write_text(run("export", "-", "--seeds", n))
    found = run(
        "compare", path, "--value", "updates", "--succeeded", "converged", "--reported",
        f"mean={reported.mean} max={reported.max} n={reported.runs}", "--failures", "excluded",
        "--grid", 1, "--format", "json",
    )  # fmt: skip
    compared = json.loads(found)
    outcomes = simulate(PAPER, n_seeds=n, root_seed=DEFAULT_ROOT_SEED)
    counts = CountTable.from_outcomes(outcomes.updates, outcomes.converged, PAPER.max_updates)
    headline = json.loads(json.dumps(describe_sampling(counts)))
    assert headline["p"] == compared["p"]
    # A table does not say that no count is below 0, as that of outcomes does.
    for name in ("mean", "max", "mean_given_max"):
        for number in ("mean", "spread", "p"):
            found = compared["findings"][name][number]
            assert headline[name][number] == pytest.approx(found, rel=1e-5)


def test_readings_of_ones_own_are_compared_in_a_table_also_at_the_edge(tmp_path, capsys):
    """At a threshold of 100 all converge at once, within one update nothing does."""
    own = tmp_path / "own.toml"
    own.write_text("[factors]\nthreshold = [0.1, 100]\nmax_updates = [2000, 1]\n")
    printed = []
    for jobs in (1, 2):
        words = ("multiverse", "--file", own, "--seeds", 1000, "--jobs", jobs)
        assert main([str(word) for word in words]) == 0
        printed.append(capsys.readouterr())
    assert printed[0] == printed[1]
    assert "1 of 4 readings not rejected at 5 %" in printed[0].err
    # In the order of the grid: threshold 0.1 with each cap, then 100 with each.
    table = pd.read_csv(io.StringIO(printed[0].out))
    assert table["share"].tolist() == [1.0, 0.0, 1.0, 1.0]
    assert table["mean"].fillna(-1).tolist()[1:] == [-1, 0, 0]
    assert table["median"].fillna(-1).tolist()[1:] == [-1, 0, 0]


def test_experiments_say_what_they_do_and_where_models_are(tmp_path, monkeypatch, capsys, refuse):
    def run_quickly(name, *, jobs, report_progress):
        report_progress("searching the settings")
        return {"name": name}

    monkeypatch.setattr("replication.experiments.run_experiment", run_quickly)
    assert main(["experiments", "speed", "codes", "--results", str(tmp_path)]) == 0
    output = capsys.readouterr()
    seconds = round(EXPERIMENTS["speed"].seconds + EXPERIMENTS["codes"].seconds)
    first = f"speed (1 of 2): about 0:00:{seconds} left on two cores\nspeed (1 of 2): s"
    assert output.err.startswith(first)
    models = [str(tmp_path / "models" / f"{name}.json") for name in ("speed", "codes")]
    assert output.out.splitlines() == models
    assert [*map(str, sorted(tmp_path.rglob("*.json"), reverse=True))] == models
    assert main(["experiments", "--results", str(tmp_path)]) == 0
    models = [str(tmp_path / "models" / f"{name}.json") for name in EXPERIMENTS]
    assert capsys.readouterr().out.splitlines() == models
    message = refuse(2, "experiments", "sped", "--results", tmp_path)
    assert all(name in message for name in ("'sped'", *EXPERIMENTS))


def test_help_names_each_word_that_stands_for_experiments(run):
    text = " ".join(run("experiments", "--help").split())
    assert "NAME to run, or 'all' (default: all)" in text
    assert f"Experiments: {', '.join(EXPERIMENTS)}." in text


def test_help_lists_every_command_and_every_field_with_its_value(run):
    text = run("--help")
    assert {*COMMANDS.split()} <= {*re.findall(r"^    (\w+)", text, re.MULTILINE)}
    text = " ".join(run("trace", "--help").split())
    assert [name for name in PAPER.__dataclass_fields__ if f" {name}=" not in text] == []
    assert "regression=0.75" in text
    assert "_shtab_replication" in run("--print-completion", "bash")


@pytest.mark.parametrize(("words", "says"), [
    (["similate"], "invalid choice: 'similate' (choose from "),
    (["trace"], "SEED"),
    (["simulate", "--seed", 5], "unrecognized arguments: --seed 5; see"),
    (["simulate", "--backend", "dask"], "'dask' was given without a --scheduler; allowed"),
    (["simulate", "--set", "learning_rte=5"], "'learning_rte'; did you mean 'learning_rate'"),
    (["simulate", "--set", "group_sizes=[256,256]", "--jobs", 4096], "memory; give fewer --jobs"),
], ids=str)  # fmt: skip
def test_wrong_words_are_refused_in_one_line(tmp_path, monkeypatch, refuse, words, says):
    monkeypatch.chdir(tmp_path)
    message = refuse(2, *words)
    assert says in message
    assert message.isprintable()
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(("given", "reason"), [
    ("file", "file'"), ("file/below", "file"),
    ("x" * 300, "File name too long"),
])  # fmt: skip
def test_results_in_no_folder_are_refused(tmp_path, monkeypatch, refuse, given, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert reason in refuse(74, "report", "--results", given)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_path_that_is_printed_has_no_control_characters(tmp_path, run, write):
    path = tmp_path / "red\x1b[31m.csv"
    shown = str(path).replace("\x1b", "\\x1b")
    assert run("export", path, "--seeds", 3) == f"{shown}\n"
    assert path.is_file()
    rule = write("import replication\nclass Mine(replication.RecirculationNetwork): pass")
    answer = run("rule", rule, "--seeds", 20, "--save", path)
    assert f"\n{shown} was written." in answer
    assert f"replication compare '{shown}' --value" in answer
