"""One law of learning time for every rule whose decoder learns by the delta rule."""

# Networks in an examination of a rule of one's own: unless asked for, at least, and at most.
N_NETWORKS = 1_000
FEWEST = 10
MOST = 100_000
