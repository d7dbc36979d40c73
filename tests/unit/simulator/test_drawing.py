"""Each result that has `plot` returns one kind of thing: a Matplotlib figure."""

import importlib
import inspect
import pkgutil

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

import replication
from replication import compare, compare_rules, compare_table, simulate, simulate_curves, trace
from replication.simulator.running.drawing import find_figure

RUNS = np.arange(30.0, 60.0)
RESULTS = {
    "Outcomes": lambda: simulate(n_seeds=20),
    "Trace": lambda: trace(seed=1, n_updates=5),
    "Curves": lambda: simulate_curves(updates=[0, 5], n_seeds=3),
    "Contest": lambda: compare_rules(replication.RecirculationNetwork, n_seeds=5),
    "Comparison": lambda: compare(RUNS, runs=20, mean="48"),
    "ComparisonTable": lambda: compare_table(
        {"task": ["a"] * 15 + ["b"] * 15, "score": RUNS},
        {"task": ["a", "b"], "mean": ["40", "50"], "sd": ["4", "4"], "n": [5, 5]},
        by="task",
        value="score",
    ),
}
"""A result of each class that has `plot`, by the name of the class."""
INTO_AXES = ["Outcomes", "Trace", "Curves", "Contest"]


def list_plotting():
    """Return the names of all public classes of the package that have a method `plot`."""
    names = set()
    for found in pkgutil.walk_packages(replication.__path__, "replication."):
        if found.name.endswith("__main__"):
            continue
        for each in vars(importlib.import_module(found.name)).values():
            is_ours = inspect.isclass(each) and each.__module__.startswith("replication.")
            if is_ours and hasattr(each, "plot"):
                names.add(each.__name__)
    return names


def test_all_classes_that_can_be_drawn_are_tested_here():
    assert list_plotting() == {*RESULTS}


@pytest.mark.parametrize("name", RESULTS)
def test_plot_returns_a_figure_of_its_own(name):
    figures = [RESULTS[name]().plot() for _ in range(2)]
    assert [type(figure) for figure in figures] == [Figure, Figure]
    assert figures[0] is not figures[1]
    assert figures[0].axes
    plt.close("all")


@pytest.mark.parametrize("name", INTO_AXES)
def test_plot_draws_into_axes_that_are_given_and_returns_their_figure(name):
    figure = Figure()
    _, ax = figure.subplots(1, 2)
    assert RESULTS[name]().plot(ax=ax) is figure
    assert ax.has_data()
    assert plt.get_fignums() == []


def test_the_figure_of_axes_in_a_part_of_it_is_the_whole():
    figure = Figure()
    part = figure.subfigures(1, 2)[0]
    assert find_figure(part.subplots()) is figure
