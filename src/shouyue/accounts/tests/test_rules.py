"""Pure decisions about accounts."""

import pytest

from shouyue.accounts import rules, services
from shouyue.accounts.browsers import browser_of


@pytest.mark.parametrize(
    ("name", "valid"),
    [("li.na", True), ("李娜", True), ("a@b-c_d+1", True), (".x", False), ("", False), ("a b", False)],
)
def test_user_names(name, valid):
    assert rules.valid_username(name) is valid


def test_offices_are_held_alone():
    assert not rules.mixes_offices(["audit_admin"])
    assert not rules.mixes_offices(["hq", "dispatcher"])
    assert rules.mixes_offices(["audit_admin", "security_admin"])
    assert rules.mixes_offices(["system_admin", "hq"])


def test_first_passwords_differ_and_avoid_lookalikes():
    made = {services.generated_password() for _time in range(50)}
    assert len(made) == 50
    assert not set("".join(made)) & set("il0o1")


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge · Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18) MicroMessenger/8", "WeChat · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko Firefox/140", "Firefox · Linux"),
        ("curl/8", "curl/8"),
        ("", "—"),
    ],
)
def test_browsers_have_names(agent, name):
    assert browser_of(agent) == name
