"""The program ``usdparquet``, which is installed also where the commands' packages are not."""

from __future__ import annotations

import sys

from ._extras import MissingExtraError, names_extra


def main() -> None:
    """Run the command line, or say what to install for it."""
    try:
        with names_extra():
            from .cli import app
    except MissingExtraError as error:
        sys.exit(f"usdparquet: {error}")
    except KeyboardInterrupt:  # what comes later is the commands' own business
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    app(prog_name="usdparquet")
