"""All runs of the plan on the law of learning time, in the order that it fixes."""

import dataclasses

import numpy as np

from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.experiments.law import plan
from replication.experiments.law.following import Followed, count_law, draw, follow
from replication.experiments.law.foretelling import CARRIED, foretell, intervene
from replication.experiments.law.measures import (
    PASSED,
    choose_passage,
    count_both,
    find_median,
    measure_case,
)
from replication.experiments.law.plan import Case, find_seed
from replication.experiments.law.predictions import judge_predictions
from replication.simulator.running.engine import Engine

N_FULL = 1_000  # networks of the sample with which all cases have their full size
LEAST = 6  # networks of a case in a smaller sample
N_CHANGED = 400  # networks whose start is changed
N_KEPT = 40  # networks of a case whose times are listed


def run(sample: Sample) -> Model:
    """Return the model of the law: a row for each case, and who learns where many fail."""
    share = sample.n / N_FULL
    cases = [shrink(case, share) for case in plan.CASES]
    measured = sample.map(lambda case: examine(case, sample), cases)
    rows = [measured[case] for case in cases]
    add_passages(rows)
    counted = list(sample.map(count, [shrink(case, share) for case in plan.COUNTED]).values())
    return {
        "plan": plan.PLAN,
        "cases": rows,
        "counted": counted,
        "predictions": judge_predictions(rows, counted),
    }


def shrink(case: Case, share: float) -> Case:
    """Return a case with a share of its networks."""
    return dataclasses.replace(case, n=max(LEAST, round(share * case.n)))


def examine(case: Case, sample: Sample) -> Model:
    """Return what the plan asks of a case."""
    sample.report_progress(case.name)
    generator = np.random.default_rng(find_seed(f"{case.name}, measures"))
    start = draw(case.learning, case.n)
    with np.errstate(over="ignore"):  # of networks that diverge
        followed = follow(case.learning, start)
    row = measure_case(case, followed, generator)
    if case.task == "4-2-4" and case.rule in CARRIED:
        row["foretold"] = foretell(case, followed, generator)
        row["changed"] = change_start(case, followed)
    return {**row, "networks": list_networks(followed)}


def list_networks(followed: Followed) -> Model:
    """Return time, law and first gap of the first networks; None where a time is infinite."""
    some = slice(0, N_KEPT)
    predicted = followed.predict()[some].tolist()
    return {
        "time": [x if np.isfinite(x) else None for x in followed.times[some].tolist()],
        "law": [x if np.isfinite(x) else None for x in predicted],
        "first_gap": followed.gaps[some, 0].min(axis=1).round(6).tolist(),
        "last_gap": followed.gaps[some, -1].min(axis=1).round(6).tolist(),
    }


def change_start(case: Case, followed: Followed) -> Model:
    """Return median times and laws of networks whose start is changed, beside the unchanged."""
    start = followed.start[:N_CHANGED]
    n = len(start)
    _, _, final = Engine(case.protocol, case.network).train(start, root_seed=case.seed, final=True)
    assert final is not None
    nothing = {
        "time": find_median(followed.times[:n]),
        "law": find_median(followed.predict()[:n]),
    }
    changed: Model = {"nothing": nothing}
    for name, rows in intervene(case, start, final).items():
        again = follow(case.learning, rows)
        changed[name] = {"time": find_median(again.times), "law": find_median(again.predict())}
    return changed


def add_passages(rows: list[Model]) -> None:
    """Add baseline (a) to each row: the gap that is fitted on recirculation and carried over.

    It is fitted on the cases of recirculation with the same task; where there is none, on 4-2-4.
    """
    for row in rows:
        fitted = [x for x in rows if (x["task"], x["rule"]) == (row["task"], "recirculation")]
        if not fitted:
            fitted = [x for x in rows if (x["task"], x["rule"]) == ("4-2-4", "recirculation")]
        k = choose_passage(fitted)
        row["passage"] = {"gap": PASSED[k], "off": row["passages"][k]}
    for row in rows:
        del row["passages"]
        row["refuted"] = is_refuted(row)


def is_refuted(row: Model) -> bool:
    """Return whether a case refutes the law by the plan's criterion."""
    best = row["multiplier"]["best"]
    if best is None or not 0.8 <= best <= 1.25 or row["off"] is None:
        return True
    others = [row["passage"]["off"], row["integral"]]
    return any(other is not None and row["off"] >= other for other in others)


def count(case: Case) -> Model:
    """Return who learns and for whom the law finishes, where some or many fail."""
    start = draw(case.learning, case.n)
    with np.errstate(over="ignore"):
        learnt, finishes = count_law(case.learning, start)
    return {
        "task": case.task,
        "rule": case.rule,
        "rate": case.rate,
        "n": case.n,
        "cap": case.cap,
        "table": count_both(learnt, finishes),
    }
