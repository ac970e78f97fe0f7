"""Which words a plan uses, and where: the base of checking, coverage and the index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from shouyue.contracts.plan_language.model import (
    All,
    Anchor,
    AnyOf,
    Attested,
    Bounds,
    Commitment,
    Covered,
    Deadline,
    Entitlement,
    FactHolds,
    FactRef,
    Gate,
    Guard,
    Happens,
    InClass,
    MeasureHolds,
    MeasureRef,
    Not,
    Quota,
    Recurring,
    Since,
    Standing,
    Table,
    Target,
    Test,
    Unset,
    Verdict,
    WithinWindow,
)
from shouyue.contracts.plan_language.texts import Text

# Where a fact is looked for: (sort, word) pairs such as ("verb", "ticket.reported").
Context = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One word in one place.

    sort: verb, act, decision, item, measure, guard, roster, role, date, fact, window, wait, stage, commitment or
    warranty_class. context: for facts, where they must be declared; test: the comparison a fact stands in.
    """

    sort: str
    word: str
    path: str
    context: Context = ()
    test: Test | None = None


def uses_of(commitment: Commitment) -> Iterator[Use]:
    """Every word of a commitment. Paths begin with its name."""
    at = commitment.name
    yield from _common(commitment, at)
    walk = _WALKS[type(commitment)]
    yield from walk(commitment, at)


def opening_context(commitment: Deadline) -> Context:
    """Verbs that open a deadline."""
    return tuple(dict.fromkeys(("verb", trigger.verb) for trigger in commitment.opened_by))


def _common(commitment: Commitment, at: str) -> Iterator[Use]:
    if commitment.owner:
        yield Use("role", commitment.owner, f"{at}.owner")
    for stage in commitment.stages:
        yield Use("stage", stage, f"{at}.stages")
    for number, step in enumerate(commitment.escalate, start=1):
        for role in step.to:
            yield Use("role", role, f"{at}.escalate.{number}.to")
    for item in commitment.evidence:
        if isinstance(item, str) and "." in item:
            yield Use("verb", item, f"{at}.evidence")


def _deadline(commitment: Deadline, at: str) -> Iterator[Use]:
    opening = opening_context(commitment)
    for number, trigger in enumerate(commitment.opened_by, start=1):
        path = f"{at}.from.{number}"
        if isinstance(trigger, Verdict):
            yield Use("commitment", trigger.commitment, f"{path}.{trigger.outcome}")
        yield Use("verb", trigger.verb, f"{path}.event")
        yield from match_uses(trigger.when, f"{path}.when", (("verb", trigger.verb),))
    yield from match_uses(commitment.when, f"{at}.when", opening)
    yield from keeper_uses(commitment.kept_by, f"{at}.kept_by", opening)
    yield from _kept_args(commitment, at)
    yield from _table_facts(commitment.within, f"{at}.within", opening)
    yield from _table_facts(commitment.window, f"{at}.window", opening)
    yield from _windows(commitment.window, f"{at}.window")
    for name in ("due", "not_before"):
        yield from anchor_uses(getattr(commitment, name), f"{at}.{name}", opening)
    for name in ("unless", "void_by", "undone_by", "rebind_on"):
        for verb in getattr(commitment, name):
            yield Use("verb", verb, f"{at}.{name}")
    for wait in commitment.pauses:
        yield Use("wait", wait, f"{at}.pauses")
    if commitment.same not in ("case", "subject", "contract"):
        yield Use("fact", commitment.same, f"{at}.same", opening)
    if commitment.each:
        yield Use("fact", commitment.each, f"{at}.each", opening)


def _recurring(commitment: Recurring, at: str) -> Iterator[Use]:
    item = next((part.item for part in (commitment.covers, commitment.sample) if part), "")
    context: Context = (("item", item),) if item else ()
    for name, part in (("covers", commitment.covers), ("sample", commitment.sample)):
        if part:
            yield Use("item", part.item, f"{at}.{name}.item")
            yield from match_uses(part.match, f"{at}.{name}", (("item", part.item),))
    yield from match_uses(commitment.when, f"{at}.when", context)
    if commitment.each:
        yield Use("item", commitment.each, f"{at}.each")
    yield from keeper_uses(commitment.kept_by, f"{at}.kept_by", context)
    yield from _kept_args(commitment, at)
    yield from _windows(commitment.window, f"{at}.window")
    for name in ("opens", "not_before", "due"):
        yield from anchor_uses(getattr(commitment, name), f"{at}.{name}", context)


def _quota(commitment: Quota, at: str) -> Iterator[Use]:
    amount = commitment.amount
    context: Context = (("verb", amount.verb),)
    yield Use("verb", amount.verb, f"{at}.amount.{amount.how}")
    if amount.fact:
        yield Use("fact", amount.fact, f"{at}.amount.{amount.how}", context)
    yield from match_uses(amount.when, f"{at}.amount.when", context)
    yield from match_uses(commitment.when, f"{at}.when", context)
    if commitment.each:
        yield Use("fact", commitment.each, f"{at}.each", context)
    yield from _bounds(commitment.bounds, at)


def _target(commitment: Target, at: str) -> Iterator[Use]:
    context: Context = (("measure", commitment.measure),)
    yield Use("measure", commitment.measure, f"{at}.measure")
    for name, _ in commitment.args:
        yield Use("fact", name, f"{at}.with.{name}", context)
    yield from match_uses(commitment.over, f"{at}.over", context)
    yield from match_uses(commitment.when, f"{at}.when", context)
    yield from _bounds(commitment.bounds, at)


def _standing(commitment: Standing, at: str) -> Iterator[Use]:
    yield from requirement_uses(commitment.holds, f"{at}.holds", ())
    yield from match_uses(commitment.when, f"{at}.when", ())
    for verb in commitment.check_on:
        yield Use("verb", verb, f"{at}.check_on")


def _gate(commitment: Gate, at: str) -> Iterator[Use]:
    context: Context = tuple(("act", act) for act in commitment.acts)
    for act in commitment.acts:
        yield Use("act", act, f"{at}.act")
    yield from match_uses(commitment.when, f"{at}.when", context)
    yield from requirement_uses(commitment.requires, f"{at}.requires", context)
    for role in commitment.given_by:
        yield Use("role", role, f"{at}.given_by")


def _entitlement(commitment: Entitlement, at: str) -> Iterator[Use]:
    context: Context = tuple(("decision", decision) for decision in commitment.decides)
    for decision in commitment.decides:
        yield Use("decision", decision, f"{at}.decides")
    yield from match_uses(commitment.when, f"{at}.when", context)
    for name, value in commitment.grants:
        if name == "warranty" and isinstance(value, str):
            yield Use("warranty_class", value, f"{at}.grants.warranty")
        if name == "charge":
            yield from _table_facts(value, f"{at}.grants.charge", context)
    yield from anchor_uses(commitment.until, f"{at}.until", context)


_WALKS: dict[type, Any] = {
    Deadline: _deadline,
    Recurring: _recurring,
    Quota: _quota,
    Target: _target,
    Standing: _standing,
    Gate: _gate,
    Entitlement: _entitlement,
}


def match_uses(match: Any, path: str, context: Context, opening: Context | None = None) -> Iterator[Use]:
    """Facts of a condition. opening: where facts of the opening event are declared."""
    if isinstance(match, Test):
        where = f"{path}.{match.fact}"
        yield Use("fact", match.fact, where, context, match)
        for operand in match.operands:
            if isinstance(operand, FactRef):
                source = opening if operand.opening and opening is not None else context
                yield Use("fact", operand.fact, where, source)
    elif isinstance(match, InClass):
        yield from match_uses(match.match, f"{path}.class", context, opening)
    elif isinstance(match, All | AnyOf):
        for part in match.parts:
            yield from match_uses(part, path, context, opening)
    elif isinstance(match, Not):
        yield from match_uses(match.part, f"{path}.not", context, opening)


def keeper_uses(keeper: Any, path: str, opening: Context) -> Iterator[Use]:
    if isinstance(keeper, Happens):
        yield Use("verb", keeper.verb, f"{path}.event")
        yield from match_uses(keeper.when, f"{path}.when", (("verb", keeper.verb),), opening)
    elif isinstance(keeper, Attested):
        yield Use("verb", keeper.verb, path)
        yield Use("role", keeper.role, f"{path}.attested_by")
    elif isinstance(keeper, All | AnyOf):
        for number, part in enumerate(keeper.parts, start=1):
            yield from keeper_uses(part, f"{path}.{number}", opening)


def keeping_verbs(keeper: Any) -> Iterator[str]:
    """Verbs that can keep an obligation, wholly or in part."""
    if isinstance(keeper, Happens | Attested):
        yield keeper.verb
    elif isinstance(keeper, All | AnyOf):
        for part in keeper.parts:
            yield from keeping_verbs(part)


def _kept_args(commitment: Deadline | Recurring, at: str) -> Iterator[Use]:
    context: Context = tuple(("verb", verb) for verb in dict.fromkeys(keeping_verbs(commitment.kept_by)))
    for name, _ in commitment.args:
        yield Use("with", name, f"{at}.with.{name}", context)


def requirement_uses(requirement: Any, path: str, context: Context) -> Iterator[Use]:
    if isinstance(requirement, Guard):
        yield Use("guard", requirement.guard, f"{path}.guard")
        for name, _ in requirement.args:
            yield Use("fact", name, f"{path}.with.{name}", (("guard", requirement.guard),))
    elif isinstance(requirement, MeasureHolds):
        yield Use("measure", requirement.measure, f"{path}.measure")
        for name, _ in requirement.args:
            yield Use("fact", name, f"{path}.with.{name}", (("measure", requirement.measure),))
        yield from _bounds(requirement.bounds, path)
    elif isinstance(requirement, FactHolds):
        yield from match_uses(requirement.match, path, context)
    elif isinstance(requirement, Since):
        yield Use("verb", requirement.verb, f"{path}.since")
    elif isinstance(requirement, WithinWindow):
        yield Use("window", requirement.window, f"{path}.within_window")
    elif isinstance(requirement, Covered):
        yield Use("window", requirement.window, f"{path}.covered")
        yield Use("roster", requirement.by, f"{path}.by")
    elif isinstance(requirement, Attested):
        yield Use("verb", requirement.verb, path)
        yield Use("role", requirement.role, f"{path}.attested_by")
    elif isinstance(requirement, All | AnyOf):
        for number, part in enumerate(requirement.parts, start=1):
            name = "all" if isinstance(requirement, All) else "any"
            yield from requirement_uses(part, f"{path}.{name}.{number}", context)
    elif isinstance(requirement, Not):
        yield from requirement_uses(requirement.part, f"{path}.not", context)


def anchor_uses(anchor: Any, path: str, context: Context) -> Iterator[Use]:
    if isinstance(anchor, Unset):
        anchor = anchor.provisional
    if isinstance(anchor, Anchor):
        if anchor.base == "date":
            yield Use("date", anchor.name, path)
        elif anchor.base == "fact":
            yield Use("fact", anchor.name, path, context)


def _bounds(bounds: Bounds, path: str) -> Iterator[Use]:
    for name in ("at_least", "at_most", "equals"):
        bound = getattr(bounds, name)
        if isinstance(bound, MeasureRef):
            yield Use("measure", bound.measure, f"{path}.{name}.measure")
            if bound.stage:
                yield Use("stage", bound.stage, f"{path}.{name}.stage")


def _table_facts(value: Any, path: str, context: Context) -> Iterator[Use]:
    if isinstance(value, Table):
        fact = value.by[0]
        words = tuple(word for word, _ in value.rows)
        yield Use("fact", fact, f"{path}.by", context, Test(fact, "in", words))
        for word, branch in value.rows:
            yield from _table_facts(branch, f"{path}.{word}", context)
        yield from _table_facts(value.otherwise, f"{path}.otherwise", context)


def _windows(value: Any, path: str) -> Iterator[Use]:
    if isinstance(value, str):
        yield Use("window", value, path)
    elif isinstance(value, Table):
        for word, branch in value.rows:
            yield from _windows(branch, f"{path}.{word}")
        yield from _windows(value.otherwise, f"{path}.otherwise")
    elif isinstance(value, Unset):
        yield from _windows(value.provisional, path)


_FILE_KEYS = {"bounds": "", "args": "with", "opened_by": "from", "acts": "act"}


def unset_values(value: Any, path: str) -> Iterator[tuple[str, Unset]]:
    """Every value not agreed yet, with its path as in the file."""
    if isinstance(value, Unset):
        yield path, value
    elif isinstance(value, tuple):
        for part in value:
            if isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], str):
                yield from unset_values(part[1], f"{path}.{part[0]}")
            else:
                yield from unset_values(part, path)
    elif is_dataclass(value) and not isinstance(value, type):
        for entry in fields(value):
            name = _FILE_KEYS.get(entry.name, entry.name)
            if isinstance(value, Table) and name == "rows":
                name = ""
            yield from unset_values(getattr(value, entry.name), f"{path}.{name}" if name else path)


def question_of(commitment: Commitment) -> Text | None:
    """What is still to be asked about a promise: its own question, else that of the first value not agreed."""
    asked = (value.question for _path, value in unset_values(commitment, "") if value.question)
    return commitment.to_agree or next(asked, None)
