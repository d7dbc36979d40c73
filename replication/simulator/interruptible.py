"""A compiled function in a thread of its own, so that a signal is answered at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Result = TypeVar("Result")


def run_interruptibly(function: Callable[[], Result], stop: NDArray[np.bool_]) -> Result:
    """Run a function in a thread of its own and wait for it.

    Python delivers a signal to the main thread only between two of its own
    instructions, so compiled code there would hold it up.

    Parameters
    ----------
    function : callable
        Looks at `stop` now and then.
    stop : bool array, shape (1,)
        Set to true when an exception, such as Ctrl-C, ends the waiting.

    Returns
    -------
    object
        What the function returns; what it raises is raised here.
    """
    box: list[Result] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            box.append(function())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        thread.join()
    except BaseException:
        stop[0] = True
        thread.join()
        raise
    if failure:
        raise failure[0]
    return box[0]
