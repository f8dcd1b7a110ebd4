"""Where metrics are pulled from: testing, connecting, editing and removing sources."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models.functions import Now

from mlops_portal.engine.audit import differences, record
from mlops_portal.engine.duties import nudge
from mlops_portal.engine.fetching import run
from mlops_portal.engine.versions import locked
from monitoring.actions.metrics import Watch, add_metrics
from monitoring.connectors import connector_of
from monitoring.connectors.connector import Found, Limits
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
    return run(connector.discover(checked, credentials, at=at, limits=Limits()))


@transaction.atomic
def connect_source(
    *,
    system: System,
    kind: str,
    name: str,
    settings: dict,
    interval_s: int = 60,
    max_age_s: int | None = None,
    enabled: bool = True,
    watches: Sequence[Watch] = (),
    by,
    at: datetime,
) -> Source:
    """Pull from a new source from now on and watch `watches` of it; return it.

    Raises KeyError for a kind that there is not, BadSettings, AlreadyWatched.
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
    record(by=by, verb="connected", kind="source", object=name, system=system, after=_facts(source) | {"kind": kind})
    add_metrics(system=system, watches=watches, source=source, by=by, at=at)
    nudge(connector.duty)
    return source


@transaction.atomic
def edit_source(*, source: Source, by, at: datetime, seen: int | None = None, **facts) -> Source:
    """Change `facts` (fields of EDITABLE) and return the source; it is asked at once.

    Raises Stale, BadSettings, and SecretAskedAgain when sealed credentials would follow the address elsewhere.
    """
    source = locked(source, seen)
    connector = connector_of(source.kind)
    if "settings" in facts:
        facts["settings"] = connector.checked(facts["settings"])
        if source.secret and _places(facts["settings"]) != _places(source.settings):
            raise SecretAskedAgain()
    old, new = differences(_facts(source), _facts(source) | facts)
    if not new:
        return source
    for name, value in new.items():
        setattr(source, name, value)
    source.version += 1
    source.next_due_at, source.back_off_until = Now(), None
    source.save()
    source.refresh_from_db()
    record(by=by, verb="edited", kind="source", object=source.name, system=source.system, before=old, after=new)
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


def _facts(source: Source) -> dict:
    return {field: getattr(source, field) for field in EDITABLE}


def _places(settings: dict) -> set[tuple]:
    """Return (scheme, host, port) of each address in the settings."""
    parts = [urlsplit(value) for value in settings.values() if isinstance(value, str) and "://" in value]
    return {(part.scheme, part.hostname, part.port) for part in parts}
