"""Plain words about a request."""

import pytest

from shouyue.portal.rules import Situation, asks_replacement, outlook, title_of


@pytest.mark.parametrize(
    ("now", "label", "needs_you"),
    [
        (Situation("new"), "We have received it", False),
        (Situation("new", is_answered=True), "Answered, being arranged", False),
        (Situation("assigned", engineer="王强"), "Given to an engineer", False),
        (Situation("accepted", engineer="王强"), "In work", False),
        (Situation("accepted", visit="departed", engineer="王强"), "The engineer is on the way", False),
        (Situation("accepted", visit="arrived", engineer="王强"), "Engineer on site", False),
        (Situation("waiting", wait_reason="customer"), "We wait for your answer", True),
        (Situation("waiting", wait_reason="customer", may_decide=False), "We wait for your answer", False),
        (Situation("waiting", wait_reason="part"), "Waiting for a part", False),
        (Situation("waiting", wait_reason="vendor"), "Waiting for the maker", False),
        (Situation("resolved"), "Solved: please confirm", True),
        (Situation("resolved", may_decide=False), "Solved, waiting for confirmation", False),
        (Situation("confirmed"), "Solved and confirmed", False),
        (Situation("closed"), "Finished", False),
        (Situation("cancelled"), "Withdrawn", False),
    ],
)
def test_outlook_says_where_it_stands(settings, now, label, needs_you):
    from django.utils import translation

    with translation.override("en"):
        found = outlook(now)
        assert (str(found.look.label), found.needs_you) == (label, needs_you)


def test_outlook_names_the_engineer():
    assert "王强" in outlook(Situation("accepted", engineer="王强")).following


def test_replacement_is_asked_for_hardware_while_open():
    assert asks_replacement("accepted", "", "hardware", "")
    assert asks_replacement("waiting", "", "", "part")
    assert not asks_replacement("accepted", "", "application", "")
    assert not asks_replacement("accepted", "declined", "hardware", "")
    assert not asks_replacement("closed", "", "hardware", "")


def test_title_is_the_first_sentence():
    assert title_of("\n  打印机卡纸。昨天开始的。") == "打印机卡纸"
    assert title_of("No paper! Help") == "No paper"
    long = title_of("长" * 100)
    assert (len(long), long[-1]) == (60, "…")
    assert title_of("。") == "。"
