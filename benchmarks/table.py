"""The measurements as text."""

from __future__ import annotations

from typing import Any


def format_tables(model: dict[str, Any]) -> str:
    """Return all tables of `benchmark.json` as text, two to four significant digits a number."""
    contest, limit, jobs = model["contest"], model["limit"], model["jobs"]
    overhead, scale, analysis = model["overhead"], model["scale"], model["analysis"]
    lines = [
        f"{model['processor']}; base protocol, {contest['n_networks']:,} networks, one core",
        "",
        f"{'':24}{'us/network':>12}{'networks/s':>14}{'x kernel':>12}{'same outcome':>14}",
    ]
    for name in ("kernel", "plain Numba loop", "whole-batch NumPy", "literal loop"):
        row = contest[name]
        same = f"{row['agreement']:.2%}" if "agreement" in row else ""
        lines.append(
            f"{name:24}{row['microseconds']:>12.4g}{row['per_second']:>14,.0f}"
            f"{row['ratio']:>12,.4g}{same:>14}"
        )
    lines += [
        "",
        f"Limit of the processor: {limit['limit_microseconds']:.3g} us/network; the kernel "
        f"reaches {limit['fraction_of_limit']:.0%} of it.",
        "  operations of a sweep: "
        + ", ".join(f"{count} {name}" for name, count in sorted(limit["operations"].items())),
        "  at the least, us/network: "
        + ", ".join(f"{name} {value:.3g}" for name, value in limit["microseconds"].items()),
        f"  {limit['derivation']}",
        f"  To get closer: {limit['to_get_closer']}",
        "",
        f"Two jobs against one: {jobs['speed_up']:.3g} times as fast "
        f"({jobs['n_networks']:,} networks)",
        f"Around the kernel (weights, joblib, store, progress): {overhead['overhead']:+.1%} "
        f"({overhead['overhead_processor']:+.1%} of processor time; "
        f"{overhead['n_networks']:,} networks, one job)",
        f"{scale['n_large']:,} networks cost {scale['ratio']:.3g} times as much each as "
        f"{scale['n_small']:,} ({scale['microseconds_large']:.3g} against "
        f"{scale['microseconds_small']:.3g} us); peak memory {scale['peak_megabytes']:,.0f} MB",
        f"Analysis of {analysis['n_large']:,} outcomes takes {analysis['ratio']:.3g} times as "
        f"long as of {analysis['n_small']:,} ({analysis['seconds_large']:.3g} s)",
        f"A billion networks: {model['billion']['core_hours']:.3g} core hours",
        "",
        f"{'group sizes':24}{'us/network':>12}{'sweeps':>14}{'of the limit':>12}",
    ]
    for row in model["other_sizes"]:
        name = "-".join(map(str, [*row["sizes"], row["sizes"][0]]))
        lines.append(
            f"{name:24}{row['microseconds']:>12.4g}{row['mean_sweeps']:>14.4g}"
            f"{row['fraction_of_limit']:>12.0%}"
        )
    return "\n".join(lines)
