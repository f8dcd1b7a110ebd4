"""Putting contracts down, version by version, and confirming proposed ones."""

from datetime import date, datetime

from django.db import transaction

from mlops_portal.engine.audit import record
from mlops_portal.engine.spec import Refused
from mlops_portal.engine.versions import Stale
from systems.actions.feeds import FeedRetired, judge_dependents
from systems.actions.readiness import lapse_reviews
from systems.actions.registry import recheck
from systems.contracts import understood
from systems.models import Confirmation, Contract, Feed, Role, System, Topic
from systems.notices import News, tell

WHEN_PROPOSED = "A proposal says from which day on it is to hold."
PAST = "This day is past: whoever depends on the feed could not get ready for it."


class NotProposed(Exception):
    """There is nothing to confirm."""


@transaction.atomic
def put_contract(
    *, feed: Feed, text: str, by, at: datetime, from_on: date | None = None, seen: int | None = None
) -> Contract:
    """Make `text` the newest contract of the feed and return it; the one that stands when it says the same.

    Who answers for the data of the systems that depend on the feed is told of a proposed one. Raises Refused with
    every error by path, Stale when `seen` (0: none yet) is not the number of the newest, FeedRetired.
    """
    document = understood(text)
    feed = Feed.objects.select_for_update().get(pk=feed.pk)
    if feed.retired_at:
        raise FeedRetired(feed)
    newest = feed.contracts.first()
    if seen is not None and seen != (newest.n if newest else 0):
        raise Stale(newest or Contract(feed=feed, n=0))
    if newest and (newest.text, newest.from_on) == (text, from_on):
        return newest
    if document["status"] == Contract.Status.PROPOSED:
        _refuse_no_day(from_on, at.date())
    return _write(feed, newest, Contract(text=text, status=document["status"], from_on=from_on, by=by, at=at))


def _refuse_no_day(from_on: date | None, today: date) -> None:
    if from_on is None:
        raise Refused({"from": [WHEN_PROPOSED]})
    if from_on < today:
        raise Refused({"from": [PAST]})


def _write(feed: Feed, newest: Contract | None, contract: Contract) -> Contract:
    held = feed.contract_in_force()
    contract.feed, contract.n = feed, newest.n + 1 if newest else 1
    contract.save()
    facts = {"n": contract.n, "status": contract.status, "from": contract.from_on and contract.from_on.isoformat()}
    record(by=contract.by, verb="wrote", kind="contract", object=feed.slug, after=facts)
    judge_dependents(feed)
    if contract.is_proposed:
        _tell(contract)
    if held and contract.status in Contract.IN_FORCE and contract.document != held.document:
        _lapse_what_rested_on_another(contract)
    return contract


def _dependents(feed: Feed):
    return System.objects.in_use().filter(dependencies__on_feed=feed)


def _tell(contract: Contract) -> None:
    """Tell who answers for the data, else for the model, of each system that depends on the feed."""
    feed, day = contract.feed, f"{contract.from_on:%-d %B %Y}"
    news = [
        News(
            system=system,
            key=f"contract:{contract.pk}:{system.pk}",
            subject=f"another contract of its feed {feed} is proposed",
            text=f"{feed} is to follow another contract from {day} on. Say whether {system.name} can live with it.",
            url=feed.contract_url,
        )
        for system in _dependents(feed)
    ]
    tell(news, role=Role.DATA_OWNER, then=(Role.MODEL_OWNER,))


def _lapse_what_rested_on_another(contract: Contract) -> None:
    """End the approvals of what was said of the data while another contract held."""
    for system in _dependents(contract.feed):
        because = f"the feed {contract.feed} follows another contract now, number {contract.n}."
        lapse_reviews(system=system, topic=Topic.DATA, because=because, at=contract.at)


@transaction.atomic
def confirm_contract(*, contract: Contract, system: System, by, at: datetime) -> Confirmation:
    """Record that the system can live with the proposed contract, and return that. Raises NotProposed."""
    newest = contract.feed.contracts.first()
    depends = system.dependencies.filter(on_feed=contract.feed).exists()
    if newest != contract or not contract.is_proposed or not depends:
        raise NotProposed(f"No proposed contract of {contract.feed} waits for {system}.")
    facts = {"by": by, "at": at}
    confirmation, is_new = Confirmation.objects.get_or_create(contract=contract, system=system, defaults=facts)
    if is_new:
        after = {"contract": contract.n}
        record(by=by, verb="confirmed", kind="contract", object=contract.feed.slug, system=system, after=after)
        recheck(system)
    return confirmation
