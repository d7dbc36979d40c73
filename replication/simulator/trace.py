"""One network over learning, by the same step that the ensemble uses."""

from __future__ import annotations

from replication.errors import UsageError
from replication.fields import MAX_UPDATES
from replication.protocol import PAPER, Protocol, find_protocol
from replication.simulator.outcomes import Trace, make_trace
from replication.simulator.recirculation import RecirculationNetwork, record_network
from replication.simulator.weights import draw_weights, is_whole, take_seed
from replication.wording import show


def trace(
    protocol: Protocol | str = PAPER,
    *,
    seed: int = 0,
    root_seed: int = 1988,
    n_updates: int | None = None,
    network: type[RecirculationNetwork] | None = None,
) -> Trace:
    """Trace the network with this seed: its errors, states and weights at every update.

    Parameters
    ----------
    protocol : Protocol or str
        Or the name of a reading; the paper's unless given.
    seed, root_seed : int
        At least 0.
    n_updates : int, optional
        How far to trace, whether the criterion is met or not; unless given, up
        to the network's outcome.
    network : subclass of RecirculationNetwork, optional
        Learns in place of the kernel, with methods of its own.

    Returns
    -------
    Trace
        Its `updates` and `converged` are those that the ensemble stores for
        this seed, unless `n_updates` ends before.

    Raises
    ------
    UsageError
        If an argument is out of its range.

    Examples
    --------
    >>> trace(seed=1, n_updates=10).errors.shape
    (11,)
    """
    protocol = find_protocol(protocol)
    seed = take_seed(seed)
    if n_updates is not None and not (is_whole(n_updates) and 0 <= n_updates <= MAX_UPDATES):
        raise UsageError(
            f"n_updates = {show(n_updates)} was given; allowed is a whole number from 0 to "
            f"{MAX_UPDATES}"
        )
    if network is not None:
        one = network.from_seed(seed, root_seed=root_seed, protocol=protocol)
        return record_network(one, n_updates)
    from replication.simulator.engine import evaluate_networks, record_weights, run_networks

    initial = draw_weights(protocol, root_seed, seed, seed + 1)
    if n_updates is None:
        updates, _, _ = run_networks(protocol, initial)
        n_updates = int(updates[0])
    (weights,) = record_weights(protocol, initial, int(n_updates))
    measured = evaluate_networks(protocol, weights)
    return make_trace(protocol, measured.error, measured.hidden, measured.reconstruction, weights)
