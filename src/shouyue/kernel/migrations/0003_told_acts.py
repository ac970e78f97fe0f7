"""A column that gates stand before changes only together with the event that tells of it.

A subject's head keeps which verbs its newest transaction has recorded; `kernel_require_told` asks it at commit.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

COLUMNS = (
    "ALTER TABLE kernel_event_head ADD COLUMN told text[] NOT NULL DEFAULT '{}', ADD COLUMN told_in xid8"
)
TOLD = (
    "CASE WHEN h.told_in IS DISTINCT FROM pg_current_xact_id() THEN ARRAY[{verb}]"
    " WHEN {verb} = ANY (h.told) THEN h.told ELSE h.told || {verb} END"
)
RECORD = f"""
CREATE OR REPLACE FUNCTION kernel_record_event(
    p_verb text, p_subject_type text, p_subject_id bigint, p_case_type text, p_case_id bigint,
    p_customer_id bigint, p_contract_id bigint, p_actor text,
    p_occurred_at timestamptz, p_recorded_at timestamptz, p_device_at timestamptz, p_facts jsonb,
    OUT id bigint, OUT seq bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_prev bytea;
    v_digest bytea;
BEGIN
    INSERT INTO kernel_event_head AS h (subject_type, subject_id, customer_id, seq, digest)
        VALUES (p_subject_type, p_subject_id, p_customer_id, 1, ''::bytea)
        ON CONFLICT ON CONSTRAINT kernel_event_head_subject_uniq DO UPDATE SET seq = h.seq + 1
        RETURNING h.seq, h.digest INTO seq, v_prev;
    id := nextval('kernel_event_id_seq');
    v_digest := kernel_event_digest(v_prev, id, seq, p_verb, p_subject_type, p_subject_id, p_case_type,
        p_case_id, p_customer_id, p_contract_id, p_actor, p_occurred_at, p_recorded_at, p_device_at, p_facts);
    INSERT INTO kernel_event (id, verb, subject_type, subject_id, case_type, case_id, customer_id, contract_id,
            actor, occurred_at, recorded_at, device_at, facts, seq, prev_digest, digest)
        VALUES (id, p_verb, p_subject_type, p_subject_id, p_case_type, p_case_id, p_customer_id, p_contract_id,
            p_actor, p_occurred_at, p_recorded_at, p_device_at, p_facts, seq, v_prev, v_digest);
    UPDATE kernel_event_head h
        SET digest = v_digest, told_in = pg_current_xact_id(), told = {TOLD.format(verb="p_verb")}
        WHERE h.subject_type = p_subject_type AND h.subject_id = p_subject_id;
END $$;
"""
_MANY = import_module("shouyue.kernel.migrations.0002_events_at_once").FUNCTION
RECORD_MANY = (
    _MANY.replace(
        "INSERT INTO kernel_event_head (subject_type, subject_id, customer_id, seq, digest)",
        "INSERT INTO kernel_event_head (subject_type, subject_id, customer_id, told, told_in, seq, digest)",
    )
    .replace(
        "SELECT n.subject_type, n.subject_id, n.customer_id, 1,",
        "SELECT n.subject_type, n.subject_id, n.customer_id, ARRAY[n.verb], pg_current_xact_id(), 1,",
    )
    .replace(
        "SET seq = n.seq, digest = n.digest FROM",
        f"SET seq = n.seq, digest = n.digest, told_in = pg_current_xact_id(), told = {TOLD.format(verb='n.verb')}\n"
        "        FROM",
    )
)
REQUIRE = """
-- Runs as the owner: at commit the transaction may have narrowed its scope to another customer.
CREATE FUNCTION kernel_require_told() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    v_id bigint;
BEGIN
    IF TG_ARGV[1] = 'id' THEN v_id := NEW.id; ELSE v_id := NEW.contract_id; END IF;
    PERFORM FROM kernel_event_head h
        WHERE h.subject_type = TG_ARGV[0] AND h.subject_id = v_id
            AND h.told_in = pg_current_xact_id() AND h.told && string_to_array(TG_ARGV[2], ' ');
    IF NOT FOUND THEN
        RAISE EXCEPTION '% of % % is changed by its service alone: % was not recorded',
            TG_NAME, TG_ARGV[0], v_id, replace(TG_ARGV[2], ' ', ' or ') USING ERRCODE = '42501';
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("kernel", "0002_events_at_once")]
    operations: ClassVar = [
        migrations.RunSQL(COLUMNS, "ALTER TABLE kernel_event_head DROP COLUMN told, DROP COLUMN told_in"),
        migrations.RunSQL(RECORD, migrations.RunSQL.noop),
        migrations.RunSQL(RECORD_MANY, migrations.RunSQL.noop),
        migrations.RunSQL(REQUIRE, "DROP FUNCTION kernel_require_told"),
    ]
