"""The multiverse: its readings, from a grid or a user's file, and what is told of them."""

import numpy as np
import pytest

from replication import Protocol, UsageError, compare, simulate
from replication.experiments.instruments.sample import Sample
from replication.experiments.readings import run as multiverse
from tests.unit.experiments.builders import draw_counts, make_counts


def read(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return multiverse.read_readings(path)


def test_factors_give_every_combination(tmp_path):
    factors = "[factors]\nlearning_rate = [20, 15]\nmomentum = [0, 0.5]"
    readings = read(tmp_path, f"[fixed]\nmax_updates = 500\n{factors}")
    found = [(p.learning_rate, p.momentum, p.max_updates) for _, p in readings]
    assert found == [(20, 0, 500), (20, 0.5, 500), (15, 0, 500), (15, 0.5, 500)]
    assert [[*fields.values()] for fields, _ in readings] == [[*row[:2]] for row in found]


MANY = f"learning_rate = {[*range(1, 401)]}\nthreshold = {[*range(1, 401)]}"


ALLOWED = r"allowed are \[factors\], with a list of values"


@pytest.mark.parametrize(("text", "message"), [
    ("[factors]\nlearning_rat = [1]", "did you mean 'learning_rate'"),
    ("[factors]\nlearning_rate = []", ALLOWED),
    ("[factors]\nlearning_rate = [nan]", "learning_rate = nan was given"),
    ("[factors]\ngroup_sizes = [[4, 2, 2]]\nsymmetric_start = [true]", "one hidden group"),
    ("[fixed]\nmomentum = 0.5", ALLOWED),
    ("[fixed]\nmomentum = 0.5\n[factors]\nmomentum = [0]", ALLOWED),
    ("factors = 3", ALLOWED),
    ("[factors\n", "is not TOML"),
    (f"[factors]\n{MANY}", "160000 readings .* allowed are 1000"),  # refused before they are made
])  # fmt: skip
def test_wrong_file_is_refused_with_what_to_write(tmp_path, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"multiverse file '{tmp_path}/own.toml'")


@pytest.mark.parametrize("centre", [3.55, 3.75])
def test_reading_is_judged_as_the_headline_is(centre):
    counts = draw_counts(20_000, centre=centre, seed=5, n_censored=3)
    row = multiverse.describe_reading(counts)
    judged = compare(counts, runs=100, mean="48", max="202", failures="excluded")
    assert row["p"] == pytest.approx(judged.p)
    assert row["is_compatible"] == (row["p"] > 0.05)


@pytest.mark.parametrize("counts", [
    draw_counts(5_000, n_censored=500),  # of 100 such networks hardly ever all converge
    make_counts([], n_censored=50, cap=300),
    make_counts([40] * 5, n_censored=45, cap=100),
    make_counts([900] * 50),
])  # fmt: skip
def test_reading_that_hardly_learns_or_at_once_could_not_have_reported_both(counts):
    assert multiverse.describe_reading(counts)["is_compatible"] is False


def test_all_readings_have_a_row_and_share_their_networks(tmp_path):
    factors = "[factors]\nlearning_rate = [20.0, 12.0]\ninitial_biases = ['drawn', 'zero']"
    readings = read(tmp_path, factors)
    rows = multiverse.run_multiverse(readings, Sample(1000, 9, 2))
    assert [row["learning_rate"] for row in rows] == [20.0, 20.0, 12.0, 12.0]
    for row, (_, protocol) in zip(rows, readings, strict=True):
        alone = simulate(protocol, n_seeds=1000, root_seed=9, jobs=1)
        assert row["mean_at_cap"] == pytest.approx(alone.updates.mean())


def test_reading_of_another_task_is_not_judged_and_every_row_has_a_median(tmp_path):
    """Once networks of eight patterns were judged by what the paper reports of four."""
    factors = "[factors]\ngroup_sizes = [[4, 2], [8, 3]]\nlearning_rate = [20.0, 12.0]"
    rows = multiverse.run_multiverse(read(tmp_path, factors), Sample(1000, 9))
    paper, other = rows[:2], rows[2:]
    assert all(row["p"] is not None and row["is_compatible"] is not None for row in paper)
    assert all(row["p"] is None and row["is_compatible"] is None for row in other)
    for row in rows:
        protocol = Protocol(group_sizes=row["group_sizes"], learning_rate=row["learning_rate"])
        outcomes = simulate(protocol, n_seeds=1000, root_seed=9)
        assert abs(row["median"] - np.median(outcomes.updates)) <= 0.5
    counts = make_counts([40] * 5, n_censored=5, cap=100)
    assert multiverse.describe_reading(counts)["median"] == 40
    counts = make_counts([40] * 5, n_censored=6, cap=100)
    assert multiverse.describe_reading(counts)["median"] is None
