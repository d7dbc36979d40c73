"""Both forms of the step: what holds for the compiled one holds for plain Python."""

import functools

import pytest

from replication.simulator import engine


class Form:
    """The engine's three functions, compiled or as plain Python."""

    def __init__(self, *, compiled):
        # Fewer lanes than networks, so that finished lanes take further networks.
        self.run_networks = functools.partial(engine.run_networks, n_lanes=4, compiled=compiled)
        self.record_weights = functools.partial(engine.record_weights, compiled=compiled)
        self.evaluate_networks = functools.partial(engine.evaluate_networks, compiled=compiled)


@pytest.fixture(params=[True, False], ids=["compiled", "plain"])
def form(request):
    return Form(compiled=request.param)
