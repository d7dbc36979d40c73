"""Outcomes, their packed rows and the digest over them, byte by byte."""

import copy
import dataclasses
import hashlib
import pickle

import numpy as np
from matplotlib.figure import Figure

from replication import simulate, trace
from replication.simulator.running.outcomes import Outcomes, compute_digest

OUTCOMES = Outcomes(2**40, np.array([0, 48, 2000], dtype=np.int32), np.array([True, True, False]))

# Row by row: seed in eight bytes, updates in four, whether it converged in one; low bytes first.
BYTES = bytes.fromhex(
    "0000000000010000" "00000000" "01"
    "0100000000010000" "30000000" "01"
    "0200000000010000" "d0070000" "00"
)  # fmt: skip


def test_results_equal_their_copies_and_nothing_else():
    for one in (simulate(n_seeds=5, final_weights=True), simulate(n_seeds=5), trace(n_updates=3)):
        other = copy.deepcopy(one)
        assert one == other == pickle.loads(pickle.dumps(one))
        for field in dataclasses.fields(one):
            value = getattr(one, field.name)
            if isinstance(value, np.ndarray):
                changed = dataclasses.replace(one, **{field.name: ~value.astype(bool)})
                assert one != changed
        assert one != OUTCOMES


def test_outcomes_with_final_weights_are_not_those_without():
    """It was a ValueError, since an array was compared with None."""
    lean = simulate(n_seeds=5)
    full = simulate(n_seeds=5, final_weights=True)
    assert full != lean
    assert lean != full


def test_digest_is_that_of_the_packed_rows_block_after_block():
    parts = ((0, 1), (1, 3))
    first, second = (
        Outcomes(2**40 + a, OUTCOMES.updates[a:b], OUTCOMES.converged[a:b]) for a, b in parts
    )
    assert compute_digest([first, second]) == hashlib.sha256(BYTES).hexdigest()
    # In another order of blocks it is another digest: sort them.
    assert compute_digest([second, first]) == hashlib.sha256(BYTES[13:] + BYTES[:13]).hexdigest()
    assert compute_digest(iter([])) == hashlib.sha256(b"").hexdigest()


def test_the_representation_is_one_line_that_says_what_happened():
    text = "Outcomes(3 networks, 2 converged, after 24.00 updates on average, 48 at most)"
    assert repr(OUTCOMES) == text


def test_a_table_has_a_row_a_network():
    table = OUTCOMES.to_frame()
    assert table.columns.tolist() == ["seed", "updates", "converged"]
    assert table.T.to_numpy().tolist() == [
        [2**40, 2**40 + 1, 2**40 + 2], [0, 48, 2000], [True, True, False],
    ]  # fmt: skip


def test_the_picture_counts_those_that_converged_in_the_axes_that_are_given():
    axes = Figure().subplots()
    OUTCOMES.plot(axes)
    assert sum(patch.get_height() for patch in axes.patches) == 2
    assert axes.get_title() == "2 converged, 1 did not"
