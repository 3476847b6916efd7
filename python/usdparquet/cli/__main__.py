"""Lets ``python -m usdparquet.cli`` stand for ``usdparquet``."""

from __future__ import annotations

from usdparquet._command import main

if __name__ == "__main__":
    main()
