"""A results folder: which study stands where, its models, and its report made twice."""

import dataclasses
import math
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from replication import PAPER, Protocol, experiments
from replication.cache.blocks import NOWHERE, Cache
from replication.cli import main
from replication.cli.study_commands import describe_result
from replication.definition.claims import ClaimVerdict, load_claims
from replication.definition.study import DEFAULT_ROOT_SEED, DEFAULT_SEEDS, Study
from replication.errors import DataError, StorageError
from replication.experiments import EXPERIMENTS, find_version, list_measurements
from replication.publication import publishing, verifying
from replication.publication.models import read_model, round_numbers, write_model
from replication.publication.placing import place_files
from replication.publication.verifying import find_damaged_files

ROOT = Path(__file__).parents[3]


UNDECIDED = {"value": None, "interval": None, "outcome": "undecided"}


def make_current(name):
    """Return a model of the version of now that has measured nothing."""
    claims = {
        statement: {"verdict": "open", "operationalisations": dict.fromkeys(ways, UNDECIDED)}
        for statement, ways in list_measurements(name).items()
    }
    return {"version": find_version(name), "claims": claims}


def test_only_the_default_study_writes_into_the_results_folder(tmp_path):
    default = Study(PAPER, 1988, 1_000_000, tmp_path)
    assert default.folder == tmp_path
    for name, value in (("n_seeds", 7), ("root_seed", 7), ("protocol", Protocol(momentum=0.5))):
        other = dataclasses.replace(default, **{name: value})
        assert other.folder.parent == tmp_path / "studies"


def test_a_study_is_replicated_and_what_is_damaged_made_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("replication.definition.study.N_REPETITIONS", 1)
    study = Study(PAPER, 7, 3000, tmp_path / "with space" / "résultats")
    assert main(["replicate", *study.options.split(), "--results", str(study.results)]) == 0
    said = capsys.readouterr().out
    *lines, last = said.splitlines()
    assert "of 3,000 networks within 2,000 updates" in lines[0]
    assert {"converged", "mean", "p", "verdict"} <= {line.split()[0] for line in lines}
    assert "for a mean of 48 and a largest count of 202: consistent with these networks" in said
    assert last.endswith(str(study.folder / "report.html"))

    # All that was made is damaged or removed, and made again from the cache.
    before = {path: path.read_bytes() for path in study.folder.rglob("*") if path.is_file()}
    assert {path.suffix for path in before} >= {".html", ".md", ".pdf", ".svg", ".json"}
    path = study.folder / "models" / "headline.json"
    path.write_bytes(path.read_bytes()[:-9])
    (study.folder / "report.pdf").write_bytes(b"")
    for path in [study.folder / "report.md", *(study.folder / "figures").iterdir()]:
        path.unlink()
    damaged = find_damaged_files(study.folder)
    assert {"models/headline.json", "report.md", "report.pdf"} < set(damaged)
    assert main(["report", *study.options.split(), "--results", str(study.results)]) == 0
    after = {path: path.read_bytes() for path in study.folder.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize(("verdict", "reason", "says"), [
    (ClaimVerdict.NOT_TESTABLE, "cap", "not testable: networks are stopped after 2,000 updates"),
    (ClaimVerdict.NOT_TESTABLE, "settings", "not testable: other settings than the paper's (x)"),
    (ClaimVerdict.TOO_FEW, "few networks", "too few to tell: give at least 1,000 networks"),
    (ClaimVerdict.HOLDS_EXCEPT, None, "holds, except if “error” means half the squared"),
])  # fmt: skip
def test_verdict_says_why(tmp_path, verdict, reason, says):
    model = read_model(ROOT / "results", "headline")
    assert model is not None
    model["claims"]["headline"] |= {"verdict": verdict, "reason": reason, "other_settings": ["x"]}
    lines = describe_result(Study(PAPER, 1, 1, tmp_path), model)
    (line,) = [line for line in lines if line.startswith("verdict")]
    assert line.split(maxsplit=1)[1].startswith(says)
    has_p = any(line.startswith("p ") for line in lines)
    assert has_p == (reason in (None, "settings")), "a p that judges nothing"


@pytest.mark.parametrize("experiments", [True, False])
def test_missing_experiments_are_announced_at_first_or_left_out(monkeypatch, tmp_path, experiments):
    done = []
    monkeypatch.setattr(publishing, "count_parts", lambda *_, **__: done.append("networks"))
    monkeypatch.setattr(publishing, "write_report", lambda *_, **__: {})
    monkeypatch.setattr(publishing, "run_experiments", lambda names, *_, **__: done.extend(names))
    write_model(tmp_path, "codes", make_current("codes"))
    study = Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, tmp_path)
    options = {"experiments": experiments, "report_progress": done.append}
    run = partial(publishing.replicate_study, study, Cache(NOWHERE), **options)
    if not experiments:
        run()
        assert done == ["networks"]
    write_model(tmp_path, "rule", {"version": "of before"})
    if not experiments:
        with pytest.raises(DataError, match="models of rule .* run `replication replicate`"):
            run()
        return
    (tmp_path / "models" / "speed.json").write_text("{}")
    run()
    said, *rest = done
    assert said.startswith("15 experiments will run after the networks: about ")
    assert rest == ["networks", *(name for name in EXPERIMENTS if name != "codes")]


def test_one_experiment_is_rendered_alone(tmp_path):
    page = publishing.preview_experiment("codes", 300, tmp_path, jobs=1)
    assert page == tmp_path / "previews" / "codes" / "report.html"
    text = page.read_text("utf-8")
    assert "<title>Preview: codes" in text
    titles = {claim.title: claim.experiment == "codes" for claim in load_claims().values()}
    assert all((title in text) == is_own for title, is_own in titles.items())
    assert not (tmp_path / "models").exists()


def test_preview_marks_a_sentence_that_is_not_true_of_few_networks(tmp_path, monkeypatch):
    chapter = tmp_path / "live" / "chapter.md"
    chapter.parent.mkdir()
    chapter.write_text("{{ require(live.a > 1) }}\nIt is [](#fig:x), [](#y).\n\n# Why {#y}\n\nSo")
    shutil.copy(publishing.TEMPLATES / "preview.md", tmp_path)
    monkeypatch.setattr(publishing, "TEMPLATES", tmp_path)
    monkeypatch.setattr(publishing, "run_experiment", lambda *_, **__: {"a": 0})
    said = []
    page = publishing.preview_experiment("live", 300, tmp_path, report_progress=said.append)
    assert said[0].startswith("a guard fails: live/chapter.md: a sentence is not true")
    shown = page.with_suffix(".md").read_text("utf-8")
    assert "**\\[not true of these few networks\\]** It is “fig:x”, [Why](#why)." in shown


def test_models_that_are_out_of_date_are_named_and_left_out_of_a_preview(tmp_path, monkeypatch):
    """Once another measurement of one statement ended previews of all others in a KeyError."""
    shutil.copytree(ROOT / "results" / "models", tmp_path / "models")
    claims = load_claims()
    codes = claims["good-codes"]
    ways = (*codes.operationalisations, dataclasses.replace(codes.operationalisations[0], id="new"))
    claims = claims | {"good-codes": dataclasses.replace(codes, operationalisations=ways)}
    for module in ("experiments", "publication.rendering"):
        monkeypatch.setattr(f"replication.{module}.load_claims", lambda: claims)
    published = read_model(ROOT / "results", "rule")
    monkeypatch.setattr(publishing, "run_experiment", lambda *_, **__: published)
    said = []
    page = publishing.preview_experiment("rule", 30, tmp_path, report_progress=said.append)
    assert page.exists()
    assert [line for line in said if "out of date" in line] == [
        "the model of codes is out of date and left out;\n`replication replicate` makes it again"
    ]


@pytest.mark.parametrize("content", ["", "[1]", "[" * 100_000, '{"a": 0.5}', None], ids=type)
def test_damaged_model_is_named_before_it_is_used(tmp_path, content):
    """Once 60 of 110 random edits went into the report."""
    write_model(tmp_path, "codes", {"a": 0.5, "b": [1, "x"]})
    path = tmp_path / "models" / "codes.json"
    path.write_text(content or path.read_text().replace(" ", ""))
    with pytest.raises(DataError, match=r"codes\.json' is damaged; `replication replicate` ma"):
        read_model(tmp_path, "codes")
    assert find_damaged_files(tmp_path) == ["models/codes.json"]


def test_what_is_none_of_our_models_is_set_aside_and_no_link_written_through(tmp_path):
    """Once `experiments` wrote over a file models/speed.json of the user's own."""
    (tmp_path / "models" / "codes.json").mkdir(parents=True)
    (tmp_path / "models" / "codes.json" / "mine").write_text("mine")
    (tmp_path / "models" / "speed.json").write_text('{"mine": 1}')
    (tmp_path / "models" / "mine.json").write_text("[]")
    for name in ("codes", "speed", "speed"):
        write_model(tmp_path, name, {"a": 1})
    # A folder and a file in the way get another name; a second model of ours does not.
    (aside,) = (tmp_path / "models").glob("codes.json.set-aside-*/*")
    assert aside.name == "mine"
    (kept,) = (tmp_path / "models").glob("speed.json.set-aside-*")
    assert kept.read_text() == '{"mine": 1}'
    assert find_damaged_files(tmp_path) == []
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "models").symlink_to(tmp_path / "models")
    with pytest.raises(StorageError, match="is a link, and nothing is written there; put a folder"):
        write_model(tmp_path / "linked", "codes", {"a": 2})
    assert read_model(tmp_path, "codes") == {"a": 1}


WRITERS = {
    "previews/codes": partial(publishing.preview_experiment, "codes", 300),
    f"studies/{PAPER.id}-7-3": lambda folder: publishing.replicate_study(
        Study(PAPER, 7, 3, folder), Cache(NOWHERE)
    ),
}


@pytest.mark.parametrize("place", WRITERS)
@pytest.mark.parametrize("is_parent", [False, True])
def test_no_report_is_written_through_a_link(tmp_path, monkeypatch, place, is_parent):
    """Once a report was written, and a lock left, wherever `studies` or `previews` led."""
    monkeypatch.setattr("replication.experiments.headline.run.run", lambda *_, **__: {"a": 1})
    monkeypatch.setattr(publishing, "run_experiment", lambda *_, **__: {"a": 1})
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "results" / place
    link = link.parent if is_parent else link
    link.parent.mkdir(parents=True)
    elsewhere.mkdir()
    link.symlink_to(elsewhere)
    with pytest.raises(StorageError, match=f"{link}' is a link, and nothing is written there"):
        WRITERS[place](tmp_path / "results")
    assert list(elsewhere.iterdir()) == []


def test_the_committed_models_are_as_they_were_written():
    assert find_damaged_files(ROOT / "results") == []


def test_model_keeps_six_significant_digits_and_no_number_that_is_none(tmp_path):
    written = write_model(tmp_path, "x", {"a": 1 / 3, "b": [np.float64(2e6 / 3)]})
    assert written == {"a": 0.333333, "b": [666667.0]}
    assert read_model(tmp_path, "x") == written
    for value in (math.inf, [np.float64("nan")]):
        with pytest.raises(ValueError, match="Out of range float values"):
            round_numbers({"a": value})


def test_a_published_report_that_differs_is_not_reproduced(monkeypatch, tmp_path):
    of_now = make_current("codes")
    for module in (publishing, verifying):
        monkeypatch.setattr(module, "EXPERIMENTS", {"codes": EXPERIMENTS["codes"]})
    monkeypatch.setattr(publishing, "count_parts", lambda *_, **__: {})
    monkeypatch.setattr(publishing, "run_experiment", lambda name, **_: {"a": 0.5} | of_now)

    def write_short_report(study, *_, **__):
        place_files(study.folder, {"report.html": b"the report"})
        return write_model(study.folder, "headline", {"digest": "0" * 64})

    monkeypatch.setattr(publishing, "write_report", write_short_report)
    write_model(tmp_path, "headline", {"digest": "0" * 64})
    write_model(tmp_path, "codes", {"a": 0.5} | of_now)
    place_files(tmp_path, {"report.html": b"the report"})
    published = Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, tmp_path)
    verifying.verify_report(published)
    # A published model and a page that nothing computes any more.
    write_model(tmp_path, "codes", {"a": 0.25} | of_now)
    place_files(tmp_path, {"report.html": b"another"})
    with pytest.raises(
        DataError, match=r"codes\.json: \"a\": 0\.25, became \"a\": 0\.5,.*report\.html"
    ):
        verifying.verify_report(published)


JUDGED = make_current("codes")["claims"]["good-codes"]
EDITED = [{**UNDECIDED, "value": "=1+1"}, {**UNDECIDED, "interval": 1}, {"outcome": "undecided"}, 1]


@pytest.mark.parametrize("claims", [
    {}, None, 1.5, {"rapid": 1},
    *({"good-codes": entry} for entry in (
        {"verdict": "maybe"}, JUDGED | {"verdict": "holds, except"}, JUDGED | {"instead": 0.5},
        JUDGED | {"instead": JUDGED | {"operationalisations": [0]}},
        *(JUDGED | {"operationalisations": dict.fromkeys(JUDGED["operationalisations"], result)}
          for result in EDITED),
    )),
])  # fmt: skip
def test_models_that_judge_something_else_are_named_and_not_rendered(tmp_path, claims):
    write_model(tmp_path, "codes", make_current("codes") | {"claims": claims})
    with pytest.raises(DataError, match="models of codes"):
        publishing.read_current(tmp_path)


def test_models_of_another_ledger_are_named_and_not_rendered(monkeypatch, tmp_path):
    current = make_current("codes")
    for name in EXPERIMENTS:
        write_model(tmp_path, name, make_current(name))
    assert publishing.read_current(tmp_path).keys() == EXPERIMENTS.keys()
    claims = dict(load_claims())
    # First the words of one way to ask change, then its threshold.
    ways = list(claims["good-codes"].operationalisations)
    for changed in ({"name": "otherwise"}, {"thresholds": {"at_least": 0.9}}):
        ways[0] = dataclasses.replace(ways[0], **changed)
        codes = dataclasses.replace(claims["good-codes"], operationalisations=tuple(ways))
        claims["good-codes"] = codes
        monkeypatch.setattr(experiments, "load_claims", claims.copy)
        is_same = find_version("codes") == current["version"]
        assert is_same == ("name" in changed), "words do not count, thresholds do"
    default = Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, tmp_path)
    for refuse, given in ((publishing.read_current, tmp_path), (verifying.verify_report, default)):
        with pytest.raises(DataError, match=r"models of codes .* run `replication replicate`"):
            refuse(given)
