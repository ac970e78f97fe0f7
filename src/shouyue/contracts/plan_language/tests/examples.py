"""The examples of docs/plans.md as whole plans: fragments are completed with the keys they leave out."""

import json
import re
from pathlib import Path

from shouyue.contracts.plan_language.vocabulary import Vocabulary, read_vocabulary

ROOT = Path(__file__).resolve().parents[5]
REFERENCE = ROOT / "docs" / "plans.md"
TEXT = "{zh: 文字, en: Words}"
HEAD = f"plan: example\ntitle: {TEXT}\nprefix: S\npromises: 9\n"
SCENE = f"""
windows:
  always: 7x24
  office: {{weekly: {{mon-fri: ["09:00-12:00", "13:00-18:00"]}}, holidays: CN}}
  low-use: {{weekly: {{mon-sun: ["22:00-06:00"]}}}}
scales: {{severity: [minor, major], complexity: [simple, complex]}}
classes: {{usage-question: {{when: {{request_type: consultation}}}}}}
waits:
  customer: {{from: ticket.waiting_started, until: ticket.waiting_ended, when: {{reason: customer}}}}
milestones: {{final-acceptance: {{title: {TEXT}}}}}
stages:
  technical-support: {{title: {TEXT}, from: contract.start, until: final-acceptance}}
  after-sales: {{title: {TEXT}, from: final-acceptance, until: warranty.end}}
  post-warranty: {{title: {TEXT}, from: warranty.end}}
warranty: {{starts: final-acceptance, classes: {{hardware: {{title: {TEXT}, lasts: 3 years}}}}}}
catalogue: {{hotline: {{title: {TEXT}, charge: free}}}}
"""
RESPOND = f"""
  respond:
    kind: deadline
    title: {TEXT}
    text: {TEXT}
    source: S-01
    from: ticket.reported
    kept_by: ticket.responded
    within: 10 min
"""


def release_vocabulary() -> Vocabulary:
    """The words docs/plans.md lists for this release."""
    stored = json.loads((Path(__file__).parent / "vocabulary.json").read_text(encoding="utf-8"))
    return read_vocabulary(stored)


def blocks() -> list[tuple[str, str]]:
    """Kind and text of every example, in the order of the page."""
    return re.findall(r"^```yaml (\w+)\n(.*?)^```", REFERENCE.read_text(encoding="utf-8"), re.S | re.M)


def complete(kind: str, text: str) -> str:
    """A whole plan around an example."""
    if kind == "plan":
        return text
    if kind == "commitment":
        return f"{HEAD}{SCENE}commitments:\n{_with_common_keys(text)}"
    missing = "" if "\ncommitments:" in "\n" + text else f"commitments:\n{RESPOND}"
    head = [line for line in HEAD.splitlines() if f"\n{line.split(':')[0]}:" not in "\n" + text]
    return "\n".join([*head, text, missing])


def _with_common_keys(text: str) -> str:
    lines = []
    for part in re.split(r"^(?=[a-z][a-z0-9-]*:)", text, flags=re.M):
        if not part.strip():
            continue
        name, _, rest = part.partition("\n")
        lines.append(f"  {name}")
        own = [f"{key}: {TEXT}" for key in ("title", "text") if f"\n  {key}:" not in part]
        own += [] if "\n  source:" in part or "\n  internal:" in part else ["source: S-02"]
        lines += [f"    {line}" for line in own] + [f"  {line}" for line in rest.splitlines() if line.strip()]
    return "\n".join(lines) + "\n"


def plan_text(commitments: str) -> str:
    """A plan of these commitments (indented by nothing, common keys may be left out)."""
    return complete("commitment", commitments)
