"""Pure decisions about tickets."""

import pytest

from shouyue.tickets import access, rules
from shouyue.tickets.choices import Channel, Status


def test_every_move_has_a_right_and_every_right_a_move():
    assert set(rules.MOVES) | {"report"} == set(access.RIGHTS)


def test_every_channel_belongs_to_a_group():
    assert set(rules.CHANNEL_GROUPS) == set(Channel)


@pytest.mark.parametrize(
    ("urgency", "impact", "lift", "ranks", "rank"),
    [
        ("low", "single", 0, (), "P4"),
        ("high", "site", 0, (), "P2"),
        ("critical", "all", 0, (), "P1"),
        ("high", "site", 1, (), "P1"),
        ("critical", "all", 1, (), "P1"),
        ("high", "", 0, (), ""),
        ("low", "single", 0, ("normal", "urgent"), "normal"),
        ("critical", "all", 0, ("normal", "urgent"), "urgent"),
    ],
)
def test_priority(urgency, impact, lift, ranks, rank):
    assert rules.priority(urgency, impact, lift=lift, ranks=ranks) == rank


def test_the_top_level_of_a_scale_lifts():
    assert rules.level_lift("gold", ("basic", "gold")) == 1
    assert rules.level_lift("basic", ("basic", "gold")) == 0
    assert rules.level_lift("gold", ()) == 0


def test_a_contracts_words_take_the_place_of_the_standard_ones():
    assert rules.spread("紧急", ("一般", "紧急"), ("low", "medium", "high", "critical")) == "critical"
    assert rules.spread("一般", ("一般", "紧急"), ("low", "medium", "high", "critical")) == "low"


def test_nothing_but_words_and_files_is_done_to_settled_tickets():
    assert rules.moves_from(Status.CLOSED) == {"call_back", "reopen", "comment", "link", "attach"}
    assert rules.moves_from(Status.CANCELLED) == {"comment", "link", "attach"}


def test_triage_in_work_leaves_the_state():
    assert rules.after("triage", Status.ACCEPTED) == "accepted"
    assert rules.after("triage", Status.NEW) == "triaged"
