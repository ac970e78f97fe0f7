import pytest

from shouyue.kernel.numbering import next_number
from shouyue.kernel.scope import EVERYTHING, Scope, acting_in

pytestmark = pytest.mark.django_db


def test_numbers_rise_per_series():
    with acting_in(Scope(customers=frozenset({7}))):
        assert next_number("ZZ", 2030, series="test") == "ZZ-2030-1"
    with acting_in(EVERYTHING):
        assert next_number("ZZ", 2030, series="test") == "ZZ-2030-2"
    assert next_number("ZZ", 2031, series="test") == "ZZ-2031-1"
