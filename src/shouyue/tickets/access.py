"""Who may do what to a ticket.

A right is held by roles: globally, or as a member of the ticket's contract. The customer's people act through
the portal: they report, add, confirm, reject, reopen and ask for more; everything else is the provider's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from shouyue.files.models import StoredFile
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotAllowed

from . import rules
from .models import Ticket, readable_contracts

DESK = frozenset({"desk_agent", "desk_admin", "agent", "dispatcher"})
LEADERS = frozenset({"hq", "service_manager", "service_supervisor", "regional_supervisor", "project_manager"})
ENGINEERS = frozenset({"remote_engineer", "field_engineer", "resident_engineer"})
WORKERS = DESK | LEADERS | ENGINEERS
DIRECTORS = DESK | LEADERS

READ_ONLY = frozenset({"supervision_firm"})

RIGHTS: Mapping[str, frozenset[str]] = {
    "report": WORKERS,
    "triage": DIRECTORS | ENGINEERS,
    "assign": DIRECTORS | {"resident_engineer"},
    "take": WORKERS,
    "accept": WORKERS,
    "respond": WORKERS,
    "promise_answer": WORKERS,
    "give_answer": WORKERS,
    "wait": WORKERS,
    "resume": WORKERS,
    "raise_tier": WORKERS,
    "request_escalation": WORKERS,
    "propose_solution": WORKERS,
    "fix_temporarily": WORKERS,
    "record_handling": WORKERS,
    "decide_replacement": WORKERS,
    "set_attribution": WORKERS,
    "grade": WORKERS,
    "set_priority": DIRECTORS | ENGINEERS,
    "set_contract": DIRECTORS,
    "resolve": WORKERS,
    "call_back": WORKERS,
    "confirm": DIRECTORS | {"resident_engineer"},
    "reject": DIRECTORS | {"resident_engineer"},
    "reopen": DIRECTORS | {"resident_engineer"},
    "close": DIRECTORS,
    "cancel": DIRECTORS,
    "comment": WORKERS | {"quality_manager"},
    "link": DIRECTORS | ENGINEERS,
    "edit": WORKERS,
    "attach": WORKERS,
}

CUSTOMER_MOVES = frozenset(
    {
        "report",
        "comment",
        "attach",
        "confirm",
        "reject",
        "reopen",
        "request_escalation",
        "decide_replacement",
        "cancel",
    }
)
"""What the customer's people may do to what they reported, and their contacts to any ticket of the contract."""


def can(actor: Actor, move: str, ticket: Ticket) -> bool:
    """Whether the actor holds the right; the ticket's state is not looked at."""
    return allowed(
        actor, move, ticket.contract_id, own=ticket.reporter_id == actor.user_id and actor.user_id is not None
    )


def moves(actor: Actor, ticket: Ticket) -> list[str]:
    """What the actor may do to the ticket in its present state, sorted."""
    if actor.is_staff and actor.kind not in ("job", "system"):
        return list(_moves_of_staff(_held(actor, ticket.contract_id), ticket.status))
    return sorted(move for move in rules.moves_from(ticket.status) if can(actor, move, ticket))


@lru_cache(maxsize=512)
def _moves_of_staff(roles: frozenset[str], status: str) -> tuple[str, ...]:
    return tuple(sorted(move for move in rules.moves_from(status) if not roles.isdisjoint(RIGHTS[move])))


def allowed(actor: Actor, move: str, contract_id: int | None, *, own: bool) -> bool:
    """The right in a contract (None: no contract yet); own: the actor reported the ticket."""
    if actor.kind in ("job", "system"):
        return True
    if actor.is_staff:
        return not _held(actor, contract_id).isdisjoint(RIGHTS[move])
    if move not in CUSTOMER_MOVES:
        return False
    roles = actor.contract_roles.get(contract_id or 0, frozenset())
    if is_watcher(roles or frozenset().union(*actor.contract_roles.values())):
        return False
    if own or move == "report":
        return True
    return any(role.startswith("customer.") and role != "customer.end_user" for role in roles)


def is_watcher(roles: frozenset[str]) -> bool:
    """Whether these roles of one person only read: the supervision firm's, without one of the customer's beside it."""
    return bool(roles & READ_ONLY) and not any(role.startswith("customer.") for role in roles)


def require(actor: Actor, move: str, ticket: Ticket) -> None:
    """Raises NotAllowed unless the right is held."""
    if not can(actor, move, ticket):
        raise NotAllowed


def sees_internal(actor: Actor) -> bool:
    """Internal notes are for the provider's people; neither customers nor the supervision firm read them."""
    if not actor.is_staff:
        return False
    return not any(roles & READ_ONLY for roles in actor.contract_roles.values())


def reads_file(actor: Actor, stored: StoredFile) -> bool:
    """Files of a ticket are read by those who read the ticket; internal ones by the provider's people. Queries: one."""
    if not stored.is_public and not sees_internal(actor):
        return False
    return bool(Ticket.objects.visible_to(actor).filter(pk=stored.attached_id).exists())


def serves(actor: Actor) -> bool:
    """Whether the actor works on tickets at all (the desk's pages)."""
    return actor.is_staff


def reports_somewhere(actor: Actor) -> bool:
    """Whether the actor may write down calls, everywhere or in some contract."""
    held = actor.roles.union(*actor.contract_roles.values())
    return actor.is_staff and not held.isdisjoint(RIGHTS["report"])


def reads_contract(actor: Actor, contract_id: int | None) -> bool:
    """Whether every ticket of the contract is open to the actor."""
    return actor.scope.everything or (contract_id is not None and contract_id in readable_contracts(actor))


def _held(actor: Actor, contract_id: int | None) -> frozenset[str]:
    if contract_id is None:
        return actor.roles
    return actor.roles | actor.contract_roles.get(contract_id, frozenset())
