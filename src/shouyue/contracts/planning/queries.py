"""Reads of drafts and proposals, and the texts a draft may start from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from django.db.models import Exists, OuterRef, QuerySet

from shouyue.contracts import access
from shouyue.contracts.choices import OPEN_PROPOSALS, PlanStep, ProposalState
from shouyue.contracts.models import Contract, PlanDraft, PlanProposal, PlanProposalStep, PlanVersion
from shouyue.contracts.plan_language.source import read_text
from shouyue.contracts.plan_language.texts import Text
from shouyue.contracts.queries import contracts_visible_to, plan_versions_of
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.models import Event

PLANS = next(
    (
        folder
        for folder in (Path(__file__).parents[2] / "plans", Path(__file__).parents[4] / "plans")
        if folder.is_dir()
    ),
    Path("plans"),
)
_PLAN_LINE = re.compile(r"^plan:[ \t]*\S.*$", re.MULTILINE)


def drafts_of(actor: Actor, contract_id: int) -> QuerySet[PlanDraft]:
    """The drafts of a contract, latest first; none for those who do not see the provider's side."""
    rows = PlanDraft.objects.visible_to(actor).filter(contract_id=contract_id)
    rows = rows if access.can_manage(actor, contract_id) else rows.none()
    return rows.select_related("based_on", "updated_by").defer("text")


def draft_of(actor: Actor, contract_id: int, draft_id: int) -> PlanDraft:
    """One draft with its text. Raises: NotFound."""
    rows = PlanDraft.objects.visible_to(actor).select_related("based_on", "updated_by")
    found: PlanDraft | None = rows.filter(contract_id=contract_id, pk=draft_id).first()
    if found is None or not access.can_manage(actor, contract_id):
        raise NotFound
    return found


def proposals_of(actor: Actor, contract_id: int) -> QuerySet[PlanProposal]:
    """The proposals of a contract, latest first, with version and proposer."""
    return (
        proposals_shown_to(actor, contract_id)
        .select_related("plan_version", "proposed_by")
        .defer("plan_version__text", "plan_version__compiled")
    )


def proposals_shown_to(actor: Actor, contract_id: int) -> QuerySet[PlanProposal]:
    """All of them within the provider; outside those that its side has approved: others were never offered."""
    rows: QuerySet[PlanProposal] = PlanProposal.objects.visible_to(actor).filter(contract_id=contract_id)
    if actor.is_staff:
        return rows
    approved = PlanProposalStep.objects.filter(proposal_id=OuterRef("pk"), step=PlanStep.PROVIDER_APPROVED)
    return rows.filter(Exists(approved))


def proposal_of(actor: Actor, contract_id: int, proposal_id: int) -> PlanProposal:
    """One proposal. Raises: NotFound."""
    found = proposals_of(actor, contract_id).filter(pk=proposal_id).first()
    if found is None:
        raise NotFound
    return found


def open_proposal(actor: Actor, contract_id: int) -> PlanProposal | None:
    """The proposal still under way, if any."""
    return proposals_of(actor, contract_id).filter(state__in=OPEN_PROPOSALS).first()


def version_before(actor: Actor, proposal: PlanProposal) -> int:
    """The version a proposal is compared with: the one in force, or that was when it was settled. Queries: two."""
    contract = contracts_visible_to(actor).get(pk=proposal.contract_id)
    if proposal.settled_at is None:
        return contract.plan_version_id
    applied = Event.objects.visible_to(actor).filter(
        subject_type="contract",
        subject_id=contract.pk,
        verb="contract.plan_applied",
        occurred_at__lte=proposal.settled_at,
    )
    last = applied.order_by("-id").values_list("facts", flat=True).first() or {}
    found = last.get("previous" if proposal.state == ProposalState.IN_FORCE else "plan_version")
    return int(found.partition(":")[2]) if found else contract.plan_version_id


def put_in_force_since(contract: Contract, at: datetime) -> int | None:
    """The number of the version in force, if it was put in force after a moment. Queries: one."""
    applied = Event.objects.filter(
        subject_type="contract", subject_id=contract.pk, verb="contract.plan_applied", occurred_at__gt=at
    )
    found = applied.order_by("-id").values_list("facts__number", flat=True).first()
    return int(found) if found is not None else None


def steps_of(actor: Actor, proposal_id: int) -> list[PlanProposalStep]:
    """What was done to a proposal, in order."""
    rows = PlanProposalStep.objects.visible_to(actor).filter(proposal_id=proposal_id)
    return list(rows.select_related("actor"))


@dataclass(frozen=True, slots=True)
class Start:
    """A text a draft may begin with. key: version:12, contract:GB or template:office-5x8."""

    key: str
    label: str
    group: str


@cache
def templates() -> dict[str, tuple[Path, Text]]:
    """The plan files that come with the product, by key: templates, examples, reference plans."""
    found = {}
    for path in [
        *sorted(PLANS.glob("templates/*.yaml")),
        *sorted(PLANS.glob("*.yaml")),
        *sorted(PLANS.glob("examples/*.yaml")),
    ]:
        title = read_text(path.read_text(encoding="utf-8")).get("title")
        parts = title.plain() if title else {}
        found[path.stem] = (path, Text(str(parts.get("zh", path.stem)), str(parts.get("en", path.stem))))
    return found


def starts(actor: Actor, contract: Contract, language: str) -> list[Start]:
    """Everything a draft for this contract may begin with. Queries: two."""
    versions = plan_versions_of(actor, contract).values_list("pk", "plan", "number")
    found = [Start(f"version:{pk}", f"{plan} v{number}", "version") for pk, plan, number in versions]
    found += [
        Start(f"template:{key}", title.pick(language), "template")
        for key, (_path, title) in templates().items()
    ]
    others = contracts_visible_to(actor).exclude(pk=contract.pk).values_list("pk", "code", "name")[:500]
    found += [
        Start(f"contract:{code}", f"{code} {name}", "contract")
        for pk, code, name in others
        if access.sees_provider_side(actor, pk)
    ]
    return found


def start_text(actor: Actor, contract: Contract, key: str) -> tuple[str, PlanVersion | None]:
    """The text behind a start, under the contract's own plan name, and the version it is. Raises: NotFound."""
    sort, _colon, name = key.partition(":")
    version: PlanVersion | None = None
    if sort == "version" and name.isdecimal():
        version = plan_versions_of(actor, contract).filter(pk=int(name)).first()
        text = PlanVersion.objects.values_list("text", flat=True).get(pk=version.pk) if version else ""
    elif sort == "contract":
        text = _text_of(actor, name)
    else:
        known = templates().get(name) if sort == "template" else None
        text = known[0].read_text(encoding="utf-8") if known else ""
    if not text:
        raise NotFound
    own = PlanVersion.objects.values_list("plan", flat=True).get(pk=contract.plan_version_id)
    return _PLAN_LINE.sub(f"plan: {own}", text, count=1), version


def _text_of(actor: Actor, code: str) -> str:
    other = contracts_visible_to(actor).select_related("plan_version").filter(code=code).first()
    if other is None or not access.sees_provider_side(actor, other.pk):
        raise NotFound
    return other.plan_version.text
