"""The protocol: validation, canonical form, files, and that every field matters."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given

from replication import NOTEBOOK, PAPER, READINGS, Protocol, UsageError
from replication.cli.arguments import read_protocol
from replication.definition.protocol import (
    ERROR_READINGS,
    as_plain,
    canonical_json,
    from_plain,
    parse_assignment,
)
from tests.property.test_simulator import protocols


def test_named_readings_differ_in_the_criterion_alone():
    assert READINGS["paper"] == PAPER
    assert READINGS["notebook"] == NOTEBOOK
    with pytest.raises(TypeError):
        READINGS["x"] = PAPER
    for reading in ERROR_READINGS.values():
        assert set(reading.differences) <= {"criterion"}
    assert len({reading.id for reading in READINGS.values()}) == len(READINGS)
    assert PAPER.id == "37c314d714fc5559", "stores of this base would no longer be found"


@given(protocols)
def test_protocol_survives_plain_form(protocol):
    assert from_plain(as_plain(protocol)) == protocol
    assert from_plain(protocol.differences) == protocol


@given(first=protocols, second=protocols)
def test_ids_are_equal_exactly_when_protocols_are(first, second):
    assert (first.id == second.id) == (first == second)


def test_file_lists_only_what_differs_from_the_paper(tmp_path):
    path = tmp_path / "gentle.toml"
    # A byte order mark, and lines that end as on Windows.
    path.write_bytes(b"\xef\xbb\xbflearning_rate = 15\r\n")  # some editors put this mark first
    assert read_protocol(str(path)) == Protocol(learning_rate=15.0)
    assert {name: read_protocol(name) for name in READINGS} == READINGS
    with pytest.raises(UsageError, match="a TOML file. and the named readings paper"):
        read_protocol("article")


def test_assignment_is_read_as_toml_or_word():
    for text, expected in (
        ("learning_rate=15", ("learning_rate", 15)), ("criterion=x", ("criterion", "x")),
        (" centred = false ", ("centred", False)), ("group_sizes=[8, 3]", ("group_sizes", [8, 3])),
    ):  # fmt: skip
        assert parse_assignment(text) == expected
    for text in ("learning_rate", "=3", "", "a = 1\nb = 2"):
        with pytest.raises(UsageError, match="FIELD=VALUE"):
            parse_assignment(text)


def test_frozen_weights_are_named_as_people_write_them():
    for value in ("c,W", "c, W", ["c", "W"], np.array(["W", "c"]), ("c", "W", "c")):
        assert Protocol(frozen=value) == Protocol(frozen=("W", "c"))
    assert Protocol(frozen="b") == from_plain(dict([parse_assignment("frozen=b")]))


@pytest.mark.parametrize(("name", "value"), [
    ("learning_rate", 0.0), ("learning_rate", math.inf), ("learning_rate", "20"),
    ("learning_rate", True), ("learning_rate", 10**400), ("regression", math.nan),
    ("max_updates", 2.0), ("max_updates", 10**8), ("group_sizes", (4,)),
    ("group_sizes", (1025, 2)), ("group_sizes", np.array([4.0, 2.5])), ("patterns", "random"),
    ("patterns", ()), ("patterns", ((1.0, 0.0),)), ("patterns", ((1.0, 0.0, 0.0, 1.5),)),
    ("patterns", (1.0, 0.0, 0.0, 0.0)), ("patterns", 10**30),
    ("patterns", pd.DataFrame({"a": ["x"]})),
    ("hidden_regression", 1), ("criterion", "error"), ("frozen", ["W", "V"]), ("frozen", None),
])  # fmt: skip
def test_bad_value_names_field_value_and_what_is_allowed(name, value):
    with pytest.raises(UsageError) as caught:
        dataclasses.replace(PAPER, **{name: value})
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    assert any(word in message for word in ("allowed", "must"))


def test_unknown_field_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'regression'"):
        from_plain({"regresion": 0.5})


@pytest.mark.parametrize(("fields", "needed"), [
    ({"symmetric_start": True, "group_sizes": [4, 3, 2]}, "one hidden group"),
    ({"second_round": True, "group_sizes": [4, 3, 2]}, "recirculation with one hidden group"),
    ({"minimised_error": "cross-entropy"}, "back-propagation with logistic visible units"),
    ({"n_images": 100}, "digits"),
    ({"patterns": "digits", "group_sizes": [4, 2]}, "64 visible"),
])  # fmt: skip
def test_fields_that_need_others_are_refused_without_them(fields, needed):
    with pytest.raises(UsageError, match=f"it is allowed for {needed}") as caught:
        from_plain(fields)
    assert "was given in Protocol(" in str(caught.value)


def test_numbers_and_arrays_of_numpy_are_taken_as_those_of_python():
    pairs = {
        "group_sizes": (np.array([4, 2]), (4, 2)), "max_updates": (np.int64(30), 30),
        "learning_rate": (np.float32(15), 15.0), "hidden_regression": (np.bool_(False), False),
        "criterion": (np.str_("worst-pattern"), "worst-pattern"),
    }  # fmt: skip
    given, plain = (Protocol(**{name: pair[k] for name, pair in pairs.items()}) for k in (0, 1))
    assert given == plain
    assert given.id == plain.id
    assert from_plain({"learning_rate": 20}).id == PAPER.id
    assert from_plain({"regression": -0.0}).id == from_plain({"regression": 0}).id


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_what_is_hashed_has_one_text_and_no_number_that_json_lacks(number):
    """RFC 8259, section 6: infinities and NaN are not permitted."""
    assert canonical_json({"b": 1, "a": [2.5, None]}) == '{"a":[2.5,null],"b":1}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"p": number})


@pytest.mark.parametrize("take", [pd.DataFrame, lambda rows: [*map(pa.array, rows)], np.float32])
def test_patterns_are_taken_as_people_have_them(take):
    assert Protocol(patterns=take(np.eye(4))) == PAPER


def test_the_representation_shows_what_differs_from_the_paper():
    assert repr(PAPER) == "Protocol()"
    protocol = Protocol(learning_rate=15, group_sizes=[8, 3])
    assert repr(protocol) == "Protocol(group_sizes=(8, 3), learning_rate=15.0)"
    assert eval(repr(protocol)) == protocol
    many = Protocol(patterns=[[0.25] * 4] * 50)
    assert repr(many) == "Protocol(patterns=<50 of 4 units>)"
