"""Ctrl-C ends a command within two seconds, whatever it is doing.

Python acts on a signal between its own steps, and a call of OpenUSD may take minutes, in which
Python cannot even run another thread. A thread without Python ends the process then.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

FAREWELL = "interrupted"
EXIT_CODE = 130
_PATIENCE = 0.8
"""Seconds for Python to end the command itself: it knows best what to clean up."""
_SHOW_CURSOR = "\x1b[?25h\r\x1b[K"
"""Progress bars hide it."""

_IMPORTING = "<frozen importlib._bootstrap>"
"""The file of frames that import modules."""

_is_process_ours = False
_pipe: tuple[int, int] | None = None


def take_process() -> None:
    """Say that the process is that of a command, and ends with it; the program itself says so.

    From now on Ctrl-C is an exception, if it was not ignored; but it ends the process at once while
    a module is imported, as what libraries run then prints exceptions, or swallows them.
    """
    global _is_process_ours
    _is_process_ours = True
    if getattr(signal.getsignal(signal.SIGINT), "__module__", "") == "usdparquet._command":
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(_: int, frame: FrameType | None) -> None:
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            _end_importing()
        frame = frame.f_back
    raise KeyboardInterrupt


def _end_importing() -> NoReturn:
    if _pipe is not None:  # as a second Ctrl-C: the thread knows the temporary files
        os.write(_pipe[1], bytes([signal.SIGINT]))
        time.sleep(_PATIENCE)
    elif sys.stderr is not None:
        os.write(2, f"{FAREWELL}\n".encode())
    os._exit(EXIT_CODE)


def watch() -> None:
    """From now on Ctrl-C is waited for; in a process of others, nothing happens."""
    global _pipe
    is_handled = signal.getsignal(signal.SIGINT) is _interrupt
    is_main = threading.current_thread() is threading.main_thread()
    if not _is_process_ours or not is_handled or not is_main or _pipe is not None:
        return
    from usdparquet._plugin import OtherArrowError, load_core

    try:
        core = load_core()
    except OtherArrowError:  # which the command itself says
        return
    _pipe = os.pipe()
    os.set_blocking(_pipe[1], False)
    signal.set_wakeup_fd(_pipe[1], warn_on_full_buffer=False)
    cursor = _SHOW_CURSOR if sys.stderr.isatty() else ""
    core.end_on_interrupt(_pipe[0], _PATIENCE, f"{cursor}{FAREWELL}\n")


def end_at_once() -> None:
    """End a process of ours: what a command holds may take seconds to be taken apart."""
    if _is_process_ours:
        sys.stdout.flush()
        os._exit(EXIT_CODE)
