"""`shouyue plan …` and `shouyue vocabulary`: service plans on the command line.

Checking, explaining, comparing files and counting need no database; `apply`, and names of contracts, do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from shouyue.cli.parsing import Commands, add_command, load_django, speaking
from shouyue.cli.words import LANGUAGES, _, cell
from shouyue.runtime.errors import Problem

if TYPE_CHECKING:
    from shouyue.contracts.models import Contract
    from shouyue.contracts.plan_language.diff import PlanDiff
    from shouyue.contracts.plan_language.model import Commitment, Plan
    from shouyue.contracts.plan_language.vocabulary import Vocabulary

WIDTHS = (9, 8, 12, 16, 8)
"""Of the columns of figures that `coverage` prints."""
CHECKOUT = Path(__file__).resolve().parents[3] / "plans"


def register(commands: Commands) -> None:
    plan = commands.add_parser("plan", help=_("check, explain, compare, count and apply service plans"))
    actions: Commands = plan.add_subparsers(metavar="action", required=True, dest="action")
    check = add_command(actions, "check", run_check, help=_("find every problem of plan files"))
    check.add_argument("files", nargs="*", type=Path, help=_("plan files; without any those of plans/"))
    explain = add_command(actions, "explain", run_explain, help=_("say promises in plain sentences"))
    explain.add_argument("plan", help=_("a plan file, or a contract's code"))
    explain.add_argument("commitment", nargs="?", help=_("one promise; without it all"))
    compare = add_command(actions, "diff", run_diff, help=_("show what a new version changes"))
    compare.add_argument("old", help=_("a plan file, or a contract's code for the version in force"))
    compare.add_argument("new", help=_("likewise"))
    apply = add_command(
        actions, "apply", run_apply, help=_("store a new version and let a contract run by it")
    )
    apply.add_argument("file", type=Path)
    apply.add_argument("--contract", metavar="CODE", help=_("without it the version is only stored"))
    apply.add_argument("--yes", action="store_true", help=_("do not ask"))
    again = add_command(
        actions, "replay", run_replay, help=_("say what would have happened under a plan file")
    )
    again.add_argument("contract", metavar="CODE")
    again.add_argument("file", type=Path)
    again.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="DAY")
    again.add_argument("--to", dest="last", type=date.fromisoformat, required=True, metavar="DAY")
    count = add_command(
        actions, "coverage", run_coverage, help=_("count promises stated, executable and unset")
    )
    count.add_argument("files", nargs="*", type=Path, help=_("plan files; without any those of plans/"))
    count.add_argument("--rows", action="store_true", help=_("print the state of every row"))
    count.add_argument("--json", action="store_true", help=_("for machines"))
    words = add_command(commands, "vocabulary", run_vocabulary, help=_("list the words plan files may use"))
    words.add_argument(
        "--json", action="store_true", help=_("for machines; `plan check` elsewhere can read it")
    )
    for action in (check, explain, compare, apply, again, count, words):
        action.add_argument(
            "--language",
            dest="spoken",
            choices=LANGUAGES,
            default=argparse.SUPPRESS,
            help=_("of what is printed"),
        )


def _words() -> Vocabulary:
    """The vocabulary of the installed modules; no database is asked."""
    os.environ.setdefault("SHOUYUE_WITHOUT_DATABASE", "1")
    load_django()
    from shouyue.contracts import vocabulary

    return vocabulary.current()


def _files(given: Sequence[Path]) -> list[Path]:
    if given:
        return list(given)
    folder = Path("plans") if Path("plans").is_dir() else CHECKOUT
    found = sorted(folder.glob("*.yaml"))
    if not found:
        raise Problem(_("There is no plan file here: name one, or go where plans/ is."))
    return found


def _read(path: Path, words: Vocabulary, language: str, *, by_database: bool = False) -> Plan:
    """A plan without errors. by_database: the holiday tables it names are kept there. Raises: Problem."""
    from shouyue.contracts.plan_language.check import check_plan
    from shouyue.contracts.plan_language.parse import parse_file

    parsed = parse_file(path)
    problems = check_plan(parsed, words)
    if by_database:
        from shouyue.contracts.calendars_of import unknown_tables
        from shouyue.kernel.scope import EVERYTHING, acting_in

        with acting_in(EVERYTHING):
            problems = (*problems, *unknown_tables(parsed))
    for problem in problems:
        print(problem.line_of_text(language), file=sys.stderr)
    if parsed.plan is None or any(problem.severity == "error" for problem in problems):
        raise Problem(_("{path} has errors.", path=path))
    return parsed.plan


def run_check(chosen: argparse.Namespace) -> int:
    """Exit status 1 when a file has an error; warnings are only printed."""
    from shouyue.contracts.plan_language.check import check_plan
    from shouyue.contracts.plan_language.parse import parse_file

    words, bad = _words(), 0
    for path in _files(chosen.files):
        problems = check_plan(parse_file(path), words)
        for problem in problems:
            print(problem.line_of_text(chosen.spoken))
        errors = sum(problem.severity == "error" for problem in problems)
        warnings = len(problems) - errors
        print(_("{path}: {errors} errors, {warnings} warnings", path=path, errors=errors, warnings=warnings))
        bad += bool(errors)
    return 1 if bad else 0


def run_explain(chosen: argparse.Namespace) -> int:
    """Promises in sentences."""
    from shouyue.contracts.plan_language.explain import explain

    (plan,), words = _plans(chosen.plan, language=chosen.spoken)
    found = [one for one in plan.commitments if chosen.commitment in (None, one.name)]
    if not found:
        raise Problem(_("The plan {plan} has no promise {name!r}.", plan=plan.name, name=chosen.commitment))
    for one in found:
        rows = f" ({', '.join(one.source)})" if one.source else ""
        print(f"{one.name}{rows}: {one.title.pick(chosen.spoken)}")
        for sentence in explain(one, plan, words, chosen.spoken):
            print(f"  {sentence}")
    return 0


def run_diff(chosen: argparse.Namespace) -> int:
    """What differs; exit status 1 when something does."""
    from shouyue.contracts.plan_language.diff import diff_plans

    (old, new), words = _plans(chosen.old, chosen.new, language=chosen.spoken)
    found = diff_plans(old, new)
    for line in _diff_lines(found, old, new, words, chosen.spoken):
        print(line)
    return 1 if found else 0


def _diff_lines(found: PlanDiff, old: Plan, new: Plan, words: Vocabulary, language: str) -> Iterator[str]:
    from shouyue.contracts.plan_language.explain import explain

    signs = {"added": "+", "removed": "-", "changed": "~"}
    for part in found.parts:
        fields = ", ".join(change.field for change in part.changes)
        yield f"{signs[part.state]} {part.part} {part.name}{f': {fields}' if fields else ''}"
        if part.part != "commitment":
            continue
        before = explain(old.commitment(part.name), old, words, language) if part.state != "added" else []
        after = explain(new.commitment(part.name), new, words, language) if part.state != "removed" else []
        yield from (f"    - {sentence}" for sentence in before if sentence not in after)
        yield from (f"    + {sentence}" for sentence in after if sentence not in before)


def run_apply(chosen: argparse.Namespace) -> int:
    """Store a file as a version; for a contract show what changes and ask first, then let it run by it."""
    load_django()
    from shouyue.contracts import services, vocabulary
    from shouyue.kernel.actor import SYSTEM
    from shouyue.kernel.scope import EVERYTHING, acting_in

    words = vocabulary.current()
    plan = _read(chosen.file, words, chosen.spoken, by_database=True)
    text = chosen.file.read_text(encoding="utf-8-sig")
    if chosen.contract is None:
        with _about(str(chosen.file), chosen.spoken), acting_in(EVERYTHING):
            stored = services.store_plan_version(actor=SYSTEM, text=text)
        version = _("version {number}", number=stored.number)
        print(f"{stored.plan}: {version} ({stored.digest[:12]})")
        return 0
    with _about(chosen.contract, chosen.spoken), acting_in(EVERYTHING):
        contract = _contract(chosen.contract)
        lines = list(_consequences(contract, plan, words, chosen.spoken))
    own = contract.plan_version.plan
    if plan.name != own:
        said = _(
            "{code} runs by the plan {own}, but {file} is the plan {other}.",
            code=contract.code,
            own=own,
            file=chosen.file,
            other=plan.name,
        )
        raise Problem(said)
    print("\n".join(lines) or _("Nothing changes."))
    if lines and not chosen.yes and not _agreed(_("Apply this to {code}? Type yes: ", code=contract.code)):
        print(_("Nothing is stored or applied."))
        return 1
    with _about(contract.code, chosen.spoken), acting_in(EVERYTHING):
        stored = services.store_plan_version(actor=SYSTEM, text=text, plan=own)
        services.pin_plan_version(
            actor=SYSTEM, contract_id=contract.pk, plan_version_id=stored.pk, version=contract.version
        )
    print(_("{code} runs by version {number}.", code=contract.code, number=stored.number))
    return 0


def _consequences(contract: Contract, plan: Plan, words: Vocabulary, language: str) -> Iterator[str]:
    """What changes for a contract, what becomes of open obligations of promises that go, a proposal under way."""
    from shouyue.contracts import queries
    from shouyue.contracts.plan_language.diff import diff_plans
    from shouyue.contracts.planning.queries import open_proposal
    from shouyue.kernel.actor import SYSTEM

    old = queries.plan_of(contract.plan_version_id)
    found = diff_plans(old, plan)
    yield from _diff_lines(found, old, plan, words, language)
    gone = [part.name for part in found.of("commitment") if part.state == "removed"]
    yield from _left_open(contract, [old.commitment(name) for name in gone])
    proposal = open_proposal(SYSTEM, contract.pk) if found else None
    if proposal is not None:
        number = proposal.plan_version.number
        said = _(
            "version {number} is proposed and still open; older than this one, it will be refused",
            number=number,
        )
        yield f"! {said}"


def _left_open(contract: Contract, gone: Sequence[Commitment]) -> Iterator[str]:
    from shouyue.commitments import queries
    from shouyue.commitments.services.plans import CALENDAR_RUN
    from shouyue.kernel.actor import SYSTEM

    names = [one.name for one in gone]
    rows = queries.obligations_visible_to(SYSTEM).filter(
        contract_id=contract.pk, commitment__name__in=names, state__in=("waiting", "running", "paused")
    )
    counted = Counter(rows.values_list("commitment__name", flat=True))
    for one in gone:
        if number := counted[one.name]:
            if one.kind in CALENDAR_RUN:
                said = _("open obligations of {name} that become void: {count}", name=one.name, count=number)
            else:
                said = _(
                    "open obligations of {name} that run on under version {version}: {count}",
                    name=one.name,
                    version=contract.plan_version.number,
                    count=number,
                )
            yield f"! {said}"


def _agreed(question: str) -> bool:
    try:
        return input(question) == "yes"
    except EOFError as error:
        raise Problem(_("Nobody answers here; give --yes to apply without being asked.")) from error


def run_replay(chosen: argparse.Namespace) -> int:
    """Verdicts under the plan in force and under the file, over stored events; the database refuses to write."""
    load_django()
    from shouyue.commitments.services.replaying import replay_plan
    from shouyue.commitments.services.replays import reading, span_of
    from shouyue.contracts import vocabulary

    plan = _read(chosen.file, vocabulary.current(), chosen.spoken, by_database=True)
    with _about(chosen.contract, chosen.spoken), reading():
        contract = _contract(chosen.contract)
        since, until = span_of(contract, chosen.first, chosen.last)
        found = replay_plan(
            contract.pk,
            plan,
            since=since,
            until=until,
            language=chosen.spoken,
            progress=lambda done: print(
                _("{count} cases", count=done), end="\r", file=sys.stderr, flush=True
            ),
        )
    print("".join(cell(head, 12) for head in (_("kept"), _("late"), _("missed"))), "", _("(in force > file)"))
    for line in found.lines:
        if line.basis == "none":
            continue
        columns = (
            f"{getattr(line.now, name, '-')} > {getattr(line.then, name, '-')}"
            for name in ("kept", "late", "missed")
        )
        note = "  " + _("(as recorded)") if line.basis == "recorded" else ""
        print("".join(f"{column:>12}" for column in columns), f" {line.name}: {line.title}{note}")
    for line in found.lines:
        if line.basis == "none":
            print(
                _("not replayed: {name}: {title} ({why})", name=line.name, title=line.title, why=line.reason)
            )
    counted = {"cases": found.cases, "events": found.events, "promises": found.left_out}
    print(_("{cases} cases, {events} events, {promises} promises not replayed", **counted))
    return 0


def run_coverage(chosen: argparse.Namespace) -> int:
    """Counted from the plan files and the words the modules declare, never from a list kept by hand."""
    from shouyue.contracts.plan_language.coverage import as_json, coverage_of

    words = _words()
    found = [coverage_of(_read(path, words, chosen.spoken), words) for path in _files(chosen.files)]
    counted = as_json(found)
    if chosen.json:
        print(json.dumps(counted, ensure_ascii=False, indent=2))
        return 0
    heads = (_("promises"), _("stated"), _("executable"), _("not executable"), _("unset"))
    print(_columns("plan", *heads))
    for one in found:
        waiting = one.stated - one.executable
        print(_columns(one.plan, one.promises, one.stated, one.executable, waiting, one.unset))
        if chosen.rows:
            for row in one.rows:
                lacks = [f"{sort} {word}" for sort, word in row.lacks]
                waits = ", ".join(lacks or row.missing or row.unset)
                state = _("executable") if row.executable else _("waits for {what}", what=waits)
                print(f"  {row.row}  {state if row.commitments else _('not stated')}")
        elif one.missing:
            print("  " + _("missing: {rows}", rows=", ".join(one.missing)))
    total = counted["total"]
    waiting = total["stated"] - total["executable"]
    unset = sum(one.unset for one in found)
    print(_columns("total", total["promises"], total["stated"], total["executable"], waiting, unset))
    return 0


def _columns(name: str, *figures: object) -> str:
    return f"{name:<18}" + "".join(cell(str(one), width) for one, width in zip(figures, WIDTHS, strict=True))


def run_vocabulary(chosen: argparse.Namespace) -> int:
    """Every word with its facts."""
    words = _words()
    from shouyue.contracts import vocabulary

    stored = vocabulary.as_json(words)
    if chosen.json:
        print(json.dumps(stored, ensure_ascii=False, indent=2))
        return 0
    for sort in ("verbs", "acts", "guards", "measures", "decisions", "items"):
        print(f"{sort}:")
        for word, facts in stored[sort].items():
            title = stored["titles"].get(word, {}).get(chosen.spoken, "")
            known = ", ".join(f"{fact} ({kind})" for fact, kind in (facts or {}).items())
            print(f"  {word:<32} {title}{f' · {known}' if known else ''}")
    print(_("facts of every event of a contract: {facts}", facts=", ".join(stored["common"])))
    print(_("roles: {roles}, assignee, owner", roles=", ".join(stored["roles"])))
    for fact, values in stored["scales"].items():
        print(_("scale {fact}: {values}", fact=fact, values=", ".join(values)))
    return 0


# Where plans come from


def _plans(*names: str, language: str) -> tuple[list[Plan], Vocabulary]:
    """Plans by file or contract code, and the words to speak of them; only a contract's code needs the database."""
    if all(Path(name).is_file() for name in names):
        words = _words()
    else:
        load_django()
        from shouyue.contracts import vocabulary

        words = vocabulary.current()
    return [_one_plan(name, words, language) for name in names], words


def _one_plan(name: str, words: Vocabulary, language: str) -> Plan:
    path = Path(name)
    if path.is_file():
        return _read(path, words, language)
    from shouyue.contracts import queries
    from shouyue.kernel.errors import NotFound
    from shouyue.kernel.scope import EVERYTHING, acting_in

    try:
        with acting_in(EVERYTHING):
            return queries.plan_of(_contract(name).plan_version_id)
    except NotFound as error:
        raise Problem(_("There is neither a file nor a contract {name}.", name=name)) from error


def _contract(code: str) -> Contract:
    """Raises: NotFound."""
    from shouyue.contracts import queries
    from shouyue.kernel.actor import SYSTEM
    from shouyue.kernel.errors import NotFound

    try:
        return queries.contract_of(SYSTEM, code)
    except NotFound as error:
        raise NotFound(_("There is no contract of this code.")) from error


@contextmanager
def _about(what: str, language: str) -> Iterator[None]:
    """What is refused becomes a sentence that says of what. Raises: Problem."""
    try:
        with speaking(language):
            yield
    except Problem as error:
        raise Problem(f"{what}: {error}") from error
