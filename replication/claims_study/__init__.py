"""The abstract's other claims, tested: experiments in, the model ``claims`` out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from replication.claims_study.experiment import Experiment, Sizes

__all__ = ["Experiment", "Sizes", "run_claims"]

CLAIMS = ("rapid", "good-codes", "gradient", "simple-rule")


def run_claims(
    experiment: Experiment, *, announce: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Run every experiment on the abstract's claims and judge them by the ledger.

    Parameters
    ----------
    experiment : Experiment
        Root seed, sizes and jobs.
    announce : callable
        Receives a line of text before each part.

    Returns
    -------
    dict
        Plain JSON values, numbers rounded to 6 significant digits:
        ``root_seed``, ``sizes``, ``claims`` (by id: the ledger's entry and the
        verdict), and a part each for ``rapid``, ``codes``, ``failures``,
        ``gradient``, ``symmetry``, ``rule`` and ``encoders``.

    Notes
    -----
    The same experiment gives the same values, whatever the number of jobs.
    """
    from replication.analysis import claim_verdicts as verdicts
    from replication.analysis.plain import make_plain
    from replication.claims import load_claims
    from replication.claims_study import codes, descent, encoders, failures, locality, rapid

    ledger = load_claims()
    limits = {name: ledger[name].thresholds for name in CLAIMS}
    n = f"{experiment.sizes.n_networks:,}"

    announce("best settings of recirculation and back-propagation, by search")
    speed = rapid.measure_speed(experiment, limits["rapid"])
    announce(f"codes of {n} networks at the criterion and later")
    said = codes.measure_codes_over_learning(experiment, limits["good-codes"])
    announce(f"networks that fail among {experiment.sizes.n_failures:,}")
    failed = failures.measure_failures(experiment)
    announce("weight changes against exact gradients")
    gradient = descent.measure_gradient(experiment, limits["gradient"])
    announce("symmetry that arises by itself")
    symmetry = descent.measure_symmetry(experiment)
    announce("what a weight change depends on")
    rule = locality.measure_locality(experiment)
    announce("other encoders, and loops with several hidden groups")
    others = encoders.measure_encoders(experiment)

    paper = speed["procedures"]["recirculation-paper"]
    judged = {
        "rapid": verdicts.judge_rapid(
            within=paper["within"][str(limits["rapid"]["within_updates"])],
            no_slower=speed["pairs"]["paper-best"].no_slower,
            thresholds=limits["rapid"],
        ),
        "good-codes": verdicts.judge_codes(
            good=said["good"], strict=said["strict"], thresholds=limits["good-codes"]
        ),
        "gradient": verdicts.judge_gradient(**gradient["deciding"], thresholds=limits["gradient"]),
        "simple-rule": verdicts.judge_rule(
            product_difference=rule["product_difference"],
            altered_difference=rule["altered_difference"],
            converged=paper["converged"],
            thresholds=limits["simple-rule"],
        ),
    }
    plain: dict[str, Any] = make_plain(
        {
            "root_seed": experiment.root_seed,
            "sizes": experiment.sizes,
            "claims": {
                name: {"claim": ledger[name].to_plain(), "verdict": judged[name].to_plain()}
                for name in CLAIMS
            },
            "rapid": speed,
            "codes": said,
            "failures": failed,
            "gradient": gradient,
            "symmetry": symmetry,
            "rule": rule,
            "encoders": others,
        }
    )
    return plain
