"""The files of the package, for checks that read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import shouyue

PACKAGE = Path(shouyue.__file__).resolve().parent
ROOT = PACKAGE.parent.parent


def python_files() -> Iterator[Path]:
    """Every Python file but tests and migrations."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if not {"tests", "migrations", "node_modules"} & set(path.relative_to(PACKAGE).parts):
            yield path


def templates() -> Iterator[Path]:
    """Every HTML template."""
    return iter(sorted(PACKAGE.rglob("templates/**/*.html")))


def name(path: Path) -> str:
    """`module/file.py`, for messages and lists of exceptions."""
    return str(path.relative_to(PACKAGE))


def attributes(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted text) of every attribute that is read, such as `datetime.now`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of every string that is not a docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value
