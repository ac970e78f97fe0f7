"""The database engine: how a transaction begins, and that what looks at statements sees it begin."""

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shouyue.kernel.scope import EVERYTHING, Scope, acting_in
from shouyue.kernel.tests.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_beginning_of_a_transaction_is_logged():
    with CaptureQueriesContext(connection) as captured, acting_in(Scope(customers=frozenset({7, 8}))):
        pass
    assert [query["sql"] for query in captured if "ROLE" in query["sql"]] == [
        "BEGIN; SET LOCAL ROLE \"shouyue_scoped\"; SET LOCAL app.customers = '7,8'"
    ]


def test_the_beginning_of_a_transaction_goes_through_wrappers():
    seen = []

    def watch(execute, sql, params, many, context):
        seen.append((sql.split(";")[0], context["connection"].alias))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch), acting_in(EVERYTHING):
        pass
    assert seen == [("BEGIN", "default")]


def test_a_refused_beginning_is_one_of_django_s_errors():
    refused = pytest.raises(OperationalError, match='role "nobody_of_that_name" does not exist')
    with refused, transaction.atomic():
        connection.begin_as("nobody_of_that_name", "")


def test_other_threads_never_connect_as_the_owner():
    def who():
        with connection.cursor() as cursor:
            cursor.execute("SELECT session_user")
            return cursor.fetchone()[0]

    login = who()
    with connection.as_owner(superuser=True):
        assert who() != login
        assert at_once(who) == [login]
    assert who() == login
