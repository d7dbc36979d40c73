"""The compiled kernel as its callers see it."""

import dataclasses
import itertools
import math
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import llvmlite.binding as llvm
import numpy as np
import pytest

from replication.definition.protocol import CHOICES, PAPER, Protocol
from replication.errors import UsageError
from replication.simulator.compiler import machine
from replication.simulator.compiler.training import write_train
from replication.simulator.rule.criteria import CRITERIA, Criterion
from replication.simulator.rule.network import Rule
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running import engine
from replication.simulator.running.engine import evaluate_networks, record_weights
from replication.simulator.running.ensemble import simulate_weights
from replication.system.threads import Stopped, find_flag, map_in_threads

WEIGHTS = draw_weights(PAPER, 1988, 0, 200)


def test_weights_are_read_right_however_they_lie_and_left_as_they_are():
    before, updates = WEIGHTS.copy(), simulate_weights(PAPER, WEIGHTS)[0]
    # Rows with a gap between them, columns first, and backwards.
    wide = np.full((200, 24), np.nan)
    wide[:, 1:23] = WEIGHTS
    for weights in (np.asfortranarray(WEIGHTS), wide[:, 1:23], WEIGHTS[::-1][::-1]):
        np.testing.assert_array_equal(simulate_weights(PAPER, weights)[0], updates)
    np.testing.assert_array_equal(simulate_weights(PAPER, WEIGHTS[::-2])[0], updates[::-2])
    np.testing.assert_array_equal(WEIGHTS, before)
    assert simulate_weights(PAPER, WEIGHTS[:0])[0].shape == (0,)


@pytest.mark.parametrize("weights", [np.zeros((3, 5)), np.zeros(22)])
def test_weights_that_do_not_fit_are_refused_before_anything_reads_them(weights):
    for run in (simulate_weights, evaluate_networks, lambda *given: record_weights(*given, [1])):
        with pytest.raises(UsageError, match=r"needs \(n, 22\)"):
            run(PAPER, weights)


def test_an_endless_run_that_another_thread_stops_returns_nothing_rather_than_half():
    endless = dataclasses.replace(PAPER, threshold=1e-300, max_updates=10_000_000)

    def run(_):
        threading.Timer(0.2, find_flag().__setitem__, (0, True)).start()
        simulate_weights(endless, WEIGHTS[:1])

    with pytest.raises(Stopped):
        map_in_threads(run, [0])


@pytest.mark.parametrize("offset", [1, 0])
def test_rows_that_lie_between_whole_numbers_are_read_right(offset):
    records = np.zeros(200, dtype=[("weights", "f8", 22), ("kind", "i4")])
    records["weights"] = WEIGHTS
    given = records["weights"]  # 180 bytes apart, or from some byte on
    if offset:
        buffer = np.zeros(WEIGHTS.nbytes + 8, dtype=np.uint8)
        given = buffer[offset : offset + WEIGHTS.nbytes].view(np.float64).reshape(200, 22)
        given[:] = WEIGHTS
    expected = simulate_weights(PAPER, WEIGHTS)[0]
    np.testing.assert_array_equal(simulate_weights(PAPER, given)[0], expected)


def test_a_method_that_is_replaced_is_another_rule(monkeypatch):
    first = simulate_weights(PAPER, WEIGHTS)[0]

    def learn_less(self, v0):
        return self._name([0.5 * change for change in before(self, v0)])

    before = RecirculationNetwork.weight_changes
    with monkeypatch.context() as patch:
        patch.setattr(RecirculationNetwork, "weight_changes", learn_less)
        replaced = simulate_weights(PAPER, WEIGHTS)[0]
    halved = simulate_weights(dataclasses.replace(PAPER, learning_rate=10.0), WEIGHTS)[0]
    np.testing.assert_array_equal(replaced, halved)
    np.testing.assert_array_equal(simulate_weights(PAPER, WEIGHTS)[0], first)


def test_a_processor_that_llvm_does_not_know_is_refused_in_one_line(monkeypatch):
    for given in ("nonsense", "haswell:nonsense"):
        monkeypatch.setenv(machine.PROCESSOR_VARIABLE, given)
        with pytest.raises(UsageError, match=f"'{given}' was given, which LLVM does not know"):
            simulate_weights(PAPER, WEIGHTS[:1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_that_is_forked_while_a_thread_compiles_can_compile():
    def compile_one(n):
        text = f"define void @f(i64 %n) {{ %m = add i64 %n, {n}  ret void }}"
        machine.compile_text(text, "f", *machine.choose_processor())(0)

    ended = threading.Event()

    def go_on():
        for n in itertools.count():
            if ended.is_set():
                return
            compile_one(n)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        children = []
        for n in range(20):
            child = os.fork()
            if child == 0:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(40)  # ends a child that hangs
                compile_one(-n - 1)
                os._exit(0)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 20
    finally:
        ended.set()
        thread.join()


def test_records_do_not_depend_on_how_much_fits_in_memory(monkeypatch):
    reference = record_weights(PAPER, WEIGHTS[:50], range(4))
    errors = evaluate_networks(PAPER, WEIGHTS[:50]).error
    monkeypatch.setattr(engine, "BYTES_AT_ONCE", 1)
    np.testing.assert_array_equal(record_weights(PAPER, WEIGHTS[:50], range(4)), reference)
    np.testing.assert_array_equal(evaluate_networks(PAPER, WEIGHTS[:50]).error, errors)


def test_protocols_that_differ_in_numbers_only_are_compiled_once_whatever_threads_ask():
    machine._compile.cache_clear()
    engine._write.cache_clear()
    protocols = [Protocol(learning_rate=k, threshold=k / 100, max_updates=5 * k) for k in (1, 2, 4)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda protocol: simulate_weights(protocol, WEIGHTS[:8]), protocols))
    assert machine._compile.cache_info().misses == 1


def test_compiled_code_has_no_table_for_unwinding():
    """With one, NumPy crashed now and then: it walks the stack when it reuses an array."""
    machine._prepare()
    cpu, features = machine.choose_processor()
    # As `machine._compile` does, but into a file, whose sections have names.
    triple = llvm.Target.from_default_triple()
    target = triple.create_target_machine(cpu=cpu, features=features, jit=True)
    text = write_train(Rule(RecirculationNetwork, PAPER), engine.N_LANES, 2).text
    compiled = llvm.ObjectFileRef.from_data(target.emit_object(llvm.parse_assembly(text)))
    sections = [section.name() for section in compiled.sections()]
    assert any(b"text" in (name or b"") for name in sections)
    assert b".eh_frame" not in sections


@pytest.mark.parametrize("field", sorted(CHOICES.keys() - {"initial_biases"}))
def test_a_choice_that_the_kernel_does_not_know_is_no_silent_default(field):
    protocol = Protocol(max_updates=1)
    object.__setattr__(protocol, field, "new")  # as a field that got a choice, but not the kernel
    with pytest.raises((ValueError, KeyError), match="new"):
        simulate_weights(protocol, WEIGHTS[:1])


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        (Criterion("add", "add", lambda x, t: np.sqrt(x / t.size)), np.sqrt(19.0) / 8),
        (Criterion("add", "add", lambda x, _: x, deviations="absolute"), 17 / 2),
        (Criterion("add", "maximum", lambda x, _: x, deviations="absolute"), 9 / 4),
    ],
    ids=["root mean square", "sum of absolute deviations", "that of the worst pattern"],
)
def test_criteria_of_roots_and_absolute_deviations_by_hand(monkeypatch, criterion, expected):
    """With U = 0 and c = (ln 3, 0, 0, 0) the units give 3/4, 1/2, 1/2, 1/2.

    From the first pattern they are 1/4 and three times 1/2 away, from each other one 3/4 and three
    times 1/2. So the absolute deviations add up to 7/4 and to 9/4; the squares of all to 19/4.
    """
    monkeypatch.setitem(CRITERIA, "half-squared-error", criterion)
    protocol = Protocol(criterion="half-squared-error")
    weights = np.zeros((1, 22))
    weights[0, 18] = math.log(3.0)  # c begins after W, b and U
    engine._write.cache_clear()
    (error,) = evaluate_networks(protocol, weights).error
    engine._write.cache_clear()
    assert error == pytest.approx(expected, rel=1e-14)
    network = RecirculationNetwork.from_weights(weights[0], protocol)
    assert network.error() == pytest.approx(expected, rel=1e-14)


def finish_by_root(x, targets):
    """Return a root mean square, of a number and whole numbers, as somebody would write it."""
    return np.float64(2.0) * np.sqrt(x / targets.size) / 2 - 0


def test_a_criterion_may_use_roots_and_whole_numbers(monkeypatch):
    changed = Criterion("add", "add", finish_by_root)
    monkeypatch.setitem(CRITERIA, "half-squared-error", changed)
    protocol = Protocol(criterion="half-squared-error")
    engine._write.cache_clear()
    (error,) = evaluate_networks(protocol, WEIGHTS[:1]).error
    one = RecirculationNetwork.from_weights(WEIGHTS[0], protocol)
    deviations = np.array([one.image(v) - v for v in one.patterns])
    assert error == pytest.approx(np.sqrt(np.mean(deviations**2)), rel=1e-13)
    wrong = Criterion("add", "add", lambda x, _: np.cbrt(x))
    monkeypatch.setitem(CRITERIA, "half-squared-error", wrong)
    engine._write.cache_clear()
    with pytest.raises(UsageError, match=r"cbrt was given numbers .* allowed are np.add, "):
        evaluate_networks(protocol, WEIGHTS[:1])
    engine._write.cache_clear()


def test_a_processor_that_is_named_is_compiled_for_and_else_that_of_this_machine(monkeypatch):
    monkeypatch.delenv(machine.PROCESSOR_VARIABLE, raising=False)
    monkeypatch.setattr(machine, "_find_own_processor", lambda: ("own", "+fast"))
    monkeypatch.setattr(machine, "_check_processor", lambda name, features: None)
    assert machine.choose_processor() == ("own", "+fast")
    monkeypatch.setenv(machine.PROCESSOR_VARIABLE, "x86-64:-avx")
    assert machine.choose_processor() == ("x86-64", "-avx")
