"""Where linear units come to rest, by rule and by the size of the initial weights.

Of all images linear units see the scatter alone, so that 65 patterns with the same scatter stand
for the 1,797. Biases stay where the mean pattern is reconstructed.
"""

from typing import Any

import numpy as np
from scipy.linalg import helmert

from replication.definition.protocol import BACK_PROPAGATION, Protocol
from replication.experiments import Model
from replication.experiments.matrices import Array, align_matrices, flatten, get_u, get_w
from replication.experiments.recording import train_for
from replication.experiments.scatter import Scatter
from replication.experiments.summaries import name_estimate
from replication.simulator.changes import compute_gradients
from replication.simulator.weights import draw_weights, split_weights
from replication.statistics.intervals import estimate_mean
from replication.system.threads import map_in_threads

N_HIDDEN = 16
IMAGES = Protocol(group_sizes=(64, N_HIDDEN), patterns="digits")
SIZES = (0.5, 0.125, 0.02, 0.004)
"""Half-widths of the initial weights: the paper's; scaled to the root of the number of visible
units, 0.5 sqrt(4 / 64); and smaller ones."""
N_UPDATES = 6_000
ZERO = 1e-12  # below which a number that the theory says is 0 counts as 0
DECAY = 1e-3
MIDDLE = 0.5  # the mean of every pixel of the patterns

DESCENT = {"learning_rule": BACK_PROPAGATION, "learning_rate": 0.3}
RULES: dict[str, dict[str, Any]] = {
    "recirculation": {},
    "faster W": {"visible_to_hidden_factor": 4.0},
    "back-propagation": DESCENT,
    "feedback alignment": DESCENT | {"learning_rate": 0.2},  # a few diverge at 0.3
    "W frozen": {"frozen": ("W", "b", "c")},
    "decay": {"decay": DECAY},
}
"""Fields of each rule."""
ONCE = ("feedback alignment", "W frozen", "decay")  # which are tried from the largest only
FEEDBACK_OFFSET = 200  # added to the root seed of the networks


def make_patterns() -> Array:
    """Return patterns from 0 to 1, (65, 64), whose scatter is that of an average image.

    The rows of E^T diag(sqrt(strengths)) Q^T, E with orthonormal rows that add up to 0, so that
    the mean of the patterns is `MIDDLE`.
    """
    scatter = Scatter.of(IMAGES)
    rows = np.sqrt(scatter.strengths / IMAGES.n_images)[:, None] * scatter.directions.T
    return np.asarray(MIDDLE + helmert(IMAGES.n_visible + 1).T @ rows)


def make_protocol(rule: str, size: float) -> Protocol:
    """Return the protocol of linear networks on the patterns that stand for all images."""
    fields: dict[str, Any] = {"frozen": ("b", "c"), "learning_rate": 1.0} | RULES[rule]
    return Protocol(
        group_sizes=IMAGES.group_sizes, patterns=make_patterns().tolist(), centred=True,
        visible_units="linear", hidden_function="linear", half_width=size, initial_biases="zero",
        **fields,
    )  # fmt: skip


def measure_rest(*, n_networks: int, root_seed: int, jobs: int) -> Model:
    """Return where each rule has come after `N_UPDATES`, from each size of weights."""
    scatter = Scatter.of(IMAGES)

    def follow(task: tuple[str, float]) -> Model:
        rule, size = task
        protocol = make_protocol(rule, size)
        initial = draw_weights(protocol, root_seed, 0, n_networks)
        split_weights(protocol, initial)[1][1][...] = MIDDLE
        predicted = get_w(protocol, initial)
        if rule == "feedback alignment":
            drawn = draw_weights(protocol, root_seed + FEEDBACK_OFFSET, 0, n_networks)
            predicted = get_u(protocol, drawn)
            initial = np.hstack([initial, flatten(np.swapaxes(predicted, 1, 2))])
        final = train_for(protocol, initial, N_UPDATES)
        described = describe_state(protocol, final)
        if rule in ("feedback alignment", "W frozen"):
            described["predicted"] = float(scatter.explain(predicted).mean())
        if rule == "recirculation" and size == SIZES[0]:
            descent = make_protocol("back-propagation", size)
            after = train_for(descent, final, N_UPDATES)
            described["after_descent"] = describe_state(descent, after)
        return described

    tasks = [(rule, size) for rule in RULES for size in (SIZES[:1] if rule in ONCE else SIZES)]
    found = dict(zip(tasks, map_in_threads(follow, tasks, jobs=jobs), strict=True))
    return {
        "updates": N_UPDATES,
        "sizes": list(SIZES),
        "zero": ZERO,
        "pca": float(scatter.strengths[N_HIDDEN:].sum() / scatter.strengths.sum()),
        "rules": {
            rule: {f"{size:g}": found[rule, size] for of, size in tasks if of == rule}
            for rule in RULES
        },
    }


def describe_state(protocol: Protocol, weights: Array) -> Model:
    """Return what networks miss, their gradient for W, and whether U reads W exactly."""
    (encoder, _), (decoder, _) = split_weights(protocol, weights)
    unread = np.abs(encoder @ decoder - np.eye(N_HIDDEN)).max()
    gradients = flatten(get_w(protocol, compute_gradients(protocol, weights)))
    return {
        **name_estimate("unexplained", estimate_mean(Scatter.of(IMAGES).miss(encoder, decoder))),
        "alignment": float(align_matrices(protocol, weights).mean()),
        "reads_exactly": bool(unread < ZERO),
        "gradient": float(np.maximum(np.linalg.norm(gradients, axis=1), ZERO).mean()),
    }
