"""Patterns that choose prims and properties by their names."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

BELOW = "/**"


class PatternError(ValueError):
    """A pattern that is malformed, or that matches nothing."""


def split_patterns(text: str | None) -> list[str] | None:
    """The patterns of a list with commas; None if there is no list."""
    if text is None:
        return None
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise PatternError(f"'{text}' names nothing")
    return found


class PropertyPatterns:
    """Chooses properties by name; `*` stands for any characters, namespaces included."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [(text, re.compile(_any_characters(text))) for text in patterns]
        self._used: set[str] = set()

    def matches(self, *names: str) -> bool:
        """Whether a property known by any of these names is chosen."""
        found = False
        for text, expression in self._patterns:
            if any(expression.fullmatch(name) for name in names):
                self._used.add(text)
                found = True
        return found

    def check_used(self, what: str) -> None:
        """`PatternError` if a pattern has chosen nothing so far."""
        for text, _ in self._patterns:
            if text not in self._used:
                raise PatternError(f"{what} has no property '{text}'")


class PrimPatterns:
    """Chooses prims by their paths.

    `/A/B` is that prim, `/A/B/**` that prim and all below it; `*` stands for any characters
    within one name.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = list(patterns)
        for text in self.patterns:
            if not text.startswith("/") or "//" in text or text.endswith("/"):
                raise PatternError(
                    f"'{text}' is no absolute prim path, such as /World/A or /World/**"
                )
        self._expressions = {text: re.compile(_path_expression(text)) for text in self.patterns}
        self._unused = dict(self._expressions)

    def matches(self, path: str) -> bool:
        """Whether a prim is chosen."""
        if self._unused:
            for text in [text for text, one in self._unused.items() if one.fullmatch(path)]:
                del self._unused[text]
        return any(expression.fullmatch(path) for expression in self._expressions.values())

    def check_used(self, what: str) -> None:
        """`PatternError` if a pattern has chosen nothing so far."""
        for text in self._unused:
            raise PatternError(f"{what} has no prim '{text}'")

    @property
    def are_all_used(self) -> bool:
        """Whether every pattern has chosen something."""
        return not self._unused

    def expression(self, path: Any) -> Any:
        """An Arrow expression that is true where the expression `path` is chosen.

        A prim and all below it become a range of texts, so that Arrow skips row groups by their
        statistics.
        """
        exact = [text for text in self.patterns if "*" not in text]
        parts = [path.isin(pa.array(exact, pa.string()))] if exact else []
        for text in self.patterns:
            base = text.removesuffix(BELOW)
            if "*" not in text:
                continue
            if "*" not in base:
                # '0' is the character after '/'.
                parts.append((path == base) | ((path >= f"{base}/") & (path < f"{base}0")))
            else:
                parts.append(pc.match_substring_regex(path, f"^(?:{_path_expression(text)})$"))
        return functools.reduce(operator.or_, parts)


def _any_characters(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.split("*"))


def _path_expression(text: str) -> str:
    """The regular expression for a pattern, as Python and RE2 both take it."""
    base = text.removesuffix(BELOW)
    below = "(?:/.*)?" if base != text else ""
    return "[^/]*".join(re.escape(part) for part in base.split("*")) + below
