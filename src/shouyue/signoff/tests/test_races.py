"""Two answers at once, on two real connections."""

import pytest

from shouyue.contracts.tests.factories import make_contract
from shouyue.contracts.tests.people import make_contact
from shouyue.kernel.errors import Conflict
from shouyue.kernel.models import Event
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.kernel.tests.threads import at_once, errors_of
from shouyue.signoff import services
from shouyue.signoff.models import Answer, Signoff

from .factories import make_admin, make_asker, make_signoff, step_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_answers_at_once_one_wins():
    with acting_in(EVERYTHING):
        contract = make_contract()
        asker, (first, _c), (second, _d) = make_asker(contract), make_admin(contract), make_admin(contract)
        step = step_of(make_signoff(contract, actor=asker)).pk
    outcomes = at_once(
        lambda: services.give(actor=first, step_id=step),
        lambda: services.refuse(actor=second, step_id=step, words="不行"),
        scope=EVERYTHING,
    )
    assert [(type(error), error.code) for error in errors_of(outcomes)] == [(Conflict, "answered")]
    with acting_in(EVERYTHING):
        assert Answer.objects.count() == 1
        assert Event.objects.filter(verb__in=["consent.given", "consent.refused"]).count() == 1


def test_link_and_portal_at_once_do_not_wait_for_each_other():
    with acting_in(EVERYTHING):
        contract = make_contract()
        asker, (admin, _c) = make_asker(contract), make_admin(contract)
        contact = make_contact(contract, capacities=["server_admin"])
        step = step_of(make_signoff(contract, actor=asker)).pk
        _link, token = services.make_link(actor=asker, step_id=step, contact_id=contact.pk)
    outcomes = at_once(
        lambda: services.give(actor=admin, step_id=step),
        lambda: services.give_by_link(token=token, typed_name="赵敏"),
        scope=EVERYTHING,
    )
    (error,) = errors_of(outcomes)  # who comes by the link second may find it gone
    assert error.code in {"answered", "not_found"}
    with acting_in(EVERYTHING):
        assert Answer.objects.count() == 1


def test_one_question_sent_twice_at_once_is_kept_once():
    with acting_in(EVERYTHING):
        contract = make_contract()
        asker = make_asker(contract)
        make_admin(contract)
    ask = lambda: make_signoff(contract, actor=asker, source_key="k", reply_due_at=None)  # noqa: E731
    first, second = at_once(ask, ask, scope=EVERYTHING)
    assert first == second
    with acting_in(EVERYTHING):
        assert Signoff.objects.count() == 1
