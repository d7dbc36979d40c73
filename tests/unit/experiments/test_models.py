"""Every experiment, run with few networks: what its model holds, and that its figures draw it."""

import csv
import dataclasses
import importlib
import io
import json
import re

import numpy as np
import pytest

from replication import DataError, simulate
from replication.definition.protocol import ERROR_READINGS, PAPER, Protocol
from replication.experiments import EXPERIMENTS, list_figures, run_experiment
from replication.experiments.hierarchy import figures as hierarchy_figures
from replication.experiments.hierarchy import run as hierarchy_run
from replication.experiments.images import linear as LINEAR
from replication.experiments.images import logistic as LOGISTIC
from replication.experiments.images.figures import LINEAR as LINEAR_FIGURE
from replication.experiments.images.figures import LOGISTIC as LOGISTIC_FIGURE
from replication.experiments.images.tables import write_rules
from replication.experiments.instruments.agreement import LINEAR_DIGITS
from replication.experiments.instruments.sample import SEARCH_OFFSET
from replication.experiments.law import plan as LAW
from replication.paper.study import DEFAULT_ROOT_SEED, N_REPETITIONS
from replication.report.style import styled
from replication.simulator.rule.weights import read_digits
from replication.system.progress import silent

RUNS = {x: importlib.import_module(f"replication.experiments.{x}.run") for x in EXPERIMENTS}
N_NETWORKS = {
    "readings": 60_000, "settings": 12, "mechanism": 20, "codes": 80,
    "proposal": 300, "hierarchy": 6, "live": 200, "images": 6,
}  # fmt: skip
"""Where another number than `FEW` is quicker, or needed."""
FEW = 30
SHORT = dataclasses.replace(PAPER, max_updates=200)
SPEED = RUNS["speed"]
FEW_RATES = {rule: rates[::8] for rule, rates in SPEED.SEARCHED_RATES.items()}
FEW_IMAGES = {"n_images": SPEED.DIGITS["n_images"] // 4}  # which need four times the rate
SMALLER = {
    "instruments.agreement": {"LINEAR_DIGITS": dataclasses.replace(LINEAR_DIGITS, n_images=20)},
    "hierarchy.run": {
        "search_rates": lambda *_: hierarchy_run.Rates(5.0, 2.0), "RANDOM_FACTOR": 1,
        "UPDATES": 200,
    },
    "hierarchy.examination": {"ROUNDS": 5},
    "hierarchy.vectors": {"N_COPIES": 1},
    "images.linear": {
        "N_UPDATES": 150,
        "RULES": {name: LINEAR.RULES[name] for name in ("W frozen", *LINEAR_FIGURE)},
        "SIZES": (0.5, 0.02), "STARTS": (0.1,),
        "NOISES": (LINEAR.InverseNoise(0.08, 100), LINEAR.InverseNoise(0.02, 150)),
        "ON_PATCHES": ("recirculation",),
        "N_SMALL_UPDATES": 200, "ENCODERS": {(4, 2): 20.0},
    },
    "images.logistic": {
        "N_TRAINED": 40, "FEWER_EPOCHS": (1, 2), "RULES": {}, "BOTH": {},
        "EPOCHS": (1, 2), "LEFT_AT": 1,
        "REPAIRS": {
            name: (rule, {key: xs[: 1 + (name == "sleep")] for key, xs in constants.items()})
            for name, (rule, constants) in LOGISTIC.REPAIRS.items() if name in LOGISTIC_FIGURE
        },
        "read_digits": lambda: [part[:300] for part in read_digits()],
        "IMAGES": dataclasses.replace(LINEAR.IMAGES, n_images=300),
    },
    # Two rates of recirculation, two other rules, and bars; predictions need all cases.
    "law.plan": {"CASES": tuple(LAW.CASES[k] for k in (0, 1, 8, 10, 42)), "COUNTED": ()},
    "law.run": {"judge_predictions": lambda *_: []},
    "mechanism.run": {"NAMED_RATES": {"small": 5.0, "paper": 20.0}},
    "mechanism.elsewhere": {"N_SETS": 1, "EIGHT_RATES": {"small": 14.0, "paper": 14.0}},
    "dynamics.run": {"RARE_SHARE": 200},
    "dynamics.failures": {"UPPER_RATES": (6.0, 20.0)},
    "dynamics.alignment": {"ALIGNED_RATES": (2.0, 10.0, 20.0)},
    "functions.run": {"SEARCHED_RATES": (4.0, 12.0, 20.0)},
    "proposal.run": {"SEARCHED_RATES": (15.0, 20.0)},
    "rule.run": {"N_TRAINED": 3, "ALTERED_UPDATES": 100},
    "learning.run": {"N_ON_DIGITS": 6},
    "speed.run": {
        "SEARCHED_RATES": FEW_RATES, "N_FACTOR_RATES": 3,
        "TASKS": SPEED.TASKS | {
            "": SPEED.SpeedTask(rates=FEW_RATES | {"no-hidden-regression": (6.0,)}),
        } | {
            name: dataclasses.replace(
                task, fields=task.fields | FEW_IMAGES,
                rates={rule: (4 * rates[0],) for rule, rates in task.rates.items()},
            )
            for name, task in SPEED.TASKS.items() if "n_images" in task.fields
        },
    },
    "settings.run": {
        "MAP_REGRESSIONS": (0.0, 0.5, 0.75, 0.9, 0.95), "FRESH_FACTOR": 5, "TRIED_FACTOR": 1,
    },
}  # fmt: skip
"""What is left out of experiments that would take long, by module."""


def run(name):
    """Return the model of a small experiment, as it is read back, and its figures."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (x for x in SMALLER if x.startswith(f"{name}.") or "." not in x):
            for key, value in SMALLER[module].items():
                patch.setattr(f"replication.experiments.{module}.{key}", value)
        steps, n = [], N_NETWORKS.get(name, FEW)
        made = run_experiment(name, jobs=1, report_progress=steps.append, n_networks=n)
    # Progress is one line of a terminal of 80 columns.
    lines = [f"{name} (10 of {len(EXPERIMENTS)}): {step}" for step in steps]
    assert [line for line in lines if len(line) >= 80] == [], "wider than a terminal"
    # As it is read back from its file: no tuples, no keys but text, no number that is none.
    model = json.loads(json.dumps(made, allow_nan=False, sort_keys=True))
    with styled():
        return model, {figure: draw(model) for figure, draw in list_figures(name).items()}


CHECKED = {"rule": ("simple-rule", "descent"), "functions": ("unknown-function",)}
"""Theorems are checked, and so is what a rule does that does not know the function."""


def list_lines(axes):
    return {line.get_gid(): line for line in axes.get_lines() if line.get_gid()}


def is_drawn(line, rows, *, scale=100):
    return line.get_ydata() == pytest.approx([scale * row for row in rows], nan_ok=True)


def check_readings(model, figures):
    """Looser criteria are never slower, and the test keeps its level."""
    named, power = model["named"], model["power"]
    assert set(named) == set(ERROR_READINGS)
    assert named["paper"]["mean"] >= named["square"]["mean"] >= named["half-square"]["mean"]
    assert power["paper"] == pytest.approx(0.05, abs=0.01)
    assert all(row["p_sweeps"] != row["p"] for row in named.values())


def check_settings(model, figures):
    failing = np.array(model["failing"])
    assert failing.shape == np.shape(model["mean"]) == (5, len(RUNS["settings"].MAP_RATES))
    # The paper's settings learn, so that all networks are tried; a hopeless corner does not.
    place = model["regressions"].index(PAPER.regression), RUNS["settings"].MAP_RATES.index(20.0)
    alone = simulate(n_seeds=12, root_seed=EXPERIMENTS["settings"].root_seed + SEARCH_OFFSET)
    assert failing[place] < 0.2
    assert np.array(model["mean"])[place] == pytest.approx(alone.updates.mean())
    assert failing[0, -1] == 1.0
    # What a row takes less than the paper is measured on networks that were not searched.
    row = model["fastest"][0]
    chosen = Protocol(learning_rate=row["learning_rate"], regression=row["regression"])
    paper, best = (
        simulate(each, n_seeds=60, root_seed=EXPERIMENTS["settings"].root_seed)
        for each in (PAPER, chosen)
    )
    assert row["gain"] == pytest.approx(paper.updates.mean() - best.updates.mean())
    assert row["converged"] == pytest.approx(best.updates[best.converged].mean())
    assert min(each["more"] for each in model["fastest"]) == 0.0
    # The star of the paper and the squares of the map.
    lines = figures["settings"].axes[0].lines
    points = {line.get_marker(): line.get_xydata().tolist() for line in lines}
    assert points["*"] == [[PAPER.learning_rate, 1.0 - PAPER.regression]]
    others = [row for row in model["fastest"] if row["regression"] != PAPER.regression]
    assert points["s"] == [[row["learning_rate"], 1.0 - row["regression"]] for row in others]


def check_codes(model, figures):
    results = model["claims"]["good-codes"]["operationalisations"]
    assert results["reconstructed"]["value"] > 0.9, "not that of weights as drawn"
    # Rounding loses more in larger networks.
    assert results["larger-bits"]["value"] < results["bits"]["value"] < 0.95


def check_proposal(model, figures):
    """The proposal aligns sooner at a small rate, and not at the paper's."""
    first, last = (RUNS["proposal"].EQUAL_RATES.index(rate) for rate in (1.0, 20.0))
    at = model["aligned_at"]
    assert at["regressed"][first] < at["paper"][first]
    assert at["regressed"][last] > at["paper"][last]


def check_hierarchy(model, figures):
    for name, result in model["claims"]["hierarchy"]["operationalisations"].items():
        assert result["value"] == model["conditions"][name]["all"]["share"]
    (axes,) = figures["hierarchy"].axes
    rows = [model[part][name] for _, part, names in hierarchy_figures.GROUPS for name in names]
    for group, key in ((axes.patches, "all"), (axes.lines[1::2], "encoded")):
        drawn = [one.get_width() if key == "all" else one.get_xdata()[0] for one in group]
        expected = [100 * row[key]["share"] for row in rows if row[key]["share"] is not None]
        assert drawn == pytest.approx(expected)


def check_loop(figure):
    """The states that are written in the units are those of one way around the loop."""
    columns = {0: [], 1: [], 2: [], 3: [], "difference": []}
    for text in figure.axes[0].texts:
        number = re.fullmatch(r"[+−]?\d?\.\d+", text.get_text())
        if number is not None:
            x, _ = text.get_position()
            column = int(x) if x == int(x) else "difference"
            columns[column].append(float(number[0].replace("−", "-")))
    vector, first, second_input, second = (np.array(columns[time]) for time in range(4))
    assert sorted(vector) == [0.0, 0.0, 0.0, 1.0]
    # A quarter of the reconstruction comes back (equation 5), which lies between 0 and 1.
    reconstruction = (second_input - 0.75 * vector) / 0.25
    assert np.all((reconstruction > -0.05) & (reconstruction < 1.05))
    assert first - second == pytest.approx(columns["difference"], abs=0.0011)


def check_live(model, figures):
    """The figures show the networks that were chosen."""
    assert model["fixed"]["fixed"]["p99"] < model["fixed"]["learnt"]["p99"]
    # Squares of the typical network, up to its last update.
    networks = model["networks"]
    assert (networks["slow"]["converged"], networks["failing"]["converged"]) == (True, False)
    # A decoder that watches the typical network's encoder is done when that network is.
    watched = networks["typical"]["watched"]
    assert watched["updates"] == pytest.approx(networks["typical"]["updates"], rel=0.1)
    loop, squares = figures["plane"]
    check_loop(loop)
    frames = networks["typical"]["frames"]
    assert [int(axes.get_title("left").split()[0]) for axes in squares.axes] == frames
    assert frames[-1] == networks["typical"]["updates"]


def check_mechanism(model, figures):
    """The curves are drawn that were measured, and what is waited for lies between two of them."""
    curves, bars = (figure.axes for figure in figures["waiting"])
    for axes, rate in zip(curves, ("small", "paper"), strict=True):
        lines = list_lines(axes)
        for name in ("aligned", "readable", "learnt"):
            assert is_drawn(lines[name], model["curves"][rate][name])
            assert list(lines[name].get_xdata()) == model["curves"][rate]["updates"]
    pairs = model["pairs"]["paper"]
    nothing = model["given"]["paper"]["nothing"]["median"]
    given = model["given"]["paper"]
    medians = {name: given[name]["median"] for name in ("nothing", "other_u", "other_w")}
    medians |= {name: pairs[name]["median"] for name in ("watching", "mirrored", "hearing")}
    longest = 1.5 * nothing
    drawn = {bar.get_gid(): bar.get_width() for bar in bars[0].patches}
    assert drawn == {name: min(median, longest) for name, median in medians.items()}
    # What is longer than the figure is broken by two strokes, and says so.
    n_longer = sum(median > longest for median in medians.values())
    assert n_longer >= 1, "encoders that learn from another's decoder"
    broken = [line for line in bars[0].lines if line.get_gid() == "break"]
    assert len(broken) == 2 * n_longer
    assert sum(text.get_text().startswith("over ") for text in bars[0].texts) == n_longer


def check_dynamics(model, figures):
    main = model["main"]
    # Of more networks than the tail is drawn of.
    assert model["rare"]["n"] > main["tails"]["n"]
    assert model["rare"]["n_failed"] / model["rare"]["n"] < 0.001
    tail = list_lines(figures["tail"].axes[0])
    jumps, aligned = (list_lines(figure.axes[0]) for figure in figures["jumps"])
    for name in ("learnt", "fixed"):
        assert is_drawn(tail[name], filter(None, main["tails"][name]["survival"]))
        for size, found in main["alignment"].items():
            means = [row[name] for row in found["rates"]]
            assert is_drawn(aligned[f"{name}: {size}"], means, scale=1)
    for k, label in enumerate(("none on", "1 on", "2 on")):
        rates = [row["rate"] for row in main["rates"] if row["by_corner"][k]]
        assert list(jumps[label].get_xdata()) == rates


def check_images(model, figures):
    """What is left is no less than principal components leave, and drawn."""
    linear, repairs = model["linear"], model["repairs"]
    for rows in linear["rules"].values():
        assert all(row["unexplained"] > linear["pca"] - 1e-9 for row in rows.values())
    ends = linear["rules"]["recirculation"].values()
    for figure, label, shares in (
        (figures["rest"][0], "recirculation", [row["unexplained"] for row in ends]),
        (figures["rest"][1], "with sleep", repairs["rules"]["sleep"]["others"]),
    ):
        (line,) = (each for each in figure.axes[0].get_lines() if each.get_label() == label)
        assert is_drawn(line, shares)
    # The table of all rules has each that was run.
    rows = list(csv.DictReader(io.StringIO(write_rules(model))))
    assert {row["rule"] for row in rows} >= {*linear["rules"], *repairs["rules"]}
    largest = (row for row in rows if float(row["weights_within"]) == 0.5)
    frozen = next(row for row in largest if row["rule"] == "W frozen")
    assert float(frozen["unexplained"]) == linear["rules"]["W frozen"]["0.5"]["unexplained"]
    assert [row["noise_in_a_pixel"] for row in rows if row["updates"] == "100"] == ["0.08"]
    # The constants that are chosen are those that leave least.
    sleep = repairs["rules"]["sleep"]
    assert min(sleep["tried"], key=lambda x: x["left"])["constants"] == sleep["chosen"]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_small_model_is_plain_judged_by_the_ledger_and_drawn(name):
    model, figures = run(name)
    assert all(model["claims"][claim]["verdict"] == "checked" for claim in CHECKED.get(name, ()))
    if f"check_{name}" in globals():
        globals()[f"check_{name}"](model, figures)


def test_statement_that_the_ledger_or_the_experiment_lacks_is_refused_by_both_names(monkeypatch):
    for judged in ({}, {"good-codes": {}, "rapid": {}}):
        monkeypatch.setattr(RUNS["codes"], "run", lambda *_, judged=judged: {"claims": judged})
        message = r"stand in only one of claims.toml, .* experiments/codes/run.py"
        with pytest.raises(DataError, match=message):
            run_experiment("codes", jobs=1, report_progress=silent)


def test_no_two_experiments_share_networks():
    study = [DEFAULT_ROOT_SEED + i for i in range(N_REPETITIONS + 1)]
    own = [each.root_seed for each in EXPERIMENTS.values()]
    seeds = [*study, *own, *(seed + SEARCH_OFFSET for seed in own)]
    assert len(set(seeds)) == len(seeds)
