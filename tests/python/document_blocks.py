"""The examples of documents, and what they print."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(document: str) -> list[tuple[str, str]]:
    """The kind and the text of each block of code."""
    return BLOCK.findall((DOCS / document).read_text(encoding="utf-8"))


def run_python(document: str) -> int:
    """Run the examples one after the other, in this folder; the number of texts that they printed.

    Each block of text has to be what the example before it prints.
    """
    names: dict[str, object] = {}
    printed = ""
    compared = 0
    for kind, text in blocks(document):
        if kind == "python":
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(text, f"docs/{document}", "exec"), names)
            printed = output.getvalue()
        elif kind == "text":
            assert printed == text
            compared += 1
    return compared
