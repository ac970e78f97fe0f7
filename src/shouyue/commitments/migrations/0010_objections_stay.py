"""What is held against a verdict is never changed or deleted; only its outcome is added, once."""

from typing import ClassVar

from django.db import migrations

STAY = """
CREATE TRIGGER commitments_objection_not_deleted BEFORE DELETE ON commitments_objection
    FOR EACH ROW EXECUTE FUNCTION commitments_refuse();

CREATE FUNCTION commitments_objection_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.settled_at IS NOT NULL
        OR to_jsonb(NEW) - '{state,settled_at,verdict_after}'::text[]
            IS DISTINCT FROM to_jsonb(OLD) - '{state,settled_at,verdict_after}'::text[] THEN
        RAISE EXCEPTION 'what is held against a verdict is never changed' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER commitments_objection_stays BEFORE UPDATE ON commitments_objection
    FOR EACH ROW EXECUTE FUNCTION commitments_objection_change();
"""
GO = """
DROP TRIGGER commitments_objection_stays ON commitments_objection;
DROP TRIGGER commitments_objection_not_deleted ON commitments_objection;
DROP FUNCTION commitments_objection_change;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("commitments", "0009_kinds")]
    operations: ClassVar = [migrations.RunSQL(STAY, GO)]
