"""Which of a target's inputs the tree keeps, where there is no room for all of them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

# libFuzzer counts how often a place of the code is passed in eight classes, each a feature.
CLASSES = 8


@dataclass(frozen=True, eq=False)
class Input:
    """An input of a target, and what libFuzzer calls its features."""

    file: Path
    size: int
    features: frozenset[int]

    @property
    def places(self) -> frozenset[int]:
        """The places of the code that it passes."""
        return frozenset(feature // CLASSES for feature in self.features)


def read_control_file(file: Path) -> list[Input]:
    """What a merge has found out, of inputs that it has run to their end.

    The file is that of `-merge_control_file` with `-set_cover_merge=1`, where the features of an
    input are all it has, not just new ones: FuzzerMerge.h of LLVM's compiler-rt has the format.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    names = lines[2 : 2 + int(lines[0])]
    features = {}
    for line in lines[2 + len(names) :]:
        kind, number, *rest = line.split()
        if kind == "FT":
            features[int(number)] = frozenset(map(int, rest))
    return [
        Input(Path(name), Path(name).stat().st_size, features[number])
        for number, name in enumerate(names)
        if number in features
    ]


def choose(inputs: Iterable[Input], most_bytes: int, most_files: int) -> list[Input]:
    """Those with most for their size, within both limits.

    Places of the code come first: an input that alone reaches one is kept before others that pass
    known places more or less often. The same inputs give the same choice in any order.
    """
    left = sorted(inputs, key=lambda each: (each.size, each.file.name))
    kept: list[Input] = []
    for what in (lambda each: each.places, lambda each: each.features):
        _choose_by(what, [each for each in left if each not in kept], kept, most_bytes, most_files)
    return kept


def _choose_by(
    what: Callable[[Input], frozenset[int]],
    left: list[Input],
    kept: list[Input],
    most_bytes: int,
    most_files: int,
) -> None:
    """Append what adds to the kept ones, most for its size first."""
    seen: set[int] = set().union(*(what(each) for each in kept))
    room = most_bytes - sum(each.size for each in kept)
    # What an input adds only becomes less, so one that is still the best when it is counted again
    # is the best of all.
    queue = [(-len(what(each)) / (each.size + 1), number) for number, each in enumerate(left)]
    heapq.heapify(queue)
    while queue and len(kept) < most_files:
        _, number = heapq.heappop(queue)
        each = left[number]
        new = what(each) - seen
        if not new or each.size > room:
            continue
        entry = (-len(new) / (each.size + 1), number)
        if queue and entry > queue[0]:
            heapq.heappush(queue, entry)
            continue
        kept.append(each)
        seen |= new
        room -= each.size
