"""Sensible calls of `compare`, drawn from a grammar: each gets an answer, or one line."""

import contextlib
import io
import itertools
import json
import random
from collections import Counter

import pandas as pd
import pytest

from replication.cli import main

N_CALLS = 60
NAMES = ["ant", "hopper", "A_1", "b c", "HalfCheetah-v2", "µ", "x*y", "v2.0 (x)"]


def _draw_number(rng, centre, spread):
    return f"{rng.gauss(centre, spread * 1.5):.{rng.randint(0, 3)}f}"


def _draw_reported(rng, centre, spread):
    """Return a reported result as text, and options that say more of it."""
    value, sd = _draw_number(rng, centre, spread), f"{abs(rng.gauss(spread, spread / 4)):.2f}"
    n = rng.choice(["3", "5", "10", "100"])
    low, high = f"{float(value) - 2 * spread:.2f}", f"{float(value) + 2 * spread:.2f}"
    return rng.choice([
        [f"{value} ± {sd}, n = {n}"], [value, "--n", n], [f"mean={value} sd={sd} n={n}"],
        [f"{value} [{low}, {high}]"], [f"{value} ({sd})", "--n", n, "--plus-minus", "se"],
        [f"median={value} q1={low} q3={high} n={n}"], [f"median={value} n={n}"],
        [f"iqm={value}", "--ci", low, high], [f"constant={value}"], [f"max={high} n={n}"],
        [f"mean={value} max={high} n={n}"], [rf"${value}_{{\pm {sd}}}$", "--n", n],
        [f"{value} ± {sd}", "--runs", n, "--std", sd], [f"p90={high} n={n} mean={value}"],
        [f"{value} +{sd} -{sd}, n = {n}"], [f"sd={sd} n={n}"],
    ])  # fmt: skip


def _draw_options(rng, spread, kind):
    ways = [
        ["--level", rng.choice(["1%", "0.1", "5%"])], ["--between", rng.choice(["0.35", "0"])],
        ["--margin", rng.choice(["10%", f"{spread:.2f}"])], ["--bounds", "none", "1e6"],
        ["--plus-minus", rng.choice(["sd", "se", "2sd", "90% ci", "ci normal", "sd n-1", "t"])],
        ["--scale", rng.choice(["1", "100", "log"])], ["--grid", "0.001"],
        ["--failures", rng.choice(["excluded", "at-cap", "restarted"])], ["--cap", "1e5"],
    ]  # fmt: skip
    if kind == "table":
        ways.append(["--between", "estimate"])
    chosen = rng.sample(ways, rng.choice([0, 0, 1, 1, 2]))
    form = rng.choice(["text", "markdown", "json", *["latex", "csv"] * (kind == "table")])
    return ["--format", form, *itertools.chain(*chosen)]


def _write_runs(rng, path, names, centre, spread):
    """Write runs of each name, of which some have no score."""
    runs = [(name, seed) for name in names for seed in range(rng.choice([1, 2, 3, 5, 12, 40]))]
    frame = pd.DataFrame(runs, columns=["task", "seed"])
    frame["score"] = [
        "nan" if rng.random() < 0.02 else _draw_number(rng, centre, spread) for _ in runs
    ]
    frame["solved"] = [rng.randint(0, 1) for _ in runs]
    frame = frame.drop(columns=[name for name in ("seed", "solved") if rng.random() < 0.3])
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_json(path, orient="records", lines=True)


def draw_call(rng, folder):
    """Write the tables of a call into a folder, and return its arguments."""
    centre, spread = rng.choice([(0.8, 0.05), (71.0, 2.0), (480.0, 60.0), (-3.0, 1.0), (1.0, 0.0)])
    kind = rng.choice(["one", "table", "table", "share", "texts", "difference"])
    names, options = rng.sample(NAMES, 4), _draw_options(rng, spread, kind)
    path, reported = folder / rng.choice(["runs.csv", "runs.jsonl"]), folder / "reported.csv"
    _write_runs(rng, path, names, centre, spread)
    column = ["--column", "score"] if rng.random() < 0.7 else []
    if kind == "texts":
        own = _draw_reported(rng, centre, spread)[0]
        return [own, "--reported", *_draw_reported(rng, centre, spread), *options]
    if kind == "share":
        ways = "--share 19/20", "--share 0.5 --n 7", "--reported 13/20", "--successes 3 --n 9"
        more = ["--succeeded", "solved"] * (rng.random() < 0.6) + rng.choice(ways).split()
        return [str(path), *more, *options]
    if kind == "difference":
        more = ["--pair", "seed"] * (rng.random() < 0.5) + ["--evidence"] * (rng.random() < 0.5)
        gap = f"{_draw_number(rng, 0, spread)} ± {spread / 2:.3f}, n = 9"
        return [str(path), *column, "--difference", *names[:2], *more, "--reported", gap, *options]
    if kind == "one":
        return [str(path), *column, "--reported", *_draw_reported(rng, centre, spread), *options]
    cell = rng.choice(["{} ± {}", r"${}_{{\pm {}}}$", "**{}** ({})", "{} ± {}†"])
    cells = [cell.format(_draw_number(rng, centre, spread), f"{spread:.2f}") for _ in names]
    heading = rng.choice(["acc (%)", "mean", "difference"])
    pd.DataFrame({"task": names, heading: cells, "n": 5}).to_csv(reported, index=False)
    by = ["--by", "task"] if rng.random() < 0.3 else []
    return [str(path), *column, *by, "--reported", str(reported), *options]


def check_call(seed, folder):
    """Hold that a call has an answer or one line; return its exit code."""
    arguments = ["compare", *draw_call(random.Random(seed), folder)]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    out, err = out.getvalue(), err.getvalue()
    assert code in {0, 2, 65}, (arguments, err)
    assert bool(out) == (code == 0), arguments
    if code:
        assert err.count("\n") == 1, arguments
        assert len(err) < 700, arguments
    elif "json" in arguments:
        plain = json.loads(out)
        assert plain["verdict"] in {"not contradicted", "contradicted", "cannot tell"}
        assert "NaN" not in out, arguments
    else:
        assert err == "", arguments
        assert all(line.isprintable() for line in out.splitlines()), arguments
        assert "nan" not in out.replace("nance", ""), arguments
        assert "( to )" not in out, arguments
    return code


@pytest.mark.usefixtures("few_resamples")
def test_sensible_calls_get_an_answer_or_one_line(tmp_path):
    codes = Counter(check_call(seed, tmp_path) for seed in range(N_CALLS))
    assert codes[0] >= N_CALLS / 2, "most of them are answered"
