"""The list of references follows the chapters that are there."""

import pytest

from replication.report.chapters.references import chapter


def list_years(**models):
    _, bullets = chapter({"summary": {}, **models})
    assert list(bullets.items) == sorted(bullets.items)
    return {item.split(" (", 1)[1][:4] for item in bullets.items}


@pytest.mark.parametrize(
    ("models", "added"),
    [
        ({}, set()),
        ({"multiverse": {}}, {"2020", "2016"}),  # specification curve, multiverse
        ({"claims": {}}, {"1986"}),  # back-propagation
        ({"multiverse": {}, "claims": {}}, {"2020", "2016", "1986"}),
    ],
)
def test_works_of_absent_chapters_are_left_out(models, added):
    always = {"1988", "1934", "1999", "1992", "1987", "2008"}
    assert list_years(**models) == always | added
