"""Networks of each reading, counted up to the reported 202, and what the counts say of readings.

Few networks stop at exactly 202 updates, so that millions are needed.
"""

import dataclasses

from replication.definition.protocol import ERROR_READINGS
from replication.experiments.instruments import studies
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.paper.claims import load_reported


def run(sample: Sample) -> Model:
    """Return the likelihood of our reading, and how all readings compare."""
    likelihoods = {}
    for place, (name, reading) in enumerate(ERROR_READINGS.items()):
        sample.report_progress(f"{name}, {sample.n:,} networks")
        protocol = dataclasses.replace(reading, max_updates=int(load_reported().max))
        counts = studies.count_networks(protocol, sample, first=place * sample.n)
        likelihoods[name] = studies.measure_likelihood(counts)
    sweeps = studies.compare_readings(likelihoods)
    return {"paper": likelihoods["paper"], "sweeps": sweeps}
