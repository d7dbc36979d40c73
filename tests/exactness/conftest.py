"""Programs that are written anew where a test changes how they are written."""

import pytest

from replication.simulator import engine, machine


@pytest.fixture
def forget_programs():
    """Forget what has been written and compiled, now, when it is called, and after the test."""

    def forget():
        for cache in (engine._write, machine._compile):
            cache.cache_clear()

    forget()
    yield forget
    forget()
