"""Ctrl-C ends a command within two seconds, whatever it is doing.

Python acts on a signal between its own steps, and a call of OpenUSD may take minutes, in which
Python cannot even run another thread. A thread without Python ends the process then.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

FAREWELL = "interrupted"
EXIT_CODE = 130
_PATIENCE = 0.8
"""Seconds for Python to end the command itself: it knows best what to clean up."""
_SHOW_CURSOR = "\x1b[?25h\r\x1b[K"
"""Progress bars hide it."""

_is_process_ours = False
_pipe: tuple[int, int] | None = None


def take_process() -> None:
    """Say that the process is that of a command, and ends with it; the program itself says so.

    From now on Ctrl-C is an exception, if it was not ignored.
    """
    global _is_process_ours
    _is_process_ours = True
    if getattr(signal.getsignal(signal.SIGINT), "__module__", "") == "usdparquet._command":
        signal.signal(signal.SIGINT, signal.default_int_handler)


def watch() -> None:
    """From now on Ctrl-C is waited for; in a process of others, nothing happens."""
    global _pipe
    is_default = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    is_main = threading.current_thread() is threading.main_thread()
    if not _is_process_ours or not is_default or not is_main or _pipe is not None:
        return
    from usdparquet._plugin import load_core

    _pipe = os.pipe()
    os.set_blocking(_pipe[1], False)
    signal.set_wakeup_fd(_pipe[1], warn_on_full_buffer=False)
    cursor = _SHOW_CURSOR if sys.stderr.isatty() else ""
    load_core().end_on_interrupt(_pipe[0], _PATIENCE, f"{cursor}{FAREWELL}\n")


def end_at_once() -> None:
    """End a process of ours: what a command holds may take seconds to be taken apart."""
    if _is_process_ours:
        sys.stdout.flush()
        os._exit(EXIT_CODE)
