"""What sign-offs make known at start-up: verbs, guards, their subject, pages' parts, navigation, looks."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shouyue.contracts import vocabulary
from shouyue.files import access as files
from shouyue.kernel import events, gates
from shouyue.kernel.events import FactType, Verb
from shouyue.notifications import letters
from shouyue.web import navigation, panels, rest, states
from shouyue.web.navigation import Item
from shouyue.web.panels import Panel
from shouyue.web.states import Look

from . import queries, subjects
from .choices import Kind, SendingState, State, StepState
from .services import guards, sending
from .views import parts

CODE, YES_NO, REFERENCE, INSTANT, DIGEST = (
    FactType.CODE,
    FactType.BOOLEAN,
    FactType.REFERENCE,
    FactType.INSTANT,
    FactType.DIGEST,
)

ABOUT = {
    "signoff": REFERENCE,
    "purpose": CODE,
    "content": DIGEST,
    "step": CODE,
    "side": CODE,
    "capacity": CODE,
}
ANSWERED = {
    "channel": CODE,
    "by_customer": YES_NO,
    "on_behalf_of": REFERENCE,
    "document_digest": DIGEST,
    "signature": DIGEST,
    "both": YES_NO,
    "answer": REFERENCE,
}
DEEDS: dict[str, tuple[Promise | str, dict[str, FactType]]] = {
    "asked": (
        pgettext_lazy("sign-off event", "asked for"),
        {"reply_due_at": INSTANT, "expires_at": INSTANT, "chain": FactType.INTEGER},
    ),
    "step_given": (pgettext_lazy("sign-off event", "given by one of several"), ANSWERED),
    "step_refused": (pgettext_lazy("sign-off event", "refused by one of several"), ANSWERED),
    "given": (pgettext_lazy("sign-off event", "given"), ANSWERED),
    "refused": (pgettext_lazy("sign-off event", "refused"), ANSWERED),
    "withdrawn": (pgettext_lazy("sign-off event", "withdrawn"), {"by_customer": YES_NO}),
    "expired": (pgettext_lazy("sign-off event", "expired"), {"was_given": YES_NO, "expires_at": INSTANT}),
    "cancelled": (pgettext_lazy("sign-off event", "called off"), {}),
    "escalated": (pgettext_lazy("sign-off event", "not answered in time"), {"reply_due_at": INSTANT}),
    "link_made": (pgettext_lazy("sign-off event", "link handed out"), {}),
}
"""What happens to a sign-off; its verbs are `consent.given`, `approval.refused`, `signature.given` and so on."""


def declare() -> None:
    """Called once, from `AppConfig.ready`."""
    letters.register(sending.LETTERS, sending.take_report)
    for kind in Kind:
        for deed, (label, facts) in DEEDS.items():
            text = format_lazy("{kind} {deed}", kind=kind.label, deed=label)
            events.declare(Verb(f"{kind.value}.{deed}", text, {**ABOUT, **facts}))
    events.declare(
        Verb(
            "delegation.made",
            _("Deputy named"),
            {"to": REFERENCE, "starts_at": INSTANT, "ends_at": INSTANT},
        ),
        Verb("delegation.ended", _("Deputyship ended"), {"to": REFERENCE}),
    )
    for name, guard, text, words in (
        ("consent.given", guards.given, _("consent is given for the purpose"), ("purpose", "capacity")),
        ("consent.standing", guards.standing, _("a standing consent holds for the contract"), ("purpose",)),
        ("consent.signed", guards.signed, _("the customer has signed"), ("subject",)),
        ("consent.signed_by_both", guards.signed_by_both, _("both sides have signed"), ("subject",)),
        ("consent.approved", guards.approved, _("it is approved"), ("subject", "step")),
    ):
        gates.declare_guard(name, guard)
        vocabulary.declare_guard_words(name, text, dict.fromkeys(words, "code"))
    subjects.register("contract", queries.contract_subject)
    files.register_reader("signoff", queries.reads_file)
    rest.declare_area("signoffs", _("Sign-offs"), "delegations")
    _declare_pages()
    _declare_looks()


def _declare_pages() -> None:
    panels.register(
        "ticket",
        Panel(
            key="signoffs",
            title=_("Sign-offs"),
            render=parts.ticket_panel,
            order=30,
            icon="checklist",
            probe="EXISTS (SELECT 1 FROM signoff_signoff o WHERE o.subject_type = 'ticket' AND o.subject_id = t.id)"
            " OR EXISTS (SELECT 1 FROM signoff_signoff o WHERE o.case_type = 'ticket' AND o.case_id = t.id)",
        ),
    )
    panels.register(
        "contract",
        Panel(key="signoffs", title=_("Sign-offs"), render=parts.contract_panel, order=60, icon="checklist"),
    )
    panels.register(
        "portal-home",
        Panel(
            key="signoffs-waiting",
            title=_("Waiting for your answer"),
            render=parts.waiting_panel,
            order=10,
            icon="checklist",
        ),
    )
    navigation.register(
        Item(
            key="signoffs",
            label=_("Sign-offs"),
            url_name="signoff:signoffs",
            icon="checklist",
            order=40,
            shortcut="g s",
        ),
        Item(
            key="signoffs-waiting",
            label=_("Waiting for your answer"),
            url_name="signoff:waiting",
            icon="checklist",
            area="portal",
            order=25,
            shortcut="g s",
        ),
        Item(
            key="delegations",
            label=_("My deputies"),
            url_name="signoff:delegations",
            icon="user-check",
            area="user",
            order=60,
        ),
    )


def _declare_looks() -> None:
    states.register(
        "signoff",
        {
            "asked": Look("info", "hourglass", State.ASKED.label),
            "given": Look("good", "circle-check", State.GIVEN.label),
            "refused": Look("bad", "circle-x", State.REFUSED.label),
            "withdrawn": Look("warn", "arrow-back-up", State.WITHDRAWN.label),
            "expired": Look("muted", "clock-x", State.EXPIRED.label),
            "cancelled": Look("muted", "x", State.CANCELLED.label),
        },
    )
    states.register(
        "signoff-step",
        {
            "waiting": Look("muted", "circle-dashed", StepState.WAITING.label),
            "asked": Look("info", "hourglass", StepState.ASKED.label),
            "given": Look("good", "circle-check", StepState.GIVEN.label),
            "refused": Look("bad", "circle-x", StepState.REFUSED.label),
            "withdrawn": Look("warn", "arrow-back-up", StepState.WITHDRAWN.label),
            "expired": Look("muted", "clock-x", StepState.EXPIRED.label),
            "closed": Look("muted", "circle-minus", StepState.CLOSED.label),
        },
    )
    states.register(
        "signoff-sending",
        {
            "queued": Look("info", "clock", SendingState.QUEUED.label),
            "sent": Look("info", "send", SendingState.SENT.label),
            "arrived": Look("good", "circle-check", SendingState.ARRIVED.label),
            "failed": Look("bad", "circle-x", SendingState.FAILED.label),
        },
    )
    states.register(
        "signoff-kind",
        {
            "consent": Look("neutral", "heart-handshake", Kind.CONSENT.label),
            "approval": Look("neutral", "checks", Kind.APPROVAL.label),
            "signature": Look("neutral", "writing", Kind.SIGNATURE.label),
        },
    )
