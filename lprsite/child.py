"""Start a program that does not outlive the process that starts it.

``python -S -m lprsite.child PARENT_PID PROGRAM ARG...`` asks the kernel (Linux) to kill
this process when its parent dies, and then becomes the program. Elsewhere, and for the
program's own children, ``lprsite.warden`` does the same a moment later.
"""

from __future__ import annotations

import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def ask_to_die_with_parent() -> None:
    """Linux: get SIGKILL when the thread that started this process ends."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def main(argv: list[str]) -> None:
    """Become the program, unless the parent died before it could be watched."""
    parent, *command = argv
    ask_to_die_with_parent()
    if os.getppid() != int(parent):
        raise SystemExit("The process that asked for this program is gone.")
    try:
        os.execvp(command[0], command)  # noqa: S606 (an argument list, never a shell)
    except OSError as error:
        raise SystemExit(f"{command[0]} cannot be started: {error.strerror}.") from None


if __name__ == "__main__":
    main(sys.argv[1:])
