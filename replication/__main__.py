"""Start the command `replication`, also by ``python -m replication``.

Loading the libraries takes a second or two. Nothing has begun by then, so a signal may end the
process at once, with the same message and exit code as later (`system/interruption.py`).
"""

import os
import signal
import sys
from types import FrameType

MESSAGE = b"replication: interrupted; run the same command again to start over\n"


def leave(number: int, _frame: FrameType | None) -> None:
    """End at once; no buffer is flushed, since an import may be half done."""
    os.write(2, MESSAGE)
    os._exit(128 + number)


def main() -> int:
    """Run the command of this process and return its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # one that is ignored stays so (nohup)
            signal.signal(number, leave)
    from replication.cli import main as run

    code = run()
    if code > 128:
        # After an interruption, threads or a compiler may still be at work. The interpreter would
        # end under them, and the process by SIGABRT. All output has been flushed.
        os._exit(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
