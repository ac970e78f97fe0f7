"""Sessions in our own table, so that they can be listed and revoked. `SESSION_ENGINE` names this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import IntegrityError, connection, transaction

from shouyue.kernel import clock


@dataclass(frozen=True, slots=True)
class Glance:
    """What a request must know about its session: whose it is, and whether that user may still come in."""

    user_id: int
    access_version: int
    is_active: bool
    must_change_password: bool
    last_seen_at: datetime


_GLANCE = """
SELECT s.session_data, s.user_id, u.access_version, u.is_active, u.must_change_password, s.last_seen_at
FROM accounts_session s LEFT JOIN accounts_user u ON u.id = s.user_id
WHERE s.session_key = %s AND s.expire_date > %s
"""


class SessionStore(DatabaseStore):
    """Django's database sessions plus user, address, agent and last use, read in one query with the user's state."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._stored: str | None = None
        self._glanced = False
        self._glance: Glance | None = None
        self._origin: dict[str, str] = {}

    @classmethod
    def get_model_class(cls) -> Any:
        from .models import Session

        return Session

    def glance(self) -> Glance | None:
        """The session's user and state, None when nobody is signed in. Queries: one, the first time."""
        if not self._glanced and self.session_key:
            self._glanced = True
            with connection.cursor() as cursor:
                cursor.execute(_GLANCE, [self.session_key, clock.now()])
                row = cursor.fetchone()
            if row is not None:
                self._stored = row[0]
                self._glance = Glance(*row[1:]) if row[1] is not None else None
        return self._glance

    def load(self) -> dict[str, Any]:
        self.glance()
        if self._stored is None:
            self._session_key = None
            return {}
        data: dict[str, Any] = self.decode(self._stored)
        return data

    def came_from(self, address: str, agent: str) -> None:
        """Note where the browser is; written with the session."""
        self._origin = {"address": address[:45], "agent": agent.replace("\x00", "")[:300]}
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        columns = self._columns(data)
        now = clock.now()
        if must_create:
            row: Any = self.get_model_class()(
                session_key=self.session_key, created_at=now, last_seen_at=now, **columns
            )
            try:
                with transaction.atomic():
                    row.save(force_insert=True)
            except IntegrityError as error:
                raise CreateError from error
        elif not self.model.objects.filter(pk=self.session_key).update(**columns):
            raise UpdateError

    def _columns(self, data: Mapping[str, Any]) -> dict[str, Any]:
        user_id = data.get(SESSION_KEY)
        return {
            "session_data": self.encode(dict(data)),
            "expire_date": self.get_expiry_date(),
            "user_id": int(user_id) if user_id is not None else None,
            **self._origin,
        }

    def _forget_glance(self) -> None:
        self._glanced, self._glance, self._stored = False, None, None

    def cycle_key(self) -> None:
        super().cycle_key()
        self._forget_glance()

    def flush(self) -> None:
        super().flush()
        self._forget_glance()
