from enum import StrEnum

import pytest

from shouyue.web import states
from shouyue.web.sprite import icon_names


class State(StrEnum):
    KEPT = "kept"


def test_an_enumeration_member_is_its_value():
    assert states.look_of("obligation", State.KEPT) == states.look_of("obligation", "kept")


def test_an_unknown_state_shows_its_own_name():
    assert states.look_of("obligation", "odd") == states.Look("neutral", "question-mark", "odd")


def test_truth_values_have_looks():
    assert [states.look_of("yesno", value).tone for value in (True, False)] == ["good", "muted"]


@pytest.mark.parametrize("family", ["obligation", "promise", "yesno"])
def test_every_look_has_an_icon_of_the_sprite(family):
    assert {look.icon for look in states.states_of(family).values()} <= set(icon_names())


def test_a_module_may_add_its_own(monkeypatch):
    monkeypatch.setattr(states, "_families", {})
    states.register("ticket", {"new": states.Look("info", "inbox", "New")})
    assert states.look_of("ticket", "new").label == "New"
