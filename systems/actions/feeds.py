"""Adding feeds and changing what is promised of them."""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.versions import locked
from systems.checking import run_checks
from systems.models import Feed, System

EDITABLE = ("name", "owner", "arrival", "freshness_s", "max_delay_s", "fallback")
CHECK = "feeds_described"


def facts_of(feed: Feed) -> dict:
    """Return what is promised of the feed, as plain data."""
    return {field: getattr(feed, field) for field in EDITABLE} | {"owner": feed.owner.username}


@transaction.atomic
def add_feed(*, by, at: datetime, **facts) -> Feed:
    """Put a new feed down and return it; `facts` are its slug and fields of EDITABLE."""
    feed = Feed.objects.create(added_at=at, **facts)
    record(by=by, verb="added", kind="feed", object=feed.slug, after=facts_of(feed))
    return feed


@transaction.atomic
def edit_feed(*, feed: Feed, by, at: datetime, seen: int | None = None, **facts) -> Feed:
    """Change `facts` (fields of EDITABLE) and return the feed. Raises Stale when `seen` is not its version."""
    feed = locked(feed, seen)
    before = facts_of(feed)
    for field, value in facts.items():
        setattr(feed, field, value)
    old, new = differences(before, facts_of(feed))
    if not new:
        return feed
    feed.version += 1
    feed.save(update_fields=[*facts, "version"])
    record(by=by, verb="edited", kind="feed", object=feed.slug, before=old, after=new)
    judge_dependents(feed)
    return feed


def judge_dependents(feed: Feed) -> None:
    """Look again at all systems that depend on the feed; their verdicts follow when the duty comes round."""
    systems = System.objects.in_use().filter(dependencies__on_feed=feed)
    run_checks(systems, keys=[CHECK])
    System.objects.filter(pk__in=systems.values("pk")).update(checks_due_at=Now())
    nudge("check")
