"""What the studies of the notebooks share: one program in C, and one check of their rule."""

import shutil

import pytest
from boltzmann import runs
from boltzmann.rule import BoltzmannMachine

from replication.simulator.running import guard


@pytest.fixture(scope="session")
def program():
    """Return the path of the program in C, compiled once."""
    if shutil.which("cc") is None:
        pytest.skip("needs a C compiler")
    with runs.compile_program() as path:
        yield path


@pytest.fixture
def check_anyway():
    """Let the guard compare a Boltzmann machine with NumPy in this test."""


@pytest.fixture(autouse=True)
def checked_once(request, monkeypatch):
    """Leave out that the guard compares Boltzmann machines with NumPy, 10 to 40 s for each.

    A test of three small ones does that; with larger ones, what the compiled rule finds is held
    against published results and against a program in C.
    """
    if "check_anyway" in request.fixturenames:
        return
    compare = guard._compare

    def compare_others(engine, root_seed):
        if issubclass(engine.rule.network, BoltzmannMachine):
            return guard.Finding(0, 0.0)
        return compare(engine, root_seed)

    monkeypatch.setattr(guard, "_compare", compare_others)
