"""Settings of experiments: those of the published models, and what searches try and find."""

import dataclasses
import importlib
import itertools
import math
import numbers
import pkgutil
from collections.abc import Mapping

import pytest

from replication import experiments
from replication.experiments import EXPERIMENTS, find_version
from replication.experiments.dynamics import alignment, biases, failures
from replication.experiments.dynamics import run as dynamics
from replication.experiments.hierarchy import run as hierarchy
from replication.experiments.images import linear, logistic
from replication.experiments.live import cloud, lesson, line
from replication.experiments.live import networks as shown
from replication.experiments.live.plane import N_FRAMES
from replication.experiments.mechanism import run as mechanism
from replication.experiments.mechanism import verdicts, waiting
from replication.experiments.proposal import run as proposal
from replication.experiments.settings import run as settings
from tests.unit.experiments.published import MODELS, get


def get_all(path, key):
    """Return an entry of all rows at a place of the published models."""
    return [row[key] for row in get(path)]


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_published_model_is_of_the_networks_and_the_version_that_stand_in_the_code(name):
    assert MODELS[name]["n_networks"] == EXPERIMENTS[name].n_networks
    assert MODELS[name]["version"] == find_version(name)


def test_published_models_hold_the_settings_that_stand_in_the_code():
    aligned = "dynamics/main/alignment/4-2-4/rates"
    paper = get("mechanism/rates/paper")
    for found, expected in (
        (get_all("dynamics/main/rates", "rate"), failures.UPPER_RATES),
        (get_all(aligned, "rate"), alignment.ALIGNED_RATES),
        (get("dynamics/main/tails/times"), dynamics.TIMES),
        (get("dynamics/main/choices").keys() - {"n"}, biases.CHOICES.keys()),
        (get("dynamics/main/parts").keys() - {"n"}, biases.DOSES.keys()),
        (get("settings/rates"), settings.MAP_RATES),
        (get("settings/regressions"), settings.MAP_REGRESSIONS),
        (get("settings/fastest/0/regression"), max(settings.NEAR_RATES)),
        (get("proposal/rates"), proposal.EQUAL_RATES),
        (get("images/linear/sizes"), linear.SIZES),
        (get("images/linear/updates"), linear.N_UPDATES),
        (get("images/linear/zero"), linear.ZERO),
        (get("images/linear/pixel_noise"), linear.PIXEL_NOISE),
        (get_all("images/linear/noise", "noise"), [noise for noise, _ in linear.NOISES]),
        (get_all("images/linear/noise", "updates"), [updates for _, updates in linear.NOISES]),
        (get("images/linear/starts").keys(), {f"{start:g}" for start in linear.STARTS}),
        (get("images/linear/rules").keys(), linear.RULES.keys()),
        (get("images/linear/patches/rules").keys(), set(linear.ON_PATCHES)),
        (get_all("images/exact/kept", "sizes"), [list(sizes) for sizes in linear.ENCODERS]),
        (get("images/logistic/epochs"), logistic.FEWER_EPOCHS),
        (get("images/logistic/digits").keys(), logistic.RULES.keys()),
        (get("images/minimum/epochs"), logistic.EPOCHS),
        (get("images/minimum/left_at"), logistic.LEFT_AT),
        (get("images/minimum/left").keys(), logistic.LEFT.keys()),
        (get("images/repairs/huge"), logistic.HUGE),
        (get("images/repairs/small"), logistic.SMALL),
        (get("mechanism/rates"), mechanism.NAMED_RATES),
        (get_all("mechanism/frozen/paper/rows", "moment"), list(waiting.MOMENTS)),
        (len(get("mechanism/growth/paper/lacking")), len(waiting.PARTS)),
        (get("mechanism/first/paper/n_first"), verdicts.FIRST / paper),
        (get("mechanism/frozen/paper/cap"), waiting.BUDGET / paper),
        (get("live/cloud/step"), cloud.STEP),
        (get_all("live/cloud/criteria", "criterion"), list(cloud.MEANINGS)),
        (get("live/spread/updates"), lesson.SPREAD_UPDATES),
        (get("live/line/share"), line.SHARE),
        (get("live/line/updates"), line.N_UPDATES),
        (get("live/line/half_width"), line.HALF_WIDTH),
        (get("live/line/root_seed"), line.LINE_SEED),
        (len(get("live/line/points")), line.N_POINTS),
        (get("live/root_seed"), shown.SHOWN_ROOT_SEED),
        (get("live/networks/typical/learning_rate"), shown.RATE),
        (len(get("live/networks/typical/frames")), N_FRAMES),
        (
            {name: rule["learning_rate"] for name, rule in get("live/line/rules").items()},
            {name: fields["learning_rate"] for name, fields in line.LINE_RULES.items()},
        ),
    ):
        if isinstance(expected, tuple):
            assert found == pytest.approx(list(expected))
        else:
            assert found == expected


def test_published_repairs_are_the_best_of_all_combinations_of_their_constants():
    for name, (_, constants) in logistic.REPAIRS.items():
        row = get(f"images/repairs/rules/{name}")
        combinations = itertools.product(*constants.values()) if constants else []
        expected = [dict(zip(constants, each, strict=True)) for each in combinations]
        assert [each["constants"] for each in row["tried"]] == expected
        if expected:
            best = min(row["tried"], key=lambda each: each["left"])
            assert row["chosen"] == best["constants"]


def test_what_a_published_search_has_found_is_among_what_it_tries():
    for name, (_, rates) in dynamics.KINDS.items():
        for kind in get(f"dynamics/main/kinds/{name}").values():
            assert kind["learning_rate"] in rates
    for row in get("hierarchy/conditions").values():
        assert row["lower_rate"] in hierarchy.LOWER_RATES
        assert row["top_rate"] in hierarchy.TOP_RATES
    for row in get("settings/fastest"):
        assert row["learning_rate"] in settings.NEAR_RATES[row["regression"]]


def list_sequences(value):
    """Yield the sequences of numbers in nested settings."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from list_sequences(part)
    elif dataclasses.is_dataclass(value):
        yield from list_sequences(dataclasses.asdict(value))
    elif isinstance(value, list | tuple):
        if value and all(isinstance(part, numbers.Real) for part in value):
            yield list(value)
        else:
            for part in value:
                yield from list_sequences(part)


def list_searches():
    """Yield module, name and values of the settings of experiments that say what is tried."""
    for found in pkgutil.walk_packages(experiments.__path__, "replication.experiments."):
        module = importlib.import_module(found.name)
        for name, value in vars(module).items():
            if "RATES" in name or name in ("GRID", "FACTORS", "TASKS", "REPAIRS", "EPOCHS"):
                for values in list_sequences(value):
                    yield module.__name__, name, values


def test_values_that_are_tried_rise_or_fall_and_none_is_tried_twice():
    searches = [each for each in list_searches() if len(each[2]) > 2]
    assert len(searches) > 30
    for module, name, values in searches:
        assert all(math.isfinite(value) for value in values)
        rising = sorted(set(values))
        assert values in (rising, rising[::-1]), f"{module}: {name}"
