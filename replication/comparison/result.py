"""The answer to one comparison, in every form."""

import dataclasses
import functools
import math
from collections.abc import Iterable
from typing import Any

from replication.comparison.figure import draw, draw_statistic
from replication.comparison.found import Found, Verdict
from replication.comparison.numbers import describe_p
from replication.comparison.sentences import (
    answer,
    describe_coincidence,
    describe_difference,
    describe_runs,
    list_notes,
    tabulate,
)
from replication.comparison.text import Answered, Block, describe_class, list_assumed
from replication.wording import plural

__all__ = ["Comparison", "Verdict"]

SAID_FIRST = {"alone", "per cent"}  # cautions that stand in the first sentence already
HIDDEN = {"answers", "sample"}  # fields that serve drawing, and are not in JSON


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison(Found, Answered):  # noqa: D101 (its docstring is that of its fields)
    __doc__ = describe_class(
        Found,
        "read_as : tuple of Block",
        "How tables were read, and what was left out; nothing where no table was given.",
    )

    read_as: tuple[Block, ...] = ()

    def __repr__(self) -> str:
        p = "" if self.p is None else f", {describe_p(self.p)}"
        numbers = ", ".join(f"{name} {text}" for name, text in self.reported.items())
        return f"<Comparison: {self.verdict}{p} ({numbers}; {plural(self.n, 'run')} of yours)>"

    def list_parts(self) -> dict[str, Any]:
        """Return the parts of the answer by the names that they have in JSON, for `to_dict`."""
        names = [field.name for field in dataclasses.fields(self)]
        return {name: getattr(self, name) for name in names if name not in HIDDEN}

    def plot(self) -> Any:
        """Return a Matplotlib figure: your runs and the reported number, a panel a statistic."""
        names = [
            name for name, finding in self.findings.items() if math.isfinite(sum(finding.interval))
        ]
        panels = [functools.partial(draw_statistic, self, name) for name in names]
        return draw(panels, height=0.4 + 2.1 * len(panels))

    def describe(self) -> Iterable[Block]:
        """Yield the answer: a sentence, a short table, what it takes for granted, cautions."""
        yield Block(answer(self))
        if self.coincidence is not None:
            yield Block(describe_coincidence(self))
        yield Block(rows=tabulate(self))
        for text in (describe_difference(self), describe_runs(self), " ".join(list_notes(self))):
            if text:
                yield Block(text)
        if self.assumptions:
            yield Block("Taken for granted:", list_assumed(self.assumptions))
        cautions = [text for name, text in self.cautions.items() if name not in SAID_FIRST]
        if cautions:
            yield Block("Caution:", cautions)
