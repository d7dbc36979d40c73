"""How often an interquartile mean over tasks is contradicted."""

from collections.abc import Mapping

import numpy as np

from replication.comparison.comparison import compare
from replication.comparison.found import Verdict
from replication.statistics.sampling import reduce_studies
from tools.rates.measuring_rows import SEED, Rate

IQM_SIZES = ((3, 3), (5, 5), (10, 10))
"""Numbers of runs in each task: one's own, and behind the report."""
N_TASKS = 26
TASK_SPREAD = 0.3
"""Standard deviation of runs, as a share of the level of their task."""
FACTOR = 1.2
"""Factor by which one's own runs are better, where there is something to find."""
TRIALS_IQM = 400
N_BOOTSTRAP = 500
"""Bootstrap samples behind the interval of a report."""


def measure_iqm(n: int, m: int, *, factor: float) -> Rate:
    """Return how often an interquartile mean over tasks is contradicted.

    The reported runs are of the same tasks. The interval of the report is that of a bootstrap that
    draws runs within tasks. `factor`: one's own runs are larger by it.
    """
    generator = np.random.default_rng([SEED, n, m, round(100 * factor)])
    tasks = [f"task {number}" for number in range(N_TASKS) for _ in range(n)]
    n_contradicted = 0
    for _ in range(TRIALS_IQM):
        levels = generator.lognormal(size=(N_TASKS, 1))
        own = factor * levels * (1.0 + TASK_SPREAD * generator.normal(size=(N_TASKS, n)))
        theirs = levels * (1.0 + TASK_SPREAD * generator.normal(size=(N_TASKS, m)))
        # The bootstrap draws the runs of a task from the runs of that task alone.
        indices = generator.integers(m, size=(N_BOOTSTRAP, N_TASKS, m))
        drawn = np.take_along_axis(theirs[None], indices, axis=2)
        iqm = reduce_studies(theirs.ravel(), ["iqm"])["iqm"]
        iqms = reduce_studies(drawn.reshape(N_BOOTSTRAP, -1), ["iqm"])["iqm"]
        low, high = np.quantile(iqms, (0.025, 0.975))
        report: Mapping[str, str | tuple[str, str]] = {
            "iqm": f"{iqm:.4f}",
            "ci": (f"{low:.4f}", f"{high:.4f}"),
        }
        verdict = compare(own.ravel(), report, tasks=tasks).verdict
        n_contradicted += verdict is Verdict.CONTRADICTED
    return {"trials": TRIALS_IQM, "contradicted": round(n_contradicted / TRIALS_IQM, 5)}


def measure_all_iqm() -> dict[str, dict[str, Rate]]:
    """Return the rates of `measure_iqm` without a difference and with one, by numbers of runs."""
    rates: dict[str, dict[str, Rate]] = {}
    for name, factor in (("nothing to find", 1.0), (f"a factor of {FACTOR}", FACTOR)):
        rates[name] = {f"{n},{m}": measure_iqm(n, m, factor=factor) for n, m in IQM_SIZES}
    return rates
