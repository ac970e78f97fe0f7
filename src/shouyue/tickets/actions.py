"""What a person can do on a ticket's page: each act with its words, its form and the service it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shouyue.kernel.actor import Actor

from . import access, forms, queries, rules, services
from .choices import Status
from .models import Ticket

Act = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Action:
    """An act. move: its name in rules and access; slug: in URLs; form: None for a plain button; done: the toast."""

    move: str
    slug: str
    label: str | Promise
    icon: str
    act: Act
    form: type[forms.ActForm] | None = None
    done: str | Promise = ""
    primary_in: frozenset[str] = frozenset()
    danger: bool = False

    @property
    def has_form(self) -> bool:
        """For templates, which would call the form's class."""
        return self.form is not None


def _link(*, actor: Actor, ticket_id: int, other: str, kind: str) -> Ticket:
    return services.link_tickets(
        actor=actor, ticket_id=ticket_id, other_id=queries.id_of(actor, other), kind=kind
    )


def _cancel(*, actor: Actor, ticket_id: int, duplicate_of: str, **values: Any) -> Ticket:
    other = queries.id_of(actor, duplicate_of) if duplicate_of else None
    return services.cancel_ticket(actor=actor, ticket_id=ticket_id, duplicate_of=other, **values)


def _handling(act: Act) -> Act:
    def run(*, actor: Actor, ticket_id: int, **values: Any) -> Ticket:
        texts = {name: values.pop(name) for name in services.work.HANDLING if name in values}
        ticket: Ticket = act(actor=actor, ticket_id=ticket_id, texts=texts, **values)
        return ticket

    return run


@transaction.atomic
def _resolve(*, actor: Actor, ticket_id: int, attribution: str = "", **values: Any) -> Ticket:
    """The solution, and what caused the fault if that is said along with it."""
    if attribution:
        services.set_attribution(actor=actor, ticket_id=ticket_id, attribution=attribution)
    ticket: Ticket = _handling(services.resolve_ticket)(actor=actor, ticket_id=ticket_id, **values)
    return ticket


S = Status
ACTIONS: Mapping[str, Action] = {
    action.slug: action
    for action in (
        Action(
            "take",
            "take",
            _("Take it"),
            "user-check",
            services.take_ticket,
            done=_("The ticket is yours."),
            primary_in=frozenset({S.NEW, S.TRIAGED}),
        ),
        Action(
            "accept",
            "accept",
            _("Accept"),
            "check",
            services.accept_ticket,
            done=_("Accepted."),
            primary_in=frozenset({S.ASSIGNED}),
        ),
        Action(
            "respond",
            "respond",
            _("Answer"),
            "message",
            services.respond_to_ticket,
            forms.RespondForm,
            _("Answered."),
        ),
        Action(
            "resume",
            "resume",
            _("Go on"),
            "player-play",
            services.end_waiting,
            done=_("The wait has ended."),
            primary_in=frozenset({S.WAITING}),
        ),
        Action(
            "resolve",
            "resolve",
            _("Resolve"),
            "circle-check",
            _resolve,
            forms.ResolveForm,
            _("Resolved."),
            primary_in=frozenset({S.ACCEPTED}),
        ),
        Action(
            "confirm",
            "confirm",
            _("User confirms"),
            "checks",
            services.confirm_resolution,
            forms.ConfirmForm,
            _("Confirmed."),
            primary_in=frozenset({S.RESOLVED}),
        ),
        Action(
            "close",
            "close",
            _("Close"),
            "lock",
            services.close_ticket,
            forms.CloseForm,
            _("Closed."),
            primary_in=frozenset({S.CONFIRMED}),
        ),
        Action(
            "triage",
            "triage",
            _("Triage"),
            "stethoscope",
            services.triage_ticket,
            forms.TriageForm,
            _("Triaged."),
        ),
        Action(
            "assign",
            "assign",
            _("Assign"),
            "user-plus",
            services.assign_ticket,
            forms.AssignForm,
            _("Assigned."),
        ),
        Action("grade", "grade", _("Grade"), "gauge", services.grade_ticket, forms.GradeForm, _("Graded.")),
        Action(
            "wait", "wait", _("Wait"), "player-pause", services.start_waiting, forms.WaitForm, _("Waiting.")
        ),
        Action(
            "promise_answer",
            "promise-answer",
            _("Promise an answer"),
            "calendar-time",
            services.promise_answer,
            forms.PromiseForm,
            _("The answer is promised."),
        ),
        Action(
            "give_answer",
            "give-answer",
            _("Give the answer"),
            "message-dots",
            services.give_answer,
            forms.AnswerForm,
            _("The answer is given."),
        ),
        Action(
            "propose_solution",
            "propose-solution",
            _("Propose a solution"),
            "bulb",
            services.propose_solution,
            forms.ProposalForm,
            _("The solution is proposed."),
        ),
        Action(
            "fix_temporarily",
            "fix-temporarily",
            _("Temporary fix"),
            "first-aid-kit",
            services.fix_temporarily,
            forms.TemporaryForm,
            _("The temporary fix is recorded."),
        ),
        Action(
            "record_handling",
            "handling",
            _("Handling record"),
            "clipboard-list",
            _handling(services.record_handling),
            forms.HandlingForm,
            _("The handling is recorded."),
        ),
        Action(
            "raise_tier",
            "raise-tier",
            _("Hand to another tier"),
            "trending-up",
            services.raise_tier,
            forms.TierForm,
            _("Handed over."),
        ),
        Action(
            "request_escalation",
            "request-escalation",
            _("Ask for somebody higher"),
            "speakerphone",
            services.request_escalation,
            forms.ReasonForm,
            _("The request is recorded."),
        ),
        Action(
            "set_priority",
            "priority",
            _("Set priority"),
            "flag",
            services.set_priority,
            forms.PriorityForm,
            _("The priority is set."),
        ),
        Action(
            "decide_replacement",
            "replacement",
            _("User's decision on replacement"),
            "package",
            services.decide_replacement,
            forms.ReplacementForm,
            _("The decision is recorded."),
        ),
        Action(
            "set_attribution",
            "attribution",
            _("What caused the fault"),
            "target",
            services.set_attribution,
            forms.AttributionForm,
            _("The origin is recorded."),
        ),
        Action(
            "set_contract",
            "contract",
            _("Set contract"),
            "file-text",
            services.set_contract,
            forms.ContractForm,
            _("The contract is set."),
        ),
        Action(
            "call_back",
            "call-back",
            _("Call back"),
            "phone-call",
            services.call_back,
            forms.CallBackForm,
            _("The call-back is recorded."),
        ),
        Action(
            "reject",
            "reject",
            _("User rejects"),
            "arrow-back-up",
            services.reject_resolution,
            forms.ReasonForm,
            _("Back to work."),
        ),
        Action(
            "reopen",
            "reopen",
            _("Reopen"),
            "refresh",
            services.reopen_ticket,
            forms.ReasonForm,
            _("Reopened."),
        ),
        Action("link", "link", _("Link"), "link", _link, forms.LinkForm, _("Linked.")),
        Action(
            "cancel",
            "cancel",
            _("Cancel the ticket"),
            "x",
            _cancel,
            forms.CancelForm,
            _("Cancelled."),
            danger=True,
        ),
    )
}


def possible(actor: Actor, ticket: Ticket) -> list[Action]:
    """What this actor can do to this ticket now, most important first."""
    found = [
        action
        for action in ACTIONS.values()
        if rules.may_move(action.move, ticket.status) and access.can(actor, action.move, ticket)
    ]
    hidden = set()
    if ticket.assignee_id not in (None, actor.user_id) or (
        ticket.status == S.ACCEPTED and ticket.assignee_id
    ):
        hidden.add("take")
    if ticket.assignee_id != actor.user_id:
        hidden.add("accept")
    if ticket.status == S.ASSIGNED and ticket.assignee_id == actor.user_id:
        hidden.add("take")
    if ticket.promised_answer_at is None or ticket.answer_given_at is not None:
        hidden.add("give_answer")
    if ticket.confirmed_at is None:
        hidden.add("close")
    return [action for action in found if action.move not in hidden]


def main_action(actions: list[Action], ticket: Ticket) -> Action | None:
    """The act that leads on from here; an unanswered ticket is answered first."""
    by_move = {action.move: action for action in actions}
    if ticket.responded_at is None and ticket.status == S.ACCEPTED and "respond" in by_move:
        return by_move["respond"]
    return next((action for action in actions if ticket.status in action.primary_in), None)
