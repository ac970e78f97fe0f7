"""Replays asked for, made by a job that only reads, kept, thrown away."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from shouyue.commitments.choices import PackState
from shouyue.commitments.queries.replays import replay_of
from shouyue.commitments.replay_models import Replay
from shouyue.contracts import access
from shouyue.contracts.models import Contract
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.planning import checking
from shouyue.contracts.planning import queries as planning
from shouyue.contracts.queries import contract_with_id, plan_versions_of
from shouyue.kernel import clock, jobs
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in

from .replaying import AT_ONCE, Run

LONGEST = timedelta(days=800)
MOST_WAITING = 3
_log = logging.getLogger(__name__)


def last_quarter(today: date) -> tuple[date, date]:
    """First and last day of the quarter before this one."""
    start = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    last = start - timedelta(days=1)
    return date(last.year, 3 * ((last.month - 1) // 3) + 1, 1), last


def span_of(contract: Contract, first: date, last: date) -> tuple[datetime, datetime]:
    """The instants of two days in the contract's zone, the last one included. Raises: Invalid."""
    if not first <= last <= first + LONGEST:
        raise Invalid(fields={"first": [_("The days must follow each other, two years at most.")]})
    zone = ZoneInfo(contract.time_zone)
    return datetime.combine(first, time(), zone), datetime.combine(last + timedelta(days=1), time(), zone)


@transaction.atomic
def ask_replay(*, actor: Actor, contract_id: int, text: str, label: str, first: date, last: date) -> Replay:
    """Have the contract's stored events replayed under a plan's text; a job does it.

    Raises: NotFound; NotAllowed; Invalid for wrong days or a text with errors; Conflict while three wait already.
    """
    contract = contract_with_id(actor, contract_id)
    if not access.can_manage(actor, contract_id):
        raise NotAllowed
    span_of(contract, first, last)
    plan_of(text, actor.language)
    if Replay.objects.filter(contract=contract, state__in=("waiting", "working")).count() >= MOST_WAITING:
        raise Conflict(_("Three replays of this contract are under way already."))
    made: Replay = Replay.objects.create(
        customer_id=contract.customer_id,
        contract=contract,
        label=label.strip()[:160],
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        in_force_id=contract.plan_version_id,
        first_on=first,
        last_on=last,
        language=actor.language,
        asked_by_id=actor.user_id,
        asked_by_name=actor.name,
        asked_at=clock.now(),
    )
    make_replay.enqueue(replay_id=made.pk)
    return made


def plan_chosen(actor: Actor, contract: Contract, chosen: str) -> tuple[str, str]:
    """Label and text of `draft:3` or `version:12`. Raises: NotFound; Invalid when nothing is chosen."""
    sort, _colon, number = chosen.partition(":")
    if not chosen:
        raise Invalid(fields={"plan": [_("Choose a plan.")]})
    if not number.isdecimal() or len(number) > 17:
        raise NotFound
    if sort == "draft":
        draft = planning.draft_of(actor, contract.pk, int(number))
        return f"{_('Draft')} · {draft.name}", draft.text
    version = plan_versions_of(actor, contract).filter(pk=int(number)).first()
    if version is None or sort != "version":
        raise NotFound
    return f"{version.plan} v{version.number}", str(version.text)


@transaction.atomic
def delete_replay(*, actor: Actor, replay_id: int) -> None:
    """Throw a replay away; one under way stops at its next report. Raises: NotFound."""
    replay_of(actor, replay_id).delete()


def plan_of(text: str, language: str) -> Plan:
    """The plan a text states. Raises: Invalid when it has errors."""
    found = checking.checked(text, language)
    if found.plan is None or found.errors:
        raise Invalid(fields={"plan": [_("The draft has errors; put them right first.")]})
    return found.plan


@jobs.task("commitments.make_replay", in_transaction=False)
def make_replay(replay_id: int) -> None:
    """Make a replay that was asked for; a finished or deleted one is left alone. Safe to run twice."""
    try:
        _make(replay_id)
    except _Gone:
        return
    except Exception as error:
        _log.warning("replay %s failed", replay_id, exc_info=True)
        told = error.message if isinstance(error, ShouyueError) else ""
        _note(replay_id, state=PackState.FAILED, problem=str(told))
        if not isinstance(error, ShouyueError):
            raise


class _Gone(Exception):
    """The replay was deleted meanwhile."""


def _make(replay_id: int) -> None:
    with reading():
        asked = Replay.objects.select_related("contract").filter(pk=replay_id).first()
    if asked is None or asked.state == PackState.READY:
        raise _Gone
    with translation.override(asked.language):
        with reading():
            since, until = span_of(asked.contract, asked.first_on, asked.last_on)
            run = Run(asked.contract_id, plan_of(asked.text, asked.language), since=since, until=until)
            cases = run.cases()
        _note(replay_id, state=PackState.WORKING, progress=2)
        for begin in range(0, len(cases), AT_ONCE):
            with reading():
                run.take(cases[begin : begin + AT_ONCE])
            _note(replay_id, progress=2 + 88 * run.done // len(cases))
        with reading():
            result = run.finish(asked.language).as_json()
    _note(replay_id, state=PackState.READY, progress=100, result=result, finished_at=clock.now())


@contextmanager
def reading() -> Iterator[None]:
    """A transaction that sees every customer and in which the database refuses to write."""
    with acting_in(EVERYTHING), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield


def _note(replay_id: int, **values: object) -> None:
    """Write down how far it is. Raises: _Gone."""
    with acting_in(EVERYTHING):
        if not Replay.objects.filter(pk=replay_id).update(**values):
            raise _Gone
