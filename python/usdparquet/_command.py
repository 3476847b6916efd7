"""The program ``usdparquet``, which is installed also where the commands' packages are not."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line, or say what to install for it."""
    try:
        try:
            _run()
        finally:
            _ignore_interrupts()
    except KeyboardInterrupt:
        # Not by sys.exit: where the exception went through an exec or eval of text, as typer's,
        # Python would end itself by the signal.
        if sys.stdout is not None:
            sys.stdout.flush()
        _end()


def _run() -> None:
    import signal

    # Until the command line is there to say it (`interrupts.take_process`). No exception: Python
    # prints those that are raised in callbacks, as there are in imports, and goes on.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    from ._extras import MissingExtraError, names_extra

    try:
        with names_extra():
            from .cli import app, interrupts
    except MissingExtraError as error:
        sys.exit(f"usdparquet: {error}")
    interrupts.take_process()
    _name_plugin()
    app(prog_name="usdparquet")


def _name_plugin() -> None:
    """Let an OpenUSD that does not look beside itself, as usd-exchange's, find the plugin too."""
    from ._plugin import plugin_dir

    name = "PXR_PLUGINPATH_NAME"
    folders = os.environ.get(name, "").split(os.pathsep)
    try:
        folders.append(str(plugin_dir()))
    except FileNotFoundError:
        return  # the package was built without it
    os.environ[name] = os.pathsep.join(filter(None, folders))


def _ignore_interrupts() -> None:
    """The command is done: what is left to the process would only lose its exit code."""
    import signal

    handler = signal.getsignal(signal.SIGINT)
    if getattr(handler, "__module__", None) in (__name__, "usdparquet.cli.interrupts"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(*_: object) -> None:
    """End while there is nothing to clean up."""
    if sys.stderr is not None:
        os.write(2, b"interrupted\n")
    os._exit(130)
