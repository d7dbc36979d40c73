"""One digest, whatever the jobs, blocks, backend and order of the work."""

import hashlib

import pytest

from replication.definition.protocol import CHOICES, PAPER, as_plain, from_plain
from replication.experiments.counting import count_outcomes
from replication.paper.study import Study
from replication.simulator.compiler.fingerprint import fingerprint
from replication.simulator.rule.network import Rule
from replication.simulator.rule.recirculation import find_network
from replication.simulator.running.ensemble import simulate_ranges
from replication.simulator.running.outcomes import OUTCOME_VERSION, compute_digest
from tests.exactness import golden
from tests.exactness.golden import GOLDEN, N_SEEDS, PROTOCOLS, ROOT_SEED, compute_choice
from tests.exactness.rules import RULES


@pytest.mark.parametrize("name", PROTOCOLS)
def test_digest_of_a_study_is_the_golden_one(name):
    # Blocks come in any order from three threads.
    ranges = [(start, start + 5000) for start in range(0, N_SEEDS, 5000)]
    blocks = simulate_ranges(PROTOCOLS[name], ROOT_SEED, ranges, jobs=3)
    assert compute_digest(sorted(blocks, key=lambda block: block.start)) == GOLDEN[name]


# Any two choices of two fields stand together in one of those that are run each time; more of
# them, most drawn at random, in `make test-long`.
MORE = [pytest.param(choice, marks=pytest.mark.long) for choice in GOLDEN["more"]]


@pytest.mark.parametrize("choice", [*GOLDEN["choices"], *MORE], ids=lambda choice: choice["digest"])
def test_every_choice_of_a_protocol_has_its_golden_outcomes_and_final_weights(choice):
    # Recorded with the kernel before this one, which was compiled in another way.
    assert compute_choice(from_plain(choice["fields"]), choice["n"]) == choice["digest"]


def list_unrecorded(choices):
    """Return each field and choice of which there is no golden digest, as it is recorded."""
    unrecorded = []
    for name, base in as_plain(PAPER).items():
        found = {choice["fields"].get(name, base) for choice in choices if name in CHOICES}
        unrecorded += [f"{name}={one}" for one in CHOICES.get(name, ()) if one not in found]
        if all(choice["fields"].get(name, base) == base for choice in choices):
            unrecorded.append(f"{name}=ANOTHER_VALUE")
    return unrecorded


def test_every_field_and_choice_has_a_golden_digest():
    unrecorded = list_unrecorded(GOLDEN["choices"])
    command = "python -m tests.exactness.golden --record"
    assert not unrecorded, f"add to golden.json what is new: `{command} {unrecorded[0]}`"
    some = [one for one in GOLDEN["choices"] if one["fields"].get("hidden_function") != "tanh"]
    assert list_unrecorded(some) == ["hidden_function=tanh"]


@pytest.mark.parametrize("schedule", ["batch", "per-pattern"])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_of_ones_own_has_its_golden_outcomes_weights_and_states(rule, schedule):
    assert golden.compute_rule(rule, schedule) == GOLDEN["rules"][rule.__name__][schedule]


def test_a_rule_has_the_same_fingerprint_on_every_processor_python_and_numpy():
    found = [fingerprint(Rule(rule)) for rule in RULES]
    found += [fingerprint(Rule(find_network(x), x)) for x in PROTOCOLS.values()]
    assert len({*found}) == len(RULES) + 1  # the protocols differ in numbers and criterion alone
    assert hashlib.sha256(" ".join(found).encode()).hexdigest()[:16] == GOLDEN["fingerprints"]


def test_a_study_in_blocks_has_the_digest_of_one_in_one_piece(monkeypatch):
    assert GOLDEN["outcome_version"] == OUTCOME_VERSION
    monkeypatch.setattr("replication.experiments.counting.choose_block_size", lambda _: 1234)
    study = Study(PAPER, ROOT_SEED, N_SEEDS)
    assert count_outcomes(study, show_progress=False).digest == GOLDEN["paper"]
