"""The published results of the study of 1985: they follow from the plan, and come again."""

import shutil

import numpy as np
import pytest
from boltzmann import judging, runs, study

needs_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")


def test_the_results_are_of_the_plan_and_its_seeds():
    results = study.read_results()
    assert results["plan"] == runs.hash_plan()
    assert results["seeds"] == {run.name: runs.find_seed(run.name) for run in runs.list_runs()}
    for run in runs.list_runs():
        columns = {k: len(x) for k, x in results["runs"][run.name].items() if k != "weights"}
        assert set(columns.values()) == {run.n_machines}


def take(columns, name, n, cycles):
    times = np.array(columns[name][:n])
    return np.where(times <= cycles, times, 0)


def test_the_first_machines_of_the_study_learn_again_as_they_did():
    run = next(run for run in runs.list_runs() if run.name == "4-2-4 R1")
    again = runs.run_rule(run._replace(n_machines=24, cycles=50))
    stored = study.read_results()["runs"][run.name]
    assert again["solved"] == take(stored, "solved", 24, 50).tolist()
    assert sum(again["solved"]) > 0


def test_the_first_machines_of_the_program_in_c_learn_again_as_they_did(program):
    run = next(run for run in runs.list_runs() if run.name == "8-3-8 NP")
    again = runs.run_program(run._replace(n_machines=6, cycles=300), program)
    stored = study.read_results()["runs"][run.name]
    assert again["near"] == take(stored, "near", 6, 300).tolist()
    assert sum(again["near"]) > 0


@pytest.mark.long
@pytest.mark.timeout(14_400)
@needs_compiler
def test_the_whole_study_says_again_what_is_published(tmp_path):
    runs.run_all(tmp_path)
    study.write_results(study.make_results(runs.read_all(tmp_path)), tmp_path / "study.json")
    assert study.read_results(tmp_path / "study.json") == study.read_results()


def test_all_six_readings_contradict_the_study_as_the_report_says():
    published = study.read_results()
    assert published["verdict"] == "contradicted as printed"
    assert len(published["readings"]) == 6
    for rows in published["readings"].values():
        assert "contradicted" in {row["decision"] for row in rows}


@pytest.mark.long
def test_the_verdict_follows_from_the_published_runs():
    published = study.read_results()
    again = judging.judge_all(published["runs"])
    assert again["verdict"] == published["verdict"]
    assert again["readings"] == published["readings"]
    assert again["predictions"] == published["predictions"]
