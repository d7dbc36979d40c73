"""The Boltzmann machine of 1985: against a plain loop written from the text, and exact laws.

The loop takes the same random numbers in the same order, so its weights are the same. The exact
expectations are of a 2-1-2 encoder, whose 32 states are all counted.
"""

import itertools
import math

import numpy as np
import pytest
from boltzmann.rule import build_encoder

import replication
from replication import Protocol
from replication.simulator.running.guard import check_rule
from replication.simulator.running.states import N_NETWORKS

PROCESSES = "R1", "N", "NP"
TIMES = (2, 20.0), (2, 15.0), (2, 12.0), (4, 10.0)


# A plain loop, from the text alone


class Loop:
    """One machine: lists of numbers, one unit at a time."""

    def __init__(self, v, h, process, draw):
        self.v, self.n, self.process, self.draw = v, 2 * v + h, process, draw
        self.weights = {(i, j): 0 for i in range(self.n) for j in range(i) if self.is_linked(i, j)}
        self.biases = [0] * self.n
        self.states = [0] * self.n

    def is_linked(self, i, j):
        def find_group(unit):
            return unit // self.v if unit < 2 * self.v else "hidden"

        groups = find_group(i), find_group(j)
        return groups[0] != "hidden" if groups[0] == groups[1] else "hidden" in groups

    def clamp(self, vector):
        chances = self.draw(2 * self.v)
        for i in range(2 * self.v):
            is_on = i % self.v == vector
            is_reversed = chances[i] < (0.15 if is_on else 0.05)
            self.states[i] = int(is_on != is_reversed)

    def probe(self, free):
        which, chance = self.draw(2)
        i = free[int(which * len(free))]
        total = self.biases[i]
        for (j, k), weight in self.weights.items():
            if j == i:
                total += weight * self.states[k]
            elif k == i:
                total += weight * self.states[j]
        self.states[i] = int(chance < 1 / (1 + math.exp(-total / self.temperature)))

    def count(self, counts):
        for i in range(self.n):
            for j in range(i + 1):
                counts[i, j] += self.states[i] * self.states[j]

    def anneal(self, free, vector):
        counts, n_samples = dict.fromkeys(itertools.product(range(self.n), repeat=2), 0), 0
        chances = self.draw(self.n)
        for i in free:
            self.states[i] = int(chances[i] < 0.5)
        if vector is not None:
            self.clamp(vector)
        stages = [(*stage, False) for stage in TIMES] + [(10, 10.0, True)]
        for times, self.temperature, is_counting in stages:
            for _ in range(times):
                if vector is not None and self.process != "R1":
                    self.clamp(vector)
                for _ in free:
                    self.probe(free)
                    if is_counting and self.process == "NP":
                        self.count(counts)
                        n_samples += 1
                if is_counting and self.process != "NP":
                    self.count(counts)
                    n_samples += 1
        return counts, n_samples

    def learn(self):
        p, q, n_p, n_q = {}, {}, 0, 0
        for vector in range(self.v):
            for _ in range(2):
                found, n = self.anneal(range(2 * self.v, self.n), vector)
                p, n_p = {k: p.get(k, 0) + x for k, x in found.items()}, n_p + n
                found, n = self.anneal(range(self.n), None)
                q, n_q = {k: q.get(k, 0) + x for k, x in found.items()}, n_q + n
        for i in range(self.n):
            self.biases[i] += 2 * sign(p[i, i] * n_q - q[i, i] * n_p)
        for i, j in self.weights:
            self.weights[i, j] += 2 * sign(p[i, j] * n_q - q[i, j] * n_p)


def sign(x):
    return (x > 0) - (x < 0)


@pytest.mark.parametrize("process", PROCESSES)
def test_the_rule_has_the_weights_of_a_plain_loop_with_the_same_random_numbers(process):
    network = build_encoder(3, 2, process).from_seed(0)
    one, other = (np.random.default_rng(5) for _ in range(2))
    network.uniform = one.random
    loop = Loop(3, 2, process, other.random)
    for _ in range(6):
        network.update()
        loop.learn()
        expected = np.diag(loop.biases)
        for (i, j), weight in loop.weights.items():
            expected[i, j] = expected[j, i] = weight
        assert np.array_equal(network.W, expected)
    assert (network.W != 0).sum() > 20


@pytest.mark.usefixtures("check_anyway")
@pytest.mark.parametrize("process", PROCESSES)
def test_the_compiled_rule_does_what_it_does_in_numpy(process):
    rule = build_encoder(2, 2, process, until="held")
    rule.schedule, rule.gathering = ((2, 20.0), (2, 10.0)), (3, 10.0)  # shorter, each with its loop
    protocol = Protocol(threshold=0.5, max_updates=300)
    found = check_rule(rule, protocol)
    assert found.n_updates >= 6
    assert found.largest == 0.0  # weights and what is written down are whole numbers
    # The guard compares networks also after they have met the criterion, with `held` noted.
    outcomes = replication.simulate(
        protocol, network=rule, n_seeds=N_NETWORKS, final_weights=True, jobs=1
    )
    assert outcomes.converged.any()
    assert outcomes.updates[outcomes.converged].min() >= 100


# Exact expectations

V, H = 2, 1
N = 2 * V + H
STATES = np.array(list(itertools.product([0.0, 1.0], repeat=N)))
GROUP = np.repeat([0, 1, 2], [V, V, H])
LINKS = (GROUP[:, None] == GROUP) & (GROUP < 2) | ((GROUP[:, None] == 2) != (GROUP == 2))
WEIGHTS = np.tril(np.random.default_rng(3).integers(-9, 10, (N, N)) * 2.0)
WEIGHTS = (WEIGHTS + np.tril(WEIGHTS, -1).T) * (LINKS | np.eye(N, dtype=bool))
"""Biases are on the diagonal."""


def find_equilibrium(temperature):
    """Return the probability of each state by its energy (the paper's equations 1 and 6)."""
    pairs = WEIGHTS - np.diag(np.diag(WEIGHTS))
    energy = -0.5 * np.einsum("si,ij,sj->s", STATES, pairs, STATES) - STATES @ np.diag(WEIGHTS)
    share = np.exp(-energy / temperature)
    return share / share.sum()


def make_step(first, temperature):
    """Return the matrix (state, state) of one random probe of the units from `first` on."""
    matrix = np.zeros((2**N, 2**N))
    for at, state in enumerate(STATES):
        for i in range(first, N):
            others = np.delete(np.arange(N), i)
            total = WEIGHTS[i, i] + WEIGHTS[i, others] @ state[others]
            p = 1 / (1 + np.exp(-total / temperature))
            for value, chance in ((1.0, p), (0.0, 1 - p)):
                changed = state.copy()
                changed[i] = value
                to = int(np.flatnonzero((changed == STATES).all(axis=1))[0])
                matrix[at, to] += chance / (N - first)
    return matrix


def clamp(share, vector):
    """Return the distribution with visible units drawn anew, hidden ones as they are."""
    clean = np.tile(np.arange(V) == vector, 2)
    reversal = np.where(clean, 0.15, 0.05)
    visible = np.where(STATES[:, : 2 * V] == clean, 1 - reversal, reversal).prod(axis=1)
    hidden = [share[STATES[:, -1] == value].sum() for value in (0, 1)]
    return visible * np.array(hidden)[STATES[:, -1].astype(int)]


def expect_counts(process, first, vector):
    """Return the expected counts of two units on together in one annealing, not at equilibrium."""
    share, counts = np.full(2**N, 1 / 2**N), np.zeros((N, N))
    if first > 0:
        share = clamp(share, vector)

    def add():
        return np.einsum("s,si,sj->ij", share, STATES, STATES)

    for times, temperature, is_counting in [(*t, False) for t in TIMES] + [(10, 10.0, True)]:
        step = make_step(first, temperature)
        for _ in range(times):
            if first > 0 and process != "R1":
                share = clamp(share, vector)
            for _ in range(first, N):
                share = share @ step
                if is_counting and process == "NP":
                    counts += add()
            if is_counting and process != "NP":
                counts += add()
    return counts


def measure(rule, n_machines):
    """Return the mean counts of a rule with fixed weights, of both phases, and their errors."""

    class Measured(rule):
        summed = {"clamped": (N, N), "free": (N, N)}
        kept = rule.kept | {name: np.zeros((N, N)) for name in ("of_clamped", "of_free")}

        @classmethod
        def draw(cls, rule, root_seed, start, stop):
            return np.tile(WEIGHTS.ravel(), (stop - start, 1))

        def weight_changes(self, v, target):
            return {"clamped": self.gather(v, len(v)), "free": self.gather(v, 0)}

        def apply(self, changes):
            self.of_clamped = changes["clamped"]
            self.of_free = changes["free"]

        def pattern_error(self, v, target):
            return 1.0 + self.W[0, 0] * 0.0

    found = replication.simulate(
        Protocol(threshold=0.5, max_updates=1), network=Measured, n_seeds=n_machines,
        final_weights=True, jobs=1,
    )  # fmt: skip
    counts = found.weights[:, -2 * N * N :].reshape(-1, 2, N, N)
    return counts.mean(axis=0), counts.std(axis=0) / np.sqrt(n_machines)


@pytest.mark.parametrize("process", PROCESSES)
def test_statistics_of_both_phases_have_their_exact_expectations(process):
    means, errors = measure(build_encoder(V, H, process), 20_000)
    first = 2 * V
    clamped = sum(expect_counts(process, first, vector) for vector in range(V))
    free = V * expect_counts(process, 0, None)
    for mean, error, expected in zip(means, errors, (clamped, free), strict=True):
        assert (np.abs(mean - expected) < 4.5 * error + 1e-9).all()


@pytest.mark.parametrize("temperature", [20.0, 15.0, 12.0, 10.0])
def test_long_annealing_at_a_temperature_ends_at_its_equilibrium(temperature):
    rule = build_encoder(V, H)
    rule.schedule, rule.gathering = ((30, temperature),), (10, temperature)
    means, errors = measure(rule, 10_000)
    share = find_equilibrium(temperature)
    expected = 10 * V * np.einsum("s,si,sj->ij", share, STATES, STATES)
    assert (np.abs(means[1] - expected) < 4.5 * errors[1] + 1e-9).all()


# What is written down


def set_codes(network, codes):
    """Give each vector a code: the signs of the weights to both groups."""
    v = len(codes)
    signs = 2.0 * np.array(codes).T - 1.0
    weights = np.zeros(network.W.shape)
    weights[2 * v :, :v] = weights[2 * v :, v : 2 * v] = signs
    network.W = weights


FOUR = [(0, 0), (0, 1), (1, 0), (1, 1)]
EVEN = [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]


def test_codes_are_noted_at_the_first_cycle_at_which_they_are_there():
    network = build_encoder(4, 2).from_seed(0)
    for cycle, codes in enumerate([[(0, 0)] * 4, [(0, 0), (0, 0), (1, 0), (1, 1)], FOUR], 1):
        set_codes(network, codes)
        network.record()
        assert (network.near, network.solved) == ((2 if cycle > 1 else 0), (3 if cycle > 2 else 0))


def test_codes_with_a_gap_of_two_bits_must_differ_in_two():
    for codes, is_solved in ((EVEN, True), ([*EVEN[:3], (1, 1, 1)], False)):
        network = build_encoder(4, 3, gap=2).from_seed(0)
        set_codes(network, codes)
        network.record()
        assert (network.solved == 1) == is_solved


def test_a_solution_is_held_at_ten_tenth_cycles_running_and_lost_at_the_next_without():
    network = build_encoder(4, 2).from_seed(0)
    for cycle in range(1, 400):
        is_lost = cycle == 50 or cycle > 230
        set_codes(network, [(0, 0)] * 4 if is_lost else FOUR)
        network.record()
        assert network.cycle == cycle
    assert (network.solved, network.solved_tenth) == (1, 10)
    assert (network.held, network.lost) == (150, 240)  # 60, 70, ..., 150


class Scripted(build_encoder(4, 2, until="lost")):
    """A machine that learns nothing: its weights follow from the cycle, and grow with it."""

    def weight_changes(self, v, target):
        return {"W": 0.0}

    def apply(self, changes):
        cycle = self.cycle + 1.0
        is_lost = np.where(np.abs(cycle - 50.0) < 0.5, 1.0, np.where(cycle > 230.5, 1.0, 0.0))
        self.W = (1.0 - is_lost) * cycle * self.find_solution()
        self.record()

    def find_solution(self):
        weights = np.zeros((10, 10))
        weights[8:, :4] = weights[8:, 4:8] = 2.0 * np.array(FOUR).T - 1.0
        return weights


def test_the_compiled_rule_notes_what_is_held_and_lost_and_the_weights_at_cycle_120():
    found = replication.simulate(
        Protocol(threshold=0.5, max_updates=400), network=Scripted, n_seeds=2, final_weights=True
    )
    assert found.updates.tolist() == [240, 240]  # it runs until it has lost the solution
    network = Scripted.from_weights(found.weights[1])
    assert (network.solved, network.solved_tenth) == (1, 10)
    assert (network.held, network.lost) == (150, 240)
    assert np.array_equal(network.early, 120.0 * network.find_solution())


def test_a_machine_runs_until_what_it_runs_for_and_as_long_as_it_is_watched():
    for watch, end in ((0.0, 10), (25.0, 35)):
        network = build_encoder(4, 2, until="solved_tenth", watch=watch).from_seed(0)
        set_codes(network, FOUR)
        errors = []
        for _ in range(40):
            network.record()
            errors.append(network.error())
        assert errors == [1.0] * (end - 1) + [0.0] * (41 - end)
