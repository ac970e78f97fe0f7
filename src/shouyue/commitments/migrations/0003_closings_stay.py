"""What was said about verdicts and what was frozen is never changed; later corrections write themselves down."""

from typing import ClassVar

from django.db import migrations

APPEND_ONLY = (
    "commitments_objectionstep",
    "commitments_reopening",
    "commitments_adjustment",
)

STAY = (
    """
CREATE FUNCTION commitments_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;
"""
    + "\n".join(
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION commitments_refuse();"
        for table in APPEND_ONLY
    )
    + """
ALTER TABLE commitments_closing ADD CONSTRAINT commitments_closing_digest_check
    CHECK (digest = encode(sha256(convert_to(snapshot, 'UTF8')), 'hex'));
CREATE TRIGGER commitments_closing_not_deleted BEFORE DELETE ON commitments_closing
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse();

CREATE FUNCTION commitments_closing_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'reopened_at' IS DISTINCT FROM to_jsonb(OLD) - 'reopened_at'
        OR OLD.reopened_at IS NOT NULL OR NEW.reopened_at IS NULL THEN
        RAISE EXCEPTION 'a closed period is frozen' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER commitments_closing_frozen BEFORE UPDATE ON commitments_closing
    FOR EACH ROW EXECUTE FUNCTION commitments_closing_change();

-- A verdict that changes, comes or goes after its period was frozen leaves a row, whoever changes it.
CREATE FUNCTION commitments_obligation_adjust() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_event bigint;
    v_who text;
    v_at timestamptz;
    v_old text := '';
    v_closing record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        v_old := OLD.state;
        IF NEW.kept_event_id IS DISTINCT FROM OLD.kept_event_id AND NEW.kept_event_id IS NOT NULL THEN
            v_event := NEW.kept_event_id;
        ELSIF NEW.ended_event_id IS DISTINCT FROM OLD.ended_event_id THEN
            v_event := NEW.ended_event_id;
        END IF;
    ELSE
        v_event := NEW.opened_event_id;
    END IF;
    FOR v_closing IN
        SELECT c.id, true AS was_in, false AS is_in FROM commitments_closing c
        WHERE TG_OP = 'UPDATE' AND c.contract_id = NEW.contract_id AND c.reopened_at IS NULL
          AND c.since <= OLD.falls_at AND c.until > OLD.falls_at
          AND NOT (c.since <= NEW.falls_at AND c.until > NEW.falls_at)
        UNION ALL
        SELECT c.id, TG_OP = 'UPDATE' AND c.since <= OLD.falls_at AND c.until > OLD.falls_at, true
        FROM commitments_closing c
        WHERE c.contract_id = NEW.contract_id AND c.reopened_at IS NULL
          AND c.since <= NEW.falls_at AND c.until > NEW.falls_at
    LOOP
        IF v_closing.was_in AND v_closing.is_in AND v_old = NEW.state THEN
            CONTINUE;
        END IF;
        IF v_at IS NULL AND v_event IS NOT NULL THEN
            SELECT e.recorded_at, e.actor INTO v_at, v_who FROM kernel_event e WHERE e.id = v_event;
        END IF;
        INSERT INTO commitments_adjustment (customer_id, contract_id, closing_id, commitment_id, obligation_id,
            before, after, event_id, objection_id, who, at)
        VALUES (NEW.customer_id, NEW.contract_id, v_closing.id, NEW.commitment_id, NEW.id,
            CASE WHEN v_closing.was_in THEN v_old ELSE '' END, CASE WHEN v_closing.is_in THEN NEW.state ELSE '' END,
            v_event, nullif(current_setting('app.objection', true), '')::bigint, coalesce(v_who, 'system:0'),
            coalesce(v_at, NEW.settled_at, NEW.missed_at, NEW.trigger_at));
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER commitments_obligation_adjusted AFTER UPDATE ON commitments_obligation FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.falls_at IS DISTINCT FROM NEW.falls_at)
    EXECUTE FUNCTION commitments_obligation_adjust();
CREATE TRIGGER commitments_obligation_came AFTER INSERT ON commitments_obligation FOR EACH ROW
    WHEN (NEW.state <> 'waiting' AND NEW.state <> 'void')
    EXECUTE FUNCTION commitments_obligation_adjust();
"""
)

GO = """
DROP TRIGGER commitments_obligation_came ON commitments_obligation;
DROP TRIGGER commitments_obligation_adjusted ON commitments_obligation;
DROP FUNCTION commitments_obligation_adjust;
DROP TRIGGER commitments_closing_frozen ON commitments_closing;
DROP TRIGGER commitments_closing_not_deleted ON commitments_closing;
ALTER TABLE commitments_closing DROP CONSTRAINT commitments_closing_digest_check;
DROP FUNCTION commitments_closing_change;
""" + "\n".join(f"DROP TRIGGER {table}_stays ON {table};" for table in APPEND_ONLY) + """
DROP FUNCTION commitments_refuse;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("commitments", "0002_objections_and_closings"), ("kernel", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(STAY, GO)]
