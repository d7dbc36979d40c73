"""The study of the encoders of 1985: its plan, its programs, how it judges, and its results."""

import hashlib
import itertools

import numpy as np
import pytest
from boltzmann import judging, runs
from boltzmann.judging import NEVER, Fact
from scipy import stats

PLAN = "6bd30c00a58ff05bc46ca655ba887f9dc673da8da9d8d89c4f7bb3b2220f80dd"
"""The SHA-256 of the plan as it was committed, before its data."""


def test_the_plan_is_the_one_that_was_committed_before_its_data():
    assert runs.hash_plan() == PLAN


def test_seeds_follow_from_the_plan_as_it_says():
    digest = hashlib.sha256(f"{PLAN} 8-3-8 NP".encode()).digest()
    assert runs.find_seed("8-3-8 NP") == int.from_bytes(digest[:8], "big") // 2
    names = [run.name for run in runs.list_runs()]
    seeds = {runs.find_seed(name) for name in names}
    assert len(seeds) == sum("watched" not in name for name in names)


# The programs


@pytest.mark.parametrize("process", runs.PROCESSES)
def test_both_programs_find_solutions_equally_soon(program, process):
    """A share of 0.5 by cycle 60 in one and 0.65 in the other would be found in 9 of 10 cases."""
    cycles = 60
    rule = runs.Run("4-2-4", process, " test", 300, cycles, "solved")
    other = np.array(runs.run_program(rule._replace(until=""), program)["solved"])
    one = np.array(runs.run_rule(rule)["solved"])
    times = [np.where(x > 0, x, cycles + 1) for x in (one, other)]
    assert stats.ks_2samp(*times).pvalue > 0.001
    assert 0.2 < (one > 0).mean() < 0.8


def test_completion_in_c_is_that_of_the_weights_which_it_prints(program):
    n, v, n_machines = 10, 4, 40
    run = ["tests", "0", "4", "2", "0.1", "0.02", "7", str(n_machines), "100", "10", "70"]
    lines = runs.call(program, run)
    generator, differences = np.random.default_rng(1), []
    for line in lines:
        *tests, numbers = line.split(",")
        weights = runs.read_triangle(numbers)
        right = 0
        for vector in list(range(v)) * 10:
            state = (np.arange(n) == vector) * 1
            state[v:] = generator.random(n - v) < 0.5
            for times, temperature in ((4, 20), (4, 15), (4, 12), (8, 10), (8, 7.5), (8, 5)):
                for i in generator.integers(v, n, times * (n - v)):
                    total = weights[i] @ state + weights[i, i] * (1 - state[i])
                    state[i] = generator.random() < 1 / (1 + np.exp(-total / temperature))
            right += np.array_equal(state[v : 2 * v], np.arange(v) == vector)
        differences.append(int(tests[-1].removeprefix("100:")) - right)
    assert abs(np.mean(differences)) < 4 * np.std(differences) / np.sqrt(n_machines)


# How it judges


def test_a_study_is_as_unusual_as_its_most_unusual_number():
    studies = np.array([[1, 5], [2, 5], [3, 5], [4, 9], [5, 5], [6, 5], [7, 5], [8, 1]])
    # 9 and 1 are beaten by none: two-sided 2/8, as are 1 and 8 in the first column.
    assert judging.find_joint_p(studies, (4, 9)) == 3 / 8
    assert judging.find_joint_p(studies, (4, 5)) == 1.0
    assert judging.find_joint_p(studies, (4, 10)) == 0.0


def test_p_of_an_ordinary_study_is_uniform():
    generator = np.random.default_rng(2)
    times = generator.integers(1, 500, (3000, 1))
    found = [
        judging.find_joint_p(
            judging.summarise_times(times[generator.integers(3000, size=(400, 50))]),
            tuple(judging.summarise_times(times[generator.integers(3000, size=(1, 50))])[0]),
        )
        for _ in range(200)
    ]
    assert stats.kstest(found, "uniform").pvalue > 0.001


def test_limits_of_a_share_are_clopper_and_pearsons():
    assert judging.limit_share(0, 32) == pytest.approx((0.0, 1 - 0.01 ** (1 / 32)))
    assert judging.limit_share(32, 32) == pytest.approx((0.01 ** (1 / 32), 1.0))
    low, high = judging.limit_share(5, 20)
    assert stats.binom.sf(4, 20, low) == pytest.approx(0.01)
    assert stats.binom.cdf(5, 20, high) == pytest.approx(0.01)


def test_what_enters_holms_order_decides_with_the_lower_limit():
    facts = [
        Fact("least", 0.0, 0.0, 0.0013, 0.0, ""),
        Fact("next", 0.0, 0.0, 0.0049, 0.0, ""),
        Fact("ordinary", 0.2, 0.06, 0.4, 0.0, ""),
        Fact("beyond", 0.0, 0.0, 0.0001, 0.0, "beyond"),
        Fact("inside", 0.0, 0.0, 0.5, 0.0, "undecided"),
    ]
    found = judging.decide(facts)
    assert [fact.adjusted for fact in found] == pytest.approx([0.0052, 0.0147, 0.8, 0.0005, 0.8])
    assert [fact.decision for fact in found] == [
        "contradicted", "undecided", "compatible", "contradicted", "undecided",
    ]  # fmt: skip


def test_the_text_is_judged_by_all_of_its_readings():
    def make(*decisions):
        return [Fact("", 0.0, 0.0, 0.0, 0.0, decision) for decision in decisions]

    good, open_, bad = (make("compatible", x) for x in ("compatible", "undecided", "contradicted"))
    assert judging.find_verdict({"a": bad, "b": good}) == "replicates"
    assert judging.find_verdict({"a": bad, "b": bad}) == "contradicted as printed"
    assert judging.find_verdict({"a": bad, "b": open_}) == "the text underdetermines it"


def test_a_solution_remains_if_it_is_there_at_each_check_in_time():
    columns = {"held": [100, 3000, 3010, 200, 300, 0], "lost": [0, 4010, 0, 290, 500, 0]}
    # Machines 0 to 4 have held one, the third too late; the fourth loses it within 10 checks.
    assert judging.judge_remaining(columns, 100)[0] == pytest.approx((2 / 4) ** 250)
    assert judging.judge_remaining(columns, 10)[0] == pytest.approx((3 / 4) ** 250)


def test_codes_and_cosines_of_known_weights():
    v, h = 40, 10
    bits = np.array(list(itertools.product([-1, 1], repeat=h)))[: 2 * v : 2]  # (v, h), two apart?
    weights = np.concatenate([bits.T, bits.T, np.zeros((h, 1))], axis=1).astype(int)
    columns = {f"right_{cycle}": [400] for cycle in (800, 860, 1500, 1600, 1700, 1800)}
    found = judging.describe_large(
        columns | {"weights": weights.ravel().tolist()}, np.random.default_rng(1)
    )
    pairs = list(itertools.combinations(bits, 2))
    assert found.least_distance == [min((a != b).sum() for a, b in pairs)]
    assert found.largest_cosine == pytest.approx([max(a @ b / h for a, b in pairs)])
    assert found.completion == [1.0]


def test_machines_that_never_find_a_solution_count_as_slower_than_all():
    assert judging.read_times({"solved": [0, 4000]}, "solved").tolist() == [NEVER, 4000]
