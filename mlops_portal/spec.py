"""`mlsystem.yaml`: a system as a file, gathered from the sections that each app brings."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse

from mlops_portal.engine.audit import through
from mlops_portal.engine.models import Change
from mlops_portal.engine.plain_yaml import write_yaml
from mlops_portal.engine.schema_words import problems
from mlops_portal.engine.spec import CHANGE, CREATE, REMOVE, Asked, Refused, Section, Step
from monitoring.spec import SECTIONS as WATCHED
from systems.access import require
from systems.actions.registry import judged_once, register_system
from systems.models import AppliedSpec, Person, System
from systems.models.words import NOT_SEEN, unseen
from systems.spec import SECTIONS as PROMISED
from systems.spec.system import team_of

SECTIONS: dict[str, Section] = {section.name: section for section in [*PROMISED, *WATCHED]}
MOST_CHANGES = 1000
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "mlsystem.yaml",
    "description": "A machine learning system of the registry, as a file that is kept beside the model's code. "
    "What is left out of the file is left alone; what is left out of a section is retired.",
    "type": "object",
    "additionalProperties": False,
    "required": ["version"],
    "properties": {
        "version": {"const": 1, "description": "The version of this format: 1."},
        **{name: section.document_schema() for name, section in SECTIONS.items()},
    },
}


@dataclass(frozen=True)
class Undone:
    """A step that undoes what somebody did by hand; `change` is the last that the trail has of it, if any."""

    step: Step
    change: Change | None

    def __str__(self) -> str:
        by = f", changed by {self.change.by or 'the portal'} on {self.change.at:%-d %B %Y}" if self.change else ""
        return f"{self.step.path}{by}"

    def as_json(self) -> dict:
        said = {"by": self.change.by, "at": self.change.at.isoformat(timespec="seconds")} if self.change else {}
        return {"path": self.step.path} | said


@dataclass(frozen=True)
class Plan:
    """What is done to make the system what the file says; `by_hand` are the steps that undo somebody's change."""

    steps: list[Step] = field(default_factory=list)
    by_hand: list[Undone] = field(default_factory=list)

    def as_json(self) -> dict[str, list[dict]]:
        return {verb: [step.as_json() for step in self.steps if step.verb == verb] for verb in (CREATE, CHANGE, REMOVE)}


class ChangedByHand(Exception):
    """What the file would change was changed by hand since it was last applied; `plan` is what it would do."""

    def __init__(self, plan: Plan):
        more = f", and {len(plan.by_hand) - 5} more" if len(plan.by_hand) > 5 else ""
        where = "; ".join(map(str, plan.by_hand[:5]))
        super().__init__(f"Changed by hand since the file was last applied. You would undo: {where}{more}.")
        self.plan = plan


@dataclass
class Understood:
    """A document as far as it makes sense: the items of each such section, whole, and every error by path."""

    wanted: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)


def export(system: System) -> dict:
    """Return the system as its file says it, without what goes without saying, and never a credential."""
    read = {name: section.read(system) for name, section in SECTIONS.items()}
    return {"version": 1} | {name: SECTIONS[name].said(items) for name, items in read.items() if items}


def schema_url() -> str:
    """Return where the JSON Schema of the file is published, for ever."""
    return settings.BASE_URL + reverse("api:spec-schema")


def published_schema() -> dict:
    """Return the JSON Schema of the file for editors: with its address, and the settings of each kind of source."""
    schema = copy.deepcopy(SCHEMA) | {"$id": schema_url()}
    for name, section in SECTIONS.items():
        if section.for_editors:
            schema["properties"][name]["items"] |= section.for_editors
    return schema


def as_file(system: System) -> str:
    """Return the text of the system's file; its first line tells editors where the schema is."""
    return f"# yaml-language-server: $schema={schema_url()}\n{write_yaml(export(system))}"


def understood(document: Any) -> Understood:
    """Return what the document says, section by section: those that are right, and what is wrong with the others.

    What rests on a section that is wrong waits until that is mended.
    """
    done = Understood()
    done.errors |= problems(SCHEMA, document) or {path: [NOT_SEEN] for path in unseen(document)}
    wrong = {path.partition(".")[0] for path in done.errors}
    if "body" in wrong or not isinstance(document, dict):
        return done
    for name in [name for name in SECTIONS if name in document and name not in wrong]:
        try:
            done.wanted[name] = SECTIONS[name].items(copy.deepcopy(document[name]))
        except Refused as refused:
            done.errors |= refused.errors
    wrong = {path.partition(".")[0] for path in done.errors}
    done.wanted = {name: items for name, items in done.wanted.items() if not wrong & {*SECTIONS[name].rests_on}}
    done.errors = {_in_file(path, document): texts for path, texts in done.errors.items()}
    return done


def _in_file(path: str, document: dict) -> str:
    """Return the path with the item's name in the place of its number: metrics.mae, not metrics.0."""
    name, _, rest = path.partition(".")
    number, _, below = rest.partition(".")
    listed_by = SECTIONS[name].listed_by if name in SECTIONS else ""
    if not listed_by or not number.isdecimal() or not isinstance(document.get(name), list):
        return path
    items = [one.get(listed_by) if isinstance(one, dict) else None for one in document[name]]
    key = items[int(number)]
    if not isinstance(key, str) or not key or items.count(key) > 1 or below == listed_by:
        return path
    return ".".join(filter(None, [name, key, below]))


def plan(system: System | None, wanted: dict[str, dict[str, Any]]) -> Plan:
    """Return what makes `system` (None: there is none yet) what is `wanted`."""
    applied = AppliedSpec.objects.filter(system=system).first() if system else None
    known = applied.document if applied else {}
    steps = [
        step
        for name, items in wanted.items()
        for step in SECTIONS[name].plan(SECTIONS[name].read(system) if system else {}, items)
    ]
    undoing = [step for step in steps if step.before != known.get(step.section, {}).get(step.key)]
    return Plan(steps, list(_undone(system, undoing, applied)) if system else [])


def _undone(system: System, steps: list[Step], applied: AppliedSpec | None) -> Iterator[Undone]:
    """Yield each step with the last change by somebody else than the file since that was applied; one query."""
    since = {"at__gt": applied.at} if applied else {}
    kinds = {kind for step in steps for kind in SECTIONS[step.section].trail}
    ours = Q(system__in=system.slugs) | Q(system="", object__in=[step.key for step in steps])
    trail = Change.objects.filter(ours, kind__in=kinds, **since).exclude(door=Change.Door.FILE)
    changes = list(trail[:MOST_CHANGES]) if kinds else []
    for step in steps:
        yield Undone(step, next((one for one in changes if SECTIONS[step.section].tells(one, step.key)), None))


@transaction.atomic
def apply(
    document: Any, *, slug: str, by: Person, at: datetime, take_file: bool = False, dry_run: bool = False
) -> Plan:
    """Make the system what the document says, registering it when it is not there, and return what was done.

    One that `by` may not see is not there. Raises Refused with every error by path, ChangedByHand unless `take_file`,
    PermissionDenied. All or nothing; with `dry_run` all is tried and nothing is kept. What is so already is not
    written again.
    """
    said = understood(document)
    if "system" in said.wanted and said.wanted["system"][""]["slug"] != slug:
        said.errors["system.slug"] = [f"The file is about another system than {slug}."]
        del said.wanted["system"]
    seen = System.objects.visible_to(by).select_for_update(of=("self",)).select_related("team")
    system = seen.filter(slug=slug).first()
    if system is None:
        require(by, "system.register")
    said.errors |= _not_there(Asked(by, system, said.wanted))
    intended = plan(system, said.wanted)
    if said.errors:
        raise Refused(said.errors | _found_by_trying(system, said.wanted, intended, by, at))
    if system and system.retired_at and intended.steps:
        raise Refused({"system": [f"{system.name} is retired: its file is not applied any more."]})
    if intended.by_hand and not take_file and not dry_run:
        raise ChangedByHand(intended)
    if dry_run:
        _tried(system, said.wanted, intended, by, at)
    else:
        _keep(system, said.wanted, intended, by, at)
    return intended


def _not_there(asked: Asked) -> dict[str, list[str]]:
    """Return what the sections refer to and is not there, by path."""
    found: dict[str, list[str]] = {}
    for name, items in asked.wanted.items():
        found |= SECTIONS[name].missing(items, asked)
    return found


def _found_by_trying(system: System | None, wanted: dict, intended: Plan, by: Person, at: datetime) -> dict:
    """Return what else is wrong: found by applying the sections that make sense, and keeping nothing of it."""
    if system is None and "system" not in wanted:
        return {}
    try:
        _tried(system, wanted, intended, by, at)
    except Refused as refused:
        return refused.errors
    return {}


def _tried(system: System | None, wanted: dict, intended: Plan, by: Person, at: datetime) -> None:
    """Do everything, and undo it. Raises as apply() does."""
    inner = transaction.savepoint()
    try:
        _keep(system, wanted, intended, by, at)
    finally:
        transaction.savepoint_rollback(inner)


def _keep(system: System | None, wanted: dict, intended: Plan, by: Person, at: datetime) -> None:
    if intended.steps:
        with through(Change.Door.FILE), judged_once():
            system = system or _registered(wanted, by, at)
            _carry_out(system, intended.steps, by, at)
        system.refresh_from_db()
    elif system is None:
        raise Refused({"system": ["There is no such system yet: say what it is."]})
    _remember(system, wanted, by, at)


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
    known = before.document if before else {}
    document = known | {name: SECTIONS[name].read(system) for name in wanted}
    if document != known:
        AppliedSpec.objects.update_or_create(system=system, defaults={"document": document, "by": by, "at": at})
