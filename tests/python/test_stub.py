"""`_core.pyi`, which no compiler reads, has the functions of the module and their parameters."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import usdparquet
from usdparquet import _core

STUB = Path(usdparquet.__file__).with_name("_core.pyi")


def _parameters(function: ast.FunctionDef) -> list[str]:
    given = function.args
    return [each.arg for each in given.posonlyargs + given.args + given.kwonlyargs]


def _compiled(function: object) -> list[list[str]]:
    """The parameters of a compiled function, which tells them as Python without defaults."""
    signatures = []
    for text, *_ in function.__nb_signature__:  # type: ignore[attr-defined]
        (parsed,) = ast.parse(re.sub(r"\\\d+", "None", text) + ": ...").body
        assert isinstance(parsed, ast.FunctionDef)
        signatures.append(_parameters(parsed))
    return signatures


def test_functions_have_their_parameters() -> None:
    wrong = []
    names = set()
    for node in ast.parse(STUB.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        functions = [node] if isinstance(node, ast.FunctionDef) else []
        owner: object = _core
        if isinstance(node, ast.ClassDef):
            owner = getattr(_core, node.name)
            functions = [each for each in node.body if isinstance(each, ast.FunctionDef)]
        wrong += [
            (each.name, _parameters(each))
            for each in functions
            if _parameters(each) not in _compiled(getattr(owner, each.name))
        ]
    assert wrong == []
    assert names == {name for name in dir(_core) if not name.startswith("_")}
