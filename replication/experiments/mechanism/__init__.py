"""Why recirculation works: its decoder waits for room between the codes of its encoder."""

N_NETWORKS, FEWEST, MOST = 200, 40, 1_000
"""Networks in an examination of inputs of one's own."""
