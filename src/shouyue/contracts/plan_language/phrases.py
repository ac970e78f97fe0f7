"""Short phrases of the plan language: durations, anchors, periods, step times. Text in, value out, or ValueError."""

from __future__ import annotations

import re
from typing import Literal

from shouyue.contracts.plan_language.model import Anchor, Period, Range, Share, Span, StepTime
from shouyue.servicetime.durations import WorkdayRule, parse_duration

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")
_RANGE = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)\s*\.\.\s*(-?[0-9]{1,9}(?:\.[0-9]{1,6})?)")
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_AT = re.compile(r"(?P<base>.+?)(?: at)? (?P<at>[0-9]{2}:[0-9]{2}|window opens|window closes)")
_OFFSET = re.compile(r"(?P<span>.+?) (?P<side>before|after) (?P<rest>.+)")
_DATE_NAME = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_]*)*(?::[a-z][a-z0-9_-]*)?")
_YEARLY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_NUMBERED = re.compile(r"(day|open day) ([1-9][0-9]?)")
_FIXED = {
    "last day": "last_day",
    "last open day": "last_open_day",
    "period start": "period_start",
    "period end": "period_end",
    "window opens": "window_opens",
    "window closes": "window_closes",
}
_PERIOD_UNITS = {"days": "day", "weeks": "week", "months": "month", "years": "year"}


def read_share(text: str) -> Share:
    """`95%`."""
    found = _SHARE.fullmatch(text.strip())
    if not found:
        raise ValueError(text)
    return Share(float(found[1]))


def read_range(text: str) -> Range:
    """`1..2`."""
    found = _RANGE.fullmatch(text.strip())
    if not found or float(found[1]) > float(found[2]):
        raise ValueError(text)
    return Range(float(found[1]), float(found[2]))


def read_clock(text: str) -> str:
    """`17:30`; 24:00 is the end of the day."""
    if not _CLOCK.fullmatch(text) or text > "24:00":
        raise ValueError(text)
    return text


def read_period(text: str) -> Period:
    """`month`, `half-year`, `3 months`, `once`."""
    from_word = text.strip()
    if from_word in ("day", "week", "month", "quarter", "half-year", "year", "contract-year", "once"):
        return Period(from_word, 1, from_word)
    found = re.fullmatch(r"([1-9][0-9]{0,3}) (days|weeks|months|years)", from_word)
    if not found:
        raise ValueError(text)
    return Period(_PERIOD_UNITS[found[2]], int(found[1]), from_word)


ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}


def read_anchor(text: str) -> Anchor:
    """`friday window closes`, `3 months before warranty.end`, `open day 3` …"""
    phrase = " ".join(text.split())
    whole = phrase
    shift: Span | None = None
    back = False
    offset = _OFFSET.fullmatch(phrase)
    if offset:
        shift, back, phrase = read_span(offset["span"]), offset["side"] == "before", offset["rest"]
    at = ""
    timed = None if phrase in _FIXED else _AT.fullmatch(phrase)
    if timed:
        phrase, at = timed["base"], timed["at"]
        if at[0].isdigit():
            read_clock(at)
    base, number, name = _anchor_base(phrase)
    return Anchor(base, number, name, at, shift, back, whole)


def _anchor_base(phrase: str) -> tuple[str, int, str]:
    if phrase in WEEKDAYS:
        return "weekday", WEEKDAYS.index(phrase), ""
    which, _, weekday = phrase.partition(" ")
    if which in ORDINALS and weekday in WEEKDAYS:
        return "weekday", WEEKDAYS.index(weekday), str(ORDINALS[which])
    if phrase in _FIXED:
        return _FIXED[phrase], 0, ""
    if phrase == "first open day":
        return "open_day", 1, ""
    numbered = _NUMBERED.fullmatch(phrase)
    if numbered:
        number = int(numbered[2])
        if number > 31:
            raise ValueError(phrase)
        return numbered[1].replace(" ", "_"), number, ""
    if _YEARLY.fullmatch(phrase):
        if phrase in ("02-30", "02-31", "04-31", "06-31", "09-31", "11-31"):
            raise ValueError(phrase)
        return "yearly", 0, phrase
    if _DATE_NAME.fullmatch(phrase):
        return "date", 0, phrase
    raise ValueError(phrase)


def read_step_time(text: str) -> StepTime:
    """`80%`, `due`, `10 min before`, `1 h after`, `5 min after opened`."""
    phrase = " ".join(text.split())
    if phrase.endswith("%"):
        share = read_share(phrase)
        if share.percent > 1000:
            raise ValueError(text)
        return StepTime("share", percent=share.percent, text=phrase)
    if phrase == "due":
        return StepTime("due", text=phrase)
    if phrase == "opened":
        return StepTime("opened", text=phrase)
    found = re.fullmatch(r"(.+?) (before|after)( due| opened)?", phrase)
    if not found or (found[2] == "before" and found[3] == " opened"):
        raise ValueError(text)
    base: Literal["opened", "due"] = "opened" if found[3] == " opened" else "due"
    return StepTime(base, shift=read_span(found[1]), back=found[2] == "before", text=phrase)


_LONGEST = {
    "seconds": 4_000_000_000,
    "minutes": 60_000_000,
    "hours": 1_000_000,
    "working_days": 30_000,
    "days": 40_000,
    "weeks": 6_000,
    "months": 1_500,
    "years": 120,
}


def read_span(text: str, *, rule: WorkdayRule = "close") -> Span:
    """`10 min`, `1 h 30 min`, `3 working days`, `4小时`; nothing longer than about a century."""
    span = parse_duration(text, rule=rule)
    if span.amount > _LONGEST[span.kind]:
        raise ValueError(text)
    return span
