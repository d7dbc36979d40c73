"""The fingerprint of a rule: a hash of its graph, the same on every processor and Python.

It changes when a rule is edited. Unlike the text of a program, it does not depend on the registers
of a processor. It does not cover what the operations themselves compute (`arithmetic.py`,
`noise.py`), initial weights, or how sums are written: golden digests and the outcome version do.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.simulator.compiler.traces import Traces
from replication.simulator.operations.arrays import Traced, walk
from replication.simulator.rule.network import Network, Rule
from replication.simulator.rule.recirculation import RecirculationNetwork

N_DIGITS = 32
"""Hexadecimal digits of a fingerprint."""
Methods = tuple[Any, ...]
"""The methods of a class with their code; they differ after one was replaced."""


def fingerprint_protocol(network: type[Network], protocol: Protocol) -> str:
    """Return the fingerprint of a class under a protocol, remembered until a method is replaced."""
    hashable: Any = network  # a class is, but mypy does not know
    return _fingerprint(hashable, neutralise(network, protocol), list_methods(network))


@functools.lru_cache(maxsize=256)
def _fingerprint(network: type[Network], protocol: Protocol, _: Methods) -> str:
    return fingerprint(Rule(network, protocol))


def fingerprint(rule: Rule) -> str:
    """Return the fingerprint of a rule, 32 hexadecimal digits."""
    if rule.fingerprint is None:
        rule.fingerprint = _compute(rule)
    return rule.fingerprint


def _compute(rule: Rule) -> str:
    """Return the hash of the graph of a rule, as text."""
    traces = Traces(rule)
    lines = _Lines()
    parts = {
        "image": lines.add([traces.image]),
        "error": lines.add([traces.error]),
        "hidden": lines.add(traces.hidden),
        "terms": {name: lines.add(terms) for name, terms in traces.terms.items()},
        "after": {name: lines.add([new]) for name, new in traces.after.items()},
    }
    text = "\n".join([*lines.lines, repr(parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:N_DIGITS]


class _Lines:
    """A graph as text, a line for each array: its operation, its shape and its arguments."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.number: dict[Traced, int] = {}  # of the line of each array

    def add(self, roots: Iterable[Traced]) -> list[int]:
        """Add lines for some arrays and all that they are made of.

        Return the numbers of the lines of the given arrays.
        """
        roots = list(roots)
        for x in walk(roots):
            if x not in self.number:
                note = self._describe(x)
                arguments = [self.number[arg] for arg in x.args]
                self.number[x] = len(self.lines)
                self.lines.append(f"{x.op} {x.shape} {note} {arguments} kept={x.is_kept}")
        return [self.number[x] for x in roots]

    def _describe(self, x: Traced) -> str:
        """Return the note of an array (`arrays.Note`) as text that is the same in every process."""
        if x.op == "number":
            return float(x.note).hex()
        if x.op == "constant":
            return " ".join(number.hex() for number in np.frombuffer(x.note).tolist())
        if x.op == "repeat":  # the lines of its step are added
            n, carried, becoming = x.note
            return f"{n} {self.add(carried)} {self.add(becoming)}"
        if x.op == "call":
            name, _, is_paired = x.note
            return f"{name} {is_paired}"
        if x.op == "carried":
            depth, place, _ = x.note
            return f"{depth} {place}"
        if x.op == "draw":
            kind, phase, draw, _ = x.note
            return f"{kind} {phase} {draw}"
        return repr(x.note)


def list_methods(network: type[Network]) -> Methods:
    """Return all methods of a class and of its base classes, since any may have been replaced."""
    members = [x for each in network.__mro__ for x in vars(each).values()]
    return tuple((x, getattr(x, "__code__", None)) for x in members if hasattr(x, "__get__"))


def neutralise(network: type[Network], protocol: Protocol) -> Protocol:
    """Return the protocol, with fixed values in the fields that do not change the program.

    Two protocols become equal if the same program serves both. So learning rate and threshold are
    fixed, and momentum only says whether there is any.
    """
    if not issubclass(network, RecirculationNetwork):  # other classes take few fields
        return protocol
    return dataclasses.replace(
        protocol,
        learning_rate=1.0,
        visible_to_hidden_factor=1.0,
        hidden_to_visible_factor=1.0,
        regression=0.0,
        momentum=0.5 * (protocol.momentum > 0.0),
        decay=0.5 * (protocol.decay > 0.0),
        threshold=1.0,
        half_width=1.0,
        max_updates=1,
        initial_biases="drawn",
        symmetric_start=False,
    )
