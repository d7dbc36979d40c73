"""What the pages with live figures say is true of the committed models, and not of others."""

import copy
from pathlib import Path

import pytest

from replication.experiments.live import checks
from replication.publication.models import read_models

RESULTS = Path(__file__).parents[3] / "results"


@pytest.fixture(scope="module")
def published():
    """Return the committed models that the pages use."""
    return read_models(RESULTS, ["live", "mechanism", "images"])


def test_every_sentence_of_the_lesson_is_true_of_the_committed_models(published):
    assert set(checks.check(published).values()) == {True}


NETWORKS = ("live", "networks")
PAIRS = ("mechanism", "pairs", "paper")
LINES = ("live", "line", "rules")
IMAGES = ("images", "linear", "rules")


@pytest.mark.parametrize(("name", "path", "value"), [
    ("typical_network_learns", (*NETWORKS, "typical", "converged"), False),
    ("dots_part_before_a_line_comes", (*NETWORKS, "typical", "phases", "first"), 9),
    ("a_quarter_comes_back", ("live", "protocol", "regression"), 0.8),
    ("rate_is_a_quarter_of_the_papers", ("live", "protocol", "learning_rate"), 15.0),
    ("typical_time_at_the_papers_rate", (*NETWORKS, "typical", "fast"), 30),
    ("typical_time_at_the_papers_rate", (*NETWORKS, "typical", "fast"), 45),
    ("codes_spread_beside_a_frozen_decoder", ("live", "spread", "U"), 0.25),
    ("slow_network_has_close_codes", (*NETWORKS, "slow", "converged"), False),
    ("slow_network_has_close_codes", (*NETWORKS, "slow", "closest", 1), 0.2),
    ("slow_network_has_close_codes", (*NETWORKS, "slow", "closest", 4), 0.2),
    ("failing_network_has_close_codes", (*NETWORKS, "failing", "converged"), True),
    ("failing_network_has_close_codes", (*NETWORKS, "failing", "closest", 1), 0.06),
    ("failing_network_has_close_codes", (*NETWORKS, "failing", "closest", 5), 0.06),
    ("failing_network_learns_with_fixed_biases", (*NETWORKS, "failing", "freed"), 150),
    ("one_in_a_thousand_fails", ("live", "fixed", "learnt", "failed"), 0.003),
    ("one_in_a_thousand_fails", ("live", "fixed", "learnt", "failed"), 0.0004),
    ("fixed_biases_end_the_tail", ("live", "fixed", "fixed", "failed"), 0.0001),
    ("fixed_biases_end_the_tail", ("live", "fixed", "fixed", "p99"), 100),
    ("twenty_changes_are_worth_twenty_updates", (*NETWORKS, "typical", "late"), 153),
    ("twenty_changes_are_worth_twenty_updates", (*NETWORKS, "typical", "late"), 173),
    ("first_changes_are_worth_as_many_updates", ("live", "first", "extra"), 5.0),
    ("first_changes_are_worth_as_many_updates", ("live", "first", "extra"), 9.0),
    ("watching_decoder_takes_as_long", (*NETWORKS, "typical", "watched", "updates"), 140),
    ("watching_decoder_takes_as_long", (*NETWORKS, "typical", "watched", "updates"), 146),
    ("watching_decoder_takes_as_long", (*PAIRS, "watching", "near", "share"), 0.7),
    ("alignment_saves_no_time", (*PAIRS, "mirrored", "median"), 30.0),
    ("alignment_saves_no_time", (*PAIRS, "mirrored", "median"), 50.0),
    ("hearing_encoders_fail", (*PAIRS, "hearing", "learnt", "share"), 0.2),
    ("lines_pass_the_axis", (*LINES, "back-propagation", "crossed"), 0),
    ("recirculation_stops_short", (*LINES, "recirculation", "lost"), 0.0),
    ("back_propagation_finds_the_axis", (*LINES, "back-propagation", "lost"), 1.0),
    ("images_stop_short_without_a_difference", (*IMAGES, "recirculation", "0.5", "unread"), 1.0),
    ("images_stop_short_without_a_difference", (*IMAGES, "recirculation", "0.5", "gradient"), 0.0),
    ("images_stop_short_without_a_difference",
     (*IMAGES, "back-propagation", "0.5", "unexplained"), 0.9),
])  # fmt: skip
def test_sentence_is_untrue_of_other_numbers_and_only_that_one(published, name, path, value):
    changed = copy.deepcopy(published)
    *places, last = path
    place = changed
    for key in places:
        place = place[key]
    place[last] = value
    assert [each for each, is_true in checks.check(changed).items() if not is_true] == [name]
