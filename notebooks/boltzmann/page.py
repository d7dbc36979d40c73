"""Tables, sentences and figures of the page, all from the published results."""

import textwrap
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import replication
from replication import Protocol

from .judging import LAST_TESTS, describe_large, read_times
from .rule import build_encoder
from .runs import MOST_CYCLES, PROCESSES, find_seed

Results = dict[str, Any]

COLOURS = {"R1": "#1b6ca8", "N": "#c44e52", "NP": "#4b8b3b"}
FACTS = ["4-2-4", "4-3-4", "8-3-8", "remained", "completion", "distance", "cosine"]
MISREAD = textwrap.fill(
    "Unless we misread the procedure, which is the first thing to suspect (the text leaves choices "
    "open, and these three processes are not all that fit it):",
    width=88,
)


# Sentences


def list_contradicted(results: Results) -> dict[str, list[str]]:
    """Return the facts that each reading contradicts, by reading."""
    return {
        name: [fact["name"] for fact in facts if fact["decision"] == "contradicted"]
        for name, facts in results["readings"].items()
    }


def say_verdict(results: Results) -> str:
    """Return the verdict, with the condition that the plan gives it."""
    contradicted = list_contradicted(results)
    if results["verdict"] == "replicates":
        compatible = []
        for name, facts in results["readings"].items():
            if all(fact["decision"] == "compatible" for fact in facts):
                compatible.append(name)
        return f"The text replicates: all seven facts are compatible under {', '.join(compatible)}."
    if results["verdict"] == "contradicted as printed":
        lines = [MISREAD, "Contradicted as printed. Each reading contradicts at least one fact:"]
        lines += [f"  {name}: {', '.join(facts)}" for name, facts in contradicted.items()]
        return "\n".join(lines)
    spared = [name for name, facts in contradicted.items() if not facts]
    lines = [
        MISREAD,
        "The text underdetermines it. No reading makes all seven facts compatible, and "
        f"{'; '.join(spared)} contradicts none. Contradicted are, by the others:",
    ]
    lines += [f"  {name}: {', '.join(facts)}" for name, facts in contradicted.items() if facts]
    return "\n".join(lines)


def count_predictions(results: Results) -> str:
    """Return how many predictions for 40-10-40 hold."""
    n_held = sum(prediction["holds"] for prediction in results["predictions"])
    return f"Of the predictions for 40-10-40, {n_held} of {len(results['predictions'])} hold."


def show_p(p: float) -> str:
    """Return a probability with as many digits as are known."""
    if p < 0.001:
        return "< 0.001"
    if p < 0.1:
        return f"{p:.3f}"
    return f"{p:.2f}"


# Tables


def tabulate_facts(results: Results) -> pd.DataFrame:
    """Return what each reading says of each fact."""
    rows = {}
    for reading, facts in results["readings"].items():
        by_name = {fact["name"]: fact for fact in facts}
        rows[reading] = {name: show_fact(by_name[name]) for name in FACTS}
    return pd.DataFrame(rows)


def show_fact(fact: dict[str, Any]) -> str:
    """Return a decision with its p."""
    return f"{fact['decision']}, {show_p(fact['p'])}"


def tabulate_times(results: Results, encoder: str) -> pd.DataFrame:
    """Return the time to a solution of an encoder, by reading."""
    rows = {}
    for name, times in results["times"].items():
        if name.startswith(f"{encoder} "):
            longest = [show_cycle(cycle) for cycle in times["longest_95"]]
            medians = [show_cycle(cycle) for cycle in times["medians_95"]]
            rows[name.removeprefix(f"{encoder} ")] = {
                "machines": f"{times['machines']:,}",
                "by the printed longest": f"{times['share_by_longest']:.1%}",
                "by 4,000": f"{times['share_by_4000']:.1%}",
                "all of a study": show_p(times["probability_all"]),
                "median": show_cycle(times["median"]),
                "medians of studies": " to ".join(medians),
                "longest of studies": " to ".join(longest),
            }
    return pd.DataFrame(rows).T


def show_cycle(cycle: float | None) -> str:
    """Return a cycle, or "never" if it is None or beyond the cap.

    A median is beyond the cap if one of its two middle cycles is `NEVER`.
    """
    return "never" if cycle is None or cycle > MOST_CYCLES else f"{cycle:,.0f}"


def tabulate_predictions(results: Results) -> pd.DataFrame:
    """Return the predictions for 40-10-40 with the measured values."""
    rows: dict[str, dict[str, str]] = {}
    for prediction in results["predictions"]:
        row = rows.setdefault(prediction["prediction"], {})
        limits = f"{prediction['low']:.1%} to {prediction['high']:.1%}"
        outcome = "holds" if prediction["holds"] else "fails"
        row[prediction["process"]] = f"{prediction['value']:.1%} ({limits}), {outcome}"
    return pd.DataFrame(rows).T.reindex(columns=list(PROCESSES)).fillna("")


def tabulate_course(results: Results) -> pd.DataFrame:
    """Return the completion of 40-10-40 over cycles: with noise until cycle 800, then without."""
    rows = {}
    for process in PROCESSES:
        tests, right = read_completion(results, process)
        means = dict(zip(tests, right.mean(axis=1), strict=True))
        noisy = [cycle for cycle in tests if 300 < cycle <= 800]
        clean = [cycle for cycle in tests if cycle > 800]
        best_noisy = max(noisy, key=means.__getitem__)
        best_clean = max(clean, key=means.__getitem__)
        later = right[tests.index(1800)]
        sooner = right[tests.index(best_clean)]
        rows[process] = {
            "best with noise": f"{means[best_noisy]:.1%} at {best_noisy:,}",
            "the last with noise": f"{means[800]:.1%} at 800",
            "best without": f"{means[best_clean]:.1%} at {best_clean:,}",
            "the last": f"{means[1800]:.1%} at 1,800",
            "machines that are worse then": f"{np.sum(later < sooner)} of {len(later)}",
            "best test of any machine": f"{right.max():.1%}",
        }
    return pd.DataFrame(rows)


def read_completion(results: Results, process: str) -> tuple[list[int], np.ndarray]:
    """Return the cycles of the tests of 40-10-40 machines, and the share right (test, machine)."""
    columns = results["runs"][f"40-10-40 {process}"]
    # Names such as "right_800".
    names = [name for name in columns if name.startswith("right_")]
    tests = sorted(int(name.removeprefix("right_")) for name in names)
    return tests, np.array([columns[f"right_{cycle}"] for cycle in tests]) / 400


def tabulate_remaining(results: Results) -> pd.DataFrame:
    """Return how many machines keep a solution, and the weight that Figure 2 prints as -30."""
    rows = {}
    for process in PROCESSES:
        kept = results["remained"][process]
        weights = results["figure_2"][process]
        # By the number of checks; there is one every ten cycles.
        row = {f"kept for {n}0 cycles": f"{kept[n]:.1%}" for n in ("10", "100")}
        for n_bits, words in (("1", "one bit apart"), ("2", "two bits")):
            quantiles = weights[n_bits]["quantiles"]
            # The median, and the interval of 95 %; none if no machine has such codes.
            cell = "{1:.0f} ({0:.0f} to {2:.0f})".format(*quantiles) if quantiles else "none"
            row[f"weight at 120, {words}"] = cell
        rows[process] = row
    return pd.DataFrame(rows).T


def tabulate_programs(results: Results) -> pd.DataFrame:
    """Return how well the two programs agree, a row for each pair of runs."""
    rows = {}
    for comparison in results["programs"]:
        first, second = comparison["machines"]
        rows[comparison["run"]] = {
            "machines": f"{first:,} and {second:,}",
            "p": show_p(comparison["p"]),
            "power against 10 % longer": f"{comparison['power']:.0%}",
        }
    return pd.DataFrame(rows).T


# Figures


def draw_machine(panel: Axes, machine: int, cycles: int) -> None:
    """Draw the inputs of both hidden units from each vector, cycle by cycle, for a machine of R1."""
    rule = build_encoder(4, 2, until="held")
    protocol = Protocol(threshold=0.5, max_updates=cycles)
    seeds = {"seed": machine, "root_seed": find_seed("4-2-4 R1")}
    weights = replication.trace(protocol, network=rule, **seeds).matrices().W
    biases = np.diagonal(weights, axis1=1, axis2=2)[:, 8:]
    inputs = weights[:, 8:, :4] + weights[:, 8:, 4:8] + biases[:, :, np.newaxis]
    panel.axhline(0, color="0.7", linewidth=0.8)
    panel.axvline(0, color="0.7", linewidth=0.8)
    for vector in range(4):
        x = inputs[:, 0, vector]
        y = inputs[:, 1, vector]
        panel.plot(x, y, linewidth=0.9, alpha=0.7, color=f"C{vector}")
        panel.plot(x[-1:], y[-1:], "o", markersize=7, color=f"C{vector}")
        panel.annotate(str(vector + 1), (x[-1], y[-1]), xytext=(6, 4), textcoords="offset points")
    largest = 1.15 * np.abs(inputs).max()
    panel.set(xlim=(-largest, largest), ylim=(-largest, largest), aspect="equal")
    panel.set(xlabel="input to hidden unit 1", ylabel="input to hidden unit 2")


def draw_two_machines(results: Results) -> Figure:
    """Draw the first machine of R1, and the first that has no solution by cycle 1,810."""
    times = read_times(results["runs"]["4-2-4 R1"], "solved")
    late = int(np.flatnonzero(times > 1810)[0])
    figure, panels = plt.subplots(1, 2, figsize=(9, 4.4))
    draw_machine(panels[0], 0, int(min(times[0], 1810)))
    panels[0].set_title(f"Machine 0: four codes after {times[0]:,} cycles")
    draw_machine(panels[1], late, 1810)
    panels[1].set_title(f"Machine {late}: none after 1,810 cycles")
    figure.tight_layout()
    return figure


def draw_times(results: Results) -> Figure:
    """Draw the share of machines without a solution by cycle, with the two printed numbers."""
    figure, panel = plt.subplots(figsize=(7.5, 4.4))
    cycles = np.unique(np.geomspace(5, 4000, 400).astype(int))
    for process in PROCESSES:
        for column, style, words in (
            ("solved", "-", "every cycle"),
            ("solved_tenth", ":", "every tenth"),
        ):
            times = read_times(results["runs"][f"4-2-4 {process}"], column)
            shares = (times[:, np.newaxis] > cycles).mean(axis=0)
            label = f"{process}, {words}"
            panel.plot(cycles, shares, style, color=COLOURS[process], label=label, linewidth=1.3)
    panel.plot([110], [0.5], "ko", markersize=5)
    panel.text(130, 0.55, "printed median 110")
    # Shares with which 1,810 is the longest of 250 in 95 % of studies.
    low, high = (1.0 - p ** (1 / 250) for p in (0.975, 0.025))
    panel.plot([1810, 1810], [low, high], "k-", linewidth=3)
    panel.text(1650, 2.2e-3, "longest of 250\nat 1,810 (95 %)", ha="right")
    panel.set(xscale="log", yscale="log", xlim=(5, 4000), ylim=(8e-4, 1.1))
    panel.set(xlabel="learning cycle", ylabel="machines without four codes")
    panel.legend(fontsize=8, frameon=False, loc="lower left")
    figure.tight_layout()
    return figure


def draw_completion(results: Results) -> Figure:
    """Draw the completion of 40-10-40 machines, test by test, with the printed 98.6 %."""
    figure, panels = plt.subplots(1, 3, figsize=(9.5, 3.3), sharey=True)
    for panel, process in zip(panels, PROCESSES, strict=True):
        tests, right = read_completion(results, process)
        panel.plot(tests, right, color=COLOURS[process], linewidth=0.5, alpha=0.4)
        panel.plot(tests, right.mean(axis=1), color=COLOURS[process], linewidth=2)
        panel.axhline(0.986, color="black", linewidth=0.8, linestyle="--")
        panel.axvline(800, color="0.6", linewidth=0.8)
        panel.set(title=process, xlabel="learning cycle", ylim=(0, 1.02))
    panels[0].set_ylabel("right of 400")
    panels[0].annotate("98.6 %", (20, 0.94), fontsize=8)
    panels[0].annotate("noise removed", (820, 0.03), fontsize=8)
    figure.tight_layout()
    return figure


def describe_last(results: Results) -> pd.DataFrame:
    """Return medians and ranges of what the plan measures at the end of 40-10-40 machines."""
    rows = {}
    for process in PROCESSES:
        columns = results["runs"][f"40-10-40 {process}"]
        generator = np.random.default_rng(find_seed(f"judging {process} every"))
        large = describe_large(columns, generator)
        rows[process] = {
            f"completion, mean of {len(LAST_TESTS)} tests": show_range(100 * large.completion, 1),
            "least distance of two codes": show_range(large.least_distance, 0),
            "largest cosine": show_range(large.largest_cosine, 2),
            "pairs at 0.8, rearranged": show_range(large.n_alike_rearranged, 0),
        }
    return pd.DataFrame(rows)


def show_range(values: np.ndarray, n_digits: int) -> str:
    """Return the median and, in brackets, the smallest and the largest value."""
    middle = np.median(values)
    low = values.min()
    high = values.max()
    return f"{middle:.{n_digits}f} ({low:.{n_digits}f} to {high:.{n_digits}f})"
