"""Two customers whose data look alike: neither reaches the other's, by either wall."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from shouyue.kernel.actor import Actor
from shouyue.kernel.errors import NotFound
from shouyue.kernel.models import Event, EventHead
from shouyue.kernel.scope import NOTHING, Scope, acting_in
from shouyue.parties import queries, services
from shouyue.parties.models import Contact, Customer, Site
from shouyue.parties.tests.factories import make_contact, make_customer, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def twins():
    """Two customers with the same names, sites, people and numbers."""
    made = []
    for code in ("TWIN-A", "TWIN-B"):
        customer = make_customer(code=code)
        site = make_site(customer, name="信息中心")
        contact = make_contact(customer, name="张伟", phone="13800138000", site_id=site.id)
        made.append((customer, site, contact))
    return made


def member_of(customer: Customer) -> Actor:
    """A person of the customer who holds a role in one of its contracts."""
    return Actor(
        kind="user",
        id=9,
        name="",
        scope=Scope(customers=frozenset({customer.id})),
        user_id=9,
        customer_id=customer.id,
        contract_roles={1: frozenset({"it_contact"})},
    )


def engineer_at(customer: Customer) -> Actor:
    """The provider's project manager who serves one customer only."""
    return Actor(
        kind="user",
        id=8,
        name="",
        scope=Scope(customers=frozenset({0, customer.id})),
        user_id=8,
        contract_roles={1: frozenset({"project_manager"})},
    )


def test_the_first_wall_alone_holds(twins):
    """Queries filter by actor even when the database would show everything."""
    (own, own_site, own_contact), (other, other_site, other_contact) = twins
    for actor in (member_of(own), engineer_at(own)):
        assert list(queries.customers(actor)) == [own]
        assert list(queries.sites_of(actor, own.id)) == [own_site]
        assert not queries.sites_of(actor, other.id).exists()
        assert list(queries.contacts_by_phone(actor, "13800138000")) == [own_contact]
        assert list(queries.search_contacts(actor, "zw")) == [own_contact]
        for read in (
            lambda actor=actor: queries.customer(actor, other.id),
            lambda actor=actor: queries.site(actor, other_site.id),
            lambda actor=actor: queries.contact(actor, other_contact.id),
        ):
            with pytest.raises(NotFound):
                read()


def test_the_second_wall_alone_holds(twins):
    """Unfiltered queries see one customer's rows only."""
    (own, own_site, own_contact), (other, _site, _contact) = twins
    with acting_in(Scope(customers=frozenset({own.id}))):
        assert list(Customer.objects.all()) == [own]
        assert list(Site.objects.all()) == [own_site]
        assert list(Contact.objects.all()) == [own_contact]
        assert set(Event.objects.values_list("customer_id", flat=True)) == {own.id}
        assert set(EventHead.objects.values_list("customer_id", flat=True)) == {own.id}
        assert Site.objects.filter(customer=other).update(name="x") == 0
        assert Contact.objects.filter(customer=other).delete()[0] == 0
    with acting_in(NOTHING):
        assert not Customer.objects.exists()
        assert not Contact.objects.exists()


@pytest.mark.parametrize("model", [Site, Contact])
def test_rows_cannot_be_planted_at_another_customer(twins, model):
    (own, own_site, own_contact), (other, _site, _contact) = twins
    row = own_site if model is Site else own_contact
    with acting_in(Scope(customers=frozenset({own.id}))):
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            model.objects.filter(pk=row.pk).update(customer_id=other.id)
        row.pk, row.customer_id = None, other.id
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            row.save(force_insert=True)


def test_foreign_keys_cannot_reach_across(twins):
    """Foreign-key checks bypass row-level security; the composite key does not let them cross."""
    (own, own_site, own_contact), (_other, other_site, _contact) = twins
    with acting_in(Scope(customers=frozenset({own.id}))):
        for attack in (
            lambda: Contact.objects.filter(pk=own_contact.pk).update(site_id=other_site.id),
            lambda: Site.objects.filter(pk=own_site.pk).update(parent_id=other_site.id),
        ):
            with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
                attack()
                connection.check_constraints()


def test_services_do_not_reach_across(twins):
    (own, _site, _contact), (other, other_site, other_contact) = twins
    events = Event.objects.count()
    actor = engineer_at(own)
    for attack in (
        lambda: services.create_site(actor=actor, customer_id=other.id, name="x"),
        lambda: services.create_contact(actor=actor, customer_id=other.id, name="x"),
        lambda: services.change_site(actor=actor, site_id=other_site.id, version=1, name="x"),
        lambda: services.change_contact(actor=actor, contact_id=other_contact.id, version=1, name="x"),
    ):
        with pytest.raises(NotFound):
            attack()
    assert Event.objects.count() == events
    other_site.refresh_from_db()
    assert other_site.name == "信息中心"


def test_an_end_user_sees_no_colleagues(twins):
    (own, _site, _contact), _other = twins
    end_user = Actor(
        kind="user", id=9, name="", scope=Scope(customers=frozenset({own.id})), user_id=9, customer_id=own.id
    )
    assert not queries.contacts(end_user).exists()
