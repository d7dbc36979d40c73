"""The HTML report in a real browser: what a reader would stumble over must not be there."""

import json
import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from replication import PAPER, Protocol, trace
from replication.experiments import TEMPLATES
from replication.experiments.live.figures import FIGURES
from replication.report.build import Drawing
from replication.simulator.engine import run_networks
from replication.simulator.weights import draw_weights
from tests.reliability.faults import require
from tests.unit.report.sample_report import LIVE, PUBLISHED, build_sample

HERE = Path(__file__).parent
pytestmark = pytest.mark.browser

N_NETWORKS = 300
SHOWN = LIVE["networks"]["typical"]
SMALL = Protocol(learning_rate=SHOWN["learning_rate"])
COMMITTED = HERE.parents[1] / "results" / "report.html"
PRINTED = {"background": "rgb(255, 255, 255)", "navigation": "none"}
PRINTED |= {"pieces": 0, "revealed": 0, "figures": True}
BAD = (
    "<!DOCTYPE html><html><head><title>x</title></head><body><nav></nav>"
    '<img src="missing.png"><div style="width:2000px">wide</div>'
    '<p style="color:#999;background:#aaa">faint</p>'
    '<script>console.error("noise")</script></body></html>'
)


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """Return what one browser finds in the sample, in a bad page and in the committed one."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    chromium = next((path for name in names if name and (path := shutil.which(name))), "")
    require(chromium, "Chromium is missing")
    require(shutil.which("node") and shutil.which("npm"), "Node.js with npm is missing")
    if not (HERE / "node_modules").is_dir():
        command = ["npm", "ci", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
        packages = "axe-core, html-validate or playwright-core"
        require(done.returncode == 0, f"{packages} is missing: {done.stderr}")
    folder = tmp_path_factory.mktemp("pages")
    build_sample(folder, formats=["html"])
    build_sample(
        folder, formats=["html"], name="learning", template=TEMPLATES / "live" / "learning.md",
        figures={
            name: Drawing(name, partial(draw, LIVE), "make it") for name, draw in FIGURES.items()
        },
        bibliography=TEMPLATES / "references.bib",
    )  # fmt: skip
    paths = {
        "sample": folder / "report.html", "bad": folder / "bad.html", "committed": COMMITTED,
        "learning": folder / "learning.html",
    }  # fmt: skip
    paths["bad"].write_text(BAD)
    starts = {
        "root_seed": 1988, "half_width": PAPER.half_width,
        "starts": draw_weights(PAPER, 1988, 0, N_NETWORKS).tolist(), "rate": PAPER.learning_rate,
        "regression": PAPER.regression, "threshold": PAPER.threshold, "cap": PAPER.max_updates,
    }  # fmt: skip
    wanted = folder / "wanted.json"
    wanted.write_text(json.dumps({"pages": paths, "starts": starts}, default=str))
    done = subprocess.run(
        ["node", str(HERE / "check_page.mjs"), str(wanted)],
        capture_output=True, text=True, timeout=400, check=False,
        env=os.environ | {"CHROMIUM": chromium},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(params=["sample", "committed", "learning"])
def each(pages, request):
    return pages[request.param]


@pytest.fixture
def found(pages):
    return pages["sample"]


@pytest.mark.parametrize("what", ["console", "requests", "scroll", "axe", "html", "small_letters"])
def test_page_logs_and_requests_nothing_fits_is_legible_and_meets_wcag_and_html(each, what):
    """The pages of the sample and the committed one, from 320 pixels on, light and dark."""
    assert each[what] == []


def test_networks_start_and_learn_in_the_page_as_in_python(found):
    assert found["drawn"] == draw_weights(PAPER, 1988, 7, 8)[0].tolist()
    updates, converged, _ = run_networks(PAPER, draw_weights(PAPER, 1988, 0, N_NETWORKS))
    expected = np.where(converged, updates, -1)
    assert np.mean(np.array(found["counts"]) == expected) >= 0.99


def test_experiment_runs_again_by_keyboard_and_says_what_came_out(found):
    start, once, often, cleared, failed, slow, refused = found["again"]["steps"]
    assert start["dots"] == 0
    assert once["dots"] == 1
    assert re.match(r"Experiment 1: .*mean [\d.]+, largest [\d,]+\. ", once["words"])
    inside = int(re.search(r"So far (\d+) of 51 ", often["words"])[1])
    assert 50 - often["outside"] <= inside <= 51 - often["outside"]
    assert often["dots"] == 50  # older ones have gone
    assert cleared["dots"] == failed["dots"] == 0
    assert cleared["focus"] == "again-clear"
    assert "100 failed in 2,000 updates" in failed["words"]
    assert "0 of 0" not in failed["words"]
    assert (slow["dots"], slow["outside"], slow["beyond"]) == (1, 1, 1)
    assert refused["words"] == "Nothing is trained yet."
    assert found["again"]["role"] in ("status", "OUTPUT")  # both are announced when they change


def test_networks_are_seen_learning_and_can_be_finished_at_once(found):
    during, after = found["moving"]["during"], found["moving"]["after"]
    assert re.fullmatch(r"Update \d+: \d+ of 100 have converged\.", during["progress"])
    assert (during["dots"], after["dots"]) == (0, 1)
    assert after["progress"] == ""


def test_plane_shows_each_update_as_python_has_it_and_stands_still_where_motion_is_unwanted(found):
    live = found["live"]
    assert live["stands"] == live["later"]
    assert live["stands"]["update"] == live["stands"]["last"] == SHOWN["updates"]
    assert live["back"]["update"] == SHOWN["updates"] - 1
    assert live["first"]["update"] == 0
    assert live["focus"] == "Previous update"  # does nothing there, and keeps the focus
    moving = found["moving"]
    assert 0 < moving["moved"]["update"] <= moving["paused"]["update"] < SHOWN["updates"]
    assert moving["paused"] == moving["resting"]
    traced = trace(SMALL, seed=SHOWN["seed"])
    assert traced.updates == SHOWN["updates"]
    for state in (live["first"], live["back"], live["stands"]):
        t = state["update"]
        assert f"{t} updates, error {traced.errors[t]:.2f}." in state["words"]
        assert state["weights"] == pytest.approx(traced.weights[t].tolist(), abs=1e-6)
        for k in range(4):
            assert read_place(state["dots"][k]) == pytest.approx(traced.hidden[0][t, k], abs=1e-3)
            for end in np.reshape(state["lines"][k], (-1, 2)):
                _, _, U, c = (matrix[t] for matrix in traced.matrices())
                assert U[k] @ read_place(end) + c[k] == pytest.approx(0.0, abs=5e-3)


def read_place(point):
    """Return the states of the two hidden units at a point of the drawing."""
    return np.array([point[0] / 100 * 1.14 - 0.07, 1.07 - point[1] / 100 * 1.14])


def test_one_update_is_shown_time_by_time_and_settings_change_the_network(found):
    live = found["live"]
    passed = trace(SMALL, seed=SHOWN["seed"])
    for time, words in enumerate(live["step_words"][:4]):
        assert f"Time {time}" in words
    first, second = passed.hidden[0][0, 0]
    assert f"h(1) = {first:.2f}, {second:.2f}." in live["step_words"][1]
    assert live["ghosts"] == 16
    assert live["stepped"]["update"] == 1
    assert live["faster"]["words"] == "Learning rate 6"
    faster = Protocol(learning_rate=6.0)
    assert live["faster"]["last"] == trace(faster, seed=SHOWN["seed"]).updates
    assert live["frozen"]["last"] == PAPER.max_updates
    assert live["frozen"]["weights"][10:18] == live["first"]["weights"][10:18]
    assert live["fresh"]["weights"] != live["frozen"]["weights"]


def test_pairs_are_trained_once_a_prediction_is_made_and_can_be_stopped(found):
    tried = found["tried"]
    assert tried["unasked"] == "Nothing is trained yet."
    assert (tried["running"], tried["stopped"]) == ("Stop", "Stopped.")
    skip, biases, aligned = (tried["results"][name] for name in ("skip", "b", "aligned"))
    assert "longer here, and takes 5 updates longer in 20,000 stored pairs." in skip["words"]
    assert skip["words"].endswith("You expected “slower”: so it is.")
    assert biases["words"].endswith("You expected “slower”: it is “faster”.")
    assert aligned["words"].endswith("You expected “neither”: so it is.")
    assert [row.split("\t")[0] for row in skip["rows"]] == [
        f"{what}, {n}" for n in ("200 here", "20,000 stored") for what in ("untouched", "changed")
    ]
    stored = LIVE["interventions"]
    assert biases["rows"][3].split("\t")[1:3] == [
        f"{stored['b']['median']:g}", f"{stored['b']['p99']}"
    ]  # fmt: skip
    watched = tried["watched"]
    assert (watched["seed"], watched["frozen"]) == (LIVE["networks"]["failing"]["seed"], "b")
    assert watched["learnt"]


def test_cloud_of_studies_shrinks_as_they_grow(found):
    cloud = found["tried"]["cloud"]
    assert cloud["n"] == "2,000"
    low, high = PUBLISHED["sampling"]["mean"]["interval"]  # of studies of 100, as the report has it
    assert cloud["smaller"][0].endswith(f": {low:.0f} to {high:.0f} (exact)")
    smaller, larger = (
        np.diff([[int(end) for end in re.findall(r"\b\d+\b", key)[-2:]] for key in cloud[size]])
        for size in ("smaller", "larger")
    )
    assert larger.shape == (5, 1)
    assert np.all(larger < smaller / 2)


def test_second_page_asks_reveals_and_keeps_its_state_in_the_address(pages):
    page = pages["learning"]
    assert page["size"] <= 400_000
    lecture = page["lecture"]
    places = [lecture[at]["place"] for at in ("given", "next", "back", "changed", "after")]
    assert places == [f"Step {step} of 6" for step in (3, 4, 2, 2, 3)]
    # What cannot be is left out: U stays frozen, as that step has it.
    state = lecture["given"]["state"]
    assert (state["rate"], state["seed"], state["frozen"]) == (7, 12, "U")
    assert lecture["next"]["heading"] == "Are the first changes wasted?"
    assert (lecture["back"]["shown"], lecture["revealed"]["shown"]) == (0, 1)
    assert lecture["changed"]["hash"] == f"#step=2&rate=6&seed={SHOWN['seed']}"
    assert lecture["full"] == 1
    assert page["without_script"] == {"pieces_hidden": True, "revealed": 6, "figures": 2}
    assert page["print"] == PRINTED | {"revealed": 6}


def test_second_page_gives_no_answer_away_and_then_shows_what_the_text_says(pages):
    answers = pages["learning"]["lecture"]["answers"]
    start, skip, failing = answers["before"]
    assert [step["n_seen"] for step in answers["before"]] == [0, 0, 0]
    assert (start["update"], skip["update"], failing["update"]) == (0, 0, PAPER.max_updates)
    start, skip, failing = answers["after"]
    assert start["last"] == SHOWN["updates"]
    assert min(start["n_seen"], skip["n_seen"]) > 4
    assert skip["rate"] == SHOWN["learning_rate"]
    assert f"Untouched, this network takes {SHOWN['updates']} updates." in skip["pairs"]
    assert "the changed network takes 5 updates longer" in skip["pairs"]
    assert failing["frozen"] == "b"
    assert failing["last"] == LIVE["networks"]["failing"]["freed"]
    assert answers["slower"]["last"] < PAPER.max_updates  # a lower rate rescues it, too


def test_first_screen_shows_who_did_what_and_what_came_out_and_the_picture(found):
    title, what, verdict, figure = found["first_screen"]["1400"]
    assert all(bottom < 900 for _, bottom in (title, what, verdict, figure))
    title, what, verdict, figure = found["first_screen"]["360"]
    assert title[1] < what[0] < what[1] < verdict[0] < verdict[1] < figure[0]
    assert figure[0] < 740


def test_table_sorts_by_keyboard_and_unfolds_below_a_row(found):
    table = found["sorted"]
    names = [text.split(",")[0] for text in table["before"]]
    assert table["unfolded"].strip() == names[0]
    assert [text.split(",")[0] for text in table["up"]] == names[::-1]  # their means fall
    assert table["again"] == table["before"]  # the other way round
    assert table["down"] == table["up"]
    assert table["sort"] == "ascending"


def test_contents_show_parts_of_the_current_section_only(found):
    contents = found["contents"]
    assert contents["first"]["shown"] == 0
    assert contents["then"] == {"shown": 1, "marked": ["#methods", "#rapid"]}


@pytest.mark.parametrize(("what", "expected"), [
    ("first_stop", "Skip to the text"),
    ("cut_figures", 0),
    ("result_columns", [True, True, True]),  # no table hides its last column
    ("without_script", {"pieces_hidden": True, "revealed": 0, "figures": 3}),
    ("print", PRINTED),
])  # fmt: skip
def test_keyboard_telephone_print_and_no_script_find_what_they_need(found, what, expected):
    assert found[what] == expected


def test_what_is_cut_on_a_telephone_says_so_and_can_be_reached(found):
    assert any("equation" in box["kind"] for box in found["cut"])
    assert all("scroll" in box["hint"] and box["reachable"] for box in found["cut"])


def count_words(text):
    """Count the words that a reader sees: no alternatives of images, links or rules of tables."""
    for pattern, seen in (
        (r"<a id=[^>]*></a>|^!\[.*?\]\(.*?\)$|^\|[:|-]+\|$", ""),
        (r"(?s)``` math.*?```|\$`.*?`\$", "x"),
        (r"\[([^\]]*)\]\([^)]*\)", r"\1"),
    ):
        text = re.sub(pattern, seen, text, flags=re.M)
    return sum(bool(re.search(r"\w", word)) for word in text.replace("|", " ").split())


def test_committed_report_is_short():
    text = COMMITTED.with_suffix(".md").read_text()
    assert count_words("Two [words](a.svg) | 3 |\n|--|\n![No word](b.svg)") == 3
    assert count_words(text.split("\n## Supplement")[0]) <= 3200
    assert count_words(text) <= 5500
    assert len(re.findall(r"!\[", text)) <= 14


def test_checks_notice_what_they_look_for(pages):
    bad = pages["bad"]
    assert any("noise" in text for text in bad["console"])
    assert any(url.endswith("missing.png") for url in bad["requests"])
    assert bad["scroll"]
    assert {"color-contrast", "html-has-lang", "image-alt"} <= {v["rule"] for v in bad["axe"]}
    assert bad["html"]
