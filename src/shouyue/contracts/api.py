"""JSON API: contracts, their parts, and what their plans promise."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Query, Router, Schema
from ninja.responses import Status

from shouyue.contracts import access, loading, plan_page, planning_api, queries, services, vocabulary
from shouyue.contracts.models import Contract, ContractSite, Membership, Milestone, PlanVersion
from shouyue.contracts.queries import ContractFilter
from shouyue.contracts.rules import charge_of
from shouyue.kernel import clock
from shouyue.kernel.errors import NotFound
from shouyue.web import rest

router = Router(tags=["contracts"])
router.add_router("", planning_api.router)


class ContractOut(Schema):
    """ends_on: the last day. stage: where the contract is now, empty between stages."""

    id: int
    code: str
    name: str
    customer_id: int
    starts_on: date
    ends_on: date
    time_zone: str
    service_level: str
    desk_phone: str
    unit_id: int | None
    supervision_firm_id: int | None
    plan: str
    plan_number: int
    stage: str
    is_active: bool
    version: int

    @staticmethod
    def resolve_plan(row: Contract) -> str:
        return row.plan_version.plan

    @staticmethod
    def resolve_plan_number(row: Contract) -> int:
        return row.plan_version.number

    @staticmethod
    def resolve_stage(row: Contract) -> str:
        return queries.stage_today(loading.compiled(row.pk, row.version))


class ContractIn(Schema):
    """A new contract under a stored plan version."""

    customer_id: int
    code: str
    name: str
    starts_on: date
    ends_on: date
    plan_version_id: int
    time_zone: str = "Asia/Shanghai"
    service_level: str = ""
    unit_id: int | None = None
    supervision_firm_id: int | None = None
    desk_phone: str = ""


class ContractChange(Schema):
    """What is left out stays as it is."""

    name: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    time_zone: str | None = None
    service_level: str | None = None
    unit_id: int | None = None
    supervision_firm_id: int | None = None
    desk_phone: str | None = None
    is_active: bool | None = None


class ContractQuery(rest.PageQuery):
    """text: code, name or customer. state: coming, running, expiring, ended or stopped."""

    text: str = ""
    state: str = ""
    stage: str = ""
    customer_id: int | None = None
    unit_id: int | None = None


class SiteOut(Schema):
    site_id: int
    name: str
    mode: str
    area: str
    unit_id: int | None

    @staticmethod
    def resolve_name(row: ContractSite) -> str:
        return str(row.site.name)


class SiteIn(Schema):
    """mode: resident, call_out or remote_only; area: urban or outer, or a word of the plan's scale `zone`."""

    mode: str
    area: str
    unit_id: int | None = None


class MemberOut(Schema):
    user_id: int
    name: str
    role: str
    starts_on: date | None
    ends_on: date | None

    @staticmethod
    def resolve_name(row: Membership) -> str:
        return str(row.user.name)


class MemberIn(Schema):
    user_id: int
    role: str
    starts_on: date | None = None
    ends_on: date | None = None


class MilestoneOut(Schema):
    name: str
    happened_on: date
    signed_by_provider: str
    signed_by_customer: str
    note: str


class MilestoneIn(Schema):
    happened_on: date
    signed_by_provider: str = ""
    signed_by_customer: str = ""
    note: str = ""


class StageOut(Schema):
    """entered_at: when it began, null while it has not."""

    name: str
    starts_on: date | None
    ends_on: date | None
    entered_at: datetime | None


class PromiseOut(Schema):
    """A promise in words. state: executable, unset (a number is still to be agreed) or not_executable."""

    name: str
    kind: str
    title: str
    text: str
    number: str
    sentences: list[str]
    source: list[str]
    by: str
    state: str
    missing: list[str]
    unset: list[str]
    settlements: list[str]


class ChargeQuery(Schema):
    """item: of the catalogue; asset_class: for the warranty; on: the day, today when left out."""

    item: str = ""
    asset_class: str = ""
    request_type: str = ""
    on: date | None = None


class ChargeOut(Schema):
    """kind: free or quoted. source: entitlement, catalogue, warranty or term; name: which line of the contract."""

    kind: str
    source: str
    name: str
    discount: float


class PlanIn(Schema):
    """A plan file's text."""

    text: str


class PlanVersionOut(Schema):
    id: int
    plan: str
    number: int
    digest: str
    created_at: datetime


class PinIn(Schema):
    plan_version_id: int


@router.get("contracts", response=rest.Page[ContractOut], summary="List contracts")
def list_contracts(request: HttpRequest, query: Query[ContractQuery]) -> dict[str, Any]:
    wanted = ContractFilter(query.text, query.state, query.customer_id, query.unit_id, query.stage)
    actor = rest.actor_of(request)
    rows = queries.contracts_matching(actor, wanted, clock.today(actor.time_zone))
    return rest.paged(rows, query, order=("code", "id"))


@router.post("contracts", response={201: ContractOut}, summary="Set up a contract")
@rest.repeatable
def create_contract(request: HttpRequest, response: HttpResponse, data: ContractIn) -> Status[Contract]:
    made = services.create_contract(actor=rest.actor_of(request), **data.model_dump())
    response["ETag"] = rest.etag(made.version)
    return Status(201, made)


@router.get("contracts/{code}", response=ContractOut, summary="Read a contract")
def read_contract(request: HttpRequest, response: HttpResponse, code: str) -> Contract:
    found = queries.contract_of(rest.actor_of(request), code)
    response["ETag"] = rest.etag(found.version)
    return found


@router.patch("contracts/{code}", response=ContractOut, summary="Change a contract")
def change_contract(
    request: HttpRequest, response: HttpResponse, code: str, data: ContractChange
) -> Contract:
    actor = rest.actor_of(request)
    found = queries.contract_of(actor, code)
    rest.require_match(request, found.version)
    changed = services.change_contract(
        actor=actor, contract_id=found.pk, version=found.version, **data.model_dump(exclude_unset=True)
    )
    response["ETag"] = rest.etag(changed.version)
    return changed


@router.get("contracts/{code}/sites", response=list[SiteOut], summary="Sites of a contract")
def list_sites(request: HttpRequest, code: str) -> list[ContractSite]:
    actor = rest.actor_of(request)
    return list(queries.sites_of(actor, queries.contract_of(actor, code).pk))


@router.put("contracts/{code}/sites/{site_id}", response=SiteOut, summary="Serve a site under a contract")
def set_site(request: HttpRequest, code: str, site_id: int, data: SiteIn) -> ContractSite:
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    return services.set_site_zone(actor=actor, contract_id=contract.pk, site_id=site_id, **data.model_dump())


@router.delete("contracts/{code}/sites/{site_id}", response={204: None}, summary="Serve a site no longer")
def remove_site(request: HttpRequest, code: str, site_id: int) -> Status[None]:
    actor = rest.actor_of(request)
    services.remove_site(actor=actor, contract_id=queries.contract_of(actor, code).pk, site_id=site_id)
    return Status(204, None)


@router.get("contracts/{code}/members", response=list[MemberOut], summary="Members of a contract")
def list_members(request: HttpRequest, code: str) -> list[Membership]:
    actor = rest.actor_of(request)
    return list(queries.memberships_of(actor, queries.contract_of(actor, code).pk))


@router.post("contracts/{code}/members", response={201: MemberOut}, summary="Give a person a role")
@rest.repeatable
def add_member(request: HttpRequest, code: str, data: MemberIn) -> Status[Membership]:
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    return Status(201, services.add_member(actor=actor, contract_id=contract.pk, **data.model_dump()))


@router.delete(
    "contracts/{code}/members/{user_id}/{role}", response={204: None}, summary="Take a role from a person"
)
def remove_member(request: HttpRequest, code: str, user_id: int, role: str) -> Status[None]:
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    services.remove_member(actor=actor, contract_id=contract.pk, user_id=user_id, role=role)
    return Status(204, None)


@router.get("contracts/{code}/milestones", response=list[MilestoneOut], summary="Milestones reached")
def list_milestones(request: HttpRequest, code: str) -> list[Milestone]:
    actor = rest.actor_of(request)
    return list(queries.milestones_of(actor, queries.contract_of(actor, code).pk))


@router.put(
    "contracts/{code}/milestones/{name}", response=MilestoneOut, summary="Record or correct a milestone"
)
def reach_milestone(request: HttpRequest, code: str, name: str, data: MilestoneIn) -> Milestone:
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    return services.reach_milestone(actor=actor, contract_id=contract.pk, name=name, **data.model_dump())


@router.get("contracts/{code}/stages", response=list[StageOut], summary="Stages of a contract")
def list_stages(request: HttpRequest, code: str) -> list[Any]:
    actor = rest.actor_of(request)
    return list(queries.stages_of(actor, queries.contract_of(actor, code).pk))


@router.get("contracts/{code}/promises", response=list[PromiseOut], summary="What the contract promises")
def list_promises(request: HttpRequest, code: str) -> list[plan_page.Promise]:
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    page = plan_page.plan_page(contract.plan_version_id, get_language() or actor.language)
    return list((page if access.sees_provider_side(actor, contract.pk) else page.for_customer()).promises)


@router.get("contracts/{code}/charge", response=ChargeOut, summary="Is this work charged?")
def read_charge(request: HttpRequest, code: str, query: Query[ChargeQuery]) -> Any:
    contract = queries.contract_of(rest.actor_of(request), code)
    rules = loading.compiled(contract.pk, contract.version)
    facts = {"request_type": query.request_type} if query.request_type else {}
    day = query.on or clock.today(rules.zone)
    return charge_of(rules, facts, day, item=query.item, warranty_class=query.asset_class)


@router.post(
    "contracts/{code}/plan-versions", response={201: PlanVersionOut}, summary="Store a new plan version"
)
@rest.repeatable
def store_plan_version(request: HttpRequest, code: str, data: PlanIn) -> Status[PlanVersion]:
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    made = services.store_plan_version(actor=actor, text=data.text, plan=contract.plan_version.plan)
    return Status(201, made)


@router.get("contracts/{code}/plan-versions", response=list[PlanVersionOut], summary="Versions of the plan")
def list_plan_versions(request: HttpRequest, code: str) -> list[PlanVersion]:
    actor = rest.actor_of(request)
    return list(queries.plan_versions_of(actor, queries.contract_of(actor, code)))


@router.put("contracts/{code}/plan-version", response=ContractOut, summary="Run by another plan version")
def pin_plan_version(request: HttpRequest, response: HttpResponse, code: str, data: PinIn) -> Contract:
    actor = rest.actor_of(request)
    contract = queries.contract_of(actor, code)
    rest.require_match(request, contract.version)
    pinned = services.pin_plan_version(
        actor=actor, contract_id=contract.pk, plan_version_id=data.plan_version_id, version=contract.version
    )
    response["ETag"] = rest.etag(pinned.version)
    return pinned


@router.get("vocabulary", summary="The words plan files may use")
def read_vocabulary(request: HttpRequest) -> HttpResponse:
    actor = rest.actor_of(request)
    if not actor.is_staff:
        raise NotFound
    return rest.answer(vocabulary.as_json(vocabulary.current()))
