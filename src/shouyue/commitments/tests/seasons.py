"""Plans of promises that the calendar runs, and time passing over them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from shouyue.commitments.models import Obligation
from shouyue.commitments.services import tending
from shouyue.commitments.services.sweep import sweep_all
from shouyue.contracts.models import Contract
from shouyue.files.tests.factories import PNG
from shouyue.kernel import clock

from .factories import beijing, contract_under, happens, new_case

MONDAY = beijing("2026-03-02 09:00")
DAY = timedelta(days=1)
WEEKLY = """
weekly:
  kind: recurring
  every: week
  due: friday window closes
  window: office
  kept_by: ticket.responded
"""
PER_SITE = """
visits:
  kind: recurring
  every: month
  covers: {item: site, zone: outer}
  kept_by: contract.site_set
"""
UNIFORM = """
uniform:
  kind: standing
  holds: {attested_by: regional_supervisor, every: month, evidence: photo}
"""
QUOTA = """
answers:
  kind: quota
  every: month
  amount: {count: ticket.responded, when: {channel: phone}}
  at_least: 2
"""
TARGET = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: 10 min
share:
  kind: target
  every: month
  measure: commitment.kept_share
  with: {commitment: respond}
  at_least: 60%
"""
STANDING = """
share:
  kind: standing
  holds: {guard: contract.term_in_force, with: {length: 1 year}}
  check: 1 day
"""


def contract_at(commitments: str, at: datetime = MONDAY, **changes: Any) -> Contract:
    """A contract over three years, planned ahead at a moment."""
    with clock.at(at):
        contract = contract_under(
            commitments, **{"starts_on": date(2026, 1, 1), "ends_on": date(2028, 12, 31)} | changes
        )
        tending.tend_all()
    return contract


def pass_to(at: datetime) -> None:
    """Let the jobs do what they would have done by then."""
    with clock.at(at):
        tending.tend_all()
        sweep_all()


def rows(contract: Contract, name: str = "weekly", **wanted: Any) -> list[Obligation]:
    """The obligations of a promise, soonest due first."""
    return list(
        Obligation.objects.filter(contract=contract, commitment__name=name, **wanted).order_by("due_at", "id")
    )


def keys(contract: Contract, name: str = "weekly", **wanted: Any) -> list[str]:
    """The periods of a promise's obligations."""
    return [row.period for row in rows(contract, name, **wanted)]


def answered(contract: Contract, at: datetime, after: timedelta) -> None:
    """A ticket reported and answered."""
    case = new_case()
    with clock.at(at):
        happens(contract, case, "ticket.reported")
    with clock.at(at + after):
        sweep_all()
        happens(contract, case, "ticket.responded")


def photo() -> SimpleUploadedFile:
    """Evidence: a picture."""
    return SimpleUploadedFile("uniform.png", PNG, "image/png")
