"""What is installed, locked, cited and promised on the first page is there."""

import base64
import contextlib
import dataclasses
import io
import json
import os
import re
import runpy
import sys
import tarfile
import tomllib
import zipfile

import pytest
import yaml
from flit_core import buildapi
from fontTools.ttLib import TTFont

from replication.cli.parser import make_parser
from replication.definition.protocol import Protocol
from replication.publication.publishing import METADATA as METADATA_OF_REPORT
from replication.wording import join
from tests.reliability.faults import FEW_RESAMPLES, ROOT, list_files, read_files, run

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PAGES = ["README.md", "CONTRIBUTING.md"]
ALL_PAGES = [*PAGES, *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
METADATA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


TARGETS = set(re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.M))


def read_versions(path):
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", path.read_text(encoding="utf-8"), re.M))


def run_make(*arguments, cwd=ROOT):
    plain = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return run("make", "--no-print-directory", *arguments, cwd=cwd, env=plain)


def test_locks_are_exact_complete_and_agree_with_each_other():
    assert {path.stem for path in LOCKS} == {"run", "dev", "notebook"}
    project = METADATA["project"]
    requirements = project["dependencies"] + project["optional-dependencies"]["report"]
    declared = {re.match(r"[A-Za-z0-9-]+", text).group().lower() for text in requirements}
    everything = read_versions(ROOT / "requirements" / "dev.lock")
    for path in LOCKS:
        text, versions = path.read_text(encoding="utf-8"), read_versions(path)
        assert "://" not in text, "a lock names no address"
        # For example "numpy==2.3.1 \\\n    --hash=sha256:...".
        for requirement in re.split(r"\n(?=[a-z])", text.strip()):
            assert re.search(r"==.*--hash=sha256:", requirement, re.S), requirement
        assert {name: everything.get(name, v) for name, v in versions.items()} == versions
        assert declared <= set(versions)


def test_what_is_cited_is_the_same_wherever_it_stands():
    """CITATION.cff, written by hand, decides."""
    citation, codemeta = yaml.safe_load(read("CITATION.cff")), json.loads(read("codemeta.json"))
    project = METADATA["project"]
    title, version, day = (citation[name] for name in ("title", "version", "date-released"))
    assert project["version"] == codemeta["version"] == version
    # The section of the next version, which is being written, may stand above it.
    assert version in re.findall(r"^## (\d\S*)", read("CHANGELOG.md"), re.M)[:2]
    assert codemeta["datePublished"] == METADATA_OF_REPORT["date"] == day
    assert codemeta["alternateName"] == title
    short = METADATA_OF_REPORT["title"]
    assert title.startswith(f"{short}: ")
    assert read("results/report.md").startswith(f"# {short}\n")
    assert read("README.md").count(f"# {short}\n") == 1
    assert codemeta["name"] == project["name"]
    assert codemeta["description"] == project["description"]
    assert project["keywords"] == codemeta["keywords"] == citation["keywords"]
    assert codemeta["softwareRequirements"] == project["dependencies"]
    assert project["license"].startswith(METADATA_OF_REPORT["licence"])
    assert citation["license"] == METADATA_OF_REPORT["licence"]
    names = [name_author(author) for author in citation["authors"]]
    assert [name_author(author) for author in codemeta["author"]] == names
    assert [author["name"] for author in project["authors"]] == names
    assert METADATA_OF_REPORT["author"] == join(names)
    preferred = citation["preferred-citation"]
    assert preferred["title"] == title
    assert preferred["authors"] == citation["authors"]
    # An article, which may stand there instead, has no version.
    assert preferred.get("version", version) == version


def name_author(author):
    """Return the name of a group or a person, in CITATION.cff or codemeta.json."""
    given = author.get("given-names", author.get("givenName"))
    family = author.get("family-names", author.get("familyName"))
    return author.get("name") or f"{given} {family}"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build both distributions; Flit reads the folder that it is called in."""
    folder = tmp_path_factory.mktemp("dist")
    with contextlib.chdir(ROOT):
        return [folder / make(str(folder)) for make in (buildapi.build_wheel, buildapi.build_sdist)]


def test_wheel_holds_the_package_its_data_commands_and_links_and_nothing_else(built):
    with zipfile.ZipFile(built[0]) as archive:
        metadata = {n: archive.read(n).decode() for n in archive.namelist() if ".dist-info/" in n}
        names = {*archive.namelist()} - {*metadata}
    # Every file of the package is in it, and no other.
    sources = {path.relative_to(ROOT).as_posix() for path in list_files(ROOT / "replication")}
    assert "replication/comparison/example.csv" in names
    assert names == {name for name in sources if "__pycache__" not in name}
    metadata = {name.split("/", 1)[1]: text for name, text in metadata.items()}
    assert "Name: recirculation-replication\n" in metadata["METADATA"]
    links = re.findall(r"\]\((?!https?:)", metadata["METADATA"])
    assert links == [], "they lead nowhere elsewhere"
    licences = "".join(metadata[name] for name in metadata if name.startswith("licenses/"))
    assert "CC BY 4.0" in licences, "the digits have a licence of their own"
    assert "\nreplication=replication.__main__:main" in metadata["entry_points.txt"]


def test_wheel_has_the_time_of_the_commit_so_that_it_is_the_same_from_every_checkout():
    command = run_make("-n", "dist").stdout
    assert "date=$(git log -1 --format=%ct 2>/dev/null);" in command
    assert "SOURCE_DATE_EPOCH=$date " in command


def test_sdist_holds_what_is_committed(built):
    with tarfile.open(built[1]) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert not any(name.startswith("results/studies") or name.endswith(".pyc") for name in names)
    listed = run("git", "ls-files", "-z")
    if listed.returncode:
        pytest.skip("not in a clone")
    assert {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()} <= names


def test_installed_wheel_replicates_in_an_empty_folder(built, tmp_path):
    """To unpack a wheel of plain Python is to install it."""
    site, work = tmp_path / "site", tmp_path / "work"
    work.mkdir()
    with zipfile.ZipFile(built[0]) as archive:
        archive.extractall(site)
    script = (
        "import replication, replication.cli, sys\nprint(replication.__file__)\n"
        "from replication.paper import study\nstudy.N_REPETITIONS = 0\n"
        f"{FEW_RESAMPLES}sys.exit(replication.cli.main(['replicate', '--seeds', '100']))"
    )
    # No command opens a window: a backend that Matplotlib lacks was once a traceback.
    changed = {"PYTHONPATH": str(site), "PYTHONWARNINGS": "", "MPLBACKEND": "nonsense"}
    done = run(sys.executable, "-c", script, cwd=work, env=os.environ | changed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(site)), "the installed copy is the one that is tested"
    (report,) = work.glob("results/studies/*/report.html")
    assert report.stat().st_size > 0


def test_help_lists_every_target():
    listed = set(re.findall(r"^  make ([a-z-]+)", run_make("help").stdout, re.M))
    phony = set(re.findall(r"^\.PHONY: ([a-z-]+)$", read("Makefile"), re.M))
    assert listed == phony == TARGETS


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the Makefile, what `make replicate` looks at, and a Python's place."""
    (tmp_path / "Makefile").write_text(read("Makefile"), encoding="utf-8")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.lock").touch()
    (tmp_path / "python").touch(0o755)
    return tmp_path


def make_environment(folder, lock):
    """Make a stand-in for the environment, whose Python prints what it is given."""
    program = folder / ".venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (folder / "requirements" / f"{lock}.lock").touch()
    for stamp in (".made", f".{lock}"):
        (folder / ".venv" / stamp).touch()


@pytest.mark.parametrize(("name", "says"), [
    ("", "come out the same"), ("models/codes.json", "codes.json"),
    ("report.sha256", "report.html"), ("report.html", "report.html"),
])  # fmt: skip
def test_make_verify_compares_what_it_makes_elsewhere_and_overwrites_nothing(folder, name, says):
    make_environment(folder, "run")
    made = {"models/codes.json": "{}", "report.html": "page", "report.sha256": "5f  report.html\n"}
    for place in ("results", "made"):
        for path, text in made.items():
            (folder / place / path).parent.mkdir(exist_ok=True, parents=True)
            is_changed = place == "results" and path == name
            (folder / place / path).write_text("changed\n" if is_changed else text)
    before = read_files(folder / "results")
    # In place of `replication replicate --results=FOLDER`.
    program = '#!/bin/sh\nfor word; do :; done\ncp -R made/. "${word#--results=}"\n'
    (folder / ".venv" / "bin" / "python").write_text(program)
    done = run_make("verify", cwd=folder)
    assert (done.returncode == 0) == (name == ""), done.stderr
    assert says in done.stdout + done.stderr
    assert read_files(folder / "results") == before


def test_packages_of_an_unpacked_archive_are_said_to_differ_from_those_of_a_checkout(folder):
    """It printed "fatal: not a git repository", and built others without a word."""
    make_environment(folder, "dev")
    done = run_make("dist", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("No commit is here, so the files bear today's date")


@pytest.mark.parametrize("value", ["1; touch pwned", "$(shell touch pwned)", "-5 '\""])
def test_values_reach_the_command_as_they_were_typed(value, folder):
    make_environment(folder, "run")
    done = run_make("replicate", f"SEEDS={value}", "JOBS=2", cwd=folder)
    assert done.returncode == 0, done.stderr
    # One word each, with nothing run or split.
    given = ["-m", "replication", "replicate", f"--seeds={value}", "--jobs=2"]
    assert done.stdout.splitlines() == given
    assert not (folder / "pwned").exists()


@pytest.mark.parametrize(("given", "says"), [
    ("replicate SEED=20", "SEED was given; allowed are SEEDS ROOT_SEED JOBS RESULTS PYTHON VENV"),
    ("verify ROOT_SEED=7", "allowed are RESULTS and JOBS"),
    ("clean VENV=a;b", "allowed is one folder, without spaces and signs of the shell"),
    ("clean VENV=", "VENV='' was given"),
    ("replicate SEEDS=20 -j2", ""),
])  # fmt: skip
def test_a_variable_that_would_be_ignored_is_refused(given, says):
    """Once `make replicate SEED=20` ran the default million."""
    done = run_make("--dry-run", *given.split())
    assert done.returncode == (2 if says else 0)
    assert says in done.stderr


def test_only_an_environment_that_make_has_made_is_cleared_or_removed(folder):
    """Once `make replicate VENV=/existing/folder` emptied that folder."""
    for name in ("theirs/kept", "build/kept", "build/site/page"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text("kept", encoding="utf-8")
    (folder / "empty").mkdir()
    for target in ("replicate", "clean"):
        done = run_make(target, "VENV=theirs", cwd=folder)
        assert done.returncode == 2
        assert "theirs is there, and make did not make it, so it is left alone" in done.stderr
    assert (folder / "theirs" / "kept").read_text() == "kept"
    assert (folder / "build" / "site" / "page").read_text() == "kept", "refused before it begins"

    # A Python that makes an environment of one file, and is killed the first time.
    (folder / "python").write_text(
        '#!/bin/sh\n[ "$2" = venv ] || exit 0\n'
        f"[ -e {folder}/again ] || {{ touch {folder}/again ours/half; kill -9 $PPID; exit; }}\n"
        'mkdir ours/bin && cp "$0" ours/bin/python\n',
        encoding="utf-8",
    )
    for code in (2, 0):
        done = run_make("replicate", "VENV=ours", f"PYTHON={folder}/python", cwd=folder)
        assert done.returncode == code, done.stderr
        assert (folder / "ours" / "half").exists() == (code == 2)
    assert run_make("clean", "VENV=ours", cwd=folder).returncode == 0
    assert run_make("clean", "VENV=empty", cwd=folder).returncode == 0
    left = " ".join(path.relative_to(folder).as_posix() for path in list_files(folder))
    assert left == "Makefile again build/kept python requirements/run.lock theirs/kept"
    assert (folder / "empty").is_dir()


@pytest.mark.parametrize("line", ["exit 1", "case $* in *venv*) exit 1;; *) exit 0;; esac"])
def test_unfit_python_is_refused_with_advice(line, folder):
    (folder / "python").write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    done = run_make("replicate", f"PYTHON={folder}/python", cwd=folder)
    assert done.returncode == 2
    assert re.search(rf"{folder}/python(.|\n)*PYTHON=", done.stderr)
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize("tool", ["write_readme", "animate_plane"])
def test_generated_page_says_what_its_sources_say(tool, monkeypatch):
    monkeypatch.setattr(sys, "argv", [tool, "--check"])
    # It exits where the page differs.
    runpy.run_path(str(ROOT / "tools" / f"{tool}.py"), run_name="__main__")


def test_a_binder_gets_the_versions_of_the_lock_file():
    (line,) = [x for x in read("binder/requirements.txt").splitlines() if not x.startswith("#")]
    lock = (ROOT / "binder" / line.removeprefix("-r ")).resolve()
    assert lock == ROOT / "requirements" / "notebook.lock"
    assert "jupyterlab==" in lock.read_text("utf-8")
    # The package itself adds nothing that is not pinned.
    assert "--no-deps --no-build-isolation" in read("binder/postBuild")
    assert os.access(ROOT / "binder" / "postBuild", os.X_OK)


def test_lowest_versions_say_which_python_they_need(tmp_path):
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nexit 1\n")  # as a newer one answers
    python.chmod(0o755)
    done = run("/bin/sh", ROOT / "requirements" / "lowest.sh", python, env={"PATH": "/none"})
    assert done.returncode != 0
    assert "python3.11 or python3.12" in done.stderr


def test_licences_of_embedded_fonts_and_data_are_kept():
    drawing = read("results/figures/distribution.svg")
    font = TTFont(io.BytesIO(base64.b64decode(re.search(r"font/ttf;base64,([^)]+)", drawing)[1])))
    notice = next(str(each) for each in font["name"].names if each.nameID == 0)
    assert notice.splitlines()[0] in read("results/FONTS.md")


def test_pages_and_makefile_name_targets_and_commands_that_exist():
    parser = make_parser()
    (commands,) = (a.choices for a in parser._actions if isinstance(a.choices, dict))
    # Commands are named as `replication compare`, targets as `make replicate`.
    named = set(re.findall(r"\$\(REPLICATION\) ([a-z]+)", read("Makefile")))
    pages = [read(page) for page in ALL_PAGES]
    named = named.union(*(re.findall(r"(?:^|`|\$ )replication ([a-z]+)", p, re.M) for p in pages))
    targets = {name for p in pages for name in re.findall(r"(?:^|`)make ([a-z-]+)", p, re.M)}
    assert {"compare"} < named <= set(commands)
    assert {"replicate"} < targets <= TARGETS


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Protocol)])
def test_contributing_names_a_file_that_reads_each_field_of_the_protocol(field):
    """Once it named no place for a field of the draw."""
    contributing = read("CONTRIBUTING.md")
    advice = contributing.partition("**A field**")[2].partition("**A criterion**")[0]
    modules = sorted((ROOT / "replication" / "simulator").rglob("*.py"))
    reads = re.compile(rf"\bprotocol\.{field}\b")
    package = ROOT / "replication"
    readers = {
        module.relative_to(package).as_posix()
        for module in modules
        if reads.search(module.read_text("utf-8"))
    }
    named = {name for name in readers if f"`{name}`" in advice}
    assert named, f'"A field" names none of {sorted(readers)}, which read {field}'


@pytest.mark.parametrize("page", PAGES)
def test_page_links_to_files_that_exist(page):
    text = read(page)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    paths = re.findall(r"`((?:replication|tests|results|notebooks)/[A-Za-z0-9_./-]+)`", text)
    links += [p for p in paths if not p.startswith(("results/outcomes", "results/studies"))]
    assert [link for link in links if not (ROOT / link).exists()] == []
