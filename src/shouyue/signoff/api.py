"""JSON API of sign-offs and deputies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotAllowed, NotFound
from shouyue.web import rest

from . import access, queries, services, subjects
from .choices import State, StepState
from .models import Answer, Delegation, Sending, Signoff, Step
from .queries import SignoffFilter
from .services import Asked
from .views.traces import traces_of

router = Router(tags=["sign-offs"])


class StepOut(Schema):
    """One who is to answer. side: provider or customer."""

    id: int
    place: int
    code: str
    side: str
    capacity: str
    contact_id: int | None
    user_id: int | None
    state: str
    reply_due_at: datetime | None
    answered_at: datetime | None
    answered_by_name: str


class AnswerOut(Schema):
    """An answer; never changed. digest: SHA-256 of what was answered to."""

    id: int
    step_id: int
    verdict: str
    name: str
    capacity: str
    on_behalf_of_id: int | None
    recorded_by_id: int | None
    channel: str
    words: str
    typed_name: str
    image_id: int | None
    image_digest: str
    digest: str
    answered_at: datetime


class SignoffOut(Schema):
    """A consent, an approval or a signature that is asked for."""

    number: str
    kind: str
    purpose: str
    subject_type: str
    subject_id: int
    label: str
    scope: str
    mode: str
    state: str
    contract_id: int | None
    customer_id: int
    document_id: int | None
    document_digest: str
    digest: str
    asked_by_name: str
    asked_at: datetime
    reply_due_at: datetime | None
    expires_at: datetime | None
    settled_at: datetime | None
    version: int


class SignoffWhole(SignoffOut):
    """With its chain and answers."""

    steps: list[StepOut]
    answers: list[AnswerOut]


class AskedIn(Schema):
    """Exactly one of capacity (of the customer), role (of the provider), contact_id, user_id; a capacity may stand
    beside a person, who must have it then."""

    capacity: str = ""
    role: str = ""
    contact_id: int | None = None
    user_id: int | None = None
    code: str = ""
    reply_due_at: datetime | None = None


class AskIn(Schema):
    """about: the record, such as `ticket:12` or `contract:3`. kind: consent, approval or signature. reply_due_at: left
    out, it is as the customer has promised in the service plan, if he has."""

    about: str
    kind: str
    purpose: str
    scope: str
    steps: list[AskedIn]
    mode: str = "in_order"
    reply_due_at: datetime | None = None
    expires_at: datetime | None = None
    document_id: int | None = None


class AnswerIn(Schema):
    """step: its id; may be left out when just one waits for the caller. drawing: a PNG as data URL."""

    step: int | None = None
    words: str = ""
    typed_name: str = ""
    drawing: str = ""


class WordsIn(Schema):
    words: str


class DelegationIn(Schema):
    to_id: int
    ends_at: datetime
    starts_at: datetime | None = None
    contract_id: int | None = None
    note: str = ""


class DelegationOut(Schema):
    id: int
    user_id: int
    to_id: int
    contract_id: int | None
    starts_at: datetime
    ends_at: datetime
    revoked_at: datetime | None
    note: str


class SignoffQuery(rest.PageQuery):
    """due: `mine` or `overdue`."""

    kind: str = ""
    state: str = ""
    purpose: str = ""
    contract_id: int | None = None
    due: str = ""
    q: str = ""


def _plain(row: Signoff | Step | Answer | Delegation | Sending, schema: type[Schema]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in schema.model_fields}


def _whole(signoff: Signoff) -> dict[str, Any]:
    return {
        **_plain(signoff, SignoffOut),
        "steps": [_plain(step, StepOut) for step in queries.steps_of(signoff)],
        "answers": [_plain(answer, AnswerOut) for answer in queries.answers_of(signoff)],
    }


def _answer(request: HttpRequest, number: str, status: int = 200) -> HttpResponse:
    signoff = queries.signoff_numbered(rest.actor_of(request), number)
    return rest.answer(_whole(signoff), status=status, version=signoff.version)


@router.get("signoffs", response=rest.Page[SignoffOut], summary="Sign-offs, newest first")
def list_signoffs(request: HttpRequest, query: Query[SignoffQuery]) -> HttpResponse:
    wanted = SignoffFilter(
        text=query.q,
        kind=query.kind,
        state=query.state,
        purpose=query.purpose,
        contract_id=query.contract_id,
        due=query.due,
    )
    rows = queries.signoffs_matching(rest.actor_of(request), wanted)
    page = rest.paged(rows, query, order=("-id",))
    return rest.answer({**page, "items": [_plain(one, SignoffOut) for one in page["items"]]})


@router.get("signoffs/{number}", response=SignoffWhole, summary="One sign-off with its chain and answers")
def get_signoff(request: HttpRequest, number: str) -> HttpResponse:
    return _answer(request, number)


@router.post("signoffs", response={201: SignoffWhole}, summary="Ask for a consent, approval or signature")
@rest.repeatable
def ask(request: HttpRequest, data: AskIn) -> HttpResponse:
    actor = rest.actor_of(request)
    sort, _colon, number = data.about.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise Invalid(fields={"about": ["ticket:12"]})
    subject = subjects.subject_of(actor, sort, int(number))
    values = data.model_dump(exclude={"about", "steps"})
    signoff = services.ask(
        actor=actor,
        subject=(subject.type, subject.id),
        case=subject.case,
        customer_id=subject.customer_id,
        contract_id=subject.contract_id,
        label=subject.label,
        steps=[Asked(**step.model_dump()) for step in data.steps],
        **values,
    )
    return _answer(request, signoff.number, status=201)


def _own_step(actor: Actor, number: str, step_id: int | None) -> int:
    signoff = queries.signoff_numbered(actor, number)
    steps = queries.steps_of(signoff)
    if step_id is not None:
        found = [step for step in steps if step.pk == step_id]
    else:
        found = [
            step
            for step in steps
            if (signoff.state != State.ASKED or step.state == StepState.ASKED)
            and queries.standing_of(actor, signoff, step) is not None
        ]
        found.sort(key=lambda step: step.state not in (StepState.GIVEN, StepState.REFUSED))
    if not found:
        raise NotAllowed
    return int(found[0].pk)


@router.post("signoffs/{number}/give", response=SignoffWhole, summary="Consent, approve or sign")
@rest.repeatable
def give(request: HttpRequest, number: str, data: AnswerIn) -> HttpResponse:
    actor = rest.actor_of(request)
    step_id = _own_step(actor, number, data.step)
    values = data.model_dump(exclude={"step"})
    services.give(actor=actor, step_id=step_id, traces=traces_of(request), **values)
    return _answer(request, number)


@router.post("signoffs/{number}/refuse", response=SignoffWhole, summary="Refuse, and say why")
@rest.repeatable
def refuse(request: HttpRequest, number: str, data: AnswerIn) -> HttpResponse:
    actor = rest.actor_of(request)
    step_id = _own_step(actor, number, data.step)
    services.refuse(actor=actor, step_id=step_id, words=data.words, traces=traces_of(request))
    return _answer(request, number)


@router.post("signoffs/{number}/withdraw", response=SignoffWhole, summary="Take a consent or approval back")
@rest.repeatable
def withdraw(request: HttpRequest, number: str, data: WordsIn) -> HttpResponse:
    actor = rest.actor_of(request)
    signoff = queries.signoff_numbered(actor, number)
    services.withdraw(actor=actor, signoff_id=signoff.pk, words=data.words, traces=traces_of(request))
    return _answer(request, number)


@router.post("signoffs/{number}/cancel", response=SignoffWhole, summary="Call off what is no longer needed")
@rest.repeatable
def cancel(request: HttpRequest, number: str, data: WordsIn) -> HttpResponse:
    actor = rest.actor_of(request)
    signoff = queries.signoff_numbered(actor, number)
    services.cancel(actor=actor, signoff_id=signoff.pk, words=data.words)
    return _answer(request, number)


class SendLinkIn(Schema):
    """step: its place in the chain, from 1; channel: email or sms; hours: how long the link lasts, 336 at most."""

    step: int
    contact_id: int
    channel: str
    hours: int = 72


class SendingOut(Schema):
    """state: queued, sent, arrived (as the provider reports) or failed; answer: what the mail server or provider said.

    Never the link itself."""

    id: int
    contact_id: int
    channel: str
    state: str
    attempts: int
    answer: str
    asked_at: datetime
    settled_at: datetime | None


@router.post(
    "signoffs/{number}/links", response={202: SendingOut}, summary="Send a contact a link to answer by"
)
@rest.repeatable
def send_link(request: HttpRequest, number: str, data: SendLinkIn) -> HttpResponse:
    actor = rest.actor_of(request)
    signoff = queries.signoff_numbered(actor, number)
    step = next((one for one in queries.steps_of(signoff) if one.place == data.step), None)
    if step is None:
        raise NotFound
    made = services.send_link(
        actor=actor,
        step_id=step.pk,
        contact_id=data.contact_id,
        channel=data.channel,
        lasts=timedelta(hours=min(max(data.hours, 0), 10_000)),
    )
    return rest.answer(_plain(made, SendingOut), status=202)


@router.get("signoffs/{number}/links", response=list[SendingOut], summary="Links sent")
def list_sendings(request: HttpRequest, number: str) -> HttpResponse:
    actor = rest.actor_of(request)
    signoff = queries.signoff_numbered(actor, number)
    access.require_handle(actor, signoff)
    return rest.answer([_plain(one, SendingOut) for one in queries.sendings_of(signoff)])


@router.get("delegations", response=list[DelegationOut], summary="One's own deputies and deputyships")
def list_delegations(request: HttpRequest) -> HttpResponse:
    rows = queries.my_delegations(rest.actor_of(request))
    return rest.answer([_plain(one, DelegationOut) for one in rows])


@router.post("delegations", response={201: DelegationOut}, summary="Name a deputy for a time")
@rest.repeatable
def delegate(request: HttpRequest, data: DelegationIn) -> HttpResponse:
    made = services.delegate(actor=rest.actor_of(request), **data.model_dump())
    return rest.answer(_plain(made, DelegationOut), status=201)


@router.post("delegations/{int:delegation_id}/end", response=DelegationOut, summary="End a deputyship early")
@rest.repeatable
def end_delegation(request: HttpRequest, delegation_id: int) -> HttpResponse:
    ended = services.end_delegation(actor=rest.actor_of(request), delegation_id=delegation_id)
    return rest.answer(_plain(ended, DelegationOut))
