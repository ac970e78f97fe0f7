import pytest

from shouyue.contracts.plan_language import compiled
from shouyue.contracts.plan_language.parse import parse_text
from shouyue.contracts.plan_language.tests.examples import plan_text

PLAN = """
respond:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.responded
  within: {by: severity, minor: 4 h, major: 10 min}
  when: {zone: urban}
  pauses: customer
  void_by: ticket.cancelled
  undone_by: ticket.reopened
later:
  kind: deadline
  from: {missed: respond}
  after: 2 h
  unless: ticket.resolved
  kept_by: [visit.arrived, visit.left]
  within: 1 day
fixed:
  kind: deadline
  from: ticket.reported
  kept_by: ticket.confirmed
  within: 1 day
  when: {vip: true}
  rebind_on: ticket.graded
calls:
  kind: quota
  every: month
  amount: {count: ticket.called_back}
  at_least: 3
close:
  kind: gate
  act: ticket.close
  requires: {guard: ticket.user_confirmed}
free:
  kind: entitlement
  decides: ticket.charge
  grants: {charge: free}
held:
  kind: standing
  holds: {measure: ticket.count, at_most: 9}
  check_on: ticket.reported
"""


@pytest.fixture
def plan():
    return parse_text(plan_text(PLAN)).plan


def test_index_names_the_commitments_of_each_verb(plan):
    index = compiled.index_of(plan, ("ticket.triaged",))
    assert index.opens == {"ticket.reported": ("respond", "fixed"), "obligation.missed": ("later",)}
    assert index.keeps == {
        "ticket.responded": ("respond",),
        "visit.arrived": ("later",),
        "visit.left": ("later",),
        "ticket.confirmed": ("fixed",),
    }
    assert index.rebinds == {"ticket.triaged": ("respond",), "ticket.graded": ("fixed",)}
    assert index.pauses == {"ticket.waiting_started": (("respond", "customer"),)}
    assert index.resumes == {"ticket.waiting_ended": (("respond", "customer"),)}
    assert (index.prevents, index.voids) == (
        {"ticket.resolved": ("later",)},
        {"ticket.cancelled": ("respond",)},
    )
    assert (index.undoes, index.counts) == (
        {"ticket.reopened": ("respond",)},
        {"ticket.called_back": ("calls",)},
    )
    assert (index.gates, index.decides) == ({"ticket.close": ("close",)}, {"ticket.charge": ("free",)})
    assert index.checks == {"ticket.reported": ("held",)}
    assert "ticket.close" not in index.verbs
    assert "ticket.waiting_ended" in index.verbs


def test_digest_follows_meaning_not_layout(plan):
    same = parse_text(
        "# a comment\n" + plan_text(PLAN).replace("within: 1 day", "within:   1 day  # day")
    ).plan
    other = parse_text(plan_text(PLAN).replace("10 min", "11 min")).plan
    assert compiled.digest(same) == compiled.digest(plan) != compiled.digest(other)
    assert len(compiled.digest(plan)) == 64


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"format": 0, "plan": {}},
        {"format": compiled.FORMAT, "plan": {"~": "Text", "zh": "a", "en": "b"}},
        {"format": compiled.FORMAT, "plan": {"~": "Widget"}},
        {"format": compiled.FORMAT, "plan": {"~": "Plan", "name": "x"}},
        {"format": compiled.FORMAT, "plan": None},
        {"format": compiled.FORMAT, "plan": {"~": "Duration", "is": "soon"}},
    ],
)
def test_foreign_stored_forms_are_refused(stored):
    with pytest.raises(compiled.StoredPlanError):
        compiled.from_json(stored)
