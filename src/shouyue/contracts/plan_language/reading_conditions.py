"""Shapes that speak of events: conditions, triggers, keepers, requirements."""

from __future__ import annotations

from typing import Any

from shouyue.contracts.plan_language import phrases
from shouyue.contracts.plan_language.errors import nearest
from shouyue.contracts.plan_language.grammar import COMPARISONS, OUTCOMES, SAMPLE
from shouyue.contracts.plan_language.model import (
    All,
    AnyOf,
    Attested,
    Cover,
    Covered,
    FactHolds,
    FactRef,
    Gathered,
    Guard,
    Happens,
    InClass,
    MeasureHolds,
    Not,
    Sample,
    Since,
    Test,
    Verdict,
    WithinWindow,
)
from shouyue.contracts.plan_language.reading import BAD, WORD, Reader, reads, shown
from shouyue.contracts.plan_language.reading_values import read_arg, take_bounds
from shouyue.contracts.plan_language.source import Node

_SAME_MEANING = {"after": "above", "before": "below", "not_before": "at_least", "not_after": "at_most"}
_CALENDAR = ("days", "weeks", "months", "years", "seconds", "minutes", "hours")


# Conditions


@reads("match")
def read_match(reader: Reader, node: Node) -> Any:
    """A table of facts; all lines must hold."""
    if not node.is_table:
        return reader.expected(node, "table")
    parts: list[Any] = []
    for name, child in node.entries():
        parts.append(_line(reader, name, child, node))
    if BAD in parts:
        return BAD
    if not parts:
        return reader.problem("empty_table", node.place)
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _line(reader: Reader, name: str, node: Node, table: Node) -> Any:
    if name in ("all", "any"):
        if not node.is_list:
            return reader.expected(node, "list")
        parts = [read_match(reader, item) for item in node.items()]
        if BAD in parts:
            return BAD
        if not parts:
            return reader.problem("empty_list", node.place)
        return All(tuple(parts)) if name == "all" else AnyOf(tuple(parts))
    if name == "not":
        part = read_match(reader, node)
        return BAD if part is BAD else Not(part)
    if name == "class":
        return _classes(reader, node)
    if not WORD.fullmatch(name):
        return reader.problem("bad_word", table.keys[name], name=name)
    return read_test(reader, name, node)


def _classes(reader: Reader, node: Node) -> Any:
    found: list[InClass] = []
    for item in node.items():
        known = reader.classes.get(item.text)
        if known is None:
            return reader.problem(
                "unknown_class", item.place, nearest(item.text, reader.classes), name=shown(item)
            )
        found.append(known)
    if not found:
        return reader.problem("empty_list", node.place)
    return found[0] if len(found) == 1 else AnyOf(tuple(found))


def read_test(reader: Reader, fact: str, node: Node) -> Any:
    """The right-hand side of one line."""
    if node.is_list:
        return _one_of(reader, fact, "in", node)
    if not node.is_table:
        operand = read_operand(reader, node)
        return BAD if operand is BAD else Test(fact, "is", (operand,))
    if node.get("opening") is not None or (node.get("fact") is not None):
        operand = read_operand(reader, node)
        return BAD if operand is BAD else Test(fact, "is", (operand,))
    tests = [_comparison(reader, fact, name, child, node) for name, child in node.entries()]
    if BAD in tests:
        return BAD
    if not tests:
        return reader.problem("empty_table", node.place)
    return tests[0] if len(tests) == 1 else All(tuple(tests))


def _comparison(reader: Reader, fact: str, name: str, node: Node, table: Node) -> Any:
    if name not in COMPARISONS:
        return reader.problem("unknown_comparison", table.keys[name], nearest(name, COMPARISONS), name=name)
    if name == "known":
        known = reader.read("truth", node)
        return BAD if known is BAD else Test(fact, "known", (known,))
    if name == "between":
        try:
            limits = phrases.read_range(node.text)
        except ValueError:
            return reader.problem("bad_range", node.place, value=shown(node))
        return Test(fact, "between", (limits.low, limits.high))
    if name == "not":
        return _one_of(reader, fact, "not_in", node)
    operand = read_operand(reader, node)
    if operand is BAD:
        return BAD
    comparison: Any = _SAME_MEANING.get(name, name)
    return Test(fact, comparison, (operand,))


def _one_of(reader: Reader, fact: str, comparison: Any, node: Node) -> Any:
    operands = [read_operand(reader, item) for item in node.items()]
    if BAD in operands:
        return BAD
    if not operands:
        return reader.problem("empty_list", node.place)
    return Test(fact, comparison, tuple(operands))


def read_operand(reader: Reader, node: Node) -> Any:
    """A literal, or {fact: …} or {opening: …} with plus or minus."""
    if not node.is_table:
        return BAD if node.is_list and reader.expected(node, "value") is BAD else read_arg(reader, node)
    values: dict[str, Any] = {}
    for name, child in node.entries():
        if name in ("fact", "opening") and "fact" not in values:
            values["fact"], values["opening"] = reader.read("word", child), name == "opening"
        elif name in ("plus", "minus") and "shift" not in values:
            values["shift"], values["back"] = reader.read("span", child), name == "minus"
            if values["shift"] is not BAD and values["shift"].kind not in _CALENDAR:
                return reader.problem("no_working_days", child.place)
        else:
            known = ("fact", "opening", "plus", "minus")
            return reader.problem("unknown_key", node.keys[name], nearest(name, known), key=name)
    if "fact" not in values:
        return reader.problem("missing_key", node.place, key="fact")
    return BAD if BAD in values.values() else FactRef(**values)


# Triggers and keepers


@reads("triggers")
def read_triggers(reader: Reader, node: Node) -> Any:
    found = [_trigger(reader, item) for item in node.items()]
    if BAD in found:
        return BAD
    return tuple(found) if found else reader.problem("empty_list", node.place)


def _trigger(reader: Reader, node: Node) -> Any:
    if not node.is_table:
        verb = reader.read("word", node)
        return BAD if verb is BAD else Happens(verb)
    when: Any = None
    happens: Any = None
    for name, child in node.entries():
        if name == "when":
            when = read_match(reader, child)
        elif name == "event" and happens is None:
            happens = ("", reader.read("word", child))
        elif name in OUTCOMES and happens is None:
            happens = (name, reader.read("name", child))
        else:
            known = ("event", "when", *OUTCOMES)
            return reader.problem("unknown_key", node.keys[name], nearest(name, known), key=name)
    if happens is None:
        return reader.problem("missing_key", node.place, key="event")
    outcome, word = happens
    if word is BAD or when is BAD:
        return BAD
    return Verdict(outcome, word, when) if outcome else Happens(word, when)


@reads("keeper")
def read_keeper(reader: Reader, node: Node) -> Any:
    """A verb, a list (any), {event, when}, {all}, {any}, {attested_by}."""
    if node.is_list:
        return _keepers(reader, node, AnyOf)
    if not node.is_table:
        verb = reader.read("word", node)
        return BAD if verb is BAD else Happens(verb)
    for name, group in (("all", All), ("any", AnyOf)):
        child = node.get(name)
        if child is not None and len(node.keys) == 1:
            return _keepers(reader, child, group)
    if node.get("attested_by") is not None:
        return read_attested(reader, node)
    found = _trigger(reader, node)
    if isinstance(found, Verdict):
        return reader.problem("keeper_verdict", node.place)
    return found


def _keepers(reader: Reader, node: Node, group: Any) -> Any:
    parts = [read_keeper(reader, item) for item in node.items()]
    if BAD in parts:
        return BAD
    if not parts:
        return reader.problem("empty_list", node.place)
    return parts[0] if len(parts) == 1 else group(tuple(parts))


def read_attested(reader: Reader, node: Node) -> Any:
    shapes = {"attested_by": "word", "every": "attest_every", "evidence": "evidence"}
    values: dict[str, Any] = {}
    for name, child in node.entries():
        if name not in shapes:
            return reader.problem("unknown_key", node.keys[name], nearest(name, shapes), key=name)
        values["role" if name == "attested_by" else name] = reader.read(shapes[name], child)
    return BAD if BAD in values.values() else Attested(**values)


@reads("attest_every")
def read_attest_every(reader: Reader, node: Node) -> Any:
    """`month` as well as `1 month`."""
    if node.text in ("day", "week", "month", "quarter", "year"):
        return phrases.read_span(f"1 {node.text}")
    if node.text == "half-year":
        return phrases.read_span("6 months")
    return reader.read("span", node)


# Requirements


@reads("requirement")
def read_requirement(reader: Reader, node: Node) -> Any:
    if not node.is_table:
        return reader.expected(node, "table")
    for name, group in (("all", All), ("any", AnyOf)):
        child = node.get(name)
        if child is not None and len(node.keys) == 1:
            return _requirements(reader, child, group)
    inner = node.get("not")
    if inner is not None and len(node.keys) == 1:
        part = read_requirement(reader, inner)
        return BAD if part is BAD else Not(part)
    for name, read in _REQUIREMENTS.items():
        if node.get(name) is not None:
            return read(reader, node)
    first = next(iter(node.keys), "")
    known = (*_REQUIREMENTS, "all", "any", "not")
    return reader.problem(
        "unknown_requirement", node.place, nearest(first, known), name=first, known=", ".join(known)
    )


def _requirements(reader: Reader, node: Node, group: Any) -> Any:
    if not node.is_list:
        return reader.expected(node, "list")
    parts = [read_requirement(reader, item) for item in node.items()]
    if BAD in parts:
        return BAD
    return group(tuple(parts)) if parts else reader.problem("empty_list", node.place)


def _shaped(reader: Reader, node: Node, shapes: dict[str, str]) -> Any:
    """The table's keys read by these shapes (`with` becomes `args`); every key is allowed, none is needed."""
    values: dict[str, Any] = {}
    good = True
    for name, child in node.entries():
        if name not in shapes:
            reader.problem("unknown_key", node.keys[name], nearest(name, shapes), key=name)
            good = False
            continue
        value = reader.read(shapes[name], child)
        good = good and value is not BAD
        values["args" if name == "with" else name] = value
    return values if good else BAD


def _guard(reader: Reader, node: Node) -> Any:
    values = _shaped(reader, node, {"guard": "word", "with": "args"})
    return BAD if values is BAD else Guard(**values)


def _measure(reader: Reader, node: Node) -> Any:
    shapes = {
        "measure": "word",
        "with": "args",
        "between": "between",
        **dict.fromkeys(("at_least", "at_most", "equals"), "amount"),
    }
    values = _shaped(reader, node, shapes)
    if values is BAD:
        return BAD
    bounds = take_bounds(reader, node, values)
    return BAD if bounds is BAD else MeasureHolds(bounds=bounds, **values)


def _fact(reader: Reader, node: Node) -> Any:
    """{fact: starts_at, at_least: 1 day, after: announced_at}, or any comparison of a condition."""
    fact: Any = reader.read("word", node.value["fact"]) if isinstance(node.value, dict) else BAD
    rest = {name: child for name, child in node.entries() if name != "fact"}
    if fact is BAD:
        return BAD
    if set(rest) == {"at_least", "after"} and not rest["after"].is_table:
        span, other = reader.read("span", rest["at_least"]), reader.read("word", rest["after"])
        if span is BAD or other is BAD:
            return BAD
        if span.kind not in _CALENDAR:
            return reader.problem("no_working_days", rest["at_least"].place)
        return FactHolds(Test(fact, "at_least", (FactRef(other, shift=span),)))
    if not rest:
        return reader.problem("missing_key", node.place, key="at_least")
    test = read_test(reader, fact, Node(dict(rest), node.place, node.keys))
    return BAD if test is BAD else FactHolds(test)


def _since(reader: Reader, node: Node) -> Any:
    values = _shaped(reader, node, {"min": "span_or_unset", "since": "word"})
    if values is BAD:
        return BAD
    for name in ("min", "since"):
        if name not in values:
            return reader.problem("missing_key", node.place, key=name)
    return Since(values["min"], values["since"])


def _within_window(reader: Reader, node: Node) -> Any:
    values = _shaped(reader, node, {"within_window": "name"})
    return BAD if values is BAD else WithinWindow(values["within_window"])


def _covered(reader: Reader, node: Node) -> Any:
    values = _shaped(reader, node, {"covered": "name", "by": "word"})
    if values is BAD:
        return BAD
    if "by" not in values:
        return reader.problem("missing_key", node.place, key="by")
    return Covered(values["covered"], values["by"])


_REQUIREMENTS = {
    "guard": _guard,
    "measure": _measure,
    "fact": _fact,
    "min": _since,
    "since": _since,
    "within_window": _within_window,
    "covered": _covered,
    "attested_by": read_attested,
}


# What recurring promises and quotas cover


@reads("cover")
def read_cover(reader: Reader, node: Node) -> Any:
    if not node.is_table:
        return reader.expected(node, "table")
    item = node.get("item")
    if item is None:
        return reader.problem("missing_key", node.place, key="item")
    word = reader.read("word", item)
    match = _selection(reader, node, {"item"})
    return BAD if word is BAD or match is BAD else Cover(word, match)


def _selection(reader: Reader, node: Node, own: set[str]) -> Any:
    """The lines of a table which choose items; None when there are none."""
    rest = {name: child for name, child in node.entries() if name not in own}
    return read_match(reader, Node(rest, node.place, node.keys)) if rest else None


@reads("sample")
def read_sample(reader: Reader, node: Node) -> Any:
    values = reader.table(node, SAMPLE, free=True)
    if values is None:
        return BAD
    if ("share" in values) == ("count" in values):
        return reader.problem("one_of_two", node.place, first="share", second="count")
    match = _selection(reader, node, set(SAMPLE))
    for name in ("drawn", "seed"):
        values.pop(name, None)
    return BAD if match is BAD else Sample(match=match, **values)


@reads("gathered")
def read_gathered(reader: Reader, node: Node) -> Any:
    if not node.is_table:
        return reader.expected(node, "table")
    ways = [name for name in ("sum", "count", "distinct") if node.get(name) is not None]
    if len(ways) != 1:
        return reader.problem("one_way", node.place)
    how: Any = ways[0]
    values = _shaped(reader, node, {how: "word", "when": "match"})
    if values is BAD:
        return BAD
    word = values.pop(how)
    if how == "count":
        return Gathered(how, word, "", values.get("when"))
    verb, _, fact = word.rpartition(".")
    if "." not in verb:
        return reader.problem("verb_and_fact", node.place, word=word)
    return Gathered(how, verb, fact, values.get("when"))
