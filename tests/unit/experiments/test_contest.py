"""Rules against each other: what is shown of them, and their picture."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from replication import PAPER, Outcomes
from replication.experiments.contest import Contest


def invent(updates):
    times = np.array(updates, dtype=np.int32)
    return Outcomes(0, times, np.ones(len(times), dtype=bool))


def test_a_contest_shows_its_table_where_it_is_typed():
    contest = Contest(PAPER, {"Mine": invent([10, 20, 30]), "Other": invent([20, 40, 60])})
    shown = repr(contest)
    assert shown == str(contest)
    assert "Mine" in shown
    assert "<table" in contest._repr_html_()


@pytest.mark.parametrize(
    ("slowest", "scale"), [(120, "linear"), (1805, "log")], ids=["alike", "one slow network"]
)
def test_one_slow_network_does_not_press_the_others_against_the_axis(slowest, scale):
    updates = [*range(30, 80), slowest]
    (axes,) = Contest(PAPER, {"Mine": invent(updates)}).plot(Figure().subplots()).axes
    assert axes.get_xscale() == scale
    assert axes.lines[0].get_xdata().max() == slowest
