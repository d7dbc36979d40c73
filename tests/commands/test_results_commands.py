"""info, as a user types it."""

from replication.cli.results_commands import find_report_folders
from replication.definition.protocol import Protocol
from replication.publication.placing import place_files
from tests.reliability import faults

OTHER = Protocol(threshold=0.2)


def publish(*arguments, **options):
    return faults.publish(*arguments, **options).folder


def test_info_has_a_line_for_every_report(tmp_path, run):
    folders = [publish(tmp_path, 3, 10), publish(tmp_path, 4, 1, OTHER)]
    (folders[1] / "report.html").unlink()
    lines = sorted(run("info", "--results", tmp_path).splitlines())
    first = f"{folders[0]}: 10 networks of root seed 3, as in the paper, 1 model, "
    assert lines[0] == first + str(folders[0] / "report.html")
    assert lines[1] == f"{folders[1]}: 1 network of root seed 4, threshold = 0.2, 1 model, no page"


def test_commands_that_read_write_nothing(tmp_path, run):
    """Once `info` moved the files of a folder that said they were ready."""
    folder = publish(tmp_path, 3, 10)
    place_files(folder / ".replication-ready", {"report.html": b"planted"})
    (folder / ".replication-0123456789abcdef.part").write_bytes(b"x")
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    run("info", "--results", tmp_path)
    after = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    assert after == before


def test_an_empty_folder_has_no_report_and_a_missing_one_is_named(tmp_path, run, refuse):
    assert run("info", "--results", tmp_path).startswith("no report in ")
    assert "there is no folder" in refuse(74, "info", "--results", tmp_path / "none")


def test_folders_of_studies_are_those_with_models_or_a_report_and_no_links(tmp_path):
    for name in ("with-models/models", "empty", "other/figures"):
        (tmp_path / "studies" / name).mkdir(parents=True)
    place_files(tmp_path / "studies" / "with-report", {"report.html": b"1"})
    (tmp_path / "studies" / "link").symlink_to(tmp_path / "studies" / "with-report")
    found = find_report_folders(tmp_path)
    assert sorted(folder.name for folder in found) == ["with-models", "with-report"]
    place_files(tmp_path, {"report.html": b"1"})
    assert find_report_folders(tmp_path)[0] == tmp_path


def test_a_damaged_model_is_named(tmp_path, refuse):
    folder = publish(tmp_path, 3, 20)
    (folder / "models" / "headline.json").write_text("{}")
    assert "headline.json' is damaged" in refuse(65, "info", "--results", tmp_path)
