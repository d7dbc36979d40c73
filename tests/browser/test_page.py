"""The HTML report in a real browser: what a reader would stumble over must not be there."""

import json
import math
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from replication.experiments.headline.distributions import find_share_as_far_out
from replication.statistics.counts import CountTable
from tests.reliability.faults import require
from tests.unit.report.sample_report import build_sample, make_models

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
    return build_sample(tmp_path_factory.mktemp("report"), formats=["html"])[0]


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


def test_experiment_runs_again_by_keyboard_and_says_what_came_out(found: dict) -> None:
    start, once, often, cleared = found["again"]["steps"]
    assert start["points"] == 0
    assert once["points"] == 1
    assert once["words"].startswith("Experiment 1: mean ")
    assert often["points"] == 1001
    assert "Of 1,001 so far, " in often["words"]
    assert often["inside"]
    assert cleared["points"] == 0
    assert cleared["focus"] == "again-once"
    assert found["again"]["role"] in ("status", "OUTPUT")  # both are announced when they change


def test_experiments_fall_as_far_out_as_exact_p_values_say(found: dict) -> None:
    words = found["again"]["steps"][2]["words"]
    far = int(re.search(r"so far, ([\d,]+)", words)[1].replace(",", ""))
    draws = make_models()["headline"]["draws"]
    counts = CountTable(np.array(draws["updates"]), np.array(draws["counts"]), 0, 2000)
    share = find_share_as_far_out(counts)
    assert abs(far / 1001 - share) < 4 * math.sqrt(share * (1 - share) / 1001) + 0.01


def check_first_screen(found: dict) -> None:
    """Hold that question, verdict and figure are seen at once, the doubt then or right after."""
    title, verdict, figure, _, note = found["first_screen"]["1400"]
    assert all(bottom < 900 for _, bottom in (title, verdict, figure, note))
    title, verdict, figure, piece, note = found["first_screen"]["360"]
    assert title[1] < verdict[0] < verdict[1] < figure[0] < figure[1] < piece[0]
    assert figure[1] < 740
    assert piece[1] < note[0] < 840
    assert found["reach_of_piece"] < 740


def test_first_screen_holds_question_verdict_and_figure(found: dict) -> None:
    check_first_screen(found)


def test_contents_show_parts_of_the_current_section_only(found: dict) -> None:
    contents = found["contents"]
    assert contents["first"]["shown"] == 0
    assert contents["then"] == {"shown": 1, "marked": ["#methods", "#rapid"]}


def test_first_stop_of_the_keyboard_skips_to_the_report(found: dict) -> None:
    assert found["first_stop"] == "Skip to the report"


def test_what_is_cut_on_a_telephone_says_so_and_can_be_reached(found: dict) -> None:
    assert any("equation" in box["kind"] for box in found["cut"])
    assert all("scroll" in box["hint"] and box["reachable"] for box in found["cut"])


def test_figures_are_whole_on_a_telephone(found: dict) -> None:
    assert found["cut_figures"] == 0


def test_no_table_hides_its_last_column_on_a_telephone(found: dict) -> None:
    assert found["result_columns"] == [True, True]


def test_without_script_the_figures_stand_alone(found: dict) -> None:
    assert found["without_script"] == {"piece_hidden": True, "figures": 2}


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
    check_first_screen(found)


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
