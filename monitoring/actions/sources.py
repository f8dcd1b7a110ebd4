"""Where metrics are pulled from: testing, connecting, editing and removing sources."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings as options
from django.db import transaction
from django.db.models.functions import Now

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.fetching import run
from mlops_portal.engine.redaction import hide
from mlops_portal.engine.secrets import binding_of, seal
from mlops_portal.engine.versions import locked
from monitoring.actions.asking import asking
from monitoring.actions.metrics import Watch, add_metrics
from monitoring.actions.monitors import watch_source
from monitoring.connectors import connector_of
from monitoring.connectors.connector import Connector, Found, Limits
from monitoring.models import Source
from systems.actions.registry import recheck
from systems.models import System

EDITABLE = ("name", "settings", "interval_s", "max_age_s", "enabled")


class SecretAskedAgain(Exception):
    """The address leads to another host: its credentials must be given again, so that nobody sends them astray."""

    def __init__(self):
        super().__init__("The address leads to another place now: give the credentials again, or say there are none.")


def test_source(*, kind: str, settings: dict, credentials: dict, at: datetime) -> list[Found]:
    """Ask a source once, without keeping anything; return what it has. Raises KeyError, BadSettings and Failed."""
    connector = connector_of(kind)
    checked = connector.checked(settings)
    limits = Limits(options.PULL_DEADLINE_S, options.PULL_MAX_BYTES, options.PULL_MAX_SERIES)
    return run(_discover(connector, checked, credentials, at, limits))


async def _discover(connector: Connector, checked: dict, credentials: dict, at: datetime, limits: Limits):
    async with asking(limits):
        return await connector.discover(checked, hide(credentials), at=at, limits=limits)


@transaction.atomic
def connect_source(
    *,
    system: System,
    kind: str,
    name: str,
    settings: dict,
    credentials: dict | None = None,
    interval_s: int = 60,
    max_age_s: int | None = None,
    enabled: bool = True,
    watches: Sequence[Watch] = (),
    by,
    at: datetime,
) -> Source:
    """Pull from a new source from now on and watch `watches` of it; return it.

    Raises KeyError for a kind that there is not, BadSettings, AlreadyWatched, CannotSeal.
    """
    connector = connector_of(kind)
    source = Source.objects.create(
        system=system,
        kind=kind,
        name=name,
        settings=connector.checked(settings),
        interval_s=interval_s,
        max_age_s=max_age_s,
        enabled=enabled,
        made_at=at,
    )
    _seal(source, credentials)
    record(by=by, verb="connected", kind="source", object=name, system=system, after=_facts(source) | {"kind": kind})
    watch_source(source, by=by, at=at)
    add_metrics(system=system, watches=watches, source=source, by=by, at=at)
    nudge(connector.duty)
    return source


@transaction.atomic
def edit_source(
    *, source: Source, credentials: dict | None = None, by, at: datetime, seen: int | None = None, **facts
) -> Source:
    """Change `facts` (fields of EDITABLE) and return the source; it is asked at once.

    `credentials` None leaves them as they are, an empty dict takes them away. Raises Stale, BadSettings, CannotSeal,
    and SecretAskedAgain when sealed credentials would follow the address elsewhere.
    """
    source = locked(source, seen)
    connector = connector_of(source.kind)
    if "settings" in facts:
        facts["settings"] = connector.checked(facts["settings"])
        if source.secret and credentials is None and leads_elsewhere(connector, source.settings, facts["settings"]):
            raise SecretAskedAgain()
    old, new = differences(_facts(source), _facts(source) | facts)
    if not new and credentials is None:
        return source
    for name, value in new.items():
        setattr(source, name, value)
    source.version += 1
    source.next_due_at, source.back_off_until = Now(), None
    source.save()
    _seal(source, credentials)
    source.refresh_from_db()
    record(
        by=by,
        verb="edited",
        kind="source",
        object=source.name,
        system=source.system,
        before=old,
        after=new | _said(credentials),
    )
    recheck(source.system, app="monitoring")
    nudge(connector.duty)
    return source


@transaction.atomic
def remove_source(*, source: Source, by, at: datetime, seen: int | None = None) -> None:
    """Ask the source no more. What it brought stays; the record of its pulls goes. Raises Stale."""
    source = locked(source, seen)
    system = source.system
    record(by=by, verb="removed", kind="source", object=source.name, system=system, before=_facts(source))
    source.series.update(unjudged_from=at)
    source.delete()
    recheck(system, app="monitoring")


def _seal(source: Source, credentials: dict | None) -> None:
    """Keep the credentials sealed, bound to this row; None leaves them as they are."""
    if credentials is not None:
        source.secret = seal(credentials, bound_to=binding_of(source)) if credentials else ""
        source.save(update_fields=["secret"])


def _said(credentials: dict | None) -> dict:
    """Return what the trail says of credentials: that there are new ones, never which."""
    return {} if credentials is None else {"credentials": "new ones" if credentials else "none"}


def _facts(source: Source) -> dict:
    return {field: getattr(source, field) for field in EDITABLE}


def leads_elsewhere(connector: Connector, old: dict, new: dict) -> bool:
    """Whether credentials would be sent to another place by the new settings than by the old ones."""
    return connector.places(old) != connector.places(new)
