"""Gateways: set up, changed, switched and tested by the system administrator."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from shouyue.kernel import clock, events, locks
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed
from shouyue.notifications import access, queries, secrets_of
from shouyue.notifications.choices import Channel, GatewayKind
from shouyue.notifications.models import Gateway, Notice
from shouyue.notifications.rules import setup

from .posting import Draft, post

_VARIABLE = re.compile(r"SHOUYUE_[A-Z0-9_]{1,60}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
LONGEST = 2000


@transaction.atomic
def create_gateway(
    *,
    actor: Actor,
    kind: str,
    name: str,
    per_minute: int,
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
) -> Gateway:
    """Set up a gateway. Raises: NotAllowed, Invalid."""
    access.require_set_up(actor)
    if kind not in GatewayKind.values:
        raise Invalid(fields={"kind": [_("There is no such kind of gateway.")]})
    now = clock.now()
    gateway = Gateway(
        kind=kind, channel=GatewayKind(kind).channel, created_at=now, secrets_changed_at=now, name=_name(name)
    )
    _fill(gateway, per_minute, settings, secrets, {})
    _save(gateway)
    _record(actor, gateway, "gateway.created")
    return gateway


@transaction.atomic
def change_gateway(
    *,
    actor: Actor,
    gateway_id: int,
    version: int,
    name: str,
    per_minute: int,
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
) -> Gateway:
    """Change a gateway; a secret left empty stays, `-` takes an optional one away.

    Raises: NotAllowed, NotFound, Conflict (changed meanwhile), Invalid. Locks: the gateway.
    """
    access.require_set_up(actor)
    gateway: Gateway = locks.lock_row(queries.gateways(actor), pk=gateway_id)
    if gateway.version != version:
        raise Conflict
    try:
        kept = secrets_of.kept(gateway)
    except Conflict:
        kept = {}  # sealed under a key that is gone: all must be entered again
    gateway.name = _name(name)
    _fill(gateway, per_minute, settings, secrets, kept)
    if any(secrets.values()):
        gateway.secrets_changed_at = clock.now()
    gateway.version += 1
    gateway.failures, gateway.open_until = 0, None
    _save(gateway)
    _record(actor, gateway, "gateway.changed")
    return gateway


@transaction.atomic
def switch_gateway(*, actor: Actor, gateway_id: int, on: bool) -> Gateway:
    """Take a gateway into use, or out of it. Raises: NotAllowed, NotFound. Locks: the gateway."""
    access.require_set_up(actor)
    gateway: Gateway = locks.lock_row(queries.gateways(actor), pk=gateway_id)
    if gateway.is_active != on:
        gateway.is_active = on
        gateway.version += 1
        gateway.save(update_fields=["is_active", "version"])
        _record(actor, gateway, "gateway.switched")
    return gateway


@transaction.atomic
def resume_gateway(*, actor: Actor, gateway_id: int) -> Gateway:
    """Let a gateway that rests try again at once. Raises: NotAllowed, NotFound. Locks: the gateway."""
    access.require_set_up(actor)
    gateway: Gateway = locks.lock_row(queries.gateways(actor), pk=gateway_id)
    gateway.failures, gateway.open_until = 0, None
    gateway.save(update_fields=["failures", "open_until"])
    Notice.objects.filter(channel=gateway.channel, state="queued").update(retry_at=None)
    _record(actor, gateway, "gateway.resumed")
    return gateway


@transaction.atomic
def test_gateway(*, actor: Actor, gateway_id: int | None) -> None:
    """Send a message to oneself through a gateway (None: by mail); the page shows the answer. Raises: NotAllowed."""
    access.require_set_up(actor)
    if actor.user_id is None:
        raise NotAllowed
    gateway = queries.gateway_of(actor, gateway_id) if gateway_id is not None else None
    post(
        [
            Draft(
                user_id=actor.user_id,
                customer_id=actor.customer_id,
                channel=gateway.channel if gateway else Channel.EMAIL,
                subject=_("Test message of %(name)s") % {"name": gateway.name if gateway else _("E-mail")},
                body=_("If you read this, the channel works."),
                key=f"test:{gateway_id or 0}:{actor.user_id}:{clock.now().isoformat()}",
                gateway_id=gateway_id,
            )
        ]
    )


def _name(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())[:60]
    if not name:
        raise Invalid(fields={"name": [_("This field is required.")]})
    return name


def _fill(
    gateway: Gateway,
    per_minute: int,
    given: Mapping[str, str],
    secrets: Mapping[str, str],
    kept: Mapping[str, str],
) -> None:
    """Take over what was entered, checked field by field. Raises: Invalid naming each wrong one."""
    wrong: dict[str, list[Any]] = {}
    public: dict[str, str] = {}
    hidden: dict[str, str] = {}
    for setting in setup.SETTINGS[gateway.kind]:
        value = (secrets if setting.secret else given).get(setting.name, "").replace("\r\n", "\n").strip()
        if setting.secret:
            value = kept.get(setting.name, "") if not value else "" if value == "-" else value
        if problem := _problem(setting, value):
            wrong[setting.name] = [problem]
        (hidden if setting.secret else public)[setting.name] = value
    if not 1 <= per_minute <= 10_000:
        wrong["per_minute"] = [_("Between 1 and 10,000.")]
    if wrong:
        raise Invalid(fields=wrong)
    gateway.per_minute = per_minute
    gateway.settings = public
    gateway.sealed = secrets_of.sealed({name: value for name, value in hidden.items() if value})


def _problem(setting: setup.Setting, value: str) -> str:
    from_environment = setting.secret and value.startswith(secrets_of.FROM_ENVIRONMENT)
    if not value:
        return _("This field is required.") if setting.required else ""
    if len(value) > LONGEST or "\x00" in value:
        return _("This is too long.")
    if from_environment:
        if not _VARIABLE.fullmatch(value.removeprefix(secrets_of.FROM_ENVIRONMENT)):
            return _("The variable's name begins with SHOUYUE_ and has capitals, digits and underscores.")
        return ""
    if setting.kind == "url" and not setup.is_safe_address(value):
        return _("An https:// address, or http:// within your own network.")
    if setting.kind == "mailbox" and not setup.is_safe_mailbox(value):
        return _("An imaps:// address, or imap:// within your own network.")
    if setting.name == "imap_folder" and ('"' in value or not value.isascii() or not value.isprintable()):
        return _("The folder's name as the server has it, without quotes.")
    if setting.kind == "choice" and value not in dict(setting.choices):
        return _("Choose one of the offered values.")
    if setting.name.endswith("_header") and not _HEADER.fullmatch(value):
        return _("A header's name has letters, digits and hyphens.")
    if setting.secret and setting.kind != "url" and any(char in value for char in "\r\n"):
        return _("A secret has one line.")
    if setting.name == "template_param":
        return _bad_json(value)
    return ""


def _bad_json(value: str) -> str:
    try:
        good = isinstance(json.loads(value), dict)
    except ValueError:
        good = False
    return "" if good else _("This is not a JSON object.")


def _save(gateway: Gateway) -> None:
    try:
        with transaction.atomic():
            gateway.save()
    except IntegrityError as error:
        raise Invalid(fields={"name": [_("Another gateway has this name.")]}) from error


def _record(actor: Actor, gateway: Gateway, verb: str) -> None:
    events.record(
        verb,
        actor=actor,
        subject=("gateway", gateway.pk),
        facts={"kind": gateway.kind, "on": gateway.is_active},
    )
