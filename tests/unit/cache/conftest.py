"""Small blocks, so that a study of few networks has several, and no waiting for the disk."""

from unittest import mock

import pytest

from tests.unit.cache.invented import replace_block_size


@pytest.fixture(autouse=True)
def _blocks_of_20():
    with replace_block_size(20), mock.patch("os.fsync"):
        yield
