"""Why recirculation works: its decoder waits for room between the codes of its encoder."""

N_NETWORKS = 200
FEWEST = 40
MOST = 1_000
"""Networks in an examination of inputs of one's own."""
