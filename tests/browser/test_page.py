"""The HTML report in a real browser: what a reader would stumble over must not be there."""

import json
import os
import re
import shutil
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from replication import Protocol, trace
from replication.experiments import TEMPLATES
from replication.experiments.images.linear import RULES, SIZES, make_digits
from replication.experiments.images.rules import BY_BATCH, draw, split, vary
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample
from replication.experiments.live.figures import FIGURES
from replication.experiments.live.rule_page import render_page
from replication.report.build import Drawing
from replication.simulator.rule.network import Rule
from replication.simulator.rule.recirculation import RecirculationNetwork
from tests.reliability.faults import require, run
from tests.unit.report.sample_report import IMAGES, LIVE, build_sample, make_models

HERE = Path(__file__).parent
pytestmark = pytest.mark.browser

SHOWN = LIVE["networks"]["typical"]
SMALL = Protocol(learning_rate=SHOWN["learning_rate"])
COMMITTED = HERE.parents[1] / "results" / "report.html"
N_UPDATES = 1_000  # in which images are lost in the sample, fewer than in the report
PRINTED = {"background": "rgb(255, 255, 255)", "navigation": "none"}
PRINTED |= {"pieces": 0, "revealed": 0, "figures": True}
BAD = (
    "<!DOCTYPE html><html><head><title>x</title></head><body><nav></nav>"
    '<img src="missing.png"><div style="width:2000px">wide</div>'
    '<p style="color:#999;background:#aaa">faint</p>'
    '<script>console.error("noise")</script></body></html>'
)


@pytest.fixture(scope="session")
def look():
    """Return a function that returns what one browser finds in some pages."""
    # What the checks are made with: a browser, and Node.js with three packages.
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    chromium = next((path for name in names if name and (path := shutil.which(name))), "")
    require(chromium, "Chromium is missing")
    require(shutil.which("node") and shutil.which("npm"), "Node.js with npm is missing")
    if not (HERE / "node_modules").is_dir():
        done = run("npm", "ci", "--no-audit", "--no-fund", cwd=HERE)
        packages = "axe-core, html-validate or playwright-core"
        require(done.returncode == 0, f"{packages} is missing: {done.stderr}")

    def look(folder, paths):
        # One process looks at all of them, since a browser takes a second to start.
        wanted = folder / "wanted.json"
        wanted.write_text(json.dumps(paths, default=str))
        environment = os.environ | {"CHROMIUM": chromium}
        done = run("node", HERE / "check_page.mjs", wanted, env=environment, timeout=400)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return look


@pytest.fixture(scope="session")
def pages(look, tmp_path_factory):
    """Return what a browser finds in the sample, in a bad page and in the committed one."""
    # The pages: the sample, the lesson beside it, one that has each fault, and that of a rule.
    folder = tmp_path_factory.mktemp("pages")
    images = IMAGES | {"linear": IMAGES["linear"] | {"updates": N_UPDATES}}
    build_sample(folder, formats=["html"], models=make_models() | {"images": images})
    lesson = {name: Drawing(name, partial(draw, LIVE), "make it") for name, draw in FIGURES.items()}
    build_sample(
        folder, formats=["html"], name="learning", figures=lesson,
        template=TEMPLATES / "live" / "learning.md", bibliography=TEMPLATES / "references.bib",
    )  # fmt: skip
    paths = {
        "sample": folder / "report.html", "bad": folder / "bad.html", "committed": COMMITTED,
        "learning": folder / "learning.html", "own": folder / "own.html",
    }  # fmt: skip
    paths["bad"].write_text(BAD)
    paths["own"].write_text(render_page(Rule(RecirculationNetwork), 1988))
    return look(folder, paths)


@pytest.fixture(params=["sample", "committed", "learning", "own"])
def each(pages, request):
    return pages[request.param]


@pytest.fixture
def found(pages):
    return pages["sample"]


@pytest.mark.parametrize("what", ["console", "requests", "scroll", "axe", "html", "small_letters"])
def test_page_logs_and_requests_nothing_fits_is_legible_and_meets_wcag_and_html(each, what):
    """The pages of the sample and the committed one, from 320 pixels on, light and dark."""
    assert each[what] == []


def test_experiment_runs_again_by_keyboard_and_says_what_came_out(found):
    # In the order in which `run_again` of check_page.mjs presses the buttons.
    steps = found["again"]["steps"]
    _, once, often, cleared, failed, slow, refused = steps
    # Of 51 experiments the oldest has gone.
    assert [each["dots"] for each in steps[:5]] == [0, 1, 50, 0, 0]
    assert re.match(r"Experiment 1: .*mean [\d.]+, largest [\d,]+\. ", once["words"])
    inside = int(re.search(r"So far (\d+) of 51 ", often["words"])[1])
    assert 50 - often["outside"] <= inside <= 51 - often["outside"]
    assert cleared["focus"] == "again-clear"
    assert "100 failed in 2,000 updates" in failed["words"]
    assert (slow["dots"], slow["outside"], slow["beyond"]) == (1, 1, 1)
    assert refused["words"].startswith("Other settings: earlier experiments are cleared")
    assert found["again"]["role"] in ("status", "OUTPUT")  # both are announced when they change


def test_networks_are_seen_learning_and_can_be_finished_at_once(found):
    during, after = found["moving"]["during"], found["moving"]["after"]
    assert re.fullmatch(r"Update \d+: \d+ of 100 have converged\.", during["progress"])
    assert (during["dots"], after["dots"], after["progress"]) == (0, 1, "")


def test_first_picture_shows_each_update_as_python_has_it_and_stands_still_if_asked(found):
    hero, moving = found["hero"], found["moving"]
    assert hero["stands"] == hero["later"]
    assert [hero[at]["update"] for at in ("first", "second", "stands")] == [0, 1, SHOWN["updates"]]
    assert hero["stands"]["read"] == [True] * 4
    update, lines_begin = hero["slid"]  # seven seconds: a heap for two, then dots that part
    assert 0 < update == lines_begin
    assert 0 < moving["moved"]["update"] <= moving["paused"]["update"] < SHOWN["updates"]
    assert moving["paused"] == moving["resting"]
    # The weights of each update, and dots and lines that follow from them.
    traced = trace(SMALL, seed=SHOWN["seed"])
    assert traced.updates == SHOWN["updates"]
    for state in (hero["first"], hero["second"], hero["stands"]):
        t = state["update"]
        assert state["weights"] == pytest.approx(traced.weights[t].tolist(), abs=1e-6)
        _, _, U, c = (matrix[t] for matrix in traced.matrices())
        for k in range(4):
            assert read_place(state["dots"][k]) == pytest.approx(traced.hidden[0][t, k], abs=1e-3)
            for end in np.reshape(state["lines"][k], (2, 2)):
                assert U[k] @ read_place(end) + c[k] == pytest.approx(0.0, abs=5e-3)


def read_place(point):
    """Return the states of the two hidden units at a point of the drawing."""
    return np.array([point[0] / 100 * 1.12 - 0.06, 1.06 - point[1] / 100 * 1.12])


def test_loop_shows_the_states_of_each_time(found):
    traced = trace(SMALL, seed=SHOWN["seed"], n_updates=1)
    W, b, U, c = (matrix[1] for matrix in traced.matrices())
    # Once around the loop for the first vector, by equations 1 and 2.
    first = traced.hidden[0][1, 0]
    second = 0.75 * np.eye(4)[0] + 0.25 / (1 + np.exp(-(U @ first + c)))
    last = 0.75 * first + 0.25 / (1 + np.exp(-(W @ second + b)))
    rounds = found["hero"]["round"]
    for time, states in ((0, first), (2, second), (3, last)):
        moment = "time 1, 3" if time == 3 else f"time {time}"
        decimals = 2 if time == 2 else 3  # hidden states differ little from time 1 to time 3
        shown = {moment, *(f"{state:.{decimals}f}".removeprefix("0") for state in states)}
        assert shown <= {*rounds[time]}
    pushes = [
        float(text.replace("−", "-")) for text in rounds[3] if re.fullmatch(r"[+−]0\.\d+", text)
    ]
    assert pushes == pytest.approx((first - last).tolist(), abs=6e-4)


def test_a_dot_that_is_moved_changes_one_code_and_the_network_learns_from_there(found):
    hero, moving = found["hero"], found["moving"]
    # A dot is the code of one vector, so that only its own column of W changes.
    before, after = hero["second"]["weights"], hero["moved"]["weights"]
    changed = [k for k, (x, y) in enumerate(zip(before, after, strict=True)) if x != y]
    assert set(changed) <= {2, 6}  # the column of W that belongs to vector 3
    assert hero["moved"]["update"] == 0
    assert hero["fresh"]["weights"] != after
    assert "changing the encoder" in moving["pulled"]["words"]
    assert moving["pulled"]["update"] == 0
    assert moving["learns"]
    # It learns once it is let go, not at each place on the way.
    assert (moving["pulled"]["worked_out"], moving["let_go"]) == (0, 1)


def test_phases_of_the_first_picture_are_those_of_the_model(found):
    phases = SHOWN["phases"]
    expected = [0, phases["apart"], phases["first"], phases["all"], SHOWN["updates"]]
    assert found["hero"]["first"]["beginnings"] == expected


def test_phases_can_be_pressed_by_a_thumb_and_nothing_moves_with_what_is_said(found):
    phases, heights = found["steered"]["phases"], found["steered"]["heights"]
    assert [phase["name"] for phase in phases] == ["heap", "apart", "lines", "surer"]
    assert [phase["t"] for phase in phases] == found["hero"]["first"]["beginnings"][:4]
    assert min(phase["size"] for phase in phases) > 43.5
    assert len(heights) == SHOWN["updates"] + 4
    assert max(heights) - min(heights) < 0.1  # pixels


def test_guess_first_leads_to_the_lesson_or_asks_in_the_first_picture(found):
    guess = found["guess"]
    assert guess["asked"]["update"] == 0
    assert guess["asked"]["words"].startswith("What moves first: the dots, or the lines?")
    assert (guess["asks_on"], guess["frames"]) == (False, 0)


@pytest.mark.parametrize(("name", "tolerance"), [
    ("recirculation", 1e-6), ("recirculation, decay", 1e-6), ("inverse", 1e-6),
    ("back-propagation", 1e-6),
    # The page draws no noise, but what it does on average.
    ("recirculation, sleep", 0.02), ("inverse, white noise", 0.02),
])  # fmt: skip
def test_images_are_lost_in_the_page_as_in_python(found, name, tolerance):
    # The same network in Python: the rule, the start and the number of updates of the page.
    page, digits = found["further"]["rest"][name], make_digits()
    rule = vary(RULES[name], patterns=digits.root)
    initial = draw(rule, SIZES[0], Sample(1, LIVE["root_seed"]))
    final = train_for(BY_BATCH, initial, N_UPDATES, network=rule)
    arrays = split(rule, final)
    assert page["lost"] == pytest.approx(digits.miss(arrays["W"], arrays["U"])[0], rel=tolerance)
    if name == "recirculation":
        assert page["seen"] < 1e-12
        assert page["words"].endswith("the rule sees nothing of it.")


def test_lesson_gives_nothing_away_and_says_again_what_was_guessed(pages):
    page = pages["learning"]
    assert page["size"] <= 255_000
    told = page["lesson"]["told"]
    # Before a guess: the first state, no controls, and only answers that were given.
    before = [(x["step"], x["shown"], x["t"], x["controls"]) for x in (y["before"] for y in told)]
    assert before == [(k + 1, k, 0, "none") for k in range(8)]
    assert [one["after"]["shown"] for one in told] == list(range(1, 9))
    # After it: what was guessed, each time the last, and whether it came true.
    is_right = [one["words"].endswith("So it was.") for one in told]
    assert is_right == [False, False, True, False, True, False, False, False]
    for one in told:
        assert one["words"].startswith("You said “")
        assert one["words"].endswith((". So it was.", f". It was: “{one['right']}”."))
    assert page["lesson"]["total"] == "2 of 8 guesses came true."
    assert page["lesson"]["below"]  # controls are in sight at 1280 x 720
    assert page["without_script"] == {"pieces_hidden": True, "revealed": 8, "figures": 2}
    assert page["print"] == PRINTED | {"revealed": 8}


def test_lesson_shows_what_its_text_says(pages):
    counts = [one["after"]["counts"] for one in pages["learning"]["lesson"]["told"]]
    failing, line = LIVE["networks"]["failing"], LIVE["line"]["rules"]
    assert counts[0][0] == f"learnt: {SHOWN['updates']}"
    assert counts[3] == [f"✓ {SHOWN['updates']}", f"✓ {SHOWN['late']}"]
    assert counts[4] == [f"✓ {SHOWN['updates']}", f"✓ {SHOWN['watched']['updates']}"]
    assert counts[5] == [f"✓ {SHOWN['updates']}", f"✓ {SHOWN['fast']}"]
    assert counts[6] == [f"{2 * failing['freed']} updates", f"✓ {failing['freed']}"]
    assert counts[7] == [
        f"{100 * line[rule]['lost']:.0f}\N{NO-BREAK SPACE}% lost"
        for rule in ("recirculation", "back-propagation")
    ]


def test_keys_of_the_lesson_follow_the_scroll_and_the_guess_comes_before_the_answer(pages):
    lesson, watched = pages["learning"]["lesson"], pages["learning"]["watched"]
    heading = "4. Are the first changes wasted?"
    assert (lesson["back"]["step"], lesson["back"]["heading"]) == (4, heading)
    assert (lesson["slid"]["step"], lesson["slid"]["t"]) == (4, SHOWN["late"] - 1)
    assert watched["during"] == {"shown": False, "wait": True}
    assert watched["words"] == "You said “The lines find the dots”. It was: “The dots move apart”."
    assert watched["left"] == {"clouds": 1, "shown": True, "playing": False}


def test_lesson_shows_question_answers_and_result_beside_its_picture(pages):
    assert pages["learning"]["views"] == [{"hidden": [], "small": []}] * 2


def test_page_of_ones_own_rule_fits_a_screen_and_shows_codes_and_error(pages):
    seen = pages["own"]["seen"]
    assert (seen["shown"], seen["fits"]) == (["plane", "error"], True)
    network = RecirculationNetwork.from_seed(0)
    network.update()
    said = r"Network 0: 1 update, error ([\d.]+)\. It has learnt after 48\."
    assert float(re.fullmatch(said, seen["words"])[1]) == pytest.approx(network.error(), abs=5e-3)


def test_first_screen_shows_what_was_asked_and_a_picture_that_moves_under_the_thumb(found):
    for width, height in (("1400", 900), ("360", 740)):
        title, what, picture, play = found["first_screen"][width]
        assert title[1] < what[0] < what[1] < picture[0] < picture[1] < play[0]
        assert picture[1] < height


def test_table_sorts_by_keyboard_and_unfolds_below_a_row(found):
    table = found["sorted"]
    names, up, again, down = (
        [text.split(",")[0] for text in table[which]] for which in ("before", "up", "again", "down")
    )
    assert table["unfolded"].strip() == names[0]
    assert (up, again, down) == (names[::-1], names, names[::-1])  # their means fall
    assert table["sort"] == "ascending"


def test_contents_show_parts_of_the_current_section_only(found):
    contents = found["contents"]
    assert contents["first"]["shown"] == 0
    assert contents["then"] == {"shown": 1, "marked": ["#methods", "#rapid"]}


@pytest.mark.parametrize("name", ["sample", "learning"])
def test_contents_without_a_script_are_folded_on_a_telephone_and_open_beside_the_text(pages, name):
    contents = pages[name]["contents_without_script"]
    shown, there = contents["1280"]
    assert shown > 2
    assert contents["390"] == [0, there]
    assert contents["unfolded"]


def test_what_follows_the_main_text_folds_on_narrow_screens_and_opens_for_links_and_print(pages):
    folds = pages["committed"]["folds"]
    parts = [path.read_text() for path in TEMPLATES.rglob("*.md")]
    n = sum(len(re.findall(r"^# .*\.fold}$", text, re.M)) for text in parts)
    assert n > 3
    for width in ("390", "768"):
        assert folds[width] == {
            "opened": [n, 0], "linked": [n, 1], "printed": [n, n], "after": [n, 1], "seen": True
        }  # fmt: skip
    assert folds["1280"]["opened"] == folds["1280"]["printed"] == [0, 0]
    assert folds["1280"]["seen"]
    assert folds["plain"]["visible"] == folds["plain"]["all"] > 0


@pytest.mark.parametrize(("what", "expected"), [
    ("first_stop", "Skip to the text"),
    ("cut_figures", 0),
    ("result_columns", [True, True]),  # no table hides its last column
    ("without_script", {"pieces_hidden": True, "revealed": 0, "figures": 4}),
    ("print", PRINTED),
])  # fmt: skip
def test_keyboard_telephone_print_and_no_script_find_what_they_need(found, what, expected):
    assert found[what] == expected


def test_what_is_cut_on_a_telephone_says_so_and_can_be_reached(found):
    assert any("equation" in box["kind"] for box in found["cut"])
    assert all("scroll" in box["hint"] and box["reachable"] for box in found["cut"])


@pytest.mark.long
def test_whole_report_on_a_telephone_is_short_fits_a_thumb_and_keeps_the_place(look, tmp_path):
    shutil.copytree(COMMITTED.parent / "models", tmp_path / "models")
    done = run(sys.executable, "-m", "replication", "report", "--results", tmp_path)
    assert done.returncode == 0, done.stderr
    found = look(tmp_path, {"whole": tmp_path / "report.html"})["whole"]
    telephone = found["telephone"]
    assert (found["axe"], found["scroll"], found["console"]) == ([], [], [])
    assert telephone["screens"] <= 15.0  # of the main part
    assert telephone["figure"] <= 1.0
    assert telephone["small"] == []
    assert telephone["rows"] == [["tbl:criterion", False]]
    assert telephone["n_links"] > 20
    assert telephone["lost"] == []
    assert telephone["unfolded"] == 0  # pixels from the place, on the way back from another page


def test_cells_that_stand_below_one_another_tell_their_columns_apart():
    tables = re.findall(r'(?s)<table class="stack.*?</table>', COMMITTED.read_text())
    assert tables
    for table in tables:
        for row in table.split("<tr")[2:]:
            labels = re.findall(r'data-label="([^"]*)"', row)
            assert len(set(labels)) == len(labels) > 0


def count_words(text):
    """Count the words that a reader sees: no alternatives of images, links or rules of tables."""
    for pattern, seen in (
        (r"</?a[^>]*>|^!\[.*?\]\(.*?\)$|^\|[:|-]+\|$", ""),
        (r"(?s)``` math.*?```|\$`.*?`\$", "x"),
        (r"\[([^\]]*)\]\([^)]*\)", r"\1"),
    ):
        text = re.sub(pattern, seen, text, flags=re.M)
    return sum(bool(re.search(r"\w", word)) for word in text.replace("|", " ").split())


def test_committed_report_is_short():
    text = COMMITTED.with_suffix(".md").read_text()
    assert count_words("Two [words](a.svg) | 3 |\n|--|\n![No word](b.svg)") == 3
    main, rest = text.split("\n## Supplement")
    assert count_words(main) <= 2200
    assert count_words(rest.split("\n## References")[0]) <= 4500
    assert len(re.findall(r"!\[", main)) <= 8
    assert COMMITTED.stat().st_size <= 1_700_000
    readme = COMMITTED.parents[1] / "README.md"
    assert len(readme.read_text().split()) <= 900


def test_checks_notice_what_they_look_for(pages):
    bad = pages["bad"]
    assert any("noise" in text for text in bad["console"])
    assert any(url.endswith("missing.png") for url in bad["requests"])
    assert bad["scroll"]
    assert {"color-contrast", "html-has-lang", "image-alt"} <= {v["rule"] for v in bad["axe"]}
    assert bad["html"]
