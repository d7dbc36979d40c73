"""Words of messages: no longer than they may be, and errors of our own in their own words."""

import pytest

from replication.errors import StorageError
from replication.wording import explain, show


@pytest.mark.parametrize("length", [6, 60])
def test_what_is_quoted_is_cut_to_its_length_with_three_dots(length):
    assert show("x" * length, length=length) == repr("x" * length)
    assert show("x" * (length + 1), length=length) == repr("x" * (length - 3) + "...")
    assert len(show(list(range(99)), length=length)) == length


def test_an_error_of_our_own_is_said_in_its_own_words_though_it_is_one_of_the_system_too():
    assert explain(StorageError("the disk is full; make room")) == "the disk is full; make room"
