"""The service calendar: when is a target due, and how much time has counted."""

import hashlib
import json
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from shouyue.servicetime.bulk import (
    BulkPauses,
    check_pauses,
    choose_kernel,
    integers,
    prepare_out,
    sort_pauses,
)
from shouyue.servicetime.compile import (
    FIRST_YEAR,
    LAST_YEAR,
    LONGEST,
    Rules,
    Table,
    compile_table,
    scalar_cells,
    year_of,
)
from shouyue.servicetime.durations import Duration, WorkdayRule
from shouyue.servicetime.errors import (
    BadCalendarError,
    BadDurationError,
    OutOfRangeError,
    ServiceTimeError,
)
from shouyue.servicetime.explain import NamedPause, Segment, explain_span
from shouyue.servicetime.grid import Ints
from shouyue.servicetime.kernel_numpy import PausesUnsorted, TableTooShort, check_seconds
from shouyue.servicetime.scalar import (
    NOTHING,
    EpochPause,
    Pause,
    State,
    deadline_on,
    elapsed_on,
    epoch,
    epoch_pauses,
    naive_error,
    named_pauses,
    open_before,
    ordered,
)
from shouyue.servicetime.windows import (
    DAY,
    Window,
    format_clock,
    parse_named_dates,
    parse_own_windows,
    parse_weekly,
    parse_windows,
    weekly_tail,
)
from shouyue.servicetime.zones import EPOCH, first_reached, last_short_of, load_zone

DayKind = Literal["weekday", "holiday", "make-up day"]

_EPOCH_DATE = date(1970, 1, 1)
_SPEC_KEYS = {"zone", "weekly", "holidays", "extra_workdays", "extra_windows", "own_windows"}


class Day(NamedTuple):
    """What a calendar says about one date."""

    date: date
    kind: DayKind
    name: str
    windows: list[tuple[str, str]]


class ServiceCalendar:
    """Open hours of a service in one time zone. Immutable; equal when its rules are equal.

    zone: IANA name. weekly: weekday (0 is Monday, or "mon", "mon-fri") to windows ("09:00", "12:00").
    holidays: dates without windows, with names if a mapping. extra_workdays: dates that have
    `extra_windows` (Monday's, when not given) even if they are holidays. own_windows: windows of single
    extra workdays, such as a shift on a holiday.

    Tables are compiled for the years that questions touch, and grow by themselves.
    Raises: BadCalendarError, UnknownZoneError.
    """

    __slots__ = ("_digest", "_rules", "_spec", "_special_until", "_state", "_tail")

    kernel: ClassVar[Literal["auto", "numpy", "numba"]] = "auto"
    """Which bulk kernel works: "auto" takes numba, where installed, from 200,000 rows."""

    def __init__(
        self,
        *,
        zone: str | ZoneInfo,
        weekly: Mapping[Any, Any],
        holidays: Mapping[date, str] | Iterable[date] = (),
        extra_workdays: Mapping[date, str] | Iterable[date] = (),
        extra_windows: Iterable[Any] | None = None,
        own_windows: Mapping[date, Any] | None = None,
    ) -> None:
        week = parse_weekly(weekly)
        extra = week[0] if extra_windows is None else parse_windows(extra_windows)
        self._rules = Rules(
            zone=load_zone(zone),
            weekly=week,
            holidays=parse_named_dates(holidays),
            extra_workdays=parse_named_dates(extra_workdays),
            extra_windows=extra,
            own_windows=parse_own_windows(own_windows or {}),
        )
        for day in self._rules.own_windows.keys() - self._rules.extra_workdays.keys():
            raise BadCalendarError(f"{day} has windows of its own but is not one of the extra workdays")
        self._spec = _spec(self._rules, with_extra=extra_windows is not None)
        self._digest: str | None = None
        self._special_until = self._rules.special_until
        self._tail = weekly_tail(week)
        self._state = NOTHING

    @classmethod
    def always(cls, zone: str | ZoneInfo = "UTC") -> "ServiceCalendar":
        """Open around the clock, every day."""
        return cls(zone=zone, weekly={day: [("00:00", "24:00")] for day in range(7)})

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any]) -> "ServiceCalendar":
        """The calendar that `to_spec` described. Raises: BadCalendarError for unknown or missing keys."""
        if not isinstance(spec, Mapping):
            raise BadCalendarError(f"{spec!r} is not a calendar's description")
        for key in spec.keys() - _SPEC_KEYS:
            raise BadCalendarError(
                f"{key!r} is not a key of a calendar; there are {', '.join(sorted(_SPEC_KEYS))}"
            )
        for key in ("zone", "weekly"):
            if key not in spec:
                raise BadCalendarError(f"the calendar's description has no {key!r}")
        return cls(**spec)

    def to_spec(self) -> dict[str, Any]:
        """The rules as plain data for JSON or YAML; a fresh copy."""
        spec: dict[str, Any] = json.loads(json.dumps(self._spec))
        return spec

    def spec_digest(self) -> str:
        """SHA-256 of the rules, in hexadecimal; the same for equal calendars on every machine."""
        if self._digest is None:
            text = json.dumps(self._spec, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
            self._digest = hashlib.sha256(text.encode()).hexdigest()
        return self._digest

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which windows and dates are read."""
        return self._rules.zone

    def __eq__(self, other: object) -> bool:
        return self._spec == other._spec if isinstance(other, ServiceCalendar) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.spec_digest())

    def __reduce__(self) -> tuple[Any, ...]:
        return (ServiceCalendar.from_spec, (self.to_spec(),))

    def __repr__(self) -> str:
        return f"<ServiceCalendar {self.zone.key} {self.spec_digest()[:12]}>"

    # One question, in epoch seconds

    def deadline_epoch(self, start: int, seconds: int, pauses: Sequence[EpochPause] = ()) -> int | None:
        """The smallest t ≥ start by which `seconds` open, unpaused seconds passed; None when never."""
        low, time_shift, time_cells, count_shift, count_cells, _ = self._state
        if seconds > 0 and not pauses and start >= low:
            try:
                opens, offset, count, opens2, offset2, count2 = time_cells[(start - low) >> time_shift]
                if start >= opens:
                    if start >= opens2:
                        return self._deadline(start, seconds, ())
                    offset, count = offset2, count2
                b: int = start - offset
                b = (b if b < count else count) + seconds
                count, offset, count2, offset2 = count_cells[b >> count_shift]
            except IndexError:
                return self._deadline(start, seconds, ())
            if b <= count:
                due: int = offset + b
                return due
            if b <= count2:
                due = offset2 + b
                return due
        return self._deadline(start, seconds, pauses)

    def elapsed_epoch(self, start: int, end: int, pauses: Sequence[EpochPause] = ()) -> int:
        """Open, unpaused seconds in `[start, end)`; zero when the end is not after the start."""
        if end <= start:
            return 0
        state = self._cover(start, end)
        if pauses:
            return elapsed_on(state, start, end, ordered(pauses))
        return open_before(state, end) - open_before(state, start)

    def _deadline(self, start: int, seconds: int, pauses: Sequence[EpochPause]) -> int | None:
        if not 0 < seconds <= LONGEST:
            check_seconds(seconds)
            return start
        if pauses:
            pauses = ordered(pauses)
        state = self._cover(start, start)
        while True:
            try:
                return deadline_on(state, self._is_final(state[5]), start, seconds, pauses)
            except TableTooShort as short:
                state = self._lengthen(state[5], short)

    # One question, in aware datetimes

    def deadline(self, start: datetime, seconds: int, pauses: Sequence[Pause] = ()) -> datetime | None:
        """The instant by which `seconds` open, unpaused seconds have passed since `start`; None when never.

        Fractions of a second in the input are dropped; the answer is in the calendar's zone.
        """
        if start.tzinfo is None:
            raise naive_error(start)
        since = start - EPOCH
        due = self.deadline_epoch(
            since.days * 86_400 + since.seconds, seconds, epoch_pauses(pauses) if pauses else ()
        )
        return None if due is None else datetime.fromtimestamp(due, self._rules.zone)

    def elapsed(self, start: datetime, end: datetime, pauses: Sequence[Pause] = ()) -> int:
        """Open, unpaused seconds in `[start, end)`; zero when the end is not after the start."""
        return self.elapsed_epoch(epoch(start), epoch(end), epoch_pauses(pauses) if pauses else ())

    def deadline_workdays(self, start: datetime, n: int, rule: WorkdayRule = "close") -> datetime | None:
        """The n-th working day after the date of `start`, which is not counted; None when there are too few.

        A working day is a date on which a window starts. rule "close": at its last closing; "same_time": at
        the wall time of `start`. Zero working days end at the start.
        """
        if rule not in ("close", "same_time"):
            raise BadDurationError(f"{rule!r} is not a rule for working days: close or same_time")
        check_seconds(n)
        wall = self._wall(start)
        if n == 0:
            return self._aware(epoch(start))
        day = self._nth_workday(epoch(start), wall.toordinal(), n)
        if day is None:
            return None
        midnight = datetime.combine(day, datetime.min.time())
        if rule == "same_time":
            return self._aware(first_reached(self.zone, datetime.combine(day, wall.time())))
        closes = max(end for _, end in self._rules.day_windows(day))
        return self._aware(last_short_of(self.zone, midnight + timedelta(seconds=closes)))

    def _nth_workday(self, start: int, ordinal: int, n: int) -> date | None:
        table: Table = self._cover(start, start)[5]
        while True:
            at = bisect_right(table.workdays, ordinal) + n - 1
            if at < len(table.workdays):
                return date.fromordinal(table.workdays[at])
            if self._is_final(table):
                return None
            table = self._lengthen(table, TableTooShort(start, table.high, further=True))[5]

    def add_calendar(
        self, start: datetime, *, days: int = 0, weeks: int = 0, months: int = 0, years: int = 0
    ) -> datetime:
        """The same wall time that much later on the calendar, whether open or not.

        Years and months first, from a day the month lacks to its last day; then weeks and days. A wall time
        that is skipped becomes the instant of the jump, a repeated one its first pass.
        """
        for amount in (days, weeks, months, years):
            check_seconds(amount)
        if not (days or weeks or months or years):
            return self._aware(epoch(start))
        wall = self._wall(start)
        month = wall.year * 12 + wall.month - 1 + years * 12 + months
        year, month = month // 12, month % 12 + 1
        try:
            day = min(wall.day, monthrange(year, month)[1])
            moved: datetime | None = wall.replace(year=year, month=month, day=day) + timedelta(
                days=days, weeks=weeks
            )
        except (OverflowError, ValueError):
            moved = None
        if moved is None or moved.year > LAST_YEAR:
            raise OutOfRangeError(
                f"{years} years, {months} months, {weeks} weeks, {days} days after {start.isoformat()} is "
                f"beyond the year {LAST_YEAR}"
            )
        return self._aware(first_reached(self.zone, moved))

    def due(self, start: datetime, duration: Duration, pauses: Sequence[Pause] = ()) -> datetime | None:
        """When a duration that began at `start` ends, whatever its kind; None when never.

        A pause moves the end later by what it takes away: open time from hours, minutes, seconds and working
        days; real time from days, weeks, months and years, which run around the clock. A pause counts when
        it begins before the time due without it.
        """
        if duration.seconds is not None:
            return self.deadline(start, duration.seconds, pauses)
        if duration.kind == "working_days":
            planned = self.deadline_workdays(start, duration.amount, duration.rule)
        else:
            planned = self.add_calendar(start, **{duration.kind: duration.amount})
        if planned is None or not pauses:
            return planned
        due, done = epoch(planned), epoch(start)
        for pause in ordered(epoch_pauses(pauses)):
            begin, end = max(pause[0], done), pause[1]
            if begin >= due:
                break
            if end is None:
                return None
            if end > begin:
                lost = self.elapsed_epoch(begin, end) if duration.kind == "working_days" else end - begin
                moved = self.deadline_epoch(due, lost) if duration.kind == "working_days" else due + lost
                if moved is None:
                    return None
                due, done = moved, end
        return self._aware(due)

    # The calendar itself

    def is_open(self, t: datetime) -> bool:
        """Whether the second of that instant is open."""
        return self._is_open(epoch(t))

    def next_open(self, t: datetime) -> datetime | None:
        """The first open instant not before `t`: `t` itself when open; None when never open again."""
        at = epoch(t)
        if self._is_open(at):
            return self._aware(at)
        table: Table = self._cover(at, at)[5]
        while True:
            opens = table.open_list[bisect_right(table.open_list, at)]
            if opens < table.high:
                return self._aware(opens)
            if self._is_final(table):
                return None
            table = self._lengthen(table, TableTooShort(at, table.high, further=True))[5]

    def next_close(self, t: datetime) -> datetime | None:
        """The end of the open stretch under way at `t`, else of the next one; None when there is none."""
        begin = self.next_open(t)
        if begin is None:
            return None
        at = epoch(begin)
        table: Table = self._cover(at, at)[5]
        while True:
            i = bisect_right(table.open_list, at) - 1
            closes = table.offset_list[i] + table.count_list[i]
            if closes < table.high:
                return self._aware(closes)
            if self._tail == "always" and table.high >= self._special_until:
                return None
            table = self._lengthen(table, TableTooShort(at, table.high, further=True))[5]

    def windows(self, day: date) -> list[tuple[str, str]]:
        """The wall-clock windows that start on a date; a closing time not after the opening is next day's."""
        return [(format_clock(opens), format_clock(closes)) for opens, closes in self._rules.day_windows(day)]

    def day(self, day: date) -> Day:
        """What kind of date it is, its name and its windows."""
        kind: DayKind = "weekday"
        name = ""
        if day in self._rules.extra_workdays:
            kind, name = "make-up day", self._rules.extra_workdays[day]
        elif day in self._rules.holidays:
            kind, name = "holiday", self._rules.holidays[day]
        return Day(day, kind, name, self.windows(day))

    def explain(self, start: datetime, seconds: int, pauses: Sequence[Pause] = ()) -> list[Segment]:
        """The stretches from `start` to the due time with their reasons; the counted seconds add up.

        When the target is never reached, the last segment has no end.
        """
        begin = epoch(start)
        named = named_pauses(epoch_pauses(pauses), begin)
        due = self.deadline_epoch(begin, seconds, named)
        if seconds == 0:
            return []
        until = due if due is not None else self._end_of_story(begin, named)
        table: Table = self._cover(begin, until + 1)[5]
        return explain_span(self._rules, table, begin, due, until, named)

    def explain_until(self, start: datetime, end: datetime, pauses: Sequence[Pause] = ()) -> list[Segment]:
        """The stretches of `[start, end)` with their reasons: for a target counted in days, or so far."""
        begin, finish = epoch(start), epoch(end)
        if finish <= begin:
            return []
        table: Table = self._cover(begin, finish)[5]
        named = named_pauses(epoch_pauses(pauses), begin)
        return explain_span(self._rules, table, begin, finish, finish, named)

    def _end_of_story(self, begin: int, pauses: Sequence[NamedPause]) -> int:
        """From here on nothing changes any more, for a target that is never reached."""
        edges = [edge for pause in pauses for edge in pause[:2] if isinstance(edge, int)]
        if pauses and pauses[-1][1] is None:
            return max(begin, *edges)
        table: Table = self._cover(begin, max(begin, self._special_until, *edges))[5]
        last = table.offset_list[-2] + table.count_list[-2]
        return max(begin, last, *edges)

    # Many questions

    def deadlines(
        self,
        starts: npt.ArrayLike,
        seconds: npt.ArrayLike,
        pauses: BulkPauses | None = None,
        out: Ints | None = None,
    ) -> Ints:
        """Due times of many rows in epoch seconds; NEVER where none.

        seconds: one for all rows or one each. pauses: (offsets[n + 1], from, to); those of row r are
        `offsets[r]` to `offsets[r + 1]`; `to` is NEVER when not resumed. out: int64, where to write.
        """
        first, second = integers(starts, "starts"), integers(np.atleast_1d(seconds), "seconds")
        return self._bulk("deadlines", first, second, pauses, out)

    def elapseds(
        self,
        starts: npt.ArrayLike,
        ends: npt.ArrayLike,
        pauses: BulkPauses | None = None,
        out: Ints | None = None,
    ) -> Ints:
        """Open, unpaused seconds of many rows `[start, end)`; arrays as for `deadlines`."""
        first, second = integers(starts, "starts"), integers(ends, "ends")
        if len(first) != len(second):
            raise ServiceTimeError(f"{len(first)} starts but {len(second)} ends")
        return self._bulk("elapseds", first, second, pauses, out)

    def _bulk(
        self,
        what: Literal["deadlines", "elapseds"],
        first: Ints,
        second: Ints,
        pauses: BulkPauses | None,
        out: Ints | None,
    ) -> Ints:
        made, again = prepare_out(first, second, out)
        if not len(first):
            return made
        pause_rows = None if pauses is None else check_pauses(pauses, len(first))
        first, second = again
        kernel = choose_kernel(self.kernel, len(first))
        table: Table = self._cover(int(first[0]), int(first[0]))[5]
        while True:
            final = self._is_final(table)
            try:
                getattr(kernel, what)(table, final, first, second, pause_rows, made)
            except PausesUnsorted:
                assert pause_rows is not None
                pause_rows = sort_pauses(pause_rows)
            except TableTooShort as short:
                # Ask for all rows at once, so that the table grows in one step.
                low, high = min(short.low, int(first.min())), max(short.high, int(first.max()))
                table = self._lengthen(table, TableTooShort(low, high, further=short.further))[5]
            else:
                return made

    # Tables

    def table_bytes(self) -> int:
        """Bytes of the compiled arrays that the bulk calls use; zero before the first question."""
        table: Table | None = self._state[5]
        return 0 if table is None else table.nbytes

    def compiled_years(self) -> tuple[int, int] | None:
        """First and last year compiled so far."""
        table: Table | None = self._state[5]
        return None if table is None else (year_of(table.low), year_of(table.high) - 1)

    def compile(self, first_year: int, last_year: int) -> None:
        """Compile these years now instead of at the first question."""
        low, high = _january(first_year), _january(last_year + 1) - 1
        if self._state[5] is None and low < high:
            self._compile(first_year, last_year)
        else:
            self._cover(low, high)

    def _cover(self, low: int, high: int) -> State:
        """The state whose table answers for the instants from low to high."""
        state = self._state
        table: Table | None = state[5]
        if table is not None and table.low <= low and high < table.high:
            return state
        first, last = year_of(low), year_of(high)
        if table is None:
            first, last = first - 1, max(last + 1, first + 8)
        else:
            # Grow by half the length at least, so that creeping growth stays cheap.
            have_first, have_last = year_of(table.low), year_of(table.high) - 1
            growth = max(5, (have_last - have_first + 1) // 2)
            first = have_first if first >= have_first else min(first, have_first - growth)
            last = have_last if last <= have_last else max(last, have_last + growth)
        return self._compile(max(first, FIRST_YEAR), min(last, LAST_YEAR))

    def _compile(self, first_year: int, last_year: int) -> State:
        table = compile_table(self._rules, first_year, last_year)
        self._state = state = (*scalar_cells(table), table)
        return state

    def _lengthen(self, table: Table, short: TableTooShort) -> State:
        low, high = min(table.low, short.low), max(table.high - 1, short.high)
        if short.further:
            high = max(high, table.high + 366 * DAY)
            if self._tail == "never":
                high = max(high, self._special_until)
        return self._cover(low, high)

    def _is_final(self, table: Table) -> bool:
        """Whether nothing is open after the table."""
        return self._tail == "never" and table.high >= self._special_until

    def _is_open(self, at: int) -> bool:
        table: Table = self._cover(at, at)[5]
        i = bisect_right(table.open_list, at) - 1
        return at - table.offset_list[i] < table.count_list[i]

    def _wall(self, moment: datetime) -> datetime:
        """The wall time in the calendar's zone, without zone, in whole seconds."""
        return self._aware(epoch(moment)).replace(tzinfo=None, fold=0)

    def _aware(self, epoch: int) -> datetime:
        return datetime.fromtimestamp(epoch, self._rules.zone)


def _january(year: int) -> int:
    if not FIRST_YEAR <= year <= LAST_YEAR + 1:
        raise OutOfRangeError(f"the year {year} is outside {FIRST_YEAR} to {LAST_YEAR}")
    return (date(year, 1, 1) - _EPOCH_DATE).days * DAY


def _spec(rules: Rules, *, with_extra: bool) -> dict[str, Any]:
    def texts(windows: tuple[Window, ...]) -> list[list[str]]:
        return [[format_clock(opens), format_clock(closes)] for opens, closes in windows]

    spec = {
        "zone": rules.zone.key,
        "weekly": {str(day): texts(windows) for day, windows in enumerate(rules.weekly) if windows},
        "holidays": {day.isoformat(): name for day, name in rules.holidays.items()},
        "extra_workdays": {day.isoformat(): name for day, name in rules.extra_workdays.items()},
        "extra_windows": texts(rules.extra_windows) if with_extra else None,
    }
    if rules.own_windows:
        spec["own_windows"] = {day.isoformat(): texts(own) for day, own in rules.own_windows.items()}
    return spec
