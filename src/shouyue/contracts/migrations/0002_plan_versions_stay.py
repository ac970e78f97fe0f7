"""Plan versions cannot be changed or deleted; contract versions come from a sequence, so none is used twice."""

from typing import ClassVar

from django.db import migrations

STAY = """
CREATE FUNCTION contracts_planversion_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'plan versions are never changed or deleted' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER contracts_planversion_stays BEFORE UPDATE OR DELETE ON contracts_planversion
    FOR EACH ROW EXECUTE FUNCTION contracts_planversion_refuse();
CREATE SEQUENCE contracts_version_seq;
"""

GO = """
DROP SEQUENCE contracts_version_seq;
DROP TRIGGER contracts_planversion_stays ON contracts_planversion;
DROP FUNCTION contracts_planversion_refuse;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("contracts", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(STAY, GO)]
