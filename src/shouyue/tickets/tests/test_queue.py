"""The queue: order, filters, paging, walls."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouyue.accounts.tests.factories import actor_for
from shouyue.commitments.models import CaseClock
from shouyue.contracts.tests.factories import make_contract, make_member
from shouyue.contracts.tests.people import make_agent, make_customer_user, make_engineer
from shouyue.kernel import clock
from shouyue.kernel.errors import Invalid
from shouyue.tickets import queue, services
from shouyue.tickets.queue import QueueFilter

from .factories import make_resolved, make_ticket

pytestmark = pytest.mark.django_db


def due(ticket, minutes, **changes):
    """Let the ticket's strictest clock end so many minutes from now; None: no clock runs."""
    at = None if minutes is None else clock.now() + timedelta(minutes=minutes)
    values = {"due_at": at, "warn_at": at, "is_overdue": minutes is not None and minutes < 0, **changes}
    CaseClock.objects.update_or_create(
        case_type="ticket",
        case_id=ticket.pk,
        defaults=values,
        create_defaults={
            **values,
            "customer_id": ticket.customer_id,
            "contract_id": ticket.contract_id,
            "case_type": "ticket",
            "case_id": ticket.pk,
        },
    )
    return ticket


def numbers(actor, wanted=QueueFilter(), **options):  # noqa: B008 -- frozen
    return [row["number"] for row in queue.page(actor, wanted, **options).rows]


@pytest.fixture
def five():
    """Five open tickets of one contract: due in 30, -5 and 90 minutes, then two without a clock."""
    contract = make_contract(code="Q1")
    tickets = [make_ticket(contract, title=f"故障{i}") for i in range(5)]
    for ticket, minutes in zip(tickets, (30, -5, 90, None, None), strict=True):
        due(ticket, minutes)
    return contract, tickets


ORDER = (1, 0, 2, 4, 3)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 50])
def test_the_strictest_clock_comes_first_and_pages_join_without_gap(five, size):
    _contract, tickets = five
    assert walked(make_agent(), size) == [tickets[i].pk for i in ORDER]


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_the_clocks_of_many_contracts_are_merged(size):
    contracts = [make_contract() for _ in range(5)]
    minutes = ((10, 11, 500), (40, 50), (20, 21, 22, 23), (-10, -9, 60), (30,))
    rows = [
        (ending, due(make_ticket(contract), ending).pk)
        for contract, endings in zip(contracts, minutes, strict=True)
        for ending in endings
    ]
    user = make_member(contracts[0], "field_engineer")
    for contract in contracts[1:]:
        make_member(contract, "field_engineer", user=user)
    assert walked(actor_for(user), size) == [ticket for _ending, ticket in sorted(rows)]


def walked(actor, size):
    """The tickets of all pages of so many rows."""
    seen, cursor = [], ""
    while True:
        part = queue.page(actor, QueueFilter(), cursor=cursor, size=size)
        seen += [row["id"] for row in part.rows]
        cursor = part.next_cursor
        if not cursor:
            return seen


def test_members_get_their_contracts_and_nothing_else(five):
    contract, tickets = five
    other = make_contract()
    foreign = due(make_ticket(other), 1)
    member = make_engineer(contract)
    assert numbers(member) == [tickets[i].number for i in ORDER]
    assert numbers(member, QueueFilter(contract_ids=(other.pk,))) == []
    assert numbers(make_agent(), QueueFilter(contract_ids=(other.pk,))) == [foreign.number]
    assert numbers(make_customer_user(contract, "customer.end_user")) == []


def test_filters(five):
    contract, tickets = five
    agent = make_agent()
    services.take_ticket(actor=agent, ticket_id=tickets[0].pk)
    services.triage_ticket(
        actor=agent, ticket_id=tickets[2].pk, urgency="high", impact="all", severity="major"
    )
    due(tickets[0], 30), due(tickets[2], 90)
    closed = make_resolved(contract, actor=agent, title="已修好")
    services.confirm_resolution(actor=agent, ticket_id=closed.pk, by_name="赵敏")
    services.close_ticket(actor=agent, ticket_id=closed.pk)

    def found(**wanted):
        return numbers(agent, QueueFilter(**wanted))

    assert found(assignee="me") == [tickets[0].number]
    assert found(assignee="none", due="overdue") == [tickets[1].number]
    assert found(severity="major") == [tickets[2].number]
    assert found(status="accepted") == [tickets[0].number]
    assert found(status="closed") == [closed.number]
    assert found(status="all")[0] == closed.number
    assert len(found(status="all")) == 6
    assert found(text=tickets[3].number.lower()) == [tickets[3].number]
    code = tickets[3].contract.code
    everything = {ticket.number for ticket in tickets}
    for text in (code, code.lower(), f"{code}-"):
        assert set(found(text=text)) == everything
    assert found(text=code[:-1]) == []
    assert found(text="障4") == [tickets[4].number]
    assert found(text="100%") == []
    assert found(channel="email") == []
    queue.forget_counts()
    assert queue.counts(agent) == {"overdue": 1, "unassigned": 4, "mine": 1}


def test_at_risk_means_warned_and_not_overdue(five):
    _contract, tickets = five
    due(tickets[0], 30, warn_at=clock.now() - timedelta(minutes=1))
    assert numbers(make_agent(), QueueFilter(due="at_risk")) == [tickets[0].number]


def test_the_version_changes_with_what_is_shown(five):
    contract, tickets = five
    agent = make_agent()
    before = queue.page(agent, QueueFilter()).version
    assert queue.page(agent, QueueFilter()).version == before
    services.respond_to_ticket(actor=agent, ticket_id=tickets[0].pk)
    changed = queue.page(agent, QueueFilter()).version
    make_ticket(contract)
    assert len({before, changed, queue.page(agent, QueueFilter()).version}) == 3


@pytest.mark.parametrize("cursor", ["!!", "e30", "WyI-IiwieCIsMV0", "WyI-IiwiIiwieHgiXQ"])
def test_damaged_cursors_are_refused(cursor):
    with pytest.raises(Invalid):
        queue.page(make_agent(), QueueFilter(), cursor=cursor)


def test_one_page_costs_two_statements(five, django_assert_num_queries):
    agent = make_agent()
    with django_assert_num_queries(2):
        queue.page(agent, QueueFilter())
    with django_assert_num_queries(1):
        queue.page(agent, QueueFilter(), size=2)


def parts_of(plan):
    """A plan's steps, each with the name of the step above it."""
    for part in plan.get("Plans", ()):
        yield part, plan["Node Type"]
        yield from parts_of(part)


@pytest.mark.parametrize(
    ("of", "index"),
    [
        (make_engineer, "commitments_clock_lane_idx"),
        (lambda _contract: make_agent(), "commitments_clock_due_idx"),
    ],
    ids=["one contract", "all contracts"],
)
def test_the_clocks_are_walked_in_the_order_of_their_index(five, of, index):
    """Nothing is sorted before a page is full, so that a queue of a hundred thousand costs what one of fifty costs."""
    contract, _tickets = five
    later = clock.now() + timedelta(days=9)
    CaseClock.objects.bulk_create(
        CaseClock(
            customer_id=contract.customer_id,
            contract_id=10**9 + number % 200,
            case_type="ticket",
            case_id=10**9 + number,
            due_at=later + timedelta(seconds=number * 7919 % 4000),
        )
        for number in range(4000)
    )
    with CaptureQueriesContext(connection) as seen:
        queue.page(of(contract), QueueFilter(), size=2)
    (walk,) = [query["sql"] for query in seen.captured_queries if "commitments_caseclock" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE commitments_caseclock")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")  # with these few rows a sort may seem as cheap
        cursor.execute(f"EXPLAIN (FORMAT JSON) {walk}")
        ((plan,),) = cursor.fetchall()
    walks = {
        (part.get("Index Name"), above)
        for part, above in parts_of(plan[0]["Plan"])
        if part.get("Relation Name") == "commitments_caseclock"
    }
    assert walks == {(index, "Limit")}


def test_the_export_walks_all_pages(five):
    assert len(list(queue.export(make_agent(), QueueFilter()))) == 5
