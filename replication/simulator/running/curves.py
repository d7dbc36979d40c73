"""Learning curves of many networks: what was measured at some updates, as tables and as bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.simulator.rule.observing import name_columns
from replication.simulator.running.drawing import find_figure, make_axes
from replication.wording import plural, show

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Measured = NDArray[np.float32]
"""Measurements of networks at some updates."""

QUARTILES = (0.25, 0.5, 0.75)
LABELS = {
    "error": "error",
    "test_error": "error of held-out patterns",
    "accuracy": "share of right answers",
    "test_accuracy": "share of right held-out answers",
}
"""The names of what may be measured, and what a figure calls each."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Curves:
    """What was measured of networks at some updates, for each choice of a rule's numbers.

    Parameters
    ----------
    rule : str
        The name of the rule.
    numbers : list of dict of str to float
        The choices: a value for each number that was given; one empty dict if none were.
    updates : int64 array, shape (n_updates,)
        The numbers of updates after which networks were measured, in rising order.
    error : float32 array, shape (n_choices, n_networks, n_updates)
        The protocol's criterion, or the rule's own. Networks have the seeds 0, 1, ...
    test_error : float32 array of the same shape, optional
        The error on the held-out patterns.
    accuracy, test_accuracy : float32 arrays of the same shape, optional
        The share of right answers, where targets are classes: a single 1 among zeros. An answer is
        right if the unit of the class is larger than each other one.
    weights : float64 array, shape (n_choices, n_networks, n_weights), optional
        The weights after the last update, if asked for, as in `Outcomes`.
    root_seed : int
    observed : dict of str to float64 array, shape (n_choices, n_networks, n_updates, ...)
        What was observed at these updates, by name; empty unless asked for.
    criterion : str
        What a figure calls the error.
    is_epoch : bool
        Whether an update is a sweep of all patterns with several changes of the weights.

    Examples
    --------
    >>> from replication import simulate_curves
    >>> curves = simulate_curves(updates=[0, 10, 50], n_seeds=200)
    >>> curves
    Curves(RecirculationNetwork, 200 networks at 3 updates from 0 to 50, median error 0.63 to 0.052)
    >>> curves.summarize()[["update", "n", "q50"]].round(2).values.tolist()
    [[0.0, 200.0, 0.63], [10.0, 200.0, 1.0], [50.0, 200.0, 0.05]]
    """

    rule: str
    numbers: list[dict[str, float]]
    updates: NDArray[np.int64]
    error: Measured
    test_error: Measured | None
    accuracy: Measured | None
    test_accuracy: Measured | None
    weights: NDArray[np.float64] | None
    root_seed: int
    observed: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    criterion: str = "error"
    is_epoch: bool = False

    def __len__(self) -> int:
        return int(self.error.shape[1])

    def get_last_updates(self) -> NDArray[np.int64]:
        """Return how many updates each network has made, (n_networks,)."""
        return np.full(len(self), self.updates[-1], dtype=np.int64)

    def __repr__(self) -> str:
        parts = [self.rule]
        if len(self.numbers) > 1:
            parts.append(plural(len(self.numbers), "choice"))
        when = f"{plural(len(self.updates), 'update')} from {self.updates[0]:,}"
        parts.append(f"{plural(len(self), 'network')} at {when} to {self.updates[-1]:,}")
        if len(self.numbers) == 1:
            first, last = np.median(self.error[0, :, [0, -1]], axis=1)
            parts.append(f"median error {first:.2g} to {last:.2g}")
        return f"Curves({', '.join(parts)})"

    def get(self, measure: str) -> Measured | NDArray[np.float64]:
        """Return a measurement by its name, or a number that was observed, or refuse others."""
        observed = self.observed.get(measure)
        if observed is not None and observed.ndim > self.error.ndim:
            what = f"measure = {show(measure)} was given, which is an array of several numbers"
            raise UsageError(f"{what}; take one from curves.observed[{measure!r}]")
        if observed is not None:
            return observed
        values: Measured | None = getattr(self, measure) if measure in LABELS else None
        if values is None:
            known = ", ".join(self.measures)
            raise UsageError(f"measure = {show(measure)} was given; these curves have {known}")
        return values

    @property
    def measures(self) -> list[str]:
        """The names of what was measured and observed."""
        return [*self._list_measured(), *self.observed]

    def _list_measured(self) -> list[str]:
        return [name for name in LABELS if getattr(self, name) is not None]

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy table, a row for each choice, network and update.

        Its columns are the numbers that were given, seed and update, what was measured, and each
        number that was observed.
        """
        import pandas as pd

        shape = self.error.shape
        columns = self._label(np.indices(shape)[0].ravel())
        columns["seed"] = np.indices(shape)[1].ravel()
        columns["update"] = np.broadcast_to(self.updates, shape).ravel()
        for name in self._list_measured():
            columns[name] = self.get(name).ravel()
        for name, values in self.observed.items():
            columns |= name_columns(name, values, len(shape))
        return pd.DataFrame(columns)

    def summarize(
        self, measure: str = "error", *, quantiles: Sequence[float] = QUARTILES
    ) -> pd.DataFrame:
        """Return mean, sd and quantiles over the networks, a row for each choice and update.

        The columns are the rule's numbers that were chosen, such as its learning rate; the update;
        how many networks there are (n), their mean and standard deviation (sd); and quantiles, as
        q25. A row is a reported result that `compare_table` takes.
        """
        import pandas as pd

        values = self.get(measure).astype(np.float64)  # (choice, network, update)
        quantiles = _take_quantiles("quantiles", quantiles)
        n_choices, n, n_updates = values.shape
        columns = self._label(np.repeat(np.arange(n_choices), n_updates))
        columns["update"] = np.tile(self.updates, n_choices)
        columns["n"] = np.full(n_choices * n_updates, n)
        with np.errstate(all="ignore"):  # of networks that have diverged
            columns["mean"] = values.mean(axis=1).ravel()
            if n > 1:
                columns["sd"] = values.std(axis=1, ddof=1).ravel()
            for q in quantiles:
                columns[f"q{100 * q:g}"] = np.quantile(values, q, axis=1).ravel()
        return pd.DataFrame(columns)

    def find_best(self, measure: str = "error") -> dict[str, float]:
        """Return the choice of numbers whose median network is the best at the last update.

        Raises UsageError if the median network has diverged with each choice.
        """
        medians = np.median(self.get(measure)[:, :, -1], axis=1)  # (choice,)
        is_finite = np.isfinite(medians)
        if not is_finite.any():
            what = f"the median network of {self.rule} has diverged with each choice of numbers"
            raise UsageError(f"{what}; give others, such as smaller rates")
        losses = -medians if measure.endswith("accuracy") else medians
        return self.numbers[int(np.argmin(np.where(is_finite, losses, np.inf)))]

    def plot(
        self,
        measure: str = "error",
        *,
        band: tuple[float, float] = (0.25, 0.75),
        label: str | None = None,
        ax: Axes | None = None,
    ) -> Figure:
        """Draw the median of all networks over the updates, and a band between two quantiles.

        Parameters
        ----------
        measure : {"error", "test_error", "accuracy", "test_accuracy"} or str
            Or the name of a number that was observed.
        band : (float, float)
            Quantiles at which the band begins and ends; (0.05, 0.95) holds nine tenths.
        label : str, optional
            The name of the line in a legend: the rule's unless given, and its numbers.
        ax : Matplotlib axes, optional
            New ones unless given.

        Returns
        -------
        Matplotlib figure
            A new one, or that of the axes which are given.
        """
        values = self.get(measure)
        first, last = _take_band(band)
        ax = make_axes() if ax is None else ax
        for choice, each in zip(self.numbers, values, strict=True):
            with np.errstate(all="ignore"):  # of networks that have diverged
                low, middle, high = np.quantile(each, (first, 0.5, last), axis=0)
            line_label = self._name_line(label, choice)
            (line,) = ax.plot(self.updates, middle, label=line_label)
            ax.fill_between(self.updates, low, high, color=line.get_color(), alpha=0.25, lw=0)
        title = f"{plural(len(self), 'network')}: median, and {first:.0%} to {last:.0%}"
        label_of_measure = LABELS.get(measure, measure)
        if measure.endswith("error"):
            label_of_measure = label_of_measure.replace("error", self.criterion, 1)
        when = "epochs" if self.is_epoch else "updates"
        ax.set(xlabel=when, ylabel=label_of_measure, title=title)
        ax.legend(frameon=False)
        return find_figure(ax)

    def _name_line(self, label: str | None, choice: dict[str, float]) -> str:
        """Return the name of a line in a legend: the label, or the rule, and the numbers."""
        parts = [self.rule if label is None else label]
        parts += [f"{name} = {value:g}" for name, value in choice.items()]
        return ", ".join(part for part in parts if part)

    def _label(self, indices: NDArray[np.int64]) -> dict[str, Any]:
        """Return a column for each number that was given: its value in the choice of each row.

        `indices`: which choice each row of the table belongs to.
        """
        columns: dict[str, Any] = {}
        for name in self.numbers[0]:
            values = np.array([choice[name] for choice in self.numbers])
            columns[name] = values[indices]
        return columns


def _take_quantiles(name: str, given: Any) -> list[float]:
    """Return quantiles as numbers from 0 to 1, or refuse what was given."""
    try:
        taken = [float(each) for each in given]
    except (TypeError, ValueError):
        taken = [-1.0]
    if not all(0.0 <= each <= 1.0 for each in taken):
        allowed = "allowed are numbers from 0 to 1, as (0.25, 0.75)"
        raise UsageError(f"{name} = {show(given)} was given; {allowed}")
    return taken


def _take_band(given: Any) -> list[float]:
    """Return the two quantiles of a band, the lower one first, or refuse what was given."""
    taken = _take_quantiles("band", given)
    if len(taken) != 2 or taken[0] >= taken[1]:
        allowed = "allowed are two numbers, the lower one first, as (0.25, 0.75)"
        raise UsageError(f"band = {show(given)} was given; {allowed}")
    return taken
