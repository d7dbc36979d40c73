"""What the open choices and their values are called in the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from replication.report.inline import escape_inline
from replication.report.numbers import format_exact

FIELDS = {
    "criterion": "stopping criterion",
    "update_schedule": "weight changes",
    "half_width": "width of initial weights",
    "initial_biases": "initial biases",
    "hidden_regression": "hidden regression",
    "error_measured_on": "error measured on",
    "symmetric_start": "symmetric start",
    "learning_rate": "learning rate",
    "regression": "regression",
    "max_updates": "cap",
}
VALUES = {
    "half-squared-error": "half the sum",
    "worst-pattern": "worst pattern",
    "squared-error": "whole sum",
    "every-unit": "every unit",
    "batch": "after all patterns",
    "per-pattern": "after each pattern",
    "drawn": "drawn",
    "zero": "zero",
    "reconstruction": "zero regression",
    "regressed": "regressed",
    True: "yes",
    False: "no",
}
QUESTIONS = {
    "criterion": "Over what is the 0.1 summed: half the squared error over all patterns, the "
    "worst pattern, the whole sum, or every unit?",
    "update_schedule": "Did the weights change after each sweep of all patterns or after each "
    "pattern?",
    "half_width": "How widely were the initial weights spread?",
    "initial_biases": "Did the biases start at zero?",
    "hidden_regression": "Was the second pass of the hidden units regressed too?",
    "error_measured_on": "Was the error measured on the reconstruction with or without regression?",
    "symmetric_start": "Did the two weight matrices start as transposes of each other?",
    "rule": "What was done with networks that never got there?",
    "counting": "Were updates applied or sweeps seen counted?",
    "runs": "Over how many networks was the number averaged?",
}


STATISTICS = {
    "discard": "the mean with failures dropped",
    "cap": "the mean with failures counted at the cap",
    "restart": "the mean with restarts",
    "median": "the median over all networks",
    "median_converged": "the median over the networks that converge",
}


def name_sizes(protocol: Mapping[str, Any]) -> str:
    """Return the sizes of the groups round the loop: 4-2-4."""
    sizes = protocol["group_sizes"]
    return "-".join(str(size) for size in [*sizes, sizes[0]])


def name_field(field: str) -> str:
    """Return a field of the protocol in words."""
    return FIELDS.get(field, escape_inline(field.replace("_", " ")))


def name_value(field: str, value: Any) -> str:
    """Return a value of a field in words."""
    if field == "half_width":
        return f"± {format_exact(value)}"
    if isinstance(value, bool | str) and value in VALUES:
        return VALUES[value]
    if isinstance(value, int | float):
        return format_exact(value)
    return escape_inline(value if isinstance(value, str) else json.dumps(value))


def name_question(question: str) -> str:
    """Return the question to ask the authors about a choice."""
    return QUESTIONS.get(question, f"What was the {name_field(question)}?")


def describe_reading(choices: list[Mapping[str, Any]], levels: list[int]) -> str:
    """Return how a reading differs from the base reading, in words."""
    different = [
        f"{name_field(choice['field'])}: {name_value(choice['field'], choice['values'][level])}"
        for choice, level in zip(choices, levels, strict=True)
        if level != choice["base"]
    ]
    return "; ".join(different) if different else "the base reading"


def find_command(model: Mapping[str, Any]) -> str:
    """Return the command that makes the multiverse."""
    command = f"replication multiverse --seeds {model['n_seeds']} --root-seed {model['root_seed']}"
    return command if model["is_paper"] else command + " --file FILE.toml"
