"""One network over learning, by the same step that the ensemble uses."""

from typing import Never

from replication.definition.fields import MAX_UPDATES, take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.simulator.outcomes import Trace, make_trace
from replication.simulator.recirculation import RecirculationNetwork, check_network, record_network
from replication.simulator.weights import MAX_SEED, draw_weights


def trace(
    protocol: Protocol | str = PAPER,
    *,
    seed: int = 0,
    root_seed: int = 1988,
    n_updates: int | None = None,
    network: type[RecirculationNetwork] | None = None,
    **fields: Never,
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
    **fields : none
        Fields of a protocol are given in `protocol`.

    Returns
    -------
    Trace

    Examples
    --------
    >>> trace(seed=1, n_updates=10).errors.shape
    (11,)
    """
    protocol = find_protocol(protocol, fields)
    seed = take_whole("seed", seed, 0, MAX_SEED)
    if n_updates is not None:
        n_updates = take_whole("n_updates", n_updates, 0, MAX_UPDATES)
    if network is not None:
        one = check_network(network).from_seed(seed, root_seed=root_seed, protocol=protocol)
        return record_network(one, n_updates)
    from replication.simulator.engine import evaluate_networks, record_weights, run_networks

    initial = draw_weights(protocol, root_seed, seed, seed + 1)
    if n_updates is None:
        updates, _, _ = run_networks(protocol, initial)
        n_updates = int(updates[0])
    (weights,) = record_weights(protocol, initial, n_updates)
    measured = evaluate_networks(protocol, weights)
    return make_trace(protocol, measured.error, measured.hidden, measured.reconstruction, weights)
