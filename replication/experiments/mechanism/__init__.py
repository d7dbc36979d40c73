"""Why recirculation works: W amplifies its own random code, and U learns to read that code."""

N_NETWORKS, FEWEST, MOST = 200, 40, 1_000
"""Networks in an examination of inputs of one's own."""
