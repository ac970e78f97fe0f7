"""Speed and correctness of the service-time engine beside other packages, in one run. CPU time, medians.

The other packages are not dependencies; install them somewhere to be thrown away:

    python -m venv /tmp/rivals
    /tmp/rivals/bin/pip install numpy numba tzdata chinesecalendar pandas \
        django django-bizcal businesstimedelta business-duration pytz
    PYTHONPATH=src /tmp/rivals/bin/python bench/servicetime.py

What is not installed is left out. Trust the ratios, not the absolute figures: they depend on the machine
and on its neighbours.
"""

import argparse
import importlib.metadata
import platform
import statistics
import time
import tracemalloc
import warnings
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np

from shouyue.servicetime import NEVER, ServiceCalendar
from shouyue.servicetime.bulk import kernel_numba

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = 3600
# name, open seconds on a calendar of eight hours a day
TARGETS = [
    ("+30 min", 1800),
    ("+8 h", 8 * HOUR),
    ("+3 working days", 24 * HOUR),
    ("+30 working days", 240 * HOUR),
]
PLAIN = [("09:00", "17:00")]
LUNCH = [("09:00", "12:00"), ("13:00", "18:00")]

DAYS = [date(2025, 1, 1) + timedelta(days=n) for n in range(730)]
HOLIDAYS = [day for day in DAYS if day.weekday() < 5 and not chinese_calendar.is_workday(day)]
MAKE_UP = [day for day in DAYS if day.weekday() >= 5 and chinese_calendar.is_workday(day)]

Deadline = Callable[[datetime, int], datetime]


def cpu(work: Callable[[], Any], calls: int = 1, repeats: int = 7) -> float:
    """Median CPU seconds of one call among `calls` inside `work`."""
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        taken.append((time.process_time() - begun) / calls)
    return statistics.median(taken)


def draw_starts(count: int) -> list[datetime]:
    random = np.random.default_rng(2026)
    seconds = random.integers(0, 600 * 86_400, count)
    return [datetime(2025, 1, 1, tzinfo=SHANGHAI) + timedelta(seconds=int(s)) for s in seconds]


def walk(windows: list[tuple[str, str]], make_up: Sequence[date]) -> Deadline:
    """The truth: a walk from day to day with sets, written by hand for a zone without daylight saving."""
    edges = [(clock.fromisoformat(a), clock.fromisoformat(b)) for a, b in windows]
    off, extra = set(HOLIDAYS), set(make_up)

    def deadline(start: datetime, seconds: int) -> datetime:
        day, left = start.date(), timedelta(seconds=seconds)
        while True:
            if day in extra or (day.weekday() < 5 and day not in off):
                for opens, closes in edges:
                    begin = max(start, datetime.combine(day, opens, SHANGHAI))
                    end = datetime.combine(day, closes, SHANGHAI)
                    if begin < end:
                        if left <= end - begin:
                            return begin + left
                        left -= end - begin
            day += timedelta(days=1)

    return deadline


# Each rival: a maker that takes windows and make-up days and gives a deadline function, or None when the
# package cannot say it.


def make_ours(windows: list[tuple[str, str]], make_up: Sequence[date]) -> Deadline:
    calendar = ServiceCalendar(
        zone="Asia/Shanghai", weekly={"mon-fri": windows}, holidays=HOLIDAYS, extra_workdays=make_up
    )
    calendar.compile(2020, 2029)
    return calendar.deadline


def make_walk(windows: list[tuple[str, str]], make_up: Sequence[date]) -> Deadline:
    return walk(windows, make_up)


def make_bizcal(windows: list[tuple[str, str]], make_up: Sequence[date]) -> Deadline:
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_TZ=True)
    from django_bizcal.builder import CalendarBuilder

    pairs = [list(window) for window in windows]
    calendar = CalendarBuilder.from_dict(
        {
            "type": "working",
            "tz": "Asia/Shanghai",
            "weekly_schedule": {str(day): pairs for day in range(5)},
            "custom_holidays": [day.isoformat() for day in HOLIDAYS],
            "day_overrides": {day.isoformat(): pairs for day in make_up},
        }
    )
    return lambda start, seconds: calendar.add_business_time(start, timedelta(seconds=seconds))


def make_businesstimedelta(windows: list[tuple[str, str]], make_up: Sequence[date]) -> Deadline | None:
    import businesstimedelta as btd
    import pytz

    if make_up:
        return None
    zone = pytz.timezone("Asia/Shanghai")
    rules = [btd.WorkDayRule(clock.fromisoformat(a), clock.fromisoformat(b), tz=zone) for a, b in windows]
    off = dict.fromkeys([*HOLIDAYS, date(2099, 1, 1)], "off")  # fails past its last holiday
    both = btd.Rules([*rules, btd.HolidayRule(off, tz=zone)], tz=zone)
    return lambda start, seconds: start + btd.BusinessTimeDelta(both, seconds=seconds)


def make_pandas(windows: list[tuple[str, str]], make_up: Sequence[date]) -> Deadline | None:
    import pandas as pd

    if make_up:
        return None
    hours = pd.offsets.CustomBusinessHour(
        start=[opens for opens, _ in windows], end=[closes for _, closes in windows], holidays=HOLIDAYS
    )
    # Whole hours only: half an hour cannot be stated.
    return lambda start, seconds: (pd.Timestamp(start) + hours * (seconds // HOUR)).to_pydatetime()


RIVALS: list[tuple[str, str | None, Callable[..., Deadline | None]]] = [
    ("**servicetime**", None, make_ours),
    ("day walk, by hand", None, make_walk),
    ("django-bizcal", "django-bizcal", make_bizcal),
    ("businesstimedelta", "businesstimedelta", make_businesstimedelta),
    ("pandas CustomBusinessHour", "pandas", make_pandas),
]


def version_of(package: str | None) -> str | None:
    if package is None:
        return ""
    try:
        return " " + importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def share_right(deadline: Deadline | None, truth: Deadline, starts: list[datetime]) -> str:
    if deadline is None:
        return "cannot say"
    right = asked = 0
    for start in starts:
        for _, seconds in TARGETS:
            if seconds % HOUR and deadline.__module__ == __name__ and "make_pandas" in deadline.__qualname__:
                continue
            asked += 1
            try:
                right += deadline(start, seconds) == truth(start, seconds)
            except Exception as error:  # a rival's failure is a wrong answer
                warnings.warn(f"{deadline.__qualname__}: {error!r}", stacklevel=1)
    return f"{100 * right / asked:.0f} %"


def compare_deadlines(rows: int) -> dict[tuple[str, str], float]:
    starts = draw_starts(rows)
    measured: dict[tuple[str, str], float] = {}
    print("\n### One deadline, aware datetimes, µs of CPU time\n")
    print("Asia/Shanghai, Monday to Friday 09:00–17:00, holidays of 2025 and 2026; random starts.\n")
    heads = [name for name, _ in TARGETS]
    print("|package|" + "|".join(heads) + "|right|right with lunch and make-up days|")
    print("|-|" + "-|" * (len(heads) + 2))
    truth, hard_truth = walk(PLAIN, []), walk(LUNCH, MAKE_UP)
    for name, package, make in RIVALS:
        version = version_of(package)
        if version is None:
            print(f"|{name}|not installed|")
            continue
        deadline = make(PLAIN, [])
        assert deadline is not None
        cells = []
        for head, seconds in TARGETS:
            if "pandas" in name and seconds % HOUR:
                cells.append("–")
                continue

            def ask(seconds: int = seconds, deadline: Deadline = deadline) -> None:
                for start in starts:
                    deadline(start, seconds)

            measured[name, head] = cpu(ask, len(starts)) * 1e6
            cells.append(
                f"{measured[name, head]:.2f}" if measured[name, head] < 10 else f"{measured[name, head]:.0f}"
            )
        right = share_right(deadline, truth, starts)
        hard = share_right(make(LUNCH, MAKE_UP), hard_truth, starts)
        print(f"|{name}{version}|" + "|".join(cells) + f"|{right}|{hard}|")
    return measured


def compare_elapsed(rows: int) -> None:
    if version_of("business-duration") is None:
        return
    from business_duration import businessDuration

    calendar = ServiceCalendar(zone="Asia/Shanghai", weekly={"mon-fri": PLAIN}, holidays=HOLIDAYS)
    calendar.compile(2020, 2029)
    truth = walk(PLAIN, [])
    starts = [start for start in draw_starts(rows) if calendar.is_open(start)]
    off = list(HOLIDAYS)
    print("\n### Counted time between two instants, µs of CPU time\n")
    print("|package|" + "|".join(name for name, _ in TARGETS) + "|right|")
    print("|-|" + "-|" * (len(TARGETS) + 1))

    def theirs(start: datetime, end: datetime) -> float:
        plain = start.replace(tzinfo=None), end.replace(tzinfo=None)
        return float(businessDuration(*plain, clock(9), clock(17), holidaylist=off, unit="sec"))

    for name, elapsed in (
        ("**servicetime**", calendar.elapsed),
        (f"business-duration{version_of('business-duration')}", theirs),
    ):
        cells, right, asked = [], 0, 0
        for _, seconds in TARGETS:
            pairs = [(start, truth(start, seconds)) for start in starts]

            def ask(pairs: list[tuple[datetime, datetime]] = pairs, elapsed: Any = elapsed) -> None:
                for start, end in pairs:
                    elapsed(start, end)

            cells.append(f"{cpu(ask, len(pairs), 3) * 1e6:.2f}")
            right += sum(elapsed(start, end) == seconds for start, end in pairs)
            asked += len(pairs)
        print(f"|{name}|" + "|".join(cells) + f"|{100 * right / asked:.0f} %|")


def measure_scalar(rows: int) -> dict[str, float]:
    calendar = ServiceCalendar(
        zone="Asia/Shanghai", weekly={"mon-fri": LUNCH}, holidays=HOLIDAYS, extra_workdays=MAKE_UP
    )
    calendar.compile(2020, 2029)
    starts = draw_starts(rows)
    epochs = [int(start.timestamp()) for start in starts]
    paused = [[(t + 600, t + 6000)] for t in epochs]
    aware = [[(s + timedelta(seconds=600), s + timedelta(seconds=6000))] for s in starts]
    deadline, elapsed = calendar.deadline_epoch, calendar.elapsed_epoch
    work: dict[str, Callable[[], Any]] = {
        "loop": lambda: [t + 1 for t in epochs],
        "deadline, epoch, +30 min": lambda: [deadline(t, 1800) for t in epochs],
        "deadline, epoch, +30 working days": lambda: [deadline(t, 240 * HOUR) for t in epochs],
        "deadline, epoch, one pause": lambda: [
            deadline(t, 8 * HOUR, p) for t, p in zip(epochs, paused, strict=True)
        ],
        "elapsed, epoch": lambda: [elapsed(t, t + 100_000) for t in epochs],
        "deadline, datetimes, +30 min": lambda: [calendar.deadline(s, 1800) for s in starts],
        "deadline, datetimes, one pause": lambda: [
            calendar.deadline(s, 8 * HOUR, p) for s, p in zip(starts, aware, strict=True)
        ],
        "3 working days": lambda: [calendar.deadline_workdays(s, 3) for s in starts],
        "explain 8 h": lambda: [calendar.explain(s, 8 * HOUR) for s in starts[:100]],
    }
    counts = {"explain 8 h": min(100, rows)}
    return {name: cpu(run, counts.get(name, rows)) * 1e6 for name, run in work.items()}


def measure_compile() -> tuple[float, float, float]:
    """Milliseconds for ten years, KiB of arrays, KiB in all."""

    def compile_fresh() -> ServiceCalendar:
        calendar = ServiceCalendar(
            zone="Asia/Shanghai", weekly={"mon-fri": LUNCH}, holidays=HOLIDAYS, extra_workdays=MAKE_UP
        )
        calendar.compile(2020, 2029)
        return calendar

    taken = cpu(compile_fresh) * 1e3
    tracemalloc.start()
    calendar = compile_fresh()
    arrays = calendar.table_bytes()  # makes what only bulk calls need
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return taken, arrays / 1024, size / 1024


def measure_bulk(rows: int) -> dict[str, float]:
    """ns per row, one thread; random order over ten years; three pauses for every four rows."""
    calendar = ServiceCalendar(
        zone="Asia/Shanghai", weekly={"mon-fri": LUNCH}, holidays=HOLIDAYS, extra_workdays=MAKE_UP
    )
    calendar.compile(2020, 2029)
    random = np.random.default_rng(2026)
    low, high = (int(datetime(year, 1, 1, tzinfo=SHANGHAI).timestamp()) for year in (2020, 2029))
    starts = random.integers(low + 86_400, high, rows)
    seconds = random.integers(600, 86_400, rows)
    ends = starts + seconds * 3
    counts = random.choice([0, 1, 2], rows, p=[0.5, 0.25, 0.25])
    offsets = np.concatenate(([0], np.cumsum(counts)))
    owner = np.repeat(np.arange(rows), counts)
    second = np.ones(len(owner), np.bool_)
    second[offsets[:-1][counts > 0]] = False
    begins = starts[owner] + random.integers(0, 43_200, len(owner)) + 86_400 * second
    pauses = (offsets, begins, begins + random.integers(0, 43_200, len(owner)))
    out = np.empty(rows, np.int64)
    measured = {}
    sample = random.integers(0, rows, 2000)
    kernels: list[Any] = ["numpy", "numba"] if kernel_numba.AVAILABLE else ["numpy"]
    for kernel in kernels:
        ServiceCalendar.kernel = kernel
        work: dict[str, Callable[[], Any]] = {
            "deadlines": lambda: calendar.deadlines(starts, seconds, out=out),
            "elapseds": lambda: calendar.elapseds(starts, ends, out=out),
            "deadlines with pauses": lambda: calendar.deadlines(starts, seconds, pauses, out=out),
        }
        for name, run in work.items():
            run()  # compiles, and touches the pages
            measured[f"{name}, {kernel}"] = cpu(run, rows, 5) * 1e9
        for row in sample:
            own = [(int(begins[at]), int(pauses[2][at])) for at in range(offsets[row], offsets[row + 1])]
            due = calendar.deadline_epoch(int(starts[row]), int(seconds[row]), own)
            assert out[row] == (NEVER if due is None else due)
    ServiceCalendar.kernel = "auto"
    return measured


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=10_000_000, help="rows of the bulk calls")
    arguments.add_argument("--starts", type=int, default=200, help="starts of the comparison")
    options = arguments.parse_args()
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}")
    measured = compare_deadlines(options.starts)
    compare_elapsed(options.starts)
    scalar = measure_scalar(20_000)
    loop = scalar.pop("loop")
    print(
        "\n### One question on ten years with lunch and make-up days, µs of CPU time\n\n|question|µs|\n|-|-|"
    )
    for name, value in scalar.items():
        print(f"|{name}|{value - loop:.2f}|")
    bulk = measure_bulk(options.rows)
    print(f"\n### {options.rows:,} rows, one thread, ns of CPU time per row\n\n|call|ns|\n|-|-|")
    for name, value in bulk.items():
        print(f"|{name}|{value:.1f}|")
    taken, arrays, size = measure_compile()
    print(
        f"\nCompiling ten years: {taken:.1f} ms. "
        f"Memory per calendar: {arrays:.0f} KiB of arrays, {size:.0f} KiB in all."
    )

    ours = "**servicetime**"
    short, long = "deadline, epoch, +30 min", "deadline, epoch, +30 working days"
    aims: list[tuple[str, float, str, float]] = [
        ("one deadline in epoch seconds, µs", scalar[short] - loop, "≤", 0.25),
        ("one deadline in aware datetimes, µs", scalar["deadline, datetimes, +30 min"] - loop, "≤", 1.5),
        ("one pause more, epoch seconds, µs", scalar["deadline, epoch, one pause"] - scalar[short], "≤", 1.0),
        ("+30 working days over +30 min", (scalar[long] - loop) / (scalar[short] - loop), "≤", 1.2),
        ("compiling ten years, ms", taken, "≤", 15),
        ("bulk, NumPy, ns a row", bulk["deadlines, numpy"], "≤", 10),
        ("bulk with pauses, NumPy, ns a row", bulk["deadlines with pauses, numpy"], "≤", 30),
    ]
    if "deadlines, numba" in bulk:
        aims.append(("bulk, numba, ns a row", bulk["deadlines, numba"], "≤", 4))
    if ("django-bizcal", "+30 min") in measured:
        for head, aim in (("+30 min", 5), ("+30 working days", 80)):
            ratio = measured["django-bizcal", head] / measured[ours, head]
            aims.append((f"times faster than django-bizcal, {head}", ratio, "≥", aim))
    print("\n### Aims\n\n|aim|wanted|measured||\n|-|-|-|-|")
    for name, value, sign, aim in aims:
        met = value <= aim if sign == "≤" else value >= aim
        print(f"|{name}|{sign} {aim:g}|{value:.2f}|{'met' if met else '**missed**'}|")


if __name__ == "__main__":
    main()
