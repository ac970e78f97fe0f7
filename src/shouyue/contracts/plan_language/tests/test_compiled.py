import pytest

from shouyue.contracts.plan_language import compiled


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
