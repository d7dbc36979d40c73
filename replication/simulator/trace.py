"""One network over learning, by the same code that the ensemble runs."""

import functools
from typing import Any, Never

from replication.definition.fields import MAX_UPDATES, take_flag, take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.errors import UsageError
from replication.simulator.network import Network, record_network
from replication.simulator.outcomes import Trace
from replication.simulator.recirculation import find_network
from replication.simulator.weights import MAX_SEED
from replication.system.threads import map_in_threads, measure_memory


def trace(
    protocol: Protocol | str = PAPER, *, seed: int = 0, root_seed: int = 1988,
    n_updates: int | None = None, network: type[Network] | None = None, plain: bool = False,
    **fields: Never,
) -> Trace:  # fmt: skip
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
    network : subclass of Network, optional
        A rule of one's own, in place of the protocol's.
    plain : bool
        Whether to run it in plain NumPy, for a rule that cannot be compiled.
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
    if take_flag("plain", plain):
        start = find_network(protocol, network).from_seed
        return record_network(start(seed, root_seed=root_seed, protocol=protocol), n_updates)
    # Compiled from here on.
    from replication.simulator.engine import Engine
    from replication.simulator.guard import check_rule

    if network is not None:
        check_rule(network, protocol, root_seed)
    engine = Engine(protocol, network)
    rule = engine.rule
    initial = rule.draw(root_seed, seed, seed + 1)
    train = functools.partial(engine.train, initial, root_seed=root_seed, first_seed=seed)

    def run(**options: Any) -> Any:
        """Train in a thread, which Ctrl-C can stop."""
        return map_in_threads(lambda _: train(**options), [None], jobs=1)[0]

    # Without a number of updates, as many as the network takes.
    if n_updates is None:
        n_updates = int(run()[0][0])
    check_size(protocol, initial.shape[1], n_updates)
    recorded = run(record=True, threshold=-1.0, max_updates=n_updates)[3]
    # All states of one network, (n_updates + 1, ...), measured as if each were a network.
    measured = engine.evaluate(recorded[0])
    weights, hidden = recorded[0, :, : rule.sizes[0]], measured.hidden
    images = measured.reconstruction
    return Trace(protocol, rule.shapes, measured.error, hidden, images, weights)


def check_size(protocol: Protocol, n_weights: int, n_updates: int) -> None:
    """Refuse a trace that does not fit in the memory."""
    n_states = protocol.n_patterns * (sum(protocol.group_sizes) + protocol.n_visible)
    needed, present = 8.0 * (n_updates + 1) * (n_weights + n_states), measure_memory()
    if needed > present:
        given = f"{n_updates:,} updates of {n_weights:,} weights"
        has = f"this machine or container has {present / 1e9:,.1f} GB"
        advice = "give a lower n_updates, or protocol with a lower max_updates"
        raise UsageError(f"{given} take {needed / 1e9:,.1f} GB to trace, and {has}; {advice}")
