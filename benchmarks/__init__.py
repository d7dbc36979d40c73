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
    ``rule``, a rule of one's own (`rules.py`); ``networks_a_second`` on one core; ``ratio`` of its
    time to that of the built-in rule, for the paper's rule written anew; ``JAX`` and ``Numba``
    (`elsewhere.py`): how many ``times_faster`` the simulator is, and ``agreement``, the share of
    networks with the same outcome.
compilation_seconds : float
    Tracing and compiling the kernel for 4-2-4.
sizes : list of rows
    ``sizes`` of the groups, ``microseconds`` a network and sweep.
images : list of rows
    ``sizes`` and ``n_images``; ``nanoseconds`` of wall time an image and update on two cores, of
    the ``kernel`` and of ``NumPy``, which runs in two processes and multiplies the matrices of
    all images by BLAS; ``ratio`` of NumPy's time to the kernel's.
jobs : dict
    ``speed_up``, the time of one job over that of two, for ``n_networks``.
"""
