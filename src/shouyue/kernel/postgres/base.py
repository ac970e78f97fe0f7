"""Django's PostgreSQL wrapper, reading timestamps in C and creating test databases as the owner.

Django re-reads every timestamptz in Python to give it the connection's zone. With TIME_ZONE = "UTC" psycopg's
own C loader already answers aware UTC datetimes: a 50-row list takes half the CPU.
"""

from __future__ import annotations

import select
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import base, creation, operations
from psycopg import OperationalError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import ExecStatus, TransactionStatus, error_message
from psycopg.types.datetime import TimestamptzLoader
from psycopg_pool import ConnectionPool

from shouyue.runtime import database

from .schema import WalledSchemaEditor


class DatabaseCreation(creation.DatabaseCreation):
    """Creates and migrates a test database with the administrator's rights, then hands it to the login role."""

    def create_test_db(self, *args: Any, **kwargs: Any) -> str:
        with self.connection.as_owner():  # type: ignore[attr-defined]
            return super().create_test_db(*args, **kwargs)

    def _create_test_db(self, *args: Any, **kwargs: Any) -> str:
        name: str = super()._create_test_db(*args, **kwargs)  # type: ignore[misc]
        # default privileges belong to a database, so a new one needs them before its tables are made
        database.prepare(make_conninfo(self.connection.settings_dict["ADMIN_URL"], dbname=name))
        return name

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        with self.connection.as_owner():  # type: ignore[attr-defined]
            super()._destroy_test_db(test_database_name, verbosity)  # type: ignore[misc]

    def _clone_test_db(self, suffix: str, verbosity: int, keepdb: bool = False) -> None:
        with self.connection.as_owner():  # type: ignore[attr-defined]
            super()._clone_test_db(suffix, verbosity, keepdb)  # type: ignore[misc]


class DatabaseOperations(operations.DatabaseOperations):
    """Empties tables between transactional tests as the owner; the app's roles may not truncate."""

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        with self.connection.as_owner(superuser=True), self.connection.cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                "TRUNCATE kernel_event, kernel_event_head"
            )  # unmanaged, so Django does not know them
            for sql in sql_list:
                cursor.execute(sql)


def check_local(connection: Any) -> None:
    """Ask the server only when its end has something to say: a local socket that was closed is readable."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)


class _Exchange:
    """Enough of a cursor for Django's own, which logs, counts and wraps what is executed: statements sent as one text.

    A cursor of the driver would send BEGIN by itself first, and wait for the answer.
    """

    def __init__(self, server: Any) -> None:
        self._server = server

    def execute(self, text: str) -> None:
        result = self._server.exec_(text.encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise OperationalError(error_message(result))


class DatabaseWrapper(base.DatabaseWrapper):
    """See the module's docstring."""

    SchemaEditorClass = WalledSchemaEditor
    creation_class = DatabaseCreation
    ops_class = DatabaseOperations

    @property
    def pool(self) -> Any:
        """Django's pool; over a local socket a connection is looked at before use without asking the server."""
        pool = super().pool
        if pool is not None and pool._check and str(self.settings_dict["HOST"]).startswith("/"):
            pool._check = check_local
        return pool

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if self.timezone_name == "UTC":
            # psycopg swaps in its C class for the Python one where it has it
            connection.adapters.register_loader("timestamptz", TimestamptzLoader)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        if self.timezone_name != "UTC":
            return super().create_cursor(name)
        if name:  # Django's own path would ask the C loader for its zone
            withhold = self.connection.autocommit
            return base.ServerSideCursor(  # type: ignore[call-arg]  # the stubs know psycopg2's
                self.connection, name=name, scrollable=False, withhold=withhold
            )
        return self.connection.cursor()

    def begin_as(self, role: str, customers: str) -> bool:
        """Begin the transaction and set its role and `app.customers`, all in one exchange with the server.

        customers: digits and commas. False, and nothing done, when the transaction has begun already.
        """
        self.ensure_connection()
        server = self.connection.pgconn
        if server.transaction_status != TransactionStatus.IDLE:
            return False
        text = f"BEGIN; SET LOCAL ROLE {self.ops.quote_name(role)}; SET LOCAL app.customers = '{customers}'"
        self._prepare_cursor(_Exchange(server)).execute(text)  # type: ignore[attr-defined]
        return True

    @contextmanager
    def as_owner(self, *, superuser: bool = False) -> Iterator[None]:
        """Use the administrator's connection within the block (tests and migrations only).

        Threads share Django's settings of a database, so the administrator's are a copy, and only this wrapper's.
        """
        kept, admin = self.settings_dict, conninfo_to_dict(self.settings_dict["ADMIN_URL"])
        options = {name: value for name, value in kept["OPTIONS"].items() if name != "pool"}
        if not superuser:
            options["assume_role"] = kept["OWNER_ROLE"]
        self.close()
        self.settings_dict = kept | {
            "USER": admin.get("user", ""),
            "PASSWORD": admin.get("password", ""),
            "HOST": admin.get("host", ""),
            "PORT": admin.get("port", ""),
            "OPTIONS": options,
        }
        try:
            yield
        finally:
            self.close()
            kept["NAME"] = self.settings_dict["NAME"]  # the test database's, once it is made
            self.settings_dict = kept
