"""What the plan predicted, beside what was found: one row for each range that it fixed."""

import math
from collections.abc import Callable, Iterable

from replication.experiments.instruments.model import Model

SEEN = ("recirculation", "back-propagation", "feedback alignment", "errors through W")
"""Rules for which the law had been computed on 4-2-4 before."""
FULFIL = (*SEEN, "target propagation", "wake-sleep")
"""Rules of one hidden group that fulfil the premise by their equation."""
LARGER = ("8-3-8", "16-4-16", "32-5-32", "64-6-64")
ANY = (-math.inf, math.inf)
Ends = tuple[float, float]
Wanted = Callable[[Model], bool]


def judge_predictions(rows: list[Model], counted: list[Model]) -> list[Model]:
    """Return a row for each prediction: its range, what was found, and whether it came true.

    ``low`` and ``high`` are the ends that the plan fixed, None for an open one; ``least`` and
    ``most`` the smallest and the largest number that was found. A prediction *outside* a range
    comes true if all that was found lies outside.
    """
    quarter = {rule: min(x["rate"] for x in rows if is_case(x, rule)) for rule in SEEN}
    return [
        *judge_ratios(rows, quarter),
        *judge_ranks(rows),
        *judge_failures(rows, counted),
        *judge_controls(rows),
        *judge_foretold(rows),
        *judge_interventions(rows),
    ]


def is_case(row: Model, rule: str, task: str = "4-2-4") -> bool:
    """Return whether a row is of a rule and a task."""
    return bool(row["rule"] == rule and row["task"] == task)


def judge(what: str, found: Iterable[float | None], ends: Ends, *, outside: bool = False) -> Model:
    """Return the row of a prediction; a number that is missing counts as infinite."""
    values = [math.inf if x is None else x for x in found]
    low, high = ends
    is_inside = [low <= x <= high for x in values]
    came_true = not any(is_inside) if outside else all(is_inside)
    return {
        "what": what,
        "outside": outside,
        "low": low if math.isfinite(low) else None,
        "high": high if math.isfinite(high) else None,
        "least": min(values) if math.isfinite(min(values)) else None,
        "most": max(values) if math.isfinite(max(values)) else None,
        "came_true": came_true,
    }


def judge_ratios(rows: list[Model], quarter: dict[str, float]) -> list[Model]:
    """Return the predictions on law / time, the correlation and the multiplier of eta."""

    def is_seen(row: Model) -> bool:
        return row["task"] == "4-2-4" and row["rule"] in SEEN

    def is_slow(row: Model) -> bool:
        return is_seen(row) and row["rate"] == quarter[row["rule"]]

    # Name, which cases, and the ranges of median, percentiles, R² and multiplier.
    groups: list[tuple[str, Wanted, list[Ends]]] = [
        (
            "seen before, a quarter of the best rate",
            is_slow,
            [(0.85, 1.1), (0.7, 1.2), (0.85, 1.0), (0.8, 1.25)],
        ),
        (
            "seen before, best rate",
            lambda x: is_seen(x) and not is_slow(x),
            [(0.9, 1.2), (0.75, 1.35), (0.85, 1.0), (0.9, 1.5)],
        ),
        (
            "target propagation",
            lambda x: is_case(x, "target propagation"),
            [(0.85, 1.15), (0.7, 1.3), (0.85, 1.0), (0.8, 1.25)],
        ),
        (
            "wake-sleep",
            lambda x: is_case(x, "wake-sleep"),
            [(0.8, 1.25), (0.6, 1.5), (0.6, 1.0), (0.7, 1.3)],
        ),
        (
            "8-3-8 to 64-6-64",
            lambda x: x["task"] in LARGER,
            [(0.85, 1.2), (0.75, 1.3), (0.7, 1.0), (0.7, 1.25)],
        ),
        (
            "two hidden groups",
            lambda x: x["task"] == "4-3-2-4",
            [(0.8, 1.2), (0.65, 1.35), (0.8, 1.0), (0.8, 1.3)],
        ),
        ("bars", lambda x: x["task"].startswith("bars"), [(1.1, 1.5), ANY, ANY, (0.0, 0.9)]),
        ("digits", lambda x: x["task"].startswith("digits"), [(1.1, 2.0), ANY, ANY, (0.0, 0.9)]),
        ("predictive coding, 1 step", lambda x: x["rule"].endswith("1 step"), [(0.6, 1.2)]),
    ]
    judged = []
    for name, is_wanted, ranges in groups:
        cases = [row for row in rows if is_wanted(row)]
        lows = [row["ratio"][0] for row in cases]
        highs = [row["ratio"][2] for row in cases]
        columns = (
            ("median of law / time", [row["ratio"][1] for row in cases]),
            ("10th to 90th percentile", lows + highs),
            ("R²", [row["r2"] for row in cases]),
            ("best multiplier of η", [row["multiplier"]["best"] for row in cases]),
        )
        for (measure, found), ends in zip(columns, ranges, strict=False):
            if ends != ANY:
                judged.append(judge(f"{name}: {measure}", found, ends))
    for name, ends in (("bars", (0.6, 0.9)), ("digits", (0.4, 0.9))):
        balanced = [x["balanced"]["ratio"][1] for x in rows if x["task"].startswith(name)]
        judged.append(judge(f"{name}: median of the balanced law / time", balanced, ends))
    for rule, task, ends in (
        ("predictive coding, 64 steps", "4-2-4", (0.75, 1.33)),
        ("contrastive Hebbian", "4-2-4", (0.8, 1.25)),
    ):
        medians = [row["ratio"][1] for row in rows if is_case(row, rule, task)]
        judged.append(judge(f"{rule}: median of law / time", medians, ends, outside=True))
    return judged


def judge_ranks(rows: list[Model]) -> list[Model]:
    """Return the predictions on the rank of times with the first gap of M, at the lower rate."""

    def find(rule: str, key: str) -> list[float | None]:
        cases = [row for row in rows if is_case(row, rule)]
        return [min(cases, key=lambda row: row["rate"])["feedback"][key]]

    judged = []
    for rule, matrix, ends in (
        ("recirculation", "W", (-0.9, -0.5)),
        ("errors through W", "W", (-0.9, -0.5)),
        ("feedback alignment", "B", (-0.9, -0.5)),
        ("target propagation", "Q", (-0.5, -0.1)),
        ("back-propagation", "U", (-0.2, 0.2)),
    ):
        what = f"{rule}: rank correlation of time with the first gap of {matrix}"
        judged.append(judge(what, find(rule, "own"), ends))
    what = "feedback alignment: the same with the first gap of W"
    return [*judged, judge(what, find("feedback alignment", "w"), (-0.2, 0.2))]


def judge_failures(rows: list[Model], counted: list[Model]) -> list[Model]:
    """Return the predictions on who never learns."""
    shares = []
    for row in (*rows, *counted):
        if row["task"] == "4-2-4":
            _, missed, wrong, neither = row["table"]
            n_failed = wrong + neither
            shares.append((missed + wrong) / (n_failed / 10 + row["n"] / 100))
    named = [
        row["named"]["table"] for row in rows if row["rule"] in FULFIL and row["task"] == "4-2-4"
    ]
    caught = [hit / (hit + missed) for hit, _, missed, _ in named if hit + missed > 0]
    right = [hit / (hit + wrong) for hit, wrong, _, _ in named if hit + wrong > 0]
    (of_1988,) = (x["table"] for x in counted if x["rule"] == "recirculation" and x["rate"] == 20.0)
    allowed = "networks on which law and outcome differ, over how many were allowed"
    return [
        judge(f"4-2-4, all rules: {allowed}", shares, (0.0, 1.0)),
        judge("recirculation at 20: such networks", [of_1988[1] + of_1988[2]], (0, 3)),
        judge("named at half the cap, of those that fail", caught, (0.8, 1.0)),
        judge("that fail, of those named", right, (0.9, 1.0)),
    ]


def judge_controls(rows: list[Model]) -> list[Model]:
    """Return the predictions on replayed codes and on other criteria."""
    cases = [row for row in rows if row["task"] == "4-2-4" and row["rule"] in FULFIL]
    replayed = [each["ratio"][1] for row in cases for each in row["replay"].values()]
    others = [row["thresholds"][name]["ratio"][1] for row in cases for name in ("0.03", "0.3")]
    return [
        judge("new decoders on recorded codes: median of law / time", replayed, (0.7, 1.25)),
        judge("criteria of 0.03 and 0.3: median of law / time", others, (0.7, 1.3)),
    ]


def judge_foretold(rows: list[Model]) -> list[Model]:
    """Return the predictions from gaps up to half of the median time."""
    judged = []
    for rule in ("recirculation", "errors through W", "back-propagation"):
        found = [row["foretold"]["0.5"] for row in rows if is_case(row, rule)]
        ranks = [each["ranks"] for each in found]
        beyond = [each["ranks"] + each["ranks_gap"] for each in found]
        judged += [
            judge(f"{rule}, half of the time known: rank correlation", ranks, (0.8, 1.0)),
            judge(f"{rule}: that, less what the gap alone has", beyond, (0.0, math.inf)),
        ]
    carried = [row["foretold"]["0.5"]["ratio"][1] for row in rows if "foretold" in row]
    return [*judged, judge("carried on from half: median of law / time", carried, (0.6, 1.0))]


def judge_interventions(rows: list[Model]) -> list[Model]:
    """Return the predictions on changed starts."""
    off = []
    saved = []
    for row in rows:
        if "changed" not in row:
            continue
        nothing = row["changed"]["nothing"]
        for name in ("other", "room"):
            changed = row["changed"][name]
            times = [nothing["time"], changed["time"], nothing["law"], changed["law"]]
            if None in times:
                off.append(math.inf)
                continue
            saving = nothing["time"] - changed["time"]
            by_law = nothing["law"] - changed["law"]
            off.append(abs(by_law - saving) / nothing["time"])
            if name == "room" and row["rule"] == "back-propagation":
                saved.append(saving / nothing["time"])
    return [
        judge("changed starts: saving by the law less the saving, as a share", off, (0.0, 0.2)),
        judge("back-propagation: share that a start with room saves", saved, (0.1, 1.0)),
    ]
