"""The role that logs in can do nothing by itself."""

import pytest
from django.db import DatabaseError, connection

from shouyue.kernel.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_scope_nothing_can_be_read():
    with pytest.raises(DatabaseError, match="permission denied"):
        Event.objects.count()


def test_the_login_role_cannot_become_the_owner():
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute("SET ROLE shouyue_owner")
