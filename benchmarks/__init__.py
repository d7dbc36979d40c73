"""How fast the simulator is, beside other programs and by itself.

``python -m benchmarks`` (or ``make bench``) writes results/benchmark.json:

processor : str
    Its name, cores and whether it has AVX-512.
n_networks, mean_sweeps : int, float
    Networks of the contest, all of the paper's protocol, one core; sweeps of each on average, the
    last one included.
contest : dict
    Each program (`contenders.py`): ``microseconds`` of processor time a network; ``ratio`` to those
    of ``simulate``; ``agreement``, the share of networks with the same outcome. ``simulate`` goes
    from seeds to outcomes; ``kernel``, as all below, has the weights in memory already.
rules : dict
    Each rule of one's own (`rules.py`): ``networks_a_second`` on one core; for contrastive Hebbian
    learning, ``JAX`` has the ratio of its time to ours, and the agreement.
images : list of rows
    ``sizes`` and ``n_images``; ``ratio``, how many times as long NumPy takes, whose products of
    matrices are BLAS's; below 1 it is faster.
curves : dict
    4-2-4: how many times as long learning takes with so many points of the error.
compilation_seconds : float
    Tracing and compiling the program that trains 4-2-4.
"""
