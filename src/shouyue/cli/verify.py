"""`shouyue verify`: is every event as it was written?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from shouyue.cli.parsing import Commands, add_command, load_django


def register(commands: Commands) -> None:
    parser = add_command(
        commands, "verify", run, help="check that no event was changed, lost, slipped in or cut off"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


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
    found = f"{len(report.findings)} findings" if report.findings else "nothing wrong"
    print(
        f"{report.events} events of {report.subjects} subjects and {report.anchors} anchors checked: {found}."
    )
    return 1 if report.findings else 0
