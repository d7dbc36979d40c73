"""Draw the hidden plane of a network that learns as a moving picture -> docs/plane.svg.

Usage: python tools/animate_plane.py [--check]

The network is that of the report's first figure. Where a reader prefers no motion, and on paper,
the picture shows the network that has learnt. With ``--check`` nothing is written; the exit code is
1 if the picture is not what the model says.
"""

import dataclasses
import sys
from pathlib import Path

import numpy as np

from replication.definition.protocol import PAPER
from replication.experiments.live.plane import MARGIN, cut, spread_moments
from replication.publication.models import read_model
from replication.report.style import BLUE, DARK, FAINT, GOLD, GREEN, INK, PAPER_WHITE, PURPLE
from replication.simulator.running.ensemble import trace

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "plane.svg"
N_FRAMES = 40
SECONDS_A_FRAME = 0.15
FRAMES_AT_REST = 14  # for how many frames the last one stays
SIDE = 360  # pixels
COLORS = (BLUE, GOLD, GREEN, PURPLE)
"""Colours of the four dots and their lines."""
DASHES = ("none", "11 4", "4 3", "13 4 3 4")  # of the lines, for readers who see no colours
SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) * (1 + 2 * MARGIN) - MARGIN
"""Corners of the part of the plane that the picture shows, in units of the codes."""


def place(points: np.ndarray) -> np.ndarray:
    """Return the positions in the picture, in pixels, of points of the plane."""
    share = (np.asarray(points) + MARGIN) / (1 + 2 * MARGIN)
    return SIDE * np.stack([share[..., 0], 1 - share[..., 1]], axis=-1)


def write_path(points: np.ndarray) -> str:
    """Return the data of an SVG path through points; "" if there are none."""
    if not len(points):
        return ""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in place(points))


def draw_frame(number: int, update: int, codes: np.ndarray, U: np.ndarray, c: np.ndarray) -> str:
    """Return a frame: the dots of `codes` (4, 2), and the line of each visible unit by U and c."""
    parts = []
    for i in range(len(c)):
        side, line = cut(SQUARE, U[i], c[i])
        beyond = side if len(line) else line  # no area if the line does not cut the square
        parts.append(f'<path class="c{i} side" d="{write_path(beyond)}"/>')
        parts.append(f'<path class="c{i} line" d="{write_path(line)}"/>')
    for k, (x, y) in enumerate(place(codes)):
        parts.append(f'<g transform="translate({x:.1f} {y:.1f})"><circle class="c{k}" r="14"/>')
        parts.append(f'<text class="name" y="5.5">{k + 1}</text></g>')
    parts.append(f'<text class="update" x="4" y="{SIDE + 22}">update {update}</text>')
    delay = number * SECONDS_A_FRAME
    return f'<g class="f" style="animation-delay:{delay:.2f}s">{"".join(parts)}</g>'


def draw() -> str:
    """Return the moving picture as SVG."""
    network = (read_model(ROOT / "results", "live") or {})["networks"]["typical"]
    protocol = dataclasses.replace(PAPER, learning_rate=network["learning_rate"])
    traced = trace(protocol, seed=network["seed"])
    _, _, U, c = traced.matrices()
    frames = "\n".join(
        draw_frame(number, t, traced.hidden[0][t], U[t], c[t])
        for number, t in enumerate(spread_moments(traced.updates, N_FRAMES))
    )
    # Times in the animation: its length, and how many per cent of it one frame and the last take.
    seconds = (N_FRAMES + FRAMES_AT_REST) * SECONDS_A_FRAME
    share = 100 / (N_FRAMES + FRAMES_AT_REST)
    rest = 100 - share * (N_FRAMES - 1)
    look = "".join(f".c{i}{{--c:{color}}}" for i, color in enumerate(COLORS))
    dark = "".join(f".c{i}{{--c:{DARK[color]}}}" for i, color in enumerate(COLORS))
    dashes = "".join(f".c{i}.line{{stroke-dasharray:{dash}}}" for i, dash in enumerate(DASHES))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {SIDE + 4} {SIDE + 32}" \
width="{SIDE + 4}" height="{SIDE + 32}" role="img" aria-label="Four dots spread in a square, and \
each is cut off by a line of its own colour.">
<style>
svg{{--ink:{INK};--paper:{PAPER_WHITE};--line:{FAINT};font:16px DejaVu Sans,sans-serif}}
{look}{dashes}
circle{{fill:var(--c);stroke:var(--paper)}}
.side{{fill:var(--c);opacity:.13}}
.line{{fill:none;stroke:var(--c);stroke-width:2.5}}
.name{{fill:var(--paper);font-weight:700;text-anchor:middle}}
.update{{fill:var(--ink)}}
.frame{{fill:none;stroke:var(--line);stroke-width:1.5}}
.f{{visibility:hidden}}
.f:last-of-type{{visibility:visible}}
@media (prefers-color-scheme:dark){{
svg{{--ink:{DARK[INK]};--paper:{DARK[PAPER_WHITE]};--line:{DARK[FAINT]}}}
{dark}}}
@media screen and (prefers-reduced-motion:no-preference){{
.f{{animation:show {seconds:.2f}s step-end infinite}}
.f:last-of-type{{visibility:hidden;animation-name:rest}}
@keyframes show{{0%{{visibility:visible}}{share:.3f}%{{visibility:hidden}}}}
@keyframes rest{{0%{{visibility:visible}}{rest:.3f}%{{visibility:hidden}}}}
}}
</style>
<rect class="frame" width="{SIDE}" height="{SIDE}"/>
{frames}
</svg>
"""


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if PICTURE.read_text("utf-8") != draw():
            sys.exit("docs/plane.svg is out of date: python tools/animate_plane.py")
    else:
        PICTURE.write_text(draw(), "utf-8")
