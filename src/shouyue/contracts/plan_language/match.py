"""Conditions, tables and keepers against the facts of events. Pure: facts in, answer out."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from shouyue.contracts.plan_language.model import (
    All,
    AnyOf,
    Attested,
    FactRef,
    Happens,
    InClass,
    Keeper,
    Match,
    Not,
    Plan,
    Share,
    Table,
    Test,
    Trigger,
    Verdict,
)
from shouyue.servicetime.durations import Duration

Facts = Mapping[str, Any]
Ranks = Mapping[str, Mapping[str, int]]
_NO_RANKS: Ranks = {}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A table cannot be answered before this fact is known."""

    fact: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a condition may look at besides the facts of the event itself.

    opening: facts of the event that opened the obligation; ranks: fact → value → rank, from `ranks_of`;
    zone: of dates without time of day.
    """

    opening: Facts | None = None
    ranks: Ranks = None  # type: ignore[assignment]
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        if self.ranks is None:
            object.__setattr__(self, "ranks", _NO_RANKS)


NOTHING_ELSE = Circumstances()


def ranks_of(plan: Plan, scales: Mapping[str, Sequence[str]] | None = None) -> dict[str, dict[str, int]]:
    """Ranks by fact: the plan's own scales before the modules'."""
    words: dict[str, Sequence[str]] = dict(scales or {})
    words.update({scale.fact: scale.words for scale in plan.scales})
    return {fact: {word: rank for rank, word in enumerate(values)} for fact, values in words.items()}


def matches(match: Match | None, facts: Facts, around: Circumstances = NOTHING_ELSE) -> bool:
    """Whether the condition holds; no condition always does."""
    if match is None:
        return True
    if isinstance(match, Test):
        return _test(match, facts, around)
    if isinstance(match, InClass):
        return matches(match.match, facts, around)
    if isinstance(match, All):
        return all(matches(part, facts, around) for part in match.parts)
    if isinstance(match, AnyOf):
        return any(matches(part, facts, around) for part in match.parts)
    return not matches(match.part, facts, around)


def choose(value: Any, facts: Facts) -> Any:
    """The branch of a table that these facts select, or the value itself when it is no table.

    Returns the chosen value (Span, name, Unset, Nothing …), `Unknown(fact)` when a deciding fact is missing and
    the table has no `otherwise`, and None when the fact's value has no row.
    """
    while isinstance(value, Table):
        fact = value.by[0]
        known = facts.get(fact)
        if known is None and value.otherwise is None:
            return Unknown(fact)
        word = fact_word(known)
        value = next((branch for row, branch in value.rows if row == word), value.otherwise)
    return value


def table_facts(value: Any) -> frozenset[str]:
    """Facts a limit or window depends on."""
    if not isinstance(value, Table):
        return frozenset()
    branches = [branch for _, branch in value.rows]
    return frozenset(value.by).union(*(table_facts(branch) for branch in (*branches, value.otherwise)))


def match_facts(match: Match | None) -> frozenset[str]:
    """Facts of the event a condition depends on (not those of the opening event)."""
    if isinstance(match, Test):
        others = {part.fact for part in match.operands if isinstance(part, FactRef) and not part.opening}
        return frozenset({match.fact, *others})
    if isinstance(match, InClass):
        return match_facts(match.match)
    if isinstance(match, All | AnyOf):
        return frozenset().union(*(match_facts(part) for part in match.parts))
    if isinstance(match, Not):
        return match_facts(match.part)
    return frozenset()


def opens(triggers: Iterable[Trigger], verb: str, facts: Facts, around: Circumstances = NOTHING_ELSE) -> bool:
    """Whether one of the triggers is this event. A verdict is an `obligation.…` event with the fact `commitment`."""
    for trigger in triggers:
        if trigger.verb != verb or not matches(trigger.when, facts, around):
            continue
        if isinstance(trigger, Verdict) and facts.get("commitment") != trigger.commitment:
            continue
        return True
    return False


def keeps(
    keeper: Keeper, events: Sequence[tuple[str, Facts]], around: Circumstances = NOTHING_ELSE, args: Any = ()
) -> bool:
    """Whether these events (verb, facts), all since the opening, together keep the promise.

    args: the commitment's `with`; every event that counts must carry these facts.
    """
    if isinstance(keeper, All):
        return all(keeps(part, events, around, args) for part in keeper.parts)
    if isinstance(keeper, AnyOf):
        return any(keeps(part, events, around, args) for part in keeper.parts)
    return any(_is_keeper(keeper, verb, facts, around) and carries(args, facts) for verb, facts in events)


def _is_keeper(keeper: Any, verb: str, facts: Facts, around: Circumstances) -> bool:
    if isinstance(keeper, Happens):
        return keeper.verb == verb and matches(keeper.when, facts, around)
    return isinstance(keeper, Attested) and keeper.verb == verb and facts.get("role") == keeper.role


def carries(args: Iterable[tuple[str, Any]], facts: Facts) -> bool:
    """Whether an event carries what `with` demands; `required` means: any value, but there must be one."""
    for name, wanted in args:
        given = facts.get(name)
        if wanted == "required":
            if not given:
                return False
        elif isinstance(wanted, tuple):
            if given not in wanted:
                return False
        elif given != wanted:
            return False
    return True


def fact_word(value: Any) -> str:
    """A fact's value as it is written in a plan file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


# One comparison


def _test(test: Test, facts: Facts, around: Circumstances) -> bool:
    given = facts.get(test.fact)
    if test.comparison == "known":
        return (given is not None) is bool(test.operands[0])
    operands = [_operand(part, facts, around) for part in test.operands]
    if test.comparison == "not_in":
        return given is None or not any(_equal(given, part, around) for part in operands)
    if given is None or any(part is None for part in operands):
        return False
    if test.comparison in ("is", "in"):
        return any(_equal(given, part, around) for part in operands)
    scale = _scale(test, around)
    if test.comparison == "between":
        low, high = (_order(given, part, scale, around) for part in operands)
        return low is not None and high is not None and low >= 0 >= high
    order = _order(given, operands[0], scale, around)
    if order is None:
        return False
    return {"at_least": order >= 0, "above": order > 0, "at_most": order <= 0, "below": order < 0}[
        test.comparison
    ]


def _scale(test: Test, around: Circumstances) -> Mapping[str, int]:
    own = around.ranks.get(test.fact)
    if own is None and isinstance(test.operands[0], FactRef):
        own = around.ranks.get(test.operands[0].fact)
    return own or {}


def _operand(part: Any, facts: Facts, around: Circumstances) -> Any:
    if not isinstance(part, FactRef):
        return part
    source = around.opening if part.opening else facts
    value = None if source is None else source.get(part.fact)
    if value is None or part.shift is None:
        return value
    moment = _moment(value, around.zone)
    return None if moment is None else shift(moment, part.shift, around.zone, back=part.back)


def _equal(given: Any, wanted: Any, around: Circumstances) -> bool:
    if isinstance(given, bool) or isinstance(wanted, bool):
        return given is wanted
    if given == wanted:
        return True
    if isinstance(given, dt.date) or isinstance(wanted, dt.date):
        order = _order(given, wanted, {}, around)
        return order == 0
    if isinstance(wanted, Duration | Share):
        return _order(given, wanted, {}, around) == 0
    return False


def _order(given: Any, wanted: Any, scale: Mapping[str, int], around: Circumstances) -> int | None:
    """-1, 0 or 1; None when the two cannot be compared."""
    if scale:
        left, right = scale.get(fact_word(given)), scale.get(fact_word(wanted))
        return None if left is None or right is None else (left > right) - (left < right)
    first, second = _number(given), _number(wanted)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    moments = _moments(given, wanted, around.zone)
    if moments is None:
        return None
    return int(moments[0] > moments[1]) - int(moments[0] < moments[1])


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Share):
        return value.percent
    if isinstance(value, Duration):
        return value.seconds
    return value if isinstance(value, int | float) else None


def _moments(given: Any, wanted: Any, zone: str) -> tuple[Any, Any] | None:
    """Both as instants; as days of the zone when one of them is only a day."""
    left, right = _moment(given, zone), _moment(wanted, zone)
    if left is None or right is None:
        return None
    if _is_day(given) or _is_day(wanted):
        place = ZoneInfo(zone)
        return left.astimezone(place).date(), right.astimezone(place).date()
    return left, right


def _is_day(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) == 10
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _moment(value: Any, zone: str) -> dt.datetime | None:
    """An aware instant from a datetime, a date (its midnight in the zone) or their ISO text."""
    if isinstance(value, str):
        if len(value) < 10 or value[4:5] != "-":
            return None
        try:
            value = dt.date.fromisoformat(value) if len(value) == 10 else dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, dt.datetime):
        return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=ZoneInfo(zone))
    return None


def shift(moment: dt.datetime, span: Duration, zone: str, *, back: bool = False) -> dt.datetime | None:
    """Add calendar time on the wall clock of the zone, or real seconds. None past the end of the calendar.

    Raises: ValueError for working days, which need a calendar.
    """
    if span.kind == "working_days":
        raise ValueError("working days need a service calendar")
    sign = -1 if back else 1
    try:
        if span.seconds is not None:
            return moment + sign * dt.timedelta(seconds=span.seconds)
        local = moment.astimezone(ZoneInfo(zone))
        if span.kind in ("days", "weeks"):
            return local + sign * dt.timedelta(days=span.amount * (7 if span.kind == "weeks" else 1))
        months = local.year * 12 + local.month - 1 + sign * span.amount * (12 if span.kind == "years" else 1)
        year, month = divmod(months, 12)
        return local.replace(year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]))
    except (OverflowError, ValueError):
        return None
