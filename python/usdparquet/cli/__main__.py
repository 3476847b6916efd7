"""Lets ``python -m usdparquet.cli`` stand for ``usdparquet``."""

from usdparquet.cli import app

app()
