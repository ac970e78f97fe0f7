"""What was asked and what was answered is never changed or deleted; a document is fixed once."""

from typing import ClassVar

from django.db import migrations

STAY = """
CREATE FUNCTION signoff_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never changed or deleted', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

CREATE FUNCTION signoff_signoff_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fixed jsonb := to_jsonb(OLD) - '{state,settled_at,closing_words,version}'::text[];
    given jsonb := to_jsonb(NEW) - '{state,settled_at,closing_words,version}'::text[];
BEGIN
    IF OLD.digest = '' THEN
        fixed := fixed - '{document_id,document_digest,digest}'::text[];
        given := given - '{document_id,document_digest,digest}'::text[];
    END IF;
    IF fixed IS DISTINCT FROM given THEN
        RAISE EXCEPTION 'what a sign-off asks for is never changed' USING ERRCODE = '42501';
    END IF;
    IF OLD.state IN ('refused', 'withdrawn', 'expired', 'cancelled') AND NEW.state <> OLD.state THEN
        RAISE EXCEPTION 'a settled sign-off stays settled' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION signoff_step_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := '{state,asked_at,remind_at,reminders,escalated_at,answered_at,answered_by_id,answered_by_name}';
BEGIN
    IF to_jsonb(OLD) - moving IS DISTINCT FROM to_jsonb(NEW) - moving THEN
        RAISE EXCEPTION 'who is asked is never changed' USING ERRCODE = '42501';
    END IF;
    IF OLD.answered_at IS NOT NULL AND (
        (NEW.answered_at, NEW.answered_by_id, NEW.answered_by_name)
            IS DISTINCT FROM (OLD.answered_at, OLD.answered_by_id, OLD.answered_by_name)
        OR (NEW.state <> OLD.state AND NEW.state <> 'withdrawn')
    ) THEN
        RAISE EXCEPTION 'an answer is never changed' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER signoff_answer_stays BEFORE UPDATE OR DELETE ON signoff_answer
    FOR EACH ROW EXECUTE FUNCTION signoff_refuse();
CREATE TRIGGER signoff_signoff_stays BEFORE DELETE ON signoff_signoff
    FOR EACH ROW EXECUTE FUNCTION signoff_refuse();
CREATE TRIGGER signoff_step_stays BEFORE DELETE ON signoff_step
    FOR EACH ROW EXECUTE FUNCTION signoff_refuse();
CREATE TRIGGER signoff_signoff_keeps BEFORE UPDATE ON signoff_signoff
    FOR EACH ROW EXECUTE FUNCTION signoff_signoff_keep();
CREATE TRIGGER signoff_step_keeps BEFORE UPDATE ON signoff_step
    FOR EACH ROW EXECUTE FUNCTION signoff_step_keep();
"""

GO = """
DROP TRIGGER signoff_step_keeps ON signoff_step;
DROP TRIGGER signoff_signoff_keeps ON signoff_signoff;
DROP TRIGGER signoff_step_stays ON signoff_step;
DROP TRIGGER signoff_signoff_stays ON signoff_signoff;
DROP TRIGGER signoff_answer_stays ON signoff_answer;
DROP FUNCTION signoff_step_keep;
DROP FUNCTION signoff_signoff_keep;
DROP FUNCTION signoff_refuse;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("signoff", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(STAY, GO)]
