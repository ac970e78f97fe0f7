"""What is shared by all writes: the event, the next step's turn, and telling those who are asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from shouyue.accounts.models import User
from shouyue.contracts import queries as contracts
from shouyue.kernel import clock, events
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid
from shouyue.kernel.events import FactValue
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications.choices import Channel, Level
from shouyue.notifications.services import Draft, post
from shouyue.signoff import queries, rules
from shouyue.signoff.choices import Kind, State, StepState
from shouyue.signoff.models import Signoff, Step


def checked_text(field: str, text: str, *, required: bool = False, limit: int = rules.WORDS_LIMIT) -> str:
    """A text without blanks around it. Raises: Invalid when missing or too long."""
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if required and not text:
        raise Invalid(fields={field: [_("This field is required.")]})
    if len(text) > limit:
        raise Invalid(fields={field: [_("At most %(limit)d characters.") % {"limit": limit}]})
    return text


def record(
    actor: Actor, signoff: Signoff, verb: str, *, step: Step | None = None, **facts: FactValue
) -> events.RecordedEvent:
    """One event of what the sign-off is about, so that promises find it by subject or case."""
    about: dict[str, FactValue] = {
        "signoff": f"signoff:{signoff.pk}",
        "purpose": signoff.purpose,
        "content": signoff.digest,
    }
    if step is not None:
        about |= {"step": step.code or None, "side": step.side, "capacity": step.capacity or None}
    return events.record(
        f"{signoff.kind}.{verb}",
        actor=actor,
        subject=signoff.subject,
        case=signoff.case,
        customer_id=signoff.customer_id,
        contract_id=signoff.contract_id,
        facts={**about, **facts},
    )


def settle(signoff: Signoff, state: str, *, words: str = "") -> None:
    """Give the sign-off its new state; what is still open of the chain is no longer needed."""
    signoff.state = state
    signoff.settled_at = None if state == State.ASKED else clock.now()
    signoff.closing_words = words
    signoff.version += 1
    signoff.save(update_fields=["state", "settled_at", "closing_words", "version"])
    if state != State.ASKED:
        left = StepState.EXPIRED if state == State.EXPIRED else StepState.CLOSED
        Step.objects.filter(signoff=signoff, state__in=[StepState.WAITING, StepState.ASKED]).update(
            state=left, remind_at=None
        )


def open_steps(signoff: Signoff) -> None:
    """Ask those whose turn it is now, and tell them."""
    steps = list(Step.objects.filter(signoff=signoff).order_by("place"))
    now = clock.now()
    for place in rules.opened(signoff.mode, [step.state for step in steps]):
        step = steps[place]
        step.state, step.asked_at = StepState.ASKED, now
        step.remind_at = rules.first_reminder(now, step.reply_due_at)
        step.save(update_fields=["state", "asked_at", "remind_at"])
        tell_asked(signoff, step)


def tell_asked(signoff: Signoff, step: Step, *, turn: int = 0) -> int:
    """Tell everybody who may answer a step that he is asked, or reminded. Returns how many notices are new."""
    drafts = []
    with acting_in(EVERYTHING):
        people = queries.people_for(signoff, step)
    for user in people:
        with translation.override(user.language):
            subject = _reminder(signoff, step) if turn else question(signoff)
            drafts += _drafts(
                signoff, user, subject, f"asked-{step.pk}-{turn}", Level.WARNING if turn else Level.INFO
            )
    return _post(drafts)


def tell_outcome(signoff: Signoff, told: Iterable[User] = ()) -> int:
    """Tell who asked how it ended."""
    people = {user.pk: user for user in told}
    with acting_in(EVERYTHING):
        if signoff.asked_by is not None:
            people[signoff.asked_by.pk] = signoff.asked_by
    drafts = []
    for user in people.values():
        with translation.override(user.language):
            words = {"number": signoff.number, "label": signoff.label, "state": State(signoff.state).label}
            subject = _("%(number)s %(state)s: %(label)s") % words
            level = Level.INFO if signoff.state == State.GIVEN else Level.WARNING
            drafts += _drafts(signoff, user, subject, f"outcome-{signoff.version}", level)
    return _post(drafts)


def tell_overdue(signoff: Signoff, step: Step) -> int:
    """Escalate a step nobody has answered in time: who asked, and the contract's project managers."""
    people = (
        {user.pk: user for user in contracts.members(signoff.contract_id, "project_manager")}
        if (signoff.contract_id)
        else {}
    )
    if signoff.asked_by is not None:
        people[signoff.asked_by.pk] = signoff.asked_by
    drafts = []
    for user in people.values():
        with translation.override(user.language):
            subject = _("No answer in time to %(number)s: %(label)s") % {
                "number": signoff.number,
                "label": signoff.label,
            }
            drafts += _drafts(signoff, user, subject, f"overdue-{step.pk}", Level.WARNING)
    return _post(drafts)


def _post(drafts: list[Draft]) -> int:
    """Notices go to both sides, whoever has caused them; a customer's scope reaches its own readers only."""
    with acting_in(EVERYTHING):
        return post(drafts)


def question(signoff: Signoff) -> str:
    """What is asked, in one line of the running language."""
    about = {"label": signoff.label}
    match signoff.kind:
        case Kind.SIGNATURE:
            return _("Your signature is asked for: %(label)s") % about
        case Kind.APPROVAL:
            return _("Your approval is asked for: %(label)s") % about
    return _("Your consent is asked for: %(label)s") % about


def _reminder(signoff: Signoff, step: Step) -> str:
    late = step.reply_due_at is not None and step.reply_due_at <= clock.now()
    text = _("Your answer is overdue: %(label)s") if late else _("Your answer is still awaited: %(label)s")
    return text % {"label": signoff.label}


def _drafts(signoff: Signoff, user: User, subject: str, what: str, level: str) -> list[Draft]:
    channels = [Channel.IN_APP, *([Channel.EMAIL] if user.email else [])]
    return [
        Draft(
            user_id=user.pk,
            customer_id=user.customer_id,
            channel=channel,
            subject=subject,
            body="\n\n".join(filter(None, (subject, signoff.particulars))),
            url=reverse("signoff:signoff", args=[signoff.number]),
            key=f"signoff:{signoff.pk}:{what}:{user.pk}:{channel}",
            level=level,
            about=("signoff", signoff.pk),
            case=signoff.case,
            about_customer_id=signoff.customer_id,
            contract_id=signoff.contract_id,
        )
        for channel in channels
    ]


def has_lapsed(signoff: Signoff, now: datetime) -> bool:
    """Whether its time is over, though the job has not said so yet."""
    if signoff.expires_at is None or signoff.expires_at > now:
        return False
    return signoff.state == State.ASKED or rules.may_expire(signoff.kind)
