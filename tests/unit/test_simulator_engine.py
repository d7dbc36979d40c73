"""The compiled kernel as its callers see it."""

import dataclasses
import os
import threading

import numba
import numpy as np
import pytest

from replication.fields import CHOICES
from replication.protocol import PAPER
from replication.simulator import engine, kernel, runner
from replication.simulator.engine import (
    evaluate_networks,
    find_cache_folder,
    make_lanes,
    make_rule,
    record_weights,
    run_networks,
)
from replication.simulator.weights import draw_weights

WEIGHTS = draw_weights(PAPER, 1988, 0, 200)


def test_networks_below_the_threshold_score_zero():
    protocol = dataclasses.replace(PAPER, threshold=1e9)
    updates, converged, _ = run_networks(protocol, WEIGHTS)
    assert not updates.any()
    assert converged.all()


def test_networks_at_the_cap_are_censored():
    protocol = dataclasses.replace(PAPER, threshold=1e-300, max_updates=7)
    updates, converged, _ = run_networks(protocol, WEIGHTS)
    assert set(updates) == {7}
    assert not converged.any()


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65])
def test_any_number_of_networks_fits_the_lanes(n):
    updates, converged, final = run_networks(PAPER, WEIGHTS[:n], final_weights=True)
    reference, _, _ = run_networks(PAPER, WEIGHTS)
    np.testing.assert_array_equal(updates, reference[:n])
    assert converged.shape == (n,)
    assert final.shape == (n, 22)


def test_final_weights_are_those_at_the_outcome():
    updates, converged, final = run_networks(PAPER, WEIGHTS[:20], final_weights=True)
    for weights, n_updates, last in zip(WEIGHTS, updates, final, strict=False):
        np.testing.assert_array_equal(record_weights(PAPER, weights, n_updates)[-1], last)
    errors = evaluate_networks(PAPER, final).error
    np.testing.assert_array_equal(errors < PAPER.threshold, converged)


def test_a_tie_with_the_threshold_has_not_converged():
    error = evaluate_networks(PAPER, WEIGHTS[:1]).error[0]
    at = dataclasses.replace(PAPER, threshold=float(error))
    above = dataclasses.replace(PAPER, threshold=float(np.nextafter(error, np.inf)))
    assert run_networks(at, WEIGHTS[:1])[0][0] > 0
    assert run_networks(above, WEIGHTS[:1])[0][0] == 0


def test_initial_weights_are_left_as_they_are():
    before = WEIGHTS.copy()
    run_networks(PAPER, WEIGHTS)
    np.testing.assert_array_equal(WEIGHTS, before)


def test_weights_that_are_not_contiguous_are_read_right():
    turned = np.asfortranarray(WEIGHTS)
    np.testing.assert_array_equal(run_networks(PAPER, turned)[0], run_networks(PAPER, WEIGHTS)[0])


def test_stop_from_another_thread_ends_an_endless_run():
    endless = dataclasses.replace(PAPER, threshold=1e-300, max_updates=10_000_000)
    stop = np.zeros(1, dtype=np.bool_)
    timer = threading.Timer(0.2, stop.__setitem__, (0, True))
    timer.start()
    run_networks(endless, WEIGHTS[:1], stop=stop)
    timer.join()
    assert stop[0]


def test_diverging_networks_end_censored_and_without_warnings():
    wild = dataclasses.replace(
        PAPER, visible_units="linear", learning_rate=1e6, max_updates=100, threshold=1e-3
    )
    updates, converged, final = run_networks(wild, WEIGHTS, final_weights=True)
    assert not np.isfinite(final).all(), "the fault did not happen"
    assert set(updates[~converged]) == {100}


def test_criterion_codes_are_the_places_of_the_choices():
    codes = {
        "half-squared-error": kernel.HALF_SQUARED_ERROR,
        "worst-pattern": kernel.WORST_PATTERN,
        "squared-error": kernel.SQUARED_ERROR,
        "every-unit": kernel.EVERY_UNIT,
    }
    assert set(codes) == set(CHOICES["criterion"])
    for name, code in codes.items():
        assert make_rule(dataclasses.replace(PAPER, criterion=name)).criterion == code


def test_working_arrays_begin_at_cache_lines():
    for rows in make_lanes(PAPER, 32):
        if isinstance(rows, np.ndarray):
            assert rows.ctypes.data % 64 == 0
            assert rows.shape[1] == 32


# The folder of compiled code


@pytest.fixture
def forgetful():
    """Forget what is compiled, before and after."""
    folder = numba.config.CACHE_DIR
    engine._compile.cache_clear()
    yield
    engine._compile.cache_clear()
    assert folder == numba.config.CACHE_DIR, "the setting is the user's"


def test_cache_lies_in_a_folder_of_its_own_below_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert find_cache_folder().parent == tmp_path
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert find_cache_folder().parent == tmp_path / "cache" / "replication"


def test_a_damaged_cache_costs_time_and_leaves_the_files_of_others(
    monkeypatch, tmp_path, forgetful
):
    other = tmp_path / "other-project" / "kernel.nbi"
    other.parent.mkdir()
    other.write_bytes(b"theirs")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    reference = run_networks(PAPER, WEIGHTS, n_lanes=8)[0]
    compiled = [path for path in find_cache_folder().rglob("*") if path.is_file()]
    assert any(path.suffix == ".nbc" for path in compiled), "nothing was cached"
    for path in compiled:
        path.write_bytes(path.read_bytes()[:100])
    engine._compile.cache_clear()
    np.testing.assert_array_equal(run_networks(PAPER, WEIGHTS, n_lanes=8)[0], reference)
    assert other.read_bytes() == b"theirs"


def test_a_cache_folder_that_cannot_be_made_costs_time_only(monkeypatch, tmp_path, forgetful):
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    monkeypatch.setenv("NUMBA_CACHE_DIR", os.fspath(blocker / "cache"))
    updates, _, _ = run_networks(PAPER, WEIGHTS[:8], n_lanes=8)
    engine._compile.cache_clear()
    monkeypatch.undo()
    np.testing.assert_array_equal(updates, run_networks(PAPER, WEIGHTS[:8])[0])


def test_parts_of_the_kernel_are_all_made_ready():
    names = {part.__name__ for part in engine._PARTS}
    for module in (kernel, runner):
        functions = {
            name
            for name, value in vars(module).items()
            if callable(value)
            and getattr(value, "__module__", "") == module.__name__
            and not isinstance(value, type)
        }
        assert functions - {"run_lanes", "record_lanes", "evaluate_lanes"} <= names


def test_an_error_of_the_compiler_itself_is_not_hidden(monkeypatch, tmp_path, forgetful):
    def refuse(*arguments, **options):
        raise RuntimeError("no compiler")

    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(numba, "njit", refuse)
    with pytest.raises(RuntimeError, match="no compiler"):
        run_networks(PAPER, WEIGHTS[:8], n_lanes=8)
