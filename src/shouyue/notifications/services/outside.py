"""One message to somebody who has no account, such as a contact asked to answer by a link: by mail or text message."""

from __future__ import annotations

from dataclasses import dataclass
from smtplib import SMTPException

from django.conf import settings
from django.core import mail
from django.db.models import Q
from django.utils.translation import gettext as _

from shouyue.kernel import clock
from shouyue.kernel.errors import ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.notifications import secrets_of
from shouyue.notifications.carriers import sending
from shouyue.notifications.carriers.parcel import Outcome, Parcel
from shouyue.notifications.choices import Channel
from shouyue.notifications.models import Gateway

from .sending import mail_failed, mobile_number


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent, and where to. link: a secret; it is kept nowhere. key: of this try; each has a link of its own."""

    channel: str
    to: str
    subject: str
    text: str
    link: str
    key: str


def send_outside(letter: Letter) -> Outcome:
    """Send one message now; the answer never holds its link. Call it in a job, outside of transactions.

    Queries: one for a text message.
    """
    if not letter.to:
        return Outcome(
            "refused", _("no e-mail address") if letter.channel == Channel.EMAIL else _("no phone number")
        )
    outcome = _by_mail(letter) if letter.channel == Channel.EMAIL else _by_sms(letter)
    secret = letter.link.rstrip("/").rpartition("/")[2]
    said = outcome.answer.replace(letter.link, "***")
    return Outcome(outcome.state, said.replace(secret, "***") if secret else said, outcome.wait)


def can_send_sms() -> bool:
    """Whether a gateway for text messages is in use. Queries: one."""
    return Gateway.objects.filter(is_active=True, channel=Channel.SMS).exists()


def _by_mail(letter: Letter) -> Outcome:
    message = mail.EmailMessage(
        subject=" ".join(letter.subject.split()),
        body=f"{letter.text}\n\n{letter.link}",
        to=[letter.to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        message.connection = mail.get_connection(timeout=settings.EMAIL_TIMEOUT)
        message.send()
    except (OSError, SMTPException, ValueError) as error:
        return mail_failed(error)
    return Outcome("accepted")


def _by_sms(letter: Letter) -> Outcome:
    with acting_in(EVERYTHING):
        now = clock.now()
        free = Q(open_until=None) | Q(open_until__lte=now)
        rows = Gateway.objects.filter(free, is_active=True, channel=Channel.SMS)
        gateway = rows.order_by("failures", "id").first()
        if gateway is None:
            resting = Gateway.objects.filter(is_active=True, channel=Channel.SMS).exists()
            return Outcome("slow" if resting else "refused", _("no gateway for this channel is in use"))
        try:
            secrets = secrets_of.opened(gateway)
        except ShouyueError as error:
            return Outcome("refused", error.message)
    told = any("{link}" in str(value) for value in gateway.settings.values())
    return sending.send(
        gateway.kind,
        Parcel(
            settings=gateway.settings,
            secrets=secrets,
            phone=mobile_number(letter.to),
            subject=letter.subject if told else f"{letter.subject} {letter.link}",
            text=letter.text,
            link=letter.link,
            key=letter.key,
            at=clock.now(),
        ),
    )
