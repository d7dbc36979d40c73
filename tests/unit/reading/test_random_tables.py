"""Random tables with a known truth: each is read as it is, or asked about; none wrongly."""

from collections import Counter

import numpy as np
import pytest

from replication.errors import ReplicationError
from replication.reading.files import read_content_of
from replication.reading.keys import fold_cell, order_keys
from replication.reading.matching import read_both
from replication.reading.options import make_reading
from replication.reading.question import Question
from replication.reading.tidy import TidyRuns
from tests.unit.reading.tables import make_case, make_export

N_QUICK, N_LONG = 120, 4000


def read(case, **options):
    own, report = (read_content_of(text.encode(), "table") for text in (case.own, case.report))
    return read_both(own, report, make_reading(options))


def draw_case(seed):
    """Return a random case; each fourth is an export of a tracker, or a table of two keys."""
    return make_export(seed) if seed % 4 == 3 else make_case(seed)


def fold_key(key):
    """Return a key, of one cell or several, as keys are compared."""
    cells = (key,) if isinstance(key, str) else key
    return tuple(map(fold_cell, cells))


def list_faults(case, both):
    """Return in what a reading differs from the truth."""
    assert isinstance(both.yours, TidyRuns)
    faults = []
    groups = {fold_key(key): place for place, key in enumerate(both.yours.groups)}
    keys = order_keys(both.theirs, both.keys)
    rows = {fold_key(key): row for key, row in zip(keys, both.theirs.rows, strict=True)}
    if not len(groups) == len(rows) == len(case.means):
        return [f"{len(groups)} groups and {len(rows)} rows for {len(case.means)}"]
    for task, mean in case.means.items():
        values = both.yours.values[both.yours.group_codes == groups[fold_key(task)]]
        if values.size != case.counts[task] or not np.isclose(values.mean(), mean, rtol=1e-9):
            faults.append(f"your {task}: {values.size} runs, {values.mean()}")
        faults += check_row(case, task, rows[fold_key(task)])
    return faults


def check_row(case, task, row):
    """Return in what a reported row differs from the truth."""
    mean, sd = case.reported[task]
    numbers = {name: float(text.rstrip("%")) for name, text in row.numbers.items()}
    found = [numbers.get("mean"), numbers.get("sd", numbers.get("spread"))]
    if "ci_low" in numbers:
        found[1] = (numbers["ci_high"] - numbers["ci_low"]) / 2
    if not np.allclose(found, [mean, sd], rtol=1e-6, atol=1e-9):
        return [f"reported {task}: {row.numbers}"]
    return []


def judge(case, **options):
    """Return "right", "asked" or "wrong", and why."""
    try:
        both = read(case, **options)
    except Question as question:
        return "asked", str(question)
    except ReplicationError as error:
        return "refused", str(error)
    faults = list_faults(case, both)
    return ("wrong", "; ".join(faults)) if faults else ("right", "")


def count(seeds):
    """Return how tables are read as they are, and which are wrong."""
    found = Counter()
    for seed in seeds:
        case = draw_case(seed)
        how, why = judge(case)
        found[how] += 1
        assert how in ("right", "asked"), (seed, case.what, why)
    return found


def test_random_tables_are_right_or_asked():
    found = count(range(N_QUICK))
    assert found["asked"] <= N_QUICK / 2, "of tables as people write them half at most"


def test_all_that_can_be_said_answers_every_question():
    """Two things cannot be said in one go: what headings are, and a sign where none is open."""
    answered = Counter()
    for seed in range(N_QUICK):
        case = draw_case(seed)
        how, why = judge(case, **case.options)
        assert how in ("right", "asked"), (seed, case.what, why)
        answered[how] += 1
    assert answered["right"] >= 0.7 * N_QUICK, answered


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_many_random_tables_are_right_or_asked():
    found = count(range(1000, 1000 + N_LONG))
    assert found["asked"] <= N_LONG / 2


def test_exports_of_trackers_and_tables_of_two_keys_are_asked_about_logs_alone():
    for seed in range(60):
        case = make_export(seed)
        expected = "asked" if "take" in case.options else "right"
        assert judge(case)[0] == expected, (seed, case.what, judge(case)[1])
        assert judge(case, **case.options)[0] == "right", (seed, case.what)
