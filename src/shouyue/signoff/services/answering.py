"""Answers: given, refused, withdrawn; by who is signed in, by link, spoken or on paper. Each is a row that stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from shouyue.files import services as files
from shouyue.files.models import StoredFile
from shouyue.kernel import clock, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.parties.models import Contact
from shouyue.signoff import access, queries, rules
from shouyue.signoff.choices import SPOKEN, Channel, Kind, Side, State, StepState, Verdict
from shouyue.signoff.models import Answer, Link, Signoff, Step
from shouyue.signoff.queries import Standing

from . import links, sending, telling


@dataclass(frozen=True, slots=True)
class Traces:
    """Where an answer came from: address and browser; only keyed digests are kept."""

    address: str = ""
    agent: str = ""

    def digests(self) -> dict[str, str]:
        return {"address_digest": _keyed(self.address), "agent_digest": _keyed(self.agent)}


def _keyed(text: str) -> str:
    return salted_hmac("shouyue.signoff.traces", text, algorithm="sha256").hexdigest() if text else ""


NO_TRACES = Traces()


@transaction.atomic
def give(
    *,
    actor: Actor,
    step_id: int,
    words: str = "",
    typed_name: str = "",
    drawing: str = "",
    traces: Traces = NO_TRACES,
) -> Signoff:
    """Consent, approve or sign. drawing: a PNG as data URL; a signature needs the typed name, a drawing if it can.

    Raises: NotFound, NotAllowed for who has no standing in the step, Conflict when it is answered or its time is
    over, Invalid. Events: <kind>.step_given or, with the last step, <kind>.given. Locks: sign-off and step.
    """
    signoff, step, standing = _own(actor, step_id)
    signed = _signature(signoff, typed_name, drawing)
    values = {"words": telling.checked_text("words", words), **signed, **traces.digests()}
    return _answer(actor, signoff, step, Verdict.GIVEN, standing, Channel.PORTAL, values)


@transaction.atomic
def refuse(*, actor: Actor, step_id: int, words: str, traces: Traces = NO_TRACES) -> Signoff:
    """Say no, and why. Raises: NotFound, NotAllowed, Conflict, Invalid. Events: <kind>.refused. Locks: both rows."""
    signoff, step, standing = _own(actor, step_id)
    values = {"words": telling.checked_text("words", words, required=True), **traces.digests()}
    return _answer(actor, signoff, step, Verdict.REFUSED, standing, Channel.PORTAL, values)


@transaction.atomic
def give_by_link(
    *, token: str, words: str = "", typed_name: str, drawing: str = "", traces: Traces = NO_TRACES
) -> Signoff:
    """Consent, approve or sign by a single-use link. Raises: NotFound for a link that opens nothing, Invalid."""
    actor, link, signoff, step, standing = _linked(token)
    signed = _signature(signoff, typed_name, drawing, is_named=True)
    values = {"words": telling.checked_text("words", words), **signed, **traces.digests()}
    return _answer(actor, signoff, step, Verdict.GIVEN, standing, Channel.LINK, values, link=link)


@transaction.atomic
def refuse_by_link(*, token: str, words: str, typed_name: str = "", traces: Traces = NO_TRACES) -> Signoff:
    """Say no by a single-use link. Raises: NotFound for a link that opens nothing, Invalid."""
    actor, link, signoff, step, standing = _linked(token)
    values = {
        "words": telling.checked_text("words", words, required=True),
        "typed_name": telling.checked_text("typed_name", typed_name, limit=rules.NAME_LIMIT),
        **traces.digests(),
    }
    return _answer(actor, signoff, step, Verdict.REFUSED, standing, Channel.LINK, values, link=link)


@transaction.atomic
def record_answer(
    *, actor: Actor, step_id: int, contact_id: int, verdict: str, channel: str, words: str
) -> Signoff:
    """Write down what a contact of the customer said by telephone or face to face; consents only.

    words: what was said. Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: sign-off and step.
    """
    signoff, step = _locked(actor, step_id)
    access.require_handle(actor, signoff)
    if signoff.kind != Kind.CONSENT:
        raise Invalid(_("Approvals and signatures are given in writing."))
    if channel not in SPOKEN or verdict not in (Verdict.GIVEN, Verdict.REFUSED):
        raise Invalid(fields={"channel": [_("Choose one of these.")]})
    contact, standing = _spoken_by(signoff, step, contact_id, actor)
    values: dict[str, Any] = {
        "words": telling.checked_text("words", words, required=True),
        "recorded_by_id": actor.user_id,
    }
    return _answer(actor, signoff, step, verdict, standing, channel, values, contact=contact)


@transaction.atomic
def upload_scan(
    *, actor: Actor, step_id: int, contact_id: int, upload: UploadedFile[bytes], words: str = ""
) -> Signoff:
    """Keep the scan of a paper a contact of the customer has signed, as his answer.

    Raises: NotFound, NotAllowed, Conflict, Invalid. Locks: sign-off and step.
    """
    signoff, step = _locked(actor, step_id)
    access.require_handle(actor, signoff)
    contact, standing = _spoken_by(signoff, step, contact_id, actor)
    stored = _store(actor, signoff, upload)
    if not stored.media_type.startswith("image/") and stored.media_type != "application/pdf":
        raise Invalid(fields={"upload": [_("A scan is a picture or a PDF.")]})
    values: dict[str, Any] = {
        "words": telling.checked_text("words", words),
        "recorded_by_id": actor.user_id,
        "typed_name": contact.name[: rules.NAME_LIMIT],
        "image": stored,
    }
    return _answer(actor, signoff, step, Verdict.GIVEN, standing, Channel.PAPER, values, contact=contact)


@transaction.atomic
def withdraw(
    *, actor: Actor, signoff_id: int, words: str, contact_id: int | None = None, traces: Traces = NO_TRACES
) -> Signoff:
    """Take a consent or an approval back, as who gave it or may give it now.

    contact_id: written down by the provider's people for the contact who gave it. Raises: NotFound, NotAllowed,
    Conflict, Invalid. Events: <kind>.withdrawn. Locks: the sign-off and its steps.
    """
    signoff: Signoff = locks.lock_row(Signoff.objects.visible_to(actor), pk=signoff_id)
    words = telling.checked_text("words", words, required=True)
    if signoff.state == State.WITHDRAWN:
        return signoff
    if signoff.kind == Kind.SIGNATURE:
        raise Conflict(_("A signature cannot be taken back."), code="wrong_state")
    given = locks.lock_rows(Step.objects.filter(signoff=signoff, state=StepState.GIVEN))
    if (
        signoff.state not in (State.ASKED, State.GIVEN)
        or not given
        or telling.has_lapsed(signoff, clock.now())
    ):
        raise Conflict(_("There is nothing to take back."), code="wrong_state")
    step, standing, contact = _withdrawn_by(actor, signoff, given, contact_id)
    step.state = StepState.WITHDRAWN
    step.save(update_fields=["state"])
    _keep(
        actor,
        signoff,
        step,
        Verdict.WITHDRAWN,
        standing,
        Channel.PHONE if contact else Channel.PORTAL,
        {
            "words": words,
            "recorded_by_id": actor.user_id if contact else None,
            **({} if contact else traces.digests()),
        },
        contact=contact,
    )
    telling.settle(signoff, State.WITHDRAWN, words=words)
    telling.record(actor, signoff, "withdrawn", step=step, by_customer=step.side == Side.CUSTOMER)
    telling.tell_outcome(signoff)
    return signoff


def _withdrawn_by(
    actor: Actor, signoff: Signoff, given: list[Step], contact_id: int | None
) -> tuple[Step, Standing, Contact | None]:
    if contact_id is not None:
        access.require_handle(actor, signoff)
        for step in given:
            said = Answer.objects.filter(step=step, contact_id=contact_id, verdict=Verdict.GIVEN).first()
            if said is not None:
                return step, Standing(said.capacity), Contact.objects.get(pk=contact_id)
        raise Invalid(fields={"contact": [_("This person has given nothing here.")]})
    for step in given:
        if step.answered_by_id is not None and step.answered_by_id == actor.user_id:
            return step, Standing(step.capacity), None
        standing = queries.standing_of(actor, signoff, step)
        if standing is not None:
            return step, standing, None
    raise NotAllowed


# --- how an answer is kept -------------------------------------------------------------------------------------


def _locked(actor: Actor, step_id: int) -> tuple[Signoff, Step]:
    """The sign-off first, then the step: the same order everywhere."""
    found = Step.objects.filter(pk=step_id).values_list("signoff_id", flat=True).first()
    signoff: Signoff = locks.lock_row(Signoff.objects.visible_to(actor), pk=found)
    step: Step = locks.lock_row(Step.objects.all(), pk=step_id)
    return signoff, step


def _own(actor: Actor, step_id: int) -> tuple[Signoff, Step, Standing]:
    signoff, step = _locked(actor, step_id)
    standing = queries.standing_of(actor, signoff, step)
    if standing is None:
        if actor.user_id is not None and actor.user_id == signoff.asked_by_id:
            raise NotAllowed(_("Nobody answers what he asks for himself."))
        raise NotAllowed
    return signoff, step, standing


def _linked(token: str) -> tuple[Actor, Link, Signoff, Step, Standing]:
    opened = links.open_link(token)
    signoff, step = _locked(opened.actor, opened.step.pk)
    live = Link.objects.filter(used_at=None, revoked_at=None, expires_at__gt=clock.now())
    link: Link = locks.lock_row(live, pk=opened.link.pk)
    standing = queries.capacity_of_contact(opened.contact, step, signoff)
    if standing is None or step.state != StepState.ASKED or signoff.state != State.ASKED:
        raise NotFound
    return opened.actor, link, signoff, step, Standing(standing)


def _spoken_by(signoff: Signoff, step: Step, contact_id: int, actor: Actor) -> tuple[Contact, Standing]:
    contact: Contact | None = Contact.objects.filter(pk=contact_id, customer_id=signoff.customer_id).first()
    capacity = queries.capacity_of_contact(contact, step, signoff) if contact is not None else None
    if contact is None or capacity is None or (step.user_id is not None and contact.user_id != step.user_id):
        raise Invalid(fields={"contact": [_("This person may not answer for the customer here.")]})
    return contact, Standing(capacity)


def _signature(signoff: Signoff, typed_name: str, drawing: str, *, is_named: bool = False) -> dict[str, Any]:
    needed = is_named or signoff.kind == Kind.SIGNATURE
    name = telling.checked_text("typed_name", typed_name, required=needed, limit=rules.NAME_LIMIT)
    try:
        picture = rules.drawing_of(drawing)
    except ValueError as error:
        raise Invalid(
            fields={"drawing": [_("The drawn signature cannot be read. Draw it again.")]}
        ) from error
    return {"typed_name": name, "drawing": picture}


def _answer(
    actor: Actor,
    signoff: Signoff,
    step: Step,
    verdict: str,
    standing: Standing,
    channel: str,
    values: dict[str, Any],
    *,
    contact: Contact | None = None,
    link: Link | None = None,
) -> Signoff:
    """Keep the answer, let the chain go on, and say how it stands. The same answer given twice is kept once."""
    if link is not None:
        contact = queries.contact_of_link(link)
    if step.state == verdict and _is_repeat(actor, step, contact, verdict):
        return signoff
    if telling.has_lapsed(signoff, clock.now()):
        raise Conflict(_("The time for an answer is over."), code="expired")
    if signoff.state != State.ASKED or step.state != StepState.ASKED:
        raise Conflict(_("This has been answered or settled meanwhile."), code="answered")
    answer = _keep(actor, signoff, step, verdict, standing, channel, values, contact=contact, link=link)
    step.state = verdict
    step.answered_at, step.answered_by_id = answer.answered_at, answer.user_id
    step.answered_by_name, step.remind_at = answer.name, None
    step.save(update_fields=["state", "answered_at", "answered_by", "answered_by_name", "remind_at"])
    now = clock.now()
    Link.objects.filter(step=step, used_at=None, revoked_at=None).update(revoked_at=now)
    if link is not None:
        Link.objects.filter(pk=link.pk).update(used_at=now, revoked_at=None)
    steps = list(Step.objects.filter(signoff=signoff).order_by("place"))
    state = rules.outcome(signoff.mode, [one.state for one in steps])
    telling.settle(signoff, state)
    telling.record(
        actor,
        signoff,
        f"step_{verdict}" if state == State.ASKED else state,
        step=step,
        channel=channel,
        by_customer=step.side == Side.CUSTOMER,
        on_behalf_of=f"user:{standing.on_behalf_of_id}" if standing.on_behalf_of_id else None,
        document_digest=signoff.document_digest or None,
        signature=answer.image_digest or None,
        both=len({one.side for one in steps if one.state == StepState.GIVEN}) == 2,
        answer=f"answer:{answer.pk}",
    )
    if state == State.ASKED:
        telling.open_steps(signoff)
        sending.tell_contacts(signoff)
    else:
        telling.tell_outcome(signoff)
    return signoff


def _is_repeat(actor: Actor, step: Step, contact: Contact | None, verdict: str) -> bool:
    said = Answer.objects.filter(step=step, verdict=verdict)
    if contact is not None:
        return bool(said.filter(contact=contact).exists())
    return actor.user_id is not None and bool(said.filter(user_id=actor.user_id).exists())


def _keep(
    actor: Actor,
    signoff: Signoff,
    step: Step,
    verdict: str,
    standing: Standing,
    channel: str,
    values: dict[str, Any],
    *,
    contact: Contact | None = None,
    link: Link | None = None,
) -> Answer:
    values = dict(values)
    picture = values.pop("drawing", b"")
    if picture:
        values["image"] = _store(actor, signoff, SimpleUploadedFile("signature.png", picture, "image/png"))
    image: StoredFile | None = values.get("image")
    kept: Answer = Answer.objects.create(
        customer_id=signoff.customer_id,
        signoff=signoff,
        step=step,
        verdict=verdict,
        user_id=None if contact is not None else actor.user_id,
        contact=contact,
        link=link,
        name=contact.name if contact is not None else actor.name,
        capacity=standing.capacity,
        on_behalf_of_id=standing.on_behalf_of_id,
        channel=channel,
        image_digest=image.digest if image is not None else "",
        digest=signoff.digest,
        answered_at=clock.now(),
        **values,
    )
    return kept


def _store(actor: Actor, signoff: Signoff, upload: UploadedFile[bytes]) -> StoredFile:
    if (upload.size or 0) > settings.FILE_SIZE_LIMIT:
        raise Invalid(fields={"upload": [_("The file is too large.")]})
    return files.store(
        actor=actor,
        customer_id=signoff.customer_id,
        contract_id=signoff.contract_id,
        upload=upload,
        attached_to=("signoff", signoff.pk),
        is_public=not signoff.is_internal,
    )
