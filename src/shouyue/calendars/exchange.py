"""Days as files: CSV and ICS, read line by line with what is wrong on each, and written. No database.

CSV: a head line `date,kind,name,hours`, in English or Chinese; without one, columns stand in that order.
ICS: all-day events are days off, or working days when their text says so; timed events are shifts.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from icalendar import Calendar, Event

from shouyue.servicetime import BadCalendarError

from . import rules
from .choices import DayKind
from .rules import DayEntry, Windows

Format = Literal["csv", "ics"]
LONGEST_DAYS = 400
"""No event of a holiday calendar lasts longer; one that does is a mistake."""

_HEADS = {
    "date": "day", "day": "day", "日期": "day",
    "kind": "kind", "type": "kind", "类型": "kind", "种类": "kind",
    "name": "name", "title": "name", "名称": "name", "节日": "name", "说明": "name",
    "hours": "windows", "windows": "windows", "时段": "windows", "时间": "windows", "工作时间": "windows",
}  # fmt: skip
_ORDER = ("day", "kind", "name", "windows")
_KINDS = {
    "holiday": DayKind.HOLIDAY, "off": DayKind.HOLIDAY, "day off": DayKind.HOLIDAY,
    "休": DayKind.HOLIDAY, "休息": DayKind.HOLIDAY, "休息日": DayKind.HOLIDAY, "放假": DayKind.HOLIDAY,
    "节假日": DayKind.HOLIDAY, "假日": DayKind.HOLIDAY,
    "workday": DayKind.WORKDAY, "work": DayKind.WORKDAY, "working day": DayKind.WORKDAY,
    "make-up day": DayKind.WORKDAY, "shift": DayKind.WORKDAY,
    "班": DayKind.WORKDAY, "上班": DayKind.WORKDAY, "补班": DayKind.WORKDAY, "调休上班": DayKind.WORKDAY,
    "工作日": DayKind.WORKDAY, "值班": DayKind.WORKDAY,
    "ordinary": DayKind.ORDINARY, "as its weekday": DayKind.ORDINARY, "平日": DayKind.ORDINARY,
    "按星期": DayKind.ORDINARY,
}  # fmt: skip
_DATE = re.compile(
    r"(\d{4})\s*(?:[-/.]|年)\s*(\d{1,2})\s*(?:[-/.]|月)\s*(\d{1,2})\s*日?|(\d{4})(\d{2})(\d{2})"
)
_WORKS = re.compile(r"班|补工|工作日|work(?:ing)?\s*day|make-?up", re.I)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be read. number: counted from 1 in the file."""

    number: int
    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds: the days in order, and every line that could not be read."""

    entries: list[DayEntry] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)


def decode(data: bytes) -> str:
    """The text of an uploaded file: UTF-8, with or without its mark, or the GB code of Chinese spreadsheets."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", errors="replace")


def read(text: str, zone: str = "Asia/Shanghai") -> Read:
    """Read a file of either kind; ICS shows itself by its first line. zone: of timed events."""
    if text.lstrip("\ufeff \r\n\t").upper().startswith("BEGIN:VCALENDAR"):
        return read_ics(text, zone)
    return read_csv(text)


def read_csv(text: str) -> Read:
    """Read lines of date, kind, name, hours; separated by comma, semicolon or tab. Empty ones and `#` are skipped."""
    found = Read()
    lines = text.lstrip("\ufeff").splitlines()
    columns: tuple[str, ...] = _ORDER
    seen: dict[date, int] = {}
    is_first = True
    for number, line in enumerate(lines, 1):
        if not line.strip(" ,;\t") or line.lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in _cells(line)]
        heads = [_HEADS.get(cell.lower(), "") for cell in cells]
        if is_first and "day" in heads:
            columns, is_first = tuple(heads), False
            continue
        is_first = False
        try:
            entry = _entry(dict(zip(columns, cells, strict=False)))
            if entry.day in seen:
                raise ValueError(
                    _("%(day)s stands on line %(line)s already") % {"day": entry.day, "line": seen[entry.day]}
                )
        except ValueError as problem:
            found.bad.append(BadLine(number, line, str(problem)))
            continue
        seen[entry.day] = number
        found.entries.append(entry)
    found.entries.sort(key=lambda entry: entry.day)
    return found


def _cells(line: str) -> list[str]:
    mark = "\t" if "\t" in line else ";" if ";" in line and "," not in line else ","
    return next(csv.reader([line], delimiter=mark))


def _entry(cells: dict[str, str]) -> DayEntry:
    day = read_day(cells.get("day", ""))
    text = cells.get("kind", "").lower()
    kind = _KINDS.get(text)
    if kind is None:
        raise ValueError(
            _("“%(text)s” is not a kind of day: write holiday, workday or ordinary (休, 班, 平日)")
            % {"text": text}
        )
    return made(day, kind.value, cells.get("name", ""), _windows(cells.get("windows", "")))


def read_day(text: str) -> date:
    """A date as people write it: 2027-01-01, 2027/1/1, 2027年1月1日, 20270101. Raises: ValueError."""
    match = _DATE.fullmatch(text.strip())
    try:
        if match:
            return date(*(int(part) for part in match.groups() if part is not None))
    except ValueError:
        pass
    raise ValueError(_("“%(text)s” is not a date: write it as 2027-01-01") % {"text": text})


def _windows(text: str) -> Windows:
    try:
        return rules.read_windows(text)
    except BadCalendarError as problem:
        raise ValueError(
            _("The hours “%(text)s” cannot be read: write them as 09:00-12:00, 13:00-18:00") % {"text": text}
        ) from problem


def made(day: date, kind: str, name: str, windows: Windows) -> DayEntry:
    """A checked entry. Raises: ValueError in words for people."""
    if windows and kind != DayKind.WORKDAY:
        raise ValueError(_("Only a working day has hours of its own"))
    if not 1900 <= day.year <= 2299:
        raise ValueError(_("The year %(year)s is out of range") % {"year": day.year})
    if len(name) > 100:
        raise ValueError(_("The name is longer than 100 characters"))
    return DayEntry(day, kind, rules.canonical(name), windows)


# --- ICS -------------------------------------------------------------------------------------------------------


def read_ics(text: str, zone: str) -> Read:
    """Read the events of a calendar file, each by itself, so that one broken event spoils no other."""
    found = Read()
    days: dict[date, tuple[int, DayEntry]] = {}
    blocks = list(_events(text))
    if not blocks:
        found.bad.append(
            BadLine(1, text.splitlines()[0] if text else "", _("There is no event in this calendar"))
        )
    for number, block in blocks:
        shown = next(
            (line for line in block.splitlines() if line.upper().startswith("SUMMARY")), block.splitlines()[0]
        )
        try:
            if not block.rstrip().upper().endswith("END:VEVENT"):
                raise ValueError(_("The event has no end"))
            for entry in _of_event(Event.from_ical(block), zone):
                _add(days, number, entry)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as problem:
            found.bad.append(BadLine(number, shown, str(problem) or _("The event cannot be read")))
    found.entries.extend(entry for _number, entry in (days[day] for day in sorted(days)))
    return found


def _events(text: str) -> Iterator[tuple[int, str]]:
    """The events with the number of their first line."""
    start = 0
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        mark = line.strip().upper()
        if mark == "BEGIN:VEVENT":
            if start:
                yield start, "\r\n".join(lines)
            start, lines = number, []
        if start:
            lines.append(line)
        if mark == "END:VEVENT" and start:
            yield start, "\r\n".join(lines) + "\r\n"
            start, lines = 0, []
    if start:
        yield start, "\r\n".join(lines)


def _of_event(event: Any, zone: str) -> Iterator[DayEntry]:
    if "RRULE" in event or "RDATE" in event:
        raise ValueError(_("Repeated events are not read: give each day by itself"))
    if "DTSTART" not in event:
        raise ValueError(_("The event has no start"))
    if event.errors:
        raise ValueError("; ".join(str(part) for _name, part in event.errors))
    first = event.decoded("DTSTART")
    last = event.decoded("DTEND", None)
    if last is None and "DURATION" in event:
        last = first + event.decoded("DURATION")
    name = str(event.get("SUMMARY", "")).strip()
    if isinstance(first, datetime):
        yield from _shift(first, last, name, ZoneInfo(zone))
        return
    last = last if last is not None and last > first else first + timedelta(days=1)
    if isinstance(last, datetime) or (last - first).days > LONGEST_DAYS:
        raise ValueError(_("The event lasts longer than a year"))
    kind = _kind(event, name)
    for day in rules.each_day(first, last - timedelta(days=1)):
        yield made(day, kind, _plain_name(name), ())


def _shift(first: datetime, last: Any, name: str, zone: ZoneInfo) -> Iterator[DayEntry]:
    if not isinstance(last, datetime):
        raise ValueError(_("A timed event needs an end"))
    begin, end = (
        (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(zone)
        for moment in (first, last)
    )
    if not timedelta(0) < end - begin <= timedelta(days=1):
        raise ValueError(_("A shift ends after its start and lasts at most a day"))
    ends = "24:00" if end.date() > begin.date() and end.time() == datetime.min.time() else f"{end:%H:%M}"
    yield made(
        begin.date(), DayKind.WORKDAY.value, _plain_name(name), rules.read_windows([[f"{begin:%H:%M}", ends]])
    )


def _kind(event: Any, name: str) -> str:
    stated = str(event.get("X-SHOUYUE-KIND", "")).strip().lower()
    if stated:
        if stated not in DayKind.values:
            raise ValueError(
                _("“%(text)s” is not a kind of day: write holiday, workday or ordinary (休, 班, 平日)")
                % {"text": stated}
            )
        return stated
    return DayKind.WORKDAY.value if _WORKS.search(name) else DayKind.HOLIDAY.value


def _plain_name(name: str) -> str:
    """Without what calendars of others add: 春节（休）, 元旦 补班."""
    return (
        re.sub(
            r"\s*[（(]?(?:休|班|补班|上班|放假|调休上班|make-up workday|day off)[）)]?$", "", name, flags=re.I
        ).strip()
        or name
    )


def _add(days: dict[date, tuple[int, DayEntry]], number: int, entry: DayEntry) -> None:
    """Shifts of one day add up; anything else on a day that is there already is a contradiction."""
    known = days.get(entry.day)
    if known is None:
        days[entry.day] = (number, entry)
        return
    line, before = known
    if before.windows and entry.windows:
        days[entry.day] = (
            line,
            DayEntry(
                entry.day,
                entry.kind,
                before.name or entry.name,
                rules.read_windows([*before.windows, *entry.windows]),
            ),
        )
    elif (before.kind, before.windows) != (entry.kind, entry.windows):
        raise ValueError(_("%(day)s stands on line %(line)s already") % {"day": entry.day, "line": line})


# --- writing ---------------------------------------------------------------------------------------------------

KIND_TITLES = {
    DayKind.HOLIDAY.value: gettext_lazy("Day off"),
    DayKind.WORKDAY.value: gettext_lazy("Working day"),
    DayKind.ORDINARY.value: gettext_lazy("As its weekday"),
}


def write_csv(entries: Iterable[DayEntry]) -> str:
    """The days as CSV that `read_csv` takes back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["date", "kind", "name", "hours"])
    for entry in entries:
        name = rules.shown_name(entry.name)
        safe = f"'{name}" if name[:1] in ("=", "+", "-", "@") else name
        writer.writerow([entry.day.isoformat(), entry.kind, safe, rules.windows_text(entry.windows)])
    return out.getvalue()


def write_ics(title: str, zone: str, entries: Iterable[DayEntry], stamp: datetime) -> bytes:
    """The days as an iCalendar file that `read_ics` takes back and phones subscribe to."""
    calendar = Calendar()
    calendar.add("prodid", "-//Shouyue//Calendars//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    for entry in entries:
        for number, window in enumerate(entry.windows or (None,)):
            calendar.add_component(_event(entry, number, window, ZoneInfo(zone), stamp))
    written: bytes = calendar.to_ical()
    return written


def _event(
    entry: DayEntry, number: int, window: tuple[str, str] | None, zone: ZoneInfo, stamp: datetime
) -> Event:
    event = Event()
    event.add("uid", f"{entry.day.isoformat()}-{number}@shouyue")
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("summary", rules.shown_name(entry.name) or str(KIND_TITLES[entry.kind]))
    event.add("x-shouyue-kind", entry.kind)
    if window is None:
        event.add("dtstart", entry.day)
        event.add("dtend", entry.day + timedelta(days=1))
    else:
        begin, end = (_moment(entry.day, text, zone) for text in window)
        event.add("dtstart", begin.astimezone(UTC))
        event.add("dtend", (end if end > begin else end + timedelta(days=1)).astimezone(UTC))
    return event


def _moment(day: date, text: str, zone: ZoneInfo) -> datetime:
    hour, minute = (int(part) for part in text.split(":")[:2])
    return datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(hours=hour, minutes=minute)
