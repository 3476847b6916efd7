"""The names of the C++ tests: a file has the suite of the unit that it tests."""

import re
from pathlib import Path

FILES = sorted((Path(__file__).parents[1] / "cpp").glob("*_test.cc"))


def test_a_suite_is_named_as_its_file() -> None:
    assert len(FILES) > 30
    for file in FILES:
        unit = "".join(word.title() for word in file.stem.split("_")[1:-1])
        tests = re.findall(r"^(TEST(?:_[FP])?)\((\w+),", file.read_text(), re.MULTILINE)
        assert tests, file.name
        for macro, suite in tests:
            # Tests of one text with several parameters are a suite of their own to GoogleTest.
            named = suite.startswith(unit) if macro == "TEST_P" else suite == unit
            assert named, f"{file.name}: the suite {suite} is not named {unit}"
