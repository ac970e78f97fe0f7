"""The reader's state and the shapes that are the same everywhere: words, texts, numbers, tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from shouyue.contracts.plan_language.errors import Place, PlanProblem, nearest
from shouyue.contracts.plan_language.grammar import CHOICES, Key
from shouyue.contracts.plan_language.model import InClass, Unset
from shouyue.contracts.plan_language.source import Node
from shouyue.contracts.plan_language.texts import Text
from shouyue.servicetime.durations import WorkdayRule

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
WORD = re.compile(r"[a-z][a-z0-9_]{0,59}(\.[a-z][a-z0-9_]{0,59}){0,3}")
SCALE_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
TITLED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}(:[A-Za-z0-9][A-Za-z0-9_-]{0,59})?")
PREFIX = re.compile(r"[A-Z][A-Z0-9]{0,7}")
ROW = re.compile(r"([A-Z][A-Z0-9]{0,7})-([0-9]{2,4})")
SETTLEMENT = re.compile(r"X-[0-9]{1,3}\.[0-9]{1,3}")
MAX_TEXT = 4000


class _Missing:
    """What a reader returns when it has reported a problem."""

    def __bool__(self) -> bool:
        return False


BAD = _Missing()
ReadShape = Callable[["Reader", Node], Any]
READERS: dict[str, ReadShape] = {}


def reads(shape: str) -> Callable[[ReadShape], ReadShape]:
    """Register the reader of a shape named in the grammar."""

    def keep(function: ReadShape) -> ReadShape:
        READERS[shape] = function
        return function

    return keep


class Reader:
    """Collects problems while the tree is read; knows the classes met so far and the rule for working days."""

    def __init__(self, file: str = "") -> None:
        self.file = file
        self.problems: list[PlanProblem] = []
        self.classes: dict[str, InClass] = {}
        self.rule: WorkdayRule = "close"

    def problem(self, code: str, place: Place, hint: str = "", **detail: str) -> Any:
        """Report; returns BAD so that a reader can end with it."""
        short = {key: value if len(value) <= 120 else value[:117] + "…" for key, value in detail.items()}
        self.problems.append(PlanProblem(code, place, short, hint))
        return BAD

    def read(self, shape: str, node: Node) -> Any:
        """Read a node as the shape; BAD when it cannot be."""
        return READERS[shape](self, node)

    def table(self, node: Node, grammar: dict[str, Key], *, free: bool = False) -> dict[str, Any] | None:
        """Read the keys of a table; None when that fails. free: unknown keys belong to the caller."""
        if not node.is_table:
            self.expected(node, "table")
            return None
        values: dict[str, Any] = {}
        complete = True
        for name, child in node.entries():
            key = grammar.get(name)
            if key is None:
                if not free:
                    self.problem("unknown_key", node.keys[name], nearest(name, grammar), key=name)
                    complete = False
                continue
            value = self.read(key.shape, child)
            if value is BAD:
                complete = False
            else:
                values[key.target] = value
        for key in grammar.values():
            if key.needed and node.get(key.name) is None:
                self.problem("missing_key", node.place, key=key.name)
                complete = False
        return values if complete else None

    def named(self, node: Node, read: Callable[[str, Node], Any]) -> tuple[Any, ...] | _Missing:
        """A table whose keys are names the author chooses."""
        if not node.is_table:
            return self.expected(node, "table")  # type: ignore[no-any-return]
        found = []
        for name, child in node.entries():
            if not NAME.fullmatch(name):
                self.problem("bad_name", node.keys[name], name=name)
            value = read(name, child)
            if value is not BAD and value is not None:
                found.append(value)
        return tuple(found)

    def expected(self, node: Node, what: str) -> Any:
        return self.problem("expected_" + what, node.place, found=describe(node))

    def choice(self, node: Node, words: Iterable[str]) -> Any:
        known = list(words)
        if isinstance(node.value, str) and node.value in known:
            return node.value
        word = shown(node)
        return self.problem(
            "not_one_of", node.place, nearest(word, known), value=word, known=", ".join(known)
        )


def describe(node: Node) -> str:
    """What stands there, for messages."""
    if node.is_table:
        return "{…}"
    if node.is_list:
        return "[…]"
    return shown(node)


def shown(node: Node) -> str:
    if node.is_table or node.is_list:
        return describe(node)
    return node.text


def word_list(reader: Reader, node: Node, pattern: re.Pattern[str], code: str) -> Any:
    """One word or a list of words, none twice."""
    words: list[str] = []
    good = True
    for item in node.items():
        text = item.text
        if item.is_table or item.is_list or not pattern.fullmatch(text):
            reader.problem(code, item.place, name=shown(item))
            good = False
        elif text in words:
            reader.problem("twice", item.place, word=text)
            good = False
        else:
            words.append(text)
    if good and not words:
        return reader.problem("empty_list", node.place)
    return tuple(words) if good else BAD


@reads("string")
def read_string(reader: Reader, node: Node) -> Any:
    if node.is_table or node.is_list or not node.text.strip():
        return reader.expected(node, "text")
    if len(node.text) > MAX_TEXT:
        return reader.problem("text_too_long", node.place, limit=str(MAX_TEXT))
    return node.text.strip()


@reads("text")
def read_text(reader: Reader, node: Node) -> Any:
    """{zh, en}, both needed."""
    if not node.is_table:
        return reader.expected(node, "two_languages")
    parts: dict[str, str] = {}
    for name, child in node.entries():
        if name not in ("zh", "en"):
            if child.value is None and not child.quoted:
                reader.problem("unquoted_comma", node.keys[name], text=name)
            else:
                reader.problem("unknown_key", node.keys[name], nearest(name, ("zh", "en")), key=name)
            continue
        value = read_string(reader, child)
        if value is not BAD:
            parts[name] = value
    missing = [name for name in ("zh", "en") if node.get(name) is None]
    for name in missing:
        reader.problem("missing_language", node.place, language=name)
    return Text(parts["zh"], parts["en"]) if len(parts) == 2 else BAD


@reads("name")
def read_name(reader: Reader, node: Node) -> Any:
    found = word_list(reader, node, NAME, "bad_name")
    return found[0] if found is not BAD and len(found) == 1 else BAD


@reads("names")
def read_names(reader: Reader, node: Node) -> Any:
    return word_list(reader, node, NAME, "bad_name")


@reads("names_or_none")
def read_names_or_none(reader: Reader, node: Node) -> Any:
    if node.value == "none" or node.value == []:
        return ()
    return word_list(reader, node, NAME, "bad_name")


@reads("word")
def read_word(reader: Reader, node: Node) -> Any:
    if node.is_table or node.is_list or not WORD.fullmatch(node.text):
        return reader.problem("bad_word", node.place, name=shown(node))
    return node.text


@reads("words")
def read_words(reader: Reader, node: Node) -> Any:
    if node.value == "none":
        return ()
    return word_list(reader, node, WORD, "bad_word")


@reads("source")
def read_source(reader: Reader, node: Node) -> Any:
    return word_list(reader, node, ROW, "bad_row")


@reads("prefix")
def read_prefix(reader: Reader, node: Node) -> Any:
    if not PREFIX.fullmatch(node.text):
        return reader.problem("bad_prefix", node.place, name=shown(node))
    return node.text


@reads("settlement_id")
def read_settlement_id(reader: Reader, node: Node) -> Any:
    if not SETTLEMENT.fullmatch(node.text):
        return reader.problem("bad_settlement", node.place, name=shown(node))
    return node.text


@reads("truth")
def read_truth(reader: Reader, node: Node) -> Any:
    return node.value if isinstance(node.value, bool) else reader.expected(node, "truth")


@reads("count")
def read_count(reader: Reader, node: Node) -> Any:
    if isinstance(node.value, int) and not isinstance(node.value, bool) and 0 <= node.value <= 1_000_000:
        return node.value
    return reader.expected(node, "count")


def read_number(reader: Reader, node: Node) -> Any:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    return reader.expected(node, "number")


def or_unset(read: ReadShape) -> ReadShape:
    """The shape, or `unset`, or `{unset: …, provisional: value}`."""

    def read_or_unset(reader: Reader, node: Node) -> Any:
        if node.value == "unset":
            return Unset()
        if not (node.is_table and node.get("unset")):
            return read(reader, node)
        question: Any = None
        provisional: Any = None
        for name, child in node.entries():
            if name == "unset":
                question = None if child.value is True else read_text(reader, child)
            elif name == "provisional":
                provisional = read(reader, child)
            else:
                reader.problem(
                    "unknown_key", node.keys[name], nearest(name, ("unset", "provisional")), key=name
                )
        return BAD if question is BAD or provisional is BAD else Unset(question, provisional)

    return read_or_unset


READERS["number_or_unset"] = or_unset(read_number)
READERS["count_or_unset"] = or_unset(read_count)


def _choice_reader(words: tuple[str, ...]) -> ReadShape:
    def read_choice(reader: Reader, node: Node) -> Any:
        return reader.choice(node, words)

    return read_choice


for _shape, _words in CHOICES.items():
    READERS[_shape] = _choice_reader(_words)


@reads("channels")
def read_channels(reader: Reader, node: Node) -> Any:
    return _each_choice(reader, node, "channel")


@reads("signers")
def read_signers(reader: Reader, node: Node) -> Any:
    return _each_choice(reader, node, "signer")


def _each_choice(reader: Reader, node: Node, shape: str) -> Any:
    values = [reader.read(shape, item) for item in node.items()]
    return BAD if BAD in values or not values else tuple(values)
