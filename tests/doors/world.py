"""A system with one of everything, and how to address each of them."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from monitoring.models import Alert, Backfill, Maintenance, Monitor, Pull
from systems.models import (
    Contract,
    Dependency,
    Deployment,
    Drill,
    Feed,
    HandOver,
    ModelVersion,
    Notice,
    Person,
    PhasePlan,
    Retraining,
    RetrainingRun,
    Runbook,
    SavedView,
    System,
    Token,
)
from tests.doors.cast import SEES_RESTRICTED
from tests.doors.routes import Route
from tests.factories import (
    AnswerFactory,
    FeedFactory,
    IncidentFactory,
    SeriesFactory,
    SourceFactory,
    WaiverFactory,
)
from tests.systems.contracts import CONTRACT

NOWHERE = 10**9  # a number that nothing has


def fill(system, *, author, word: str, **metric) -> dict:
    """Give `system` one of everything, each with `word` in its texts; return what its addresses are made of."""
    incident = IncidentFactory(title=f"{word} is wrong", systems=[system])
    return {
        "slug": system.slug,
        "number": incident.number,
        **_watched(system, word, **metric),
        **_promised(system, word),
        "answer": AnswerFactory(system=system, question_key="feed_unavailable", author=author, text=word).pk,
        "waiver": WaiverFactory(system=system, question_key="load", asked_by=author, reason=word).pk,
    }


def _watched(system, word: str, **metric) -> dict:
    source = SourceFactory(system=system, name=word, settings={"url": f"https://{word}.example"})
    series = SeriesFactory(metric__system=system, metric__key=word, source=source, sentence=word, **metric)
    monitor = Monitor.objects.create(series=series, kind="limit", settings={"below": 0.8})
    sentence = f"{word} is too low."
    seen = {"opened_at": Now(), "first_visible_at": Now()}
    detail = {"level": 0.7}
    facts = {"severity": "warning", "sentence": sentence, "asks": "2.0", "detail": detail, "onset_at": Now()}
    alert = Alert.objects.create(monitor=monitor, **facts, **seen)
    times = {"due_at": Now(), "lease_until": Now(), "finished_at": Now()}
    pull = Pull.objects.create(source=source, outcome="ok", error=word, **times)
    at = timezone.now()
    stretch = {"from_at": at - timedelta(days=9), "to_at": at, "cursor": at - timedelta(days=9)}
    log = SourceFactory(system=system, name=f"{word} log", settings={"url": f"https://{word}.example"})
    backfill = Backfill.objects.create(source=log, error=word, asked_at=at, **stretch)
    return {
        "key": word,
        "source_id": source.pk,
        "metric_id": series.metric_id,
        "monitor_id": monitor.pk,
        "alert_id": alert.pk,
        "maintenance_id": _maintained(system, word).pk,
        "pull_id": pull.pk,
        "backfill_id": backfill.pk,
    }


def _maintained(system, word: str) -> Maintenance:
    begins = timezone.now() - timedelta(hours=1)
    by = Person.objects.order_by("pk").first()
    return Maintenance.objects.create(system=system, from_at=begins, to_at=begins + timedelta(days=1), why=word, by=by)


def _promised(system, word: str) -> dict:
    """Put down a version that runs, a plan, a run and a runbook, in a phase from which one can go back."""
    at = timezone.now() - timedelta(days=1)
    System.objects.filter(pk=system.pk).update(phase="engineering")
    version = ModelVersion.objects.create(system=system, name="1.0", registry_ref=word)
    deployment = Deployment.objects.create(system=system, model_version=version, at=at, note=word)
    Retraining.objects.create(system=system, policy=word, who=word, every_days=365, set_at=at)
    run = RetrainingRun.objects.create(system=system, asked_at=at, cause="requirements", note=word)
    planned = PhasePlan.objects.create(system=system, phase="engineering", currency="EUR", exit=word)
    money = planned.money.create(kind="spent", on=at.date(), amount=5, at=at, note=word)
    Runbook.objects.create(system=system, situation="load", version=1).versions.create(
        n=1, body=f"- [ ] {word}", at=at, review_by=at.date()
    )
    drill = Drill.objects.create(system=system, situation="rollback", result="passed", evidence=word, at=at)
    Dependency.objects.create(system=system, on_feed=Feed.objects.get())
    promised = {"model_version": version.pk, "deployment": deployment.pk, "run": run.pk, "drill": drill.pk}
    HandOver.objects.create(
        system=system, role="product_owner", person=Feed.objects.get().owner, from_at=at + timedelta(days=9), note=word
    )
    return promised | {"phase": planned.phase, "money": money.pk}


def feed_all(owner) -> None:
    """Put down the feed, with a proposed contract, that every system here depends on."""
    at = timezone.now() - timedelta(days=2)
    feed = FeedFactory(slug="events", owner=owner)
    Contract.objects.create(feed=feed, n=1, text=CONTRACT, status="proposed", from_on=at.date(), at=at)


@dataclass(frozen=True)
class World:
    """The cast by kind, whether the system is restricted, and what its addresses are made of."""

    people: dict
    is_restricted: bool
    known: dict

    def address(self, route: Route, kind: str, **other) -> str:
        """Return the address of the route for somebody of `kind`; `other` names parts to be put in place of its own."""
        whose = self.people.get(kind) or self.people["viewer"]
        parts = {
            "username": "holder",
            "role": "product_owner",
            "situation": "load",
            "checklist": "launch-readiness",
            "feed": "events",
            **self.known,
            "pk": Notice.objects.filter(person=whose).latest("pk").pk,
            "view": SavedView.objects.get(person=whose).pk,
            "prefix": Token.objects.filter(person=whose).first().prefix,
            "question": "load" if "decide" in route.name else "feed_unavailable",
            "path": "nowhere/",
            "uidb36": "1",
            **other,
        }
        if "reactivate" in route.name:
            parts["username"] = "former"
        if "team" in route.name or "member" in route.name:
            parts["slug"] = "growth"
        if not route.name.startswith("monitoring:"):
            parts["key"] = "set-password"
        return reverse(route.name, kwargs={name: parts[name] for name in route.arguments})

    def hides(self, route: Route, kind: str) -> bool:
        return self.is_restricted and route.touches_system and kind not in SEES_RESTRICTED


def undone(act):
    """Return what `act()` answers, and leave the database as it was."""
    with transaction.atomic():
        response = act()
        transaction.set_rollback(True)
    return response
