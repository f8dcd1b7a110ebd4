from django.db import migrations

TRIGGER = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON incidents_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    """A timeline is never rewritten."""

    dependencies = [("incidents", "0001_initial"), ("engine", "0002_append_only")]
    operations = [migrations.RunSQL(TRIGGER, "DROP TRIGGER append_only ON incidents_entry")]
