"""Reads for operators and auditors."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import django
from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

import shouyue
from shouyue.accounts.models import User
from shouyue.contracts import fact_words
from shouyue.contracts import queries as contracts
from shouyue.contracts.plan_language.model import Plan
from shouyue.kernel import clock, jobs
from shouyue.kernel.actor import Actor
from shouyue.kernel.events import declared_verbs
from shouyue.kernel.models import Event, EventAnchor
from shouyue.kernel.pinyin import search_text
from shouyue.runtime import checks, database

from .choices import CHECKS
from .models import VerificationRun

# -- the system -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process and when it was last heard of."""

    id: int
    heard_at: datetime
    is_alive: bool


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A task that runs by itself, with its last start."""

    schedule: jobs.Schedule
    last_at: datetime | None

    @property
    def purpose(self) -> str:
        """What it is for, in the reader's language as far as it is known."""
        return _(self.schedule.purpose) if self.schedule.purpose else ""


@dataclass(frozen=True, slots=True)
class Partitions:
    """The monthly parts of the event table. until: the first month without one; strays: rows outside every part."""

    count: int
    first: str
    until: str
    bytes: int
    strays: int
    months_ahead: int


@dataclass(frozen=True, slots=True)
class NamedCheck:
    """A check's finding under a readable name. is_quoted: said by another program, in its language."""

    label: str
    level: str
    text: str
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class DeadTask:
    """The dead jobs of one task, newest first."""

    task: str
    rows: list[jobs.JobRow]

    @property
    def last_at(self) -> datetime | None:
        """When the last of them was tried."""
        return max((row.last_at for row in self.rows if row.last_at), default=None)


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the system page shows."""

    checks: list[checks.Result]
    health: jobs.QueueHealth
    workers: list[Worker]
    schedules: list[Scheduled]
    dead: list[jobs.JobRow]
    partitions: Partitions
    anchor: EventAnchor | None
    run: VerificationRun | None
    versions: list[tuple[str, str]]
    database_bytes: int

    @property
    def named_checks(self) -> list[NamedCheck]:
        """The checks with their names in the reader's language."""
        return [
            NamedCheck(str(CHECKS.get(one.name, one.name)), one.level, _said(one), not one.message)
            for one in self.checks
        ]

    @property
    def dead_tasks(self) -> list[DeadTask]:
        """The dead jobs by task, so that a hundred of one kind take one line; the fullest task first."""
        rows: dict[str, list[jobs.JobRow]] = {}
        for row in self.dead:
            rows.setdefault(row.task, []).append(row)
        return sorted((DeadTask(task, found) for task, found in rows.items()), key=lambda one: -len(one.rows))

    @property
    def dead_unlisted(self) -> int:
        """Dead jobs beyond those listed."""
        return max(0, self.health.failed - len(self.dead))

    @property
    def worst(self) -> str:
        """The gravest level of checks, workers and jobs: ok, warning or error."""
        levels = {str(result.level) for result in self.checks}
        if not self.health.workers:
            levels.add("error")
        if self.health.failed or self.partitions.months_ahead < 2 or self.partitions.strays:
            levels.add("warning")
        return next((level for level in ("error", "warning") if level in levels), "ok")


def status() -> Status:
    """The state of the installation, measured now. Queries: about ten, and those of the checks."""
    return Status(
        checks=run_checks(),
        health=jobs.health(),
        workers=_workers(),
        schedules=_schedules(),
        dead=jobs.dead(),
        partitions=_partitions(),
        anchor=EventAnchor.objects.order_by("-day").first(),
        run=newest_run(),
        versions=_versions(),
        database_bytes=_one("SELECT pg_database_size(current_database())"),
    )


def _said(result: checks.Result) -> str:
    """The finding in the reader's language."""
    if not result.message:
        return result.text
    return _(result.message) % result.values if result.values else _(result.message)


def run_checks() -> list[checks.Result]:
    """The self-checks of `shouyue check` that a running server can make of itself."""
    checks.register_own(Path(settings.SHOUYUE_HOME), database.Urls(app=_address(), admin=""))
    return checks.run_all()


def _address() -> str:
    given = connection.settings_dict
    names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    return make_conninfo(**{name: str(given[key]) for name, key in names.items() if given.get(key)})


def _workers() -> list[Worker]:
    since = clock.now() - timedelta(seconds=jobs.STALLED_AFTER_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, last_heartbeat FROM procrastinate_workers ORDER BY last_heartbeat DESC LIMIT 50"
        )
        return [Worker(pk, at, at > since) for pk, at in cursor.fetchall()]


def _schedules() -> list[Scheduled]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, to_timestamp(max(defer_timestamp)) FROM procrastinate_periodic_defers GROUP BY 1"
        )
        last = dict(cursor.fetchall())
    return [Scheduled(schedule, last.get(schedule.name)) for schedule in jobs.schedules()]


_PARTS = """
SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'kernel_event'::regclass ORDER BY c.relname
"""


def _partitions() -> Partitions:
    with connection.cursor() as cursor:
        cursor.execute(_PARTS)
        rows = cursor.fetchall()
    months = [match.groups() for name, _size in rows if (match := re.search(r"_(\d{4})_(\d{2})$", name))]
    keys = sorted(f"{year}-{month}" for year, month in months)
    today = clock.now()
    last = keys[-1] if keys else f"{today:%Y-%m}"
    ahead = (int(last[:4]) - today.year) * 12 + int(last[5:]) - today.month
    size = sum(size for _name, size in rows)
    strays = _one("SELECT reltuples::bigint FROM pg_class WHERE relname = 'kernel_event_default'")
    return Partitions(len(keys), keys[0] if keys else "", last, size, max(strays, 0), ahead)


def _one(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _versions() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (server,) = cursor.fetchone()
    return [
        ("Shouyue", shouyue.__version__),
        ("PostgreSQL", server),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        (_("Operating system"), f"{platform.system()} {platform.release()}"),
    ]


def newest_run() -> VerificationRun | None:
    """The last verification, running or done. Queries: one."""
    return VerificationRun.objects.order_by("-id").first()


def runs(limit: int = 10) -> list[VerificationRun]:
    """The last verifications, newest first. Queries: one."""
    return list(VerificationRun.objects.order_by("-id")[:limit])


# -- events -----------------------------------------------------------------------------------------------------

WINDOW = timedelta(days=30)
"""How far back a search goes that names neither a subject nor a day."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What a search is narrowed to; empty means all. actor: a name or `user:12`; subject: `ticket:12` or a number."""

    verb: str = ""
    actor: str = ""
    subject: str = ""
    contract_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event made readable."""

    event: Event
    label: str
    actor: str
    contract: str
    facts: list[tuple[str, str]]

    @property
    def pk(self) -> int:
        return self.event.pk

    @property
    def digest(self) -> str:
        """In hex."""
        return bytes(self.event.digest).hex()

    @property
    def before(self) -> str:
        """The digest before it in the chain, in hex; empty for the first."""
        return bytes(self.event.prev_digest).hex()


def events_matching(actor: Actor, wanted: EventFilter) -> QuerySet[Event]:
    """The events that fit. Without a subject a search reaches back `WINDOW`, unless a day is given."""
    rows = Event.objects.visible_to(actor)
    if wanted.subject:
        rows = rows.filter(_about(wanted.subject))
    if wanted.verb:
        rows = rows.filter(verb=wanted.verb)
    if wanted.actor:
        rows = rows.filter(actor__in=_actors(wanted.actor))
    if wanted.contract_id is not None:
        rows = rows.filter(contract_id=wanted.contract_id)
    since = wanted.since or (None if wanted.subject else clock.now() - WINDOW)
    if since is not None:
        rows = rows.filter(recorded_at__gte=since)
    if wanted.until is not None:
        rows = rows.filter(recorded_at__lt=wanted.until)
    return rows


def _about(text: str) -> Q:
    """`ticket:12`: the subject or the case; anything else finds nothing."""
    kind, _colon, number = text.strip().partition(":")
    if not number.isascii() or not number.isdigit() or len(number) > 17:
        return Q(pk__in=())
    pk = int(number)
    return Q(subject_type=kind, subject_id=pk) | Q(case_type=kind, case_id=pk)


def _actors(text: str) -> list[str]:
    """The references of everybody the text may name. Queries: one for a name."""
    text = text.strip()
    if re.fullmatch(r"(user|token|job|system):\d{1,17}", text):
        return [text]
    condition = Q(name__icontains=text) | Q(username__iexact=text) | Q(name_key__contains=search_text(text))
    return [
        f"user:{pk}"
        for pk in User.objects.filter(condition).order_by("id").values_list("id", flat=True)[:200]
    ]


def readable(actor: Actor, rows: Sequence[Event]) -> list[EventRow]:
    """Events with labels and names, facts in words. Queries: two and those of `plan_of`, none for none."""
    told = (str(value) for event in rows for value in event.facts.values())
    names = _names(ref for ref in (*(event.actor for event in rows), *told) if ref.startswith("user:"))
    known = _contracts(actor, {event.contract_id for event in rows if event.contract_id is not None})
    verbs = declared_verbs()
    return [
        EventRow(
            event,
            str(verbs[event.verb].label) if event.verb in verbs else event.verb,
            names.get(event.actor, ""),
            code,
            _facts_said(event, plan, names),
        )
        for event in rows
        for code, plan in (known.get(event.contract_id or 0, ("", None)),)
    ]


def _facts_said(event: Event, plan: Plan | None, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """What an event tells, as pairs of words in the active language."""
    language = get_language() or "zh-hans"
    return [
        (
            fact_words.name_said(name, language, event.verb),
            fact_words.value_said(event.verb, name, value, language, plan=plan, people=names),
        )
        for name, value in sorted(event.facts.items())
    ]


def _names(refs: Iterable[str]) -> Mapping[str, str]:
    ids = {int(ref.split(":")[1]) for ref in refs if ref.startswith("user:")}
    if not ids:
        return {}
    return {f"user:{pk}": name for pk, name in User.objects.filter(pk__in=ids).values_list("id", "name")}


def _contracts(actor: Actor, ids: set[int]) -> Mapping[int, tuple[str, Plan]]:
    """Code and plan of the contracts the actor may read. Queries: one and those of `plan_of`, none for none."""
    if not ids:
        return {}
    rows = contracts.contracts_visible_to(actor).filter(pk__in=ids)
    return {
        pk: (code, contracts.plan_of(version))
        for pk, code, version in rows.values_list("id", "code", "plan_version_id")
    }
