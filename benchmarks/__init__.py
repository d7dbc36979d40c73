"""How fast the simulator is, against other programs and at other sizes.

``python -m benchmarks`` (or ``make bench``) writes results/benchmark.json:

processor : str
    Its name, cores and whether it has AVX-512.
n_networks, mean_sweeps : int, float
    Networks of the contest, all of the paper's protocol, one core; sweeps of each on
    average, the last one included.
contest : list of rows
    ``name``; ``microseconds`` of processor time a network; ``ratio`` to the first row,
    the median over rounds in which all take turns; ``agreement``, the share of networks
    with the same outcome. Rows: ``simulate`` (from seeds to outcomes, one job),
    ``kernel`` (weights in memory already, as for all below), ``C`` and ``C, tuned``
    where there is a compiler, ``NumPy batch``, ``literal loop``.
rules : list of rows
    ``rule``, one of one's own (`rules.py`); ``networks_a_second`` on one core; ``ratio`` of its
    time to that of the paper's rule, where it is the same; ``JAX`` and ``Numba`` (`elsewhere.py`):
    ``times_faster`` than these, and ``agreement``, the share of networks with the same outcome.
compilation_seconds : float
    Tracing and compiling the kernel for 4-2-4.
sizes : list of rows
    ``sizes`` of the groups, ``microseconds`` a network and sweep.
images : list of rows
    ``sizes`` and ``n_images``; ``nanoseconds`` of wall time an image and update on two cores, of
    the ``kernel`` and of ``NumPy``, whose matrix products of all images are those of BLAS, in
    two processes; ``ratio`` of the latter to the former.
jobs : dict
    ``speed_up`` of two jobs over one, of ``n_networks``.
"""
