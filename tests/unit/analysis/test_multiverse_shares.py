"""Which choices matter and what a lower cap would do, on statistics and counts made by hand."""

import numpy as np
import pytest

from replication.analysis.compatible import read_reported_mean
from replication.analysis.multiverse_shares import (
    Setting,
    describe_caps,
    describe_shares,
    describe_shares_at_base,
)
from replication.analysis.reading_table import Reading
from replication.analysis.seed_blocks import (
    STATISTICS,
    Blocked,
    block_statistics,
    count_blocks,
    stack_blocked,
)
from replication.analysis.variance_shares import estimate_shares

NEVER = np.iinfo(np.int32).max
CHOICES = [
    {"field": "width", "values": [0.5, 0.1], "base": 0},
    {"field": "rate", "values": [20.0, 10.0, 5.0], "base": 0},
    {"field": "momentum", "values": [0.0, 0.5], "base": 0},
]
LEVELS = [[i, j, k] for i in range(2) for j in range(3) for k in range(2)]


def make_setting(**changes):
    fields = {
        "choices": CHOICES,
        "levels": LEVELS,
        "caps": [2000] * 12,
        "base": 2,
        "is_grid": True,
        "reported": read_reported_mean("48"),
        "margin_percent": 10.0,
        "min_n_star": 20,
    }
    return Setting(**(fields | changes))


def make_statistics(n_blocks=20):
    """Sums of effects of the choices, each statistic in a unit of its own, with block noise."""
    effects = np.array([3.0 * i + (0, 40, 70)[j] + 5.0 * k * i for i, j, k in LEVELS])
    full = effects[:, None] * np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    noise = np.random.default_rng(7).normal(size=(n_blocks, *full.shape)) * 0.01
    return Blocked(full, full + noise - noise.mean(axis=0))


def compare(found, statistic, shape, fields):
    """Hold described shares to those that are estimated from the statistic alone."""
    expected = estimate_shares(statistic, shape)
    for name in ("variance", "noise", "interactions", "interactions_reach"):
        assert found[name] == pytest.approx(getattr(expected, name))
    for name in ("first", "first_reach", "total", "total_reach"):
        np.testing.assert_allclose(found[name], getattr(expected, name))
    assert found["leaders"] == [fields[k] for k in expected.leaders]


FIELDS = ["width", "rate", "momentum"]


def test_each_statistic_has_its_own_shares():
    statistics = make_statistics()
    found = describe_shares(statistics, make_setting())
    assert list(found) == list(STATISTICS)
    for i, name in enumerate(STATISTICS):
        own = Blocked(statistics.full[:, i], statistics.without[:, :, i])
        compare(found[name], own, [2, 3, 2], FIELDS)
    assert found["cap"]["leaders"] == ["rate"]
    assert found["cap"]["variance"] == pytest.approx(4 * found["discard"]["variance"], rel=1e-2)


def test_list_of_readings_has_no_shares():
    found = describe_shares(make_statistics(), make_setting(is_grid=False))
    assert found == dict.fromkeys(STATISTICS)


def test_leading_choice_is_held_at_its_value_in_the_base_reading():
    """The base reading, the third, has the second rate: six readings cut down to four."""
    statistics, setting = make_statistics(), make_setting()
    found = describe_shares_at_base(statistics, setting, describe_shares(statistics, setting))
    kept = [k for k, row in enumerate(LEVELS) if row[1] == 1]
    assert (found["field"], found["value"], found["n_readings"]) == ("rate", 10.0, 4)
    assert found["fields"] == ["width", "momentum"]
    for i, name in enumerate(STATISTICS):
        own = Blocked(statistics.full[kept, i], statistics.without[:, kept, i])
        compare(found["shares"][name], own, [2, 2], ["width", "momentum"])


def test_nothing_is_held_where_no_choice_leads_or_too_few_are_left():
    statistics, setting = make_statistics(), make_setting()
    shares = describe_shares(statistics, setting)
    assert describe_shares_at_base(statistics, setting, shares | {"discard": None}) is None
    two = make_setting(choices=CHOICES[:2], levels=[row[:2] for row in LEVELS[::2]])
    assert describe_shares_at_base(statistics, two, shares) is None


def make_readings(outcomes, cap):
    counts = [count_blocks(row.astype(np.int32), cap) for row in outcomes]
    statistics = stack_blocked([block_statistics(part) for part in counts])
    readings = [
        Reading({}, part, block_statistics(part), Blocked(np.zeros(1), np.zeros((20, 1))))
        for part in counts
    ]
    return readings, statistics


def draw(cap):
    rng = np.random.default_rng(9)
    base = rng.geometric(0.01, 1000)
    shifts = [(0, 40, 70)[j] + 4 * i + k for i, j, k in LEVELS]
    outcomes = np.stack([base + shift for shift in shifts])
    return np.where(outcomes > cap, NEVER, outcomes)


def test_lower_caps_are_those_of_the_outcomes_cut_there():
    cap = 800
    outcomes = draw(cap)
    readings, statistics = make_readings(outcomes, cap)
    setting = make_setting(caps=[cap] * 12)
    found = describe_caps(readings, statistics, setting)
    assert [entry["cap"] for entry in found] == [250, 500, 800]
    spent = np.minimum(outcomes, cap).sum()
    for entry in found:
        lower = entry["cap"]
        cut, cut_statistics = make_readings(np.where(outcomes > lower, NEVER, outcomes), lower)
        assert len(cut) == 12
        assert entry["work"] == pytest.approx(np.minimum(outcomes, lower).sum() / spent)
        assert entry["unfinished"] == pytest.approx(np.mean(outcomes > lower))
        change = cut_statistics.full - statistics.full
        for i, name in enumerate(STATISTICS):
            assert entry["largest_change"][name] == pytest.approx(np.abs(change[:, i]).max())
            assert entry["base_change"][name] == pytest.approx(change[2, i])
        assert list(entry["shares"]) == ["discard", "cap"]
        for i, name in enumerate(("discard", "cap")):
            own = Blocked(cut_statistics.full[:, i], cut_statistics.without[:, :, i])
            compare(entry["shares"][name], own, [2, 3, 2], FIELDS)
    assert found[0]["base_change"]["discard"] < -5


def test_caps_below_the_restart_or_beyond_the_lowest_cap_in_use_are_not_tried():
    outcomes = draw(800)
    readings, statistics = make_readings(outcomes, 800)
    for restart_after, caps, expected in [
        (250, [800] * 12, [250, 500, 800]),
        (251, [800] * 12, [500, 800]),
        (200, [500, *[800] * 11], [250, 500]),
    ]:
        setting = make_setting(restart_after=restart_after, caps=caps)
        found = describe_caps(readings, statistics, setting)
        assert [entry["cap"] for entry in found] == expected


def test_restart_of_a_lower_cap_is_that_of_the_setting():
    """A restart after 250 updates instead of 200 gives other means with restarts."""
    readings, _ = make_readings(draw(800), 800)
    counts = [reading.counts for reading in readings]
    statistics = stack_blocked([block_statistics(part, restart_after=250) for part in counts])
    found = describe_caps(readings, statistics, make_setting(restart_after=250, caps=[800] * 12))
    assert found[-1]["largest_change"]["restart"] == 0.0
    assert found[0]["largest_change"]["restart"] == pytest.approx(0.0, abs=1e-9)


def test_statistic_that_is_missing_has_no_largest_change():
    outcomes = draw(800)
    outcomes[4] = NEVER
    readings, statistics = make_readings(outcomes, 800)
    found = describe_caps(readings, statistics, make_setting(caps=[800] * 12))
    assert found[0]["largest_change"]["discard"] is None
    assert found[0]["largest_change"]["cap"] == pytest.approx(800 - 250)


def test_networks_that_start_below_their_criterion_cost_no_work():
    readings, statistics = make_readings(np.zeros((12, 40)), 800)
    found = describe_caps(readings, statistics, make_setting(caps=[800] * 12))
    assert [entry["work"] for entry in found] == [1.0, 1.0, 1.0]
