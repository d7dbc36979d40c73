"""One network over learning, by the same code that the ensemble runs."""

import functools
from typing import Any

from replication.definition.fields import MAX_UPDATES, take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.simulator.network import Network
from replication.simulator.outcomes import Trace
from replication.simulator.weights import MAX_SEED
from replication.system.threads import map_in_threads


def trace(
    protocol: Protocol | str = PAPER, *, seed: int = 0, root_seed: int = 1988,
    n_updates: int | None = None, network: type[Network] | None = None,
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

    Returns
    -------
    Trace

    Examples
    --------
    >>> trace(seed=1, n_updates=10).errors.shape
    (11,)
    """
    protocol = find_protocol(protocol)
    seed = take_whole("seed", seed, 0, MAX_SEED)
    if n_updates is not None:
        n_updates = take_whole("n_updates", n_updates, 0, MAX_UPDATES)
    from replication.simulator.engine import Engine  # which loads the compiler
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
    recorded = run(record=True, threshold=-1.0, max_updates=n_updates)[3]
    # All states of one network, (n_updates + 1, ...), measured as if each were a network.
    measured = engine.evaluate(recorded[0])
    weights, hidden = recorded[0, :, : rule.sizes[0]], measured.hidden
    images = measured.reconstruction
    return Trace(protocol, rule.shapes, measured.error, hidden, images, weights)
