"""What a system depends on, in its file."""

from datetime import datetime

from mlops_portal.engine.spec import Asked, Refused, Section, Step
from systems.actions.dependencies import Circular, set_dependencies
from systems.models import System
from systems.spec.texts import text

DEPENDENCIES = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "systems": {
            "type": "array",
            "items": text(60, 1),
            "maxItems": 200,
            "default": [],
            "description": "The short names of the systems whose outcome it takes.",
        }
    },
}


def _dependencies(system: System) -> dict:
    """Return the systems that it depends on; a file has more readers than may know of a restricted one."""
    on = System.objects.filter(dependents__system=system, restricted=False)
    slugs = sorted(on.values_list("slug", flat=True))
    return {"": {"systems": slugs}} if slugs else {}


def _sorted_dependencies(items: dict) -> dict:
    return {key: {"systems": sorted(set(item["systems"]))} for key, item in items.items() if item["systems"]}


def _found(wanted: list[str], by) -> tuple[dict[str, System], list[str]]:
    """Return the systems that are there, and what is wrong with the others."""
    found = {one.slug: one for one in System.objects.visible_to(by).filter(slug__in=wanted)}
    return found, list(filter(None, (_why_not(found.get(slug), slug) for slug in wanted)))


def _missing(items: dict, asked: Asked) -> dict[str, list[str]]:
    _, errors = _found(items[""]["systems"] if items else [], asked.by)
    return {"dependencies.systems": errors} if errors else {}


def _apply_dependencies(system: System, step: Step, by, at: datetime) -> None:
    found, errors = _found(step.after["systems"] if step.after else [], by)
    if errors:
        raise Refused({"dependencies.systems": errors})
    kept = System.objects.filter(dependents__system=system, restricted=True)
    try:
        set_dependencies(system=system, systems=[*found.values(), *kept], by=by, at=at)
    except Circular as error:
        raise Refused({"dependencies.systems": [str(error)]}) from None


def _why_not(found: System | None, slug: str) -> str:
    if found is None:
        return f"There is no system {slug}."
    return f"{slug} is restricted: name it on the page, a file has more readers." if found.restricted else ""


SECTION = Section(
    "dependencies",
    DEPENDENCIES,
    _dependencies,
    _apply_dependencies,
    about="What it rests on. Its feeds stand in a section of their own.",
    is_single=True,
    complete=_sorted_dependencies,
    missing=_missing,
    trail=("dependencies",),
)
