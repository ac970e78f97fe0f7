"""Pages of operators and auditors: who sees what, what they show, what they let do."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouyue.accounts.tests.factories import client_of
from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_agent, make_customer_user, make_officer
from shouyue.insights import queries, services, tasks
from shouyue.insights.models import VerificationRun
from shouyue.kernel import jobs
from shouyue.kernel.models import Event
from shouyue.tickets.tests.factories import make_resolved, make_ticket

pytestmark = pytest.mark.django_db

SYSTEM, JOB = "/operate/system/", "/operate/jobs/1/retry/"
EVENTS, EXPORT = "/operate/events/", "/operate/events/export.csv"
CHECK, PULSE, ASK = "/operate/verification/", "/operate/verification/pulse/", "/operate/verification/ask/"


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.SHOUYUE_HOME = tmp_path


def text_of(response):
    return response.content.decode()


def body(response):
    return b"".join(response.streaming_content).decode()


# -- who may


@pytest.mark.parametrize(
    ("url", "system", "security", "audit", "agent", "customer"),
    [
        (SYSTEM, 200, 403, 403, 403, 404),
        (EVENTS, 403, 403, 200, 403, 404),
        (EXPORT, 403, 403, 200, 403, 404),
        (CHECK, 200, 403, 200, 403, 404),
        (PULSE, 204, 403, 204, 403, 404),
    ],
)
def test_pages_by_reader(client, url, system, security, audit, agent, customer):
    assert client.get(url).status_code == 302
    assert client_of(make_officer("system_admin")).get(url).status_code == system
    assert client_of(make_officer("security_admin")).get(url).status_code == security
    assert client_of(make_officer("audit_admin")).get(url).status_code == audit
    assert client_of(make_agent()).get(url).status_code == agent
    assert client_of(make_customer_user(make_contract())).get(url).status_code == customer


@pytest.mark.parametrize(
    ("url", "system", "security", "audit", "agent", "customer"),
    [(ASK, 303, 403, 303, 403, 404), (JOB, 404, 403, 403, 403, 404)],
)
def test_acts_by_actor(client, url, system, security, audit, agent, customer):
    assert client.post(url).status_code == 302
    assert client_of(make_officer("security_admin")).post(url).status_code == security
    assert client_of(make_agent()).post(url).status_code == agent
    assert client_of(make_customer_user(make_contract())).post(url).status_code == customer
    assert VerificationRun.objects.count() == 0
    assert client_of(make_officer("system_admin")).post(url).status_code == system
    assert client_of(make_officer("audit_admin")).post(url).status_code == audit


def test_system_page_holds_no_business_data():
    ticket = make_ticket(title="机密标题")
    page = text_of(client_of(make_officer("system_admin")).get(SYSTEM))
    assert ticket.number not in page
    assert "机密标题" not in page


# -- system


def test_system_page_shows_state_schedules_and_partitions():
    page = text_of(client_of(make_officer("system_admin")).get(SYSTEM))
    assert "kernel.partitions" in page
    assert "PostgreSQL" in page
    assert "数据目录与磁盘" in page
    assert "异常" in page  # no worker is alive in a test


def make_dead_job(task="insights.test_fails", number=1):
    failing = jobs.task(task, retry=False)(lambda **_kw: None)
    for _number in range(number):
        failing.enqueue(ticket=7)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' RETURNING id")
        return cursor.fetchone()[0]


def test_dead_job_is_shown_with_arguments_and_tried_again():
    job = make_dead_job()
    client = client_of(make_officer("system_admin"))
    page = text_of(client.get(SYSTEM))
    assert "insights.test_fails" in page
    assert "ticket=7" in page
    assert client.post(f"/operate/jobs/{job}/retry/").status_code == 303
    assert jobs.dead() == []
    assert Event.objects.get(verb="job.retried").subject_id == job


def test_dead_jobs_of_one_task_take_one_line():
    make_dead_job("insights.test_others")
    make_dead_job("insights.test_fails_often", number=12)
    kinds = queries.status().dead_tasks
    assert [(kind.task, len(kind.rows)) for kind in kinds] == [
        ("insights.test_fails_often", 12),
        ("insights.test_others", 1),
    ]
    page = text_of(client_of(make_officer("system_admin")).get(SYSTEM))
    assert page.count("<summary>") == 2
    assert page.count("insights.test_fails_often") == 1
    assert "12 个任务" in page


def test_system_page_query_budget():
    client = client_of(make_officer("system_admin"))
    client.get(SYSTEM)
    with CaptureQueriesContext(connection) as queries:
        client.get(SYSTEM)
    assert len(queries) <= 24, [q["sql"][:100] for q in queries]


# -- verification


def test_asking_twice_runs_once():
    client = client_of(make_officer())
    client.post(ASK)
    client.post(ASK)
    assert VerificationRun.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'insights.verify'")
        assert cursor.fetchone() == (1,)


def test_verification_of_sound_chains():
    make_resolved()
    run = services.ask_verification(actor=make_officer())
    tasks.verify.run(run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.wrong, run.done) == ("sound", 0, run.parts)
    assert run.events >= 5
    assert Event.objects.get(verb="verification.finished").facts["sound"] is True


def test_verification_bit_by_bit_finds_the_same(monkeypatch):
    ticket = make_resolved()
    monkeypatch.setattr(services, "EVENTS_PER_PART", 2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_event_head SET seq = seq + 1 WHERE subject_type = 'ticket'")
    run = services.ask_verification(actor=make_officer())
    tasks.verify.run(run_id=run.pk)
    run.refresh_from_db()
    assert run.parts > 3
    assert (run.state, run.wrong) == ("broken", 1)
    assert run.findings[0]["subject"] == f"ticket:{ticket.pk}"
    page = text_of(client_of(make_officer()).get(CHECK))
    assert f"ticket:{ticket.pk}" in page


def test_verification_that_breaks_off_says_so(monkeypatch):
    run = services.ask_verification(actor=make_officer())
    monkeypatch.setattr(services.verification, "check_heads", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tasks.verify.run(run_id=run.pk)
    run.refresh_from_db()
    assert run.state == "failed"


# -- events


def rows(page):
    return page.count('<tr id="event-')


def test_events_show_label_place_and_digest():
    ticket = make_ticket(actor=make_agent(name="李娜"))
    page = text_of(client_of(make_officer()).get(f"{EVENTS}?subject=ticket:{ticket.pk}"))
    event = Event.objects.get(verb="ticket.reported")
    assert rows(page) == 1
    assert bytes(event.digest).hex() in page
    assert "ticket.reported" in page
    assert "李娜" in page


def test_events_by_verb_actor_contract_and_day():
    agent = make_agent()
    contract = make_contract()
    make_resolved(contract, actor=agent)
    make_ticket()
    client = client_of(make_officer())
    assert rows(text_of(client.get(f"{EVENTS}?verb=ticket.reported"))) == 2
    assert rows(text_of(client.get(f"{EVENTS}?verb=ticket.reported&contract={contract.code}"))) == 1
    assert rows(text_of(client.get(f"{EVENTS}?verb=ticket.reported&by={agent.ref}"))) == 1
    assert rows(text_of(client.get(f"{EVENTS}?verb=ticket.reported&by={agent.name}"))) == 1
    assert rows(text_of(client.get(f"{EVENTS}?verb=ticket.reported&by=nobody"))) == 0
    assert rows(text_of(client.get(f"{EVENTS}?verb=ticket.reported&until=2020-01-01&since=2019-12-01"))) == 0


@pytest.mark.parametrize(
    "query", ["subject=x", "subject=ticket:9999999999999999999", "since=2026-99-99", "by=%00"]
)
def test_events_take_odd_input(query):
    assert client_of(make_officer()).get(f"{EVENTS}?{query}").status_code == 200


def test_events_query_budget():
    for _ in range(3):
        make_resolved()
    client = client_of(make_officer())
    client.get(EVENTS)
    with CaptureQueriesContext(connection) as queries:
        client.get(EVENTS)
    assert len(queries) <= 12, [q["sql"][:100] for q in queries]


def test_export_is_complete_and_noted():
    ticket = make_ticket()
    auditor = make_officer()
    text = body(client_of(auditor).get(f"{EXPORT}?verb=ticket.reported")).removeprefix("\ufeff")
    (row,) = list(csv.DictReader(io.StringIO(text)))
    assert (row["subject"], row["seq"], len(row["digest"])) == (f"ticket:{ticket.pk}", "1", 64)
    assert Event.objects.get(verb="audit.exported").actor == auditor.ref


def test_auditor_changes_no_business():
    ticket = make_ticket()
    client = client_of(make_officer())
    assert (
        client.post(f"/api/tickets/{ticket.number}/take/", "{}", content_type="application/json").status_code
        == 403
    )
