"""The protocol: validation, canonical form, files, and that every field matters."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication import PAPER, Protocol
from replication.errors import StorageError, UsageError
from replication.fields import CHOICES
from replication.protocol import (
    as_plain,
    canonical_json,
    format_protocol,
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
    "learning_rate": 15.0,
    "momentum": 0.5,
    "regression": 0.7,
    "hidden_regression": False,
    "visible_units": "linear",
    "update_schedule": "per-pattern",
    "half_width": 0.3,
    "initial_biases": "zero",
    "symmetric_start": True,
    "criterion": "every-unit",
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
    return st.fixed_dictionaries({}, optional=fields).map(from_plain)


def test_paper_has_the_reported_settings() -> None:
    # Learning rate 20 and regression 0.75: the settings that two replications took from the paper.
    assert (PAPER.group_sizes, PAPER.learning_rate, PAPER.regression) == ((4, 2), 20.0, 0.75)
    assert (PAPER.threshold, PAPER.error_measured_on) == (0.1, "reconstruction")


def test_paper_differs_from_itself_in_nothing() -> None:
    assert PAPER.differences == {}
    # SHA-256 of "{}", which any tool computes.
    assert PAPER.id == "44136fa355b3678a"


def test_variants_cover_every_field() -> None:
    assert set(VARIANTS) == {field.name for field in dataclasses.fields(Protocol)}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_field_changes_outcomes(name: str) -> None:
    base = dataclasses.replace(PAPER, max_updates=60)
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


@given(protocols())
def test_protocol_survives_its_file(protocol: Protocol) -> None:
    import tomllib

    assert from_plain(tomllib.loads(format_protocol(protocol))) == protocol


def test_file_lists_only_what_differs(tmp_path) -> None:
    path = tmp_path / "gentle.toml"
    path.write_text("learning_rate = 15\n")
    assert read_protocol(path) == dataclasses.replace(PAPER, learning_rate=15.0)


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


@pytest.mark.parametrize("text", ["learning_rate", "=3", ""])
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
        ("regression", 1.0),
        ("regression", -1e-9),
        ("regression", math.nan),
        ("half_width", 0.0),
        ("threshold", 0.0),
        ("threshold", -1.0),
        ("max_updates", 0),
        ("max_updates", 2.0),
        ("max_updates", 10**8),
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
    ],
)
def test_bad_value_names_field_value_and_what_is_allowed(name: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        dataclasses.replace(PAPER, **{name: value})
    message = str(caught.value)
    assert name in message
    assert any(word in message for word in ("allowed", "must"))


def test_unknown_field_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'regression'"):
        from_plain({"regresion": 0.5})


def test_symmetric_start_needs_one_hidden_group() -> None:
    with pytest.raises(UsageError, match="one hidden group"):
        from_plain({"symmetric_start": True, "group_sizes": [4, 3, 2]})


@pytest.mark.parametrize("content", ["learning_rate = ", "x = 1\nx = 2", "\xff"])
def test_file_that_is_not_toml_is_refused(tmp_path, content: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(UsageError, match="is not TOML"):
        read_protocol(path)


def test_missing_file_is_a_storage_error(tmp_path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        read_protocol(tmp_path / "none.toml")


def test_canonical_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(math.nan)


def test_protocol_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PAPER.threshold = 0.2  # type: ignore[misc]
