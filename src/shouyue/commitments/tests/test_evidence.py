"""Evidence packs: whole, verifiable by a stranger with nothing but Python, and every tampering shows."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from shouyue.commitments.closing_models import Pack
from shouyue.commitments.evidence import reports
from shouyue.commitments.services import closing, packing, waiving
from shouyue.contracts.models import Contract
from shouyue.files.queries import open_bytes
from shouyue.kernel import clock, jobs
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import NotAllowed
from shouyue.kernel.models import Event

from .factories import beijing
from .scenes import START, Scene, client_of_actor

pytestmark = pytest.mark.django_db
APRIL = beijing("2026-04-08 09:00")


@pytest.fixture
def scene(db):
    with clock.at(START + timedelta(minutes=20)):
        made = Scene()
    Contract.objects.filter(pk=made.contract.pk).update(starts_on=date(2026, 3, 1))
    made.contract.refresh_from_db()
    with clock.at(APRIL):
        closing.close_period(actor=SYSTEM, contract_id=made.contract.pk, period="2026-03")
        paper = SimpleUploadedFile("停电 通知.txt", "停电通知".encode(), "text/plain")
        waiver = made.proposed(uploads=[paper])
        waiving.approve_waiver(actor=made.manager, objection_id=waiver.pk)
        waiving.agree_waiver(actor=made.leader, objection_id=waiver.pk)
        yield made


def packed(scene, actor=None, tmp_path=None):
    pack = packing.ask_pack(actor=actor or scene.manager, contract_id=scene.contract.pk, period="2026-03")
    packing.make_pack.run(pack_id=pack.pk)
    pack.refresh_from_db()
    assert pack.state == "ready"
    with open_bytes(pack.file) as source:
        data = source.read()
    path = tmp_path / "pack.zip"
    path.write_bytes(data)
    return path


def verify(path):
    """The program of the pack itself, run by a Python that sees no installed package."""
    script = path.with_name("verify.py")
    with zipfile.ZipFile(path) as pack:
        script.write_bytes(pack.read("verify.py"))
    found = subprocess.run([sys.executable, "-I", script, path], capture_output=True, text=True, check=False)
    assert found.stderr == ""
    return found.returncode, found.stdout


def rewritten(path, changes, *, manifest=True):
    """The pack with some files changed; a thorough forger corrects the manifest too."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    for name, change in changes.items():
        parts[name] = change(parts[name])
    if manifest:
        import hashlib

        listed = json.loads(parts["manifest.json"])
        for name in changes:
            listed["files"][name]["sha256"] = hashlib.sha256(parts[name]).hexdigest()
        parts["manifest.json"] = json.dumps(listed).encode()
    forged = path.with_name("forged.zip")
    with zipfile.ZipFile(forged, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    return forged


def test_a_pack_verifies_and_holds_everything(scene, tmp_path):
    path = packed(scene, tmp_path=tmp_path)
    status, said = verify(path)
    assert (status, "everything agrees" in said) == (0, True), said
    with zipfile.ZipFile(path) as pack:
        names = set(pack.namelist())
        register = json.loads(pack.read("register.json"))
        rows = list(csv.DictReader(io.StringIO(pack.read("obligations.csv").decode("utf-8-sig"))))
        files = list(csv.DictReader(io.StringIO(pack.read("files.csv").decode("utf-8-sig"))))
        assert pack.read(files[0]["path"]).decode() == "停电通知"
        book = load_workbook(io.BytesIO(pack.read("report.xlsx")))
        assert pack.read("report.pdf")[:5] == b"%PDF-"
    assert names >= {"README.md", "manifest.json", "events.jsonl", "heads.json", "verify.py"}
    assert len(rows) == 6
    assert register["totals"]["waived"] == 1
    assert register["closing"]["adjustments"][0]["after"] == "waived"
    assert [sheet.max_row for sheet in book.worksheets] == [4, 7, 2]
    first, *_others, total = book.worksheets[0].iter_rows(min_row=2, values_only=True)
    figures = {one["name"]: one["figures"] for one in register["commitments"]}
    assert list(first[3:10]) == [figures[first[2]][state] for state in reports.COUNTED]
    assert list(total[3:10]) == [register["totals"][state] for state in reports.COUNTED]
    assert first[11].count("COUNTIFS(") == total[11].count("SUM(") == 7
    assert Event.objects.get(verb="evidence.exported").facts["period"] == "2026-03"


def first_line(change):
    def apply(data):
        head, _, rest = data.partition(b"\n")
        return change(head) + b"\n" + rest

    return apply


def without_last_event(data):
    return b"\n".join(data.rstrip().split(b"\n")[:-1]) + b"\n"


FORGERIES = {
    "a verdict": ("obligations.csv", lambda data: data.replace(b",late,", b",kept,", 1)),
    "a row gone": ("obligations.csv", lambda data: data.rstrip().rpartition(b"\n")[0] + b"\n"),
    "a total": ("register.json", lambda data: data.replace(b'"late": 1', b'"late": 0', 1)),
    "the time of an event": (
        "events.jsonl",
        lambda data: data.replace(b'"occurred_us": 1', b'"occurred_us": 2', 1),
    ),
    "who did it": ("events.jsonl", lambda data: data.replace(b'"actor": "user:', b'"actor": "user:9', 1)),
    "a fact": ("events.jsonl", first_line(lambda line: line.replace(b'\\"', b"'"))),
    "an event cut off": ("events.jsonl", without_last_event),
    "an event slipped in": ("events.jsonl", lambda data: data + data.split(b"\n")[0] + b"\n"),
    "the frozen figures": (
        "register.json",
        lambda data: data.replace(b'\\"missed\\":1', b'\\"missed\\":0', 1),
    ),
    "a correction": ("register.json", lambda data: data.replace(b'"after": "waived"', b'"after": "kept"', 1)),
}


def test_every_forgery_shows_even_with_a_corrected_manifest(scene, tmp_path):
    path = packed(scene, tmp_path=tmp_path)
    unseen = []
    for what, (name, change) in FORGERIES.items():
        with zipfile.ZipFile(path) as pack:
            assert change(pack.read(name)) != pack.read(name), what
        status, said = verify(rewritten(path, {name: change}))
        if status != 1 or "WRONG" not in said:
            unseen.append(what)
    assert unseen == []


def test_a_changed_file_shows_by_the_manifest(scene, tmp_path):
    path = packed(scene, tmp_path=tmp_path)
    with zipfile.ZipFile(path) as pack:
        name = next(name for name in pack.namelist() if name.startswith("files/"))
    status, said = verify(rewritten(path, {name: lambda data: data + b"."}, manifest=False))
    assert (status, "was changed" in said) == (1, True)
    added = rewritten(path, {})
    with zipfile.ZipFile(added, "a") as pack:
        pack.writestr("more.txt", "x")
    assert verify(added)[0] == 1


@pytest.mark.parametrize("data", [b"", b"PK no zip", b"\x00" * 99])
def test_what_is_no_pack_is_told_in_one_line(tmp_path, data):
    path = tmp_path / "bad.zip"
    path.write_bytes(data)
    script = reports.__file__.replace("reports.py", "verify.py")
    for target in (path, tmp_path / "nowhere.zip", tmp_path):
        found = subprocess.run(
            [sys.executable, "-I", script, target], capture_output=True, text=True, check=False
        )
        assert (found.returncode, found.stderr) == (2, "")
        assert "no readable evidence pack" in found.stdout


def test_the_verifier_is_short_and_needs_nothing():
    text = Path(reports.__file__).with_name("verify.py").read_text("utf-8")
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)
    assert len(text.splitlines()) < 180


def test_the_customers_pack_holds_nothing_internal(scene, tmp_path):
    path = packed(scene, scene.leader, tmp_path)
    assert verify(path)[0] == 0
    with zipfile.ZipFile(path) as pack:
        assert json.loads(pack.read("register.json"))["with_internal"] is False
    inside = packing.ask_pack(actor=scene.manager, contract_id=scene.contract.pk, period="2026-03")
    assert client_of_actor(scene.leader).get(reverse("commitments:pack", args=[inside.pk])).status_code == 404


def test_making_it_twice_keeps_one_file(scene, tmp_path):
    packed(scene, tmp_path=tmp_path)
    pack = Pack.objects.get()
    packing.make_pack.run(pack_id=pack.pk)
    assert Pack.objects.get().file_id == pack.file_id
    assert Event.objects.filter(verb="evidence.exported").count() == 1


def test_roles_without_business_get_no_pack(scene):
    for role in ("agent", "field_engineer", "customer.end_user"):
        with pytest.raises(NotAllowed):
            packing.ask_pack(actor=scene.person(role), contract_id=scene.contract.pk)
    assert not Pack.objects.exists()


def test_the_page_asks_for_a_pack_and_offers_its_file(scene):
    browser, url = client_of_actor(scene.manager), reverse("commitments:packs", args=[scene.contract.code])
    assert "2026-03" in browser.get(url, {"period": "2026-03"}).context["periods"]
    answer = browser.post(reverse("commitments:make_pack", args=[scene.contract.code]), {"period": "2026-03"})
    assert answer.status_code == 303
    assert [job.task for job in jobs.listed("todo")] == ["commitments.make_pack"]
    pack = Pack.objects.get()
    assert browser.get(answer.url).context["is_open"]
    packing.make_pack.run(pack_id=pack.pk)
    assert not browser.get(answer.url).context["is_open"]
    pack.refresh_from_db()
    stranger = client_of_actor(Scene().manager)
    for address in (answer.url, reverse("files:download", args=[pack.file_id]), url):
        assert stranger.get(address).status_code == 404
