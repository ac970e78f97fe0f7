import pytest

from shouyue.kernel import gates
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import GateRefused

ASK = {"actor": SYSTEM, "subject": ("thing", 1), "customer_id": 0, "contract_id": None}


def test_an_act_passes_when_no_provider_objects(monkeypatch):
    monkeypatch.setattr(gates, "_providers", [])
    gates.require("thing.close", **ASK)


def test_every_missing_condition_is_named(monkeypatch):
    monkeypatch.setattr(gates, "_providers", [])
    gates.provide(
        lambda request: [
            gates.Refusal("a", f"{request.act}: sign first"),
            gates.Refusal("b", "back up first"),
        ]
    )
    with pytest.raises(GateRefused, match="thing.close: sign first\nback up first"):
        gates.require("thing.close", **ASK)
