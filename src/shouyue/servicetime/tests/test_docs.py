"""The examples of the documentation give what they say."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[4] / "docs" / "servicetime.md"


def test_the_examples_of_the_page_hold():
    results = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert results.attempted > 25
    assert results.failed == 0


def test_the_package_imports_nothing_else_of_the_project():
    package = Path(__file__).parents[1]
    for file in package.glob("*.py"):
        for line in file.read_text().splitlines():
            if line.startswith(("import ", "from ")):
                assert "django" not in line
                assert "shouyue" not in line or "shouyue.servicetime" in line
