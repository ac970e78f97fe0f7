"""What objections, closings and evidence packs make known at start-up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shouyue.contracts.planning import approvals
from shouyue.files import access as files
from shouyue.files.models import StoredFile
from shouyue.kernel import events
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.events import FactType, Verb
from shouyue.signoff import deadlines, subjects
from shouyue.web import navigation, panels, states
from shouyue.web.states import Look

from . import access, objection_views
from .queries.objections import objection_of, objection_subject
from .queries.packing import pack_of
from .services import plan_signoffs, replies, waiver_answers

_OBJECTION = {
    "commitment": FactType.CODE,
    "reason": FactType.CODE,
    "before": FactType.CODE,
    "objection": FactType.REFERENCE,
}


def declare() -> None:
    """Called once, from `AppConfig.ready`."""
    events.declare(
        Verb("obligation.waiver_proposed", _("Waiver proposed"), _OBJECTION),
        Verb("obligation.waiver_approved", _("Waiver approved by the provider"), _OBJECTION),
        Verb("obligation.waived", _("Miss waived with the customer's agreement"), _OBJECTION),
        Verb(
            "obligation.waived_internally",
            _("Miss of an internal promise waived by the provider"),
            _OBJECTION,
        ),
        Verb("obligation.waiver_expired", _("Waiver not answered in time"), _OBJECTION),
        Verb("obligation.disputed", _("Verdict disputed by the customer"), _OBJECTION),
        Verb("obligation.overturned", _("Verdict overturned after a dispute"), _OBJECTION),
        Verb("obligation.objection_refused", _("Objection not accepted"), _OBJECTION),
        Verb("obligation.objection_withdrawn", _("Objection taken back"), _OBJECTION),
    )
    period = {"period": FactType.CODE, "number": FactType.INTEGER}
    events.declare(
        Verb("period.closed", _("Period closed"), period | {"digest": FactType.DIGEST}),
        Verb("period.reopening_asked", _("Opening the period again asked for"), period),
        Verb("period.reopened", _("Period opened again"), period),
        Verb("period.reopening_refused", _("Period kept closed"), period),
    )
    states.register(
        "closing",
        {
            "closed": Look("good", "lock", _("Period closed")),
            "reopened": Look("warn", "lock-open", _("Period opened again")),
        },
    )
    events.declare(
        Verb(
            "evidence.exported",
            _("Evidence pack made"),
            {"period": FactType.CODE, "digest": FactType.DIGEST, "for": FactType.REFERENCE},
        )
    )
    states.register(
        "pack",
        {
            "waiting": Look("neutral", "clock", _("Waiting")),
            "working": Look("info", "clock-play", _("Being made")),
            "ready": Look("good", "circle-check", _("Ready")),
            "failed": Look("bad", "circle-x", _("Failed")),
        },
    )
    events.consume(waiver_answers.consume)
    deadlines.register(replies.reply_due)
    subjects.register("objection", objection_subject)
    approvals.register(plan_signoffs.SignoffDesk())
    events.consume(plan_signoffs.consume)
    subjects.register("plan_proposal", plan_signoffs.subject)
    panels.register(
        "plan-proposal",
        panels.Panel(
            key="signoffs",
            title=_("Sign-offs"),
            render=objection_views.proposal_panel,
            order=10,
            icon="checklist",
            place="side",
        ),
    )
    files.register_reader("objection", _reads_objection)
    files.register_reader("pack", _reads_pack)
    states.register(
        "objection",
        {
            "proposed": Look("warn", "message-circle", _("Proposed")),
            "approved": Look("warn", "clock-play", _("Waits for the customer")),
            "agreed": Look("good", "circle-check", _("Agreed")),
            "refused": Look("bad", "circle-x", _("Not accepted")),
            "withdrawn": Look("muted", "circle-minus", _("Taken back")),
            "expired": Look("muted", "clock-x", _("Not answered in time")),
        },
    )
    for area, order in (("provider", 32), ("portal", 42)):
        navigation.register(
            navigation.Item(
                key=f"{area}-objections",
                label=_("Waivers and disputes"),
                url_name="commitments:objections",
                icon="scale",
                area=area,  # type: ignore[arg-type]
                order=order,
            )
        )


def _reads_objection(actor: Actor, stored: StoredFile) -> bool:
    try:
        objection_of(actor, stored.attached_id)
    except NotFound:
        return False
    return True


def _reads_pack(actor: Actor, stored: StoredFile) -> bool:
    try:
        pack = pack_of(actor, stored.attached_id)
    except NotFound:
        return False
    return access.can_pack(actor, pack.contract_id)
