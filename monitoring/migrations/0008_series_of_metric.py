import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """One index less to follow each series that is stamped: `series_once` begins with the metric too."""

    dependencies = [("monitoring", "0007_blindness_backfill")]

    operations = [
        migrations.AlterField(
            "series",
            "metric",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="series",
                to="monitoring.metric",
            ),
        ),
    ]
