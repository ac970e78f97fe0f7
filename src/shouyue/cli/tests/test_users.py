"""`shouyue user …`"""

from __future__ import annotations

import io

import pytest

from shouyue.accounts.models import User
from shouyue.accounts.tests.factories import make_user
from shouyue.cli.main import main

pytestmark = pytest.mark.django_db


def run(monkeypatch, *arguments, password="another phrase 9"):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return main(["user", *arguments])


def test_create_asks_for_a_change_of_the_password(monkeypatch, capsys):
    status = run(monkeypatch, "create", "root", "管理员", "--role", "system_admin", "--password-stdin")
    user = User.objects.get()
    assert (status, user.roles, user.must_change_password) == (0, ["system_admin"], True)
    assert user.check_password("another phrase 9")
    assert "root" in capsys.readouterr().out


def test_a_refusal_is_one_sentence(monkeypatch, capsys):
    assert run(monkeypatch, "create", "root", "管理员", "--password-stdin", password="short") == 1
    assert not User.objects.exists()
    assert capsys.readouterr().err.startswith("shouyue: password: This password is too short")


def test_list_set_password_deactivate(monkeypatch, capsys):
    user = make_user(username="li.na", name="李娜", roles=["hq"])
    assert run(monkeypatch, "list", "ln") == 0
    assert "li.na" in capsys.readouterr().out
    assert run(monkeypatch, "set-password", "LI.NA", "--password-stdin", "--keep-password") == 0
    assert run(monkeypatch, "deactivate", "li.na") == 0
    user.refresh_from_db()
    assert (user.is_active, user.must_change_password) == (False, False)
    assert user.check_password("another phrase 9")


def test_an_unknown_user_is_a_problem(monkeypatch, capsys):
    assert run(monkeypatch, "deactivate", "nobody") == 1
    assert "no such record" in capsys.readouterr().err
