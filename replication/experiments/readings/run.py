"""Later criteria for "error below 0.1", judged as the headline is, and the power of that test."""

from replication.definition.claims import load_claims
from replication.definition.protocol import ERROR_READINGS, Protocol
from replication.experiments import Model, studies
from replication.experiments.sample import Sample, name_estimate
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_mean

OTHERS: dict[str, Protocol] = {
    "learning rate 15": Protocol(learning_rate=15.0),
    "symmetric start": Protocol(symmetric_start=True),
}
"""Other procedures that 1988 might have run, by their one difference from the paper's."""
OTHERS_SHARE = 0.1  # of the networks


def run(sample: Sample) -> Model:
    """Return the model of the readings, and of the power of the headline's test against others."""
    level = load_claims()["headline"].thresholds["at_least"]
    populations: dict[str, CountTable] = {}
    for name, protocol in {**ERROR_READINGS, **OTHERS}.items():
        # Readings in full, other procedures on fewer, which is enough for their power.
        taken = sample if name in ERROR_READINGS else sample.take(OTHERS_SHARE, least=1000)
        sample.report_progress(f"{name}, {taken.n:,} networks")
        populations[name] = studies.count_networks(protocol, taken)
    named = {}
    for name in ERROR_READINGS:
        counts = populations[name]
        mean = name_estimate("mean", estimate_mean(counts.updates, counts.counts))
        p, p_sweeps = (studies.find_p(x) for x in (counts, studies.count_sweeps(counts)))
        named[name] = mean | {"p": p, "p_sweeps": p_sweeps}
    power = studies.measure_power(populations["paper"], populations, level=level)
    return {"named": named, "power": power}
