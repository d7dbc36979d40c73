"""Each kind of field: its edges, and every word of its refusal."""

from __future__ import annotations

import dataclasses
import math

import pytest

from replication import fields
from replication.errors import StorageError, UsageError
from replication.protocol import (
    PAPER,
    canonical_json,
    from_plain,
    parse_assignment,
    read_protocol,
)


def assert_refused(validate, name, value, message):
    with pytest.raises(UsageError) as caught:
        validate(name, value)
    assert str(caught.value) == message


OPEN = ("learning_rate", (0.0, math.inf), {"low_open": True}, "above 0")
UNIT = ("regression", (0.0, 1.0), {}, "of at least 0 and below 1")
HALF = ("anything", (0.0, math.inf), {}, "of at least 0")


@pytest.mark.parametrize(
    ("field", "good"),
    [(OPEN, [1e-300, 1, 1e300]), (UNIT, [0, 0.5, 1 - 2**-53]), (HALF, [0, 1e300])],
    ids=["open", "unit", "half"],
)
def test_numbers_within_their_range_are_taken(field, good):
    name, limits, options, _ = field
    for value in good:
        taken = fields._validate_number(*limits, **options)(name, value)
        assert (taken, type(taken)) == (float(value), float)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        (OPEN, [0, -0.0, -1, math.nan, math.inf, -math.inf, True, "1", None, 10**400]),
        (UNIT, [1, 1.0, 2, -1e-300, math.nan, math.inf, False, [0.5]]),
        (HALF, [-1, math.nan, math.inf, "0"]),
    ],
    ids=["open", "unit", "half"],
)
def test_numbers_outside_of_their_range_are_refused(field, bad):
    name, limits, options, allowed = field
    for value in bad:
        given = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
        assert_refused(
            fields._validate_number(*limits, **options), name, value,
            f"{name} = {given} was given; allowed is a finite number {allowed}; correct it",
        )  # fmt: skip


def test_minus_zero_and_zero_are_one_protocol():
    assert math.copysign(1, fields._validate_number(0.0, 1.0)("momentum", -0.0)) == 1


def test_counts_have_both_edges():
    validate = fields._validate_count(7)
    assert [validate("n", value) for value in (1, 7)] == [1, 7]
    for value in (0, 8, -1, 1.0, True, "3", None):
        message = f"n = {value!r} was given; allowed is a whole number from 1 to 7"
        assert_refused(validate, "n", value, message)


def test_flags_and_choices_say_what_is_allowed():
    message = "f = 1 was given; allowed are true and false"
    assert_refused(fields._validate_flag, "f", 1, message)
    message = "visible_units = 'cubic' was given; allowed are logistic, linear"
    assert_refused(fields._validate_choice, "visible_units", "cubic", message)


def test_group_sizes_have_both_edges():
    validate = fields._validate_group_sizes
    assert validate("g", [4] * 8) == (4,) * 8
    assert validate("g", (256, 1)) == (256, 1)
    for value in ([4], [4] * 9, 4, "42"):
        assert_refused(
            validate, "g", value,
            f"g = {value!r} was given; allowed is a list of 2 to 8 group sizes, e.g. [4, 2]",
        )  # fmt: skip
    message = "g[1] = 257 was given; allowed is a whole number from 1 to 256"
    assert_refused(validate, "g", [4, 257], message)


def test_patterns_are_rows_of_numbers_from_0_to_1():
    validate = fields._validate_patterns
    assert validate("p", "one-hot") == "one-hot"
    assert validate("p", [[0, 1], (0.5, 1.0)]) == ((0.0, 1.0), (0.5, 1.0))
    assert validate("p", [[]]) == ((),)
    for value in ("two-hot", [], 3, ""):
        assert_refused(
            validate, "p", value,
            f"p = {value!r} was given; allowed are 'one-hot' or a list of rows of numbers",
        )  # fmt: skip
    assert_refused(validate, "p", ["x"], "p has the row 'x'; allowed is a list of numbers")
    message = "p = [[0, 1.5]] was given; allowed are values from 0 to 1"
    assert_refused(validate, "p", [[0, 1.5]], message)
    message = "an entry of p = -1 was given; allowed is a finite number of at least 0; correct it"
    assert_refused(validate, "p", [[0, -1]], message)


@pytest.mark.parametrize(("length", "shown"), [(58, 60), (59, 60)])
def test_long_values_are_cut_to_one_short_line(length, shown):
    text = fields._show("x" * length)
    assert len(text) == shown
    assert text.endswith("..." if length == 59 else "'")


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ("xyzzy", "allowed are"),
        ("rate", "allowed are"),
        ("learning_rte", "did you mean 'learning_rate'? Allowed are"),
        (" Learning rate", "did you mean 'learning_rate'? Allowed are"),
        ("threshhold", "did you mean 'threshold'? Allowed are"),
        ("lambda", "did you mean 'regression'? Allowed are"),
        ("epsilon", "did you mean 'learning_rate'? Allowed are"),
        ("cap", "did you mean 'max_updates'? Allowed are"),
    ],
)
def test_fields_that_do_not_exist_are_answered_with_a_near_name_and_all_names(given, answer):
    with pytest.raises(UsageError) as caught:
        from_plain({given: 1})
    names = ", ".join(field.name for field in dataclasses.fields(PAPER))
    assert str(caught.value) == f"unknown protocol field {given!r}; {answer} {names}"


def test_replaced_fields_keep_the_others_of_their_base():
    base = dataclasses.replace(PAPER, threshold=0.3)
    assert from_plain({"momentum": 0.5}, base=base) == dataclasses.replace(base, momentum=0.5)
    assert from_plain({"momentum": 0.5}) == dataclasses.replace(PAPER, momentum=0.5)


def test_canonical_json_has_one_form():
    assert canonical_json({"b": [1, 2], "a": {"d": 1, "c": None}}) == (
        '{"a":{"c":null,"d":1},"b":[1,2]}'
    )
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json({"a": math.nan})


def test_the_value_of_an_assignment_may_hold_an_equals_sign():
    assert parse_assignment(" a = b = c ") == ("a", "b = c")


@pytest.mark.parametrize("text", ["a = 1\nb = 2", "a = 1\rb = 2"])
def test_an_assignment_of_two_lines_is_refused(text):
    assert_refused(
        lambda _, value: parse_assignment(value), "a", text,
        f"--set was given {text!r}; write FIELD=VALUE, e.g. learning_rate=15",
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    ["learning_rate = -3", "xyzzy = 1", "group_sizes = [4, 2, 2]\nsymmetric_start = true"],
)
def test_files_with_a_wrong_field_are_named(tmp_path, content):
    path = tmp_path / "p.toml"
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        read_protocol(path)
    assert str(caught.value).startswith(f"protocol file {str(path)!r}: ")


def test_a_byte_order_mark_before_the_text_does_no_harm(tmp_path):
    path = tmp_path / "p.toml"
    path.write_bytes(b"\xef\xbb\xbflearning_rate = 15\r\n")
    assert read_protocol(path) == dataclasses.replace(PAPER, learning_rate=15.0)


@pytest.mark.parametrize(("content", "kind"), [(None, StorageError), ("a: 1", UsageError)])
def test_files_that_cannot_be_read_are_named(tmp_path, content, kind):
    path = tmp_path / "p.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(kind) as caught:
        read_protocol(path)
    assert str(caught.value).startswith(f"protocol file {str(path)!r} ")


def test_symmetric_starts_need_one_hidden_group():
    with pytest.raises(UsageError) as caught:
        dataclasses.replace(PAPER, symmetric_start=True, group_sizes=(4, 3, 2))
    assert str(caught.value).endswith(
        "it is allowed for one hidden group only; remove one of the two"
    )
