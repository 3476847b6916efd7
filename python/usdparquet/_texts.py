"""Texts that UTF-8 cannot hold: Python's may have lone surrogates, which are no characters."""

from __future__ import annotations

from typing import Any


def is_utf8(text: str) -> bool:
    """Whether UTF-8 can hold a text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_text(text: object, what: str) -> None:
    """ValueError if `text`, which `what` is called in messages, is a text without UTF-8."""
    if isinstance(text, str) and not is_utf8(text):
        raise ValueError(f"{what} is {text!r}, which is no valid UTF-8")


def shown_cell(cell: Any) -> str:
    """A cell as a message shows it: on one line, and not long."""
    text = " ".join(repr(cell).split())
    return text if len(text) <= 80 else text[:79] + "…"
