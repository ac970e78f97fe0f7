from shouyue.web import checks, navigation, states


def test_registered_icons_exist():
    assert checks.icons_exist() == []


def test_unknown_icons_are_named(monkeypatch):
    monkeypatch.setattr(states, "_families", {"ticket": {"new": states.Look("info", "no-such", "New")}})
    navigation.register(navigation.Item(key="x", label="X", url_name="web:now", icon="none-such"))
    assert [(warning.id, warning.msg) for warning in checks.icons_exist()] == [
        ("web.W002", "The icon 'none-such' of navigation item 'x' is unknown."),
        ("web.W002", "The icon 'no-such' of state ticket.new is unknown."),
    ]
