"""`shouyue verify`: is every event as it was written?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from shouyue.cli.parsing import Commands, add_command, load_django
from shouyue.cli.words import _


def register(commands: Commands) -> None:
    parser = add_command(
        commands, "verify", run, help=_("check that no event was changed, lost, slipped in or cut off")
    )
    parser.add_argument("--json", action="store_true", help=_("print the findings as JSON"))


def run(chosen: argparse.Namespace) -> int:
    """Exit status 0 when every chain is sound, 1 when something was found."""
    load_django()
    from shouyue.kernel import verification
    from shouyue.kernel.scope import EVERYTHING, acting_in

    with acting_in(EVERYTHING):
        report = verification.verify()
    if chosen.json:
        print(json.dumps(asdict(report), ensure_ascii=False))
        return 1 if report.findings else 0
    for finding in report.findings:
        print(f"{finding.kind}: {finding.detail}")
    found = _("{count} findings", count=len(report.findings)) if report.findings else _("nothing wrong")
    checked = {"events": report.events, "subjects": report.subjects, "anchors": report.anchors}
    print(
        _(
            "{events} events of {subjects} subjects and {anchors} anchors checked: {found}.",
            **checked,
            found=found,
        )
    )
    return 1 if report.findings else 0
