"""The program ``usdparquet``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    try:
        from .cli import app
    except KeyboardInterrupt:  # what comes later is the commands' own business
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    app(prog_name="usdparquet")
