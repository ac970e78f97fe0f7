"""Plan versions: a plan's text, checked and kept."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.db.models import Max
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shouyue.contracts import access, vocabulary
from shouyue.contracts.calendars_of import unknown_tables
from shouyue.contracts.models import Contract, PlanVersion
from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.compiled import to_json
from shouyue.contracts.plan_language.model import Plan
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.kernel import clock, events
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotAllowed
from shouyue.kernel.locks import hold


@transaction.atomic
def store_plan_version(*, actor: Actor, text: str, plan: str = "") -> PlanVersion:
    """Keep a plan's text as a new version; a text already kept is that version. plan: the name it must have.

    Raises: Invalid with every problem of the text; NotAllowed. Locks: the plan's name.
    """
    if not access.can_set_up(actor) and not actor.has_role(*access.MANAGES):
        raise NotAllowed
    parsed = parse_text(text, file="plan.yaml")
    found = (*check_plan(parsed, vocabulary.current()), *unknown_tables(parsed))
    problems = [one for one in found if one.severity == "error"]
    if problems or parsed.plan is None:
        raise Invalid(
            "\n".join(one.line_of_text(get_language() or "en") for one in problems),
            fields={"text": [_("The plan has errors.")]},
        )
    if plan and parsed.plan.name != plan:
        wrong = _("This is the plan %(given)s, not %(plan)s.") % {"given": parsed.plan.name, "plan": plan}
        raise Invalid(fields={"text": [wrong]})
    if not access.can_set_up(actor) and not _manages_plan(actor, parsed.plan.name):
        raise NotAllowed
    return _keep(actor, parsed.plan, text)


def _manages_plan(actor: Actor, plan: str) -> bool:
    """Whether a contract the actor manages runs by this plan."""
    running = Contract.objects.visible_to(actor).filter(plan_version__plan=plan)
    return any(access.can_manage(actor, contract_id) for contract_id in running.values_list("pk", flat=True))


def _keep(actor: Actor, plan: Plan, text: str) -> PlanVersion:
    digest = hashlib.sha256(text.encode()).hexdigest()
    hold(f"plan:{plan.name}")
    kept = PlanVersion.objects.filter(plan=plan.name, digest=digest).first()
    if kept is not None:
        return kept
    last = PlanVersion.objects.filter(plan=plan.name).aggregate(last=Max("number"))["last"] or 0
    version = PlanVersion.objects.create(
        plan=plan.name,
        number=last + 1,
        text=text,
        compiled=to_json(plan),
        digest=digest,
        created_at=clock.now(),
        created_by_id=actor.user_id,
    )
    events.record(
        "plan.stored",
        actor=actor,
        subject=("plan", version.pk),
        facts={"plan": plan.name, "number": version.number, "digest": digest},
    )
    return version
