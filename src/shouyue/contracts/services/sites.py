"""Which sites a contract serves, and how."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shouyue.contracts import loading, queries
from shouyue.contracts.choices import Area, SiteMode
from shouyue.contracts.models import ContractSite
from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import Invalid, NotFound
from shouyue.parties.models import Site

from . import steps


@transaction.atomic
def set_site_zone(
    *,
    actor: Actor,
    contract_id: int,
    site_id: int,
    mode: str = SiteMode.CALL_OUT,
    area: str = Area.URBAN,
    unit_id: int | None = None,
) -> ContractSite:
    """Take a site under the contract, or change how it is served.

    Raises: NotAllowed, NotFound; Invalid for a site of another customer. Locks: the contract.
    """
    contract = steps.managed(actor, contract_id)
    steps.refuse_bad(
        site=None
        if Site.objects.filter(pk=site_id, customer_id=contract.customer_id).exists()
        else _("No such site."),
        mode=None if mode in SiteMode.values else _("No such mode."),
        area=None if area in _areas(contract.pk) else _("No such area."),
        unit=steps.no_unit(unit_id),
    )
    values = {"mode": str(mode), "area": str(area), "unit_id": unit_id}
    row, created = ContractSite.objects.get_or_create(
        contract=contract, site_id=site_id, defaults={"customer_id": contract.customer_id, **values}
    )
    if not created:
        if all(getattr(row, key) == value for key, value in values.items()):
            return row
        ContractSite.objects.filter(pk=row.pk).update(**values)
        row.refresh_from_db()
    loading.mark_changed(contract.pk)
    steps.record(
        "contract.site_set", actor, contract, site=f"site:{site_id}", zone=str(area), zone_mode=str(mode)
    )
    return row


@transaction.atomic
def set_site_zones(*, actor: Actor, contract_id: int, sites: Sequence[tuple[int, str, str]]) -> int:
    """Take many sites under the contract at once: (site id, mode, area). Sites already there are left alone.

    Raises: as `set_site_zone`. Returns how many are new.
    """
    contract = steps.managed(actor, contract_id)
    own = set(Site.objects.filter(customer_id=contract.customer_id).values_list("id", flat=True))
    there = set(ContractSite.objects.filter(contract=contract).values_list("site_id", flat=True))
    areas = _areas(contract.pk)
    if any(site not in own or mode not in SiteMode.values or area not in areas for site, mode, area in sites):
        raise Invalid(_("A site of another customer, or an unknown mode or area."))
    fresh = [
        ContractSite(customer_id=contract.customer_id, contract=contract, site_id=site, mode=mode, area=area)
        for site, mode, area in sites
        if site not in there
    ]
    ContractSite.objects.bulk_create(fresh)
    loading.mark_changed(contract.pk)
    for row in fresh:
        steps.record(
            "contract.site_set",
            actor,
            contract,
            site=f"site:{row.site_id}",
            zone=row.area,
            zone_mode=row.mode,
        )
    return len(fresh)


def _areas(contract_id: int) -> frozenset[str]:
    """A plan with its own scale `zone` says which areas there are; words longer than the column are none."""
    return frozenset(
        word for word, _label in queries.areas(queries.compiled(contract_id), "en") if len(word) <= 20
    )


@transaction.atomic
def remove_site(*, actor: Actor, contract_id: int, site_id: int) -> None:
    """The contract no longer serves this site. Raises: NotAllowed, NotFound. Locks: the contract."""
    contract = steps.managed(actor, contract_id)
    gone, _rows = ContractSite.objects.filter(contract=contract, site_id=site_id).delete()
    if not gone:
        raise NotFound
    loading.mark_changed(contract.pk)
    steps.record("contract.site_removed", actor, contract, site=f"site:{site_id}")
