"""The crate says which command made which file, and its checksums hold."""

import dataclasses
import hashlib
import json
from pathlib import Path

import pytest

from replication.crate import FILE_NAME, STEPS, build_crate, find_files, write_crate
from replication.errors import StorageError
from replication.protocol import PAPER, as_plain

DIGEST = "ab" * 32
FILES = {
    "summary.json": "{}",
    "map.json": "{}",
    "report.md": "# Report",
    "report.html": "<html></html>",
    "figures/law.svg": "<svg/>",
    "manifest.json": "{}",
    "notes.txt": "mine",
}


@pytest.fixture
def results(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (tmp_path / "outcomes").mkdir()
    (tmp_path / "outcomes" / "block.json").write_text("{}", encoding="utf-8")
    return tmp_path


@pytest.fixture
def crate(results):
    return build_crate(results, protocol=PAPER, root_seed=7, n_networks=1000, digest=DIGEST)


def index(crate):
    return {entity["@id"]: entity for entity in crate["@graph"]}


def refer(value):
    return [item["@id"] for item in (value if isinstance(value, list) else [value])]


def test_every_reference_leads_to_an_entity(crate):
    entities = index(crate)
    assert len(entities) == len(crate["@graph"]), "an identifier stands for one thing"
    for entity in crate["@graph"]:
        for key, value in entity.items():
            if key == "conformsTo" or not isinstance(value, dict | list):
                continue
            assert set(refer(value)) <= set(entities)


def test_files_of_the_study_are_listed_with_their_checksums(crate, results):
    files = {e["@id"]: e for e in crate["@graph"] if e["@type"] == "File"}
    assert set(files) == set(FILES) - {"manifest.json", "notes.txt"}
    for name, entity in files.items():
        content = (results / name).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert entity["contentSize"] == str(len(content))
    assert set(refer(index(crate)["./"]["hasPart"])) == set(files)


def test_each_file_is_made_by_one_command(crate):
    actions = [e for e in crate["@graph"] if e["@type"] == "CreateAction"]
    made = [name for action in actions for name in refer(action["result"])]
    assert len(made) == len(set(made))
    by_name = {action["@id"]: action for action in actions}
    assert set(by_name) == {"#analyse", "#map", "#report"}, "nothing is said of what was not made"
    report = by_name["#report"]
    assert report["name"] == "replication report --seeds 1000 --root-seed 7"
    assert set(refer(report["result"])) == {"report.md", "report.html", "figures/law.svg"}
    assert {"summary.json", "map.json"} <= set(refer(report["object"]))


def test_inputs_are_the_protocol_the_root_seed_and_the_number(results):
    protocol = dataclasses.replace(PAPER, regression=0.7)
    built = build_crate(results, protocol=protocol, root_seed=7, n_networks=1000, digest=DIGEST)
    values = {e["@id"]: e["value"] for e in built["@graph"] if e["@type"] == "PropertyValue"}
    assert json.loads(values["#protocol"]) == as_plain(protocol)
    (command,) = {e["name"] for e in built["@graph"] if e["@id"] == "#analyse"}
    assert command == "replication replicate --seeds 1000 --root-seed 7 --set regression=0.7"
    assert values["#root-seed"] == 7
    assert values["#networks"] == 1000
    assert values["#digest"] == DIGEST


def test_same_results_give_the_same_bytes(results, crate):
    first = write_crate(results, crate).read_bytes()
    again = build_crate(results, protocol=PAPER, root_seed=7, n_networks=1000, digest=DIGEST)
    assert write_crate(results, again).read_bytes() == first
    assert FILE_NAME not in find_files(results, ("*",))


def test_every_step_makes_something_of_its_own():
    patterns = [pattern for step in STEPS for pattern in step.makes]
    assert len(patterns) == len(set(patterns))


def test_unwritable_folder_is_named(results, crate):
    (results / FILE_NAME).mkdir()
    with pytest.raises(StorageError, match=FILE_NAME):
        write_crate(results, crate)


def test_a_file_that_cannot_be_read_is_named(results, monkeypatch):
    def fail(path):
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(StorageError, match=r"cannot be read \(Input/output error\)"):
        build_crate(results, protocol=PAPER, root_seed=7, n_networks=1000, digest=DIGEST)
