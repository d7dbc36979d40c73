"""The protocol: every choice that defines a population of networks, and the named readings.

`PAPER` is the simulation of page 363 of Hinton & McClelland (1988). The default of a field is the
paper's value if it gives one; the cap is ours, and so is the reading of "error" (the criterion).
Variants are made with ``Protocol(FIELD=VALUE)``, with `dataclasses.replace`, with a TOML file that
lists only what differs, or with ``--set FIELD=VALUE``.
"""

import dataclasses
import difflib
import hashlib
import json
import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from replication.definition import fields
from replication.errors import UsageError
from replication.wording import show

BASE_VERSION = 2
"""Raised whenever a value of `PAPER` changes. In version 1 the criterion was the summed error, as
it is in `NOTEBOOK`."""

LONGEST_PATTERNS = 400
"""Characters; a printed protocol does not spell out longer patterns."""

RECIRCULATION: fields.LearningRule = "recirculation"
BACK_PROPAGATION: fields.LearningRule = "back-propagation"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Protocol:
    """All settings that define a population of networks.

    Every field has the value of `PAPER` unless given; its representation shows what
    differs. Numbers and arrays may be those of NumPy, patterns a table of pandas or polars.

    Parameters
    ----------
    group_sizes : tuple of int
        Units of the groups in the closed loop, the visible group first; at
        least two groups of 1 to 1,024 units. (4, 2) is the 4-2-4 network.
    patterns : "one-hot", "digits" or tuple of tuples of float
        Training patterns, shape (n_patterns, n_visible), values in [0, 1]. The digits are
        images of 8 x 8 pixels, in 17 steps of grey from 0 to 1 (Alpaydin & Kaynak 1998).
    n_images : int
        How many of the digits, the first ones of the 1,797 in the set.
    centred : bool
        Whether the mean pattern is subtracted from what visible units send to hidden ones, in
        both passes. Errors are those of the visible states themselves.
    learning_rule : {"recirculation", "back-propagation"}
    minimised_error : {"squared", "cross-entropy"}
        What back-propagation descends: half the squared error, or the cross-entropy, of
        logistic visible units.
    learning_rate : float
        Epsilon, positive.
    momentum : float
        Share of the last weight change that is added to the next one, in [0, 1).
    decay : float
        Share that every weight of W and U, but no bias, loses at each change, in [0, 1).
    regression : float
        Lambda of equations 5 and 6, in [0, 1).
    hidden_regression : bool
        Whether the second pass of the hidden groups is regressed too (equation 6).
    visible_units : {"logistic", "linear"}
    hidden_function : str
        Activation function of the hidden units (equation 2). Rising from 0 to 1: "logistic",
        ``1 / (1 + exp(-x))``; "softsign", ``(1 + x / (1 + |x|)) / 2``; "algebraic",
        ``(1 + x / sqrt(1 + x^2)) / 2``; and "spline", the cubic ``s^2 (3 - 2 s)`` of
        ``s = 1/2 + x / 6`` limited to [0, 1]. Of other ranges: "linear", "tanh", "arcsinh",
        "arctan", "softplus", ``log(1 + exp(x))``, and "rectifier", ``max(x, 0)``.
    visible_to_hidden_factor : float
        Factor on the changes of all weights and biases into hidden units, whatever the
        rule, positive: 1 as simulated in the paper, 1 / (1 - regression) as equation 9 has it.
    hidden_to_visible_factor : float
        Factor on the changes of all weights and biases into visible units, positive.
    second_round : bool
        Whether equation 3 is applied on the second round too (proposed on page 365):
        the image of the second-pass vector moves towards it (both regressed: our reading).
        Recirculation with one hidden group only.
    frozen : tuple of {"W", "b", "U", "c"}
        Which weights keep their initial values: W and the biases b, those into all hidden
        groups; U and c, those into the visible group. None in the paper.
    update_schedule : {"batch", "per-pattern", "minibatch"}
        Whether weights change once after all patterns, after each pattern in turn, or after
        each minibatch. For minibatches the order of the patterns is drawn from the seed, anew
        in each sweep (epoch). `updates` counts sweeps in all cases.
    batch_size : int
        Patterns of a minibatch, from 1 on; the last one of a sweep takes what is left.
    half_width : float
        Initial weights are uniform on [-half_width, half_width).
    initial_biases : {"drawn", "zero"}
    symmetric_start : bool
        Whether the hidden-to-visible matrix starts as the transpose of the
        visible-to-hidden one (two groups only).
    criterion : str
        What must fall below the threshold. "every-unit" (our reading) is the largest deviation
        of a unit from its target, over all patterns; "every-unit-squared" is its square and
        "every-unit-half-squared" half its square. "half-squared-error" is half the squared
        error, summed over patterns and units; "worst-pattern" is that of the worst single
        pattern. "unexplained-variance" is the squared error, summed over patterns and units,
        divided by the squared error of the mean pattern.
    threshold : float
        Positive.
    error_measured_on : {"reconstruction", "regressed"}
        Whether the error is measured with zero regression or on the
        regressed visible activities.
    max_updates : int
        The cap, which is ours: a network that has not met the criterion after so many
        updates is right-censored.

    References
    ----------
    Hinton & McClelland (1988), Learning Representations by Recirculation.

    Examples
    --------
    >>> gentle = Protocol(learning_rate=15, group_sizes=(8, 3))
    >>> gentle.regression, gentle.n_weights
    (0.75, 59)
    """

    group_sizes: fields.GroupSizes = (4, 2)
    patterns: fields.Patterns = "one-hot"
    n_images: fields.ImageCount = fields.N_DIGITS
    centred: bool = False
    learning_rule: fields.LearningRule = "recirculation"
    minimised_error: fields.MinimisedError = "squared"
    learning_rate: fields.Positive = 20.0
    momentum: fields.Share = 0.0
    decay: fields.Share = 0.0
    regression: fields.Share = 0.75
    hidden_regression: bool = True
    visible_units: fields.VisibleUnits = "logistic"
    hidden_function: fields.HiddenFunction = "logistic"
    visible_to_hidden_factor: fields.Positive = 1.0
    hidden_to_visible_factor: fields.Positive = 1.0
    second_round: bool = False
    frozen: fields.Frozen = ()
    update_schedule: fields.UpdateSchedule = "batch"
    batch_size: fields.BatchSize = 1
    half_width: fields.Positive = 0.5
    initial_biases: fields.InitialBiases = "drawn"
    symmetric_start: bool = False
    criterion: fields.Criterion = "every-unit"
    threshold: fields.Positive = 0.1
    error_measured_on: fields.MeasuredOn = "reconstruction"
    max_updates: fields.UpdateCount = 2000

    def __post_init__(self) -> None:
        """Check each field by itself, then fields that depend on each other."""
        for name, check in _CHECKS.items():
            given = getattr(self, name)
            if hasattr(given, "__array__"):  # of NumPy, pandas, polars and others
                given = given.__array__().tolist()
            object.__setattr__(self, name, check(name, given))
        self._check_rule()
        self._check_patterns()
        if self.batch_size != 1 and self.update_schedule != "minibatch":
            raise self._refusal("batch_size", 'update_schedule = "minibatch"')

    def _check_rule(self) -> None:
        """Refuse fields that the learning rule or the number of groups does not allow."""
        has_one_hidden = len(self.group_sizes) == 2
        descends = self.learning_rule == BACK_PROPAGATION
        if self.symmetric_start and not has_one_hidden:
            raise self._refusal("symmetric_start", "one hidden group")
        if self.second_round and (descends or not has_one_hidden):
            raise self._refusal("second_round", "recirculation with one hidden group")
        has_cross_entropy = descends and self.visible_units == "logistic"
        if self.minimised_error != "squared" and not has_cross_entropy:
            needed = "back-propagation with logistic visible units"
            raise self._refusal("minimised_error", needed)

    def _check_patterns(self) -> None:
        """Refuse patterns that do not fit the visible group, and `n_images` without digits."""
        n_needed = self.n_visible
        if self.patterns == "digits":
            n_needed = fields.N_PIXELS
        elif isinstance(self.patterns, tuple):
            n_needed = len(self.patterns[0])
        if self.n_visible != n_needed:
            raise self._refusal("patterns", f"{n_needed} visible units")
        if self.n_images != fields.N_DIGITS and self.patterns != "digits":
            raise self._refusal("n_images", "digits")

    def _refusal(self, name: str, needed: str) -> UsageError:
        """Return the refusal of a field; `needed`: what it is allowed for."""
        given = f"{name} = {show(as_plain(self)[name])} was given in {self}"
        return UsageError(f"{given}; it is allowed for {needed} only; change one of these")

    def __repr__(self) -> str:
        arguments = []
        for name in self.differences:
            value = repr(getattr(self, name))
            if name == "patterns" and len(value) > LONGEST_PATTERNS:
                value = f"<{self.n_patterns} of {self.n_visible} units>"
            arguments.append(f"{name}={value}")
        return f"Protocol({', '.join(arguments)})"

    @property
    def n_visible(self) -> int:
        """Number of visible units."""
        return self.group_sizes[0]

    @property
    def n_patterns(self) -> int:
        """Number of training patterns."""
        if isinstance(self.patterns, str):
            return self.n_images if self.patterns == "digits" else self.n_visible
        return len(self.patterns)

    @property
    def connections(self) -> tuple[tuple[int, int], ...]:
        """Units of each connection's source and target; the last target is the visible group."""
        sizes = self.group_sizes
        return tuple(zip(sizes, sizes[1:] + sizes[:1], strict=True))

    @property
    def n_weights(self) -> int:
        """Number of weights and biases of one network."""
        return sum((source + 1) * target for source, target in self.connections)

    @property
    def differences(self) -> dict[str, Any]:
        """The fields that differ from `PAPER`, as plain JSON values."""
        values_of_paper = as_plain(PAPER)
        values = as_plain(self)
        return {name: value for name, value in values.items() if value != values_of_paper[name]}

    @property
    def has_paper_task(self) -> bool:
        """Whether networks learn the paper's vectors, to an error that it may have meant."""
        is_same = (self.n_visible, self.patterns) == (PAPER.n_visible, PAPER.patterns)
        return is_same and self.criterion != "unexplained-variance"

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits, which name this protocol in folders.

        Only fields that differ from `PAPER` count, so that a field that is added later leaves all
        ids as they are. `BASE_VERSION` counts, so that what was made when `PAPER` was another
        reading is kept apart.
        """
        content = {"base": BASE_VERSION, "differences": self.differences}
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:16]


def as_plain(protocol: Protocol) -> dict[str, Any]:
    """Return all fields as plain JSON values, lists in place of tuples."""
    return dict(json.loads(json.dumps(dataclasses.asdict(protocol))))


def from_plain(values: Mapping[str, Any], *, base: Protocol | None = None) -> Protocol:
    """Return `base` (`PAPER` unless given) with some fields replaced by plain JSON values."""
    for name in values:
        if name not in _CHECKS:
            near = difflib.get_close_matches(name, _CHECKS, n=1)
            hint = "allowed are"
            if near:
                hint = f"did you mean {near[0]!r}? Allowed are"
            raise UsageError(f"unknown protocol field {name!r}; {hint} {', '.join(_CHECKS)}")
    return dataclasses.replace(base or PAPER, **values)


def find_protocol(given: object) -> Protocol:
    """Return a protocol as it is, or the named reading.

    >>> find_protocol("notebook")
    Protocol(criterion='half-squared-error')
    """
    if isinstance(given, Protocol):
        return given
    if isinstance(given, str) and given in READINGS:
        return READINGS[given]
    known = f"a Protocol (in commands a TOML file) and the named readings {', '.join(READINGS)}"
    raise UsageError(f"protocol = {show(given)} was given; allowed are {known}")


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys and no spaces, the form that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def parse_assignment(text: str) -> tuple[str, Any]:
    """Read ``FIELD=VALUE``; the value is TOML, a bare word counts as a string."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or len(text.splitlines()) > 1:
        raise UsageError(f"--set was given {text!r}; write FIELD=VALUE, e.g. learning_rate=15")
    try:
        return name, tomllib.loads(f"value = {value}")["value"]
    except (ValueError, RecursionError):
        return name, value


_HINTS = get_type_hints(Protocol, include_extras=True)
_CHECKS = {name: fields.find_check(hint) for name, hint in _HINTS.items()}
"""The check of each field."""
CHOICES: dict[str, tuple[str, ...]] = {
    name: get_args(hint) for name, hint in _HINTS.items() if get_origin(hint) is Literal
}
"""The values of each field that is a choice, the paper's first."""

PAPER = Protocol()
"""The simulation of page 363, its "error" read as each unit's distance from its target."""

NOTEBOOK = Protocol(criterion="half-squared-error")
"""The reading of the notebook that this project grew from: the summed error below 0.1."""

ERROR_READINGS: Mapping[str, Protocol] = MappingProxyType(
    {
        "paper": PAPER,
        "square": Protocol(criterion="every-unit-squared"),
        "half-square": Protocol(criterion="every-unit-half-squared"),
        "notebook": NOTEBOOK,
        "worst-pattern": Protocol(criterion="worst-pattern"),
    }
)
"""Named readings of the criterion. "paper" is ours of the paper; "square" and "half-square" are
what "error" on a unit may mean instead. The others are those of later replications: a notebook (the
summed error), and a MATLAB program (half the squared error of the worst pattern)."""

DIGITS = Protocol(
    group_sizes=(64, 16),
    patterns="digits",
    n_images=300,
    centred=True,
    learning_rate=0.03,
    criterion="unexplained-variance",
    threshold=0.2,
)
"""Recirculation on 300 handwritten digits, until four fifths of their variance are explained."""

READINGS: Mapping[str, Protocol] = MappingProxyType({**ERROR_READINGS, "digits": DIGITS})
"""Protocols by their names: `ERROR_READINGS`, of the paper's task, and `DIGITS`, another task."""
