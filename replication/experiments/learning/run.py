"""Six statements of pages 363 and 364, from networks that are measured at every update."""

import math

import numpy as np

from replication.experiments.instruments import agreement
from replication.experiments.instruments.agreement import find_events
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import Array, Flags
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import Histories, measure_both_rates
from replication.experiments.instruments.sample import Sample
from replication.paper.claims import load_claims

SLOW_SHARE = 0.5  # share of the networks that are measured at the other learning rate
N_ON_DIGITS = 40  # networks that learn digits


def run(sample: Sample) -> Model:
    """Return the model: how changes and matrices come to agree while networks learn."""
    paper, slow = measure_both_rates(agreement.measure_agreement, sample, slow_share=SLOW_SHARE)
    digits = agreement.align_on_digits(sample.first(N_ON_DIGITS))
    claims = {
        # Equation 3 is steepest descent without the slopes of the visible units.
        "upper-agreement": judge(
            "upper-agreement",
            {
                "networks-20": average(paper, "upper"),
                "networks-2": average(slow, "upper"),
                "biases-20": average(paper, "upper_biases"),
                "last-20": average(paper, "upper", 0.75),
            },
        ),
        # So it agrees with descent if these slopes are similar.
        "similar-slopes": judge(
            "similar-slopes",
            {
                "every-20": average(paper, "variation"),
                "units-20": average(paper, "variation_units"),
                "error-20": average(paper, "variation_error"),
                "every-2": average(slow, "variation"),
                "error-2": average(slow, "variation_error"),
                "early-2": slow.get_at("variation", 0.1),
            },
        ),
        # Equation 4 agrees with descent only when U and W are aligned: when both come, and how far
        # alignment goes.
        "random-at-first": judge_random_at_first(paper, slow),
        "agrees-later": judge_agrees_later(paper, slow),
        "alignment-first": judge_alignment_first(paper, slow),
        "symmetry": judge(
            "symmetry",
            {
                "cosine-20": paper.get_at("alignment", 1.0),
                "centred-20": paper.get_at("centred", 1.0),
                "longer-20": paper.get_at("ratio", 1.0) > 1.0,
                "cosine-2": slow.get_at("alignment", 1.0),
                "digits": digits,
            },
        ),
    }
    # Equation 3 is exactly descent in the cross-entropy, so this cosine is 1 except for rounding.
    of_paper = float(paper.get_learning("upper_cross").min())
    of_slow = float(slow.get_learning("upper_cross").min())
    return {"least_cross_entropy": min(of_paper, of_slow), "claims": claims}


def judge_random_at_first(paper: Histories, slow: Histories) -> Model:
    """Judge the mean cosine of the first changes of W with steepest descent."""
    # Where each measurement of the ledger comes from.
    sources = {
        "two-20": (paper, "lower"),
        "five-20": (paper, "lower"),
        "five-biases-20": (paper, "lower_biases"),
        "five-cross-entropy-20": (paper, "lower_cross"),
        "twenty-2": (slow, "lower"),
    }
    measured = {}
    for operationalisation in load_claims()["random-at-first"].operationalisations:
        id = operationalisation.id
        histories, name = sources[id]
        n_first = int(operationalisation.thresholds["n_first"])
        means = [values[:n_first].mean() for values in histories.values[name]]
        measured[id] = np.array(means)
    return judge("random-at-first", measured)


def judge_agrees_later(paper: Histories, slow: Histories) -> Model:
    """Judge whether the change of W comes to agree with descent: better than early, or at all."""

    def rises(histories: Histories) -> Flags:
        """Return whether the cosine is higher in the last quarter of updates than in the first."""
        early = average(histories, "lower", 0.0, 0.25)
        late = average(histories, "lower", 0.75, 1.0)
        return np.asarray(late > early)

    def reaches(histories: Histories, name: str) -> Flags:
        """Return whether the running median of a cosine ever reaches the level."""
        return np.isfinite(find_events(histories.values[name]))

    return judge(
        "agrees-later",
        {
            "quarters-20": rises(paper),
            "reaches-20": reaches(paper, "lower"),
            "quarters-2": rises(slow),
            "reaches-2": reaches(slow, "lower"),
            "reaches-cross-entropy-20": reaches(paper, "lower_cross"),
        },
    )


def judge_alignment_first(paper: Histories, slow: Histories) -> Model:
    """Judge whether the matrices become aligned before the change of W agrees with descent."""

    def is_first(
        histories: Histories,
        matrices: str,
        change: str = "lower",
        *,
        level: float = agreement.LEVEL,
        width: int = agreement.WINDOW,
    ) -> Flags:
        """Return in which networks alignment comes first.

        A tie counts against the statement, and so does a network that never reaches the level.
        """
        aligned = find_events(histories.values[matrices], level=level, width=width)
        agrees = find_events(histories.values[change], level=level, width=width)
        return np.asarray(aligned < agrees)

    return judge(
        "alignment-first",
        {
            "raw-20": is_first(paper, "alignment"),
            "raw-20-level-07": is_first(paper, "alignment", level=0.7),
            "raw-20-single": is_first(paper, "alignment", width=1),
            "raw-20-biases": is_first(paper, "alignment", "lower_biases"),
            "raw-20-cross-entropy": is_first(paper, "alignment", "lower_cross"),
            "centred-20": is_first(paper, "centred"),
            "raw-2": is_first(slow, "alignment"),
            "centred-2": is_first(slow, "centred"),
        },
    )


def average(histories: Histories, name: str, first: float = 0.0, last: float = 1.0) -> Array:
    """Return the mean of a quantity over a part of each network's updates, (n_converged,).

    The part goes from the share `first` of the updates to the share `last`. Both ends are rounded
    so that the part is longer rather than shorter, and never empty.
    """
    means = []
    for values in histories.values[name]:
        n = max(1, len(values) - 1)  # no update follows the last state
        begin = n - math.ceil((1.0 - first) * n)
        end = math.ceil(last * n)
        means.append(values[begin:end].mean())
    return np.array(means)
