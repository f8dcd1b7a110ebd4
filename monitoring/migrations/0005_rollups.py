import django.db.models.deletion
from django.db import migrations, models

# partitioned, as points are (0001)
ROLLUP_TABLE = """
CREATE TABLE monitoring_rollup (
    series_id bigint NOT NULL,
    at timestamptz NOT NULL,
    points integer NOT NULL,
    samples double precision NOT NULL,
    fewest bigint NOT NULL,
    total double precision NOT NULL,
    weighed double precision NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL,
    is_provisional boolean NOT NULL,
    model_version bigint NOT NULL,
    PRIMARY KEY (series_id, at)
) PARTITION BY RANGE (at)
"""
# each point that comes changes its series' row: with room on its page no index has to follow
ROOM = "ALTER TABLE monitoring_series SET (fillfactor = 50)"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0004_corrections")]

    operations = [
        migrations.AddField("series", "rolled_until", models.DateTimeField(blank=True, null=True)),
        migrations.RunSQL(ROOM, "ALTER TABLE monitoring_series RESET (fillfactor)"),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Rollup",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "series_id", "at", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("points", models.IntegerField()),
                        ("samples", models.FloatField()),
                        ("fewest", models.BigIntegerField()),
                        ("total", models.FloatField()),
                        ("weighed", models.FloatField()),
                        ("low", models.FloatField()),
                        ("high", models.FloatField()),
                        ("is_provisional", models.BooleanField()),
                        ("model_version", models.BigIntegerField()),
                        (
                            "series",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="rollups",
                                to="monitoring.series",
                            ),
                        ),
                    ],
                    options={"ordering": ["at"]},
                ),
            ],
            database_operations=[migrations.RunSQL(ROLLUP_TABLE, "DROP TABLE monitoring_rollup")],
        ),
    ]
