"""Sensible calls of `compare`, drawn from a grammar: each gets an answer, or one line."""

import contextlib
import io
import itertools
import json
import random
from collections import Counter

import pytest

from replication.cli import main

N_CALLS = 60


def _draw_number(rng, centre, spread):
    value = rng.gauss(centre, spread * 1.5)
    return f"{value:.{rng.randint(0, 3)}f}"


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


def _draw_options(rng, spread, is_table):
    ways = [
        ["--level", rng.choice(["1%", "0.1", "5%"])], ["--between", rng.choice(["0.35", "0"])],
        ["--margin", rng.choice(["10%", f"{spread:.2f}"])], ["--bounds", "none", "1e6"],
        ["--plus-minus", rng.choice(["sd", "se", "2sd", "90% ci", "ci normal", "sd n-1", "t"])],
        ["--scale", rng.choice(["1", "100", "log"])], ["--grid", "0.001"],
        ["--failures", rng.choice(["excluded", "at-cap", "restarted"])], ["--cap", "1e5"],
    ]  # fmt: skip
    if is_table:
        ways.append(["--between", "estimate"])
    chosen = rng.sample(ways, rng.choice([0, 0, 1, 1, 2]))
    form = rng.choice(["text", "markdown", "latex", "csv", "json"])
    return ["--format", form, *itertools.chain(*chosen)]


def draw_call(rng, folder):
    """Write the tables of a call into a folder, and return its arguments."""
    centre, spread = rng.choice([(0.8, 0.05), (71.0, 2.0), (480.0, 60.0), (-3.0, 1.0), (1.0, 0.0)])
    names = rng.sample(["ant", "hopper", "A_1", "b c", "HalfCheetah-v2", "µ", "x*y", "v2.0 (x)"], 4)
    kind = rng.choice(
        ["one", "one", "table", "wide", "share", "texts", "difference", "log", "gaps"]
    )
    n_runs = rng.choice([1, 2, 3, 5, 12, 40])
    rows = []
    for name in names:
        for seed in range(n_runs):
            for step in range(3 if kind == "log" else 1):
                value = rng.choice(["", "nan"]) if rng.random() < 0.02 else (
                    _draw_number(rng, centre, spread))  # fmt: skip
                rows.append({
                    "task": name, "method": "AB"[seed % 2], "step": step, "score": value,
                    "seed": seed // 2 if kind == "gaps" else seed, "solved": rng.randint(0, 1),
                })  # fmt: skip
    columns = [
        "task",
        *{"gaps": ["method"], "log": ["step"]}.get(kind, []),
        "seed",
        "score",
        "solved",
    ]
    columns = [
        name for name in columns if name in {"score", "task", "method"} or rng.random() < 0.7
    ]
    path = folder / rng.choice(["runs.csv", "runs.jsonl"])
    if path.suffix == ".csv":
        lines = [columns, *([str(row[name]) for name in columns] for row in rows)]
        path.write_text("\n".join(",".join(line) for line in lines) + "\n")
    else:
        path.write_text(
            "\n".join(json.dumps({name: row[name] for name in columns}) for row in rows)
        )
    options = _draw_options(rng, spread, kind in {"table", "wide", "log", "gaps"})
    column = ["--column", "score"] if rng.random() < 0.7 else []
    if kind == "texts":
        own = _draw_reported(rng, centre, spread)[0]
        return [own, "--reported", *_draw_reported(rng, centre, spread), *options]
    if kind == "share":
        ways = "--share 19/20", "--share 0.5 --n 7", "--reported 13/20", "--successes 3 --n 9"
        share = rng.choice(ways).split()
        return [str(path), *(["--succeeded", "solved"] * (rng.random() < 0.6)), *share, *options]
    if kind == "difference":
        pair = ["--pair", "seed"] * (rng.random() < 0.5)
        more = ["--evidence"] * (rng.random() < 0.5)
        gap = f"{_draw_number(rng, 0, spread)} ± {spread / 2:.3f}"
        return [str(path), *column, "--difference", *names[:2], *pair, *more, "--reported", gap,
                "--n", "9", *options]  # fmt: skip
    if kind == "one":
        return [str(path), *column, "--reported", *_draw_reported(rng, centre, spread), *options]
    cell = rng.choice(["{} ± {}", r"${}_{{\pm {}}}$", "**{}** ({})", "{} ± {}†"])
    cells = {
        name: cell.format(_draw_number(rng, centre, spread), f"{spread:.2f}") for name in names
    }
    theirs, mark = (
        folder / rng.choice(["t.md", "t.csv", "t.tex"]),
        rng.choice(["acc (%)", "mean", "difference"]),
    )
    table = [["task", mark, "n"], *([name, cells[name], "5"] for name in names)]
    more = []
    if kind == "gaps":
        more = ["--difference", "A", "B", *["--pair", "seed"] * (rng.random() < 0.4)]
    if kind == "wide":
        table, more = [["method", *names], ["ours", *cells.values()]], ["--n", "5"]
    forms = {".md": ("| ", " | ", " |"), ".csv": ("", ",", ""), ".tex": ("", " & ", r" \\")}
    ends = forms[theirs.suffix]
    if theirs.suffix == ".tex":
        table = [
            [cell.replace("%", r"\%").replace("_1", r"\_1") for cell in line] for line in table
        ]
    lines = [ends[0] + ends[1].join(line) + ends[2] for line in table]
    if theirs.suffix == ".md":
        lines.insert(1, "|" + "--|" * len(table[0]))
    theirs.write_text("\n".join(lines) + "\n")
    by = ["--by", "task"] if rng.random() < 0.3 else []
    return [str(path), *column, *by, "--reported", str(theirs), *more, *options]


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
