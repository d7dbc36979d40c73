"""The runs of the plan: which rule learns what, at which rate, and from which seeds.

`docs/plans/law.md` fixed all of it before any of these networks was simulated. Seeds follow from
its text.
"""

import dataclasses
import functools
import hashlib
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.instruments.matrices import Array
from replication.experiments.law import rules
from replication.experiments.law.following import Learning
from replication.simulator.rule.digits import load_digits
from replication.simulator.rule.network import Network
from replication.simulator.rule.recirculation import RecirculationNetwork

PLAN = "09580aed61530446ec0efdca5cb766dd5bce421c6f4dcab6854d3c5ce33b3b36"
"""The SHA-256 of the plan, in hexadecimal."""
N_IMAGES = 100  # of handwritten digits
BAR = 3  # length of a bar: all rows and columns of a square of so many pixels


def find_seed(name: str) -> int:
    """Return the root seed of a run: half of the first eight bytes of its hash with the plan's."""
    digest = hashlib.sha256(f"{PLAN} {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") // 2


def make_bars(size: int) -> Array:
    """Return all rows and columns of a square of pixels, one bar a pattern.

    >>> make_bars(2).tolist()
    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
    """
    rows = np.repeat(np.eye(size), size, axis=1)
    columns = np.tile(np.eye(size), size)
    return np.concatenate([rows, columns])


RULES: dict[str, type[Network]] = {
    "recirculation": RecirculationNetwork,
    "back-propagation": rules.BackPropagation,
    "feedback alignment": rules.FeedbackAlignment,
    "errors through W": rules.ErrorsThroughW,
    "target propagation": rules.TargetPropagation,
    "wake-sleep": rules.WakeSleep,
    "predictive coding, 1 step": rules.PredictiveCoding,
    "predictive coding, 4 steps": rules.vary(rules.PredictiveCoding, n_steps=4),
    "predictive coding, 16 steps": rules.vary(rules.PredictiveCoding, n_steps=16),
    "predictive coding, 64 steps": rules.vary(rules.PredictiveCoding, n_steps=64),
    "contrastive Hebbian": rules.ContrastiveHebbian,
    "back-propagation, two groups": rules.DeepBackPropagation,
    "feedback alignment, two groups": rules.DeepFeedbackAlignment,
}
SIZES: dict[str, tuple[int, ...]] = {
    "4-2-4": (4, 2),
    "8-3-8": (8, 3),
    "16-4-16": (16, 4),
    "32-5-32": (32, 5),
    "64-6-64": (64, 6),
    "4-3-2-4": (4, 3, 2),
    "bars 9-4-9": (BAR**2, 4),
    "digits 64-16-10": (64, 16),
}
"""Sizes of the groups on the way to the code, by the name of the task."""


@dataclasses.dataclass(frozen=True)
class Case:
    """Networks of one rule that learn one task at one rate."""

    task: str
    rule: str
    rate: float  # epsilon
    n: int  # networks
    cap: int  # most updates, of networks and of the law
    every: int = 1  # updates between two moments at which gaps are measured

    @property
    def name(self) -> str:
        """What the case is called, which gives its seed."""
        return f"{self.task} {self.rule} {self.rate:g}"

    @property
    def seed(self) -> int:
        """The root seed of its networks."""
        return find_seed(self.name)

    @functools.cached_property
    def network(self) -> type[Network]:
        """The class of its networks."""
        rule = RULES[self.rule]
        if not self.task.startswith("digits"):
            return rule
        digits = load_digits()
        some = slice(0, N_IMAGES)
        return rules.vary(rule, patterns=digits.images[some], targets=digits.targets[some])

    @property
    def protocol(self) -> Protocol:
        """Sizes, patterns, rate and cap."""
        fields: dict[str, Any] = {}
        if self.task.startswith("bars"):
            fields["patterns"] = make_bars(BAR).tolist()
        return Protocol(
            group_sizes=SIZES[self.task],
            learning_rate=self.rate,
            max_updates=self.cap,
            **fields,
        )

    @property
    def speed(self) -> float:
        """Eta, the learning rate of the decoder."""
        if self.rule == "recirculation":
            return self.rate * (1.0 - self.protocol.regression)
        return self.rate

    @property
    def learning(self) -> Learning:
        """How its networks learn, and when they are recorded."""
        return Learning(
            protocol=self.protocol,
            network=self.network,
            seed=self.seed,
            speed=self.speed,
            horizon=self.cap,
            every=self.every,
        )


CASES = (
    # Re-estimates: the law was computed for these rules and tasks before.
    Case("4-2-4", "recirculation", 16.0, 1_000, 1_000),
    Case("4-2-4", "recirculation", 4.0, 1_000, 2_000),
    Case("4-2-4", "back-propagation", 1.41, 1_000, 1_000),
    Case("4-2-4", "back-propagation", 0.354, 1_000, 2_000),
    Case("4-2-4", "feedback alignment", 4.0, 1_000, 1_500),
    Case("4-2-4", "feedback alignment", 1.0, 1_000, 3_000),
    Case("4-2-4", "errors through W", 2.0, 1_000, 1_000),
    Case("4-2-4", "errors through W", 0.5, 1_000, 1_500),
    # Blind.
    Case("4-2-4", "target propagation", 2.83, 1_000, 1_000),
    Case("4-2-4", "target propagation", 0.707, 1_000, 2_000),
    Case("4-2-4", "wake-sleep", 0.707, 600, 4_000),
    Case("4-2-4", "wake-sleep", 0.177, 600, 4_000),
    Case("8-3-8", "recirculation", 16.0, 200, 1_000, 5),
    Case("8-3-8", "recirculation", 4.0, 200, 2_000, 10),
    Case("8-3-8", "back-propagation", 1.0, 200, 2_000, 10),
    Case("8-3-8", "back-propagation", 0.25, 200, 4_000, 20),
    Case("8-3-8", "feedback alignment", 4.0, 200, 2_000, 10),
    Case("8-3-8", "feedback alignment", 1.0, 200, 4_000, 20),
    Case("8-3-8", "target propagation", 2.0, 200, 2_000, 10),
    Case("8-3-8", "target propagation", 0.5, 200, 4_000, 20),
    Case("16-4-16", "recirculation", 11.3, 60, 1_000, 5),
    Case("16-4-16", "recirculation", 2.83, 60, 2_000, 10),
    Case("16-4-16", "back-propagation", 0.5, 60, 2_000, 10),
    Case("16-4-16", "back-propagation", 0.125, 60, 6_000, 30),
    Case("16-4-16", "feedback alignment", 1.41, 60, 4_000, 20),
    Case("16-4-16", "feedback alignment", 0.354, 60, 6_000, 30),
    Case("32-5-32", "recirculation", 5.66, 32, 2_000, 10),
    Case("32-5-32", "recirculation", 1.41, 32, 4_000, 20),
    Case("32-5-32", "back-propagation", 0.25, 32, 4_000, 20),
    Case("32-5-32", "feedback alignment", 0.5, 32, 6_000, 30),
    Case("64-6-64", "recirculation", 2.0, 16, 4_000, 20),
    Case("64-6-64", "back-propagation", 0.125, 16, 6_000, 30),
    Case("64-6-64", "feedback alignment", 0.25, 16, 10_000, 50),
    Case("4-2-4", "predictive coding, 1 step", 1.0, 1_000, 4_000),
    Case("4-2-4", "predictive coding, 4 steps", 1.41, 1_000, 4_000),
    Case("4-2-4", "predictive coding, 16 steps", 2.83, 1_000, 2_000),
    Case("4-2-4", "predictive coding, 64 steps", 4.0, 1_000, 2_000),
    Case("4-2-4", "predictive coding, 64 steps", 1.0, 1_000, 3_000),
    Case("4-3-2-4", "recirculation", 22.6, 600, 4_000),
    Case("4-3-2-4", "back-propagation, two groups", 0.707, 600, 4_000),
    Case("4-3-2-4", "feedback alignment, two groups", 2.0, 600, 4_000),
    Case("4-3-2-4", "feedback alignment, two groups", 0.5, 600, 6_000),
    Case("bars 9-4-9", "recirculation", 11.3, 200, 400),
    Case("bars 9-4-9", "recirculation", 2.83, 200, 800, 4),
    Case("bars 9-4-9", "back-propagation", 1.0, 200, 400, 2),
    Case("bars 9-4-9", "back-propagation", 0.25, 200, 1_000, 5),
    Case("bars 9-4-9", "feedback alignment", 1.41, 200, 1_000, 5),
    Case("bars 9-4-9", "feedback alignment", 0.354, 200, 2_000, 10),
    Case("digits 64-16-10", "back-propagation", 0.0312, 24, 2_000, 10),
    Case("digits 64-16-10", "back-propagation", 0.00781, 24, 4_000, 20),
    Case("digits 64-16-10", "feedback alignment", 0.0625, 24, 3_000, 15),
    Case("digits 64-16-10", "feedback alignment", 0.0156, 24, 6_000, 30),
    # The premise is not fulfilled.
    Case("4-2-4", "contrastive Hebbian", 1.0, 1_000, 2_000),
    Case("4-2-4", "contrastive Hebbian", 0.25, 1_000, 3_000),
)
"""The cases for which the law is compared with times, in the order of the plan."""
COUNTED = (
    Case("4-2-4", "recirculation", 20.0, 20_000, 2_000),
    Case("4-2-4", "recirculation", 40.0, 2_000, 2_000),
    Case("4-2-4", "back-propagation", 4.0, 2_000, 2_000),
    Case("4-2-4", "feedback alignment", 8.0, 2_000, 2_000),
    Case("4-2-4", "errors through W", 5.66, 2_000, 2_000),
    Case("4-2-4", "target propagation", 8.0, 500, 2_000),
)
"""Cases of which only who learns is counted, at rates where some or many fail."""
