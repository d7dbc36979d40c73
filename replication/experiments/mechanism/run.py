"""Why recirculation works without symmetric weights: it waits for room between the codes."""

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments import agreement
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import (
    elsewhere,
    foretelling,
    given,
    verdicts,
    waiting,
    watching,
)
from replication.experiments.mechanism.networks import draw_networks

NAMED_RATES = {"small": 2.0, "paper": PAPER.learning_rate}
# Networks of each part, as multiples of all.
PAIRS = {"small": 1.0, "paper": 4.0}  # fewer at the small rate, where each takes ten times as long
FEWER_SHARE = 0.5  # whose states are measured at many updates
EIGHT_SHARE = 0.1  # of 8-3-8
OTHERS_SHARE = 0.05  # that learn other inputs
CREATES_SHARE = 10.0  # that show how changes of U affect changes of W


def run(sample: Sample) -> Model:
    """Return the model of the mechanism; most of its parts have an entry for each learning rate."""
    protocols = {name: Protocol(learning_rate=rate) for name, rate in NAMED_RATES.items()}
    model: Model = {"rates": NAMED_RATES, "level": agreement.LEVEL}
    by_rate = {name: examine_rate(name, each, sample) for name, each in protocols.items()}
    # From parts by rate to rates by part.
    for name in by_rate["paper"]:
        model[name] = {rate: each[name] for rate, each in by_rate.items()}
    model["sources"] = summarise_sources(model["law"])

    sample.report_progress("larger networks and other inputs")
    model["eight"] = elsewhere.examine_eight(sample.take(EIGHT_SHARE, least=8))
    model["others"] = elsewhere.examine_others(sample.take(OTHERS_SHARE, least=8))

    sample.report_progress("what the paper says of it")
    initial = sample.draw(PAPER)
    many = sample.take(CREATES_SHARE).draw(PAPER)
    model["claims"] = {
        "useless-at-first": verdicts.judge_useless_at_first(model["first"], initial),
        "creates": verdicts.judge_creates(protocols, many),
        "zero-mean": verdicts.judge_zero_mean(protocols, initial),
    }
    return model


def examine_rate(name: str, protocol: Protocol, sample: Sample) -> Model:
    """Return all that is measured of 4-2-4 networks at one learning rate."""
    rate = f"a rate of {protocol.learning_rate:g}"
    sample.report_progress(f"halves given and exchanged at {rate}")
    networks = draw_networks(protocol, sample.take(PAIRS[name], least=8))
    fewer = networks.take(sample.take(FEWER_SHARE, least=8).n)
    examined = {
        "pairs": watching.compare_pairs(networks, sample),
        "starts": watching.exchange_starts(networks, sample),
        "given": given.compare_given(networks, sample),
        "first": verdicts.replace_first(protocol, sample.draw(protocol), jobs=sample.jobs),
    }
    sample.report_progress(f"gaps at {rate}")
    return examined | {
        "growth": waiting.describe_growth(fewer),
        "frozen": waiting.freeze_encoders(fewer, sample),
        "curves": waiting.follow_waiting(fewer, sample),
        "rest": waiting.foretell_rest(fewer),
        "law": foretelling.check_law(fewer, sample),
    }


def summarise_sources(law: Model) -> Model:
    """Return the ranges of ``power`` and ``ratio`` over learning rates and sources of codes."""
    sources = [source for each in law.values() for source in each["sources"].values()]
    powers = [source["power"] for source in sources]
    ratios = [source["ratio"] for source in sources]
    return {"powers": [min(powers), max(powers)], "ratios": [min(ratios), max(ratios)]}
