"""One round's messages on their way: the mail server's connection, and the gateways' senders."""

from __future__ import annotations

import logging
from collections import Counter
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shouyue.kernel import clock
from shouyue.kernel.errors import ShouyueError
from shouyue.notifications import names, secrets_of
from shouyue.notifications.carriers import sending
from shouyue.notifications.carriers.parcel import Outcome, Parcel
from shouyue.notifications.choices import Channel
from shouyue.notifications.models import Gateway, Notice
from shouyue.notifications.rules.pace import BREAKS_AFTER

_log = logging.getLogger(__name__)


class Messenger:
    """Sends; never raises for what a server did. After some failures of one gateway the rest of its messages wait."""

    RESTS = gettext_lazy("the gateway rests")

    def __init__(self) -> None:
        self._mail: BaseEmailBackend | None = None
        self._mail_problem: Outcome | None = None
        self._failures: Counter[int] = Counter()

    def send(self, notice: Notice) -> Outcome:
        """Send one notice by its channel."""
        if notice.channel == Channel.EMAIL:
            return self._by_mail(notice)
        if notice.gateway is None:
            return Outcome("refused", _("no gateway for this channel is in use"))
        return self._by_gateway(notice, notice.gateway)

    def close(self) -> None:
        """End the connection to the mail server."""
        if self._mail is not None:
            try:
                self._mail.close()
            except (OSError, SMTPException) as error:
                _log.info("mail server: %s", error)

    def _by_gateway(self, notice: Notice, gateway: Gateway) -> Outcome:
        if self._failures[gateway.pk] >= BREAKS_AFTER:
            return Outcome("slow", str(self.RESTS), wait=30)
        try:
            secrets = secrets_of.opened(gateway)
        except ShouyueError as error:
            return Outcome("refused", error.message)
        outcome = sending.send(
            gateway.kind,
            Parcel(
                settings=gateway.settings,
                secrets=secrets,
                phone=mobile_number(notice.reader.phone),
                subject=notice.subject,
                text=notice.body,
                link=f"{settings.BASE_URL}{notice.url}" if notice.url else "",
                key=notice.sent_key,
                at=clock.now(),
                stop=_how_to_stop(notice),
                name=notice.reader.name,
            ),
        )
        if outcome.state in ("failed", "slow"):
            self._failures[gateway.pk] += 1 if outcome.state == "failed" else BREAKS_AFTER
        else:
            self._failures[gateway.pk] = 0
        return outcome

    def _by_mail(self, notice: Notice) -> Outcome:
        if not notice.reader.email:
            return Outcome("refused", _("no e-mail address"))
        if self._mail_problem is not None:
            return self._mail_problem
        if self._mail is None:
            try:
                self._mail = mail.get_connection(timeout=settings.EMAIL_TIMEOUT)
                self._mail.open()
            except (OSError, SMTPException) as error:
                self._mail, self._mail_problem = None, mail_failed(error)
                return self._mail_problem
        try:
            _message(notice, self._mail).send()
        except (OSError, SMTPException, ValueError) as error:
            if isinstance(error, OSError) and not isinstance(
                error, SMTPResponseException | SMTPRecipientsRefused
            ):
                self.close()  # the next message gets a new connection
                self._mail = None
            return mail_failed(error)
        return Outcome("accepted")


def mail_failed(error: Exception) -> Outcome:
    """A mail server that refuses the recipient or the message for good is not asked again."""
    codes = (
        [code for code, _words in error.recipients.values()]
        if isinstance(error, SMTPRecipientsRefused)
        else [error.smtp_code]
        if isinstance(error, SMTPResponseException)
        else []
    )
    final = isinstance(error, ValueError) or (
        bool(codes) and all(code in (550, 551, 552, 553, 554) for code in codes)
    )
    return Outcome("refused" if final else "failed", f"{type(error).__name__}: {error}"[:300])


def _message(notice: Notice, server: BaseEmailBackend) -> mail.EmailMessage:
    link = f"\n\n{settings.BASE_URL}{notice.url}" if notice.url else ""
    if notice.contact_id is not None:
        with translation.override(notice.language):
            link += "\n\n-- \n" + _("How you are told, and how to end it: %(address)s") % {
                "address": names.address_of(notice.contact_id)
            }
    return mail.EmailMessage(
        subject=notice.subject,
        body=f"{notice.body or notice.subject}{link}",
        to=[notice.reader.email],
        connection=server,
        headers={
            "Message-ID": f"<{names.name_of(notice.pk)}@{names.DOMAIN}>",
            "Auto-Submitted": "auto-generated",
        },
    )


def _how_to_stop(notice: Notice) -> str:
    """The end of a text message to somebody without account; for others there is none."""
    if notice.contact_id is None:
        return ""
    with translation.override(notice.language):
        return " " + _("To stop: %(address)s") % {"address": names.address_of(notice.contact_id)}


def mobile_number(phone: str) -> str:
    """A mobile number as gateways in China take it: digits only, without the country's own prefix."""
    digits = "".join(char for char in phone if char.isdigit())
    return digits.removeprefix("86") if len(digits) == 13 and digits.startswith("86") else digits
