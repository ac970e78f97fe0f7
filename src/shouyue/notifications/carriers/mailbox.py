"""The mailbox that returned mail goes to, read by IMAP: only reports are looked at, and marked as seen when kept."""

from __future__ import annotations

import imaplib
import ssl
import time
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

TIMEOUT_SECONDS = 15
WORK_SECONDS = 40
MOST_MAILS = 100
LARGEST_MAIL = 256 * 1024
TROUBLE = (OSError, imaplib.IMAP4.error, ValueError)
"""ValueError: names that cannot be told, such as one too long for a host."""
_REPORTS = '(UNSEEN OR HEADER Content-Type "delivery-status" OR FROM "mailer-daemon" FROM "postmaster")'


class MailboxError(Exception):
    """The mail server cannot be reached, or refuses; says why without secrets."""


class Mailbox:
    """One session. Raises: MailboxError."""

    def __init__(self, address: str, user: str, password: str, folder: str) -> None:
        self._address, self._user, self._password, self._folder = address, user, password, folder or "INBOX"

    def __enter__(self) -> Mailbox:
        parts = urlsplit(self._address)
        host = parts.hostname or ""
        try:
            if parts.scheme == "imaps":
                context = ssl.create_default_context()
                self._server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                    host, parts.port or 993, ssl_context=context, timeout=TIMEOUT_SECONDS
                )
            else:
                self._server = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT_SECONDS)
        except TROUBLE as error:
            raise MailboxError(f"{type(error).__name__}: {error}") from error
        try:
            self._server.login(self._user, self._password)
            self._expect(self._server.select(f'"{self._folder}"'))
        except UnicodeError as error:  # would quote a letter of the password
            self._server.shutdown()
            raise MailboxError(_("IMAP takes user names and passwords of plain ASCII only")) from error
        except (*TROUBLE, MailboxError) as error:
            self._server.shutdown()
            said = str(error).replace(self._password, "***") if self._password else str(error)
            raise MailboxError(f"{type(error).__name__}: {said}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._server.logout()
        except (OSError, imaplib.IMAP4.error):
            self._server.shutdown()

    def reports(self) -> list[tuple[bytes, bytes]]:
        """Unseen reports, oldest first: (uid, content); as many as come in time, the next round reads on."""
        ends = time.monotonic() + WORK_SECONDS
        try:
            uids = self._expect(self._server.uid("SEARCH", _REPORTS))[0].split()
            found = []
            for uid in uids[:MOST_MAILS]:
                if time.monotonic() > ends:
                    break
                answer = self._server.uid("FETCH", uid.decode(), f"(BODY.PEEK[]<0.{LARGEST_MAIL}>)")
                content = next((part[1] for part in self._expect(answer) if isinstance(part, tuple)), b"")
                if content:  # else it was taken away meanwhile
                    found.append((uid, content))
        except TROUBLE as error:
            raise MailboxError(f"{type(error).__name__}: {error}") from error
        return found

    def mark_seen(self, uids: list[bytes]) -> None:
        """They have been kept."""
        if not uids:
            return
        try:
            self._expect(self._server.uid("STORE", b",".join(uids).decode(), "+FLAGS", r"(\Seen)"))
        except TROUBLE as error:
            raise MailboxError(f"{type(error).__name__}: {error}") from error

    @staticmethod
    def _expect(answer: tuple[str, list[Any]]) -> list[Any]:
        status, data = answer
        if status != "OK":
            raise MailboxError(b" ".join(one for one in data if one).decode("utf-8", "replace")[:200])
        return [one for one in data if one is not None] or [b""]
