"""The results model of a multiverse, on a grid whose outcomes are made by hand."""

import json

import numpy as np
import pytest

from replication.analysis.compatible import read_reported_mean
from replication.analysis.contrasts import compute_contrasts
from replication.analysis.multiverse import summarise_multiverse
from replication.analysis.multiverse_answers import count_classes, find_largest_choice
from replication.analysis.multiverse_posterior import describe_posterior
from replication.analysis.multiverse_shares import Setting, describe_caps, describe_shares
from replication.analysis.plain import make_plain
from replication.analysis.posterior import Likelihoods, make_runs
from replication.analysis.reading_table import describe_columns, measure_reading
from replication.analysis.runs import RULES
from replication.analysis.seed_blocks import STATISTICS, stack_blocked
from replication.errors import UsageError

NEVER = np.iinfo(np.int32).max


def make_setting(**changes):
    fields = {
        "choices": [
            {"field": "learning_rate", "values": [20.0, 10.0], "base": 0},
            {"field": "half_width", "values": [0.5, 0.1, 0.3], "base": 0},
        ],
        "levels": [[i, j] for i in range(2) for j in range(3)],
        "caps": [2000] * 6,
        "base": 0,
        "is_grid": True,
        "reported": read_reported_mean("48"),
        "margin_percent": 10.0,
        "min_n_star": 20,
    }
    return Setting(**(fields | changes))


def make_outcomes(n=2000):
    """The first choice adds 60 updates, the second 4 and 2; a common skewed base."""
    rng = np.random.default_rng(9)
    base = (20 + rng.gamma(1.5, 18, n)).astype(np.int32)
    base[rng.random(n) < 0.004] = NEVER
    shifts = [60 * i + (0, 4, 2)[j] for i in range(2) for j in range(3)]
    return np.stack([np.where(base == NEVER, NEVER, base + shift) for shift in shifts])


@pytest.fixture(scope="module")
def model():
    return summarise_multiverse(make_outcomes().astype(np.int32), make_setting())


def test_model_is_plain_json_without_infinities(model):
    assert json.loads(json.dumps(model, allow_nan=False)) == model


def test_model_is_the_same_again(model):
    again = summarise_multiverse(make_outcomes().astype(np.int32), make_setting())
    assert json.dumps(again, sort_keys=True) == json.dumps(model, sort_keys=True)


def test_choice_that_adds_most_has_the_largest_share_and_the_largest_contrast(model):
    for statistic in ("discard", "median_converged"):
        assert model["shares"][statistic]["leaders"] == ["learning_rate"]
        assert model["largest_choice"][statistic][0]["field"] == "learning_rate"
    effects = np.var([0, 60]), np.var([0, 4, 2])
    assert model["shares"]["discard"]["first"][0] == pytest.approx(
        effects[0] / sum(effects), abs=1e-4
    )


def test_two_choices_leave_nothing_to_divide_at_the_base_value(model):
    assert model["shares_at_base"] is None


def test_shares_at_the_base_value_leave_the_other_choices():
    """Twelve readings: the third choice adds 3, and the one that leads is held."""
    choices = [*make_setting().choices, {"field": "momentum", "values": [0.0, 0.5], "base": 0}]
    setting = make_setting(
        choices=choices,
        levels=[[i, j, k] for i in range(2) for j in range(3) for k in range(2)],
        caps=[2000] * 12,
    )
    outcomes = np.repeat(make_outcomes(400), 2, axis=0)
    outcomes[1::2] += np.where(outcomes[1::2] == NEVER, 0, 3).astype(outcomes.dtype)
    at_base = summarise_multiverse(outcomes.astype(np.int32), setting)["shares_at_base"]
    assert (at_base["field"], at_base["value"], at_base["n_readings"]) == ("learning_rate", 20.0, 6)
    assert at_base["fields"] == ["half_width", "momentum"]
    effects = np.array([np.var([0, 4, 2]), np.var([0, 3])])
    assert at_base["shares"]["discard"]["total"] == pytest.approx(effects / effects.sum(), abs=1e-5)


def test_contrast_of_a_constant_shift_is_exact(model):
    (rate, narrow, middle) = model["contrasts"]["single"]
    assert rate["change"]["discard"]["value"] == pytest.approx(60, abs=1e-3)
    assert rate["change"]["discard"]["error"] == pytest.approx(0, abs=1e-6)
    assert narrow["change"]["discard"]["value"] == pytest.approx(4, abs=1e-3)
    assert middle["change"]["discard"]["value"] == pytest.approx(2, abs=1e-3)


def test_slow_readings_rule_the_number_out(model):
    assert model["classes"]["discard"]["likely"] == 3
    assert model["classes"]["discard"]["ruled_out"] == 3
    assert model["classes"]["discard"]["likely_by_level"][0] == [1.0, 0.0]
    assert model["posterior"]["priors"]["reciprocal"]["choices"][0]["posterior"][0] > 0.99


def test_posterior_of_the_readings_sums_to_one(model):
    assert sum(model["readings"]["posterior"]) == pytest.approx(1.0, abs=1e-4)
    for entry in model["posterior"]["priors"].values():
        for found in (*entry["choices"], entry["rule"], entry["counting"]):
            assert sum(found["posterior"]) == pytest.approx(1.0, abs=1e-4)


def test_base_reading_is_counted_once(model):
    base = model["posterior"]["base"]
    assert base["n_more"] + base["n_less"] + base["n_undecided"] == model["n_readings"] - 1


def test_lower_caps_save_work_and_end_with_the_cap_used(model):
    caps = model["lower_caps"]
    assert [entry["cap"] for entry in caps] == [250, 500, 1000, 2000]
    work = [entry["work"] for entry in caps]
    assert work == sorted(work)
    assert work[-1] == 1.0
    assert caps[-1]["largest_change"]["cap"] == 0.0


def test_listed_readings_have_contrasts_but_no_shares():
    setting = make_setting(levels=[[0, 0], [0, 1], [1, 0]], caps=[2000] * 3, is_grid=False)
    model = summarise_multiverse(make_outcomes(400)[[0, 1, 3]].astype(np.int32), setting)
    assert model["shares"]["discard"] is None
    assert model["shares_at_base"] is None
    assert len(model["contrasts"]["single"]) == 2


def test_readings_in_which_nothing_converges_leave_holes_not_errors():
    outcomes = make_outcomes(400).astype(np.int32)
    outcomes[3:] = NEVER
    model = summarise_multiverse(outcomes, make_setting())
    assert model["readings"]["mean_discard"][4] is None
    assert model["shares"]["discard"] is None
    assert model["shares"]["cap"] is not None
    json.dumps(model, allow_nan=False)


def test_number_that_no_reading_can_print_has_no_posterior():
    outcomes = np.full((6, 100), NEVER, dtype=np.int32)
    model = summarise_multiverse(outcomes, make_setting())
    assert model["posterior"]["base"]["posterior"] is None
    json.dumps(model, allow_nan=False)


def test_too_few_seeds_for_the_errors_are_refused():
    with pytest.raises(UsageError, match="at least 40"):
        summarise_multiverse(make_outcomes(39).astype(np.int32), make_setting())


OTHER = make_setting(
    restart_after=70,
    margin_percent=5.0,
    min_n_star=12,
    base=4,
    reported=read_reported_mean("50.5"),
    caps=[2000, 1500, 2000, 900, 2000, 2000],
    choices=[
        {"field": "learning_rate", "values": [20.0, 10.0], "base": 1},
        {"field": "half_width", "values": [0.5, 0.1, 0.3], "base": 1},
    ],
)


@pytest.fixture(scope="module")
def other():
    """Another setting in every respect, its model, and what the progress bar was told."""
    outcomes, told = make_outcomes(400).astype(np.int32), []
    outcomes += np.where(outcomes == NEVER, 0, np.random.default_rng(3).integers(0, 9, (6, 400)))
    model = summarise_multiverse(outcomes, OTHER, advance=told.append)
    readings = [
        measure_reading(
            row,
            cap=cap,
            reported=OTHER.reported,
            margin_percent=5.0,
            ns=make_runs().tolist(),
            restart_after=70,
        )
        for row, cap in zip(outcomes, OTHER.caps, strict=True)
    ]
    return outcomes, model, readings, told


def test_model_says_what_it_is_of(other):
    _, model, _, told = other
    assert told == [400] * 6
    expected = {
        "n_readings": 6,
        "n_seeds": 400,
        "n_blocks": 20,
        "caps": [900, 1500, 2000],
        "restart_after": 70,
        "margin_percent": 5.0,
        "min_n_star": 12,
        "reported": {"text": "50.5", "value": 50.5, "low": 50.45, "high": 50.55},
        "is_grid": True,
        "base": 4,
        "choices": make_plain(OTHER.choices),
        "rules": ["discard", "cap", "restart"],
        "ways_to_count": ["updates", "sweeps"],
        "levels": OTHER.levels,
    }
    assert {name: model[name] for name in expected} == expected
    assert set(model) - set(expected) == {
        *("columns", "readings", "shares", "shares_at_base", "contrasts", "largest_choice"),
        *("classes", "posterior", "lower_caps"),
    }


def test_table_holds_a_row_for_each_reading(other):
    _, model, readings, _ = other
    columns = describe_columns(reported="50.5", margin_percent=5.0, restart_after=70)
    assert list(model["readings"]) == list(model["columns"])
    assert set(model["columns"]) - set(columns) == {"posterior", "posterior_error"}
    for name, words in columns.items():
        assert model["columns"][name] == words
        assert model["readings"][name] == make_plain([reading.row[name] for reading in readings])
    assert model["columns"]["posterior"].startswith("probability of the reading given 50.5")
    assert model["columns"]["posterior_error"] == "its standard error"


def test_parts_of_the_model_are_those_of_its_readings(other):
    outcomes, model, readings, _ = other
    statistics = stack_blocked([reading.statistics for reading in readings])
    chance = stack_blocked([reading.chance for reading in readings])
    levels = np.array(OTHER.levels)
    single, _ = compute_contrasts(outcomes, statistics, levels, base=4, n_levels=[2, 3])
    table = {
        f"mean_{rule}": [reading.row[f"mean_{rule}"] for reading in readings] for rule in RULES
    }
    posterior = describe_posterior(
        Likelihoods(make_runs(), chance), table, setting_levels=levels, n_levels=[2, 3],
        base=4, reported=50.5, margin=50.5 * 0.05, names=["learning_rate", "half_width"],
    )  # fmt: skip
    by_reading = posterior.pop("readings")
    assert model["readings"]["posterior"] == make_plain(by_reading.full)
    assert model["readings"]["posterior_error"] == make_plain(by_reading.error)
    assert model["posterior"] == make_plain(posterior)
    assert model["shares"] == make_plain(describe_shares(statistics, OTHER))
    assert model["lower_caps"] == make_plain(describe_caps(readings, statistics, OTHER))
    assert model["largest_choice"] == make_plain(find_largest_choice(single, OTHER.choices))
    assert model["classes"] == make_plain(
        count_classes(
            model["readings"], levels, OTHER.choices, min_n_star=12, smallest_study=5
        )
    )


def test_contrasts_are_told_with_their_fields_and_intervals(other):
    """Single contrasts start from the base reading, average ones from every pair of readings."""
    outcomes, model, readings, _ = other
    statistics = stack_blocked([reading.statistics for reading in readings])
    contrasts = compute_contrasts(
        outcomes, statistics, np.array(OTHER.levels), base=4, n_levels=[2, 3]
    )
    assert list(model["contrasts"]) == ["single", "average"]
    for part, computed in zip(model["contrasts"].values(), contrasts, strict=True):
        assert len(part) == len(computed) == 3
        for found, contrast in zip(part, computed, strict=True):
            choice = OTHER.choices[contrast.choice]
            change = contrast.change
            assert found == make_plain(
                {
                    "field": choice["field"],
                    "value": choice["values"][contrast.value],
                    "base_value": choice["values"][1],
                    "n_pairs": contrast.n_pairs,
                    "change": {
                        name: {
                            "value": change.full[i],
                            "error": change.error[i],
                            "low": change.full[i] - change.reach[i],
                            "high": change.full[i] + change.reach[i],
                            "smallest": contrast.smallest[i],
                            "largest": contrast.largest[i],
                        }
                        for i, name in enumerate(STATISTICS)
                    },
                    **{
                        name: {
                            "value": getattr(contrast, name).full,
                            "error": getattr(contrast, name).error,
                        }
                        for name in ("slower", "faster", "same")
                    },
                }
            )
    assert model["contrasts"]["single"][0]["field"] == "learning_rate"
    assert model["contrasts"]["single"][0]["change"]["discard"]["value"] < -50


def test_forty_seeds_are_enough_for_the_errors():
    assert summarise_multiverse(make_outcomes(40).astype(np.int32), make_setting())["n_seeds"] == 40
