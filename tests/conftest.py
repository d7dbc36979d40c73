"""What all tests share: the same examples in every run, and no display."""

import os

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")

# Derandomised, so that a test that passed yesterday passes today; no deadline, because the
# first call of a compiled function compiles it.
settings.register_profile("replication", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("replication")
