"""`mlsystem.yaml`: a system as a file, gathered from the sections that each app brings."""

import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from mlops_portal.engine.audit import through
from mlops_portal.engine.models import Change
from mlops_portal.engine.spec import CHANGE, CREATE, REMOVE, Refused, Section, Step, problems
from monitoring.spec import SECTIONS as WATCHED
from systems.access import require
from systems.actions.registry import judged_once, register_system
from systems.models import AppliedSpec, Person, System
from systems.spec import SECTIONS as PROMISED
from systems.spec.system import team_of

SECTIONS: dict[str, Section] = {section.name: section for section in [*PROMISED, *WATCHED]}
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["version"],
    "properties": {
        "version": {"const": 1},
        **{name: section.document_schema() for name, section in SECTIONS.items()},
    },
}


class ChangedByHand(Exception):
    """What the file would change was changed by hand since it was last applied; `plan` is what it would do."""

    def __init__(self, plan: "Plan"):
        where = ", ".join(step.path for step in plan.by_hand[:5])
        super().__init__(f"Changed by hand since the file was last applied: {where}.")
        self.plan = plan


@dataclass(frozen=True)
class Plan:
    """What is done to make the system what the file says; `by_hand` are the steps that undo somebody's change."""

    steps: list[Step] = field(default_factory=list)
    by_hand: list[Step] = field(default_factory=list)

    def as_json(self) -> dict[str, list[dict]]:
        return {verb: [step.as_json() for step in self.steps if step.verb == verb] for verb in (CREATE, CHANGE, REMOVE)}


def export(system: System) -> dict:
    """Return the system as its file says it, without what goes without saying, and never a credential."""
    read = {name: section.read(system) for name, section in SECTIONS.items()}
    return {"version": 1} | {name: SECTIONS[name].said(items) for name, items in read.items() if items}


def understood(document: Any) -> dict[str, dict[str, Any]]:
    """Return the items of each section that the document names, whole. Raises Refused with every error by path."""
    errors = problems(SCHEMA, document)
    if errors:
        raise Refused(errors)
    document = copy.deepcopy(document)
    items: dict[str, dict[str, Any]] = {}
    for name, section in SECTIONS.items():
        if name in document:
            try:
                items[name] = section.items(document[name])
            except Refused as refused:
                errors |= refused.errors
    if errors:
        raise Refused(errors)
    return items


def plan(system: System | None, wanted: dict[str, dict[str, Any]]) -> Plan:
    """Return what makes `system` (None: there is none yet) what is `wanted`, as understood() returned it."""
    applied = AppliedSpec.objects.filter(system=system).first() if system else None
    known = applied.document if applied else {}
    done = Plan()
    for name, items in wanted.items():
        now = SECTIONS[name].read(system) if system else {}
        for step in SECTIONS[name].plan(now, items):
            done.steps.append(step)
            if step.before is not None and step.before != known.get(name, {}).get(step.key):
                done.by_hand.append(step)
    return done


@transaction.atomic
def apply(
    document: Any, *, slug: str, by: Person, at: datetime, take_file: bool = False, dry_run: bool = False
) -> Plan:
    """Make the system what the document says, registering it when it is not there, and return what was done.

    One that `by` may not see is not there. Raises Refused with every error by path, ChangedByHand unless `take_file`,
    PermissionDenied. All or nothing; with `dry_run` all is tried and nothing is kept.
    """
    wanted = understood(document)
    if wanted.get("system", {"": {"slug": slug}})[""]["slug"] != slug:
        raise Refused({"system.slug": [f"The file is about another system than {slug}."]})
    seen = System.objects.visible_to(by).select_for_update(of=("self",)).select_related("team")
    system = seen.filter(slug=slug).first()
    intended = plan(system, wanted)
    if intended.by_hand and not take_file and not dry_run:
        raise ChangedByHand(intended)
    inner = transaction.savepoint()
    with through(Change.Door.FILE), judged_once():
        system = system or _registered(wanted, by, at)
        _carry_out(system, intended.steps, by, at)
    _remember(system, wanted, by, at)
    if dry_run:
        transaction.savepoint_rollback(inner)
    else:
        transaction.savepoint_commit(inner)
    return intended


def _registered(wanted: dict, by: Person, at: datetime) -> System:
    require(by, "system.register")
    if "system" not in wanted:
        raise Refused({"system": ["There is no such system yet: say what it is."]})
    facts = wanted["system"][""]
    try:
        with transaction.atomic():
            return register_system(by=by, at=at, **facts | {"team": team_of(facts)})
    except IntegrityError:
        raise Refused({"system.slug": [f"The short name {facts['slug']} is taken, or was another system's."]}) from None


def _carry_out(system: System, steps: list[Step], by: Person, at: datetime) -> None:
    """Do the steps: what is removed after what replaces it is there. Raises Refused with the errors of all."""
    for name in dict.fromkeys(step.section for step in steps):
        rule = SECTIONS[name].rule
        require(by, rule, system)
    errors: dict[str, list[str]] = {}
    for step in sorted(steps, key=lambda step: step.verb == REMOVE):
        if step.section == "system" and step.verb == CREATE:
            continue
        try:
            with transaction.atomic():
                SECTIONS[step.section].apply(system, step, by, at)
        except Refused as refused:
            errors |= refused.errors
    if errors:
        raise Refused(errors)


def _remember(system: System, wanted: dict, by: Person, at: datetime) -> None:
    """Keep what the sections say after it was applied: what differs from it later was changed by hand."""
    before = AppliedSpec.objects.filter(system=system).first()
    system.refresh_from_db()
    read = {name: SECTIONS[name].read(system) for name in wanted}
    document = (before.document if before else {}) | read
    AppliedSpec.objects.update_or_create(system=system, defaults={"document": document, "by": by, "at": at})
