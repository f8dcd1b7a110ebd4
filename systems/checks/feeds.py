"""Does it say where its data comes from, and is each feed promised and secured against its absence?"""

from django.urls import reverse
from django.utils import timezone

from systems.checking import Finding, check
from systems.checks.applicable import asked, not_asked
from systems.feeds import feeds_of
from systems.models import Feed, Outcome, Role

PASS, FAIL = Outcome.Result.PASS, Outcome.Result.FAIL


@check(key="feeds_described", topic="data", title="Feeds are described", for_role=Role.DATA_OWNER)
def feeds_described(systems):
    """Pass when it names the feeds that it lives on, each with a contract in force, a fallback and an active owner."""
    by_system = feeds_of(systems)
    for pk, slug, _, why in asked(systems):
        feeds = by_system[pk]
        lacking = [(feed, said) for feed in feeds if (said := _lacks(feed))]
        if why:
            yield not_asked(pk, why)
        elif not feeds:
            url = reverse("systems:dependencies", args=[slug])
            yield Finding(pk, FAIL, "Nobody has named the feed that its data comes from.", url)
        elif lacking:
            yield Finding(pk, FAIL, _sentence(lacking), lacking[0][0].get_absolute_url())
        else:
            names = ", ".join(feed.name for feed in feeds)
            url = reverse("systems:dependencies", args=[slug])
            yield Finding(pk, PASS, f"Each of its feeds has a contract and a fallback: {names}."[:300], url)


def _lacks(feed: Feed) -> str:
    """Return what is missing of the feed, or an empty string."""
    if feed.retired_at:
        return f"was retired on {feed.retired_at:%-d %B %Y}: say what it lives on now"
    missing = [] if feed.has_contract else ["has no contract in force"]
    missing += [] if feed.fallback else ["does not say what is done when it is unavailable"]
    missing += [] if feed.owner.is_active else ["has an owner who may no longer sign in"]
    missing += ["has an owner who left"] if feed.owner.until and feed.owner.until <= timezone.now() else []
    return " and ".join(missing)


def _sentence(lacking: list[tuple[Feed, str]]) -> str:
    feed, said = lacking[0]
    more = f" {len(lacking) - 1} more of its feeds lack something." if len(lacking) > 1 else ""
    return f"The feed {feed} {said}.{more}"
