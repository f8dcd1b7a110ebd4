"""One world in which every text that somebody or some target may give is hostile, in every place at once (S23, S25).

`spoil()` finds the fields by itself: whatever holds text and is no key of the portal's own is spoilt.
"""

import json
from datetime import timedelta

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from incidents.models import Entry, IncidentAlert
from mlops_portal.engine import audit
from mlops_portal.engine.models import Change, IdempotencyKey
from monitoring.models import (
    Alert,
    Backfill,
    Baseline,
    Blindness,
    Maintenance,
    Monitor,
    Pull,
    SchemaSeen,
    Series,
)
from systems.actions.registry import recheck
from systems.models import (
    Contract,
    Dependency,
    Deployment,
    Drill,
    ExpectedRange,
    HandOver,
    ModelVersion,
    Notice,
    PhaseMove,
    PhasePlan,
    Retraining,
    RetrainingRun,
    Review,
    Runbook,
    SavedView,
    System,
)
from systems.tokens import make_token
from tests.factories import (
    AnswerFactory,
    FeedFactory,
    HoldingFactory,
    IncidentFactory,
    MetricFactory,
    ReviewFactory,
    SeriesFactory,
    SourceFactory,
    TeamFactory,
    WaiverFactory,
)
from tests.monitoring.points import write

LONG = "=</script></title></textarea>-->\"'><q-x q-y=1 onclick=alert(1)><img src=/q-z onerror=alert(1)>{{7*7}}%{y}"
SHORT = "=\"'><q-x q-y=1>"
LINK = {LONG: "https://elsewhere.example/?a=\"'><q-x>"}
APPS = {"systems", "monitoring", "incidents", "engine"}
APPEND_ONLY = {Change, Entry}
KEYS = {
    *("queue", "person", "key", "digest", "question_key", "check_key", "password", "time_zone", "url", "hash", "cause"),
    *("verdict_against", "checks", "environment", "metric_key", "kind", "secret", "segment", "currency"),
}
CONTRACT = {
    "apiVersion": "v3.1.0",
    "kind": "DataContract",
    "id": "x",
    "version": SHORT,
    "status": "active",
    "name": LONG,
    "schema": [{"name": LONG, "properties": [{"name": SHORT, "logicalType": "string", "description": LONG}]}],
    "slaProperties": [{"property": SHORT, "value": 1, "unit": SHORT}],
}
EXPLAINED = dict.fromkeys(("most", "change", "began", "confidence"), LONG)
EXPLAINED |= {"beside": [LONG]} | {part: [{"words": LONG}] for part in ("segments", "metrics", "changes")}
AS_JSON = {
    Contract: {"text": json.dumps(CONTRACT)},
    System: {"links": LINK},
    SchemaSeen: {"columns": [LONG, SHORT]},
    PhaseMove: {"accepted": [{"key": SHORT, "why": LONG}]},
    Review: {"rests_on": {SHORT: LONG}},
    Alert: {"detail": {SHORT: LONG, "level": 0.7}, "explanation": EXPLAINED},
}


def hostile(longest: int | None) -> str:
    return LONG if longest is None or longest >= len(LONG) else SHORT


def spoil() -> None:
    """Make every text of every row hostile."""
    for model in apps.get_models():
        if model._meta.app_label in APPS and model not in APPEND_ONLY and model is not IdempotencyKey:
            texts = {field.name: _spoilt(field) for field in model._meta.fields if _is_text(field)}
            model.objects.update(**texts | AS_JSON.get(model, {}))
    Series.objects.exclude(segment="").update(segment=LONG)


def _is_text(field) -> bool:
    inner = getattr(field, "base_field", field)
    is_free = (
        not inner.choices and not field.unique and not any(isinstance(v, RegexValidator) for v in field.validators)
    )
    is_who = field.name == "who" and field.model.__name__ == "Condition"
    is_text = isinstance(inner, models.CharField | models.TextField) and not isinstance(inner, models.EmailField)
    return is_text and is_free and not is_who and field.name not in KEYS


def _spoilt(field):
    return [hostile(field.base_field.max_length)] if isinstance(field, ArrayField) else hostile(field.max_length)


def build(system, person, *others) -> None:
    """Fill `system` with one of everything, then spoil it; `person` and `others` take part."""
    now = timezone.now()
    series = _measured(system, now)
    incident = _gone_wrong(system, series, person, now)
    _promised(system, person, others[0], now)
    Notice.objects.create(key="n", person=person, system=system, subject="x", text="x", url=incident.get_absolute_url())
    SavedView.objects.create(person=person, name="x", query="tier=1")
    make_token(person=person, scopes=["read"], by=person, name="x")
    recheck(system)
    spoil()
    audit.record(by=None, verb=hostile(40), kind=hostile(40), object=LONG, system=system, before={LONG: SHORT})
    incident.timeline.create(n=9, kind="note", text=LONG, by=person, data={LONG: LONG})


def _measured(system, now):
    source = SourceFactory(system=system, last_success_at=now, failing_since=now)
    metrics = {"accuracy": {"leading": True}, "drift": {"kind": "data"}, "latency": {"kind": "service"}}
    for key, facts in metrics.items():
        series = SeriesFactory(metric=MetricFactory(system=system, key=key, **facts), source=source, segment="a=b")
    series = SeriesFactory(metric=system.metrics.get(key="accuracy"), source=source)
    write(series, [-2.5, 0.9, 0.8, -0.7], to_at=now - timedelta(minutes=5), samples=50)
    Baseline.objects.create(series=series, value=0.9, from_at=now, origin="experiment", reason="x")
    stretch = {"from_at": now - timedelta(days=9), "to_at": now, "cursor": now - timedelta(days=2)}
    Backfill.objects.create(source=source, asked_at=now, error="x", **stretch)
    Blindness.objects.create(from_at=now, seen_at=now, failing=5, asked=8, hosts=5, sentence="x")
    Pull.objects.create(source=source, due_at=now, lease_until=now, finished_at=now, outcome="parse_error", error="x")
    for days in (2, 1):
        SchemaSeen.objects.create(source=source, at=now - timedelta(days=days), columns=["x"])
    return series


def _gone_wrong(system, series, person, now):
    monitor = Monitor.objects.create(series=series, kind="limit", settings={"below": 0.8})
    alert = Alert.objects.create(monitor=monitor, opened_at=now, onset_at=now, severity="critical", sentence="x")
    Maintenance.objects.create(system=system, from_at=now, to_at=now + timedelta(hours=1), why="x", by=person)
    incident = IncidentFactory(number=1, systems=[system], topic="service", noticed_at=now - timedelta(minutes=9))
    IncidentAlert.objects.create(alert=alert, incident=incident, joined_at=now)
    return incident


def _promised(system, person, reviewer, now) -> None:
    version = ModelVersion.objects.create(system=system, name="x", registry_ref="x", figures={LONG: 0.9})
    gate = {"sentence": LONG, "blocking": [{"question": LONG, "why": LONG}]}
    for hours, where in ((3, "production"), (2, SHORT)):
        at = now - timedelta(hours=hours)
        Deployment.objects.create(system=system, model_version=version, at=at, environment=where, note="x", gate=gate)
    Retraining.objects.create(system=system, policy="x", who="x", triggers=["x"], every_days=30, set_at=now)
    RetrainingRun.objects.create(system=system, at=now, cause="other", note="x", by=person, model_version=version)
    HoldingFactory(system=system, role="product_owner", person=reviewer, note="x")
    HandOver.objects.create(
        system=system, role="product_owner", person=person, by=person, from_at=now + timedelta(days=9), note="x"
    )
    PhaseMove.objects.create(system=system, from_phase="research", to_phase="engineering", by=person, at=now, note="x")
    plan = PhasePlan.objects.create(system=system, phase="engineering", exit="x", currency="EUR")
    plan.money.create(kind="spent", on=now.date(), amount=5, note="x", at=now, by=person)
    feed = FeedFactory(slug="x", owner=person, evidence_system=system, evidence_metric="x")
    Contract.objects.create(feed=feed, n=1, text="x", status="proposed", from_on=now.date(), at=now)
    Dependency.objects.create(system=system, on_feed=feed)
    Drill.objects.create(system=system, situation="load", at=now, by=person, result="passed", rate=5, evidence="x")
    Drill.objects.create(system=system, situation="rollback", at=now, result="failed", evidence="x", incident=1)
    ExpectedRange.objects.create(system=system, metric_key="accuracy", low=0.8, reason="x")
    for situation in ("load", "alert_reached", "normal"):
        runbook = Runbook.objects.create(system=system, situation=situation, version=1)
        runbook.versions.create(n=1, body="x", at=now, by=person, review_by=now.date())
    evidence = [{"kind": LONG, "url": LINK[LONG]}]
    AnswerFactory(system=system, author=person, evidence=evidence)
    sent_back = AnswerFactory(system=system, question_key="load", author=reviewer, evidence=evidence)
    ReviewFactory(answer=sent_back, by=person, decision="changes_requested", comment="x")
    AnswerFactory(system=system, question_key="rollback", author=reviewer)
    WaiverFactory(system=system, question_key="retrain", asked_by=reviewer)
    TeamFactory(slug="other", name="x").members.add(person)
    System.objects.filter(pk=system.pk).update(tags=["x"])
