"""Recording versions of a model and where they run."""

from datetime import datetime

from django.db import transaction

from mlops_portal.engine.audit import record
from systems.models import ModelVersion, System


class AlreadyThere(Exception):
    """It was recorded before; `row` is what stands in the way."""

    def __init__(self, row):
        super().__init__(f"{row} is recorded already.")
        self.row = row


@transaction.atomic
def add_version(
    *,
    system: System,
    name: str,
    by,
    at: datetime,
    trained_at: datetime | None = None,
    registry_ref: str = "",
    figures: dict | None = None,
) -> ModelVersion:
    """Record a version and return it. A name known only from the data gets its facts; else raises AlreadyThere."""
    System.objects.select_for_update().get(pk=system.pk)
    facts = {"trained_at": trained_at, "registry_ref": registry_ref, "figures": figures or {}}
    known = ModelVersion.objects.filter(system=system, name=name).first()
    if known and (known.trained_at or known.registry_ref or known.figures or not any(facts.values())):
        raise AlreadyThere(known)
    version, _ = ModelVersion.objects.update_or_create(system=system, name=name, defaults=facts)
    said = facts | {"trained_at": trained_at and trained_at.isoformat()}
    record(by=by, verb="recorded", kind="version", object=name, system=system, after=said)
    return version


def ids_of(system: System, names: set[str]) -> dict[str, int]:
    """Return the id of the version of each name; a name that nobody recorded is made a version of its own."""
    wanted = [ModelVersion(system=system, name=name) for name in sorted(names)]
    known = dict(system.model_versions.filter(name__in=names).values_list("name", "pk"))
    missing = [version for version in wanted if version.name not in known]
    if missing:
        ModelVersion.objects.bulk_create(missing, ignore_conflicts=True)
        known = dict(system.model_versions.filter(name__in=names).values_list("name", "pk"))
    return known
