"""What happens when many do it at once, each on its own connection."""

from __future__ import annotations

from functools import partial

import pytest

from shouyue.accounts import rules, services
from shouyue.accounts.tests.factories import make_user
from shouyue.kernel.errors import Invalid, TooMany
from shouyue.kernel.scope import EVERYTHING, acting_in
from shouyue.kernel.tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_guessing_at_once_gains_no_more_tries():
    with acting_in(EVERYTHING):
        user = make_user()

    def guess(number):
        try:
            services.check_sign_in(username=user.username, password=f"wrong {number}", address="10.0.0.1")
        except Invalid:
            return "tried"
        except TooMany:
            return "refused"

    answers = at_once(*[partial(guess, number) for number in range(8)])
    assert (answers.count("tried"), answers.count("refused")) == (rules.FAILURES_PER_USER, 3)
