"""The program imports only what a machine without the tools for tests has."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions

from .sources import ROOT, name, python_files

OPTIONAL = {"numba", "storages"}
"""Used where installed; the program does without."""


def plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_every_import_is_among_the_locked_packages():
    locked = {
        plain(found)
        for found in re.findall(r"^([\w.-]+)==", (ROOT / "requirements/run.txt").read_text("utf-8"), re.M)
    }
    owners = packages_distributions()
    found = []
    for path in python_files():
        if path.name == "conftest.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                modules = [node.module]
            else:
                continue
            for module in {module.partition(".")[0] for module in modules}:
                if module in sys.stdlib_module_names | OPTIONAL | {"shouyue"}:
                    continue
                if not {plain(owner) for owner in owners.get(module, ())} & locked:
                    found.append(f"{name(path)}: {module}")
    assert found == []
