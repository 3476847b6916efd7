"""The files of a folder of src can be compiled as one (`USDPARQUET_COMPILE_FOLDERS`).

The compiler refuses most names that two files use. A function of another signature it takes for an
overload, and a call could mean the one of the other file: those are looked for here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"
FOLDERS = sorted({path.parent for path in SOURCES.rglob("*.cc")})
NOT_CODE = re.compile(
    r"""R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""", re.DOTALL
)
FUNCTION = re.compile(r"\b(\w+)\s*\((?:[^;{}]|\{\})*\)[^;{}()]*\{\}")


def own_functions(text: str) -> set[str]:
    """The functions that a file defines in its anonymous namespaces."""
    text = NOT_CODE.sub(" ", text)
    found: set[str] = set()
    for match in re.finditer(r"\bnamespace \{", text):
        outer, depth = "", 1
        for letter in text[match.end() :]:
            depth += (letter == "{") - (letter == "}")
            if depth == 0:
                break
            # What is within braces is left out.
            if depth == 1 or (depth == 2 and letter == "{"):
                outer += letter
        found.update(FUNCTION.findall(outer))
    return found


def test_functions_are_found() -> None:
    text = """
int Outside(int a) { return a; }
namespace {
constexpr char kText[] = "namespace { int Quoted() {} }";  // int Commented() {}
template <typename T>
T First(const void* bytes, size_t at = {}) {
  if (at) { return T(Called(bytes)); }
  return {};
}
class Box {
 public:
  void Method() {}
};
const auto kTable = {One(1), Two(2)};
Box* Second() { return nullptr; }
}  // namespace
namespace {
bool Third(int a,
           int b) noexcept { return a == b; }
}
"""
    assert own_functions(text) == {"First", "Second", "Third"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(SOURCES)))
def test_files_of_a_folder_share_no_function(folder: Path) -> None:
    files: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*.cc")):
        for name in own_functions(path.read_text("utf-8")):
            files[name].append(path.name)
    assert {name: where for name, where in files.items() if len(where) > 1} == {}
