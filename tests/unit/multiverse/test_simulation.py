"""Many protocols in one store: the same networks as the main study, resumed and extended."""

import dataclasses

import numpy as np
import pytest

from replication.multiverse import simulation
from replication.multiverse.readings import OPEN_CHOICES, make_grid, make_paper_grid
from replication.multiverse.simulation import NEVER, read_outcomes, simulate_protocols
from replication.protocol import PAPER
from replication.simulator.ensemble import simulate_range
from replication.store import Store
from replication.study import simulate_study

SMALL = make_grid({"learning_rate": [20.0, 30.0], "hidden_regression": [True, False]})


def run(store, protocols, n, **options):
    return simulate_protocols(store, protocols, 7, n, jobs=1, show_progress=False, **options)


def test_base_reading_equals_the_main_study_seed_by_seed(tmp_path):
    """Not only equal outcomes: the same blocks in the same store."""
    readings = make_paper_grid()
    base = readings.protocols[readings.base]
    store = Store(tmp_path)
    simulate_study(store, PAPER, 7, 300, jobs=1, show_progress=False)
    assert run(store, [base], 300) == 0
    alone = simulate_range(PAPER, 7, 0, 300)
    outcomes = read_outcomes(store, [base], 7, stop=300)[0]
    np.testing.assert_array_equal(outcomes == NEVER, ~alone.converged)
    np.testing.assert_array_equal(outcomes[alone.converged], alone.updates[alone.converged])


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in OPEN_CHOICES.items() for value in values[1:]],
)
def test_each_choice_changes_outcomes(field, value):
    reading = dataclasses.replace(PAPER, **{field: value})
    base, other = (simulate_range(protocol, 7, 0, 200) for protocol in (PAPER, reading))
    assert np.mean(base.updates != other.updates) > 0.1


def test_each_reading_holds_its_own_networks(tmp_path):
    store = Store(tmp_path)
    assert run(store, SMALL.protocols, 60) == 4 * 60
    outcomes = read_outcomes(store, SMALL.protocols, 7, start=10, stop=60)
    assert outcomes.shape == (4, 50)
    for row, protocol in zip(outcomes, SMALL.protocols, strict=True):
        alone = simulate_range(protocol, 7, 10, 60)
        np.testing.assert_array_equal(row, np.where(alone.converged, alone.updates, NEVER))


def test_more_seeds_simulate_only_what_is_missing(tmp_path):
    store = Store(tmp_path)
    run(store, SMALL.protocols, 40)
    before = read_outcomes(store, SMALL.protocols, 7, stop=40)
    assert run(store, SMALL.protocols, 100) == 4 * 60
    assert run(store, SMALL.protocols, 100) == 0
    np.testing.assert_array_equal(before, read_outcomes(store, SMALL.protocols, 7, stop=40))


def test_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch):
    store = Store(tmp_path)
    calls = []

    def stop_at_the_third(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return simulate_study(*arguments, **options)

    monkeypatch.setattr(simulation, "simulate_study", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run(store, SMALL.protocols, 50)
    monkeypatch.undo()
    assert run(store, SMALL.protocols, 50) == 2 * 50


def test_progress_counts_the_networks_of_all_readings(tmp_path, capsys):
    simulate_protocols(Store(tmp_path), SMALL.protocols, 7, 50, jobs=1)
    assert "200 of 200 networks" in capsys.readouterr().err


def test_nothing_to_do_shows_no_progress(tmp_path, capsys):
    run(Store(tmp_path), SMALL.protocols, 50)
    simulate_protocols(Store(tmp_path), SMALL.protocols, 7, 50, jobs=1)
    assert capsys.readouterr().err == ""
