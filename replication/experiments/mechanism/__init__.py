"""Why recirculation works: its decoder waits for room between the codes of its encoder."""

# Networks in an examination of inputs of one's own: unless asked for, at least, and at most.
N_NETWORKS = 200
FEWEST = 40
MOST = 1_000
