"""Adding feeds and changing what is promised of them."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.versions import locked
from systems.checking import run_checks
from systems.models import Feed, Role, System
from systems.notices import News, tell

EDITABLE = (
    *("name", "owner", "arrival", "freshness_s", "max_delay_s", "fallback"),
    *("evidence_system", "evidence_metric"),
)
OWN_CHECKS = ["feeds_described", "contracts_confirmed"]
HIDDEN = "a restricted system"  # what the trail says of one, for it has more readers


class FeedRetired(Exception):
    """The feed is out of use: nothing of it changes any more, and nothing new comes to depend on it."""

    def __init__(self, feed: Feed):
        super().__init__(f"The feed {feed} was retired on {feed.retired_at:%-d %B %Y}.")


class StillNeeded(Exception):
    """Systems depend on the feed that nobody said could do without; `systems` are those that one may see."""

    def __init__(self, feed: Feed, systems: list[System], hidden: bool):
        names = [str(system) for system in systems] + (["a system that you may not see"] if hidden else [])
        super().__init__(f"Still needed: {feed} by {', '.join(names)}.")
        self.systems = systems


def facts_of(feed: Feed) -> dict:
    """Return what is promised of the feed, as plain data."""
    system = feed.evidence_system
    return {field: getattr(feed, field) for field in EDITABLE} | {
        "owner": feed.owner.username,
        "evidence_system": (HIDDEN if system.restricted else system.slug) if system else None,
    }


@transaction.atomic
def add_feed(*, by, at: datetime, **facts) -> Feed:
    """Put a new feed down and return it; `facts` are its slug and fields of EDITABLE."""
    feed = Feed.objects.create(added_at=at, **facts)
    record(by=by, verb="added", kind="feed", object=feed.slug, after=facts_of(feed))
    return feed


@transaction.atomic
def edit_feed(*, feed: Feed, by, at: datetime, seen: int | None = None, **facts) -> Feed:
    """Change `facts` (fields of EDITABLE) and return the feed.

    Raises Stale when `seen` is not its version, FeedRetired.
    """
    feed = locked(feed, seen)
    if feed.retired_at:
        raise FeedRetired(feed)
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


@transaction.atomic
def retire_feed(*, feed: Feed, by, at: datetime, accept: Collection[str] = (), seen: int | None = None) -> Feed:
    """Take the feed out of use, keeping its history and its short name, and tell whoever depends on it.

    `accept` are the slugs of the systems that are to do without. Raises StillNeeded for any other that depends on it,
    Stale when `seen` is not its version.
    """
    feed = locked(feed, seen)
    if feed.retired_at:
        return feed
    needing = System.objects.in_use().filter(dependencies__on_feed=feed)
    left = needing.exclude(slug__in=accept).order_by("slug")
    if left.exists():
        raise StillNeeded(feed, list(left.visible_to(by)), left.hidden_from(by).exists())
    feed.retired_at = at
    feed.version += 1
    feed.save(update_fields=["retired_at", "version"])
    record(by=by, verb="retired", kind="feed", object=feed.slug)
    _tell_retired(feed, list(needing))
    judge_dependents(feed)
    return feed


def _tell_retired(feed: Feed, systems: list[System]) -> None:
    news = [
        News(
            system=system,
            key=f"feed-retired:{feed.pk}:{system.pk}",
            subject=f"its feed {feed} is retired",
            text=f"{feed} does not come any more. Say on the page of {system.name} what it lives on now.",
            url=feed.get_absolute_url(),
        )
        for system in systems
    ]
    tell(news, role=Role.DATA_OWNER, then=(Role.MODEL_OWNER,))


def judge_dependents(feed: Feed) -> None:
    """Look again at all systems that depend on the feed; their verdicts follow when the duty comes round."""
    systems = System.objects.in_use().filter(dependencies__on_feed=feed)
    run_checks(systems, keys=OWN_CHECKS)
    System.objects.filter(pk__in=systems.values("pk")).update(checks_due_at=Now())
    nudge("check")
