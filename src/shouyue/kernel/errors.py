"""The errors a service may raise: one HTTP status each, a message for people, fields for forms.

The docstring of a class is its default message (English msgid, translated when shown).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext


class ShouyueError(Exception):
    """Something went wrong."""

    status = 500
    code = "error"

    def __init__(
        self,
        message: str | Promise | None = None,
        *,
        fields: Mapping[str, Sequence[str | Promise]] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message or inspect.getdoc(type(self)) or "")
        self._message = message
        self.fields: dict[str, list[str | Promise]] = {k: list(v) for k, v in (fields or {}).items()}
        if code:
            self.code = code

    @property
    def message(self) -> str:
        """The message in the language that is active now."""
        if self._message is not None:
            return str(self._message)
        return gettext(inspect.getdoc(type(self)) or "")

    def __str__(self) -> str:
        return self.message


class NotFound(ShouyueError):
    """There is no such record, or it is not yours to see."""

    status = 404
    code = "not_found"


class NotAllowed(ShouyueError):
    """Your role does not allow this."""

    status = 403
    code = "not_allowed"


class Conflict(ShouyueError):
    """The record has changed meanwhile. Look at it again, then repeat your change."""

    status = 409
    code = "conflict"


class Invalid(ShouyueError):
    """Some values are not valid."""

    status = 422
    code = "invalid"


class GateRefused(Conflict):
    """A promise of the contract forbids this until its condition is met."""

    code = "gate_refused"

    def __init__(self, message: str | Promise | None = None, *, refusals: Sequence[Any] = ()) -> None:
        """refusals: the `gates.Refusal` of each promise, for pages that lead to what is missing."""
        super().__init__(message)
        self.refusals = tuple(refusals)


class TooMany(ShouyueError):
    """Too many requests. Wait a moment, then try again."""

    status = 429
    code = "too_many"
