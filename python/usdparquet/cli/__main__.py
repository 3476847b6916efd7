"""Lets ``python -m usdparquet.cli`` stand for ``usdparquet``."""

from __future__ import annotations

from usdparquet.cli import app

if __name__ == "__main__":
    app(prog_name="usdparquet")
