"""The feeds of a system in its file, each with its contract: what is left out of a feed is left as it stands."""

from datetime import date, datetime
from typing import Any

from django.db import transaction

from mlops_portal.engine.spec import REMOVE, Asked, Refused, Section, Step
from systems.access import require
from systems.actions.contracts import put_contract
from systems.actions.dependencies import set_dependencies
from systems.actions.feeds import FeedRetired, add_feed, edit_feed, facts_of
from systems.contracts import checked, text_of
from systems.models import Arrival, Feed, Person, System
from systems.models.feed import LONGEST_SPAN_S
from systems.models.slug import slug_is_plain
from systems.models.words import SEEN
from systems.spec.texts import text

SPAN = {"type": ["integer", "null"], "minimum": 1, "maximum": LONGEST_SPAN_S}
FEED = {
    "type": "object",
    "description": "A feed by its short name. One that is there already is shared: what is left out of it stays.",
    "additionalProperties": False,
    "properties": {
        "name": text(120, 1, "What people call it.", pattern=SEEN),
        "owner": text(60, 1, "The username of who answers for it."),
        "arrival": {"enum": Arrival.values, "description": "How the data comes."},
        "freshness_s": SPAN | {"type": "integer", "description": "How old the data may be, in seconds."},
        "max_delay_s": SPAN | {"description": "How late the data may come, in seconds."},
        "fallback": text(2000, 0, "What is done while it is unavailable.", pattern=SEEN),
        "evidence": {
            "type": ["object", "null"],
            "description": "The metric that shows whether it is fresh.",
            "additionalProperties": False,
            "required": ["system", "metric"],
            "properties": {
                "system": text(60, 1, "The short name of the system whose metric it is."),
                "metric": text(80, 1, "The key of the metric.", pattern=SEEN),
            },
        },
        "contract": {
            "type": "object",
            "description": "Its contract, by the Open Data Contract Standard 3.1 (a document with apiVersion).",
        },
        "contract_from": {
            "type": ["string", "null"],
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "description": "From which day a proposed contract holds.",
            "examples": ["2026-03-31"],
        },
    },
}
OPTIONAL: dict[str, Any] = {
    "max_delay_s": None,
    "fallback": "",
    "evidence": None,
    "contract": None,
    "contract_from": None,
}
NOBODY = "There is no {} who may sign in."
NEEDED = ("name", "owner", "arrival", "freshness_s")


def _standing(feed: Feed) -> dict:
    """Return the feed as the file describes it."""
    newest = feed.contracts.first()
    day = newest.from_on.isoformat() if newest and newest.from_on else None
    facts = {
        name: value for name, value in facts_of(feed).items() if name not in ("evidence_system", "evidence_metric")
    }
    said = {"evidence": _evidence(feed), "contract": newest.document if newest else None, "contract_from": day}
    return facts | said


def _evidence(feed: Feed) -> dict | None:
    """Return the metric by which its freshness is seen; a file has more readers than may know of a restricted one."""
    system = feed.evidence_system
    return {"system": system.slug, "metric": feed.evidence_metric} if system and not system.restricted else None


def _read(system: System) -> dict[str, dict]:
    feeds = Feed.objects.filter(dependencies__system=system).select_related("owner", "evidence_system").order_by("slug")
    return {feed.slug: {name: value for name, value in _standing(feed).items() if _says(name, value)} for feed in feeds}


def _says(name: str, value: Any) -> bool:
    return name not in OPTIONAL or value != OPTIONAL[name]


def _complete(items: dict[str, dict]) -> dict[str, dict]:
    """Return the feeds as they are to be, with what stands in the place of what is left out. Raises Refused."""
    standing = {
        feed.slug: _standing(feed)
        for feed in Feed.objects.filter(slug__in=items).select_related("owner", "evidence_system")
    }
    errors: dict[str, list[str]] = {}
    whole = {}
    for slug, item in items.items():
        item = standing.get(slug, OPTIONAL) | item
        errors |= _errors(slug, item)
        whole[slug] = {name: value for name, value in item.items() if _says(name, value)}
    if errors:
        raise Refused(errors)
    return whole


def _errors(slug: str, item: dict) -> dict[str, list[str]]:
    """Return what is wrong with a whole feed, by path."""
    path = f"feeds.{slug}"
    errors = {f"{path}.{name}": ["A feed that is not there yet needs this."] for name in NEEDED if name not in item}
    if not slug_is_plain.regex.match(slug) or len(slug) > 60:
        errors[path] = [str(slug_is_plain.message)]
    if item["contract_from"]:
        errors |= {f"{path}.contract_from": [why] for why in [_why_no_day(item)] if why}
    try:
        if item["contract"] is not None:
            checked(item["contract"])
    except Refused as refused:
        errors |= _below(path, refused)
    return errors


def _why_no_day(item: dict) -> str:
    try:
        date.fromisoformat(item["contract_from"])
    except ValueError:
        return "There is no such day."
    return "" if item["contract"] else "There is no contract to hold from this day."


def _below(path: str, refused: Refused) -> dict[str, list[str]]:
    """Return the errors of a contract by their path in the file."""
    named = {"body": f"{path}.contract", "from": f"{path}.contract_from"}
    return {named.get(below, f"{path}.contract.{below}"): texts for below, texts in refused.errors.items()}


def _missing(items: dict[str, dict], asked: Asked) -> dict[str, list[str]]:
    """Return what is wrong with the owners that are new to their feeds."""
    standing = dict(Feed.objects.filter(slug__in=items).values_list("slug", "owner__username"))
    named = {slug: item["owner"] for slug, item in items.items() if standing.get(slug) != item["owner"]}
    people = Person.objects.active().filter(username__in=named.values(), service=False)
    there = set(people.values_list("username", flat=True))
    return {f"feeds.{slug}.owner": [NOBODY.format(name)] for slug, name in named.items() if name not in there}


@transaction.atomic
def _apply(system: System, step: Step, by, at: datetime) -> None:
    feeds = list(Feed.objects.filter(dependencies__system=system).exclude(slug=step.key))
    if step.verb != REMOVE:
        feeds.append(_described(step, by, at))
    set_dependencies(system=system, feeds=feeds, by=by, at=at)


def _described(step: Step, by, at: datetime) -> Feed:
    """Return the feed, added or changed so that it is what the file says. Raises Refused, PermissionDenied."""
    feed = Feed.objects.select_related("owner", "evidence_system").filter(slug=step.key).first()
    wanted = OPTIONAL | step.after
    if feed and feed.retired_at:
        raise Refused({step.path: [str(FeedRetired(feed))]})
    if feed and _standing(feed) == wanted:
        return feed
    require(by, "feed.edit" if feed else "feed.add", feed)
    facts = {name: wanted[name] for name in (*NEEDED, "max_delay_s", "fallback")}
    if feed is None or wanted["owner"] != feed.owner.username:
        facts["owner"] = _owner(wanted["owner"], f"{step.path}.owner")
    else:
        facts["owner"] = feed.owner
    if feed is None or wanted["evidence"] != _evidence(feed):
        facts |= _seen_by(wanted["evidence"], f"{step.path}.evidence", by)
    feed = edit_feed(feed=feed, by=by, at=at, **facts) if feed else add_feed(slug=step.key, by=by, at=at, **facts)
    _write_contract(feed, wanted, step, by, at)
    return feed


def _seen_by(evidence: dict | None, path: str, by) -> dict:
    if evidence is None:
        return {"evidence_system": None, "evidence_metric": ""}
    slug = evidence["system"]
    system = System.objects.visible_to(by).in_use().filter(slug=slug).first()
    if system is None:
        raise Refused({f"{path}.system": [f"There is no system {slug}."]})
    if system.restricted:
        raise Refused({f"{path}.system": [f"{slug} is restricted: a feed has more readers."]})
    return {"evidence_system": system, "evidence_metric": evidence["metric"]}


def _owner(username: str, path: str) -> Person:
    person = Person.objects.active().filter(username=username, service=False).first()
    if person is None:
        raise Refused({path: [NOBODY.format(username)]})
    return person


def _write_contract(feed: Feed, wanted: dict, step: Step, by, at: datetime) -> None:
    standing = _standing(feed)
    if wanted["contract"] is None or all(standing[name] == wanted[name] for name in ("contract", "contract_from")):
        return
    try:
        day = wanted["contract_from"] and date.fromisoformat(wanted["contract_from"])
        put_contract(feed=feed, text=text_of(wanted["contract"]), from_on=day, by=by, at=at)
    except Refused as refused:
        raise Refused(_below(step.path, refused)) from None


SECTION = Section(
    "feeds",
    FEED,
    _read,
    _apply,
    about="Where the data for its predictions comes from, each with its contract.",
    complete=_complete,
    missing=_missing,
    trail=("feed", "contract"),
)
