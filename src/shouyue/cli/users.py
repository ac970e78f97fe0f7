"""`shouyue user …`: make the first account and repair others without the web pages."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from shouyue.cli.parsing import Commands, add_command, load_django, spoken
from shouyue.cli.words import _
from shouyue.runtime.errors import Problem

if TYPE_CHECKING:
    from shouyue.accounts.models import User


def register(commands: Commands) -> None:
    parser = commands.add_parser("user", help=_("list, make and repair accounts"))
    actions: Commands = parser.add_subparsers(metavar="action", required=True, dest="action")
    listing = add_command(actions, "list", run_list, help=_("list accounts"))
    listing.add_argument("text", nargs="?", default="", help=_("name, pinyin, user name or phone"))
    create = add_command(actions, "create", run_create, help=_("make an account; asks for the password"))
    create.add_argument("username")
    create.add_argument("name", help=_("the person's name"))
    create.add_argument(
        "--role", action="append", default=[], help=_("held in every contract; may be repeated")
    )
    create.add_argument(
        "--customer", type=int, default=0, help=_("id of the customer; the provider by default")
    )
    create.add_argument("--email", default="")
    create.add_argument("--phone", default="")
    create.add_argument("--language", default="zh-hans", choices=("zh-hans", "en"))
    reset = add_command(
        actions, "set-password", run_set_password, help=_("set a password; it ends all sessions")
    )
    shut = add_command(actions, "deactivate", run_deactivate, help=_("shut somebody out at once"))
    for one in (reset, shut):
        one.add_argument("username")
    for one in (create, reset):
        one.add_argument(
            "--password-stdin",
            action="store_true",
            help=_("read the password from standard input, without asking"),
        )
        one.add_argument(
            "--keep-password", action="store_true", help=_("do not ask for a new one at the next sign-in")
        )


def run_list(chosen: argparse.Namespace) -> int:
    load_django()
    from shouyue.accounts import queries
    from shouyue.kernel.actor import SYSTEM
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with acting_in(EVERYTHING):
        for user in queries.managed_users(SYSTEM, text=chosen.text):
            state = "" if user.is_active else "  " + _("(inactive)")
            print(f"{user.id:>6}  {user.username:<24} {user.name}  {' '.join(user.roles)}{state}")
    return 0


def run_create(chosen: argparse.Namespace) -> int:
    load_django()
    from shouyue.accounts import services
    from shouyue.kernel.actor import SYSTEM

    password = _password(chosen)

    def create() -> User:
        return services.create_user(
            actor=SYSTEM,
            username=chosen.username,
            name=chosen.name,
            password=password,
            customer_id=chosen.customer,
            roles=chosen.role,
            email=chosen.email,
            phone=chosen.phone,
            language=chosen.language,
            must_change_password=not chosen.keep_password,
        )

    user = _do(create)
    print(_("Made account {username} ({number}).", username=user.username, number=user.id))
    return 0


def run_set_password(chosen: argparse.Namespace) -> int:
    load_django()
    from shouyue.accounts import services
    from shouyue.kernel.actor import SYSTEM

    password = _password(chosen)
    must_change = not chosen.keep_password
    _do(
        lambda: services.set_password(
            actor=SYSTEM, user_id=_id_of(chosen.username), password=password, must_change=must_change
        )
    )
    print(_("The password of {username} is set; all sessions have ended.", username=chosen.username))
    return 0


def run_deactivate(chosen: argparse.Namespace) -> int:
    load_django()
    from shouyue.accounts import services
    from shouyue.kernel.actor import SYSTEM

    _do(lambda: services.deactivate_user(actor=SYSTEM, user_id=_id_of(chosen.username)))
    print(_("{username} is shut out.", username=chosen.username))
    return 0


def _do(change: Callable[[], User]) -> User:
    """Run a service in its own transaction; a refusal becomes one sentence."""
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with spoken(), acting_in(EVERYTHING):
        return change()


def _id_of(username: str) -> int:
    from shouyue.accounts import queries

    return queries.user_named(username).id


def _password(chosen: argparse.Namespace) -> str:
    if chosen.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(_("Password: "))
    if first != getpass.getpass(_("Again: ")):
        raise Problem(_("The two passwords differ."))
    return first
