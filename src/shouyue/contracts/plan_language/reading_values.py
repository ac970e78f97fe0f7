"""Shapes of values: durations, tables by facts, anchors, amounts, periods, escalation steps, parameters."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from shouyue.contracts.plan_language import phrases
from shouyue.contracts.plan_language.errors import nearest
from shouyue.contracts.plan_language.grammar import ALLOWANCE, CHARGES, EVIDENCE_WORDS, PERIODS, STEP
from shouyue.contracts.plan_language.model import (
    Allowance,
    Anchor,
    Bounds,
    MeasureRef,
    Nothing,
    Range,
    Share,
    Step,
    Table,
    Unset,
)
from shouyue.contracts.plan_language.reading import (
    BAD,
    READERS,
    SCALE_WORD,
    WORD,
    Reader,
    ReadShape,
    or_unset,
    read_text,
    reads,
    shown,
    word_list,
)
from shouyue.contracts.plan_language.source import Node

EARLIEST, LATEST = dt.date(1990, 1, 1), dt.date(2200, 12, 31)


# Durations and shares


@reads("span")
def read_span(reader: Reader, node: Node) -> Any:
    if node.is_table or node.is_list or isinstance(node.value, int | float | dt.date | None):
        return reader.problem("bad_span", node.place, value=shown(node))
    try:
        return phrases.read_span(node.text, rule=reader.rule)
    except ValueError:
        return reader.problem("bad_span", node.place, value=node.text)


def read_share(reader: Reader, node: Node) -> Any:
    try:
        share = phrases.read_share(node.text)
        if share.percent > 100:
            raise ValueError(node.text)
        return share
    except ValueError:
        return reader.problem("bad_share", node.place, value=shown(node))


READERS["span_or_unset"] = or_unset(read_span)
READERS["share_or_unset"] = or_unset(read_share)


@reads("outlives")
def read_outlives(reader: Reader, node: Node) -> Any:
    return "forever" if node.value == "forever" else read_span(reader, node)


# Tables by facts


def or_table(read: ReadShape) -> ReadShape:
    """The value, `none`, or a table `{by: …}` of such values."""
    leaf = or_unset(read)

    def read_leaf(reader: Reader, node: Node) -> Any:
        return Nothing() if node.value == "none" else leaf(reader, node)

    def read_or_table(reader: Reader, node: Node) -> Any:
        by = node.get("by")
        if by is None:
            return read_leaf(reader, node)
        facts = word_list(reader, by, WORD, "bad_word")
        if facts is BAD:
            return BAD
        return _branch(reader, node, facts, facts, read_leaf)

    return read_or_table


def _branch(reader: Reader, node: Node, by: tuple[str, ...], left: tuple[str, ...], leaf: ReadShape) -> Any:
    """One level of a table. by: all its facts; left: those this level and the deeper ones decide."""
    rows: list[tuple[str, Any]] = []
    otherwise: Any = None
    good = True
    for name, child in node.entries():
        if name == "by" and left == by:
            continue
        if child.is_table and not child.get("unset") and len(left) > 1:
            value = _branch(reader, child, by, left[1:], leaf)
        else:
            value = leaf(reader, child)
        if value is BAD:
            good = False
        elif name == "otherwise":
            otherwise = value
        elif SCALE_WORD.fullmatch(name):
            rows.append((name, value))
        else:
            good = bool(reader.problem("bad_scale_word", node.keys[name], name=name))
    if good and not rows:
        return reader.problem("empty_table", node.place)
    return Table(left, tuple(rows), otherwise) if good else BAD


READERS["limit"] = or_table(read_span)
READERS["window_choice"] = or_table(lambda reader, node: reader.read("name", node))


@reads("charge")
def read_charge(reader: Reader, node: Node) -> Any:
    return or_table(read_plain_charge)(reader, node)


def read_plain_charge(reader: Reader, node: Node) -> Any:
    return reader.choice(node, CHARGES)


# Anchors and periods


@reads("anchor")
def read_anchor(reader: Reader, node: Node) -> Any:
    if node.is_table:
        return _fact_anchor(reader, node)
    try:
        return phrases.read_anchor(node.text)
    except ValueError:
        return reader.problem("bad_anchor", node.place, value=shown(node))


def _fact_anchor(reader: Reader, node: Node) -> Any:
    """{fact: promised_at, plus: 1 day}."""
    fact: Any = None
    shift: Any = None
    back = False
    for name, child in node.entries():
        if name == "fact":
            fact = reader.read("word", child)
        elif name in ("plus", "minus") and shift is None:
            shift, back = read_span(reader, child), name == "minus"
        else:
            return reader.problem(
                "unknown_key", node.keys[name], nearest(name, ("fact", "plus", "minus")), key=name
            )
    if fact is None:
        return reader.problem("missing_key", node.place, key="fact")
    if fact is BAD or shift is BAD:
        return BAD
    return Anchor("fact", name=fact, shift=shift, back=back)


READERS["anchor_or_unset"] = or_unset(read_anchor)


@reads("period")
def read_period(reader: Reader, node: Node) -> Any:
    try:
        return phrases.read_period(node.text)
    except ValueError:
        return reader.problem("bad_period", node.place, nearest(node.text, PERIODS), value=shown(node))


READERS["period_or_unset"] = or_unset(read_period)


@reads("allowance")
def read_allowance(reader: Reader, node: Node) -> Any:
    values = reader.table(node, ALLOWANCE)
    return Allowance(**values) if values is not None else BAD


# Amounts and bounds


@reads("amount")
def read_amount(reader: Reader, node: Node) -> Any:
    """A number, a share, a duration, another measure, or unset."""
    if node.get("measure") is not None:
        return _measure_ref(reader, node)
    return or_unset(_plain_amount)(reader, node)


def _plain_amount(reader: Reader, node: Node) -> Any:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    if not isinstance(node.value, str):
        return reader.problem("bad_amount", node.place, value=shown(node))
    if node.text.strip().endswith("%"):
        return read_share(reader, node)
    try:
        return phrases.read_span(node.text, rule=reader.rule)
    except ValueError:
        return reader.problem("bad_amount", node.place, value=shown(node))


def _measure_ref(reader: Reader, node: Node) -> Any:
    allowed = {"measure": "word", "with": "args", "stage": "name", "times": "positive"}
    values: dict[str, Any] = {}
    for name, child in node.entries():
        if name not in allowed:
            return reader.problem("unknown_key", node.keys[name], nearest(name, allowed), key=name)
        values["args" if name == "with" else name] = reader.read(allowed[name], child)
    return BAD if BAD in values.values() else MeasureRef(**values)


@reads("positive")
def read_positive(reader: Reader, node: Node) -> Any:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool) and node.value > 0:
        return float(node.value)
    return reader.expected(node, "number")


@reads("between")
def read_between(reader: Reader, node: Node) -> Any:
    return or_unset(_plain_range)(reader, node)


def _plain_range(reader: Reader, node: Node) -> Any:
    try:
        return phrases.read_range(node.text)
    except ValueError:
        return reader.problem("bad_range", node.place, value=shown(node))


def take_bounds(reader: Reader, node: Node, values: dict[str, Any]) -> Any:
    """Move at_least, at_most, equals and between out of `values` into Bounds; a problem when there is none."""
    between = values.pop("between", None)
    parts = {name: values.pop(name, None) for name in ("at_least", "at_most", "equals")}
    if isinstance(between, Range):
        parts["at_least"], parts["at_most"] = between.low, between.high
    elif isinstance(between, Unset):
        parts["at_least"] = between
    if all(part is None for part in parts.values()):
        return reader.problem("no_bound", node.place)
    low, high = parts["at_least"], parts["at_most"]
    comparable = (int, float), Share
    for kind in comparable:
        if isinstance(low, kind) and isinstance(high, kind) and _size(low) > _size(high):
            return reader.problem("bounds_crossed", node.place)
    return Bounds(**parts)


def _size(value: Any) -> float:
    return value.percent if isinstance(value, Share) else float(value)


# Escalation


@reads("step_time")
def read_step_time(reader: Reader, node: Node) -> Any:
    try:
        return phrases.read_step_time(node.text)
    except ValueError:
        return reader.problem("bad_step_time", node.place, value=shown(node))


@reads("escalate")
def read_escalate(reader: Reader, node: Node) -> Any:
    if node.value == "none" or node.value == []:
        return ()
    steps = [reader.table(item, STEP) for item in node.items()]
    return tuple(Step(**step) for step in steps if step is not None) if all(steps) else BAD


# Evidence, parameters, grants


@reads("evidence")
def read_evidence(reader: Reader, node: Node) -> Any:
    found = [_evidence_item(reader, item) for item in node.items()]
    return BAD if BAD in found or not found else tuple(found)


def _evidence_item(reader: Reader, node: Node) -> Any:
    if node.is_table:
        return read_text(reader, node)
    if isinstance(node.value, str) and (
        node.value in EVIDENCE_WORDS or ("." in node.value and WORD.fullmatch(node.value))
    ):
        return node.value
    return reader.problem(
        "bad_evidence",
        node.place,
        nearest(shown(node), EVIDENCE_WORDS),
        value=shown(node),
        known=", ".join(EVIDENCE_WORDS),
    )


@reads("args")
def read_args(reader: Reader, node: Node) -> Any:
    """Free parameters: word → word, number, truth, date, share, duration, or a list of words."""
    if not node.is_table:
        return reader.expected(node, "table")
    found: list[tuple[str, Any]] = []
    for name, child in node.entries():
        if not WORD.fullmatch(name):
            reader.problem("bad_word", node.keys[name], name=name)
            continue
        value = read_arg(reader, child)
        if value is not BAD:
            found.append((name, value))
    return tuple(found) if len(found) == len(list(node.entries())) else BAD


def read_arg(reader: Reader, node: Node) -> Any:
    if node.is_list:
        values = [read_arg(reader, item) for item in node.items()]
        return BAD if BAD in values else tuple(values)
    if node.value == "unset" or node.get("unset") is not None:
        return or_unset(read_arg)(reader, node)
    if node.is_table or node.value is None:
        return reader.expected(node, "value")
    if isinstance(node.value, dt.date):
        return read_date(reader, node)
    if isinstance(node.value, str) and not node.quoted:
        if node.text.endswith("%"):
            return read_share(reader, node)
        try:
            return phrases.read_span(node.text, rule=reader.rule) if node.text[:1].isdigit() else node.text
        except ValueError:
            return node.text
    return node.value


@reads("grants")
def read_grants(reader: Reader, node: Node) -> Any:
    """As parameters; `charge` is free, quoted, by warranty or {discount: 20%}."""
    if not node.is_table:
        return reader.expected(node, "table")
    found: list[tuple[str, Any]] = []
    good = True
    for name, child in node.entries():
        value = _grant_charge(reader, child) if name == "charge" else read_arg(reader, child)
        good = good and value is not BAD
        found.append((name, value))
    if good and not found:
        return reader.problem("empty_table", node.place)
    return tuple(found) if good else BAD


def _grant_charge(reader: Reader, node: Node) -> Any:
    discount = node.get("discount")
    if discount is None:
        return read_charge(reader, node)
    share = READERS["share_or_unset"](reader, discount)
    return BAD if share is BAD else (("discount", share),)


# Dates and zones


def read_date(reader: Reader, node: Node) -> Any:
    if not isinstance(node.value, dt.date):
        return reader.problem("bad_date", node.place, value=shown(node))
    if not EARLIEST <= node.value <= LATEST:
        return reader.problem(
            "date_out_of_range", node.place, value=shown(node), first=str(EARLIEST), last=str(LATEST)
        )
    return node.value


@reads("dates")
def read_dates(reader: Reader, node: Node) -> Any:
    dates = [read_date(reader, item) for item in node.items()]
    return BAD if BAD in dates else tuple(dates)


@reads("zone")
def read_zone(reader: Reader, node: Node) -> Any:
    try:
        zoneinfo.ZoneInfo(node.text)
    except (ValueError, OSError, KeyError):
        known = sorted(zoneinfo.available_timezones())
        return reader.problem("unknown_zone", node.place, nearest(node.text, known), value=shown(node))
    return node.text
