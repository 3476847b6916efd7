"""Texts that UTF-8 cannot hold: Python's may have lone surrogates, which are no characters."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

_MAX_SHOWN_NAMES = 20


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


def shown_names(names: Sequence[str]) -> str:
    """`there are 'a', 'b'`, of at most 20 names."""
    shown = ", ".join(f"'{name}'" for name in names[:_MAX_SHOWN_NAMES])
    return f"there are {shown}{', …' if len(names) > _MAX_SHOWN_NAMES else ''}"


def nearest_name(name: str, known: Sequence[str]) -> str | None:
    """The one of `known` names that may have been meant."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.7) or [
        one for one in known if one.casefold() == name.casefold()
    ]
    return near[0] if near else None


def hint_of(name: str, known: Sequence[str]) -> str:
    """What to say behind `there is no …`: the nearest name, or those that there are."""
    near = nearest_name(name, known)
    if near is not None:
        return f"; the nearest is '{near}'"
    return f" ({shown_names(known)})" if known else ""
