"""Conditions on columns, as people write them: ``cost > 10 and is_active``.

The text is parsed as a Python expression of comparisons, ``and``, ``or`` and ``not``, and becomes
an Arrow expression; none of it is executed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_HELP = (
    "a condition is made of comparisons (== != < <= > >=, in, is None), and, or, not; "
    "names that are no words stand in backticks"
)
_MAX_SHOWN_NAMES = 20


class WhereError(ValueError):
    """A condition that cannot be parsed, or that does not fit the columns."""


@dataclass(frozen=True)
class Column:
    """A column that a condition may name."""

    expression: Any
    type: pa.DataType
    name: str = ""
    """What messages call it."""


def parse_where(text: str, columns: Mapping[str, Column]) -> pc.Expression:
    """The Arrow expression for a condition over `columns`; `WhereError` if it is not one."""
    names: list[str] = []
    plain = _without_backticks(text, names)
    try:
        tree = ast.parse(plain.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise WhereError(f"the condition '{text}' cannot be read: {reason}; {_HELP}") from error
    return _Condition(text, columns, names).boolean(tree.body)


def _without_backticks(text: str, names: list[str]) -> str:
    """`text` with each name in backticks replaced by an identifier; the names go to `names`."""
    out, quote, start = [], "", 0
    for index, character in enumerate(text):
        if quote == "`":
            if character == "`":
                out.append(_placeholder(len(names)))
                names.append(text[start:index])
                quote = ""
            continue
        if quote:
            quote = "" if character == quote and text[index - 1] != "\\" else quote
        elif character in "'\"`":
            quote, start = character, index + 1
        if quote != "`":
            out.append(character)
    if quote == "`":
        raise WhereError(f"the condition '{text}' has a backtick without its partner")
    return "".join(out)


def _placeholder(number: int) -> str:
    return f"__name_in_backticks_{number}__"


class _Condition:
    """Turns the nodes of one condition into expressions."""

    def __init__(self, text: str, columns: Mapping[str, Column], names: list[str]) -> None:
        self._text = text
        self._columns = columns
        self._names = {_placeholder(index): name for index, name in enumerate(names)}

    def boolean(self, node: ast.expr) -> Any:
        """The expression for a node where something true or false is expected."""
        if isinstance(node, ast.BoolOp):
            join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
            result = self.boolean(node.values[0])
            for value in node.values[1:]:
                result = join(result, self.boolean(value))
            return result
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self.boolean(node.operand)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        name = self._name(node)
        if name is not None:
            column = self._column(name)
            if not pa.types.is_boolean(column.type):
                raise self._error(
                    f"column '{name}' is {column.type}, not true or false: compare it"
                )
            return column.expression
        raise self._error(f"'{ast.unparse(node)}' is no condition; {_HELP}")

    def _comparison(self, node: ast.Compare) -> Any:
        sides = [node.left, *node.comparators]
        result = None
        for left, comparison, right in zip(sides, node.ops, sides[1:], strict=False):
            one = self._one_comparison(left, comparison, right)
            result = one if result is None else result & one
        return result

    def _one_comparison(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> Any:
        if isinstance(comparison, ast.Is | ast.IsNot):
            name = self._name(left)
            if name is None or not (isinstance(right, ast.Constant) and right.value is None):
                raise self._error("'is' takes a column on the left and None on the right")
            expression = self._column(name).expression
            return expression.is_null() if isinstance(comparison, ast.Is) else expression.is_valid()
        if isinstance(comparison, ast.In | ast.NotIn):
            return self._membership(left, comparison, right)
        names = self._name(left), self._name(right)
        if names[0] is not None and names[1] is not None:
            columns = self._column(names[0]), self._column(names[1])
            if _kind(columns[0].type) != _kind(columns[1].type):
                raise self._error(
                    f"columns '{names[0]}' ({columns[0].type}) and '{names[1]}' "
                    f"({columns[1].type}) cannot be compared"
                )
            return _COMPARISONS[type(comparison)](columns[0].expression, columns[1].expression)
        if names[0] is not None:
            value = self._value_for(names[0], right)
            return _COMPARISONS[type(comparison)](self._column(names[0]).expression, value)
        if names[1] is not None:
            value = self._value_for(names[1], left)
            return _COMPARISONS[type(comparison)](value, self._column(names[1]).expression)
        for side in (left, right):
            self._literal(side)
        raise self._error("a comparison has no column on either side")

    def _membership(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> Any:
        name = self._name(left)
        if name is None or not isinstance(right, ast.Tuple | ast.List | ast.Set):
            raise self._error("'in' takes a column on the left and values in brackets on the right")
        column = self._column(name)
        # A chain of comparisons, since a null then stays neither true nor false.
        result = None
        for item in right.elts:
            one = column.expression == self._value_for(name, item)
            result = one if result is None else result | one
        if result is None:
            raise self._error("'in' has no values in its brackets")
        return result if isinstance(comparison, ast.In) else ~result

    def _name(self, node: ast.expr) -> str | None:
        """The column that a node names, or None if it is no name."""
        return self._names.get(node.id, node.id) if isinstance(node, ast.Name) else None

    def _column(self, name: str) -> Column:
        if name in self._columns:
            return self._columns[name]
        shown = ", ".join(f"'{known}'" for known in list(self._columns)[:_MAX_SHOWN_NAMES])
        more = ", …" if len(self._columns) > _MAX_SHOWN_NAMES else ""
        raise self._error(f"there is no column '{name}' (there are {shown}{more})")

    def _value_for(self, name: str, node: ast.expr) -> Any:
        """A literal as an Arrow scalar that can be compared with a column."""
        column = self._column(name)
        value = self._literal(node)
        if value is None:
            raise self._error(f"column '{name}' is compared with None: write 'is None'")
        kind = _kind(column.type)
        if kind == "time" and isinstance(value, str):
            try:
                return pa.scalar(value).cast(column.type)
            except pa.ArrowException as error:
                raise self._error(
                    f"column '{name}' is {column.type}, and '{value}' is none: {error}"
                ) from error
        fits = {
            "number": isinstance(value, int | float) and not isinstance(value, bool),
            "text": isinstance(value, str),
            "boolean": isinstance(value, bool),
        }
        if not fits.get(kind, False):
            raise self._error(
                f"column '{name}' is {column.type}, which cannot be compared with {value!r}"
            )
        try:
            return pa.scalar(value)
        except (pa.ArrowException, OverflowError) as error:
            raise self._error(f"{value!r} is too large a number") from error

    def _literal(self, node: ast.expr) -> object:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            value = self._literal(node.operand)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return -value if isinstance(node.op, ast.USub) else value
        if isinstance(node, ast.Constant) and (
            node.value is None or isinstance(node.value, bool | int | float | str)
        ):
            return node.value
        raise self._error(f"'{ast.unparse(node)}' is no number, text, True or False; {_HELP}")

    def _error(self, reason: str) -> WhereError:
        for placeholder, name in self._names.items():
            reason = reason.replace(placeholder, f"`{name}`")
        return WhereError(f"the condition '{self._text}': {reason}")


def _kind(arrow_type: pa.DataType) -> str:
    """What values of a type can be compared with."""
    types = pa.types
    if types.is_dictionary(arrow_type):
        return _kind(arrow_type.value_type)
    if types.is_boolean(arrow_type):
        return "boolean"
    if (
        types.is_integer(arrow_type)
        or types.is_floating(arrow_type)
        or types.is_decimal(arrow_type)
    ):
        return "number"
    if types.is_string(arrow_type) or types.is_large_string(arrow_type):
        return "text"
    if types.is_string_view(arrow_type):
        return "text"
    if types.is_date(arrow_type) or types.is_timestamp(arrow_type) or types.is_time(arrow_type):
        return "time"
    return "other"
