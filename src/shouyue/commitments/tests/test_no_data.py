"""A target nothing was measured for, in a period in which nothing fell due, is "no data" wherever it is told."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date

import pytest
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from shouyue.commitments.evidence import reports
from shouyue.commitments.models import Commitment, Obligation
from shouyue.commitments.queries import board, trends
from shouyue.commitments.queries.measuring import measured
from shouyue.commitments.rules import figures
from shouyue.commitments.rules.standing import Figures
from shouyue.commitments.services import closing, packing, tending
from shouyue.contracts.queries import compiled
from shouyue.contracts.tests.factories import make_plan_version
from shouyue.files.queries import open_bytes
from shouyue.kernel import clock
from shouyue.kernel.actor import SYSTEM

from .factories import beijing, contract_under, promised
from .scenes import Scene, client_of_actor
from .seasons import TARGET, pass_to

pytestmark = pytest.mark.django_db

SHEET = """
scores:
  areas:
    shares: {title: {zh: 及时率, en: Shares}, weight: 100}
""".lstrip("\n")
APRIL = beijing("2026-04-08 09:00")


@pytest.fixture
def scene(db):
    with clock.at(beijing("2026-03-02 09:00")):
        made = Scene()
        text = promised(TARGET.replace("  at_least: 60%", "  at_least: 60%\n  points: 10"), SHEET)
        made.contract = contract_under(
            plan_version_id=make_plan_version(text).pk, starts_on=date(2026, 3, 1), ends_on=date(2027, 12, 31)
        )
        made.manager, made.leader = made.person("project_manager"), made.person("customer.leader")
        tending.tend_all()
    pass_to(beijing("2026-04-01 00:01"))
    with clock.at(APRIL), translation.override("en"):
        yield made


def target(contract):
    return Obligation.objects.get(contract=contract, commitment__name="share", period="2026-03")


def get(scene, address, **query):
    browser = client_of_actor(scene.leader)
    browser.cookies["django_language"] = "en"
    return browser.get(address, query, headers={"accept-language": "en"})


def test_the_register_has_no_verdict(scene):
    row = target(scene.contract)
    assert (row.state, row.ending, row.facts["amount"], row.facts["counted"]) == ("void", "no_data", None, 0)


def test_the_board_says_so_and_the_api(scene):
    lines = board.board_of(scene.leader, scene.contract, "2026-03").lines
    (line,) = [line for line in lines if line.commitment.name == "share"]
    assert (line.words, line.share, line.standing) == ("no data", None, "nothing_due")
    told = get(scene, f"/api/contracts/{scene.contract.code}/board", month="2026-03").json()
    (line,) = [line for line in told["lines"] if line["commitment"]["name"] == "share"]
    assert (line["share"], line["standing"]) == (None, "nothing_due")
    page = get(
        scene, reverse("commitments:board", args=[scene.contract.code]), month="2026-03"
    ).content.decode()
    assert "100%" not in page


def test_the_score_sheet_says_so_on_page_csv_and_api(scene):
    address = {"period": "2026-03"}
    told = get(scene, f"/api/contracts/{scene.contract.code}/score", **address).json()
    (area,) = told["areas"]
    (line,) = area["lines"]
    assert not any(one["has_data"] for one in (told, area, line))
    page = get(scene, reverse("commitments:score", args=[scene.contract.code]), **address).content.decode()
    assert page.count("no data") == 3 or page.count("无数据") == 3
    csv = get(scene, reverse("commitments:export_score", args=[scene.contract.code]), **address)
    rows = b"".join(csv.streaming_content).decode("utf-8-sig").splitlines()
    assert "no data" in rows[1] or "无数据" in rows[1]


def test_closed_figures_and_reports_say_so(scene, tmp_path):
    frozen = closing.close_period(actor=SYSTEM, contract_id=scene.contract.pk, period="2026-03")
    assert json.loads(frozen.snapshot)["scores"]["has_data"] is False
    pack = packing.ask_pack(actor=scene.manager, contract_id=scene.contract.pk, period="2026-03")
    packing.make_pack.run(pack_id=pack.pk)
    pack.refresh_from_db()
    with open_bytes(pack.file) as source, zipfile.ZipFile(io.BytesIO(source.read())) as files:
        register = json.loads(files.read("register.json"))
        book = load_workbook(io.BytesIO(files.read("report.xlsx")))
    (one,) = [one for one in register["commitments"] if one["name"] == "share"]
    assert not any(one["figures"][state] for state in ("kept", "late", "missed"))
    shares = [row[10].value for row in book.worksheets[0].iter_rows(min_row=2) if row[10].value]
    assert shares
    assert set(shares) <= {"no data", "无数据"}
    assert reports._figures(one["figures"])[0] == "no data"
    assert "no data" in reports._score(register["scores"])


def test_the_trend_has_no_share(scene):
    commitment = Commitment.objects.get(contract=scene.contract, name="share")
    months = trends.of_commitment(scene.contract, commitment)
    assert months
    assert all(cell is None or cell.share is None for _month, cell in months)


def test_nothing_is_divided_by_nothing(scene):
    """A period without length, a measure over nothing, a forecast before its time, nothing that fell due."""
    now = clock.now()
    assert figures.elapsed_share(now, now, now) == 1.0
    assert figures.forecast(5, 0.0) is None
    assert figures.Limits(40.0).scaled(0.0) == figures.Limits(0.0)
    assert Figures().share is None
    promise = compiled(scene.contract.pk).plan.commitment("share")
    found = measured(scene.contract.pk, promise, now, now)
    assert (found.amount, found.counted) == (None, 0)
