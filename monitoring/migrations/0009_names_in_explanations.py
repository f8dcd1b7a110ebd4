"""What was explained before it was kept which systems are named: what names another one is left out."""

import re

from django.db import migrations

OWN = re.compile(r"incident \d+ (began on|was going on since) ")


def leave_out(apps, schema_editor):
    alerts = apps.get_model("monitoring", "Alert").objects
    for alert in alerts.filter(explanation__changes__contains=[{"kind": "incident"}]).iterator():
        said = alert.explanation
        changes = said["changes"]
        gone = {one["words"] for one in changes if one["kind"] == "incident" and not OWN.match(one["words"])}
        said["changes"] = [one for one in changes if one["words"] not in gone]
        said["beside"] = [words for words in said.get("beside", []) if words not in gone]
        alerts.filter(pk=alert.pk).update(explanation=said, explained_until=None)  # open ones are explained anew


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0008_series_of_metric")]

    operations = [migrations.RunPython(leave_out, migrations.RunPython.noop)]
