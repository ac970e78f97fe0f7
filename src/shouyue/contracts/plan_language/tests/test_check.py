import pytest

from shouyue.contracts.plan_language.check import check_plan
from shouyue.contracts.plan_language.parse import parse_file, parse_text
from shouyue.contracts.plan_language.tests.examples import complete, plan_text, release_vocabulary

VOCABULARY = release_vocabulary()
GOOD = "a:\n  kind: deadline\n  from: ticket.reported\n  kept_by: ticket.responded\n  within: 1 h\n"


def problems(text: str) -> list[tuple[str, str]]:
    found = check_plan(parse_text(text), VOCABULARY)
    return [(problem.code, problem.hint) for problem in found]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("owner: projectmanager", ("unknown_role", "project_manager")),
        ("stages: after-sale", ("unknown_stage", "after-sales")),
        ("window: ofice", ("unknown_window", "office")),
        ("window: {by: severity, major: allways, otherwise: office}", ("unknown_window", "always")),
        ("pauses: custmer", ("unknown_wait", "customer")),
        ("void_by: ticket.closd", ("unknown_verb", "ticket.closed")),
        ("undone_by: ticket.rejectd", ("unknown_verb", "ticket.rejected")),
        ("rebind_on: ticket.grade", ("unknown_verb", "ticket.graded")),
        ("when: {severty: major}", ("unknown_fact", "severity")),
        ("when: {severity: majr}", ("unknown_value", "major")),
        ("when: {equipment_type: application}", ("unknown_value", "")),
        ("when: {fault_category: [virus, floods]}", ("unknown_value", "")),
        ("when: {stage: after-sale}", ("unknown_value", "after-sales")),
        ("when: {zone: urbn}", ("unknown_value", "urban")),
        ("when: {vip: certainly}", ("wrong_type", "")),
        ("when: {channel: {above: phone}}", ("no_rank", "")),
        ("with: {promised: required}", ("unknown_fact", "")),
        ("escalate: [{at: 80%, to: agnt}]", ("unknown_role", "agent")),
        ("evidence: ticket.reslved", ("unknown_verb", "ticket.resolved")),
        ("each: assigne", ("unknown_fact", "assignee")),
        ("same: sit", ("unknown_fact", "site")),
        ("not_before: {fact: promised_at}", ("unknown_fact", "")),
        ("not_before: final-acceptanc", ("unknown_date", "final-acceptance")),
    ],
)
def test_unknown_words_in_a_deadline(line: str, expected: tuple[str, str]):
    assert problems(plan_text(f"{GOOD}  {line}\n")) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "kind: gate\n  act: ticket.clos\n  requires: {guard: ticket.user_confirmed}",
            ("unknown_act", "ticket.close"),
        ),
        (
            "kind: gate\n  act: ticket.close\n  requires: {guard: ticket.user_confirm}",
            ("unknown_guard", "ticket.user_confirmed"),
        ),
        (
            "kind: gate\n  act: ticket.close\n  requires: {within_window: lowuse}",
            ("unknown_window", "low-use"),
        ),
        (
            "kind: target\n  every: month\n  measure: ticket.stage_times\n  equals: 0",
            ("unknown_measure", "ticket.stage_times_complete"),
        ),
        (
            "kind: entitlement\n  decides: ticket.charg\n  grants: {charge: free}",
            ("unknown_decision", "ticket.charge"),
        ),
        (
            "kind: entitlement\n  decides: ticket.charge\n  grants: {warranty: hardwre}",
            ("unknown_warranty_class", "hardware"),
        ),
        ("kind: standing\n  holds: {covered: always, by: crew.roster}", ("unknown_roster", "")),
        (
            "kind: recurring\n  every: month\n  covers: {item: sites}\n  kept_by: visit.left",
            ("unknown_item", "site"),
        ),
        (
            "kind: recurring\n  every: month\n  covers: {item: site, zon: urban}\n  kept_by: visit.left",
            ("unknown_fact", "zone"),
        ),
        (
            "kind: quota\n  every: month\n  amount: {distinct: visit.left.sit}\n  at_least: 1",
            ("unknown_fact", "site"),
        ),
        (
            "kind: deadline\n  from: {missed: b}\n  kept_by: visit.arrived\n  within: 1 h",
            ("unknown_commitment", ""),
        ),
    ],
)
def test_unknown_words_of_other_kinds(text: str, expected: tuple[str, str]):
    assert problems(plan_text(f"a:\n  {text}\n")) == [expected]


def test_awaited_words_and_words_of_awaited_modules_pass():
    text = "a:\n  kind: recurring\n  every: week\n  covers: {item: asset, colour: red}\n  kept_by: patrol.walked\n"
    assert problems(plan_text(text + "  awaits: [patrol, asset]\n")) == []
    assert problems(plan_text(text + "  awaits: [patrol.walke, asset]\n")) == [("unknown_verb", "")]


def test_awaited_word_that_exists_is_a_warning():
    found = check_plan(parse_text(plan_text(GOOD + "  awaits: ticket.resolved\n")), VOCABULARY)
    assert [(problem.code, problem.severity) for problem in found] == [("no_longer_awaited", "warning")]


def test_a_fact_compares_by_the_rank_of_the_fact_it_is_compared_with():
    words = release_vocabulary()
    words.scales.pop("to_tier")
    text = GOOD.replace(
        "ticket.responded", "{event: ticket.tier_raised, when: {to_tier: {above: {opening: tier}}}}"
    )
    assert check_plan(parse_text(plan_text(text)), words) == ()
    words.scales.pop("tier")
    assert [problem.code for problem in check_plan(parse_text(plan_text(text)), words)] == ["no_rank"]


def test_facts_may_become_known_later():
    text = (
        GOOD.replace("from: ticket.reported", "from: contract.stage_entered")
        + "  when: {complexity: simple}\n"
    )
    assert problems(plan_text(text)) == []


@pytest.mark.parametrize(
    ("limit", "codes"),
    [
        ("{by: severity, major: 1 h}", ["value_without_limit"]),
        ("{by: severity, major: 1 h, minor: none}", []),
        ("{by: severity, major: 1 h, otherwise: 2 h}", []),
        ("{by: [severity, complexity], major: {simple: 1 h}, minor: 2 h}", ["value_without_limit"]),
        ("{by: colour, red: 1 h}", ["unknown_fact"]),
    ],
)
def test_tables_with_gaps_are_pointed_out(limit: str, codes: list[str]):
    assert [code for code, _ in problems(plan_text(GOOD.replace("within: 1 h", f"within: {limit}")))] == codes


def test_circle_of_missed_promises_is_named_once():
    text = "".join(
        f"{name}:\n  kind: deadline\n  from: {{missed: {other}}}\n  kept_by: visit.arrived\n  within: 1 h\n"
        for name, other in (("a", "b"), ("b", "c"), ("c", "a"))
    )
    found = check_plan(parse_text(plan_text(text)), VOCABULARY)
    assert [problem.message() for problem in found] == [
        "These commitments open each other in a circle: a → b → c → a."
    ]
    assert found[0].path == "commitments.a.from"


def test_a_promise_opened_by_its_own_miss_is_a_circle():
    text = "a:\n  kind: deadline\n  from: {missed: a}\n  kept_by: visit.arrived\n  within: 1 h\n"
    assert [code for code, _ in problems(plan_text(text))] == ["cycle"]


def test_long_chain_of_misses_is_no_circle():
    text = GOOD + "".join(
        f"a{n}:\n  kind: deadline\n  from: {{missed: a{n - 1 or ''}}}\n  kept_by: visit.arrived\n  within: 1 h\n"
        for n in range(1, 400)
    )
    assert problems(plan_text(text)) == []


def test_problem_stands_at_the_word():
    text = plan_text("a:\n  kind: gate\n  act: ticket.close\n  requires:\n    all:\n      - {guard: x.y}\n")
    (problem,) = check_plan(parse_text(text, file="p.yaml"), VOCABULARY)
    assert text.splitlines()[problem.line - 1].strip() == "- {guard: x.y}"
    assert problem.path == "commitments.a.requires.all.1.guard"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("settles: [{id: X-1.1, decision: {zh: 定, en: So}, affects: nobody}]", "unknown_commitment"),
        ("waits: {c: {from: ticket.waits, until: ticket.waiting_ended}}", "unknown_verb"),
        ("classes: {c: {when: {colour: red}}}", "unknown_fact"),
        ("stages: {s: {title: {zh: 期, en: S}, from: acceptance}}", "unknown_date"),
        ("warranty: {starts: acceptance}", "unknown_date"),
        ("catalogue: {i: {title: {zh: 项, en: I}, charge: free, stages: s}}", "unknown_stage"),
    ],
)
def test_references_of_the_head(text: str, code: str):
    assert [found for found, _ in problems(complete("part", text))] == [code]


@pytest.mark.parametrize(
    "rhythm",
    [
        "every: month\n  times: 0",
        "max_gap: 0 min",
        "every: week\n  sample: {item: site, share: 0%}",
        "every: week\n  sample: {item: site, count: 0}",
        "every: week\n  due: fifth friday",
        "every: week\n  opens: second monday",
        "every: week\n  due: day 31",
        "every: 2 weeks\n  due: day 20",
        "every: 10 days\n  due: third friday",
    ],
)
def test_what_could_never_be_asked_is_said_with_its_place(rhythm: str):
    text = plan_text(f"a:\n  kind: recurring\n  kept_by: visit.left\n  {rhythm}\n")
    (found,) = check_plan(parse_text(text), VOCABULARY)
    assert found.code == "never_asked"
    assert text.splitlines()[found.place.line - 1].strip().split(":")[0] in rhythm
    assert found.place.column > 1


@pytest.mark.parametrize(
    ("rhythm", "code"),
    [
        ("every: 0 days", "bad_period"),
        ("every: -1 month", "bad_period"),
        ("every: year\n  due: 02-31", "bad_anchor"),
        ("every: year\n  due: 04-31", "bad_anchor"),
        ("every: month\n  due: day 32", "bad_anchor"),
        ("every: month\n  due: day 0", "bad_anchor"),
        ("every: month\n  due: sixth friday", "bad_anchor"),
        ("every: month\n  lead: -1 days", "bad_span"),
        ("every: month\n  sample: {item: site, share: 120%}", "bad_share"),
    ],
)
def test_impossible_dates_and_rhythms_are_said_with_their_place(rhythm: str, code: str):
    text = plan_text(f"a:\n  kind: recurring\n  kept_by: visit.left\n  {rhythm}\n")
    (found,) = check_plan(parse_text(text), VOCABULARY)
    assert found.code == code
    key = text.splitlines()[found.place.line - 1].strip().split(":")[0]
    assert key in ("every", "due", "lead", "sample")
    assert found.place.column > 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("when: {vip: certainly}", "“certainly”与事实“vip”的类型（是或否）不符。"),
        ("owner:", "“”不是合法的词：用小写字母、数字、下划线，以点分隔。"),
    ],
)
def test_what_is_wrong_is_said_without_english_words(line: str, said: str):
    (found,) = check_plan(parse_text(plan_text(f"{GOOD}  {line}\n")), VOCABULARY)
    assert found.message("zh-hans") == said


def test_a_file_that_cannot_be_read_has_no_place_in_it(tmp_path):
    (found,) = parse_file(tmp_path / "none.yaml").problems
    assert found.line_of_text().startswith(f"{tmp_path / 'none.yaml'}: error: ")
