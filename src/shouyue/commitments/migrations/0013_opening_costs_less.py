"""What opening an obligation costs does not depend on how many contracts there are.

An obligation points at its promise, and by that at contract and customer: one key, where three were looked up. In
the unique index the obligations of a new case lie side by side. What comes into a frozen period is looked for once
for all that a statement brings, not once for each.
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import shouyue.kernel.fields

TABLE = "commitments_obligation"
KEYS = (
    ("commitments_obligati_customer_id_59c83076_fk_parties_c", "customer_id", "parties_customer (id)"),
    (
        "commitments_obligati_contract_id_4b8d2f59_fk_contracts",
        "customer_id, contract_id",
        "contracts_contract (customer_id, id)",
    ),
    (
        "commitments_obligati_commitment_id_616216f1_fk_commitmen",
        "customer_id, commitment_id",
        "commitments_commitment (customer_id, id)",
    ),
)
KEY = (
    "commitments_obligation_promise_fk",
    "customer_id, contract_id, commitment_id",
    "commitments_commitment (customer_id, contract_id, id)",
)


def _add(name: str, columns: str, target: str) -> str:
    return (
        f"ALTER TABLE {TABLE} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {target} "
        "DEFERRABLE INITIALLY DEFERRED"
    )


def _drop(name: str, *_: str) -> str:
    return f"ALTER TABLE {TABLE} DROP CONSTRAINT {name}"


ADJUST = """
CREATE OR REPLACE FUNCTION commitments_adjust(
    v_obligation bigint, v_closing bigint, v_before text, v_after text, v_event bigint
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO commitments_adjustment (customer_id, contract_id, closing_id, commitment_id, obligation_id,
        before, after, event_id, objection_id, who, at)
    SELECT o.customer_id, o.contract_id, v_closing, o.commitment_id, o.id, v_before, v_after,
        v_event, nullif(current_setting('app.objection', true), '')::bigint, coalesce(e.actor, 'system:0'),
        coalesce(e.recorded_at, o.settled_at, o.missed_at, o.trigger_at)
    FROM commitments_obligation o LEFT JOIN kernel_event e ON e.id = v_event
    WHERE o.id = v_obligation
$$;

CREATE OR REPLACE FUNCTION commitments_obligation_come() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_found record;
BEGIN
    FOR v_found IN
        SELECT o.id, o.state, o.opened_event_id, c.id AS closing_id
        FROM came o JOIN commitments_closing c ON c.contract_id = o.contract_id AND c.reopened_at IS NULL
            AND c.since <= o.falls_at AND c.until > o.falls_at
        WHERE o.state NOT IN ('waiting', 'void')
    LOOP
        PERFORM commitments_adjust(v_found.id, v_found.closing_id, '', v_found.state, v_found.opened_event_id);
    END LOOP;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION commitments_obligation_adjust() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_event bigint;
    v_closing record;
BEGIN
    IF NEW.kept_event_id IS DISTINCT FROM OLD.kept_event_id AND NEW.kept_event_id IS NOT NULL THEN
        v_event := NEW.kept_event_id;
    ELSIF NEW.ended_event_id IS DISTINCT FROM OLD.ended_event_id THEN
        v_event := NEW.ended_event_id;
    END IF;
    FOR v_closing IN
        SELECT c.id, c.since <= OLD.falls_at AND c.until > OLD.falls_at AS was_in,
            c.since <= NEW.falls_at AND c.until > NEW.falls_at AS is_in
        FROM commitments_closing c WHERE c.contract_id = NEW.contract_id AND c.reopened_at IS NULL
            AND c.since <= greatest(OLD.falls_at, NEW.falls_at) AND c.until > least(OLD.falls_at, NEW.falls_at)
    LOOP
        IF v_closing.was_in AND (NOT v_closing.is_in OR OLD.state <> NEW.state)
            OR v_closing.is_in AND NOT v_closing.was_in THEN
            PERFORM commitments_adjust(NEW.id, v_closing.id, CASE WHEN v_closing.was_in THEN OLD.state ELSE '' END,
                CASE WHEN v_closing.is_in THEN NEW.state ELSE '' END, v_event);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

DROP TRIGGER commitments_obligation_came ON commitments_obligation;
CREATE TRIGGER commitments_obligation_came AFTER INSERT ON commitments_obligation
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION commitments_obligation_come();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("commitments", "0012_ending_no_limit")]
    operations: ClassVar = [
        migrations.AddConstraint(
            model_name="commitment",
            constraint=models.UniqueConstraint(
                fields=("customer", "contract", "id"), name="commitments_commitment_contract_uniq"
            ),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    [_add(*KEY), *(_drop(*key) for key in KEYS)], [*(_add(*key) for key in KEYS), _drop(*KEY)]
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="obligation",
                    name="customer",
                    field=shouyue.kernel.fields.CustomerKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.customer",
                    ),
                ),
                migrations.AlterField(
                    model_name="obligation",
                    name="contract",
                    field=shouyue.kernel.fields.SameCustomerForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="contracts.contract",
                    ),
                ),
                migrations.AlterField(
                    model_name="obligation",
                    name="commitment",
                    field=shouyue.kernel.fields.SameCustomerForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="obligations",
                        to="commitments.commitment",
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(model_name="obligation", name="commitments_obligation_subject_uniq"),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.UniqueConstraint(
                fields=("subject_type", "subject_id", "commitment", "period", "occurrence"),
                name="commitments_obligation_subject_uniq",
            ),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(
                fields=("commitment", "period"),
                name="commitments_period_idx",
                condition=models.Q(("period", ""), _negated=True),
            ),
        ),
        migrations.RunSQL(ADJUST, migrations.RunSQL.noop),
    ]
