"""The HTML report in a real browser: what a reader would stumble over must not be there."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from replication.definition.protocol import PAPER
from replication.simulator.engine import run_networks
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights
from tests.reliability.faults import require
from tests.unit.report.sample_report import PUBLISHED, build_sample

HERE = Path(__file__).parent
pytestmark = pytest.mark.browser


def find_chromium():
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def tools():
    chromium, node, npm = find_chromium(), shutil.which("node"), shutil.which("npm")
    require(chromium, "Chromium is missing")
    require(node and npm, "Node.js with npm is missing")
    if not (HERE / "node_modules").is_dir():
        command = [str(npm), "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
        packages = "axe-core, html-validate or playwright-core"
        require(done.returncode == 0, f"{packages} is missing: {done.stderr}")
    return {"node": str(node), "CHROMIUM": str(chromium)}


N_NETWORKS = 300
START, N_UPDATES = np.array(PUBLISHED["trace"]["start"]), PUBLISHED["trace"]["updates"]
COMMITTED = HERE.parents[1] / "results" / "report.html"
BAD = (
    "<!DOCTYPE html><html><head><title>x</title></head><body><nav></nav>"
    '<img src="missing.png"><div style="width:2000px">wide</div>'
    '<p style="color:#999;background:#aaa">faint</p>'
    '<script>console.error("noise")</script></body></html>'
)


@pytest.fixture(scope="session")
def pages(tools, tmp_path_factory):
    """Return what one browser finds in the sample, in a bad page and in the committed one."""
    folder = tmp_path_factory.mktemp("pages")
    build_sample(folder, formats=["html"])
    bad, starts = folder / "bad.html", folder / "starts.json"
    bad.write_text(BAD)
    settings = {
        "starts": draw_weights(PAPER, 1988, 0, N_NETWORKS).tolist(), "rate": PAPER.learning_rate,
        "regression": PAPER.regression, "threshold": PAPER.threshold, "cap": PAPER.max_updates,
    }  # fmt: skip
    starts.write_text(json.dumps(settings))
    paths = [starts, folder / "report.html", bad, COMMITTED]
    done = subprocess.run(
        [tools["node"], str(HERE / "check_page.mjs"), *map(str, paths)],
        capture_output=True, text=True, timeout=400, check=False,
        env=os.environ | {"CHROMIUM": tools["CHROMIUM"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(params=["sample", "committed"])
def each(pages, request):
    return pages[0 if request.param == "sample" else 2]


@pytest.fixture
def found(pages):
    return pages[0]


@pytest.mark.parametrize("what", ["console", "requests", "scroll", "axe", "html"])
def test_page_logs_and_requests_nothing_fits_and_meets_wcag_and_html(each, what):
    """The page of the sample and the committed one, at three widths, light and dark."""
    assert each[what] == []


def test_networks_take_as_many_updates_in_the_page_as_in_python(found):
    updates, converged, _ = run_networks(PAPER, draw_weights(PAPER, 1988, 0, N_NETWORKS))
    expected = np.where(converged, updates, -1)
    assert np.mean(np.array(found["counts"]) == expected) >= 0.99


def test_experiment_runs_again_by_keyboard_and_says_what_came_out(found):
    start, once, often, cleared, failed, refused = found["again"]["steps"]
    assert start["dots"] == 0
    assert once["dots"] == 1
    assert re.match(r"Experiment 1: .*mean [\d.]+, largest [\d,]+\. ", once["words"])
    inside = int(re.search(r"So far (\d+) of 61 ", often["words"])[1])
    assert 50 - often["outside"] <= inside <= 61 - often["outside"]
    assert often["dots"] == 50  # older ones have gone
    assert cleared["dots"] == failed["dots"] == 0
    assert cleared["focus"] == "again-once"
    assert "100 failed in 2,000 updates" in failed["words"]
    assert refused["words"] == "Nothing trained yet."
    assert found["again"]["role"] in ("status", "OUTPUT")  # both are announced when they change


def test_networks_are_seen_learning_and_can_be_finished_at_once(found):
    during, after = found["watched"]["during"], found["watched"]["after"]
    assert re.fullmatch(r"Update \d+: \d+ of 100 have converged\.", during["progress"])
    assert (during["dots"], after["dots"]) == (0, 1)
    assert after["progress"] == ""


def test_loop_learns_update_by_update_and_stands_still_where_motion_is_unwanted(found):
    loop = found["loop"]
    assert loop["stands"] == loop["later"]
    assert loop["stands"]["update"] == N_UPDATES
    assert loop["back"]["update"] == N_UPDATES - 1
    assert loop["first"]["update"] == 0
    assert 0 < loop["moved"]["update"] <= loop["paused"]["update"] < N_UPDATES
    assert loop["paused"] == loop["resting"]
    assert float(loop["stands"]["title"].split()[-1]) <= PAPER.threshold
    network = RecirculationNetwork.from_weights(START)
    for state, updates in ((loop["first"], 0), (loop["stands"], N_UPDATES)):
        for _ in range(updates):
            network.update()
        images = [network.image(pattern) for pattern in network.patterns]
        assert state["diagonal"] == pytest.approx(np.diag(images), abs=0.002)


def test_first_screen_shows_who_did_what_and_what_came_out_and_the_picture(each):
    title, what, verdict, figure = each["first_screen"]["1400"]
    assert all(bottom < 900 for _, bottom in (title, what, verdict, figure))
    title, what, verdict, figure = each["first_screen"]["360"]
    assert title[1] < what[0] < what[1] < verdict[0] < verdict[1] < figure[0]
    assert figure[0] < 740


def test_table_sorts_by_keyboard_and_unfolds_below_a_row(found):
    table = found["sorted"]
    names = [text.split(",")[0] for text in table["before"]]
    assert table["unfolded"].strip() == names[0]
    assert [text.split(",")[0] for text in table["up"]] == names[::-1]  # their means fall
    assert table["down"] == table["before"]
    assert table["sort"] == "descending"


def test_contents_show_parts_of_the_current_section_only(found):
    contents = found["contents"]
    assert contents["first"]["shown"] == 0
    assert contents["then"] == {"shown": 1, "marked": ["#methods", "#rapid"]}


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("first_stop", "Skip to the report"),
        ("cut_figures", 0),
        ("result_columns", [True, True]),  # no table hides its last column
        ("without_script", {"pieces_hidden": True, "figures": 3}),
        ("print", {"background": "rgb(255, 255, 255)", "navigation": "none"}),
    ],
)
def test_keyboard_telephone_print_and_no_script_find_what_they_need(found, what, expected):
    assert found[what] == expected


def test_what_is_cut_on_a_telephone_says_so_and_can_be_reached(found):
    assert any("equation" in box["kind"] for box in found["cut"])
    assert all("scroll" in box["hint"] and box["reachable"] for box in found["cut"])


def test_committed_report_is_short():
    text = COMMITTED.with_suffix(".md").read_text()
    assert len(text.split()) <= 5000
    assert len(re.findall(r"!\[", text)) <= 13


def test_checks_notice_what_they_look_for(pages):
    bad = pages[1]
    assert any("noise" in text for text in bad["console"])
    assert any(url.endswith("missing.png") for url in bad["requests"])
    assert bad["scroll"]
    assert {"color-contrast", "html-has-lang", "image-alt"} <= {v["rule"] for v in bad["axe"]}
    assert bad["html"]
