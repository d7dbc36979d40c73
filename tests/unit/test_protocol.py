"""The protocol: validation, canonical form, files, and that every field matters."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication import NOTEBOOK, PAPER, READINGS, Protocol
from replication.errors import UsageError
from replication.fields import CHOICES
from replication.protocol import (
    as_plain,
    canonical_json,
    from_plain,
    parse_assignment,
    read_protocol,
)
from replication.simulator.engine import run_networks
from replication.simulator.weights import draw_weights

# For each field a value that differs from the base reading.
VARIANTS = {
    "group_sizes": (4, 3),
    "patterns": ((1.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 1.0)),
    "learning_rule": "back-propagation",
    "minimised_error": "cross-entropy",
    "learning_rate": 15.0,
    "momentum": 0.5,
    "regression": 0.7,
    "hidden_regression": False,
    "visible_units": "linear",
    "hidden_function": "softsign",
    "visible_to_hidden_factor": 4.0,
    "hidden_to_visible_factor": 2.0,
    "second_round": True,
    "update_schedule": "per-pattern",
    "half_width": 0.3,
    "initial_biases": "zero",
    "symmetric_start": True,
    "criterion": "half-squared-error",
    "threshold": 0.2,
    "error_measured_on": "regressed",
    "max_updates": 30,
}


def protocols() -> st.SearchStrategy[Protocol]:
    """Any valid protocol of the fields that are easy to vary."""
    positive = st.floats(1e-3, 1e3)
    share = st.floats(0.0, 0.999)
    fields = {
        "group_sizes": st.lists(st.integers(1, 9), min_size=2, max_size=2),
        "learning_rate": positive,
        "momentum": share,
        "regression": share,
        "hidden_regression": st.booleans(),
        "half_width": positive,
        "symmetric_start": st.booleans(),
        "threshold": positive,
        "max_updates": st.integers(1, 10**6),
        **{name: st.sampled_from(values) for name, values in CHOICES.items()},
    }
    return st.fixed_dictionaries({}, optional=fields).map(make_valid).map(from_plain)


def make_valid(fields: dict[str, object]) -> dict[str, object]:
    """Give the cross-entropy the rule and the units that it needs."""
    if fields.get("minimised_error") == "cross-entropy":
        return fields | {"learning_rule": "back-propagation", "visible_units": "logistic"}
    return fields


def test_paper_is_the_simulation_of_page_363() -> None:
    assert Protocol() == PAPER
    assert (PAPER.group_sizes, PAPER.learning_rate, PAPER.regression) == ((4, 2), 20.0, 0.75)
    assert (PAPER.criterion, PAPER.threshold) == ("every-unit", 0.1)
    assert (PAPER.error_measured_on, PAPER.half_width) == ("reconstruction", 0.5)
    assert (PAPER.update_schedule, PAPER.hidden_regression) == ("batch", True)


def test_named_readings_differ_in_the_criterion_alone() -> None:
    assert READINGS["paper"] == PAPER
    assert READINGS["notebook"] == NOTEBOOK
    for reading in READINGS.values():
        assert set(reading.differences) <= {"criterion"}
    assert len({reading.id for reading in READINGS.values()}) == len(READINGS)


def test_base_version_keeps_an_older_store_apart() -> None:
    # The id that the first base gave to its own PAPER: SHA-256 of "{}", which any tool computes.
    assert PAPER.differences == {}
    assert "44136fa355b3678a" not in {reading.id for reading in READINGS.values()}


def test_variants_cover_every_field() -> None:
    assert set(VARIANTS) == {field.name for field in dataclasses.fields(Protocol)}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_field_changes_outcomes(name: str) -> None:
    base = dataclasses.replace(PAPER, max_updates=60)
    if name == "minimised_error":
        base = dataclasses.replace(base, learning_rule="back-propagation", max_updates=400)
    variant = dataclasses.replace(base, **{name: VARIANTS[name]})
    outcomes = [run_networks(p, draw_weights(p, 1988, 0, 200))[0] for p in (base, variant)]
    assert not np.array_equal(*outcomes)
    assert variant.id != base.id


@given(protocols())
def test_protocol_survives_plain_form(protocol: Protocol) -> None:
    assert from_plain(as_plain(protocol)) == protocol
    assert from_plain(protocol.differences) == protocol


@given(first=protocols(), second=protocols())
def test_ids_are_equal_exactly_when_protocols_are(first: Protocol, second: Protocol) -> None:
    assert (first.id == second.id) == (first == second)


def test_file_lists_only_what_differs(tmp_path) -> None:
    path = tmp_path / "gentle.toml"
    path.write_bytes(b"\xef\xbb\xbflearning_rate = 15\r\n")  # some editors put this mark first
    assert read_protocol(str(path)) == Protocol(learning_rate=15.0)


def test_file_may_start_from_a_named_reading(tmp_path) -> None:
    path = tmp_path / "gentle.toml"
    path.write_text('base = "notebook"\nlearning_rate = 15\n')
    assert read_protocol(str(path)) == dataclasses.replace(NOTEBOOK, learning_rate=15.0)


def test_reading_is_found_by_its_name() -> None:
    assert {name: read_protocol(name) for name in READINGS} == READINGS
    with pytest.raises(UsageError, match="allowed are a TOML file and the named readings paper"):
        read_protocol("article")


@pytest.mark.parametrize(
    "content",
    [
        "learning_rate = -3",
        "xyzzy = 1",
        'base = "article"',
        "base = [1]",
        "group_sizes = [4, 2, 2]\nsymmetric_start = true",
    ],
)
def test_file_with_a_wrong_field_is_named(tmp_path, content) -> None:
    path = tmp_path / "p.toml"
    path.write_text(content)
    with pytest.raises(UsageError, match=re.escape(f"protocol file {str(path)!r}: ")):
        read_protocol(str(path))


def test_whole_and_real_numbers_are_one_protocol() -> None:
    assert from_plain({"learning_rate": 15}).id == from_plain({"learning_rate": 15.0}).id
    assert from_plain({"momentum": -0.0}).id == PAPER.id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("learning_rate=15", ("learning_rate", 15)),
        ("criterion=every-unit", ("criterion", "every-unit")),
        (" hidden_regression = false ", ("hidden_regression", False)),
        ("group_sizes=[8, 3]", ("group_sizes", [8, 3])),
    ],
)
def test_assignment_is_read_as_toml_or_word(text: str, expected: tuple[str, object]) -> None:
    assert parse_assignment(text) == expected


@pytest.mark.parametrize("text", ["learning_rate", "=3", "", "a = 1\nb = 2"])
def test_assignment_without_field_or_value_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="FIELD=VALUE"):
        parse_assignment(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0.0),
        ("learning_rate", math.inf),
        ("learning_rate", math.nan),
        ("learning_rate", "20"),
        ("learning_rate", True),
        ("learning_rate", 10**400),
        ("momentum", 1.0),
        ("momentum", -0.1),
        ("regression", -1e-9),
        ("half_width", 0.0),
        ("max_updates", 0),
        ("max_updates", 2.0),
        ("max_updates", 10**8),
        pytest.param("max_updates", 10**5000, id="max_updates-endless"),
        ("group_sizes", (4,)),
        ("group_sizes", (4, 0)),
        ("group_sizes", (4, 2.0)),
        ("group_sizes", "4-2-4"),
        ("group_sizes", (257, 2)),
        ("patterns", "random"),
        ("patterns", ()),
        ("patterns", ((1.0, 0.0),)),
        ("patterns", ((1.0, 0.0, 0.0, 1.5),)),
        ("patterns", (1.0, 0.0, 0.0, 0.0)),
        ("hidden_regression", 1),
        ("criterion", "error"),
        ("visible_units", None),
        ("hidden_function", "relu"),
        ("visible_to_hidden_factor", 0.0),
        ("hidden_to_visible_factor", math.inf),
        ("second_round", "yes"),
    ],
)
def test_bad_value_names_field_value_and_what_is_allowed(name: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        dataclasses.replace(PAPER, **{name: value})
    message = str(caught.value)
    assert name in message
    assert len(message.splitlines()) == 1
    assert any(word in message for word in ("allowed", "must"))


@pytest.mark.parametrize(
    ("name", "values", "allowed"),
    [
        ("regression", [-0.1, 1, 1.5, math.nan, -math.inf, True, "x", [0.5]], "0 and below 1"),
        ("threshold", [0, -0.1, math.nan, math.inf, True, "x"], "above 0"),
    ],
)
def test_bad_number_is_answered_with_its_range(name: str, values: list, allowed: str) -> None:
    for value in values:
        with pytest.raises(UsageError, match=f"^{name} = .*{allowed}"):
            from_plain({name: value})


@pytest.mark.parametrize(
    ("given", "meant"),
    [("regresion", "regression"), (" Learning rate", "learning_rate"), ("lambda", "regression")],
)
def test_unknown_field_is_answered_with_the_nearest(given: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean '{meant}'"):
        from_plain({given: 0.5})


def test_symmetric_start_needs_one_hidden_group() -> None:
    with pytest.raises(UsageError, match="one hidden group"):
        from_plain({"symmetric_start": True, "group_sizes": [4, 3, 2]})


@pytest.mark.parametrize(
    "other", [{"group_sizes": [4, 3, 2]}, {"learning_rule": "back-propagation"}]
)
def test_second_round_needs_recirculation_with_one_hidden_group(other: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="recirculation with one hidden group only"):
        from_plain({"second_round": True} | other)


@pytest.mark.parametrize(
    "other", [{}, {"learning_rule": "back-propagation", "visible_units": "linear"}]
)
def test_cross_entropy_needs_back_propagation_into_logistic_units(other) -> None:
    with pytest.raises(UsageError, match="back-propagation with logistic visible units only"):
        from_plain({"minimised_error": "cross-entropy"} | other)


def test_canonical_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(math.nan)


def test_protocol_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PAPER.threshold = 0.2  # type: ignore[misc]


def test_numbers_and_arrays_of_numpy_are_taken_as_those_of_python() -> None:
    given = Protocol(
        group_sizes=np.array([4, 2]),
        patterns=np.eye(4),
        learning_rate=np.float32(15),
        max_updates=np.int64(30),
        hidden_regression=np.bool_(False),
        criterion=np.str_("worst-pattern"),
    )
    plain = Protocol(
        group_sizes=(4, 2),
        patterns=tuple(map(tuple, np.eye(4).tolist())),
        learning_rate=15.0,
        max_updates=30,
        hidden_regression=False,
        criterion="worst-pattern",
    )
    assert given == plain
    assert given.id == plain.id
    assert type(given.max_updates) is int


@pytest.mark.parametrize(
    "patterns",
    [
        np.eye(4, dtype=bool),
        pd.DataFrame(np.eye(4)),
        pa.table(dict(zip("abcd", np.eye(4), strict=True))),
        [pd.Series(row) for row in np.eye(4)],
        [pa.array(row) for row in np.eye(4)],
        [[True, False, False, False], *np.eye(4, dtype=np.int8)[1:].tolist()],
        [list(row) for row in np.eye(4, dtype=np.float32)],
    ],
    ids=["truth values", "pandas", "pyarrow", "series", "arrays", "lists", "numbers of NumPy"],
)
def test_patterns_are_taken_as_people_have_them(patterns: object) -> None:
    assert Protocol(patterns=patterns) == Protocol(patterns=np.eye(4))


@pytest.mark.parametrize(
    ("name", "value"),
    [("patterns", np.eye(3)), ("patterns", pd.DataFrame({"a": ["x"]})),
     ("criterion", np.eye(2)), ("group_sizes", np.array([4.0, 2.5])),
     ("patterns", np.array([["a"]])), ("learning_rate", np.array([1.0, 2.0]))],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused_by_us(name: str, value: object) -> None:
    with pytest.raises(UsageError, match="allowed|must"):
        Protocol(**{name: value})


def test_the_representation_shows_what_differs_from_the_paper() -> None:
    assert repr(PAPER) == "Protocol()"
    protocol = Protocol(learning_rate=15, group_sizes=[8, 3])
    assert repr(protocol) == "Protocol(group_sizes=(8, 3), learning_rate=15.0)"
    assert eval(repr(protocol)) == protocol


def test_the_representation_shows_many_patterns_by_their_number() -> None:
    few, many = Protocol(patterns=np.eye(4) / 3), Protocol(patterns=[[0.25] * 4] * 50)
    assert eval(repr(few)) == few
    assert repr(many) == "Protocol(patterns=<50 of 4 units>)"
