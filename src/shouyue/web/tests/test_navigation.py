import pytest
from django.test import RequestFactory

from shouyue.web import checks, navigation
from shouyue.web.navigation import Item, groups_for, items_for, register

from .conftest import make_actor, make_customer

DISPATCHER = frozenset({"dispatcher"})


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(navigation, "_items", {})
    register(
        Item(key="desk", label="Desk", url_name="desk", icon="inbox", order=20),
        Item(
            key="board",
            label="Board",
            url_name="web:styleguide",
            icon="truck",
            roles=frozenset({"dispatcher"}),
            order=10,
        ),
        Item(key="mine", label="Mine", url_name="portal", icon="home", area="portal"),
        Item(key="out", label="Sign out", url_name="sign_in", icon="logout", area="user", method="post"),
    )


def keys(actor):
    return [item.key for item in items_for(actor)]


def test_staff_without_the_role_sees_the_open_items_only():
    assert keys(make_actor()) == ["desk", "out"]


@pytest.mark.parametrize("role", ["system_admin", "security_admin"])
def test_officers_have_no_business_menu(role):
    assert keys(make_actor(roles=frozenset({role}))) == ["out"]
    assert "desk" in keys(make_actor(roles=frozenset({role, "desk_agent"})))


def test_a_role_opens_its_items_in_their_order():
    assert keys(make_actor(roles=frozenset({"dispatcher"}))) == ["board", "desk", "out"]


def test_a_role_held_in_one_contract_counts():
    assert "board" in keys(make_actor(contract_roles={5: frozenset({"dispatcher"})}))


def test_a_customer_sees_the_portal_even_with_a_desk_role():
    assert keys(make_customer(roles=frozenset({"dispatcher"}))) == ["mine", "out"]


def test_nobody_sees_nothing():
    assert keys(None) == []


def test_the_nearest_link_is_active():
    request = RequestFactory().get("/desk/42/")
    links = [link for group in groups_for(request, make_actor()) for link in group.links]
    assert [(link.item.key, link.active) for link in links] == [("desk", True), ("out", False)]


def test_a_key_is_taken_once():
    with pytest.raises(ValueError, match="'desk' is taken by desk"):
        register(Item(key="desk", label="Other", url_name="portal", icon="inbox"))


def test_registering_the_same_item_again_is_harmless():
    register(Item(key="desk", label="Desk", url_name="desk", icon="inbox", order=20))
    assert len(navigation.all_items()) == 4


def test_an_item_that_leads_nowhere_is_reported_and_hidden():
    register(Item(key="gone", label="Gone", url_name="no:where", icon="x"))
    request = RequestFactory().get("/")
    shown = [link.item.key for group in groups_for(request, make_actor()) for link in group.links]
    assert (shown, [warning.id for warning in checks.navigation_reverses()]) == (
        ["desk", "out"],
        ["web.W001"],
    )
