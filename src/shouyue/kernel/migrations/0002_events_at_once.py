"""Many events at once: what `kernel_record_event` does for one, in two statements for all of them."""

from typing import ClassVar

from django.db import migrations

GIVEN = """unnest(p_verb, p_subject_type, p_subject_id, p_case_type, p_case_id, p_customer_id, p_contract_id, p_actor,
                p_occurred_at, p_recorded_at, p_device_at, p_facts) WITH ORDINALITY
            AS g (verb, subject_type, subject_id, case_type, case_id, customer_id, contract_id, actor,
                occurred_at, recorded_at, device_at, facts, place)"""
DIGEST = """kernel_event_digest({prev}, {n}.id, {seq}, {n}.verb, {n}.subject_type, {n}.subject_id, {n}.case_type,
                {n}.case_id, {n}.customer_id, {n}.contract_id, {n}.actor, {n}.occurred_at, {n}.recorded_at,
                {n}.device_at, {n}.facts)"""
COLUMNS = (
    "id, verb, subject_type, subject_id, case_type, case_id, customer_id, contract_id, actor, occurred_at,"
    " recorded_at, device_at, facts"
)
OF_N = ", ".join(f"n.{column.strip()}" for column in COLUMNS.split(","))

FUNCTION = f"""
-- Each event is about another subject. Subjects without any event yet get head and event in one statement; the others
-- are taken up when their heads are locked, in the order of their ids, and numbered only then: of one subject, ids and
-- numbers rise together.
CREATE OR REPLACE FUNCTION kernel_record_events(
    p_verb text[], p_subject_type text[], p_subject_id bigint[], p_case_type text[], p_case_id bigint[],
    p_customer_id bigint[], p_contract_id bigint[], p_actor text[],
    p_occurred_at timestamptz[], p_recorded_at timestamptz[], p_device_at timestamptz[], p_facts jsonb[]
) RETURNS TABLE (place bigint, id bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_places bigint[];
    v_ids bigint[];
BEGIN
    WITH n AS MATERIALIZED (
        SELECT g.*, nextval('kernel_event_id_seq') AS id FROM {GIVEN}
    ), heads AS (
        INSERT INTO kernel_event_head (subject_type, subject_id, customer_id, seq, digest)
        SELECT n.subject_type, n.subject_id, n.customer_id, 1,
            {DIGEST.format(prev="''::bytea", seq="1", n="n")}
        FROM n ORDER BY n.subject_type, n.subject_id
        ON CONFLICT ON CONSTRAINT kernel_event_head_subject_uniq DO NOTHING
        RETURNING subject_type, subject_id, digest
    ), first AS MATERIALIZED (
        SELECT n.*, h.digest FROM n
        JOIN heads h ON h.subject_type = n.subject_type AND h.subject_id = n.subject_id
    ), written AS (
        INSERT INTO kernel_event ({COLUMNS}, seq, prev_digest, digest)
        SELECT {OF_N}, 1, ''::bytea, n.digest FROM first n ORDER BY n.place
    )
    SELECT array_agg(first.place), array_agg(first.id) INTO v_places, v_ids FROM first;
    RETURN QUERY SELECT d.place, d.id, 1::bigint FROM unnest(v_places, v_ids) AS d (place, id);
    IF coalesce(cardinality(v_places), 0) = cardinality(p_verb) THEN
        RETURN;
    END IF;
    RETURN QUERY WITH heads AS MATERIALIZED (
        SELECT h.id AS head, h.seq + 1 AS seq, h.digest AS prev, g.* FROM {GIVEN}
        JOIN kernel_event_head h ON h.subject_type = g.subject_type AND h.subject_id = g.subject_id
        WHERE NOT EXISTS (SELECT FROM unnest(v_places) AS d (place) WHERE d.place = g.place)
        ORDER BY h.id FOR UPDATE OF h
    ), numbered AS MATERIALIZED (
        SELECT s.*, nextval('kernel_event_id_seq') AS id FROM (SELECT * FROM heads ORDER BY heads.place) s
    ), linked AS MATERIALIZED (
        SELECT n.*, {DIGEST.format(prev="n.prev", seq="n.seq", n="n")} AS digest FROM numbered n
    ), written AS (
        INSERT INTO kernel_event ({COLUMNS}, seq, prev_digest, digest)
        SELECT {OF_N}, n.seq, n.prev, n.digest FROM linked n ORDER BY n.place
    ), moved AS (
        UPDATE kernel_event_head h SET seq = n.seq, digest = n.digest FROM linked n WHERE h.id = n.head
    )
    SELECT n.place, n.id, n.seq FROM linked n;
END $$;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("kernel", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(
            FUNCTION,
            "DROP FUNCTION kernel_record_events(text[], text[], bigint[], text[], bigint[], bigint[], bigint[], text[],"
            " timestamptz[], timestamptz[], timestamptz[], jsonb[])",
        ),
    ]
