"""The HTML report in a real browser: what a reader would stumble over must not be there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.reliability.faults import require

HERE = Path(__file__).parent
pytestmark = pytest.mark.browser


def find_chromium() -> str | None:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def tools() -> dict[str, str]:
    chromium, node, npm = find_chromium(), shutil.which("node"), shutil.which("npm")
    require(chromium, "Chromium is missing")
    require(node and npm, "Node.js with npm is missing")
    if not (HERE / "node_modules").is_dir():
        command = [str(npm), "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
        packages = "axe-core, html-validate or playwright-core"
        require(done.returncode == 0, f"{packages} is missing: {done.stderr}")
    return {"node": str(node), "CHROMIUM": str(chromium)}


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a small study, without the chapters that only the default study has."""
    from replication.protocol import DEFAULT_ROOT_SEED, PAPER
    from replication.report import render
    from replication.results import Study, analyse
    from replication.store import Store
    from replication.study import simulate_study

    folder = tmp_path_factory.mktemp("results")
    study = Study(PAPER, DEFAULT_ROOT_SEED, 2000, folder)
    for part in (study, *study.repetitions):
        simulate_study(Store(folder), part.protocol, part.root_seed, part.n_seeds, jobs=1)
    render(analyse(study, jobs=1), folder)
    return folder / "report.html"


def check(path: Path, tools: dict[str, str]) -> dict:
    done = subprocess.run(
        [tools["node"], str(HERE / "check_page.mjs"), str(path)],
        capture_output=True,
        text=True,
        env=os.environ | {"CHROMIUM": tools["CHROMIUM"]},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def found(page: Path, tools: dict[str, str]) -> dict:
    return check(page, tools)


def test_page_writes_nothing_to_the_console(found: dict) -> None:
    assert found["console"] == []


def test_page_requests_nothing(found: dict) -> None:
    assert found["requests"] == []


def test_page_never_scrolls_sideways(found: dict) -> None:
    assert found["scroll"] == []


def test_page_meets_wcag_2_a_and_aa_in_light_and_dark(found: dict) -> None:
    assert found["axe"] == []


def test_page_is_valid_html(found: dict) -> None:
    assert found["html"] == []


def test_slider_moves_numbers_picture_and_words_by_keyboard(found: dict) -> None:
    start, end, home, other_rule = found["slider"]
    assert [start["n"], end["n"], home["n"]] == ["20", "5000", "1"]
    assert end["valuetext"] == "5000 runs"
    assert home["valuetext"] == "1 run"
    assert len({start["words"], end["words"], home["words"]}) == 3
    assert len({start["picture"], end["picture"], home["picture"]}) == 3
    assert other_rule["n"] == "1"
    assert "48" in start["words"]


def test_without_script_the_static_figures_stand_alone(found: dict) -> None:
    assert found["without_script"]["explorer_hidden"]
    assert found["without_script"]["figures"] >= 8


def test_print_is_on_white_without_navigation(found: dict) -> None:
    assert found["print"] == {"background": "rgb(255, 255, 255)", "navigation": "none"}


def test_committed_page_passes_the_same_checks(tools: dict[str, str]) -> None:
    committed = HERE.parents[1] / "results" / "report.html"
    if not committed.exists():
        pytest.skip("there is no committed report")
    found = check(committed, tools)
    assert {key: found[key] for key in ("console", "requests", "scroll", "axe", "html")} == {
        "console": [],
        "requests": [],
        "scroll": [],
        "axe": [],
        "html": [],
    }


def test_checks_notice_what_they_look_for(tmp_path: Path, tools: dict[str, str]) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<!DOCTYPE html><html><head><title>x</title></head><body><nav></nav>"
        '<img src="missing.png"><div style="width:2000px">wide</div>'
        '<p style="color:#999;background:#aaa">faint</p>'
        '<script>console.error("noise")</script></body></html>'
    )
    found = check(bad, tools)
    assert any("noise" in text for text in found["console"])
    assert any(url.endswith("missing.png") for url in found["requests"])
    assert found["scroll"]
    assert {"color-contrast", "html-has-lang", "image-alt"} <= {v["rule"] for v in found["axe"]}
    assert found["html"]
