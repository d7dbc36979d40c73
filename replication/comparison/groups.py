"""Comparisons of several groups: a line for each, and one verdict over all."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

from replication.comparison.result import SCHEMA, Agreement, Reason, Result
from replication.comparison.text import align, format_p, join, wrap


@dataclasses.dataclass(frozen=True)
class Groups:
    """Results by group, judged together; `skipped` are groups that were reported and not run."""

    by: str
    results: Mapping[str, Result]
    skipped: Sequence[str] = ()

    @functools.cached_property
    def adjusted(self) -> dict[str, float]:
        """Adjusted p-values of the groups that have one."""
        return adjust_holm({name: one.p for name, one in self.results.items() if one.p is not None})

    @functools.cached_property
    def agreements(self) -> dict[str, Agreement]:
        """The verdict on each group, by its adjusted p where it has one."""
        found = {name: one.agreement for name, one in self.results.items()}
        for name, p in self.adjusted.items():
            if found[name] is Agreement.NOT_CONSISTENT and p > self.results[name].level:
                found[name] = Agreement.CONSISTENT
        return found

    @property
    def agreement(self) -> Agreement:
        """The verdict over all groups."""
        order = (Agreement.NOT_CONSISTENT, Agreement.CANNOT_TELL, Agreement.CONSISTENT)
        return next(one for one in order if one in self.agreements.values())

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return {
            "schema": SCHEMA,
            "agreement": str(self.agreement),
            "groups": {
                name: one.to_dict()
                | {"p_holm": self.adjusted.get(name), "agreement_holm": str(self.agreements[name])}
                for name, one in self.results.items()
            },
            "skipped": list(self.skipped),
        }

    def summary(self) -> str:
        """Return the verdict over all groups, a line for each, and the causes of cautions."""
        rows = [[self.by, "runs", "reported", "p", "p (Holm)", "verdict (Holm)"]]
        for name, one in self.results.items():
            reported = ", ".join(f"{key} {text}" for key, text in one.reported.items())
            p = "" if one.p is None else format_p(one.p)
            adjusted = format_p(self.adjusted[name]) if name in self.adjusted else ""
            verdict = str(self.agreements[name])
            rows.append([name, f"{one.n:,}", reported, p, adjusted, verdict])
        parts = ["\n".join(wrap(self._answer())), "\n".join(align(rows))]
        parts += [
            f"{name}: {'; '.join(caution.cause for caution in one.cautions)}."
            for name, one in self.results.items()
            if one.cautions
        ]
        if self.skipped:
            names = ", ".join([*self.skipped[:12], *["..."] * (len(self.skipped) > 12)])
            parts.append(f"Reported, but not among your runs: {names}.")
        return "\n\n".join(parts)

    def _answer(self) -> str:
        """Return the verdict over all groups in words."""
        which = [name for name, one in self.agreements.items() if one is self.agreement]
        names = "" if self.agreement is Agreement.CONSISTENT else f": {join(which)}"
        text = f"{str(self.agreement).capitalize()} over all groups (Holm's adjustment){names}."
        if self.adjusted:
            level, n = next(iter(self.results.values())).level, len(self.adjusted)
            alone = sum(one.p is not None and one.p <= level for one in self.results.values())
            text += (
                f" Taken one by one, p is at most {level:g} in {alone} of {n}, of which "
                f"{n * level:.2g} would be expected by chance."
            )
        wrong = [name for name, one in self.results.items() if one.reason is Reason.IMPOSSIBLE]
        if wrong:
            text += f" What was reported for {join(wrong)} cannot be right, whatever the runs."
        return text


def adjust_holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted for their number.

    Reference: Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J.
    Stat. 6, 65-70.
    """
    found: dict[str, float] = {}
    largest = 0.0
    for place, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_values[name]))
        found[name] = largest
    return found
