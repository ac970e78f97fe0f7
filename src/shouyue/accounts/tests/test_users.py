"""Accounts: making, changing, roles, passwords; who may do so."""

from __future__ import annotations

import pytest

from shouyue.accounts import queries, services
from shouyue.accounts.models import Session, User
from shouyue.accounts.tests.factories import PASSWORD, actor_for, make_user, sign_in
from shouyue.kernel.actor import SYSTEM
from shouyue.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shouyue.kernel.models import Event
from shouyue.kernel.scope import NOTHING, Scope, acting_in

pytestmark = pytest.mark.django_db


def officer(role):
    return actor_for(make_user(roles=[role]))


def test_create_user_derives_search_keys_and_records_no_personal_data():
    user = make_user(username="zhang.wei", name="张伟", phone="+86 138 0013 8000", roles=["desk_agent"])
    assert (user.name_key, user.phone_digits) == ("zhangwei zw", "13800138000")
    recorded = list(Event.objects.filter(subject_type="user").values_list("verb", "facts"))
    assert recorded == [("user.created", {}), ("user.role_changed", {"role": "desk_agent", "held": True})]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "has blank"}, "username"),
        ({"username": "a\x00b"}, "username"),
        ({"name": ""}, "name"),
        ({"name": "名" * 101}, "name"),
        ({"email": "no"}, "email"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"language": "xx"}, "language"),
        ({"roles": ["king"]}, "roles"),
        ({"roles": ["system_admin", "audit_admin"]}, "roles"),
        ({"roles": ["audit_admin", "hq"]}, "roles"),
        ({"roles": ["hq"], "customer_id": 5}, "roles"),
        ({"password": "short"}, "password"),
        ({"password": "1234567890123"}, "password"),
        ({"password": "password1234", "username": "password1234"}, "password"),
    ],
)
def test_create_user_refuses(changes, field):
    with pytest.raises(Invalid) as refused:
        make_user(**changes)
    assert list(refused.value.fields) == [field]
    assert not User.objects.exists()


def test_a_user_name_is_unique_whatever_its_case():
    make_user(username="li.na")
    with pytest.raises(Invalid):
        make_user(username="LI.NA")


@pytest.mark.parametrize("role", ["hq", "desk_admin", "audit_admin"])
def test_others_make_no_accounts(role):
    actor = officer(role)
    before = (User.objects.count(), Event.objects.count())
    with pytest.raises(NotAllowed):
        services.create_user(actor=actor, username="x", name="x")
    assert (User.objects.count(), Event.objects.count()) == before


def test_the_system_administrator_makes_accounts_but_gives_no_roles():
    actor = officer("system_admin")
    made = services.create_user(actor=actor, username="x", name="x", password=PASSWORD)
    assert made.must_change_password
    for attempt in (
        lambda: services.create_user(actor=actor, username="y", name="y", roles=["hq"]),
        lambda: services.change_roles(actor=actor, user_id=made.id, roles=["hq"]),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_nobody_changes_its_own_roles_or_shuts_out_itself():
    actor = officer("security_admin")
    for attempt in (
        lambda: services.change_roles(actor=actor, user_id=actor.user_id, roles=["hq"]),
        lambda: services.deactivate_user(actor=actor, user_id=actor.user_id),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    assert User.objects.get(pk=actor.user_id).roles == ["security_admin"]


def test_the_system_administrator_cannot_take_over_another_office():
    boss = make_user(roles=["security_admin"])
    with pytest.raises(NotAllowed):
        services.set_password(actor=officer("system_admin"), user_id=boss.id, password="another phrase 9")
    boss.refresh_from_db()
    assert boss.check_password(PASSWORD)


def test_a_change_of_roles_counts_at_the_next_request():
    user = make_user()
    browser = sign_in(user)
    assert browser.get("/users/").status_code == 403
    services.change_roles(actor=SYSTEM, user_id=user.id, roles=["security_admin"])
    assert browser.get("/users/").status_code == 200
    services.change_roles(actor=SYSTEM, user_id=user.id, roles=[])
    assert browser.get("/users/").status_code == 403


def test_bump_access_voids_what_is_kept():
    user = make_user()
    services.bump_access([user.id, user.id])
    user.refresh_from_db()
    assert user.access_version == 2


def test_a_deactivated_user_is_out_at_the_next_request():
    user = make_user()
    browser = sign_in(user)
    assert browser.get("/profile/").status_code == 200
    services.deactivate_user(actor=SYSTEM, user_id=user.id)
    assert browser.get("/profile/").status_code == 302
    assert not Session.objects.filter(user=user).exists()
    with pytest.raises(NotFound):
        queries.actor_of(user.id)


def test_a_first_password_must_be_changed_before_anything_else():
    user = make_user(must_change_password=True)
    browser = sign_in(user)
    assert browser.get("/profile/")["Location"] == "/password/"
    assert browser.get("/api/me").status_code == 401
    answer = browser.post(
        "/password/", {"old": PASSWORD, "new": "another phrase 9", "again": "another phrase 9"}
    )
    assert answer.status_code == 303
    assert browser.get("/profile/").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("wrong", "another phrase 9", "another phrase 9"),
        (PASSWORD, "short", "short"),
        (PASSWORD, "another phrase 9", "another phrase 8"),
        (PASSWORD, PASSWORD, PASSWORD),
    ],
)
def test_change_password_refuses(old, new, again):
    user = make_user()
    browser = sign_in(user)
    assert browser.post("/password/", {"old": old, "new": new, "again": again}).status_code == 422
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_changed_password_ends_the_other_sessions():
    user = make_user()
    here, there = sign_in(user), sign_in(user)
    here.post("/password/", {"old": PASSWORD, "new": "another phrase 9", "again": "another phrase 9"})
    assert here.get("/profile/").status_code == 200
    assert there.get("/profile/").status_code == 302


def test_two_officers_editing_one_account_do_not_overwrite_each_other():
    user = make_user()
    values = {"name": "新", "email": "", "phone": "", "language": "en", "time_zone": "UTC"}
    services.change_user(actor=SYSTEM, user_id=user.id, version=user.version, **values)
    with pytest.raises(Conflict):
        services.change_user(actor=SYSTEM, user_id=user.id, version=user.version, **values)


def test_users_are_found_by_name_pinyin_initials_and_number():
    user = make_user(name="欧阳静", username="ojy", phone="139 1111 2222")
    make_user(name="张伟", username="zw")
    for text in ("欧阳", "ouyangjing", "oyj", "13911112222", "OJY"):
        assert list(queries.managed_users(SYSTEM, text=text)) == [user], text


def test_the_wall_of_users():
    """A customer's transaction sees the provider's names and its own people, and changes neither the others."""
    provider, own, other = make_user(), make_user(customer_id=5), make_user(customer_id=6)
    with acting_in(Scope(customers=frozenset({5}))):
        assert set(User.objects.values_list("id", flat=True)) == {provider.id, own.id}
        assert User.objects.exclude(pk=own.id).update(name="x") == 0
    with acting_in(NOTHING):
        assert set(User.objects.values_list("id", flat=True)) == {provider.id}
    actor = queries.actor_from(own)
    assert other not in queries.users_visible_to(actor)
