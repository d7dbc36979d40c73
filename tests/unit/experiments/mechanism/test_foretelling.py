"""The law against networks, and against codes at gaps that are given to them."""

import pytest

from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import foretelling
from tests.unit.experiments.mechanism.builders import SEED


def test_decoder_reads_codes_at_given_gaps_to_the_power_of_about_minus_2(slow):
    sources = foretelling.list_sources(slow)
    found = foretelling.read_at_gaps(slow, sources["corners"], Sample(40, SEED))
    assert found["power"] == pytest.approx(-2.0, abs=0.1)
    assert found["r2"] > 0.99
    assert 0.6 < found["ratio"] < 0.75, "squares at a rate of 2 take longer than the law says"
    foretold = foretelling.foretell(slow)
    assert foretold["predicted"] == pytest.approx(foretold["actual"], rel=0.1)
    assert foretold["r2"] > 0.85
