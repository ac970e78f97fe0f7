"""What is asked over HTTP: reads and writes as people and programs make them, each signed in."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from .traffic import Request, Run, drive, http, middle
from .world import TEXT, TITLES, Cast


@dataclass(frozen=True)
class Scenario:
    """One sort of request. aim: requests a second with 8 clients on two cores, if one is set."""

    name: str
    request: Request
    aim: int | None = None


def scenarios(cast: Cast, url: str) -> dict[str, Scenario]:
    """Every scenario by its key."""
    with psycopg.connect(url) as connection:
        tickets = _numbers(connection, "true")
        unsettled = _numbers(connection, "status NOT IN ('closed', 'cancelled')")

    def bearer(role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {cast.tokens[role]}"}

    def cookie(role: str) -> dict[str, str]:
        return {"Cookie": f"shouyue_session={cast.cookies[role]}"}

    def create(chance: random.Random) -> bytes:
        contract, _customer, site, contact = chance.choice(cast.contracts)
        ticket = {
            "contract_id": contract,
            "site_id": site,
            "requester_id": contact,
            "channel": "phone",
            "title": chance.choice(TITLES),
            "description": TEXT,
        }
        return http("POST", "/api/tickets", body=_json(ticket), **bearer("wide"))

    def comment(chance: random.Random) -> bytes:
        note = {"text": "现场已检查电源与链路，更换模块后观察十分钟。", "public": False}
        path = f"/api/tickets/{chance.choice(unsettled)}/notes"
        return http("POST", path, body=_json(note), **bearer("wide"))

    def queue_of(role: str) -> Request:
        wanted = http("GET", "/api/tickets?limit=50", **bearer(role))
        return lambda _chance: wanted

    def page_of(role: str) -> Request:
        wanted = http("GET", "/desk/", **cookie(role))
        return lambda _chance: wanted

    def ticket_page(chance: random.Random) -> bytes:
        return http("GET", f"/tickets/{chance.choice(tickets)}/", **cookie("wide"))

    def ticket_read(chance: random.Random) -> bytes:
        return http("GET", f"/api/tickets/{chance.choice(tickets)}", **bearer("wide"))

    return {
        "create": Scenario("create a ticket (API)", create, 500),
        "queue-wide": Scenario("queue of 50 (API), all contracts", queue_of("wide"), 1000),
        "queue-middle": Scenario("queue of 50 (API), 6 contracts", queue_of("middle")),
        "queue-narrow": Scenario("queue of 50 (API), 1 contract", queue_of("narrow")),
        "read": Scenario("one ticket (API)", ticket_read),
        "page-wide": Scenario("queue page, all contracts", page_of("wide")),
        "page-narrow": Scenario("queue page, 1 contract", page_of("narrow")),
        "ticket": Scenario("ticket page", ticket_page, 300),
        "comment": Scenario("comment (API)", comment),
    }


def _numbers(connection: psycopg.Connection[Any], condition: str) -> list[str]:
    """Some thousand numbers all over the table, or all when there are few."""
    query = f"SELECT number FROM tickets_ticket WHERE {condition} ORDER BY hashint8(id) LIMIT 5000"
    return [row[0] for row in connection.execute(query).fetchall()]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def measure(
    scenario: Scenario,
    port: int,
    groups: dict[str, set[int]],
    *,
    clients: int,
    seconds: float,
    rounds: int = 1,
    before: Callable[[], None] | None = None,
) -> Run:
    """The middle one of some rounds, after a short warm-up. before: what is done first of all."""
    if before is not None:
        before()
    drive(scenario.name, port, scenario.request, clients=clients, seconds=min(1.0, seconds), groups={})
    return middle(
        [
            drive(scenario.name, port, scenario.request, clients=clients, seconds=seconds, groups=groups)
            for _ in range(rounds)
        ]
    )
