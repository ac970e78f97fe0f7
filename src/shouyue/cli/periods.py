"""`shouyue period …`: list, close and reopen the periods of contracts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TypeVar

from shouyue.cli.parsing import Commands, add_command, load_django, spoken
from shouyue.cli.words import _
from shouyue.runtime.errors import Problem

Result = TypeVar("Result")


def register(commands: Commands) -> None:
    parser = commands.add_parser("period", help=_("periods of contracts: list, close, reopen"))
    actions: Commands = parser.add_subparsers(metavar="action", required=True, dest="action")
    listing = add_command(actions, "list", run_list, help=_("list closed periods and those that wait"))
    listing.add_argument("contract", nargs="?", default="", help=_("short code; all contracts without"))
    closing = add_command(actions, "close", run_close, help=_("close one period, or every one that is due"))
    closing.add_argument("contract", nargs="?", default="")
    closing.add_argument("period", nargs="?", default="", help=_("such as 2026-10 or 2026-Q4"))
    opening = add_command(
        actions,
        "reopen",
        run_reopen,
        help=_("ask to open a period again, or agree to it as the second person"),
    )
    opening.add_argument("contract")
    opening.add_argument("period")
    opening.add_argument("--as", dest="username", required=True, help=_("who asks or agrees"))
    opening.add_argument("--why", default="", help=_("why; needed when asking"))


def run_list(chosen: argparse.Namespace) -> int:
    load_django()
    from shouyue.commitments.queries import closing
    from shouyue.contracts import queries as contracts
    from shouyue.kernel import clock
    from shouyue.kernel.actor import SYSTEM

    def show() -> None:
        rows = contracts.contracts_visible_to(SYSTEM).order_by("code")
        for contract in rows.filter(code=chosen.contract) if chosen.contract else rows:
            for row, corrections in closing.closings_of(SYSTEM, contract.pk):
                state = _("open again") if row.reopened_at else _("is closed")
                said = _("corrections {count}", count=corrections)
                print(f"{contract.code:<12} {row.period:<8} {row.digest[:12]:<12}  {state}  {said}")
            for period in closing.due_periods(contract, clock.now()):
                print(f"{contract.code:<12} {period.key:<8} {_('due')}")

    _within(show)
    return 0


def run_close(chosen: argparse.Namespace) -> int:
    """Exit status 1 when a period could not be closed."""
    load_django()
    from shouyue.commitments.services import closing
    from shouyue.contracts import queries as contracts
    from shouyue.kernel.actor import SYSTEM

    if bool(chosen.contract) != bool(chosen.period):
        raise Problem(_("Name a contract and a period, or neither to close all that is due."))
    if chosen.contract:

        def close() -> str:
            contract = contracts.contract_of(SYSTEM, chosen.contract)
            made = closing.close_period(actor=SYSTEM, contract_id=contract.pk, period=chosen.period)
            return _(
                "{code} {period}: closed, {digest}",
                code=contract.code,
                period=made.period,
                digest=made.digest,
            )

        print(_within(close))
        return 0
    done, failed = closing.close_due(tell=lambda text: print(text, file=sys.stderr))
    print(_("{done} periods closed, {failed} contracts failed.", done=done, failed=failed))
    return 1 if failed else 0


def run_reopen(chosen: argparse.Namespace) -> int:
    load_django()
    from shouyue.accounts import queries as accounts
    from shouyue.commitments.queries import closing as closings
    from shouyue.commitments.services import closing
    from shouyue.contracts import queries as contracts

    def reopen() -> str:
        actor = accounts.actor_of(accounts.user_named(chosen.username).pk)
        contract = contracts.contract_of(actor, chosen.contract)
        period = closings.chosen_period(contract, chosen.period)
        found = closings.closing_in_force(actor, contract.pk, period.since, period.until)
        if found is None or found.period != period.key:
            raise Problem(_("{code} {period} is not closed.", code=contract.code, period=period.key))
        if closings.open_request(found) is None:
            closing.ask_reopening(actor=actor, closing_id=found.pk, why=chosen.why)
            return _("Asked. A second person has to agree: run the same command as somebody else.")
        closing.agree_reopening(actor=actor, closing_id=found.pk, why=chosen.why)
        return _("{code} {period} is open again.", code=contract.code, period=period.key)

    print(_within(reopen))
    return 0


def _within(work: Callable[[], Result]) -> Result:
    """Run in a transaction of its own; a refusal becomes one sentence."""
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with spoken(), acting_in(EVERYTHING):
        return work()
