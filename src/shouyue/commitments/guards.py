"""Conditions that the register itself can check for plans."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from shouyue.contracts.plan_language.model import Span
from shouyue.contracts.queries import compiled
from shouyue.contracts.rules import shift_day
from shouyue.kernel import clock
from shouyue.kernel.gates import Refusal, Request


def term_in_force(request: Request) -> Refusal | None:
    """The contract runs today, and its term is as long as promised (`length`). Queries: those of `compiled`."""
    name = "contract.term_in_force"
    if request.contract_id is None:
        return Refusal(name, _("there is no contract"))
    rules = compiled(request.contract_id)
    if not rules.is_active or not rules.starts_on <= clock.today(rules.zone) <= rules.ends_on:
        return Refusal(name, _("the contract is not in force"))
    length = request.facts.get("length")
    if isinstance(length, Span) and shift_day(rules.starts_on, length) > rules.ends_on + timedelta(days=1):
        return Refusal(name, _("the contract's term is shorter than promised"))
    return None
