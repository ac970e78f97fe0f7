"""Writes of insights: verifications, and jobs given another try."""

from __future__ import annotations

import dataclasses

from django.db import transaction

from shouyue.kernel import clock, events, jobs, locks, verification
from shouyue.kernel.actor import Actor, job_actor
from shouyue.kernel.scope import EVERYTHING, acting_in

from . import access
from .choices import RunState
from .models import VerificationRun

EVENTS_PER_PART = 100_000
MOST_PARTS = 40
KEPT_FINDINGS = 200


@transaction.atomic
def ask_verification(*, actor: Actor) -> VerificationRun:
    """Have all chains checked by a job; one that runs already is returned instead. Raises: NotFound, NotAllowed."""
    access.require_verify(actor)
    locks.hold("insights:verification")
    running = VerificationRun.objects.filter(state__in=(RunState.QUEUED, RunState.RUNNING)).first()
    if running is not None:
        return running
    run: VerificationRun = VerificationRun.objects.create(asked_by=actor.name, asked_at=clock.now())
    events.record("verification.asked", actor=actor, subject=("verification", run.pk))
    return run


def run_verification(run_id: int) -> None:
    """Check all chains bit by bit, each bit in a transaction of its own so that its progress is seen.

    Safe to run again: it starts over. Locks: none that others wait for.
    """
    with acting_in(EVERYTHING):
        count, subjects = verification.size()
        parts = max(1, min(MOST_PARTS, count // EVENTS_PER_PART))
        _note(run_id, state=RunState.RUNNING, done=0, parts=parts + 2, events=count, subjects=subjects)
    found: list[verification.Finding] = []
    for part in range(parts):
        with acting_in(EVERYTHING):
            found += verification.check_chains(part, parts)
            _note(run_id, done=part + 1)
    with acting_in(EVERYTHING):
        found += verification.check_heads() + verification.check_meaning()
        _note(run_id, done=parts + 1)
    with acting_in(EVERYTHING):
        anchors, wrong = verification.check_anchors()
        found += wrong
        _finish(run_id, found, anchors, parts + 2)


def give_up(run_id: int) -> None:
    """Say that a verification broke off."""
    with acting_in(EVERYTHING):
        _note(run_id, state=RunState.FAILED, finished_at=clock.now())


def _finish(run_id: int, found: list[verification.Finding], anchors: int, parts: int) -> None:
    _note(
        run_id,
        state=RunState.BROKEN if found else RunState.SOUND,
        finished_at=clock.now(),
        done=parts,
        anchors=anchors,
        wrong=len(found),
        findings=[dataclasses.asdict(finding) for finding in found[:KEPT_FINDINGS]],
    )
    run = VerificationRun.objects.get(pk=run_id)
    events.record(
        "verification.finished",
        actor=job_actor("insights.verify"),
        subject=("verification", run_id),
        facts={"sound": not found, "events": run.events, "findings": len(found)},
    )


def _note(run_id: int, **values: object) -> None:
    VerificationRun.objects.filter(pk=run_id).update(**values)


@transaction.atomic
def retry_job(*, actor: Actor, job_id: int) -> None:
    """Put a dead job back into the queue. Raises: NotFound, NotAllowed."""
    access.require_system(actor)
    jobs.retry_dead(job_id)
    events.record("job.retried", actor=actor, subject=("job", job_id))


@transaction.atomic
def record_export(*, actor: Actor) -> None:
    """Note that events were taken away. Raises: NotFound, NotAllowed."""
    access.require_audit(actor)
    events.record("audit.exported", actor=actor, subject=("user", actor.user_id or 0))
