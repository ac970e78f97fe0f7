"""Evidence packs: asked for, made by a job, kept as a file."""

from __future__ import annotations

import csv
import hashlib
import json
import logging
import tempfile
import zipfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import translation

from shouyue.commitments import access
from shouyue.commitments.choices import PackState
from shouyue.commitments.closing_models import Closing, Pack
from shouyue.commitments.evidence import reports
from shouyue.commitments.evidence.reports import COUNTED, LISTED
from shouyue.commitments.queries import closing as closings
from shouyue.commitments.queries import packing as packs
from shouyue.commitments.queries.board import board_of
from shouyue.commitments.rules.scoring import as_json
from shouyue.contracts.access import sees_provider_side
from shouyue.contracts.models import Contract
from shouyue.contracts.queries import compiled, contract_with_id
from shouyue.files import queries as stored_files
from shouyue.files import services as files
from shouyue.kernel import clock, events, jobs, locks
from shouyue.kernel.actor import SYSTEM, Actor, job_actor
from shouyue.kernel.errors import ShouyueError
from shouyue.kernel.scope import EVERYTHING, acting_in

EVIDENCE = Path(reports.__file__).parent
SIZE_LIMIT = 2 * 1024 * 1024 * 1024
EVENT_KEYS = (
    "id",
    "seq",
    "verb",
    "subject_type",
    "subject_id",
    "case_type",
    "case_id",
    "customer_id",
    "contract_id",
    "actor",
    "occurred_us",
    "recorded_us",
    "device_us",
    "facts",
    "prev",
    "digest",
)
HEAD = (
    *LISTED,
    "within",
    "window",
    "calendar",
    "pauses",
    "opened_event",
    "kept_event",
    "ended_event",
    "ending",
)
_log = logging.getLogger(__name__)


@transaction.atomic
def ask_pack(*, actor: Actor, contract_id: int, period: str = "") -> Pack:
    """Have the evidence of a contract and a period packed; a job does it.

    What is internal, and files that are not public, go into packs of the provider and the supervision firm alone.
    Raises: NotAllowed; Invalid.
    """
    contract = contract_with_id(actor, contract_id)
    access.require(access.can_pack(actor, contract_id))
    wanted = closings.chosen_period(contract, period)
    made: Pack = Pack.objects.create(
        customer_id=contract.customer_id,
        contract=contract,
        period=wanted.key,
        since=wanted.since,
        until=wanted.until,
        language=actor.language,
        with_internal=sees_provider_side(actor, contract_id),
        asked_by_id=actor.user_id,
        asked_by_name=actor.name,
        asked_at=clock.now(),
    )
    make_pack.enqueue(pack_id=made.pk)
    return made


@jobs.task("commitments.make_pack", in_transaction=False)
def make_pack(pack_id: int) -> None:
    """Make a pack that was asked for; one that is made already stays as it is. Safe to run twice."""
    try:
        with tempfile.TemporaryDirectory(prefix="evidence-") as folder:
            _make(pack_id, Path(folder))
    except Exception as error:
        _log.warning("evidence pack %s failed", pack_id, exc_info=True)
        with acting_in(EVERYTHING):
            Pack.objects.filter(pk=pack_id).exclude(state=PackState.READY).update(state=PackState.FAILED)
        if not isinstance(error, ShouyueError):
            raise


def _make(pack_id: int, folder: Path) -> None:
    with acting_in(EVERYTHING):
        pack = Pack.objects.select_related("contract__customer", "contract__plan_version").get(pk=pack_id)
        if pack.state == PackState.READY:
            return
        _progress(pack, 5)
    with translation.override(pack.language):
        with acting_in(EVERYTHING):
            register, cases, ids = _write_rows(pack, folder)
            figures = _write_events(pack, cases, folder)
            kept = packs.files_in(pack, cases, ids)
        with acting_in(EVERYTHING):
            _progress(pack, 50)
        _write_files(kept, folder)
        with (folder / "obligations.csv").open(encoding="utf-8-sig", newline="") as rows:
            reader = csv.reader(rows)
            next(reader)
            reports.write_workbook(folder / "report.xlsx", register, reader, pack.language)
        reports.write_pdf(folder / "report.pdf", register, pack.language)
    for name in ("verify.py", "README.md"):
        (folder / name).write_bytes((EVIDENCE / name).read_bytes())
    archive = _zip(folder, pack)
    with acting_in(EVERYTHING):
        _keep(pack, archive, figures | {"obligations": len(ids), "files": len(kept)})


def _progress(pack: Pack, percent: int) -> None:
    Pack.objects.filter(pk=pack.pk).update(state=PackState.WORKING, progress=percent)


def _write_rows(pack: Pack, folder: Path) -> tuple[dict[str, Any], list[tuple[str, int]], list[int]]:
    """obligations.csv and register.json. Totals are counted from the very rows that are written."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    cases: dict[tuple[str, int], None] = {("contract", pack.contract_id): None}
    ids = []
    with (folder / "obligations.csv").open("w", encoding="utf-8-sig", newline="") as target:
        out = csv.writer(target)
        out.writerow(HEAD)
        for row in packs.obligations_in(pack).iterator(chunk_size=2000):
            out.writerow(_cells(row))
            counted[row.commitment.name][row.state] += 1
            cases[row.case_type, row.case_id] = None
            ids.append(row.pk)
    register = _register(pack, counted)
    (folder / "register.json").write_text(_json(register), encoding="utf-8")
    return register, sorted(cases), ids


def _cells(row: Any) -> list[Any]:
    return [
        row.commitment.name,
        row.pk,
        f"{row.subject_type}:{row.subject_id}",
        f"{row.case_type}:{row.case_id}",
        row.occurrence,
        row.state,
        *(
            packs.moment(getattr(row, name))
            for name in ("opened_at", "due_at", "kept_at", "missed_at", "settled_at")
        ),
        row.within,
        row.window,
        row.calendar_digest,
        json.dumps(row.pauses, ensure_ascii=False) if row.pauses else "",
        row.opened_event_id,
        row.kept_event_id or "",
        row.ended_event_id or "",
        row.ending,
    ]


def _register(pack: Pack, counted: dict[str, Counter[str]]) -> dict[str, Any]:
    contract = pack.contract
    plan = compiled(contract.pk).plan
    commitments = []
    totals: Counter[str] = Counter()
    for line in board_of(SYSTEM, contract, _months(pack, contract)[-1]).lines:
        one = line.commitment
        if one.is_internal and not pack.with_internal:
            continue
        figures = {state: counted[one.name][state] for state in COUNTED}
        totals.update(figures)
        commitments.append(
            {
                "name": one.name,
                "kind": one.kind,
                "source": list(one.source),
                "title_zh": one.title_zh,
                "title_en": one.title_en,
                "text_zh": one.text_zh,
                "text_en": one.text_en,
                "number_zh": one.number_zh,
                "number_en": one.number_en,
                "owed_by": one.owed_by,
                "readiness": one.readiness,
                "figures": figures,
            }
        )
    known = {one["name"] for one in commitments}
    for name in sorted(set(counted) - known):  # promises the plan no longer makes
        figures = {state: counted[name][state] for state in COUNTED}
        totals.update(figures)
        commitments.append(
            {"name": name, "kind": "", "source": [], "title_zh": name, "title_en": name, "figures": figures}
        )
    score = closings.score_of(SYSTEM, contract, pack.period)
    return {
        "format": 1,
        "contract": contract.code,
        "contract_name": contract.name,
        "customer": contract.customer.code,
        "customer_name": contract.customer.name,
        "period": pack.period,
        "since": pack.since.astimezone(ZoneInfo(contract.time_zone)).isoformat(),
        "until": pack.until.astimezone(ZoneInfo(contract.time_zone)).isoformat(),
        "zone": contract.time_zone,
        "plan": str(contract.plan_version),
        "plan_digest": contract.plan_version.digest,
        "plan_title_zh": plan.title.zh,
        "plan_title_en": plan.title.en,
        "made_at": clock.now().isoformat(timespec="seconds"),
        "made_for": pack.asked_by_name,
        "with_internal": pack.with_internal,
        "commitments": commitments,
        "totals": {state: totals[state] for state in COUNTED},
        "closing": _closing(pack),
        "scores": as_json(score.sheet) if score else None,
    }


def _months(pack: Pack, contract: Contract) -> tuple[str, ...]:
    return closings.chosen_period(contract, pack.period).month_keys


def _closing(pack: Pack) -> dict[str, Any] | None:
    """What was frozen, when the period is closed; not for the customer, as it tells of internal promises."""
    found: Closing | None = closings.closing_in_force(SYSTEM, pack.contract_id, pack.since, pack.until)
    if found is None or found.period != pack.period or not pack.with_internal:
        return None
    return {
        "digest": found.digest,
        "number": found.number,
        "closed_at": found.closed_at.isoformat(),
        "closed_by": found.closed_by_name,
        "snapshot": found.snapshot,
        "adjustments": [
            {
                "commitment": row.commitment.name,
                "obligation": row.obligation_id,
                "before": row.before,
                "after": row.after,
                "event": row.event_id,
                "objection": row.objection_id,
                "who": row.who,
                "at": row.at.isoformat(),
            }
            for row in packs.adjustments_in(found.pk)
        ],
    }


def _write_events(pack: Pack, cases: list[tuple[str, int]], folder: Path) -> dict[str, int]:
    heads: dict[str, list[Any]] = {}
    count = 0
    with (folder / "events.jsonl").open("w", encoding="utf-8") as target:
        for row in packs.events_of_cases(pack.customer_id, cases):
            event = dict(zip(EVENT_KEYS, row, strict=False))
            heads[f"{row[3]}:{row[4]}"] = [row[16], row[17]]
            target.write(json.dumps(event, ensure_ascii=False) + "\n")
            count += 1
    (folder / "heads.json").write_text(_json(heads), encoding="utf-8")
    return {"events": count, "subjects": len(heads)}


def _write_files(kept: list[Any], folder: Path) -> None:
    (folder / "files").mkdir()
    with (folder / "files.csv").open("w", encoding="utf-8-sig", newline="") as target:
        out = csv.writer(target)
        out.writerow(("path", "name", "attached", "bytes", "sha256", "stored_by", "stored_at"))
        for stored in kept:
            name = f"files/{stored.pk}-{stored.name}"
            with stored_files.open_bytes(stored) as source, (folder / name).open("wb") as copy:
                while part := source.read(1 << 20):
                    copy.write(part)
            attached = f"{stored.attached_type}:{stored.attached_id}"
            out.writerow(
                (
                    name,
                    stored.name,
                    attached,
                    stored.size_bytes,
                    stored.digest,
                    stored.stored_by_name,
                    stored.stored_at,
                )
            )


def _zip(folder: Path, pack: Pack) -> Path:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    manifest = {
        "format": 1,
        "contract": pack.contract.code,
        "period": pack.period,
        "files": {
            name: {"sha256": _digest(folder / name), "bytes": (folder / name).stat().st_size}
            for name in names
        },
    }
    (folder / "manifest.json").write_text(_json(manifest), encoding="utf-8")
    archive = folder.parent / f"{folder.name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name in ("manifest.json", *names):
            target.write(folder / name, name)
    return archive


def _keep(pack: Pack, archive: Path, figures: dict[str, int]) -> None:
    locks.hold(f"pack:{pack.pk}")
    if not packs.unfinished(pack.pk) and Pack.objects.get(pk=pack.pk).state == PackState.READY:
        archive.unlink()
        return
    actor = job_actor("commitments.make_pack")
    digest = _digest(archive)
    try:
        with archive.open("rb") as source:
            upload = UploadedFile(
                source,
                f"{pack.contract.code}-{pack.period}-evidence.zip",
                "application/zip",
                archive.stat().st_size,
            )
            stored = files.store(
                actor=actor,
                customer_id=pack.customer_id,
                contract_id=pack.contract_id,
                upload=upload,
                attached_to=("pack", pack.pk),
                is_public=not pack.with_internal,
                size_limit=SIZE_LIMIT,
            )
    finally:
        archive.unlink()
    Pack.objects.filter(pk=pack.pk).update(
        state=PackState.READY,
        progress=100,
        figures=figures,
        file_id=stored.pk,
        digest=digest,
        finished_at=clock.now(),
    )
    events.record(
        "evidence.exported",
        actor=actor,
        subject=("pack", pack.pk),
        case=("contract", pack.contract_id),
        customer_id=pack.customer_id,
        contract_id=pack.contract_id,
        facts={"period": pack.period, "digest": digest, "for": f"user:{pack.asked_by_id or 0}"},
    )


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as source:
        while part := source.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
