"""Does it say where its data comes from, is each feed promised and secured against its absence, and what is to come?"""

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from systems.checking import Finding, check
from systems.checks.applicable import asked, not_asked
from systems.feeds import feeds_of
from systems.models import Confirmation, Contract, Feed, Outcome, Role

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


@check(key="contracts_confirmed", topic="data", title="Proposed contracts are confirmed", for_role=Role.DATA_OWNER)
def contracts_confirmed(systems):
    """Fail while a contract is proposed for one of its feeds, and nobody has said that it can live with that."""
    by_system = feeds_of(systems)
    confirmed = _confirmed(systems)
    for pk, _, _, why in asked(systems):
        proposed = [
            one for one in by_system[pk] if one.newest_status == Contract.Status.PROPOSED and not one.retired_at
        ]
        waiting = [one for one in proposed if (pk, one.pk) not in confirmed]
        if why or not proposed:
            yield not_asked(pk, why or "No other contract is proposed for its feeds.")
        elif waiting:
            feed = waiting[0]
            said = f"{feed} is to follow another contract from {feed.newest_from:%-d %B %Y}: can it live with that?"
            yield Finding(pk, FAIL, said, f"{feed.get_absolute_url()}#systems")
        else:
            url = f"{proposed[0].get_absolute_url()}#systems"
            yield Finding(pk, PASS, "Somebody has said that it can live with what is proposed.", url)


def _confirmed(systems) -> set[tuple[int, int]]:
    """Return (system id, feed id) of each confirmation of the newest contract of a feed."""
    newest = Contract.objects.filter(feed=OuterRef("contract__feed")).order_by("-n").values("pk")[:1]
    given = Confirmation.objects.filter(system__in=systems, contract=Subquery(newest))
    return set(given.order_by().values_list("system", "contract__feed"))


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
