"""Pure decisions about tickets: which moves are allowed, what rank a ticket has, which texts are acceptable.

No ORM, no clock. `MOVES` is the state machine: everything a person can do to a ticket, from which states, and
where it leads.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .choices import Channel, ChannelGroup, Impact, Priority, Status, Tier, Urgency

S = Status

BEFORE_WORK = frozenset({S.NEW, S.TRIAGED})
WORKABLE = frozenset({S.NEW, S.TRIAGED, S.ASSIGNED, S.ACCEPTED})
OPEN = WORKABLE | {S.WAITING}
UNSETTLED = OPEN | {S.RESOLVED, S.CONFIRMED}
SETTLED = frozenset({S.CLOSED, S.CANCELLED})
ANY = frozenset(S)


@dataclass(frozen=True, slots=True)
class Move:
    """A thing to do: allowed from these states, leading to `to` (None: the state stays)."""

    allowed_from: frozenset[Status]
    to: Status | None = None


MOVES: Mapping[str, Move] = {
    "triage": Move(BEFORE_WORK | {S.ASSIGNED, S.ACCEPTED}, S.TRIAGED),
    "assign": Move(WORKABLE, S.ASSIGNED),
    "take": Move(WORKABLE, S.ACCEPTED),
    "accept": Move(frozenset({S.ASSIGNED}), S.ACCEPTED),
    "respond": Move(OPEN),
    "promise_answer": Move(OPEN),
    "give_answer": Move(OPEN),
    "wait": Move(WORKABLE, S.WAITING),
    "resume": Move(frozenset({S.WAITING})),
    "raise_tier": Move(OPEN),
    "request_escalation": Move(OPEN | {S.RESOLVED}),
    "propose_solution": Move(OPEN),
    "fix_temporarily": Move(OPEN),
    "record_handling": Move(UNSETTLED),
    "decide_replacement": Move(OPEN),
    "set_attribution": Move(UNSETTLED),
    "grade": Move(UNSETTLED),
    "set_priority": Move(UNSETTLED),
    "set_contract": Move(OPEN),
    "resolve": Move(OPEN, S.RESOLVED),
    "call_back": Move(frozenset({S.RESOLVED, S.CONFIRMED, S.CLOSED})),
    "confirm": Move(frozenset({S.RESOLVED}), S.CONFIRMED),
    "reject": Move(frozenset({S.RESOLVED}), S.ACCEPTED),
    "reopen": Move(frozenset({S.CONFIRMED, S.CLOSED}), S.TRIAGED),
    "close": Move(frozenset({S.RESOLVED, S.CONFIRMED}), S.CLOSED),
    "cancel": Move(OPEN, S.CANCELLED),
    "comment": Move(ANY),
    "link": Move(ANY),
    "edit": Move(UNSETTLED),
    "attach": Move(ANY),
}


def may_move(move: str, status: str) -> bool:
    """Whether the move is allowed from this state."""
    return status in MOVES[move].allowed_from


def moves_from(status: str) -> set[str]:
    """All moves allowed from this state."""
    return {name for name, move in MOVES.items() if status in move.allowed_from}


def after(move: str, status: str) -> str:
    """The state after the move. Triage of a ticket in work leaves it in work."""
    to = MOVES[move].to
    if to is None or (move == "triage" and status not in BEFORE_WORK):
        return status
    return str(to)


CHANNEL_GROUPS: Mapping[str, str] = {
    **dict.fromkeys(
        (Channel.PHONE, Channel.MOBILE, Channel.MANAGER_LINE, Channel.COMPLAINT_LINE),
        ChannelGroup.PHONE.value,
    ),
    **dict.fromkeys(
        (
            Channel.EMAIL,
            Channel.FAX,
            Channel.PORTAL,
            Channel.API,
            Channel.IM,
            Channel.SMS,
            Channel.OA,
            Channel.MONITORING,
        ),
        ChannelGroup.ELECTRONIC.value,
    ),
    Channel.WALK_IN: ChannelGroup.ONSITE.value,
}


def channel_group(channel: str) -> str:
    """phone, electronic or onsite."""
    return CHANNEL_GROUPS[channel]


_MATRIX: Mapping[str, Sequence[str]] = {
    # impact:   one person, several, a site, everybody
    Urgency.LOW: ("P4", "P4", "P3", "P3"),
    Urgency.MEDIUM: ("P4", "P3", "P3", "P2"),
    Urgency.HIGH: ("P3", "P3", "P2", "P1"),
    Urgency.CRITICAL: ("P3", "P2", "P1", "P1"),
}
_IMPACTS = [impact.value for impact in Impact]
_RANKS = [priority.value for priority in reversed(Priority)]


def level_lift(service_level: str, levels: Sequence[str]) -> int:
    """How many ranks the contract's level lifts a ticket: the top one of several lifts by one.

    levels: the plan's scale `service_level` from lowest to highest.
    """
    return 1 if len(levels) > 1 and service_level == levels[-1] else 0


def priority(urgency: str, impact: str, *, lift: int = 0, ranks: Sequence[str] = ()) -> str:
    """The rank of a ticket; empty until both urgency and impact are known.

    ranks: the contract's own ranks from lowest to highest; the matrix is spread over them.
    """
    row = _MATRIX.get(urgency)
    if row is None or impact not in _IMPACTS:
        return ""
    index = min(_RANKS.index(row[_IMPACTS.index(impact)]) + lift, len(_RANKS) - 1)
    if not ranks:
        return _RANKS[index]
    return ranks[round(index * (len(ranks) - 1) / (len(_RANKS) - 1))]


def spread(word: str, own: Sequence[str], standard: Sequence[str]) -> str:
    """The standard word that has the same place on its scale as `word` on the contract's own."""
    if word in standard or word not in own:
        return word
    return standard[round(own.index(word) * (len(standard) - 1) / max(len(own) - 1, 1))]


TIERS = [tier.value for tier in Tier]


def is_higher(to_tier: str, from_tier: str) -> bool:
    """Whether the hand-over goes up."""
    return TIERS.index(to_tier) > TIERS.index(from_tier)


# -- texts ------------------------------------------------------------------------------------------------

TITLE_LIMIT = 200
TEXT_BYTES = 100_000
ATTACHMENT_LIMIT = 200
LATE_ENTRY = timedelta(days=31)
CLOCK_TOLERANCE = timedelta(minutes=2)

_HALF = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


_WORD = re.compile(r"[\w.-]{1,24}")


def is_word(text: str) -> bool:
    """Whether the text can be a fact's value: a short word."""
    return _WORD.fullmatch(text) is not None


def clean_text(text: str) -> str:
    """The text in one normal form: no control characters (NUL among them), Unix line ends, NFC, no outer space.

    Emoji and right-to-left text stay as they are.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", text)).strip()


def too_long(text: str) -> bool:
    """Whether a text exceeds what is kept, counted in UTF-8 bytes."""
    return len(text) > TEXT_BYTES or len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES


def has_lone_surrogate(text: str) -> bool:
    """Whether the text holds half a character, which no database keeps."""
    return not text.isascii() and _HALF.search(text) is not None


def plausible_time(at: datetime, now: datetime, not_before: datetime | None = None) -> bool:
    """Whether a stated time may be believed: not in the future, not weeks ago, not before the case began."""
    earliest = now - LATE_ENTRY if not_before is None else not_before - CLOCK_TOLERANCE
    return earliest <= at <= now + CLOCK_TOLERANCE


def changed(
    before: Mapping[str, object], after_: Mapping[str, object], fields: Iterable[str]
) -> dict[str, object]:
    """The fields whose new value differs, with that value."""
    return {name: after_[name] for name in fields if name in after_ and after_[name] != before.get(name)}
