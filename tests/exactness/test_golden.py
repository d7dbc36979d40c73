"""One digest, whatever the jobs, blocks, backend and order of the work."""

import hashlib

import pytest

from replication.definition.protocol import CHOICES, PAPER, as_plain, from_plain
from replication.simulator.compiler.fingerprint import fingerprint
from replication.simulator.rule.network import Rule
from replication.simulator.rule.recirculation import find_network
from replication.simulator.running.ensemble import simulate, simulate_ranges
from replication.simulator.running.outcomes import OUTCOME_VERSION, compute_digest
from tests.exactness import golden
from tests.exactness.golden import GOLDEN, N_SEEDS, PROTOCOLS, ROOT_SEED, compute_choice
from tests.exactness.rules import RULES
from tests.unit.cache.invented import fill, find_digest, replace_block_size


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


def test_a_study_that_grew_in_the_cache_has_the_digests_of_one_in_one_piece(tmp_path):
    assert GOLDEN["outcome_version"] == OUTCOME_VERSION
    with replace_block_size(1234):
        for n_seeds, jobs in ((1, 1), (9_999, 2), (N_SEEDS, 1)):
            options = {"root_seed": ROOT_SEED, "jobs": jobs, "simulation": simulate_ranges}
            digest = fill(tmp_path, n_seeds, **options).digest
        assert digest == find_digest(tmp_path, N_SEEDS, root_seed=ROOT_SEED) == GOLDEN["paper"]
        # The smaller study within it has the digest of one that is simulated alone.
        first = compute_digest([simulate(n_seeds=1_000, root_seed=ROOT_SEED)])
        assert find_digest(tmp_path, 1_000, root_seed=ROOT_SEED) == first
