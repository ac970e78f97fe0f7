"""Carry out one step of a script: the verb of a service, by an account, now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shouyue.accounts.models import User
from shouyue.accounts.queries import actor_from
from shouyue.demo.rules.script import Step
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.tickets import services as tickets
from shouyue.visits import services as visits

from . import verbs

VISIT_VERBS = ("receive_visit", "depart", "arrive", "leave")


@dataclass
class Cast:
    """Who acts, by user name; cases: ticket ids by the key of their story."""

    actors: dict[str, Actor] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)

    def actor(self, username: str) -> Actor:
        """Queries: one for somebody new, and that of memberships."""
        if username not in self.actors:
            self.actors[username] = actor_from(User.objects.get(username=username))
        return self.actors[username]


@dataclass
class Thread:
    """What a story has made so far."""

    key: str
    ticket_id: int | None = None
    visit_id: int | None = None
    gave_up: str = ""


def perform(cast: Cast, thread: Thread, step: Step) -> None:
    """Do it. Raises: what the service raises."""
    actor = cast.actor(step.by)
    arguments = {name: _value(cast, value) for name, value in step.arguments.items()}
    if "promised_in" in arguments:
        arguments["promised_at"] = clock.now() + timedelta(minutes=arguments.pop("promised_in"))
    if step.verb == "report_ticket":
        thread.ticket_id = tickets.report_ticket(actor=actor, **arguments).pk
        cast.cases[thread.key] = thread.ticket_id
    elif step.verb == "dispatch_visit":
        thread.visit_id = visits.dispatch_visit(actor=actor, ticket_id=_ticket(thread), **arguments).pk
    elif step.verb in VISIT_VERBS:
        getattr(visits, step.verb)(actor=actor, visit_id=thread.visit_id or 0, **arguments)
    elif step.verb in verbs.ON_CONTRACTS:
        verbs.ON_CONTRACTS[step.verb](actor=actor, **arguments)
    elif arguments.pop("refused", False):
        verbs.try_in_vain(getattr(tickets, step.verb), actor=actor, ticket_id=_ticket(thread), **arguments)
    else:
        service = verbs.ON_TICKETS.get(step.verb) or getattr(tickets, step.verb)
        service(actor=actor, ticket_id=_ticket(thread), **arguments)


def _ticket(thread: Thread) -> int:
    return thread.ticket_id or 0


def _value(cast: Cast, value: Any) -> Any:
    """`@name` is an account's id, `~key` the ticket of another story."""
    if isinstance(value, str) and value[:1] == "@":
        return cast.actor(value[1:]).user_id
    if isinstance(value, str) and value[:1] == "~":
        return cast.cases[value[1:]]
    return value
