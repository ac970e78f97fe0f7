"""YAML text to a tree of nodes that know their line and column.

Reads the event stream instead of composing objects: depth, size, aliases and duplicate keys are judged while
reading, so hostile input costs no more than its length.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from shouyue.contracts.plan_language.errors import Place, PlanError, PlanProblem, nearest

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_NODES = 100_000

Scalar = str | int | float | bool | dt.date | None

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(slots=True, eq=False)
class Node:
    """A value and where it stands. value: scalar, list of nodes, or table of key → node; keys: key → its own place."""

    value: Scalar | list[Node] | dict[str, Node]
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)
    text: str = ""
    quoted: bool = False

    @property
    def is_table(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Key and node of a table, in the order of the file; nothing for other nodes."""
        if isinstance(self.value, dict):
            yield from self.value.items()

    def items(self) -> list[Node]:
        """Nodes of a list; a single value counts as a list of one."""
        return self.value if isinstance(self.value, list) else [self]

    def get(self, key: str) -> Node | None:
        return self.value.get(key) if isinstance(self.value, dict) else None

    def plain(self) -> Any:
        """The bare value, for the JSON Schema and tests. Dates become ISO text."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value.isoformat() if isinstance(self.value, dt.date) else self.value


def read_file(path: Path) -> Node:
    """Read a plan file. Raises: PlanError."""
    place = Place(file=str(path))
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PlanError([PlanProblem("too_big", place, {"limit": str(MAX_BYTES)})])
        return read_bytes(path.read_bytes(), file=str(path))
    except OSError as error:
        raise PlanError([PlanProblem("unreadable", place, {"why": error.strerror or str(error)})]) from error


def read_bytes(data: bytes, *, file: str = "") -> Node:
    """Read UTF-8 text. Raises: PlanError."""
    if len(data) > MAX_BYTES:
        raise PlanError([PlanProblem("too_big", Place(file), {"limit": str(MAX_BYTES)})])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        place = Place(file, before.count(b"\n") + 1, column)
        raise PlanError([PlanProblem("not_utf8", place)]) from error
    return read_text(text, file=file)


def read_text(text: str, *, file: str = "") -> Node:
    """Read a plan's text into nodes. Raises: PlanError (too big, broken YAML, cycles, duplicate keys …)."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise PlanError([PlanProblem("too_big", Place(file), {"limit": str(MAX_BYTES)})])
    text = text.removeprefix("\ufeff")
    bad = _FORBIDDEN.search(text)
    if bad:
        line = text.count("\n", 0, bad.start()) + 1
        column = bad.start() - text.rfind("\n", 0, bad.start())
        detail = {"character": f"U+{ord(bad.group()):04X}"}
        raise PlanError([PlanProblem("control_character", Place(file, line, column), detail)])
    try:
        return _Builder(file).build(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        why = error.problem or error.context or "?"
        raise PlanError([PlanProblem("broken_yaml", place, {"why": str(why)})]) from error
    except (ValueError, RecursionError) as error:  # e.g. an escape outside Unicode
        raise PlanError([PlanProblem("broken_yaml", Place(file), {"why": str(error)[:200]})]) from error


@dataclass(slots=True)
class _Open:
    """A list or table being read."""

    node: Node
    anchor: str | None
    size: int = 1
    key: str | None = None
    key_place: Place = field(default_factory=Place)


class _Builder:
    """Turns YAML events into nodes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.problems: list[PlanProblem] = []
        self.root: Node | None = None
        self.count = 0

    def build(self, events: Any) -> Node:
        documents = 0
        for event in events:
            name = type(event).__name__
            if name == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    self._refuse("one_document", self._place(event))
            else:
                self._take(name, event)
        if self.root is None:
            self._refuse("empty", Place(self.file, 1, 1))
        if self.problems:
            raise PlanError(self.problems)
        assert self.root is not None
        return self.root

    def _take(self, name: str, event: Any) -> None:
        if name in ("MappingStartEvent", "SequenceStartEvent"):
            self._open(event, {} if name == "MappingStartEvent" else [])
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            done = self.stack.pop()
            self._attach(done.node, done.size, done.anchor)
        elif name == "ScalarEvent":
            self._scalar(event)
        elif name == "AliasEvent":
            self._alias(event)

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1, self._path())

    def _path(self) -> str:
        parts = []
        for level in self.stack:
            if isinstance(level.node.value, list):
                parts.append(str(len(level.node.value) + 1))
            elif level.key is not None:
                parts.append(level.key)
        return ".".join(parts)

    def _refuse(self, code: str, place: Place, **detail: str) -> None:
        raise PlanError([*self.problems, PlanProblem(code, place, detail)])

    def _open(self, event: Any, value: list[Node] | dict[str, Node]) -> None:
        place = self._place(event)
        if len(self.stack) >= MAX_DEPTH:
            self._refuse("too_deep", place, limit=str(MAX_DEPTH))
        if self.stack and self._expects_key():
            self._refuse("key_not_word", place)
        self._no_tag(event, place)
        self._count(place, 1)
        self.stack.append(_Open(Node(value, place), event.anchor))

    def _expects_key(self) -> bool:
        level = self.stack[-1]
        return isinstance(level.node.value, dict) and level.key is None

    def _no_tag(self, event: Any, place: Place) -> None:
        tag = event.tag
        if tag is not None and str(tag) not in ("!", ""):
            self._refuse("tag", place, tag=str(tag)[:60])

    def _count(self, place: Place, size: int) -> None:
        self.count += size
        if self.count > MAX_NODES:
            self._refuse("too_many_nodes", place, limit=str(MAX_NODES))

    def _scalar(self, event: Any) -> None:
        place = self._place(event)
        self._no_tag(event, place)
        text = str(event.value)
        bad = _FORBIDDEN.search(text)  # written as an escape
        if bad:
            self._refuse("control_character", place, character=f"U+{ord(bad.group()):04X}")
        if self.stack and self._expects_key():
            self._key(text, place)
            return
        self._count(place, 1)
        quoted = event.style in ("'", '"', "|", ">")
        value: Scalar = text if quoted else self._plain_scalar(text, place)
        self._attach(Node(value, place, text=text, quoted=quoted), 1, event.anchor)

    def _plain_scalar(self, text: str, place: Place) -> Scalar:
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
            return text.lower() == "true"
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if _DATE.fullmatch(text):
            try:
                return dt.date.fromisoformat(text)
            except ValueError:
                self.problems.append(PlanProblem("bad_date", place, {"value": text}))
        return text

    def _key(self, text: str, place: Place) -> None:
        level = self.stack[-1]
        table = level.node.value
        assert isinstance(table, dict)
        if text in table:
            first = level.node.keys[text]
            detail = {"key": text[:80], "line": str(first.line)}
            self.problems.append(PlanProblem("duplicate_key", place, detail))
        level.key = text
        path = f"{place.path}.{text}" if place.path else text
        level.key_place = Place(place.file, place.line, place.column, path)

    def _alias(self, event: Any) -> None:
        place = self._place(event)
        name = str(event.anchor)
        if self.stack and self._expects_key():
            self._refuse("key_not_word", place)
        if any(level.anchor == name for level in self.stack):
            self._refuse("cyclic_alias", place, name=name[:80])
        found = self.anchors.get(name)
        if found is None:
            hint = nearest(name, self.anchors)
            raise PlanError(
                [*self.problems, PlanProblem("unknown_alias", place, {"name": name[:80]}, hint=hint)]
            )
        node, size = found
        self._count(place, size)
        self._attach(node, size, None)

    def _attach(self, node: Node, size: int, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = (node, size)
        if not self.stack:
            self.root = node
            return
        level = self.stack[-1]
        level.size += size
        if isinstance(level.node.value, list):
            level.node.value.append(node)
        elif isinstance(level.node.value, dict) and level.key is not None:
            level.node.value[level.key] = node
            level.node.keys[level.key] = level.key_place
            level.key = None
