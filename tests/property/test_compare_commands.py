"""Calls of `compare`, drawn from a grammar: each gets an answer, or one line."""

import contextlib
import io
import itertools
import json
import random
from collections import Counter

import pandas as pd

from replication.cli import main

N_CALLS = 60
NAMES = ["ant", "hopper", "A_1", "b c", "HalfCheetah-v2", "µ", "x*y", "v2.0 (x)"]
ODD = ["0", "-3", "12,345", "1e-30", "1e30", "999999999999999", "95 %", "1.2k", "5 ± 1", "none"]


def draw_number(rng, centre, spread):
    return f"{rng.gauss(centre, spread * 1.5):.{rng.randint(0, 3)}f}"


def draw_reported(rng, centre, spread):
    """Return a reported result as text, and options that say more of it."""
    value, sd = draw_number(rng, centre, spread), f"{abs(rng.gauss(spread, spread / 4)):.2f}"
    low, high = f"{float(value) - 2 * spread:.2f}", f"{float(value) + 2 * spread:.2f}"
    n = rng.choice(["3", "5", "10", "100"])
    if rng.random() < 0.1:  # not sensible, but typed by somebody
        value, sd = rng.choice(ODD), rng.choice(ODD)
    return rng.choice([
        [f"{value} ± {sd}, n = {n}"], [f"{value} ± {sd}", "--n", n, "--plus-minus", "2sd"],
        [value, "--n", n], [f"mean={value} sd={sd} n={n}"],
        [f"{value} [{low}, {high}]", "--plus-minus", "ci"],
        [f"{value} ({sd})", "--n", n, "--plus-minus", "se"],
        [f"median={value} q1={low} q3={high} n={n}"], [f"median={value} n={n}"],
        [f"iqm={value} ci_low={low} ci_high={high}"], [f"constant={value}"],
        [f"max={high} n={n}"], [f"mean={value} max={high} n={n}"],
        [rf"${value}_{{\pm {sd}}}$", "--n", n], [f"{value} +{sd} -{sd}, n = {n}"],
        [f"p90={high} sd={sd} n={n}"],
    ])  # fmt: skip


def draw_options(rng):
    ways = [
        ["--level", rng.choice(["1%", "0.1"])], ["--between", rng.choice(["0.35", "0"])],
        ["--margin", rng.choice(["10%", "0.5"])], ["--grid", "0.01"],
        ["--scale", rng.choice(["1", "100", "log"])], ["--cap", "1e5"],
        ["--failures", rng.choice(["excluded", "at-cap", "restarted"])],
    ]  # fmt: skip
    form = rng.choice(["text", "markdown", "json"])
    return ["--format", form, *itertools.chain(*rng.sample(ways, rng.choice([0, 0, 1, 1, 2])))]


def write_runs(rng, path, names, centre, spread):
    """Write runs of each name, of which some have no score."""
    runs = [(name, seed) for name in names for seed in range(rng.choice([1, 2, 3, 5, 12, 40]))]
    frame = pd.DataFrame(runs, columns=["task", "seed"])
    scores = [draw_number(rng, centre, spread) for _ in runs]
    frame["score"] = ["nan" if rng.random() < 0.02 else score for score in scores]
    frame["solved"] = [rng.randint(0, 1) for _ in runs]
    if rng.random() < 0.3:
        frame = frame.drop(columns="seed")
    frame.to_csv(path, index=False)


def draw_call(rng, folder):
    """Write the tables of a call into a folder, and return its arguments."""
    centre, spread = rng.choice([(0.8, 0.05), (71.0, 2.0), (-3.0, 1.0), (1.0, 0.0)])
    names, options = rng.sample(NAMES, 4), draw_options(rng)
    runs, table = str(folder / "runs.csv"), str(folder / "reported.csv")
    write_runs(rng, runs, names, centre, spread)
    cell = rng.choice(["{} ± {}", r"${}_{{\pm {}}}$", "**{}** ({})", "{} ± {}†"])
    cells = [cell.format(draw_number(rng, centre, spread), f"{spread:.2f}") for _ in names]
    heading = rng.choice(["score (%)", "mean", "difference"])
    pd.DataFrame({"task": names, heading: cells, "n": 5}).to_csv(table, index=False)
    gap = f"{draw_number(rng, 0, spread)} ± {spread / 2:.3f}, n = 9"
    one, other = draw_reported(rng, centre, spread), draw_reported(rng, centre, spread)
    share = ["--reported", rng.choice(["19/20", "share=0.5 n=7", "successes=3 n=9"])]
    alone, left = ["--where", f"task={names[0]}"], ["--ignore", "solved"]
    more = rng.choice([[], ["--pair", "seed"]])
    return rng.choice([
        [one[0], "--reported", *other], [runs, "--reported", *one],
        [runs, *alone, *left, "--reported", *one], [runs, *left, "--reported", table],
        [runs, "--by", "task", *share, "--ignore", "score"],
        [runs, "--succeeded", "solved", *share, *alone, "--ignore", "score"],
        [runs, "--value", "score", "--by", "task", *left, "--reported", *one],
        [runs, "--value", "score", "--by", "task", *left, "--reported", table],
        [runs, "--difference", *names[:2], *more, *left, "--reported", gap],
    ]) + options  # fmt: skip


def check_call(seed, folder):
    """Hold that a call has an answer or one line; return its exit code."""
    arguments = ["compare", *draw_call(random.Random(seed), folder)]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    out, err = out.getvalue(), err.getvalue()
    assert (code in {0, 2, 65}, bool(out)) == (True, code == 0), (arguments, err)
    if code:
        assert (err.count("\n"), len(err) < 700) == (1, True), arguments
    elif "json" in arguments:
        assert json.loads(out)["verdict"] in {"not contradicted", "contradicted", "cannot tell"}
        assert "NaN" not in out, arguments
    else:
        assert err == "", arguments
        assert all(line.isprintable() for line in out.splitlines()), arguments
        assert not any(hole in out.replace("nance", "") for hole in ("nan", "( to )")), arguments
    return code


def test_calls_get_an_answer_or_one_line(tmp_path):
    codes = Counter(check_call(seed, tmp_path) for seed in range(N_CALLS))
    assert codes[0] >= N_CALLS / 2, "most of them are answered"
