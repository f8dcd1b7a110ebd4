"""The feeds of the demo world: what is promised of each, who depends on it, what was tried, and a change to come."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from systems.actions.contracts import confirm_contract, put_contract
from systems.actions.dependencies import set_dependencies
from systems.actions.drills import record_drill
from systems.actions.feeds import add_feed
from systems.actions.registry import judged_once
from systems.models import Arrival, Feed, Holding, Person, Role, System

ADDED_AT_AGE = 161
PROPOSED_AT_AGE = 5
CONFIRMED_AT_AGE = 4
HOLDS_AFTER = timedelta(days=20)

CUSTOMER_EVENTS = """apiVersion: v3.1.0
kind: DataContract
id: customer-events
name: Customer events
version: {version}
status: {status}
description:
  purpose: What subscribers did until midnight, one row for each of them.
  limitations: Events of the last two hours before midnight may come with the next night.
schema:
  - name: subscribers
    description: One row for each subscriber, as of midnight UTC.
    properties:
      - name: subscriber_id
        logicalType: string
        required: true
        unique: true
        description: The number on the bill.
      - name: months_since_start
        logicalType: integer
        required: true
        description: Whole months since the first bill.
      - name: {minutes}
        logicalType: number
        required: true
        description: {meaning}
        quality:
          - metric: nullValues
            description: At most one row in a hundred is empty.
            mustBeLessThan: 1
            unit: percent
      - name: complaints
        logicalType: integer
        description: Messages to the service desk in the last thirty days; empty for none.
slaProperties:
  - property: latency
    value: 4
    unit: h
    driver: operational
  - property: retention
    value: 2
    unit: y
team:
  members:
    - username: data-engineer
      role: owner
"""
MESSAGES = """apiVersion: v3.1.0
kind: DataContract
id: service-desk-messages
name: Messages to the service desk
version: 1.2.0
status: active
schema:
  - name: messages
    properties:
      - name: message_id
        logicalType: string
        required: true
        unique: true
      - name: received_at
        logicalType: timestamp
        required: true
      - name: text
        logicalType: string
        required: true
        description: As it was written, without attachments.
slaProperties:
  - property: latency
    value: 5
    unit: min
"""
SCANS = """apiVersion: v3.1.0
kind: DataContract
id: parcel-scans
name: Parcel scans
version: 0.1.0
status: draft
schema:
  - name: scans
    properties:
      - name: parcel
        logicalType: string
      - name: scanned_at
        logicalType: timestamp
"""
NOW = CUSTOMER_EVENTS.format(
    version="2.0.0", status="active", minutes="call_minutes", meaning="Minutes of calls in the last thirty days."
)
NEXT = CUSTOMER_EVENTS.format(
    version="3.0.0", status="proposed", minutes="call_seconds", meaning="Seconds of calls in the last thirty days."
)


@dataclass(frozen=True)
class Stream:
    """A feed of the demo, and the systems that depend on it."""

    slug: str
    name: str
    owner: str
    arrival: Arrival
    freshness_s: int
    systems: tuple[str, ...]
    max_delay_s: int | None = None
    fallback: str = ""
    contract: str = ""
    evidence: tuple[str, str] | None = None  # the system and the metric by which its freshness is seen


STREAMS = [
    Stream(
        "customer-events",
        "Customer events",
        "data-engineer",
        Arrival.SCHEDULE,
        93_600,
        ("churn-forecast", "search-ranking"),
        14_400,
        "The rows of the night before are used, for one day; then no forecast is made and the service desk is told.",
        NOW,
        ("churn-forecast", "rows"),
    ),
    Stream(
        "service-desk-messages",
        "Messages to the service desk",
        "data-engineer",
        Arrival.STREAM,
        300,
        ("ticket-routing",),
        900,
        "Messages wait in one common queue and are sorted by hand.",
        MESSAGES,
    ),
    Stream(
        "card-payments",
        "Card payments",
        "service-developer",
        Arrival.REQUEST,
        2,
        ("card-fraud-score",),
        fallback="Payments above 500 are held back by a fixed rule.",
        evidence=("card-fraud-score", "requests_per_s"),
    ),
    Stream(
        "parcel-scans",
        "Parcel scans",
        "data-engineer",
        Arrival.STREAM,
        3_600,
        ("delivery-times", "demand-forecast"),
        contract=SCANS,
    ),
]
NEEDS = {"churn-forecast": "ticket-routing", "delivery-times": "demand-forecast"}
DRILLS = {
    "feed_unavailable": "The feed was switched off for an hour on a quiet morning; the last rows were used.",
    "anomalous_input": "A thousand rows with empty and with absurd fields were sent: all were refused and counted.",
    "load": "Requests were doubled every five minutes; the first slow answer came at this rate.",
}


def keep_feeds(age: int, at: datetime) -> None:
    """Do what happened to the feeds on the night of this age; a past that is too short has none."""
    changing = Feed.objects.select_related("owner").filter(slug="customer-events").first()
    if age == ADDED_AT_AGE:
        with judged_once():
            _begin(at)
    elif changing and age == PROPOSED_AT_AGE:
        put_contract(feed=changing, text=NEXT, from_on=(at + HOLDS_AFTER).date(), by=changing.owner, at=at)
    elif changing and age == CONFIRMED_AT_AGE:
        _confirm(changing, "churn-forecast", at)


def _begin(at: datetime) -> None:
    for stream in STREAMS:
        _add(stream, at)
    for slug, other in NEEDS.items():
        facts = {"systems": [System.objects.get(slug=other)], "by": Person.objects.get(username="manager")}
        set_dependencies(system=System.objects.get(slug=slug), at=at, **facts)


def _add(stream: Stream, at: datetime) -> None:
    owner, manager = Person.objects.get(username=stream.owner), Person.objects.get(username="manager")
    names = ("slug", "name", "arrival", "freshness_s", "max_delay_s", "fallback")
    facts = {name: getattr(stream, name) for name in names}
    if stream.evidence:
        slug, metric = stream.evidence
        facts |= {"evidence_system": System.objects.known_as(slug).get(), "evidence_metric": metric}
    feed = add_feed(owner=owner, by=manager, at=at, **facts)
    if stream.contract:
        put_contract(feed=feed, text=stream.contract, by=owner, at=at)
    for system in System.objects.filter(slug__in=stream.systems):
        feeds = [*Feed.objects.filter(dependencies__system=system), feed]
        set_dependencies(system=system, feeds=feeds, by=manager, at=at)


def _confirm(feed: Feed, system: str, at: datetime) -> None:
    holding = Holding.objects.current().get(system__slug=system, role=Role.DATA_OWNER)
    confirm_contract(contract=feed.contracts.get(status="proposed"), system=holding.system, by=holding.person, at=at)


def try_everything(system: System, at: datetime) -> None:
    """Have each situation tried, and held."""
    holding = Holding.objects.current().get(system=system, role=Role.SERVICE_OWNER)
    for situation, evidence in DRILLS.items():
        rate = 50.0 if situation == "load" else None
        facts = {"situation": situation, "evidence": evidence, "rate": rate, "by": holding.person}
        record_drill(system=system, result="passed", at=at, **facts)
