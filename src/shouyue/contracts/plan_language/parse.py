"""Source text to a typed plan, collecting every problem on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shouyue.contracts.plan_language import (
    grammar,
    phrases,
    reading_conditions,  # noqa: F401  registers its readers
    reading_scores,  # noqa: F401  registers its readers
    source,
)
from shouyue.contracts.plan_language.errors import Place, PlanError, PlanProblem
from shouyue.contracts.plan_language.model import (
    CatalogueItem,
    Commitment,
    Deadline,
    Entitlement,
    Gate,
    Happens,
    InClass,
    Milestone,
    Plan,
    Quota,
    Recurring,
    RequestClass,
    Scale,
    ScaleValue,
    Settlement,
    Stage,
    Standing,
    Step,
    Target,
    Test,
    Wait,
    Warranty,
    WarrantyClass,
    Window,
)
from shouyue.contracts.plan_language.reading import BAD, ROW, SCALE_WORD, TITLED, Reader, reads, shown
from shouyue.contracts.plan_language.reading_values import take_bounds
from shouyue.contracts.plan_language.source import Node
from shouyue.servicetime.errors import ServiceTimeError
from shouyue.servicetime.windows import parse_weekly, parse_windows

DEFAULT_ZONE = "Asia/Shanghai"
DEFAULT_STEPS = (
    Step(phrases.read_step_time("80%"), to=("assignee",)),
    Step(phrases.read_step_time("due"), to=("assignee", "owner")),
)
_CLASSES: dict[str, Any] = {
    "deadline": Deadline,
    "recurring": Recurring,
    "quota": Quota,
    "target": Target,
    "standing": Standing,
    "gate": Gate,
    "entitlement": Entitlement,
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """What reading gave. plan: None when there are errors; places: path → where it stands."""

    plan: Plan | None
    problems: tuple[PlanProblem, ...]
    places: dict[str, Place] = field(default_factory=dict)
    file: str = ""

    @property
    def errors(self) -> tuple[PlanProblem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")

    def place(self, path: str) -> Place:
        """Where a path stands, or the nearest table around it."""
        parts = path.split(".")
        while parts:
            for candidate in (".".join(parts), ".".join(part for part in parts if not part.isdigit())):
                if candidate in self.places:
                    found = self.places[candidate]
                    return Place(found.file, found.line, found.column, path)
            parts.pop()
        return Place(self.file, 1, 1, path)


def parse_file(path: Path) -> Parsed:
    """Read one plan file; never raises for what stands in it."""
    try:
        root = source.read_file(path)
    except PlanError as error:
        return Parsed(None, error.problems, file=str(path))
    return _parse(root, str(path))


def parse_text(text: str, *, file: str = "") -> Parsed:
    """Read a plan's text; never raises for what stands in it."""
    try:
        root = source.read_text(text, file=file)
    except PlanError as error:
        return Parsed(None, error.problems, file=file)
    return _parse(root, file)


def _parse(root: Node, file: str) -> Parsed:
    reader = Reader(file)
    places = dict(_places(root))
    plan = _plan(reader, root)
    return Parsed(None if reader.problems else plan, tuple(reader.problems), places, file)


def _places(node: Node) -> Iterator[tuple[str, Place]]:
    yield node.place.path, node.place
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield node.keys[key].path, node.keys[key]
            yield from _places(child)
    elif isinstance(node.value, list):
        for child in node.value:
            yield from _places(child)


def _plan(reader: Reader, root: Node) -> Plan | None:
    _read_classes_first(reader, root)
    defaults = root.get("defaults")
    if defaults is not None:
        _set_rule(reader, defaults)
        if reader.read("defaults", defaults) is BAD:
            return None
    merge_defaults(root)
    values = reader.table(root, grammar.PLAN)
    if values is None:
        return None
    values.pop("defaults", None)
    commitments = values.pop("commitments")
    _check_rows(reader, root, values)
    return Plan(commitments=commitments, **values) if not reader.problems else None


def _check_rows(reader: Reader, root: Node, values: dict[str, Any]) -> None:
    """Rows named by `source` lie between 1 and `promises`, under the plan's prefix."""
    prefix, promises = values.get("prefix", ""), values.get("promises", 0)
    table = root.get("commitments")
    if not prefix or table is None:
        return
    for _, commitment in table.entries():
        rows = commitment.get("source")
        for row in rows.items() if rows else ():
            found = ROW.fullmatch(row.text)
            if found is None:
                continue  # reported as no row
            head, number = found.groups()
            if head != prefix or not 1 <= int(number) <= promises:
                reader.problem("row_out_of_range", row.place, row=row.text, last=f"{prefix}-{promises:02d}")


def _set_rule(reader: Reader, table: Node) -> None:
    rule = table.get("day_rule")
    if rule is not None:
        reader.rule = "same_time" if rule.value == "same time" else "close"


# Head


def _read_classes_first(reader: Reader, root: Node) -> None:
    """Conditions anywhere may name a class, so classes come first; a class may name an earlier one."""
    table = root.get("classes")
    for name, node in table.entries() if table else ():
        when = node.get("when")
        known = len(reader.problems)
        match = reader.read("match", when) if when is not None else Test("request_class", "is", (name,))
        del reader.problems[known:]  # reported when the table itself is read
        if match is not BAD:
            reader.classes[name] = InClass(name, match)


@reads("windows")
def _windows(reader: Reader, node: Node) -> Any:
    return reader.named(node, lambda name, child: _window(reader, name, child))


def _window(reader: Reader, name: str, node: Node) -> Any:
    if node.value == "7x24":
        return Window(name, (("weekly", {"mon-sun": ("00:00-24:00",)}),))
    values = reader.table(node, grammar.WINDOW)
    if values is None:
        return BAD
    if ("weekly" in values) == ("calendar" in values):
        return reader.problem("one_of_two", node.place, first="weekly", second="calendar")
    spec = tuple(
        (key, values[key]) for key in ("zone", "weekly", "extra_workdays", "extra_windows") if key in values
    )
    return Window(name, spec, values.get("holidays", ""), values.get("calendar", ""), values.get("title"))


@reads("weekly")
def _weekly(reader: Reader, node: Node) -> Any:
    if not node.is_table or not node.keys:
        return reader.expected(node, "table")
    weekly: dict[int | str, object] = {}
    for day, hours in node.entries():
        found = _hours(reader, hours)
        if found is BAD:
            return BAD
        weekly[day] = found
        try:
            parse_weekly({day: found})
        except ServiceTimeError as error:
            return reader.problem("bad_weekly", node.keys[day], why=str(error))
    try:
        parse_weekly(weekly)
    except ServiceTimeError as error:
        return reader.problem("bad_weekly", node.place, why=str(error))
    return weekly


@reads("hours")
def _hours(reader: Reader, node: Node) -> Any:
    found = []
    for item in node.items():
        try:
            if item.is_table or item.is_list or not item.text:
                raise ValueError(shown(item))
            parse_windows(item.text)
        except ValueError:
            return reader.problem("bad_hours", item.place, value=shown(item))
        found.append(item.text)
    return tuple(found)


@reads("scales")
def _scales(reader: Reader, node: Node) -> Any:
    if not node.is_table:
        return reader.expected(node, "table")
    found = []
    for fact, child in node.entries():
        if not fact.replace("_", "").isalnum():
            reader.problem("bad_word", node.keys[fact], name=fact)
        values = _scale(reader, child)
        if values is not BAD:
            found.append(Scale(fact, values))
    return tuple(found)


def _scale(reader: Reader, node: Node) -> Any:
    values = []
    entries = list(node.entries()) if node.is_table else [(item.text, item) for item in node.items()]
    for word, child in entries:
        if not SCALE_WORD.fullmatch(word) or word == "otherwise":
            return reader.problem("bad_scale_word", child.place, name=word)
        if not node.is_table:
            values.append(ScaleValue(word))
            continue
        parts = reader.table(child, grammar.SCALE_VALUE)
        if parts is None:
            return BAD
        title = reader.read(
            "text", Node({k: v for k, v in child.entries() if k != "means"}, child.place, child.keys)
        )
        values.append(ScaleValue(word, title, parts.get("means")))
    if len({value.word for value in values}) < len(values):
        return reader.problem("twice", node.place, word=", ".join(value.word for value in values))
    return tuple(values) if values else reader.problem("empty_list", node.place)


@reads("classes")
def _classes(reader: Reader, node: Node) -> Any:
    return reader.named(node, lambda name, child: _class(reader, name, child))


def _class(reader: Reader, name: str, node: Node) -> Any:
    values = reader.table(node, grammar.CLASS)
    if values is None:
        return BAD
    chosen = "when" not in values
    match = Test("request_class", "is", (name,)) if chosen else values["when"]
    return RequestClass(name, match, values.get("title"), chosen)


@reads("waits")
def _waits(reader: Reader, node: Node) -> Any:
    return reader.named(node, lambda name, child: _wait(reader, name, child))


def _wait(reader: Reader, name: str, node: Node) -> Any:
    values = reader.table(node, grammar.WAIT)
    if values is None:
        return BAD
    return Wait(name, Happens(values["from"], values.get("when")), values["until"], values.get("title"))


@reads("milestones")
def _milestones(reader: Reader, node: Node) -> Any:
    return reader.named(node, lambda name, child: _built(reader, child, grammar.MILESTONE, Milestone, name))


@reads("stage_table")
def _stages(reader: Reader, node: Node) -> Any:
    return reader.named(node, lambda name, child: _built(reader, child, grammar.STAGE, Stage, name))


@reads("warranty")
def _warranty(reader: Reader, node: Node) -> Any:
    values = reader.table(node, grammar.WARRANTY)
    return BAD if values is None else Warranty(**values)


@reads("warranty_classes")
def _warranty_classes(reader: Reader, node: Node) -> Any:
    return reader.named(
        node, lambda name, child: _built(reader, child, grammar.WARRANTY_CLASS, WarrantyClass, name)
    )


@reads("catalogue")
def _catalogue(reader: Reader, node: Node) -> Any:
    return reader.named(
        node, lambda name, child: _built(reader, child, grammar.CATALOGUE_ITEM, CatalogueItem, name)
    )


def _built(reader: Reader, node: Node, table: dict[str, grammar.Key], cls: Any, name: str) -> Any:
    values = reader.table(node, table)
    return BAD if values is None else cls(name=name, **values)


@reads("settles")
def _settles(reader: Reader, node: Node) -> Any:
    rows = [reader.table(item, grammar.SETTLEMENT) for item in node.items()] if node.is_list else [None]
    if not node.is_list:
        return reader.expected(node, "list")
    found = tuple(Settlement(**row) for row in rows if row is not None)
    seen = [settlement.id for settlement in found]
    for name in {name for name in seen if seen.count(name) > 1}:
        return reader.problem("twice", node.place, word=name)
    return found if len(found) == len(rows) else BAD


@reads("titles")
def _titles(reader: Reader, node: Node) -> Any:
    """Word, or `fact:value`, and how it is said."""
    if not node.is_table:
        return reader.expected(node, "table")
    found = []
    for name, child in node.entries():
        if not TITLED.fullmatch(name):
            reader.problem("bad_name", node.keys[name], name=name)
        title = reader.read("text", child)
        if title is not BAD:
            found.append((name, title))
    return tuple(found)


@reads("defaults")
def _defaults(reader: Reader, node: Node) -> Any:
    return BAD if reader.table(node, grammar.DEFAULTS) is None else ()


# Commitments


@reads("commitments")
def _commitments(reader: Reader, node: Node) -> Any:
    """The root's defaults are merged in as nodes, so a default is read like a key of the commitment itself."""
    return reader.named(node, lambda name, child: _commitment(reader, name, child))


def _commitment(reader: Reader, name: str, node: Node) -> Commitment | None:
    kind = node.get("kind")
    if not node.is_table or kind is None:
        reader.expected(node, "table") if not node.is_table else reader.problem(
            "missing_key", node.place, key="kind"
        )
        return None
    if reader.read("kind", kind) is BAD:
        return None
    rule = reader.rule
    _set_rule(reader, node)
    values = reader.table(node, grammar.COMMITMENTS[kind.text])
    built = None if values is None else _finish(reader, name, kind.text, node, values)
    reader.rule = rule
    return built


def _finish(reader: Reader, name: str, kind: str, node: Node, values: dict[str, Any]) -> Commitment | None:
    values.pop("kind")
    before = len(reader.problems)
    if not values.get("source") and not values.get("internal"):
        reader.problem("no_source", node.place)
    if kind in ("quota", "target"):
        values["bounds"] = take_bounds(reader, node, values)
    _RULES.get(kind, lambda *_: None)(reader, node, values)
    if len(reader.problems) > before:
        return None
    values.setdefault("escalate", DEFAULT_STEPS)
    found: Commitment = _CLASSES[kind](name=name, **values)
    return found


def _deadline_rules(reader: Reader, node: Node, values: dict[str, Any]) -> None:
    if ("within" in values) == ("due" in values):
        reader.problem("one_of_two", node.place, first="within", second="due")
    if "silence" in values and values.get("by") != "customer":
        reader.problem("silence_of_customer", node.keys["silence"])
    if "unless" in values and "after" not in values:
        reader.problem("unless_without_after", node.keys["unless"])


def _recurring_rules(reader: Reader, node: Node, values: dict[str, Any]) -> None:
    if ("every" in values) == ("max_gap" in values):
        reader.problem("one_of_two", node.place, first="every", second="max_gap")
    every = values.get("every")
    if getattr(every, "unit", "") == "once" and "due" not in values:
        reader.problem("once_without_due", node.place)


def _standing_rules(reader: Reader, node: Node, values: dict[str, Any]) -> None:
    values.setdefault("check", phrases.read_span("1 day"))


_RULES: dict[str, Any] = {
    "deadline": _deadline_rules,
    "recurring": _recurring_rules,
    "standing": _standing_rules,
}


def merge_defaults(root: Node) -> None:
    """Put the defaults' nodes into the commitments that may have them and do not say otherwise."""
    defaults, commitments = root.get("defaults"), root.get("commitments")
    if defaults is None or commitments is None:
        return
    for _, commitment in commitments.entries():
        kind = commitment.get("kind")
        allowed = grammar.COMMITMENTS.get(kind.text, {}) if kind else {}
        if not isinstance(commitment.value, dict):
            continue
        for name, child in defaults.entries():
            if name in allowed and name in grammar.DEFAULTS and name not in commitment.value:
                commitment.value[name] = child
                commitment.keys[name] = defaults.keys[name]
