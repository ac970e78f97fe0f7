"""`shouyue check`: does this installation have everything it needs?"""

import argparse
import json

from shouyue.cli.parsing import Commands, add_command, load_django
from shouyue.cli.words import _
from shouyue.runtime import checks, database
from shouyue.runtime.home import home_directory

SIGNS = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}


def register(commands: Commands) -> None:
    parser = add_command(
        commands, "check", run, help=_("check configuration, database, queue, mail, files, clock")
    )
    parser.add_argument("--json", action="store_true", help=_("for machines: a list of name, level, text"))


def run(chosen: argparse.Namespace) -> int:
    """Exit status 1 when anything is an error."""
    home = home_directory()
    checks.register_own(home, database.ensure(home))
    checks.register("configuration", _load)
    results = checks.run_all()
    if not any(result.level == "error" for result in results if result.name in ("database", "configuration")):
        already = {result.name for result in results}
        from shouyue.cli.application_checks import register_all

        register_all()
        results += [result for result in checks.run_all() if result.name not in already]
    if chosen.json:
        found = [{"name": one.name, "level": one.level, "text": one.text} for one in results]
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for result in results:
            print(f"{SIGNS[result.level]} {result.name:<14} {result.text}")
    return 1 if any(result.level == "error" for result in results) else 0


def _load() -> checks.Finding:
    load_django()
    return checks.ok("The settings load.")
