"""Schema editor that raises the walls: row-level security per table and composite foreign keys.

Policies: `shouyue_all` sees every row; `shouyue_scoped` the rows of the customers in `app.customers`. The
setting is read once per statement (a scalar sub-select), so the policy costs the same for one row or a million.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.backends.ddl_references import Columns, Statement, Table
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

SCOPE_SQL = "ANY ((SELECT string_to_array(current_setting('app.customers', true), ',')::bigint[])::bigint[])"


def wall_sql(table: str, column: str = "customer_id", *, unique: bool = True) -> list[str]:
    """The statements that raise a wall round a table.

    column: holds the owning customer's id. unique: also add UNIQUE (customer_id, id) for composite keys.
    """
    prefix = settings.DATABASE_ROLE_PREFIX
    statements = [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'CREATE POLICY wall_all ON "{table}" TO {prefix}_all USING (true) WITH CHECK (true)',
        f'CREATE POLICY wall_scoped ON "{table}" TO {prefix}_scoped '
        f'USING ("{column}" = {SCOPE_SQL}) WITH CHECK ("{column}" = {SCOPE_SQL})',
    ]
    if unique:
        statements.insert(
            0, f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_wall_uniq" UNIQUE ("{column}", "id")'
        )
    return statements


class WalledSchemaEditor(DatabaseSchemaEditor):
    """Django's PostgreSQL schema editor plus the two wall mechanisms."""

    def create_model(self, model: type[models.Model]) -> None:
        super().create_model(model)
        for field in model._meta.local_fields:
            self._raise_wall(model, field)

    def add_field(self, model: type[models.Model], field: Any) -> None:
        inline = self.sql_create_column_inline_fk
        if getattr(field, "same_customer", False):
            self.sql_create_column_inline_fk = None  # type: ignore[assignment]
        try:
            super().add_field(model, field)
        finally:
            self.sql_create_column_inline_fk = inline
        self._raise_wall(model, field)

    def _raise_wall(self, model: type[models.Model], field: Any) -> None:
        """The owner may come with the table or in a later step of its migration."""
        if getattr(field, "raises_wall", False):
            for statement in wall_sql(model._meta.db_table):
                self.execute(statement)

    def _create_fk_sql(self, model: type[models.Model], field: Any, suffix: str) -> Statement:
        statement: Statement = super()._create_fk_sql(model, field, suffix)  # type: ignore[misc]
        if getattr(field, "same_customer", False):
            target = field.target_field.model._meta.db_table
            quote = self.quote_name
            statement.parts["column"] = Columns(model._meta.db_table, ["customer_id", field.column], quote)
            statement.parts["to_column"] = Columns(target, ["customer_id", field.target_field.column], quote)
            statement.parts["to_table"] = Table(target, quote)
        return statement


def told_sql(table: str, name: str, *, subject: str, key: str = "id", when: str, verbs: str) -> str:
    """The trigger that refuses a change at commit unless one of `verbs` was recorded about its subject.

    key: the column with the subject's id, `id` or `contract_id`; when: `INSERT`, or `UPDATE OF` with columns and a
    condition after a colon. It binds the application's roles; the owner of the tables loads and mends as he must.
    """
    what, _colon, condition = when.partition(":")
    prefix = settings.DATABASE_ROLE_PREFIX
    roles = f"current_user IN ('{prefix}_all', '{prefix}_scoped')"
    return (
        f'CREATE CONSTRAINT TRIGGER "{name}" AFTER {what.strip()} ON "{table}" '
        f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        f"WHEN ({f'({condition.strip()}) AND ' if condition else ''}{roles}) "
        f"EXECUTE FUNCTION kernel_require_told('{subject}', '{key}', '{verbs}')"
    )
