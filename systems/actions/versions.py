"""Recording versions of a model and where they run."""

from datetime import datetime

from django.db import transaction

from mlops_portal.engine.audit import record
from systems.actions.readiness import lapse_reviews
from systems.actions.reality import measure_again
from systems.actions.registry import recheck
from systems.models import PRODUCTION, Deployment, ModelVersion, System, Topic
from systems.readiness import gate_of

LONGEST_NAME = ModelVersion._meta.get_field("name").max_length or 120


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
    """Return the id of the version of each name; a name that nobody recorded is made a version of its own.

    What comes out of a log and cannot be a name (too long, or with U+0000 in it) is left out: its version is not known.
    """
    names = {name for name in names if 0 < len(name) <= LONGEST_NAME and "\0" not in name}
    wanted = [ModelVersion(system=system, name=name) for name in sorted(names)]
    known = dict(system.model_versions.filter(name__in=names).values_list("name", "pk"))
    missing = [version for version in wanted if version.name not in known]
    if missing:
        ModelVersion.objects.bulk_create(missing, ignore_conflicts=True)
        known = dict(system.model_versions.filter(name__in=names).values_list("name", "pk"))
    return known


@transaction.atomic
def deploy(
    *,
    system: System,
    version: ModelVersion,
    environment: str = PRODUCTION,
    rollback_to: ModelVersion | None = None,
    by,
    at: datetime,
    note: str = "",
) -> Deployment:
    """Record that the version runs there from `at` on, and return that.

    `rollback_to` comes back when it has to go (None: what ran before). One to production while the gate is shut keeps
    the gate as it stood. Raises AlreadyThere for a moment at which one is recorded, ValueError for a version of another
    system, or one that is to be its own way back.
    """
    if version.system_id != system.pk or (rollback_to and rollback_to.system_id != system.pk):
        raise ValueError(f"Not both are versions of {system}.")
    if rollback_to and rollback_to.pk == version.pk:
        raise ValueError("A version cannot be its own way back: name another.")
    System.objects.select_for_update().get(pk=system.pk)
    there = Deployment.objects.filter(system=system, environment=environment, at=at).first()
    if there:
        raise AlreadyThere(there)
    one = Deployment.objects.create(
        system=system,
        environment=environment,
        at=at,
        model_version=version,
        by=by,
        note=note,
        rollback_to=rollback_to,
        gate=_shut_gate(system, at) if environment == PRODUCTION else None,
    )
    facts = {"version": version.name, "environment": environment, "at": at.isoformat(), "note": note}
    if rollback_to:
        facts["rollback_to"] = rollback_to.name
    if one.gate:
        facts["gate"] = one.gate["sentence"]
    record(by=by, verb="deployed", kind="version", object=version.name, system=system, after=facts)
    recheck(system)
    measure_again(system)
    _lapse_what_rested_on_another(one)
    return one


def _lapse_what_rested_on_another(one: Deployment) -> None:
    """End the approvals of what was said of the quality of another version; the first one changes nothing."""
    before = Deployment.objects.filter(system=one.system, environment=PRODUCTION, at__lt=one.at).first()
    if one.environment == PRODUCTION and before and before.model_version_id != one.model_version_id:
        because = f"version {one.model_version} runs now, no longer {before.model_version}."
        lapse_reviews(system=one.system, topic=Topic.QUALITY, because=because, at=one.at)


def _shut_gate(system: System, at: datetime) -> dict | None:
    gate = gate_of(system, at=at)
    return None if gate.passed else gate.as_json()
