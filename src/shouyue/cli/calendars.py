"""`shouyue calendar …`: list, import, export holiday tables and refresh the statutory one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from shouyue.cli.parsing import Commands, add_command, load_django, spoken
from shouyue.cli.words import _
from shouyue.runtime.errors import Problem

Result = TypeVar("Result")


def register(commands: Commands) -> None:
    parser = commands.add_parser("calendar", help=_("holiday tables: list, import, export, refresh"))
    actions: Commands = parser.add_subparsers(metavar="action", required=True, dest="action")
    listing = add_command(actions, "list", run_list, help=_("list holiday tables and how far they reach"))
    listing.add_argument(
        "--compare", action="store_true", help=_("hold CN against the package `holidays` too")
    )
    add_command(
        actions, "refresh", run_refresh, help=_("take over the statutory days of the installed package")
    )
    taking = add_command(actions, "import", run_import, help=_("import days from a CSV or ICS file"))
    taking.add_argument("table", help=_("short name of the table, such as CN"))
    taking.add_argument("file", type=Path, help=_("the file; - for standard input"))
    taking.add_argument(
        "--source", default="", help=_("where the days come from; the file's name by default")
    )
    taking.add_argument("--good-only", action="store_true", help=_("enter the lines that can be read"))
    giving = add_command(
        actions, "export", run_export, help=_("write the days of a table to standard output")
    )
    giving.add_argument("table")
    giving.add_argument("--year", type=int)
    giving.add_argument("--ics", action="store_true", help=_("iCalendar instead of CSV"))


def run_list(chosen: argparse.Namespace) -> int:
    load_django()
    from shouyue.calendars import queries, statutory

    for row in _within(lambda: list(queries.tables())):
        base = row.based_on
        reaches = base.reaches_until if base else row.reaches_until
        source = _("on top of {table}", table=base.name) if base else row.source
        until = _("until {day}", day=reaches or _("not stated"))
        print(f"{row.name:<12} {until}  {row.title}  ({source})")
    for table, year in _within(queries.missing_tables):
        print(_("warning: {table} has no days of {year}.", table=table, year=year))
    if chosen.compare:
        days = _within(lambda: queries.holiday_table(statutory.TABLE).days)
        last = statutory.reaches_until().year
        for year in range(max(last - 2, 2004), last + 1):
            found = statutory.differences(days, year)
            print(f"{year}: {', '.join(map(date.isoformat, found)) or _('both packages agree on every day')}")
    return 0


def run_refresh(chosen: argparse.Namespace) -> int:
    load_django()
    from shouyue.calendars import services, statutory
    from shouyue.kernel.actor import SYSTEM

    done = _within(lambda: services.refresh_statutory(actor=SYSTEM))
    print(
        _(
            "{source} reaches until {day}: {added} days added, {changed} changed, {removed} removed.",
            source=statutory.source(),
            day=statutory.reaches_until(),
            added=done.added,
            changed=done.changed,
            removed=done.removed,
        )
    )
    return 0


def run_import(chosen: argparse.Namespace) -> int:
    """Exit status 1 when a line could not be read."""
    load_django()
    from shouyue.calendars import exchange, services
    from shouyue.kernel.actor import SYSTEM

    try:
        data = sys.stdin.buffer.read() if str(chosen.file) == "-" else chosen.file.read_bytes()
    except OSError as error:
        raise Problem(_("{file} cannot be read: {why}.", file=chosen.file, why=error.strerror)) from error
    read = _within(lambda: exchange.read(exchange.decode(data)))
    for line in read.bad:
        where = _("line {number}", number=line.number)
        print(f"{where}: {line.problem}: {line.text}", file=sys.stderr)
    if read.bad and not chosen.good_only:
        raise Problem(
            _(
                "{count} lines cannot be read; nothing was entered (--good-only enters the others).",
                count=len(read.bad),
            )
        )
    source = chosen.source or chosen.file.name
    done = _within(
        lambda: services.import_days(actor=SYSTEM, table=chosen.table, entries=read.entries, source=source)
    )
    print(
        _(
            "{table}: {added} days added, {changed} changed.",
            table=chosen.table,
            added=done.added,
            changed=done.changed,
        )
    )
    return 1 if read.bad else 0


def run_export(chosen: argparse.Namespace) -> int:
    load_django()
    from shouyue.calendars import exchange, queries
    from shouyue.kernel import clock

    row, entries = _within(lambda: (queries.table(chosen.table), queries.exported(chosen.table, chosen.year)))
    if chosen.ics:
        sys.stdout.write(exchange.write_ics(row.title, "Asia/Shanghai", entries, clock.now()).decode())
    else:
        sys.stdout.write(exchange.write_csv(entries))
    return 0


def _within(work: Callable[[], Result]) -> Result:
    """Run in a transaction of its own; a refusal becomes one sentence."""
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with spoken(), acting_in(EVERYTHING):
        return work()
