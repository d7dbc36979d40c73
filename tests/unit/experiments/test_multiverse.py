"""The multiverse: its readings, from a grid or a user's file, and what is told of them."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from replication.comparison.comparison import compare
from replication.errors import StorageError, UsageError
from replication.experiments.readings.multiverse import (
    COLUMNS,
    describe_contrasts,
    describe_reading,
    run_multiverse,
    tabulate_readings,
    write_readings,
)
from replication.experiments.readings.sets import (
    OPEN_CHOICES,
    describe_choices,
    make_grid,
    make_paper_grid,
    read_readings,
)
from replication.protocol import PAPER
from replication.statistics.counts import CountTable


@pytest.fixture
def write(tmp_path):
    def write_file(text):
        path = tmp_path / "own.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def test_paper_has_512_different_readings_and_the_base_is_the_paper():
    readings = make_paper_grid()
    assert len(set(readings.protocols)) == 4 * 2 * 4 * 2 * 2 * 2 * 2
    assert readings.protocols[readings.base] == PAPER
    assert readings.is_paired


def test_readings_stand_in_the_order_of_their_levels():
    readings = make_paper_grid()
    sizes = [range(len(values)) for values in OPEN_CHOICES.values()]
    assert readings.levels == [list(row) for row in itertools.product(*sizes)]
    for row, protocol in zip(readings.levels[::37], readings.protocols[::37], strict=True):
        for level, (field, values) in zip(row, OPEN_CHOICES.items(), strict=True):
            assert getattr(protocol, field) == values[level]


def test_base_value_stands_first_in_every_choice():
    assert all(entry["base"] == 0 for entry in describe_choices(make_paper_grid()))


def test_factors_give_every_combination(write):
    readings = read_readings(
        write(
            "[fixed]\nmax_updates = 500\n[factors]\nlearning_rate = [20, 15]\nmomentum = [0, 0.5]"
        )
    )
    assert readings.name == "own"
    assert [(p.learning_rate, p.momentum) for p in readings.protocols] == [
        (20, 0), (20, 0.5), (15, 0), (15, 0.5),
    ]  # fmt: skip
    assert {p.max_updates for p in readings.protocols} == {500}
    assert readings.base == 0


def test_listed_readings_keep_their_order_and_find_their_choices(write):
    readings = read_readings(
        write(
            'name = "three"\n[[readings]]\nlearning_rate = 15\n'
            "[[readings]]\n[[readings]]\nmomentum = 0.5"
        )
    )
    assert (readings.name, readings.base) == ("three", 1)
    assert readings.choices == {"learning_rate": (15.0, 20.0), "momentum": (0.0, 0.5)}
    assert readings.levels == [[0, 0], [1, 0], [1, 1]]


def test_id_depends_on_the_protocols_alone(write):
    one = read_readings(write("[factors]\nlearning_rate = [20, 15]"))
    other = read_readings(write('name = "x"\n[[readings]]\n[[readings]]\nlearning_rate = 15.0'))
    assert one.id == other.id
    assert one.id != make_grid({"learning_rate": [20, 16]}).id


def test_networks_of_different_size_are_not_called_paired():
    assert not make_grid({"group_sizes": [[4, 2], [8, 3]]}).is_paired


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[factors]\nlearning_rat = [1]", "did you mean 'learning_rate'"),
        ("[fixed]\nlearning_rat = 1\n[factors]\nmomentum = [0]", "did you mean 'learning_rate'"),
        ("[[readings]]\nlearning_rat = 1", "did you mean 'learning_rate'"),
        ("[factors]\nlearning_rate = []", "empty list"),
        ("[factors]\nlearning_rate = 15", r"takes a list of values, e.g. learning_rate = \[15\]"),
        ("[factors]\nlearning_rate = [15, 15.0]", "lists 15.0 twice"),
        ("[factors]\nlearning_rate = [15, -1]", "learning_rate = -1"),
        ("[factors]\nlearning_rate = [nan]", "the reading learning_rate = nan is invalid"),
        ("[factors]\nlearning_rate = [2020-01-01]", "the reading learning_rate = 2020-01-01"),
        ("[factors]\nlearning_rate = {a = 1}", "takes a list of values"),
        ("[factors]\ncriterion = ['best']", "allowed are every-unit"),
        (
            "[factors]\ngroup_sizes = [[4, 2], [4, 2, 2]]\nsymmetric_start = [false, true]",
            r"group_sizes = \[4,2,2\], symmetric_start = true is invalid: .*one hidden group only",
        ),
        ("[fixed]\nmomentum = 0.5", "either"),
        ("", "either"),
        ("[factors]\nmomentum = [0]\n[[readings]]\nmomentum = 0", "either"),
        ("[fixed]\nmomentum = 0.5\n[factors]\nmomentum = [0]", r"both \[fixed\] and \[factors\]"),
        ("learning_rate = [15, 20]", "below"),
        ("name = 3\n[factors]\nmomentum = [0]", "name must be text"),
        ("[[readings]]\nmomentum = 0\n[[readings]]", "readings 1 and 2 are the same"),
        ("readings = [1, 2]", r"\[\[readings\]\]"),
        ("[factors\n", "is not TOML"),
        ("[factors]\nmomentum = [0.0]\nmomentum = [0.1]", "is not TOML"),
    ],
)
def test_wrong_file_is_refused_with_what_to_write(write, text, message):
    path = write(text)
    with pytest.raises(UsageError, match=message) as caught:
        read_readings(path)
    assert str(caught.value).startswith(f"multiverse file {str(path)!r}")


def test_missing_file_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="cannot be read"):
        read_readings(tmp_path / "none.toml")


MANY = "[factors]\n" + "\n".join(
    f"{field} = {[low + step / 100 for step in range(11)]}"
    for field, low in (("learning_rate", 15), ("regression", 0.5), ("half_width", 0.5))
)


def test_too_many_readings_need_a_yes(write):
    with pytest.raises(UsageError, match="1331 readings .* 1000, or more with --yes"):
        read_readings(write(MANY))
    assert len(read_readings(write(MANY), allow_many=True).protocols) == 1331


def test_billions_of_readings_are_refused_before_they_are_made(write):
    values = [1 + step for step in range(400)]
    text = f"[factors]\nlearning_rate = {values}\nthreshold = {values}\nhalf_width = {values}"
    with pytest.raises(UsageError, match="64000000 readings"):
        read_readings(write(text + f"\nmax_updates = {values[:1]}"))


def test_grid_takes_what_is_fixed_from_its_base():
    base = dataclasses.replace(PAPER, threshold=0.2)
    readings = make_grid({"momentum": [0.5, 0.0]}, base=base)
    assert {p.threshold for p in readings.protocols} == {0.2}
    assert readings.base == 1


# ------------------------------------------------------------------------- what is told of them


def make_counts(values, *, n_censored=0, cap=2000):
    distinct, counts = np.unique(np.asarray(values, dtype=np.int64), return_counts=True)
    return CountTable(distinct, counts, n_censored, cap)


@pytest.mark.parametrize("centre", [3.55, 3.68, 3.75])
def test_reading_is_judged_as_the_headline_is(centre):
    drawn = np.exp(np.random.default_rng(5).normal(centre, 0.5, size=20_000)).astype(int)
    row = describe_reading(make_counts(drawn, n_censored=3))
    judged = compare(make_counts(drawn), runs=100, mean="48", max="202", failures="excluded")
    assert row["p"] == pytest.approx(judged.p, abs=0.05)
    assert row["p_mean"] == pytest.approx(judged.findings["mean_given_max"].p, abs=0.05)
    assert row["is_compatible"] == (row["p"] > 0.05)


@pytest.mark.parametrize(
    ("counts", "mean_at_cap"),
    [
        (make_counts([], n_censored=50, cap=300), 300.0),
        (make_counts([0] * 50), 0.0),
        (make_counts([40] * 5, n_censored=45, cap=100), 94.0),
        (make_counts([900] * 50), 900.0),
    ],
)
def test_reading_that_hardly_learns_or_at_once_could_not_have_printed_both(counts, mean_at_cap):
    row = describe_reading(counts)
    json.dumps(row, allow_nan=False)
    assert row["is_compatible"] is False
    assert row["mean_at_cap"] == pytest.approx(mean_at_cap)


@pytest.fixture(scope="module")
def model():
    readings = make_grid({"learning_rate": [20.0, 12.0], "initial_biases": ["drawn", "zero"]})
    return run_multiverse(readings, n_networks=60, root_seed=9, jobs=2)


def test_model_is_plain_finite_data_with_a_row_for_each_reading(model):
    json.dumps(model, allow_nan=False)
    assert model["n_readings"] == 4
    assert {len(column) for column in model["readings"].values()} == {4}
    assert model["n_compatible"] == sum(model["readings"]["is_compatible"])


def test_single_change_is_the_difference_of_two_readings_on_the_same_networks(model):
    means = model["readings"]["mean_at_cap"]
    place = {tuple(levels): i for i, levels in enumerate(model["levels"])}
    by_field = {contrast["field"]: contrast for contrast in model["contrasts"]}
    expected = means[place[1, 0]] - means[place[0, 0]]
    assert by_field["learning_rate"]["change"] == pytest.approx(expected)
    assert by_field["learning_rate"]["mean_at_cap"] == means[place[1, 0]]


def test_base_reading_has_a_row_of_its_own(model):
    row = model["base_reading"]
    assert {name: row[name] for name in COLUMNS} == {
        name: column[model["base"]] for name, column in model["readings"].items()
    }


def test_change_that_no_reading_makes_alone_is_left_out():
    readings = make_grid({"momentum": [0.0, 0.5], "threshold": [0.2, 0.3]}, base=PAPER)
    outcomes = np.array([[10, 20], [11, 22], [12, 24], [13, 26]], dtype=np.int32)
    lone = dataclasses.replace(readings, protocols=readings.protocols[1:], base=0)
    rows = [describe_reading(make_counts(row)) for row in outcomes[1:]]
    found = describe_contrasts(lone, outcomes[1:], rows)
    assert [(c["field"], c["change"]) for c in found] == [("momentum", 3.0)]


def test_looser_threshold_is_never_slower():
    readings = make_grid({"threshold": [0.1, 0.15, 0.3]})
    model = run_multiverse(readings, n_networks=40, root_seed=9, jobs=1)
    means = model["readings"]["mean_at_cap"]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize(("n_networks", "message"), [(39, "at least 40"), (10**9, "in all")])
def test_too_few_or_too_many_networks_are_refused_before_any_is_simulated(n_networks, message):
    with pytest.raises(UsageError, match=message):
        run_multiverse(make_paper_grid(), n_networks=n_networks, root_seed=1)


def test_table_is_written_for_other_programs_with_the_meaning_of_each_column(model, tmp_path):
    columns, meanings = tabulate_readings(model)
    assert set(columns) == set(meanings) >= set(COLUMNS) | {"learning_rate", "initial_biases"}
    write_readings(model, tmp_path / "own")
    table = pq.read_table(tmp_path / "own" / "multiverse.parquet")
    assert table.column("mean").to_pylist() == pytest.approx(model["readings"]["mean"])
    with (tmp_path / "own" / "multiverse.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["initial_biases"] for row in rows] == ["drawn", "zero"] * 2
