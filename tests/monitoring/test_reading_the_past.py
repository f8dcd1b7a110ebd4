"""What a log said before a metric was watched is read as soon as it is; what it has said already is no news."""

from datetime import timedelta

import pytest

from monitoring.actions.metrics import Watch, add_metric
from monitoring.actions.pulling import pull_source
from monitoring.actions.sources import connect_source

pytestmark = pytest.mark.django_db


def test_a_metric_that_is_added_later_gets_its_past_too(tmp_path, settings, system, now):
    settings.LOG_ROOTS = [tmp_path]
    hours = [now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=count) for count in range(5, 0, -1)]
    rows = [f"{(hour + timedelta(minutes=n)).isoformat()},1,1" for hour in hours for n in range(3)]
    (tmp_path / "log.csv").write_text("\n".join(["at,prediction,label", *rows]) + "\n")
    columns = {"at": "at", "prediction": "prediction", "label": "label"}
    log = {"predictions": "log.csv", "columns": columns, "task": "binary", "window": "hour"}
    first, later = (Watch(key=key, selector={"metric": key}) for key in ("accuracy", "rows"))
    facts = {"system": system, "kind": "prediction_log", "name": "Log", "settings": log}
    source = connect_source(**facts, watches=[first], by=None, at=now)
    pull_source(source, due_at=now, at=now)
    series = add_metric(system=system, watch=later, source=source, by=None, at=now + timedelta(seconds=1))
    waiting = source.pulls.unfinished().get()
    pull_source(source, due_at=waiting.due_at, at=now + timedelta(seconds=5))
    assert series.points.count() == len(hours)


def test_a_log_that_says_nothing_new_is_all_right(tmp_path, settings, system, now):
    settings.LOG_ROOTS = [tmp_path]
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    (tmp_path / "log.csv").write_text(f"at,prediction,label\n{hour.isoformat()},1,1\n")
    columns = {"at": "at", "prediction": "prediction", "label": "label"}
    log = {"predictions": "log.csv", "columns": columns, "task": "binary", "window": "hour"}
    facts = {"system": system, "kind": "prediction_log", "name": "Log", "settings": log}
    watch = Watch(key="accuracy", selector={"metric": "accuracy"})
    source = connect_source(**facts, watches=[watch], by=None, at=now)
    for later in (0, 4000, 8000):
        at = now + timedelta(seconds=later)
        assert pull_source(source, due_at=at, at=at).outcome == "ok"
        source.refresh_from_db()
