"""Sign-offs and the people who answer them, for tests."""

from __future__ import annotations

import base64
import io
import threading
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from PIL import Image, ImageDraw

from shouyue.accounts.models import User
from shouyue.accounts.queries import actor_from
from shouyue.accounts.tests.factories import PASSWORD, sign_in
from shouyue.contracts.models import Contract
from shouyue.contracts.tests.factories import make_member, make_user
from shouyue.kernel import clock
from shouyue.kernel.actor import Actor
from shouyue.kernel.scope import EVERYTHING, acting_in
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


def make_agent() -> Actor:
    """A desk agent, who serves every contract."""
    return actor_from(make_user(roles=["desk_agent"]))


def make_officer(role: str = "audit_admin") -> Actor:
    return actor_from(make_user(roles=[role]))


def make_engineer(contract: Contract, role: str = "field_engineer") -> Actor:
    return actor_from(make_member(contract, role))


def make_customer_user(contract: Contract, role: str) -> Actor:
    return actor_from(make_member(contract, role))


def make_contact(contract: Contract, **changes: Any) -> Contact:
    """Somebody at the customer, without an account unless one is given."""
    values: dict[str, Any] = {
        "customer_id": contract.customer_id,
        "name": "赵敏",
        "name_key": "zhaomin",
        "created_at": clock.now(),
    }
    contact: Contact = Contact.objects.create(**values | changes)
    return contact


def upload(name: str = "photo.png", content: bytes | None = None) -> SimpleUploadedFile:
    """A small picture, or the given bytes, as a browser sends it."""
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), "white").save(buffer, "PNG")
    return SimpleUploadedFile(name, content or buffer.getvalue())


def client_of(actor: Actor) -> Client:
    """A browser signed in as this actor."""
    user = User.objects.get(pk=actor.user_id)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return sign_in(user)


def at_once(*acts: Any) -> list[Exception]:
    """Run each act in its own thread and transaction, all released together; the errors they raised."""
    barrier = threading.Barrier(len(acts))
    errors: list[Exception] = []

    def run(act: Any) -> None:
        try:
            with acting_in(EVERYTHING):
                barrier.wait(10)
                act()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return errors
