"""One network over learning, by the kernel or by a class of one's own."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from replication import (
    NOTEBOOK,
    PAPER,
    Network,
    Protocol,
    RecirculationNetwork,
    UsageError,
    logistic,
    simulate,
    trace,
)
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.outcomes import compute_digest
from replication.system import threads
from replication.system.interruption import Interrupted, raise_on_signals


class Frozen(RecirculationNetwork):
    """W and b stay as they are."""

    def weight_changes(self, v0):
        return super().weight_changes(v0)._replace(W=0.0, b=0.0)


@pytest.mark.parametrize("sizes", [(4, 2), (3, 2, 2)])
def test_a_table_has_every_weight_once_and_a_row_an_update(sizes):
    traced = trace(Protocol(group_sizes=sizes), seed=3, n_updates=5)
    table = traced.to_frame()
    assert table["update"].tolist() == list(range(6))
    np.testing.assert_array_equal(table["error"], traced.errors)
    np.testing.assert_array_equal(table.iloc[:, 2:].to_numpy(), traced.weights)
    assert table.columns.is_unique
    parts = traced.matrices()
    np.testing.assert_array_equal(np.hstack([x.reshape(6, -1) for x in parts]), traced.weights)
    np.testing.assert_array_equal(table["U[2,1]"], parts.U[:, 2, 1])


def test_the_picture_shows_the_error_at_every_update_and_the_threshold():
    traced = trace(Protocol(criterion="half-squared-error"), seed=3)
    (axes,) = traced.plot().axes
    error, threshold = axes.lines
    np.testing.assert_array_equal(error.get_ydata(), traced.errors)
    assert threshold.get_ydata() == [traced.protocol.threshold] * 2
    assert axes.get_ylabel() == "error (half-squared-error)"


def test_a_class_of_ones_own_learns_in_place_of_the_kernel():
    kernel, readable = trace(seed=5), trace(seed=5, network=RecirculationNetwork)
    assert (readable.updates, readable.converged) == (kernel.updates, kernel.converged)
    for find in (lambda t: t.weights, lambda t: t.hidden[0], lambda t: t.reconstructions):
        np.testing.assert_allclose(find(readable)[:10], find(kernel)[:10], atol=1e-9)
    W, _, U, _ = trace(seed=5, network=Frozen, n_updates=4).matrices()
    assert np.ptp(W, axis=0).max() == 0.0 < np.ptp(U, axis=0).max()
    short = Protocol(max_updates=40, threshold=0.9)
    frozen = simulate(short, n_seeds=12, network=Frozen).updates.tolist()
    assert frozen == [Frozen.from_seed(k, protocol=short).train()[0] for k in range(12)]


def digest(*given, **options):
    return compute_digest([simulate(*given, **options)])


def test_results_are_equal_where_they_hold_the_same_and_readings_have_names_everywhere():
    same, other = trace(seed=np.uint8(255), root_seed=np.int64(1988)), trace(seed=4)
    assert np.array_equal(trace(seed=255).weights, same.weights)
    assert not np.array_equal(other.weights[0], same.weights[0])
    assert digest(n_seeds=9) == digest(n_seeds=np.array(9), jobs=np.array(2))
    traced, network = trace("notebook"), RecirculationNetwork.from_seed(0, protocol="notebook")
    same = RecirculationNetwork.from_weights(traced.weights[0], "notebook")
    assert traced.protocol == network.protocol == same.protocol == NOTEBOOK
    assert digest("notebook", n_seeds=5) == digest(NOTEBOOK, n_seeds=5)


def test_training_that_is_recorded_ends_where_training_ends():
    recorded, network = trace(seed=7), RecirculationNetwork.from_seed(7)
    assert network.train() == (recorded.updates, recorded.converged)
    np.testing.assert_allclose(recorded.matrices().W[-1], network.W, atol=1e-9)
    np.testing.assert_array_equal(recorded.weights[0], draw_weights(PAPER, 1988, 7, 8)[0])
    assert trace(Protocol(max_updates=3), seed=7).updates == 3
    assert trace(seed=0, n_updates=60).updates == trace(seed=0).updates == 48, "goes on after it"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: trace(seed=0, n_updates=-3), "n_updates = -3"),
        (lambda: trace(seed="0"), "seed = '0'"),
        (lambda: trace(seed=0, root_seed=-1), "root_seed = -1"),
        (lambda: simulate("papers", n_seeds=3), "named readings paper"),
        (lambda: simulate(100), "protocol = 100 was given; allowed are a Protocol "),
        (lambda: simulate(n_seeds=10**12), "from 1 to 1000000000"),
        (lambda: simulate(jobs=-2), "jobs = -2 .* allowed are 1 to 10,000"),
        (lambda: simulate(n_seeds=2, jobs=np.array([1, 2])), "jobs = array"),
        (lambda: simulate(n_seeds=2, network="x"), "network = 'x' was given; allowed is a subc"),
        (lambda: trace(network=int), "network = <class 'int'> was given"),
        (lambda: RecirculationNetwork.from_weights(np.zeros(5)), r"\(1, 5\).* needs \(n, 22\)"),
        (lambda: RecirculationNetwork.from_weights(["x"] * 22), "are arrays of finite numbers"),
        (lambda: RecirculationNetwork.from_weights([np.nan] * 22), "are arrays of finite numbers"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(call, message):
    with pytest.raises(UsageError, match=message) as refused:
        call()
    assert len(str(refused.value).splitlines()) == 1


def test_a_long_trace_is_interrupted_and_one_beyond_the_memory_refused():
    """Once Ctrl-C waited until a large network had met its cap, which can take hours."""
    slow = Protocol(learning_rate=1e-6, max_updates=10**6, group_sizes=(60, 30))
    begun = time.monotonic()
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(Interrupted), raise_on_signals():
        trace(slow)
    assert time.monotonic() - begun < 10
    with pytest.raises(UsageError, match=r"GB, and this machine or container has"):
        trace(slow, n_updates=10**7)


class Small(Network):
    """A rule with other sizes than those of the protocol that it is given."""

    shapes = {"W": (3, 5), "U": (5, 3)}
    patterns = np.eye(5)[:2]

    def hidden(self, v):
        return logistic(self.W @ v)

    def image(self, v):
        return logistic(self.U @ self.hidden(v))

    def weight_changes(self, v):
        d = v - self.image(v)
        return np.outer(self.U.T @ d, v), np.outer(d, self.hidden(v))


@pytest.mark.parametrize("network", [None, Small])
def test_memory_is_asked_for_what_a_trace_holds(network, monkeypatch):
    """Visible units were counted twice, and a rule of one's own by the sizes of the protocol."""
    asked = []
    monkeypatch.setattr(threads, "check_memory", lambda n_bytes, *_: asked.append(n_bytes))
    traced = trace(PAPER, seed=0, n_updates=20, network=network)
    held = [traced.errors, traced.reconstructions, traced.weights, *traced.hidden]
    assert asked == [sum(array.nbytes for array in held)]
