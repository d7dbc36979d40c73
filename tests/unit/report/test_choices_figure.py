"""The figure of variance shares where one choice is held and some shares are undefined."""

from matplotlib.patches import Rectangle

from replication.report.figures.multiverse_choices import plot_shares


def make_shares(first, total):
    reach = [0.01] * len(first)
    return {"first": first, "first_reach": reach, "total": total, "total_reach": reach}


FULL = {
    "discard": make_shares([0.7, 0.1], [0.8, 0.3]),
    "cap": make_shares([0.2, -0.01], [0.3, 0.0]),
    "restart": None,
    "median": None,
}
AT_BASE = {
    "field": "update_schedule",
    "value": "batch",
    "fields": ["criterion"],
    "shares": {
        "discard": make_shares([0.4], [0.5]),
        "cap": None,
        "restart": None,
        "median": None,
    },
}


def read_bars(axes):
    return [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)]


def test_a_panel_for_each_known_statistic_and_a_row_for_each_set():
    figure = plot_shares(fields=["update_schedule", "criterion"], full=FULL, at_base=AT_BASE)
    whole, at_cap, held, undefined = figure.axes
    assert [axes.get_title() for axes in (whole, at_cap)] == ["mean, dropped", "mean, at cap"]
    # Totals, then what each choice does alone; an estimate below zero is drawn as zero.
    assert read_bars(whole) == [0.8, 0.3, 0.7, 0.1]
    assert read_bars(at_cap) == [0.3, 0.0, 0.2, 0.0]
    assert read_bars(held) == [0.5, 0.4]
    assert read_bars(undefined) == []
    assert "undefined" in [text.get_text() for text in undefined.texts]
    assert whole.get_ylabel() == "all readings"
    assert held.get_ylabel().startswith("only with\n")


def test_without_a_leading_choice_there_is_one_row():
    figure = plot_shares(fields=["update_schedule", "criterion"], full=FULL, at_base=None)
    assert len(figure.axes) == 2
