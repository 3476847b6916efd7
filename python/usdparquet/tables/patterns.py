"""Patterns that choose prims and properties by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from usdparquet.tables.errors import OptionsError

BELOW = "/**"


class PatternError(ValueError):
    """A pattern that is malformed, or that matches nothing."""


def split_list(text: str, comma: str = ",") -> list[str]:
    """The items of a list, as they are written; what is in double quotes is not divided."""
    items = [""]
    is_quoted = False
    for character in text:
        if character == comma and not is_quoted:
            items.append("")
            continue
        is_quoted ^= character == '"'
        items[-1] += character
    if is_quoted:
        raise OptionsError(f"'{text}' has a double quote without its other one")
    return [item.strip() for item in items]


def unquoted(item: str) -> str:
    """An item of a list without the double quotes around it; within, two stand for one."""
    is_quoted = len(item) > 1 and item[0] == item[-1] == '"'
    return item[1:-1].replace('""', '"') if is_quoted else item


def split_items(text: str | None) -> list[str] | None:
    """The items of a list with commas, as they are written; None if there is no list."""
    if text is None:
        return None
    found = [item for item in split_list(text) if item]
    if not found:
        raise OptionsError(f"'{text}' names nothing")
    return found


def split_patterns(text: str | None) -> list[str] | None:
    """The names or patterns of a list with commas; None if there is no list."""
    found = split_items(text)
    return None if found is None else [unquoted(item) for item in found]


def split_keys(text: str | None) -> list[str]:
    """The names of a list to sort by, with `-` in front for the largest first."""
    return [
        "-" + unquoted(item[1:].strip()) if item.startswith("-") else unquoted(item)
        for item in split_items(text) or ()
    ]


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
    within one name, and `/A/**/B` is every B below A, at any depth.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        every = dict.fromkeys(patterns)
        for text in every:
            if not text.startswith("/") or "//" in text or text.endswith("/"):
                raise PatternError(
                    f"'{text}' is no absolute prim path, such as /World/A or /World/**"
                )
        self.paths = {text: None for text in every if "*" not in text}
        """Those that are the path of one prim, of which there may be many."""
        self.wildcards = [text for text in every if "*" in text]
        """The others."""
        self._expressions = {text: re.compile(_path_expression(text)) for text in self.wildcards}
        self._unused = every

    def matches(self, path: str) -> bool:
        """Whether a prim is chosen."""
        found = path in self.paths
        if found:
            self._unused.pop(path, None)
        for text, expression in self._expressions.items():
            if expression.fullmatch(path):
                self._unused.pop(text, None)
                found = True
        return found

    def check_used(self, what: str) -> None:
        """`PatternError` if a pattern has chosen nothing so far."""
        for text in self._unused:
            raise PatternError(f"{what} has no prim '{text}'")

    def conditions(self, path: str) -> list[str]:
        """For each of `wildcards`, the SQL that is true where the SQL `path` is chosen."""
        return [_sql_condition(text, path) for text in self.wildcards]


def _sql_condition(text: str, path: str) -> str:
    base = text.removesuffix(BELOW)
    if "*" in base:
        return f"regexp_full_match({path}, {_sql_text(_path_expression(text))})"
    # '0' is the character after '/'.
    below = f"{path} >= {_sql_text(base + '/')} AND {path} < {_sql_text(base + '0')}"
    return f"({path} = {_sql_text(base)} OR ({below}))"


def _sql_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _any_characters(text: str) -> str:
    return ".*".join(re.escape(part) for part in text.split("*"))


def _path_expression(text: str) -> str:
    """The regular expression for a pattern, as Python and RE2 both take it."""
    *above, last = text.removeprefix("/").split("/")
    parts = ["(?:/[^/]+)*" if name == "**" else "/" + _name_expression(name) for name in above]
    parts.append("(?:/.*)?" if last == "**" else "/" + _name_expression(last))
    return "".join(parts)


def _name_expression(name: str) -> str:
    return "[^/]*".join(re.escape(part) for part in re.split(r"\*+", name))
