"""How a password proves who somebody is; throttling stands before it (see `services.sign_in`)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from . import queries
from .models import User


class PasswordBackend(BaseBackend):
    """User name, e-mail or phone are not interchangeable: the user name alone identifies."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The active user with this password. An unknown name costs the same time as a wrong password."""
        if not username or password is None:
            return None
        user = queries.find_user(username)
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        return queries.active_user(user_id)
