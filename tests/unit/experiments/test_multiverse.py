"""Readings: the paper's grid, and a user's own from a TOML file."""

import dataclasses
import itertools

import pytest

from replication.errors import StorageError, UsageError
from replication.multiverse.readings import (
    OPEN_CHOICES,
    describe_readings,
    make_grid,
    make_paper_grid,
    read_readings,
)
from replication.protocol import PAPER


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
    assert all(entry["base"] == 0 for entry in describe_readings(make_paper_grid()))


def test_factors_give_every_combination(write):
    readings = read_readings(
        write(
            "[fixed]\nmax_updates = 500\n[factors]\nlearning_rate = [20, 15]\nmomentum = [0, 0.5]"
        )
    )
    assert readings.is_grid
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
    assert (readings.name, readings.is_grid, readings.base) == ("three", False, 1)
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
        ("[factors]\ncriterion = ['best']", "allowed are half-squared-error"),
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
