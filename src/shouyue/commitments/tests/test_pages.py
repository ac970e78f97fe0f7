"""Pages and API of the register: figures, walls, access, budgets."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from shouyue.accounts.queries import actor_from
from shouyue.commitments import cases, queries
from shouyue.commitments.models import CaseClock, Commitment, Obligation
from shouyue.commitments.queries import board
from shouyue.commitments.services.sweep import sweep_all
from shouyue.contracts.services import pin_plan_version
from shouyue.contracts.tests.factories import make_plan_version
from shouyue.kernel import clock, scope
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import NotFound
from shouyue.web.service_spans import label_of

from .factories import PLAN, contract_under, happens, make_member, new_case, plan_text, states
from .scenes import MINUTE, START, client_of, lived, manager

pytestmark = pytest.mark.django_db


def line_of(contract, name, month="2026-03"):
    found = board.board_of(SYSTEM, contract, month)
    return next(line for line in found.lines if line.commitment.name == name)


def test_the_board_counts_what_falls_into_the_month():
    contract = contract_under()
    lived(contract)
    with clock.at(START + 20 * MINUTE):
        line = line_of(contract, "respond")
        assert (line.figures.kept, line.figures.late, line.figures.missed, line.figures.overdue) == (
            1,
            1,
            1,
            1,
        )
        assert (line.standing, line.share) == ("broken", 1 / 3)
        assert line_of(contract, "repair").figures.running == 3
        assert line_of(contract, "respond", "2026-02").standing == "nothing_due"


def test_the_board_costs_as_much_for_many_obligations():
    contract = contract_under()
    lived(contract)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            board.board_of(SYSTEM, contract, "2026-03")
        counts.append(len(captured))
        lived(contract)
    assert counts == [2, 2]


def test_the_board_page_shows_every_promise():
    contract = contract_under()
    lived(contract)
    response = manager().get(reverse("commitments:board", args=[contract.code]), {"month": "2026-03"})
    assert response.status_code == 200
    assert {row["name"] for row in response.context["lines"]} == {"respond", "repair"}


@pytest.mark.parametrize("period", ["2026-03", "2026-Q1", "2026"])
def test_every_board_leads_to_evidence_packs(period):
    contract, browser = contract_under(), manager()
    page = browser.get(reverse("commitments:board", args=[contract.code]), {"month": period})
    packs = reverse("commitments:packs", args=[contract.code])
    evidence = reverse("commitments:promise_evidence", args=[contract.code, "respond"])
    for shown in (page, browser.get(evidence, {"month": period})):
        (address,) = re.findall(rf'href="({re.escape(packs)}(?:\?[^"]*)?)"', shown.content.decode())
        assert browser.get(address).status_code == 200


def test_the_period_chosen_for_all_boards_stays_chosen_on_one():
    contract, browser = contract_under(), manager()
    address = reverse("commitments:board", args=[contract.code])
    for query, leads_to in (({"month": "2026-Q1"}, f"{address}?month=2026-Q1"), ({}, address)):
        page = browser.get(reverse("commitments:boards"), query)
        assert f'href="{leads_to}"' in page.content.decode()


def test_the_list_for_spreadsheets_names_cases_as_pages_do(monkeypatch):
    first, *_rest = lived(contract_under())
    ticket = cases.CaseType("ticket", labels=lambda ids: {first: cases.Label("SW-2026-1", "打印机卡纸")})
    monkeypatch.setitem(cases._types, "ticket", ticket)
    response = manager().get(reverse("commitments:export_obligations"))
    assert b"".join(response.streaming_content).decode().count("SW-2026-1 打印机卡纸") == 2


def test_the_export_protects_spreadsheets():
    contract = contract_under()
    text = plan_text(PLAN).replace("{zh: respond, en: respond}", "{zh: '=cmd', en: '=cmd'}")
    pin_plan_version(actor=SYSTEM, contract_id=contract.pk, plan_version_id=make_plan_version(text).pk)
    body = (
        manager().get(reverse("commitments:export_board", args=[contract.code])).content.decode("utf-8-sig")
    )
    assert "'=cmd" in body
    assert "\n,=cmd" not in body


def test_the_list_filters_and_the_obligation_explains_itself():
    contract = contract_under()
    lived(contract)
    browser = manager()
    with clock.at(START + 20 * MINUTE):
        page = browser.get(
            reverse("commitments:obligations"),
            {"contract": contract.code, "promise": "respond", "state": "broken"},
        )
        assert len(page.context["list"].rows) == 2
        row = Obligation.objects.filter(contract=contract, commitment__name="respond", state="late").get()
        response = browser.get(reverse("commitments:obligation", args=[row.pk]))
    found = response.context["explained"]
    assert (found.target, found.counted) == (600, 900)
    assert len(found.steps) == 4
    assert [part.kind for part in found.stretches] == ["open"]
    assert [(part.tone, str(part.label)) for part in found.bar] == [("good", label_of("open"))]
    # Drawn by the component that the calendar page uses, with its running sum.
    assert 'class="table table-sm sy-stretches"' in response.content.decode()
    assert [part.total for part in found.stretches] == [600]


def test_what_is_done_without_a_limit_says_what_the_verdict_waits_for():
    contract, case = contract_under(), new_case()
    browser, listing = manager(), reverse("commitments:obligations")
    with clock.at(START):
        happens(contract, case, "ticket.reported")
        assert "时限待定" in browser.get(listing, {"contract": contract.code}).content.decode()
        happens(contract, case, "ticket.resolved", at=START + MINUTE)
    row = Obligation.objects.get(contract=contract, commitment__name="repair")
    with clock.at(START + 5 * MINUTE):
        page = browser.get(reverse("commitments:obligation", args=[row.pk])).content.decode()
        listed = browser.get(listing, {"contract": contract.code}).content.decode()
        export = browser.get(reverse("commitments:export_obligations"), {"contract": contract.code})
        assert b"".join(export.streaming_content).decode().count("已完成，待判定") == 1
    assert "已完成，待判定" in page
    assert "待定：尚未录入故障级别" in page
    assert "完成时间" in page
    assert "兑现时间" not in page
    assert listed.count("已完成，待判定") == 1


def test_htmx_gets_the_drawer_alone():
    contract = contract_under()
    lived(contract)
    row = Obligation.objects.filter(contract=contract).first()
    response = manager().get(reverse("commitments:obligation", args=[row.pk]), headers={"HX-Request": "true"})
    assert b"<html" not in response.content
    assert b"sy-explained" in response.content


PAGES = ["boards", "board", "export_board", "obligations", "export_obligations", "obligation"]


def url_of(name, contract, row):
    arguments = {"board": [contract.code], "export_board": [contract.code], "obligation": [row.pk]}
    return reverse(f"commitments:{name}", args=arguments.get(name, []))


@pytest.mark.parametrize("name", PAGES)
def test_strangers_see_nothing_of_a_contract(name):
    contract = contract_under(PLAN)
    lived(contract)
    row = Obligation.objects.filter(contract=contract).first()
    url = url_of(name, contract, row)
    assert Client().get(url).status_code == 302
    stranger = make_member(contract_under(), "customer.it_contact")
    response = client_of(stranger).get(url)
    if name in ("board", "export_board", "obligation"):
        assert response.status_code == 404
    else:
        content = b"".join(response.streaming_content) if response.streaming else response.content
        assert contract.code.encode() not in content.split()


def test_a_member_of_the_customer_sees_promises_but_not_internal_ones():
    text = (
        plan_text(PLAN)
        .replace("internal: true", "source: S-01", 1)
        .replace("plan: test-plan", "plan: outside")
    )
    text = text.replace("zone: Asia", "prefix: S\npromises: 3\nzone: Asia", 1)
    contract = contract_under(plan_version_id=make_plan_version(text).pk)
    lived(contract)
    person = actor_from(make_member(contract, "customer.it_contact"))
    assert [one.name for one in queries.commitments_of(person, contract.pk)] == ["respond"]
    hidden = Obligation.objects.filter(contract=contract, commitment__name="repair").first()
    with pytest.raises(NotFound):
        queries.obligation_of(person, hidden.pk)


def test_the_second_wall_holds_without_the_first():
    first, second = contract_under(), contract_under()
    lived(first)
    lived(second)
    person = actor_from(make_member(first, "customer.it_contact"))
    with scope.acting_in(person.scope):
        for model in (Commitment, Obligation, CaseClock):
            assert set(model.objects.values_list("customer_id", flat=True)) == {first.customer_id}


def test_the_api_speaks_of_the_same_figures():
    contract = contract_under()
    lived(contract)
    browser = manager()
    with clock.at(START + 20 * MINUTE):
        found = browser.get(f"/api/contracts/{contract.code}/board", {"month": "2026-03"}).json()
        listed = browser.get(
            "/api/obligations", {"contract": contract.code, "state": "overdue", "limit": 1}
        ).json()
        explained = browser.get(f"/api/obligations/{listed['items'][0]['id']}").json()
    line = next(line for line in found["lines"] if line["commitment"]["name"] == "respond")
    assert (line["standing"], line["figures"]["missed"]) == ("broken", 1)
    assert explained["target_seconds"] == 600
    assert explained["state"] == "missed"
    assert browser.get(f"/api/contracts/{contract.code}/board", {"month": "never"}).status_code == 422


def test_a_new_plan_version_leaves_running_obligations_alone():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="minor")
    text = plan_text(PLAN.replace("10 min", "20 min"), "next")
    pin_plan_version(actor=SYSTEM, contract_id=contract.pk, plan_version_id=make_plan_version(text).pk)
    with clock.at(START + 11 * MINUTE):
        sweep_all()
        assert states(contract, "respond") == ["missed"]
        happens(contract, new_case(), "ticket.reported", severity="minor")
    newest = Obligation.objects.filter(contract=contract, commitment__name="respond").latest("id")
    assert newest.due_at == START + 31 * MINUTE
    with clock.at(START + 12 * MINUTE):
        happens(contract, case, "ticket.responded", severity="minor")
    assert states(contract, "respond") == ["late", "running"]


def test_a_promise_dropped_from_the_plan_goes_on_for_what_runs():
    contract, case = contract_under(), new_case()
    with clock.at(START):
        happens(contract, case, "ticket.reported", severity="minor")
    text = plan_text(PLAN.split("repair:")[0], "shorter")
    pin_plan_version(actor=SYSTEM, contract_id=contract.pk, plan_version_id=make_plan_version(text).pk)
    assert [one.name for one in queries.commitments_of(SYSTEM, contract.pk)] == ["respond"]
    with clock.at(START + MINUTE):
        happens(contract, case, "ticket.resolved")
    assert states(contract, "repair") == ["kept"]
