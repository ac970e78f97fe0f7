"""Facts that every event of a contract carries: the stage it happens in and the service level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shouyue.contracts import loading
from shouyue.contracts.queries import stage_today
from shouyue.kernel.events import FactType, FactValue

COMMON_FACTS: Final = {
    "stage": FactType.CODE,
    "service_level": FactType.CODE,
    "zone": FactType.CODE,
    "zone_mode": FactType.CODE,
}


def enrich(subject_type: str, contract_id: int | None, facts: Mapping[str, Any]) -> Mapping[str, FactValue]:
    """Stage and service level of the contract; facts given already are left as they are. Queries: see `compiled`."""
    if contract_id is None or ("stage" in facts and "service_level" in facts):
        return {}
    rules = loading.compiled(contract_id)
    return {"stage": stage_today(rules) or None, "service_level": rules.service_level or None}
