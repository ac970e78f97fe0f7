"""`shouyue period …`: list, close and reopen the periods of contracts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TypeVar

from shouyue.cli.parsing import Commands, add_command, in_english, load_django
from shouyue.runtime.errors import Problem

Result = TypeVar("Result")


def register(commands: Commands) -> None:
    parser = commands.add_parser("period", help="periods of contracts: list, close, reopen")
    actions: Commands = parser.add_subparsers(metavar="action", required=True, dest="action")
    listing = add_command(actions, "list", run_list, help="list closed periods and those that wait")
    listing.add_argument("contract", nargs="?", default="", help="short code; all contracts without")
    closing = add_command(actions, "close", run_close, help="close one period, or every one that is due")
    closing.add_argument("contract", nargs="?", default="")
    closing.add_argument("period", nargs="?", default="", help="such as 2026-10 or 2026-Q4")
    opening = add_command(
        actions, "reopen", run_reopen, help="ask to open a period again, or agree to it as the second person"
    )
    opening.add_argument("contract")
    opening.add_argument("period")
    opening.add_argument("--as", dest="username", required=True, help="who asks or agrees")
    opening.add_argument("--why", default="", help="why; needed when asking")


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
                state = "open again" if row.reopened_at else "closed"
                print(
                    f"{contract.code:<12} {row.period:<8} {state:<10} {row.digest[:12]}  corrections {corrections}"
                )
            for period in closing.due_periods(contract, clock.now()):
                print(f"{contract.code:<12} {period.key:<8} due")

    _within(show)
    return 0


def run_close(chosen: argparse.Namespace) -> int:
    """Exit status 1 when a period could not be closed."""
    load_django()
    from shouyue.commitments.services import closing
    from shouyue.contracts import queries as contracts
    from shouyue.kernel.actor import SYSTEM

    if bool(chosen.contract) != bool(chosen.period):
        raise Problem("Name a contract and a period, or neither to close all that is due.")
    if chosen.contract:

        def close() -> str:
            contract = contracts.contract_of(SYSTEM, chosen.contract)
            made = closing.close_period(actor=SYSTEM, contract_id=contract.pk, period=chosen.period)
            return f"{contract.code} {made.period}: closed, {made.digest}"

        print(_within(close))
        return 0
    done, failed = closing.close_due(tell=lambda text: print(text, file=sys.stderr))
    print(f"{done} periods closed, {failed} contracts failed.")
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
            raise Problem(f"{contract.code} {period.key} is not closed.")
        if closings.open_request(found) is None:
            closing.ask_reopening(actor=actor, closing_id=found.pk, why=chosen.why)
            return "Asked. A second person has to agree: run the same command as somebody else."
        closing.agree_reopening(actor=actor, closing_id=found.pk, why=chosen.why)
        return f"{contract.code} {period.key} is open again."

    print(_within(reopen))
    return 0


def _within(work: Callable[[], Result]) -> Result:
    """Run in a transaction of its own, in English; a refusal becomes one sentence."""
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with in_english(), acting_in(EVERYTHING):
        return work()
