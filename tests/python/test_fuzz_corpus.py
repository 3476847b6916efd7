"""What the tree keeps of the inputs of a fuzz target."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

FUZZ = Path(__file__).parents[2] / "fuzz"


@pytest.fixture(name="choice", scope="module")
def the_module() -> Iterator[ModuleType]:
    sys.path.insert(0, str(FUZZ))
    yield importlib.import_module("corpus_choice")
    sys.path.remove(str(FUZZ))


def chosen(
    choice: ModuleType,
    inputs: dict[str, tuple[int, list[int]]],
    most_bytes: int = 1000,
    most_files: int = 100,
) -> set[str]:
    made = [choice.Input(Path(n), size, frozenset(ft)) for n, (size, ft) in inputs.items()]
    kept = choice.choose(made, most_bytes, most_files)
    assert choice.choose(made[::-1], most_bytes, most_files) == kept
    return {each.file.name for each in kept}


def test_a_long_input_that_reaches_more_is_kept_before_short_ones(choice: ModuleType) -> None:
    """Footers of a kilobyte reach a hundred times what those of three bytes do."""
    inputs = {f"short{i}": (20, [8 + i % 3]) for i in range(20)}
    inputs["long"] = (400, list(range(0, 8 * 500, 8)))
    assert chosen(choice, inputs, most_bytes=410, most_files=100) == {"long"}


def test_places_are_kept_before_counts(choice: ModuleType) -> None:
    """Features of one place differ by how often it is passed."""
    inputs = {
        "often": (1, [0, 1, 2, 3, 4, 5, 6, 7]),
        "once": (1, [0]),
        "elsewhere": (100, [80]),
    }
    assert chosen(choice, inputs, most_bytes=101, most_files=9) == {"often", "elsewhere"}
    assert chosen(choice, inputs, most_bytes=101, most_files=1) == {"often"}
    assert chosen(choice, inputs, most_bytes=50, most_files=9) == {"often"}


def test_what_adds_nothing_is_left_out(choice: ModuleType) -> None:
    inputs = {"both": (10, [8, 16]), "first": (8, [8]), "same": (11, [8, 16])}
    assert chosen(choice, inputs) == {"both"}
    assert chosen(choice, {"a": (3, []), "b": (3, [9])}) == {"b"}


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.frozensets(st.integers(0, 60), max_size=9)), max_size=12
    )
)
def test_with_room_enough_nothing_is_lost(inputs: list[tuple[int, frozenset[int]]]) -> None:
    sys.path.insert(0, str(FUZZ))
    try:
        choice = importlib.import_module("corpus_choice")
    finally:
        sys.path.remove(str(FUZZ))
    made = [choice.Input(Path(str(i)), size, ft) for i, (size, ft) in enumerate(inputs)]
    kept = choice.choose(made, 10_000, 100)
    assert frozenset().union(*(e.features for e in kept)) == frozenset().union(
        *(e.features for e in made)
    )
    assert len(set(kept)) == len(kept)
    few = choice.choose(made, 20, 3)
    assert sum(each.size for each in few) <= 20 and len(few) <= 3


def test_the_file_of_a_merge_is_read(choice: ModuleType, tmp_path: Path) -> None:
    """As clang 19 writes it: two files that were there before, one that a run ended in."""
    for name, size in (("a", 3), ("b", 5), ("c", 7)):
        (tmp_path / name).write_bytes(b"x" * size)
    control = tmp_path / "merge.txt"
    control.write_text(
        f"3\n2\n{tmp_path}/a\n{tmp_path}/b\n{tmp_path}/c\n"
        "STARTED 0 3\nFT 0 24 25 80\nCOV 0 3 10\n"
        "STARTED 1 5\nFT 1\nCOV 1\n"
        "STARTED 2 7\n"
    )
    read = choice.read_control_file(control)
    assert [(each.file.name, each.size, set(each.features)) for each in read] == [
        ("a", 3, {24, 25, 80}),
        ("b", 5, set()),
    ]
    assert read[0].places == {3, 10}
