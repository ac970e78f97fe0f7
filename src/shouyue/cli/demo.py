"""`shouyue demo …`: load, play and erase the demonstration."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from shouyue.cli.parsing import Commands, add_command, load_django, spoken
from shouyue.cli.words import _
from shouyue.runtime.errors import Problem

if TYPE_CHECKING:
    from shouyue.demo.choices import Stage

TURN_SECONDS = 2.0


def register(commands: Commands) -> None:
    demo = commands.add_parser("demo", help=_("load, play or erase the demonstration"))
    actions: Commands = demo.add_subparsers(metavar="action", required=True, dest="action")
    load = add_command(
        actions, "load", run_load, help=_("fill an empty database with two months of simulated life")
    )
    load.add_argument("--days", type=_positive, default=60, help=_("of life before now (60)"))
    load.add_argument("--tickets", type=_positive, default=1700, help=_("about how many (1700)"))
    load.add_argument("--seed", type=int, default=7, help=_("the same seed gives the same life (7)"))
    play = add_command(actions, "play", run_play, help=_("let life go on, until Ctrl-C"))
    play.add_argument("--speed", type=float, default=1.0, help=_("so many times as fast as real life (1)"))
    play.add_argument("--turns", type=_positive, default=None, help=argparse.SUPPRESS)
    reset = add_command(actions, "reset", run_reset, help=_("erase a demo, and nothing but a demo"))
    reset.add_argument("--yes", action="store_true", help=_("without a question"))
    for action in (load, play, reset):
        action.add_argument("--home", help=_("the home directory, instead of SHOUYUE_HOME"))


def run_load(chosen: argparse.Namespace) -> int:
    _begin(chosen)
    from shouyue.demo import queries
    from shouyue.demo.services import loading
    from shouyue.kernel.errors import Conflict
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with acting_in(EVERYTHING):
        if queries.is_interrupted():
            print(_("What an interrupted load has left is erased; it begins anew."))
    began = time.monotonic()
    try:
        outcome = loading.load(days=chosen.days, tickets=chosen.tickets, seed=chosen.seed, tell=_bar)
    except Conflict as refusal:
        with spoken():
            raise refusal
    except KeyboardInterrupt:
        print()
        print(_("Stopped: `shouyue demo load` begins anew, `shouyue demo reset` erases what is there."))
        raise
    took = time.monotonic() - began
    print()
    print(_("The demo is ready after {seconds:.0f} s: {steps} steps.", seconds=took, steps=outcome.steps))
    for problem in outcome.problems:
        print("  " + _("went wrong: {problem}", problem=problem))
    print(queries.accounts_in_words())
    return 0


def run_play(chosen: argparse.Namespace) -> int:
    _begin(chosen)
    if not 0.1 <= chosen.speed <= 500:
        raise Problem(_("The speed lies between 0.1 and 500."))
    from shouyue.demo.services import acting, playing

    with spoken():
        playing.set_speed(chosen.speed)
    cast, turns = acting.Cast(), 0
    try:
        while chosen.turns is None or turns < chosen.turns:
            played = playing.play_turn(cast)
            turns += 1
            if played.steps or played.faults:
                done = _(
                    "{faults} faults thought of, {steps} steps", faults=played.faults, steps=played.steps
                )
                print(f"{time.strftime('%H:%M:%S')} {done}", flush=True)
            time.sleep(TURN_SECONDS)
    except KeyboardInterrupt:
        pass
    finally:
        with spoken():
            playing.set_speed(1.0)
    return 0


def run_reset(chosen: argparse.Namespace) -> int:
    _begin(chosen)
    from shouyue.demo.services import erasing

    if not chosen.yes and input(_("Erase the demo with everything entered into it? Type yes: ")) != "yes":
        raise Problem(_("Nothing was erased."))
    with spoken():
        erasing.erase()
    print(_("The demo is erased."))
    return 0


def _begin(chosen: argparse.Namespace) -> None:
    import os

    if chosen.home:
        os.environ["SHOUYUE_HOME"] = chosen.home
    load_django()


def _bar(percent: int, stage: Stage) -> None:
    with spoken():
        print(f"\r{percent:3d} % {'█' * (percent // 4):<25} {stage.label!s:<50}", end="", flush=True)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(_("must be a number from 1 on"))
    return int(text)
