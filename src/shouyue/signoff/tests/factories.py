"""Sign-offs and the people who answer them, for tests."""

from __future__ import annotations

import base64
import io
from datetime import timedelta
from typing import Any

from PIL import Image, ImageDraw

from shouyue.accounts.queries import actor_from
from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_user
from shouyue.contracts.tests.people import make_contact, make_customer_user, make_engineer
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.parties.models import Contact
from shouyue.signoff import services
from shouyue.signoff.models import Signoff, Step
from shouyue.signoff.services import Asked

ADMIN = [Asked(capacity="server_admin")]


def drawn() -> str:
    """A stroke on a canvas, as signature_pad sends it."""
    picture = Image.new("RGBA", (400, 160), (0, 0, 0, 0))
    ImageDraw.Draw(picture).line(
        [(20, 120), (140, 30), (260, 130), (380, 40)], fill=(16, 24, 32, 255), width=5
    )
    return data_url(picture)


def data_url(picture: Image.Image, kind: str = "PNG") -> str:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def make_admin(contract: Contract, *capacities: str, **changes: Any) -> tuple[Actor, Contact]:
    """A person of the customer with an account and capacities among the contacts; no role in the contract."""
    user = make_user(customer_id=contract.customer_id, **changes)
    contact = make_contact(
        contract, user_id=user.pk, name=user.name, capacities=list(capacities or ("server_admin",))
    )
    return actor_from(user), contact


def make_asker(contract: Contract, role: str = "project_manager") -> Actor:
    """Who asks: a member of the contract."""
    return make_engineer(contract, role)


def make_leader(contract: Contract) -> Actor:
    """The customer's leader by a role in the contract."""
    return make_customer_user(contract, "customer.leader")


def make_signoff(contract: Contract, *, actor: Actor, **changes: Any) -> Signoff:
    """A consent asked of the server administrator about the contract."""
    values: dict[str, Any] = {
        "kind": "consent",
        "purpose": "remote-check",
        "subject": ("contract", contract.pk),
        "customer_id": contract.customer_id,
        "contract_id": contract.pk,
        "label": "政务服务器远程检查",
        "scope": "远程登录 10.1.2.3，只读检查日志，预计三十分钟。",
        "steps": ADMIN,
        "reply_due_at": clock.now() + timedelta(hours=4),
    }
    return services.ask(actor=actor, **values | changes)


def step_of(signoff: Signoff, place: int = 1) -> Step:
    step: Step = Step.objects.get(signoff=signoff, place=place)
    return step
