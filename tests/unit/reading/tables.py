"""Random tables of runs and of reports, as people write them, with what they truly say."""

import dataclasses
import json

import numpy as np

WORDS = ["ant", "hopper", "walker"]
TASKS = [WORDS, WORDS, ["Half-Cheetah", "Hopper", "Ant"], ["A", "B", "C"], ["v1", "v1.5", "v2"],
         ["64", "128", "256"], ["1e3", "1e4", "1e5"]]  # fmt: skip
UNITS = ["", "", "", " s", " ms", "%"]
SCALES = [(0.8, 0.03), (83.0, 2.0), (1250.0, 60.0), (12500.0, 800.0), (-3.2, 0.4), (0.004, 0.0005)]
RUN_FORMATS = ["csv", "csv", "csv", "tsv", "semicolon", "jsonl", "markdown"]
REPORT_FORMATS = ["csv", "csv", "tsv", "semicolon", "markdown", "latex"]
SHAPES = ["columns", "columns", "plus-minus", "plus-minus", "brackets", "wide", "interval", "rows"]


@dataclasses.dataclass
class Case:
    """Two tables, what they say, and all that could be said of them."""

    own: str
    report: str
    means: dict  # of your runs, by key
    counts: dict  # of your runs, by key
    reported: dict  # mean and spread, as floats, by key
    options: dict  # what answers every question
    what: dict  # how the tables were made


class Maker:
    """Draws a case."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.tasks = self.pick(TASKS)
        self.centre, self.sd = self.pick(SCALES)
        self.digits = max(0, 2 - int(np.floor(np.log10(self.sd)))) if self.sd < 10 else 1
        self.key = self.pick(["task", "Task", "env", "dataset"])
        self.value = self.pick(["score", "acc", "return", "eval/reward"])
        self.unit = self.pick(UNITS)
        self.n = int(self.rng.integers(3, 8))
        self.options = {}

    def pick(self, choices):
        return choices[int(self.rng.integers(len(choices)))]

    def chance(self, p):
        return bool(self.rng.random() < p)

    def write(self, value, mark, *, groups=False, unit=""):
        """Return a number as it is printed."""
        text = f"{value:,.{self.digits}f}" if groups else f"{value:.{self.digits}f}"
        if mark == ",":
            text = text.replace(",", "_").replace(".", ",").replace("_", ".")
        return text + unit


def make_case(seed):
    """Return a random case."""
    maker = Maker(seed)
    own, means, counts, what = make_own(maker)
    report, reported, more = make_report(maker)
    return Case(own, report, means, counts, reported, maker.options, what | more)


def make_own(maker):
    """Return a table of runs, with the mean and the number of runs of each task."""
    form = maker.pick(RUN_FORMATS)
    mark = "," if form == "semicolon" or (form == "tsv" and maker.chance(0.3)) else "."
    groups = form not in ("csv", "jsonl") and maker.chance(0.15)
    is_log = maker.chance(0.1)
    names, rows = [maker.key, "seed", maker.value], []
    for task in maker.tasks:
        for seed in range(maker.n):
            values = maker.rng.normal(maker.centre, maker.sd, 4 if is_log else 1)
            for step, value in enumerate(values):
                rows.append([task, str(seed), value, str(step + 1)])
    means, counts = {}, {}
    printed = []
    for place, (task, seed, value, step) in enumerate(rows):
        text = maker.write(value, mark, groups=groups, unit=maker.unit)
        is_missing = maker.chance(0.03) and not is_log
        printed.append([task, seed, maker.pick(["", "nan", "n/a", "-"]) if is_missing else text])
        if not is_missing and (not is_log or step == "4"):
            plain = float(f"{value:.{maker.digits}f}")
            means.setdefault(task, []).append(plain)
        if is_log:
            printed[-1].append(step)
        add_columns(maker, printed[-1], place, len(rows), is_log=is_log)
    if is_log:
        names.append("step")
        maker.options["take"] = "last"
    names += list_extra(maker, is_log=is_log)
    counts = {task: len(values) for task, values in means.items()}
    means = {task: float(np.mean(values)) for task, values in means.items()}
    if not maker.chance(0.8) and not is_log:  # without seeds
        names.pop(1)
        printed = [row[:1] + row[2:] for row in printed]
    maker.options["value"] = maker.value
    maker.options["by"] = maker.key
    what = {"own": form, "mark": mark, "log": is_log, "groups": groups, "unit": maker.unit}
    return lay_out(form, names, printed), means, counts, what


def list_extra(maker, *, is_log):
    """Return the names of columns beside the values; drawn once for a table."""
    return [] if is_log else [name for name, _ in get_extra(maker)]


def get_extra(maker):
    if not hasattr(maker, "extra"):
        kinds = [("lr", "constant"), ("crashed", "flag"), ("time", "clock"), ("loss", "metric"),
                 ("host", "label"), ("batch_size", "setting")]  # fmt: skip
        maker.extra = [kind for kind in kinds if maker.chance(0.06)]
        left = [name for name, _ in maker.extra]
        if left:
            maker.options["ignore"] = ",".join(left)
    return maker.extra


def add_columns(maker, row, place, n_rows, *, is_log):
    """Add what stands beside the values."""
    for _, kind in [] if is_log else get_extra(maker):
        cell = {
            "constant": "0.1", "flag": str(int(place % 4 == 0)), "clock": str(1000 + 7 * place),
            "metric": f"{maker.rng.random():.4f}", "label": f"node{place % 3}",
            "setting": str(32 * (1 + place % 2)),
        }[kind]  # fmt: skip
        row.append(cell)


def make_report(maker):
    """Return a report, with the mean and the spread of each task."""
    form, shape = maker.pick(REPORT_FORMATS), maker.pick(SHAPES)
    mark = "," if form == "semicolon" or (form == "tsv" and maker.chance(0.3)) else "."
    unit = "%" if maker.unit == "%" else ""
    reported = {}
    for task in maker.tasks:
        mean, sd = maker.rng.normal(maker.centre, maker.sd), maker.sd * maker.rng.uniform(0.5, 1.5)
        reported[task] = [float(f"{x:.{maker.digits}f}") for x in (mean, sd)]
    rows = {task: [maker.write(x, mark, unit=unit) for x in reported[task]] for task in maker.tasks}
    names, cells = SHAPE_WRITERS[shape](maker, rows, mark, form)
    maker.options["n"] = "5"
    if maker.chance(0.2) and shape != "rows":
        names, cells = [*names, "note"], [[*row, "ours"] for row in cells]
    if shape in ("brackets", "plus-minus", "wide"):
        maker.options["plus_minus"] = "sd"
    if shape == "interval":
        maker.options["plus_minus"] = "ci"
    return lay_out(form, names, cells), reported, {"report": form, "shape": shape}


def write_columns(maker, rows, mark, form):
    mean, sd = maker.pick([("mean", "sd"), ("Mean", "Std"), (f"{maker.value}_mean",
                           f"{maker.value}_std"), ("average", "standard deviation")])  # fmt: skip
    return [maker.key, mean, sd, "n"], [[task, *row, "5"] for task, row in rows.items()]


def write_plus_minus(maker, rows, mark, form):
    sign = r"$\pm$" if form == "latex" else "±"
    return [maker.key, maker.value], [[task, f"{m} {sign} {s}"] for task, (m, s) in rows.items()]


def write_brackets(maker, rows, mark, form):
    heading = maker.pick([maker.value, f"{maker.value} (SD)", "mean (std)"])
    return [maker.key, heading], [[task, f"{m} ({s})"] for task, (m, s) in rows.items()]


def write_interval(maker, rows, mark, form):
    cells = []
    for task, (mean, sd) in rows.items():
        values = [float(x.rstrip("%").replace(",", ".")) for x in (mean, sd)]
        unit = "%" if mean.endswith("%") else ""
        low, high = (maker.write(values[0] + sign * values[1], mark, unit=unit) for sign in (-1, 1))
        cells.append([task, f"{mean} [{low}; {high}]"])
    return [maker.key, maker.value], cells


def write_wide(maker, rows, mark, form):
    sign = r"$\pm$" if form == "latex" else "±"
    return ["method", *rows], [["PPO", *(f"{m} {sign} {s}" for m, s in rows.values())]]


def write_rows(maker, rows, mark, form):
    names = list(rows)
    return ["statistic", *names], [["mean", *(rows[name][0] for name in names)],
                                   ["std", *(rows[name][1] for name in names)]]  # fmt: skip


SHAPE_WRITERS = {"columns": write_columns, "plus-minus": write_plus_minus,
                 "brackets": write_brackets, "interval": write_interval, "wide": write_wide,
                 "rows": write_rows}  # fmt: skip


def lay_out(form, names, rows):
    """Return a table as a file of a format."""
    if form == "jsonl":
        return "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows)
    if form == "markdown":
        lines = [names, ["---"] * len(names), *rows]
        return "\n".join(f"| {' | '.join(row)} |" for row in lines)
    if form == "latex":
        body = "\n".join(" & ".join(row).replace("%", r"\%") + r" \\" for row in [names, *rows])
        return f"\\begin{{tabular}}{{{'l' * len(names)}}}\n{body}\n\\end{{tabular}}"
    separator = {"csv": ",", "tsv": "\t", "semicolon": ";"}[form]
    quote = (lambda cell: f'"{cell}"') if form == "csv" else str
    return "\n".join(
        separator.join(quote(cell) if separator in cell else cell for cell in row)
        for row in [names, *rows]
    )


# -- exports of trackers, and tables of two keys ---------------------------------------------------


def make_export(seed):
    """Return a random case of runs as a program keeps them, or of a table of two keys."""
    maker = Maker(seed)
    maker.unit = ""
    form = maker.pick(["mlflow", "wandb runs", "wandb lines", "two keys"])
    own, values = EXPORT_WRITERS[form](maker)
    means = {key: float(np.mean(each)) for key, each in values.items()}
    counts = {key: len(each) for key, each in values.items()}
    report, reported = report_keys(maker, list(values), form)
    maker.options |= {"n": "5", "plus_minus": "sd", "value": maker.value}
    what = {"own": form, "report": "csv", "shape": "columns"}
    return Case(own, report, means, counts, reported, maker.options, what)


def draw_value(maker):
    return float(maker.write(maker.rng.normal(maker.centre, maker.sd), "."))


def write_mlflow(maker):
    """A row for each run, with its status; what failed has a value, too."""
    names = ["Start Time", "Duration", "Run ID", "Name", "User", "Status", maker.key, maker.value]
    return write_runs(maker, names, ["FAILED", "KILLED"], "FINISHED")


def write_wandb_runs(maker):
    """A row for each run, with its state; what crashed has a value, too."""
    names = ["Created", "Runtime", "ID", "Name", "User", "State", maker.key, maker.value]
    return write_runs(maker, names, ["crashed", "running"], "finished")


def write_runs(maker, names, bad, good):
    values = {(task,): [] for task in maker.tasks}
    rows = []
    for task in maker.tasks:
        for place in range(maker.n):
            is_bad = place > 1 and maker.chance(0.2)
            value = draw_value(maker)
            if not is_bad:
                values[task,].append(value)
            date = f"2024-03-{len(rows) + 1:02d} 10:00:00"
            run = [date, f"{maker.rng.random():.2f}", f"r{len(rows)}", f"brave-{len(rows)}", "me"]
            state = maker.pick(bad) if is_bad else good
            rows.append([*run, state, task, f"{value:.{maker.digits}f}"])
    maker.options["by"] = maker.key
    return lay_out("csv", names, rows), values


def write_wandb_lines(maker):
    """A column for each run beside the step, with its ends, of which lines have none of their own.

    Each run logs at its own steps, so that cells are missing.
    """
    runs = [f"run-{place + 1}" for place in range(maker.n)]
    names = ["Step"]
    for run in runs:
        names += [f"{run} - {maker.value}{end}" for end in ("", "__MIN", "__MAX")]
    rows = []
    last = {}
    for step in range(1, 6):
        row = [str(step)]
        for run in runs:
            has_value = step in (1, 5) or maker.chance(0.7)
            value = draw_value(maker)
            if has_value:
                last[run] = value
            row += [f"{value:.{maker.digits}f}" if has_value else ""] * 3
        rows.append(row)
    maker.options["take"] = "last"
    return lay_out("csv", names, rows), {(): list(last.values())}


def write_two_keys(maker):
    """Each method on each task, with seeds that all share; a run may be missing."""
    methods = ["PPO", "SAC"]
    values, rows = {}, []
    for method in methods:
        for task in maker.tasks:
            values[method, task] = []
            for seed in range(maker.n):
                value = draw_value(maker)
                is_missing = seed > 0 and maker.chance(0.05)
                if not is_missing:
                    values[method, task].append(value)
                text = "" if is_missing else f"{value:.{maker.digits}f}"
                rows.append([method, task, str(seed), text])
    maker.options["by"] = f"method,{maker.key}"
    return lay_out("csv", ["method", maker.key, "seed", maker.value], rows), values


def report_keys(maker, keys, form):
    """Return a report with a row for each key, in an order of its own."""
    names = {0: [], 1: [maker.key], 2: ["method", maker.key]}[len(keys[0])]
    reported, rows = {}, []
    for place in maker.rng.permutation(len(keys)):
        numbers = [draw_value(maker), round(maker.sd * maker.rng.uniform(0.5, 1.5), maker.digits)]
        reported[keys[place]] = numbers
        rows.append([*keys[place], *(f"{x:.{maker.digits}f}" for x in numbers), "5"])
    return lay_out("csv", [*names, "mean", "sd", "n"], rows), reported


EXPORT_WRITERS = {
    "mlflow": write_mlflow,
    "wandb runs": write_wandb_runs,
    "wandb lines": write_wandb_lines,
    "two keys": write_two_keys,
}
