"""Loops of a rule that stay loops when it is compiled."""

import operator
from collections.abc import Callable
from typing import Any

from replication.simulator.operations.arrays import (
    Graph,
    Traced,
    TraceError,
    as_tuple,
    is_truth,
    keep,
    walk,
)
from replication.simulator.operations.functions import TRUTHS_ADVICE
from replication.simulator.operations.handles import STATE, Handle, unwrap
from replication.simulator.operations.turns import APPLY, TURNS

State = Any
"""An array of a state, or a number: of NumPy, or a handle while the rule is traced."""
Step = Callable[..., Any]
"""Takes the arrays of a state and returns those of the next one; a user has written it."""


def repeat(n: int, step: Step, *state: State) -> State:
    """Return the state after n steps, ``state = step(*state)``: a loop, also when compiled.

    Parameters
    ----------
    n : int
        Steps, at least 0.
    step : function
        Takes the arrays of the state and returns as many of the same shapes, a tuple if several.
    *state : arrays
        What the first step takes.

    Examples
    --------
    >>> float(repeat(3, lambda x: 2.0 * x, 1.0))
    8.0
    """
    n = operator.index(n)
    if TURNS.graph is not None and n >= 1:
        state = _trace_loop(TURNS.graph, n, step, state)
    else:
        n_draws = TURNS.n_draws
        for turn in range(n):
            TURNS.n_draws = n_draws  # a draw has the same number in every turn
            with TURNS.take(n, turn):
                state = as_tuple(step(*state))
    return state if len(state) > 1 else state[0]


def _trace_loop(graph: Graph, n: int, step: Step, state: tuple[State, ...]) -> tuple[Handle, ...]:
    """Run a step once, on arrays that stand for the state in every turn; return the last state."""
    # The state before the first turn (`begun`), before any turn (`carried`), and after it.
    begun = [graph.take(unwrap(x)) for x in state]
    is_batched = graph.phase != APPLY
    # What a step makes differs from turn to turn, which a greater depth notes.
    graph.depth += 1
    try:
        carried = [_make_carried(graph, x, k, is_batched) for k, x in enumerate(begun)]
        returned = as_tuple(step(*(Handle(x, STATE) for x in carried)))
        becoming = [graph.take(unwrap(x)) for x in returned]
    finally:
        graph.depth -= 1
    _check_state(begun, becoming)
    loop = graph.make(
        "repeat",
        (),
        [*begun, *_keep_outside(graph, becoming)],
        note=(n, tuple(carried), tuple(becoming)),
        is_batched=is_batched,
        depth=graph.depth,
    )
    results = []
    for k, x in enumerate(begun):
        array = graph.make("result", x.shape, [loop], note=k)
        results.append(Handle(array, "" if _is_new(graph, returned, k) else STATE))
    return tuple(results)


def _make_carried(graph: Graph, begun: Traced, number: int, is_batched: bool) -> Traced:
    """Return the array that stands for one array of the state in every turn of this loop."""
    note = (graph.depth, number, object())  # the object makes it another array than in other loops
    shape = begun.shape
    return graph.make("carried", shape, note=note, is_batched=is_batched, depth=graph.depth)


def _keep_outside(graph: Graph, becoming: list[Traced]) -> list[Traced]:
    """Return the arrays from outside of the loop that a step reads; they are computed before it."""

    def is_outside(x: Traced) -> bool:
        return x.op != "carried" and x.depth <= graph.depth

    ends = walk(becoming, is_end=lambda x: x.op == "carried" or is_outside(x))
    return [keep(x) for x in ends if is_outside(x)]


def _check_state(begun: list[Traced], becoming: list[Traced]) -> None:
    """Refuse a state of truth values, or one whose shapes change in a step."""
    before = [x.shape for x in begun]
    after = [x.shape for x in becoming]
    if before != after:
        raise TraceError(f"repeat: a state of shapes {before} becomes one of {after}")
    if any(map(is_truth, [*begun, *becoming])):
        raise TraceError(f"repeat: a state consists of truth values; {TRUTHS_ADVICE}")


def _is_new(graph: Graph, returned: tuple[State, ...], k: int) -> bool:
    """Return whether array number k that a step returns would have no other name in NumPy.

    If so, a rule may change it in place after the loop. It has another name if it was made outside
    of the step, handed on as it was, or returned twice.
    """
    new = returned[k]
    if not isinstance(new, Handle):
        return False
    storage = new.storage
    n_names = sum(isinstance(x, Handle) and x.storage is storage for x in returned)
    return n_names == 1 and storage.depth > graph.depth and not storage.refusal
